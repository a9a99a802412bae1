"""Every name that a stack on OVHcloud may choose: one table, by logical names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.plan.parts import PartName
from havre.provider.context import short
from havre.provider.conventions import Nameable, NameKind, filled
from havre.spec.subnets import subnets
from havre_ovh import resources as shared
from havre_ovh import sites
from havre_ovh.conventions.kinds import BUCKET, DATABASE, LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Context
    from havre_ovh.settings import OvhSettings

LOGS, VAULT = "access-logs", "vault"
"""Buckets that no spec names: of access logs, and of backups."""
LABEL_LIMIT, CREDENTIAL_LIMIT = 63, 50
"""Characters to which names are cut."""


@dataclass(frozen=True)
class Entry:
    """How a resource is named where its name is not given.

    Attributes:
        label: its logical name.
        kind: what OVHcloud accepts.
        words: of which its name is made.
        end: what comes after the name in any case.
        fixed: its name, where no pattern applies.
    """

    label: str
    kind: NameKind
    words: tuple[str, ...] = ()
    end: str = ""
    fixed: str = ""


def name(context: Context[OvhSettings], label: str) -> str:
    """What OVHcloud calls the resource of a logical name.

    Raises:
        KeyError: no stack may choose the name of such a resource.
    """
    return table(context)[label].name


def bucket_name(context: Context[OvhSettings], label: str, words: tuple[str, ...]) -> str:
    """Name of a bucket: a zone may be called like the replica of another, and has its own."""
    return context.settings.names.get(label) or _name(context, Entry(label, BUCKET, words))


def table(context: Context[OvhSettings]) -> dict[str, Nameable]:
    """What each resource is named, by its logical name."""
    given = context.settings.names
    return {
        entry.label: Nameable(entry.kind, given.get(entry.label) or _name(context, entry))
        for entry in entries(context)
    }


def _name(context: Context[OvhSettings], entry: Entry) -> str:
    """Its name, where none is given: a bucket's ends with what makes it unique."""
    if entry.fixed:
        return entry.fixed
    if entry.kind is BUCKET:
        return _bucket(context, "--".join(entry.words))
    limit = CREDENTIAL_LIMIT if entry.kind is LABELS["credential"] else LABEL_LIMIT
    if context.settings.name_pattern is None:
        return context.named(*entry.words, limit=limit) + entry.end
    return short(_filled(context, "-".join(entry.words)), limit) + entry.end


def _bucket(context: Context[OvhSettings], part: str) -> str:
    """The name of a bucket, unique among all customers'."""
    digest = shared.digest(context.settings.service_name)
    if context.settings.name_pattern is None:
        return context.named(part, digest)
    whole = re.sub("[._]+", "-", _filled(context, part).lower())
    return f"{short(whole, BUCKET.limit - len(digest) - 1)}-{digest}"


def _filled(context: Context[OvhSettings], part: str) -> str:
    """The pattern of names for a part."""
    spec = context.spec
    values = {"warehouse": spec.name, "environment": spec.environment.value, "part": part}
    return filled(context.settings.name_pattern or "", values)


def entries(context: Context[OvhSettings]) -> Iterator[Entry]:
    """Every resource that can be named."""
    yield from _network(context)
    yield from _keys(context)
    yield from _buckets(context)
    spec = context.spec
    yield _entry(context, PartName.AUDIT, "stream", LABELS["stream"], "audit")
    yield Entry(
        f"{spec.name}-{PartName.DATABASE}-instance", DATABASE, fixed=spec.name.replace("-", "_")
    )
    if spec.cluster:
        yield _entry(context, PartName.CLUSTER, "kube", LABELS["cluster"], "cluster")
    if spec.registry:
        yield _entry(context, PartName.REGISTRY, "registry", LABELS["registry"], "registry")
    for project in spec.projects if context.own_keys else ():
        of = f"{project}-decryption"
        yield _entry(context, PartName.ACCESS, of, LABELS["policy"], project, "decryption")
        if project not in context.settings.project_groups:
            of = f"{project}-account"
            yield _entry(context, PartName.ACCESS, of, LABELS["account"], project)


def _entry(
    context: Context[OvhSettings], part: PartName, of: str, kind: NameKind, *words: str
) -> Entry:
    return Entry(f"{context.spec.name}-{part}-{of}", kind, words)


def _network(context: Context[OvhSettings]) -> Iterator[Entry]:
    spec, part = context.spec, PartName.NETWORK
    yield _entry(context, part, "private", LABELS["network"], "private")
    places: list[tuple[str, ...]] = [()]
    places += [("recovery",)] if spec.network.recovery_address_space else []
    for where in places:
        for segment in subnets(spec.network.address_space, spec):
            words = (*where, segment)
            yield _entry(context, part, "-".join(words), LABELS["subnet"], *words)
    if shared.routed(context):
        yield _entry(context, part, "gateway", LABELS["gateway"], "gateway")
    group = "administration-group"
    yield _entry(context, part, group, LABELS["group"], "administration")


def _keys(context: Context[OvhSettings]) -> Iterator[Entry]:
    """Keys, whose names say where they are stored, and the certificate of their users."""
    if not context.own_keys:
        return
    for purpose in (*(f"zone-{zone}" for zone in context.spec.zones), "database", "backup"):
        label = f"{context.spec.name}-{PartName.KEYS}-{purpose}"
        end = f".{shared.okms_region(context)}"
        yield Entry(label, LABELS["key"], (purpose,), end)
    if context.settings.okms_credential is not None:
        kind = LABELS["credential"]
        yield _entry(context, PartName.KEYS, "credential", kind, "keys")


def _buckets(context: Context[OvhSettings]) -> Iterator[Entry]:
    part, recovery = PartName.ZONES, context.recovery
    for site in (context.primary, *([recovery] if recovery else [])):
        region = sites.region(site, "s3")
        key = shared.own_key(context, f"{LOGS}-{site.name}")
        yield _entry(context, part, key, BUCKET, LOGS, region)
    for zone, asked in context.spec.zones.items():
        yield _entry(context, part, zone, BUCKET, zone)
        if recovery is not None and asked.versions:
            words = (zone, shared.REPLICA)
            yield _entry(context, part, shared.own_key(context, "-".join(words)), BUCKET, *words)
    yield _entry(context, PartName.BACKUP, VAULT, BUCKET, "backup", VAULT)
