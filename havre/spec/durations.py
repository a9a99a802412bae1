"""How long a warehouse file has data kept, and until when its projects read it: without people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from havre.spec.model import Warehouse


@dataclass(frozen=True)
class ZoneDurations:
    """What a zone promises, in days.

    Attributes:
        zone: its name.
        expire: after its last writing an object is deleted; None: never.
        recoverable: after its deletion an object can be restored; 0: not promised.
        immutable: after its writing a version is locked; 0: it is not.
    """

    zone: str
    expire: int | None
    recoverable: int
    immutable: int


@dataclass(frozen=True)
class Authorisation:
    """Until when a project reads.

    Attributes:
        project: its name.
        decision: that allows it.
        zones: that it reads.
        expires: last day of the authorisation.
    """

    project: str
    decision: str
    zones: tuple[str, ...]
    expires: dt.date


@dataclass(frozen=True)
class Durations:
    """What a data protection officer compares with the record of processing.

    Attributes:
        zones: in the order of the file.
        backups: days for which a backup of the database is kept, at the least.
        logs: days for which logs are kept, at the least.
        projects: the first to end first.
    """

    zones: tuple[ZoneDurations, ...]
    backups: int
    logs: int
    projects: tuple[Authorisation, ...]


def durations_of(spec: Warehouse) -> Durations:
    """The durations that a warehouse file requires."""
    return Durations(
        tuple(
            ZoneDurations(name, zone.expire_days, zone.recoverable_days, zone.immutable_days)
            for name, zone in spec.zones.items()
        ),
        spec.database.backups.retention_days,
        spec.audit.retention_days,
        tuple(
            Authorisation(name, each.authorisation, each.zones, each.expires)
            for name, each in sorted(spec.projects.items(), key=lambda pair: pair[1].expires)
        ),
    )
