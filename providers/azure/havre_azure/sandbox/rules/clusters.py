"""Clusters: versions, addresses and nodes."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, ip_address
from typing import TYPE_CHECKING

from havre_azure.checks import RESERVED
from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import parent
from havre_azure.sandbox.rules.networks import overlap, parsed, spaces, undelegated
from havre_azure.sandbox.rules.places import CLUSTER
from havre_azure.sandbox.rules.removal import SUBNET
from havre_sandbox.reading import number, sections, text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

SERVICE = "Microsoft.ContainerService/managedClusters"
VERSION = re.compile(r"(\d+)\.(\d+)(\.\d+)?")
POOL_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")
"""Of a Linux node pool (Azure documentation, node pools)."""
MOST_PODS, FEWEST_PODS = 250, 10
KEPT = 5


def _minor(version: str) -> tuple[int, int] | None:
    found = VERSION.fullmatch(version)
    return (int(found[1]), int(found[2])) if found else None


@rule(CLUSTER, acts=(Act.UPDATE,))
def stepped(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A cluster goes up one minor version at a time, and never down."""
    path = "kubernetesVersion"
    old, new = text(proposed.old or {}, path), text(proposed.properties, path)
    was, now = _minor(old), _minor(new)
    if was and now and (now[0] != was[0] or not 0 <= now[1] - was[1] <= 1):
        message = f"Version {old} cannot become {new}. Go up one minor version at a time."
        yield refusal("cluster-version", message, path)


@rule(CLUSTER, beforehand=True)
def numbered(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A version is written as two or three numbers, and no pool is ahead of the cluster."""
    version = text(proposed.properties, "kubernetesVersion")
    if version and not _minor(version):
        message = f"`{version}` is not a version such as 1.34."
        yield refusal("cluster-parameter", message, "kubernetesVersion")
    for place, pool in enumerate(sections(proposed.properties, "agentPoolProfiles")):
        own, control = _minor(text(pool, "orchestratorVersion")), _minor(version)
        if own and control and own > control:
            message = f"The pool's version is ahead of the cluster's ({version})."
            at = f"agentPoolProfiles[{place}].orchestratorVersion"
            yield refusal("pool-version", message, at)


@rule(CLUSTER, beforehand=True)
def answering(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """The address of the cluster's DNS is one of its services', and not the first."""
    path = "networkProfile.dnsServiceIP"
    services = parsed(value(proposed.properties, "networkProfile.serviceCidr"))
    told = text(proposed.properties, path)
    try:
        address = ip_address(told) if told else None
    except ValueError:
        yield refusal("cluster-parameter", f"`{told}` is not an address.", path)
        return
    if services and address and address not in services:
        yield refusal("cluster-dns", f"{told} is outside the service range {services}.", path)


@rule(CLUSTER)
def apart(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Services and pods have addresses of their own."""
    path = "networkProfile.serviceCidr"
    services = parsed(value(proposed.properties, path))
    for pool in sections(proposed.properties, "agentPoolProfiles"):
        network = world.find(parent(text(pool, "vnetSubnetID")))
        if services and network and any(overlap(services, each) for each in spaces(network)):
            message = f"{services} overlaps the address space of the cluster's network."
            yield refusal("cluster-services", message, path)


@rule(CLUSTER, beforehand=True)
def usable(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """The service's own addresses are nobody else's."""
    for path in ("networkProfile.serviceCidr", "networkProfile.podCidr"):
        space = parsed(value(proposed.properties, path))
        taken = [kept for kept in RESERVED if space and overlap(space, IPv4Network(kept))]
        if taken:
            message = f"{space} overlaps {', '.join(taken)}, which AKS uses itself."
            yield refusal("cluster-parameter", message, path)


@rule(CLUSTER, beforehand=True)
def pooled(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """There is a system pool, and pools have short names and enough pods."""
    pools = sections(proposed.properties, "agentPoolProfiles")
    if pools and not any(text(pool, "mode") == "System" for pool in pools):
        yield refusal("system-pool", "One pool must have the mode System.", "agentPoolProfiles")
    for place, pool in enumerate(pools):
        name, pods = text(pool, "name"), number(pool, "maxPods")
        if name and not POOL_NAME.fullmatch(name):
            message = f"`{name}` is not a name of 1 to 12 lower-case letters and digits."
            yield refusal("cluster-parameter", message, f"agentPoolProfiles[{place}].name")
        if pods is not None and not FEWEST_PODS <= pods <= MOST_PODS:
            message = f"A node has {FEWEST_PODS} to {MOST_PODS} pods, not {pods:g}."
            yield refusal("cluster-parameter", message, f"agentPoolProfiles[{place}].maxPods")


@rule(CLUSTER)
def roomy(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The subnet of a pool has addresses for its nodes and their pods."""
    if text(proposed.properties, "networkProfile.networkPluginMode") == "overlay":
        return
    for place, pool in enumerate(sections(proposed.properties, "agentPoolProfiles")):
        subnet = world.find(text(pool, "vnetSubnetID"))
        cut = parsed(subnet.properties.get("addressPrefix")) if subnet else None
        nodes, pods = number(pool, "count"), number(pool, "maxPods") or 30
        if cut and nodes and (nodes + 1) * (pods + 1) > cut.num_addresses - KEPT:
            message = f"{cut} has too few addresses for {nodes:g} nodes of {pods:g} pods."
            yield refusal("subnet-full", message, f"agentPoolProfiles[{place}].vnetSubnetID")


@rule(CLUSTER, acts=(Act.CREATE,))
def hosted(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The API server is in a subnet that is delegated to it, and nodes in one that is not."""
    yield from undelegated(proposed, world, "apiServerAccessProfile.subnetId", SERVICE)
    for place, pool in enumerate(sections(proposed.properties, "agentPoolProfiles")):
        found = world.find(text(pool, "vnetSubnetID"))
        if found and found.token == SUBNET and sections(found.properties, "delegations"):
            message = f"{found.id} is delegated to a service. Use another subnet."
            yield refusal("subnet-delegated", message, f"agentPoolProfiles[{place}].vnetSubnetID")


RULES = (stepped, numbered, answering, apart, usable, pooled, roomy, hosted)
