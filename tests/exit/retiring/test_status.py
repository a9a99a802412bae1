"""The commands of an exit's end say what comes first, and the calendar, to people and as JSON."""

import json
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode

STEPS = ["plan", "copy", "freeze", "verify", "seal", "cut", "retire"]


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    made = tmp_path / "exit"
    assert main(["exit", "new", str(made)]) == 0
    with (made / "exit.yaml").open("a") as file:
        file.write("contract:\n  notice: 2026-12-31\n")
    capsys.readouterr()
    return made


def test_status_shows_every_step_and_the_days_to_come(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exit", "status", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [each.split()[0] for each in lines[: len(STEPS)]] == STEPS
    assert " ".join(" ".join(lines).split()).endswith(f"Next: havre exit plan {folder}")
    assert "name contract.permit_ends in exit.yaml" in "".join(lines)


def test_status_as_json_has_the_calendar(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exit", "status", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    days = [each["day"] for each in found["calendar"]["days"]]
    assert days == ["2027-01-12", "2027-02-28", "2027-03-30", "2027-04-29"]
    assert set(found["calendar"]["missing"]) == {"ehds.permit"}
    assert found["next"] == "plan"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("freeze", "`copy` has not run"),
        ("cut", "`freeze` has not run"),
        ("retire", "`cut` has not run"),
    ],
)
def test_out_of_order_is_refused_with_the_reason(
    folder: Path, capsys: pytest.CaptureFixture[str], step: str, said: str
) -> None:
    words = [] if step == "freeze" else ["--confirm", "cohorts"]
    assert main(["exit", step, str(folder), *words]) == ExitCode.ENGINE
    assert said in capsys.readouterr().err


def test_nothing_is_thawed_where_nothing_is_frozen(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exit", "thaw", str(folder)]) == ExitCode.INPUT
    assert "Nothing is frozen" in capsys.readouterr().err


@pytest.mark.parametrize("step", ["cut", "retire"])
def test_the_name_is_asked_of_a_person_alone(
    folder: Path, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    assert main(["exit", step, str(folder)]) == ExitCode.INPUT
    told = " ".join(capsys.readouterr().err.split())
    assert f"`havre exit {step} {folder} --confirm NAME`" in told
