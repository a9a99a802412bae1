"""Members' roles in PostgreSQL: each inherits what its project may, and has nothing besides.

A role is made anew for each credential, and can log in for hours. One that has become anything
else, or whose member has left, is dropped with its sessions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from havre.database.wanted import MEMBER_CONNECTIONS, member_role
from havre_local.machine.postgresql import roles
from havre_local.machine.postgresql.ends import forget, record
from havre_local.machine.postgresql.roles import account_name
from havre_local.machine.postgresql.server import administrator

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    import psycopg

    from havre_local.machine.folder import Folder
    from havre_local.machine.postgresql.schemas import Connect


def names(project: str, found: Collection[str]) -> list[str]:
    """Those of names that a member of the project can have, sorted."""
    of_project = re.compile(roles.members_pattern(account_name(project)))
    return sorted(name for name in found if of_project.match(name))


def unwanted(
    connection: psycopg.Connection[Any], project: str, members: Collection[str]
) -> list[str]:
    """Roles of members who have left, and of those that are not what they were made as.

    Args:
        connection: of a superuser, to the database of the project.
        project: name of the project.
        members: pseudonyms of its members.
    """
    listed = [member_role(member, project) for member in members]
    rows = connection.execute(_ROLES, {"project": account_name(project)}).fetchall()
    clean = {name: bool(row) for name, row in rows}
    return [name for name in names(project, clean) if name not in listed or not clean[name]]


# What a role may is in its attributes, its memberships and the entries of pg_shdepend.
_ROLES = """
SELECT rolname, NOT (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)
  AND rolinherit AND rolconnlimit BETWEEN 0 AND 5 AND rolvaliduntil < 'infinity'
  AND NOT EXISTS (SELECT FROM pg_shdepend
    WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid
    AND classid <> 'pg_auth_members'::regclass)
  AND NOT EXISTS (SELECT FROM pg_auth_members
    WHERE r.oid IN (roleid, member) AND member <> CURRENT_USER::regrole
    AND (roleid <> to_regrole(%(project)s) OR admin_option))
  AND EXISTS (SELECT FROM pg_auth_members
    WHERE member = r.oid AND roleid = to_regrole(%(project)s))
FROM pg_roles r WHERE rolname ~ '^member_'
"""


def drop(folder: Folder, connect: Connect, found: Collection[str]) -> None:
    """Drop roles and end their sessions; the caller has PostgreSQL's lock.

    Raises:
        RetryError: the server does not answer, or a session does not end.
    """
    for name in found:
        roles.drop_role(connect, name)
        forget(folder, name)


def all_of(connect: Connect, project: str) -> list[str]:
    """Names of the roles of all members of a project, whether they have left or not."""
    with connect(autocommit=True) as connection:
        query = "SELECT rolname FROM pg_roles WHERE rolname ~ '^member_'"
        return names(project, [row[0] for row in connection.execute(query)])


def issue(
    folder: Folder, connect: Connect, name: str, project: str, database: str, until: dt.datetime
) -> str:
    """Make a member's role, in the place of a former one; returns its new password.

    Args:
        folder: the data folder; the caller has PostgreSQL's lock.
        connect: the administrator's connections.
        name: of the role.
        project: name of the project, whose role exists.
        database: of the warehouse.
        until: when it can no longer log in; its sessions are ended within a minute.

    Raises:
        RetryError: the server does not answer.
    """
    from psycopg import sql

    from havre_local.machine.folder import password

    role, secret = sql.Identifier(name), password()
    record(folder, name, database, until)  # first, so that what is begun has an end
    with connect(database) as connection:
        if not roles.role_exists(connection, name):
            connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        roles.write_login(connection, name, secret, MEMBER_CONNECTIONS, until)
        roles.write_settings(connection, name)
        # No SET ROLE: what a member does is logged as theirs.
        options = " WITH INHERIT TRUE, SET FALSE" if roles.has_options(connection) else ""
        grant = sql.SQL("GRANT {} TO {}" + options)
        connection.execute(grant.format(sql.Identifier(account_name(project)), role))
    return secret


def differ(
    folder: Folder, project: str, database: str, members: Collection[str]
) -> tuple[str, ...]:
    """Names of roles that `up` drops: see `unwanted`.

    Raises:
        RetryError: the server does not answer.
    """
    with administrator(folder)(database, autocommit=True) as connection:
        return tuple(unwanted(connection, project, members))
