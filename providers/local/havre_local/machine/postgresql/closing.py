"""What PostgreSQL lets everybody do in a database, and here nobody but its owner may.

Projects only read. What they could leave for each other, or fill the disk with, is closed to
them: large objects, messages in the log of changes, notifications by function, advisory locks.
Their ends are nobody else's matter: the views of roles show all but those. PostgreSQL cannot
close the statements `NOTIFY` and `ALTER ROLE` of one's own role, nor the names in its catalogs.
Source: PostgreSQL 18 documentation, sections 5.8, 9.28 and 33.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    from havre_local.machine.postgresql.schemas import Connect

FUNCTIONS = [
    "lo_creat",
    "lo_create",
    "lo_export",
    "lo_from_bytea",
    "lo_import",
    "lo_put",
    "lo_truncate",
    "lo_truncate64",
    "lo_unlink",
    "lowrite",
    "pg_logical_emit_message",
    "pg_notify",
]
"""Functions that write, with whatever arguments; those that a version lacks are passed over."""
ADVISORY = r"^pg_(try_)?advisory_"
VIEWS = {
    "pg_roles": [
        "rolname",
        "rolsuper",
        "rolinherit",
        "rolcreaterole",
        "rolcreatedb",
        "rolcanlogin",
        "rolreplication",
        "rolconnlimit",
        "rolpassword",
        "rolbypassrls",
        "oid",
    ],
    "pg_user": [
        "usename",
        "usesysid",
        "usecreatedb",
        "usesuper",
        "userepl",
        "usebypassrls",
        "passwd",
    ],
}
"""What everybody sees of roles: all but their ends and settings."""

_OPEN_FUNCTIONS = """
SELECT pg_proc.oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname = ANY(%s) OR proname ~ %s)
AND EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) AS acl
  WHERE grantee = 0)
"""
_OPEN_VIEWS = """
SELECT relname FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) AS acl
WHERE relnamespace = 'pg_catalog'::regnamespace AND relname = ANY(%s) AND grantee = 0
"""
_OPEN_SCHEMA = """
SELECT 1 FROM pg_namespace, aclexplode(nspacl) AS acl
WHERE nspname = 'public' AND grantee = 0 AND privilege_type = 'CREATE'
"""
_OPEN_DATABASES = """
SELECT 1 FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS acl
WHERE datname IN (current_database(), 'postgres', 'template1') AND grantee = 0
"""


def close(connection: psycopg.Connection[Any]) -> None:
    """Close to everybody, in the database of the connection, what is named here."""
    from psycopg import sql

    connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for function in _open_functions(connection):
        connection.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC")
    for view in _open_views(connection):
        name, columns = sql.Identifier("pg_catalog", view), map(sql.Identifier, VIEWS[view])
        connection.execute(sql.SQL("REVOKE ALL ON {} FROM PUBLIC").format(name))
        shown = sql.SQL("GRANT SELECT ({}) ON {} TO PUBLIC")
        connection.execute(shown.format(sql.SQL(", ").join(columns), name))


def open_to_all(connect: Connect, database: str) -> list[str]:
    """Return what of it is open to every role, in words, or that the database is missing.

    Raises:
        RetryError: the server does not answer.
    """
    with connect(autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, (database,)).fetchone() is None:
            return [f"the database `{database}` is missing"]
    with connect(database) as connection:
        functions, views = _open_functions(connection), _open_views(connection)
        found = [f"every role can call {name}" for name in sorted(functions)]
        found += [f"every role can read all of {name}" for name in sorted(views)]
        if connection.execute(_OPEN_SCHEMA).fetchone():
            found.append("every role can create in the schema `public`")
        if connection.execute(_OPEN_DATABASES).fetchone():
            found.append("every role can connect to a database of the server")
        return found


def _open_functions(connection: psycopg.Connection[Any]) -> list[str]:
    """Names with arguments, as PostgreSQL quotes them."""
    return [row[0] for row in connection.execute(_OPEN_FUNCTIONS, (FUNCTIONS, ADVISORY))]


def _open_views(connection: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in connection.execute(_OPEN_VIEWS, (list(VIEWS),))]
