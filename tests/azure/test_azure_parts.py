"""What the parts are to each other: keys, endpoints, logs, grants, guards."""

import datetime as dt
import json
import re
from typing import Any

import pytest

from havre.plan import Plan
from havre_azure.names import Role
from havre_azure.parts.access import READ, until
from tests.azure.stack import SUBSCRIPTION, asked, at, example, leaves, of, one, plan_of, text

STORES = (
    *("storage:StorageAccount", "storage:BlobContainer", "keyvault:Vault", "keyvault:Key"),
    *("dbforpostgresql:Server", "dbforpostgresql:Database", "containerregistry:Registry"),
    *("containerservice:ManagedCluster", "compute:DiskEncryptionSet"),
    *("operationalinsights:Workspace", "operationalinsights:Table", "resources:ResourceGroup"),
    *("dataprotection:BackupVault", "dataprotection:BackupPolicy", "dataprotection:BackupInstance"),
)
VAULT = "keyvault:Vault"
UNTAGGED = (
    *("authorization:", "storage:BlobContainer", "storage:BlobServiceProperties"),
    *("storage:ManagementPolicy", "network:Subnet", "network:PrivateDnsZoneGroup"),
    *("network:FirewallPolicyRuleCollectionGroup", "network:VirtualNetworkPeering"),
    *("monitor:DiagnosticSetting", "monitor:SubscriptionDiagnosticSetting"),
    *("monitor:PrivateLinkScopedResource", "operationalinsights:Table"),
    *("dbforpostgresql:Configuration", "dbforpostgresql:Database"),
    *("dbforpostgresql:AdministratorsMicrosoftEntra", "dataprotection:BackupPolicy"),
    "managedidentity:FederatedIdentityCredential",
)
"""Types that have no tags (pulumi-azure-native 3.29)."""


@pytest.mark.parametrize("kind", STORES)
def test_what_bears_data_is_protected(emc2: Plan, kind: str) -> None:
    assert of(emc2, kind)
    assert all(r.protect for r in of(emc2, kind))


def test_what_bears_no_data_is_not_protected(emc2: Plan) -> None:
    for kind in ("network:RouteTable", "network:PrivateEndpoint", "network:Subnet"):
        assert {r.protect for r in of(emc2, kind)} == {False}


def test_endpoints_say_where_the_services_listen(emc2: Plan) -> None:
    told, server = emc2.outputs, one(emc2, "dbforpostgresql:Server").inputs
    database = told["database"]
    assert database["host"] == f"{server['serverName']}.postgres.database.azure.com"
    assert (database["port"], database["name"]) == (5432, "emc2")
    assert database["region"] == server["location"]
    assert database["authority"]["kind"] == "system"
    registry = one(emc2, "containerregistry:Registry").inputs["registryName"]
    assert told["registry"]["endpoint"] == f"{registry}.azurecr.io"


def test_a_zone_is_told_by_account_and_container(emc2: Plan) -> None:
    for zone, told in emc2.outputs["zones"].items():
        store = one(emc2, "storage:StorageAccount", f"zone-{zone}").inputs
        container = one(emc2, "storage:BlobContainer", f"zone-{zone}-").inputs
        assert told["account"] == store["accountName"] == container["accountName"]
        assert told["bucket"] == container["containerName"]
        assert told["endpoint"] == f"https://{store['accountName']}.blob.core.windows.net"
        assert told["region"] == store["location"]
        ends = f"/storageAccounts/{told['account']}/blobServices/default/containers/"
        assert told["identifier"].endswith(ends + told["bucket"])


def test_copies_are_told_where_azure_makes_them(emc2: Plan) -> None:
    server = one(emc2, "dbforpostgresql:Server").inputs
    copied = server["backup"]["geoRedundantBackup"] == "Enabled"
    assert ("recovery" in emc2.outputs["database"]) is copied
    assert all(("recovery" in told) is copied for told in emc2.outputs["zones"].values())


def test_without_protection_nothing_is_protected_or_locked() -> None:
    plan = plan_of(asked(("protection.deletion", False)))
    assert not any(r.protect for r in plan.resources)
    assert not of(plan, "authorization:ManagementLockByScope")


def test_every_resource_that_can_is_tagged(emc2: Plan) -> None:
    bare = [
        r.type
        for r in emc2.resources
        if r.type.startswith("azure-native:") and not (r.inputs.get("tags") or {}).get("warehouse")
    ]
    assert {kind.removeprefix("azure-native:") for kind in bare} <= {
        kind.removeprefix("azure-native:") for kind in bare if kind[13:].startswith(UNTAGGED)
    }


def test_one_key_a_zone_and_the_account_refers_to_its_own(emc2: Plan) -> None:
    keys = []
    for zone in example("emc2").zones:
        store = one(emc2, "storage:StorageAccount", f"zone-{zone}")
        keys.append(at(store.inputs, "encryption.keyVaultProperties.keyName"))
        user = at(store.inputs, "encryption.encryptionIdentity.encryptionUserAssignedIdentity")
        assert user.endswith(f"/emc2-production-zone-{zone}-key")
        assert at(store.inputs, "identity.userAssignedIdentities") == [user]
        key = one(emc2, "keyvault:Key", f"-zone-{zone}-key")
        assert key.inputs["keyName"] == keys[-1]
        assert key.urn in store.property_dependencies["encryption"]
    assert len(set(keys)) == len(example("emc2").zones)


def test_a_keys_identity_may_use_that_key_and_nothing_else(emc2: Plan) -> None:
    role = f"/{Role.CRYPTO_SERVICE_USER}"
    grants = [
        r
        for r in of(emc2, "authorization:RoleAssignment")
        if r.inputs["roleDefinitionId"].endswith(role)
    ]
    scopes = [r.inputs["scope"] for r in grants]
    assert all(re.search(r"/vaults/\w+/keys/[\w-]+$", scope) for scope in scopes)
    assert len(set(scopes)) == len(scopes) == len(of(emc2, "keyvault:Key")) - 1


def test_a_deleted_key_can_be_had_back_for_the_days_asked() -> None:
    plan = plan_of(asked(("encryption.deletion_days", 30)))
    days = {at(r.inputs, "properties.softDeleteRetentionInDays") for r in of(plan, VAULT)}
    backup = one(plan, "dataprotection:BackupVault").inputs["properties"]["securitySettings"]
    assert days == {backup["softDeleteSettings"]["retentionDurationInDays"]} == {30}


def test_a_key_does_what_its_user_needs_and_no_more(emc2: Plan) -> None:
    for key in of(emc2, "keyvault:Key"):
        ops = at(key.inputs, "properties.keyOps")
        kms = key.inputs["keyName"] == "secrets"
        assert ops == (["encrypt", "decrypt"] if kms else ["wrapKey", "unwrapKey"])


def test_keys_are_those_of_the_primary_sites_vault(emc2: Plan) -> None:
    cluster_vault = one(emc2, "keyvault:Vault", "vault-cluster").inputs["vaultName"]
    first = next(r for r in of(emc2, "keyvault:Vault") if r.name == "emc2-production-vault")
    vault = first.inputs["vaultName"]
    for store in of(emc2, "storage:StorageAccount"):
        uri = at(store.inputs, "encryption.keyVaultProperties.keyVaultUri")
        assert uri == f"https://{vault}.vault.azure.net"
    disks = one(emc2, "compute:DiskEncryptionSet").inputs
    assert at(disks, "activeKey.sourceVault.id").endswith(f"/vaults/{cluster_vault}")
    cluster = one(emc2, "containerservice:ManagedCluster").inputs
    kms = at(cluster, "securityProfile.azureKeyVaultKms.keyVaultResourceId")
    assert kms.endswith(f"/vaults/{cluster_vault}")


def test_what_follows_renewals_names_a_key_without_version(emc2: Plan) -> None:
    server = one(emc2, "dbforpostgresql:Server").inputs
    registry = one(emc2, "containerregistry:Registry").inputs
    uris = [
        at(server, "dataEncryption.primaryKeyURI"),
        at(server, "dataEncryption.geoBackupKeyURI"),
        at(registry, "encryption.keyVaultProperties.keyIdentifier"),
    ]
    assert [uri.rpartition("/keys/")[2] for uri in uris] == [
        "database",
        "database",
        "registry",
    ]


def test_geo_redundant_backups_have_a_key_of_the_recovery_region(emc2: Plan) -> None:
    server = one(emc2, "dbforpostgresql:Server").inputs["dataEncryption"]
    own = [r for r in of(emc2, "keyvault:Vault") if not r.name.endswith("-cluster")]
    vaults = {r.inputs["location"]: r.inputs["vaultName"] for r in own}
    assert set(vaults) == {"francecentral", "francesouth"}
    assert vaults["francecentral"] in server["primaryKeyURI"]
    assert vaults["francesouth"] in server["geoBackupKeyURI"]
    assert server["primaryUserAssignedIdentityId"] != server["geoBackupUserAssignedIdentityId"]


def test_private_endpoints_of_every_store(emc2: Plan) -> None:
    reached = {}
    for endpoint in of(emc2, "network:PrivateEndpoint"):
        connection = endpoint.inputs["privateLinkServiceConnections"][0]
        assert endpoint.inputs["subnet"]["id"].endswith("/subnets/endpoints")
        reached[connection["privateLinkServiceId"]] = connection["groupIds"]
    for kind, name, groups in (
        ("storage:StorageAccount", "accountName", ["blob"]),
        ("keyvault:Vault", "vaultName", ["vault"]),
        ("containerregistry:Registry", "registryName", ["registry"]),
    ):
        for store in of(emc2, kind):
            told = [g for id_, g in reached.items() if id_.endswith(f"/{store.inputs[name]}")]
            assert told == [groups], store.name


def test_private_endpoints_are_named_in_private_zones(emc2: Plan) -> None:
    zones = {r.inputs["privateZoneName"] for r in of(emc2, "privatedns:PrivateZone")}
    groups = of(emc2, "network:PrivateDnsZoneGroup")
    assert len(groups) == len(of(emc2, "network:PrivateEndpoint"))
    for group in groups:
        for entry in group.inputs["privateDnsZoneConfigs"]:
            assert entry["privateDnsZoneId"].rpartition("/")[2] in zones
    links = of(emc2, "privatedns:VirtualNetworkLink")
    assert {r.inputs["privateZoneName"] for r in links} == zones
    assert len(links) == 2 * len(zones)


LOGGED = {
    "zone-curated": {"StorageRead", "StorageWrite", "StorageDelete"},
    "audit-archive": {"StorageRead", "StorageWrite", "StorageDelete"},
    "production-vault-logs": {"AuditEvent"},
    "vault-recovery": {"AuditEvent"},
    "firewall": {"AZFWApplicationRule", "AZFWNetworkRule", "AZFWThreatIntel", "AZFWDnsQuery"},
    "database": {"PostgreSQLLogs", "PostgreSQLFlexSessions"},
    "registry": {"ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"},
    "vault-cluster": {"AuditEvent"},
    "production-cluster": {"kube-apiserver", "kube-audit", "kube-audit-admin", "guard"},
    "workspace": {"Audit"},
    "recovery-archive": {"StorageRead", "StorageWrite", "StorageDelete"},
    "production-backup-logs": {
        *("CoreAzureBackup", "AddonAzureBackupJobs", "AddonAzureBackupPolicy"),
        "AddonAzureBackupProtectedInstance",
    },
}
ARCHIVED = {"audit-archive": "", "recovery-archive": "", "vault-recovery": "recovery-archive"}
"""Where logs are archived, if not in the audit archive: never in the account they are of."""


@pytest.mark.parametrize("what", LOGGED)
def test_logs_reach_the_workspace_and_the_archive(emc2: Plan, what: str) -> None:
    setting = one(emc2, "monitor:DiagnosticSetting", what).inputs
    assert setting["workspaceId"].endswith("/workspaces/emc2-production-logs")
    assert {entry["category"] for entry in setting["logs"]} == LOGGED[what]
    assert all(entry["enabled"] for entry in setting["logs"])
    assert setting["logAnalyticsDestinationType"] == "Dedicated"
    archive = ARCHIVED.get(what, "audit-archive")
    if archive:
        name = one(emc2, "storage:StorageAccount", archive).inputs["accountName"]
        assert setting["storageAccountId"].endswith(f"/{name}")
    else:
        assert "storageAccountId" not in setting


ACTIVITY = {"Administrative", "Security", "Policy", "Alert", "ResourceHealth", "ServiceHealth"}
TABLES = {
    *("AKSAudit", "AKSAuditAdmin", "AKSControlPlane", "AZKVAuditLogs", "AzureActivity"),
    *("AZFWApplicationRule", "AZFWDnsQuery", "AZFWNetworkRule", "AZFWThreatIntel", "LAQueryLogs"),
    *("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"),
    *("PGSQLServerLogs", "StorageBlobLogs"),
}


def test_tables_keep_their_logs_for_the_time_asked(emc2: Plan, hospital: Plan) -> None:
    found = of(emc2, "operationalinsights:Table")
    assert {r.inputs["tableName"] for r in found} == TABLES
    assert not of(hospital, "operationalinsights:Table")


def test_every_zones_blobs_are_logged(emc2: Plan) -> None:
    watched = {r.inputs["resourceUri"] for r in of(emc2, "monitor:DiagnosticSetting")}
    for store in of(emc2, "storage:StorageAccount"):
        name = store.inputs["accountName"]
        assert any(uri.endswith(f"/{name}/blobServices/default") for uri in watched), name


def test_what_is_done_to_the_subscription_is_logged(emc2: Plan) -> None:
    found = one(emc2, "monitor:SubscriptionDiagnosticSetting").inputs
    assert {x["category"] for x in found["logs"]} == ACTIVITY
    assert all(entry["enabled"] for entry in found["logs"])
    archive = one(emc2, "storage:StorageAccount", "audit-archive").inputs["accountName"]
    assert found["storageAccountId"].endswith(f"/{archive}")


def test_the_archive_is_immutable_for_the_time_asked(emc2: Plan, locked: Plan) -> None:
    path = "immutableStorageWithVersioning"
    held = one(emc2, "storage:StorageAccount", "audit-archive").inputs[path]
    assert held["enabled"] is True
    policy = held["immutabilityPolicy"]
    assert policy["immutabilityPeriodSinceCreationInDays"] == 1095
    assert policy["allowProtectedAppendWrites"] is True
    assert policy["state"] == "Unlocked"
    then = one(locked, "storage:StorageAccount", "audit-archive").inputs[path]
    assert then["immutabilityPolicy"]["state"] == "Locked"


def test_only_zones_that_ask_for_it_are_immutable(emc2: Plan, locked: Plan) -> None:
    for zone, wanted in example("emc2").zones.items():
        store = one(emc2, "storage:StorageAccount", f"zone-{zone}").inputs
        days = at(
            store,
            "immutableStorageWithVersioning.immutabilityPolicy"
            ".immutabilityPeriodSinceCreationInDays",
        )
        assert (days or 0) == wanted.immutable_days
    curated = one(locked, "storage:StorageAccount", "zone-curated").inputs
    assert at(curated, "immutableStorageWithVersioning.immutabilityPolicy.state") == "Locked"


def test_lifecycle_deletes_what_has_expired_and_versions_replaced_before(emc2: Plan) -> None:
    rule = one(emc2, "storage:ManagementPolicy", "zone-landing").inputs["policy"]["rules"][0]
    actions = rule["definition"]["actions"]
    assert rule["enabled"] is True
    assert rule["definition"]["filters"] == {"blobTypes": ["blockBlob"]}
    assert actions["baseBlob"]["delete"] == {"daysAfterModificationGreaterThan": 90}
    # Soft delete has them for the 30 days promised; the policy may be a week late.
    assert actions["version"]["delete"] == {"daysAfterCreationGreaterThan": 90 + 7}


@pytest.mark.parametrize(("days", "age"), [(40, 90 + 40 + 7), (365, 90 + 365 + 7)])
def test_no_version_goes_before_its_days_from_replacement(days: int, age: int) -> None:
    plan = plan_of(asked(("zones.landing.version_days", days)))
    rule = one(plan, "storage:ManagementPolicy", "zone-landing").inputs["policy"]["rules"][0]
    version = rule["definition"]["actions"]["version"]["delete"]
    assert version == {"daysAfterCreationGreaterThan": age}


def test_what_soft_delete_does_not_reach_earlier_versions_keep() -> None:
    plan = plan_of(asked(("zones.export.recoverable_days", 400)))
    rule = one(plan, "storage:ManagementPolicy", "zone-export").inputs["policy"]["rules"][0]
    version = rule["definition"]["actions"]["version"]["delete"]
    assert version == {"daysAfterCreationGreaterThan": 40 + (400 - 365) + 7}
    service = one(plan, "storage:BlobServiceProperties", "zone-export").inputs
    assert service["deleteRetentionPolicy"]["days"] == 365


@pytest.mark.parametrize("changes", [(), (("zones.curated.version_days", 400),)])
def test_nothing_ends_by_itself_where_objects_do_not_expire(changes: tuple[Any, ...]) -> None:
    plan = plan_of(asked(("zones.curated.recoverable_days", 400), *changes))
    assert not of(plan, "storage:ManagementPolicy", "zone-curated")


def test_a_zone_without_versions_or_expiry_has_no_lifecycle() -> None:
    plan = plan_of(
        asked(("zones.export", {"purpose": "export", "recoverable_days": 10, "versions": False}))
    )
    assert not of(plan, "storage:ManagementPolicy", "zone-export")
    service = one(plan, "storage:BlobServiceProperties", "zone-export").inputs
    assert service["isVersioningEnabled"] is False
    assert service["changeFeed"]["enabled"] is False
    assert "restorePolicy" not in service
    assert service["deleteRetentionPolicy"]["days"] == 10


def test_what_is_not_promised_is_not_kept() -> None:
    plan = plan_of(
        asked(("zones.export", {"purpose": "export", "recoverable_days": 0, "versions": False}))
    )
    service = one(plan, "storage:BlobServiceProperties", "zone-export").inputs
    assert service["deleteRetentionPolicy"] == {"enabled": False}
    assert service["containerDeleteRetentionPolicy"] == {"enabled": True, "days": 7}


def test_zones_go_back_in_time_unless_their_versions_are_locked(emc2: Plan) -> None:
    landing = one(emc2, "storage:BlobServiceProperties", "zone-landing").inputs
    assert landing["restorePolicy"] == {"enabled": True, "days": 35}
    assert landing["deleteRetentionPolicy"]["days"] == 40
    assert landing["containerDeleteRetentionPolicy"]["days"] == 40
    archive = one(emc2, "storage:BlobServiceProperties", "audit-archive").inputs
    assert archive["deleteRetentionPolicy"]["days"] == 30
    assert archive["containerDeleteRetentionPolicy"]["days"] == 30
    assert landing["changeFeed"]["enabled"] is True
    assert "restorePolicy" not in one(emc2, "storage:BlobServiceProperties", "zone-curated").inputs
    assert {r.name.rpartition("-of-")[2] for r in of(emc2, "dataprotection:BackupInstance")} == {
        "zone-landing",
        "zone-research",
        "zone-export",
    }


def test_permanent_deletion_of_blobs_is_off(emc2: Plan) -> None:
    for service in of(emc2, "storage:BlobServiceProperties", "zone-"):
        assert service.inputs["deleteRetentionPolicy"]["allowPermanentDelete"] is False


def test_zones_go_back_in_time_in_place(emc2: Plan) -> None:
    policy = one(emc2, "dataprotection:BackupPolicy", "backup-zones").inputs["properties"]
    [kept] = policy["policyRules"]
    assert kept["lifecycles"][0]["sourceDataStore"]["dataStoreType"] == "OperationalStore"
    assert kept["lifecycles"][0]["deleteAfter"]["duration"] == "P35D"


def test_a_backup_begins_once_its_identity_may_read_the_source(emc2: Plan) -> None:
    grants = {r.urn: r for r in of(emc2, "authorization:RoleAssignment", "production-backup-")}
    for instance in of(emc2, "dataprotection:BackupInstance"):
        source = instance.inputs["properties"]["dataSourceInfo"]["resourceID"]
        needed = [grants[urn] for urn in instance.dependencies if urn in grants]
        assert [r.inputs["scope"] for r in needed] == [source]


def test_a_registry_of_a_warehouse_without_keys_is_encrypted_with_azures() -> None:
    found = one(plan_of(asked(("encryption.keys", "provider"))), "containerregistry:Registry")
    assert found.inputs["encryption"] == {"status": "disabled"}
    assert "identity" not in found.inputs


def test_every_resource_stands_below_its_part(emc2: Plan) -> None:
    parts = {r.urn for r in emc2.resources if r.type.startswith("havre:azure:")}
    assert len(parts) == 9
    assert {r.parent for r in emc2.resources if r.type.startswith("azure-native:")} == parts


# Access


def test_a_projects_service_account_in_the_cluster_acts_as_its_identity(emc2: Plan) -> None:
    cluster = one(emc2, "containerservice:ManagedCluster")
    found = of(emc2, "managedidentity:FederatedIdentityCredential")
    assert len(found) == len(example("emc2").projects)
    for project in example("emc2").projects:
        [made] = [r for r in found if r.name == f"emc2-production-project-{project}-workload"]
        identity = one(emc2, "managedidentity:UserAssignedIdentity", f"project-{project}")
        assert made.inputs["resourceName"] == identity.inputs["resourceName"]
        assert identity.urn in made.property_dependencies["resourceName"]
        assert made.inputs["subject"] == f"system:serviceaccount:{project}:{project}"
        assert made.property_dependencies["issuer"] == (cluster.urn,)


def test_without_a_cluster_no_workload_acts_as_a_project(hospital: Plan) -> None:
    assert of(hospital, "managedidentity:UserAssignedIdentity", "project-")
    assert not of(hospital, "managedidentity:FederatedIdentityCredential")


def readers(plan: Plan) -> list[Any]:
    role = f"/{Role.BLOB_READER}"
    return [
        r
        for r in of(plan, "authorization:RoleAssignment")
        if r.inputs["roleDefinitionId"].endswith(role)
    ]


def test_a_project_reads_exactly_its_zones(emc2: Plan) -> None:
    for project, wanted in example("emc2").projects.items():
        identity = one(emc2, "managedidentity:UserAssignedIdentity", f"project-{project}")
        grants = [
            r for r in readers(emc2) if identity.urn in r.property_dependencies["principalId"]
        ]
        zones = {r.inputs["scope"].rpartition("/containers/zone-")[2] for r in grants}
        assert zones == set(wanted.zones)
        assert all(SUBSCRIPTION in r.inputs["scope"] for r in grants)


def test_a_projects_grants_end_with_its_authorisation(emc2: Plan) -> None:
    for project, wanted in example("emc2").projects.items():
        for grant in [r for r in readers(emc2) if f"project-{project}-" in r.name]:
            assert grant.inputs["condition"] == until(wanted.expires)
            assert grant.inputs["conditionVersion"] == "2.0"


def test_the_last_day_of_an_authorisation_counts_whole() -> None:
    condition = until(dt.date(2027, 12, 31))
    assert "@Environment[UtcNow] DateTimeLessThan '2028-01-01T00:00:00.0Z'" in condition
    assert f"!(ActionMatches{{'{READ}'}})" in condition
    assert READ == "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    assert condition.count("(") == condition.count(")")
    assert " OR " in condition


def test_a_project_reads_current_objects_only() -> None:
    condition = until(dt.date(2027, 12, 31))
    assert condition.endswith(
        f"((!(ActionMatches{{'{READ}'}} AND NOT SubOperationMatches{{'Blob.List'}})) OR "
        "(@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:"
        "isCurrentVersion] BoolEquals true))"
    )
    assert condition.count(") AND (") == 1


BROAD = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Owner
    "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",  # User Access Administrator
}


def test_no_grant_is_an_owners_or_on_the_whole_subscription(emc2: Plan) -> None:
    for grant in of(emc2, "authorization:RoleAssignment"):
        assert grant.inputs["roleDefinitionId"].rpartition("/")[2] not in BROAD
        assert "/resourceGroups/" in grant.inputs["scope"]


GRANTS = {
    "emc2-production-flows-write": (Role.BLOB_CONTRIBUTOR, "Microsoft.Storage"),
    "emc2-production-cluster-compute": (Role.NETWORK_CONTRIBUTOR, "/subnets/compute"),
    "emc2-production-cluster-apiserver": (Role.NETWORK_CONTRIBUTOR, "/subnets/apiserver"),
    "emc2-production-cluster-routes": (Role.NETWORK_CONTRIBUTOR, "/routeTables/"),
    "emc2-production-cluster-nodes": (Role.IDENTITY_OPERATOR, "/userAssignedIdentities/"),
    "emc2-production-cluster-images": (Role.ACR_PULL, "/registries/"),
    "emc2-production-cluster-secrets": (Role.CRYPTO_USER, "/keys/secrets"),
    "emc2-production-cluster-vault": (Role.VAULT_CONTRIBUTOR, "/vaults/"),
    "emc2-production-cluster-disks": (Role.READER, "/diskEncryptionSets/"),
    "emc2-production-backup-landing": (Role.STORAGE_BACKUP, "/storageAccounts/"),
}


@pytest.mark.parametrize("name", GRANTS)
def test_grant(emc2: Plan, name: str) -> None:
    role, scope = GRANTS[name]
    [found] = [r for r in of(emc2, "authorization:RoleAssignment") if r.name == name]
    assert found.inputs["roleDefinitionId"].endswith(f"/{role}")
    assert scope in found.inputs["scope"]


def test_a_database_small_enough_is_copied_into_the_vault_every_week() -> None:
    plan = plan_of(asked())
    policy = one(plan, "dataprotection:BackupPolicy", "database").inputs["properties"]
    weekly, kept = policy["policyRules"]
    assert weekly["trigger"]["schedule"]["repeatingTimeIntervals"][0].endswith("/P1W")
    assert weekly["dataStore"]["dataStoreType"] == "VaultStore"
    assert kept["lifecycles"][0]["deleteAfter"]["duration"] == "P21D"
    assert kept["lifecycles"][0]["sourceDataStore"]["dataStoreType"] == "VaultStore"
    assert weekly["backupParameters"] == {"backupType": "Full", "objectType": "AzureBackupParams"}
    assert weekly["objectType"] == "AzureBackupRule"
    assert weekly["trigger"]["objectType"] == "ScheduleBasedTriggerContext"
    [criteria] = weekly["trigger"]["taggingCriteria"]
    assert criteria["isDefault"] is True
    assert criteria["tagInfo"]["tagName"] == kept["name"] == "Default"
    assert kept["isDefault"] is True
    assert kept["objectType"] == "AzureRetentionRule"
    assert kept["lifecycles"][0]["deleteAfter"]["objectType"] == "AbsoluteDeleteOption"
    instance = one(plan, "dataprotection:BackupInstance", "of-database").inputs["properties"]
    server = one(plan, "dbforpostgresql:Server").inputs["serverName"]
    for told in ("resourceID", "resourceUri"):
        assert instance["dataSourceInfo"][told].endswith(f"/flexibleServers/{server}")
    assert instance["policyInfo"]["policyId"].endswith("/backupPolicies/database")
    assert instance["dataSourceInfo"]["datasourceType"] == (
        "Microsoft.DBforPostgreSQL/flexibleServers"
    )
    assert instance["identityDetails"]["useSystemAssignedIdentity"] is False
    names = {r.name: r.inputs for r in of(plan, "authorization:RoleAssignment", "backup-database")}
    roles = {name[-4:]: found["roleDefinitionId"][-36:] for name, found in names.items()}
    assert roles == {"copy": Role.POSTGRESQL_BACKUP, "read": Role.READER}


def test_the_backup_vault_is_locked_by_a_second_deployment(locked: Plan) -> None:
    security = one(locked, "dataprotection:BackupVault").inputs["properties"]["securitySettings"]
    assert security["immutabilitySettings"]["state"] == "Locked"
    assert security["softDeleteSettings"]["state"] == "AlwaysOn"


# Secrets, members, determinism


def test_no_member_of_a_project_reaches_the_plan(emc2: Plan) -> None:
    whole = text(emc2)
    for project in example("emc2").projects.values():
        for member in project.members:
            assert member not in whole


def test_no_secret_is_in_a_plan(emc2: Plan) -> None:
    words = {str(word).lower() for r in emc2.resources for word in leaves(dict(r.inputs))}
    assert not {w for w in words if "accountkey=" in w or "-----begin" in w or "password=" in w}
    assert not [w for w in words if w.endswith(("password", "clientsecret"))]


@pytest.mark.parametrize("name", ["emc2", "hospital"])
def test_examples_evaluate_the_same_each_time(name: str, request: pytest.FixtureRequest) -> None:
    before: Plan = request.getfixturevalue(name)
    assert before.warnings == ()
    again = plan_of(example(name))
    assert json.dumps(again.as_dict()) == json.dumps(before.as_dict())


def test_projects_are_tagged_with_what_allows_them(emc2: Plan) -> None:
    tags = one(emc2, "managedidentity:UserAssignedIdentity", "project-pharmaco").inputs["tags"]
    assert tags["project"] == "pharmaco-study"
    assert tags["authorisation"] == "CNIL DR-2026-117"
    assert tags["expires"] == "2027-12-31"


def test_relations_hold_while_values_are_unknown(emc2: Plan) -> None:
    disks = one(emc2, "compute:DiskEncryptionSet")
    assert (
        one(emc2, "keyvault:Key", "disks-cluster-key").urn
        in (disks.property_dependencies["activeKey"])
    )
    container = one(emc2, "storage:BlobContainer", "zone-curated")
    grant = next(r for r in readers(emc2) if "pharmaco-study-curated" in r.name)
    assert container.urn in grant.property_dependencies["scope"]
