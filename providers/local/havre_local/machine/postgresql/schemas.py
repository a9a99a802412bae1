"""Databases, schemas and rows of any PostgreSQL to which an administrator connects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from havre.errors import GuardError, ProviderError
from havre_local.machine.postgresql.closing import close

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

MAINTENANCE = "postgres"
"""The database to connect to for what concerns no database, or another one."""
SYSTEM_SCHEMAS = r"nspname !~ '^pg_' AND nspname <> 'information_schema'"


class Connect(Protocol):
    """Opens connections of an administrator."""

    def __call__(
        self, database: str = MAINTENANCE, *, autocommit: bool = False
    ) -> psycopg.Connection[Any]:
        """Return a connection to `database`.

        Raises:
            RetryError: the server does not answer.
        """
        ...


def schema_name(zone: str) -> str:
    """Return the schema of the zone `zone`."""
    return zone.replace("-", "_")


def database_name(warehouse: str) -> str:
    """Return the name of the database of the warehouse `warehouse`."""
    return schema_name(warehouse)


def ensure_database(
    connect: Connect, name: str, extensions: Sequence[str] = (), schemas: Sequence[str] = ()
) -> None:
    """Create the database `name` with its schemas and extensions; nobody else may connect.

    Args:
        connect: opens connections of the administrator.
        name: the database.
        extensions: created in the schema `public`; none is ever dropped here.
        schemas: one a zone, see `schema_name`; none is ever dropped here.

    Raises:
        ProviderError: this PostgreSQL has no such extension.
        RetryError: the server does not answer.
    """
    from psycopg import sql

    with connect(autocommit=True) as connection:
        _check_extensions(connection, extensions)
        if not database_exists(connection, name):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        for database in (name, MAINTENANCE, "template1"):
            revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC")
            connection.execute(revoke.format(sql.Identifier(database)))
    with connect(name) as connection:
        close(connection)
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


def database_exists(connection: psycopg.Connection[Any], name: str) -> bool:
    """Tell whether the server has the database."""
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    return found.fetchone() is not None


def schema_exists(connect: Connect, database: str, schema: str) -> bool:
    """Tell whether the database, and the schema in it, are there.

    Raises:
        RetryError: the server does not answer.
    """
    with connect(autocommit=True) as connection:
        if not database_exists(connection, database):
            return False
    with connect(database) as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,))
        return found.fetchone() is not None


def database_holds_data(connect: Connect, name: str) -> bool:
    """Tell whether any table of the database has a row; none has where there is no database.

    Raises:
        RetryError: the server does not answer.
    """
    return bool(_tables_with_rows(connect, name))


def schema_holds_data(connect: Connect, database: str, schema: str) -> bool:
    """Tell whether any table of the schema has a row.

    Raises:
        RetryError: the server does not answer.
    """
    return any(found == schema for found, _ in _tables_with_rows(connect, database))


def _tables_with_rows(connect: Connect, name: str) -> list[tuple[str, str]]:
    """Return schema and name of the tables that have a row; counting all of them is slow."""
    from psycopg import sql

    with connect(autocommit=True) as connection:
        if not database_exists(connection, name):
            return []
    found = []
    with connect(name) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            query = sql.SQL("SELECT 1 FROM ONLY {}.{} LIMIT 1")
            named = query.format(sql.Identifier(schema), sql.Identifier(table))
            if connection.execute(named).fetchone() is not None:
                found.append((schema, table))
    return found


def snapshot(connection: psycopg.Connection[Any]) -> None:
    """Let a transaction that is just begun see one moment, and change nothing."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


def row_counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Return how many rows each table has by `schema.table`, as the transaction sees them."""
    from psycopg import sql

    counts = {}
    for schema, table in connection.execute(_TABLES).fetchall():
        query = sql.SQL("SELECT count(*) FROM ONLY {}.{}")
        named = query.format(sql.Identifier(schema), sql.Identifier(table))
        row = connection.execute(named).fetchone()
        counts[f"{schema}.{table}"] = int(row[0]) if row else 0
    return counts


def drop_schema(connect: Connect, database: str, schema: str) -> None:
    """Drop a schema whose tables are empty; none is fine.

    Raises:
        GuardError: a table of it has rows.
        RetryError: the server does not answer.
    """
    from psycopg import sql

    full = [table for found, table in _tables_with_rows(connect, database) if found == schema]
    if full:
        message = f"Schema {schema} of database {database} contains data ({full[0]})"
        raise GuardError(message, "Empty or move its tables first.")
    with connect(autocommit=True) as connection:
        if not database_exists(connection, database):
            return
    with connect(database) as connection:
        drop = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
        connection.execute(drop.format(sql.Identifier(schema)))


# Ordinary tables and materialised views in whatever schema, without those of PostgreSQL itself,
# of an extension or of a session. Its own have the object identifiers below 16384 (transam.h).
_TABLES = r"""
SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'm') AND pg_class.oid >= 16384 AND nspname !~ '^pg_(toast|temp)'
AND NOT EXISTS (
  SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass
  AND objid = pg_class.oid AND deptype = 'e')
ORDER BY 1, 2
"""


def drop_database(connect: Connect, name: str) -> None:
    """Drop the database with all that it holds; the caller has the consent for it."""
    from psycopg import sql

    with connect(autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(drop.format(sql.Identifier(name)))
