"""What somebody changed by hand on a cloud, with the controls that each change touches."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from havre.errors import ExitCode
from tests import once
from tests.check.asked import EXAMPLES
from tests.clouds import ECHOED
from tests.facts.recordings import RECORDED

State = dict[str, Any]
Change = Callable[[State], None]

SECRET = "hunter2-Zq8LkW0pXn4vB7sT"
OPEN = {
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
OWNER = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@pytest.fixture(autouse=True)
def plans_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a plan that another test evaluated: what differs is the state."""
    once.use(monkeypatch)


def resources(state: State) -> list[State]:
    found: list[State] = state["deployment"]["resources"]
    return found


def named(state: State, name: str) -> State:
    (found,) = [each for each in resources(state) if each["urn"].endswith(f"::{name}")]
    return found


def both(name: str, change: Change) -> Change:
    """Changes the inputs and the outputs of a resource, as a refresh does."""

    def plant(state: State) -> None:
        found = named(state, name)
        change(found["inputs"])
        change(found["outputs"])

    return plant


def gone(name: str) -> Change:
    return lambda state: resources(state).remove(named(state, name))


def put(*path: str, value: Any) -> Change:
    def change(values: State) -> None:
        for step in path[:-1]:
            values = values[step]
        values[path[-1]] = value

    return change


def added(state: State) -> None:
    """A bucket or an account that no program names, brought in by an import."""
    name = next(n for n in NAMES if any(r["urn"].endswith(f"::{n}") for r in resources(state)))
    copy = json.loads(json.dumps(named(state, name)))
    copy["urn"] = copy["urn"].replace(f"::{name}", "::by-hand")
    resources(state).append(copy)


NAMES = ("emc2-production-zone-landing", "emc2-zones-landing")

AZURE: dict[tuple[str, str, str], tuple[Change, set[str]]] = {
    ("changed", "emc2-production-network-database-rules", "securityRules[by-hand]"): (
        both("emc2-production-network-database-rules", lambda v: v["securityRules"].append(OPEN)),
        {"exposure.open-ingress"},
    ),
    ("changed", "emc2-production-zone-landing", "publicNetworkAccess"): (
        both("emc2-production-zone-landing", put("publicNetworkAccess", value="Enabled")),
        {"exposure.private-endpoints"},
    ),
    ("changed", "emc2-production-project-cohort-diabetes-curated", "roleDefinitionId"): (
        both(
            "emc2-production-project-cohort-diabetes-curated",
            put("roleDefinitionId", value=OWNER),
        ),
        {"access.least-privilege"},
    ),
    ("gone", "emc2-production-logs-lock", ""): (gone("emc2-production-logs-lock"), set()),
    ("gone", "emc2-production-zone-curated-logs", ""): (
        gone("emc2-production-zone-curated-logs"),
        {"audit.storage-access"},
    ),
    ("changed", "emc2-production-zone-export", "tags.cost-centre"): (
        both("emc2-production-zone-export", put("tags", "cost-centre", value="R2")),
        set(),
    ),
    ("changed", "emc2-production-database", "protect"): (
        lambda state: named(state, "emc2-production-database").update(protect=False),
        {"continuity.deletion"},
    ),
    ("not in the plan", "by-hand", ""): (added, set()),
}
OVH: dict[tuple[str, str, str], tuple[Change, set[str]]] = {
    ("changed", "emc2-access-cohort-diabetes-decryption", "allows"): (
        both(
            "emc2-access-cohort-diabetes-decryption",
            lambda v: v["allows"].append("okms:apikms:serviceKey/*"),
        ),
        {"access.least-privilege"},
    ),
    ("changed", "emc2-registry-images", "ipRestrictions[0.0.0.0/0]"): (
        both(
            "emc2-registry-images",
            lambda v: v["ipRestrictions"].append({"description": "", "ip_block": "0.0.0.0/0"}),
        ),
        {"exposure.open-ingress"},
    ),
    ("changed", "emc2-zones-logs-lifecycle", "rules[expire].expiration.days"): (
        both("emc2-zones-logs-lifecycle", lambda v: v["rules"][0]["expiration"].update(days=30)),
        {"continuity.retention"},
    ),
    ("gone", "emc2-cluster-logs", ""): (gone("emc2-cluster-logs"), {"audit.cluster"}),
    ("changed", "emc2-zones-export", "tags.cost-centre"): (
        both("emc2-zones-export", put("tags", "cost-centre", value="R2")),
        set(),
    ),
    ("changed", "emc2-access-cohort-diabetes-decryption", "description"): (
        both("emc2-access-cohort-diabetes-decryption", put("description", value="mine")),
        set(),
    ),
    ("not in the plan", "by-hand", ""): (added, set()),
}
BY_HAND = {"azure": AZURE, "ovh": OVH}


@pytest.fixture(params=sorted(BY_HAND))
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def state(provider: str) -> State:
    found: State = json.loads((RECORDED / f"{provider}-state.json").read_text(encoding="utf-8"))
    return found


def command(provider: str, folder: Path, now: State, *more: str) -> list[str]:
    file = folder / "now.json"
    file.write_text(json.dumps(now), encoding="utf-8")
    given = [f"--set={name}={json.dumps(value)}" for name, value in ECHOED[provider].items()]
    given = [each.replace('"', "") for each in given]
    return ["drift", str(EXAMPLES["emc2"]), "-p", provider, "--state", str(file), *given, *more]


def last(provider: str) -> list[str]:
    return ["--last", str(RECORDED / f"{provider}-state.json")]


Told = dict[tuple[str, str, str], State]


@pytest.fixture
def told(
    provider: str, state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Told]:
    """Everything that was changed by hand at once, as the command tells it."""
    for change, _ in BY_HAND[provider].values():
        change(state)
    code = main(command(provider, tmp_path, state, *last(provider), "-f", "json"))
    found = json.loads(capsys.readouterr().out)
    assert code == ExitCode.FINDINGS
    assert found["not_deployed"] == []
    return {(c["change"], c["name"], c.get("field", "")): c for c in found["changes"]}


def test_every_change_is_found_with_the_controls_that_fail_by_it(provider: str, told: Told) -> None:
    expected = BY_HAND[provider]
    assert told.keys() == expected.keys()
    missing = {
        key: fails - set(told[key]["fails"])
        for key, (_, fails) in expected.items()
        if fails - set(told[key]["fails"])
    }
    assert missing == {}


def test_a_label_is_told_apart(told: Told) -> None:
    labels = {key for key, each in told.items() if each["label"]}
    assert {field for _, _, field in labels} <= {"tags.cost-centre", "description"}
    assert labels
    assert all(told[key]["fails"] == [] for key in labels)


def test_what_a_refresh_saw_as_it_was_is_no_drift(
    provider: str, state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ([], last(provider)):
        assert main(command(provider, tmp_path, state, *more)) == ExitCode.OK
        told = capsys.readouterr()
        assert "NO DRIFT" in told.out
        assert "`havre doctor --state " in told.err, "what is in no state"


def test_a_change_that_touches_no_control_may_pass(
    provider: str, state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = [c for (_, _, field), (c, _) in BY_HAND[provider].items() if "cost-centre" in field]
    for change in labels:
        change(state)
    asked = command(provider, tmp_path, state, *last(provider))
    assert main([*asked, "--fail-on", "control"]) == ExitCode.OK
    assert "Labels, by which no control fails" in capsys.readouterr().out
    assert main(asked) == ExitCode.FINDINGS


def test_what_differs_behind_a_long_start_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state: State = json.loads((RECORDED / "azure-state.json").read_text(encoding="utf-8"))
    name = "emc2-production-project-cohort-diabetes-curated"
    was = named(state, name)["inputs"]["roleDefinitionId"]
    owner = f"{was.rpartition('/')[0]}/{OWNER.rpartition('/')[2]}"
    both(name, put("roleDefinitionId", value=owner))(state)
    assert main(command("azure", tmp_path, state, *last("azure"))) == ExitCode.FINDINGS
    said = capsys.readouterr().out
    assert all(each.rpartition("/")[2] in said for each in (was, owner))
    assert owner not in said
    assert main(command("azure", tmp_path, state, *last("azure"), "--details")) == ExitCode.FINDINGS
    assert owner in capsys.readouterr().out


def test_without_the_last_update_the_file_is_compared(
    provider: str, state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (key, (change, _)), *_ = BY_HAND[provider].items()
    change(state)
    assert main(command(provider, tmp_path, state)) == ExitCode.FINDINGS
    said = capsys.readouterr().out
    assert key[1] in said
    assert "Without --last" in said


def test_no_secret_is_shown(
    provider: str, state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = next(n for n in NAMES if any(r["urn"].endswith(f"::{n}") for r in resources(state)))
    sealed = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    both(name, put("marked", value={**sealed, "plaintext": json.dumps(SECRET)}))(state)
    both(name, put("adminPassword", value=SECRET))(state)
    both(name, put("inner", value={"password": SECRET, "size": 1}))(state)
    for form in ("table", "json"):
        asked = command(provider, tmp_path, state, *last(provider), "-f", form, "--details")
        assert main(asked) == ExitCode.FINDINGS
        said = "".join(capsys.readouterr())
        assert "adminPassword" in said
        assert SECRET not in said


def test_settings_that_are_missing_are_named(
    provider: str, state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [w for w in command(provider, tmp_path, state) if not w.startswith("--set=")]
    assert main(asked) == ExitCode.INPUT
    said = capsys.readouterr().err
    assert "Missing settings: " in said
    assert "--stack-config" in said
    assert main([*asked, *last(provider)]) == ExitCode.OK
    assert "Missing settings" in capsys.readouterr().out


def test_what_is_deployed_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", str(EXAMPLES["emc2"]), "-p", "azure"]) == ExitCode.INPUT
    assert "Missing --state FILE or --data-dir DIR" in capsys.readouterr().err
