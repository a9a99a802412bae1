"""Roles of any PostgreSQL: one a project, which reads its schemas until its last day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from havre_local.machine.postgresql.schemas import SYSTEM_SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from havre_local.machine.postgresql.schemas import Connect


def account_name(project: str) -> str:
    """Return the project's account, the same in the database and in the object store.

    The prefix keeps a project from bearing the administrator's or a system role's name.
    """
    return f"project_{project.replace('-', '_')}"


def ensure_role(
    connect: Connect,
    name: str,
    secret: str,
    database: str,
    schemas: Sequence[str],
    expires: dt.date,
) -> None:
    """Give the role `name` the right to read exactly `schemas` of `database`, until `expires`.

    The server is given a SCRAM verifier computed here, so that no password reaches its log.

    Args:
        connect: opens connections of the administrator.
        name: the role, made if there is none.
        secret: its password.
        database: the only database that the role may connect to.
        schemas: what it reads, tables of later days included; all others are revoked.
        expires: the last day, UTC, on which the role may connect; past it, it is cut off.

    Raises:
        RetryError: the server does not answer.
    """
    with connect(database) as connection:
        _write_role(connection, name, secret, expires)
        _write_grants(connection, name, database, schemas)
        if expires < dt.datetime.now(dt.UTC).date():
            _disconnect(connection, name)


def _write_role(
    connection: psycopg.Connection[Any], name: str, secret: str, expires: dt.date
) -> None:
    """Create or alter the role, its end and its password."""
    from psycopg import sql

    role = sql.Identifier(name)
    if not _role_exists(connection, name):
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
    verifier = connection.pgconn.encrypt_password(secret.encode(), name.encode(), b"scram-sha-256")
    until = dt.datetime.combine(expires + dt.timedelta(days=1), dt.time(), dt.UTC)
    # Not even the verifier belongs into the log of statements.
    connection.execute("SET LOCAL log_statement = 'none'")
    connection.execute(
        sql.SQL(
            "ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
            " PASSWORD {} VALID UNTIL {}"
        ).format(role, sql.Literal(verifier.decode()), sql.Literal(until.isoformat()))
    )
    connection.execute("SET LOCAL log_statement = 'all'")
    connection.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(role))


def _role_exists(connection: psycopg.Connection[Any], name: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
    return found.fetchone() is not None


def _write_grants(
    connection: psycopg.Connection[Any], name: str, database: str, schemas: Sequence[str]
) -> None:
    """Let the role connect to `database` and read `schemas`; revoke all else there."""
    from psycopg import sql

    role = sql.Identifier(name)
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), role)
    )
    query = f"SELECT nspname FROM pg_namespace WHERE {SYSTEM_SCHEMAS}"  # noqa: S608 - constant
    for (schema,) in connection.execute(query).fetchall():
        statements = _GRANTS if schema in schemas else _REVOCATIONS
        for statement in statements:
            connection.execute(sql.SQL(statement).format(schema=sql.Identifier(schema), role=role))


# Default privileges are those of the administrator who connects: tables are theirs.
_GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}",
)
_REVOCATIONS = (
    "REVOKE ALL ON SCHEMA {schema} FROM {role}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} REVOKE ALL ON TABLES FROM {role}",
)


def _disconnect(connection: psycopg.Connection[Any], name: str) -> None:
    """End the role's sessions: the end of a password ends no session by itself."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (name,)
    )


def drop_role(connect: Connect, name: str) -> None:
    """Drop the role and end its sessions; none is fine.

    Whatever the role came to own goes to the administrator.

    Raises:
        RetryError: the server does not answer.
    """
    from psycopg import sql

    role = sql.Identifier(name)
    with connect(autocommit=True) as connection:
        exists = _role_exists(connection, name)
        query = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
        databases = [row[0] for row in connection.execute(query)]
    if not exists:
        return
    for database in databases:
        with connect(database) as connection:
            connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
    with connect() as connection:
        connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
        _disconnect(connection, name)
        connection.execute(sql.SQL("DROP ROLE {}").format(role))


def recorded_roles(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
    """Return the roles that rights refer to, without passwords."""
    query = (
        "SELECT rolname, rolvaliduntil::text, rolconfig FROM pg_roles "
        "WHERE NOT rolsuper AND rolname !~ '^pg_' ORDER BY rolname"
    )
    return [
        {"name": name, "valid_until": until, "settings": settings or []}
        for name, until, settings in connection.execute(query)
    ]


def ensure_recorded(
    connection: psycopg.Connection[Any], wanted: Sequence[Mapping[str, Any]]
) -> None:
    """Create the roles that are missing. Without a password, none of them can log in."""
    from psycopg import sql

    present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    for role in wanted:
        if role["name"] in present:
            continue
        name = sql.Identifier(role["name"])
        connection.execute(sql.SQL("CREATE ROLE {}").format(name))
        if role["valid_until"]:
            until = sql.SQL("ALTER ROLE {} VALID UNTIL {}")
            connection.execute(until.format(name, sql.Literal(role["valid_until"])))
        for setting in role["settings"]:
            key, _, value = str(setting).partition("=")
            change = sql.SQL("ALTER ROLE {} SET {} = {}")
            connection.execute(change.format(name, sql.Identifier(key), sql.Literal(value)))
