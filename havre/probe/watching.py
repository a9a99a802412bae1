"""Probes of the logs: they show what the probes before did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from havre.audit.accesses import Tally
from havre.audit.reading import accesses
from havre.capabilities import Supported
from havre.probe.answers import Answer, otherwise, seen, unevaluated
from havre.probe.subjects import Probe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from havre.probe.subjects import ProbeSubject

STORAGE_ACCESS = "audit.storage-access"
PAUSE = 2.0
"""Seconds between two looks."""


def _zones(subject: ProbeSubject) -> Iterable[str]:
    return (f"zone {name}" for name in subject.outputs.zones)


def shown(subject: ProbeSubject, target: str) -> Answer:
    """The anonymous read of this run is in the logs within the limit."""
    logs = subject.logs
    if isinstance(logs, Supported):
        return unevaluated(logs.reason)
    if isinstance(logs.files, Supported):
        return unevaluated(logs.files.reason)
    zone, begun = target.removeprefix("zone "), time.monotonic()
    most = subject.limits.log_seconds
    while True:
        tally = Tally()
        for access in accesses(logs.reader(), logs.files(), tally):
            if access.zone == zone and any(subject.mark in each for each in access.on):
                raw = f"{access.time} {access.action} {access.outcome} at {access.place}"
                return seen(f"the log shows the probe of zone {zone}", raw)
        if time.monotonic() - begun >= most:
            told = f"the log does not show the probe of zone {zone} within {most:.0f} seconds"
            return otherwise(told, f"{tally.lines} lines, {tally.accesses} accesses")
        time.sleep(min(PAUSE, most))


WATCHING: tuple[Probe, ...] = (
    Probe(
        *("log.shows-probe", STORAGE_ACCESS),
        "The logs show the probe itself within the limit.",
        "It reads the warehouse's own logs.",
        *(_zones, shown),
        after=True,
        stood_in=False,
    ),
)
"""Probes of the logs."""
