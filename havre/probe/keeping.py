"""Probes of what is kept: locks, backups and keys."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from havre.capabilities import Support, Supported
from havre.live.encrypted.drills import AgedKeys, DrilledBackups
from havre.live.objects import Ability, LockMode
from havre.live.warehouse import locked_by_rule
from havre.probe.answers import Answer, ProbeOutcome, otherwise, seen, unevaluated, unseen
from havre.probe.subjects import Probe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from havre.live.encrypted.backups import BackupSet, BackupSets
    from havre.probe.subjects import ProbeSubject

IMMUTABLE, BACKUP = "continuity.immutability", "continuity.backup"
ROTATION = "encryption.key-rotation"
NO_LOCK = {True: "locked by the rule of the zone, without an end yet", False: "no lock"}
NO_BACKUP = "there is no backup yet: `havre backup` makes one"
VERSIONS = 20
"""Versions of a zone whose locks are read."""
NONE = {ProbeOutcome.UNSEEN: ProbeOutcome.OTHERWISE}
"""That there is no backup breaks the promise that there is one; not that it can be read."""
SLACK = dt.timedelta(minutes=5)
"""Between a version's time and the beginning of its lock, and between two clocks."""


def _locked(subject: ProbeSubject) -> Iterable[str]:
    zones = subject.spec.zones
    return (f"zone {name}" for name in subject.outputs.zones if zones[name].immutable_days)


def locks(subject: ProbeSubject, target: str) -> Answer:
    """Versions of an immutable zone are locked for the promised days; the lock is read."""
    name = target.removeprefix("zone ")
    days, store = subject.spec.zones[name].immutable_days, subject.live.store(name)
    able = store.abilities[Ability.LOCK]
    if able.support in (Support.ABSENT, Support.UNKNOWN):
        return otherwise(f"the store locks nothing in zone {name}", able.reason)
    raw, wrong, ruled = [], [], locked_by_rule(subject.live, name)
    bytes_of = (each for each in store.versions() if not each.marker and not each.deleted)
    for found in islice(bytes_of, VERSIONS):
        lock = store.properties(found).lock
        digest = hashlib.sha256(found.key.encode()).hexdigest()[:12]
        until = f"until {lock.until:%Y-%m-%d}, {lock.mode.value}" if lock else NO_LOCK[ruled]
        raw.append(f"object {digest}: {until}")
        least = found.modified + dt.timedelta(days=days) - SLACK
        if least <= subject.now or (lock is None and ruled):
            continue
        if lock is None or lock.mode is not LockMode.COMPLIANCE or lock.until < least:
            wrong.append(digest)
    if wrong:
        told = f"{len(wrong)} of {len(raw)} versions in zone {name} are not locked for {days} days"
        return otherwise(told, *raw)
    if not raw:
        return unseen(f"zone {name} is empty: there is no lock to read", able.reason or "empty")
    return seen(f"locks of {len(raw)} versions in zone {name} were read, none was tried", *raw)


def _warehouse(subject: ProbeSubject) -> Iterable[str]:
    return (f"backups of {subject.outputs.warehouse}",)


def _latest(subject: ProbeSubject) -> tuple[BackupSets, BackupSet] | Answer:
    backups = subject.live.backups()
    if isinstance(backups, Supported):
        return unevaluated(backups.reason)
    found = backups.sets()
    return (backups, found[-1]) if found else unseen(NO_BACKUP)


def age(subject: ProbeSubject, _: str) -> Answer:
    """The last backup is not older than the limit."""
    found = _latest(subject)
    if isinstance(found, Answer):
        return replace(found, outcome=NONE.get(found.outcome, found.outcome))
    last = found[1]
    old, most = subject.now - last.created, dt.timedelta(days=subject.limits.backup_days)
    raw = (f"{last.name}, written {last.created:%Y-%m-%d %H:%M} UTC", f"key {last.key}")
    hours = int(old.total_seconds() // 3600)
    if old < -SLACK:
        told = "the last backup is dated later than now: its age is not known"
        return otherwise(told, *raw)
    if old > most:
        told = f"the last backup is {hours} hours old; required: at most {most.days} days"
        return otherwise(told, *raw)
    return seen(f"the last backup is {max(hours, 0)} hours old", *raw)


def readable(subject: ProbeSubject, _: str) -> Answer:
    """The last backup decrypts whole, and is the one that was written."""
    from havre.errors import StateError

    found = _latest(subject)
    if isinstance(found, Answer):
        return found
    backups, last = found
    digest, size = hashlib.sha256(), 0
    try:
        for name, pieces in backups.opened(last.name):
            digest.update(f"{name}\n".encode())
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
    except StateError as error:
        return otherwise(f"the backup {last.name} cannot be read back", error.message)
    raw = (f"{size} bytes", f"sha256 {digest.hexdigest()}")
    return seen(f"the backup {last.name} was read back whole", *raw)


def drill(subject: ProbeSubject, _: str) -> Answer:
    """The last backup's database is restored into a scratch database, and counted there."""
    from havre.errors import ProviderError, StateError

    found = _latest(subject)
    if isinstance(found, Answer):
        return found
    backups, last = found
    if not isinstance(backups, DrilledBackups):
        return unevaluated("its provider declares no restore into a scratch database")
    try:
        done = backups.drill(last.name)
    except (StateError, ProviderError) as error:
        return otherwise(f"the backup {last.name} cannot be restored", error.message)
    total = sum(done.rows.values())
    raw = (f"{len(done.rows)} tables, {total} rows", f"sha256 {done.digest}")
    if not done.came_whole:
        return otherwise(f"the backup {last.name} was restored with other rows", *raw)
    told = f"the backup {last.name} was restored on {subject.now:%Y-%m-%d}: {total} rows"
    return seen(told, *raw)


def _keys(subject: ProbeSubject) -> Iterable[str]:
    return (f"keys of {subject.outputs.warehouse}",)


def rotation(subject: ProbeSubject, _: str) -> Answer:
    """No current version of a key is older than the rotation of the warehouse file."""
    if not isinstance(subject.live, AgedKeys):
        return unevaluated("its provider declares no ages of keys to clients")
    days = subject.spec.encryption.rotation_days
    found = subject.live.key_versions()
    raw = [f"{each.reference}, made {each.created:%Y-%m-%d}" for each in found]
    old = [each for each in found if subject.now - each.created > dt.timedelta(days=days)]
    early = [each for each in found if each.created - subject.now > SLACK]
    if early:
        return otherwise(f"{early[0].reference} is dated later than now", *raw)
    if old:
        return otherwise(f"{old[0].reference} is older than {days} days", *raw)
    if not found:
        return unseen("there is no key", *raw)
    return seen(f"{len(found)} keys are younger than {days} days", *raw)


KEEPING: tuple[Probe, ...] = (
    Probe(
        *("lock.read", IMMUTABLE),
        "Versions in immutable zones are locked for the promised days.",
        "It reads locks of existing versions; no deletion is tried.",
        *(_locked, locks),
    ),
    Probe(
        *("backup.age", BACKUP),
        "The last backup is recent.",
        "It reads the time of the last backup.",
        *(_warehouse, age),
        stood_in=False,
    ),
    Probe(
        *("backup.readable", BACKUP),
        "The last backup decrypts completely and was not changed.",
        "It decrypts the backup in memory, and keeps only a digest.",
        *(_warehouse, readable),
        stood_in=False,
    ),
    Probe(
        *("backup.restorable", BACKUP),
        "The last backup can be restored.",
        "It restores into a scratch database of its own, and drops that.",
        *(_warehouse, drill),
        stood_in=False,
        drill=True,
    ),
    Probe(
        *("key.rotation", ROTATION),
        "Every key was rotated within the required period.",
        "It reads versions and dates of keys, no key.",
        *(_keys, rotation),
        stood_in=False,
    ),
)
"""Probes of what is kept."""
