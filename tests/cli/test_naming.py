"""What a user names wrongly, or not at all: the answer says what there is."""

import json
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode

EXAMPLE = Path(__file__).parents[2] / "examples" / "hospital"
OUTPUTS = Path(__file__).parents[1] / "facts" / "recorded" / "azure-state.json"


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("flag", ["--only", "--skip"])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nope.x", "there is no control `nope.x` `havre policy list` lists the ids."),
        (
            "residency.dta",
            "Did you mean `residency.data`? `havre policy list --family residency` lists the ids.",
        ),
        ("residency.data.x", "Did you mean `residency.data`?"),
        ("residency", "`residency` is a family of controls, not a control Name its controls: "),
    ],
)
def test_a_control_that_is_none_is_told_with_the_option(
    flag: str, name: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["check", str(EXAMPLE / "warehouse.yaml"), "-p", "local", flag, name]
    assert main(words) == ExitCode.INPUT
    assert f"error: {flag}: " in (text := said(capsys))
    assert told in text


@pytest.mark.parametrize("command", ["validate", "check", "plan", "compare"])
def test_a_folder_is_its_warehouse_file_wherever_one_is_named(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {"check": ["--only", "encryption.at-rest"], "compare": ["-p", "azure"]}
    provider = [] if command == "validate" else ["-p", "local", *more.get(command, [])]
    assert main([command, str(tmp_path), *provider]) == ExitCode.INPUT
    assert f"{tmp_path} is a folder, and has no warehouse.yaml" in said(capsys)
    (tmp_path / "warehouse.yaml").write_bytes((EXAMPLE / "warehouse.yaml").read_bytes())
    answers = [main([command, str(where), *provider]) for where in (tmp_path, EXAMPLE)]
    assert ExitCode.INPUT not in answers
    assert "Is a directory" not in said(capsys)


@pytest.mark.parametrize("command", ["list", "validate"])
def test_a_folder_is_its_waivers_file_too(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["waiver", command, str(tmp_path)]) == ExitCode.INPUT
    assert f"{tmp_path} is a folder, and has no waivers.yaml" in said(capsys)
    (tmp_path / "waivers.yaml").write_text("waivers: []\n")
    assert main(["waiver", command, str(tmp_path)]) == ExitCode.OK
    assert f"{tmp_path / 'waivers.yaml'}" in capsys.readouterr().out


def test_a_list_of_a_faulty_file_names_every_fault_as_validation_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    file = tmp_path / "waivers.yaml"
    file.write_text("waivers:\n- control: audit.centrl\n  owner: Me\n- control: c\n  foo: 1\n")
    assert main(["waiver", "validate", str(file)]) == ExitCode.INPUT
    faults = capsys.readouterr().out.splitlines()
    assert main(["waiver", "list", str(file)]) == ExitCode.INPUT
    told = capsys.readouterr().err
    assert any("did you mean" in each.lower() for each in faults)
    assert [each for each in faults if each not in told] == []


def test_connect_without_a_project_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["connect", "--state", str(OUTPUTS)]
    assert main(words) == ExitCode.OK
    shown = capsys.readouterr().out
    assert main([*words, "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)["projects"]
    assert told
    for name, project in told.items():
        assert f"{name}: reads {', '.join(project['zones'])}, until {project['expires']}" in shown
    assert main([*words, "--export"]) == ExitCode.INPUT
    assert f"Projects of emc2: {', '.join(sorted(told))}." in said(capsys)
