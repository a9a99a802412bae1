"""Members' roles: those that are there may be no more than a part of their project's, for hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from havre.database import writing
from havre.database.differences.roles import by_alterer, may_take, owned, settings
from havre.database.steps import Direction, RoleStep, StepKind
from havre.database.wanted import MEMBER_CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.database.catalogue.found import FoundRole
    from havre.database.parties import Parties
    from havre.database.wanted import WantedMember


def members(parties: Parties) -> Iterator[RoleStep]:
    """Steps of members' roles, each of which a credential has created."""
    for each in parties.members:
        yield from member_steps(parties, each)


def member_steps(parties: Parties, role: WantedMember) -> Iterator[RoleStep]:
    """Steps of one member's role, which is there.

    Args:
        parties: the roles of the server.
        role: the member's.
    """
    known = parties.found.roles[role.name]
    yield from _attributes(parties, role, known)
    yield from _inherited(parties, role)
    yield from owned(parties, role.name, known)
    yield from settings(parties, role.name, known)


def _attributes(parties: Parties, role: WantedMember, known: FoundRole) -> Iterator[RoleStep]:
    """Attributes, sessions and the end: nothing wider than a credential makes them."""
    name, unasked = role.name, Direction.UNASKED
    for word in sorted(known.attributes - {"LOGIN"}):
        what = f"{name} has the attribute {word}"
        if may_take(parties, word):
            yield by_alterer(parties, unasked, what, name, sql.SQL(f"NO{word}"))
        else:
            by_hand = f"{parties.found.user} may not take {word} away. Have the service do it."
            yield RoleStep(unasked, StepKind.ATTRIBUTE, what, by_hand=by_hand)
    if not 0 <= known.connections <= MEMBER_CONNECTIONS:
        many = "any number of" if known.connections < 0 else known.connections
        what = f"{name} may have {many} sessions, not {MEMBER_CONNECTIONS}"
        words = sql.SQL(f"CONNECTION LIMIT {MEMBER_CONNECTIONS}")
        yield by_alterer(parties, unasked, what, name, words)
    if known.until is None or known.until > role.latest:
        found = known.until.isoformat() if known.until else "without end"
        what = f"{name} is valid until {found}, not {role.latest.isoformat()} at the latest"
        end = sql.SQL("VALID UNTIL {}").format(sql.Literal(role.latest.isoformat()))
        yield by_alterer(parties, unasked, what, name, end)


def _inherited(parties: Parties, role: WantedMember) -> Iterator[RoleStep]:
    """Whether it is in its project's role, from which all its rights come."""
    pairs = {(each.group, each.member) for each in parties.found.memberships}
    if (role.project, role.name) in pairs:
        return
    what = f"{role.name} is not in {role.project}"
    if parties.found.alters(role.project):
        said = (writing.statement("GRANT {} TO {}", role.project, role.name),)
        yield RoleStep(Direction.MISSING, StepKind.MEMBERSHIP, what, said)
    else:
        by_hand = f"{parties.found.user} may not give it. Do it as the role that created it."
        yield RoleStep(Direction.MISSING, StepKind.MEMBERSHIP, what, by_hand=by_hand)
