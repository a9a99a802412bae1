"""The database in the steps of an exit: planned, moved where it changed, read back, sealed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError, InputError
from havre.exit.folder import opened
from havre.exit.freezing.taking import MEMORY
from havre.exit.seal.tables import THINGS
from havre.exit.steps import databases
from havre.exit.steps.databases import (
    copy_database,
    ledger_of,
    plan_database,
    preview_database,
    sides_of,
)
from havre.exit.steps.ending.cut import open_database
from havre.exit.steps.verify import verify_database
from tests.exit.database.mover import between

if TYPE_CHECKING:
    from pathlib import Path

    from havre.exit.database.move import DatabaseMove
    from tests.exit.database.servers import Server

FILE = """\
name: trial
level: rehearsal
source: {data_dir: ../a}
target: {data_dir: ../b}
controller: A hospital
host: A host SAS
rates: {workers: 1}
"""
TABLES = """
CREATE SCHEMA care; CREATE TABLE care.visit (id int PRIMARY KEY, note text);
INSERT INTO care.visit SELECT i, 'n' || i FROM generate_series(1, 50) i;
CREATE SEQUENCE care.counter; SELECT nextval('care.counter'); CREATE TABLE care.none (i int);
"""
DECISION = "decisions: [{{property: {}, who: An officer, why: No use., when: 2026-11-29}}]\n"
NEVER = "UPDATE care.visit SET note = 'other' WHERE id = 3"

Opening = "Callable[..., Iterator[ExitFolder]]"


@dataclass(frozen=True)
class Leaving:
    """An exit between two databases of the test servers."""

    root: Path
    source: Server
    target: Server

    def says(self, text: str) -> None:
        (self.root / "exit.yaml").write_text(FILE + text)

    def plan(self) -> dict[str, str]:
        with opened(self.root) as folder:
            plan_database(folder)
            return {e.property: e.fate.value for e in ledger_of(folder) if e.fate != "kept"}

    def copied(self) -> bool:
        with opened(self.root) as folder:
            (found,) = copy_database(folder, lambda _: None)
            return found.moved

    def would(self) -> bool:
        with opened(self.root) as folder:
            (found,) = preview_database(folder)
            return found.moves

    def verified(self) -> list[str]:
        with opened(self.root) as folder:
            (found,) = verify_database(folder)
            return list(found.named)


@pytest.fixture
def leaving(
    source: Server, target: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Leaving:
    monkeypatch.setattr(databases, "reach", between(source, target))
    root = tmp_path / "exit"
    root.mkdir(mode=0o700)
    made = Leaving(root, source, target)
    made.says("")
    source.run(TABLES)
    return made


def test_it_moves_again_only_where_the_source_changed_since(leaving: Leaving) -> None:
    assert leaving.plan().keys() == {"major version", "planner statistics", "role"}
    assert [leaving.would(), leaving.copied()] == [True, True]
    assert [leaving.would(), leaving.copied()] == [False, False]
    assert leaving.verified() == []
    leaving.source.run(NEVER)
    assert [leaving.copied(), leaving.copied()] == [True, False]
    assert leaving.verified() == []


def test_what_somebody_changes_at_the_target_is_found_and_mended_by_the_next_copy(
    leaving: Leaving,
) -> None:
    leaving.plan()
    leaving.copied()
    leaving.target.run(NEVER)
    assert leaving.verified() == ["table care.visit"]
    assert leaving.copied()
    assert leaving.verified() == []
    leaving.target.run("DROP SCHEMA havre_exit CASCADE; DROP SCHEMA care CASCADE")
    assert leaving.copied()
    assert leaving.target.one("SELECT count(*) FROM care.visit") == 50


def test_a_run_that_breaks_off_is_no_copy(
    leaving: Leaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving.plan()
    leaving.copied()
    leaving.source.run(NEVER)

    def cut_off(_job: DatabaseMove) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(databases, "move", cut_off)
        with pytest.raises(KeyboardInterrupt):
            leaving.copied()
    leaving.source.run("UPDATE care.visit SET note = 'n3' WHERE id = 3")
    assert leaving.copied()


def test_the_seal_gets_both_sides_the_number_of_things_the_sql_and_no_secret(
    leaving: Leaving,
) -> None:
    leaving.plan()
    leaving.copied()
    with opened(leaving.root) as folder, pytest.raises(InputError, match="was not read back"):
        sides_of(folder)
    leaving.verified()
    with opened(leaving.root) as folder:
        (sides,) = sides_of(folder)
    source, target = sides.source.read_text(), sides.target.read_text()
    assert source == target
    assert sides.count == len(source.splitlines())
    assert all(THINGS.fullmatch(line) for line in source.splitlines())
    assert "table\tcare.visit\t50\t" in source
    assert "FROM ONLY care.visit" in sides.queries
    held = b"".join(each.read_bytes() for each in leaving.root.rglob("*") if each.is_file())
    assert b"care.visit" in held
    assert [end for end in (leaving.source, leaving.target) if end.password.encode() in held] == []
    leaving.source.run("CREATE TABLE care.late (i int)")
    leaving.verified()
    with opened(leaving.root) as folder:
        (sides,) = sides_of(folder)
    assert sides.count != len(sides.source.read_text().splitlines())


def test_what_stands_in_the_target_already_blocks_by_name(leaving: Leaving) -> None:
    leaving.target.run("CREATE TABLE theirs (i int)")
    assert leaving.plan()["target"] == "blocking"
    with opened(leaving.root) as folder:
        found = [each.found for each in ledger_of(folder) if each.property == "target"]
    assert found == ["1 thing stands there: table public.theirs"]
    leaving.target.run("DROP TABLE theirs; CREATE SCHEMA care")
    assert "target" not in leaving.plan()
    leaving.copied()
    assert "target" not in leaving.plan()
    leaving.target.run("CREATE VIEW theirs AS SELECT 1")
    assert leaving.plan()["target"] == "blocking"


def test_what_only_the_target_has_waits_for_a_decision_or_is_taken_back(leaving: Leaving) -> None:
    leaving.source.run("CREATE ROLE trial_both")
    leaving.target.run(
        "CREATE ROLE trial_both; CREATE ROLE trial_own; CREATE SCHEMA theirs; CREATE SCHEMA care;"
        "ALTER ROLE trial_both SET work_mem = '8MB'; ALTER ROLE trial_own SET work_mem = '8MB';"
        "GRANT USAGE ON SCHEMA care, theirs TO trial_own"
    )
    try:
        blocking = {p: fate for p, fate in leaving.plan().items() if fate == "blocking"}
        assert blocking.keys() == {"role", "setting", "schema", "grant"}
        words = "[" + ", ".join(DECISION.format(name)[12:-2] for name in blocking) + "]"
        leaving.says(f"decisions: {words}\n")
        assert "blocking" not in leaving.plan().values()
        leaving.copied()
        assert leaving.verified() == []
        assert "blocking" not in leaving.plan().values()
        query = "SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolconfig IS NOT NULL"
        assert leaving.target.one(query) == "trial_own"
    finally:
        for end in (leaving.source, leaving.target):
            end.run("DROP ROLE IF EXISTS trial_both")
        leaving.target.run("DROP OWNED BY trial_own; DROP ROLE trial_own")


def test_a_database_stays_behind_by_a_decision_alone(leaving: Leaving) -> None:
    leaving.says("database: none\n")
    assert leaving.plan() == {"database": "blocking"}
    with opened(leaving.root) as folder, pytest.raises(InputError, match="no decision"):
        copy_database(folder, lambda _: None)
    leaving.says("database: none\n" + DECISION.format("database"))
    assert leaving.plan() == {"database": "lost"}
    with opened(leaving.root) as folder:
        assert copy_database(folder, lambda _: None) == ()
        assert verify_database(folder) == ()
        assert sides_of(folder) == ()


def test_one_that_was_planned_does_not_vanish_from_the_seal(leaving: Leaving) -> None:
    leaving.plan()
    leaving.says("database: none\n" + DECISION.format("database"))
    with opened(leaving.root) as folder:
        for step in (verify_database, sides_of):
            with pytest.raises(InputError, match="no decision"):
                step(folder)


@pytest.mark.long
def test_what_a_decision_lets_be_lost_is_on_neither_side(leaving: Leaving) -> None:
    leaving.source.run("SELECT pg_create_logical_replication_slot('theirs', 'pgoutput')")
    try:
        assert leaving.plan()["replication slot"] == "blocking"
        leaving.says(DECISION.format("replication slot"))
        assert leaving.plan()["replication slot"] == "lost"
        assert leaving.copied()
        assert leaving.verified() == []
    finally:
        leaving.source.run("SELECT pg_drop_replication_slot('theirs')")


def test_roles_of_a_vendor_get_the_names_of_exit_yaml_and_no_login_at_the_cut(
    leaving: Leaving,
) -> None:
    made = ("trial_vendor", "trial_doctor")
    leaving.source.run("".join(f"CREATE ROLE {name} LOGIN; " for name in made))
    leaving.source.run("ALTER TABLE care.visit OWNER TO trial_vendor")
    try:
        leaving.says("database: {roles: {trial_vendor: keeper}}\n")
        assert leaving.plan()["role"] == "mapped"
        leaving.copied()
        assert leaving.verified() == []
        owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'visit'"
        assert leaving.target.one(owner) == "keeper"
        could = json.dumps({"roles": dict(enumerate(made))})
        with opened(leaving.root) as folder:
            folder.journal.record(f"{MEMORY}database {leaving.source.name}", could)
            assert open_database(folder) == ["trial_doctor"]
            again = open_database(folder)
            assert again == ["trial_doctor"], "a run that was cut off loses no name"
    finally:
        leaving.source.run(
            "DROP OWNED BY trial_vendor CASCADE; DROP ROLE trial_vendor, trial_doctor"
        )
        leaving.target.run("DROP ROLE trial_doctor")


def test_a_reader_who_sees_less_is_refused(
    leaving: Leaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving.source.run(f"CREATE ROLE trial_half LOGIN PASSWORD '{leaving.source.password}'")
    half = leaving.source.as_user("trial_half")
    monkeypatch.setattr(databases, "reach", between(half, leaving.target))
    try:
        with pytest.raises(GuardError, match="BYPASSRLS"):
            leaving.plan()
    finally:
        leaving.source.run("DROP ROLE trial_half")
