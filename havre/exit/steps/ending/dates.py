"""The calendar of an exit, as its folder knows it: asked for often, so no side is reached."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from havre.exit.folder import ExitStep
from havre.exit.retiring.calendar import calendar_of, read_rules

if TYPE_CHECKING:
    from havre.exit.folder import ExitFolder
    from havre.exit.retiring.calendar import ExitCalendar

LEFT = "backups left"
"""Fact with the last day of each backup that stays at the source, by its name."""
TERMS = "retired terms"
"""Fact with the terms of each thing of the source."""


def calendar_now(folder: ExitFolder, today: dt.date) -> ExitCalendar:
    """The calendar of an exit, as far as it is known; no side is asked.

    Args:
        folder: of the exit.
        today: the day for which it is made.
    """
    told = folder.journal.fact(TERMS)
    terms = json.loads(told) if told else ()
    others = [
        (dt.date.fromisoformat(each["gone"]), f"{each['name']} is gone for good.")
        for each in terms
        if each["gone"]
    ]
    left = json.loads(folder.journal.fact(LEFT) or "{}")
    others += [
        (dt.date.fromisoformat(day) + dt.timedelta(days=1), f"backup {name} has ended.")
        for name, day in left.items()
    ]
    run = folder.last(ExitStep.CUT)
    cut = run.ended.date() if run and run.ended else None
    return calendar_of(folder.file.contract, read_rules(), today, cut, others)
