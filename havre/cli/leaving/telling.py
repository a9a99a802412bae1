"""What the commands of an exit share: which folder, and how they tell what they found."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli.context import folder_at
from havre.errors import ExitCode

if TYPE_CHECKING:
    import datetime as dt

    from havre.exit.meter import MeterReading, Progress
    from havre.exit.retiring.calendar import ExitCalendar

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER", help="Folder of the exit, with its exit.yaml.", callback=folder_at()
    ),
]

SECONDS = 0.5
"""Between two readings that are shown."""


def line(text: str) -> None:
    """A line of text on standard output, which a terminal wraps between words."""
    console.lines(text)


def following(command: str) -> None:
    """Which command is next."""
    console.command("Next:", command)


def fail_if(wrong: bool) -> None:
    """End with the exit code of findings, if something is wrong."""
    if wrong:
        raise typer.Exit(ExitCode.FINDINGS)


def tell_calendar(found: ExitCalendar, today: dt.date) -> None:
    """The days to come, in order, and what is not known of them."""
    for day in found.days:
        if not day.past:
            word = "by" if day.bound == "latest" else "from"
            line(f"{word} {day.day} (in {(day.day - today).days} days): {day.what}")
    if found.missing:
        names = ", ".join(sorted({*found.missing.values()}))
        line(f"Not in the calendar: name {names} in exit.yaml.")
    for rule in found.stale:
        line(f"Read {rule} again: its source was read over a year ago.")


def progress(doing: console.Working) -> Progress:
    """Shows at a terminal how far a step is.

    Args:
        doing: where it is shown.
    """
    last = 0.0

    def tell(reading: MeterReading) -> None:
        nonlocal last
        if time.monotonic() - last < SECONDS:
            return
        last = time.monotonic()
        left = reading.remaining
        end = "" if left is None else f", about {left:,.0f} s left"
        doing.say(
            f"{reading.what}: {reading.done:,} of {reading.total:,} {reading.unit}, "
            f"{reading.size / 2**20:,.1f} MiB, {reading.rate:,.0f} per second{end}"
        )

    return tell
