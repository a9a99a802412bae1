"""Projects whose authorisation ends: from the day after its last day a project is given nothing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from havre.spec.model import ERASURE_DAYS, Purpose
from havre.text import distance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.spec.model import Project, Warehouse, Zone

NOTICE_DAYS = 30
"""Days before its last day in which the end of a project is announced."""


WORKING = frozenset({Purpose.RESEARCH, Purpose.EXPORT})
"""Purposes of zones that hold what projects make; other zones are the warehouse's own."""


def working_zones(spec: Warehouse) -> Mapping[str, Zone]:
    """The zones that hold the data of projects: those of a working purpose that one lists."""
    listed = {zone for project in spec.projects.values() for zone in project.zones}
    return {
        name: zone
        for name, zone in spec.zones.items()
        if name in listed and zone.purpose in WORKING
    }


def erasure_days(spec: Warehouse) -> int:
    """Days after its last day within which a project's data is gone."""
    return spec.erasure.within_days if spec.erasure else ERASURE_DAYS


def today() -> dt.date:
    """The day on which dates are evaluated where none is given (UTC)."""
    return dt.datetime.now(dt.UTC).date()


def authorised(spec: Warehouse, as_of: dt.date) -> Mapping[str, Project]:
    """The projects whose last day has not passed, by name."""
    return {name: asked for name, asked in spec.projects.items() if asked.expires >= as_of}


def notices(spec: Warehouse, as_of: dt.date) -> tuple[str, ...]:
    """A sentence for each project that has ended, or ends within `NOTICE_DAYS`."""
    return tuple(
        _notice(name, asked.expires, as_of)
        for name, asked in spec.projects.items()
        if (asked.expires - as_of).days <= NOTICE_DAYS
    )


def ended(spec: Warehouse, as_of: dt.date) -> Mapping[str, str]:
    """A sentence for each project that has ended, by its name."""
    return {
        name: _notice(name, asked.expires, as_of)
        for name, asked in spec.projects.items()
        if asked.expires < as_of
    }


def _notice(name: str, last: dt.date, as_of: dt.date) -> str:
    if last < as_of:
        return (
            f"Project `{name}` ended on {last}. It is given no access, and the next update removes "
            "the access it still has."
        )
    left = distance(last, as_of)
    return (
        f"Project `{name}` ends on {last} ({left}). The first update after that day removes its "
        "access."
    )
