"""Projects whose authorisation ends: from the day after its last day a project is given nothing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.spec.model import Project, Warehouse

NOTICE_DAYS = 30
"""Days before its last day in which the end of a project is announced."""


def today() -> dt.date:
    """The day on which dates are evaluated where none is given (UTC)."""
    return dt.datetime.now(dt.UTC).date()


def authorised(spec: Warehouse, as_of: dt.date) -> Mapping[str, Project]:
    """The projects whose last day has not passed, by name."""
    return {name: asked for name, asked in spec.projects.items() if asked.expires >= as_of}


def notices(spec: Warehouse, as_of: dt.date) -> tuple[str, ...]:
    """A sentence for each project that has ended, or ends within `NOTICE_DAYS`."""
    return tuple(
        _notice(name, asked.expires, (asked.expires - as_of).days)
        for name, asked in spec.projects.items()
        if (asked.expires - as_of).days <= NOTICE_DAYS
    )


def _notice(name: str, last: dt.date, days: int) -> str:
    if days < 0:
        return (
            f"Project `{name}` ended on {last}. It is given no access, and the next update removes "
            "the access it still has."
        )
    left = f"in {days} {'day' if days == 1 else 'days'}" if days else "today"
    return (
        f"Project `{name}` ends on {last} ({left}). The first update after that day removes its "
        "access."
    )
