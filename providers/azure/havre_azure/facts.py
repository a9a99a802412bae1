"""What the resources of Azure mean for security, in words that are no provider's.

Beside this table: `facts_storage` and `facts_stores` (what bears data), `facts_network`,
`facts_access`, `facts_places` (regions, implied copies) and `facts_relations` (who refers to whom).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.facts.model import (
    Compute,
    Copy,
    Credential,
    Fact,
    Holding,
    Key,
    Known,
    Offering,
    Place,
    ResourceFact,
    Unclassified,
    Unknown,
)
from havre.facts.read import both, every, read, then, together
from havre_azure import facts_access as access
from havre_azure import facts_network as network
from havre_azure import facts_storage as storage
from havre_azure import facts_stores as stores
from havre_azure.facts_places import has_pair, location, pair, place
from havre_azure.facts_relations import (
    all_users,
    disk_key,
    guarded,
    items,
    key,
    kind,
    logged,
    private,
    segment,
    target,
)
from havre_azure.facts_stores import NO, NONE, OFFER, base, days

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from havre.plan import Plan, PlannedResource

    Classify = Callable[[PlannedResource, Plan], Sequence[ResourceFact]]

VAULT = "Key Vault"
VAULT_LOGS = ("AuditEvent",)
SUBNET = "vnetSubnetID"
SOFT_DELETE = 90
"""Days for which a vault keeps what is deleted, unless said otherwise."""


def _key_places(resource: PlannedResource, plan: Plan) -> Fact[tuple[Place, ...]]:
    """Azure copies the content of a vault to the paired region, where there is one."""

    def told(where: str) -> tuple[Place, ...]:
        own = place(Copy.KEY, where)
        if not has_pair(where):
            return (own,)
        return (own, pair(Copy.KEY, where, "Key Vault's own replication"))

    return then(location(resource, plan), told)


def _vault(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A key vault: a store of secrets, and the grants of its access policies."""
    public = stores.open_to_all(resource, "properties.publicNetworkAccess")
    store = stores.store(
        resource,
        plan,
        VAULT,
        holding=Holding.SECRETS,
        places=_key_places(resource, plan),
        tls_minimum=Known("1.2"),  # the service refuses older (Azure documentation, Key Vault)
        public_endpoint=public,
        private_endpoint=every([stores.closed(public), private(plan, resource)]),
        shared_keys=NO,
        reads_logged=logged(plan, resource, VAULT_LOGS),
    )
    return [store, *access.vault_policies(resource)]


def _rotation(resource: PlannedResource) -> Fact[int | None]:
    """Days after which the key's policy renews it; after its making, or before its end."""
    actions = items(resource.inputs, "properties.rotationPolicy.lifetimeActions")
    expiry = read(resource.inputs, "properties.rotationPolicy.attributes.expiryTime", "")
    if isinstance(actions, Unknown):
        return actions
    found = [
        _due(action.get("trigger") or {}, expiry)
        for action in actions.value
        if str((action.get("action") or {}).get("type", "")).lower() == "rotate"
    ]
    return stores.least(found)


def _due(trigger: Mapping[str, Any], expiry: Fact[str]) -> Fact[int | None]:
    if trigger.get("timeAfterCreate"):
        return Known(days(trigger["timeAfterCreate"]))
    before = days(trigger.get("timeBeforeExpiry") or "")
    end = then(expiry, days)
    return then(end, lambda told: told - before if told and before is not None else None)


def _key(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A key, with what its vault decides for it."""
    vault = target(plan, resource, "vaultName", "keyvault:Vault")
    known = vault.value if isinstance(vault, Known) else None
    kty = read(resource.inputs, "properties.kty", "")
    told: dict[str, Any] = {
        "places": Unknown("vaultName"),
        "deletion_days": Unknown("vaultName"),
        "purge_guarded": Unknown("vaultName"),
        "use_logged": Unknown("vaultName"),
    }
    if known is not None:
        told = _vault_decides(known, plan)
    fact = Key(
        **(base(resource, Known(())) | told),
        offering=Offering(OFFER, VAULT),
        customer=Known(value=True),
        hsm=then(kty, lambda kind: str(kind).upper().endswith("-HSM")),
        rotation_days=_rotation(resource),
        guarded=guarded(plan, resource),
    )
    return [fact]


def _vault_decides(vault: PlannedResource, plan: Plan) -> dict[str, Any]:
    """What a vault decides for its keys; soft delete is on unless said otherwise."""
    soft = read(vault.inputs, "properties.enableSoftDelete", default=True)
    kept = read(vault.inputs, "properties.softDeleteRetentionInDays", SOFT_DELETE)
    purge = read(vault.inputs, "properties.enablePurgeProtection", default=False)
    return {
        "places": _key_places(vault, plan),
        "deletion_days": then(both(soft, kept), lambda told: int(told[1]) if told[0] else None),
        "purge_guarded": every([soft, purge]),
        "use_logged": logged(plan, vault, VAULT_LOGS),
    }


def _secrets_key(resource: PlannedResource, plan: Plan) -> Fact[str | None]:
    path = "securityProfile.azureKeyVaultKms"
    enabled = read(resource.inputs, f"{path}.enabled", default=False)
    if enabled == NO:
        return NONE
    return enabled if isinstance(enabled, Unknown) else key(plan, resource, f"{path}.keyId")


def _pools(resource: PlannedResource, plan: Plan) -> Fact[list[Mapping[str, Any]]]:
    """Node pools of a cluster, with those that are resources of their own."""
    inline = items(resource.inputs, "agentPoolProfiles")
    own = all_users(plan, "containerservice:AgentPool", "resourceName", resource)
    return then(both(inline, own), lambda told: [*told[0], *[pool.inputs for pool in told[1]]])


def _of_pools(pools: Fact[list[Mapping[str, Any]]], path: str, good: Callable[[Any], bool]) -> Any:
    """Whether every pool is good, by one property; unknown where there is no pool."""
    if isinstance(pools, Unknown):
        return pools
    if not pools.value:
        return Unknown("agentPoolProfiles")
    return every([then(read(pool, path), good) for pool in pools.value])


def _node_segments(cluster: PlannedResource, plan: Plan) -> Fact[tuple[str | None, ...]]:
    """The subnet of each pool of a cluster; None for one in a network that Azure makes."""
    inline = items(cluster.inputs, "agentPoolProfiles")
    own = all_users(plan, "containerservice:AgentPool", "resourceName", cluster)
    told = both(inline, own)
    if isinstance(told, Unknown):
        return told
    found = [
        segment(plan, cluster, "agentPoolProfiles", read(pool, SUBNET)) for pool in told.value[0]
    ]
    return together(found + [segment(plan, pool, SUBNET) for pool in told.value[1]])


def _cluster(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A cluster; its API is public unless it is private, and has accounts unless disabled."""
    path = "apiServerAccessProfile"
    shut = read(resource.inputs, f"{path}.enablePrivateCluster", default=False)
    version, pools = read(resource.inputs, "kubernetesVersion"), _pools(resource, plan)
    cluster = Compute(
        **base(resource, _compute_place(resource, plan)),
        offering=Offering(OFFER, "Kubernetes Service"),
        public_api=stores.closed(shut),
        allowed=then(read(resource.inputs, f"{path}.authorizedIPRanges", []), tuple),
        secrets_key=_secrets_key(resource, plan),
        multi_zone=_of_pools(pools, "availabilityZones", lambda zones: len(zones or ()) > 1),
        engine=Unknown("kubernetesVersion")
        if version == NONE
        else then(version, lambda told: f"kubernetes {told}"),
        local_accounts=stores.closed(read(resource.inputs, "disableLocalAccounts", default=False)),
        private_nodes=_of_pools(pools, "enableNodePublicIP", lambda public: not public),
        segments=_node_segments(resource, plan),
        disk_key=disk_key(plan, resource, "diskEncryptionSetID"),
    )
    return [cluster]


def _compute_place(resource: PlannedResource, plan: Plan) -> Fact[tuple[Place, ...]]:
    return then(location(resource, plan), lambda where: (place(Copy.COMPUTE, where),))


def _pool(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Nodes are told with their cluster, or by themselves where it is elsewhere."""
    holder = target(plan, resource, "resourceName", "containerservice:ManagedCluster")
    if isinstance(holder, Known) and holder.value is not None:
        return access.unplaced(resource, plan)
    told = Compute(
        **base(resource, Unknown("resourceName")),
        offering=Offering(OFFER, "Kubernetes Service"),
    )
    return [told]


def _server(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A database server, and its administrator's password where there may be one."""
    found = stores.server(resource, plan)
    passwords = read(resource.inputs, "authConfig.passwordAuth", "Enabled")
    if isinstance(passwords, Known) and str(passwords.value).lower() == "disabled":
        return found
    expires: Fact[Any] = passwords if isinstance(passwords, Unknown) else NONE
    return [*found, Credential(**base(resource, Known(())), expires=expires)]


CLASSES: Mapping[str, Classify] = MappingProxyType(
    {
        "authorization:PimRoleEligibilitySchedule": access.eligibility,
        "authorization:RoleAssignment": access.assignment,
        "compute:Disk": stores.disk,
        "containerregistry:Registry": stores.registry,
        "containerregistry:Token": access.password,
        "containerservice:AgentPool": _pool,
        "containerservice:ManagedCluster": _cluster,
        "dataprotection:BackupInstance": access.unplaced,
        "dataprotection:BackupVault": stores.backup_vault,
        "dbforpostgresql:Administrator": access.administrator,
        "dbforpostgresql:AdministratorsMicrosoftEntra": access.administrator,
        "dbforpostgresql:Server": _server,
        "keyvault:Key": _key,
        "keyvault:Secret": access.secret,
        "keyvault:Vault": _vault,
        "monitor:DiagnosticSetting": network.diagnostics,
        "monitor:SubscriptionDiagnosticSetting": network.activity,
        "network:AzureFirewall": network.firewall,
        "network:FirewallPolicyRuleCollectionGroup": network.rule_collections,
        "network:FlowLog": network.flow_log,
        "network:NatGateway": network.gateway,
        "network:NetworkSecurityGroup": network.security_group,
        "network:SecurityRule": network.security_rule,
        "network:Subnet": network.subnet,
        "network:VirtualNetwork": network.virtual_network,
        "operationalinsights:Workspace": stores.workspace,
        "recoveryservices:Vault": stores.recovery_vault,
        "storage:BlobContainer": storage.container,
        "storage:LocalUser": access.password,
        "storage:StorageAccount": storage.account,
    }
)
"""What each type is; versions of a type are the same."""

PLAIN = frozenset(
    {
        "compute:DiskEncryptionSet",
        "containerregistry:Replication",
        "managedidentity:UserAssignedIdentity",
        "monitor:PrivateLinkScope",
        "network:FirewallPolicy",
        "network:PrivateEndpoint",
        "network:PublicIPAddress",
        "network:RouteTable",
        "privatedns:PrivateZone",
        "privatedns:VirtualNetworkLink",
        "resources:ResourceGroup",
    }
)
"""Types that bear no data, or whose part is told with what they belong to."""

UNTAGGED = frozenset(
    {
        "authorization:ManagementLockAtResourceGroupLevel",
        "authorization:ManagementLockAtResourceLevel",
        "authorization:ManagementLockAtSubscriptionLevel",
        "authorization:ManagementLockByScope",
        "dataprotection:BackupPolicy",
        "dbforpostgresql:Configuration",
        "dbforpostgresql:Database",
        "managedidentity:FederatedIdentityCredential",
        "monitor:PrivateLinkScopedResource",
        "network:PrivateDnsZoneGroup",
        "network:VirtualNetworkPeering",
        "operationalinsights:Table",
        "storage:BlobServiceProperties",
        "storage:EncryptionScope",
        "storage:ManagementPolicy",
        "storage:StorageAccountStaticWebsite",
    }
)
"""Likewise, of types that can carry no labels."""


def facts(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact] | Unclassified:
    """The facts of one resource; a type that is not listed here is unclassified."""
    what = kind(resource)
    if what in PLAIN:
        return access.plain(resource, plan)
    if what in UNTAGGED:
        return access.untagged(resource, plan)
    classify = CLASSES.get(what)
    return classify(resource, plan) if classify else Unclassified(resource.urn, resource.type)
