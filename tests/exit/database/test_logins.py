"""Logins are taken and given back, by whatever instants the run is killed in between."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from havre.exit.database import verify as digests
from havre.exit.freezing import taking
from havre.exit.freezing.proof import changes
from havre.exit.freezing.taking import FrozenThing
from havre.exit.journal import Journal
from havre.exit.records import write_ordered
from havre.live.writing.logins import SUPERUSER, LoginWriters
from tests.exit.database.servers import ADMINISTRATOR, Server
from tests.exit.freezing.effects import Effects, Killed, kinds, now

WRITERS = ("writer", 'Reader "of" rows')
"""Roles of these tests, which may log in; `writer` may write."""


@pytest.fixture
def roles(source: Server) -> Iterator[Server]:
    source.run(
        'CREATE ROLE writer LOGIN PASSWORD \'w\'; CREATE ROLE "Reader ""of"" rows" LOGIN;'
        "CREATE ROLE idle NOLOGIN; CREATE TABLE t (a int); GRANT ALL ON t TO writer;"
        "INSERT INTO t VALUES (1)"
    )
    yield source
    source.run(
        "DROP TABLE t; DROP ROLE IF EXISTS writer, renamed, late;"
        'DROP ROLE idle, "Reader ""of"" rows"'
    )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    found = Journal(tmp_path / "journal.sqlite")
    yield found
    found.close()


def logins(server: Server) -> set[str]:
    query = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname !~ '^left_'"
    with server.connect() as connection:
        return {name for (name,) in connection.execute(query)}


def password(server: Server) -> Any:
    return server.one("SELECT rolpassword FROM pg_authid WHERE rolname = 'writer'")


def authorised(server: Server) -> Any:
    """Every role with all that it may do."""
    with server.connect() as connection:
        return connection.execute("SELECT * FROM pg_authid ORDER BY oid").fetchall()


def take(journal: Journal, server: Any) -> FrozenThing:
    return taking.take(journal, LoginWriters(server), (), now())


def test_nobody_but_the_exit_logs_in_and_exactly_those_get_it_back(
    roles: Server, journal: Journal
) -> None:
    session = roles.as_user("writer")
    roles.run(f"ALTER ROLE writer PASSWORD '{roles.password}'")
    before = password(roles)
    with session.connect(autocommit=True) as writing:
        writing.execute("INSERT INTO t VALUES (2)")
        found = take(journal, roles)
        assert set(found.found.taken) == {*WRITERS}
        assert set(found.found.untaken) == {ADMINISTRATOR}
        assert found.found.still == {}
        with pytest.raises(psycopg.OperationalError):
            writing.execute("INSERT INTO t VALUES (3)")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        session.connect()
    assert logins(roles) == {ADMINISTRATOR}
    assert taking.give_back(journal, LoginWriters(roles))
    assert logins(roles) == {ADMINISTRATOR, *WRITERS}
    assert password(roles) == before
    assert not taking.give_back(journal, LoginWriters(roles))


def test_who_would_lose_login_is_foreseen_and_nothing_is_changed(
    roles: Server, journal: Journal
) -> None:
    control = LoginWriters(roles)
    roles.run(f"ALTER ROLE writer PASSWORD '{roles.password}'")
    before = authorised(roles)
    with roles.as_user("writer").connect(autocommit=True) as writing:
        writing.execute("INSERT INTO t VALUES (2)")
        found = control.would_take(control.remember({}))
        assert found.moving == {
            "writer": "the role loses LOGIN; 1 session is ended",
            WRITERS[1]: "the role loses LOGIN; 0 sessions are ended",
        }
        assert ([*found.untaken], found.still) == ([ADMINISTRATOR], {})
        writing.execute("INSERT INTO t VALUES (3)")
    assert authorised(roles) == before
    taken = take(journal, roles)
    assert {*taken.found.taken} == {*found.moving}
    known = taking.memory(journal, control.name)
    assert control.would_take(known).moving == {}
    assert {*control.would_give_back(known).moving} == {*WRITERS}
    assert logins(roles) == {ADMINISTRATOR}
    taking.give_back(journal, control)
    assert control.would_give_back(known).moving == {}


def test_what_the_server_refuses_to_take_is_foreseen(roles: Server) -> None:
    roles.run(f"CREATE ROLE late LOGIN CREATEROLE PASSWORD '{roles.password}'")
    control = LoginWriters(roles.as_user("late"))
    before = authorised(roles)
    found = control.would_take(control.remember({}))
    assert "late" in found.untaken
    assert found.untaken[ADMINISTRATOR] == SUPERUSER
    manages = roles.one("SELECT current_setting('server_version_num')::int < 160000")
    assert ("writer" in found.moving) == manages
    assert ("writer" in found.still) != manages
    assert authorised(roles) == before


def test_who_logs_in_again_is_found_and_taken_once_more(roles: Server, journal: Journal) -> None:
    take(journal, roles)
    roles.run("ALTER ROLE writer LOGIN; CREATE ROLE late LOGIN")
    found = taking.found(journal, LoginWriters(roles), (), now())
    assert set(found.found.still) == {"writer", "late"}
    assert found.since is None
    assert take(journal, roles).found.still == {}
    roles.run("ALTER ROLE writer RENAME TO renamed")
    taking.give_back(journal, LoginWriters(roles))
    assert logins(roles) == {ADMINISTRATOR, "renamed", "late", WRITERS[1]}


def test_a_role_of_the_same_name_that_is_new_gets_nothing(roles: Server, journal: Journal) -> None:
    take(journal, roles)
    roles.run("DROP OWNED BY writer; DROP ROLE writer; CREATE ROLE writer NOLOGIN")
    taking.give_back(journal, LoginWriters(roles))
    assert logins(roles) == {ADMINISTRATOR, WRITERS[1]}


def test_a_subscription_writes_without_a_login(roles: Server, journal: Journal) -> None:
    roles.run(
        "CREATE SUBSCRIPTION feed CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p"
        " WITH (connect = false, enabled = false, slot_name = NONE)"
    )
    try:
        assert take(journal, roles).found.still == {}
        roles.run("UPDATE pg_subscription SET subenabled = true")
        found = taking.found(journal, LoginWriters(roles), (), now())
        assert set(found.found.still) == {"subscription feed"}
    finally:
        roles.run("UPDATE pg_subscription SET subenabled = false; DROP SUBSCRIPTION feed")
        taking.give_back(journal, LoginWriters(roles))


def test_a_service_whose_superuser_cannot_be_altered_is_told(
    roles: Server, journal: Journal
) -> None:
    roles.run(f"CREATE ROLE manager LOGIN CREATEROLE PASSWORD '{roles.password}'")
    roles.run('GRANT writer, "Reader ""of"" rows" TO manager WITH ADMIN OPTION')
    roles.run("GRANT pg_signal_backend, pg_read_all_stats TO manager")
    manager = roles.as_user("manager")
    try:
        found = take(journal, manager).found
        assert set(found.taken) == {*WRITERS}
        assert set(found.untaken) == {"manager", ADMINISTRATOR}
        assert "superuser" in found.untaken[ADMINISTRATOR]
        taking.give_back(journal, LoginWriters(manager))
        assert logins(roles) == {ADMINISTRATOR, "manager", *WRITERS}
    finally:
        roles.run("DROP OWNED BY manager; DROP ROLE manager")


def test_a_role_that_may_not_be_altered_and_is_no_superuser_still_writes(
    roles: Server, journal: Journal
) -> None:
    roles.run(f"CREATE ROLE manager LOGIN CREATEROLE PASSWORD '{roles.password}'")
    roles.run("GRANT writer TO manager WITH ADMIN OPTION; GRANT pg_signal_backend TO manager")
    manager = roles.as_user("manager")
    try:
        if roles.one("SELECT current_setting('server_version_num')::int >= 160000"):
            assert set(take(journal, manager).found.still) == {WRITERS[1]}
        taking.give_back(journal, LoginWriters(manager))
        assert logins(roles) == {ADMINISTRATOR, "manager", *WRITERS}
    finally:
        roles.run("DROP OWNED BY manager; DROP ROLE manager")


@dataclass
class Counted:
    """A database and a journal whose changes are counted, and broken off at one."""

    server: Server
    effects: Effects = field(default_factory=Effects)

    @property
    def name(self) -> str:
        return self.server.name

    @contextmanager
    def connect(self, *, autocommit: bool = False) -> Iterator[Any]:
        with self.server.connect(autocommit=autocommit) as connection:
            yield CountedConnection(connection, self.effects)


@dataclass
class CountedConnection:
    inner: psycopg.Connection[Any]
    effects: Effects

    @property
    def info(self) -> Any:
        return self.inner.info

    def execute(self, statement: Any, parameters: Any = None) -> Any:
        text = statement if isinstance(statement, str) else statement.as_string(self.inner)
        if "ALTER" not in text and "terminate" not in text:
            return self.inner.execute(statement, parameters)
        with self.effects.one():
            return self.inner.execute(statement, parameters)


def test_killed_between_any_two_statements_the_end_is_the_same(
    roles: Server, tmp_path: Path
) -> None:
    free = logins(roles)
    kills = 0
    for at in range(14):
        journal = Journal(tmp_path / f"{at}.sqlite")
        counted = Counted(roles, Effects(at))
        with counted.effects.of(journal):
            try:
                take(journal, counted)
            except Killed:
                kills += 1
        if at % 2:  # once more, or straight back
            assert set(take(journal, roles).found.taken) == {*WRITERS}
            assert logins(roles) == {ADMINISTRATOR}
        backward = Counted(roles, Effects(at // 2))
        with backward.effects.of(journal):
            try:
                taking.give_back(journal, LoginWriters(backward))  # type: ignore[arg-type]
            except Killed:
                kills += 1
        taking.give_back(journal, LoginWriters(roles))
        assert logins(roles) == free, f"killed at effect {at}"
        assert taking.memory(journal, f"database {roles.name}") == {}
        journal.close()
    assert kills > 8


def test_no_secret_is_remembered(roles: Server, journal: Journal) -> None:
    take(journal, roles)
    told = json.dumps(journal.facts(""))
    taking.give_back(journal, LoginWriters(roles))
    assert roles.password not in told
    assert "SCRAM" not in told


@pytest.mark.parametrize(
    ("cheat", "named"),
    [
        ("INSERT INTO t VALUES (7)", "table"),
        ("GRANT SELECT ON t TO idle", "grant"),
        ("GRANT writer TO idle", "membership"),
        ("COMMENT ON TABLE t IS 'changed'", "comment"),
    ],
)
def test_what_changes_in_the_database_is_found(
    roles: Server, tmp_path: Path, cheat: str, named: str
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    write_ordered(before, digests.lines(roles, {}, jobs=1))
    write_ordered(after, digests.lines(roles, {}, jobs=1))
    assert kinds(changes("database", before, after)) == []
    roles.run(cheat)
    write_ordered(after, digests.lines(roles, {}, jobs=1))
    found = kinds(changes("database", before, after))
    assert len(found) == 1
    assert found[0].startswith(f"{named} ")
