"""Cluster: AKS, its node pools, and disks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.kubernetes.isolation import isolated, namespaces
from havre.facts.model import Compute, Copy, ResourceFact
from havre.facts.read import NO, NONE, each, every, gathered, items, read, some, then
from havre.facts.stores import Volume
from havre.facts.values import Fact, Known, Unknown
from havre.plan.values import UNKNOWN
from havre.spec.workloads import DATA_PORTS
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
from havre_azure.facts.relations.logs import logged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


PRODUCT = "Kubernetes Service"
API_LOGS = ("kube-audit", "guard")
"""Every call of the API, reading too, and the decisions of Entra ID and Azure's roles. Nothing that
was read says whether the category group `audit` holds both (Azure Monitor reference, supported logs
of Microsoft.ContainerService/managedClusters)."""
SUBNET, PROFILES, POOL = "vnetSubnetID", "agentPoolProfiles", "containerservice:AgentPool"


def _node_segments(cluster: PlannedResource, index: Index) -> Fact[tuple[str | None, ...]]:
    """The subnet of each pool of a cluster; None for one in a network that Azure makes."""
    inline = items(cluster.inputs, PROFILES)
    own = index.all_users(POOL, "resourceName", cluster)
    if isinstance(inline, Unknown):
        return inline
    apart = [Unknown(own.property)] if isinstance(own, Unknown) else own.value
    found = [segment(index, cluster, PROFILES, _subnet(pool)) for pool in inline.value]
    found += [p if isinstance(p, Unknown) else segment(index, p, SUBNET) for p in apart]
    return gathered(then(each, lambda urn: (urn,)) for each in found)


def _subnet(pool: Any) -> Fact[str | None]:
    named: Fact[str | None] = read(pool, SUBNET)
    return Unknown(PROFILES) if isinstance(named, Unknown) else named


def _secrets_key(resource: PlannedResource, index: Index) -> Fact[str | None]:
    path = "securityProfile.azureKeyVaultKms"
    enabled = read(resource.inputs, f"{path}.enabled", default=False)
    if enabled == NO:
        return NONE
    return enabled if isinstance(enabled, Unknown) else key(index, resource, f"{path}.keyId")


def _pools(resource: PlannedResource, index: Index) -> list[Any]:
    """Node pools of a cluster, with those that are resources of their own, or may be of it."""
    inline = items(resource.inputs, PROFILES)
    own = index.users(POOL, "resourceName", resource)
    told = inline.value if isinstance(inline, Known) else [UNKNOWN]
    return [*told, *[pool.inputs if isinstance(link, Known) else UNKNOWN for pool, link in own]]


def _of_pools(pools: list[Any], path: str, good: Callable[[Any], bool]) -> Fact[bool]:
    """Whether every pool is good, by one property; unknown where there is no pool."""
    if not pools:
        return Unknown(PROFILES)
    facts = [PROFILES if pool is UNKNOWN else read(pool, path) for pool in pools]
    return every([Unknown(f) if isinstance(f, str) else then(f, good) for f in facts])


SYSTEM, RESERVED = "system", "CriticalAddonsOnly=true:NoSchedule"
"""Mode of a pool for the cluster's own programs, and the taint that keeps all others away."""


def _system_apart(pools: list[Any]) -> Fact[bool]:
    """Whether every pool of the system refuses other pods, and there is another for these.

    Sources: Azure documentation, manage system node pools in AKS; read on 2026-11-30.
    """
    modes = [_mode(pool) for pool in pools]
    others = some([then(mode, lambda word: word != SYSTEM) for mode in modes])
    apart = [
        some([then(mode, lambda word: word != SYSTEM), _refuses(pool)])
        for mode, pool in zip(modes, pools, strict=True)
    ]
    return every([others, *apart])


def _mode(pool: Any) -> Fact[str]:
    mode: Fact[str] = Unknown(PROFILES) if pool is UNKNOWN else read(pool, "mode", "User")
    return then(mode, lambda word: str(word).lower())


def _refuses(pool: Any) -> Fact[bool]:
    if pool is UNKNOWN:
        return Unknown(PROFILES)
    return then(each(pool, "nodeTaints"), lambda taints: RESERVED in taints)


def _data_segments(index: Index) -> Iterator[tuple[str, Fact[str]]]:
    """Addresses of the segments that hold data, by name."""
    for subnet in index.of("network:Subnet"):
        name: Fact[str] = read(subnet.inputs, "subnetName", subnet.name)
        if not isinstance(name, Known) or name.value not in DATA_PORTS:
            continue
        one = read(subnet.inputs, "addressPrefix")
        several = each(subnet.inputs, "addressPrefixes")
        if one != NONE:
            yield name.value, one
        elif isinstance(several, Unknown):
            yield name.value, several
        else:
            yield from ((name.value, Known(str(block))) for block in several.value)


def _enforcing(resource: PlannedResource) -> Fact[bool]:
    """Whether the cluster has an engine of network policies; Azure installs none unless asked."""
    engine = read(resource.inputs, "networkProfile.networkPolicy", "none")
    return then(engine, lambda name: str(name).lower() != "none")


def cluster(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A cluster; its API is public unless it is private, and has accounts unless disabled."""
    path = "apiServerAccessProfile"
    shut = read(resource.inputs, f"{path}.enablePrivateCluster", default=False)
    version, pools = read(resource.inputs, "kubernetesVersion"), _pools(resource, index)
    spaces = namespaces(index, resource, _data_segments(index), _enforcing(resource))
    cluster = replace(
        offered(Compute, resource, PRODUCT, places(resource, index, Copy.COMPUTE)),
        public_api=closed(shut),
        allowed=each(resource.inputs, f"{path}.authorizedIPRanges"),
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
        api_logged=logged(index, resource, API_LOGS, doubtful=("audit",)),
        isolated=isolated(spaces),
        namespaces=spaces,
        system_apart=_system_apart(pools),
        images_checked=NO,  # the policies that check images are of another service
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
