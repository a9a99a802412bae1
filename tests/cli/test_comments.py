"""Comments of the files that Havre writes fit 80 columns, wherever the files of the user are."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import shlex
from pathlib import Path

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.provider.skeleton import skeleton

EXAMPLES = Path(__file__).parents[2] / "examples"
COLUMNS = 80


def too_wide(text: str) -> list[str]:
    """Comments of more than 80 columns that could have been broken: no path is ever cut."""
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert comments
    return [line for line in comments if len(line) > COLUMNS and len(line.split()) > 2]


def folder(parent: Path, length: int) -> Path:
    """A new folder whose path has so many characters, or more where the parent's has more."""
    made = parent
    for number in itertools.count():
        room = length - len(str(made)) - 1
        if room <= 0:
            made.mkdir(parents=True, exist_ok=True)
            return made
        made /= f"{number}".ljust(min(room, 40), "x")
    raise AssertionError


@pytest.mark.parametrize("length", [0, *range(120, 160, 3), 400])
def test_a_draft_of_waivers(
    length: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder(tmp_path, length) / "warehouse.yaml"
    file.write_text((EXAMPLES / "hospital" / "warehouse.yaml").read_text())
    assert main(["waiver", "draft", str(file), "-p", "ovh"]) == ExitCode.OK
    text = capsys.readouterr().out
    assert too_wide(text) == []
    assert str(file) in text, "the path is whole"
    assert "…" not in text, "so is what was found"


@pytest.mark.parametrize("length", [1, 30, 60, 200])
@pytest.mark.parametrize("space", ["", " "], ids=["", "space"])
def test_a_new_warehouse_file(
    length: int, space: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path(f"{'w' * length}{space}.yaml")
    answers = ("--classification", "personal", "--environment", "development")
    words = ("init", str(file), *answers, "--country", "FR", "--operator-law", "any")
    assert main([*words]) == ExitCode.OK
    text = file.read_text()
    command = f"havre validate {shlex.quote(str(file))}"
    assert re.search(rf"(?m)^#.*{re.escape(command)}$", text), "it can be copied whole"
    assert [line for line in too_wide(text) if command not in line] == []
    assert [line for line in text.splitlines() if command in line and len(line) > COLUMNS] == (
        [f"# {command}"] if len(command) + 22 > COLUMNS else []
    )


@pytest.mark.parametrize("name", ["acme", "a-provider-with-a-name-of-many-words-and-letters"])
def test_the_data_files_of_a_new_provider(name: str) -> None:
    made = skeleton(name, dt.date(2026, 11, 30))
    data = {path: text for path, text in made.items() if path.endswith((".toml", ".yaml"))}
    assert len(data) >= 5
    wide = {path: too_wide(text) for path, text in data.items() if "#" in text}
    assert {path: lines for path, lines in wide.items() if lines} == {}
