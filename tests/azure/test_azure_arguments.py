"""Every argument on which security rests, on every resource that takes it."""

from typing import Any

import pytest

from havre.plan import Plan
from havre.plan.values import UNKNOWN
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

HELD: list[tuple[str, str, Any]] = [
    (STORE, "allowSharedKeyAccess", False),
    (STORE, "allowBlobPublicAccess", False),
    (STORE, "allowCrossTenantReplication", False),
    (STORE, "allowedCopyScope", "AAD"),
    (STORE, "publicNetworkAccess", "Disabled"),
    (STORE, "networkRuleSet.defaultAction", "Deny"),
    (STORE, "networkRuleSet.bypass", "AzureServices"),
    (STORE, "minimumTlsVersion", "TLS1_2"),
    (STORE, "enableHttpsTrafficOnly", True),
    (STORE, "isLocalUserEnabled", False),
    (STORE, "isSftpEnabled", False),
    (STORE, "defaultToOAuthAuthentication", True),
    (STORE, "kind", "StorageV2"),
    (STORE, "encryption.keySource", "Microsoft.Keyvault"),
    (STORE, "encryption.requireInfrastructureEncryption", True),
    *[
        (STORE, f"encryption.services.{s}.enabled", True)
        for s in ("blob", "file", "queue", "table")
    ],
    *[
        (STORE, f"encryption.services.{s}.keyType", "Account")
        for s in ("blob", "file", "queue", "table")
    ],
    (STORE, "encryption.keyVaultProperties.keyVersion", None),
    (FEDERATED, "audiences", ["api://AzureADTokenExchange"]),
    (FEDERATED, "issuer", UNKNOWN),
    (STORE, "identity.type", "UserAssigned"),
    ("storage:BlobContainer", "publicAccess", "None"),
    ("storage:BlobServiceProperties", "isVersioningEnabled", True),
    ("storage:BlobServiceProperties", "deleteRetentionPolicy.enabled", True),
    ("storage:BlobServiceProperties", "containerDeleteRetentionPolicy.enabled", True),
    (VAULT, "properties.sku.name", "premium"),
    (VAULT, "properties.tenantId", "11111111-2222-4333-8444-555555555555"),
    (VAULT, "properties.enableRbacAuthorization", True),
    (VAULT, "properties.enableSoftDelete", True),
    (VAULT, "properties.softDeleteRetentionInDays", 90),
    (VAULT, "properties.enablePurgeProtection", True),
    (VAULT, "properties.publicNetworkAccess", "Disabled"),
    (VAULT, "properties.networkAcls.defaultAction", "Deny"),
    (VAULT, "properties.networkAcls.bypass", "AzureServices"),
    (VAULT, "properties.enabledForDeployment", False),
    (VAULT, "properties.enabledForDiskEncryption", False),
    (VAULT, "properties.enabledForTemplateDeployment", False),
    (VAULT, "properties.accessPolicies", None),
    (KEY, "properties.kty", "RSA"),
    (KEY, "properties.keySize", 3072),
    (KEY, "properties.attributes.enabled", True),
    (KEY, "properties.attributes.exportable", False),
    (KEY, "properties.rotationPolicy.lifetimeActions.0.trigger.timeAfterCreate", "P180D"),
    (KEY, "properties.rotationPolicy.lifetimeActions.0.action.type", "rotate"),
    (SERVER, "network.publicNetworkAccess", "Disabled"),
    (SERVER, "network.delegatedSubnetResourceId", DATABASE_SUBNET),
    (SERVER, "network.privateDnsZoneArmResourceId", DATABASE_ZONE),
    (SERVER, "authConfig.passwordAuth", "Disabled"),
    (SERVER, "authConfig.activeDirectoryAuth", "Enabled"),
    (SERVER, "authConfig.tenantId", "11111111-2222-4333-8444-555555555555"),
    (SERVER, "administratorLogin", None),
    (SERVER, "administratorLoginPassword", None),
    (SERVER, "dataEncryption.type", "AzureKeyVault"),
    (SERVER, "backup.geoRedundantBackup", "Enabled"),
    (SERVER, "backup.backupRetentionDays", 35),
    (SERVER, "highAvailability.mode", "ZoneRedundant"),
    (SERVER, "highAvailability.standbyAvailabilityZone", "2"),
    (SERVER, "availabilityZone", "1"),
    (SERVER, "version", "17"),
    (SERVER, "sku.name", "Standard_D8ds_v5"),
    (SERVER, "sku.tier", "GeneralPurpose"),
    (SERVER, "storage.storageSizeGB", 2048),
    (REGISTRY, "sku.name", "Premium"),
    (REGISTRY, "adminUserEnabled", False),
    (REGISTRY, "anonymousPullEnabled", False),
    (REGISTRY, "publicNetworkAccess", "Disabled"),
    (REGISTRY, "networkRuleSet.defaultAction", "Deny"),
    (REGISTRY, "networkRuleBypassOptions", "None"),
    (REGISTRY, "encryption.status", "enabled"),
    (REGISTRY, "policies.exportPolicy.status", "disabled"),
    (REGISTRY, "policies.azureADAuthenticationAsArmPolicy.status", "disabled"),
    (REGISTRY, "policies.retentionPolicy.status", "enabled"),
    (REGISTRY, "policies.retentionPolicy.days", 90),
    (REGISTRY, "zoneRedundancy", "Enabled"),
    (CLUSTER, "apiServerAccessProfile.enablePrivateCluster", True),
    (CLUSTER, "apiServerAccessProfile.enablePrivateClusterPublicFQDN", False),
    (CLUSTER, "apiServerAccessProfile.disableRunCommand", True),
    (CLUSTER, "apiServerAccessProfile.enableVnetIntegration", True),
    (CLUSTER, "publicNetworkAccess", "Disabled"),
    (CLUSTER, "disableLocalAccounts", True),
    (CLUSTER, "enableRBAC", True),
    (CLUSTER, "aadProfile.managed", True),
    (CLUSTER, "aadProfile.enableAzureRBAC", True),
    (CLUSTER, "aadProfile.adminGroupObjectIDs", ["33333333-2222-4333-8444-555555555555"]),
    (CLUSTER, "networkProfile.networkPlugin", "azure"),
    (CLUSTER, "networkProfile.networkPolicy", "cilium"),
    (CLUSTER, "networkProfile.networkDataplane", "cilium"),
    (CLUSTER, "networkProfile.outboundType", "userDefinedRouting"),
    (CLUSTER, "securityProfile.azureKeyVaultKms.enabled", True),
    (CLUSTER, "securityProfile.azureKeyVaultKms.keyVaultNetworkAccess", "Private"),
    (CLUSTER, "securityProfile.workloadIdentity.enabled", True),
    (CLUSTER, "oidcIssuerProfile.enabled", True),
    (CLUSTER, "kubernetesVersion", "1.36"),
    (CLUSTER, "agentPoolProfiles.0.enableEncryptionAtHost", True),
    (CLUSTER, "agentPoolProfiles.0.enableNodePublicIP", False),
    (CLUSTER, "agentPoolProfiles.0.availabilityZones", ["1", "2", "3"]),
    (CLUSTER, "agentPoolProfiles.0.count", 3),
    (CLUSTER, "agentPoolProfiles.0.vmSize", "Standard_D16s_v5"),
    (CLUSTER, "agentPoolProfiles.0.orchestratorVersion", "1.36"),
    (
        CLUSTER,
        "diskEncryptionSetID",
        f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/emc2-production-disks",
    ),
    ("compute:DiskEncryptionSet", "encryptionType", "EncryptionAtRestWithCustomerKey"),
    ("compute:DiskEncryptionSet", "rotationToLatestKeyVersionEnabled", True),
    ("compute:DiskEncryptionSet", "identity.type", "UserAssigned"),
    (WORKSPACE, "publicNetworkAccessForIngestion", "Disabled"),
    (WORKSPACE, "publicNetworkAccessForQuery", "Disabled"),
    (WORKSPACE, "features.disableLocalAuth", True),
    (WORKSPACE, "features.immediatePurgeDataOn30Days", False),
    (WORKSPACE, "features.enableLogAccessUsingOnlyResourcePermissions", False),
    (WORKSPACE, "retentionInDays", 730),
    ("operationalinsights:Table", "totalRetentionInDays", 1095),
    ("operationalinsights:Table", "retentionInDays", 730),
    ("monitor:PrivateLinkScope", "accessModeSettings.queryAccessMode", "PrivateOnly"),
    ("monitor:PrivateLinkScope", "accessModeSettings.ingestionAccessMode", "PrivateOnly"),
    (SUBNET, "defaultOutboundAccess", False),
    (SUBNET, "privateEndpointNetworkPolicies", "Enabled"),
    (SUBNET, "natGateway", None),
    ("network:VirtualNetwork", "subnets", None),
    ("network:AzureFirewall", "sku.tier", "Standard"),
    ("network:FirewallPolicy", "threatIntelMode", "Deny"),
    ("network:RouteTable", "disableBgpRoutePropagation", True),
    ("network:FlowLog", "enabled", True),
    ("network:FlowLog", "identity.type", "UserAssigned"),
    ("network:FlowLog", "retentionPolicy.enabled", False),
    ("network:FlowLog", "resourceGroupName", "NetworkWatcherRG"),
    ("network:VirtualNetworkPeering", "allowForwardedTraffic", False),
    ("network:VirtualNetworkPeering", "allowVirtualNetworkAccess", True),
    ("dataprotection:BackupPolicy", "properties.policyRules.0.isDefault", True),
    ("privatedns:VirtualNetworkLink", "registrationEnabled", False),
    ("authorization:ManagementLockByScope", "level", "CanNotDelete"),
    ("authorization:ManagementLockByScope", "scope", GROUP),
    ("authorization:RoleAssignment", "principalType", "ServicePrincipal"),
    (STORE, "accessTier", "Hot"),
    (LIFECYCLE, "policy.rules.0.enabled", True),
    (LIFECYCLE, "policy.rules.0.type", "Lifecycle"),
    (LIFECYCLE, "policy.rules.0.definition.filters.blobTypes", ["blockBlob"]),
    (VAULT, "properties.sku.family", "A"),
    (SERVER, "storage.autoGrow", "Enabled"),
    (SERVER, "storage.type", "Premium_LRS"),
    (SERVER, "identity.type", "UserAssigned"),
    ("dbforpostgresql:Configuration", "source", "user-override"),
    ("dbforpostgresql:Database", "charset", "UTF8"),
    ("dbforpostgresql:AdministratorsMicrosoftEntra", "tenantId", NOBODY),
    (REGISTRY, "dataEndpointEnabled", True),
    (REGISTRY, "identity.type", "UserAssigned"),
    (REGISTRY, "encryption.keyVaultProperties.identity", UNKNOWN),
    (CLUSTER, "sku.name", "Base"),
    (CLUSTER, "sku.tier", "Standard"),
    (CLUSTER, "dnsPrefix", "emc2"),
    (CLUSTER, "nodeResourceGroup", "emc2-production-nodes"),
    (CLUSTER, "identity.type", "UserAssigned"),
    (CLUSTER, "identity.userAssignedIdentities", [f"{IDENTITIES}/emc2-production-cluster"]),
    (
        CLUSTER,
        "identityProfile.kubeletidentity.resourceId",
        f"{IDENTITIES}/emc2-production-nodes",
    ),
    (CLUSTER, "identityProfile.kubeletidentity.clientId", UNKNOWN),
    (CLUSTER, "identityProfile.kubeletidentity.objectId", UNKNOWN),
    (CLUSTER, "aadProfile.tenantID", NOBODY),
    (CLUSTER, "apiServerAccessProfile.privateDNSZone", "system"),
    (CLUSTER, "apiServerAccessProfile.subnetId", f"{SUBNETS}/apiserver"),
    (CLUSTER, "networkProfile.loadBalancerSku", "standard"),
    (CLUSTER, "autoUpgradeProfile.upgradeChannel", "patch"),
    (CLUSTER, "autoUpgradeProfile.nodeOSUpgradeChannel", "NodeImage"),
    (CLUSTER, "agentPoolProfiles.0.mode", "System"),
    (CLUSTER, "agentPoolProfiles.0.type", "VirtualMachineScaleSets"),
    (CLUSTER, "agentPoolProfiles.0.osType", "Linux"),
    (CLUSTER, "agentPoolProfiles.0.osSKU", "AzureLinux"),
    (CLUSTER, "agentPoolProfiles.0.osDiskType", "Managed"),
    (CLUSTER, "agentPoolProfiles.0.osDiskSizeGB", 128),
    (CLUSTER, "agentPoolProfiles.0.maxPods", 30),
    (CLUSTER, "agentPoolProfiles.0.vnetSubnetID", f"{SUBNETS}/compute"),
    (CLUSTER, "agentPoolProfiles.0.tags.warehouse", "emc2"),
    (WORKSPACE, "sku.name", "PerGB2018"),
    ("operationalinsights:Table", "plan", "Analytics"),
    ("monitor:PrivateLinkScopedResource", "linkedResourceId", WORKSPACE_ID),
    ("monitor:SubscriptionDiagnosticSetting", "workspaceId", WORKSPACE_ID),
    ("network:FlowLog", "format.type", "JSON"),
    ("network:FlowLog", "format.version", 2),
    ("network:FlowLog", "retentionPolicy.days", 0),
    (ADDRESS, "sku.name", "Standard"),
    (ADDRESS, "publicIPAllocationMethod", "Static"),
    (ADDRESS, "zones", ["1", "2", "3"]),
    (FIREWALL, "sku.name", "AZFW_VNet"),
    (FIREWALL, "zones", ["1", "2", "3"]),
    (FIREWALL, "ipConfigurations.0.subnet.id", f"{SUBNETS}/AzureFirewallSubnet"),
    (
        FIREWALL,
        "ipConfigurations.0.publicIPAddress.id",
        f"{NETWORKS}/publicIPAddresses/emc2-production-network-egress",
    ),
    (
        FIREWALL,
        "firewallPolicy.id",
        f"{NETWORKS}/firewallPolicies/emc2-production-network-egress",
    ),
    ("network:FirewallPolicy", "sku.tier", "Standard"),
    (EGRESS, "priority", 100),
    (EGRESS, "ruleCollections.0.priority", 100),
    (EGRESS, "ruleCollections.0.ruleCollectionType", "FirewallPolicyFilterRuleCollection"),
    (EGRESS, "ruleCollections.0.rules.0.ruleType", "ApplicationRule"),
    (EGRESS, "ruleCollections.0.rules.1.ruleType", "ApplicationRule"),
    (EGRESS, "ruleCollections.0.rules.1.protocols", [{"protocolType": "Https", "port": 443}]),
    (SAVED, "properties.objectType", "BackupInstance"),
    (SAVED, "properties.dataSourceInfo.objectType", "Datasource"),
    (SAVED, "properties.dataSourceInfo.resourceType", "Microsoft.Storage/storageAccounts"),
    (SAVED, "properties.dataSourceInfo.resourceLocation", "francecentral"),
    (
        SAVED,
        "properties.identityDetails.userAssignedIdentityArmUrl",
        f"{IDENTITIES}/emc2-production-backup",
    ),
    (SAVED, "properties.identityDetails.useSystemAssignedIdentity", False),
    (BACKUP, "identity.type", "UserAssigned"),
    (
        BACKUP,
        "properties.securitySettings.encryptionSettings.kekIdentity",
        {
            "identityType": "UserAssigned",
            "identityId": f"{IDENTITIES}/emc2-production-backup-key",
        },
    ),
    (BACKUP, "properties.storageSettings.0.type", "GeoRedundant"),
    (BACKUP, "properties.storageSettings.0.datastoreType", "VaultStore"),
    (BACKUP, "properties.securitySettings.encryptionSettings.state", "Enabled"),
    (BACKUP, "properties.securitySettings.encryptionSettings.infrastructureEncryption", "Enabled"),
    (BACKUP, "properties.securitySettings.immutabilitySettings.state", "Unlocked"),
    (BACKUP, "properties.securitySettings.softDeleteSettings.state", "On"),
    (BACKUP, "properties.securitySettings.softDeleteSettings.retentionDurationInDays", 90),
]


@pytest.mark.parametrize(("kind", "path", "value"), HELD, ids=[f"{k}-{p}" for k, p, _ in HELD])
def test_argument(emc2: Plan, kind: str, path: str, value: Any) -> None:
    found = of(emc2, kind)
    assert found
    for resource in found:
        assert at(resource.inputs, path) == value, resource.name


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
