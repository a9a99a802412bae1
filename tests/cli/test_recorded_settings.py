"""Settings that the last `havre up` recorded: kept, or named when they are dropped."""

import gzip
import json
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import read_settings
from havre.stack.program import record as recorded
from havre.stack.standing import recorded_settings, write_record
from tests.clouds import SETTINGS

RECORDED = Path(__file__).parents[1] / "facts" / "recorded" / "hospital-local-state.json.gz"
EXAMPLE = "examples/hospital/warehouse.yaml"
KEPT = "Settings kept from the last up: country=FR."
DROPPED = "Settings dropped since the last up: country=FR."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a warehouse that was deployed with a country."""
    made = tmp_path / "data"
    (made / "state").mkdir(parents=True, mode=0o700)
    made.chmod(0o700)
    record(made)
    return made


def record(folder: Path, **changed: object) -> None:
    names = {"provider": "local", "warehouse": "chu-trial", "stack": "local"}
    write_record(folder, {**names, "settings": {"country": "FR"}, **changed})


def check(folder: Path | None, *words: str) -> int:
    where = ("--data-dir", str(folder)) if folder else ()
    return main(["check", EXAMPLE, "-p", "local", "--only", "residency.data", *where, *words])


def test_a_recorded_setting_is_kept_and_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = check(None)
    assert without != ExitCode.OK  # in which country the machine is, nobody says
    assert KEPT not in capsys.readouterr().err
    assert check(folder) == ExitCode.OK
    assert KEPT in capsys.readouterr().err
    assert check(folder, "--quiet") == ExitCode.OK
    assert KEPT not in capsys.readouterr().err
    assert check(folder, "--lang", "fr") == ExitCode.OK
    assert "conservés du dernier déploiement\xa0: country=FR." in capsys.readouterr().err


@pytest.mark.parametrize("provider", ["azure", "ovh", "scaleway"])
def test_a_setting_that_was_never_given_is_neither_kept_nor_dropped(
    tmp_path: Path, provider: str
) -> None:
    found = find(provider)
    settings = read_settings(found, SETTINGS[provider])
    folder = tmp_path / "data"
    (folder / "state").mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    write_record(folder, recorded(load(Path(EXAMPLE)).warehouse, provider, settings, "stack"))
    kept = recorded_settings(folder, "chu-trial", found)
    assert set(kept) <= set(SETTINGS[provider])


def test_a_setting_of_the_command_line_goes_before_the_recorded_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(folder, "--set", "country=US") == ExitCode.FINDINGS
    said = capsys.readouterr().err
    assert KEPT not in said
    assert DROPPED not in said
    assert check(folder, "--set", "country=") == check(None)
    assert DROPPED in capsys.readouterr().err


def test_a_stack_file_lists_all_settings_and_what_it_lacks_is_named(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Pulumi.local.yaml"
    file.write_text("config:\n  warehouse:provider: local\n")
    assert check(folder, "--stack-config", str(file)) == check(None)
    assert DROPPED in capsys.readouterr().err
    file.write_text("config:\n  warehouse:settings:\n    country: FR\n")
    assert check(folder, "--stack-config", str(file)) == ExitCode.OK
    assert "the last up" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "other",
    [{"warehouse": "another"}, {"provider": "azure"}, {"settings": {"gone": "since an upgrade"}}],
)
def test_a_record_of_something_else_is_passed_over(
    folder: Path, other: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    record(folder, **other)
    assert check(folder) == check(None)
    assert "the last up" not in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["link", "folder", "text"])
def test_a_record_that_cannot_be_read_is_told_and_drops_nothing_silently(
    folder: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "state" / "run.json"
    path.unlink()
    if damage == "link":
        path.symlink_to(path)
    elif damage == "folder":
        path.mkdir()
    else:
        path.write_text("{")
    assert check(folder) == ExitCode.ENGINE
    said = capsys.readouterr().err
    assert "run.json" in said
    assert "fault of Havre" not in said


def test_a_folder_without_a_record_keeps_nothing(tmp_path: Path) -> None:
    answers = {check(each) for each in (tmp_path, tmp_path / "none")}
    assert answers == {check(None)}
    (tmp_path / "file").touch()
    assert check(tmp_path / "file") == ExitCode.INPUT  # a file is no folder


def test_a_plan_shows_the_settings_that_the_next_up_uses(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["plan", EXAMPLE, "-p", "local", "--format", "json"]
    assert main([*words, "--set", "country=FR"]) == ExitCode.OK
    wanted = capsys.readouterr().out
    assert main([*words, "--data-dir", str(folder)]) == ExitCode.OK
    found = capsys.readouterr()
    assert KEPT in found.err
    gaps = [json.loads(each)["gaps"] for each in (wanted, found.out)]
    assert gaps[0] == gaps[1]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state of a warehouse on a machine whose owner states a country."""
    found = json.loads(gzip.decompress(RECORDED.read_bytes()))
    for resource in found["deployment"]["resources"]:
        for side in ("inputs", "outputs"):
            if record := resource.get(side, {}).get("record"):
                record["settings"] = {"country": "FR"}
    file = tmp_path / "state.json"
    file.write_text(json.dumps(found))
    return file


def places(capsys: pytest.CaptureFixture[str], *words: str) -> list[tuple[str, str, str]]:
    """Findings on where data is, each with where it is fixed."""
    capsys.readouterr()
    main(["check", EXAMPLE, "-p", "local", "--format", "json", *words])
    found = json.loads(capsys.readouterr().out)["findings"]
    about = [each for each in found if each["control"].startswith("residency.")]
    return sorted((f["control"], f["outcome"], str(f["fix"])) for f in about)


def test_a_state_records_the_settings_that_it_was_made_with(
    state: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_state = places(capsys, "--state", str(state))
    assert of_state == places(capsys, "--data-dir", str(folder))
    assert of_state == places(capsys, "--set", "country=FR")
    assert not any("country" in fix for _, _, fix in of_state)


def test_a_drift_from_a_state_alone_compares_with_those_settings(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", EXAMPLE, "--state", str(state), "--format", "json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["changes"] == []
    words = ("drift", EXAMPLE, "--state", str(state), "--set", "country=DE")
    assert main(words) == ExitCode.FINDINGS


def test_a_country_outside_the_file_s_is_fixed_in_the_setting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = places(capsys, "--set", "country=DE")
    failed = {(name, fix) for name, outcome, fix in found if outcome == "fail"}
    assert {name for name, _ in failed} >= {"residency.data", "residency.keys", "residency.spread"}
    assert {fix for _, fix in failed} == {str({"where": "setting", "name": "country"})}
