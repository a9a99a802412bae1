"""What Azure can do, and what it cannot: declared, with reasons, evidence and what is at risk."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.provider import Capability, Evidence, Gap, Support, Supported
from havre.spec.model import Qualification, TlsVersion
from havre_azure.sites import PLACES, REGIONS, copies_to_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre.spec import Warehouse
    from havre_azure.settings import AzureSettings

LONGEST_UNDELETE = 365
LONGEST_POINT_IN_TIME, SHORTEST_POINT_IN_TIME = 35, 7
LARGEST_SERVER_GIB = 1024
LONGEST_IMAGE_DAYS = 365
"""Limits in days and GiB, which the parts' own modules explain (they load the SDK)."""

READ_ON = dt.date(2026, 11, 23)


def _doc(title: str) -> Evidence:
    return Evidence(f"Azure documentation, {title}", READ_ON)


REGION_PAIRS = _doc("region pairs and non-paired regions")
SDK = Evidence("pulumi-azure-native 3.29.0, its arguments and docstrings", READ_ON)
SENATE = Evidence(
    "Hearing of Microsoft France by the French Senate on 2025-06-10; 18 U.S.C. 2713 (CLOUD Act); "
    "50 U.S.C. 1881a (FISA 702)",
    READ_ON,
)
HDS = Evidence(
    "Council of State's order on the EMC2 warehouse, as quoted by code-commande-publique.com: "
    "Microsoft Ireland is certified HDS; esante.gouv.fr's own list was not read",
    READ_ON,
)
SECNUMCLOUD = Evidence(
    "Public statements up to 2026-10: no qualification of Azure's public regions found; ANSSI's "
    "own list (cyber.gouv.fr) was not read",
    READ_ON,
)
BLOB_BACKUP = _doc("troubleshoot Azure Blob backup, UserErrorCrossTenantOrsPolicyDisabled")
SERVER_BACKUP = _doc("support matrix for backup of PostgreSQL Flexible Server")
ENCRYPTED_LOGS = _doc("customer-managed keys in Azure Monitor: dedicated clusters only")
FIREWALL = _doc("Azure Firewall, FQDN filtering in application rules; FQDN tags")
VAULT_COPIES = _doc("Azure Key Vault availability and redundancy")

NATIVE = Supported(Support.NATIVE)


def _partial(reason: str) -> Supported:
    return Supported(Support.PARTIAL, reason)


def _absent(reason: str) -> Supported:
    return Supported(Support.ABSENT, reason)


CAPABILITIES = MappingProxyType(
    {
        Capability.ENCRYPTION_AT_REST: NATIVE,
        Capability.CUSTOMER_KEY_OBJECTS: NATIVE,
        Capability.CUSTOMER_KEY_DATABASE: NATIVE,
        Capability.CUSTOMER_KEY_VOLUMES: NATIVE,
        Capability.CUSTOMER_KEY_CLUSTER_SECRETS: _partial(
            "the cluster names one version of its key: after a renewal its next update follows"
        ),
        Capability.KEY_ROTATION: NATIVE,
        Capability.KEY_DELETION_GUARD: NATIVE,
        Capability.HSM_KEY: NATIVE,
        Capability.OBJECT_LOCK: _partial(
            "Azure makes no policy locked: a second deployment locks it (`lock_immutability`)"
        ),
        Capability.OBJECT_EXPIRY: _partial(
            "an expired object can be undeleted until its soft-delete days are over"
        ),
        Capability.LEGAL_HOLD: NATIVE,
        Capability.PUBLIC_ACCESS_BLOCK: NATIVE,
        Capability.TLS_ONLY: _partial("storage accounts refuse TLS 1.3 as their minimum"),
        Capability.PRIVATE_STORAGE_ENDPOINT: NATIVE,
        Capability.NETWORK_PARTITION: NATIVE,
        Capability.EGRESS_CONTROL: _partial(
            "the firewall reads a destination's name as the client says it in TLS, and Kubernetes "
            "nodes also reach what Microsoft lists under its own tag"
        ),
        Capability.FLOW_LOGS: NATIVE,
        Capability.DATABASE_VERSIONS: NATIVE,
        Capability.DATABASE_SIZING: NATIVE,
        Capability.CLUSTER: NATIVE,
        Capability.PRIVATE_CLUSTER_API: NATIVE,
        Capability.REGISTRY: _partial("untagged images are kept 365 days at most"),
        Capability.MULTI_ZONE: _partial("restricted regions have no availability zones"),
        Capability.RECOVERY_SITE: _partial("copies go to a region's pair, if it has one"),
        Capability.BACKUP_RESIDENCY: NATIVE,
        Capability.BACKUP_RETENTION: _partial(
            "the backup vault takes no PostgreSQL server above 1 TiB; point-in-time restore goes "
            "back 35 days at most"
        ),
        Capability.BACKUP_SCHEDULE: NATIVE,
        Capability.POINT_IN_TIME_RESTORE: NATIVE,
        Capability.IMMUTABLE_BACKUP: _partial(
            "zones are backed up in their own accounts: a vault copies blobs only from accounts "
            "that allow replication to other tenants"
        ),
        Capability.STORAGE_ACCESS_LOGS: NATIVE,
        Capability.KEY_AUDIT_LOGS: NATIVE,
        Capability.LOG_RETENTION: _partial(
            "the archive is under the warehouse's key; the workspace would need a dedicated "
            "cluster for that"
        ),
        Capability.TAGS: NATIVE,
        Capability.RESIDENCY: _partial(
            "a key vault copies itself to the region's pair, and nobody can turn that off"
        ),
        Capability.OPERATOR_LAW: _absent(
            "the operator's parent, Microsoft Corporation, answers to the law of the United States"
        ),
        Capability.HDS: _partial(
            "Microsoft Ireland is certified; which products and regions was not verified"
        ),
        Capability.SECNUMCLOUD: _absent("no qualification of Azure's public regions was found"),
    }
)
"""The answer for every capability."""


def _gap(control: str, capability: Capability, fallback: str, risk: str, evidence: Evidence) -> Gap:
    answer = CAPABILITIES[capability]
    return Gap(control, capability, answer.support, answer.reason, fallback, evidence, risk)


def _operator(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    """Always: no spec changes who owns the operator."""
    yield _gap(
        "jurisdiction.operator",
        Capability.OPERATOR_LAW,
        "keys of the warehouse, in a vault that the operator runs all the same",
        f"an order from outside the EU can reach the data (operator law asked: "
        f"{spec.residency.operator_law.value})",
        SENATE,
    )


def _qualifications(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    evidence = {Qualification.HDS: HDS, Qualification.SECNUMCLOUD: SECNUMCLOUD}
    fallback = {
        Qualification.HDS: "hold the certificate, with its products and regions, on file",
        Qualification.SECNUMCLOUD: "none",
    }
    for asked in spec.residency.qualifications:
        yield _gap(
            f"jurisdiction.{asked.value}",
            Capability(asked.value),
            fallback[asked],
            "data may lie where the scheme does not allow them",
            evidence[asked],
        )


def _implied_places(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    """A key vault's pair in a country that the spec does not name."""
    place = PLACES.get(spec.sites.primary)
    pair = REGIONS.get(place.pair or "") if place else None
    if place and pair and pair.country not in spec.residency.countries:
        yield _gap(
            "residency.keys",
            Capability.RESIDENCY,
            "a site whose pair lies in an allowed country, or one without a pair",
            f"keys of {place.name} are copied to {pair.name} ({pair.country})",
            VAULT_COPIES,
        )


def _recovery(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    primary, recovery = spec.sites.primary, spec.sites.recovery
    place = PLACES.get(recovery or "")
    if recovery is None or place is None:
        return
    if not copies_to_pair(primary, recovery, spec.residency.countries):
        yield _gap(
            "continuity.recovery-site",
            Capability.RECOVERY_SITE,
            "copies in the primary site's zones; nothing is copied elsewhere",
            f"a disaster at {primary} takes data and backups: {recovery} is not its pair",
            REGION_PAIRS,
        )
    elif place.restricted:
        yield _gap(
            "continuity.recovery-site",
            Capability.RECOVERY_SITE,
            "ask Microsoft to open the region to the subscription beforehand",
            f"{recovery} ({place.name}) takes copies, but services start there only once "
            "Microsoft has opened it",
            REGION_PAIRS,
        )


def _connections(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    if spec.encryption.tls is TlsVersion.TLS_1_3:
        yield _gap(
            "encryption.in-transit",
            Capability.TLS_ONLY,
            "zones refuse TLS below 1.2, the database below 1.3",
            "a client of a zone may speak TLS 1.2",
            SDK,
        )
    if spec.network.egress or spec.cluster:
        yield _gap(
            "exposure.egress",
            Capability.EGRESS_CONTROL,
            "only listed names on listed ports, over TLS (or HTTP on port 80); threat "
            "intelligence denies known destinations",
            "a program may name a listed host and speak to another; nodes send Microsoft what "
            "their platform needs",
            FIREWALL,
        )


def _locks(spec: Warehouse, settings: AzureSettings) -> Iterator[Gap]:
    if settings.lock_immutability:
        return
    locked = [name for name, zone in spec.zones.items() if zone.immutable_days]
    if locked:
        yield _gap(
            "continuity.immutability",
            Capability.OBJECT_LOCK,
            "set `lock_immutability` once the first deployment has gone through",
            f"until then an administrator can shorten or remove the policy of {', '.join(locked)}",
            SDK,
        )
    yield _gap(
        "audit.protected",
        Capability.OBJECT_LOCK,
        "set `lock_immutability` once the first deployment has gone through",
        "until then an administrator can shorten or remove the policy of the logs and backups",
        SDK,
    )


def _zones(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    expiring = [name for name, zone in spec.zones.items() if zone.expire_days]
    if expiring:
        yield _gap(
            "continuity.versioning",
            Capability.OBJECT_EXPIRY,
            "soft delete of at most 365 days",
            f"what expired in {', '.join(expiring)} stays recoverable that long",
            _doc("soft delete for blobs"),
        )
    yield _gap(
        "continuity.backup",
        Capability.IMMUTABLE_BACKUP,
        "versions, soft delete and point-in-time restore in place; locked versions where asked",
        "who can delete a zone's account deletes its backup with it",
        BLOB_BACKUP,
    )
    for name, zone in spec.zones.items():
        if zone.retention_days > LONGEST_UNDELETE and not zone.versions:
            yield _gap(
                "continuity.backup",
                Capability.OBJECT_EXPIRY,
                f"a deleted object of `{name}` stays recoverable {LONGEST_UNDELETE} days",
                f"it is then gone before the {zone.retention_days} days asked: keep versions",
                _doc("soft delete for blobs"),
            )


def _database(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    days, size = spec.database.backups.retention_days, spec.database.storage_gib
    if size > LARGEST_SERVER_GIB:
        kept = min(max(days, SHORTEST_POINT_IN_TIME), LONGEST_POINT_IN_TIME)
        yield _gap(
            "continuity.backup",
            Capability.BACKUP_RETENTION,
            f"the server's own backups, {kept} days",
            f"{days} days of backups are asked; the server's own go with the server"
            if days > kept
            else "the server's own backups go with the server",
            SERVER_BACKUP,
        )


def _logs(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    if spec.encryption.keys != "provider":
        yield _gap(
            "encryption.customer-key",
            Capability.LOG_RETENTION,
            "the workspace is encrypted with Azure's key; the archive with the warehouse's own",
            "withdrawing the warehouse's keys leaves the workspace's logs readable",
            ENCRYPTED_LOGS,
        )


def _cluster(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    if spec.cluster and spec.encryption.keys != "provider":
        yield _gap(
            "encryption.cluster-secrets",
            Capability.CUSTOMER_KEY_CLUSTER_SECRETS,
            "run `pulumi up --refresh` at least every rotation_days",
            "secrets stay under the key's earlier version until then",
            _doc("Key Management Service etcd encryption in AKS"),
        )


def _availability(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    place = PLACES.get(spec.sites.primary)
    asked = [spec.database.availability, *([spec.cluster.availability] if spec.cluster else [])]
    if place and place.zones == 1 and "multi-zone" in asked:
        yield _gap(
            "continuity.availability",
            Capability.MULTI_ZONE,
            "a site with availability zones",
            "losing the zone stops the warehouse",
            REGION_PAIRS,
        )


def _registry(spec: Warehouse, _settings: AzureSettings) -> Iterator[Gap]:
    if spec.registry and spec.registry.retention_days > LONGEST_IMAGE_DAYS:
        yield _gap(
            "continuity.backup",
            Capability.REGISTRY,
            f"untagged images are kept {LONGEST_IMAGE_DAYS} days; tagged ones for good",
            f"they are gone before the {spec.registry.retention_days} days asked",
            _doc("retention policy for untagged manifests"),
        )


RULES: tuple[Callable[[Warehouse, AzureSettings], Iterator[Gap]], ...] = (
    *(_operator, _qualifications, _implied_places, _recovery, _connections, _locks),
    *(_zones, _database, _logs, _cluster, _availability, _registry),
)


def gaps(spec: Warehouse, settings: AzureSettings) -> list[Gap]:
    """What Azure cannot do for a spec."""
    return [gap for rule in RULES for gap in rule(spec, settings)]
