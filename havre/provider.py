"""The contract of a provider, and the discovery of those installed.

A provider is an object with the members of `Provider`; what it can and cannot do is
declared in `capabilities` and `gaps`, never found out at run time. Providers register
under the entry point group `havre.providers`.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from havre.errors import BugError, InputError, MissingDependencyError
from havre.installed import registered

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from pydantic import BaseModel

    from havre.facts.model import ResourceFact, Unclassified
    from havre.parts import Parts
    from havre.plan.model import Plan, PlannedResource
    from havre.site import Site
    from havre.spec import Warehouse

ENTRY_POINT_GROUP = "havre.providers"


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


@dataclass(frozen=True)
class Limit:
    """The largest that a provider takes of something.

    Attributes:
        value: how much.
        unit: of what: `bytes` or `characters`.
        evidence: source and date.
    """

    value: int
    unit: str
    evidence: Evidence

    def below(self, other: Limit) -> bool:
        """Whether something within `other` may be beyond this one.

        A character of UTF-8 takes up to four bytes, so as many bytes as characters are fewer.
        """
        if self.unit == other.unit:
            return self.value < other.value
        return self.unit == "bytes" and self.value < 4 * other.value

    def __str__(self) -> str:
        """The limit, for people."""
        return f"at most {self.value:,} {self.unit}"


@dataclass(frozen=True)
class Operator:
    """The legal entity that runs a provider's services.

    Attributes:
        entity: legal name.
        country: country of its ultimate parent, ISO 3166-1 alpha-2; None where nobody's but
            the user's own.
        laws: laws that can compel it to hand data over, as areas or countries.
    """

    entity: str
    country: str | None
    laws: tuple[str, ...]


class ServiceState(StrEnum):
    """What a service of a running warehouse does."""

    RUNNING = "running"
    STOPPED = "stopped"
    RESTARTING = "restarting"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True)
class ServiceStatus:
    """A service, as probed now."""

    name: str
    state: ServiceState
    endpoint: str
    detail: str = ""


@dataclass(frozen=True)
class ProjectConnection:
    """What a researcher's programs need to reach a project's data.

    Attributes:
        project: name of the project.
        environment: variables for psql, AWS-compatible clients and this toolkit; secrets are
            in files that they name.
        zones: bucket by zone.
        schemas: database schema by zone.
        secrets: the secrets themselves, read only when asked for.
    """

    project: str
    environment: Mapping[str, str]
    zones: Mapping[str, str]
    schemas: Mapping[str, str]
    secrets: Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class BackupSummary:
    """A backup that was written and read back.

    Attributes:
        path: where it lies.
        created: when, UTC.
        objects: object versions held.
        rows: rows of all tables held.
        size: bytes on disk.
    """

    path: Path
    created: dt.datetime
    objects: int
    rows: int
    size: int


@dataclass(frozen=True)
class Kept:
    """An object version that its lock keeps from destruction."""

    zone: str
    key: str
    until: dt.datetime | None


@runtime_checkable
class NeedsEnvironment(Protocol):
    """Settings of a provider whose deployment also reads the environment of the run."""

    def lacking(self) -> Sequence[str]:
        """Names of the variables, all secrets, that the environment lacks."""
        ...


class Operations(Protocol):
    """What an administrator does with a warehouse that stands.

    Every member raises `havre.errors.HavreError` with a remedy where it cannot.
    """

    def status(self) -> Sequence[ServiceStatus]:
        """Every service, probed now."""
        ...

    def connect(self, project: str) -> ProjectConnection:
        """What researchers of `project` need."""
        ...

    def backup(self) -> BackupSummary:
        """Write a backup and read it back."""
        ...

    def restore(self, backup: Path, keys: Path, passphrase: str) -> BackupSummary:
        """Load a backup into this warehouse, which must be empty, and verify it."""
        ...

    def export_keys(self, target: Path, passphrase: str) -> None:
        """Write all keys to `target`, encrypted under `passphrase`."""
        ...

    def stop(self) -> None:
        """Stop the services; data stay."""
        ...

    def destroy(self) -> Sequence[Kept]:
        """Delete all data that no lock protects; return what was kept."""
        ...


@runtime_checkable
class Provider(Protocol):
    """The whole contract of a provider."""

    @property
    def name(self) -> str:
        """Name on the command line."""
        ...

    @property
    def operator(self) -> Operator:
        """Who runs its services, and the laws that bind them."""
        ...

    @property
    def sites(self) -> Mapping[str, Site]:
        """Logical sites it has."""
        ...

    @property
    def capabilities(self) -> Mapping[Capability, Supported]:
        """Its answer for every capability; one that is not there counts as unknown."""
        ...

    @property
    def remedies(self) -> Mapping[str, str]:
        """By identifier of a control, what to do about it here; it may be empty."""
        ...

    @property
    def limits(self) -> Mapping[str, Limit]:
        """Its limits on `object-size` and `key-length`; one that is not there is not known."""
        ...

    @property
    def settings(self) -> type[BaseModel]:
        """What a stack must say beyond the spec."""
        ...

    def parts(self, settings: BaseModel) -> Parts:
        """The builders of the warehouse's parts."""
        ...

    def gaps(self, spec: Warehouse, settings: BaseModel) -> Sequence[Gap]:
        """What it cannot do for this spec."""
        ...

    def facts(self, resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact] | Unclassified:
        """What a resource means for security; `Unclassified` for a type it does not know."""
        ...

    def operations(self, settings: BaseModel) -> Operations:
        """What can be done with a warehouse that stands."""
        ...


LIMITED = ("object-size", "key-length")
"""What a provider's limits are of."""


def limits(here: Provider, there: Provider) -> Iterator[tuple[str, Limit | None, Limit | None]]:
    """By name, the limits of two providers; None where one is not known."""
    for name in LIMITED:
        yield name, here.limits.get(name), there.limits.get(name)


MEMBERS = (
    "name",
    "operator",
    "sites",
    "capabilities",
    "remedies",
    "limits",
    "settings",
    "parts",
    "gaps",
    "facts",
    "operations",
)


@dataclass(frozen=True)
class Installed:
    """A provider that is registered; `error` says why it cannot be loaded, if it cannot."""

    name: str
    distribution: str
    provider: Provider | None
    error: str = ""


def _load(entry: EntryPoint) -> Installed:
    """Load one entry point; whatever its import raises becomes the `error`."""
    distribution = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown"
    try:
        provider = entry.load()
    except Exception as error:  # noqa: BLE001 - a stranger's import may raise anything
        return Installed(entry.name, distribution, None, f"{type(error).__name__}: {error}")
    missing = [member for member in MEMBERS if not hasattr(provider, member)]
    if missing:
        return Installed(entry.name, distribution, None, f"it lacks {', '.join(missing)}")
    return Installed(entry.name, distribution, provider)


def installed() -> list[Installed]:
    """Every registered provider, loaded, by name."""
    return [_load(entry) for entry in registered(ENTRY_POINT_GROUP)]


def find(name: str) -> Provider:
    """The provider of that name.

    Raises:
        MissingDependencyError: no installed distribution registers it.
        BugError: one does, but it cannot be loaded.
    """
    entries = {entry.name: entry for entry in registered(ENTRY_POINT_GROUP)}
    if name not in entries:
        close = difflib.get_close_matches(name, entries, n=1)
        hint = f"Did you mean `{close[0]}`? " if close else ""
        message = f"provider `{name}` is not installed (installed: {', '.join(sorted(entries))})"
        raise MissingDependencyError(message, f"{hint}{_how_to_install(name)}")
    found = _load(entries[name])
    if found.provider is None:
        message = f"provider `{name}` is installed but broken ({found.distribution}): {found.error}"
        raise BugError(message, f"Reinstall {found.distribution} or report it to its makers.")
    return found.provider


def _how_to_install(name: str) -> str:
    """How to come by a provider: an extra of this distribution, or another's."""
    try:
        known = metadata("havre").get_all("Provides-Extra") or []
    except PackageNotFoundError:
        known = []
    if name in known:
        return f"Install it with: pip install 'havre[{name}]'"
    return f"Install the distribution that registers it under `{ENTRY_POINT_GROUP}`."


def resolve_site(provider: Provider, name: str) -> Site:
    """The provider's site of that name.

    Raises:
        InputError: it has none; the message lists those it has.
    """
    try:
        return provider.sites[name]
    except KeyError:
        message = f"provider `{provider.name}` has no site `{name}`"
        raise InputError(message, f"It has: {', '.join(sorted(provider.sites))}.") from None
