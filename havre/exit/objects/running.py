"""The copy of a zone: listed by the coordinator, copied by workers, recorded by the coordinator.

Workers come from any executor of `concurrent.futures`: threads, processes, or the executor of a
Dask client. They open their own clients, return what they did, and write no journal; a shard that
is run twice ends as one that is run once.
"""

from __future__ import annotations

import datetime as dt
import itertools
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from havre.capabilities import Support
from havre.errors import StateError
from havre.exit.journal import ListedVersion
from havre.exit.ledger import scope_of
from havre.exit.objects.copying import KeyCopy
from havre.exit.objects.effort import lighten, load_of, together, weigh
from havre.live.objects import Ability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Executor

    from havre.exit.journal import Journal, JournalRow
    from havre.exit.objects.copying import KeyOutcome, Sides
    from havre.exit.objects.effort import Load
    from havre.live.objects import ObjectVersion

KEYS_AT_ONCE = 8
"""How many keys a worker has under way."""
SHARD_KEYS = 200
SHARD_SIZE = 2**30
"""A shard ends with so many keys, or so many bytes."""
SHARDS_AHEAD = 2
"""How many shards wait for each worker."""
_LISTED_TOGETHER = 1_000
_FOR_UPLOADS = (Ability.UPLOADS, Ability.ABORT)
Result = TypeVar("Result")
_EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)


class Opened(Protocol):
    """Opens both stores of a zone, in whatever process a worker is; it can be pickled."""

    def __call__(self) -> Sides:
        """The stores; the same ones each time in one process."""
        ...


@dataclass(frozen=True)
class MovingZone:
    """A zone that is copied.

    Attributes:
        name: at the source.
        opened: its stores on both sides.
    """

    name: str
    opened: Opened

    @property
    def scope(self) -> str:
        """Of its lines in the ledger."""
        return scope_of(self.name)


def list_zone(journal: Journal, zone: MovingZone) -> int:
    """Record what the source has now.

    Returns:
        Number of the listing, with which the journal is asked from now on.

    Raises:
        RetryError, ProviderError: as the store; the former listing then stands.
    """
    seen = latest(journal, zone.name) + 1
    with journal.together():
        journal.record(f"begun {zone.name}", str(seen))
    versions = numbered(zone.opened().source.versions())
    while batch := list(itertools.islice(versions, _LISTED_TOGETHER)):
        with journal.together():
            journal.see(zone.name, seen, batch)
    with journal.together():
        weigh(journal, zone.name, seen)
        journal.record(f"listed {zone.name}", str(seen))
    return seen


def latest(journal: Journal, zone: str) -> int:
    """Number of the last listing that was begun; 0 before the first."""
    return int(journal.fact(f"begun {zone}") or 0)


def whole(journal: Journal, zone: str) -> int:
    """Number of the last listing that came to its end.

    Raises:
        StateError: there is none, or a later one was cut off.
    """
    seen = int(journal.fact(f"listed {zone}") or 0)
    if not seen or seen != latest(journal, zone):
        message = f"zone {zone} was not listed to its end"
        raise StateError(message, "Run the step before again.")
    return seen


def numbered(versions: Iterable[ObjectVersion]) -> Iterator[ListedVersion]:
    """Versions as the journal records them; those of a key come together, the oldest first."""
    for key, group in itertools.groupby(versions, key=lambda found: found.key):
        there = (found for found in group if not found.deleted)
        for number, found in enumerate(there, 1):
            yield ListedVersion(
                key,
                found.version,
                number,
                None if found.marker else found.size,
                found.entity,
                (found.modified - _EPOCH) // dt.timedelta(microseconds=1),
                found.snapshot,
            )


def copy_zone(
    journal: Journal,
    zone: MovingZone,
    executor: Executor,
    workers: int,
    progress: Callable[[Sequence[KeyOutcome]], None],
) -> list[str]:
    """Copy what the last listing shows and the target lacks.

    Args:
        journal: of the exit.
        zone: which one.
        executor: runs the shards.
        workers: how many it runs at once.
        progress: is told what became of keys.

    Returns:
        Keys that changed meanwhile, and are left to the next run.

    Raises:
        GuardError, RetryError, ProviderError: as the workers; what was done is recorded.
    """
    seen = whole(journal, zone.name)
    later: list[str] = []
    shards = sharded(journal.unfinished(zone.name, seen))
    running = bounded(executor, copy_shard, zone, shards, workers * SHARDS_AHEAD)
    for rows, outcomes in running:
        _record(journal, zone, rows, outcomes)
        later += [r[0].listed.key for r, each in zip(rows, outcomes, strict=True) if each.later]
        progress(outcomes)
    return later


def give_up_uploads(journal: Journal, zone: MovingZone) -> int:
    """Give up what a run that was killed left unfinished at the target; others' uploads stay.

    Returns:
        How many uploads were given up.
    """
    sides, seen, count = zone.opened(), whole(journal, zone.name), 0
    target = sides.target
    former = {name: key for key, name in sides.rules.renamed.items()}
    if Support.ABSENT in {target.abilities[each].support for each in _FOR_UPLOADS}:
        return 0
    for upload in list(target.uploads()):
        if journal.has(zone.name, former.get(upload.key, upload.key), seen):
            target.abort(upload)
            count += 1
    return count


def _record(
    journal: Journal,
    zone: MovingZone,
    rows: Sequence[Sequence[JournalRow]],
    outcomes: Sequence[KeyOutcome],
) -> None:
    with journal.together():
        lighten(journal, zone.name, together(map(_done, rows, outcomes)))
        for of_key, outcome in zip(rows, outcomes, strict=True):
            journal.copied(zone.name, outcome.done)
            journal.forget(zone.name, outcome.gone)
            journal.leave_out(zone.name, outcome.out)
            journal.taken_away(zone.name, outcome.skipped)
            if not outcome.later and not outcome.skipped:
                journal.lose(zone.scope, [of_key[0].listed.key], outcome.entries)


def _done(rows: Sequence[JournalRow], outcome: KeyOutcome) -> Load:
    """What of a key is no longer to be copied."""
    named = {(each.key, each.version) for each in outcome.done} | {*outcome.out}
    settled = (row for row in rows if (row.listed.key, row.listed.version) in named)
    return together(load_of(row.listed.size) for row in settled if not row.out)


def sharded(keys: Iterable[list[JournalRow]]) -> Iterator[list[list[JournalRow]]]:
    """Keys in shards that end with a number of keys or of bytes."""
    shard: list[list[JournalRow]] = []
    size = 0
    for rows in keys:
        shard.append(rows)
        size += _size(rows)
        if len(shard) >= SHARD_KEYS or size >= SHARD_SIZE:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


Shard = list[list["JournalRow"]]


def bounded(
    executor: Executor,
    work: Callable[[MovingZone, Shard], Result],
    zone: MovingZone,
    shards: Iterable[Shard],
    most: int,
) -> Iterator[tuple[Shard, Result]]:
    """Each shard with what a worker made of it, as they end; `most` of them are under way.

    Where one fails, no other is begun, those under way are waited for and given, and the error
    is raised at the end.
    """
    under_way: dict[Future[Result], Shard] = {}
    waiting, failed = iter(shards), None
    while True:
        while failed is None and len(under_way) < most and (shard := next(waiting, None)):
            under_way[executor.submit(work, zone, shard)] = shard
        if not under_way:
            break
        for done in wait(under_way, return_when=FIRST_COMPLETED).done:
            shard = under_way.pop(done)
            if error := done.exception():
                failed = failed or error
            else:
                yield shard, done.result()
    if failed is not None:
        raise failed


def copy_shard(zone: MovingZone, shard: Shard) -> list[KeyOutcome]:
    """Copy the keys of a shard: what a worker runs.

    Raises:
        GuardError, RetryError, ProviderError: as the first key at fault; every other one of the
            shard was tried, and the next run finds it done.
    """
    sides = zone.opened()
    with ThreadPoolExecutor(KEYS_AT_ONCE) as keys:
        # The largest first: whoever ends with one has others wait for it.
        order = sorted(range(len(shard)), key=lambda place: -_size(shard[place]))
        begun = {place: keys.submit(KeyCopy(shard[place], sides).run) for place in order}
        return [begun[place].result() for place in range(len(shard))]


def _size(rows: Sequence[JournalRow]) -> int:
    return sum(row.listed.size or 0 for row in rows)
