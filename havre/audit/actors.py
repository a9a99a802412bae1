"""For whom the identities in logs act, and which tables are whose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from havre.audit.accesses import Actor
from havre.audit.statements import Tables
from havre.database.wanted import member_of, role_name, schema_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Actors(Mapping[str, Actor]):
    """For whom identities act: projects by their own names, members by their roles' names.

    A member's role is known by its name, so that what somebody did who has left is theirs still.

    Args:
        known: for whom an identity acts, by its name in the logs; among them the projects' roles.
    """

    def __init__(self, known: Mapping[str, Actor]) -> None:
        self._known = dict(known)
        self._others: dict[str, Actor | None] = {}

    def __getitem__(self, name: str) -> Actor:
        found = self._known.get(name) or self._member(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def _member(self, name: str) -> Actor | None:
        if name not in self._others:
            member, project = member_of(name) or ("", "")
            found = self._known.get(project)
            self._others[name] = Actor(found.project, member) if found else None
        return self._others[name]


def roles(projects: Iterable[str]) -> dict[str, Actor]:
    """The projects of a warehouse by their roles in its database."""
    return {role_name(project): Actor(project) for project in projects}


def tables(zones: Iterable[str]) -> Tables:
    """What finds tables of zones by their schemas."""
    return Tables({schema_name(zone): zone for zone in zones})
