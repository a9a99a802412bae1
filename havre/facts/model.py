"""What a plan means for security, in words that are no provider's.

Every property is a `Known` value, or `Unknown` with the property that withholds it; one that some
resources of a kind cannot have may be `DoesNotApply`. A control reads these and nothing else. What
holds data is in `havre.facts.stores`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from havre.facts.strangers import Suspicion, suspected
from havre.facts.values import NOT_TOLD, Fact, Known, MayApply
from havre.plan import urns

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from havre.facts.stores import DataStore


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


NO_PLAN: Fact[str] = Known("")


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
    plan: Fact[str] = NO_PLAN


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
        tags: its labels; they do not apply to a type that can carry none.
        places: where it and the copies that it brings about lie.
    """

    urn: str
    type: str
    tags: MayApply[Mapping[str, str]] = field(kw_only=True)
    places: Fact[tuple[Place, ...]] = field(kw_only=True)

    @property
    def name(self) -> str:
        """Logical name of the resource."""
        return urns.name(self.urn)


@dataclass(frozen=True)
class Bearer(AboutResource):
    """What bears data or the keys to them: a data store, a key, or nodes.

    Attributes:
        offering: for qualifications.
    """

    offering: Offering


@dataclass(frozen=True)
class Key(Bearer):
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

    customer: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    hsm: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    rotation_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    deletion_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    purge_guarded: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    use_logged: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    guarded: Fact[bool] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Namespace:
    """Where programs of one project run in a cluster.

    Attributes:
        name: of the namespace, which is its project's.
        isolated: whether its programs are kept apart from all others.
        opened: what opens it, or is missing in it, as a finding says it.
    """

    name: str
    isolated: Fact[bool]
    opened: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compute(Bearer):
    """Nodes that process data.

    Attributes:
        public_api: whether its administration answers on a public address.
        allowed: addresses that may reach it; empty: any.
        secrets_key: URN of the key of its secrets; None where the provider uses its own.
        multi_zone: whether its nodes stand in several zones.
        engine: engine and version.
        local_accounts: whether it has accounts of its own, beside identities.
        private_nodes: whether nodes have private addresses only.
        segments: URNs of the segments that it stands in, or as written; None: a node in none.
        disk_key: URN of the key of its nodes' disks; None where the provider uses its own.
        guarded: whether it, and the volumes that go with it, are protected from deletion.
        api_logged: whether every action on its API is logged, and sent to a store of logs.
        isolated: whether programs of projects are kept apart within it: by namespace, network
            policy, restricted pods and quotas.
        namespaces: the namespaces that the plan makes in it; they do not apply where it makes no
            object of Kubernetes.
        system_apart: whether its own programs have nodes on which no project's run.
        images_checked: whether it runs only images by digest or signature, which are scanned.
    """

    public_api: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    allowed: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    secrets_key: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    multi_zone: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    engine: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    local_accounts: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    private_nodes: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    segments: Fact[tuple[str | None, ...]] = field(default=NOT_TOLD, kw_only=True)
    disk_key: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    guarded: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    api_logged: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    isolated: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    namespaces: MayApply[tuple[Namespace, ...]] = field(default=NOT_TOLD, kw_only=True)
    system_apart: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    images_checked: Fact[bool] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Rule:
    """One rule of a firewall or security group.

    Attributes:
        allow: whether it lets traffic pass.
        inbound: its direction.
        addresses: the other side, as networks or names; `*` is any.
        ports: inclusive ranges on the destination; an empty tuple is any.
        priority: lower goes first; 0 where order has no meaning.
        protocols: such as `tcp`; an empty tuple is any.
        own: this side's addresses, as networks or names; `*` is any.
        source_ports: inclusive ranges on the source; an empty tuple is any.
        shared: names among `addresses` of services where anybody can have a place of their own.
        withheld: what withholds part of the rule, which then is as wide as it may be; empty where
            all of it is told.
    """

    allow: bool
    inbound: bool
    addresses: tuple[str, ...]
    ports: tuple[tuple[int, int], ...]
    priority: int = 0
    protocols: tuple[str, ...] = ()
    own: tuple[str, ...] = ("*",)
    source_ports: tuple[tuple[int, int], ...] = ()
    shared: tuple[str, ...] = ()
    withheld: str = ""


@dataclass(frozen=True)
class NetworkElement(AboutResource):
    """A network, segment, firewall or gateway.

    Attributes:
        spreads: whether it spans regions that nobody named.
        rules: its rules.
        egress_denied: whether outgoing traffic is refused but for rules, where that is its matter.
        flows_logged: whether flows are logged, where that is its matter.
        segment: name of the segment; empty where it is none.
        border: rules of the security group of a segment, of those that decide: where routes lead
            all that leaves away, none of what leaves. They do not apply to anything else.
        names_logged: whether each name that is asked for in it is logged, where that is its matter.
        names_filtered: whether names that nobody listed are not resolved, where that is its matter.
    """

    segment: str = ""
    spreads: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    rules: Fact[tuple[Rule, ...]] = field(default=NOT_TOLD, kw_only=True)
    egress_denied: MayApply[bool] = field(default=NOT_TOLD, kw_only=True)
    flows_logged: MayApply[bool] = field(default=NOT_TOLD, kw_only=True)
    border: MayApply[tuple[Rule, ...]] = field(default=NOT_TOLD, kw_only=True)
    names_logged: MayApply[bool] = field(default=NOT_TOLD, kw_only=True)
    names_filtered: MayApply[bool] = field(default=NOT_TOLD, kw_only=True)


UNTOLD = "not known"
"""In place of a project's name where it is withheld. No project bears it, so what is asked of
projects fails."""


@dataclass(frozen=True)
class Grant(AboutResource):
    """Who may do what.

    Attributes:
        identity: URN of the identity, or its name where it is none of the plan's.
        targets: URNs of the stores, or scopes as written.
        rights: what is allowed.
        expires: last day; None: never.
        project: name of the project; empty where it is none's, `UNTOLD` where that is not known.
        allowed: addresses from which it holds; empty: any. They do not apply where nothing can
            restrict it.
        locked: whether the provider refuses to delete it while something else is there, such as a
            lock on what it opens.
        members: pseudonyms of those who each use it with an identity of their own; anyone else who
            may use it shares one. They do not apply where a plan names no people.
        second_factor: whether whoever uses it has proved a second factor. It does not apply where
            people sign in elsewhere.
    """

    identity: Fact[str] = field(default=NOT_TOLD, kw_only=True)
    targets: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    rights: Fact[frozenset[Right]] = field(default=NOT_TOLD, kw_only=True)
    expires: Fact[dt.date | None] = field(default=NOT_TOLD, kw_only=True)
    project: str = field(default="", kw_only=True)
    allowed: MayApply[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    locked: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    members: MayApply[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    second_factor: MayApply[bool] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Credential(AboutResource):
    """A long-lived key or password; `expires` is its last day, None: never."""

    expires: Fact[dt.date | None] = field(default=NOT_TOLD, kw_only=True)
    project: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class LogRoute(AboutResource):
    """Logs on their way.

    Attributes:
        sources: URNs of what writes them.
        sinks: URNs of where they go.
        kept_days: days after which the route itself deletes them where they arrived; None: never.
    """

    sources: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    sinks: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    kept_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)


class Signal(StrEnum):
    """What somebody must be told of while it can still be undone."""

    KEY_LOSS = "key-loss"
    LOCK_REMOVAL = "lock-removal"
    DENIED_READING = "denied-reading"
    MASS_READING = "mass-reading"
    EXPORT = "export"


@dataclass(frozen=True)
class Alert(AboutResource):
    """A rule that tells somebody.

    Attributes:
        signals: what it tells of, wherever in the warehouse it happens.
        told: whether it is on, and somebody is told.
    """

    signals: Fact[tuple[Signal, ...]] = field(default=NOT_TOLD, kw_only=True)
    told: Fact[bool] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Neutral(AboutResource):
    """A resource that bears no data and decides nothing that a control asks for."""


@dataclass(frozen=True)
class Holder(AboutResource):
    """What is no data store itself, and takes data with it when it is deleted.

    A part of a store, what stores stand in, or what makes data readable.

    Attributes:
        guarded: whether it is protected from deletion; does not apply where the plan shows no
            data in it, which may yet be there.
    """

    guarded: MayApply[bool] = field(default=NOT_TOLD, kw_only=True)


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

    @property
    def suspicion(self) -> Suspicion:
        """What the type may do for all that its name tells."""
        return suspected(self.type)


ResourceFact: TypeAlias = (
    "DataStore | Key | Compute | NetworkElement | Grant | Credential | LogRoute | Alert | Holder "
    "| Neutral"
)
"""What can be said of one resource."""
