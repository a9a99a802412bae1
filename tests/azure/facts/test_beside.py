"""A property is read with what decides beside it: a switch, a parent, an end of its own."""

from typing import Any

import pytest

from havre.facts import Facts, Known, Reserved, Unknown
from havre.facts.model import Compute, Grant, Key, LogRoute, Right
from havre.facts.stores import (
    DatabaseServer,
    DataStore,
    ImageRegistry,
    LogStore,
    ObjectStore,
    Vault,
)
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN
from havre_azure.facts import facts
from havre_azure.facts.rights import built_in_roles
from tests.azure.facts.resources import NO, SCOPE, YES

GROUP = f"{SCOPE}/resourceGroups/rg"
KEY_URL = "https://kv.vault.azure.net/keys/k1"
ACCOUNT: dict[str, Any] = {
    "accountName": "store",
    "location": "francecentral",
    "tags": {"zone": "z"},
}


def resource(kind: str, name: str, **inputs: Any) -> PlannedResource:
    token = f"azure-native:{kind}"
    urn = f"urn:pulumi:s::p::{token}::{name}"
    return PlannedResource(urn, token, name, custom=True, inputs=inputs)


def read(*resources: PlannedResource) -> Facts:
    return facts(Plan("azure", resources))


def only(found: Facts, kind: type) -> Any:
    (item,) = found.of(kind)
    return item


KEYS = (
    resource("keyvault:Vault", "kv", vaultName="kv", location="francecentral"),
    resource("keyvault:Key", "k1", keyName="k1", vaultName="kv"),
)


# A switch beside the key.


@pytest.mark.parametrize(
    ("status", "used"),
    [
        ({"status": "enabled"}, True),
        ({"status": "Enabled"}, True),
        ({"status": "disabled"}, False),
        ({}, None),
        ({"status": None}, None),
        ({"status": "on"}, None),
        ({"status": UNKNOWN}, None),
    ],
    ids=str,
)
def test_a_registry_uses_its_key_where_encryption_is_turned_on(
    status: dict[str, Any], used: bool | None
) -> None:
    named = {"keyVaultProperties": {"keyIdentifier": KEY_URL}, **status}
    found = only(
        read(*KEYS, resource("containerregistry:Registry", "r", encryption=named)), ImageRegistry
    )
    assert found.key == _expected(used, "encryption.status")


@pytest.mark.parametrize(
    ("kind", "used"),
    [
        ("AzureKeyVault", True),
        ("azurekeyvault", True),
        ("SystemManaged", False),
        ("SystemAssigned", False),
        (None, None),
        ("KeyVault", None),
    ],
    ids=str,
)
def test_a_server_uses_its_key_where_its_type_says_so(kind: str | None, used: bool | None) -> None:
    named = {"primaryKeyURI": KEY_URL, "type": kind}
    found = only(
        read(*KEYS, resource("dbforpostgresql:Server", "db", dataEncryption=named)), DatabaseServer
    )
    assert found.key == _expected(used, "dataEncryption.type")


@pytest.mark.parametrize(
    ("source", "used"),
    [
        ("Microsoft.KeyVault", True),
        ("Microsoft.Keyvault", True),
        ("Microsoft.Storage", False),
        (None, None),
        ("Vault", None),
    ],
    ids=str,
)
def test_an_encryption_scope_uses_its_key_where_that_is_its_source(
    source: str | None, used: bool | None
) -> None:
    scope = resource(
        "storage:EncryptionScope",
        "scope",
        accountName="store",
        encryptionScopeName="scope",
        source=source,
        keyVaultProperties={"keyUri": KEY_URL},
    )
    container = resource(
        "storage:BlobContainer",
        "c",
        accountName="store",
        containerName="c",
        defaultEncryptionScope="scope",
        denyEncryptionScopeOverride=True,
    )
    account = resource("storage:StorageAccount", "store", **ACCOUNT)
    assert only(read(*KEYS, account, scope, container), ObjectStore).key == _expected(
        used, "source"
    )


def _expected(used: bool | None, path: str) -> object:
    if used is None:
        return Unknown(path)
    return Known(KEYS[1].urn if used else None)


# What the parent overrides.


@pytest.mark.parametrize(
    ("allowed", "level", "public"),
    [
        (False, "Blob", NO),
        (False, "Container", NO),
        ("false", "Blob", NO),
        (False, UNKNOWN, NO),
        (True, "None", YES),
        (UNKNOWN, "Blob", YES),
        (UNKNOWN, "None", Unknown("allowBlobPublicAccess")),
    ],
    ids=str,
)
def test_an_account_that_refuses_public_access_closes_its_containers(
    allowed: object, level: object, public: object
) -> None:
    account = resource("storage:StorageAccount", "store", **ACCOUNT, allowBlobPublicAccess=allowed)
    container = resource(
        "storage:BlobContainer", "c", accountName="store", containerName="c", publicAccess=level
    )
    assert only(read(account, container), ObjectStore).public_read == public


def test_a_static_website_answers_whatever_the_account_refuses() -> None:
    account = resource("storage:StorageAccount", "store", **ACCOUNT, allowBlobPublicAccess=False)
    site = resource("storage:StorageAccountStaticWebsite", "web", accountName="store")
    assert only(read(account, site), ObjectStore).public_read == YES


# An end of its own.


@pytest.mark.parametrize(
    ("policy", "days"),
    [
        ({"enabled": True, "days": 7}, Known(7)),
        ({"enabled": "true", "days": "7"}, Known(7)),
        ({"enabled": True, "days": 0}, Known(None)),
        ({"enabled": False, "days": 7}, Known(None)),
        (None, Known(None)),
        ({"enabled": True, "days": UNKNOWN}, Unknown("retentionPolicy.days")),
        ({"enabled": UNKNOWN, "days": 7}, Unknown("retentionPolicy.enabled")),
        ({"enabled": True, "days": "a week"}, Unknown("retentionPolicy.days")),
    ],
    ids=str,
)
def test_a_flow_log_ends_what_it_writes(policy: object, days: object) -> None:
    flows = resource(
        "network:FlowLog", "flows", location="francecentral", enabled=True, retentionPolicy=policy
    )
    assert only(read(flows), LogRoute).kept_days == days


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ([{"enabled": True, "retentionPolicy": {"enabled": True, "days": 30}}], Known(30)),
        ([{"enabled": False, "retentionPolicy": {"enabled": True, "days": 30}}], Known(None)),
        ([{"enabled": True, "retentionPolicy": {"enabled": False, "days": 0}}], Known(None)),
        ([{"enabled": True}], Known(None)),
    ],
)
def test_a_diagnostic_setting_ends_what_it_writes_to_an_account_alone(
    logs: list[dict[str, Any]], expected: object
) -> None:
    setting = resource(
        "monitor:DiagnosticSetting",
        "d",
        resourceUri=f"{GROUP}/x",
        workspaceId=f"{GROUP}/workspace",
        storageAccountId=f"{GROUP}/account",
        logs=logs,
    )
    routes = read(setting).of(LogRoute)
    by_sink = {sink: route.kept_days for route in routes for sink in route.sinks.value}  # type: ignore[union-attr]
    assert by_sink == {f"{GROUP}/workspace": Known(None), f"{GROUP}/account": expected}


@pytest.mark.parametrize(
    ("permanent", "days"),
    [({}, 30), ({"allowPermanentDelete": False}, 30), ({"allowPermanentDelete": True}, 0)],
)
def test_what_may_be_deleted_for_good_is_not_recoverable(
    permanent: dict[str, Any], days: int
) -> None:
    service = resource(
        "storage:BlobServiceProperties",
        "s",
        accountName="store",
        deleteRetentionPolicy={"enabled": True, "days": 30, **permanent},
    )
    account = resource("storage:StorageAccount", "store", **ACCOUNT)
    assert only(read(account, service), ObjectStore).recoverable_days == Known(days)


# Copies.


@pytest.mark.parametrize(
    ("replication", "regions"),
    [
        (None, ["francecentral"]),
        ({"enabled": False, "location": "eastus"}, ["francecentral"]),
        ({"enabled": True, "location": "eastus"}, ["francecentral", "eastus"]),
        ({"enabled": "TRUE", "location": "East US"}, ["francecentral", "eastus"]),
    ],
    ids=str,
)
def test_a_workspace_lies_where_it_is_replicated_to(
    replication: object, regions: list[str]
) -> None:
    found = read(
        resource(
            "operationalinsights:Workspace", "w", location="francecentral", replication=replication
        )
    )
    assert [place.region for place in only(found, LogStore).places.value] == regions


@pytest.mark.parametrize(
    "replication",
    [
        {"enabled": True},
        {"enabled": UNKNOWN, "location": "eastus"},
        {"enabled": True, "location": 1},
    ],
    ids=str,
)
def test_a_replication_that_is_not_told_places_nothing(replication: object) -> None:
    found = read(
        resource(
            "operationalinsights:Workspace", "w", location="francecentral", replication=replication
        )
    )
    assert isinstance(only(found, LogStore).places, Unknown)


SERVER = resource("dbforpostgresql:Server", "db", serverName="db", location="francecentral")


@pytest.mark.parametrize(
    "way",
    [
        {"createMode": "Replica"},
        {"createMode": "replica"},
        {"replicationRole": "AsyncReplica"},
        {"replicationRole": "GeoAsyncReplica"},
    ],
)
def test_a_replica_is_no_database_of_its_own_and_a_copy_of_its_source(way: dict[str, Any]) -> None:
    source = f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/db"
    copy = resource(
        "dbforpostgresql:Server",
        "db2",
        serverName="db2",
        location="francesouth",
        sourceServerResourceId=source,
        **way,
    )
    found = read(SERVER, copy)
    told = {each.name: each for each in found.of(DatabaseServer)}
    assert (told["db"].replica_of, told["db2"].replica_of) == (Known(None), Known(SERVER.urn))
    assert [(p.copy.value, p.region) for p in told["db2"].places.value] == [
        ("replica", "francesouth")
    ]  # type: ignore[union-attr]
    assert ("replica", "francesouth") in [(p.copy.value, p.region) for p in told["db"].places.value]  # type: ignore[union-attr]


@pytest.mark.parametrize("mode", ["Default", "Create", "GeoRestore", "PointInTimeRestore", None])
def test_a_server_made_otherwise_is_a_database_of_its_own(mode: str | None) -> None:
    made = resource(
        "dbforpostgresql:Server", "db2", serverName="db2", location="francecentral",
        sourceServerResourceId=f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/db",
        createMode=mode,
    )  # fmt: skip
    (_, told) = read(SERVER, made).of(DatabaseServer)
    assert told.replica_of == Known(None)
    assert told.places.value[0].copy.value == "primary"  # type: ignore[union-attr]


# Parameters of the database.


ASKED = Reserved(
    "not in force until the server restarts and `CREATE EXTENSION pgaudit` runs in the database",
    YES,
)


@pytest.mark.parametrize(
    ("classes", "logged"),
    [
        ("all", ASKED),
        ("READ, WRITE", ASKED),
        ("ddl,read,write", ASKED),
        ("all, -misc", ASKED),
        ("-read, all", ASKED),
        ("all, -read", NO),
        ("all,-write", NO),
        ("read,write,-all", NO),
        ("ddl", NO),
        ("none", NO),
    ],
)
def test_a_class_that_is_taken_away_is_not_audited(classes: str, logged: object) -> None:
    values = {
        "Pgaudit.log": classes,
        "shared_preload_libraries": "pgaudit",
        "log_connections": "ON",
    }
    parameters = [
        resource(
            "dbforpostgresql:Configuration",
            name,
            serverName="db",
            configurationName=name,
            value=value,
        )
        for name, value in values.items()
    ]
    setting = resource(
        "monitor:DiagnosticSetting",
        "d",
        resourceUri=f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/db",
        logs=[{"category": "PostgreSQLLogs", "enabled": True}],
    )
    assert only(read(SERVER, setting, *parameters), DatabaseServer).reads_logged == logged


@pytest.mark.parametrize(
    ("value", "tls"),
    [
        ("on", "1.2"),
        ("ON", "1.2"),
        ("true", "1.2"),
        ("1", "1.2"),
        ("off", None),
        ("false", None),
        ("0", None),
    ],
)
def test_a_truth_of_postgresql_is_read_in_its_spellings(value: str, tls: str | None) -> None:
    parameter = resource(
        "dbforpostgresql:Configuration",
        "p",
        serverName="db",
        configurationName="require_secure_transport",
        value=value,
    )
    assert only(read(SERVER, parameter), DatabaseServer).tls_minimum == Known(tls)


# A vault's secrets.


@pytest.mark.parametrize(
    ("properties", "days", "guarded"),
    [
        ({}, Known(90), NO),
        ({"enablePurgeProtection": True}, Known(90), YES),
        ({"enablePurgeProtection": "true", "softDeleteRetentionInDays": "30"}, Known(30), YES),
        ({"enableSoftDelete": False, "enablePurgeProtection": True}, Known(None), NO),
        (
            {"enablePurgeProtection": UNKNOWN},
            Known(90),
            Unknown("properties.enablePurgeProtection"),
        ),
    ],
    ids=str,
)
def test_a_vault_without_keys_keeps_what_is_deleted(
    properties: dict[str, Any], days: object, guarded: object
) -> None:
    vault = resource("keyvault:Vault", "kv", vaultName="kv", properties=properties)
    found = only(read(vault), Vault)
    assert (found.deletion_days, found.purge_guarded) == (days, guarded)


# Rights are judged by what they read.

ROLES = {each.name: identifier for identifier, each in built_in_roles().items()}
HELD = (
    resource("resources:ResourceGroup", "rg", resourceGroupName="rg", location="francecentral"),
    resource("storage:StorageAccount", "store", resourceGroupName="rg", **ACCOUNT),
    resource("dbforpostgresql:Server", "db", serverName="db", resourceGroupName="rg"),
    resource("containerregistry:Registry", "acr", registryName="acr", resourceGroupName="rg"),
    resource("operationalinsights:Workspace", "logs", workspaceName="logs", resourceGroupName="rg"),
    resource("keyvault:Vault", "kv", vaultName="kv", resourceGroupName="rg"),
)


@pytest.mark.parametrize(
    ("role", "reached"),
    [
        ("AcrPull", {"acr"}),
        ("Monitoring Reader", {"logs"}),
        ("Reader", {"logs"}),
        ("Log Analytics Reader", {"logs"}),
        ("Key Vault Secrets User", {"kv"}),
        ("Network Contributor", set()),
        ("Storage Blob Data Reader", {"store"}),
        ("Log Analytics Contributor", {"logs", "store"}),
        ("Contributor", {"store", "db", "acr", "logs", "kv"}),
        ("Backup Operator", {"store", "db", "acr", "logs", "kv"}),
    ],
)
def test_a_role_reaches_what_it_allows_something_of(role: str, reached: set[str]) -> None:
    grant = resource(
        "authorization:RoleAssignment",
        "grant",
        principalId="who",
        scope=GROUP,
        roleDefinitionId=f"/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role].upper()}",
    )
    found = read(*HELD, grant)
    names = {item.urn: item.name for item in (*found.of(DataStore), *found.of(Key))}
    targets = only(found, Grant).targets.value
    assert {names[urn] for urn in targets if urn in names} == reached
    assert HELD[0].urn in targets


def test_a_role_on_a_store_of_another_kind_opens_nothing() -> None:
    scope = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/store"
    grant = resource(
        "authorization:RoleAssignment",
        "grant",
        principalId="who",
        scope=scope,
        roleDefinitionId=ROLES["AcrPull"],
    )
    assert only(read(*HELD, grant), Grant).targets == Known(())


def test_every_role_says_what_it_allows_in_known_words() -> None:
    assert len(built_in_roles()) >= 40
    assert built_in_roles()[ROLES["Owner"]].rights == {Right.EVERYTHING}
    for role in built_in_roles().values():
        assert role.rights or role.name == "Storage Blob Delegator"


# What is done through a cluster's API.


CLUSTER = resource("containerservice:ManagedCluster", "k", resourceName="k")
AUDITED = {"category": "kube-audit", "enabled": True}
GUARDED = {"category": "guard", "enabled": True}


@pytest.mark.parametrize(
    ("logs", "logged"),
    [
        ([AUDITED, GUARDED], YES),
        ([{"category": "Kube-Audit", "enabled": "true"}, GUARDED], YES),
        ([{"categoryGroup": "allLogs", "enabled": True}], YES),
        ([{"categoryGroup": "audit", "enabled": True}], Unknown("logs[].categoryGroup")),
        ([{"categoryGroup": "audit", "enabled": False}], NO),
        ([{"categoryGroup": "audit", "enabled": True}, AUDITED, GUARDED], YES),
        ([AUDITED], NO),
        ([GUARDED], NO),
        ([{"category": "kube-audit-admin", "enabled": True}, GUARDED], NO),
        ([{"category": "kube-audit", "enabled": False}, GUARDED], NO),
        ([{"category": "kube-audit", "enabled": "FALSE"}, GUARDED], NO),
        ([{"category": "kube-audit"}, GUARDED], NO),
        ([{"category": "kube-audit", "enabled": "yes"}, GUARDED], Unknown("logs[].enabled")),
        ([{"category": UNKNOWN, "enabled": True}, GUARDED], Unknown("logs[].category")),
        (UNKNOWN, Unknown("logs")),
        ([], NO),
    ],
    ids=str,
)
def test_a_cluster_is_logged_where_all_that_its_api_does_is_sent(logs: Any, logged: object) -> None:
    uri = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/k"
    setting = resource("monitor:DiagnosticSetting", "d", resourceUri=uri, logs=logs)
    assert only(read(CLUSTER, setting), Compute).api_logged == logged


def test_a_setting_of_another_cluster_logs_none_of_this() -> None:
    uri = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/k2"
    setting = resource("monitor:DiagnosticSetting", "d", resourceUri=uri, logs=[AUDITED, GUARDED])
    assert only(read(CLUSTER, setting), Compute).api_logged == NO
    assert only(read(CLUSTER), Compute).api_logged == NO
