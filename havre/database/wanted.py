"""What a warehouse file asks for in PostgreSQL: one role a project, one schema a zone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre.database.profile import DatabaseProfile
from havre.spec.model import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from havre.spec import Warehouse

TABLED = (Purpose.LANDING, Purpose.CURATED, Purpose.RESEARCH, Purpose.EXPORT)
"""Purposes of the zones that have tables beside their objects, and so a schema."""
PREFIX = "project_"
"""What names of projects' roles begin with: a role of that kind is Havre's, whoever made it."""
CONNECTIONS = 20
"""Sessions that a project may have at a time: a few for each of its members."""
SETTINGS: Mapping[str, str] = {
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "15min",
    "idle_session_timeout": "12h",
    "statement_timeout": "4h",
    "temp_file_limit": "10GB",
    "transaction_timeout": "8h",
}
"""Settings of each project's sessions, as far as a server knows them. Only `temp_file_limit` binds
them: PostgreSQL lets a session lift the others, which keep mistakes short, not attacks."""


@dataclass(frozen=True)
class WantedRole:
    """The role of a project.

    Attributes:
        name: of the role.
        project: its name in the warehouse file.
        schemas: in which it reads every table, those of later days included; none once it ended.
        until: end of its last day, UTC.
        ended: whether that is past: it may not log in, and has no rights.
    """

    name: str
    project: str
    schemas: tuple[str, ...]
    until: dt.datetime
    ended: bool


@dataclass(frozen=True)
class WantedDatabase:
    """What a database must be.

    Attributes:
        roles: those of projects, by name.
        schemas: one a zone.
        extensions: those that must exist.
        profile: how the service is administered.
        kept: further roles that are left alone, since an administrator answers for them.
        readers: those of them that must be able to connect.
    """

    roles: Mapping[str, WantedRole]
    schemas: tuple[str, ...]
    extensions: tuple[str, ...] = ()
    profile: DatabaseProfile = field(default_factory=DatabaseProfile)
    kept: frozenset[str] = frozenset()
    readers: frozenset[str] = frozenset()


def role_name(project: str) -> str:
    """The role of a project; the prefix keeps it from bearing a name of the service's."""
    return f"{PREFIX}{project.replace('-', '_')}"


def schema_name(zone: str) -> str:
    """The schema of a zone."""
    return zone.replace("-", "_")


def end_of(day: dt.date) -> dt.datetime:
    """The end of a day, UTC."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)


def wanted(
    spec: Warehouse,
    as_of: dt.date,
    profile: DatabaseProfile | None = None,
    *,
    kept: Iterable[str] = (),
    readers: Iterable[str] = (),
) -> WantedDatabase:
    """What a warehouse file asks for on a day.

    Args:
        spec: the warehouse file.
        as_of: the day, UTC; a project whose last day is before it has ended.
        profile: how the service is administered; None: nothing is known of it.
        kept: roles that an administrator answers for.
        readers: those of the service that read everything, and must be able to connect.
    """
    profile = profile or DatabaseProfile()
    tabled = {
        name: schema_name(name) for name, zone in spec.zones.items() if zone.purpose in TABLED
    }
    roles = {}
    for project, each in spec.projects.items():
        ended = each.expires < as_of
        schemas = () if ended else tuple(tabled[zone] for zone in each.zones if zone in tabled)
        name = role_name(project)
        roles[name] = WantedRole(name, project, schemas, end_of(each.expires), ended)
    asked = (extension.value for extension in spec.database.extensions)
    return WantedDatabase(
        roles,
        tuple(tabled.values()),
        (*profile.extensions, *asked),
        profile,
        frozenset(kept) | frozenset(readers),
        frozenset(readers),
    )
