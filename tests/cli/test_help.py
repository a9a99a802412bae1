"""`--help` of every command: short summaries, words for values, examples of its uses."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

from havre.cli.app import app, run
from havre.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

SUMMARY = 60
"""Longest summary of a command, in characters."""
USES = 3
"""Examples of a command with as many options as there may be uses."""
MANY_OPTIONS = 5
WORD = re.compile(r"[A-Z]{3,}(?:[=:\[]=?[A-Z]{3,}\]?)?")


def commands(of: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command, groups included, by the words that call it."""
    command = of or get_command(app)
    if path:
        yield path, command
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        if not inner.hidden:
            yield from commands(inner, (*path, name))


ALL = dict(commands())
LEAVES = {path: each for path, each in ALL.items() if not getattr(each, "commands", {})}
named = " ".join
EVERY = pytest.mark.parametrize("path", ALL, ids=named)
EVERY_LEAF = pytest.mark.parametrize("path", LEAVES, ids=named)


def paragraphs(command: Any) -> list[str]:
    return [" ".join(each.split()) for each in re.split(r"\n\s*\n", command.help or "")]


def examples(command: Any) -> list[str]:
    return [
        each.removeprefix("Example: ").replace("\b", "").strip()
        for each in paragraphs(command)
        if each.startswith("Example: ")
    ]


def options(command: Any) -> list[Any]:
    return [each for each in command.params if not getattr(each, "hidden", False)]


def test_every_group_is_read() -> None:
    assert {("exit", "plan"), ("policy", "list"), ("waiver", "draft"), ("check",)} <= set(LEAVES)
    assert len(LEAVES) > 35


@EVERY
def test_the_summary_is_one_short_sentence(path: tuple[str, ...]) -> None:
    summary = paragraphs(ALL[path])[0]
    assert re.fullmatch(r"[A-Z][^;:]+\.", summary), summary
    assert len(summary) <= SUMMARY, f"{len(summary)}: {summary}"


VALUE = re.compile(
    r"^  (?:-\w, )?--[\w-]+ (?P<value>\S+)|^  (?P<argument>[^\s-].*?)(?:  |$)", re.MULTILINE
)
"""What stands for the value of an option or an argument in a help text."""
CHOICES = re.compile(r"<[a-z]+(?:\|[a-z]+)+>")


@EVERY
def test_metavars_are_words(
    path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run([*path, "--help"]) == ExitCode.OK
    described = re.split(
        r"^(?:Arguments|Options):$", capsys.readouterr().out, maxsplit=1, flags=re.MULTILINE
    )[1].partition("\nCommands:")[0]
    shown = [found[1] or found[2] for found in VALUE.finditer(described)]
    takes = [each for each in options(ALL[path]) if not getattr(each, "is_flag", True)]
    assert len(shown) >= len(takes)
    wrong = [each for each in shown if not (WORD.fullmatch(each) or CHOICES.fullmatch(each))]
    assert wrong == []


@EVERY_LEAF
def test_the_usage_names_arguments_as_the_list_does(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*path, "--help"]) == ExitCode.OK
    usage = capsys.readouterr().out.partition("\n\n")[0]
    named = usage.partition("[OPTIONS]")[2].split()
    takes = [each for each in LEAVES[path].params if each.param_type_name == "argument"]
    assert len(named) == len(takes)
    for shown, each in zip(named, takes, strict=True):
        word = each.display_name_raw + ("..." if each.nargs != 1 and each.required else "")
        dots = "..." if each.nargs != 1 else ""
        assert shown == (word if each.required else f"[{each.display_name_raw}]{dots}")


@pytest.mark.parametrize(
    "words", ["cost", "drift", "removal", "compare", "plan", "up", "waiver draft", "exit plan"]
)
def test_a_command_without_french_says_which_has_it(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words.split(), "--lang", "fr"]) == ExitCode.INPUT
    told = " ".join(capsys.readouterr().err.split())
    assert "--lang" in told
    assert "writes English only. `havre check --lang fr` writes its summary in French" in told


@pytest.mark.parametrize(
    "words", ["check --state", "policy coverage --framework", "exit plan", "exit", "up --nothing"]
)
def test_a_command_line_that_is_not_understood_names_its_own_help(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words.split()) == ExitCode.INPUT
    path = [word for word in words.split() if not word.startswith("-")]
    told = capsys.readouterr().err
    assert f"havre {' '.join(path)} --help" in told or f"Usage: havre {' '.join(path)} " in told


def test_quiet_prints_only_what_format_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--help"]) == ExitCode.OK
    assert "Print only errors, that a check is partial, and what --format names." in " ".join(
        capsys.readouterr().out.split()
    )
    file = str(Path(__file__).parents[2] / "examples" / "hospital" / "warehouse.yaml")
    monkeypatch.chdir(tmp_path)
    words = ["check", file, "-p", "local", "--as-of", "2026-11-23", "--only", "audit.retention"]
    printed = {}
    for given in ((), ("table",), ("json",), ("json=out.json",)):
        code = run([*words, "-q", *(word for form in given for word in ("-f", form))])
        assert code in {ExitCode.OK, ExitCode.FINDINGS, ExitCode.NOT_EVALUATED}
        printed[given] = capsys.readouterr().out
    assert printed[()] == printed[("json=out.json",)] == ""
    assert printed[("table",)].startswith("chu-trial")
    assert json.loads(printed[("json",)]) == json.loads(Path("out.json").read_text())


def test_a_metavar_that_is_no_word_is_seen() -> None:
    for shown in ("F", "N", "<path>", "file", "<str>"):
        assert not WORD.fullmatch(shown)
        assert not CHOICES.fullmatch(shown)


@EVERY_LEAF
def test_examples_show_the_uses(path: tuple[str, ...]) -> None:
    command = LEAVES[path]
    shown = examples(command)
    enough = USES if len(options(command)) >= MANY_OPTIONS else 1
    assert len(shown) >= enough, shown
    assert len(set(shown)) == len(shown)


@EVERY_LEAF
def test_examples_name_options_of_the_command(path: tuple[str, ...]) -> None:
    command = LEAVES[path]
    names = {name for each in options(command) for name in (*each.opts, *each.secondary_opts)}
    for example in examples(command):
        words = shlex.split(example.removeprefix('eval "$(').replace(')"; psql', ""))
        at = words.index("havre")
        assert words[at + 1 : at + 1 + len(path)] == list(path), example
        given = [word for word in words[at:] if re.match(r"--?[a-z]", word)]
        assert set(given) <= names | {"--help"}, example
