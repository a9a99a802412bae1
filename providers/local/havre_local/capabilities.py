"""What the local provider can do, and what it cannot: declared, with reasons."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.provider import Capability, Evidence, Gap, Support, Supported
from havre.spec.model import Availability, KeyProtection, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre.spec import Warehouse
    from havre_local.settings import LocalSettings

NATIVE = Supported(Support.NATIVE)
POSTGRESQL = Evidence(
    "PostgreSQL 18 documentation, chapter Encryption Options", dt.date(2026, 11, 23)
)
VERSITYGW = Evidence("versitygw 1.8.0, its help texts and behaviour", dt.date(2026, 11, 23))
DESIGN = Evidence("havre-local, by design", dt.date(2026, 11, 23))


def _partial(reason: str) -> Supported:
    return Supported(Support.PARTIAL, reason)


def _fallback(reason: str) -> Supported:
    return Supported(Support.FALLBACK, reason)


def _absent(reason: str) -> Supported:
    return Supported(Support.ABSENT, reason)


CAPABILITIES = MappingProxyType(
    {
        Capability.ENCRYPTION_AT_REST: _partial(
            "Parquet written through Havre and all backups are encrypted; database files and "
            "other objects only if the volume is"
        ),
        Capability.CUSTOMER_KEY_OBJECTS: _partial(
            "for Parquet written through Havre, on the client"
        ),
        Capability.CUSTOMER_KEY_DATABASE: _absent("PostgreSQL does not encrypt its files"),
        Capability.CUSTOMER_KEY_VOLUMES: _absent("volumes are the machine's own"),
        Capability.CUSTOMER_KEY_CLUSTER_SECRETS: _absent("there is no cluster"),
        Capability.KEY_ROTATION: _partial("a key that is due is renewed by the next `havre up`"),
        Capability.KEY_DELETION_GUARD: _partial(
            "a key stays while its zone holds data; afterwards it is deleted at once"
        ),
        Capability.HSM_KEY: _absent("keys are files of mode 0600"),
        Capability.OBJECT_LOCK: NATIVE,
        Capability.OBJECT_EXPIRY: _absent("versitygw 1.8.0 has no lifecycle rules"),
        Capability.LEGAL_HOLD: NATIVE,
        Capability.PUBLIC_ACCESS_BLOCK: _partial(
            "buckets are private and no policy is ever public"
        ),
        Capability.TLS_ONLY: NATIVE,
        Capability.PRIVATE_STORAGE_ENDPOINT: _fallback("services listen on 127.0.0.1 only"),
        Capability.NETWORK_PARTITION: _absent(
            "all services share this machine's loopback interface"
        ),
        Capability.EGRESS_CONTROL: _absent("the machine's own firewall decides"),
        Capability.FLOW_LOGS: _absent("connections are logged by each service instead"),
        Capability.DATABASE_VERSIONS: _partial(
            "the installed major version serves, whatever is asked"
        ),
        Capability.DATABASE_SIZING: _absent("the machine is as large as it is"),
        Capability.CLUSTER: _absent("no Kubernetes on this machine"),
        Capability.PRIVATE_CLUSTER_API: _absent("there is no cluster"),
        Capability.REGISTRY: _absent("no registry on this machine"),
        Capability.MULTI_ZONE: _absent("one machine is one zone"),
        Capability.RECOVERY_SITE: _absent("one machine is one site"),
        Capability.BACKUP_RESIDENCY: _partial("backups lie on this machine, wherever it stands"),
        Capability.BACKUP_RETENTION: NATIVE,
        Capability.BACKUP_SCHEDULE: _fallback(
            "`havre backup` must be run by a timer of the machine's"
        ),
        Capability.POINT_IN_TIME_RESTORE: _absent("a restore goes back to a backup"),
        Capability.IMMUTABLE_BACKUP: _absent(
            "backups are files that the machine's owner can delete"
        ),
        Capability.STORAGE_ACCESS_LOGS: NATIVE,
        Capability.KEY_AUDIT_LOGS: _absent("reading a file leaves no record"),
        Capability.LOG_RETENTION: _partial(
            "logs are kept and never deleted; the volume must have room"
        ),
        Capability.TAGS: _partial("tags are recorded in the state only"),
        Capability.RESIDENCY: _fallback("where this machine stands is what its owner says it is"),
        Capability.OPERATOR_LAW: _fallback(
            "whoever runs this machine answers to the law of where they are"
        ),
        Capability.HDS: _absent("no certificate covers this machine"),
        Capability.SECNUMCLOUD: _absent("no qualification covers this machine"),
    }
)
"""The answer for every capability."""


FIELDS = MappingProxyType(
    {
        Capability.NETWORK_PARTITION: (
            "network.address_space",
            "network.recovery_address_space",
            "network.administration",
        ),
        Capability.EGRESS_CONTROL: ("network.egress",),
        Capability.KEY_DELETION_GUARD: ("encryption.deletion_days",),
        Capability.RESIDENCY: ("sites.primary",),
        Capability.RECOVERY_SITE: ("sites.recovery",),
        Capability.CUSTOMER_KEY_DATABASE: ("encryption.keys",),
        Capability.HSM_KEY: ("encryption.keys",),
        Capability.CLUSTER: ("cluster",),
        Capability.REGISTRY: ("registry",),
        Capability.OBJECT_EXPIRY: ("zones.*.expire_days",),
        Capability.DATABASE_SIZING: ("database.size", "database.storage_gib"),
        Capability.MULTI_ZONE: ("database.availability",),
    }
)
"""Fields of the spec that have no effect on this machine, by the capability that is missing."""


def _gap(control: str, capability: Capability, fallback: str, risk: str, evidence: Evidence) -> Gap:
    answer = CAPABILITIES[capability]
    return Gap(
        control,
        capability,
        answer.support,
        answer.reason,
        fallback,
        evidence,
        risk,
        FIELDS.get(capability, ()),
    )


def _always(_spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    yield _gap(
        "encryption.at-rest",
        Capability.ENCRYPTION_AT_REST,
        "encrypt the volume that holds the data folder",
        "who takes the disk reads database files, objects that are not Parquet, and logs",
        POSTGRESQL,
    )
    yield _gap(
        "access.no-static-credentials",
        Capability.CUSTOMER_KEY_OBJECTS,
        "versitygw's account file has mode 0600",
        "versitygw keeps its accounts' secrets in clear in a file of its own, and zone keys are "
        "files: who acts as the warehouse's system account reads both",
        VERSITYGW,
    )
    yield _gap(
        "audit.keys", Capability.KEY_AUDIT_LOGS, "none", "a use of a key leaves no trace", DESIGN
    )
    yield _gap(
        "exposure.partition",
        Capability.NETWORK_PARTITION,
        "every service authenticates each client and listens on 127.0.0.1 only",
        "every local user can reach the services' ports; the addresses asked for have no effect",
        DESIGN,
    )
    yield _gap(
        "exposure.egress",
        Capability.EGRESS_CONTROL,
        "set the egress list in the machine's firewall",
        "processes of this machine reach whatever it lets them",
        DESIGN,
    )


def _upkeep(_spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    """What nobody does by itself on this machine."""
    yield _gap(
        "encryption.key-rotation",
        Capability.KEY_ROTATION,
        "run `havre up` at least once a period, by a timer",
        "a key outlives its period where nobody runs it",
        DESIGN,
    )
    yield _gap(
        "encryption.key-deletion",
        Capability.KEY_DELETION_GUARD,
        "copy the key export to another place",
        "a deleted key cannot be recovered, whatever number of days is asked",
        DESIGN,
    )
    yield _gap(
        "continuity.backup",
        Capability.BACKUP_SCHEDULE,
        "`havre backup` from a timer, and its copies kept elsewhere",
        "what was written since the latest backup is lost with the disk",
        DESIGN,
    )
    yield _gap(
        "inventory.supported-versions",
        Capability.DATABASE_VERSIONS,
        "the installed PostgreSQL, 15 or later",
        "its major version may differ from the one asked for",
        DESIGN,
    )
    yield _gap(
        "audit.retention",
        Capability.LOG_RETENTION,
        "logs are never deleted by Havre, whatever retention is asked",
        "the volume fills up",
        DESIGN,
    )


def _residency(spec: Warehouse, settings: LocalSettings) -> Iterator[Gap]:
    said = f"its owner says {settings.country}" if settings.country else "its owner has not said"
    outside = settings.country not in spec.residency.countries
    yield _gap(
        "residency.data",
        Capability.RESIDENCY,
        f"the setting `country` ({said})",
        "the machine stands outside the allowed countries, or nobody knows where"
        if outside
        else "nothing proves what the owner says",
        DESIGN,
    )
    if spec.sites.recovery:
        yield _gap(
            "continuity.recovery-site",
            Capability.RECOVERY_SITE,
            "copy backups to another machine",
            "fire or theft takes data and backups together",
            DESIGN,
        )


def _keys(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    if spec.encryption.keys is KeyProtection.HSM:
        yield _gap(
            "encryption.hsm-key",
            Capability.HSM_KEY,
            "files of mode 0600",
            "keys can be copied without a trace",
            DESIGN,
        )
    if spec.encryption.keys is not KeyProtection.PROVIDER:
        yield _gap(
            "encryption.customer-key",
            Capability.CUSTOMER_KEY_DATABASE,
            "encrypt the volume with a key of your own",
            "the database's files are readable on the disk",
            POSTGRESQL,
        )


def _parts(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    if spec.cluster:
        yield _gap(
            "residency.compute",
            Capability.CLUSTER,
            "run programs on this machine",
            "programs are not kept apart from the data's services",
            DESIGN,
        )
    if spec.registry:
        yield _gap(
            "inventory.known", Capability.REGISTRY, "none", "images must be kept elsewhere", DESIGN
        )


def _zones(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    if any(zone.expire_days for zone in spec.zones.values()):
        yield _gap(
            "continuity.versioning",
            Capability.OBJECT_EXPIRY,
            "delete expired objects by hand",
            "objects stay longer than `expire_days` allows",
            VERSITYGW,
        )
    if any(zone.purpose is Purpose.BACKUP for zone in spec.zones.values()):
        yield _gap(
            "continuity.immutability",
            Capability.IMMUTABLE_BACKUP,
            "backups are encrypted files of the data folder, not objects of the backup zone",
            "the machine's owner can delete them",
            DESIGN,
        )


def _database(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    yield _gap(
        "continuity.availability",
        Capability.DATABASE_SIZING,
        "the machine's own size; size and storage asked for have no effect",
        "the machine may be too small",
        DESIGN,
    )
    asked = [spec.database.availability, *([spec.cluster.availability] if spec.cluster else [])]
    if Availability.MULTI_ZONE in asked:
        yield _gap(
            "continuity.availability",
            Capability.MULTI_ZONE,
            "services that crash are restarted",
            "the warehouse stops with the machine",
            DESIGN,
        )


def _qualifications(spec: Warehouse, _settings: LocalSettings) -> Iterator[Gap]:
    for asked in spec.residency.qualifications:
        yield _gap(
            f"jurisdiction.{asked.value}",
            Capability(asked.value),
            "use synthetic data",
            "real health data may not lie here",
            DESIGN,
        )


GAPS: tuple[Callable[[Warehouse, LocalSettings], Iterator[Gap]], ...] = (
    _always,
    _upkeep,
    _residency,
    _keys,
    _parts,
    _zones,
    _database,
    _qualifications,
)


def gaps(spec: Warehouse, settings: LocalSettings) -> list[Gap]:
    """What this machine cannot do for a spec."""
    return [gap for rule in GAPS for gap in rule(spec, settings)]
