"""Who is who among the roles of a server: projects, administrators, kept ones, and strays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from havre.database.catalogue.found import PUBLIC
from havre.database.wanted import MEMBER_PREFIX, PREFIX

if TYPE_CHECKING:
    from havre.database.catalogue.found import FoundDatabase
    from havre.database.wanted import WantedDatabase, WantedMember


@dataclass(frozen=True)
class Parties:
    """The roles of a server, by whose they are.

    Attributes:
        wanted: what the database must be.
        found: what it is.
    """

    wanted: WantedDatabase
    found: FoundDatabase

    @cached_property
    def administrators(self) -> frozenset[str]:
        """Roles that administer, and those of the service: their rights are not ours to revoke.

        Whoever is a member of the service's administrators by a grant of another than its superuser
        is none of them, nor is a role that bears a project's or a member's name.
        """
        profile = self.wanted.profile
        groups = profile.administrators
        members = {
            each.member
            for each in self.found.memberships
            if each.group in groups and each.by_service
        }
        first = {name for name, role in self.found.roles.items() if role.bootstrap}
        known = {*groups, *profile.service, *members, *first}
        return frozenset(
            {name for name in known if not name.startswith((PREFIX, MEMBER_PREFIX))}
            | {self.found.user}
        )

    def left_alone(self, role: str) -> bool:
        """Whether what a role has is none of our business."""
        return role in self.administrators or role in self.wanted.kept or role.startswith("pg_")

    def judged(self, role: str) -> bool:
        """Whether every right of a role must be asked for."""
        return role == PUBLIC or not self.left_alone(role)

    @cached_property
    def members(self) -> tuple[WantedMember, ...]:
        """Those of members' roles that are there, and whose end is still to come."""
        begun, roles = self.wanted.begun, self.found.roles
        here = (each for name, each in sorted(self.wanted.members.items()) if name in roles)
        ends = ((each, roles[each.name].until) for each in here)
        return tuple(each for each, end in ends if end is None or begun is None or end > begun)

    @cached_property
    def strays(self) -> tuple[str, ...]:
        """Roles that the warehouse file does not ask for and nobody answers for."""
        names = self.found.roles.keys() - self.wanted.roles.keys()
        names -= {each.name for each in self.members}
        return tuple(sorted(name for name in names if not self.left_alone(name)))
