"""What somebody changed by hand on Azure: the real CLI refreshes, and `havre drift` finds it.

The plugin answers by echo, so this shows what a refresh of the CLI makes of a change, and nothing
of Azure's own answers. A role is widened in the assignment that the stack made: another assignment
would be in no state.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from havre.errors import ExitCode
from tests.pulumi_cli.stack import Stack, configure, initialised, pytestmark
from tests.warehouse.conftest import EXAMPLES

__all__ = ["pytestmark"]

State = dict[str, Any]
Key = tuple[str, str, str]

FILE = EXAMPLES / "hospital" / "warehouse.yaml"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
GROUP = "/subscriptions/22222222-2222-4333-8444-555555555555/resourceGroups/chu-trial-staging"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stbyhand"
"""A storage account that somebody made in the warehouse's group: in no state."""
THERE = {
    ACCOUNT: {
        "accountName": "stbyhand",
        "kind": "StorageV2",
        "resourceGroupName": "chu-trial-staging",
        "location": "northeurope",
        "allowBlobPublicAccess": True,
        "sku": {"name": "Standard_LRS"},
    }
}
ANY = {
    "name": "by-hand",
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "protocol": "*",
    "sourceAddressPrefix": "*",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "*",
}


def at(name: str) -> str:
    """Name of a resource, by what follows the warehouse and its environment."""
    return f"chu-trial-staging-{name}"


LOCK, GRANT = at("logs-lock"), at("project-bed-occupancy-curated")
ENDPOINTS, DATABASE, PEOPLE = (
    at(f"network-{subnet}-rules") for subnet in ("endpoints", "database", "administration")
)
RENAMED = {at("zone-curated"): {"tags": {"cost-centre": None, "budget": "R1"}}}
UNNAMED = {at("zone-landing"): {"tags": {"owner": None, "proprietor": "data@hospital.example"}}}

LABELS: dict[Key, set[str]] = {
    ("changed", at("zone-curated"), "tags.cost-centre"): set(),
    ("changed", at("zone-curated"), "tags.budget"): set(),
}
FOUND: dict[Key, set[str]] = {
    ("changed", ENDPOINTS, "securityRules[by-hand]"): {"exposure.open-ingress"},
    ("changed", DATABASE, "securityRules[deny-all-in].access"): {"exposure.open-ingress"},
    ("changed", PEOPLE, "securityRules[administration-ipv4].sourceAddressPrefix"): {
        "exposure.open-ingress"
    },
    ("changed", GRANT, "roleDefinitionId"): {"access.least-privilege"},
    ("gone", LOCK, ""): set(),
    ("changed", at("zone-landing"), "tags.owner"): {"inventory.tags"},
    ("changed", at("zone-landing"), "tags.proprietor"): set(),
    ("not in the plan", "by-hand", ""): {"residency.data", "exposure.public-storage"},
    **LABELS,
}
"""Everything that was changed, with controls that fail by it."""


@dataclass
class Refreshed:
    """Exports of one stack: after the update, and after refreshes.

    Attributes:
        last: what the update made.
        same: a refresh, nothing changed by hand but an account that is in no state.
        labels: a refresh, a tag renamed.
        now: a refresh, all of it changed, and the account imported.
        next: what the next update would do, by name.
    """

    config: Path
    last: Path
    same: Path
    labels: Path
    now: Path
    next: dict[str, str]

    def drift(self, state: Path, *more: str) -> list[str]:
        given = ("--stack-config", str(self.config), "--last", str(self.last))
        return ["drift", str(FILE), *given, "--state", str(state), *more]


def resources(state: Path) -> dict[str, State]:
    found = json.loads(state.read_text())["deployment"]["resources"]
    return {each["urn"].rpartition("::")[2]: each for each in found}


def by_hand(last: Path) -> State:
    """What somebody changed, as patches of what the update made."""
    made = {name: each.get("inputs", {}) for name, each in resources(last).items()}
    rules = {name: made[name]["securityRules"] for name in (ENDPOINTS, DATABASE, PEOPLE)}

    def ruled(name: str, rule: str, **values: str) -> list[State]:
        assert rule in {each["name"] for each in rules[name]}
        return [{**each, **(values if each["name"] == rule else {})} for each in rules[name]]

    ours = made[GRANT]["roleDefinitionId"].rpartition("/")[0]
    return {
        ENDPOINTS: {"securityRules": [ANY, *rules[ENDPOINTS]]},
        DATABASE: {"securityRules": ruled(DATABASE, "deny-all-in", access="Allow")},
        PEOPLE: {"securityRules": ruled(PEOPLE, "administration-ipv4", sourceAddressPrefix="*")},
        GRANT: {"roleDefinitionId": f"{ours}/{OWNER}"},
        **RENAMED,
        **UNNAMED,
    }


def plant(stack: Stack, gone: list[str], changes: State) -> None:
    """Tell the plugin what its next refresh sees."""
    document = {"replaced": {}, "gone": gone, "there": THERE, "by_hand": changes}
    (stack.folder / "plugin" / "table.json").write_text(json.dumps(document))


def with_a_tag(stack: Stack) -> Path:
    """The stack's file, with a tag of the organisation's own on everything."""
    config = stack.folder / "Pulumi.local.yaml"
    document = json.loads(config.read_text())
    settings = {**document["config"]["warehouse:settings"], "tags": {"cost-centre": "R1"}}
    document["config"]["warehouse:settings"] = settings
    config.write_text(json.dumps(document))
    return config


def export(stack: Stack, name: str) -> Path:
    file = stack.folder / f"{name}.json"
    file.write_text(stack.run("stack", "export").stdout)
    return file


def refresh(stack: Stack, name: str) -> Path:
    stack.run("refresh", "--yes", "--skip-preview")
    return export(stack, name)


@pytest.fixture(scope="module")
def it() -> Iterator[Refreshed]:
    """A hospital's warehouse that is up, and what three refreshes saw."""
    root = Path(tempfile.mkdtemp(prefix="havre-test-"))
    stack = initialised(root)
    configure(stack, "azure", "hospital")
    config = with_a_tag(stack)
    plant(stack, [], {})
    stack.run("up", "--yes", "--skip-preview")
    last = export(stack, "last")
    same = refresh(stack, "same")
    plant(stack, [], RENAMED)
    labels = refresh(stack, "labels")
    plant(stack, [LOCK], by_hand(last))
    quiet = ("--yes", "--skip-preview", "--generate-code=false", "--protect=false")
    stack.run("import", "azure-native:storage:StorageAccount", "by-hand", ACCOUNT, *quiet)
    now = refresh(stack, "now")
    steps = json.loads(stack.run("preview", "--json").stdout)["steps"]
    following = {step["urn"].rpartition("::")[2]: step["op"] for step in steps}
    yield Refreshed(config, last, same, labels, now, following)
    shutil.rmtree(root)


def told(capsys: pytest.CaptureFixture[str]) -> dict[Key, State]:
    changes = json.loads(capsys.readouterr().out)["changes"]
    return {(each["change"], each["name"], each.get("field", "")): each for each in changes}


def test_a_refresh_that_saw_no_change_is_no_drift(
    it: Refreshed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(it.drift(it.same)) == ExitCode.OK
    assert "NO DRIFT" in capsys.readouterr().out
    alone = [word for word in it.drift(it.same) if word not in ("--last", str(it.last))]
    assert main(alone) == ExitCode.OK
    assert "NO DRIFT" in capsys.readouterr().out


def test_every_change_is_found_and_nothing_else(
    it: Refreshed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(it.drift(it.now, "--format", "json")) == ExitCode.FINDINGS
    found = told(capsys)
    assert found.keys() == FOUND.keys()
    missing = {key: fails - set(found[key]["fails"]) for key, fails in FOUND.items()}
    assert not any(missing.values()), missing
    unexpected = {key: found[key]["fails"] for key in FOUND if not FOUND[key]}
    assert not any(unexpected.values()), unexpected


def test_each_change_says_what_was_and_what_is(
    it: Refreshed, capsys: pytest.CaptureFixture[str]
) -> None:
    main(it.drift(it.now, "--format", "json"))
    found = told(capsys)
    values = {key: (each.get("was"), each.get("now")) for key, each in found.items()}
    assert values["changed", DATABASE, "securityRules[deny-all-in].access"] == ("Deny", "Allow")
    was, now = values["changed", GRANT, "roleDefinitionId"]
    assert now.endswith(OWNER)
    assert was == resources(it.last)[GRANT]["inputs"]["roleDefinitionId"]
    nothing, rule = values["changed", ENDPOINTS, "securityRules[by-hand]"]
    assert nothing is None
    assert ANY.items() <= rule.items()


def test_a_renamed_tag_is_told_apart_and_one_that_is_required_fails(
    it: Refreshed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(it.drift(it.now)) == ExitCode.FINDINGS
    failing, _, labels = capsys.readouterr().out.partition("Labels, by which no control fails:")
    assert "tags.cost-centre: R1 -> not set" in labels
    assert "tags.budget: not set -> R1" in labels
    assert "tags.owner" in failing
    assert "tags.owner" not in labels
    assert f"GONE  {LOCK}" in failing.partition("Touches no control:")[2]


def test_a_renamed_tag_alone_passes_where_only_controls_count(
    it: Refreshed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(it.drift(it.labels, "--format", "json")) == ExitCode.FINDINGS
    found = told(capsys)
    assert found.keys() == LABELS.keys()
    assert all(each["label"] for each in found.values())
    assert main(it.drift(it.labels, "--fail-on", "control")) == ExitCode.OK
    assert main(it.drift(it.now, "--fail-on", "control")) == ExitCode.FINDINGS


def test_what_is_in_no_state_is_not_seen_until_it_is_imported(
    it: Refreshed, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No refresh lists what is there: `havre doctor` does, and says where it cannot."""
    assert ACCOUNT not in it.same.read_text()
    assert main(it.drift(it.same)) == ExitCode.OK
    monkeypatch.delenv("HAVRE_AZURE_MANAGEMENT_TOKEN", raising=False)
    assert main(["doctor", "--state", str(it.same)]) == ExitCode.NOT_EVALUATED
    assert "az resource list" in capsys.readouterr().out
    assert main(it.drift(it.now)) == ExitCode.FINDINGS
    assert "NOT IN THE PLAN  by-hand (StorageAccount)" in capsys.readouterr().out


def test_the_next_update_undoes_what_was_found(it: Refreshed) -> None:
    changed = {name for how, name, _ in FOUND if how == "changed"}
    assert {name for name, op in it.next.items() if op == "update"} == changed
    assert it.next[LOCK] == "create"
    assert it.next["by-hand"] == "delete"
