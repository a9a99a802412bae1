"""Regions, zones, closed lists of values, and addresses."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from havre_sandbox.reading import items, sections, text
from havre_sandbox.refusals import rule
from havre_scaleway import sites
from havre_scaleway.capabilities import DATA
from havre_scaleway.sandbox.rules.codes import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import Existing, World

ZONE = re.compile(r"(.+)-[1-3]")
"""Shape of an availability zone: a region and a number."""
Network = IPv4Network | IPv6Network


def parsed(found: Any) -> Network | None:
    """A network or an address; None for anything else."""
    try:
        return ip_network(found) if isinstance(found, str) else None
    except ValueError:
        return None


def overlap(one: Network, other: Network) -> bool:
    """Whether two networks share an address."""
    return one.version == other.version and one.overlaps(other)


def region_of(zone: str) -> str:
    """The region of a zone; empty where it is none."""
    found = ZONE.fullmatch(zone)
    return found[1] if found else ""


def there(world: World, identifier: str, token: str) -> Existing | None:
    """The resource of a type that an identifier names."""
    found = world.find(identifier) if identifier else None
    return found if found is not None and found.token == token else None


@cache
def lists() -> Mapping[str, Mapping[str, list[str]]]:
    """Values of closed lists by type and path: see the data file `values`."""
    found = tomllib.loads((DATA / "values.toml").read_text(encoding="utf-8"))
    return dict(found["types"])


def _values(found: Any, steps: list[str]) -> Iterator[str]:
    """Every known text at a dotted path, in each item of a list."""
    if isinstance(found, list):
        for each in found:
            yield from _values(each, steps)
    elif not steps:
        yield from [found] if isinstance(found, str) else []
    elif isinstance(found, dict) and steps[0] in found:
        yield from _values(found[steps[0]], steps[1:])


@rule(beforehand=True)
def listed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A value of a closed list is one of them, in its own spelling."""
    for path, values in lists().get(proposed.token, {}).items():
        for each in _values(dict(proposed.properties), path.split(".")):
            if each not in values:
                yield refusal("value", f"`{each}` is not one of {', '.join(values)}.", path)


@rule(beforehand=True)
def placed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Region and zone are Scaleway's, and the zone is in the region."""
    region, zone = (text(proposed.properties, path) for path in ("region", "zone"))
    if region and region not in sites.COUNTRIES:
        yield refusal("region", f"There is no region `{region}`.", "region")
    if zone and region_of(zone) not in sites.COUNTRIES:
        yield refusal("region", f"There is no zone `{zone}`.", "zone")
    elif zone and region and region_of(zone) != region:
        yield refusal("zone-elsewhere", f"The zone {zone} is not in {region}.", "zone")


_ALLOWED = {
    "scaleway:databases/acl:Acl": "aclRules",
    "scaleway:kubernetes/acl:Acl": "aclRules",
    "scaleway:network/publicGateway:PublicGateway": "allowedIpRanges",
}
"""Where the addresses are that may connect, by type."""


@rule(*_ALLOWED, beforehand=True)
def addressed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Addresses that may connect are addresses."""
    path = _ALLOWED[proposed.token]
    told = [each.get("ip") for each in sections(proposed.properties, path)]
    told += [each for each in items(proposed.properties, path) if isinstance(each, str)]
    for place, each in enumerate(told):
        if isinstance(each, str) and parsed(each) is None:
            yield refusal("addresses", f"`{each}` is not an address.", f"{path}[{place}]")


RULES = (listed, placed, addressed)
