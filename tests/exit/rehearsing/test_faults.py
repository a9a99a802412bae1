"""What disturbs a copy: done for real to a process, and told as it was met."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from havre.errors import ExitCode
from havre.exit.folder import JOURNAL
from havre.exit.journal import Journal
from havre.exit.rehearsing import commands, faults
from havre.exit.rehearsing.commands import HavreCommand
from havre.exit.rehearsing.deciding import change_exit, write_exit
from havre.exit.rehearsing.faults import COPY_FAULTS, ENOUGH
from havre.exit.rehearsing.order import RehearsalFault, RehearsalFolder, RehearsalOrder
from havre.exit.rehearsing.results import FaultEnd
from havre.exit.settings import read_exit

if TYPE_CHECKING:
    from pathlib import Path

ORDER = RehearsalOrder("cohorts", "here", "there")
COPIES = """
import sys, time
from pathlib import Path
from havre.exit.journal import Copied, Journal, ListedVersion
journal = Journal(Path(sys.argv[1]))
versions = [ListedVersion(f"k{n:03}", "v", 1, 1, "", 0) for n in range(400)]
journal.see("curated", 1, versions)
journal.record("begun curated", "1")
for each in versions[:int(sys.argv[2])]:
    journal.copied("curated", [Copied(each.key, "v", b"x" * 32, "v", {"n": "0" * 500})])
time.sleep(float(sys.argv[3]))
"""
"""Copies so many versions in the journal, then waits for so many seconds."""


@pytest.fixture
def place(tmp_path: Path) -> RehearsalFolder:
    made = RehearsalFolder(tmp_path / "rehearsal")
    made.begin(ORDER, b"name: cohorts\n")
    made.exit.mkdir(0o700)
    sides = {name: {"data_dir": str(made.root / name)} for name in ("source", "target")}
    said = {"controller": "A hospital", "host": "A host"}
    write_exit(made.exit, {"name": "trial", "level": "rehearsal", **sides, **said})
    Journal(made.exit / JOURNAL).close()
    return made


def stands_in(
    monkeypatch: pytest.MonkeyPatch, *words: str, program: str = COPIES
) -> list[HavreCommand]:
    """Have a program of the test's own run in the place of `havre exit copy`."""
    begun: list[HavreCommand] = []

    def start(place: RehearsalFolder) -> HavreCommand:
        argv = (sys.executable, "-c", program, str(place.exit / JOURNAL), *words)
        monkeypatch.setattr(commands, "argv", lambda _: argv)
        begun.append(HavreCommand.begun(("exit", "copy"), place.root / "copy"))
        return begun[-1]

    monkeypatch.setattr(faults, "_copying", start)
    return begun


def test_a_killed_copy_is_dead_and_what_it_did_is_counted(
    place: RehearsalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = stands_in(monkeypatch, str(ENOUGH), "600")
    met = COPY_FAULTS[RehearsalFault.KILLED_WORKER](place, ORDER)
    assert (met.end, met.step) == (FaultEnd.SURVIVED, "copy")
    assert f"after {ENOUGH} versions" in met.said
    assert begun[0].process.returncode == -9


def test_a_copy_that_ends_too_soon_was_not_disturbed(
    place: RehearsalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands_in(monkeypatch, "2", "0")
    met = COPY_FAULTS[RehearsalFault.KILLED_WORKER](place, ORDER)
    assert met.end is FaultEnd.UNPLANTED
    assert "rehearse a larger size" in met.said


def test_servers_are_restarted_while_something_is_copied(
    place: RehearsalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarted: list[tuple[str, str]] = []

    def restart(_: RehearsalFolder, side: str, provider: str) -> float:
        assert begun[0].process.poll() is None
        restarted.append((side, provider))
        return 3.0

    begun = stands_in(monkeypatch, str(ENOUGH), "1")
    monkeypatch.setattr(faults, "restarted", restart)
    met = COPY_FAULTS[RehearsalFault.SERVER_RESTART](place, ORDER)
    assert restarted == [("target", "there")]
    assert met.end is FaultEnd.SURVIVED
    assert "the copy waited and ended" in met.said


def test_a_full_disk_stops_the_copy(
    place: RehearsalFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = stands_in(monkeypatch, "400", "0")
    met = COPY_FAULTS[RehearsalFault.FULL_DISK](place, ORDER)
    assert begun[0].process.returncode not in (0, None)
    assert met.end is FaultEnd.SURVIVED
    assert "the next copy went on" in met.said


@pytest.mark.parametrize(
    "fault", [RehearsalFault.EXPIRED_TOKEN, RehearsalFault.LYING_STORE], ids=str
)
@pytest.mark.parametrize("code", [ExitCode.OK, ExitCode.ENGINE], ids=lambda code: code.name)
def test_a_store_fails_during_one_copy_and_no_longer(
    place: RehearsalFolder, monkeypatch: pytest.MonkeyPatch, fault: RehearsalFault, code: ExitCode
) -> None:
    program = (
        "import sys; from pathlib import Path; from havre.exit.settings import read_exit;"
        "print(read_exit(Path(sys.argv[1]).parent).planted);"
        f"sys.stderr.write('error: it is refused'); sys.exit({code.value})"
    )
    begun = stands_in(monkeypatch, program=program)
    met = COPY_FAULTS[fault](place, ORDER)
    assert begun[0].out.strip() == fault
    assert read_exit(place.exit).planted is None
    ends = {
        (RehearsalFault.EXPIRED_TOKEN, ExitCode.OK): FaultEnd.UNPLANTED,
        (RehearsalFault.EXPIRED_TOKEN, ExitCode.ENGINE): FaultEnd.SURVIVED,
        (RehearsalFault.LYING_STORE, ExitCode.OK): FaultEnd.MISSED,
        (RehearsalFault.LYING_STORE, ExitCode.ENGINE): FaultEnd.FOUND,
    }
    assert met.end is ends[fault, code]
    assert (code is ExitCode.OK) != ("it is refused" in met.said)


def test_a_change_of_the_file_keeps_the_rest(place: RehearsalFolder) -> None:
    before = read_exit(place.exit)
    change_exit(place.exit, zones={"a": "b"})
    assert read_exit(place.exit).zones == {"a": "b"}
    change_exit(place.exit, zones=None)
    assert read_exit(place.exit) == before
    assert json.loads((place.root / "rehearsal.json").read_text())["warehouse"] == "cohorts"
