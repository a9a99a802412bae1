"""Types under their former names, and what depends on the version of Azure's interface."""

import importlib
import inspect
import re
from functools import lru_cache
from typing import Any

import pytest

from havre.facts import Facts, Known, Unknown
from havre.facts.model import Credential
from havre.facts.stores import DatabaseServer, ObjectStore, Vault
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN
from havre_azure.facts import CLASSES, PLAIN, UNTAGGED, facts
from havre_azure.facts.relations.naming import FORMER, SINGLE, kind
from tests.azure.facts.resources import NO, SCOPE, YES, bare, places

KNOWN = sorted({*CLASSES, *PLAIN, *UNTAGGED})
ALIAS = re.compile(r'Alias\(type_="(azure-native:[^"]+)"\)')
ACCOUNT = "storage:StorageAccount"
DEFAULT = "urn:pulumi:s::p::pulumi:providers:azure-native::default_{}::0b5d"
OWN = "urn:pulumi:s::p::pulumi:providers:azure-native::mine"


def made(token: str, inputs: dict[str, Any], **told: Any) -> PlannedResource:
    return bare(f"azure-native:{token}", inputs, **told)


def read(*resources: PlannedResource) -> Facts:
    return facts(Plan("azure", resources))


def aliases(what: str) -> list[str]:
    """The former types of one, as the SDK's own source lists them."""
    module, name = what.split(":")
    found = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    return ALIAS.findall(inspect.getsource(found))


@lru_cache(maxsize=1)
def claimed() -> dict[str, set[str]]:
    """The types that claim a token as their own, or as a former one."""
    found: dict[str, set[str]] = {}
    for what in KNOWN:
        for token in (f"azure-native:{what}", *aliases(what)):
            found.setdefault(token, set()).add(what)
    return found


def test_a_type_is_known_by_every_name_that_the_sdk_lists() -> None:
    """Two types claim what Single Server's were called: their version decides."""
    assert len(claimed()) > 1000
    found = {token: kind(token) for token in claimed()}
    assert {token: what for token, what in found.items() if what not in claimed()[token]} == {}
    several = {token for token, types in claimed().items() if len(types) > 1}
    assert several
    assert {found[token] for token in several} <= {
        *SINGLE.values(),
        "dbforpostgresql:Administrator",
    }


def test_former_names_are_those_that_the_sdk_lists_and_no_others() -> None:
    listed = {
        (re.sub(r"/v\d{8}[a-z0-9]*", "", token).removeprefix("azure-native:"), what)
        for what in {*FORMER.values(), *SINGLE.values()}
        for token in aliases(what)
    }
    assert {*FORMER.items(), *SINGLE.items()} <= listed


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("insights:DiagnosticSetting", {}),
        ("insights/v20210501preview:DiagnosticSetting", {}),
        ("monitor:DiagnosticSetting", {}),
        ("monitor/v20210501preview:DiagnosticSetting", {}),
    ],
)
def test_logs_are_sent_by_a_setting_of_either_name(token: str, inputs: dict[str, Any]) -> None:
    store = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store"
    sent = [{"categoryGroup": "audit", "enabled": True}]
    setting = made(token, {"resourceUri": f"{store}/blobServices/default", "logs": sent, **inputs})
    (found,) = read(made(ACCOUNT, {"accountName": "store"}), setting).of(ObjectStore)
    assert found.reads_logged == YES


@pytest.mark.parametrize(
    ("token", "told", "wanted"),
    [
        (ACCOUNT, {}, NO),  # an offline plan is made with this distribution's SDK
        (ACCOUNT, {"provider": DEFAULT.format("3_29_0")}, NO),
        (ACCOUNT, {"provider": DEFAULT.format("3_0_0_alpha_1")}, NO),
        (ACCOUNT, {"provider": DEFAULT.format("2_90_0")}, YES),
        (ACCOUNT, {"provider": DEFAULT.format("1_103_0")}, YES),
        (ACCOUNT, {"provider": f"{OWN}::0b5d"}, Unknown("allowBlobPublicAccess")),
        ("storage/v20220901:StorageAccount", {"provider": DEFAULT.format("3_29_0")}, YES),
        ("storage/v20210201:StorageAccount", {}, YES),
        ("storage/v20230101:StorageAccount", {"provider": DEFAULT.format("2_90_0")}, NO),
        ("storage/v20240101:StorageAccount", {}, NO),
    ],
)
def test_what_an_account_lets_be_opened_by_default(
    token: str, told: dict[str, Any], wanted: Any
) -> None:
    (found,) = read(made(token, {}, **told)).of(ObjectStore)
    assert found.public_read == wanted
    for own in (True, False):
        (found,) = read(made(token, {"allowBlobPublicAccess": own}, **told)).of(ObjectStore)
        assert found.public_read == Known(own)


UNTOLD = {"provider": f"{OWN}::0b5d"}
SCOPED = {"allowedCopyScope": "AAD"}


@pytest.mark.parametrize(
    ("token", "told", "wanted"),
    [
        (ACCOUNT, {}, NO),
        (ACCOUNT, {"provider": DEFAULT.format("3_29_0")}, NO),
        (ACCOUNT, {"provider": DEFAULT.format("2_90_0")}, YES),
        (ACCOUNT, UNTOLD, Unknown("allowCrossTenantReplication")),
        ("storage/v20220901:StorageAccount", {}, YES),
        ("storage/v20230101:StorageAccount", {}, NO),
        ("storage/v20210801:StorageAccount", {"provider": DEFAULT.format("3_29_0")}, YES),
    ],
    ids=str,
)
def test_where_an_account_is_replicated_to_by_default(
    token: str, told: dict[str, Any], wanted: Any
) -> None:
    (found,) = read(made(token, SCOPED, **told)).of(ObjectStore)
    assert found.cross_tenant == wanted
    for own in (True, False):
        inputs = {**SCOPED, "allowCrossTenantReplication": own}
        (found,) = read(made(token, inputs, **told)).of(ObjectStore)
        assert found.cross_tenant == Known(own)


@pytest.mark.parametrize(
    ("token", "told", "inputs", "tls"),
    [
        (ACCOUNT, {}, {}, Known("1.2")),
        (ACCOUNT, UNTOLD, {}, Known("1.2")),  # no default version is as old
        ("storage/v20190401:StorageAccount", {}, {}, Known("1.2")),
        ("storage/v20181101:StorageAccount", {}, {}, Known(None)),
        ("storage/v20181101:StorageAccount", {}, {"enableHttpsTrafficOnly": True}, Known("1.2")),
        (ACCOUNT, {}, {"enableHttpsTrafficOnly": False}, Known(None)),
        (ACCOUNT, {}, {"minimumTlsVersion": None}, Known("1.0")),
        ("storage/v20160101:StorageAccount", {}, {"minimumTlsVersion": None}, Known(None)),
    ],
    ids=str,
)
def test_whether_plain_text_passes_by_default(
    token: str, told: dict[str, Any], inputs: dict[str, Any], tls: Any
) -> None:
    given = {"minimumTlsVersion": "TLS1_2", **inputs}
    (found,) = read(made(token, given, **told)).of(ObjectStore)
    assert found.tls_minimum == tls


SOFT = "properties.enableSoftDelete"


@pytest.mark.parametrize(
    ("token", "told", "properties", "days"),
    [
        ("keyvault:Vault", {}, {}, Known(90)),
        ("keyvault/v20190901:Vault", {}, {}, Known(90)),
        ("keyvault/v20180214:Vault", {}, {}, Unknown(SOFT)),
        ("keyvault/v20161001:Vault", {}, {"enableSoftDelete": True}, Known(90)),
        ("keyvault/v20180214:Vault", {}, {"enableSoftDelete": False}, Known(None)),
        ("keyvault:Vault", UNTOLD, {}, Unknown(SOFT)),
        ("keyvault:Vault", {"provider": DEFAULT.format("2_90_0")}, {}, Known(90)),
    ],
    ids=str,
)
def test_whether_a_vault_keeps_what_is_deleted_by_default(
    token: str, told: dict[str, Any], properties: dict[str, Any], days: Any
) -> None:
    (found,) = read(made(token, {"vaultName": "kv", "properties": properties}, **told)).of(Vault)
    assert found.deletion_days == days


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("3.29.0", NO),
        ("2.11.0", YES),
        (UNKNOWN, Unknown("allowBlobPublicAccess")),
        ("next", Unknown("allowBlobPublicAccess")),
    ],
)
def test_a_provider_of_ones_own_says_its_version(version: Any, wanted: Any) -> None:
    own = PlannedResource(
        OWN, "pulumi:providers:azure-native", "mine", True, {"version": version}, id="0b5d"
    )
    (found,) = read(own, made(ACCOUNT, {}, provider=f"{OWN}::0b5d")).of(ObjectStore)
    assert found.public_read == wanted


SINGLE_SERVERS = ["dbforpostgresql/v20171201:Server", "dbforpostgresql:SingleServer"]
AS_ONE_WROTE_IT = "dbforpostgresql:Server"
OFF, ON = {"sslEnforcement": "Disabled"}, {"sslEnforcement": "Enabled"}


def single(token: str, **properties: Any) -> DatabaseServer:
    inputs = {"serverName": "old", "location": "westeurope", "properties": properties}
    (found,) = read(made(token, inputs)).of(DatabaseServer)
    return found


@pytest.mark.parametrize("token", [*SINGLE_SERVERS, AS_ONE_WROTE_IT])
@pytest.mark.parametrize(
    ("properties", "tls"),
    [
        ({}, None),
        (OFF, None),
        ({**OFF, "minimalTlsVersion": "TLS1_2"}, None),
        (ON, "1.0"),
        ({**ON, "minimalTlsVersion": "TLSEnforcementDisabled"}, "1.0"),
        ({**ON, "minimalTlsVersion": "TLS1_1"}, "1.1"),
        ({**ON, "minimalTlsVersion": "TLS1_2"}, "1.2"),
    ],
)
def test_a_single_server_lets_plain_text_pass_unless_it_refuses(
    token: str, properties: dict[str, Any], tls: str | None
) -> None:
    assert single(token, **properties).tls_minimum == Known(tls)


@pytest.mark.parametrize("token", [*SINGLE_SERVERS, AS_ONE_WROTE_IT])
def test_a_single_server_keeps_its_settings_where_it_always_did(token: str) -> None:
    storage = {"backupRetentionDays": 21, "geoRedundantBackup": "Enabled"}
    found = single(token, publicNetworkAccess="Disabled", version="11", storageProfile=storage)
    assert (found.public_endpoint, found.private_endpoint) == (NO, NO)
    assert (found.backup_days, found.engine) == (Known(21), Known("postgresql 11"))
    assert [region for _, region, _, _ in places(found)] == [
        *("westeurope", "westeurope", "northeurope")
    ]
    bare_one = single(token)
    assert (bare_one.public_endpoint, bare_one.backup_days) == (YES, Known(7))
    assert isinstance(bare_one.engine, Unknown)
    assert [region for _, region, _, _ in places(bare_one)] == ["westeurope", "westeurope"]


def test_a_single_server_always_has_a_password_and_its_own_parameters() -> None:
    server = made("dbforpostgresql/v20171201:Server", {"serverName": "old", "properties": ON})
    setting = made(
        "dbforpostgresql/v20171201:Configuration",
        {"serverName": "old", "configurationName": "log_statement", "value": "all"},
    )
    watch = {"resourceUri": "/x/servers/old", "logs": [{"category": "PostgreSQLLogs"}]}
    watch["logs"] = [{"category": "PostgreSQLLogs", "enabled": True}]
    found = read(server, setting, made("monitor:DiagnosticSetting", watch))
    (database,) = found.of(DatabaseServer)
    assert database.reads_logged == YES
    assert database.shared_keys == YES
    assert [each.expires for each in found.of(Credential)] == [Known(None)]


def test_a_flexible_server_is_read_as_one() -> None:
    (found,) = read(made("dbforpostgresql/v20221201:Server", {"serverName": "new"})).of(
        DatabaseServer
    )
    assert (found.tls_minimum, found.backup_days) == (Known("1.2"), Known(7))


@pytest.mark.parametrize(
    ("properties", "kept", "purge"),
    [
        ({}, 90, NO),
        ({"softDeleteRetentionInDays": 7}, 7, NO),
        ({"softDeleteRetentionInDays": 7, "enablePurgeProtection": True}, 7, YES),
        ({"enablePurgeProtection": True}, 90, YES),
        ({"enableSoftDelete": False, "enablePurgeProtection": True}, None, NO),
    ],
)
def test_a_vault_tells_how_long_a_secret_can_be_had_back(
    properties: dict[str, Any], kept: int | None, purge: Any
) -> None:
    (found,) = read(made("keyvault:Vault", {"properties": properties})).of(Vault)
    assert (found.deletion_days, found.purge_guarded) == (Known(kept), purge)
    unknown = made("keyvault:Vault", {"properties": {**properties, "enableSoftDelete": UNKNOWN}})
    (found,) = read(unknown).of(Vault)
    assert isinstance(found.deletion_days, Unknown)
