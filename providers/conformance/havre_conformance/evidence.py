"""What evidences a capability that a provider calls native: a predicate over a plan's facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.model import (
    Compute,
    Copy,
    Credential,
    Fact,
    Grant,
    Holding,
    Key,
    Known,
    Network,
    Place,
    Store,
)
from havre.provider import Capability as C  # noqa: N817 - a table of it follows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from havre.facts import Facts


def _is(fact: Fact[object], wanted: object = True) -> bool:
    return isinstance(fact, Known) and fact.value == wanted


def _at_least(fact: Fact[int | None], least: int) -> bool:
    return isinstance(fact, Known) and fact.value is not None and fact.value >= least


def _stores(facts: Facts, *holdings: Holding) -> list[Store]:
    return [store for store in facts.of(Store) if not holdings or store.holding in holdings]


def _zones(facts: Facts) -> list[Store]:
    return [s for s in _stores(facts, Holding.ZONE) if s.zone]


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


def _has_key(store: Store) -> bool:
    return not isinstance(store.key, Known) or store.key.value is not None


def _ends(bearer: Grant | Credential) -> bool:
    return isinstance(bearer.expires, Known) and bearer.expires.value is not None


EVIDENCE: dict[C, Callable[[Facts], bool]] = {
    C.ENCRYPTION_AT_REST: lambda f: _all(_is(s.encrypted) for s in _stores(f)),
    C.CUSTOMER_KEY_OBJECTS: lambda f: _all(_has_key(s) for s in _zones(f)),
    C.CUSTOMER_KEY_DATABASE: lambda f: _all(_has_key(s) for s in _stores(f, Holding.DATABASE)),
    C.CUSTOMER_KEY_CLUSTER_SECRETS: lambda f: _all(
        not isinstance(c.secrets_key, Known) or c.secrets_key.value is not None
        for c in f.of(Compute)
    ),
    C.KEY_ROTATION: lambda f: _all(
        isinstance(k.rotation_days, Known) and k.rotation_days.value is not None for k in f.of(Key)
    ),
    C.KEY_DELETION_GUARD: lambda f: _all(
        _at_least(k.deletion_days, 60) and _is(k.purge_guarded) for k in f.of(Key)
    ),
    C.OBJECT_LOCK: lambda f: _all(
        _at_least(s.locked_days, 30) for s in _zones(f) if s.zone == "curated"
    ),
    C.PUBLIC_ACCESS_BLOCK: lambda f: _all(_is(s.public_read, wanted=False) for s in _zones(f)),
    C.TLS_ONLY: lambda f: _all(
        isinstance(s.tls_minimum, Known) and s.tls_minimum.value is not None
        for s in _stores(f, Holding.ZONE, Holding.DATABASE)
    ),
    C.PRIVATE_STORAGE_ENDPOINT: lambda f: _all(_is(s.private_endpoint) for s in _zones(f)),
    C.EGRESS_CONTROL: lambda f: any(_is(n.egress_denied) for n in f.of(Network)),
    C.FLOW_LOGS: lambda f: any(_is(n.flows_logged) for n in f.of(Network)),
    C.CLUSTER: lambda f: bool(f.of(Compute)),
    C.PRIVATE_CLUSTER_API: lambda f: _all(_is(c.public_api, wanted=False) for c in f.of(Compute)),
    C.REGISTRY: lambda f: bool(_stores(f, Holding.REGISTRY)),
    C.BACKUP_RESIDENCY: lambda f: _all(bool(p.country) for p in _places(f, Copy.BACKUP)),
    C.BACKUP_RETENTION: lambda f: _all(
        _at_least(s.backup_days, 21) for s in _stores(f, Holding.DATABASE)
    ),
    C.STORAGE_ACCESS_LOGS: lambda f: _all(_is(s.reads_logged) for s in _zones(f)),
    C.KEY_AUDIT_LOGS: lambda f: _all(_is(k.use_logged) for k in f.of(Key)),
    C.LOG_RETENTION: lambda f: any(
        _at_least(s.retention_days, 365) for s in _stores(f, Holding.LOGS)
    ),
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
    C.MULTI_ZONE: lambda f: _all(_is(s.multi_zone) for s in _stores(f, Holding.DATABASE)),
    C.TAGS: lambda f: _all(not isinstance(s.tags, Known) or bool(s.tags.value) for s in _zones(f)),
    C.NETWORK_PARTITION: lambda f: len({n.segment for n in f.of(Network) if n.segment}) >= 3,
    C.DATABASE_VERSIONS: lambda f: _all(
        _is(s.engine, "postgresql 16") for s in _stores(f, Holding.DATABASE)
    ),
    C.DATABASE_LOGS: lambda f: _all(_is(s.reads_logged) for s in _stores(f, Holding.DATABASE)),
    C.ACCESS_EXPIRY: lambda f: _all(_ends(g) for g in f.of(Grant) if g.project),
    C.SHORT_LIVED_CREDENTIALS: lambda f: (
        bool(f.of(Grant)) and all(_ends(credential) for credential in f.of(Credential))
    ),
}
"""By capability, what shows it in the facts of a plan."""

UNSHOWN: dict[C, str] = {
    C.CUSTOMER_KEY_VOLUMES: "volumes are made by the cluster when a program asks for them",
    C.OBJECT_EXPIRY: "facts tell how long objects are kept at least, not when they are deleted",
    C.LEGAL_HOLD: "a hold is set on objects that stand, by who needs it",
    C.DATABASE_SIZING: "a size bears on no control, so facts leave it out",
    C.BACKUP_SCHEDULE: "facts tell how long a backup is kept, not when it is made",
    C.POINT_IN_TIME_RESTORE: "a restore shows in a rehearsal alone",
    C.IMMUTABLE_BACKUP: "facts tell a lock of the store, not of each backup in it",
    C.RESIDENCY: "every store's place is tested by itself, for every provider",
    C.OPERATOR_LAW: "the operator is a property of the provider, not of a plan",
    C.HDS: "a certificate stands in no plan",
    C.SECNUMCLOUD: "a qualification stands in no plan",
    C.DATABASE_ROLES: "a grant tells the stores that it opens, not the roles within a database",
    C.ADMINISTRATION_ACCESS: "a way in for people is no store, key or rule that a control reads",
    C.NAMED_PEOPLE: "people are named in no plan and no state, on purpose",
}
"""By capability, why no fact shows it: it is taken at its word, or proved by a rehearsal."""

ASKS: dict[C, tuple[tuple[str, object], ...]] = {
    C.HSM_KEY: (("encryption.keys", "hsm"),),
    C.MULTI_ZONE: (("database.availability", "multi-zone"),),
}
"""Fields to change in the large spec before a capability can show."""
