"""The source's own backups: taken over under the target's key, or left by a named decision.

A backup is proved part by part, by its content: what is encrypted under either key is not the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING, Any

from havre.capabilities import Supported
from havre.exit.ledger import ALL, LedgerEntry, LedgerFate, undecided
from havre.exit.meter import Meter
from havre.exit.objects.verifying import differences
from havre.exit.records import ObjectLine, digest_of, write_ordered
from havre.exit.seal.contents import ZoneSides
from havre.exit.sides import reach
from havre.exit.steps.ending.dates import LEFT
from havre.exit.steps.results import BackupsCopied, BackupsVerified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from havre.exit.folder import ExitFolder
    from havre.exit.meter import Progress
    from havre.live.encrypted.backups import BackupSet, BackupSets

BACKUPS = "backups"
"""Scope of lines in the ledger, and name of the list in the seal."""
CARRIED = "backups carried"
"""Fact with the lines of each backup that was taken over, and its last day there, by its name."""
NAMED = 20
"""So many differences are named one by one."""
_LIST = "the backups"
"""What the list is called in the seal: no zone has a blank in its name."""


def plan_backups(folder: ExitFolder) -> None:
    """Record what becomes of the source's backups.

    Raises:
        InputError, StateError: a side is not reached, or a backup cannot be read.
    """
    source, target = _sides(folder)
    entries = [*_fates(source, target)]
    left = {} if isinstance(source, Supported) or not _refused(source, target) else _ends(source)
    with folder.journal.together():
        folder.journal.forget_losses(BACKUPS)
        folder.journal.lose(BACKUPS, [ALL], entries)
        folder.journal.record(LEFT, json.dumps(left, sort_keys=True))


def _sides(folder: ExitFolder) -> tuple[BackupSets | Supported, BackupSets | Supported]:
    """The source's backups, and where those that come from it are at the target."""
    source = reach(folder.file.source, folder.root)
    target = reach(folder.file.target, folder.root)
    return source.live.backups(), target.live.backups(source.outputs.warehouse)


def _refused(source: BackupSets, target: BackupSets | Supported) -> str:
    """Why the target does not take backups of the source; empty where it does."""
    if isinstance(target, Supported):
        return f"the target takes none: {target.reason}"
    return "" if target.form == source.form else f"the target takes {target.form} alone"


def _ends(source: BackupSets) -> dict[str, str]:
    days = ((each.name, source.kept_until(each)) for each in source.sets())
    return {name: day.isoformat() for name, day in days if day}


def _fates(source: BackupSets | Supported, target: BackupSets | Supported) -> Iterator[LedgerEntry]:
    if isinstance(source, Supported):
        remedy = f"{source.reason}. Keep the source until they end, then decide it in exit.yaml."
        yield undecided(BACKUPS, ALL, "backup", "kept by the provider", remedy=remedy)
        return
    found = source.sets()
    if not found:
        yield LedgerEntry(BACKUPS, ALL, "backup", "none", "none", LedgerFate.KEPT)
    why = _refused(source, target)
    for each in found:
        if why or isinstance(target, Supported):
            remedy = f"{why}. Keep it with the source until its end, or let it go, and decide that."
            yield undecided(BACKUPS, each.name, "backup", _told(source, each), remedy=remedy)
        else:
            yield from _taken(each, source, target)


def _taken(each: BackupSet, source: BackupSets, target: BackupSets) -> Iterator[LedgerEntry]:
    """A backup that goes: its key, and how long it is kept."""
    found, became = f"encrypted under {each.key}", f"encrypted under {target.key} of the target"
    yield LedgerEntry(BACKUPS, each.name, "backup", found, became, LedgerFate.MAPPED)
    days = [side.kept_until(each) for side in (source, target)]
    told = [str(day) if day else "without end" for day in days]
    if days[1] is None or (days[0] is not None and days[1] >= days[0]):
        fate = LedgerFate.KEPT if days[0] == days[1] else LedgerFate.MAPPED
        yield LedgerEntry(BACKUPS, each.name, "kept until", told[0], told[1], fate)
    else:
        remedy = f"The target keeps it until {told[1]}: have it keep backups longer, or decide it."
        yield undecided(BACKUPS, each.name, "kept until", told[0], remedy=remedy)


def _told(source: BackupSets, each: BackupSet) -> str:
    day = source.kept_until(each)
    end = f"kept until {day}" if day else "kept without end"
    return f"of {each.created:%Y-%m-%d %H:%M:%S} UTC, {end}"


def copy_backups(folder: ExitFolder, progress: Progress) -> tuple[BackupsCopied, ...]:
    """Take over what the target has not: decrypted and encrypted in memory, a piece at a time.

    Returns:
        What was done; nothing where no backup goes.

    Raises:
        GuardError: the target has a backup of that name, which this exit did not bring.
        StateError: a backup is damaged, or its key is not here.
    """
    pair = _moving(folder)
    if pair is None:
        return ()
    source, target = pair
    here, there = source.sets(), {each.name for each in target.sets()}
    carried = _standing(_carried(folder), there | {each.name for each in here})
    wanted = _wanted(here, carried.keys() & there)
    meter = Meter(BACKUPS, len(wanted), progress, "backups")
    for each in wanted:
        lines, size = _carry(each, source, None if each.name in there else target)
        day = target.kept_until(each)
        carried[each.name] = {"lines": lines, "until": day and day.isoformat()}
        folder.journal.record(CARRIED, json.dumps(carried, sort_keys=True))
        meter.add(1, size)
    folder.journal.record(CARRIED, json.dumps(carried, sort_keys=True))
    seconds = round(meter.reading.seconds, 1)
    return (BackupsCopied(meter.done, meter.size, seconds),) if carried else ()


def preview_backups(folder: ExitFolder) -> tuple[str, ...]:
    """Names of the backups that a copy would take over; nothing is changed.

    Raises:
        InputError, StateError: a side is not reached, or a backup cannot be read.
    """
    pair = _moving(folder)
    if pair is None:
        return ()
    source, target = pair
    standing = _carried(folder).keys() & {each.name for each in target.sets()}
    return tuple(each.name for each in _wanted(source.sets(), standing))


def _wanted(here: Sequence[BackupSet], standing: AbstractSet[str]) -> list[BackupSet]:
    return [each for each in here if each.name not in standing]


def _moving(folder: ExitFolder) -> tuple[BackupSets, BackupSets] | None:
    """Both sides where backups go from one to the other; None where they stay."""
    source, target = _sides(folder)
    if isinstance(source, Supported) or isinstance(target, Supported) or _refused(source, target):
        return None
    return source, target


def _carry(each: BackupSet, source: BackupSets, target: BackupSets | None) -> tuple[list[str], int]:
    """Read a backup, and write it at the target if it is not there; its lines, and its bytes."""
    lines: list[ObjectLine] = []

    def passing() -> Iterator[tuple[str, Iterator[bytes]]]:
        for name, pieces in source.opened(each.name):
            yield name, _counted(_key(each.name, name), pieces, each.identity, lines)

    if target is not None:
        target.take(each, passing())
    else:
        for _, pieces in passing():
            for _ in pieces:
                pass
    return [str(line) for line in lines], sum(line.size or 0 for line in lines)


def _counted(
    key: str, pieces: Iterator[bytes], identity: Mapping[str, str], lines: list[ObjectLine]
) -> Iterator[bytes]:
    """The same pieces; when they have passed, their line is added."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
        yield piece
    lines.append(ObjectLine(key, 1, size, digest.hexdigest(), digest_of(identity)))


def _key(backup: str, part: str) -> str:
    return f"{backup}/{part}"


def _carried(folder: ExitFolder) -> dict[str, dict[str, Any]]:
    """Each backup that this exit took over: lines made while it was read, and its last day."""
    return dict(json.loads(folder.journal.fact(CARRIED) or "{}"))


def _standing(carried: dict[str, dict[str, Any]], names: AbstractSet[str]) -> dict[str, Any]:
    """The same without backups that have ended, and that neither side has any more."""
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return {
        name: told
        for name, told in carried.items()
        if name in names or not told["until"] or told["until"] >= today
    }


def verify_backups(folder: ExitFolder) -> tuple[BackupsVerified, ...]:
    """Read every backup that was taken over back from the target, under the target's key.

    Raises:
        StateError: one is damaged.
    """
    pair = _moving(folder)
    if pair is None:
        return ()
    source, target = pair
    carried, places = _carried(folder), manifests(folder)
    write_ordered(places[0], _lines(carried))
    count = write_ordered(places[1], _read_back(target))
    late = sorted({each.name for each in source.sets()} - carried.keys())
    found = [f"{each.key}: {each.what}" for each in differences(*places)]
    found += [f"{name}: made since the copy" for name in late]
    if not count and not found:
        return ()
    return (BackupsVerified(len(target.sets()), count, len(found), tuple(found[:NAMED])),)


def _lines(carried: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [line for told in carried.values() for line in told["lines"]]


def _read_back(target: BackupSets) -> Iterator[ObjectLine]:
    for each in target.sets():
        described = digest_of(each.identity)
        for part, pieces in target.opened(each.name):
            size, content = _digest(pieces)
            yield ObjectLine(f"{each.name}/{part}", 1, size, content, described)


def _digest(pieces: Iterator[bytes]) -> tuple[int, str]:
    found, size = hashlib.sha256(), 0
    for piece in pieces:
        found.update(piece)
        size += len(piece)
    return size, found.hexdigest()


def manifests(folder: ExitFolder) -> tuple[Path, Path]:
    """Where the lists of backups lie: the source's and the target's."""
    return folder.evidence / "backups.source.list", folder.evidence / "backups.target.list"


def backup_sides(folder: ExitFolder) -> Sequence[ZoneSides]:
    """What a seal says of backups: nothing where none was taken over."""
    lines = _lines(_carried(folder))
    return (ZoneSides(_LIST, *manifests(folder), len(lines)),) if lines else ()
