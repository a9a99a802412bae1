"""Azure's facts, over resources that a stranger might plan and over the whole of an example."""

import datetime as dt
import importlib
import inspect
from collections.abc import Callable
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_azure_native import (
    authorization,
    compute,
    containerregistry,
    containerservice,
    dbforpostgresql,
    keyvault,
    managedidentity,
    monitor,
    network,
    operationalinsights,
    recoveryservices,
    resources,
    storage,
)

from havre.evaluate import evaluate
from havre.facts import Facts, Known, Unclassified, Unknown
from havre.facts.model import (
    NOT_TOLD,
    Compute,
    Copy,
    Credential,
    Grant,
    Holding,
    Key,
    LogRoute,
    Network,
    Plain,
    Right,
    Rule,
    Store,
)
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret
from havre.spec.load import load
from havre.stack.program import program, read_settings
from havre_azure.facts import CLASSES, PLAIN, UNTAGGED, facts
from havre_azure.facts.rights import ROLES
from havre_azure.names import Role
from havre_azure.provider import provider
from havre_azure.sites import PLACES, REGIONS
from tests.clouds import SETTINGS

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
SCOPE = "/subscriptions/22222222-2222-4333-8444-555555555555"
YES, NO = Known(value=True), Known(value=False)


def planned(body: Callable[[], Any]) -> Plan:
    """The plan of a stranger's program."""

    def run() -> None:
        body()

    return evaluate(run, project="p", stack="s", provider="azure")


def told(body: Callable[[], Any]) -> Facts:
    return facts(planned(body))


def one(found: Facts, kind: type, name: str = "") -> Any:
    """The only fact of a kind, or that of a name."""
    (item,) = [item for item in found.of(kind) if not name or item.name == name]
    return item


def group(location: str = "France Central") -> resources.ResourceGroup:
    return resources.ResourceGroup("rg", resource_group_name="rg", location=location)


def account(name: str = "store", **differs: Any) -> storage.StorageAccount:
    settings: dict[str, Any] = {
        "account_name": name,
        "resource_group_name": "rg",
        "location": "francecentral",
        "kind": "StorageV2",
        "sku": storage.SkuArgs(name="Standard_LRS"),
    }
    return storage.StorageAccount(name, **(settings | differs))


def account_facts(**differs: Any) -> Store:
    store: Store = one(told(lambda: account(**differs)), Store)
    return store


def places(item: Any) -> list[tuple[str, str, str | None, bool]]:
    """Copy, region and country of each place, and whether a setting implies it."""
    assert isinstance(item.places, Known)
    return [(p.copy.value, p.region, p.country, bool(p.implied)) for p in item.places.value]


def bare(token: str, inputs: dict[str, Any], **differs: Any) -> PlannedResource:
    """A planned resource as written, without the SDK."""
    urn = f"urn:pulumi:s::p::{token}::thing"
    return PlannedResource(urn, token, "thing", True, inputs, **differs)


def alone(resource: PlannedResource, *others: PlannedResource) -> Any:
    """The first fact of one resource."""
    return facts(Plan("azure", (*others, resource))).about(resource.urn)[0]


# What is absent is what Azure does then


def test_an_account_that_says_nothing_has_azures_defaults() -> None:
    store = alone(bare("azure-native:storage:StorageAccount", {"location": "francecentral"}))
    assert (store.holding, store.encrypted, store.key) == (Holding.ZONE, YES, Known(None))
    assert store.tls_minimum == Known("1.0")
    assert (store.shared_keys, store.public_endpoint, store.private_endpoint) == (YES, YES, NO)
    assert store.cross_tenant == YES  # copies from any tenant
    assert (store.public_read, store.versions, store.locked_days) == (NO, NO, Known(0))
    assert (store.retention_days, store.backup_days) == (Known(None), Known(None))
    assert (store.recoverable_days, store.version_days) == (Known(0), Known(0))
    assert store.expire_days == Known(None)
    assert (store.reads_logged, store.administration_logged, store.guarded) == (NO, NO, NO)
    assert store.tags == Known({})


@pytest.mark.parametrize(
    ("inputs", "fact", "value"),
    [
        ({"enableHttpsTrafficOnly": False, "minimumTlsVersion": "TLS1_2"}, "tls_minimum", None),
        ({"minimumTlsVersion": "TLS1_0"}, "tls_minimum", "1.0"),
        ({"minimumTlsVersion": "TLS1_2"}, "tls_minimum", "1.2"),
        ({"allowBlobPublicAccess": True}, "public_read", True),
        ({"allowSharedKeyAccess": False}, "shared_keys", False),
        ({"allowSharedKeyAccess": False, "isSftpEnabled": True}, "shared_keys", True),
        ({"allowedCopyScope": "AAD"}, "cross_tenant", False),
        ({"allowedCopyScope": "AAD", "allowCrossTenantReplication": True}, "cross_tenant", True),
        ({"publicNetworkAccess": "Disabled"}, "public_endpoint", False),
        ({"publicNetworkAccess": "Disabled"}, "private_endpoint", False),
        ({"sku": {"name": "Standard_ZRS"}}, "multi_zone", True),
        ({"sku": {"name": "Standard_GRS"}}, "multi_zone", False),
        ({"publicNetworkAccess": Secret("Disabled")}, "public_endpoint", False),
    ],
)
def test_a_property_of_an_account(inputs: dict[str, Any], fact: str, value: object) -> None:
    resource = bare("azure-native:storage:StorageAccount", {"location": "francecentral", **inputs})
    assert getattr(alone(resource), fact) == Known(value)


@pytest.mark.parametrize(
    ("fact", "path"),
    [
        ("tls_minimum", "minimumTlsVersion"),
        ("tls_minimum", "enableHttpsTrafficOnly"),
        ("public_read", "allowBlobPublicAccess"),
        ("shared_keys", "isSftpEnabled"),
        ("cross_tenant", "allowCrossTenantReplication"),
        ("public_endpoint", "publicNetworkAccess"),
        ("key", "encryption.keySource"),
        ("places", "sku.name"),
        ("places", "location"),
        ("multi_zone", "sku.name"),
        ("tags", "tags"),
    ],
)
def test_what_is_not_decided_names_its_property(fact: str, path: str) -> None:
    inputs: dict[str, Any] = {
        "location": "francecentral",
        "sku": {"name": "Standard_LRS"},
        "allowSharedKeyAccess": False,
        "allowedCopyScope": "AAD",
        "encryption": {"keySource": "Microsoft.Storage"},
    }
    whole = bare("azure-native:storage:StorageAccount", inputs)
    assert isinstance(getattr(alone(whole), fact), Known)
    *outer, last = path.split(".")
    holder = inputs.setdefault(outer[0], {}) if outer else inputs
    holder[last] = UNKNOWN
    assert getattr(alone(whole), fact) == Unknown(path)


# Places


@pytest.mark.parametrize(
    ("location", "sku", "expected"),
    [
        ("France Central", "Standard_LRS", [("primary", "francecentral", "FR", False)]),
        (
            "francecentral",
            "Standard_GZRS",
            [("primary", "francecentral", "FR", False), ("replica", "francesouth", "FR", True)],
        ),
        (
            "westeurope",
            "Standard_RAGRS",
            [("primary", "westeurope", "NL", False), ("replica", "northeurope", "IE", True)],
        ),
        (
            "brazilsouth",
            "Standard_GRS",
            [("primary", "brazilsouth", "BR", False), ("replica", "southcentralus", "US", True)],
        ),
        (
            "polandcentral",
            "Standard_GRS",
            [("primary", "polandcentral", "PL", False), ("replica", "", None, True)],
        ),
        ("uksouth", "Premium_LRS", [("primary", "uksouth", "GB", False)]),
        ("Atlantis North", "Standard_LRS", [("primary", "atlantisnorth", None, False)]),
    ],
)
def test_where_an_account_and_its_copies_lie(location: str, sku: str, expected: object) -> None:
    found = account_facts(location=location, sku=storage.SkuArgs(name=sku))
    assert places(found) == expected


def test_every_pair_is_a_region_and_every_site_has_one_of_its_own() -> None:
    assert {region.pair for region in REGIONS.values()} <= {None, *REGIONS}
    assert [place.site for place in PLACES.values()] == list(PLACES)
    assert len({place.name for place in PLACES.values()}) == len(PLACES) == 13


def test_a_resource_without_a_location_lies_where_its_group_does() -> None:
    def body() -> None:
        account(location=None, resource_group_name=group("West Europe").name)

    assert places(one(told(body), Store)) == [("primary", "westeurope", "NL", False)]


def test_a_group_that_is_elsewhere_leaves_the_place_open() -> None:
    assert account_facts(location=None).places == Unknown("location")


def test_a_global_service_lies_in_no_country() -> None:
    def body() -> None:
        operationalinsights.Workspace(
            "logs", workspace_name="logs", resource_group_name="rg", location="global"
        )

    assert places(one(told(body), Store)) == [("log", "global", None, False)]


def test_a_vaults_content_is_copied_to_the_pair() -> None:
    def body(location: str) -> None:
        vault(location=location)

    found = one(told(lambda: body("westeurope")), Store)
    assert places(found)[1] == ("key", "northeurope", "IE", True)
    assert len(places(one(told(lambda: body("polandcentral")), Store))) == 1


def test_a_recovery_vault_is_geo_redundant_by_default() -> None:
    def body(**settings: Any) -> None:
        recoveryservices.Vault(
            "backups",
            vault_name="backups",
            resource_group_name="rg",
            location="westeurope",
            properties=recoveryservices.VaultPropertiesArgs(**settings),
        )

    assert places(one(told(body), Store))[1] == ("backup", "northeurope", "IE", True)
    local = recoveryservices.VaultPropertiesRedundancySettingsArgs(
        standard_tier_storage_redundancy="LocallyRedundant"
    )
    assert len(places(one(told(lambda: body(redundancy_settings=local)), Store))) == 1


# Tokens


@pytest.mark.parametrize("version", ["", "/v20240101", "/v20240101preview"])
def test_a_versioned_token_is_the_same_type(version: str) -> None:
    token = f"azure-native:storage{version}:StorageAccount"
    store = alone(
        bare(
            token,
            {"allowBlobPublicAccess": True, "location": "East US", "sku": {"name": "Standard_LRS"}},
        )
    )
    assert store.type == "azure-native:storage:StorageAccount"
    assert store.public_read == YES
    assert places(store) == [("primary", "eastus", "US", False)]


@pytest.mark.parametrize(
    "token",
    ["azure-native:sql:Server", "azure:storage:Account", "aws:storage:StorageAccount", "Vault"],
)
def test_a_type_that_nobody_listed_is_unclassified(token: str) -> None:
    resource = bare(token, {})
    found = facts(Plan("azure", (resource,)))
    assert found == Facts((), (Unclassified(resource.urn, token),))


@pytest.mark.parametrize("what", sorted({*CLASSES, *PLAIN, *UNTAGGED}))
def test_what_is_listed_exists_in_the_sdk_and_is_tagged_as_there(what: str) -> None:
    module, name = what.split(":")
    made = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    tagged = "tags" in inspect.signature(made._internal_init).parameters
    found = facts(bare(f"azure-native:{what}", {}), Plan("azure", ()))
    assert not isinstance(found, Unclassified)
    assert {item.tags for item in found if item.tags == Known(None)} == (
        set() if tagged else {Known(None)}
    )


def test_every_fact_of_a_store_is_told() -> None:
    """What facts leave out is unknown for ever: only what Azure does not say may be.

    No control asks which addresses a store lets in where private endpoints are to be had.
    """
    found = facts(example())
    left = {
        (store.type.rsplit(":", 1)[-1], field.name)
        for store in found.of(Store)
        for field in fields(store)
        if getattr(store, field.name) is NOT_TOLD and field.name != "allowed"
    }
    assert left == {("Vault", "multi_zone"), ("Workspace", "multi_zone")}


# Segments, and what holds no data


SUBNET_ID = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/n/subnets"
SUBNET = bare("azure-native:network:Subnet", {"subnetName": "s", "virtualNetworkName": "n"})
SERVER = "azure-native:dbforpostgresql:Server"
AKS = "azure-native:containerservice:ManagedCluster"


@pytest.mark.parametrize(
    ("network", "segments"),
    [
        ({"delegatedSubnetResourceId": f"{SUBNET_ID}/s"}, Known((SUBNET.urn,))),
        ({"delegatedSubnetResourceId": f"{SUBNET_ID}/other"}, Known((f"{SUBNET_ID}/other",))),
        ({"delegatedSubnetResourceId": UNKNOWN}, Unknown("network.delegatedSubnetResourceId")),
        (UNKNOWN, Unknown("network.delegatedSubnetResourceId")),
        ({}, Known((None,))),
    ],
)
def test_the_segment_of_a_server(network: Any, segments: Any) -> None:
    server = replace(bare(SERVER, {"network": network, "serverName": "db"}), urn="urn:db")
    assert alone(server, SUBNET).segments == segments


def test_a_server_stands_where_its_private_endpoint_does() -> None:
    server = replace(bare(SERVER, {"serverName": "db"}), urn="urn:db")
    link = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/db"
    values = {
        "subnet": {"id": f"{SUBNET_ID}/s"},
        "privateLinkServiceConnections": [{"privateLinkServiceId": link}],
    }
    endpoint = replace(bare("azure-native:network:PrivateEndpoint", values), urn="urn:end")
    assert alone(server, SUBNET, endpoint).segments == Known((SUBNET.urn,))


@pytest.mark.parametrize(
    ("pools", "segments"),
    [
        ([{"vnetSubnetID": f"{SUBNET_ID}/s"}], Known((SUBNET.urn,))),
        ([{"vnetSubnetID": f"{SUBNET_ID}/s"}, {}], Known((SUBNET.urn, None))),
        ([{"vnetSubnetID": UNKNOWN}], Unknown("agentPoolProfiles")),
        ([], Known(())),
    ],
)
def test_the_segments_of_nodes(pools: Any, segments: Any) -> None:
    cluster = replace(bare(AKS, {"agentPoolProfiles": pools}), urn="urn:aks")
    assert alone(cluster, SUBNET).segments == segments


@pytest.mark.parametrize(
    ("token", "location", "region"),
    [
        ("network:VirtualNetwork", "East US", "eastus"),
        ("network:AzureFirewall", "eastus", "eastus"),
        ("network:FlowLog", "eastus", "eastus"),
        ("network:VirtualNetwork", "global", "global"),
        ("compute:DiskEncryptionSet", "eastus", "eastus"),
        ("privatedns:PrivateZone", "global", None),
        ("network:VirtualNetwork", UNKNOWN, Unknown("location")),
        ("network:VirtualNetwork", None, Unknown("location")),
        ("network:Subnet", None, None),
        ("dataprotection:BackupInstance", None, None),
    ],
)
def test_where_what_holds_no_data_stands(token: str, location: Any, region: Any) -> None:
    found = alone(bare(f"azure-native:{token}", {"location": location})).places
    if isinstance(found, Known):
        assert [place.copy for place in found.value] == [Copy.SERVICE] * (region is not None)
        assert [place.region for place in found.value] == ([] if region is None else [region])
    else:
        assert found == region


# Containers, keys, endpoints, logs and locks


def test_a_public_container_makes_its_account_readable() -> None:
    def body(level: str) -> None:
        storage.BlobContainer(
            "papers",
            account_name=account().name,
            container_name="papers",
            resource_group_name="rg",
            public_access=level,
        )

    found = told(lambda: body("Blob"))
    assert one(found, Store).public_read == YES
    assert [plain.name for plain in found.of(Plain)] == ["papers"]
    assert one(told(lambda: body("None")), Store).public_read == NO


def test_a_container_of_an_account_elsewhere_is_a_store_of_its_own() -> None:
    def body() -> None:
        storage.BlobContainer(
            "papers",
            account_name="elsewhere",
            container_name="papers",
            resource_group_name="rg",
            public_access="Container",
        )

    store = one(told(body), Store)
    assert (store.public_read, store.guarded) == (YES, NO)
    assert store.places == Unknown("accountName")
    assert isinstance(store.reads_logged, Unknown)


def vault(name: str = "kv", **differs: Any) -> keyvault.Vault:
    location = differs.pop("location", "francecentral")
    settings: dict[str, Any] = {
        "sku": keyvault.SkuArgs(family="A", name="standard"),
        "tenant_id": SCOPE.rsplit("/", 1)[-1],
    }
    return keyvault.Vault(
        name,
        vault_name=name,
        resource_group_name="rg",
        location=location,
        properties=keyvault.VaultPropertiesArgs(**(settings | differs)),
    )


def key(name: str, holder: Any = "kv", **properties: Any) -> keyvault.Key:
    return keyvault.Key(
        name,
        key_name=name,
        vault_name=holder,
        resource_group_name="rg",
        properties=keyvault.KeyPropertiesArgs(**({"kty": "RSA"} | properties)),
    )


def own_key(made: keyvault.Key, name: Any = "k1") -> storage.EncryptionArgs:
    return storage.EncryptionArgs(
        key_source="Microsoft.Keyvault",
        key_vault_properties=storage.KeyVaultPropertiesArgs(
            key_name=name, key_vault_uri=made.key_uri.apply(lambda uri: uri.rsplit("/", 2)[0])
        ),
    )


def test_an_accounts_key_is_found_through_what_it_was_computed_from() -> None:
    def body() -> None:
        made = key("k1", vault().name)
        key("k2", "kv")
        account(encryption=own_key(made))

    found = told(body)
    (wanted,) = [item.urn for item in found.of(Key) if item.name == "k1"]
    assert one(found, Store, "store").key == Known(wanted)


def test_of_two_keys_of_one_name_the_vault_decides() -> None:
    def body() -> None:
        for name in ("kv", "kv2"):
            keyvault.Key(
                f"{name}-k",
                key_name="k",
                vault_name=name,
                resource_group_name="rg",
                properties=keyvault.KeyPropertiesArgs(kty="RSA"),
            )
        for name in ("kv2", "kv3"):
            account(
                f"store{name}",
                encryption=storage.EncryptionArgs(
                    key_source="Microsoft.Keyvault",
                    key_vault_properties=storage.KeyVaultPropertiesArgs(
                        key_name="K", key_vault_uri=f"https://{name}.vault.azure.net/"
                    ),
                ),
            )

    found = told(body)
    assert one(found, Store, "storekv2").key == Known(one(found, Key, "kv2-k").urn)
    assert one(found, Store, "storekv3").key == Known("https://kv3.vault.azure.net/keys/K")


def test_a_key_that_could_be_either_is_unknown() -> None:
    def body() -> None:
        first, second = key("k1"), key("k2")
        either = pulumi.Output.all(first.key_uri, second.key_uri).apply(lambda uris: uris[0])
        storage.StorageAccount(
            "store",
            account_name="store",
            resource_group_name="rg",
            location="francecentral",
            kind="StorageV2",
            sku=storage.SkuArgs(name="Standard_LRS"),
            encryption=storage.EncryptionArgs(
                key_source="Microsoft.Keyvault",
                key_vault_properties=storage.KeyVaultPropertiesArgs(
                    key_name="k1", key_vault_uri=either
                ),
            ),
        )

    assert one(told(body), Store).key == Unknown("encryption.keyVaultProperties.keyVaultUri")


@pytest.mark.parametrize(("bound", "has_key"), [(True, True), (False, False)])
def test_a_scope_is_the_key_only_if_containers_are_bound_to_it(bound: bool, has_key: bool) -> None:
    def body() -> None:
        made, made_key = account(), key("k1")
        scope = storage.EncryptionScope(
            "scope",
            account_name=made.name,
            encryption_scope_name="scope",
            resource_group_name="rg",
            source="Microsoft.KeyVault",
            key_vault_properties=storage.EncryptionScopeKeyVaultPropertiesArgs(
                key_uri=made_key.key_uri
            ),
        )
        storage.BlobContainer(
            "papers",
            account_name=made.name,
            container_name="papers",
            resource_group_name="rg",
            default_encryption_scope=scope.name,
            deny_encryption_scope_override=bound,
        )

    found = told(body)
    assert one(found, Store).key == Known(one(found, Key).urn if has_key else None)


def endpoint(target: pulumi.Input[str]) -> network.PrivateEndpoint:
    return network.PrivateEndpoint(
        "pe",
        private_endpoint_name="pe",
        resource_group_name="rg",
        location="francecentral",
        private_link_service_connections=[
            network.PrivateLinkServiceConnectionArgs(
                name="blob", group_ids=["blob"], private_link_service_id=target
            )
        ],
        subnet=network.SubnetArgs(id=f"{SCOPE}/x"),
    )


@pytest.mark.parametrize(("access", "expected"), [("Disabled", YES), ("Enabled", NO), (None, NO)])
def test_an_endpoint_makes_an_account_private_only_if_nothing_else_answers(
    access: str | None, expected: Known[bool]
) -> None:
    def body() -> None:
        endpoint(account(public_network_access=access).id)
        account("other", public_network_access="Disabled")

    found = told(body)
    assert one(found, Store, "store").private_endpoint == expected
    assert one(found, Store, "other").private_endpoint == NO


def watch(uri: pulumi.Input[str], *categories: str, group: str | None = None) -> None:
    logs = [monitor.DiagnosticsLogSettingsArgs(category=c, enabled=True) for c in categories]
    if group:
        logs.append(monitor.DiagnosticsLogSettingsArgs(category_group=group, enabled=True))
    monitor.DiagnosticSetting(
        "watch", name="watch", resource_uri=uri, workspace_id=f"{SCOPE}/w", logs=logs
    )


BLOBS = "/blobServices/default"


@pytest.mark.parametrize(
    ("service", "categories", "group", "expected"),
    [
        (BLOBS, ("StorageRead", "StorageWrite", "StorageDelete"), None, YES),
        (BLOBS, ("StorageRead", "StorageWrite"), None, NO),
        (BLOBS, (), "allLogs", YES),
        ("/fileServices/default", (), "allLogs", NO),
    ],
)
def test_reads_are_logged_where_every_category_is_sent(
    service: str, categories: tuple[str, ...], group: str | None, expected: Known[bool]
) -> None:
    def body() -> None:
        account()
        watch(
            f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store{service}",
            *categories,
            group=group,
        )

    assert one(told(body), Store).reads_logged == expected


def test_a_category_that_is_not_enabled_is_not_logged() -> None:
    def body() -> None:
        off = monitor.DiagnosticsLogSettingsArgs(category_group="allLogs", enabled=False)
        uri = account().id.apply(lambda urn: f"{urn}{BLOBS}")
        monitor.DiagnosticSetting("watch", resource_uri=uri, logs=[off])

    assert one(told(body), Store).reads_logged == NO


def test_a_setting_on_an_identifier_to_come_watches_what_it_was_computed_from() -> None:
    def body() -> None:
        made = account()
        account("other")
        watch(made.id.apply(lambda urn: f"{urn}{BLOBS}"), group="audit")

    found = told(body)
    assert one(found, Store, "store").reads_logged == YES
    assert one(found, Store, "other").reads_logged == NO
    route = one(found, LogRoute)
    assert route.sources == Known((one(found, Store, "store").urn,))
    assert route.sinks == Known((f"{SCOPE}/w",))


def test_where_logs_go_is_a_store_of_logs() -> None:
    def body() -> None:
        made = account()
        monitor.SubscriptionDiagnosticSetting(
            "activity",
            name="activity",
            storage_account_id=made.id,
            logs=[monitor.SubscriptionLogSettingsArgs(category="Administrative", enabled=True)],
        )

    store = one(told(body), Store)
    assert store.holding is Holding.LOGS
    assert places(store)[0][0] == Copy.LOG
    assert store.administration_logged == YES


@pytest.mark.parametrize("level", ["CanNotDelete", "NotSpecified"])
def test_a_lock_guards_what_is_in_its_scope(level: str) -> None:
    def body() -> None:
        made = group()
        authorization.ManagementLockByScope("lock", level=level, scope=made.id)
        account(resource_group_name=made.name)
        account("elsewhere", resource_group_name="other")

    found = told(body)
    assert one(found, Store, "store").guarded == Known(level == "CanNotDelete")
    assert one(found, Store, "elsewhere").guarded == NO


def test_a_lock_of_something_inside_guards_nothing_else() -> None:
    def body() -> None:
        account()
        inside = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store/x/y"
        authorization.ManagementLockByScope("lock", level="CanNotDelete", scope=inside)

    assert one(told(body), Store).guarded == NO


def test_an_account_is_guarded_as_its_containers_are() -> None:
    def body() -> None:
        made = account(opts=pulumi.ResourceOptions(protect=True))
        storage.BlobContainer("papers", account_name=made.name, resource_group_name="rg")

    assert one(told(body), Store).guarded == NO
    assert account_facts(opts=pulumi.ResourceOptions(protect=True)).guarded == YES


@pytest.mark.parametrize(("state", "locked"), [("Locked", 90), ("Unlocked", 0), ("Disabled", 0)])
def test_only_a_locked_policy_locks(state: str, locked: int) -> None:
    found = account_facts(
        immutable_storage_with_versioning=storage.ImmutableStorageAccountArgs(
            enabled=True,
            immutability_policy=storage.AccountImmutabilityPolicyPropertiesArgs(
                state=state, immutability_period_since_creation_in_days=90
            ),
        )
    )
    assert found.locked_days == Known(locked)


def promised(
    *rules: dict[str, Any], versions: Any = True, undelete: Any = 7
) -> tuple[Any, Any, Any]:
    """Recoverable, earlier versions and expiry of an account, by what stands next to it."""
    service = {
        "accountName": "store",
        "isVersioningEnabled": versions,
        "deleteRetentionPolicy": {"enabled": undelete is not None, "days": undelete},
    }
    policy = {"accountName": "store", "policy": {"rules": list(rules)}}
    store = alone(
        bare("azure-native:storage:StorageAccount", {"accountName": "store"}),
        bare("azure-native:storage:BlobServiceProperties", service),
        bare("azure-native:storage:ManagementPolicy", policy),
    )
    return store.recoverable_days, store.version_days, store.expire_days


def ends(base: Any = None, version: Any = None, **filters: Any) -> dict[str, Any]:
    """A rule of a lifecycle."""
    actions: dict[str, Any] = {}
    if base is not None:
        clock = base if isinstance(base, dict) else {"daysAfterModificationGreaterThan": base}
        actions["baseBlob"] = {"delete": clock}
    if version is not None:
        actions["version"] = {"delete": {"daysAfterCreationGreaterThan": version}}
    return {"enabled": True, "definition": {"actions": actions, "filters": filters}}


FIRST = "policy.rules"
SOME = Unknown("policy.rules[].definition.filters")
OTHER_CLOCK = Unknown("policy.rules[].definition.actions.baseBlob.delete")


@pytest.mark.parametrize(
    ("rules", "recoverable", "version", "expiry"),
    [
        ((), None, None, None),
        ((ends(90),), None, None, 90),
        # A version of any age may be replaced today, and go today: only soft delete is left.
        ((ends(None, 3650),), 7, 0, None),
        # None is older than 90 days when it is replaced; a lifecycle may be 7 days late.
        ((ends(90, 127),), 37, 30, 90),
        ((ends(90, 97),), 7, 0, 90),
        ((ends(90, 40),), 7, 0, 90),
        ((ends(90, 127), ends(60)), 67, 60, 60),
        ((ends(90, 127), ends(None, 100)), 10, 3, 90),
        # A rule for some blobs bounds no age, and may delete earlier.
        ((ends(90, 127, prefixMatch=["a"]),), 7, 0, SOME),
        ((ends(90, 127), ends(60, prefixMatch=["a"])), 37, 30, SOME),
        ((ends(90, 127), ends(95, blobIndexMatch=[{"name": "x"}])), 37, 30, 90),
        ((ends(90, 127, blobTypes=["blockBlob"]),), 37, 30, 90),
        ((ends(90, blobTypes=["appendBlob"]),), None, None, SOME),
        ((ends({"daysAfterLastAccessTimeGreaterThan": 9}),), None, None, OTHER_CLOCK),
        (({**ends(90, 127), "enabled": False},), None, None, None),
        ((ends(90, UNKNOWN),), Unknown(FIRST), Unknown(FIRST), Unknown(FIRST)),
    ],
)
def test_a_version_is_kept_from_its_replacement(
    rules: tuple[Any, ...], recoverable: Any, version: Any, expiry: Any
) -> None:
    wanted = (recoverable, version, expiry)
    assert promised(*rules) == tuple(w if isinstance(w, Unknown) else Known(w) for w in wanted)


@pytest.mark.parametrize(("undelete", "days"), [(30, 30), (None, 0)])
def test_without_versions_soft_delete_is_what_can_be_recovered(
    undelete: int | None, days: int
) -> None:
    found = promised(ends(90, 127), versions=False, undelete=undelete)
    assert found == (Known(days), Known(0), Known(90))


def test_what_a_service_withholds_is_not_recoverable_for_certain() -> None:
    recoverable, version, expiry = promised(ends(90), versions=UNKNOWN)
    assert isinstance(recoverable, Unknown)
    assert isinstance(version, Unknown)
    assert expiry == Known(90)


# Keys


def rotation(expiry: str | None = None, **trigger: str) -> keyvault.RotationPolicyArgs:
    return keyvault.RotationPolicyArgs(
        attributes=keyvault.KeyRotationPolicyAttributesArgs(expiry_time=expiry),
        lifetime_actions=[
            keyvault.LifetimeActionArgs(
                action=keyvault.ActionArgs(type="rotate"), trigger=keyvault.TriggerArgs(**trigger)
            )
        ],
    )


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, None),
        ({"time_after_create": "P6M"}, 180),
        ({"expiry": "P2Y", "time_before_expiry": "P30D"}, 700),
    ],
)
def test_a_key_renews_itself_only_by_its_policy(
    policy: dict[str, str] | None, expected: int | None
) -> None:
    def body() -> None:
        made = vault(soft_delete_retention_in_days=7)
        key("k1", made.name, rotation_policy=rotation(**policy) if policy else None, kty="EC-HSM")

    found = one(told(body), Key)
    assert found.rotation_days == Known(expected)
    assert (found.hsm, found.deletion_days, found.purge_guarded) == (YES, Known(7), NO)
    assert found.use_logged == NO


def test_keys_of_a_vault_elsewhere_leave_open_what_it_decides() -> None:
    found = one(told(lambda: key("k1")), Key)
    assert found.hsm == NO
    for fact in (found.deletion_days, found.purge_guarded, found.use_logged, found.places):
        assert fact == Unknown("vaultName")


def test_access_policies_are_grants() -> None:
    def body() -> None:
        vault(
            access_policies=[
                keyvault.AccessPolicyEntryArgs(
                    object_id="someone",
                    tenant_id="t",
                    permissions=keyvault.PermissionsArgs(keys=["get", "wrapKey", "purge"]),
                )
            ]
        )

    grant = one(told(body), Grant)
    assert grant.identity == Known("someone")
    assert grant.rights == Known(frozenset({Right.USE_KEYS, Right.MANAGE_KEYS}))


# PostgreSQL


def server(**differs: Any) -> dbforpostgresql.Server:
    settings: dict[str, Any] = {
        "server_name": "db",
        "resource_group_name": "rg",
        "location": "westeurope",
        "version": "16",
    }
    return dbforpostgresql.Server("db", **(settings | differs))


def parameter(made: dbforpostgresql.Server, name: str, value: pulumi.Input[str]) -> None:
    dbforpostgresql.Configuration(
        name, configuration_name=name, server_name=made.name, resource_group_name="rg", value=value
    )


def test_a_server_that_says_nothing_is_public_and_has_a_password() -> None:
    found = told(server)
    store = one(found, Store)
    assert (store.engine, store.holding) == (Known("postgresql 16"), Holding.DATABASE)
    assert (store.public_endpoint, store.private_endpoint) == (YES, NO)
    assert (store.tls_minimum, store.backup_days) == (Known("1.2"), Known(7))
    assert (store.multi_zone, store.reads_logged, store.key) == (NO, NO, Known(None))
    assert one(found, Credential).expires == Known(None)


def test_a_server_in_a_subnet_has_no_public_address() -> None:
    def body() -> None:
        made = network.Subnet(
            "db-net", subnet_name="db", virtual_network_name="net", resource_group_name="rg"
        )
        server(network=dbforpostgresql.NetworkArgs(delegated_subnet_resource_id=made.id))

    store = one(told(body), Store)
    assert (store.public_endpoint, store.private_endpoint) == (NO, YES)
    open_ = bare("azure-native:dbforpostgresql:Server", {"network": UNKNOWN})
    assert isinstance(alone(open_).public_endpoint, Unknown)
    assert isinstance(alone(open_).private_endpoint, Unknown)


def test_geo_redundant_backups_land_in_the_pair() -> None:
    backup = dbforpostgresql.BackupArgs(geo_redundant_backup="Enabled", backup_retention_days=14)
    store = one(told(lambda: server(backup=backup)), Store)
    assert places(store) == [
        ("primary", "westeurope", "NL", False),
        ("backup", "westeurope", "NL", True),
        ("backup", "northeurope", "IE", True),
    ]
    assert store.backup_days == Known(14)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("require_secure_transport", "OFF", None),
        ("ssl_min_protocol_version", "TLSv1.3", "1.3"),
        ("ssl_min_protocol_version", "TLSv1.1", "1.1"),
    ],
)
def test_a_servers_tls_is_that_of_its_parameters(
    name: str, value: str, expected: str | None
) -> None:
    store = one(told(lambda: parameter(server(), name, value)), Store)
    assert store.tls_minimum == Known(expected)


def test_parameters_that_nobody_knows_yet_are_not_the_default() -> None:
    store = one(
        told(lambda: parameter(server(), "require_secure_transport", account().id)), Store, "db"
    )
    assert isinstance(store.tls_minimum, Unknown)
    resource = bare("azure-native:dbforpostgresql:Server", {"location": UNKNOWN})
    orphan = bare(
        "azure-native:dbforpostgresql:Configuration",
        {"configurationName": "require_secure_transport", "serverName": UNKNOWN, "value": "off"},
    )
    found = alone(resource, replace(orphan, urn="urn:other"))
    assert found.tls_minimum == Unknown("require_secure_transport")
    assert found.engine == Unknown("version")


@pytest.mark.parametrize(("classes", "expected"), [("all", YES), ("read, write", YES), ("ddl", NO)])
def test_statements_are_logged_by_pgaudit(classes: str, expected: Known[bool]) -> None:
    def body() -> None:
        made = server()
        parameter(made, "shared_preload_libraries", "pg_cron,pgaudit")
        parameter(made, "pgaudit.log", classes)
        parameter(made, "log_connections", "on")
        watch(made.id, "PostgreSQLLogs")

    assert one(told(body), Store).reads_logged == expected


# Networks


def security_group(**settings: Any) -> network.NetworkSecurityGroup:
    base: dict[str, Any] = {
        "name": "r",
        "access": "Allow",
        "direction": "Inbound",
        "protocol": "Tcp",
        "priority": 100,
        "source_port_range": "*",
        "source_address_prefix": "0.0.0.0/0",
        "destination_address_prefix": "*",
    }
    return network.NetworkSecurityGroup(
        "nsg",
        network_security_group_name="nsg",
        resource_group_name="rg",
        location="francecentral",
        security_rules=[network.SecurityRuleArgs(**(base | settings))],
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"destination_port_ranges": ["22", "5432"]},
            Rule(True, True, ("0.0.0.0/0",), ((22, 22), (5432, 5432)), 100),
        ),
        (
            {"destination_port_range": "*", "source_address_prefix": "Internet"},
            Rule(True, True, ("*",), (), 100),
        ),
        (
            {
                "destination_port_range": "8000-8080",
                "direction": "Outbound",
                "destination_address_prefix": "Storage",
                "access": "Deny",
            },
            Rule(False, False, ("Storage",), ((8000, 8080),), 100),
        ),
    ],
)
def test_security_rules(settings: dict[str, Any], expected: Rule) -> None:
    assert one(told(lambda: security_group(**settings)), Network).rules == Known((expected,))


def test_a_rule_on_its_own_is_its_groups() -> None:
    def body() -> None:
        made = security_group(destination_port_range="443")
        network.SecurityRule(
            "open",
            network_security_group_name=made.name,
            resource_group_name="rg",
            access="Allow",
            direction="Inbound",
            protocol="*",
            priority=90,
            source_address_prefix="*",
            destination_address_prefix="*",
            destination_port_range="22",
        )

    plan = planned(body)
    rules = one(facts(plan), Network).rules
    assert [rule.ports for rule in rules.value] == [((22, 22),), ((443, 443),)]

    own = next(r for r in plan.resources if r.name == "open")
    withheld = replace(own, inputs={**own.inputs, "sourceAddressPrefix": UNKNOWN})
    others = tuple(r for r in plan.resources if r.name != "open")
    found = facts(Plan("azure", (*others, withheld)))
    assert one(found, Network).rules == Unknown("sourceAddressPrefix")
    assert alone(own).rules.value[0].ports == ((22, 22),)  # of a group elsewhere


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"access": "Deny", "direction": "Outbound", "destination_port_range": "*"}, YES),
        ({"access": "Deny", "direction": "Outbound", "destination_port_range": "25"}, NO),
        ({"access": "Allow", "direction": "Outbound", "destination_port_range": "*"}, NO),
        ({"destination_port_range": "443"}, NO),
    ],
)
def test_a_segments_egress_is_refused_by_a_rule_that_refuses_all(
    settings: dict[str, Any], expected: Known[bool]
) -> None:
    def body() -> None:
        made = security_group(**settings)
        network.Subnet(
            "compute",
            subnet_name="compute",
            virtual_network_name="net",
            resource_group_name="rg",
            network_security_group=network.NetworkSecurityGroupArgs(id=made.id),
        )

    found = one(told(body), Network, "compute")
    assert (found.segment, found.egress_denied, found.flows_logged) == ("compute", expected, NO)


@pytest.mark.parametrize(
    ("hop", "expected"),
    [("None", YES), ("Internet", NO), ("VirtualAppliance", Unknown("routeTable.id"))],
)
def test_a_segments_egress_follows_its_routes(hop: str, expected: object) -> None:
    def body() -> None:
        table = network.RouteTable(
            "routes",
            route_table_name="routes",
            resource_group_name="rg",
            location="francecentral",
            routes=[network.RouteArgs(name="out", address_prefix="0.0.0.0/0", next_hop_type=hop)],
        )
        network.Subnet(
            "compute",
            subnet_name="compute",
            virtual_network_name="net",
            resource_group_name="rg",
            route_table=network.RouteTableArgs(id=table.id),
        )

    assert one(told(body), Network, "compute").egress_denied == expected


@pytest.mark.parametrize(("host", "expected"), [("mirror.example", YES), ("*", NO)])
def test_a_firewall_refuses_unless_a_rule_lets_everything_out(
    host: str, expected: Known[bool]
) -> None:
    def body() -> None:
        policy = network.FirewallPolicy(
            "policy", firewall_policy_name="policy", resource_group_name="rg", location="x"
        )
        network.FirewallPolicyRuleCollectionGroup(
            "list",
            rule_collection_group_name="list",
            firewall_policy_name=policy.name,
            resource_group_name="rg",
            priority=100,
            rule_collections=[
                network.FirewallPolicyFilterRuleCollectionArgs(
                    rule_collection_type="FirewallPolicyFilterRuleCollection",
                    name="c",
                    priority=100,
                    action=network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
                    rules=[
                        network.ApplicationRuleArgs(
                            rule_type="ApplicationRule", name="r", target_fqdns=[host]
                        )
                    ],
                )
            ],
        )
        network.AzureFirewall(
            "firewall",
            azure_firewall_name="firewall",
            resource_group_name="rg",
            location="x",
            firewall_policy=network.SubResourceArgs(id=policy.id),
        )

    found = told(body)
    assert one(found, Network, "firewall").egress_denied == expected
    assert one(found, Network, "firewall").flows_logged == NO
    assert one(found, Network, "list").rules.value[0].addresses == (host,)


def test_flows_are_logged_where_a_flow_log_is_enabled() -> None:
    def body(enabled: bool) -> None:
        made = network.VirtualNetwork(
            "net", virtual_network_name="net", resource_group_name="rg", location="francecentral"
        )
        network.Subnet(
            "compute",
            subnet_name="compute",
            virtual_network_name=made.name,
            resource_group_name="rg",
        )
        network.FlowLog(
            "flows",
            network_watcher_name="w",
            resource_group_name="rg",
            target_resource_id=made.id,
            storage_id=account().id,
            enabled=enabled,
        )

    for enabled in (True, False):
        found = told(lambda enabled=enabled: body(enabled))
        assert {n.flows_logged for n in found.of(Network)} == {Known(enabled)}
        assert one(found, Store).holding is Holding.LOGS


# Grants


def assign(role: str, scope: pulumi.Input[str], **differs: Any) -> None:
    identity = managedidentity.UserAssignedIdentity(
        "reader",
        resource_name_="reader",
        resource_group_name="rg",
        location="francecentral",
        tags={"project": "cohort"},
    )
    authorization.RoleAssignment(
        "grant",
        principal_id=differs.pop("principal_id", identity.principal_id),
        role_definition_id=f"{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{role}",
        scope=scope,
        **differs,
    )


OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def test_a_project_that_owns_the_group_owns_what_is_in_it() -> None:
    def body() -> None:
        made = group()
        account(resource_group_name=made.name)
        account("elsewhere", resource_group_name="other")
        assign(OWNER, made.id)

    found = told(body)
    grant = one(found, Grant)
    assert grant.rights == Known(frozenset({Right.EVERYTHING}))
    assert (grant.project, grant.expires) == ("cohort", Known(None))
    assert one(found, Store, "store").urn in grant.targets.value
    assert str(grant.identity.value).endswith("::reader")


def test_a_grant_on_the_subscription_reaches_everything() -> None:
    def body() -> None:
        account()
        key("k1", vault().name)
        assign(OWNER, SCOPE)

    found = told(body)
    reached = {item.urn for item in [*found.of(Store), *found.of(Key)]}
    assert set(one(found, Grant).targets.value) == {SCOPE, *reached}


@pytest.mark.parametrize("inside", ["", f"{BLOBS}/containers/papers"])
def test_a_container_is_granted_as_its_account(inside: str) -> None:
    def body() -> None:
        made = account()
        storage.BlobContainer(
            "papers", account_name=made.name, container_name="papers", resource_group_name="rg"
        )
        scope = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store"
        assign(Role.BLOB_READER, f"{scope}{inside}")

    found = told(body)
    grant = one(found, Grant)
    assert grant.targets == Known((one(found, Store).urn,))
    assert grant.rights == Known(frozenset({Right.READ}))


@pytest.mark.parametrize("role", ["00000000-0000-0000-0000-000000000000", "custom"])
def test_a_role_that_nobody_knows_is_not_harmless(role: str) -> None:
    found = one(told(lambda: assign(role, SCOPE)), Grant)
    assert found.rights == Unknown("roleDefinitionId")


def test_every_role_that_the_parts_grant_is_known() -> None:
    assert set(Role) <= set(ROLES)


READS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
ENDS = f"((!(ActionMatches{{'{READS}'}})) OR (@Environment[UtcNow] DateTimeLessThan '%s'))"


@pytest.mark.parametrize(
    ("role", "condition", "expected"),
    [
        (Role.BLOB_READER, ENDS % "2028-07-01T00:00:00.0Z", dt.date(2028, 6, 30)),
        (Role.BLOB_READER, ENDS % "2028-07-01T12:00:00Z", dt.date(2028, 7, 1)),
        (Role.BLOB_CONTRIBUTOR, ENDS % "2028-07-01T00:00:00.0Z", None),
        (Role.BLOB_READER, ENDS % "2028-07-01T00:00:00.0Z" + " OR (true)", None),
        (Role.BLOB_READER, None, None),
    ],
)
def test_a_grant_ends_with_a_condition_that_ends_all_it_allows(
    role: Role, condition: str | None, expected: dt.date | None
) -> None:
    found = one(told(lambda: assign(role, SCOPE, condition=condition)), Grant)
    assert found.expires == Known(expected)


def test_a_principal_that_is_none_of_the_plans_is_named_as_written() -> None:
    found = one(told(lambda: assign(OWNER, SCOPE, principal_id="a-person")), Grant)
    assert (found.identity, found.project) == (Known("a-person"), "")


# Cluster, registry, logs, disks


def test_a_cluster_that_says_nothing_is_public() -> None:
    def body() -> None:
        containerservice.ManagedCluster(
            "aks",
            resource_name_="aks",
            resource_group_name="rg",
            location="eastus",
            agent_pool_profiles=[
                containerservice.ManagedClusterAgentPoolProfileArgs(
                    name="n", enable_node_public_ip=True, availability_zones=["1"]
                )
            ],
        )

    found = one(told(body), Compute)
    assert (found.public_api, found.local_accounts, found.secrets_key) == (YES, YES, Known(None))
    assert (found.private_nodes, found.multi_zone, found.allowed) == (NO, NO, Known(()))
    assert found.engine == Unknown("kubernetesVersion")
    assert places(found) == [("compute", "eastus", "US", False)]


def test_a_registry_that_says_nothing_exports_and_is_public() -> None:
    def body() -> None:
        made = containerregistry.Registry(
            "acr",
            registry_name="acr",
            resource_group_name="rg",
            location="francecentral",
            sku=containerregistry.SkuArgs(name="Premium"),
            anonymous_pull_enabled=True,
            admin_user_enabled=True,
        )
        containerregistry.Replication(
            "copy", registry_name=made.name, resource_group_name="rg", location="eastus"
        )

    found = one(told(body), Store)
    assert (found.public_read, found.shared_keys, found.cross_tenant) == (YES, YES, YES)
    assert places(found)[1] == ("replica", "eastus", "US", False)


def test_logs_are_kept_as_long_as_the_shortest_table() -> None:
    def body() -> None:
        made = operationalinsights.Workspace(
            "logs",
            workspace_name="logs",
            resource_group_name="rg",
            location="francecentral",
            retention_in_days=365,
        )
        operationalinsights.Table(
            "table",
            table_name="t",
            workspace_name=made.name,
            resource_group_name="rg",
            total_retention_in_days=90,
        )

    found = one(told(body), Store)
    assert (found.retention_days, found.public_endpoint, found.shared_keys) == (Known(90), YES, YES)


def test_a_disks_key_is_that_of_its_set() -> None:
    def body() -> None:
        made = key("k1")
        group_ = compute.DiskEncryptionSet(
            "set",
            disk_encryption_set_name="set",
            resource_group_name="rg",
            location="francecentral",
            active_key=compute.KeyForDiskEncryptionSetArgs(key_url=made.key_uri_with_version),
        )
        compute.Disk(
            "disk",
            disk_name="disk",
            resource_group_name="rg",
            location="francecentral",
            creation_data=compute.CreationDataArgs(create_option="Empty"),
            encryption=compute.EncryptionArgs(disk_encryption_set_id=group_.id),
        )

    found = told(body)
    disk = one(found, Store)
    assert (disk.holding, disk.key) == (Holding.VOLUME, Known(one(found, Key).urn))
    assert disk.public_endpoint == YES


# The whole of an example


@lru_cache(maxsize=1)
def example() -> Plan:
    settings = read_settings(provider, SETTINGS["azure"])
    spec = load(EXAMPLE).warehouse
    return evaluate(program(spec, provider, settings), project="p", stack="s", provider="azure")


def test_every_resource_of_the_example_is_classified_and_placed() -> None:
    plan = example()
    found = provider.facts(plan)
    assert found.unclassified == ()
    assert {item.urn for item in found.items} == {r.urn for r in plan.resources if r.custom}
    for item in [*found.of(Store), *found.of(Key), *found.of(Compute)]:
        assert {country for _, _, country, _ in places(item)} == {"FR"}, item.name


def test_every_zone_of_the_example_has_a_key_of_its_own() -> None:
    found = provider.facts(example())
    zones = {store.zone: store for store in found.of(Store) if store.zone}
    names = {urn: item.name for item in found.of(Key) for urn in [item.urn]}
    for zone, store in zones.items():
        assert isinstance(store.key, Known)
        assert names[str(store.key.value)] == f"emc2-production-zone-{zone}-key"
        assert (store.private_endpoint, store.reads_logged, store.guarded) == (YES, YES, YES)
    database = one(found, Store, "emc2-production-database")
    assert names[str(database.key.value)] == "emc2-production-database-key"


def test_projects_of_the_example_read_their_zones_until_their_end() -> None:
    found = provider.facts(example())
    zones = {store.urn: store.zone for store in found.of(Store)}
    for name, project in load(EXAMPLE).warehouse.projects.items():
        grants = [grant for grant in found.of(Grant) if grant.project == name]
        targets = [urn for grant in grants for urn in grant.targets.value]  # type: ignore[union-attr]
        assert sorted(zones[urn] for urn in targets) == sorted(project.zones)
        assert {grant.expires for grant in grants} == {Known(project.expires)}
        assert {grant.rights for grant in grants} == {Known(frozenset({Right.READ}))}


@pytest.mark.parametrize(
    ("end", "inputs", "kind", "fact", "expected"),
    [
        ("zone-curated", {"sku": {"name": "Standard_LRS"}}, Store, "multi_zone", NO),
        ("zone-curated", {"encryption": UNKNOWN}, Store, "key", Unknown("encryption.keySource")),
        (
            "vault",
            {"properties": UNKNOWN},
            Store,
            "public_endpoint",
            Unknown("properties.publicNetworkAccess"),
        ),
        (
            "database",
            {"backup": UNKNOWN},
            Store,
            "backup_days",
            Unknown("backup.backupRetentionDays"),
        ),
        ("database", {"version": "11"}, Store, "engine", Known("postgresql 11")),
        ("cluster", {"kubernetesVersion": "1.20"}, Compute, "engine", Known("kubernetes 1.20")),
        ("cluster", {"securityProfile": {}}, Compute, "secrets_key", Known(None)),
        ("logs", {"retentionInDays": 30}, Store, "retention_days", Known(30)),
        ("flows", {"enabled": False}, Network, "flows_logged", NO),
        (
            "backup",
            {"properties": {"storageSettings": [{"type": "LocallyRedundant"}]}},
            Store,
            "key",
            Known(None),
        ),
    ],
)
def test_a_changed_input_of_the_example_changes_its_fact(
    end: str, inputs: dict[str, Any], kind: type, fact: str, expected: object
) -> None:
    name = f"emc2-production-{end}"
    about = "emc2-production-network" if end == "flows" else name
    plan = example()
    changed = replace(
        plan,
        resources=tuple(
            replace(r, inputs={**r.inputs, **inputs}) if r.name == name else r
            for r in plan.resources
        ),
    )
    assert getattr(one(facts(plan), kind, about), fact) != expected
    assert getattr(one(facts(changed), kind, about), fact) == expected
