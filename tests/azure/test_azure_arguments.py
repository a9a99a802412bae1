"""Arguments on which security rests and that no finding shows, on every resource that takes them.

What a finding shows is held by `tests/check/expected`: a change of it changes the verdicts.
"""

import tomllib
from dataclasses import dataclass
from typing import Any

import pytest

from havre.plan import Plan
from havre.plan.values import UNKNOWN
from havre_azure.capabilities import DATA
from tests.azure.stack import SUBSCRIPTION, at, of, one
from tests.clouds import NOBODY

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/emc2-production"

STORE, VAULT, KEY = "storage:StorageAccount", "keyvault:Vault", "keyvault:Key"
SERVER, REGISTRY = "dbforpostgresql:Server", "containerregistry:Registry"
CLUSTER, WORKSPACE = "containerservice:ManagedCluster", "operationalinsights:Workspace"
SUBNET, BACKUP = "network:Subnet", "dataprotection:BackupVault"
FIREWALL, ADDRESS = "network:AzureFirewall", "network:PublicIPAddress"
EGRESS = "network:FirewallPolicyRuleCollectionGroup"
LIFECYCLE, SAVED = "storage:ManagementPolicy", "dataprotection:BackupInstance"

FEDERATED = "managedidentity:FederatedIdentityCredential"

NETWORKS = f"{GROUP}/providers/Microsoft.Network"
SUBNETS = f"{NETWORKS}/virtualNetworks/emc2-production-network/subnets"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
WORKSPACE_ID = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/emc2-production-logs"
DATABASE_SUBNET = f"{SUBNETS}/database"
DATABASE_ZONE = (
    f"{GROUP}/providers/Microsoft.Network/privateDnsZones/"
    "emc2-production.private.postgres.database.azure.com"
)


@dataclass(frozen=True)
class Row:
    """An argument that changes no finding of the example, so that this row holds it."""

    kind: str
    path: str
    value: Any
    why: str = ""
    """Where the value alone does not say it; then `source` is a source of havre_azure's."""
    source: str = ""

    def __str__(self) -> str:
        """Name the row in a test's output."""
        return f"{self.kind}-{self.path}"


ANSSI = "ANSSI, guide on cryptographic mechanisms"
AKS_SECRETS, UNTAGGED, FIREWALL_DOC = "aks-secrets", "untagged-manifests", "firewall"
"""Names of sources in havre_azure's gaps.toml."""

HELD: list[Row] = [
    Row(STORE, "allowedCopyScope", "AAD"),
    Row(STORE, "networkRuleSet.defaultAction", "Deny"),
    Row(STORE, "networkRuleSet.bypass", "AzureServices"),
    Row(STORE, "minimumTlsVersion", "TLS1_2"),
    Row(STORE, "isLocalUserEnabled", False),
    Row(STORE, "defaultToOAuthAuthentication", True),
    Row(STORE, "kind", "StorageV2"),
    Row(STORE, "encryption.requireInfrastructureEncryption", True),
    *[
        Row(STORE, f"encryption.services.{s}.enabled", True)
        for s in ("blob", "file", "queue", "table")
    ],
    *[
        Row(STORE, f"encryption.services.{s}.keyType", "Account")
        for s in ("blob", "file", "queue", "table")
    ],
    Row(STORE, "encryption.keyVaultProperties.keyVersion", None),
    Row(FEDERATED, "audiences", ["api://AzureADTokenExchange"]),
    Row(FEDERATED, "issuer", UNKNOWN),
    Row(STORE, "identity.type", "UserAssigned"),
    Row("storage:BlobServiceProperties", "containerDeleteRetentionPolicy.enabled", True),
    Row(VAULT, "properties.sku.name", "premium"),
    Row(VAULT, "properties.tenantId", "11111111-2222-4333-8444-555555555555"),
    Row(VAULT, "properties.enableRbacAuthorization", True),
    Row(VAULT, "properties.softDeleteRetentionInDays", 90),
    Row(VAULT, "properties.networkAcls.defaultAction", "Deny"),
    Row(VAULT, "properties.networkAcls.bypass", "AzureServices"),
    Row(VAULT, "properties.enabledForDeployment", False),
    Row(VAULT, "properties.enabledForDiskEncryption", False),
    Row(VAULT, "properties.enabledForTemplateDeployment", False),
    Row(VAULT, "properties.accessPolicies", None),
    Row(KEY, "properties.kty", "RSA"),
    Row(KEY, "properties.keySize", 3072, "RSA of 3072 bits or more holds beyond 2030", ANSSI),
    Row(KEY, "properties.attributes.enabled", True),
    Row(KEY, "properties.attributes.exportable", False),
    Row(KEY, "properties.rotationPolicy.lifetimeActions.0.trigger.timeAfterCreate", "P180D"),
    Row(SERVER, "network.publicNetworkAccess", "Disabled"),
    Row(SERVER, "network.delegatedSubnetResourceId", DATABASE_SUBNET),
    Row(SERVER, "network.privateDnsZoneArmResourceId", DATABASE_ZONE),
    Row(SERVER, "authConfig.activeDirectoryAuth", "Enabled"),
    Row(SERVER, "authConfig.tenantId", "11111111-2222-4333-8444-555555555555"),
    Row(SERVER, "administratorLogin", None),
    Row(SERVER, "dataEncryption.type", "AzureKeyVault"),
    Row(SERVER, "backup.backupRetentionDays", 35),
    Row(SERVER, "highAvailability.mode", "ZoneRedundant"),
    Row(SERVER, "highAvailability.standbyAvailabilityZone", "2"),
    Row(SERVER, "availabilityZone", "1"),
    Row(SERVER, "version", "17"),
    Row(SERVER, "sku.name", "Standard_D8ds_v5"),
    Row(SERVER, "sku.tier", "GeneralPurpose"),
    Row(SERVER, "storage.storageSizeGB", 2048),
    Row(REGISTRY, "sku.name", "Premium"),
    Row(REGISTRY, "networkRuleSet.defaultAction", "Deny"),
    Row(REGISTRY, "networkRuleBypassOptions", "None"),
    Row(REGISTRY, "encryption.status", "enabled"),
    Row(REGISTRY, "policies.azureADAuthenticationAsArmPolicy.status", "disabled"),
    Row(REGISTRY, "policies.retentionPolicy.status", "enabled", "untagged images end", UNTAGGED),
    Row(REGISTRY, "policies.retentionPolicy.days", 90, "untagged images end", UNTAGGED),
    Row(REGISTRY, "zoneRedundancy", "Enabled"),
    Row(CLUSTER, "apiServerAccessProfile.enablePrivateClusterPublicFQDN", False),
    Row(CLUSTER, "apiServerAccessProfile.disableRunCommand", True),
    Row(CLUSTER, "apiServerAccessProfile.enableVnetIntegration", True),
    Row(CLUSTER, "publicNetworkAccess", "Disabled"),
    Row(CLUSTER, "enableRBAC", True),
    Row(CLUSTER, "aadProfile.managed", True),
    Row(CLUSTER, "aadProfile.enableAzureRBAC", True),
    Row(CLUSTER, "aadProfile.adminGroupObjectIDs", ["33333333-2222-4333-8444-555555555555"]),
    Row(CLUSTER, "networkProfile.networkPlugin", "azure"),
    Row(CLUSTER, "networkProfile.networkPolicy", "cilium"),
    Row(CLUSTER, "networkProfile.networkDataplane", "cilium"),
    Row(CLUSTER, "networkProfile.outboundType", "userDefinedRouting"),
    Row(
        CLUSTER,
        "securityProfile.azureKeyVaultKms.enabled",
        True,
        "the secrets in etcd have a key of the warehouse",
        AKS_SECRETS,
    ),
    Row(
        CLUSTER,
        "securityProfile.azureKeyVaultKms.keyVaultNetworkAccess",
        "Private",
        "the vault answers in the network only",
        AKS_SECRETS,
    ),
    Row(CLUSTER, "securityProfile.workloadIdentity.enabled", True),
    Row(CLUSTER, "oidcIssuerProfile.enabled", True),
    Row(CLUSTER, "kubernetesVersion", "1.36"),
    Row(CLUSTER, "agentPoolProfiles.0.enableEncryptionAtHost", True),
    Row(CLUSTER, "agentPoolProfiles.0.availabilityZones", ["1", "2", "3"]),
    Row(CLUSTER, "agentPoolProfiles.0.count", 3),
    Row(CLUSTER, "agentPoolProfiles.0.vmSize", "Standard_D16s_v5"),
    Row(CLUSTER, "agentPoolProfiles.0.orchestratorVersion", "1.36"),
    Row(
        CLUSTER,
        "diskEncryptionSetID",
        f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/emc2-production-disks",
    ),
    Row("compute:DiskEncryptionSet", "encryptionType", "EncryptionAtRestWithCustomerKey"),
    Row("compute:DiskEncryptionSet", "rotationToLatestKeyVersionEnabled", True),
    Row("compute:DiskEncryptionSet", "identity.type", "UserAssigned"),
    Row(WORKSPACE, "features.immediatePurgeDataOn30Days", False),
    Row(WORKSPACE, "features.enableLogAccessUsingOnlyResourcePermissions", False),
    Row(WORKSPACE, "retentionInDays", 730),
    Row("operationalinsights:Table", "totalRetentionInDays", 1095),
    Row("operationalinsights:Table", "retentionInDays", 730),
    Row("monitor:PrivateLinkScope", "accessModeSettings.queryAccessMode", "PrivateOnly"),
    Row("monitor:PrivateLinkScope", "accessModeSettings.ingestionAccessMode", "PrivateOnly"),
    Row(SUBNET, "defaultOutboundAccess", False),
    Row(SUBNET, "privateEndpointNetworkPolicies", "Enabled"),
    Row(SUBNET, "natGateway", None),
    Row("network:VirtualNetwork", "subnets", None),
    Row("network:AzureFirewall", "sku.tier", "Standard"),
    Row("network:FirewallPolicy", "threatIntelMode", "Deny"),
    Row("network:RouteTable", "disableBgpRoutePropagation", True),
    Row("network:FlowLog", "identity.type", "UserAssigned"),
    Row("network:FlowLog", "retentionPolicy.enabled", False),
    Row("network:FlowLog", "resourceGroupName", "NetworkWatcherRG"),
    Row("network:VirtualNetworkPeering", "allowForwardedTraffic", False),
    Row("network:VirtualNetworkPeering", "allowVirtualNetworkAccess", True),
    Row("privatedns:VirtualNetworkLink", "registrationEnabled", False),
    Row("authorization:ManagementLockByScope", "level", "CanNotDelete"),
    Row("authorization:ManagementLockByScope", "scope", GROUP),
    Row("authorization:RoleAssignment", "principalType", "ServicePrincipal"),
    Row(STORE, "accessTier", "Hot"),
    Row(LIFECYCLE, "policy.rules.0.type", "Lifecycle"),
    Row(LIFECYCLE, "policy.rules.0.definition.filters.blobTypes", ["blockBlob"]),
    Row(VAULT, "properties.sku.family", "A"),
    Row(SERVER, "storage.autoGrow", "Enabled"),
    Row(SERVER, "storage.type", "Premium_LRS"),
    Row(SERVER, "identity.type", "UserAssigned"),
    Row("dbforpostgresql:Configuration", "source", "user-override"),
    Row("dbforpostgresql:Database", "charset", "UTF8"),
    Row("dbforpostgresql:AdministratorsMicrosoftEntra", "tenantId", NOBODY),
    Row(REGISTRY, "dataEndpointEnabled", True),
    Row(REGISTRY, "identity.type", "UserAssigned"),
    Row(REGISTRY, "encryption.keyVaultProperties.identity", UNKNOWN),
    Row(CLUSTER, "sku.name", "Base"),
    Row(CLUSTER, "sku.tier", "Standard"),
    Row(CLUSTER, "dnsPrefix", "emc2"),
    Row(CLUSTER, "nodeResourceGroup", "emc2-production-nodes"),
    Row(CLUSTER, "identity.type", "UserAssigned"),
    Row(CLUSTER, "identity.userAssignedIdentities", [f"{IDENTITIES}/emc2-production-cluster"]),
    Row(
        CLUSTER, "identityProfile.kubeletidentity.resourceId", f"{IDENTITIES}/emc2-production-nodes"
    ),
    Row(CLUSTER, "identityProfile.kubeletidentity.clientId", UNKNOWN),
    Row(CLUSTER, "identityProfile.kubeletidentity.objectId", UNKNOWN),
    Row(CLUSTER, "aadProfile.tenantID", NOBODY),
    Row(CLUSTER, "apiServerAccessProfile.privateDNSZone", "system"),
    Row(CLUSTER, "apiServerAccessProfile.subnetId", f"{SUBNETS}/apiserver"),
    Row(CLUSTER, "networkProfile.loadBalancerSku", "standard"),
    Row(CLUSTER, "autoUpgradeProfile.upgradeChannel", "patch"),
    Row(CLUSTER, "autoUpgradeProfile.nodeOSUpgradeChannel", "NodeImage"),
    Row(CLUSTER, "agentPoolProfiles.0.mode", "System"),
    Row(CLUSTER, "agentPoolProfiles.0.type", "VirtualMachineScaleSets"),
    Row(CLUSTER, "agentPoolProfiles.0.osType", "Linux"),
    Row(CLUSTER, "agentPoolProfiles.0.osSKU", "AzureLinux"),
    Row(CLUSTER, "agentPoolProfiles.0.osDiskType", "Managed"),
    Row(CLUSTER, "agentPoolProfiles.0.osDiskSizeGB", 128),
    Row(CLUSTER, "agentPoolProfiles.0.maxPods", 30),
    Row(CLUSTER, "agentPoolProfiles.0.vnetSubnetID", f"{SUBNETS}/compute"),
    Row(CLUSTER, "agentPoolProfiles.0.tags.warehouse", "emc2"),
    Row(WORKSPACE, "sku.name", "PerGB2018"),
    Row("operationalinsights:Table", "plan", "Analytics"),
    Row("monitor:PrivateLinkScopedResource", "linkedResourceId", WORKSPACE_ID),
    Row("monitor:SubscriptionDiagnosticSetting", "workspaceId", WORKSPACE_ID),
    Row("network:FlowLog", "format.type", "JSON"),
    Row("network:FlowLog", "format.version", 2),
    Row("network:FlowLog", "retentionPolicy.days", 0),
    Row(ADDRESS, "sku.name", "Standard"),
    Row(ADDRESS, "publicIPAllocationMethod", "Static"),
    Row(ADDRESS, "zones", ["1", "2", "3"]),
    Row(FIREWALL, "sku.name", "AZFW_VNet"),
    Row(FIREWALL, "zones", ["1", "2", "3"]),
    Row(FIREWALL, "ipConfigurations.0.subnet.id", f"{SUBNETS}/AzureFirewallSubnet"),
    Row(
        FIREWALL,
        "ipConfigurations.0.publicIPAddress.id",
        f"{NETWORKS}/publicIPAddresses/emc2-production-network-egress",
    ),
    Row(
        FIREWALL, "firewallPolicy.id", f"{NETWORKS}/firewallPolicies/emc2-production-network-egress"
    ),
    Row("network:FirewallPolicy", "sku.tier", "Standard"),
    Row(EGRESS, "priority", 100),
    Row(EGRESS, "ruleCollections.0.priority", 100),
    Row(EGRESS, "ruleCollections.0.ruleCollectionType", "FirewallPolicyFilterRuleCollection"),
    Row(
        EGRESS,
        "ruleCollections.0.rules.0.ruleType",
        "ApplicationRule",
        "only application rules filter by host name",
        FIREWALL_DOC,
    ),
    Row(
        EGRESS,
        "ruleCollections.0.rules.1.ruleType",
        "ApplicationRule",
        "only application rules filter by host name",
        FIREWALL_DOC,
    ),
    Row(EGRESS, "ruleCollections.0.rules.1.protocols", [{"protocolType": "Https", "port": 443}]),
    Row(SAVED, "properties.objectType", "BackupInstance"),
    Row(SAVED, "properties.dataSourceInfo.objectType", "Datasource"),
    Row(SAVED, "properties.dataSourceInfo.resourceType", "Microsoft.Storage/storageAccounts"),
    Row(SAVED, "properties.dataSourceInfo.resourceLocation", "francecentral"),
    Row(
        SAVED,
        "properties.identityDetails.userAssignedIdentityArmUrl",
        f"{IDENTITIES}/emc2-production-backup",
    ),
    Row(SAVED, "properties.identityDetails.useSystemAssignedIdentity", False),
    Row(BACKUP, "identity.type", "UserAssigned"),
    Row(
        BACKUP,
        "properties.securitySettings.encryptionSettings.kekIdentity",
        {
            "identityType": "UserAssigned",
            "identityId": f"{IDENTITIES}/emc2-production-backup-key",
        },
    ),
    Row(BACKUP, "properties.storageSettings.0.type", "GeoRedundant"),
    Row(BACKUP, "properties.storageSettings.0.datastoreType", "VaultStore"),
    Row(BACKUP, "properties.securitySettings.encryptionSettings.state", "Enabled"),
    Row(
        BACKUP, "properties.securitySettings.encryptionSettings.infrastructureEncryption", "Enabled"
    ),
    Row(BACKUP, "properties.securitySettings.immutabilitySettings.state", "Unlocked"),
    Row(BACKUP, "properties.securitySettings.softDeleteSettings.state", "On"),
    Row(BACKUP, "properties.securitySettings.softDeleteSettings.retentionDurationInDays", 90),
]


@pytest.mark.parametrize("row", HELD, ids=str)
def test_argument(emc2: Plan, row: Row) -> None:
    found = of(emc2, row.kind)
    assert found
    for resource in found:
        assert at(resource.inputs, row.path) == row.value, (resource.name, row.why)


def test_every_reason_has_a_source_that_is_recorded() -> None:
    recorded = tomllib.loads((DATA / "gaps.toml").read_text())["sources"]
    for row in HELD:
        assert bool(row.why) == bool(row.source), row
        assert not row.source or row.source in {*recorded, ANSSI}, row


PLACED: list[tuple[str, str, str, Any]] = [
    (STORE, "zone-curated", "location", "francecentral"),
    (STORE, "zone-curated", "sku.name", "Standard_GZRS"),
    (STORE, "audit-archive", "location", "francecentral"),
    (STORE, "audit-archive", "sku.name", "Standard_GZRS"),
    (STORE, "recovery-archive", "location", "francesouth"),
    (STORE, "recovery-archive", "sku.name", "Standard_LRS"),
    ("network:FlowLog", "production-flows", "networkWatcherName", "NetworkWatcher_francecentral"),
    ("network:FlowLog", "flows-recovery", "networkWatcherName", "NetworkWatcher_francesouth"),
]


@pytest.mark.parametrize(
    ("kind", "name", "path", "value"), PLACED, ids=[f"{n}-{p}" for _, n, p, _ in PLACED]
)
def test_argument_that_depends_on_the_site(
    emc2: Plan, kind: str, name: str, path: str, value: Any
) -> None:
    found = [r for r in of(emc2, kind) if r.name.endswith(name)]
    assert [at(r.inputs, path) for r in found] == [value]


HSM: list[tuple[str, str, Any]] = [
    (KEY, "properties.kty", "RSA-HSM"),
    (STORE, "minimumTlsVersion", "TLS1_2"),
    (SERVER, "highAvailability.mode", "Disabled"),
    (SERVER, "version", "16"),
]


@pytest.mark.parametrize(("kind", "path", "value"), HSM, ids=[f"{k}-{p}" for k, p, _ in HSM])
def test_argument_of_a_warehouse_with_keys_in_an_hsm(
    hsm: Plan, kind: str, path: str, value: Any
) -> None:
    assert all(at(r.inputs, path) == value for r in of(hsm, kind))


PLAIN: list[tuple[str, str, Any]] = [
    (STORE, "sku.name", "Standard_ZRS"),
    (STORE, "encryption.keySource", "Microsoft.Storage"),
    (STORE, "encryption.requireInfrastructureEncryption", True),
    *[
        (STORE, f"encryption.services.{s}.enabled", True)
        for s in ("blob", "file", "queue", "table")
    ],
    (STORE, "identity", None),
    (SERVER, "dataEncryption", None),
    (SERVER, "identity", None),
    (SERVER, "backup.geoRedundantBackup", "Disabled"),
    (BACKUP, "properties.storageSettings.0.type", "ZoneRedundant"),
    (BACKUP, "properties.securitySettings.encryptionSettings", None),
    (BACKUP, "properties.securitySettings.softDeleteSettings.retentionDurationInDays", 90),
    (WORKSPACE, "retentionInDays", 365),
]


@pytest.mark.parametrize(("kind", "path", "value"), PLAIN, ids=[f"{k}-{p}" for k, p, _ in PLAIN])
def test_argument_of_a_warehouse_with_the_providers_keys(
    hospital: Plan, kind: str, path: str, value: Any
) -> None:
    assert all(at(r.inputs, path) == value for r in of(hospital, kind))


def test_a_warehouse_with_the_providers_keys_holds_none(hospital: Plan) -> None:
    assert not of(hospital, VAULT)
    assert not of(hospital, KEY)
    assert hospital.outputs["keys"] == {"zones": {}}


PARAMETERS = {
    "require_secure_transport": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "azure.extensions": "BTREE_GIN,PGAUDIT,PG_TRGM",
    "shared_preload_libraries": "pgaudit",
    "pgaudit.log": "all",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_statement": "ddl",
}


def test_the_servers_parameters(emc2: Plan) -> None:
    found = of(emc2, "dbforpostgresql:Configuration")
    assert {r.inputs["configurationName"]: r.inputs["value"] for r in found} == PARAMETERS


def test_the_database_refuses_what_is_below_the_tls_asked_for(hsm: Plan) -> None:
    found = one(hsm, "dbforpostgresql:Configuration", "ssl_min")
    assert found.inputs["value"] == "TLSv1.3"


def test_the_servers_administrators_are_the_group_of_the_settings(emc2: Plan) -> None:
    found = one(emc2, "dbforpostgresql:AdministratorsMicrosoftEntra").inputs
    assert found["objectId"] == "33333333-2222-4333-8444-555555555555"
    assert found["principalType"] == "group"
    assert found["principalName"] == "warehouse-administrators"
