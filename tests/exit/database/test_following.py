"""`method: replication` in the steps: writers go on until the freeze, and no slot stays behind."""

from __future__ import annotations

import contextlib
import itertools
import re
import threading
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from havre.cli import main
from havre.errors import GuardError, ProviderError
from havre.exit.database import inventory, replication
from havre.exit.database.ends import DatabaseSide
from havre.exit.database.move import DatabaseMove
from havre.exit.folder import ExitStep, opened
from havre.exit.ledger import LedgerEntry, LedgerFate
from havre.exit.steps import copy, databases, freeze, replicating, verify
from havre.exit.steps.databases import copy_database, ledger_of, plan_database, sides_of
from tests.exit.database.mover import between, started
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from havre.exit.folder import ExitFolder
    from havre.exit.steps.results import DatabaseCopied
    from tests.exit.database.servers import Server

FILE = """\
name: leaving
level: rehearsal
source: {data_dir: ../a}
target: {data_dir: ../b}
controller: A hospital
host: A host SAS
rates: {workers: 1}
"""
TABLES = """
CREATE SCHEMA care; CREATE TABLE care.visit (id serial PRIMARY KEY, note text);
INSERT INTO care.visit (note) SELECT 'n' || i FROM generate_series(1, 50) i;
"""
LEFT = """
SELECT (SELECT count(*) FROM pg_replication_slots WHERE database = current_database())
  + (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_subscription
     WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
VISITS = "SELECT count(*) FROM care.visit"
SLOT = replication.name_of("leaving")


@dataclass(frozen=True)
class Following:
    """An exit by replication between two databases of the test servers."""

    root: Path
    source: Server
    target: Server

    def says(self, way: str) -> None:
        (self.root / "exit.yaml").write_text(f"{FILE}database: {way}\n")

    def does(self, step: Callable[[ExitFolder], Any]) -> Any:
        with opened(self.root) as folder:
            return step(folder)

    def copied(self) -> DatabaseCopied:
        (found,) = self.does(lambda folder: copy_database(folder, lambda _: None))
        return found

    def slot(self) -> str:
        return str(self.does(lambda folder: folder.slot))

    def left(self) -> tuple[int, int]:
        return self.source.one(LEFT), self.target.one(LEFT)

    def ends(self, *steps: ExitStep) -> None:
        """Steps end that have nothing to do with a database."""
        with opened(self.root) as folder:
            for step in steps:
                folder.end(folder.begin(step), {})


def planned(folder: ExitFolder) -> None:
    begun = folder.begin(ExitStep.PLAN)
    plan_database(folder)
    folder.end(begun, {})


@pytest.fixture
def leaving(
    source: Server, target: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Following]:
    for module in (databases, freeze):
        monkeypatch.setattr(module, "reach", between(source, target))
    for module in (copy, freeze, verify):
        monkeypatch.setattr(module, "zones", lambda _: [])
    for module, name in ((copy, "plan"), (copy, "copy"), (verify, "verify")):
        monkeypatch.setattr(module, f"{name}_backups", lambda *_: ())
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    made = Following(root, source, target)
    made.says("{method: replication}")
    source.run(TABLES)
    made.does(planned)
    yield made
    replication.clean(DatabaseMove("leaving", DatabaseSide(source), DatabaseSide(target)))


@contextlib.contextmanager
def writer(source: Server) -> Iterator[list[int]]:
    """Somebody who writes, as a role that may log in, until its session is ended."""
    source.run(
        f"CREATE ROLE trial_writer LOGIN PASSWORD '{source.password}';"
        "GRANT USAGE ON SCHEMA care TO trial_writer; GRANT INSERT ON care.visit TO trial_writer;"
        "GRANT USAGE ON SEQUENCE care.visit_id_seq TO trial_writer"
    )
    written: list[int] = []
    stopped = threading.Event()

    def write() -> None:
        session = source.as_user("trial_writer").connect(autocommit=True)
        with contextlib.suppress(psycopg.OperationalError), session as connection:
            for number in itertools.count():
                connection.execute("INSERT INTO care.visit (note) VALUES (%s)", (str(number),))
                written.append(number)
                if stopped.wait(0.01):
                    break

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        stopped.set()
        thread.join()


def test_writers_go_on_until_the_freeze_and_everything_arrives(
    leaving: Following, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = leaving.source, leaving.target
    step = ["exit", "copy", str(leaving.root)]
    try:
        with writer(source) as written:
            until(lambda: len(written) > 5)
            (first,) = leaving.does(lambda f: copy.copy(f, lambda _: None)).databases
            assert (first.slot, first.tables, first.lag is not None) == (SLOT, 1, True)
            before = len(written)
            until(lambda: len(written) > before + 5)
            with pytest.raises(GuardError, match="still follows") as caught:
                leaving.does(lambda f: verify.verify(f, lambda _: None))
            assert f"havre exit freeze {leaving.root}" in caught.value.remedy
            assert main(step) == 0
            shown = rf"1 table copied, [\d,]+ bytes behind\. Replication slot {SLOT} makes"
            assert re.search(shown, " ".join(capsys.readouterr().out.split()))
            frozen = leaving.does(lambda f: freeze.freeze(f, lambda _: None))
            assert frozen.left == ""
        assert main(step) == 0
        assert "and the replication is ended" in capsys.readouterr().out
        assert leaving.left() == (0, 0)
        found = leaving.does(lambda f: verify.verify(f, lambda _: None))
        assert (found.left, found.databases[0].named) == ("", ())
        assert found.frozen is not None
        assert source.one(VISITS) == target.one(VISITS) > 50 + before
        assert target.one("SELECT nextval('care.visit_id_seq')") > source.one(VISITS) + 1000
        (sides,) = leaving.does(sides_of)
        assert sides.count == len(sides.source.read_text().splitlines())
        held = b"".join(each.read_bytes() for each in leaving.root.rglob("*") if each.is_file())
        assert source.password.encode() not in held
        assert main(step) == 0
        assert "not changed since it was moved" in capsys.readouterr().out
    finally:
        for end in (source, target):
            end.run("DROP OWNED BY trial_writer; DROP ROLE trial_writer")


def test_a_run_that_breaks_off_goes_on_where_it_was(
    leaving: Following, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(replication, "follow", cut_off)
        with pytest.raises(KeyboardInterrupt):
            leaving.copied()
    assert main(["exit", "status", str(leaving.root)]) == 0
    assert SLOT in capsys.readouterr().out
    monkeypatch.setattr(replication, "start", cut_off)
    assert leaving.copied().slot == SLOT
    leaving.ends(ExitStep.COPY, ExitStep.FREEZE)
    cleaned = replication._clean

    def cut_off_after(*sides: Any) -> None:
        cleaned(*sides)
        raise KeyboardInterrupt

    for instant in (cut_off, cut_off_after):
        with monkeypatch.context() as patched:
            patched.setattr(replication, "_clean", instant)
            with pytest.raises(KeyboardInterrupt):
                leaving.copied()
        assert leaving.slot() == SLOT
    assert (leaving.copied().slot, leaving.slot(), leaving.left()) == ("", "", (0, 0))
    assert not leaving.copied().moved
    assert main(["exit", "status", str(leaving.root)]) == 0
    assert SLOT not in capsys.readouterr().out


@pytest.mark.long
@pytest.mark.parametrize(
    "seen",
    [
        "SELECT count(*) FROM pg_publication",
        "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()",
    ],
)
def test_a_killed_copy_begins_again(leaving: Following, seen: str) -> None:
    process = started(leaving.source, leaving.target, "copy", str(leaving.root))
    until(lambda: bool(leaving.source.one(seen)))
    process.kill()
    process.wait()
    assert leaving.slot() == SLOT
    with pytest.raises(GuardError, match=SLOT):
        leaving.does(replicating.refuse_following)
    assert leaving.copied().tables == 1
    until(lambda: leaving.target.one(VISITS) == 50)
    leaving.ends(ExitStep.COPY, ExitStep.FREEZE)
    leaving.copied()
    assert leaving.left() == (0, 0)


@pytest.mark.parametrize("way", ["{method: dump}", "none"])
def test_given_up_it_leaves_nothing_behind_even_where_something_blocks(
    leaving: Following, way: str
) -> None:
    leaving.copied()
    assert leaving.left() == (2, 1)
    leaving.says(way)
    said = ("database", "x", "x", "x", "", LedgerFate.BLOCKING, "Mend it.")
    leaving.does(lambda f: f.journal.lose("database", (), [LedgerEntry(*said)]))
    with pytest.raises(GuardError):
        leaving.does(lambda f: copy.copy(f, lambda _: None))
    assert (leaving.left(), leaving.slot()) == ((0, 0), "")


def test_after_a_thaw_it_begins_anew(leaving: Following) -> None:
    leaving.copied()
    leaving.ends(ExitStep.COPY, ExitStep.FREEZE)
    assert leaving.copied().slot == ""
    leaving.does(lambda f: f.undo(ExitStep.FREEZE))
    assert leaving.copied().slot == SLOT
    assert leaving.left() == (2, 1)


def test_a_change_of_structure_is_named_once_and_then_it_begins_anew(leaving: Following) -> None:
    leaving.copied()
    leaving.source.run("ALTER TABLE care.visit ADD late text")
    with pytest.raises(GuardError, match=r"table definition care\.visit"):
        leaving.copied()
    assert leaving.copied().slot == SLOT
    assert leaving.target.one("SELECT count(late) FROM care.visit") == 0
    leaving.target.run(f"ALTER SUBSCRIPTION {SLOT} DISABLE")
    with pytest.raises(GuardError, match="no replication"):
        leaving.copied()


def test_a_server_that_is_not_set_up_for_it_blocks_in_the_ledger_until_it_is_begun(
    leaving: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = inventory.both

    def both(*sides: DatabaseSide) -> Any:
        source, target = whole(*sides)
        settings = {**source.measured["replication"], "max_replication_slots": "0"}
        return replace(source, measured={**source.measured, "replication": settings}), target

    def blocked() -> list[str]:
        leaving.does(planned)
        entries = leaving.does(ledger_of)
        return [each.property for each in entries if each.fate is LedgerFate.BLOCKING]

    with monkeypatch.context() as patched:
        patched.setattr(inventory, "both", both)
        assert blocked() == ["max_replication_slots"]
    leaving.source.run("CREATE UNLOGGED TABLE care.fast (i int PRIMARY KEY)")
    assert blocked() == ["unlogged"]
    leaving.source.run("DROP TABLE care.fast; CREATE TABLE care.keyless (i int)")
    assert blocked() == ["replica identity"]


def test_a_target_that_does_not_reach_the_source_is_told_without_the_password(
    leaving: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = leaving.source.reach.replace(leaving.source.password, "a wrong secret")
    monkeypatch.setattr(replicating, "way_to", lambda _: wrong)
    with pytest.raises(ProviderError, match="cannot subscribe") as caught:
        leaving.copied()
    assert "secret" not in str(caught.value)
    assert leaving.left() == (0, 0)


def test_the_target_reaches_the_source_as_the_exit_does_and_under_the_replications_name(
    source: Server,
) -> None:
    options = "application_name=another connect_timeout=900"
    end: Any = SimpleNamespace(connect=lambda: psycopg.connect(f"{source.reach} {options}"))
    assert conninfo_to_dict(replicating.way_to(end)) == conninfo_to_dict(source.reach)
