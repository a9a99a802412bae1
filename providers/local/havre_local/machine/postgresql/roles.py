"""Roles of any PostgreSQL: one a project, which reads its schemas until its last day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.database.wanted import MEMBER_PREFIX
from havre.errors import RetryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg

    from havre_local.machine.postgresql.schemas import Connect

READER = "havre_reader"
"""The role that reads everything for a while; no project's begins so."""
CONNECTIONS = 20
"""Sessions that a project may have at a time: a few for each of its members."""
SETTINGS = {
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "15min",
    "idle_session_timeout": "12h",
    "statement_timeout": "4h",
    "temp_file_limit": "10GB",
}
"""What PostgreSQL is told of each project's sessions. Only `temp_file_limit`, for each session,
binds them: PostgreSQL lets a session lift the others, which keep mistakes short, not attacks."""
SETTINGS_17 = {"transaction_timeout": "8h"}
"""Further ones, since PostgreSQL 17."""
_SINCE_16 = 160_000
_SINCE_17 = 170_000
_END_MILLISECONDS = 5_000


@dataclass(frozen=True)
class Access:
    """What a project may do, and until when."""

    name: str
    """Its role."""
    secret: str
    """The role's password."""
    database: str
    """The only database that it may connect to."""
    schemas: tuple[str, ...]
    """What it reads, tables of later days included, and nothing else."""
    expires: dt.date
    """The last day, UTC."""

    @property
    def ended(self) -> bool:
        """Whether the last day is past."""
        return self.expires < dt.datetime.now(dt.UTC).date()

    @property
    def until(self) -> dt.datetime:
        """The end of the last day."""
        return end_of(self.expires)


def end_of(day: dt.date) -> dt.datetime:
    """Return the end of a day, UTC."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)


def account_name(project: str) -> str:
    """Return the project's account, the same in the database and in the object store.

    The prefix keeps a project from bearing the administrator's or a system role's name.
    """
    return f"project_{project.replace('-', '_')}"


def members_pattern(account: str) -> str:
    """Return what the names of the roles of a project's members match, in PostgreSQL and here."""
    return f"^{MEMBER_PREFIX}[0-9a-f]{{8,16}}_{account.removeprefix('project_')}$"


def settings_of(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """Return the settings that a project's role has on this server."""
    return SETTINGS | (SETTINGS_17 if connection.info.server_version >= _SINCE_17 else {})


def ensure_role(connect: Connect, access: Access) -> None:
    """Give the role exactly what `access` says, whatever it or others have made of it.

    The server is given a SCRAM verifier computed here, so that no password reaches its log. What
    the role owns goes to the administrator. Past the last day it has no right and no session.

    Raises:
        RetryError: the server does not answer.
    """
    from psycopg import sql

    role = sql.Identifier(access.name)
    with connect(access.database) as connection:
        if not role_exists(connection, access.name):
            connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        _write_attributes(connection, access)
        write_settings(connection, access.name)
        _leave_groups(connection, access.name, members_pattern(access.name))
        connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
        # It owns nothing by now: this takes its rights here, of whatever kind they are.
        connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
        if not access.ended:
            _write_grants(connection, access)
    if access.ended:
        _disconnect(connect, access.name)


def role_exists(connection: psycopg.Connection[Any], name: str) -> bool:
    """Tell whether the server has the role."""
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
    return found.fetchone() is not None


def _write_attributes(connection: psycopg.Connection[Any], access: Access) -> None:
    """Set the role's password, its end, and all that it may not."""
    write_login(
        connection, access.name, access.secret, CONNECTIONS, access.until, ended=access.ended
    )


def write_login(
    connection: psycopg.Connection[Any],
    name: str,
    secret: str,
    sessions: int,
    until: dt.datetime,
    *,
    ended: bool = False,
) -> None:
    """Set a role's password, its end, and all that it may not.

    Args:
        connection: of a superuser, in a transaction.
        name: of the role.
        secret: its password.
        sessions: how many it may have at a time.
        until: when its password ends.
        ended: whether it may not log in at all.
    """
    from psycopg import sql

    verifier = connection.pgconn.encrypt_password(
        secret.encode(), name.encode(), b"scram-sha-256"
    ).decode()
    login = sql.SQL("NOLOGIN" if ended else "LOGIN")
    # Not even the verifier belongs into the log of statements.
    connection.execute("SET LOCAL log_statement = 'none'")
    connection.execute(
        sql.SQL(
            "ALTER ROLE {} {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
            " INHERIT CONNECTION LIMIT {} PASSWORD {} VALID UNTIL {}"
        ).format(
            sql.Identifier(name),
            login,
            sql.Literal(sessions),
            sql.Literal(verifier),
            sql.Literal(until.isoformat()),
        )
    )
    connection.execute("SET LOCAL log_statement = 'all'")


def has_options(connection: psycopg.Connection[Any]) -> bool:
    """Whether a membership has options of its own, as since PostgreSQL 16."""
    return connection.info.server_version >= _SINCE_16


def write_settings(connection: psycopg.Connection[Any], name: str) -> None:
    """Replace the role's settings, for all databases and for each."""
    from psycopg import sql

    role = sql.Identifier(name)
    connection.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(role))
    query = (
        "SELECT datname FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase"
        " JOIN pg_roles ON pg_roles.oid = setrole WHERE rolname = %s"
    )
    for (database,) in connection.execute(query, (name,)).fetchall():
        reset = sql.SQL("ALTER ROLE {} IN DATABASE {} RESET ALL")
        connection.execute(reset.format(role, sql.Identifier(database)))
    for setting, value in settings_of(connection).items():
        change = sql.SQL("ALTER ROLE {} SET {} = {}")
        connection.execute(change.format(role, sql.Identifier(setting), sql.Literal(value)))


def _leave_groups(connection: psycopg.Connection[Any], name: str, members: str = "^$") -> None:
    """End memberships: a project is in no group, and its rights are its members' only."""
    from psycopg import sql

    query = (
        "SELECT pg_get_userbyid(roleid), pg_get_userbyid(member), pg_get_userbyid(grantor)"
        " FROM pg_auth_members WHERE %s IN (pg_get_userbyid(roleid), pg_get_userbyid(member))"
        " AND pg_get_userbyid(member) <> CURRENT_USER"
        " AND (admin_option OR pg_get_userbyid(member) !~ %s)"
    )
    # Since 16 each grantor's grant is one of its own; before, the last one's word was kept.
    by = " GRANTED BY {}" if has_options(connection) else ""
    for names in connection.execute(query, (name, members)).fetchall():
        revoke = sql.SQL("REVOKE {} FROM {}" + by + " CASCADE")
        shown = names if by else names[:2]
        connection.execute(revoke.format(*map(sql.Identifier, shown)))


def _write_grants(connection: psycopg.Connection[Any], access: Access) -> None:
    """Let the role connect to its database and read its schemas."""
    from psycopg import sql

    role = sql.Identifier(access.name)
    database = sql.Identifier(access.database)
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role))
    query = "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)"
    for (schema,) in connection.execute(query, (list(access.schemas),)).fetchall():
        for statement in _GRANTS:
            connection.execute(sql.SQL(statement).format(schema=sql.Identifier(schema), role=role))


# Default privileges are those of the administrator who connects: tables are theirs.
_GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}",
)


def end_role(connect: Connect, name: str, database: str) -> None:
    """Take all rights from a role whose last day is past, and end its sessions; none is fine.

    Raises:
        RetryError: the server does not answer, or a session does not end.
    """
    from psycopg import sql

    role = sql.Identifier(name)
    with connect(database) as connection:
        if not role_exists(connection, name):
            return
        connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
        _leave_groups(connection, name)
        connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
        connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
    _disconnect(connect, name)


def _disconnect(connect: Connect, name: str) -> None:
    """End the role's sessions, which neither an end nor a password ends by itself."""
    # In a transaction of its own, so that nobody can begin a session meanwhile.
    with connect(autocommit=True) as connection:
        query = "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE usename = %s"
        ended = [row[0] for row in connection.execute(query, (_END_MILLISECONDS, name))]
    if not all(ended):
        message = f"A session of {name} did not end"
        raise RetryError(message, "Run again; else restart PostgreSQL.")


def drop_role(connect: Connect, name: str) -> None:
    """Drop the role and end its sessions; none is fine.

    Whatever the role came to own goes to the administrator.

    Raises:
        RetryError: the server does not answer.
    """
    from psycopg import sql

    role = sql.Identifier(name)
    with connect(autocommit=True) as connection:
        if not role_exists(connection, name):
            return
        connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
        query = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate"
        databases = [row[0] for row in connection.execute(query)]
    _disconnect(connect, name)
    for database in databases:
        with connect(database) as connection:
            connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
    with connect() as connection:
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
