"""VPCs, private networks, lists of rules, gateways and security groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre_sandbox.reading import number, sections, text, value
from havre_sandbox.refusals import Act, rule
from havre_scaleway.sandbox.rules.codes import refusal
from havre_scaleway.sandbox.rules.places import overlap, parsed, region_of, there

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

VPC = "scaleway:network/vpc:Vpc"
ACL = "scaleway:network/acl:Acl"
SEGMENT = "scaleway:network/privateNetwork:PrivateNetwork"
GATEWAY = "scaleway:network/publicGateway:PublicGateway"
JOINED = "scaleway:network/gatewayNetwork:GatewayNetwork"
GROUP = "scaleway:instance/securityGroup:SecurityGroup"
PORTS = 65_535


@rule(SEGMENT, ACL, acts=(Act.CREATE,))
def of_vpc(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What is of a VPC names one that exists, in its own region."""
    identifier, region = (text(proposed.properties, path) for path in ("vpcId", "region"))
    vpc = there(world, identifier, VPC)
    if identifier and vpc is None:
        yield refusal("vpc-missing", f"There is no VPC {identifier}.", "vpcId")
    elif vpc is not None and region and text(vpc.properties, "region") != region:
        yield refusal("vpc-elsewhere", f"The VPC is not in {region}.", "region")


@rule(SEGMENT, beforehand=True)
def written(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A segment's addresses are a network's."""
    told = text(proposed.properties, "ipv4Subnet.subnet")
    if told and (parsed(told) is None or "/" not in told):
        message = f"`{told}` is not a network in CIDR notation, such as 10.0.0.0/24."
        yield refusal("subnet", message, "ipv4Subnet.subnet")


@rule(SEGMENT)
def apart(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Segments of a VPC share no address: they are routed to one another."""
    cut = parsed(text(proposed.properties, "ipv4Subnet.subnet"))
    vpc = text(proposed.properties, "vpcId")
    for other in world.of(SEGMENT):
        taken = parsed(text(other.properties, "ipv4Subnet.subnet"))
        same = text(other.properties, "vpcId") == vpc and other.id != proposed.id
        if same and cut and taken and overlap(cut, taken):
            message = f"{cut} overlaps {other.name} ({taken})."
            yield refusal("subnet-used", message, "ipv4Subnet.subnet")


@rule(ACL, acts=(Act.CREATE,))
def single(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A VPC has one list of rules for each family of addresses."""
    identity = (text(proposed.properties, "vpcId"), value(proposed.properties, "isIpv6") is True)
    for other in world.of(ACL):
        if identity == (text(other.properties, "vpcId"), value(other.properties, "isIpv6") is True):
            message = f"{other.name} is the VPC's list for this family of addresses."
            yield refusal("rules-taken", message, "vpcId")


def _ports(found: Mapping[str, Any], low: str, high: str) -> bool:
    """Whether a range of ports is none."""
    first, last = number(found, low), number(found, high)
    wrong = any(each is not None and not 0 <= each <= PORTS for each in (first, last))
    return wrong or (first is not None and last is not None and first > last)


@rule(ACL, beforehand=True)
def passing(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A rule's ports are in order, and its addresses are networks of the list's family."""
    version = 6 if value(proposed.properties, "isIpv6") is True else 4
    for place, each in enumerate(sections(proposed.properties, "rules")):
        at = f"rules[{place}]"
        for end in ("src", "dst"):
            if _ports(each, f"{end}PortLow", f"{end}PortHigh"):
                message = f"Ports are 0 to {PORTS}, the lowest first."
                yield refusal("rule", message, f"{at}.{end}PortLow")
        for end in ("source", "destination"):
            told = text(each, end)
            found = parsed(told)
            if told and (found is None or found.version != version):
                yield refusal("rule", f"`{told}` is not a network of IPv{version}.", f"{at}.{end}")


@rule(GROUP, beforehand=True)
def ruled(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A rule's port is one, and its addresses are a network's."""
    for path in ("inboundRules", "outboundRules"):
        for place, each in enumerate(sections(proposed.properties, path)):
            at = f"{path}[{place}]"
            if _ports(each, "port", "port"):
                yield refusal("rule", f"Ports are 0 to {PORTS}.", f"{at}.port")
            told = text(each, "ipRange")
            if told and parsed(told) is None:
                yield refusal("rule", f"`{told}` is not a network.", f"{at}.ipRange")


@rule(JOINED, acts=(Act.CREATE,))
def joined(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A gateway serves segments that exist in its region."""
    gateway = there(world, text(proposed.properties, "gatewayId"), GATEWAY)
    segment = there(world, text(proposed.properties, "privateNetworkId"), SEGMENT)
    if gateway is None:
        yield refusal("gateway-missing", "There is no such gateway.", "gatewayId")
    if segment is None:
        yield refusal("segment-missing", "There is no such private network.", "privateNetworkId")
    if gateway is None or segment is None:
        return
    region = region_of(text(gateway.properties, "zone"))
    if text(segment.properties, "region") != region:
        message = f"{segment.name} is not in {region}."
        yield refusal("segment-elsewhere", message, "privateNetworkId")


@rule(SEGMENT, GATEWAY, GROUP, acts=(Act.DELETE,))
def unused(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What others are attached to is not deleted."""
    for other in world.referring(proposed.id):
        yield refusal("used", f"{other.name} uses it. Delete that first.")
        return


@rule(VPC, acts=(Act.DELETE,))
def emptied(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A VPC with private networks is not deleted."""
    for other in world.of(SEGMENT):
        if text(other.properties, "vpcId") == proposed.id:
            yield refusal("used", f"{other.name} is in it. Delete that first.")
            return


RULES = (of_vpc, written, apart, single, passing, ruled, joined, unused, emptied)
