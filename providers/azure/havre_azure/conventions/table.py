"""Every name that a stack on Azure may choose: one table, by logical names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre.facts.model import Signal
from havre.provider.context import short
from havre.provider.conventions import Nameable, NameKind, filled
from havre.spec.model import Purpose
from havre_azure.conventions import kinds as k
from havre_azure.conventions.segments import FIREWALL_SUBNET, computed
from havre_azure.retention import restores_logs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre_azure.names import Deployment

ARCHIVE, RECOVERY = "audit-archive", "recovery"
AWAY = f"{RECOVERY}-archive"
"""Purposes of the storage accounts that archive logs, at both sites."""
DATABASE_NAMES = "private.postgres.database.azure.com"
"""How the private DNS zone of the database server ends where its name is not given."""
DEFAULT_LIMIT = 63
UNIQUE = frozenset({k.VAULT, k.ACCOUNT, k.SERVER, k.REGISTRY})
"""Types whose names are unique in all of Azure: they end with a digest."""


@dataclass(frozen=True)
class Entry:
    """How a resource is named where its name is not given.

    Attributes:
        label: its logical name.
        kind: what Azure accepts.
        words: of which its name is made.
        fixed: its name, where no pattern applies.
        seed: words of a unique name where there is no pattern.
        away: whether it stands at the recovery site.
        within: the network, vault or account that it is in, where only that tells names apart.
    """

    label: str
    kind: NameKind
    words: tuple[str, ...] = ()
    fixed: str = ""
    seed: tuple[str, ...] = field(default=())
    away: bool = False
    within: str = ""


def table(at: Deployment) -> dict[str, Nameable]:
    """What each resource is named, by its logical name."""
    given = at.settings.names
    return {
        entry.label: Nameable(entry.kind, given.get(entry.label) or _name(at, entry), entry.within)
        for entry in entries(at)
    }


def _name(at: Deployment, entry: Entry) -> str:
    pattern = at.settings.name_pattern
    if entry.fixed:
        return entry.fixed
    if pattern is None:
        if entry.kind in UNIQUE:
            return at.unique(*entry.seed, limit=entry.kind.limit)
        limit = entry.kind.limit if entry.kind in LIMITED else DEFAULT_LIMIT
        return at.part.named(*entry.words, limit=limit)
    values = {
        "type": entry.kind.code,
        "warehouse": at.spec.name,
        "environment": at.spec.environment.value,
        "part": "-".join(entry.words),
        "region": (at.recovery_location if entry.away else None) or at.location,
    }
    whole = filled(pattern, values)
    return _unique(at, entry, whole) if entry.kind in UNIQUE else short(whole, entry.kind.limit)


LIMITED = frozenset({k.BACKUP, k.NODE_GROUP, k.ENDPOINT})
"""Types whose names were never cut to the usual limit but to their own."""


def _unique(at: Deployment, entry: Entry, whole: str) -> str:
    """A name by the pattern that is unique in all of Azure, in its type's characters."""
    digest, limit = at.digest(*entry.seed), entry.kind.limit
    dashed = entry.kind in (k.VAULT, k.SERVER)
    kept = "".join(c for c in whole.lower() if c.isalnum() or (dashed and c == "-"))
    joint = "-" if dashed else ""
    return kept[: limit - len(digest) - len(joint)].rstrip("-") + joint + digest


def entries(at: Deployment) -> Iterator[Entry]:
    """Every resource that can be named: what the stack is given has its name."""
    if at.own_group:
        yield Entry(at.stem, k.GROUP)
    yield from _networks(at)
    yield from _vaults(at)
    yield from _stores(at)
    yield from _logs(at)
    yield from _services(at)
    yield from _cluster(at)
    for project in at.spec.projects:  # also those that have ended
        label = f"{at.stem}-project-{project}"
        yield Entry(label, k.IDENTITY, ("project", project))
    yield Entry(f"{at.stem}-backup", k.BACKUP, ("backup",))
    yield Entry(f"{at.stem}-backup-worker", k.IDENTITY, ("backup",))
    if restores_logs(at.spec):
        yield Entry(f"{at.stem}-backup-worker-logs", k.IDENTITY, ("backup", "logs"))


def _networks(at: Deployment) -> Iterator[Entry]:
    found = computed(at, at.spec.network.address_space)
    segments = [segment for segment in found if segment != FIREWALL_SUBNET]
    yield from _network(at, segments, ("network",))
    if at.own_firewall:
        label, words = f"{at.stem}-network", ("network", "egress")
        yield Entry(f"{label}-egress-address", k.ADDRESS, words)
        yield Entry(f"{label}-egress", k.POLICY, words)
        yield Entry(f"{label}-firewall", k.FIREWALL, ("network",))
    label = f"{at.stem}-network-{DATABASE_NAMES}"
    if at.own_database_zone:
        yield Entry(label, k.DATABASE_NAMES, fixed=f"{at.stem}.{DATABASE_NAMES}")
    if at.networked_away:
        yield from _network(at, segments, (RECOVERY, "network"), away=True)


def _network(
    at: Deployment, segments: list[str], words: tuple[str, ...], *, away: bool = False
) -> Iterator[Entry]:
    """One site's network; Azure's own segment of a firewall has Azure's own name."""
    label = at.part.named(*words)
    yield Entry(label, k.NETWORK, words, away=away)
    yield Entry(f"{label}-routes", k.ROUTES, (*words, "routes"), away=away)
    for segment in segments:
        yield Entry(f"{label}-{segment}", k.SUBNET, fixed=segment, within=label)
        yield Entry(f"{label}-{segment}-rules", k.RULES, (*words, segment), away=away)


def _vaults(at: Deployment) -> Iterator[Entry]:
    """The vaults, and their private endpoints."""
    if not at.own_keys:
        return
    vaults: list[tuple[str, ...]] = [()]
    vaults += [(RECOVERY,)] if at.geo else []
    vaults += [("cluster",)] if at.spec.cluster else []
    for words in vaults:
        label, away = "-".join((at.stem, "vault", *words)), words == (RECOVERY,)
        yield Entry(label, k.VAULT, words, seed=("kv", *words), away=away)
        yield Entry(f"{label}-endpoint", k.ENDPOINT, ("vault", *words))


def _key(at: Deployment, purpose: str, *words: str, user: bool = True) -> Iterator[Entry]:
    """A key, and the identity that uses it."""
    label = "-".join((purpose, *words, "key"))
    away = words == (RECOVERY,)
    yield Entry(f"{at.stem}-{label}", k.KEY, fixed=purpose, within="-".join(("vault", *words)))
    if user:
        yield Entry(f"{at.stem}-{label}-user", k.IDENTITY, (label,), away=away)


def _stores(at: Deployment) -> Iterator[Entry]:
    """Accounts of zones and archives, their containers, endpoints and keys."""
    purposes = {f"zone-{zone}": False for zone in at.spec.zones}
    purposes |= {ARCHIVE: False} if at.own_archive else {}
    purposes |= {AWAY: True} if at.networked_away else {}
    for purpose, away in purposes.items():
        label = f"{at.stem}-{purpose}"
        yield Entry(label, k.ACCOUNT, (purpose,), seed=(purpose,), away=away)
        yield Entry(f"{label}-endpoint", k.ENDPOINT, (purpose,))
        if purpose not in (ARCHIVE, AWAY):
            yield Entry(f"{label}-container", k.CONTAINER, fixed=purpose, within=purpose)
        if at.own_keys:
            yield from _key(at, purpose)


def _logs(at: Deployment) -> Iterator[Entry]:
    if at.own_workspace:
        yield Entry(f"{at.stem}-logs", k.WORKSPACE, ("logs",))
        yield Entry(f"{at.stem}-logs-scope", k.LINK_SCOPE, ("logs",))
        yield Entry(f"{at.stem}-logs-endpoint", k.ENDPOINT, ("logs",))
    yield Entry(f"{at.stem}-flows-writer", k.IDENTITY, ("flows",))
    yield Entry(f"{at.stem}-flows", k.FLOWS, ("flows",))
    if at.networked_away:
        yield Entry(f"{at.stem}-flows-{RECOVERY}", k.FLOWS, ("flows", RECOVERY), away=True)
    yield Entry(f"{at.stem}-alerts", k.TOLD, ("alerts",))
    for signal in _signals(at):
        yield Entry(f"{at.stem}-alert-{signal}", k.ALERT, ("alert", signal.value))


def _signals(at: Deployment) -> list[Signal]:
    """Signals of which somebody is told: keys and exports where the warehouse has them."""
    exported = any(zone.purpose is Purpose.EXPORT for zone in at.spec.zones.values())
    lacking = {
        *(() if at.own_keys else (Signal.KEY_LOSS,)),
        *(() if exported else (Signal.EXPORT,)),
    }
    return [signal for signal in Signal if signal not in lacking]


def _services(at: Deployment) -> Iterator[Entry]:
    """The database and the registry."""
    name = at.spec.name.replace("-", "_")
    yield Entry(f"{at.stem}-database", k.SERVER, ("database",), seed=("db",))
    yield Entry(f"{at.stem}-database-{name}", k.DATABASE, fixed=name)
    if at.own_keys:
        yield from _key(at, "database")
    if at.own_keys and at.geo:
        yield from _key(at, "database", RECOVERY)
    if at.spec.registry:
        yield Entry(f"{at.stem}-registry", k.REGISTRY)
        yield Entry(f"{at.stem}-registry-endpoint", k.ENDPOINT, ("registry",))
    if at.spec.registry and at.own_keys:
        yield from _key(at, "registry")


def _cluster(at: Deployment) -> Iterator[Entry]:
    if at.spec.cluster is None:
        return
    label = f"{at.stem}-cluster"
    yield Entry(label, k.CLUSTER, ("cluster",))
    yield Entry(f"{label}-operator", k.IDENTITY, ("cluster",))
    yield Entry(f"{label}-kubelet", k.IDENTITY, ("nodes",))
    # Azure makes this group itself: it is an input of the cluster, and no resource of the plan.
    yield Entry(f"{label}-nodes", k.NODE_GROUP, ("nodes",))
    if at.own_keys:
        yield Entry(f"{at.stem}-disks", k.DISKS, ("disks",))
        yield from _key(at, "disks", "cluster")
        yield from _key(at, "secrets", "cluster", user=False)


def names(found: Mapping[str, Nameable]) -> dict[str, str]:
    """The names alone."""
    return {label: it.name for label, it in found.items()}
