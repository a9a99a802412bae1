"""Network: a VPC, one private network a segment, what may pass between them, and the gateway.

Networks of a VPC are always routed to one another, so its ACL decides. It keeps no state: a rule
for each way is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumiverse_scaleway import instance
from pulumiverse_scaleway import network as net

from havre.provider.parts import NetworkInputs, NetworkOutputs
from havre_scaleway import resources as shared
from havre_scaleway import sites
from havre_scaleway.conventions.table import name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from ipaddress import IPv4Network

    from havre.provider.context import Part
    from havre.provider.sites import Site
    from havre_scaleway.settings import ScalewaySettings

GATEWAYS = {"s": "VPC-GW-S", "m": "VPC-GW-M", "l": "VPC-GW-L", "xl": "VPC-GW-XL"}
"""Type of the gateway by size of the nodes."""
POSTGRESQL, SSH = 5432, 22
CLIENTS = ("compute", "administration")
"""Segments that reach the database."""
DROP, ACCEPT = "drop", "accept"


@dataclass(frozen=True)
class Place:
    """Where a network is.

    Attributes:
        site: the site.
        space: its addresses.
        words: with which names of resources begin.
    """

    site: Site
    space: str
    words: tuple[str, ...] = ()


def network(part: Part[ScalewaySettings], _inputs: NetworkInputs) -> NetworkOutputs:
    """The network of the primary site, and that of the recovery site where there is one."""
    asked, away = part.spec.network, shared.recovery(part.context)
    vpc, made = _segments(part, Place(part.primary, asked.address_space))
    if away and asked.recovery_address_space:
        _segments(part, Place(away, asked.recovery_address_space, ("recovery",)))
    _administration_group(part)
    segments = {key: segment.id for key, segment in made.items()}
    if shared.routed(part.context):
        _gateway(part, made)
    return NetworkOutputs(identifier=vpc.id, segments=segments)


def _segments(
    part: Part[ScalewaySettings], place: Place
) -> tuple[net.Vpc, dict[str, net.PrivateNetwork]]:
    """A VPC that drops what no rule admits, and its segments."""
    where, region = place.words, sites.region(place.site)
    label = "-".join((part.name, *where, "vpc"))
    vpc = net.Vpc(
        label,
        name=name(part.context, label),
        project_id=part.settings.project_id,
        region=region,
        tags=shared.tag_list(part.context),
        opts=part.guarded(),  # another one cuts off what stands in it
    )
    cut = shared.segments(part.context, place.space)
    rules = {"ipv4": list(_rules(cut)), "ipv6": []}
    for version, passing in rules.items():
        net.Acl(
            "-".join((part.name, *where, version)),
            vpc_id=vpc.id,
            region=region,
            is_ipv6=version == "ipv6",
            default_policy=DROP,
            rules=passing,
            opts=part.guarded(retain=True),  # to delete it opens every segment to the others
        )
    return vpc, _private_networks(part, place, vpc, cut)


def _private_networks(
    part: Part[ScalewaySettings], place: Place, vpc: net.Vpc, cut: Mapping[str, IPv4Network]
) -> dict[str, net.PrivateNetwork]:
    found: dict[str, net.PrivateNetwork] = {}
    for segment, cidr in cut.items():
        label = "-".join((part.name, *place.words, segment))
        found[segment] = net.PrivateNetwork(
            label,
            name=name(part.context, label),
            project_id=part.settings.project_id,
            region=sites.region(place.site),
            vpc_id=vpc.id,
            ipv4_subnet=net.PrivateNetworkIpv4SubnetArgs(subnet=str(cidr)),
            tags=shared.tag_list(part.context, segment=segment),
            opts=part.guarded(),  # other addresses would remove segments that are in use
        )
    return found


def _rules(cut: Mapping[str, IPv4Network]) -> Iterator[net.AclRuleArgs]:
    """What passes between segments: clients to the database, and its answers."""
    for client in CLIENTS:
        there, back = str(cut[client]), str(cut["database"])
        yield net.AclRuleArgs(
            action=ACCEPT,
            protocol="TCP",
            source=there,
            destination=back,
            dst_port_low=POSTGRESQL,
            dst_port_high=POSTGRESQL,
            description=f"PostgreSQL from {client}",
        )
        yield net.AclRuleArgs(
            action=ACCEPT,
            protocol="TCP",
            source=back,
            destination=there,
            src_port_low=POSTGRESQL,
            src_port_high=POSTGRESQL,
            description=f"answers of PostgreSQL to {client}",
        )


def _gateway(part: Part[ScalewaySettings], made: Mapping[str, net.PrivateNetwork]) -> None:
    """The way out of the nodes, and the way in of administrators whose addresses are set."""
    cluster, zone = part.spec.cluster, sites.zones(part.primary)[0]
    named = list(part.spec.network.administration)
    gateway = net.PublicGateway(
        f"{part.name}-gateway",
        name=name(part.context, f"{part.name}-gateway"),
        project_id=part.settings.project_id,
        zone=zone,
        type=GATEWAYS[cluster.size.value if cluster else "s"],
        bastion_enabled=bool(named),
        allowed_ip_ranges=named,
        enable_smtp=False,
        tags=shared.tag_list(part.context),
        opts=part.child(),
    )
    out = bool(cluster or part.spec.network.egress)
    for segment, leaves in (("compute", out), ("administration", False)):
        if not (leaves or (segment == "administration" and named)):
            continue
        net.GatewayNetwork(
            f"{part.name}-gateway-{segment}",
            gateway_id=gateway.id,
            private_network_id=made[segment].id,
            zone=zone,
            enable_masquerade=leaves,
            ipam_configs=[net.GatewayNetworkIpamConfigArgs(push_default_route=leaves)],
            opts=part.child(),
        )


def _administration_group(part: Part[ScalewaySettings]) -> None:
    """For administration hosts: SSH from their own segment alone, where the bastion stands."""
    cut = shared.segments(part.context, part.spec.network.address_space)
    instance.SecurityGroup(
        f"{part.name}-administration-group",
        name=name(part.context, f"{part.name}-administration-group"),
        description=shared.describe(part.context, "Administration hosts"),
        project_id=part.settings.project_id,
        zone=sites.zones(part.primary)[0],
        stateful=True,
        enable_default_security=True,
        inbound_default_policy=DROP,
        outbound_default_policy=DROP,
        inbound_rules=[
            instance.SecurityGroupInboundRuleArgs(
                action=ACCEPT, protocol="TCP", port=SSH, ip_range=str(cut["administration"])
            )
        ],
        outbound_rules=[
            instance.SecurityGroupOutboundRuleArgs(
                action=ACCEPT, protocol="TCP", port=POSTGRESQL, ip_range=str(cut["database"])
            )
        ],
        tags=shared.tag_list(part.context),
        opts=part.child(),
    )
