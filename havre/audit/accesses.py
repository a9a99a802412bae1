"""An access: who did what with which zone or table, when, from where, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Act(StrEnum):
    """What was done, the same for objects and tables."""

    READ = "read"
    LIST = "list"
    WRITE = "write"
    DELETE = "delete"
    CHANGE = "change"
    LOG_IN = "log-in"
    OTHER = "other"


class AccessOutcome(StrEnum):
    """How it ended."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


UNREADABLE = "unreadable"
"""What stands in the place of an act where a line of a log cannot be read."""


@dataclass(frozen=True)
class Actor:
    """For whom an identity acts.

    Attributes:
        project: name of the project.
        member: pseudonymous identifier of the member; empty where the identity is the project's.
    """

    project: str
    member: str = ""


@dataclass(slots=True)
class Access:
    """An access, or a line that cannot be read.

    Attributes:
        time: when, UTC, as `2026-12-01T00:04:50.325Z`; empty where the line has none.
        who: the identity that proved itself, as the log names it; empty where none did.
        what: an `Act`, or `UNREADABLE`.
        action: the service's own word for it, such as `GetObject` or `SELECT`.
        outcome: how it ended.
        source: the log, such as `object-store`.
        place: where its line is: name of the file and number in it.
        digest: SHA-256 of that line without its newline, in hexadecimal digits.
        claimed: the identity that was named and not proved; empty where none was.
        zone: name of the zone; empty where it is of none, or not known.
        on: objects or tables.
        origin: from where; empty where the log has none.
        reason: why a line cannot be read.
    """

    time: str
    who: str
    what: str
    action: str
    outcome: str
    source: str
    place: str
    digest: str
    claimed: str = ""
    zone: str = ""
    on: tuple[str, ...] = ()
    origin: str = ""
    reason: str = ""

    def as_json(self, actors: Mapping[str, Actor]) -> dict[str, Any]:
        """Its members in the published form, but for those of the chain.

        Args:
            actors: for whom an identity acts.
        """
        actor = actors.get(self.who or self.claimed)
        return {
            "time": self.time or None,
            "who": self.who or None,
            "project": actor.project if actor else None,
            "member": (actor.member or None) if actor else None,
            "claimed": self.claimed or None,
            "what": self.what,
            "action": self.action or None,
            "zone": self.zone or None,
            "on": self.on,
            "from": self.origin or None,
            "outcome": self.outcome,
            "source": self.source,
            "place": self.place,
            "line": self.digest,
            "reason": self.reason or None,
        }


def unreadable(reason: str, source: str, place: str, digest: str, time: str = "") -> Access:
    """What stands for a line that cannot be read."""
    outcome = AccessOutcome.UNKNOWN.value
    return Access(time, "", UNREADABLE, "", outcome, source, place, digest, reason=reason)


@dataclass
class Tally:
    """What was read.

    Attributes:
        lines: of logs.
        accesses: found in them, whether they were asked for or not.
        shown: accesses that were asked for.
        unreadable: lines that cannot be read.
        unrecorded: what a service says that it left out of its log, by source.
    """

    lines: int = 0
    accesses: int = 0
    shown: int = 0
    unreadable: int = 0
    unrecorded: dict[str, int] = field(default_factory=dict)
