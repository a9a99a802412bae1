"""Tries, as each role of a database, what it may do and what it may not; nothing stays.

A role is taken on by SET ROLE, since passwords of projects are nobody else's: rights are tried, the
login is not. Each act is in a transaction that is rolled back, and asks for no rows.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from havre.database.catalogue.reading import read_found
from havre.database.parties import Parties
from havre.database.writing import statement
from havre.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.database.catalogue.found import FoundDatabase
    from havre.database.wanted import WantedDatabase
    from havre.live.warehouse import LiveDatabase

    Connection = psycopg.Connection[Any]

STRANGER = "havre_stranger"
"""A role without any right, made for as long as it tries: it finds what everybody may."""
SET_ROLE = "SET ROLE"
LOGIN = "login"
CATALOGUE = "catalogue"
"""Ways to know: the role is taken on, logs in itself, or is only looked up."""
_PASSING = frozenset({"SUPERUSER", "BYPASSRLS", "CREATEROLE", "CREATEDB", "REPLICATION"})
_NAME = "havre_attempt"
"""What an attempt would create, and never does."""
_MOST_TABLES = 200
"""Tables that each role tries; how many there are besides is said."""
_LIMITS = "SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '30s'"
_WRITABLE = frozenset("rpf")


class TrialOutcome(StrEnum):
    """How an attempt ended."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNCLEAR = "not evaluated"


@dataclass(frozen=True)
class Attempt:
    """Something that was tried as a role.

    Attributes:
        role: as which.
        what: in words.
        due: how it had to end.
        outcome: how it ended.
        way: how it is known: `SET ROLE`, `login` or `catalogue`.
        said: what the server said where that is not clear.
    """

    role: str
    what: str
    due: TrialOutcome
    outcome: TrialOutcome
    way: str = SET_ROLE
    said: str = ""

    @property
    def surprising(self) -> bool:
        """Whether it ended otherwise than it had to."""
        return self.outcome is not TrialOutcome.UNCLEAR and self.outcome is not self.due


@dataclass(frozen=True)
class Trial:
    """Something to try: how it is told, the SQL, and how it must end."""

    what: str
    statement: sql.SQL | sql.Composed
    due: TrialOutcome = TrialOutcome.REFUSED


@dataclass(frozen=True)
class Verified:
    """What was tried in a database.

    Attributes:
        attempts: every one.
        untried: tables that no role tried, since there are too many.
    """

    attempts: tuple[Attempt, ...]
    untried: int = 0


def verify(database: LiveDatabase, wanted: WantedDatabase) -> Verified:
    """Try what each project's and member's role, and one without rights, may and may not.

    Raises:
        RetryError: the server does not answer.
        ProviderError: it refuses what reads its catalogue.
    """
    attempts: list[Attempt] = []
    with database.connect() as connection:
        try:
            found = read_found(connection, wanted)
        except psycopg.Error as error:
            message = f"database {database.name}: its catalogue cannot be read: {_said(error)}"
            raise ProviderError(message, "Use an administrator of the database.") from None
        parties = Parties(wanted, found)
        read = {name: role.schemas for name, role in sorted(wanted.roles.items())}
        read |= {each.name: read[each.project] for each in parties.members}
        for name, schemas in read.items():
            attempts += _attributes(found, name)
            trials = _trials(found, wanted, name, schemas)
            attempts += _as_role(connection, name, trials, make=False)
        attempts += _strays(parties)
        trials = _trials(found, wanted, STRANGER, ())
        attempts += _as_role(connection, STRANGER, trials, make=True)
        connection.rollback()
    return Verified(tuple(attempts), max(len(found.relations) - _MOST_TABLES, 0))


def _attributes(found: FoundDatabase, name: str) -> Iterator[Attempt]:
    """What cannot be tried: an administrator who is no superuser does not become one."""
    known = found.roles.get(name)
    for word in sorted(known.attributes & _PASSING) if known else ():
        what = f"pass checks by the attribute {word}"
        yield Attempt(name, what, TrialOutcome.REFUSED, TrialOutcome.ALLOWED, CATALOGUE)


def _strays(parties: Parties) -> Iterator[Attempt]:
    """Roles that the warehouse file does not ask for, such as a former member's, and can log in."""
    for name in parties.strays:
        if "LOGIN" in parties.found.roles[name].attributes:
            what = "log in, although the warehouse file does not ask for the role"
            yield Attempt(name, what, TrialOutcome.REFUSED, TrialOutcome.ALLOWED, CATALOGUE)


def _trials(
    found: FoundDatabase, wanted: WantedDatabase, who: str, read: tuple[str, ...]
) -> list[Trial]:
    """What a role tries that reads some schemas, and has no other right."""
    trials = []
    for each in found.relations[:_MOST_TABLES]:
        name = f"{each.schema}.{each.name}"
        due = TrialOutcome.ALLOWED if each.schema in read else TrialOutcome.REFUSED
        # Where it is refused, a right to any one column would already be too much.
        whole, any_column = "SELECT * FROM {}.{} LIMIT 0", "SELECT 1 FROM {}.{} LIMIT 0"
        text = whole if due is TrialOutcome.ALLOWED else any_column
        trials.append(Trial(f"read {name}", statement(text, each.schema, each.name), due))
        if each.kind in _WRITABLE:
            for word, act in (("insert into", "INSERT INTO {}.{} DEFAULT VALUES"),
                              ("delete from", "DELETE FROM {}.{}")):  # fmt: skip
                # EXPLAIN asks for the same rights, and runs nothing.
                said = statement(f"EXPLAIN {act}", each.schema, each.name)
                trials.append(Trial(f"{word} {name}", said))
    for schema in (*wanted.schemas, "public"):
        if schema in found.schemas:
            said = statement("CREATE TABLE {}.{} ()", schema, _NAME)
            trials.append(Trial(f"create a table in schema {schema}", said))
    others = [name for name in wanted.roles if name != who]
    trials += [
        Trial(f"become {other}", statement("GRANT {} TO {}", other, who)) for other in others
    ]
    return [*trials, *_of_the_server()]


def _of_the_server() -> Iterator[Trial]:
    """What no project may do anywhere."""
    yield Trial("create a temporary table", statement("CREATE TEMPORARY TABLE {} ()", _NAME))
    yield Trial("create a schema", statement("CREATE SCHEMA {}", _NAME))
    yield Trial("create a role", statement("CREATE ROLE {}", _NAME))
    yield Trial("read passwords of roles", sql.SQL("SELECT rolpassword FROM pg_authid LIMIT 0"))
    yield Trial("read a file of the server", sql.SQL("SELECT pg_read_file('PG_VERSION')"))
    yield Trial("run a program on the server", sql.SQL("COPY (SELECT 1) TO PROGRAM 'true'"))


def _as_role(
    connection: Connection, role: str, trials: list[Trial], *, make: bool
) -> Iterator[Attempt]:
    """Try as a role, or say of all that the role could not be taken on."""
    try:
        with _acting(connection, role, make=make):
            yield from [_tried(connection, role, trial) for trial in trials]
    except psycopg.Error as error:
        said = f"cannot act as {role}: {_said(error)}"
        yield Attempt(
            role, "take on the role", TrialOutcome.ALLOWED, TrialOutcome.UNCLEAR, said=said
        )


@contextmanager
def _acting(connection: Connection, role: str, *, make: bool) -> Iterator[None]:
    """Act as a role; whatever was done, the membership for it included, is rolled back."""
    with connection.transaction(force_rollback=True):
        connection.execute(_LIMITS)
        if make:
            connection.execute(statement("CREATE ROLE {}", role))
        if not _may_become(connection, role):
            connection.execute(statement("GRANT {} TO CURRENT_USER", role))
        connection.execute(statement("SET LOCAL ROLE {}", role))
        yield


def _may_become(connection: Connection, role: str) -> bool:
    word = "SET" if connection.info.server_version >= 160_000 else "MEMBER"  # noqa: PLR2004
    found = connection.execute("SELECT pg_has_role(current_user, %s::name, %s)", (role, word))
    return bool((found.fetchone() or (False,))[0])


def _tried(connection: Connection, role: str, trial: Trial) -> Attempt:
    outcome, said = TrialOutcome.ALLOWED, ""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(trial.statement)
    except psycopg.errors.InsufficientPrivilege:
        outcome = TrialOutcome.REFUSED
    except psycopg.Error as error:
        if error.sqlstate is None:
            raise
        outcome, said = TrialOutcome.UNCLEAR, _said(error)
    return Attempt(role, trial.what, trial.due, outcome, said=said)


def _said(error: psycopg.Error) -> str:
    return str(error.diag.message_primary or type(error).__name__)
