"""A role that reads everything and writes nothing: it reads back what was moved, and is removed."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from typing import TYPE_CHECKING

from havre_local.machine.folder import Folder, password
from havre_local.machine.postgresql import roles
from havre_local.machine.postgresql.ends import forget, record
from havre_local.machine.postgresql.roles import READER
from havre_local.machine.postgresql.server import administering, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_local.machine.postgresql.schemas import Connect


@contextmanager
def reading(folder: Folder, database: str) -> Iterator[dict[str, str]]:
    """Libpq's settings of a role that reads a database; it is gone after the context.

    Where a run is killed, the next one removes it, or the supervisor when the next day (UTC) has
    ended; PostgreSQL refuses its password from then on. That password is in memory only.

    Raises:
        RetryError: the server does not answer.
    """
    secret = password()
    _remove(folder)  # what a killed run has left, and all that it was granted since
    last = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=1)
    try:
        with administering(folder) as connect:
            record(folder, READER, database, last)
            _make(connect, database, secret, last)
        yield {**settings_for(folder, database, READER), "password": secret}
    finally:
        _remove(folder)


def _make(connect: Connect, database: str, secret: str, last: dt.date) -> None:
    from psycopg import sql

    role, until = sql.Identifier(READER), roles.end_of(last).isoformat()
    with connect(database) as connection:
        # Not even the verifier belongs into the log of statements.
        verifier = connection.pgconn.encrypt_password(
            secret.encode(), READER.encode(), b"scram-sha-256"
        ).decode()
        connection.execute("SET LOCAL log_statement = 'none'")
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN BYPASSRLS PASSWORD {} VALID UNTIL {}").format(
                role, sql.Literal(verifier), sql.Literal(until)
            )
        )
        connection.execute("SET LOCAL log_statement = 'all'")
        connection.execute(
            sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(role)
        )
        connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(role))
        name = sql.Identifier(database)
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, role))


def _remove(folder: Folder) -> None:
    with administering(folder) as connect:
        roles.drop_role(connect, READER)
        forget(folder, READER)
