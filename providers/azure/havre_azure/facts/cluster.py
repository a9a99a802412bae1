"""Cluster: AKS, its node pools, and disks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.model import Compute, Copy, ResourceFact
from havre.facts.read import NO, NONE, both, every, items, read, then, together
from havre.facts.stores import Volume
from havre.facts.values import Fact, Known, Unknown
from havre_azure.facts.places import places
from havre_azure.facts.properties import (
    closed,
    offered,
    open_to_all,
    stored,
    unplaced,
)
from havre_azure.facts.relations.guards import guarded
from havre_azure.facts.relations.links import disk_key, key, segment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


PRODUCT = "Kubernetes Service"
SUBNET = "vnetSubnetID"


def _node_segments(cluster: PlannedResource, index: Index) -> Fact[tuple[str | None, ...]]:
    """The subnet of each pool of a cluster; None for one in a network that Azure makes."""
    inline = items(cluster.inputs, "agentPoolProfiles")
    own = index.all_users("containerservice:AgentPool", "resourceName", cluster)
    told = both(inline, own)
    if isinstance(told, Unknown):
        return told
    found = [
        segment(index, cluster, "agentPoolProfiles", read(pool, SUBNET)) for pool in told.value[0]
    ]
    return together(found + [segment(index, pool, SUBNET) for pool in told.value[1]])


def _secrets_key(resource: PlannedResource, index: Index) -> Fact[str | None]:
    path = "securityProfile.azureKeyVaultKms"
    enabled = read(resource.inputs, f"{path}.enabled", default=False)
    if enabled == NO:
        return NONE
    return enabled if isinstance(enabled, Unknown) else key(index, resource, f"{path}.keyId")


def _pools(resource: PlannedResource, index: Index) -> Fact[list[Mapping[str, Any]]]:
    """Node pools of a cluster, with those that are resources of their own."""
    inline = items(resource.inputs, "agentPoolProfiles")
    own = index.all_users("containerservice:AgentPool", "resourceName", resource)
    return then(both(inline, own), lambda told: [*told[0], *[pool.inputs for pool in told[1]]])


def _of_pools(pools: Fact[list[Mapping[str, Any]]], path: str, good: Callable[[Any], bool]) -> Any:
    """Whether every pool is good, by one property; unknown where there is no pool."""
    if isinstance(pools, Unknown):
        return pools
    if not pools.value:
        return Unknown("agentPoolProfiles")
    return every([then(read(pool, path), good) for pool in pools.value])


def cluster(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A cluster; its API is public unless it is private, and has accounts unless disabled."""
    path = "apiServerAccessProfile"
    shut = read(resource.inputs, f"{path}.enablePrivateCluster", default=False)
    version, pools = read(resource.inputs, "kubernetesVersion"), _pools(resource, index)
    cluster = replace(
        offered(Compute, resource, PRODUCT, places(resource, index, Copy.COMPUTE)),
        public_api=closed(shut),
        allowed=then(read(resource.inputs, f"{path}.authorizedIPRanges", []), tuple),
        secrets_key=_secrets_key(resource, index),
        multi_zone=_of_pools(pools, "availabilityZones", lambda zones: len(zones or ()) > 1),
        engine=Unknown("kubernetesVersion")
        if version == NONE
        else then(version, lambda told: f"kubernetes {told}"),
        local_accounts=closed(read(resource.inputs, "disableLocalAccounts", default=False)),
        private_nodes=_of_pools(pools, "enableNodePublicIP", lambda public: not public),
        segments=_node_segments(resource, index),
        disk_key=disk_key(index, resource, "diskEncryptionSetID"),
        guarded=guarded(index, resource),
    )
    return [cluster]


def pool(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Nodes are told with their cluster, or by themselves where it is elsewhere."""
    holder = index.target(resource, "resourceName", "containerservice:ManagedCluster")
    if isinstance(holder, Known) and holder.value is not None:
        return unplaced(resource, index)
    return [offered(Compute, resource, PRODUCT, Unknown("resourceName"))]


def disk(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A managed disk: it can be exported through a public address unless that is refused."""
    policy = read(resource.inputs, "networkAccessPolicy", "AllowAll")
    public = every([open_to_all(resource), then(policy, lambda told: told == "AllowAll")])
    where = places(resource, index, Copy.PRIMARY)
    told = replace(
        stored(Volume, resource, index, "Managed Disks", where),
        key=disk_key(index, resource, "encryption.diskEncryptionSetId"),
        tls_minimum=Known("1.2"),  # the host's own channel; exports are refused or https
        public_endpoint=public,
        private_endpoint=closed(public),
        shared_keys=public,
        multi_zone=then(
            read(resource.inputs, "sku.name", ""), lambda name: str(name).endswith("_ZRS")
        ),
        reads_logged=NO,
    )
    return [told]
