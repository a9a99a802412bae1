"""What evidences a capability that a provider calls native: a predicate over a plan's facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.model import (
    Alert,
    Compute,
    Copy,
    Credential,
    Grant,
    Key,
    NetworkElement,
    Place,
    Signal,
)
from havre.facts.stores import (
    BackupStore,
    DatabaseServer,
    DataStore,
    ImageRegistry,
    LogStore,
    ObjectStore,
)
from havre.facts.values import Fact, Known, MayApply
from havre.provider import Capability as C  # noqa: N817 - a table of it follows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from havre.facts import Facts


def _is(fact: MayApply[object], wanted: object = True) -> bool:
    return isinstance(fact, Known) and fact.value == wanted


def _at_least(fact: Fact[int | None], least: int) -> bool:
    return isinstance(fact, Known) and fact.value is not None and fact.value >= least


def _zones(facts: Facts) -> list[ObjectStore]:
    return [store for store in facts.of(ObjectStore) if store.zone]


def _all(found: Iterable[bool]) -> bool:
    """Whether there is one and all hold: nothing evidences nothing."""
    results = list(found)
    return bool(results) and all(results)


def _places(facts: Facts, copy: Copy) -> list[Place]:
    return [
        place
        for item in facts.items
        if isinstance(item.places, Known)
        for place in item.places.value
        if place.copy is copy
    ]


def _is_known(fact: Fact[object]) -> bool:
    """Whether a value is known, and none that means nothing."""
    return isinstance(fact, Known) and fact.value is not None


def _placed(store: DataStore) -> bool:
    """Whether a store and all its copies lie in known countries."""
    places = store.places.value if isinstance(store.places, Known) else ()
    return _all(bool(place.country) for place in places)


def _stands_apart(bearer: DatabaseServer | Compute) -> bool:
    """Whether a database or a cluster stands in segments, with every node."""
    segments = bearer.segments
    return isinstance(segments, Known) and bool(segments.value) and None not in segments.value


def _ends(bearer: Grant | Credential) -> bool:
    return _is_known(bearer.expires)


def _signals(alert: Alert) -> tuple[Signal, ...]:
    """What somebody is told of by an alert, if somebody is."""
    told = alert.signals.value if isinstance(alert.signals, Known) else ()
    return told if _is(alert.told) else ()


EVIDENCE: dict[C, Callable[[Facts], bool]] = {
    C.ENCRYPTION_AT_REST: lambda f: _all(_is(s.encrypted) for s in f.of(DataStore)),
    C.CUSTOMER_KEY_OBJECTS: lambda f: _all(_is_known(s.key) for s in _zones(f)),
    C.CUSTOMER_KEY_DATABASE: lambda f: _all(_is_known(s.key) for s in f.of(DatabaseServer)),
    C.CUSTOMER_KEY_VOLUMES: lambda f: _all(_is_known(c.disk_key) for c in f.of(Compute)),
    C.CUSTOMER_KEY_CLUSTER_SECRETS: lambda f: _all(_is_known(c.secrets_key) for c in f.of(Compute)),
    C.KEY_ROTATION: lambda f: _all(_is_known(k.rotation_days) for k in f.of(Key)),
    C.KEY_DELETION_GUARD: lambda f: _all(
        _at_least(k.deletion_days, 60) and _is(k.purge_guarded) for k in f.of(Key)
    ),
    C.OBJECT_LOCK: lambda f: _all(
        _at_least(s.locked_days, 30) for s in _zones(f) if s.zone == "curated"
    ),
    C.OBJECT_EXPIRY: lambda f: _all(
        _is(s.expire_days, 90) for s in _zones(f) if s.zone == "landing"
    ),
    C.OBJECT_RECOVERY: lambda f: _all(
        _is(s.recoverable_days, None) or _at_least(s.recoverable_days, 400)
        for s in _zones(f)
        if s.zone == "curated"
    ),
    C.VERSION_EXPIRY: lambda f: _all(
        _is(s.version_days, 60) for s in _zones(f) if s.zone == "landing"
    ),
    C.LEGAL_HOLD: lambda f: _all(_is(s.versions) for s in _zones(f) if s.zone == "curated"),
    C.PUBLIC_ACCESS_BLOCK: lambda f: _all(_is(s.public_read, wanted=False) for s in _zones(f)),
    C.TLS_ONLY: lambda f: _all(
        _is_known(s.tls_minimum) for s in (*f.of(ObjectStore), *f.of(DatabaseServer))
    ),
    C.PRIVATE_STORAGE_ENDPOINT: lambda f: _all(_is(s.private_endpoint) for s in _zones(f)),
    C.EGRESS_CONTROL: lambda f: any(_is(n.egress_denied) for n in f.of(NetworkElement)),
    C.FLOW_LOGS: lambda f: any(_is(n.flows_logged) for n in f.of(NetworkElement)),
    C.CLUSTER: lambda f: bool(f.of(Compute)),
    C.PRIVATE_CLUSTER_API: lambda f: _all(_is(c.public_api, wanted=False) for c in f.of(Compute)),
    C.REGISTRY: lambda f: bool(f.of(ImageRegistry)),
    C.BACKUP_RESIDENCY: lambda f: _all(bool(p.country) for p in _places(f, Copy.BACKUP)),
    C.BACKUP_RETENTION: lambda f: _all(_at_least(s.backup_days, 21) for s in f.of(DatabaseServer)),
    C.BACKUP_SCHEDULE: lambda f: _all(_at_least(s.backup_days, 1) for s in f.of(DatabaseServer)),
    C.POINT_IN_TIME_RESTORE: lambda f: _all(
        _at_least(s.backup_days, 1) for s in f.of(DatabaseServer)
    ),
    C.IMMUTABLE_BACKUP: lambda f: _all(_at_least(s.locked_days, 1) for s in f.of(BackupStore)),
    C.STORAGE_ACCESS_LOGS: lambda f: _all(_is(s.reads_logged) for s in _zones(f)),
    C.KEY_AUDIT_LOGS: lambda f: _all(_is(k.use_logged) for k in f.of(Key)),
    C.LOG_RETENTION: lambda f: any(_at_least(s.retention_days, 365) for s in f.of(LogStore)),
    C.RECOVERY_SITE: lambda f: (
        len(
            {
                p.region
                for copy in (Copy.REPLICA, Copy.BACKUP, Copy.PRIMARY)
                for p in _places(f, copy)
            }
        )
        > 1
    ),
    C.HSM_KEY: lambda f: _all(_is(k.hsm) for k in f.of(Key)),
    C.MULTI_ZONE: lambda f: _all(_is(s.multi_zone) for s in f.of(DatabaseServer)),
    C.TAGS: lambda f: _all(isinstance(s.tags, Known) and bool(s.tags.value) for s in _zones(f)),
    C.RESIDENCY: lambda f: _all(_placed(s) for s in f.of(DataStore)),
    C.NETWORK_PARTITION: lambda f: (
        len({n.segment for n in f.of(NetworkElement) if n.segment}) >= 3
        and _all(map(_stands_apart, f.of(DatabaseServer)))
        and all(map(_stands_apart, f.of(Compute)))
    ),
    C.DATABASE_VERSIONS: lambda f: _all(
        _is(s.engine, "postgresql 16") for s in f.of(DatabaseServer)
    ),
    C.DATABASE_LOGS: lambda f: _all(_is(s.reads_logged) for s in f.of(DatabaseServer)),
    C.ACCESS_EXPIRY: lambda f: _all(_ends(g) for g in f.of(Grant) if g.project),
    C.ALERTS: lambda f: {s for a in f.of(Alert) for s in _signals(a)} == {*Signal},
    C.SHORT_LIVED_CREDENTIALS: lambda f: (
        bool(f.of(Grant)) and all(_ends(credential) for credential in f.of(Credential))
    ),
}
"""By capability, what shows it in the facts of a plan; what is not known shows nothing.

A hold shows in the versions without which none is held, a schedule and a restore to a point in time
in the backups without which there is neither: that they work only a rehearsal proves.
"""

UNSHOWN: dict[C, str] = {
    C.DATABASE_SIZING: (
        "no control depends on a size, so facts leave it out; that it is not ignored is a case of "
        "its own"
    ),
    C.OPERATOR_LAW: "the operator is a property of the provider, not of a plan",
    C.HDS: "no plan contains a certificate: it is a dated record",
    C.SECNUMCLOUD: "no plan contains a qualification: it is a dated record",
    C.DATABASE_ROLES: "a grant shows the stores that it opens, not the roles within a database",
    C.ADMINISTRATION_ACCESS: "administrators' access is not read by a control",
    C.NAMED_PEOPLE: "people are named in no plan and no state, on purpose",
    C.SECOND_FACTOR: "how people sign in is decided by an identity provider outside the plan",
    C.WORKLOAD_ISOLATION: "a plan contains objects of Kubernetes only where the stack reaches them",
    C.IMAGE_ADMISSION: "what a cluster admits is decided by objects that no plan contains",
}
"""By capability, why no fact shows it: it is taken at its word, or proved by a rehearsal."""

ASKS: dict[C, tuple[tuple[str, object], ...]] = {
    C.HSM_KEY: (("encryption.keys", "hsm"),),
    C.MULTI_ZONE: (("database.availability", "multi-zone"),),
}
"""Fields to change in the large spec before a capability can show."""


STATED: dict[str, tuple[C, Callable[[Facts], object]]] = {
    "sites.primary": (C.RESIDENCY, lambda f: _places(f, Copy.PRIMARY)),
    "encryption.rotation_days": (C.KEY_ROTATION, lambda f: [k.rotation_days for k in f.of(Key)]),
    "encryption.deletion_days": (
        C.KEY_DELETION_GUARD,
        lambda f: [k.deletion_days for k in f.of(Key)],
    ),
    "encryption.tls": (C.TLS_ONLY, lambda f: [s.tls_minimum for s in f.of(DataStore)]),
    "zones.*.recoverable_days": (
        C.OBJECT_RECOVERY,
        lambda f: [s.recoverable_days for s in _zones(f)],
    ),
    "zones.*.immutable_days": (C.OBJECT_LOCK, lambda f: [s.locked_days for s in _zones(f)]),
    "zones.*.version_days": (C.VERSION_EXPIRY, lambda f: [s.version_days for s in _zones(f)]),
    "zones.*.expire_days": (C.OBJECT_EXPIRY, lambda f: [s.expire_days for s in _zones(f)]),
    "database.version": (
        C.DATABASE_VERSIONS,
        lambda f: [s.engine for s in f.of(DatabaseServer)],
    ),
    "database.availability": (
        C.MULTI_ZONE,
        lambda f: [s.multi_zone for s in f.of(DatabaseServer)],
    ),
    "database.backups.retention_days": (
        C.BACKUP_RETENTION,
        lambda f: [s.backup_days for s in f.of(DatabaseServer)],
    ),
    "audit.retention_days": (
        C.LOG_RETENTION,
        lambda f: [s.retention_days for s in f.of(LogStore)],
    ),
    "projects.*.expires": (
        C.ACCESS_EXPIRY,
        lambda f: [grant.expires for grant in f.of(Grant) if grant.project],
    ),
}
"""By field, the facts that state it where a provider calls the capability native."""
