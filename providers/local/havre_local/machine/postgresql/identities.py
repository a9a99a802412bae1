"""A project's role in this machine's PostgreSQL, with its password file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre_local.machine.folder import Folder, password
from havre_local.machine.postgresql import inspection, roles
from havre_local.machine.postgresql.ends import forget, record, recorded
from havre_local.machine.postgresql.schemas import database_exists
from havre_local.machine.postgresql.server import (
    admin_connection,
    administering,
    administrator,
    settings_for,
)
from havre_local.machine.projects import PGPASS, give, master, take_back

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Role:
    """A project's role in the database."""

    name: str
    database: str
    schemas: tuple[str, ...]
    pgpass: Path
    """Password file for libpq (PGPASSFILE), mode 0600."""


def ensure_identity(
    folder: Folder,
    project: str,
    database: str,
    schemas: Sequence[str],
    expires: dt.date,
    *,
    renew: bool = False,
) -> Role:
    """Give the project a role that reads exactly `schemas` of `database`, until `expires`.

    Its password is made the first time, and given out in `projects/<project>/pgpass`.

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
    name = roles.account_name(project)
    with administering(folder) as connect:
        pgpass, secret = _ensure_pgpass(folder, project, database, renew=renew)
        access = roles.Access(name, secret, database, tuple(schemas), expires)
        roles.ensure_role(connect, access)
        record(folder, name, database, expires)
    return Role(name, database, tuple(schemas), pgpass)


def differs(
    folder: Folder, project: str, database: str, schemas: Sequence[str], expires: dt.date
) -> tuple[str, ...]:
    """Return in what the project's role differs from what `ensure_identity` makes of it.

    Raises:
        GuardError: others can have written its password.
        RetryError: the server does not answer.
    """
    name = roles.account_name(project)
    secret = read_pgpass(folder, master(folder, project) / PGPASS)
    if secret is None:
        return ("no password",)
    access = roles.Access(name, secret, database, tuple(schemas), expires)
    unrecorded = ("record",) * (recorded(folder).get(name) != (database, expires))
    with administrator(folder)(autocommit=True) as connection:
        if not database_exists(connection, database):
            return ("no database",)
    with admin_connection(folder, database) as connection:
        return unrecorded + inspection.differences(connection, access)


def _ensure_pgpass(folder: Folder, project: str, database: str, *, renew: bool) -> tuple[Path, str]:
    """Write the project's password file; return it and the password."""
    known = read_pgpass(folder, master(folder, project) / PGPASS)
    secret = password() if renew or known is None else known
    settings = settings_for(folder, database, roles.account_name(project))
    fields = (settings["host"], settings["port"], database, settings["user"], secret)
    return give(folder, project, PGPASS, f"{':'.join(fields)}\n".encode()), secret


def read_pgpass(folder: Folder, path: Path) -> str | None:
    """Return the password in the one line of a password file of ours, None without one.

    Raises:
        GuardError: others can have written it.
    """
    try:
        line = folder.custody.read(path).decode("utf-8")
    except FileNotFoundError:
        return None
    return line.rstrip("\n").rpartition(":")[2] or None


def remove_identity(folder: Folder, project: str) -> None:
    """Drop the project's role, end its sessions and remove its password; none is fine.

    Raises:
        RetryError: the server does not answer.
    """
    with administering(folder) as connect:
        roles.drop_role(connect, roles.account_name(project))
        forget(folder, roles.account_name(project))
    take_back(folder, project, PGPASS)
