"""No command writes over a file that it reads, however the two are named."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from havre.cli import main
from havre.cli.app import app
from havre.errors import ExitCode

EXAMPLE = Path(__file__).parents[2] / "examples" / "hospital" / "warehouse.yaml"
CHECK = "check warehouse.yaml -p local --only encryption.at-rest"
BY_DEFAULT = "check -p local --only encryption.at-rest"
COMPARE = "compare warehouse.yaml -p local -p ovh"
DRAFT = "waiver draft warehouse.yaml -p local --force"
ADOPT = "adopt warehouse.yaml -p local --state import.json --out ."
CASES = {
    "check, file": (f"{CHECK} --format json=warehouse.yaml", "warehouse.yaml"),
    "check, file by default": (f"{BY_DEFAULT} --format json=warehouse.yaml", "warehouse.yaml"),
    "check, waivers beside": (f"{CHECK} --format json=waivers.yaml", "waivers.yaml"),
    "check, waivers": (f"{CHECK} --waivers w.yaml -f sarif=w.yaml", "w.yaml"),
    "check, baseline": (f"{CHECK} --baseline former.json -f json=former.json", "former.json"),
    "check, probes": (f"{CHECK} --probes former.json -f html=former.json", "former.json"),
    "check, state": ("check -p ovh --state state.json -f html=state.json", "state.json"),
    "check, stack file": (f"{CHECK} --stack-config P.yaml --coverage-csv P.yaml", "P.yaml"),
    "check, controls": (f"{CHECK} --controls own --coverage-csv own/mine.py", "own/mine.py"),
    "check, quiet": (f"{CHECK} --quiet --coverage-csv warehouse.yaml", "warehouse.yaml"),
    "compare, file": (f"{COMPARE} -o warehouse.yaml", "warehouse.yaml"),
    "compare, waivers beside": (f"{COMPARE} -o waivers.yaml", "waivers.yaml"),
    "compare, prices": (f"{COMPARE} --prices w.yaml -o w.yaml", "w.yaml"),
    "waiver draft, file": (f"{DRAFT} -o warehouse.yaml", "warehouse.yaml"),
    "waiver draft, waivers": (f"{DRAFT} -o waivers.yaml", "waivers.yaml"),
    "policy coverage, controls": (
        "policy coverage --framework snc --controls own -o own/mine.py",
        "own/mine.py",
    ),
    "policy coverage, probes": (
        "policy coverage snc --probes former.json -o former.json",
        "former.json",
    ),
    "probe": ("probe warehouse.yaml --out warehouse.yaml", "warehouse.yaml"),
    "schema": ("schema -o warehouse.yaml", "warehouse.yaml"),
    "waiver schema": ("waiver schema -o waivers.yaml", "waivers.yaml"),
    "audit who": ("audit who cohort --out warehouse.yaml", "warehouse.yaml"),
    "audit schema": ("audit schema -o warehouse.yaml", "warehouse.yaml"),
    "database admit": (
        "database admit --project p --member m --state state.json --out warehouse.yaml",
        "warehouse.yaml",
    ),
    "adopt, state": (ADOPT, "import.json"),
}
"""By what is overwritten: a command line, and the file that it would lose."""
GUARDED = {
    ("audit who", "--out"),
    ("audit schema", "--output"),
    ("database admit", "--out"),
    ("check", "--format"),
    ("check", "--coverage-csv"),
    ("compare", "--output"),
    ("waiver draft", "--output"),
    ("policy coverage", "--output"),
    ("probe", "--out"),
    ("schema", "--output"),
    ("waiver schema", "--output"),
    ("adopt", "--out"),
}
"""Options that name what is written, each with a case."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("warehouse.yaml").write_bytes(EXAMPLE.read_bytes())
    for name in ("waivers.yaml", "w.yaml"):
        Path(name).write_text("waivers: []\n")
    for name in ("former.json", "state.json", "import.json"):
        Path(name).write_text("{}\n")
    Path("P.yaml").write_text("config: {}\n")
    Path("own").mkdir()
    page = (EXAMPLE.parents[2] / "docs" / "authors" / "control.md").read_text()
    block = page.split('title="house/house_controls.py"\n')[1].split("```")[0]
    Path("own", "mine.py").write_text(block)
    return tmp_path


def as_named(path: Path) -> str:
    return str(path)


def by_link(path: Path) -> str:
    Path("link").symlink_to(path)
    return "link"


def by_hard_link(path: Path) -> str:
    os.link(path, "hard")
    return "hard"


def by_another_way(path: Path) -> str:
    return str(Path("own", "..", path))


PAIRS = [
    (case, naming)
    for case in CASES
    for naming in (as_named, by_link, by_hard_link, by_another_way)
    if (case, naming) != ("check, controls", by_hard_link)  # never believed: exit code 4
]


@pytest.mark.parametrize(
    ("case", "naming"), PAIRS, ids=lambda each: getattr(each, "__name__", each)
)
def test_no_output_is_written_over_an_input(
    case: str, naming: Callable[[Path], str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line, name = CASES[case]
    before = (folder / name).read_bytes()
    words = line.split()
    if words[0] != "adopt":
        words[-1] = words[-1].replace(name, naming(Path(name)))
    assert main(words) == ExitCode.INPUT
    told = capsys.readouterr().err
    assert "was not changed" in told
    assert "Name another file." in told
    assert (folder / name).read_bytes() == before


def test_two_outputs_of_one_place_are_refused_by_any_name(folder: Path) -> None:
    (folder / "link.json").symlink_to(folder / "out.json")
    words = CHECK.split()
    assert main([*words, "-f", "json=out.json", "-f", "sarif=link.json"]) == ExitCode.INPUT
    assert main([*words, "-f", "json=out.json", "--coverage-csv", "link.json"]) == ExitCode.INPUT
    assert not (folder / "out.json").exists()


def test_a_former_result_is_replaced(folder: Path) -> None:
    for _ in range(2):
        assert main([*CHECK.split(), "-f", "json=out.json"]) != ExitCode.INPUT
        assert json.loads((folder / "out.json").read_text())
        for command in (("schema",), ("waiver", "schema")):
            assert main([*command, "-o", f"{command[0]}.json"]) == ExitCode.OK
            assert "$schema" in json.loads((folder / f"{command[0]}.json").read_text())


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    if not inner:
        yield " ".join(path), command
    for name, each in inner.items():
        yield from commands(each, (*path, name))


def test_every_option_that_names_an_output_has_a_case() -> None:
    found = {
        (name, option)
        for name, command in commands(get_command(app))
        for each in command.params
        for option in each.opts[:1]
        if option in {"--output", "--out", "--coverage-csv"} or "=FILE" in str(each.metavar)
    }
    assert found == GUARDED
    assert {name for name, _ in GUARDED} == {case.split(",")[0] for case in CASES}
