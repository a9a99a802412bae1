"""What Azure can do, and what it cannot: declared, with reasons, evidence and what is at risk.

The texts stand in `gaps.toml`; which of them apply to a spec is decided here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from havre.capabilities.declarations import days_by_name, declared, limits, of_zones, remedies
from havre.spec.model import TlsVersion
from havre.spec.schemes import HDS, SECNUMCLOUD
from havre_azure.estate.settings import AzureEstate
from havre_azure.retention import LONGEST_UNDELETE, undelete_days
from havre_azure.sites import PLACES, REGIONS, copies_to_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre.provider import Gap
    from havre.spec import Warehouse
    from havre.spec.model import Zone
    from havre_azure.settings import AzureSettings

LONGEST_POINT_IN_TIME, SHORTEST_POINT_IN_TIME = 35, 7
LARGEST_SERVER_GIB = 1024
LONGEST_IMAGE_DAYS = 365
LONGEST_WORKSPACE = 730
"""Limits in days and GiB, which the parts' own modules explain (they load the SDK)."""

COPIED, OPERATIONAL = "weekly copies of the database", "the backup policies, without any data,"
"""What a backup vault under Azure's own key puts at risk."""
DATA = Path(__file__).parent / "data"
DECLARED = declared(DATA / "gaps.toml")
CAPABILITIES = DECLARED.answers
"""The answer for every capability."""
REMEDIES = remedies(DATA / "remedies.toml")
LIMITS = limits(DATA / "limits.toml")
"""What to do about a control, by its identifier."""
gap = DECLARED.gap


NOTHING = AzureEstate.model_construct(answers_for="")


def _estate(settings: AzureSettings) -> AzureEstate:
    """What the stack is given of an estate that exists; of none, nothing."""
    return settings.estate or NOTHING


def _law(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    """The operator's law always: no spec changes who owns the operator."""
    yield gap("operator-law", law=spec.residency.operator_law.value)
    asked = spec.residency.qualifications
    yield from (gap(scheme) for scheme in (HDS, SECNUMCLOUD) if scheme in asked)


def _implied_places(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    """A key vault's pair in a country that the spec does not name."""
    place = PLACES.get(spec.sites.primary)
    pair = REGIONS.get(place.pair or "") if place else None
    if place and pair and pair.country not in spec.residency.countries:
        yield gap("key-pair", region=place.name, pair=pair.name, country=pair.country)


def _recovery(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    primary, recovery = spec.sites.primary, spec.sites.recovery
    place = PLACES.get(recovery or "")
    if recovery is None or place is None:
        return
    if not copies_to_pair(primary, recovery, spec.residency.countries):
        yield gap("recovery-no-pair", primary=primary, recovery=recovery)
    elif place.restricted:
        yield gap("recovery-restricted", recovery=recovery, region=place.name)


def _connections(spec: Warehouse, settings: AzureSettings) -> Iterator[Gap]:
    if spec.encryption.tls is TlsVersion.TLS_1_3:
        yield gap("tls")
    hub = _estate(settings).hub
    if hub and (spec.cluster or spec.network.egress):
        yield gap("hub-egress")
    elif spec.cluster:
        yield gap("cluster-egress")
    elif spec.network.egress:
        yield gap("egress")
    if hub is None or spec.network.recovery_address_space:
        yield gap("names")
    yield gap("administration-access")


def _locks(spec: Warehouse, settings: AzureSettings) -> Iterator[Gap]:
    days = spec.audit.retention_days
    archives = not _estate(settings).archive_id or spec.network.recovery_address_space
    if settings.lock_immutability:
        if archives:
            yield gap("logs-before-lock", days=days)
        return
    locked = [name for name, zone in spec.zones.items() if zone.immutable_days]
    if locked:
        yield gap("zones-unlocked", zones=", ".join(locked))
    if archives:
        yield gap("logs-unlocked", days=days)


def _zones(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    expiring = {name: undelete_days(zone, _backup_days(spec)) for name, zone in _expiring(spec)}
    if any(expiring.values()):
        yield gap("expired-objects", zones=days_by_name(expiring))
    yield gap("zones-in-place")
    yield from _recovery_of_objects(spec)
    timed = {name: zone.version_days for name, zone in spec.zones.items() if zone.version_days}
    if timed:
        endless = [name for name in timed if not spec.zones[name].expire_days]
        yield of_zones(gap("version-expiry", zones=days_by_name(timed)), endless)


def _backup_days(spec: Warehouse) -> int:
    return spec.database.backups.retention_days


def _expiring(spec: Warehouse) -> Iterator[tuple[str, Zone]]:
    return ((name, zone) for name, zone in spec.zones.items() if zone.expire_days)


def _recovery_of_objects(spec: Warehouse) -> Iterator[Gap]:
    """What is promised beyond soft delete: versions hold it, where they are kept."""
    long = {n: z for n, z in spec.zones.items() if z.recoverable_days > LONGEST_UNDELETE}
    for name, versions in (("undeleting", True), ("undeleting-without-versions", False)):
        days = {n: zone.recoverable_days for n, zone in long.items() if zone.versions is versions}
        if days:
            found = gap(name, zones=days_by_name(days), longest=LONGEST_UNDELETE)
            yield of_zones(found, (n for n in days if not _lets_go(long[n])))


def _lets_go(zone: Zone) -> bool:
    """Whether versions of a zone end, once what soft delete does not reach has passed."""
    return zone.versions and zone.expire_days is not None and zone.version_days is None


def _database(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    yield gap("statements")
    days, size = spec.database.backups.retention_days, spec.database.storage_gib
    if size > LARGEST_SERVER_GIB:
        kept = min(max(days, SHORTEST_POINT_IN_TIME), LONGEST_POINT_IN_TIME)
        yield gap("large-server-too-short" if days > kept else "large-server", kept=kept, days=days)


def _keys(spec: Warehouse, settings: AzureSettings) -> Iterator[Gap]:
    if not spec.encryption.own_keys:
        return
    if not _estate(settings).workspace_id:
        yield gap("workspace-key")
        yield gap("statements-key")
    copied = spec.database.storage_gib <= LARGEST_SERVER_GIB
    yield gap("backup-vault-key", what=COPIED if copied else OPERATIONAL)
    if spec.cluster:
        yield gap("cluster-secrets")


def _logs(spec: Warehouse, settings: AzureSettings) -> Iterator[Gap]:
    yield gap("log-stores")
    days, estate = spec.audit.retention_days, _estate(settings)
    if estate.workspace_id and estate.archive_id:
        yield gap("given-logs", days=days)
    elif days > LONGEST_WORKSPACE and not estate.workspace_id:
        yield gap("archive-access-logs", longest=LONGEST_WORKSPACE, days=days)


def _availability(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    place = PLACES.get(spec.sites.primary)
    asked = [spec.database.availability, *([spec.cluster.availability] if spec.cluster else [])]
    if place and place.zones == 1 and "multi-zone" in asked:
        yield gap("one-zone")


def _workloads(spec: Warehouse, settings: AzureSettings) -> Iterator[Gap]:
    if spec.cluster:
        yield gap("shared-nodes" if settings.kubernetes_context else "workload-isolation")
        yield gap("images")


def _registry(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    if spec.registry and spec.registry.retention_days > LONGEST_IMAGE_DAYS:
        days = spec.registry.retention_days
        yield gap("untagged-images", longest=LONGEST_IMAGE_DAYS, days=days)


def _projects(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    if spec.projects:
        people = sum(len(project.members) for project in spec.projects.values())
        yield gap("named-people", people=people, projects=len(spec.projects))
        yield from map(gap, ("person-in-logs", "second-factor"))
        yield gap("database-roles")


RULES: tuple[Callable[[Warehouse, AzureSettings], Iterator[Gap]], ...] = (
    *(_law, _implied_places, _recovery, _connections, _locks, _zones, _database),
    *(_keys, _logs, _availability, _registry, _workloads, _projects),
)


def gaps(spec: Warehouse, settings: AzureSettings) -> list[Gap]:
    """What Azure cannot do for a spec."""
    return [found for rule in RULES for found in rule(spec, settings)]
