"""Accesses for people: a line each, and what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.audit.accesses import UNREADABLE
from havre.text import clipped, counted, inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.audit.accesses import Access, Tally

LONGEST = 60
"""Characters of a name that are shown."""
NOBODY = "nobody"
HEAD = f"{'time':<24}  {'who':<24}  {'what':<8}  {'outcome':<8}  zone or table, from"


def line(access: Access) -> str:
    """An access on one line."""
    if access.what == UNREADABLE:
        time = access.time or "no time"
        return f"{time:<24}  {'?':<24}  {UNREADABLE}: {inert(access.place)} {access.reason}"
    who = access.who or (f"{access.claimed} (not proved)" if access.claimed else NOBODY)
    named = [clipped(each, LONGEST) for each in access.on]
    on = ", ".join(named) or inert(access.action)
    zone = f"{inert(access.zone)}: " if access.zone else ""
    origin = f", from {inert(access.origin)}" if access.origin else ""
    shown = clipped(who, LONGEST)
    return (
        f"{access.time:<24}  {shown:<24}  {access.what:<8}  {access.outcome:<8}  {zone}{on}{origin}"
    )


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
