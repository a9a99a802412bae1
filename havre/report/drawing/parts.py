"""What a side looks like, part by part: the data of its picture and of the table beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from havre.facts.model import Compute, Copy, Grant, Key, LogRoute, NetworkElement, Right
from havre.facts.stores import (
    BackupStore,
    DatabaseServer,
    DataStore,
    ImageRegistry,
    LogStore,
    ObjectStore,
    Storage,
)
from havre.facts.values import DoesNotApply, Known, MayApply, Unknown

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from havre.compare.model import Side
    from havre.facts.values import Fact
    from havre.spec import Warehouse


class Edge(StrEnum):
    """Whether something is reached that way."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not known"


class Locked(StrEnum):
    """Under whose keys data lie, the weakest first."""

    OPEN = "not encrypted"
    UNKNOWN = "key not known"
    PROVIDER = "provider's key"
    WAREHOUSE = "warehouse's key"


@dataclass(frozen=True)
class DrawnPart:
    """A part of the warehouse on one side.

    Attributes:
        name: such as `Database`.
        lines: what there is to know, each a few words; empty where a side has no such part.
        public: whether a public address answers.
        private: whether a private address does.
        key: under whose keys it lies; None where it holds no data.
    """

    name: str
    lines: tuple[str, ...] = ()
    public: Edge = Edge.NO
    private: Edge = Edge.NO
    key: Locked | None = None

    @property
    def there(self) -> bool:
        """Whether the side has it."""
        return bool(self.lines)

    @property
    def told(self) -> tuple[str, ...]:
        """All that its picture shows, in words."""
        if self.key is None:
            return self.lines
        return (*self.lines, *_reached(self.public, self.private), self.key)


@dataclass(frozen=True)
class ZoneBox(DrawnPart):
    """A zone on one side; `replica` says what copy it has; empty where it has none."""

    replica: str = ""

    @property
    def locked(self) -> bool:
        """Whether versions of its objects are locked, on whichever terms."""
        return self.there and "not locked" not in self.lines


@dataclass(frozen=True)
class Reader:
    """A project on one side: the zones that it reads, and what ends that."""

    name: str
    zones: tuple[str, ...]
    until: str

    @property
    def told(self) -> str:
        """What its picture shows, in words."""
        return f"{self.name} reads {', '.join(self.zones)}, {self.until}"


@dataclass(frozen=True)
class Layout:
    """A side, part by part.

    Attributes:
        network, keys, audit, store, database, registry, cluster, backup: its parts; `store` is
            the zones taken together.
        zones: each zone of the spec.
        readers: each project of the spec.
    """

    network: DrawnPart
    keys: DrawnPart
    audit: DrawnPart
    store: DrawnPart
    zones: tuple[ZoneBox, ...]
    database: DrawnPart
    registry: DrawnPart
    cluster: DrawnPart
    backup: DrawnPart
    readers: tuple[Reader, ...]

    @property
    def parts(self) -> tuple[DrawnPart, ...]:
        """Its parts in the order of the picture."""
        return (
            self.network,
            self.keys,
            self.audit,
            self.store,
            self.database,
            self.registry,
            self.cluster,
            self.backup,
        )


def plan_of(side: Side, spec: Warehouse) -> Layout:
    """A side, part by part, from its facts."""
    facts = side.facts
    objects, logs, backups = facts.of(ObjectStore), facts.of(LogStore), facts.of(BackupStore)
    databases, registries = facts.of(DatabaseServer), facts.of(ImageRegistry)
    zones = tuple(_zone(name, objects) for name in spec.zones)
    return Layout(
        network=_network(side),
        keys=_keys(side),
        audit=_audit(side, logs),
        store=_store(zones, objects),
        zones=zones,
        database=_part("Database", databases, _served(databases)),
        registry=_part("Registry", registries, _registry(registries)),
        cluster=_cluster(facts.of(Compute)),
        backup=_part("Backups", backups, _kept(backups)),
        readers=tuple(_reader(name, side) for name in spec.projects),
    )


def _reached(public: Edge, private: Edge) -> list[str]:
    told = {
        "public address": public,
        "private address": private,
    }
    words = [name for name, edge in told.items() if edge is Edge.YES]
    words += [f"{name} not known" for name, edge in told.items() if edge is Edge.UNKNOWN]
    return words or ["no address of its own"]


def _edge(facts: Iterable[Fact[bool]]) -> Edge:
    """Whether any is so; where none is, whether that is sure."""
    found = list(facts)
    if any(isinstance(fact, Known) and fact.value for fact in found):
        return Edge.YES
    return Edge.UNKNOWN if any(isinstance(fact, Unknown) for fact in found) else Edge.NO


def _locked(encrypted: Fact[bool], key: Fact[str | None]) -> Locked:
    if encrypted == Known(value=False):
        return Locked.OPEN
    if isinstance(encrypted, Unknown) or isinstance(key, Unknown):
        return Locked.UNKNOWN
    return Locked.WAREHOUSE if key.value else Locked.PROVIDER


def _weakest(stores: Iterable[Storage | DatabaseServer]) -> Locked | None:
    order = list(Locked)
    return min((_locked(s.encrypted, s.key) for s in stores), key=order.index, default=None)


def _part(name: str, stores: Sequence[Storage | DatabaseServer], lines: Iterable[str]) -> DrawnPart:
    if not stores:
        return DrawnPart(name)
    return DrawnPart(
        name,
        tuple(lines),
        _edge(store.public_endpoint for store in stores),
        _edge(store.private_endpoint for store in stores),
        _weakest(stores),
    )


def _words(facts: Iterable[MayApply[bool]], yes: str, no: str, topic: str) -> str:
    """What several say of one thing that some have nothing to do with."""
    told = {
        fact.value if isinstance(fact, Known) else "?"
        for fact in facts
        if not isinstance(fact, DoesNotApply)
    }
    if told == {True}:
        return yes
    if told == {False}:
        return no
    return f"{topic}: {'in part' if told == {True, False} else 'not known'}"


def _days(facts: Iterable[Fact[int | None]], none: str) -> str:
    """Lengths of time: the least and the most."""
    found = list(facts)
    known = sorted({fact.value or 0 for fact in found if isinstance(fact, Known)})
    if not known:
        return "not known"
    least, most = (f"{count} d" if count else none for count in (known[0], known[-1]))
    told = least if least == most else f"{least} to {most}"
    return f"{told}, some not known" if any(isinstance(f, Unknown) for f in found) else told


def _network(side: Side) -> DrawnPart:
    networks = side.facts.of(NetworkElement)
    if not networks:
        return DrawnPart("Network")
    segments = sorted({network.segment for network in networks if network.segment})
    return DrawnPart(
        "Network",
        (
            f"segments: {', '.join(segments)}" if segments else "no segments",
            _words(
                (network.egress_denied for network in networks),
                "outbound traffic denied except by rules",
                "outbound traffic is not denied",
                "outbound traffic denied",
            ),
            _words(
                (network.flows_logged for network in networks),
                "flows are logged",
                "flows are not logged",
                "flows logged",
            ),
        ),
    )


def _keys(side: Side) -> DrawnPart:
    keys = side.facts.of(Key)
    if not keys:
        return DrawnPart("Keys")
    stores = [s for s in side.facts.of(DataStore) if isinstance(s, (Storage, DatabaseServer))]
    under = sum(_locked(s.encrypted, s.key) is Locked.WAREHOUSE for s in stores)
    hsm = _words((key.hsm for key in keys), "in an HSM", "not in an HSM", "HSM")
    return DrawnPart(
        "Keys",
        (
            f"{len(keys)} keys of the warehouse, {hsm}",
            f"rotated after: {_days((key.rotation_days for key in keys), 'never')}",
            f"{under} of {len(stores)} stores are encrypted with them",
        ),
    )


def _audit(side: Side, stores: Sequence[LogStore]) -> DrawnPart:
    routes = len(side.facts.of(LogRoute))
    count = f"{len(stores)} store{'' if len(stores) == 1 else 's'} of logs"
    lines = (
        f"{count}, {routes} route{'' if routes == 1 else 's'} to them",
        f"kept: {_days((store.retention_days for store in stores), 'not set')}",
    )
    return _part("Logs", stores, lines)


def _store(zones: Sequence[ZoneBox], stores: Sequence[ObjectStore]) -> DrawnPart:
    there = [zone for zone in zones if zone.there]
    locked = sum(zone.locked for zone in there)
    replicas = sum(bool(zone.replica) for zone in there)
    lines = (f"{len(there)} zones, {locked} locked, {replicas} with a replica",)
    return _part("Zones", stores, lines)


def _zone(name: str, stores: Sequence[ObjectStore]) -> ZoneBox:
    mine = [store for store in stores if store.zone == name]
    if not mine:
        return ZoneBox(name)
    days = _days((store.locked_days for store in mine), "")
    whole = _part(name, mine, (f"locked {days}" if days else "not locked",))
    return ZoneBox(name, whole.lines, whole.public, whole.private, whole.key, _replica(mine))


def _replica(stores: Sequence[ObjectStore]) -> str:
    """How a zone's replica comes to be; empty where it has none."""
    places = [p for s in stores if isinstance(s.places, Known) for p in s.places.value]
    found = [place for place in places if place.copy is Copy.REPLICA]
    if not found:
        return ""
    return "implied replica" if all(place.implied for place in found) else "replica"


def _served(stores: Sequence[DatabaseServer]) -> list[str]:
    engines = {s.engine.value for s in stores if isinstance(s.engine, Known)} - {None}
    return [
        ", ".join(sorted(str(engine) for engine in engines)) or "engine not known",
        _zones_of_site(store.multi_zone for store in stores),
        f"backups kept: {_days((store.backup_days for store in stores), 'none')}",
    ]


def _zones_of_site(facts: Iterable[Fact[bool]]) -> str:
    return _words(
        facts, "in several zones of its site", "in one zone of its site", "in several zones"
    )


def _registry(stores: Sequence[ImageRegistry]) -> list[str]:
    public = _words(
        (store.public_read for store in stores),
        "anyone can read it",
        "no reading without a login",
        "read by anyone",
    )
    return [public]


def _cluster(found: Sequence[Compute]) -> DrawnPart:
    if not found:
        return DrawnPart("Cluster")
    engines = sorted({str(c.engine.value) for c in found if isinstance(c.engine, Known)})
    secrets = min(
        (_locked(Known(value=True), each.secrets_key) for each in found), key=list(Locked).index
    )
    public = _edge(each.public_api for each in found)
    return DrawnPart(
        "Cluster",
        (
            ", ".join(engines) or "engine not known",
            _zones_of_site(each.multi_zone for each in found),
            _words(
                (each.private_nodes for each in found),
                "nodes have private addresses only",
                "nodes have public addresses",
                "private nodes",
            ),
        ),
        public,
        {Edge.YES: Edge.NO, Edge.NO: Edge.YES}.get(public, public),
        secrets,
    )


def _kept(stores: Sequence[BackupStore]) -> list[str]:
    locked = _days((store.locked_days for store in stores), "")
    return [
        f"kept: {_days((store.retention_days for store in stores), 'not set')}",
        f"locked {locked}" if locked else "not locked",
    ]


def _reader(name: str, side: Side) -> Reader:
    """What a project reads, by its rights alone."""
    zones = {store.urn: store.zone for store in side.facts.of(ObjectStore) if store.zone}
    grants = [
        grant
        for grant in side.facts.of(Grant)
        if grant.project == name and _reads(grant.rights) and _names(grant.targets, zones)
    ]
    read = {zones[urn] for grant in grants for urn in _names(grant.targets, zones)}
    return Reader(name, tuple(sorted(read)), _end([grant.expires for grant in grants]))


def _reads(rights: Fact[frozenset[Right]]) -> bool:
    return isinstance(rights, Known) and bool(rights.value & {Right.READ, Right.EVERYTHING})


def _names(targets: Fact[tuple[str, ...]], zones: dict[str, str]) -> list[str]:
    return [urn for urn in targets.value if urn in zones] if isinstance(targets, Known) else []


def _end(ends: Sequence[Fact[dt.date | None]]) -> str:
    if any(isinstance(end, Unknown) for end in ends):
        return "end not known"
    days = [end.value for end in ends if isinstance(end, Known)]
    if None in days:
        return "no end of its own"
    return f"until {max(day for day in days if day)}" if days else ""
