"""Grants and credentials."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from pulumi_azure_native import (
    authorization,
    managedidentity,
    storage,
)

from havre.facts import Known, Unknown
from havre.facts.model import UNTOLD, Grant, Key, Right
from havre.facts.stores import DataStore
from havre.plan.values import UNKNOWN, Secret
from havre_azure.facts.rights import built_in_roles
from havre_azure.names import Role
from havre_azure.parts.access import until
from tests.azure.facts.resources import (
    BLOBS,
    SCOPE,
    account,
    alone,
    bare,
    group,
    key,
    one,
    told,
    vault,
)


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
    assert one(found, DataStore, "store").urn in grant.targets.value
    assert str(grant.identity.value).endswith("::reader")


def test_a_grant_on_the_subscription_reaches_everything() -> None:
    def body() -> None:
        account()
        key("k1", vault().name)
        assign(OWNER, SCOPE)

    found = told(body)
    reached = {item.urn for item in [*found.of(DataStore), *found.of(Key)]}
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
    assert grant.targets == Known((one(found, DataStore).urn,))
    assert grant.rights == Known(frozenset({Right.READ}))


@pytest.mark.parametrize("role", ["00000000-0000-0000-0000-000000000000", "custom"])
def test_a_role_that_nobody_knows_is_not_harmless(role: str) -> None:
    found = one(told(lambda: assign(role, SCOPE)), Grant)
    assert found.rights == Unknown("roleDefinitionId")


def test_every_role_that_the_parts_grant_is_known() -> None:
    assert set(Role) <= set(built_in_roles())


READS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"


ENDS = f"((!(ActionMatches{{'{READS}'}})) OR (@Environment[UtcNow] DateTimeLessThan '%s'))"


@pytest.mark.parametrize(
    ("role", "condition", "expected"),
    [
        (Role.BLOB_READER, ENDS % "2028-07-01T00:00:00.0Z", dt.date(2028, 6, 30)),
        (Role.BLOB_READER, ENDS % "2028-07-01T12:00:00Z", dt.date(2028, 7, 1)),
        (Role.BLOB_CONTRIBUTOR, ENDS % "2028-07-01T00:00:00.0Z", None),
        (Role.BLOB_READER, ENDS % "2028-07-01T00:00:00.0Z" + " OR (true)", None),
        (Role.BLOB_READER, until(dt.date(2028, 6, 30)), dt.date(2028, 6, 30)),
        (Role.BLOB_READER, until(dt.date(2028, 6, 30)).replace(" AND (", " OR ("), None),
        (Role.BLOB_READER, until(dt.date(2028, 6, 30)) + " OR (true)", None),
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


IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"


@pytest.mark.parametrize(
    ("tags", "project"),
    [
        ({"project": "cohort", "other": UNKNOWN}, "cohort"),
        ({"project": Secret("cohort")}, "cohort"),
        ({"other": UNKNOWN}, ""),
        (None, ""),
        ({"project": ""}, ""),
        ({"project": UNKNOWN}, UNTOLD),
        (UNKNOWN, UNTOLD),
        (Secret(UNKNOWN), UNTOLD),
    ],
)
def test_whose_an_identity_is_stands_in_its_label(tags: Any, project: str) -> None:
    identity = replace(bare(IDENTITY, {"tags": tags}), urn="urn:who", name="who")
    grant = bare(
        "azure-native:authorization:RoleAssignment",
        {"principalId": UNKNOWN, "scope": "/subscriptions/s"},
        property_dependencies={"principalId": ("urn:who",)},
    )
    assert alone(grant, identity).project == project


@pytest.mark.parametrize("tags", [UNKNOWN, {"project": UNKNOWN}, None])
def test_whose_an_identity_is_may_stand_in_its_name(tags: Any) -> None:
    identity = replace(bare(IDENTITY, {"tags": tags}), urn="urn:who", name="w-project-cohort")
    grant = bare(
        "azure-native:authorization:RoleAssignment",
        {"principalId": UNKNOWN, "scope": "/subscriptions/s"},
        property_dependencies={"principalId": ("urn:who",)},
    )
    assert alone(grant, identity).project == "cohort"
