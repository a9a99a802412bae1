"""What a zone holds, measured against the target: the objects' half of the losses ledger."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.capabilities import Support
from havre.errors import ProviderError, RetryError
from havre.exit.ledger import ALL, LedgerEntry, LedgerFate, undecided
from havre.exit.objects.copying import source_version
from havre.exit.objects.deletions import fitting, left_out
from havre.exit.objects.mapping import collisions, mapping
from havre.exit.objects.marks import settle_marks
from havre.exit.objects.recoding import covered, recoding
from havre.exit.objects.running import KEYS_AT_ONCE, MovingZone, bounded, sharded, whole
from havre.exit.records import encoded, told
from havre.live.objects import Ability, ChangedError, NotThereError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from havre.exit.journal import Journal, JournalRow
    from havre.exit.objects.copying import Sides
    from havre.exit.objects.mapping import Rules
    from havre.exit.objects.running import Shard
    from havre.live.objects import LiveStore, ObjectVersion, Properties


@dataclass(frozen=True)
class Looked:
    """What a worker saw of a shard.

    Attributes:
        entries: of the ledger, by key.
        borne: how many versions bear each property.
    """

    entries: tuple[tuple[str, tuple[LedgerEntry, ...]], ...]
    borne: Counter[str]


def take_inventory(
    journal: Journal,
    zone: MovingZone,
    executor: Executor,
    workers: int,
    progress: Callable[[int], None],
    *,
    fresh: bool,
) -> None:
    """Record what becomes of every property of every object that was listed.

    Args:
        journal: of the exit; the zone was listed to its end.
        zone: which one.
        executor: runs the workers.
        workers: how many it runs at once.
        progress: is told how many keys were looked at.
        fresh: whether nothing was copied yet, so that whatever the target holds is not ours.

    Raises:
        StateError: the zone was not listed to its end.
        RetryError, ProviderError: as the stores.
    """
    seen = whole(journal, zone.name)
    borne: Counter[str] = Counter()
    journal.forget_losses(zone.scope)
    settle_marks(journal, zone, seen)
    moving_keys = (rows for rows in journal.keys(zone.name, seen) if not rows[-1].mark)
    shards = sharded(moving_keys)
    for _, looked in bounded(executor, look, zone, shards, workers * 2):
        with journal.together():
            for key, entries in looked.entries:
                journal.lose(zone.scope, [key], entries)
        borne.update(looked.borne)
        progress(len(looked.entries))
    sides = zone.opened()
    with journal.together():
        for entry in (
            *_met(journal, zone, sides.rules, seen),
            *_renamed(journal, zone, sides.rules, seen),
        ):
            journal.lose(zone.scope, [], [entry])
        moving = journal.counts(zone.name, seen).versions > 0
        told = _whole(zone, borne) if moving else ()
        journal.lose(zone.scope, [ALL], [*told, *_left_behind(zone, sides)])
        if fresh:
            journal.lose(zone.scope, [], _foreign(zone))


def _met(journal: Journal, zone: MovingZone, rules: Rules, seen: int) -> Iterator[LedgerEntry]:
    """Keys of which only one can stand at the target."""
    names = {*rules.renamed.values()}

    def exists(key: str) -> bool:
        return key in names or (key not in rules.renamed and journal.has(zone.name, key, seen))

    present = (rows for rows in journal.keys(zone.name, seen) if not rows[-1].mark)
    keys = (rows[0].listed.key for rows in present)
    plain = (key for key in keys if key not in rules.renamed)
    return collisions(itertools.chain(plain, sorted(names)), exists, rules)


def _renamed(journal: Journal, zone: MovingZone, rules: Rules, seen: int) -> Iterator[LedgerEntry]:
    """Renamings that speak of nothing, or meet a key that is there."""
    for key, name in sorted(rules.renamed.items()):
        wrong = []
        if not journal.has(zone.name, key, seen):
            wrong.append("the source has no such key")
        if journal.has(zone.name, name, seen):
            wrong.append(f"the source has the key `{encoded(name)}` too")
        if wrong:
            remedy = f"Correct `renamings` in exit.yaml: {', and '.join(wrong)}."
            yield LedgerEntry(zone.scope, key, "renaming", key, name, LedgerFate.BLOCKING, remedy)


def look(zone: MovingZone, shard: Shard) -> Looked:
    """What becomes of the keys of a shard: what a worker runs."""
    sides = zone.opened()
    borne: Counter[str] = Counter()

    def of_key(rows: list[JournalRow]) -> tuple[str, tuple[LedgerEntry, ...]]:
        entries: list[LedgerEntry] = []
        rows = [row for row in rows if not row.gone]
        kept = {row.listed.version for row in fitting(rows, sides.target.abilities)}
        for row in rows:
            found = source_version(row.listed)
            if row.listed.version not in kept:
                entries.append(left_out(found, row, rows, sides.rules))
                continue
            with contextlib.suppress(ChangedError, NotThereError):  # since: the copy tells
                if not found.marker:
                    bears, more = mapping(found, sides.source.properties(found), sides.rules)
                    refuse_unreadable(sides.source, found, bears)
                    entries += more
                    if sides.opens and covered(sides.source, sides.opens, found):
                        entries += recoding(found, sides.opens, sides.closes, sides.rules)
                    borne.update(told(bears).keys())
        return rows[0].listed.key, tuple(entries)

    with ThreadPoolExecutor(KEYS_AT_ONCE) as keys:
        return Looked(tuple(keys.map(of_key, shard)), borne)


def refuse_unreadable(store: LiveStore, found: ObjectVersion, bears: Properties) -> None:
    """Refuse to go on where an object has a key of its own that is disabled, expired or gone.

    Raises:
        ProviderError: its first byte cannot be read; the message names the key.
    """
    key = bears.traits.key or bears.traits.scope
    if not key or not found.size:
        return
    try:
        for _ in store.read(found, 0, 1):
            pass
    except (ChangedError, NotThereError, RetryError):
        raise
    except ProviderError as error:
        what = f"{store.name}: `{found.key}` cannot be read; it is encrypted under {key}"
        message = f"{what}: {error.message}"
        remedy = "Enable that key again, or give the exit permission to use it."
        raise ProviderError(message, remedy) from None


def _whole(zone: MovingZone, borne: Counter[str]) -> Iterator[LedgerEntry]:
    """What holds for all objects of a zone."""
    for name in ("key", "content", "order of versions"):
        yield LedgerEntry(zone.scope, ALL, name, "every object", "the same", LedgerFate.KEPT)
    for name, count in sorted(borne.items()):
        found = f"{count:,} versions"
        yield LedgerEntry(zone.scope, ALL, name, found, "the same", LedgerFate.KEPT)
    yield LedgerEntry(
        *(zone.scope, ALL, "stored digests", "those of every object that has some"),
        *("the SHA-256 of its bytes in the evidence", LedgerFate.MAPPED),
    )
    yield undecided(
        zone.scope,
        ALL,
        "modified",
        "every object",
        remedy="The target sets its own times; those of the source stand in the seal. "
        "Decide it in exit.yaml.",
    )


def _left_behind(zone: MovingZone, sides: Sides) -> Iterator[LedgerEntry]:
    """What a zone holds beside its versions."""
    deleted = sum(found.deleted for found in sides.source.versions())
    if deleted:
        remedy = "Undelete what is to go; the rest ends with the source. Decide it in exit.yaml."
        yield undecided(zone.scope, ALL, "deleted objects", f"{deleted:,}", remedy=remedy)
    if uploads := _count_uploads(sides.source):
        remedy = "Finish what is to go; the rest ends with the source. Decide it in exit.yaml."
        yield undecided(zone.scope, ALL, "unfinished uploads", f"{uploads:,}", remedy=remedy)


def _count_uploads(store: LiveStore) -> int:
    if store.abilities[Ability.UPLOADS].support is Support.ABSENT:
        return 0
    return sum(1 for _ in store.uploads())


def _foreign(zone: MovingZone) -> Iterator[LedgerEntry]:
    """What stands at a target to which nothing was copied yet."""
    there = [found.key for found in zone.opened().target.versions() if not found.deleted]
    if there:
        remedy = f"Empty the zone of the target, or name another one: `{there[0]}` is the first."
        found = f"{len(there):,} versions at the target"
        yield LedgerEntry(zone.scope, ALL, "empty target", found, "", LedgerFate.BLOCKING, remedy)
