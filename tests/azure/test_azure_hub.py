"""`havre check --estate`: what the warehouse is given is evaluated where its own state is given."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.plan import Plan
from havre.plan.values import shown
from tests.azure.estate import ARCHIVE, HUB, WORKSPACE, estate
from tests.azure.stack import EXAMPLES, GIVEN, of, one

EMC2 = EXAMPLES / "emc2" / "warehouse.yaml"
Resources = list[dict[str, Any]]
Change = Callable[[Resources], None]


def standing(kind: str, name: str, identifier: str, inputs: Any) -> dict[str, Any]:
    token = f"azure-native:{kind}"
    return {
        "urn": f"urn:pulumi:hub::hub::{token}::{name}",
        "type": token,
        "custom": True,
        "id": identifier,
        "inputs": inputs,
        "outputs": {},
        "protect": True,
    }


def named(resources: Resources, name: str) -> dict[str, Any]:
    (found,) = [each for each in resources if each["urn"].endswith(f"::{name}")]
    return found


@pytest.fixture
def hub(emc2: Plan) -> Resources:
    """A workspace with its tables, and an archive, as another stack made them; and more."""
    group = {"resourceGroupName": "rg-hub"}
    workspace = {**shown(one(emc2, "operationalinsights:Workspace").inputs), **group}
    tables = [shown(each.inputs) for each in of(emc2, "operationalinsights:Table")]
    archive = one(emc2, "storage:StorageAccount", "audit-archive")
    stack = {"urn": "urn:pulumi:hub::hub::pulumi:pulumi:Stack::hub-hub", "custom": False}
    return [
        {**stack, "type": "pulumi:pulumi:Stack"},
        standing(
            "operationalinsights:Workspace",
            "logs",
            WORKSPACE,
            {**workspace, "workspaceName": "Hub-Logs"},
        ),
        *(
            standing(
                "operationalinsights:Table",
                table["tableName"],
                f"{WORKSPACE}/tables/{table['tableName']}",
                {**table, **group, "workspaceName": "Hub-Logs"},
            )
            for table in tables
        ),
        standing(
            "storage:StorageAccount",
            "archive",
            ARCHIVE,
            {**shown(archive.inputs), **group, "accountName": "hubarchive"},
        ),
        standing(
            "storage:StorageAccount",
            "another",
            f"{HUB}Microsoft.Storage/storageAccounts/another",
            {"accountName": "another", **group, "allowBlobPublicAccess": True},
        ),
    ]


@pytest.fixture
def checked(
    hub: Resources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """The findings of a check with the hub's state, changed or not; without it where told so."""
    stack = tmp_path / "Pulumi.azure.yaml"
    settings = {**GIVEN, "estate": estate("workspace_id", "archive_id")}
    told = json.dumps(settings)
    stack.write_text(f"config:\n  warehouse:provider: azure\n  warehouse:settings: {told}\n")

    def run(change: Change | None = None, *, told: bool = True) -> tuple[int, list[dict[str, Any]]]:
        if change:
            change(hub)
        state = tmp_path / "hub.json"
        deployment = {"manifest": {}, "resources": hub}
        state.write_text(json.dumps({"version": 3, "deployment": deployment}))
        words = ["check", str(EMC2), "-p", "azure", "--stack-config", str(stack), "-f", "json"]
        code = main([*words, *(["--estate", str(state)] if told else [])])
        out = capsys.readouterr()
        return code, json.loads(out.out)["findings"] if out.out else [{"error": out.err}]

    return run


def controls(findings: list[dict[str, Any]], **wanted: str) -> set[str]:
    return {
        each["control"]
        for each in findings
        if all(each.get(key) == value for key, value in wanted.items())
    }


def test_what_the_hubs_state_shows_is_no_longer_outside(checked: Callable[..., Any]) -> None:
    _, without = checked(told=False)
    _, with_state = checked()
    assert "audit.retention" in controls(without, reserve="outside")
    assert controls(with_state, reserve="outside") == set()
    assert "audit.retention" not in controls(with_state, outcome="fail")


def test_what_is_wrong_there_fails(checked: Callable[..., Any]) -> None:
    def shorten(resources: Resources) -> None:
        named(resources, "archive")["inputs"]["allowBlobPublicAccess"] = True
        named(resources, "logs")["inputs"]["location"] = "eastus"

    _, before = checked()
    code, after = checked(shorten)
    new = controls(after, outcome="fail") - controls(before, outcome="fail")
    assert code == ExitCode.FINDINGS
    assert {"exposure.public-storage", "residency.logs"} <= new


def test_a_lock_below_what_is_given_counts(checked: Callable[..., Any]) -> None:
    def lock(resources: Resources) -> None:
        scope = {"scope": ARCHIVE, "level": "CanNotDelete", "lockName": "keep"}
        identifier = f"{ARCHIVE}/providers/Microsoft.Authorization/locks/keep"
        named(resources, "archive")["protect"] = False
        resources.append(standing("authorization:ManagementLockByScope", "keep", identifier, scope))

    def unlock(resources: Resources) -> None:
        resources.remove(named(resources, "keep"))

    def guards(findings: list[dict[str, Any]]) -> list[str]:
        mine = [f for f in findings if str(f["resource"]).endswith("StorageAccount::archive")]
        return [f["outcome"] for f in mine if f["control"] == "continuity.deletion"]

    assert guards(checked(lock)[1]) == []
    assert guards(checked(unlock)[1]) == ["fail"]


def test_the_rest_of_the_hub_is_none_of_the_warehouses_matter(checked: Callable[..., Any]) -> None:
    _, found = checked()
    assert not [each for each in found if "::another" in str(each["resource"])]


def test_a_state_without_anything_that_is_given_is_refused(checked: Callable[..., Any]) -> None:
    def other(resources: Resources) -> None:
        resources[:] = [each for each in resources if "another" in each["urn"]]

    code, (told,) = checked(other)
    assert code == ExitCode.INPUT
    assert "--estate has no resource that the warehouse is given" in told["error"]
    assert "log workspace" in told["error"]
