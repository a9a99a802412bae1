"""What bears something else since it was copied: tags and holds change no entity and no time.

A listing alone does not show it, so the properties of everything that is copied are asked for
again.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from havre.exit.objects.copying import source_version
from havre.exit.objects.effort import weigh
from havre.exit.objects.mapping import mapping
from havre.exit.objects.running import KEYS_AT_ONCE, MovingZone, bounded, sharded, whole
from havre.exit.records import told
from havre.live.objects import ChangedError, NotThereError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from havre.exit.journal import Journal, JournalRow
    from havre.exit.objects.copying import Sides
    from havre.exit.objects.running import Shard


def recheck(journal: Journal, zone: MovingZone, executor: Executor, workers: int) -> int:
    """Have versions copied again whose properties have changed.

    Args:
        journal: of the exit; the zone was listed to its end.
        zone: which one.
        executor: runs the workers.
        workers: how many it runs at once.

    Returns:
        How many versions have changed.

    Raises:
        RetryError, ProviderError: as the source.
    """
    seen, count = whole(journal, zone.name), 0
    copied = (rows for rows in journal.keys(zone.name, seen) if any(map(_copied, rows)))
    for _, found in bounded(executor, changed, zone, sharded(copied), workers * 2):
        with journal.together():
            journal.again(zone.name, found)
        count += len(found)
    if count:
        weigh(journal, zone.name, seen)
    return count


def changed(zone: MovingZone, shard: Shard) -> list[tuple[str, str]]:
    """Versions of a shard, by key and identifier, that bear something else: what a worker runs."""
    sides = zone.opened()
    rows = [row for of_key in shard for row in of_key if _copied(row)]
    with ThreadPoolExecutor(KEYS_AT_ONCE) as asking:
        differ = list(asking.map(lambda row: _differs(row, sides), rows))
    named = ((row.listed.key, row.listed.version) for row in rows)
    return [name for name, other in zip(named, differ, strict=True) if other]


def _copied(row: JournalRow) -> bool:
    return row.content is not None and not row.gone


def _differs(row: JournalRow, sides: Sides) -> bool:
    found = source_version(row.listed)
    try:
        bears, _ = mapping(found, sides.source.properties(found), sides.rules)
    except (ChangedError, NotThereError):
        return True  # gone or changed since the listing: the copy tells
    return told(bears) != row.bearing
