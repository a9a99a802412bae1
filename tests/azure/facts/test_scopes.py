"""What grants and locks reach: the same whether a group is in the plan or only named."""

from dataclasses import replace
from typing import Any

import pytest

from havre.facts import Facts, Known
from havre.facts.model import Grant
from havre.facts.stores import DataStore
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN
from havre_azure.facts import facts
from tests.azure.facts.resources import NO, SCOPE, YES

N = "azure-native:"
ROLE = "/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"
RG, OTHER = f"{SCOPE}/resourceGroups/rg", f"{SCOPE}/resourceGroups/other"
ELSEWHERE = "/subscriptions/99999999-2222-4333-8444-555555555555/resourceGroups/rg"
STORAGE = "providers/Microsoft.Storage/storageAccounts"


def made(token: str, name: str, inputs: dict[str, Any], **told: Any) -> PlannedResource:
    urn = f"urn:pulumi:s::p::{token}::{name}"
    return PlannedResource(urn, N + token, name, True, inputs, **told)


def grant(scope: Any) -> PlannedResource:
    inputs = {"principalId": "someone", "roleDefinitionId": ROLE, "scope": scope}
    return made("authorization:RoleAssignment", "grant", inputs)


def account(name: str = "store", group: Any = "rg", **told: Any) -> PlannedResource:
    inputs = {"accountName": name, "resourceGroupName": group}
    return made("storage:StorageAccount", name, inputs, **told)


GROUP = made("resources:ResourceGroup", "group", {"resourceGroupName": "rg"})
STANDING = made("resources:ResourceGroup", "group", {"resourceGroupName": "rg"}, id=RG)


def reached(*resources: PlannedResource) -> list[str]:
    """Names of the stores that the only grant reaches."""
    (found,) = (read := facts(Plan("azure", resources))).of(Grant)
    assert isinstance(found.targets, Known)
    return [store.name for store in read.of(DataStore) if store.urn in found.targets.value]


@pytest.mark.parametrize("planned", [(), (GROUP,), (STANDING,)])
@pytest.mark.parametrize(
    ("scope", "stores"),
    [
        (RG, ["store"]),
        (f"{RG}/", ["store"]),
        (RG.replace("resourceGroups/rg", "resourcegroups/RG"), ["store"]),
        (OTHER, ["far"]),
        (f"{SCOPE}/resourceGroups/third", []),
        (f"{RG}/{STORAGE}/store", ["store"]),
        (f"{RG}/{STORAGE}/store/blobServices/default", ["store"]),
        (SCOPE, ["store", "far"]),
        ("/", ["store", "far"]),
        ("/providers/Microsoft.Management/managementGroups/all", ["store", "far"]),
    ],
)
def test_a_grant_reaches_what_stands_in_its_scope(
    scope: str, stores: list[str], planned: tuple[PlannedResource, ...]
) -> None:
    assert reached(*planned, account(), account("far", "other"), grant(scope)) == stores


@pytest.mark.parametrize(
    ("store", "stores"),
    [
        (account(id=f"{RG}/{STORAGE}/store"), ["store"]),
        (account(id=f"{ELSEWHERE}/{STORAGE}/store"), []),
        (account(group=None, id=f"{RG}/{STORAGE}/store"), ["store"]),
        (account(group=None, id=f"{OTHER}/{STORAGE}/store"), []),
        (account(group=UNKNOWN), ["store"]),  # it may stand there
    ],
)
def test_an_identifier_says_where_something_stands(
    store: PlannedResource, stores: list[str]
) -> None:
    assert reached(store, grant(RG)) == stores


def test_a_group_of_no_known_name_may_hold_what_stands_in_no_other() -> None:
    unnamed = made("resources:ResourceGroup", "group", {"resourceGroupName": UNKNOWN})
    tied = grant(UNKNOWN)
    ties = {"scope": (unnamed.urn,)}
    tied = PlannedResource(**{**vars(tied), "property_dependencies": ties})
    assert reached(unnamed, account(), tied) == ["store"]


def lock(what: str, **inputs: Any) -> PlannedResource:
    return made(f"authorization:ManagementLock{what}", "lock", {"level": "ReadOnly", **inputs})


IN_RG = {"resourceGroupName": "rg"}
ONE = {**IN_RG, "resourceProviderNamespace": "Microsoft.Storage", "resourceType": "storageAccounts"}


def guarded(*resources: PlannedResource) -> Any:
    found: Facts = facts(Plan("azure", resources))
    return next(each.guarded for each in found.of(DataStore) if each.name == "store")


@pytest.mark.parametrize("planned", [(), (GROUP,), (STANDING,)])
@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (lock("ByScope", scope=RG), YES),
        (lock("ByScope", scope=OTHER), NO),
        (lock("ByScope", scope=f"{RG}/{STORAGE}/store"), YES),
        (lock("ByScope", scope=f"{RG}/{STORAGE}/another"), NO),
        (lock("ByScope", scope=f"{RG}/{STORAGE}/store/inner/x"), NO),
        (lock("ByScope", scope=SCOPE), YES),
        (lock("AtSubscriptionLevel"), YES),
        (lock("AtResourceGroupLevel", resourceGroupName="RG"), YES),
        (lock("AtResourceGroupLevel", resourceGroupName="other"), NO),
        (lock("AtResourceLevel", resourceName="store", **ONE), YES),
        (lock("AtResourceLevel", resourceName="store", **{**ONE, "resourceGroupName": "b"}), NO),
        (lock("AtResourceLevel", resourceName="store", **{**ONE, "resourceType": "vaults"}), NO),
        (lock("AtResourceLevel", resourceName="another", **ONE), NO),
        (lock("AtResourceGroupLevel", level="NotSpecified", resourceGroupName="rg"), NO),
    ],
)
def test_a_lock_guards_what_stands_in_its_scope(
    held: PlannedResource, wanted: Any, planned: tuple[PlannedResource, ...]
) -> None:
    assert guarded(*planned, account(), held) == wanted


def test_a_lock_in_another_subscription_guards_nothing_here() -> None:
    here = account(id=f"{RG}/{STORAGE}/store")
    assert guarded(here, lock("ByScope", scope=ELSEWHERE)) == NO
    assert guarded(here, lock("ByScope", scope=RG)) == YES


@pytest.mark.parametrize("scope", [True, 7, ["x"], {"id": RG}])
def test_a_scope_that_is_no_text_reaches_nothing_that_it_was_computed_from(scope: object) -> None:
    store = account()
    related = replace(grant(scope), property_dependencies={"scope": (store.urn,)})
    assert reached(store, related) == []
    assert reached(store, replace(related, inputs=grant(UNKNOWN).inputs)) == ["store"]
