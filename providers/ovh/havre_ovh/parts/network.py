"""Network: a private network in the regions of the spec, its segments and their gateway."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pulumi
import pulumi_ovh as ovh
from pulumi_ovh import cloudproject

from havre.provider.parts import NetworkInputs, NetworkOutputs, component
from havre.spec.subnets import subnets
from havre_ovh import resources as shared
from havre_ovh import sites

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.provider.parts import Common
    from havre_ovh.settings import OvhSettings

ROUTED = ("compute", "database")
"""Segments that the gateway joins: nodes reach the database through it."""
GATEWAYS = {"s": "S", "m": "M", "l": "L", "xl": "XL"}
"""Model of the gateway by size of the nodes."""
SSH = 22
VLANS = range(100, 4000)
"""VLANs from which one is derived where the settings name none."""


def regions(settings: OvhSettings, common: Common) -> list[str]:
    """Compute regions of the network, always named: unset would mean all of them."""
    found = [shared.compute_region(settings, common.primary)]
    if common.recovery and common.spec.network.recovery_address_space:
        found.append(sites.region(common.recovery, "compute"))
    return list(dict.fromkeys(found))


def vlan(settings: OvhSettings, common: Common) -> int:
    """The network's VLAN: the one set, or one that follows from the warehouse's name."""
    if settings.vlan_id is not None:
        return settings.vlan_id
    return VLANS[int(shared.digest(common.name()), 16) % len(VLANS)]


def routed(common: Common) -> bool:
    """Whether anything needs a way out; otherwise no segment has one."""
    return bool(common.spec.cluster or common.spec.network.egress)


def network(
    settings: OvhSettings, name: str, inputs: NetworkInputs, opts: pulumi.ResourceOptions
) -> NetworkOutputs:
    """The private network; what every other part needs of the settings is checked here first."""
    common = inputs.common
    shared.check(settings, common)
    scope = shared.Scope(settings, common, name, component("havre:ovh:Network", name, opts))
    places = regions(settings, common)
    private = cloudproject.NetworkPrivate(
        f"{name}-private",
        service_name=scope.project,
        name=common.name("private"),
        regions=places,
        vlan_id=vlan(settings, common),
        opts=scope.below(),
    )
    ids = {place: _openstack_id(private, place) for place in places}
    made = _subnets(scope, common.spec.network.address_space, places[0], ids)
    if common.spec.network.recovery_address_space:
        _subnets(scope, common.spec.network.recovery_address_space, places[-1], ids)
    _security_group(scope, places[0])
    segments: dict[str, pulumi.Output[str]] = {key: subnet.id for key, subnet in made.items()}
    if routed(common):
        segments |= _gateway(scope, places[0], made)
    scope.part.register_outputs({})
    return NetworkOutputs(identifier=ids[places[0]], segments=segments)


def _openstack_id(network: cloudproject.NetworkPrivate, region: str) -> pulumi.Output[str]:
    """The network's UUID in a region: subnets, databases and clusters refer to it, not to pn-."""
    return network.regions_openstack_ids.apply(lambda ids: _of_region(ids, region))


def _of_region(ids: Mapping[str, str] | None, region: str) -> str:
    """The identifier in a region; a name that no service takes where the API told none.

    Nothing would do worse: a database without a network stands on the public one.
    """
    return (ids or {}).get(region, f"network-not-told-in-{region}")


def _subnets(
    scope: shared.Scope, space: str, region: str, ids: Mapping[str, pulumi.Output[str]]
) -> dict[str, cloudproject.NetworkPrivateSubnetV2]:
    """One subnet a segment; only those that the gateway joins have a way out."""
    primary = space == scope.common.spec.network.address_space
    where = () if primary else ("recovery",)
    return {
        segment: cloudproject.NetworkPrivateSubnetV2(
            "-".join((scope.name, *where, segment)),
            service_name=scope.project,
            name=scope.common.name(*where, segment),
            network_id=ids[region],
            region=region,
            cidr=str(cidr),
            dhcp=True,
            enable_gateway_ip=primary and segment in ROUTED and routed(scope.common),
            opts=scope.below(),
        )
        for segment, cidr in subnets(space, scope.common.spec).items()
    }


def _gateway(
    scope: shared.Scope, region: str, made: Mapping[str, cloudproject.NetworkPrivateSubnetV2]
) -> dict[str, pulumi.Output[str]]:
    """The way out, and the way between segments; they are usable only once it stands.

    `cloudproject.GatewayInterface` would not do: the SDK lacks the argument that names the
    gateway, which the API demands.
    """
    cluster = scope.common.spec.cluster
    gateway = ovh.CloudGateway(
        f"{scope.name}-gateway",
        service_name=scope.project,
        region=region,
        name=scope.common.name("gateway"),
        description=shared.describe(scope.common, "Way out of the nodes"),
        external_gateway=ovh.CloudGatewayExternalGatewayArgs(
            enabled=True, model=GATEWAYS[cluster.size.value if cluster else "s"]
        ),
        subnet_ids=[made[segment].id for segment in ROUTED],
        opts=scope.below(),
    )
    return {
        segment: pulumi.Output.all(made[segment].id, gateway.id).apply(lambda ids: str(ids[0]))
        for segment in ROUTED
    }


def _security_group(scope: shared.Scope, region: str) -> ovh.CloudSecurityGroup:
    """For administration hosts: SSH from the administration's addresses alone.

    OpenStack adds a rule of its own that lets everything out; no argument removes it (a gap).
    """
    return ovh.CloudSecurityGroup(
        f"{scope.name}-administration-group",
        service_name=scope.project,
        region=region,
        name=scope.common.name("administration"),
        description=shared.describe(scope.common, "Administration hosts"),
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
            for address in scope.common.spec.network.administration
        ],
        opts=scope.below(),
    )
