"""`freeze`: nobody writes to the source but the exit, and nothing changes; `thaw` undoes it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from havre.errors import GuardError, InputError, StateError
from havre.exit.database import verify as digests
from havre.exit.folder import ExitStep
from havre.exit.freezing import taking
from havre.exit.freezing.proof import FrozenChange, changes, frozen_lines
from havre.exit.ledger import scope_of
from havre.exit.meter import Meter
from havre.exit.objects.running import whole
from havre.exit.records import ordered, write_ordered
from havre.exit.sides import OpenedSource, reach
from havre.exit.steps.results import FreezeFound, FreezeResult, WritingTaken
from havre.exit.steps.zones import Crew, zones
from havre.live.writing.logins import LoginWriters
from havre.live.writing.writers import zone_writers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from havre.exit.folder import ExitFolder
    from havre.exit.freezing.taking import FrozenThing
    from havre.exit.meter import Progress
    from havre.live.writing.writers import WriterControl

RECORDINGS = "frozen"
"""Folder of what everything was like when all was frozen."""
NAMED = 20
"""So many changes are named one by one."""


def freeze(folder: ExitFolder, progress: Progress) -> FreezeResult:
    """Take writing from everybody but the exit, and record what everything is like.

    Run again in a freeze, it looks whether all is as it was; if not, it names what changed and
    records anew: copy and verify are then to run again.

    Raises:
        GuardError: out of order, or writing cannot be taken from here and nobody took it by hand.
        InputError, RetryError, ProviderError: as the source; what was taken is remembered.
    """
    folder.check(ExitStep.FREEZE)
    held = controls(folder)
    taking.refuse_untakeable(held, folder.file.frozen_by_hand)
    by_hand = folder.file.frozen_by_hand
    changed: list[str] = []
    if folder.ended(ExitStep.FREEZE) is not None:
        found, changed = _found(folder, held), list(map(str, since_frozen(folder, progress)))
        if not changed and not _still(found):
            return FreezeResult(_told(found), (), {}, "")
    begun = folder.begin(ExitStep.FREEZE)
    now = dt.datetime.now(dt.UTC)
    found = [taking.take(folder.journal, each, by_hand, now) for each in held]
    left = what_is_left(found, now)
    recorded = {} if left else _record(folder, progress)
    result = FreezeResult(_told(found), tuple(changed[:NAMED]), recorded, left)
    folder.end(begun, result, left)
    return result


def _told(found: Sequence[FrozenThing]) -> tuple[WritingTaken, ...]:
    return tuple(
        WritingTaken(
            each.name,
            each.by,
            each.found.taken,
            dict(each.found.untaken),
            dict(each.found.still),
            each.until.isoformat(),
            each.why,
        )
        for each in found
    )


def thaw(folder: ExitFolder) -> list[str]:
    """Give writing back to exactly those who had it.

    Returns:
        Names of the stores and databases that got it back.

    Raises:
        GuardError: the cut was begun.
        InputError: nothing is frozen.
        RetryError, ProviderError: as the source; what is to be given back stays remembered.
    """
    if folder.last(ExitStep.CUT) is not None:
        message = "The cut was begun: writing to the source is not given back"
        raise GuardError(message, f"Run `havre exit cut {folder.root}`.")
    if folder.last(ExitStep.FREEZE) is None and not folder.journal.facts(taking.MEMORY):
        message = "Nothing is frozen"
        raise InputError(message, f"Run `havre exit status {folder.root}`.")
    given = [each.name for each in controls(folder) if taking.give_back(folder.journal, each)]
    if unknown := folder.journal.facts(taking.MEMORY):
        names = ", ".join(name.removeprefix(taking.MEMORY) for name in unknown)
        message = f"The source no longer has {names}: what was taken there is not given back"
        raise GuardError(message, "Bring it back, or give writing back by hand.")
    folder.undo(ExitStep.FREEZE)
    return given


def controls(folder: ExitFolder) -> list[WriterControl]:
    """Who may write to each zone, and to the database, of the source.

    Raises:
        InputError: the source is not reached.
    """
    source = reach(folder.file.source, folder.root)
    zones_of = [zone_writers(source.live, name) for name in sorted(source.outputs.zones)]
    return [*zones_of, LoginWriters(source.live.database())]


def standing(folder: ExitFolder, progress: Progress) -> FreezeFound | None:
    """Look at everything again; None where nothing is frozen.

    Raises:
        InputError, RetryError, ProviderError: as the source.
    """
    run = folder.ended(ExitStep.FREEZE)
    if run is None or run.ended is None:
        return None
    found = _found(folder, controls(folder))
    still = [f"{name}: {why}" for name, why in _still(found).items()]
    by_hand = {each.name: each.why for each in found if each.by == "hand"}
    wrong = (*still, *map(str, since_frozen(folder, progress)))
    untaken = {
        f"{each.name}: {who}": why
        for each in found
        for who, why in sorted(each.found.untaken.items())
    }
    return FreezeFound(run.ended.isoformat(), by_hand, len(wrong), wrong[:NAMED], untaken)


def since_frozen(folder: ExitFolder, progress: Progress) -> Iterator[FrozenChange]:
    """What changed since all was recorded; what is named first is of which zone or database.

    Raises:
        InputError, RetryError, ProviderError: as the source.
    """
    with Crew(folder.file.rates) as crew:
        for zone in zones(folder):
            former, present = _former(folder, zone.scope)
            _record_zone(folder, zone.name, present, crew, progress)
            for each in changes("objects", former, present):
                yield FrozenChange(f"{zone.scope}: {each.name}", each.what)
    former, present = _former(folder, "database")
    _record_database(folder, present)
    for each in changes("database", former, present):
        yield FrozenChange(f"database: {each.name}", each.what)


def _found(folder: ExitFolder, held: Sequence[WriterControl]) -> list[FrozenThing]:
    now, by_hand = dt.datetime.now(dt.UTC), folder.file.frozen_by_hand
    return [taking.found(folder.journal, each, by_hand, now) for each in held]


def _still(found: Sequence[FrozenThing]) -> dict[str, str]:
    """Why, by who may still write and where."""
    return {f"{each.name}: {who}": why for each in found for who, why in each.found.still.items()}


def what_is_left(found: Sequence[FrozenThing], now: dt.datetime) -> str:
    """What keeps everything from being frozen, in words."""
    if still := _still(found):
        return "; ".join(f"{who} may still write: {why}" for who, why in still.items())
    late = max(found, key=lambda each: each.until)
    if late.until > now:
        until = f"{late.until:%Y-%m-%d %H:%M:%S} UTC"
        return f"wait until {until}: until then older tokens can write to {late.name} ({late.why})"
    return ""


def _record(folder: ExitFolder, progress: Progress) -> dict[str, int]:
    """Record what everything is like; how many lines that is, by zone and for the database."""
    found = {}
    with Crew(folder.file.rates) as crew:
        for zone in zones(folder):
            path, _ = _paths(folder, zone.scope)
            found[zone.scope] = _record_zone(folder, zone.name, path, crew, progress)
    path, _ = _paths(folder, "database")
    return {**found, "database": _record_database(folder, path)}


def _record_zone(folder: ExitFolder, name: str, path: Path, crew: Crew, progress: Progress) -> int:
    seen = folder.journal.counts(name, whole(folder.journal, name))
    meter = Meter(scope_of(name), seen.versions, progress)

    def counted() -> Iterator[str]:
        opened = OpenedSource(folder.root, name)
        workers = crew.of(seen.versions, 0)
        for line in frozen_lines(opened, workers, folder.file.rates.workers):
            meter.add(1)
            yield line

    return write_ordered(path, counted())


def _record_database(folder: ExitFolder, path: Path) -> int:
    database = reach(folder.file.source, folder.root).live.database()
    lines = ordered(digests.lines(database, {}))
    return write_ordered(path, lines)


def _former(folder: ExitFolder, name: str) -> tuple[Path, Path]:
    """As `_paths`, where something was recorded.

    Raises:
        StateError: the recording is gone.
    """
    former, present = _paths(folder, name)
    if not former.is_file():
        message = f"{former} is gone: nothing shows what {name} was like when it was frozen"
        raise StateError(message, f"Run `havre exit thaw {folder.root}`, then freeze again.")
    return former, present


def _paths(folder: ExitFolder, name: str) -> tuple[Path, Path]:
    """Where a recording is, and where the one to compare with it goes."""
    place = folder.root / RECORDINGS
    if folder.scratch is None:
        place.mkdir(mode=0o700, exist_ok=True)
    return place / f"{name}.tsv", (folder.scratch or place) / f"{name}.now.tsv"
