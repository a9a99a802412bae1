"""Cluster: managed Kubernetes with its nodes in the private network, its API restricted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_ovh as ovh
from pulumi_ovh import cloudproject

from havre.provider.parts import ClusterInputs, ClusterOutputs, component
from havre_ovh import resources as shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pulumi

    from havre_ovh.settings import OvhSettings

PLAN = "standard"
"""The plan with an etcd of the cluster's own, and the only one in several zones."""
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


def cluster(
    settings: OvhSettings, name: str, inputs: ClusterInputs, opts: pulumi.ResourceOptions
) -> ClusterOutputs:
    """The cluster, who may reach its API, its nodes and its logs."""
    common = inputs.common
    scope = shared.Scope(settings, common, name, component("havre:ovh:Cluster", name, opts))
    kube = _kube(scope, inputs)
    cloudproject.KubeIpRestrictions(
        f"{name}-restrictions",
        service_name=scope.project,
        kube_id=kube.id,
        ips=shared.allowed(settings, common),
        opts=scope.below(),
    )
    ovh.CloudProjectKubeLogSubscription(
        f"{name}-logs",
        service_name=scope.project,
        kube_id=kube.id,
        stream_id=inputs.audit.sink,
        kind="audit",
        opts=scope.below(),
    )
    _nodes(scope, kube)
    scope.part.register_outputs({})
    return ClusterOutputs(
        endpoint=kube.url,
        identifier=kube.id,
        region=shared.compute_region(settings, common.primary),
    )


def _kube(scope: shared.Scope, inputs: ClusterInputs) -> cloudproject.Kube:
    """The cluster; another network would wipe it, so the network is guarded by its own name."""
    return cloudproject.Kube(
        f"{scope.name}-kube",
        service_name=scope.project,
        name=scope.common.name("cluster"),
        region=shared.compute_region(scope.settings, scope.common.primary),
        plan=PLAN,
        version=scope.settings.kubernetes_version,
        update_policy="MINIMAL_DOWNTIME",
        private_network_id=inputs.network.identifier,
        nodes_subnet_id=inputs.network.segments["compute"],
        private_network_configuration=cloudproject.KubePrivateNetworkConfigurationArgs(
            default_vrack_gateway="",  # the one that the subnet's DHCP announces
            private_network_routing_as_default=True,
        ),
        opts=scope.guarded(),
    )


def _nodes(scope: shared.Scope, kube: cloudproject.Kube) -> None:
    asked = scope.common.spec.cluster
    if asked is None:
        return
    zones = shared.zone_names(scope.settings, scope.common)
    for pool, zone, nodes in pools(asked.nodes, zones):
        cloudproject.KubeNodePool(
            f"{scope.name}-{pool}",
            service_name=scope.project,
            kube_id=kube.id,
            name=pool,
            flavor_name=shared.FLAVORS["b3"][asked.size.value],
            desired_nodes=nodes,
            min_nodes=nodes,
            max_nodes=nodes,
            autoscale=False,
            anti_affinity=True,
            availability_zones=[zone] if zone else None,
            opts=scope.below(),
        )
