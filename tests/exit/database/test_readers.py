"""The target is read back by a role that sees everything and could have written nothing."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from havre.errors import GuardError, InputError
from havre.exit.database import preflight, verify
from havre.exit.folder import ExitStep, StepRun, opened
from havre.exit.ledger import LedgerFate
from havre.exit.seal.statement import info_of, predicate
from havre.exit.steps import databases
from havre.exit.steps.databases import copy_database, ledger_of, plan_database
from havre.exit.steps.seal import readers, seal
from havre.exit.steps.verify import refuse_own_role, still_needed, verify_database
from tests.exit.database.mover import between
from tests.exit.database.servers import StandingReader
from tests.exit.seal.workshop import DEPARTURE, NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.exit.database.servers import Server

THINGS = Path(__file__).with_name("things.sql").read_text("utf-8")
FILE = """\
name: trial
level: {level}
source: {{data_dir: ../a}}
target: {{data_dir: ../b}}
controller: A hospital
host: A host SAS
rates: {{workers: 2}}
"""
TABLES = """
CREATE SCHEMA care; CREATE TABLE care.visit (id int PRIMARY KEY, note text);
INSERT INTO care.visit SELECT i, 'n' || i FROM generate_series(1, 50) i;
ALTER TABLE care.visit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT UPDATE ON care.visit TO PUBLIC; CREATE SEQUENCE care.counter; SELECT lo_create(7);
"""
WRITES = {
    "ALTER ROLE {} SUPERUSER": "SUPERUSER of role {}",
    "ALTER ROLE {} CREATEROLE": "CREATEROLE of role {}",
    "ALTER ROLE {} CREATEDB": "CREATEDB of role {}",
    "ALTER ROLE {} REPLICATION": "REPLICATION of role {}",
    "GRANT pg_write_all_data TO {}": "member of role pg_write_all_data",
    "GRANT pg_execute_server_program TO {}": "member of role pg_execute_server_program",
    "ALTER TABLE care.visit OWNER TO {}": "owner of table care.visit",
    "ALTER DATABASE {database} OWNER TO {}": "owner of database {database}",
    "GRANT INSERT ON care.visit TO {}": "INSERT of TABLE care.visit",
    "GRANT UPDATE (note) ON care.visit TO {}": "UPDATE of COLUMN care.visit.note",
    "GRANT REFERENCES ON care.visit TO {group}; GRANT {group} TO {}": "REFERENCES of TABLE care",
    "GRANT SELECT ON care.visit TO {} WITH GRANT OPTION": "SELECT of TABLE care.visit",
    "GRANT CREATE ON SCHEMA care TO {}": "CREATE of SCHEMA care",
    "GRANT CREATE ON DATABASE {database} TO {}": "CREATE of DATABASE",
    "GRANT USAGE ON SEQUENCE care.counter TO {}": "USAGE of SEQUENCE care.counter",
    "GRANT UPDATE ON LARGE OBJECT 7 TO {}": "UPDATE of large object 7",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA care GRANT DELETE ON TABLES TO {}": "DELETE of role keeper",
}
"""What lets a reader write, and what the refusal says of it."""
BLIND = {
    "ALTER ROLE {} NOBYPASSRLS": "has not BYPASSRLS",
    "REVOKE pg_read_all_data FROM {}": r"no permission to read care\.counter, care\.visit",
}


def make(target: Server, name: str) -> None:
    target.run(
        f"CREATE ROLE {name} LOGIN BYPASSRLS PASSWORD '{target.password}';"
        f"GRANT pg_read_all_data TO {name}"
    )


@contextlib.contextmanager
def only_reading(target: Server) -> Iterator[Server]:
    """The database by a role that only reads, as an administrator makes one."""
    name = f"reader_{secrets.token_hex(3)}"
    make(target, name)
    try:
        yield target.as_user(name)
    finally:
        for role in (name, f"{name}_group"):
            with contextlib.suppress(psycopg.errors.UndefinedObject):
                target.run(f"REASSIGN OWNED BY {role} TO keeper; DROP OWNED BY {role}")
                target.run(f"DROP ROLE {role}")


@pytest.fixture
def reader(target: Server) -> Iterator[Server]:
    with only_reading(target) as found:
        yield found


@pytest.fixture(scope="module")
def filled(servers: tuple[Server, Server]) -> Server:
    """A database with a table; it goes with its server."""
    made = servers[1].database(f"filled_{secrets.token_hex(4)}")
    made.run(TABLES)
    return made


@pytest.fixture
def bounded(filled: Server) -> Iterator[Server]:
    """It, by a role that only reads."""
    with only_reading(filled) as found:
        yield found


@pytest.mark.parametrize("change", WRITES)
def test_a_reader_that_could_write_is_refused(bounded: Server, filled: Server, change: str) -> None:
    preflight.check_reader(bounded, filled.user)
    names = {"group": f"{bounded.user}_group", "database": filled.name}
    if "{group}" in change:
        filled.run(f"CREATE ROLE {names['group']}")
    filled.run(change.format(bounded.user, **names))
    with pytest.raises(GuardError, match="can write") as caught:
        preflight.check_reader(bounded, filled.user)
    assert WRITES[change].format(bounded.user, **names) in str(caught.value)


@pytest.mark.parametrize("change", BLIND)
def test_a_reader_that_sees_less_is_refused(bounded: Server, filled: Server, change: str) -> None:
    filled.run(change.format(bounded.user))
    with pytest.raises(GuardError, match=BLIND[change]):
        preflight.check_reader(bounded, filled.user)


def test_the_role_of_the_copy_is_no_other_credential(bounded: Server) -> None:
    with pytest.raises(GuardError, match=f"the copy writes by the role {bounded.user} too"):
        preflight.check_reader(bounded, bounded.user)


def test_the_reader_sees_what_an_administrator_sees_and_changes_nothing(
    reader: Server, target: Server
) -> None:
    try:
        target.run(f"{THINGS}; ALTER TABLE care.person FORCE ROW LEVEL SECURITY")
        hidden = {reader.user: ""}
        found = verify.lines(reader, hidden, jobs=2)
        assert {line.kind for line in found} >= {"user mapping", "large objects", "policy", "role"}
        assert set(found) == set(verify.lines(target, hidden, jobs=2))
        with pytest.raises(psycopg.Error, match="permission denied"):
            reader.run("INSERT INTO care.scratch VALUES (2)")
    finally:
        for role in ("exit_reader", "exit_group", "exit_owner"):
            with contextlib.suppress(psycopg.Error):
                target.run(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


class Leaving:
    """An exit between two databases whose target is read back by a role that somebody made."""

    def __init__(self, root: Path, level: str = "rehearsal") -> None:
        self.root = root
        root.mkdir(mode=0o700)
        self.is_now(level)

    def is_now(self, level: str) -> None:
        (self.root / "exit.yaml").write_text(FILE.format(level=level))

    def copied(self) -> bool:
        with opened(self.root) as folder:
            plan_database(folder)
            assert [e for e in ledger_of(folder) if e.fate is LedgerFate.BLOCKING] == []
            (found,) = copy_database(folder, lambda _: None)
            return found.moved

    def verified(self) -> Any:
        with opened(self.root) as folder:
            refuse_own_role(folder)
            (found,) = verify_database(folder)
            return found


@pytest.fixture
def leaving(source: Server, tmp_path: Path) -> Leaving:
    source.run(TABLES)
    return Leaving(tmp_path / "exit")


def test_another_role_reads_the_target_back_and_is_neither_moved_nor_compared(
    leaving: Leaving, source: Server, target: Server, reader: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(databases, "reach", between(source, target))
    with opened(leaving.root) as folder:
        plan_database(folder)
        assert ("role", reader.user) in {
            (e.property, e.item) for e in ledger_of(folder) if e.fate is LedgerFate.BLOCKING
        }
    monkeypatch.setattr(databases, "reach", between(source, target, StandingReader(reader)))
    assert [leaving.copied(), leaving.copied()] == [True, False]
    found = leaving.verified()
    assert (found.differences, found.reader, found.own_credential) == (0, reader.user, "")
    target.run("UPDATE care.visit SET note = 'other' WHERE id = 3")
    assert leaving.verified().named == ("table care.visit",)


def test_to_name_a_reader_later_moves_nothing_again(
    leaving: Leaving, source: Server, target: Server, request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(databases, "reach", between(source, target))
    assert leaving.copied()
    reader = StandingReader(request.getfixturevalue("reader"))
    monkeypatch.setattr(databases, "reach", between(source, target, reader))
    assert not leaving.copied()
    assert leaving.verified().differences == 0


def test_a_role_of_the_source_that_is_called_like_the_reader_is_named_as_mapped_or_refused(
    leaving: Leaving, source: Server, target: Server, reader: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    source.run(f"CREATE ROLE {reader.user}; GRANT DELETE ON care.visit TO {reader.user}")
    monkeypatch.setattr(databases, "reach", between(source, target, StandingReader(reader)))
    try:
        with pytest.raises(InputError, match=f"the source has a role {reader.user} too"):
            leaving.copied()
        target.run(f"DROP ROLE {reader.user}")
        passing = StandingReader(reader, standing=False)
        monkeypatch.setattr(databases, "reach", between(source, target, passing))
        assert leaving.copied()
        make(target, reader.user)
        with opened(leaving.root) as folder:
            fates = {e.item: e.fate for e in ledger_of(folder) if e.property == "role"}
        assert fates[reader.user] is LedgerFate.MAPPED
        assert leaving.verified().differences == 0  # and it did not get the right to delete
    finally:
        source.run(f"DROP OWNED BY {reader.user}; DROP ROLE {reader.user}")


def test_a_plan_refuses_a_reader_that_could_write(
    leaving: Leaving, source: Server, target: Server, reader: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(databases, "reach", between(source, target, StandingReader(reader)))
    target.run(f"ALTER ROLE {reader.user} CREATEROLE")
    with pytest.raises(GuardError, match="can write: CREATEROLE"):
        leaving.copied()
    target.run(f"ALTER ROLE {reader.user} NOCREATEROLE")
    assert leaving.copied()
    target.run(f"GRANT DELETE ON care.visit TO {reader.user}")
    for step in (refuse_own_role, verify_database):
        with opened(leaving.root) as folder, pytest.raises(GuardError, match="DELETE of TABLE"):
            step(folder)


def test_a_real_exit_is_not_verified_by_the_role_of_the_copy(
    leaving: Leaving, source: Server, target: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "reach", between(source, target))
    leaving.copied()
    found = leaving.verified()
    assert (found.differences, found.reader) == (0, target.user)
    assert found.own_credential == "this server has no reader"
    leaving.is_now("real")
    for step in (refuse_own_role, verify_database):
        with opened(leaving.root) as folder, pytest.raises(InputError, match="another credential"):
            step(folder)


def test_a_plan_of_a_real_exit_says_what_must_be_readable_by_another_credential(
    leaving: Leaving, source: Server, target: Server, reader: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    zones: Any = [
        SimpleNamespace(name=name, back=SimpleNamespace(lacking=lambda why=why: why))
        for name, why in (("curated", "no second key is given"), ("research", ""))
    ]
    monkeypatch.setattr(databases, "reach", between(source, target))
    with opened(leaving.root) as folder:
        assert still_needed(folder, zones) == ()
    leaving.is_now("real")
    with opened(leaving.root) as folder:
        zone, database = still_needed(folder, zones)
    assert zone == "zone curated: no second key is given"
    assert database.endswith(": this server has no reader")
    monkeypatch.setattr(databases, "reach", between(source, target, StandingReader(reader)))
    with opened(leaving.root) as folder:
        assert still_needed(folder, zones) == (zone,)


def read_back(zone: str, database: str) -> dict[str, Any]:
    """What a verification recorded: why the copy's own credential read, by kind; empty: another."""
    return {
        "zones": [{"zone": "curated", "own_credential": zone}],
        "databases": [{"database": "cohorts", "own_credential": database, "reader": "a_role"}],
    }


@pytest.mark.parametrize("kind", ["zone", "database"])
def test_what_the_copys_credential_read_back_in_a_rehearsal_is_not_sealed_as_real(
    tmp_path: Path, kind: str
) -> None:
    leaving, own = Leaving(tmp_path / "exit"), {"zone": "", "database": "", kind: "none is known"}
    steps = (ExitStep.PLAN, ExitStep.COPY, ExitStep.FREEZE, ExitStep.COPY)
    with opened(leaving.root) as folder:
        for step in steps:
            folder.end(folder.begin(step), {})
        folder.end(folder.begin(ExitStep.VERIFY), read_back(**own))
    leaving.is_now("real")
    anybody: Any = object()
    named = {"zone": "zone curated", "database": "database cohorts"}[kind]
    with (
        opened(leaving.root) as folder,
        pytest.raises(InputError, match=f"than the copy's: {named}: none is known"),
    ):
        seal(folder, anybody, anybody)


def test_the_seal_says_by_whose_credential_each_thing_was_read_back() -> None:
    result = read_back("none is known", "")
    verified = StepRun(ExitStep.VERIFY, 1, NOW, NOW, result=result)
    told = readers(verified)
    assert told == (
        "zone curated: the copy's own credential",
        "database cohorts: another credential, role a_role",
    )
    info = info_of(replace(DEPARTURE, readers=told), (), "2026-11-29", blind=False, stamped=True)
    assert [value for label, value in info if label == "Exit-Read-Back-By"] == [*told]
    assert predicate(info)["Exit-Read-Back-By"] == [*told]
    assert "Exit-Read-Back-By" not in predicate(
        info_of(DEPARTURE, (), "2026-11-29", blind=False, stamped=True)
    )
