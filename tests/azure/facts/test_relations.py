"""Containers, keys, endpoints, logs and locks."""

from typing import Any

import pulumi
import pytest
from pulumi_azure_native import (
    authorization,
    keyvault,
    monitor,
    storage,
)

from havre.facts import Known, Unknown
from havre.facts.model import Copy, Holder, Key, LogRoute
from havre.facts.stores import DataStore, LogStore
from havre.plan.values import UNKNOWN
from tests.azure.facts.resources import (
    BLOBS,
    NO,
    SCOPE,
    YES,
    account,
    account_facts,
    alone,
    bare,
    endpoint,
    group,
    key,
    one,
    places,
    told,
    vault,
    watch,
)


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
    assert one(found, DataStore).public_read == YES
    assert [part.name for part in found.of(Holder)] == ["papers"]
    assert one(told(lambda: body("None")), DataStore).public_read == NO


def test_a_container_of_an_account_elsewhere_is_a_store_of_its_own() -> None:
    def body() -> None:
        storage.BlobContainer(
            "papers",
            account_name="elsewhere",
            container_name="papers",
            resource_group_name="rg",
            public_access="Container",
        )

    store = one(told(body), DataStore)
    assert (store.public_read, store.guarded) == (YES, NO)
    assert store.places == Unknown("accountName")
    assert isinstance(store.reads_logged, Unknown)


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
    assert one(found, DataStore, "store").key == Known(wanted)


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
    assert one(found, DataStore, "storekv2").key == Known(one(found, Key, "kv2-k").urn)
    assert one(found, DataStore, "storekv3").key == Known("https://kv3.vault.azure.net/keys/K")


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

    assert one(told(body), DataStore).key == Unknown("encryption.keyVaultProperties.keyVaultUri")


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
    assert one(found, DataStore).key == Known(one(found, Key).urn if has_key else None)


@pytest.mark.parametrize(("access", "expected"), [("Disabled", YES), ("Enabled", NO), (None, NO)])
def test_an_endpoint_makes_an_account_private_only_if_nothing_else_answers(
    access: str | None, expected: Known[bool]
) -> None:
    def body() -> None:
        endpoint(account(public_network_access=access).id)
        account("other", public_network_access="Disabled")

    found = told(body)
    assert one(found, DataStore, "store").private_endpoint == expected
    assert one(found, DataStore, "other").private_endpoint == NO


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

    assert one(told(body), DataStore).reads_logged == expected


def test_a_category_that_is_not_enabled_is_not_logged() -> None:
    def body() -> None:
        off = monitor.DiagnosticsLogSettingsArgs(category_group="allLogs", enabled=False)
        uri = account().id.apply(lambda urn: f"{urn}{BLOBS}")
        monitor.DiagnosticSetting("watch", resource_uri=uri, logs=[off])

    assert one(told(body), DataStore).reads_logged == NO


def test_a_setting_on_an_identifier_to_come_watches_what_it_was_computed_from() -> None:
    def body() -> None:
        made = account()
        account("other")
        watch(made.id.apply(lambda urn: f"{urn}{BLOBS}"), group="audit")

    found = told(body)
    assert one(found, DataStore, "store").reads_logged == YES
    assert one(found, DataStore, "other").reads_logged == NO
    route = one(found, LogRoute)
    assert route.sources == Known((one(found, DataStore, "store").urn,))
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

    store = one(told(body), DataStore)
    assert isinstance(store, LogStore)
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
    assert one(found, DataStore, "store").guarded == Known(level == "CanNotDelete")
    assert one(found, DataStore, "elsewhere").guarded == NO


def test_a_lock_of_something_inside_guards_nothing_else() -> None:
    def body() -> None:
        account()
        inside = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store/x/y"
        authorization.ManagementLockByScope("lock", level="CanNotDelete", scope=inside)

    assert one(told(body), DataStore).guarded == NO


def test_an_account_is_guarded_as_its_containers_are() -> None:
    def body() -> None:
        made = account(opts=pulumi.ResourceOptions(protect=True))
        storage.BlobContainer("papers", account_name=made.name, resource_group_name="rg")

    assert one(told(body), DataStore).guarded == NO
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
AGE = "policy.rules[].definition.actions.version.delete.daysAfterCreationGreaterThan"
CLOCK = "policy.rules[].definition.actions.baseBlob.delete.daysAfterModificationGreaterThan"


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
        ((ends(90, UNKNOWN),), Unknown(AGE), Unknown(AGE), 90),
        ((UNKNOWN,), Unknown(FIRST), Unknown(FIRST), Unknown(FIRST)),
        ((ends(90), UNKNOWN), Unknown(FIRST), Unknown(FIRST), Unknown(FIRST, Known(90))),
        (({**ends(90), "enabled": UNKNOWN},), None, None, Unknown(CLOCK)),
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
