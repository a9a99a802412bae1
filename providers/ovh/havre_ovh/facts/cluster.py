"""Cluster: managed Kubernetes and its node pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.model import Compute, Copy, Fact, Known, Offering, Plain, Unknown
from havre.facts.read import NONE, YES, every, read, sources, then, together, users
from havre_ovh.facts.places import place
from havre_ovh.facts.properties import OFFER, base, is_set, lies_in, subnet_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.model import ResourceFact
    from havre.plan import Plan, PlannedResource


RESTRICT = ":KubeIpRestrictions"


def _of_cluster(kube: PlannedResource, plan: Plan, token: str) -> list[PlannedResource]:
    return [r for r in users(plan, kube.urn, token) if kube.urn in sources(r, "kubeId")]


def kube(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Managed Kubernetes: its API is public, its administrator's certificate stays."""
    inputs = resource.inputs
    pools = _of_cluster(resource, plan, ":KubeNodePool")
    zones = together([read(pool.inputs, "availabilityZones", []) for pool in pools])
    floating = [read(p.inputs, "attachFloatingIps.enabled", default=False) for p in pools]
    inside = is_set(resource, inputs.get("privateNetworkId"), "privateNetworkId")
    addresses = together([read(r.inputs, "ips", []) for r in _of_cluster(resource, plan, RESTRICT)])
    version = read(inputs, "version", "")
    compute = Compute(
        **base(resource, plan, lies_in(resource, Copy.COMPUTE)),
        offering=Offering(OFFER, "Managed Kubernetes", read(inputs, "plan", "free")),
        public_api=YES,
        allowed=then(addresses, lambda found: tuple(ip for ips in found for ip in ips)),
        secrets_key=NONE,
        multi_zone=then(zones, lambda found: len({zone for each in found for zone in each}) > 1),
        engine=then(version, lambda word: f"kubernetes {word}".strip()),
        local_accounts=YES,
        private_nodes=every([inside, *(then(f, lambda value: not value) for f in floating)]),
        segments=_node_segments(resource, plan, inside),
        disk_key=NONE,
    )
    return [compute]


def pool(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Nodes; without their cluster in the plan, all but their zones is unknown."""
    zones = read(resource.inputs, "availabilityZones", [])
    where = then(zones, lambda found: tuple(place(Copy.COMPUTE, zone) for zone in found))
    if any(
        r.urn in sources(resource, "kubeId") for r in plan.resources if r.type.endswith(":Kube")
    ):
        return [Plain(**base(resource, plan, where))]
    where = Unknown("kubeId") if where == Known(()) else where
    offering = Offering(OFFER, "Managed Kubernetes")
    return [Compute(**base(resource, plan, where), offering=offering)]


def _node_segments(
    kube: PlannedResource, plan: Plan, inside: Fact[bool]
) -> Fact[tuple[str | None, ...]]:
    """The subnet of a cluster's nodes; in a network without one named, OVHcloud chooses."""
    if not isinstance(inside, Known) or not inside.value:
        return then(inside, lambda _: (None,))
    told = subnet_of(kube, plan, "nodesSubnetId", kube.inputs.get("nodesSubnetId"))
    return Unknown("nodesSubnetId") if told == NONE else then(told, lambda urn: (urn,))
