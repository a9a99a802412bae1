"""Accesses for people: a line each, and what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.audit.accesses import UNREADABLE
from havre.database.wanted import member_role
from havre.text import clipped, counted, inert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from havre.audit.accesses import Access, Tally

LONGEST = 60
"""Characters of a name that are shown."""
NOBODY = "nobody"
NARROWEST = 24
"""Columns of who it was, at least."""
DIGITS = 8
"""Of a pseudonym, as most have them."""


def width(project: str, identities: Iterable[str]) -> int:
    """Columns that the names of identities take: those known, and those of members.

    Args:
        project: whose accesses are shown.
        identities: as the logs name them.
    """
    member = member_role(f"m-{'0' * DIGITS}", project)
    return min(max(NARROWEST, *map(len, (member, *identities))), LONGEST)


def head(who: int) -> str:
    """The names of the columns.

    Args:
        who: columns of who it was.
    """
    return f"{'time':<24}  {'who':<{who}}  {'what':<8}  {'outcome':<8}  zone or table, from"


def line(access: Access, width: int) -> str:
    """An access on one line.

    Args:
        access: to be shown.
        width: columns of who it was.
    """
    if access.what == UNREADABLE:
        time = access.time or "no time"
        return f"{time:<24}  {'?':<{width}}  {UNREADABLE}: {inert(access.place)} {access.reason}"
    who = access.who or (f"{access.claimed} (not proved)" if access.claimed else NOBODY)
    named = [clipped(each, LONGEST) for each in access.on]
    on = ", ".join(named) or inert(access.action)
    zone = f"{inert(access.zone)}: " if access.zone else ""
    origin = f", from {inert(access.origin)}" if access.origin else ""
    shown = clipped(who, LONGEST)
    done = f"{access.what:<8}  {access.outcome:<8}"
    return f"{access.time:<24}  {shown:<{width}}  {done}  {zone}{on}{origin}"


def summary(project: str, tally: Tally, unread: int, blind: Sequence[str]) -> Iterator[str]:
    """What was counted, what cannot be read, and what these logs never show.

    Args:
        project: whose accesses were asked for.
        tally: of all that was read.
        unread: lines among those asked for that cannot be read.
        blind: what the logs never show.
    """
    lines = counted(tally.lines, "line", "lines")
    shown = counted(tally.shown, "access", "accesses")
    yield f"{inert(project)}: {shown} found, of {tally.accesses:,} in {lines} of logs."
    if unread:
        yield f"Not readable: {counted(unread, 'line', 'lines')}. Any of them may be an access."
    for source, count in tally.unrecorded.items():
        told = counted(count, "line", "lines")
        yield f"Not recorded: {told} of {inert(source)} about clients without a key or password."
    yield from (f"Not in these logs: {inert(each)}" for each in blind)
