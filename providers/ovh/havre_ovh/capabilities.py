"""What OVHcloud's Public Cloud can do, and what it cannot: declared, with reasons and sources.

The texts stand in `gaps.toml`; which of them apply to a spec is decided here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from havre.capabilities.declarations import days_by_name, declared, limits, of_zones, remedies
from havre.spec.endings import erasure_days, working_zones
from havre.spec.model import Availability, KeyProtection
from havre.spec.schemes import HDS, SECNUMCLOUD
from havre_ovh.sites import OKMS_COPIES, SITES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre.provider import Gap
    from havre.spec import Warehouse
    from havre.spec.model import Zone
    from havre_ovh.settings import OvhSettings

DATA = Path(__file__).parent / "data"
DECLARED = declared(DATA / "gaps.toml")
CAPABILITIES = DECLARED.answers
"""The answer for every capability."""
REMEDIES = remedies(DATA / "remedies.toml")
LIMITS = limits(DATA / "limits.toml")
"""What to do about a control, by its identifier."""
gap = DECLARED.gap


def _keys(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    asked = spec.encryption
    yield gap("at-rest")
    yield gap("key-rotation", days=asked.rotation_days)
    yield gap("key-deletion", days=asked.deletion_days)
    if asked.keys is KeyProtection.HSM:
        yield gap("hsm-key")
    if not asked.own_keys:
        return
    yield gap("key-objects")
    yield gap("key-database")
    if spec.cluster:
        yield gap("key-volumes")
        yield gap("key-cluster-secrets")


def _network(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    hosts = ", ".join(f"{egress.host}:{egress.port}" for egress in spec.network.egress)
    named = ", ".join((*spec.network.administration, *settings.source_addresses))
    yield gap("private-endpoints", addresses=named or "none is set")
    yield gap("partition")
    yield gap("egress", hosts=hosts or "none")
    yield gap("names")
    yield gap("flow-logs")
    yield gap("tls", version=spec.encryption.tls.value)
    yield gap("database-tls", version=spec.encryption.tls.value)
    yield gap("administration-access")


def _zones(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    yield gap("public-access")
    yield from _recovery_of_objects(spec)
    if any(zone.immutable_days for zone in spec.zones.values()):
        yield gap("legal-hold")


def _recovery_of_objects(spec: Warehouse) -> Iterator[Gap]:
    """What is promised to be recoverable: versions hold it, where they are kept."""
    for name, versions in (("undeleting", True), ("undeleting-without-versions", False)):
        zones = {n: z for n, z in spec.zones.items() if z.versions is versions}
        days = {n: z.recoverable_days for n, z in zones.items() if z.recoverable_days}
        if days:
            found = gap(name, zones=days_by_name(days))
            yield of_zones(found, (n for n in days if not _lets_go(zones[n])))


def _lets_go(zone: Zone) -> bool:
    """Whether versions of a zone end, once its days of recovery have passed."""
    return zone.versions and zone.expire_days is not None and zone.version_days is None


def _logs(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    if settings.bucket_controls:
        yield gap("access-logs")
    else:
        yield gap("no-access-logs")
    # Whatever a setting says: the pack under `pulumi policy analyze` knows no settings.
    yield gap("access-logs-apart")
    yield gap("key-logs")
    yield gap("administration-logs")
    yield gap("database-logs")
    yield gap("statements")
    yield gap("alerts")
    yield gap("log-retention", days=spec.audit.retention_days)
    yield gap("log-protection")


def _database(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    asked = spec.database
    if str(asked.version) == "14":
        yield gap("database-version")
    if asked.extensions:
        yield gap("extensions", names=", ".join(found.value for found in asked.extensions))
    yield gap("database-sizing")


def _backups(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    days = spec.database.backups.retention_days
    yield gap("backup-retention", days=days)
    if working_zones(spec):
        yield gap("backup-erasure", days=erasure_days(spec))
    yield gap("backup-schedule")
    yield gap("point-in-time")
    yield gap("immutable-backup", days=days)


def _places(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    if settings.ldp_site:
        yield gap("logs-placed", site=settings.ldp_site)
    else:
        yield gap("logs-unplaced")
    yield gap("stream-placed")
    primary = SITES.get(spec.sites.primary)
    place = settings.okms_region or (primary.regions.get("okms", "") if primary else "")
    if spec.encryption.own_keys:
        copies = " and ".join(OKMS_COPIES.get(place, ("unknown places",)))
        yield gap("keys-placed", place=place or "an unspecified region", copies=copies)


def _sites(spec: Warehouse, _settings: OvhSettings) -> Iterator[Gap]:
    primary, recovery = SITES.get(spec.sites.primary), spec.sites.recovery
    asked = [spec.database.availability, *([spec.cluster.availability] if spec.cluster else [])]
    if Availability.MULTI_ZONE in asked and primary and primary.zones == 1:
        yield gap("one-zone", site=primary.name)
    alone = ", ".join(name for name, zone in spec.zones.items() if not zone.versions)
    if recovery and alone:
        yield gap("recovery-site-in-part", site=recovery, zones=alone)
    elif recovery:
        yield gap("recovery-site", site=recovery)


def _parts(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    if spec.cluster:
        yield gap("public-cluster")
        yield gap("shared-nodes" if settings.kubernetes_context else "workload-isolation")
        yield gap("images")
    if spec.registry:
        yield gap("registry", days=spec.registry.retention_days)
    yield gap("tags")


def _projects(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    if not spec.projects:
        return
    yield gap("access-expiry" if spec.encryption.own_keys else "no-access-expiry")
    yield gap("static-credentials")
    yield gap("storage-users")
    yield gap(
        "named-people",
        people=sum(len(project.members) for project in spec.projects.values()),
        groups=len(settings.project_groups),
        projects=len(spec.projects),
    )
    yield from map(gap, ("person-in-logs", "second-factor"))
    yield gap("database-roles")


def _qualifications(spec: Warehouse, settings: OvhSettings) -> Iterator[Gap]:
    asked = spec.residency.qualifications
    if HDS in asked:
        yield gap("hds-declared" if settings.hds_certified else "hds")
    if SECNUMCLOUD in asked:
        yield gap("secnumcloud")


GAPS: tuple[Callable[[Warehouse, OvhSettings], Iterator[Gap]], ...] = (
    *(_keys, _network, _zones, _logs, _database, _backups),
    *(_places, _sites, _parts, _projects, _qualifications),
)


def gaps(spec: Warehouse, settings: OvhSettings) -> list[Gap]:
    """What OVHcloud's Public Cloud cannot do for a spec."""
    return [found for rule in GAPS for found in rule(spec, settings)]
