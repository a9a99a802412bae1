"""Steps that lead from what a database is to what it must be, each with its exact SQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg import sql


class Direction(StrEnum):
    """Which way a database departs from its warehouse file."""

    UNASKED = "unasked"
    """It has what the file does not ask for."""
    CHANGED = "changed"
    """It has something else than the file asks for."""
    MISSING = "missing"
    """It lacks what the file asks for."""


class StepKind(StrEnum):
    """What a step is about, in the order of steps of one direction."""

    GRANT = "grant"
    MEMBERSHIP = "membership"
    DEFAULT = "default privilege"
    RIGHT = "right"
    ATTRIBUTE = "attribute"
    AUDIT = "audit"
    SCHEMA = "schema"
    EXTENSION = "extension"
    OWNER = "owner"
    ROW_SECURITY = "row security"
    SESSION = "session"
    ROLE = "role"
    SETTING = "setting"


_DIRECTIONS, _KINDS = list(Direction), list(StepKind)
_MADE_LATER = (StepKind.GRANT, StepKind.DEFAULT)
"""What is missing, and can only be granted once roles and schemas exist."""


@dataclass(frozen=True)
class RoleStep:
    """One departure of a database from its warehouse file, and what ends it.

    Attributes:
        direction: which way.
        kind: of what.
        what: what departs, in words.
        statements: the SQL that ends it; empty: an administrator must do it otherwise.
        by_hand: why there is no SQL, or what must be done before.
        guarded: whether SQL is withheld because data would lose its owner.
    """

    direction: Direction
    kind: StepKind
    what: str
    statements: tuple[sql.Composed, ...] = ()
    by_hand: str = ""
    guarded: bool = False

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """Its place: what nobody asked for first, and of that the grants."""
        later = self.direction is not Direction.UNASKED and self.kind in _MADE_LATER
        return _DIRECTIONS.index(self.direction), later, _KINDS.index(self.kind), self.what

    def lines(self) -> tuple[str, ...]:
        """The SQL as text, one statement a line."""
        return tuple(f"{each.as_string(None)};" for each in self.statements)
