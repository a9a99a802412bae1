"""A file where a folder belongs, or a folder where a file does: told, with what to name."""

from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
LOCAL = (str(EXAMPLE), "--provider", "local")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file\n")


FOLDERS = pytest.mark.parametrize(
    ("words", "option"),
    [
        (("up", *LOCAL, "--yes", "--data-dir"), "--data-dir"),
        (("plan", *LOCAL, "--data-dir"), "--data-dir"),
        (("status", "--data-dir"), "--data-dir"),
        (("drift", "--data-dir"), "--data-dir"),
        (("adopt", "--data-dir"), "--data-dir"),
        (("backup", "--data-dir"), "--data-dir"),
        (("adopt", *LOCAL, "--state", "state.json", "--out"), "--out"),
        (("provider", "init", "acme", "--dir"), "--dir"),
        (("exit", "new"), ""),
        (("exit", "plan"), ""),
    ],
)
"""Commands that take a folder, and the option that names it."""


@pytest.mark.parametrize("place", ["taken", "taken/below"])
@FOLDERS
def test_a_file_is_no_folder(
    words: tuple[str, ...], option: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, place]) == ExitCode.INPUT
    said = capsys.readouterr().err
    assert "taken is a file" in said
    assert f"Name a folder{option and f' with {option}'}." in said
    assert Path("taken").read_text() == "a file\n"


@FOLDERS
def test_a_folder_for_all_users_is_refused_and_not_to_be_changed(
    words: tuple[str, ...], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("all").mkdir()
    Path("all").chmod(0o1777)
    assert main([*words, "all"]) == ExitCode.INPUT
    said = capsys.readouterr().err
    assert "all is a folder for all users" in said
    assert f"Name a folder of your own{option and f' with {option}'}." in said
    assert "chmod" not in said
    assert list(Path("all").iterdir()) == []


def test_the_variable_of_the_data_folder_is_read_alike(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAVRE_DATA_DIR", "taken")
    assert main(["status"]) == ExitCode.INPUT
    assert "taken is a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("check", *LOCAL, "--as-of", "2026-11-23", "--quiet", "--format", "json={place}"),
        ("check", *LOCAL, "--as-of", "2026-11-23", "--quiet", "--coverage-csv", "{place}"),
        ("waiver", "draft", *LOCAL, "--output", "{place}"),
        ("schema", "--output", "{place}"),
    ],
)
@pytest.mark.parametrize("place", [".", "taken/below"])
def test_a_folder_is_no_file(
    words: tuple[str, ...], place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(place=place) for word in words]) == ExitCode.INPUT
    said = capsys.readouterr().err
    assert f"{place} cannot be written" in said
    assert "Name a file in a folder" in said


@pytest.mark.parametrize(
    "words", [("policy", "list", "--controls", "taken"), ("policy", "test", "taken")]
)
def test_a_file_holds_no_controls(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words]) == ExitCode.INPUT
    assert "taken is not a folder" in capsys.readouterr().err
