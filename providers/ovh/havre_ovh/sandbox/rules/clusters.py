"""Managed Kubernetes: versions, networks and node pools."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from havre_ovh.checks import KUBERNETES_ADDRESSES
from havre_ovh.sandbox.rules.codes import refusal
from havre_ovh.sandbox.rules.networks import is_uuid, network_of
from havre_ovh.sandbox.rules.places import CLUSTER, GATEWAY, SUBNET, overlap, parsed
from havre_ovh.sites import ZONE_NAMES
from havre_sandbox.reading import items, number, text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

POOL = "ovh:CloudProject/kubeNodePool:KubeNodePool"
RESTRICTIONS = "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions"
LOGS = "ovh:index/cloudProjectKubeLogSubscription:CloudProjectKubeLogSubscription"
VERSION = re.compile(r"(\d+)\.(\d+)")
FLAVOR = re.compile(r"[a-z]+\d(-[a-z]+)?-\d+(-flex)?")
"""Shape of the names of flavors, such as b3-8 (docstring of the SDK)."""
MOST_APART = 5
"""Nodes of a pool that are kept on hosts of their own (OVHcloud, node pools, anti-affinity)."""


def _minor(version: str) -> int | None:
    found = VERSION.fullmatch(version)
    return int(found[2]) if found else None


@rule(CLUSTER, beforehand=True)
def numbered(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A version is written as two numbers."""
    version = text(proposed.properties, "version")
    if version and _minor(version) is None:
        yield refusal("version", f"`{version}` is not a version such as 1.34.", "version")


@rule(CLUSTER, acts=(Act.UPDATE,))
def stepped(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """The plugin takes the next minor version only."""
    old, new = text(proposed.old or {}, "version"), text(proposed.properties, "version")
    was, now = _minor(old), _minor(new)
    if was is not None and now is not None and not 0 <= now - was <= 1:
        message = f"Version {old} cannot become {new}. Go up one minor version at a time."
        yield refusal("next-version", message, "version")


@rule(CLUSTER, beforehand=True)
def identified(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A cluster names its network by the UUID in the region, and its nodes' subnet with it."""
    network = text(proposed.properties, "privateNetworkId")
    if network and not is_uuid(network):
        message = f"Private network {network} is not a UUID. Use `regions_openstack_ids`."
        yield refusal("bad-network", message, "privateNetworkId")
    if text(proposed.properties, "nodesSubnetId") and "privateNetworkId" not in proposed.properties:
        message = "`nodesSubnetId` needs `privateNetworkId`."
        yield refusal("checked-missing", message, "privateNetworkId")


@rule(CLUSTER, acts=(Act.CREATE,))
def networked(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Network and subnet of a cluster exist, and belong together."""
    identifier = text(proposed.properties, "privateNetworkId")
    if not identifier:
        return
    if is_uuid(identifier) and network_of(identifier, world) is None:
        yield refusal("network-missing", f"There is no network {identifier}.", "privateNetworkId")
    path = "nodesSubnetId"
    subnet = world.find(text(proposed.properties, path))
    if subnet is None or subnet.token != SUBNET:
        yield refusal("subnet-missing", "There is no such subnet.", path)
    elif text(subnet.properties, "networkId") != identifier:
        yield refusal("subnet-elsewhere", f"{subnet.name} is in another network.", path)


@rule(CLUSTER, acts=(Act.CREATE,))
def clear(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """No subnet of the network has the addresses of pods and services."""
    identifier = text(proposed.properties, "privateNetworkId")
    for subnet in world.of(SUBNET):
        cut = parsed(text(subnet.properties, "cidr"))
        taken = [k for k in KUBERNETES_ADDRESSES if cut and overlap(cut, IPv4Network(k))]
        if taken and text(subnet.properties, "networkId") == identifier:
            message = f"{subnet.name} ({cut}) overlaps {', '.join(taken)} of the cluster itself."
            yield refusal("cluster-addresses", message, "privateNetworkId")


@rule(CLUSTER, acts=(Act.CREATE,))
def gated(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """In a region of several zones, a cluster has the plan `standard`, and a gateway first."""
    region, subnet = (text(proposed.properties, p) for p in ("region", "nodesSubnetId"))
    if region not in ZONE_NAMES:
        return
    if text(proposed.properties, "plan") not in ("", "standard"):
        yield refusal("zones", f"Only the plan `standard` is offered in {region}.", "plan")
    gateways = (items(each.properties, "subnetIds") for each in world.of(GATEWAY))
    if not any(subnet in served for served in gateways):
        message = "The subnet of the nodes has no gateway. Create the gateway first."
        yield refusal("ungated", message, "nodesSubnetId")


@rule(POOL, beforehand=True)
def named(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Names of pools have no `_`, and flavors are flavors."""
    name, flavor = (text(proposed.properties, path) for path in ("name", "flavorName"))
    if "_" in name:
        yield refusal("pool", f"The name `{name}` has a `_`. Use `-`.", "name")
    if flavor and not FLAVOR.fullmatch(flavor):
        yield refusal("pool", f"There is no flavor `{flavor}`.", "flavorName")


@rule(POOL, beforehand=True)
def counted(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """The number of nodes is within the bounds, and five at most that are kept apart."""
    least, asked, most = (
        number(proposed.properties, path) for path in ("minNodes", "desiredNodes", "maxNodes")
    )
    if asked is not None and not (least or 0) <= asked <= (asked if most is None else most):
        message = f"{asked:g} nodes are wanted, outside {least or 0:g} and {most or 0:g}."
        yield refusal("pool", message, "desiredNodes")
    apart = value(proposed.properties, "antiAffinity") is True
    if apart and most is not None and most > MOST_APART:
        message = f"At most {MOST_APART} nodes are kept on hosts of their own."
        yield refusal("pool", message, "maxNodes")


@rule(POOL, acts=(Act.CREATE,))
def placed(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A pool is that of a cluster, in one of its zones, under a name of its own."""
    identifier = text(proposed.properties, "kubeId")
    cluster = world.find(identifier)
    if cluster is None:
        yield refusal("cluster-missing", f"There is no cluster {identifier}.", "kubeId")
        return
    offered = ZONE_NAMES.get(text(cluster.properties, "region"), ())
    zones = items(proposed.properties, "availabilityZones")
    if offered and len(zones) != 1:
        message = "Name one availability zone: it is mandatory here."
        yield refusal("pool-zone", message, "availabilityZones")
    for zone in zones if offered else ():
        if zone not in offered:
            message = f"`{zone}` is not one of {', '.join(offered)}."
            yield refusal("pool", message, "availabilityZones")
    name = text(proposed.properties, "name")
    others = (each for each in world.of(POOL) if each.properties.get("kubeId") == identifier)
    if any(text(other.properties, "name") == name for other in others):
        yield refusal("pool-taken", f"A pool is called `{name}` already.", "name")


@rule(RESTRICTIONS, LOGS, acts=(Act.CREATE,))
def attached(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What belongs to a cluster names one that exists."""
    identifier = text(proposed.properties, "kubeId")
    if world.find(identifier) is None:
        yield refusal("cluster-missing", f"There is no cluster {identifier}.", "kubeId")


RULES = (
    numbered,
    stepped,
    identified,
    networked,
    clear,
    gated,
    named,
    counted,
    placed,
    attached,
)
