"""Cluster: managed Kubernetes and its node pools."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.kubernetes.isolation import isolated, namespaces
from havre.facts.model import Compute, Copy, Neutral
from havre.facts.read import NO, NONE, YES, at_best, each, every, gathered, read, some, then
from havre.facts.values import Fact, Known, Unknown
from havre.spec.workloads import DATA_PORTS
from havre_ovh.facts.naming import SUBNETS
from havre_ovh.facts.properties import (
    about,
    guarded,
    is_set,
    lies_in,
    offered,
    places_in,
    subnet_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource


PRODUCT = "Managed Kubernetes"
RESTRICT = "KubeIpRestrictions"


def kube(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Managed Kubernetes: its API is public, its administrator's certificate stays."""
    inputs = resource.inputs
    pools = index.computed("KubeNodePool", "kubeId", resource)
    zones = gathered(each(pool.inputs, "availabilityZones") for pool in pools)
    floating = [read(p.inputs, "attachFloatingIps.enabled", default=False) for p in pools]
    inside = is_set(resource, inputs.get("privateNetworkId"), "privateNetworkId")
    doors = index.computed(RESTRICT, "kubeId", resource)
    version = read(inputs, "version", "")
    spaces = namespaces(index, resource, _data_segments(index))
    where, plan = lies_in(resource, Copy.COMPUTE), read(inputs, "plan", "free")
    compute = replace(
        offered(Compute, resource, index, where, PRODUCT, plan),
        public_api=YES,
        allowed=gathered(each(door.inputs, "ips") for door in doors),
        secrets_key=NONE,
        multi_zone=_several(zones),
        engine=then(version, lambda word: f"kubernetes {word}".strip()),
        local_accounts=YES,
        private_nodes=every([inside, *(then(f, lambda value: not value) for f in floating)]),
        segments=_node_segments(resource, index, inside),
        disk_key=NONE,
        guarded=guarded(resource),
        api_logged=_logged(resource, index),
        isolated=isolated(spaces),
        namespaces=spaces,
        system_apart=NO,  # no argument of a pool keeps the cluster's own programs apart
        images_checked=NO,
    )
    return [compute]


def _data_segments(index: Index) -> Iterator[tuple[str, Fact[str]]]:
    """Addresses of the segments that hold data, by name.

    No argument decides whether network policies are enforced: each plan has an engine of them
    (OVHcloud documentation, exposed APIs and software versions; read on 2026-11-30).
    """
    for subnet in index.of(*SUBNETS):
        name = read(subnet.inputs, "name", subnet.name)
        words = str(name.value) if isinstance(name, Known) else subnet.name
        segment = next((each for each in DATA_PORTS if f"-{words}".endswith(f"-{each}")), "")
        if segment:
            path = "cidr" if "cidr" in subnet.inputs else "network"
            yield segment, then(read(subnet.inputs, path, ""), str)


def _logged(kube: PlannedResource, index: Index) -> Fact[bool]:
    """Whether the audit log of a cluster's API is sent to a stream."""
    sent = index.computed("CloudProjectKubeLogSubscription", "kubeId", kube)
    return some([then(read(s.inputs, "kind"), lambda kind: kind == "audit") for s in sent])


def _several(zones: Fact[tuple[str, ...]]) -> Fact[bool]:
    """Whether nodes stand in several zones: two that are told are enough."""
    several = len(set(at_best(zones, ()))) > 1
    return YES if several else then(zones, lambda _: False)


def pool(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Nodes; without their cluster in the plan, all but their zones is unknown."""
    where = places_in(Copy.COMPUTE, each(resource.inputs, "availabilityZones"))
    if index.near(resource, "kubeId", "Kube"):
        return [about(Neutral, resource, index, where)]
    where = Unknown("kubeId") if where == Known(()) else where
    return [offered(Compute, resource, index, where, PRODUCT)]


def _node_segments(
    kube: PlannedResource, index: Index, inside: Fact[bool]
) -> Fact[tuple[str | None, ...]]:
    """The subnet of a cluster's nodes; in a network without one named, OVHcloud chooses."""
    if not isinstance(inside, Known) or not inside.value:
        return then(inside, lambda _: (None,))
    told = subnet_of(kube, index, "nodesSubnetId", kube.inputs.get("nodesSubnetId"))
    return Unknown("nodesSubnetId") if told == NONE else then(told, lambda urn: (urn,))
