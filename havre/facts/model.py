"""What a plan means for security, in words that are no provider's.

Every property is three-valued: a `Known` value, which may say that something is absent, or
`Unknown` with the property that withholds it. A control reads these and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from havre.plan import urns

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Known(Generic[T_co]):
    """A value that the plan tells."""

    value: T_co


@dataclass(frozen=True)
class Unknown:
    """A value that is not decided yet.

    Attributes:
        property: what withholds it, such as `encryption.keyVaultProperties`.
    """

    property: str


Fact: TypeAlias = Known[T] | Unknown


NOT_TOLD = Unknown("not told by the provider's facts")
"""What a provider's facts leave out: unknown, so that it never passes for good."""


class Copy(StrEnum):
    """What a copy of data is to the warehouse.

    `SERVICE` is what holds none but serves those that do, such as a network.
    """

    PRIMARY = "primary"
    REPLICA = "replica"
    BACKUP = "backup"
    KEY = "key"
    LOG = "log"
    COMPUTE = "compute"
    SERVICE = "service"


OF_DATA = tuple(copy for copy in Copy if copy is not Copy.SERVICE)
"""Kinds of copies that hold data, or the keys to them."""


@dataclass(frozen=True)
class Place:
    """Where a copy of data lies.

    Attributes:
        copy: what it is to the warehouse.
        region: the provider's own name of the region; empty where it names none.
        country: ISO 3166-1 alpha-2; None where the region is global or not known.
        implied: what brings the copy there without naming the place; empty where it is named.
    """

    copy: Copy
    region: str
    country: str | None
    implied: str = ""


class Holding(StrEnum):
    """What a store holds."""

    ZONE = "zone"
    DATABASE = "database"
    VOLUME = "volume"
    REGISTRY = "registry"
    LOGS = "logs"
    BACKUP = "backup"
    SECRETS = "secrets"


class Right(StrEnum):
    """What a grant allows."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    ADMINISTER = "administer"
    USE_KEYS = "use-keys"
    MANAGE_KEYS = "manage-keys"
    CHANGE_LOGS = "change-logs"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Offering:
    """Under which certificate a service may fall.

    Attributes:
        offer: who offers it, and as what.
        product: the service.
        plan: on which plan; empty where it has none.
    """

    offer: str
    product: str
    plan: Fact[str] = Known("")


class Extent(StrEnum):
    """How much of something."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True)
class AboutResource:
    """What every fact says of its resource.

    Attributes:
        urn: the resource.
        type: its type token, without a version.
        tags: its labels; None where the type can carry none.
        places: where it and the copies that it brings about lie.
    """

    urn: str
    type: str
    tags: Fact[Mapping[str, str] | None] = field(kw_only=True)
    places: Fact[tuple[Place, ...]] = field(kw_only=True)

    @property
    def name(self) -> str:
        """Logical name of the resource."""
        return urns.name(self.urn)


@dataclass(frozen=True)
class Promises:
    """What a zone promises of its objects, in the words of `Store`."""

    recoverable_days: Fact[int | None]
    version_days: Fact[int | None]
    expire_days: Fact[int | None]


@dataclass(frozen=True)
class Store(AboutResource):
    """A resource that holds data.

    Attributes:
        holding: what it holds.
        offering: for qualifications.
        zone: name of the zone, where it is one's.
        encrypted: whether data are encrypted at rest.
        key: URN of the key; None where the provider uses its own.
        key_encrypts: how much of what it holds the key encrypts.
        tls_minimum: lowest TLS version accepted, such as `1.2`; None where plain text passes.
        public_read: whether anybody can read without authentication.
        public_endpoint: whether a public address answers, authenticated or not.
        private_endpoint: whether it is reached through a private address.
        shared_keys: whether an account-wide key or signature opens it.
        cross_tenant: whether it may be copied to another tenant or account.
        versions: whether earlier versions are kept; None where that has no meaning.
        locked_days: days for which nobody can change or delete a version, counted from its
            writing; 0: none.
        recoverable_days: of a zone, days for which a deleted or overwritten object can be
            restored at least, counted from then; 0: none; None: without end.
        version_days: of a zone, days for which an earlier version is kept at least, counted from
            its replacement; 0: none; None: without end.
        expire_days: of a zone, days after which an object is deleted, counted from its last
            writing; None: never.
        retention_days: of logs and backups, days for which they are kept at least; None: not
            set. A zone has none: the promises above are its own.
        backup_days: days for which a backup is kept; None: there is none.
        multi_zone: whether it stands in several zones of its site.
        guarded: whether it is protected from deletion and replacement.
        engine: engine and version, such as `postgresql 17`; None where it has none.
        extensions: of the database.
        reads_logged: whether every read and write is logged.
        administration_logged: whether administrative actions on it are logged.
        names_in_state: whether names of the objects it holds land in the deployment's state.
        segments: URNs of the segments that it stands in, or as written; None: a node in none.
        allowed: addresses that may reach it; empty: any; None: it can restrict none.
    """

    holding: Holding
    offering: Offering
    zone: str = ""
    encrypted: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    key: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    key_encrypts: Fact[Extent] = field(default=NOT_TOLD, kw_only=True)
    tls_minimum: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    public_read: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    public_endpoint: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    private_endpoint: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    shared_keys: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    cross_tenant: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    versions: Fact[bool | None] = field(default=NOT_TOLD, kw_only=True)
    locked_days: Fact[int] = field(default=NOT_TOLD, kw_only=True)
    recoverable_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    version_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    expire_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    retention_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    backup_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    multi_zone: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    guarded: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    engine: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    extensions: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    reads_logged: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    administration_logged: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    names_in_state: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    segments: Fact[tuple[str | None, ...]] = field(default=NOT_TOLD, kw_only=True)
    allowed: Fact[tuple[str, ...] | None] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Key(AboutResource):
    """An encryption key.

    Attributes:
        customer: whether the customer owns it.
        hsm: whether it is held in a hardware security module.
        rotation_days: period after which it renews itself; None: it does not.
        deletion_days: days during which a deletion can be undone; None: it cannot.
        purge_guarded: whether nobody can purge it before that.
        use_logged: whether each use is logged.
        guarded: whether it is protected from deletion.
    """

    offering: Offering
    customer: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    hsm: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    rotation_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    deletion_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    purge_guarded: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    use_logged: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    guarded: Fact[bool] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Compute(AboutResource):
    """Nodes that process data.

    Attributes:
        offering: for qualifications.
        public_api: whether its administration answers on a public address.
        allowed: addresses that may reach it; empty: any.
        secrets_key: URN of the key of its secrets; None where the provider uses its own.
        multi_zone: whether its nodes stand in several zones.
        engine: engine and version.
        local_accounts: whether it has accounts of its own, beside identities.
        private_nodes: whether nodes have private addresses only.
        segments: URNs of the segments that it stands in, or as written; None: a node in none.
        disk_key: URN of the key of its nodes' disks; None where the provider uses its own.
    """

    offering: Offering
    public_api: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    allowed: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    secrets_key: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    multi_zone: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    engine: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    local_accounts: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    private_nodes: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    segments: Fact[tuple[str | None, ...]] = field(default=NOT_TOLD, kw_only=True)
    disk_key: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Rule:
    """One rule of a firewall or security group.

    Attributes:
        allow: whether it lets traffic pass.
        inbound: its direction.
        addresses: the other side, as networks or names; `*` is any.
        ports: inclusive ranges; an empty tuple is any.
        priority: lower goes first; 0 where order has no meaning.
    """

    allow: bool
    inbound: bool
    addresses: tuple[str, ...]
    ports: tuple[tuple[int, int], ...]
    priority: int = 0


@dataclass(frozen=True)
class NetworkElement(AboutResource):
    """A network, segment, firewall or gateway.

    Attributes:
        spreads: whether it spans regions that nobody named.
        rules: its rules.
        egress_denied: whether outgoing traffic is refused but for rules; None: not its matter.
        flows_logged: whether flows are logged; None: not its matter.
        segment: name of the segment; empty where it is none.
    """

    segment: str = ""
    spreads: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    rules: Fact[tuple[Rule, ...]] = field(default=NOT_TOLD, kw_only=True)
    egress_denied: Fact[bool | None] = field(default=NOT_TOLD, kw_only=True)
    flows_logged: Fact[bool | None] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Grant(AboutResource):
    """Who may do what.

    Attributes:
        identity: URN of the identity, or its name where it is none of the plan's.
        targets: URNs of the stores, or scopes as written.
        rights: what is allowed.
        expires: last day; None: never.
        project: name of the project; empty where it is none's.
        allowed: addresses from which it holds; empty: any; None: that cannot be restricted.
    """

    identity: Fact[str] = field(default=NOT_TOLD, kw_only=True)
    targets: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    rights: Fact[frozenset[Right]] = field(default=NOT_TOLD, kw_only=True)
    expires: Fact[dt.date | None] = field(default=NOT_TOLD, kw_only=True)
    project: str = field(default="", kw_only=True)
    allowed: Fact[tuple[str, ...] | None] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Credential(AboutResource):
    """A long-lived key or password; `expires` is its last day, None: never."""

    expires: Fact[dt.date | None] = field(default=NOT_TOLD, kw_only=True)
    project: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class LogRoute(AboutResource):
    """Logs on their way: `sources` to `sinks`, both URNs."""

    sources: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    sinks: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Neutral(AboutResource):
    """A resource that bears no data and decides nothing that a control asks for."""


@dataclass(frozen=True)
class Unclassified:
    """A resource whose type the provider's facts do not know: it fails `inventory.known`.

    Attributes:
        urn: the resource.
        type: its type token.
        raised: what its facts raised; empty where the type is not known.
    """

    urn: str
    type: str
    raised: str = ""


ResourceFact: TypeAlias = (
    Store | Key | Compute | NetworkElement | Grant | Credential | LogRoute | Neutral
)
"""What can be said of one resource."""
