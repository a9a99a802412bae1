"""Every name that a stack on Scaleway may choose: one table, by logical names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.plan.parts import PartName
from havre.provider.context import short
from havre.provider.conventions import Nameable, NameKind, filled
from havre.spec.subnets import subnets
from havre_scaleway import resources as shared
from havre_scaleway.conventions.kinds import BUCKET, DATABASE, LABEL_LIMIT, LABELS, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Context
    from havre_scaleway.settings import ScalewaySettings

TRAIL, VAULT = "trail", "vault"
"""Buckets that no spec names: of Audit Trail, and of backups."""
UNIQUE = (BUCKET, REGISTRY)
"""Kinds whose names are unique among all customers'."""


@dataclass(frozen=True)
class Entry:
    """How a resource is named where its name is not given.

    Attributes:
        label: its logical name.
        kind: what Scaleway accepts.
        words: of which its name is made.
        fixed: its name, where no pattern applies.
    """

    label: str
    kind: NameKind
    words: tuple[str, ...] = ()
    fixed: str = ""


def name(context: Context[ScalewaySettings], label: str) -> str:
    """What Scaleway calls the resource of a logical name.

    Raises:
        KeyError: no stack may choose the name of such a resource.
    """
    return table(context)[label].name


def table(context: Context[ScalewaySettings]) -> dict[str, Nameable]:
    """What each resource is named, by its logical name."""
    given = context.settings.names
    return {
        entry.label: Nameable(entry.kind, given.get(entry.label) or _name(context, entry))
        for entry in entries(context)
    }


def _name(context: Context[ScalewaySettings], entry: Entry) -> str:
    """Its name, where none is given; one that must be unique ends with a digest."""
    if entry.fixed:
        return entry.fixed
    if entry.kind in UNIQUE:
        return _unique(context, entry)
    if context.settings.name_pattern is None:
        return context.named(*entry.words, limit=LABEL_LIMIT)
    return short(_filled(context, "-".join(entry.words)), LABEL_LIMIT)


def _unique(context: Context[ScalewaySettings], entry: Entry) -> str:
    """A name that nobody else has."""
    digest, part = shared.digest(context.settings.project_id), "--".join(entry.words)
    limit = entry.kind.limit - len(digest) - 1
    if context.settings.name_pattern is None:
        return f"{context.named(part, limit=limit)}-{digest}"
    whole = re.sub("[._ ]+", "-", _filled(context, part).lower())
    return f"{short(whole, limit)}-{digest}"


def _filled(context: Context[ScalewaySettings], part: str) -> str:
    """The pattern of names for a part."""
    spec = context.spec
    values = {"warehouse": spec.name, "environment": spec.environment.value, "part": part}
    return filled(context.settings.name_pattern or "", values)


def entries(context: Context[ScalewaySettings]) -> Iterator[Entry]:
    """Every resource that can be named."""
    spec = context.spec
    yield from _network(context)
    yield from _keys(context)
    yield from _buckets(context)
    yield _entry(context, PartName.AUDIT, "logs", LABELS["logs"], "logs")
    yield _entry(context, PartName.DATABASE, "server", LABELS["server"], "database")
    yield Entry(
        f"{spec.name}-{PartName.DATABASE}-database", DATABASE, fixed=spec.name.replace("-", "_")
    )
    if spec.registry:
        yield _entry(context, PartName.REGISTRY, "registry", REGISTRY, "registry")
    if spec.cluster:
        yield _entry(context, PartName.CLUSTER, "kube", LABELS["cluster"], "cluster")
        for zone in shared.zone_names(context):
            group = f"{zone}-group"
            yield _entry(context, PartName.CLUSTER, group, LABELS["group"], f"nodes-{zone}")
    for project in spec.projects:
        if project not in context.settings.project_applications:
            yield _entry(context, PartName.ACCESS, project, LABELS["application"], project)
        yield _entry(context, PartName.ACCESS, f"{project}-rights", LABELS["policy"], project)
        words = (project, "key")
        yield _entry(context, PartName.ACCESS, f"{project}-secret", LABELS["secret"], *words)


def _entry(
    context: Context[ScalewaySettings], part: PartName, of: str, kind: NameKind, *words: str
) -> Entry:
    return Entry(f"{context.spec.name}-{part}-{of}", kind, words)


def _network(context: Context[ScalewaySettings]) -> Iterator[Entry]:
    spec, part = context.spec, PartName.NETWORK
    places: list[tuple[str, ...]] = [()]
    away = spec.network.recovery_address_space and shared.recovery(context)
    places += [("recovery",)] if away else []
    for where in places:
        words = (*where, "vpc")
        yield _entry(context, part, "-".join(words), LABELS["network"], *words)
        for segment in subnets(spec.network.address_space, spec):
            named = (*where, segment)
            yield _entry(context, part, "-".join(named), LABELS["subnet"], *named)
    if shared.routed(context):
        yield _entry(context, part, "gateway", LABELS["gateway"], "gateway")
    group = "administration-group"
    yield _entry(context, part, group, LABELS["group"], "administration")


def _keys(context: Context[ScalewaySettings]) -> Iterator[Entry]:
    if not context.own_keys:
        return
    part = PartName.KEYS
    for purpose in (*(f"zone-{zone}" for zone in context.spec.zones), "database", "backup"):
        yield _entry(context, part, purpose, LABELS["key"], purpose)
    yield _entry(context, PartName.AUDIT, "key", LABELS["key"], "audit")
    if context.spec.projects:
        yield _entry(context, PartName.ACCESS, "secrets-key", LABELS["key"], "secrets")


def _buckets(context: Context[ScalewaySettings]) -> Iterator[Entry]:
    yield _entry(context, PartName.AUDIT, TRAIL, BUCKET, "audit", TRAIL)
    for zone in context.spec.zones:
        yield _entry(context, PartName.ZONES, zone, BUCKET, zone)
    yield _entry(context, PartName.BACKUP, VAULT, BUCKET, "backup", VAULT)
