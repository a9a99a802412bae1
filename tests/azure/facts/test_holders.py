"""What takes data with it when it is deleted, and what guards it."""

from typing import Any

import pytest

from havre.facts import DOES_NOT_APPLY, Facts, Known, Unknown
from havre.facts.model import Compute, Holder
from havre.facts.stores import DataStore
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN
from havre_azure.facts import facts
from tests.azure.facts.resources import NO, SCOPE, YES

N = "azure-native:"
IN_RG = {"resourceGroupName": "rg"}
GROUP = f"{N}resources:ResourceGroup"
ACCOUNT = f"{N}storage:StorageAccount"
LOCK = f"{N}authorization:ManagementLockByScope"


def made(token: str, name: str, inputs: dict[str, Any], **told: Any) -> PlannedResource:
    urn = f"urn:pulumi:s::p::{token}::{name}"
    return PlannedResource(urn, token, name, True, inputs, **told)


def lock(scope: Any, level: str = "CanNotDelete") -> PlannedResource:
    return made(LOCK, "lock", {"scope": scope, "level": level})


def account(**told: Any) -> PlannedResource:
    return made(ACCOUNT, "store", {"accountName": "store", **IN_RG}, **told)


def group(**told: Any) -> PlannedResource:
    return made(GROUP, "rg", {**IN_RG, "location": "francecentral"}, **told)


def read(*resources: PlannedResource, removed: tuple[PlannedResource, ...] = ()) -> Facts:
    return facts(Plan("azure", resources, removed=removed))


def guarded(found: Facts, name: str) -> Any:
    (item,) = [i for i in found.items if i.name == name and isinstance(i, (Holder, Compute))]
    return item.guarded


PARTS = [
    ("storage:BlobContainer", {"accountName": "store", "containerName": "x"}),
    ("storage:FileShare", {"accountName": "store", "shareName": "x"}),
    ("storage:Queue", {"accountName": "store", "queueName": "x"}),
    ("storage:Table", {"accountName": "store", "tableName": "x"}),
    ("dbforpostgresql:Database", {"serverName": "db", "databaseName": "x"}),
    ("dbforpostgresql/v20171201:Database", {"serverName": "old", "databaseName": "x"}),
    ("operationalinsights:Table", {"workspaceName": "logs", "tableName": "x"}),
    ("dataprotection:BackupInstance", {"vaultName": "backups", "backupInstanceName": "x"}),
    ("keyvault:Secret", {"vaultName": "kv", "secretName": "x"}),
    ("containerservice:ManagedCluster", {"resourceName": "x"}),
    ("compute:DiskEncryptionSet", {"diskEncryptionSetName": "x"}),
]
PARENTS = (
    account(),
    made(f"{N}dbforpostgresql:Server", "db", {"serverName": "db", **IN_RG}),
    made(f"{N}dbforpostgresql/v20171201:Server", "old", {"serverName": "old", **IN_RG}),
    made(f"{N}operationalinsights:Workspace", "logs", {"workspaceName": "logs", **IN_RG}),
    made(f"{N}dataprotection:BackupVault", "backups", {"vaultName": "backups", **IN_RG}),
    made(f"{N}keyvault:Vault", "kv", {"vaultName": "kv", **IN_RG}),
)


@pytest.mark.parametrize(("token", "inputs"), PARTS)
def test_a_part_has_a_life_of_its_own(token: str, inputs: dict[str, Any]) -> None:
    def part(**told: Any) -> PlannedResource:
        return made(N + token, "part", {**IN_RG, **inputs}, **told)

    assert guarded(read(*PARENTS, part()), "part") == NO
    assert guarded(read(*PARENTS, part(protect=True)), "part") == YES
    (gone,) = read(*PARENTS, removed=(part(operation="delete"),)).removed
    assert isinstance(gone.means, tuple)
    assert any(isinstance(each, (Holder, Compute)) for each in gone.means)


@pytest.mark.parametrize(("token", "inputs"), PARTS)
@pytest.mark.parametrize("planned", [True, False])
def test_a_lock_on_the_group_guards_its_parts(
    token: str, inputs: dict[str, Any], planned: bool
) -> None:
    part = made(N + token, "part", {**IN_RG, **inputs})
    held = lock(f"{SCOPE}/resourceGroups/RG")
    found = read(*([group()] if planned else []), *PARENTS, part, held)
    assert guarded(found, "part") == YES
    assert {store.guarded for store in found.of(DataStore)} == {YES}


@pytest.mark.parametrize(
    ("vault", "kept"),
    [
        ({}, False),
        ({"enablePurgeProtection": True}, True),
        ({"enablePurgeProtection": False}, False),
        ({"enablePurgeProtection": True, "enableSoftDelete": False}, False),
    ],
)
def test_a_secret_is_kept_by_a_vault_that_gives_it_back(vault: dict[str, Any], kept: bool) -> None:
    holder = made(f"{N}keyvault:Vault", "kv", {"vaultName": "kv", "properties": vault})
    secret = made(f"{N}keyvault:Secret", "part", {"vaultName": "kv", "secretName": "x"})
    assert guarded(read(holder, secret), "part") == Known(kept)
    assert guarded(read(secret), "part") == Unknown("vaultName")


@pytest.mark.parametrize(
    ("others", "wanted"),
    [
        ((), DOES_NOT_APPLY),
        ((account(),), NO),
        ((account(protect=True),), YES),
        ((account(), lock(f"{SCOPE}/resourceGroups/rg")), YES),
        ((account(), lock(f"{SCOPE}/resourceGroups/other")), NO),
        ((account(), lock(f"{SCOPE}/resourceGroups/rg", "NotSpecified")), NO),
        ((account(), lock(SCOPE)), YES),
        ((account(), lock(UNKNOWN)), Unknown("scope")),
    ],
)
def test_a_group_is_guarded_or_all_that_is_in_it(others: Any, wanted: Any) -> None:
    assert guarded(read(group(), *others), "rg") == wanted
    assert guarded(read(group(protect=True), account()), "rg") == YES


def test_a_group_that_goes_may_hold_anything() -> None:
    (gone,) = read(removed=(group(operation="delete"),)).removed
    assert isinstance(gone.means, tuple)
    assert [type(each) for each in gone.means] == [Holder]


@pytest.mark.parametrize(
    "token",
    [
        *("network:NatGateway", "network:PublicIPAddress", "network:Subnet", "dns:RecordSet"),
        *("network:PrivateRecordSet", "privatedns:PrivateZone", "network/v20180501:RecordSet"),
        *("authorization:RoleAssignment", "containerservice:AgentPool"),
        "monitor:DiagnosticSetting",
    ],
)
def test_what_holds_no_data_may_go(token: str) -> None:
    (gone,) = read(removed=(made(N + token, "x", {}, operation="delete"),)).removed
    assert isinstance(gone.means, tuple)
    assert not any(isinstance(each, (Holder, DataStore)) for each in gone.means)


def test_a_lock_on_what_stands_in_a_group_guards_the_group_and_nothing_beside_it() -> None:
    """Azure deletes nothing of a group while something in it is locked."""
    scope = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/store"
    other = made(ACCOUNT, "other", {"accountName": "other", **IN_RG})
    found = read(group(), account(), other, lock(scope))
    assert guarded(found, "rg") == YES
    assert {s.name: s.guarded for s in found.of(DataStore)} == {"store": YES, "other": NO}
    assert guarded(read(group(), account(), lock(scope, "NotSpecified")), "rg") == NO
