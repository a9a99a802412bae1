"""`verify`: everything is read back from the target, and both manifests are compared."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from havre.capabilities import Supported
from havre.errors import InputError
from havre.exit.database import verify as database
from havre.exit.database.fates import left_out
from havre.exit.folder import ExitStep
from havre.exit.meter import Meter
from havre.exit.objects.effort import MeasuredRate
from havre.exit.objects.running import whole
from havre.exit.objects.verifying import LockComparison, differences, recorded
from havre.exit.objects.verifying import read_back as read_versions
from havre.exit.records import decoded, write_ordered
from havre.exit.steps.beside.backups import verify_backups
from havre.exit.steps.databases import (
    database_of,
    evidence_of,
    ledger_of,
    left_behind,
    move_again,
    queries_of,
    read_back,
    user_of,
)
from havre.exit.steps.expected import measure
from havre.exit.steps.freeze import standing
from havre.exit.steps.renamings import refuse_changed
from havre.exit.steps.replicating import refuse_following
from havre.exit.steps.results import DatabaseVerified, VerifyResult, ZoneVerified
from havre.exit.steps.zones import Crew, zones
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from havre.exit.folder import ExitFolder
    from havre.exit.meter import Progress
    from havre.exit.records import ObjectLine
    from havre.exit.steps.zones import ExitZone

NAMED = 20
"""So many differences of a zone are named one by one."""


def verify(folder: ExitFolder, progress: Progress) -> VerifyResult:
    """Read every zone, the database and the backups back.

    Raises:
        GuardError: out of order, or the database still follows its source.
        InputError, RetryError, ProviderError: as the target.
    """
    folder.check(ExitStep.VERIFY)
    refuse_following(folder)
    moving = zones(folder)
    refuse_changed(folder, (zone.name for zone in moving))
    begun = folder.begin(ExitStep.VERIFY)
    refuse_own_credential(folder, moving)
    refuse_own_role(folder)
    began = time.monotonic()
    with Crew(folder.file.rates) as crew:
        found = tuple(_zone(folder, zone, crew, progress) for zone in moving)
    did = (sum(each.lines for each in found), sum(each.bytes for each in found))
    measure(folder, ExitStep.VERIFY, MeasuredRate(*did, time.monotonic() - began))
    databases, backups = verify_database(folder), verify_backups(folder)
    count = sum(each.differences for each in found)
    said = counted(count, "version differs", "versions differ") if count else ""
    count = sum(each.differences for each in databases)
    also = counted(count, "thing differs", "things differ") if count else ""
    differ = [f"{said} between source and target"] if said else []
    differ += [f"{also} between both databases"] if also else []
    count = sum(each.differences for each in backups)
    parts = counted(count, "part of a backup differs", "parts of backups differ") if count else ""
    differ += [parts] if parts else []
    frozen = standing(folder, progress)
    left = "; ".join(filter(None, (*differ, frozen.left if frozen else "")))
    result = VerifyResult(found, databases, left, frozen, backups)
    folder.end(begun, result, left)
    return result


def refuse_own_credential(folder: ExitFolder, moving: Sequence[ExitZone]) -> None:
    """Refuse to verify a real exit by the credential of the copy.

    Raises:
        InputError: there is no other.
    """
    _refuse_own(folder, next(filter(None, (zone.back.lacking() for zone in moving)), ""))


def still_needed(folder: ExitFolder, moving: Sequence[ExitZone]) -> tuple[str, ...]:
    """What a real exit must be given before it can be verified; nothing for a rehearsal.

    Returns:
        What is read back, and why no other credential than the copy's is known for it.
    """
    if folder.file.level != "real":
        return ()
    lacking = [(f"zone {zone.name}", zone.back.lacking()) for zone in moving]
    database = database_of(folder)
    if database is not None and isinstance(database.reader, Supported):
        lacking.append((f"database {database.name}", database.reader.reason))
    return tuple(f"{name}: {reason}" for name, reason in lacking if reason)


def refuse_own_role(folder: ExitFolder) -> None:
    """Refuse to read the database of a real exit back by the role of the copy, or by a wrong one.

    Raises:
        GuardError: the other role may write, or sees less than everything.
        InputError: there is no other.
        RetryError, ProviderError: as the target.
    """
    moving = database_of(folder)
    if moving is not None:
        with read_back(moving) as (_, own):
            _refuse_own(folder, own)


def _refuse_own(folder: ExitFolder, lacking: str) -> None:
    if lacking and folder.file.level == "real":
        message = f"A real exit is verified by another credential than the copy's: {lacking}"
        raise InputError(message, "Give one that only reads, then verify again.")


def verify_database(folder: ExitFolder) -> tuple[DatabaseVerified, ...]:
    """Read both sides of the database, and write down what they hold."""
    moving = database_of(folder)
    if moving is None:
        left_behind(folder)
        return ()
    source, target, queries = evidence_of(folder, moving.name)
    lost, jobs = left_out(ledger_of(folder)), folder.file.rates.workers
    with read_back(moving) as (back, own):
        _refuse_own(folder, own)
        found = database.verify(moving.source, back, lost=lost, jobs=jobs)
        told = queries_of(moving.source, back)
        role = user_of(back.end)
    for path, lines in ((source, found.source), (target, found.target)):
        path.write_text("".join(f"{line}\n" for line in lines), "ascii")
    queries.write_text(told, "utf-8")
    differing = found.differing() if found.target else ["nothing was read"]
    if differing:
        move_again(folder)
    fields = [line.split("\t") for line in found.target]
    rows = sum(int(rows) for kind, _, rows, _ in fields if kind == "table")
    named = tuple(decoded(each.replace("\t", " ")) for each in differing[:NAMED])
    return (DatabaseVerified(moving.name, len(fields), rows, len(differing), named, own, role),)


def manifests(folder: ExitFolder, zone: str) -> tuple[Path, Path]:
    """Where the manifests of a zone lie: the source's and the target's."""
    names = (f"{zone}.source.tsv", f"{zone}.target.tsv")
    return folder.evidence / names[0], folder.evidence / names[1]


def _zone(folder: ExitFolder, zone: ExitZone, crew: Crew, progress: Progress) -> ZoneVerified:
    seen = whole(folder.journal, zone.name)
    counts = folder.journal.counts(zone.name, seen)
    meter = Meter(zone.scope, counts.versions, progress)
    workers = crew.of(counts.versions, counts.size)
    source, target = manifests(folder, zone.name)
    locks = LockComparison()

    def back() -> Iterator[ObjectLine]:
        readings = read_versions(zone.back, workers, folder.file.rates.workers, zone.cipher)
        for line in locks.met(readings):
            meter.add(1, line.size or 0)
            yield line

    lines = write_ordered(target, back())
    passed = recorded(folder.journal, zone.name, seen, folder.file.renamed(zone.name))
    write_ordered(source, locks.wanted(passed))
    found = [*differences(source, target), *locks.shorter]
    named = tuple(f"{each.key}, version {each.number}: {each.what}" for each in found[:NAMED])
    return ZoneVerified(zone.name, lines, meter.size, len(found), named, zone.back.lacking())
