"""What a provider can do and cannot, and where that was read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt


class Capability(StrEnum):
    """What a provider may be able to do."""

    ENCRYPTION_AT_REST = "encryption-at-rest"
    CUSTOMER_KEY_OBJECTS = "customer-key-objects"
    CUSTOMER_KEY_DATABASE = "customer-key-database"
    CUSTOMER_KEY_VOLUMES = "customer-key-volumes"
    CUSTOMER_KEY_CLUSTER_SECRETS = "customer-key-cluster-secrets"
    KEY_ROTATION = "key-rotation"
    KEY_DELETION_GUARD = "key-deletion-guard"
    HSM_KEY = "hsm-key"
    OBJECT_LOCK = "object-lock"
    OBJECT_EXPIRY = "object-expiry"
    OBJECT_RECOVERY = "object-recovery"
    VERSION_EXPIRY = "version-expiry"
    LEGAL_HOLD = "legal-hold"
    PUBLIC_ACCESS_BLOCK = "public-access-block"
    TLS_ONLY = "tls-only"
    PRIVATE_STORAGE_ENDPOINT = "private-storage-endpoint"
    NETWORK_PARTITION = "network-partition"
    EGRESS_CONTROL = "egress-control"
    FLOW_LOGS = "flow-logs"
    ADMINISTRATION_ACCESS = "administration-access"
    DATABASE_VERSIONS = "database-versions"
    DATABASE_SIZING = "database-sizing"
    DATABASE_ROLES = "database-roles"
    DATABASE_LOGS = "database-logs"
    CLUSTER = "cluster"
    PRIVATE_CLUSTER_API = "private-cluster-api"
    REGISTRY = "registry"
    MULTI_ZONE = "multi-zone"
    RECOVERY_SITE = "recovery-site"
    BACKUP_RESIDENCY = "backup-residency"
    BACKUP_RETENTION = "backup-retention"
    BACKUP_SCHEDULE = "backup-schedule"
    POINT_IN_TIME_RESTORE = "point-in-time-restore"
    IMMUTABLE_BACKUP = "immutable-backup"
    STORAGE_ACCESS_LOGS = "storage-access-logs"
    KEY_AUDIT_LOGS = "key-audit-logs"
    LOG_RETENTION = "log-retention"
    TAGS = "tags"
    RESIDENCY = "residency"
    OPERATOR_LAW = "operator-law"
    HDS = "hds"
    SECNUMCLOUD = "secnumcloud"
    ACCESS_EXPIRY = "access-expiry"
    SHORT_LIVED_CREDENTIALS = "short-lived-credentials"
    NAMED_PEOPLE = "named-people"
    SECOND_FACTOR = "second-factor"
    ALERTS = "alerts"
    WORKLOAD_ISOLATION = "workload-isolation"
    IMAGE_ADMISSION = "image-admission"


class Support(StrEnum):
    """How a provider answers for a capability."""

    NATIVE = "native"
    PARTIAL = "partial"
    FALLBACK = "fallback"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Supported:
    """A provider's answer for one capability, with its reason (none needed where native)."""

    support: Support
    reason: str = ""

    def __post_init__(self) -> None:
        if self.support is not Support.NATIVE and not self.reason:
            message = f"support `{self.support}` needs a reason"
            raise ValueError(message)


@dataclass(frozen=True)
class Evidence:
    """Where a statement comes from, and when that was read."""

    source: str
    read_on: dt.date


@dataclass(frozen=True)
class Gap:
    """What a provider cannot do for this spec, said where the user decides.

    Attributes:
        control: identifier of the control that the gap touches, such as `encryption.hsm-key`.
        capability: what is missing.
        support: how far the provider answers for it.
        reason: why.
        fallback: what is applied instead; "none" where nothing is.
        evidence: source and date.
        risk: what remains at risk.
        fields: paths of the spec's fields that have no effect here because of it.
    """

    control: str
    capability: Capability
    support: Support
    reason: str
    fallback: str
    evidence: Evidence
    risk: str
    fields: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The gap as JSON-ready values."""
        return {
            "control": self.control,
            "capability": self.capability.value,
            "support": self.support.value,
            "reason": self.reason,
            "fallback": self.fallback,
            "evidence": {
                "source": self.evidence.source,
                "read_on": self.evidence.read_on.isoformat(),
            },
            "risk": self.risk,
            "fields": list(self.fields),
        }


class Measure(StrEnum):
    """What a provider limits."""

    OBJECT_SIZE = "object-size"
    KEY_LENGTH = "key-length"


class Unit(StrEnum):
    """What a limit counts; characters are those of Unicode."""

    BYTES = "bytes"
    CHARACTERS = "characters"


@dataclass(frozen=True)
class Limit:
    """The largest that a provider takes of something.

    Attributes:
        value: how much.
        unit: of what.
        evidence: source and date.
    """

    value: int
    unit: Unit
    evidence: Evidence

    def below(self, other: Limit) -> bool:
        """Whether something within `other` may be beyond this one.

        A character of UTF-8 takes up to four bytes, so as many bytes as characters are fewer.
        """
        if self.unit == other.unit:
            return self.value < other.value
        return self.unit == Unit.BYTES and self.value < 4 * other.value

    def __str__(self) -> str:
        """The limit, for people."""
        return f"at most {self.value:,} {self.unit}"
