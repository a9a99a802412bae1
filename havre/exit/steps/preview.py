"""What a copy would do: the source is listed, and nothing is written on either side or recorded."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.exit.folder import ExitStep
from havre.exit.objects.effort import Load, load_of
from havre.exit.objects.running import numbered
from havre.exit.steps.zones import zones

if TYPE_CHECKING:
    from havre.exit.folder import ExitFolder
    from havre.exit.journal import Journal, JournalRow, ListedVersion
    from havre.exit.objects.running import MovingZone


@dataclass(frozen=True)
class ZonePreview:
    """What would be copied of a zone.

    Attributes:
        zone: its name.
        versions: that are new, or other than they were copied.
        bytes: of them.
        calls: to both sides, about.
        asked: versions that are copied: a copy asks whether they bear something else by now.
        gone: copies whose version the source has no longer; they would be deleted.
    """

    zone: str
    versions: int
    bytes: int
    calls: int
    asked: int
    gone: int


def preview(folder: ExitFolder) -> tuple[ZonePreview, ...]:
    """What a copy would do, by zone.

    Raises:
        GuardError: a copy would be out of order.
        InputError, RetryError, ProviderError: as the source.
    """
    folder.check(ExitStep.COPY)
    return tuple(zone_preview(folder.journal, zone) for zone in zones(folder))


def zone_preview(journal: Journal, zone: MovingZone) -> ZonePreview:
    """What a copy of a zone would do.

    Raises:
        RetryError, ProviderError: as the source.
    """
    load, standing, met = Load(), 0, 0
    listed = numbered(zone.opened().source.versions())
    for key, group in itertools.groupby(listed, key=lambda each: each.key):
        rows = {row.listed.version: row for row in journal.known(zone.name, key)}
        for each in group:
            row = rows.get(each.version)
            met += row is not None and row.target is not None
            if row is not None and (row.out or _stands(row, each)):
                standing += not row.out
            else:
                load += load_of(each.size)
    copied = sum(row.target is not None for row in journal.rows(zone.name, 0))
    calls = load.copy_calls + standing
    return ZonePreview(zone.name, load.versions, load.size, calls, standing, copied - met)


def _stands(row: JournalRow, listed: ListedVersion) -> bool:
    """Whether a version is copied as it is listed."""
    if row.target is None or (row.content is None and listed.size is not None):
        return False
    known = row.listed
    return (known.entity, known.size, known.modified) == (
        listed.entity,
        listed.size,
        listed.modified,
    )
