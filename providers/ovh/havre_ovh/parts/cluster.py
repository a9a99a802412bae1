"""Cluster: managed Kubernetes with its nodes in the private network, its API restricted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_ovh as ovh
from pulumi_ovh import cloudproject

from havre.provider.parts import ClusterInputs, ClusterOutputs
from havre.provider.workloads.isolating import isolate
from havre_ovh import resources as shared
from havre_ovh.conventions.table import name as named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.provider.context import Part
    from havre_ovh.settings import OvhSettings

PLAN = "standard"
"""The plan with an etcd of the cluster's own, and the only one in several zones."""
PUBLIC_PORTS = (443,)
"""Object stores answer on public addresses only."""
LARGEST_POOL = 5
"""Nodes of a pool whose nodes stand on different hosts (ovh/docs#8587, 2025-11-03)."""


def pools(nodes: int, zones: Sequence[str]) -> Iterator[tuple[str, str | None, int]]:
    """Name, zone and nodes of each pool: nodes spread over zones, then over hosts."""
    for place, zone in enumerate(zones or [""]):
        count = len(zones) or 1
        here = nodes // count + (place < nodes % count)
        for number, start in enumerate(range(0, here, LARGEST_POOL), 1):
            words = (zone, f"pool-{number}") if zone else (f"pool-{number}",)
            yield "-".join(words), zone or None, min(LARGEST_POOL, here - start)


def cluster(part: Part[OvhSettings], inputs: ClusterInputs) -> ClusterOutputs:
    """The cluster, who may reach its API, its nodes and its logs."""
    context = part.context
    kube = _kube(part, inputs)
    cloudproject.KubeIpRestrictions(
        f"{part.name}-restrictions",
        service_name=part.settings.service_name,
        kube_id=kube.id,
        ips=shared.allowed(context),
        opts=part.guarded(retain=True),  # to delete it opens the API to every address
    )
    ovh.CloudProjectKubeLogSubscription(
        f"{part.name}-logs",
        service_name=part.settings.service_name,
        kube_id=kube.id,
        stream_id=inputs.audit.sink,
        kind="audit",
        opts=part.guarded(retain=True),
    )
    _nodes(part, kube)
    outputs = ClusterOutputs(
        endpoint=kube.url,
        identifier=kube.id,
        region=shared.compute_region(context),
    )
    isolate(part, kube, outputs, PUBLIC_PORTS)
    return outputs


def _kube(part: Part[OvhSettings], inputs: ClusterInputs) -> cloudproject.Kube:
    """The cluster; another network would wipe it, so the network is guarded by its own name."""
    return cloudproject.Kube(
        f"{part.name}-kube",
        service_name=part.settings.service_name,
        name=named(part.context, f"{part.name}-kube"),
        region=shared.compute_region(part.context),
        plan=PLAN,
        version=part.settings.kubernetes_version,
        update_policy="MINIMAL_DOWNTIME",
        private_network_id=inputs.network.identifier,
        nodes_subnet_id=inputs.network.segments["compute"],
        private_network_configuration=cloudproject.KubePrivateNetworkConfigurationArgs(
            default_vrack_gateway="",  # the one that the subnet's DHCP announces
            private_network_routing_as_default=True,
        ),
        opts=part.guarded(retain=True, fixed=["nodesSubnetId"]),  # another would never be sent
    )


def _nodes(part: Part[OvhSettings], kube: cloudproject.Kube) -> None:
    asked = part.spec.cluster
    if asked is None:
        return
    zones, flavour = shared.zone_names(part.context), shared.FLAVORS["b3"][asked.size.value]
    for pool, zone, nodes in pools(asked.nodes, zones):
        # The name has the flavour: with another one new pools are made before the old ones go.
        cloudproject.KubeNodePool(
            f"{part.name}-{pool}-{flavour}",
            service_name=part.settings.service_name,
            kube_id=kube.id,
            name=f"{pool}-{flavour}",
            flavor_name=flavour,
            desired_nodes=nodes,
            min_nodes=nodes,
            max_nodes=nodes,
            autoscale=False,
            anti_affinity=True,
            availability_zones=[zone] if zone else None,
            opts=part.child(),
        )
