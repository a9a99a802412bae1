"""Cluster: managed Kubernetes and its node pools."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.kubernetes.isolation import isolated, namespaces
from havre.facts.model import Compute, Copy, Neutral
from havre.facts.read import NO, NONE, YES, at_best, every, gathered, items, read, then
from havre.facts.values import Fact, Known, Unknown
from havre.spec.workloads import DATA_PORTS
from havre_scaleway.facts.naming import SEGMENT
from havre_scaleway.facts.properties import (
    about,
    guarded,
    lies_in,
    offered,
    region_of,
    segment_name,
    segment_of,
)
from havre_scaleway.resources import OUTSIDE_HDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource

PRODUCT = "Kubernetes Kapsule"
ACL, POOL = "kubernetes.Acl", "kubernetes.Pool"
DEFAULT = "kapsule"
DEDICATED = "kapsule-dedicated-"
ANYBODY = ("0.0.0.0/0",)
"""The rule of a cluster that has no list of its own; it comes back if the list is deleted."""
MANY = "scalewayRanges"
ENFORCING = ("cilium", "cilium_native", "calico")
"""Networks of pods with an engine of network policies (their own documentation)."""
API_LOGGED = Unknown("audit logs: a dedicated control plane has them, and no argument routes them")


def cluster(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Managed Kubernetes: its API is public, and its administrator's credential stays.

    A cluster that takes volumes along when it is deleted is not guarded.
    """
    inputs = resource.inputs
    pools = index.computed(POOL, "clusterId", resource)
    zones = gathered(_zone(pool) for pool in pools)
    what = then(read(inputs, "type", DEFAULT), lambda found: found or DEFAULT)
    takes = read(inputs, "deleteAdditionalResources", default=False)
    version, where = read(inputs, "version", ""), lies_in(resource, Copy.COMPUTE)
    enforced = then(read(inputs, "cni", ""), lambda name: name in ENFORCING)
    spaces = namespaces(index, resource, _data_segments(index), enforced)
    made = replace(
        offered(Compute, resource, index, where, PRODUCT, _plan(what, pools)),
        public_api=YES,
        allowed=_allowed(resource, index),
        secrets_key=NONE,
        multi_zone=_several(zones),
        engine=then(version, lambda word: f"kubernetes {word}".strip()),
        local_accounts=YES,
        private_nodes=_private(pools),
        segments=_segments(resource, index, pools),
        disk_key=NONE,
        guarded=every([guarded(resource), then(takes, lambda found: found is not True)]),
        api_logged=_logged(what),
        isolated=isolated(spaces),
        namespaces=spaces,
        system_apart=NO,  # pools of ours are all alike
        images_checked=NO,
    )
    return [made]


def _data_segments(index: Index) -> Iterator[tuple[str, Fact[str]]]:
    """Addresses of the segments that hold data, by name."""
    for network in index.of(SEGMENT):
        if (segment := segment_name(network, index)) in DATA_PORTS:
            yield segment, then(read(network.inputs, "ipv4Subnet.subnet", ""), str)


def _plan(what: Fact[str], pools: Sequence[PlannedResource]) -> Fact[str]:
    """The type of the cluster, unless a pool has nodes of a line that HDS does not cover."""
    types = [read(pool.inputs, "nodeType", "") for pool in pools]
    unknown = next((fact for fact in types if isinstance(fact, Unknown)), None)
    lines = [str(at_best(fact, "")).upper() for fact in types]
    outside = next((line for line in lines if line.startswith(OUTSIDE_HDS)), "")
    if outside:
        return Known(f"nodes of type {outside}")
    return unknown or what


def _logged(what: Fact[str]) -> Fact[bool]:
    """A shared control plane has no audit log; whether that of another arrives, no plan shows."""
    if isinstance(what, Unknown):
        return what
    return API_LOGGED if what.value.startswith(DEDICATED) else NO


def _allowed(cluster: PlannedResource, index: Index) -> Fact[tuple[str, ...]]:
    """Addresses that reach the API; any, unless a list says otherwise."""
    lists = index.computed(ACL, "clusterId", cluster)
    return gathered(rules(each) for each in lists) if lists else Known(ANYBODY)


def rules(acl: PlannedResource) -> Fact[tuple[str, ...]]:
    """The addresses of a list: nobody's where it says so."""
    closed = read(acl.inputs, "noIpAllowed", default=False)
    found = items(acl.inputs, "aclRules")
    if isinstance(closed, Unknown) or isinstance(found, Unknown):
        return closed if isinstance(closed, Unknown) else Unknown("aclRules")
    if closed.value:
        return Known(("127.0.0.1/32",))
    if not found.value:
        return Known(ANYBODY)
    return gathered(_rule(each) for each in found.value)


def _rule(rule: object) -> Fact[tuple[str, ...]]:
    """One rule; all of Scaleway's own addresses are every customer's."""
    if not isinstance(rule, dict):
        return Unknown("aclRules")
    wide, address = read(rule, MANY, default=False), read(rule, "ip")
    if isinstance(wide, Unknown) or isinstance(address, Unknown):
        return Unknown("aclRules[].ip" if isinstance(address, Unknown) else f"aclRules[].{MANY}")
    return Known(ANYBODY if wide.value or not address.value else (str(address.value),))


def _zone(pool: PlannedResource) -> Fact[tuple[str, ...]]:
    zone = read(pool.inputs, "zone")
    return Unknown("zone") if zone == NONE else then(zone, lambda name: (str(name),))


def _several(zones: Fact[tuple[str, ...]]) -> Fact[bool]:
    """Whether nodes stand in several zones: two that are told are enough."""
    several = len(set(at_best(zones, ()))) > 1
    return YES if several else then(zones, lambda _: False)


def _private(pools: Sequence[PlannedResource]) -> Fact[bool]:
    """Whether no node has a public address: each has one unless its pool says otherwise."""
    told = [read(pool.inputs, "publicIpDisabled", default=False) for pool in pools]
    return every([then(fact, lambda off: off is True) for fact in told])


def _segments(
    cluster: PlannedResource, index: Index, pools: Sequence[PlannedResource]
) -> Fact[tuple[str | None, ...]]:
    """The private network of the cluster, and those of pools that name another."""
    of_pools = [pool for pool in pools if pool.inputs.get("privateNetworkId") is not None]
    found = [
        segment_of(each, index, "privateNetworkId", each.inputs.get("privateNetworkId"))
        for each in (cluster, *of_pools)
    ]
    told = gathered(then(fact, lambda urn: (urn,)) for fact in found)
    if isinstance(told, Known):
        return Known(tuple(dict.fromkeys(told.value)))
    return told


def pool(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Nodes; without their cluster in the plan, all but their zone is unknown."""
    where = lies_in(resource, Copy.COMPUTE)
    zone = read(resource.inputs, "zone")
    if zone != NONE and region_of(resource) != zone:
        where = gathered([where, lies_in(_by_zone(resource), Copy.COMPUTE)])
    if index.near(resource, "clusterId", "kubernetes.Cluster"):
        return [about(Neutral, resource, index, where)]
    return [offered(Compute, resource, index, where, PRODUCT)]


def _by_zone(resource: PlannedResource) -> PlannedResource:
    """The resource by its zone alone."""
    inputs = {key: value for key, value in resource.inputs.items() if key != "region"}
    return replace(resource, inputs=inputs)
