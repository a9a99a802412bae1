"""What a person at a terminal sees of a command that takes long, and a pipe never does."""

from __future__ import annotations

import io
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.cli import console
from havre.cli.app import run
from havre.errors import ExitCode
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "examples" / "hospital" / "warehouse.yaml"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def at_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error becomes a terminal; within a test, since capturing sets it before."""
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(console, "PATIENCE", 0.01)
    return found


def test_a_terminal_is_told_what_is_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with console.working("Planning [alpha]\x1b"):
        until(lambda: "Planning [alpha]" in terminal.getvalue())
    assert "\x1b]" not in terminal.getvalue()


def test_nothing_is_told_of_what_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    monkeypatch.setattr(console, "PATIENCE", 600.0)
    with console.working("Planning"):
        pass
    assert "Planning" not in terminal.getvalue()


def test_an_error_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)

    def failing() -> None:
        until(lambda: "Planning" in terminal.getvalue())
        raise KeyError

    with pytest.raises(KeyError), console.working("Planning"):
        failing()
    after = terminal.getvalue()
    with console.working("Other"):
        pass
    assert "Planning" not in terminal.getvalue()[len(after) :]


def test_nothing_is_written_where_no_terminal_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "PATIENCE", 0.0)
    with console.working("Planning"):
        pass
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan",), "Planning chu-trial on local"),
        (("check", "--quiet"), "Checking "),
        (("compare", "-p", "ovh"), "Comparing "),
    ],
    ids=["plan", "check", "compare"],
)
def test_commands_that_may_take_long_say_what_they_do(
    words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    @contextmanager
    def working(what: str) -> Iterator[None]:
        told.append(what)
        yield

    monkeypatch.setattr(console, "working", working)
    command, *options = words
    code = run([command, str(EXAMPLE), "-p", "local", *options])
    assert code in (ExitCode.OK, ExitCode.FINDINGS, ExitCode.NOT_EVALUATED)
    assert len(told) == 1
    assert told[0].startswith(said)
