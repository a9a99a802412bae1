"""On which day a key, a store or a backup of the source may go, and on which it is gone for good.

Destroying is two events: it is asked for, and the provider carries it out after the time for which
it keeps what was deleted (NIST SP 800-88 rev. 2: a key is destroyed when all its copies are).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from havre.facts import DOES_NOT_APPLY, Known
from havre.facts.model import Key
from havre.facts.stores import BackupStore, DatabaseServer, LogStore, ObjectStore
from havre.plan import urns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.facts import Facts

NEVER = "kept without end after deletion: set an end first"


@dataclass(frozen=True)
class RetiringThing:
    """A thing of the source that comes to its end.

    Attributes:
        name: such as `zone curated` or `key cohorts-zone-curated`.
        kept: days for which the provider keeps it after deletion, by what says so; None: without
            end.
        unknown: what only the provider can tell.
        locked_until: end of the last lock of a version; None: nothing is locked.
        held: versions under a legal hold.
    """

    name: str
    kept: tuple[tuple[str, int | None], ...] = ()
    unknown: tuple[str, ...] = ()
    locked_until: dt.datetime | None = None
    held: int = 0


@dataclass(frozen=True)
class RetiringTerms:
    """When a thing may go.

    Attributes:
        name: the thing.
        schedule: first day on which its destruction can be asked for.
        gone: first day on which it is gone for good; None: not known.
        reasons: why, each with its day or number of days.
        blocked: what must be done before; empty where nothing.
    """

    name: str
    schedule: dt.date
    gone: dt.date | None
    reasons: tuple[str, ...]
    blocked: str = ""


@dataclass
class _Days:
    kept: list[tuple[str, int | None]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def add(self, what: str, fact: Any) -> None:
        """Days for which something is kept, if the fact is known."""
        if fact is DOES_NOT_APPLY:
            return
        if not isinstance(fact, Known):
            self.unknown.append(what)
        elif fact.value is None or fact.value:
            self.kept.append((what, fact.value))


def terms_of(thing: RetiringThing, cut: dt.date) -> RetiringTerms:
    """When a thing may go; a pure function.

    Args:
        thing: what is known of it.
        cut: the day of the cut: nothing goes before.
    """
    reasons, schedule = [f"{cut}: the cut"], cut
    if thing.locked_until is not None:
        free = thing.locked_until.astimezone(dt.UTC).date() + dt.timedelta(days=1)
        schedule = max(schedule, free)
        reasons.append(f"{free}: the last lock of a version has ended")
    blocked = [f"{thing.held:,} versions are under a legal hold"] if thing.held else []
    blocked += [f"{what}: {NEVER}" for what, days in thing.kept if days is None]
    known = [(what, days) for what, days in thing.kept if days is not None]
    reasons += [f"{days} days more: {what}" for what, days in known]
    reasons += [f"not known: {what}" for what in thing.unknown]
    longest = max((days for _, days in known), default=0)
    open_end = bool(blocked or thing.unknown)
    gone = None if open_end else schedule + dt.timedelta(days=longest)
    return RetiringTerms(thing.name, schedule, gone, tuple(reasons), "; ".join(blocked))


def things_of(facts: Facts) -> Iterator[RetiringThing]:
    """Every key, store, database and backup store among the facts of a deployed warehouse."""
    for key in facts.of(Key):
        days = _Days()
        days.add("a deleted key can be recovered", key.deletion_days)
        yield _thing("key", key.urn, days)
    for store in facts.of(ObjectStore):
        days = _Days()
        days.add("deleted objects can be recovered", store.recoverable_days)
        days.add("backups of it are kept", store.backup_days) if _backed(store) else None
        yield _thing("zone", store.urn, days, store.zone)
    for server in facts.of(DatabaseServer):
        days = _Days()
        days.add("backups of it are kept", server.backup_days) if _backed(server) else None
        yield _thing("database", server.urn, days)
    yield from _others(facts)


def _others(facts: Facts) -> Iterator[RetiringThing]:
    for backup in facts.of(BackupStore):
        days = _Days()
        days.add("backups are locked", backup.locked_days)
        yield _thing("backup store", backup.urn, days)
    for log in facts.of(LogStore):
        yield _thing("log store", log.urn, _Days())


def _backed(store: ObjectStore | DatabaseServer) -> bool:
    """Whether it has backups, or nobody knows."""
    return not isinstance(store.backup_days, Known) or store.backup_days.value is not None


def _thing(kind: str, urn: str, days: _Days, zone: str = "") -> RetiringThing:
    name = f"{kind} {zone or urns.name(urn)}"
    return RetiringThing(name, tuple(days.kept), tuple(days.unknown))


def earliest(found: Iterable[RetiringTerms]) -> dt.date | None:
    """The first day on which everything is gone; None where it is not known of one."""
    days = [each.gone for each in found]
    return None if None in days else max(filter(None, days), default=None)
