"""Private networks, subnets, gateways and groups of rules."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from havre_ovh.sandbox.rules.codes import refusal
from havre_ovh.sandbox.rules.places import GATEWAY, GROUP, NETWORK, SUBNET, UUID, overlap, parsed
from havre_sandbox.reading import items, number, sections, text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import Existing, World

HIGHEST_VLAN = 4000
"""Of a private network (ovh/manager#492, 2019-05-09: from 2 to 4000; 0 is no VLAN)."""
PORTS = 65_535


def network_of(identifier: str, world: World) -> Existing | None:
    """The network that has an OpenStack UUID in one of its regions."""
    for network in world.of(NETWORK):
        ids = value(network.computed, "regionsOpenstackIds")
        if isinstance(ids, dict) and identifier in ids.values():
            return network
    return None


@rule(NETWORK, beforehand=True)
def numbered(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A VLAN has a number within bounds."""
    vlan = number(proposed.properties, "vlanId")
    if vlan is not None and not 0 <= vlan <= HIGHEST_VLAN:
        yield refusal("vlan", f"A VLAN is 0 to {HIGHEST_VLAN}, not {vlan:g}.", "vlanId")


@rule(NETWORK, acts=(Act.CREATE,))
def apart(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A VLAN is one network's in a region."""
    vlan = number(proposed.properties, "vlanId")
    regions = set(items(proposed.properties, "regions"))
    for other in world.of(NETWORK):
        same = vlan and number(other.properties, "vlanId") == vlan
        if same and regions & set(items(other.properties, "regions")):
            yield refusal("vlan-used", f"VLAN {vlan:g} is that of {other.name}.", "vlanId")


@rule(SUBNET, beforehand=True)
def written(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A subnet's addresses are a network's, and its gateway is one of them."""
    told = text(proposed.properties, "cidr")
    cut, gateway = parsed(told), text(proposed.properties, "gatewayIp")
    if told and (cut is None or "/" not in told):
        message = f"`{told}` is not a network in CIDR notation, such as 10.0.0.0/24."
        yield refusal("checked-value", message, "cidr")
    try:
        inside = not (cut and gateway) or ip_address(gateway) in cut
    except ValueError:
        inside = False
    if not inside:
        yield refusal("gateway", f"The gateway {gateway} is not in {told}.", "gatewayIp")


@rule(SUBNET)
def within(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A subnet is in a network that exists in its region, and overlaps no other one there."""
    identifier = text(proposed.properties, "networkId")
    network = network_of(identifier, world)
    if identifier and network is None:
        yield refusal("network-missing", f"There is no network {identifier}.", "networkId")
        return
    region, cut = text(proposed.properties, "region"), parsed(text(proposed.properties, "cidr"))
    ids = value(network.computed, "regionsOpenstackIds") if network else {}
    if isinstance(ids, dict) and ids.get(region) != identifier:
        yield refusal("network-region", f"The network is not in {region}.", "region")
    for other in world.of(SUBNET):
        taken = parsed(text(other.properties, "cidr"))
        same = text(other.properties, "networkId") == identifier and other.id != proposed.id
        if same and cut and taken and overlap(cut, taken):
            yield refusal("subnet", f"{cut} overlaps {other.name} ({taken}).", "cidr")


@rule(GATEWAY)
def routed(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A gateway serves subnets that exist in its region."""
    region = text(proposed.properties, "region")
    for place, each in enumerate(items(proposed.properties, "subnetIds")):
        subnet = world.find(each) if isinstance(each, str) else None
        if subnet is None or subnet.token != SUBNET:
            yield refusal("subnet-missing", f"There is no subnet {each}.", f"subnetIds[{place}]")
        elif text(subnet.properties, "region") != region:
            message = f"The subnet {subnet.name} is not in {region}."
            yield refusal("network-region", message, f"subnetIds[{place}]")


@rule(GROUP, beforehand=True)
def ruled(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A rule's ports are in order, and its addresses are a network's."""
    for place, each in enumerate(sections(proposed.properties, "rules")):
        low, high = number(each, "portRangeMin"), number(each, "portRangeMax")
        ports = [port for port in (low, high) if port is not None]
        wrong = any(not 0 <= port <= PORTS for port in ports)
        if wrong or (low is not None and high is not None and low > high):
            message = f"Ports are 0 to {PORTS}, the lowest first."
            yield refusal("rule", message, f"rules[{place}].portRangeMin")
        prefix = text(each, "remoteIpPrefix")
        if prefix and parsed(prefix) is None:
            message = f"`{prefix}` is not a network."
            yield refusal("rule", message, f"rules[{place}].remoteIpPrefix")


@rule(SUBNET, acts=(Act.DELETE,))
def unused(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A subnet with a gateway, a database or nodes in it is not deleted."""
    for other in world.referring(proposed.id):
        yield refusal("used", f"{other.name} is in the subnet. Delete that first.")
        return


@rule(NETWORK, acts=(Act.DELETE,))
def emptied(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A network with subnets is not deleted."""
    for other in world.of(SUBNET):
        network = network_of(text(other.properties, "networkId"), world)
        if network and network.id == proposed.id:
            yield refusal("used", f"The subnet {other.name} is in it. Delete that first.")
            return


def is_uuid(identifier: str) -> bool:
    """Whether an identifier is OpenStack's."""
    return UUID.fullmatch(identifier) is not None


RULES = (numbered, apart, written, within, routed, ruled, unused, emptied)
