"""Network: a private network in the regions of the spec, its segments and their gateway."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pulumi
import pulumi_ovh as ovh
from pulumi_ovh import cloudproject

from havre.parts import NetworkInputs, NetworkOutputs, component
from havre.spec.subnets import subnets
from havre_ovh import common as shared

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network

    from havre.parts import Common
    from havre_ovh.settings import OvhSettings

ROUTED = ("compute", "database")
"""Segments that the gateway joins: nodes reach the database through it."""
GATEWAYS = {"s": "s", "m": "m", "l": "l", "xl": "l"}
"""Model of the gateway by size of the nodes."""
SSH = 22
VLANS = range(100, 4000)
"""VLANs from which one is derived where the settings name none."""


def regions(settings: OvhSettings, common: Common) -> list[str]:
    """Compute regions of the network, always named: unset would mean all of them."""
    found = [shared.compute_region(settings, common.primary)]
    if common.recovery and common.spec.network.recovery_address_space:
        found.append(shared.sites.region(common.recovery, "compute"))
    return list(dict.fromkeys(found))


def vlan(settings: OvhSettings, common: Common) -> int:
    """The network's VLAN: the one set, or one that follows from the warehouse's name."""
    if settings.vlan_id is not None:
        return settings.vlan_id
    return VLANS[int(shared.digest(common.name()), 16) % len(VLANS)]


def routed(common: Common) -> bool:
    """Whether anything needs a way out; without it no segment has one."""
    return bool(common.spec.cluster or common.spec.network.egress)


def openstack_id(network: cloudproject.NetworkPrivate, region: str) -> pulumi.Output[str]:
    """The network's UUID in a region: what databases, clusters and subnets refer to."""
    return network.regions_openstack_ids.apply(lambda ids: ids[region])


def network(
    settings: OvhSettings, name: str, inputs: NetworkInputs, opts: pulumi.ResourceOptions
) -> NetworkOutputs:
    """The private network; every other part is checked here first."""
    common = inputs.common
    shared.check(settings, common)
    part = component("havre:ovh:Network", name, opts)
    below = pulumi.ResourceOptions(parent=part)
    places = regions(settings, common)
    private = cloudproject.NetworkPrivate(
        f"{name}-private",
        service_name=settings.service_name,
        name=common.name("private"),
        regions=places,
        vlan_id=vlan(settings, common),
        opts=below,
    )
    identifier = openstack_id(private, places[0])
    cut = subnets(common.spec.network.address_space, common.spec)
    made = {
        segment: _subnet(settings, common, name, segment, cidr, identifier, below)
        for segment, cidr in cut.items()
    }
    _recovery(settings, common, name, private, places, below)
    _security_group(settings, common, name, places[0], below)
    segments: dict[str, pulumi.Output[str]] = {key: subnet.id for key, subnet in made.items()}
    if routed(common):
        segments |= _gateway(settings, common, name, identifier, made, below)
    part.register_outputs({})
    return NetworkOutputs(identifier=identifier, segments=segments)
