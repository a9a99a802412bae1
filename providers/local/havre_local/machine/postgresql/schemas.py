"""Databases of the cluster, a schema a zone, and a read-only role a project."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, ProviderError
from havre.files import write_atomic
from havre_local.machine.folder import (
    PRIVATE,
    SECRET,
    Folder,
    locked,
    password,
)
from havre_local.machine.postgresql.server import (
    ADMINISTRATOR,
    SERVICE,
    admin_connection,
    settings_for,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import psycopg

_SYSTEM_SCHEMAS = r"nspname !~ '^pg_' AND nspname <> 'information_schema'"


@dataclass(frozen=True)
class Role:
    """A project's role in the database."""

    name: str
    database: str
    schemas: tuple[str, ...]
    pgpass: Path
    """Password file for libpq (PGPASSFILE), mode 0600."""


def account_name(project: str) -> str:
    """Return the project's account, the same in the database and in the object store.

    The prefix keeps a project from bearing the administrator's or a system role's name.
    """
    return f"project_{project.replace('-', '_')}"


def schema_name(zone: str) -> str:
    """Return the schema of the zone `zone`."""
    return zone.replace("-", "_")


def ensure_database(
    folder: Folder, name: str, extensions: Sequence[str] = (), schemas: Sequence[str] = ()
) -> None:
    """Create the database `name` with its schemas and extensions; nobody else may connect.

    Args:
        folder: the data folder, its PostgreSQL running.
        name: the database.
        extensions: created in the schema `public`; none is ever dropped here.
        schemas: one a zone, see `schema_name`; none is ever dropped here.

    Raises:
        ProviderError: this PostgreSQL has no such extension.
        RetryError: the server does not answer.
    """
    from psycopg import sql

    with locked(folder, SERVICE):
        with admin_connection(folder, autocommit=True) as connection:
            _check_extensions(connection, extensions)
            if not _database_exists(connection, name):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            for database in (name, "postgres", "template1"):
                revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC")
                connection.execute(revoke.format(sql.Identifier(database)))
        with admin_connection(folder, name) as connection:
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            for schema in schemas:
                create = sql.SQL("CREATE SCHEMA IF NOT EXISTS {}")
                connection.execute(create.format(sql.Identifier(schema)))
            for extension in extensions:
                create = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public")
                connection.execute(create.format(sql.Identifier(extension)))


def _check_extensions(connection: psycopg.Connection[Any], wanted: Sequence[str]) -> None:
    available = {row[0] for row in connection.execute("SELECT name FROM pg_available_extensions")}
    missing = sorted(set(wanted) - available)
    if missing:
        version = connection.info.parameter_status("server_version")
        message = f"PostgreSQL {version} here has no extension {', '.join(missing)}"
        raise ProviderError(
            message,
            "Take it out of the warehouse's file, or have HAVRE_POSTGRESQL name an "
            "installation that has it.",
        )


def database_exists(folder: Folder, name: str) -> bool:
    """Tell whether the cluster has the database.

    Raises:
        RetryError: the server does not answer.
    """
    with admin_connection(folder, autocommit=True) as connection:
        return _database_exists(connection, name)


def database_name(warehouse: str) -> str:
    """Return the name of the database of the warehouse `warehouse`."""
    return schema_name(warehouse)


def _database_exists(connection: psycopg.Connection[Any], name: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    return found.fetchone() is not None


def database_holds_data(folder: Folder, name: str) -> bool:
    """Tell whether any table of the database has a row.

    Raises:
        RetryError: the server does not answer.
    """
    return bool(_tables_with_rows(folder, name))


def schema_holds_data(folder: Folder, database: str, schema: str) -> bool:
    """Tell whether any table of the schema has a row.

    Raises:
        RetryError: the server does not answer.
    """
    return any(found == schema for found, _ in _tables_with_rows(folder, database))


def _tables_with_rows(folder: Folder, name: str) -> list[tuple[str, str]]:
    """Return schema and name of the tables that have a row; counting all of them is slow."""
    from psycopg import sql

    if not database_exists(folder, name):
        return []
    found = []
    with admin_connection(folder, name) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            query = sql.SQL("SELECT 1 FROM ONLY {}.{} LIMIT 1")
            named = query.format(sql.Identifier(schema), sql.Identifier(table))
            if connection.execute(named).fetchone() is not None:
                found.append((schema, table))
    return found


def row_counts(folder: Folder, name: str) -> dict[str, int]:
    """Return how many rows every table of the database has, by `schema.table`."""
    with admin_connection(folder, name) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return count_rows(connection)


def count_rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Return how many rows every table has, as the present transaction sees them."""
    from psycopg import sql

    counts = {}
    for schema, table in connection.execute(_TABLES).fetchall():
        query = sql.SQL("SELECT count(*) FROM ONLY {}.{}")
        named = query.format(sql.Identifier(schema), sql.Identifier(table))
        row = connection.execute(named).fetchone()
        counts[f"{schema}.{table}"] = int(row[0]) if row else 0
    return counts


def drop_schema(folder: Folder, database: str, schema: str) -> None:
    """Drop a schema whose tables are empty; none is fine.

    Raises:
        GuardError: a table of it has rows.
        RetryError: the server does not answer.
    """
    from psycopg import sql

    full = [table for found, table in _tables_with_rows(folder, database) if found == schema]
    if full:
        message = f"Schema {schema} of database {database} holds data ({full[0]})"
        raise GuardError(message, "Empty or move its tables first.")
    if not database_exists(folder, database):
        return
    with locked(folder, SERVICE), admin_connection(folder, database) as connection:
        drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
        connection.execute(drop.format(sql.Identifier(schema)))


# Ordinary tables and materialised views, without those that belong to an extension.
_TABLES = rf"""
SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'm') AND {_SYSTEM_SCHEMAS} AND NOT EXISTS (
  SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass
  AND objid = pg_class.oid AND deptype = 'e')
ORDER BY 1, 2
"""  # noqa: S608 - a constant


def drop_database(folder: Folder, name: str) -> None:
    """Drop the database with all that it holds; the caller has the consent for it."""
    from psycopg import sql

    with locked(folder, SERVICE), admin_connection(folder, autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(drop.format(sql.Identifier(name)))


def ensure_role(
    folder: Folder,
    project: str,
    database: str,
    schemas: Sequence[str],
    expires: dt.date,
    *,
    renew: bool = False,
) -> Role:
    """Give the project a role that reads exactly `schemas` of `database`, until `expires`.

    Its password is in `projects/<project>/pgpass`, made the first time. The server is given
    a SCRAM verifier computed here, so that no password reaches its log.

    Args:
        folder: the data folder, its PostgreSQL running.
        project: the project's name.
        database: the only database that the role may connect to.
        schemas: what it reads, tables of later days included; all others are revoked.
        expires: the last day, UTC, on which the role may connect; past it, it is cut off.
        renew: replace the password.

    Raises:
        RetryError: the server does not answer.
    """
    name = account_name(project)
    with locked(folder, SERVICE):
        pgpass, secret = _ensure_pgpass(folder, project, database, renew=renew)
        with admin_connection(folder, database) as connection:
            _write_role(connection, name, secret, expires)
            _write_grants(connection, name, database, schemas)
            if expires < dt.datetime.now(dt.UTC).date():
                _disconnect(connection, name)
    return Role(name, database, tuple(schemas), pgpass)


def _ensure_pgpass(folder: Folder, project: str, database: str, *, renew: bool) -> tuple[Path, str]:
    """Write the project's password file; return it and the password."""
    directory = folder.project(project)
    directory.mkdir(mode=PRIVATE, exist_ok=True)
    path = directory / "pgpass"
    known = read_pgpass(path)
    secret = password() if renew or known is None else known
    settings = settings_for(folder, database, account_name(project))
    fields = (settings["host"], settings["port"], database, settings["user"], secret)
    line = f"{':'.join(fields)}\n".encode()
    if not path.exists() or path.read_bytes() != line:
        stat = directory.stat()  # the administrator may have given it to the researchers
        write_atomic(path, line, SECRET, (stat.st_uid, stat.st_gid))
    return path, secret


def read_pgpass(path: Path) -> str | None:
    """Return the password in the one line of a password file of ours, None without one."""
    try:
        return path.read_text("utf-8").rstrip("\n").rpartition(":")[2] or None
    except FileNotFoundError:
        return None


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

    role, owner = sql.Identifier(name), sql.Identifier(ADMINISTRATOR)
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), role)
    )
    query = f"SELECT nspname FROM pg_namespace WHERE {_SYSTEM_SCHEMAS}"  # noqa: S608 - constant
    for (schema,) in connection.execute(query).fetchall():
        statements = _GRANTS if schema in schemas else _REVOCATIONS
        for statement in statements:
            connection.execute(
                sql.SQL(statement).format(schema=sql.Identifier(schema), role=role, owner=owner)
            )


_GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}",
)
_REVOCATIONS = (
    "REVOKE ALL ON SCHEMA {schema} FROM {role}",
    "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema} REVOKE ALL ON TABLES FROM {role}",
)


def _disconnect(connection: psycopg.Connection[Any], name: str) -> None:
    """End the role's sessions: the end of a password ends no session by itself."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (name,)
    )


def drop_role(folder: Folder, project: str) -> None:
    """Drop the project's role, end its sessions and remove its password; none is fine.

    Whatever the role came to own goes to the administrator.

    Raises:
        RetryError: the server does not answer.
    """
    from psycopg import sql

    name = account_name(project)
    role, owner = sql.Identifier(name), sql.Identifier(ADMINISTRATOR)
    with locked(folder, SERVICE):
        with admin_connection(folder, autocommit=True) as connection:
            exists = _role_exists(connection, name)
            query = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
            databases = [row[0] for row in connection.execute(query)]
        if exists:
            for database in databases:
                with admin_connection(folder, database) as connection:
                    connection.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(role, owner))
                    connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            with admin_connection(folder) as connection:
                connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
                _disconnect(connection, name)
                connection.execute(sql.SQL("DROP ROLE {}").format(role))
    (folder.project(project) / "pgpass").unlink(missing_ok=True)
