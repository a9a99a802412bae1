"""What the local provider can do, and what it cannot: declared, with reasons.

The texts stand in `gaps.toml`; which of them apply to a spec is decided here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from havre.capabilities.declarations import days_by_name, declared, limits, remedies
from havre.spec.endings import erasure_days, working_zones
from havre.spec.model import Availability, KeyProtection, Purpose
from havre.spec.schemes import HDS, SECNUMCLOUD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre.provider import Gap
    from havre.spec import Warehouse
    from havre_local.settings import LocalSettings

DATA = Path(__file__).parent / "data"
DECLARED = declared(DATA / "gaps.toml")
CAPABILITIES = DECLARED.answers
"""The answer for every capability."""
REMEDIES = remedies(DATA / "remedies.toml")
LIMITS = limits(DATA / "limits.toml")
"""What to do about a control, by its identifier."""
ALWAYS = (
    *("at-rest", "static-credentials", "key-logs", "partition", "egress", "administration-access"),
    *("key-rotation", "key-deletion", "backup-schedule", "database-version", "log-retention"),
    *("database-sizing", "public-access", "private-endpoints", "flow-logs", "backup-place"),
    *(
        "point-in-time",
        "tags",
        "names",
        "statements",
        "alerts",
        "administration-logs",
        "log-protection",
    ),
)
"""Gaps of every spec: what this machine never does, and what nobody does on it by itself."""
PROJECTS = ("named-people", "second-factor", "own-role", "catalogs", "channel-binding")
"""Gaps of every project."""
gap = DECLARED.gap


def _always(_spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    yield from map(gap, ALWAYS)


def _residency(spec: Warehouse, settings: LocalSettings) -> Iterator[Gap]:
    said = f"the owner states {settings.country}" if settings.country else "not set by the owner"
    outside = settings.country not in spec.residency.countries
    yield gap("wrong-place" if outside else "stated-place", said=said)
    if spec.sites.recovery:
        yield gap("recovery-site")


def _law(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    """The operator's law always: no spec and no setting tells who runs this machine."""
    yield gap("operator-law", law=spec.residency.operator_law.value)


def _keys(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    if spec.encryption.keys is KeyProtection.HSM:
        yield gap("hsm-key")
    if spec.encryption.own_keys:
        yield gap("key-objects")
        yield gap("key-database")


def _parts(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    if spec.cluster:
        yield gap("cluster")
    if spec.registry:
        yield gap("registry")
    if spec.projects:
        yield from map(gap, PROJECTS)


def _zones(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    expiring = {n: zone.expire_days for n, zone in spec.zones.items() if zone.expire_days}
    if expiring:
        yield gap("object-expiry", zones=days_by_name(expiring))
    timed = {n: zone.version_days for n, zone in spec.zones.items() if zone.version_days}
    if timed:
        yield gap("version-expiry", zones=days_by_name(timed))
    yield from _recovery_of_objects(spec)
    backups = [name for name, zone in spec.zones.items() if zone.purpose is Purpose.BACKUP]
    if backups:
        yield gap("immutable-backup")
    if backups and working_zones(spec):
        yield gap("backup-erasure", zones=", ".join(backups), days=erasure_days(spec))


def _recovery_of_objects(spec: Warehouse) -> Iterator[Gap]:
    """What is promised to be recoverable: versions hold it, where they are kept."""
    for name, versions in (("undeleting", True), ("undeleting-without-versions", False)):
        zones = {n: z for n, z in spec.zones.items() if z.versions is versions}
        days = {n: z.recoverable_days for n, z in zones.items() if z.recoverable_days}
        if days:
            yield gap(name, zones=days_by_name(days))


def _availability(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    asked = [spec.database.availability, *([spec.cluster.availability] if spec.cluster else [])]
    if Availability.MULTI_ZONE in asked:
        yield gap("one-zone")


def _qualifications(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    asked = spec.residency.qualifications
    yield from (gap(scheme) for scheme in (HDS, SECNUMCLOUD) if scheme in asked)


GAPS: tuple[Callable[[Warehouse, LocalSettings], Iterator[Gap]], ...] = (
    *(_always, _residency, _law, _keys, _parts, _zones, _availability, _qualifications),
)


def gaps(spec: Warehouse, settings: LocalSettings) -> list[Gap]:
    """What this machine cannot do for a spec."""
    return [found for rule in GAPS for found in rule(spec, settings)]
