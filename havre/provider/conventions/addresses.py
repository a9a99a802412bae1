"""Addresses of segments that an organisation plans, in place of those that are computed."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, ip_network
from itertools import combinations
from typing import TYPE_CHECKING, Annotated

from havre.documents.validation import did_you_mean
from havre.provider.faults import SETTINGS, ProviderFault
from havre.spec.model import Cidr

if TYPE_CHECKING:
    from collections.abc import Iterator

AddressPlan = Annotated[Mapping[str, Cidr], "addresses by segment"]
"""CIDR blocks by segment."""


def planned_addresses(settings: object) -> Mapping[str, str]:
    """Addresses of the primary site's segments that settings plan; none where they plan nothing."""
    plan: Mapping[str, str] = getattr(settings, "address_plan", {})
    return plan


def replaced(
    computed: Mapping[str, IPv4Network], plan: Mapping[str, str]
) -> dict[str, IPv4Network]:
    """The segments of a network with the addresses of a plan, where it names them."""
    return {
        segment: IPv4Network(plan[segment]) if segment in plan else block
        for segment, block in computed.items()
    }


def address_faults(
    setting: str,
    space: str,
    computed: Mapping[str, IPv4Network],
    plan: Mapping[str, str],
    least: Mapping[str, int],
) -> Iterator[ProviderFault]:
    """What is wrong with an address plan.

    Args:
        setting: that holds it.
        space: address space of the network.
        computed: its segments as they would be cut.
        plan: the setting.
        least: addresses that a segment needs at least.
    """
    wrong = {segment: _wrong(segment, plan[segment], space, computed, least) for segment in plan}
    for message, remedy in (each for each in wrong.values() if each):
        yield ProviderFault((SETTINGS, setting), message, remedy)
    if any(wrong.values()):
        return  # what overlaps depends on what is wrong
    cut = replaced(computed, plan)
    for one, other in combinations(cut, 2):
        if cut[one].overlaps(cut[other]):
            message = f"{one} ({cut[one]}) and {other} ({cut[other]}) overlap"
            remedy = "Give both addresses of their own. Segments that are not named keep theirs."
            yield ProviderFault((SETTINGS, setting), message, remedy)


def _wrong(
    segment: str,
    block: str,
    space: str,
    computed: Mapping[str, IPv4Network],
    least: Mapping[str, int],
) -> tuple[str, str] | None:
    """What is wrong with one segment, and the remedy; None where nothing is."""
    if segment not in computed:
        near = did_you_mean(segment, computed)
        known = f"Segments: {', '.join(computed)}."
        return f"`{segment}` is not a segment here{f', {near}' if near else ''}", known
    network, whole = ip_network(block), IPv4Network(space)
    if not isinstance(network, IPv4Network) or not network.subnet_of(whole):
        return f"{segment} ({block}) is not within {space}", f"Use addresses of {space}."
    if network.num_addresses < least.get(segment, 1):
        needed = 32 - (least[segment] - 1).bit_length()
        return f"{segment} ({block}) is too small", f"It needs at least a /{needed}."
    return None
