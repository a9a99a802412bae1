"""What a person at a terminal sees of a command that takes long, and a pipe never does."""

from __future__ import annotations

import importlib
import io
import os
import pty
import subprocess
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from havre.cli import console
from havre.cli.app import run
from havre.errors import ExitCode, GuardError
from havre.exit.meter import MeterReading
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def test_no_name_of_a_file_becomes_markup_or_an_emoji(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with console.working("Planning :x: [bold]b[/bold]") as doing:
        until(lambda: "Planning :x: [bold]b[/bold]" in terminal.getvalue())
        doing.say("Copying :warning: [red]r[/red]")
        until(lambda: "Copying :warning: [red]r[/red]" in terminal.getvalue())
    assert "\N{CROSS MARK}" not in terminal.getvalue()
    assert "\N{WARNING SIGN}" not in terminal.getvalue()


def test_nothing_is_told_of_what_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    monkeypatch.setattr(console, "PATIENCE", 600.0)
    with console.working("Planning"):
        pass
    assert "Planning" not in terminal.getvalue()


def test_what_is_shown_follows_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = at_terminal(monkeypatch)
    with console.working("Copying") as doing:
        until(lambda: "Copying" in terminal.getvalue())
        doing.say("zone [curated]: 1 of 2\x1b")
        until(lambda: "zone [curated]: 1 of 2" in terminal.getvalue())
        doing.console.print("a line above")
    assert "a line above" in terminal.getvalue()
    assert "\x1b]" not in terminal.getvalue()


@pytest.mark.parametrize("patience", [0.0, 600.0])
def test_nothing_is_shown_while_a_person_is_asked(
    monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    terminal = at_terminal(monkeypatch)
    monkeypatch.setattr(console, "PATIENCE", patience)
    with console.working("Restoring") as doing:
        if not patience:
            until(lambda: "Restoring" in terminal.getvalue())
        with doing.paused():
            before = terminal.getvalue()
            doing.say("Reading back")
            assert terminal.getvalue() == before
        if not patience:
            until(lambda: "Reading back" in terminal.getvalue())
    assert patience == 0.0 or "Reading back" not in terminal.getvalue()


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
    with console.working("Planning") as doing:
        doing.say("Copying")
        with doing.paused():
            pass
    assert capsys.readouterr() == ("", "")


CHECKS = {
    "plan": (("plan", str(EXAMPLE), "-p", "local"), "Planning chu-trial on local"),
    "check": (("check", str(EXAMPLE), "-p", "local", "--quiet"), "Checking "),
    "compare": (("compare", str(EXAMPLE), "-p", "local", "-p", "ovh"), "Comparing local, ovh"),
    "coverage": (("policy", "coverage", "--json"), "Reading controls and frameworks"),
    "draft": (("waiver", "draft", str(EXAMPLE), "-p", "local"), "Checking the warehouse"),
    "test": (("policy", "test", "."), "Testing the controls in ."),
}


@pytest.mark.parametrize("name", CHECKS)
def test_commands_that_may_take_long_say_what_they_do(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []

    @contextmanager
    def working(what: str) -> Iterator[None]:
        told.append(what)
        yield

    monkeypatch.setattr(console, "working", working)
    monkeypatch.chdir(tmp_path)
    words, said = CHECKS[name]
    code = run([*words])
    assert code in {ExitCode.OK, ExitCode.FINDINGS, ExitCode.NOT_EVALUATED} or name == "test"
    assert len(told) == 1
    assert told[0].startswith(said)


PROGRAM = """
import sys
from havre.cli import console
from havre.cli.app import run
console.PATIENCE = 0.0
sys.exit(run(sys.argv[1:]))
"""


def on_a_terminal(words: tuple[str, ...]) -> str:
    """What a command writes where standard error is a real terminal."""
    here, there = pty.openpty()
    command = [sys.executable, "-c", PROGRAM, *words]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=there, env=environment
    ) as process:
        os.close(there)
        found = b""
        while chunk := _read(here):
            found += chunk
    os.close(here)
    assert process.returncode in {0, 1, 3}
    return found.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize("name", ["plan", "compare", "coverage"])
def test_a_real_terminal_shows_it_and_a_pipe_does_not(name: str) -> None:
    words, said = CHECKS[name]
    assert said in on_a_terminal(words)
    command = [sys.executable, "-c", PROGRAM, *words]
    piped = subprocess.run(command, capture_output=True, text=True, check=False)
    assert piped.returncode in {0, 1, 3}
    assert said not in piped.stderr
    assert said not in piped.stdout


def test_a_result_begins_on_a_line_of_its_own() -> None:
    """What was shown of the work is cleared first, where both go to one terminal."""
    here, there = pty.openpty()
    words = ("check", str(EXAMPLE), "-p", "ovh", "--summary", "--as-of", "2026-11-23")
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdout=there,
        stderr=there,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    ):
        os.close(there)
        found = b""
        while chunk := _read(here):
            found += chunk
    os.close(here)
    before, headline, _ = found.decode().partition("chu-trial (")
    assert headline
    _, shown, after = before.rpartition("Checking ")
    assert shown
    assert "\x1b[2K" in after


READING = MeterReading("zone curated", 1, 4, 2**20, 2.0)
READ = "zone curated: 1 of 4 versions, 1.0 MiB"
STEPS = {
    ("plan",): ("plan.plan", "Planning the exit", True),
    ("copy",): ("copy.copy", "Copying the exit", True),
    ("copy", "--dry-run"): ("preview.preview", "Comparing both sides", False),
    ("verify",): ("verify.verify", "Verifying the exit", True),
    ("freeze",): ("freeze.freeze", "Freezing the source", True),
    ("freeze", "--dry-run"): ("ending.foreseeing.foresee_freeze", "Comparing both sides", True),
    ("thaw",): ("freeze.thaw", "Restoring write access", False),
    ("thaw", "--dry-run"): ("ending.foreseeing.foresee_thaw", "Reading who lost", False),
    ("cut", "--confirm", "x"): ("ending.cut.cut", "Opening the target", True),
    ("cut", "--dry-run"): ("ending.foreseeing.foresee_cut", "Comparing both sides", True),
    ("retire", "--confirm", "x"): ("ending.retire.schedule", "Looking for what is left", False),
    ("retire", "--dry-run"): ("ending.foreseeing.foresee_retire", "Looking for what", False),
    ("seal",): ("seal.seal", "Sealing the evidence", False),
}
"""By command of an exit: what it calls, what is shown meanwhile, and whether that is counted."""


class ReachedError(GuardError):
    """The step was reached: what comes after it is not tested here."""


def step(waited: Callable[[str], None], *, counts: bool) -> Callable[..., Any]:
    """Stands for a step: it waits until it is shown, tells how far it is, and stops."""

    def taken(*given: Any) -> None:
        waited("")
        if counts:
            (progress,) = (each for each in given if callable(each))
            progress(READING)
            waited(READ)
        message = "reached"
        raise ReachedError(message, "none")

    return taken


def exits(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], taken: Any) -> int:
    """Run a command of an exit whose step is `taken`."""
    import havre.cli.leaving.steps
    import havre.exit.folder
    import havre.exit.steps.ending.retire

    place, name = f"havre.exit.steps.{STEPS[words][0]}".rsplit(".", 1)
    folder = SimpleNamespace(root=Path("x"))
    monkeypatch.setattr(importlib.import_module(place), name, taken)
    for opening in ("opened", "tried"):
        monkeypatch.setattr(havre.exit.folder, opening, lambda _root: nullcontext(folder))
    monkeypatch.setattr(havre.cli.leaving.steps, "at", lambda found, *_: found)
    monkeypatch.setattr(havre.exit.steps.ending.retire, "signatories", lambda *_: None)
    command, *options = words
    return run(["exit", command, "x", *options])


@pytest.mark.parametrize("words", STEPS, ids=" ".join)
def test_a_step_of_an_exit_is_shown_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    terminal = at_terminal(monkeypatch)
    _, said, counts = STEPS[words]

    def waited(text: str) -> None:
        until(lambda: (text or said) in terminal.getvalue())

    assert exits(monkeypatch, words, step(waited, counts=counts)) == ExitCode.ENGINE
    assert "reached" in terminal.getvalue()


@pytest.mark.parametrize("words", STEPS, ids=" ".join)
def test_a_step_of_an_exit_writes_nothing_into_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(console, "PATIENCE", 0.0)
    _, said, counts = STEPS[words]
    taken = step(lambda _text: None, counts=counts)
    assert exits(monkeypatch, words, taken) == ExitCode.ENGINE
    told = capsys.readouterr()
    assert "reached" in told.err
    assert said not in told.err + told.out
    assert "curated" not in told.err + told.out


OPERATIONS = {
    ("backup",): ("backup", "Backing up"),
    ("down",): ("stop", "Stopping the services"),
    ("down", "--destroy-data", "w"): ("destroy", "Deleting w"),
    ("logs", "verify"): ("verify_record", "Checking the record"),
}
"""By command of a warehouse on this machine: what it calls, and what is shown meanwhile."""


@pytest.mark.parametrize("words", OPERATIONS, ids=" ".join)
def test_an_operation_of_a_warehouse_is_shown_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    from havre.cli import context, warehouse

    name, said = OPERATIONS[words]
    terminal = at_terminal(monkeypatch)
    taken = step(lambda _: until(lambda: said in terminal.getvalue()), counts=False)
    found = SimpleNamespace(
        record={"warehouse": "w", "provider": "local", "stack": "s"},
        operations=SimpleNamespace(status=list, **{name: taken}),
        store=SimpleNamespace(lock=nullcontext, data_dir=Path("x")),
    )
    nowhere = SimpleNamespace(data_dir=None)
    monkeypatch.setattr(context, "standing", lambda *_: nowhere)
    monkeypatch.setattr(context, "operated", lambda *_: found)
    engine = SimpleNamespace(refuse_state=lambda: None)
    monkeypatch.setattr(warehouse, "engine_of", lambda *_: engine)
    assert run([*words]) == ExitCode.ENGINE
    assert "reached" in terminal.getvalue()


def test_a_deployment_is_shown_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from havre.cli import warehouse

    terminal = at_terminal(monkeypatch)
    taken = step(lambda _: until(lambda: "Deploying chu" in terminal.getvalue()), counts=False)
    empty = SimpleNamespace(resources=())
    engine = SimpleNamespace(preview=lambda _body: [], up=taken, load=lambda: empty)
    monkeypatch.setattr(warehouse, "engine_of", lambda *_: engine)
    words = ["up", str(EXAMPLE), "-p", "local", "--data-dir", str(tmp_path / "data"), "--yes"]
    assert run(words) == ExitCode.ENGINE
    assert "reached" in terminal.getvalue()
