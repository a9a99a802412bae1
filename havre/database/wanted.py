"""What a warehouse file asks for in PostgreSQL: a role a project, a schema a zone.

Members may have roles too, within their project's and for hours.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre.database.profile import DatabaseProfile
from havre.spec.model import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from havre.spec import Warehouse

TABLED = (Purpose.LANDING, Purpose.CURATED, Purpose.RESEARCH, Purpose.EXPORT)
"""Purposes of the zones that have tables beside their objects, and so a schema."""
PREFIX = "project_"
"""What names of projects' roles begin with: a role of that kind is Havre's, whoever made it."""
MEMBER_PREFIX = "member_"
"""What names of members' roles begin with."""
_MEMBER = re.compile(r"member_([0-9a-f]{8,16})_([a-z][a-z0-9_]*)")
MEMBER_HOURS = 8
"""How long a member's credential is accepted: a working day."""
MEMBER_CONNECTIONS = 5
"""Sessions that a member may have at a time in a project."""
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
class WantedMember:
    """The role that a member of a project may have, while a credential of theirs is accepted.

    Attributes:
        name: of the role.
        member: pseudonym of the member.
        project: the project's role, whose rights are all that it has.
        latest: the end that it must have at the latest, UTC.
    """

    name: str
    member: str
    project: str
    latest: dt.datetime


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
        members: roles that members of projects may have, by name; none needs to be there.
        begun: when the day begins, UTC: a member's role that has ended by then is over;
            None: none is.
    """

    roles: Mapping[str, WantedRole]
    schemas: tuple[str, ...]
    extensions: tuple[str, ...] = ()
    profile: DatabaseProfile = field(default_factory=DatabaseProfile)
    kept: frozenset[str] = frozenset()
    readers: frozenset[str] = frozenset()
    members: Mapping[str, WantedMember] = field(default_factory=dict)
    begun: dt.datetime | None = None


def role_name(project: str) -> str:
    """The role of a project; the prefix keeps it from bearing a name of the service's."""
    return f"{PREFIX}{project.replace('-', '_')}"


def member_role(member: str, project: str) -> str:
    """The role and account of a member in a project: a member of two has one in each.

    Args:
        member: a pseudonym; see `havre.spec.model.is_pseudonym`.
        project: name of the project.
    """
    return f"{MEMBER_PREFIX}{member.removeprefix('m-')}_{project.replace('-', '_')}"


def member_of(role: str) -> tuple[str, str] | None:
    """The member whose role it is, and the role of the project; None for any other role."""
    found = _MEMBER.fullmatch(role)
    return (f"m-{found[1]}", PREFIX + found[2]) if found else None


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
    begun = dt.datetime.combine(as_of, dt.time(), dt.UTC)
    asked = (extension.value for extension in spec.database.extensions)
    return WantedDatabase(
        roles,
        tuple(tabled.values()),
        (*profile.extensions, *asked),
        profile,
        frozenset(kept) | frozenset(readers),
        frozenset(readers),
        {each.name: each for each in _members(spec, roles, end_of(as_of))},
        begun,
    )


def _members(
    spec: Warehouse, roles: Mapping[str, WantedRole], evening: dt.datetime
) -> Iterator[WantedMember]:
    """The roles that members may have on a day; those of a project that has ended have none."""
    latest = evening + dt.timedelta(hours=MEMBER_HOURS)
    for role in roles.values():
        for member in () if role.ended else spec.projects[role.project].pseudonyms:
            name = member_role(member, role.project)
            yield WantedMember(name, member, role.name, min(latest, role.until))
