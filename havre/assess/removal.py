"""What the removal of a warehouse meets: what refuses it, what stays and until when, what is lost.

It is read from the plan and from its facts. Nothing passes in silence: what a fact withholds is an
entry of its own, and what no fact of any provider says is named as such.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from havre.errors import ExitCode
from havre.facts.collect import facts_of, revealed
from havre.facts.model import Bearer, Compute, Grant, Holder, Key
from havre.facts.stores import (
    BackupStore,
    DatabaseServer,
    DataStore,
    LogStore,
    ObjectStore,
    Storage,
    Vault,
)
from havre.facts.values import DoesNotApply, Known, Outside, Reserved, Unknown
from havre.plan import urns
from havre.provider import TITLE, provides

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.facts import Fact, Facts
    from havre.facts.model import ResourceFact
    from havre.plan import Plan, PlannedResource
    from havre.provider import Provider


class RemovalPart(StrEnum):
    """Parts of the plan of a removal, in the order in which they are read."""

    REFUSED = "refused"
    STAYS = "stays"
    LOST = "lost"
    NOT_KNOWN = "not_known"


class Matter(StrEnum):
    """What is said of a resource."""

    PROTECTED = "protected"
    GUARDED = "guarded"
    LOCKED = "locked"
    NEEDED = "needed"
    RETAINED = "retained"
    LEFT = "left"
    RECOVERABLE = "recoverable"
    PURGEABLE = "purgeable"
    OBJECTS = "deleted_objects"
    OUTSIDE = "outside"
    READ = "only_read"
    KEY = "key"
    UNREADABLE = "unreadable"
    DATA = "data"
    VOLUMES = "volumes"
    LOGS = "logs"
    BACKUPS = "backups"
    TAKEN = "taken_along"
    UNTOLD = "untold"
    UNCLASSIFIED = "unclassified"


CHAPTERS = {
    RemovalPart.REFUSED: (Matter.PROTECTED, Matter.GUARDED, Matter.LOCKED, Matter.NEEDED),
    RemovalPart.STAYS: (
        *(Matter.RETAINED, Matter.LEFT, Matter.RECOVERABLE, Matter.PURGEABLE),
        *(Matter.OBJECTS, Matter.OUTSIDE, Matter.READ),
    ),
    RemovalPart.LOST: (
        *(Matter.KEY, Matter.UNREADABLE, Matter.DATA, Matter.VOLUMES),
        *(Matter.LOGS, Matter.BACKUPS),
    ),
    RemovalPart.NOT_KNOWN: (Matter.TAKEN, Matter.UNCLASSIFIED, Matter.UNTOLD),
}
"""What each part says, in order: keys go first, since their loss makes data unreadable."""


class Silence(StrEnum):
    """What no fact of any provider says."""

    DEPLOYED = "deployed"
    LAST_WRITE = "last_write"
    LEGAL_HOLDS = "legal_holds"
    EMPTY = "empty"
    UNDELETED = "undeleted"
    OWN_BACKUPS = "own_backups"
    BY_HAND = "by_hand"


@dataclass(frozen=True)
class RemovalEntry:
    """One thing that is said of a resource.

    Attributes:
        matter: what is said.
        urn: of the resource; an identifier where it is outside the plan.
        type: its type token; empty where it is outside the plan.
        days: how long, in days; None: no such time is known, or it has no end.
        until: the latest day of it, counted from the day of the plan; None likewise.
        about: names of other resources that it is about, sorted.
        copies: names of what stays and holds the same data, sorted.
        why: what a fact says beside its value, or what withholds it.
    """

    matter: Matter
    urn: str
    type: str = ""
    days: int | None = None
    until: dt.date | None = None
    about: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    why: str = ""

    @property
    def name(self) -> str:
        """Logical name of the resource."""
        return urns.name(self.urn) if self.type else self.urn


@dataclass(frozen=True)
class Removal:
    """The plan of a removal.

    Attributes:
        warehouse: its name.
        environment: its environment.
        provider: title of the provider.
        as_of: the day from which days are counted.
        deployed: whether the plan is what is deployed, as its state says.
        embedded: whether `havre down` removes it, and not the Pulumi CLI.
        entries: everything that is said, in order.
        silences: what no fact says.
        others: resources that are deleted, and of which nothing else is said.
        placeholders: settings that were not given.
    """

    warehouse: str
    environment: str
    provider: str
    as_of: dt.date
    deployed: bool
    embedded: bool
    entries: tuple[RemovalEntry, ...]
    silences: tuple[Silence, ...]
    others: int
    placeholders: tuple[str, ...]

    def of(self, chapter: RemovalPart) -> tuple[RemovalEntry, ...]:
        """The entries of one part, in order."""
        return tuple(each for each in self.entries if each.matter in CHAPTERS[chapter])

    @property
    def lost(self) -> tuple[RemovalEntry, ...]:
        """What is lost, and of which nothing stays."""
        return tuple(each for each in self.of(RemovalPart.LOST) if not each.copies)

    @property
    def exit_code(self) -> ExitCode:
        """1 where something is lost of which nothing stays, 3 where that is not known."""
        if self.lost:
            return ExitCode.FINDINGS
        return ExitCode.NOT_EVALUATED if self.of(RemovalPart.NOT_KNOWN) else ExitCode.OK


@dataclass(frozen=True)
class RemovalSubject:
    """Whose removal is planned.

    Attributes:
        warehouse: its name.
        environment: its environment.
        provider: of its resources.
        day: from which days are counted.
        deployed: whether the plan was read from a state.
        embedded: whether `havre down` removes it.
    """

    warehouse: str
    environment: str
    provider: Provider
    day: dt.date
    deployed: bool = False
    embedded: bool = False


def removal(plan: Plan, about: RemovalSubject) -> Removal:
    """The plan of a removal; nothing is changed and nobody is asked.

    Args:
        plan: what is deployed, or would be.
        about: whose removal it is.
    """
    plan = revealed(plan, about.provider.facts)
    facts = facts_of(plan, about.provider.facts)
    bare = tuple(replace(r, protect=False, retain_on_delete=False) for r in plan.resources)
    reading = _Reading(
        plan, facts, facts_of(replace(plan, resources=bare), about.provider.facts), about.day
    )
    entries = tuple(dict.fromkeys(reading.entries()))
    order = [matter for chapter in CHAPTERS.values() for matter in chapter]
    said = {each.urn for each in entries}
    return Removal(
        about.warehouse,
        about.environment,
        provides(about.provider, TITLE).or_else(about.provider.name),
        about.day,
        about.deployed,
        about.embedded,
        tuple(sorted(entries, key=lambda each: (order.index(each.matter), each.urn))),
        tuple(_silences(reading, entries, deployed=about.deployed)),
        sum(r.made and r.urn not in said for r in plan.resources),
        plan.placeholders,
    )


@dataclass(frozen=True)
class _Reading:
    """A plan with its facts, as a removal reads them.

    Attributes:
        plan: the plan.
        facts: its facts.
        bare: its facts, if Pulumi protected and left nothing.
        day: from which days are counted.
    """

    plan: Plan
    facts: Facts
    bare: Facts
    day: dt.date

    @cached_property
    def staying(self) -> frozenset[str]:
        """URNs of what the removal leaves."""
        return frozenset(r.urn for r in self.plan.resources if r.retain_on_delete or r.external)

    @cached_property
    def going_keys(self) -> frozenset[str]:
        """URNs of keys that the removal deletes, at once or in the end."""
        return frozenset(k.urn for k in self.facts.of(Key) if self.goes(k.urn))

    def goes(self, urn: str) -> bool:
        """Whether the removal deletes a resource."""
        return urn in self.plan.by_urn and urn not in self.staying

    def empty(self, urn: str) -> bool:
        """Whether a resource is known to bear no data, and to take none with it."""
        found = self.facts.about(urn)
        return bool(found) and not any(isinstance(each, Bearer | Holder) for each in found)

    def entry(self, matter: Matter, urn: str, days: int | None = None, **more: Any) -> RemovalEntry:
        """What is said of a resource of the plan, or of something outside it."""
        found = self.plan.by_urn.get(urn)
        until = None if days is None else _later(self.day, days)
        return RemovalEntry(matter, urn, found.type if found else "", days, until, **more)

    def untold(self, item: ResourceFact, name: str, fact: Unknown) -> RemovalEntry:
        """A property that a fact withholds."""
        return self.entry(Matter.UNTOLD, item.urn, about=(name,), why=_why(fact))

    def entries(self) -> Iterator[RemovalEntry]:
        """Everything that is said, in no order."""
        for resource in self.plan.resources:
            yield from self._options(resource)
        for item in self.facts.items:
            if item.urn not in self.plan.by_urn:
                if item.urn.lower() not in self.facts.outside:
                    yield self.entry(Matter.OUTSIDE, item.urn)
            elif not self.plan.by_urn[item.urn].external:
                yield from _of_item(self, item)
        for urn, outside in self.facts.outside.items():
            yield self.entry(Matter.OUTSIDE, urn, why=str(outside))
        for unknown in self.facts.unclassified:
            yield self.entry(Matter.UNCLASSIFIED, unknown.urn, why=unknown.raised)
        yield from _guarded(self)
        yield from _needed(self)

    def _options(self, resource: PlannedResource) -> Iterator[RemovalEntry]:
        """What Pulumi itself does with a resource."""
        if resource.external:
            yield self.entry(Matter.READ, resource.urn)
            return
        if resource.protect:
            yield self.entry(Matter.PROTECTED, resource.urn)
        if resource.retain_on_delete and resource.made:
            left = Matter.LEFT if self.empty(resource.urn) else Matter.RETAINED
            yield self.entry(left, resource.urn)
        elif resource.options.deleted_with in self.staying:
            why = f"deleted with {urns.name(resource.options.deleted_with)}, which stays"
            yield self.entry(Matter.UNTOLD, resource.urn, about=("deleted_with",), why=why)

    def key_of(self, item: ResourceFact) -> tuple[str | None, Unknown | None]:
        """The key that the removal deletes of those that data is under, and what withholds it.

        What the warehouse is given is not deleted with it.
        """
        found = [_told(fact) for fact in _keys(item)]
        going = next((key for key, _ in found if key in self.going_keys), None)
        withheld = (why for key, why in found if key is None and not isinstance(why, Outside))
        return going, next(withheld, None)


def _of_item(reading: _Reading, item: ResourceFact) -> Iterator[RemovalEntry]:
    """What a removal does to what one fact is about."""
    if isinstance(item, Storage | DatabaseServer):
        yield from _locks(reading, item)
    if reading.goes(item.urn):
        yield from _losses(reading, item)
        return
    key, withheld = reading.key_of(item)
    if key:
        days = next(_told(k.deletion_days)[0] for k in reading.facts.of(Key) if k.urn == key)
        yield reading.entry(Matter.UNREADABLE, item.urn, days, about=(urns.name(key),))
    elif withheld:
        yield reading.untold(item, "key", withheld)


def _keys(item: ResourceFact) -> tuple[Fact[str | None], ...]:
    """The keys that data is under."""
    if isinstance(item, Storage | DatabaseServer):
        return (item.key,)
    return (item.disk_key, item.secrets_key) if isinstance(item, Compute) else ()


def _locks(reading: _Reading, item: Storage | DatabaseServer) -> Iterator[RemovalEntry]:
    """Locks on what a store holds."""
    if not isinstance(item, ObjectStore | LogStore | BackupStore):
        return
    days, withheld = _told(item.locked_days)
    if days:
        why = _why(withheld) if withheld else ""
        yield reading.entry(Matter.LOCKED, item.urn, days, why=why)
    elif withheld:
        yield reading.untold(item, "locked_days", withheld)


def _losses(reading: _Reading, item: ResourceFact) -> Iterator[RemovalEntry]:
    """What is lost with a resource that goes, and what remains of it for some days."""
    if isinstance(item, Key | Vault):
        yield from _secrets(reading, item)
    elif isinstance(item, Compute):
        yield reading.entry(Matter.VOLUMES, item.urn)
    elif isinstance(item, LogStore):
        yield from _kept(reading, item, Matter.LOGS, "retention_days")
    elif isinstance(item, BackupStore):
        yield from _kept(reading, item, Matter.BACKUPS, "longest_days")
    elif isinstance(item, ObjectStore | DatabaseServer):
        copies = _copies(reading, item)
        yield from _kept(reading, item, Matter.DATA, "backup_days", copies)
        if isinstance(item, ObjectStore):
            yield from _objects(reading, item)
    elif isinstance(item, Bearer):
        yield reading.entry(Matter.DATA, item.urn)


def _kept(
    reading: _Reading,
    item: DataStore,
    matter: Matter,
    name: str,
    copies: tuple[str, ...] = (),
) -> Iterator[RemovalEntry]:
    """Data that goes, with the days for which the plan keeps it, or its backups."""
    days, withheld = _told(getattr(item, name))
    lost = reading.entry(matter, item.urn, copies=copies, why=_why(withheld) if withheld else "")
    yield replace(lost, days=days or None)
    if withheld and days is None:
        yield reading.untold(item, name, withheld)


def _secrets(reading: _Reading, item: Key | Vault) -> Iterator[RemovalEntry]:
    """A key or a vault: lost at once, or for some days to be had again."""
    days, withheld = _told(item.deletion_days)
    under = tuple(sorted(_under(reading, item.urn)))
    if withheld:
        yield reading.entry(Matter.KEY, item.urn, about=under, why=_why(withheld))
        yield reading.untold(item, "deletion_days", withheld)
    elif not days:
        yield reading.entry(Matter.KEY, item.urn, about=under)
    else:
        guarded, unknown = _told(item.purge_guarded)
        sure = guarded and unknown is None
        matter = Matter.RECOVERABLE if sure else Matter.PURGEABLE
        yield reading.entry(matter, item.urn, days, about=under)
        if unknown:
            yield reading.untold(item, "purge_guarded", unknown)


def _under(reading: _Reading, key: str) -> Iterator[str]:
    """Names of what is told to be readable by a key only."""
    for item in reading.facts.items:
        if any(_told(each)[0] == key for each in _keys(item)):
            yield item.name


def _objects(reading: _Reading, item: ObjectStore) -> Iterator[RemovalEntry]:
    """What the service may keep of objects that were deleted in a store."""
    days, withheld = _told(item.undelete_days)
    if withheld and days is None:
        yield reading.untold(item, "undelete_days", withheld)
    elif days != 0:
        why = _why(withheld) if withheld else ""
        yield reading.entry(Matter.OBJECTS, item.urn, days, why=why)


def _copies(reading: _Reading, item: DataStore) -> tuple[str, ...]:
    """Names of what stays, can be read, and holds the data of a store that goes.

    A backup counts only where every store of backups stays: facts do not say which has it.
    """
    found: set[str] = set()
    for other in reading.facts.items:
        if other.urn != item.urn and _stays_readable(reading, other) and _same(item, other):
            found.add(other.name)
    stores = [each for each in reading.facts.of(BackupStore) if each.urn in reading.plan.by_urn]
    days = item.backup_days if isinstance(item, ObjectStore) else None
    backed = isinstance(days, Known) and bool(days.value) and bool(stores)
    if backed and all(_stays_readable(reading, each) for each in stores):
        found |= {each.name for each in stores}
    return tuple(sorted(found))


def _same(item: DataStore, other: ResourceFact) -> bool:
    """Whether two stores hold the same data: a zone's copies, or a server and its replica."""
    if isinstance(item, ObjectStore) and isinstance(other, ObjectStore):
        return bool(item.zone) and item.zone == other.zone
    if isinstance(item, DatabaseServer) and isinstance(other, DatabaseServer):
        pairs = ((item.replica_of, other.urn), (other.replica_of, item.urn))
        return any(isinstance(of, Known) and of.value == urn for of, urn in pairs)
    return False


def _stays_readable(reading: _Reading, item: ResourceFact) -> bool:
    """Whether a store of the plan stays, and its key is known to stay too."""
    if item.urn not in reading.staying or not isinstance(item, Storage | DatabaseServer):
        return False
    return reading.key_of(item) == (None, None)


def _needed(reading: _Reading) -> Iterator[RemovalEntry]:
    """What the removal deletes, and what holds data and stays is made of or stands in."""
    users: dict[str, set[str]] = {}
    for each in reading.plan.resources:
        if each.made and each.urn in reading.staying and not reading.empty(each.urn):
            for urn in {each.parent, *each.dependencies}:
                users.setdefault(urn, set()).add(each.name)
    for urn, names in users.items():
        if reading.goes(urn) and reading.plan.by_urn[urn].made:
            holds = any(isinstance(fact, Holder | DataStore) for fact in reading.facts.about(urn))
            matter = Matter.TAKEN if holds else Matter.NEEDED
            yield reading.entry(matter, urn, about=tuple(sorted(names)))


def _guarded(reading: _Reading) -> Iterator[RemovalEntry]:
    """What is refused by something else than Pulumi, such as a lock at the provider."""
    for item in reading.bare.items:
        if not reading.goes(item.urn):
            continue
        fact = item.locked if isinstance(item, Grant) else getattr(item, "guarded", None)
        if fact is None or isinstance(fact, DoesNotApply):
            continue
        value, withheld = _told(fact)
        if value:
            yield reading.entry(Matter.GUARDED, item.urn, about=_guards(reading, item.urn))
        elif withheld and value is None:
            name = "locked" if isinstance(item, Grant) else "guarded"
            yield reading.untold(item, name, withheld)


def _guards(reading: _Reading, urn: str) -> tuple[str, ...]:
    """Names of what stays, bears no data and is made for a resource: such as locks."""
    return tuple(
        sorted(
            r.name
            for r in reading.plan.resources
            if r.retain_on_delete and urn in r.dependencies and reading.empty(r.urn)
        )
    )


def _silences(
    reading: _Reading, entries: Iterable[RemovalEntry], *, deployed: bool
) -> Iterator[Silence]:
    """What no fact says, of what the plan has."""
    going = [each for each in reading.facts.of(DataStore) if reading.goes(each.urn)]
    if not deployed:
        yield Silence.DEPLOYED
    if any(each.matter is Matter.LOCKED for each in entries):
        yield Silence.LAST_WRITE
    if reading.facts.of(ObjectStore):
        yield Silence.LEGAL_HOLDS
    if any(isinstance(each, Storage) for each in going):
        yield Silence.EMPTY
    if going:
        yield Silence.UNDELETED
    if any(isinstance(each, DatabaseServer) for each in going):
        yield Silence.OWN_BACKUPS
    yield Silence.BY_HAND


def _told(fact: Any) -> tuple[Any, Unknown | None]:
    """A value and what withholds it.

    A reserved value is told; what a plan may be at best is not.
    """
    if isinstance(fact, Known):
        return fact.value, None
    if isinstance(fact, Reserved) and fact.at_best is not None:
        return fact.at_best.value, fact
    return None, fact if isinstance(fact, Unknown) else None


def _why(fact: Unknown) -> str:
    return str(fact) if isinstance(fact, Outside) else fact.property


def _later(day: dt.date, days: int) -> dt.date | None:
    """A day so many days later; None where the calendar ends before."""
    try:
        return day + dt.timedelta(days=days)
    except OverflowError:
        return None
