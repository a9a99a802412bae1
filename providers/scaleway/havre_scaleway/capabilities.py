"""What Scaleway can do, and what it cannot: declared, with reasons and sources.

The texts stand in `gaps.toml`; which of them apply to a spec is decided here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from havre.capabilities.declarations import days_by_name, declared, limits, of_zones, remedies
from havre.spec.endings import erasure_days, working_zones
from havre.spec.model import Availability, KeyProtection, Purpose
from havre.spec.schemes import HDS, SECNUMCLOUD
from havre_scaleway import resources as shared
from havre_scaleway.sites import SITES, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre.provider import Gap
    from havre.spec import Warehouse
    from havre.spec.model import Zone
    from havre_scaleway.settings import ScalewaySettings

DATA = Path(__file__).parent / "data"
DECLARED = declared(DATA / "gaps.toml")
CAPABILITIES = DECLARED.answers
"""The answer for every capability."""
REMEDIES = remedies(DATA / "remedies.toml")
"""What to do about a control, by its identifier."""
LIMITS = limits(DATA / "limits.toml")
LONGEST_LOGS = 365
"""Days of logs that Pulumi's plugin takes at most (terraform-provider-scaleway, cockpit/source.go,
2026-08-21). Cockpit itself keeps them up to 5 years (Scaleway, Cockpit retention, 2025-08-18)."""
gap = DECLARED.gap


def log_days(spec: Warehouse) -> int:
    """Days for which Cockpit keeps what programs send."""
    return min(spec.audit.retention_days, LONGEST_LOGS)


def _keys(spec: Warehouse, _settings: ScalewaySettings) -> Iterator[Gap]:
    asked = spec.encryption
    yield gap("at-rest")
    yield gap("key-deletion", days=asked.deletion_days)
    if asked.keys is KeyProtection.HSM:
        yield gap("hsm-key")
    if not asked.own_keys:
        return
    yield gap("key-database")
    if spec.cluster:
        yield gap("key-volumes")
        yield gap("key-cluster-secrets")


def egress_ports(spec: Warehouse, settings: ScalewaySettings) -> list[int]:
    """TCP ports on which nodes reach other networks."""
    return sorted({*settings.node_egress_ports, *(each.port for each in spec.network.egress)})


def _network(spec: Warehouse, settings: ScalewaySettings) -> Iterator[Gap]:
    hosts = ", ".join(f"{egress.host}:{egress.port}" for egress in spec.network.egress)
    named = ", ".join((*spec.network.administration, *settings.source_addresses))
    yield gap("private-endpoints", addresses=named or "none is set")
    yield gap("partition")
    ports = ", ".join(map(str, egress_ports(spec, settings)))
    yield gap("egress", hosts=hosts or "none", ports=ports)
    yield gap("names")
    yield gap("flow-logs")
    yield gap("tls", version=spec.encryption.tls.value)
    yield gap("database-tls", version=spec.encryption.tls.value)
    yield gap("administration-access")


def _zones(spec: Warehouse, _settings: ScalewaySettings) -> Iterator[Gap]:
    yield gap("public-access")
    yield from _recovery_of_objects(spec)
    if shared.health(spec):
        yield from _without_lifecycle(spec)
    if any(zone.immutable_days for zone in spec.zones.values()):
        yield gap("legal-hold")
    if any(zone.purpose is Purpose.EXPORT for zone in spec.zones.values()):
        yield gap("export-deployer")


def _recovery_of_objects(spec: Warehouse) -> Iterator[Gap]:
    """What is promised to be recoverable: versions hold it, where they are kept."""
    for name, versions in (("undeleting", True), ("undeleting-without-versions", False)):
        zones = {n: z for n, z in spec.zones.items() if z.versions is versions}
        days = {n: z.recoverable_days for n, z in zones.items() if z.recoverable_days}
        if days:
            found = gap(name, zones=days_by_name(days))
            yield of_zones(found, (n for n in days if not _lets_go(zones[n], spec)))


def _lets_go(zone: Zone, spec: Warehouse) -> bool:
    """Whether versions of a zone end, once its days of recovery have passed."""
    ends = zone.expire_days is not None and zone.version_days is None
    return zone.versions and ends and not shared.health(spec)


def _without_lifecycle(spec: Warehouse) -> Iterator[Gap]:
    """Zones whose objects or versions end, where HDS forbids the rules that would end them."""
    ends = {n: z.expire_days for n, z in spec.zones.items() if z.expire_days is not None}
    kept = {n: z.version_days for n, z in spec.zones.items() if z.version_days is not None}
    yield gap("no-expiry", zones=days_by_name(ends) or "none in this file")
    yield gap("no-version-expiry", zones=days_by_name(kept) or "none in this file")
    if working_zones(spec):
        yield gap("backup-erasure", days=erasure_days(spec))


def _logs(spec: Warehouse, _settings: ScalewaySettings) -> Iterator[Gap]:
    yield gap("access-logs")
    yield gap("key-logs")
    yield gap("administration-logs")
    yield gap("database-logs")
    yield gap("statements")
    yield gap("alerts")
    yield gap("log-retention", days=spec.audit.retention_days, kept=log_days(spec))
    yield gap("log-protection")
    yield gap("log-routing")
    if spec.cluster:
        yield gap("cluster-logs")


def _database(spec: Warehouse, _settings: ScalewaySettings) -> Iterator[Gap]:
    asked = spec.database
    if str(asked.version) == "14":
        yield gap("database-version")
    if asked.extensions:
        yield gap("extensions", names=", ".join(found.value for found in asked.extensions))
    yield gap("database-sizing")


def _backups(spec: Warehouse, _settings: ScalewaySettings) -> Iterator[Gap]:
    yield gap("backup-schedule")
    yield gap("point-in-time")
    yield gap("immutable-backup", days=spec.database.backups.retention_days)


def _sites(spec: Warehouse, _settings: ScalewaySettings) -> Iterator[Gap]:
    asked = [spec.database.availability, *([spec.cluster.availability] if spec.cluster else [])]
    if Availability.MULTI_ZONE in asked:
        yield gap("database-zones")
    name = spec.sites.recovery
    site = SITES.get(name) if name else None
    if name and site and placed(site):
        yield gap("recovery-site", site=name)
    elif name and site:
        others = ", ".join(each for each in SITES if each != spec.sites.primary)
        yield gap("no-recovery-site", site=name, country=site.country, others=others)


def _parts(spec: Warehouse, settings: ScalewaySettings) -> Iterator[Gap]:
    if spec.cluster:
        yield gap("public-cluster")
        yield gap("shared-nodes" if settings.kubernetes_context else "workload-isolation")
        yield gap("images")
    if spec.registry:
        yield gap("registry", days=spec.registry.retention_days)
    yield gap("tags")


def _projects(spec: Warehouse, _settings: ScalewaySettings) -> Iterator[Gap]:
    if not spec.projects:
        return
    yield gap("static-credentials")
    yield gap("storage-users")
    people = sum(len(project.members) for project in spec.projects.values())
    yield gap("named-people", people=people, projects=len(spec.projects))
    yield from map(gap, ("person-in-logs", "second-factor"))
    yield gap("database-roles")


def _qualifications(spec: Warehouse, settings: ScalewaySettings) -> Iterator[Gap]:
    asked = spec.residency.qualifications
    if HDS in asked:
        yield gap("hds", said="has" if settings.hds_certified else "has not")
    if SECNUMCLOUD in asked:
        yield gap("secnumcloud")


GAPS: tuple[Callable[[Warehouse, ScalewaySettings], Iterator[Gap]], ...] = (
    *(_keys, _network, _zones, _logs, _database, _backups),
    *(_sites, _parts, _projects, _qualifications),
)


def gaps(spec: Warehouse, settings: ScalewaySettings) -> list[Gap]:
    """What Scaleway cannot do for a spec."""
    return [found for rule in GAPS for found in rule(spec, settings)]
