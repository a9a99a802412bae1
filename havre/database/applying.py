"""Plans and applies the roles of a database, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.database.catalogue.reading import read_found
from havre.database.differences import difference
from havre.errors import GuardError, ProviderError

if TYPE_CHECKING:
    from typing import Any

    import psycopg

    from havre.database.steps import RoleStep
    from havre.database.wanted import WantedDatabase
    from havre.live.warehouse import LiveDatabase

    Connection = psycopg.Connection[Any]

PASSES = 4
"""What is done may show more to do, such as a role that owns nothing any more."""
LOCK = 0x68617672
"""One run at a time applies: a lock of the database, by this number, for a transaction."""


@dataclass(frozen=True)
class Applied:
    """What an apply has done.

    Attributes:
        done: steps whose statements were run.
        remaining: steps that an administrator must do otherwise.
    """

    done: tuple[RoleStep, ...]
    remaining: tuple[RoleStep, ...]


def plan(database: LiveDatabase, wanted: WantedDatabase) -> tuple[RoleStep, ...]:
    """The steps that would lead a database to what is wanted; nothing is changed.

    Raises:
        RetryError: the server does not answer.
        ProviderError: it refuses what reads its catalogue.
    """
    with database.connect() as connection:
        return _steps(connection, wanted, database.name)


def apply(database: LiveDatabase, wanted: WantedDatabase) -> Applied:
    """Take the steps, all of them in one transaction or none.

    Raises:
        RetryError: the server does not answer.
        ProviderError: it refuses a statement; nothing was changed.
        GuardError: a role that must go owns something; nothing was changed.
    """
    done: list[RoleStep] = []
    with database.connect() as connection:
        connection.execute("SET TRANSACTION READ WRITE")
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        for _ in range(PASSES):
            steps = _steps(connection, wanted, database.name)
            ready = [step for step in steps if step.statements]
            for step in ready:
                run_step(connection, step, database.name)
            done += ready
            if not ready:
                break
        else:
            again = "; ".join(step.what for step in ready)
            message = f"database {database.name}: statements have no effect: {again}"
            raise ProviderError(message, "Nothing was changed. Look at it with psql.")
        _refuse_guarded(steps, database.name)
    return Applied(tuple(done), steps)


def _steps(connection: Connection, wanted: WantedDatabase, name: str) -> tuple[RoleStep, ...]:
    import psycopg

    try:
        return difference(wanted, read_found(connection, wanted))
    except psycopg.Error as error:
        message = f"database {name}: its catalogue cannot be read: {said_by(error)}"
        raise ProviderError(message, "Use an administrator of the database.") from None


def run_step(connection: Connection, step: RoleStep, name: str) -> None:
    """Run the statements of a step.

    Args:
        connection: of an administrator, in a transaction.
        step: to be done.
        name: of the database, for messages.

    Raises:
        ProviderError: the server refuses a statement.
    """
    import psycopg

    for statement in step.statements:
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            message = f"database {name}: {step.what}: the server refuses: {said_by(error)}"
            shown = statement.as_string(None)
            raise ProviderError(message, f"Nothing was changed. It refused: {shown}") from None


def _refuse_guarded(steps: tuple[RoleStep, ...], name: str) -> None:
    guarded = [f"{step.what}: {step.by_hand}" for step in steps if step.guarded]
    if guarded:
        message = f"database {name}: a role that owns data is not dropped. {' '.join(guarded)}"
        raise GuardError(message, "Nothing was changed.")


def said_by(error: psycopg.Error) -> str:
    """What the server said, without what it quotes of a statement."""
    return str(error.diag.message_primary or type(error).__name__)
