"""What stands is read in one way, from a folder of this machine and from an exported state."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from havre.cli.app import run
from havre.cli.context import INSTEAD
from havre.errors import ExitCode, InputError, StateError
from havre.plan.parts import WAREHOUSE_TYPE
from havre.stack.standing import in_export, in_folder, record_path, write_record
from tests.facts.recordings import RECORDED
from tests.upgrade.former import unpack

EXPORT = RECORDED / "azure-state.json"
PROJECT = "covid-long-term"
RECORD = {"provider": "paper", "settings": {"shelf": "a"}, "warehouse": "emc2", "stack": "paper"}

Change = Callable[[list[dict[str, Any]]], None]


def component(resources: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = [resource for resource in resources if resource["type"] == WAREHOUSE_TYPE]
    return found


def exported(path: Path, change: Change, source: Path = EXPORT) -> Path:
    document = json.loads(source.read_text())
    change(document["deployment"]["resources"])
    path.write_text(json.dumps(document))
    return path


def answered(resources: list[dict[str, Any]]) -> None:
    """What OVHcloud's API would have told, in place of what the recording's plugin echoed."""
    component(resources)["outputs"]["database"] |= {"host": "db.example", "port": 20184}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "stack.json").write_bytes(EXPORT.read_bytes())
    write_record(tmp_path, RECORD)
    return tmp_path


def test_an_exported_state_names_its_warehouse_and_where_everything_is() -> None:
    found = in_export(EXPORT)
    recorded = component(json.loads(EXPORT.read_text())["deployment"]["resources"])
    assert found.record() == {
        **{name: recorded["outputs"][name] for name in ("provider", "warehouse", "environment")},
        "stack": "local",
    }
    assert found.outputs().database.host == recorded["outputs"]["database"]["host"]
    assert recorded["urn"] in {resource.urn for resource in found.plan().resources}


def test_a_folder_gives_its_own_record_and_the_same_outputs_and_plan(folder: Path) -> None:
    found, other = in_folder(folder), in_export(EXPORT)
    assert found.record() == RECORD
    assert found.outputs() == other.outputs()
    assert found.plan() == other.plan()


def test_a_folder_of_former_code_keeps_its_record_and_is_told_how_to_write_outputs(
    tmp_path: Path,
) -> None:
    former = unpack(tmp_path, {"object-store": 1, "postgresql": 2})
    found = in_folder(former.data_dir)
    assert found.record()["warehouse"] == former.spec["name"]
    assert any(resource.type == WAREHOUSE_TYPE for resource in found.plan().resources)
    with pytest.raises(InputError, match="written by an earlier Havre") as caught:
        found.outputs()
    assert "havre up" in caught.value.remedy


def test_outputs_that_no_api_has_answered_are_refused_by_name() -> None:
    with pytest.raises(StateError, match=r"database\.host.*database\.port"):
        in_export(RECORDED / "ovh-state.json").outputs()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda resources: resources.remove(component(resources)), "no warehouses"),
        (lambda resources: resources.append(component(resources)), "2 warehouses"),
        (lambda resources: component(resources).update(delete=True), "no warehouses"),
    ],
)
def test_a_state_of_other_than_one_warehouse_is_refused(
    tmp_path: Path, change: Change, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        in_export(exported(tmp_path / "state.json", change)).outputs()


def test_a_project_of_a_zone_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    def lost(resources: list[dict[str, Any]]) -> None:
        del component(resources)["outputs"]["zones"]["research"]

    with pytest.raises(StateError, match=rf"projects\.{PROJECT}\.zones: .*research"):
        in_export(exported(tmp_path / "state.json", lost)).outputs()


@pytest.mark.parametrize("content", ["{}", '{"provider": 1}', '{"provider": "p", "settings": []}'])
def test_a_record_without_provider_or_settings_is_damaged(folder: Path, content: str) -> None:
    record_path(folder).write_text(content)
    with pytest.raises(StateError, match="contains no record"):
        in_folder(folder).record()


def test_connect_shows_what_an_exported_state_says_of_a_project(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["connect", PROJECT, "--state", str(EXPORT), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    told = in_export(EXPORT).outputs()
    project = told.projects[PROJECT]
    assert shown["identity"] == project.identity
    assert shown["expires"] == project.expires.isoformat()
    assert shown["zones"] == {zone: told.zones[zone].bucket for zone in project.zones}
    assert shown["environment"]["PGHOST"] == told.database.host
    assert shown["environment"]["PGSSLMODE"] == "verify-full"
    assert run(["connect", PROJECT, "--state", str(EXPORT)]) == 0
    text = capsys.readouterr().out
    for zone in project.zones:
        assert told.zones[zone].endpoint in text
    assert run(["connect", PROJECT, "--state", str(EXPORT), "--export"]) == 0
    assert f"export PGHOST={told.database.host}\n" in capsys.readouterr().out


def test_connect_says_where_the_servers_certificate_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = exported(tmp_path / "state.json", answered, RECORDED / "ovh-state.json")
    assert run(["connect", PROJECT, "--state", str(state)]) == 0
    text = capsys.readouterr().out
    assert in_export(state).outputs().database.authority.location in text
    assert "PGSSLROOTCERT=" not in text


@pytest.mark.parametrize(
    ("words", "said"),
    [(("nobody",), PROJECT), ((PROJECT, "--show-secrets"), "no password")],
)
def test_connect_refuses_what_no_state_contains(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["connect", *words, "--state", str(EXPORT)]) == ExitCode.INPUT
    captured = capsys.readouterr()
    assert (captured.out, said in captured.err) == ("", True)


def test_connect_leads_to_the_folder_where_a_file_of_it_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def of_a_machine(resources: list[dict[str, Any]]) -> None:
        authority = {"kind": "file", "location": "certificates/ca.pem"}
        component(resources)["outputs"]["database"]["authority"] = authority

    state = exported(tmp_path / "state.json", of_a_machine)
    assert run(["connect", PROJECT, "--state", str(state)]) == ExitCode.INPUT
    assert "--data-dir" in capsys.readouterr().err


@pytest.mark.parametrize("command", sorted(set(INSTEAD) - {"connect"}))
def test_a_command_that_no_state_serves_says_what_to_use(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = {"restore": ["backup", "--keys", "export"], "keys export": ["export"]}
    given = [*command.split(), *arguments.get(command, []), "--state", str(EXPORT)]
    assert run(given) == ExitCode.INPUT
    said = " ".join(capsys.readouterr().err.split())
    assert f"`havre {command}` needs a warehouse on this machine" in said
    assert INSTEAD[command] in said
