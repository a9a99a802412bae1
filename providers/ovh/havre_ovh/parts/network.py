"""Network: a private network in the regions of the spec, its segments and their gateway."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pulumi
import pulumi_ovh as ovh
from pulumi_ovh import cloudproject

from havre.provider.parts import NetworkInputs, NetworkOutputs
from havre_ovh import resources as shared
from havre_ovh.conventions.table import name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.provider.context import Context, Part
    from havre_ovh.settings import OvhSettings

ROUTED = ("compute", "database")
"""Segments that the gateway joins: nodes reach the database through it."""
GATEWAYS = {"s": "S", "m": "M", "l": "L", "xl": "XL"}
"""Model of the gateway by size of the nodes."""
SSH = 22
VLANS = range(100, 4000)
"""VLANs from which one is derived where the settings name none."""


def vlan(context: Context[OvhSettings]) -> int:
    """The network's VLAN: the one set, or one that follows from the warehouse's name."""
    if context.settings.vlan_id is not None:
        return context.settings.vlan_id
    return VLANS[int(shared.digest(context.named()), 16) % len(VLANS)]


def network(part: Part[OvhSettings], _inputs: NetworkInputs) -> NetworkOutputs:
    """The private network, its segments and their gateway."""
    context = part.context
    places, ids = shared.network_regions(context), _networks(part)
    made = _subnets(part, context.spec.network.address_space, places[0], ids)
    if context.spec.network.recovery_address_space:
        _subnets(part, context.spec.network.recovery_address_space, places[-1], ids)
    _security_group(part, places[0])
    segments: dict[str, pulumi.Output[str]] = {key: subnet.id for key, subnet in made.items()}
    given = part.settings.estate and part.settings.estate.gateway_id
    if shared.routed(context) and not given:
        segments |= _gateway(part, places[0], made)
    return NetworkOutputs(identifier=ids[places[0]], segments=segments)


def _networks(part: Part[OvhSettings]) -> dict[str, pulumi.Output[str]]:
    """The network's identifiers by region: of the one that is given, or of a new one."""
    context, estate = part.context, part.settings.estate
    places = shared.network_regions(context)
    if estate and estate.network_ids:
        return {place: pulumi.Output.from_input(estate.network_ids[place]) for place in places}
    private = cloudproject.NetworkPrivate(
        f"{part.name}-private",
        service_name=part.settings.service_name,
        name=name(context, f"{part.name}-private"),
        regions=places,
        vlan_id=vlan(context),
        opts=part.guarded(),  # another one cuts off what stands in it
    )
    return {place: _openstack_id(private, place) for place in places}


def _openstack_id(network: cloudproject.NetworkPrivate, region: str) -> pulumi.Output[str]:
    """The network's UUID in a region: subnets, databases and clusters refer to it, not to pn-."""
    return network.regions_openstack_ids.apply(lambda ids: _of_region(ids, region))


def _of_region(ids: Mapping[str, str] | None, region: str) -> str:
    """The identifier in a region; a name that no service takes where the API told none.

    Nothing would do worse: a database without a network stands on the public one.
    """
    return (ids or {}).get(region, f"network-not-told-in-{region}")


def _subnets(
    part: Part[OvhSettings], space: str, region: str, ids: Mapping[str, pulumi.Output[str]]
) -> dict[str, cloudproject.NetworkPrivateSubnetV2]:
    """One subnet a segment; only those that the gateway joins have a way out."""
    primary = space == part.spec.network.address_space
    where = () if primary else ("recovery",)
    return {
        segment: cloudproject.NetworkPrivateSubnetV2(
            "-".join((part.name, *where, segment)),
            service_name=part.settings.service_name,
            name=name(part.context, "-".join((part.name, *where, segment))),
            network_id=ids[region],
            region=region,
            cidr=str(cidr),
            dhcp=True,
            enable_gateway_ip=primary and segment in ROUTED and shared.routed(part.context),
            opts=part.guarded(),  # other addresses would remove segments that are in use
        )
        for segment, cidr in shared.segments(part.context, space).items()
    }


def _gateway(
    part: Part[OvhSettings], region: str, made: Mapping[str, cloudproject.NetworkPrivateSubnetV2]
) -> dict[str, pulumi.Output[str]]:
    """The way out, and the way between segments; they are usable only once it stands.

    `cloudproject.GatewayInterface` would not do: the SDK lacks the argument that names the
    gateway, which the API demands.
    """
    cluster = part.spec.cluster
    gateway = ovh.CloudGateway(
        f"{part.name}-gateway",
        service_name=part.settings.service_name,
        region=region,
        name=name(part.context, f"{part.name}-gateway"),
        description=shared.describe(part.context, "Way out of the nodes"),
        external_gateway=ovh.CloudGatewayExternalGatewayArgs(
            enabled=True, model=GATEWAYS[cluster.size.value if cluster else "s"]
        ),
        subnet_ids=[made[segment].id for segment in ROUTED],
        opts=part.child(),
    )
    return {
        segment: pulumi.Output.all(made[segment].id, gateway.id).apply(lambda ids: str(ids[0]))
        for segment in ROUTED
    }


def _security_group(part: Part[OvhSettings], region: str) -> ovh.CloudSecurityGroup:
    """For administration hosts: SSH from the administration's addresses alone.

    OpenStack adds a rule of its own that lets everything out; no argument removes it (a gap).
    """
    return ovh.CloudSecurityGroup(
        f"{part.name}-administration-group",
        service_name=part.settings.service_name,
        region=region,
        name=name(part.context, f"{part.name}-administration-group"),
        description=shared.describe(part.context, "Administration hosts"),
        rules=[
            ovh.CloudSecurityGroupRuleArgs(
                direction="INGRESS",
                ethernet_type=f"IPV{ip_network(address).version}",
                protocol="TCP",
                port_range_min=SSH,
                port_range_max=SSH,
                remote_ip_prefix=address,
                description="SSH from the administration",
            )
            for address in part.spec.network.administration
        ],
        opts=part.child(),
    )
