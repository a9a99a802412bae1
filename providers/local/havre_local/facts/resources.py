"""What the local provider's resources mean for security, in words that are no provider's."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from havre.facts import Facts, Index, Nomenclature, collect
from havre.facts.forms import (
    LABELS,
    MAPPING,
    NUMBER,
    TEXT,
    TEXTS,
    TRUTH,
    Forms,
    typed_plan,
    words,
)
from havre.facts.model import (
    UNTOLD,
    AboutResource,
    Bearer,
    Copy,
    Credential,
    Extent,
    Grant,
    Holder,
    Key,
    NetworkElement,
    Offering,
    Place,
    ResourceFact,
    Right,
    Unclassified,
)
from havre.facts.read import NO, NONE, YES, ZERO, day, read, sources, then
from havre.facts.stores import (
    BackupStore,
    DatabaseServer,
    DataStore,
    LogStore,
    ObjectStore,
    Storage,
)
from havre.facts.values import DOES_NOT_APPLY, Fact, Known
from havre_local.sites import HERE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from havre.plan import Plan, PlannedResource

PREFIX = "pulumi-python:dynamic/havre-local:"
F = TypeVar("F", bound=AboutResource)
B = TypeVar("B", bound=Bearer)
D = TypeVar("D", bound=DataStore)
S = TypeVar("S", bound=Storage)
OFFERING = Offering("this machine", "havre-local")


def _country(index: Index) -> Fact[str | None]:
    """The country that the machine's owner has said; None where nobody has."""
    folders = index.of("DataFolder")
    return read(folders[0].inputs, "record.settings.country") if folders else NONE


def _places(index: Index, *copies: Copy) -> Fact[tuple[Place, ...]]:
    return then(
        _country(index), lambda country: tuple(Place(copy, HERE, country) for copy in copies)
    )


def _about(kind: type[F], resource: PlannedResource, index: Index, *copies: Copy) -> F:
    """A fact of a kind, with what every fact says: where, and under which labels."""
    return kind(
        urn=resource.urn,
        type=resource.type,
        tags=read(resource.inputs, "tags", {}),
        places=_places(index, *copies),
    )


def _offered(kind: type[B], resource: PlannedResource, index: Index, copy: Copy) -> B:
    """Likewise, of a kind that bears data or the keys to them."""
    return kind(
        urn=resource.urn,
        type=resource.type,
        tags=read(resource.inputs, "tags", {}),
        places=_places(index, copy),
        offering=OFFERING,
    )


def _held(kind: type[D], resource: PlannedResource, index: Index, copy: Copy) -> D:
    """A data store with what holds for every one here, but for what differs."""
    return replace(
        _offered(kind, resource, index, copy),
        encrypted=NO,
        tls_minimum=Known("1.2"),
        public_endpoint=NO,
        private_endpoint=YES,
        shared_keys=NO,
        cross_tenant=NO,
        multi_zone=NO,
        guarded=Known(resource.protect),
        reads_logged=NO,
        administration_logged=NO,
        names_in_state=NO,
    )


def _stored(kind: type[S], resource: PlannedResource, index: Index, copy: Copy) -> S:
    """Storage, likewise."""
    return replace(
        _held(kind, resource, index, copy),
        key=NONE,
        key_encrypts=Known(Extent.NONE),
        public_read=NO,
    )


def _backup_days(index: Index) -> Fact[int | None]:
    policies = index.of("BackupPolicy")
    return read(policies[0].inputs, "retention_days") if policies else NONE


def _zone(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A bucket: nothing deletes in it by itself, so a version that is kept has no end."""
    versions = read(resource.inputs, "versions", default=False)
    kept: Fact[int | None] = then(versions, lambda on: None if on else 0)
    zone = replace(
        _stored(ObjectStore, resource, index, Copy.PRIMARY),
        zone=str(resource.inputs.get("zone", "")),
        key=Known(next(iter(sources(resource, "key")), None)),
        key_encrypts=Known(Extent.SOME),  # Parquet that is written through Havre
        versions=versions,
        locked_days=read(resource.inputs, "immutable_days", 0),
        recoverable_days=kept,
        version_days=kept,
        expire_days=NONE,
        backup_days=_backup_days(index),
        undelete_days=ZERO,
        reads_logged=YES,
        administration_logged=YES,
    )
    return [zone]


def _server(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """The database: its databases and schemas are its own matter."""
    database = next(iter(index.of("Database")), None)
    extensions = read(database.inputs, "extensions", []) if database else Known([])
    served = read(resource.inputs, "asked_version")
    store = replace(
        _held(DatabaseServer, resource, index, Copy.PRIMARY),
        key=NONE,
        key_encrypts=Known(Extent.NONE),
        tls_minimum=read(resource.inputs, "tls_minimum"),
        engine=then(served, lambda version: f"postgresql {version}"),
        extensions=then(extensions, tuple),
        segments=Known(()),  # the machine has one network, its own
        replica_of=NONE,
        backup_days=_backup_days(index),
        guarded=Known(bool(database and database.protect)),
        reads_logged=YES,
        administration_logged=YES,
    )
    return [store]


def _logs(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    days = read(resource.inputs, "retention_days")
    logs = _stored(LogStore, resource, index, Copy.LOG)
    return [replace(logs, retention_days=days, longest_days=days, locked_days=ZERO)]


def _backup(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    store = replace(
        _stored(BackupStore, resource, index, Copy.BACKUP),
        encrypted=YES,
        key=Known(next(iter(sources(resource, "key")), None)),
        key_encrypts=Known(Extent.ALL),
        retention_days=read(resource.inputs, "retention_days"),
        longest_days=read(resource.inputs, "retention_days"),  # `havre backup` deletes them then
        locked_days=ZERO,
    )
    return [store]


def _key(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    key = replace(
        _offered(Key, resource, index, Copy.KEY),
        customer=YES,
        hsm=NO,
        rotation_days=read(resource.inputs, "rotation_days"),
        deletion_days=NONE,
        purge_guarded=NO,
        use_logged=NO,
        guarded=Known(resource.protect),
    )
    return [key]


def _part(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A database or a schema: told with the server, lost alone."""
    return [replace(_about(Holder, resource, index), guarded=Known(resource.protect))]


INSIDE = ("Zone", "Database", "Schema", "Key", "LogStore", "BackupPolicy")
"""What a data folder holds, by type: deleted, it takes all of it."""


def _holder(resource: PlannedResource, index: Index, *kinds: str) -> Holder:
    """What holds others: it needs no guard of its own where all that is in it are guarded."""
    inside = [each.protect for each in index.of(*kinds)]
    kept = Known(resource.protect or all(inside)) if inside else DOES_NOT_APPLY
    return replace(_about(Holder, resource, index), guarded=kept)


def _service(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """The service of all zones: deleted, it takes every object along."""
    return [_holder(resource, index, "Zone")]


def _folder(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """The data folder, which is also where the machine's one network is told."""
    return [*_network(resource, index), _holder(resource, index, *INSIDE)]


def _network(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """The machine's one network, where its owner has said that it stands.

    Where nobody has, every store on it fails for want of a country.
    """
    copies = () if _country(index) == NONE else (Copy.SERVICE,)
    network = replace(
        _about(NetworkElement, resource, index, *copies),
        spreads=NO,
        rules=Known(()),
        egress_denied=NO,
        flows_logged=NO,
        border=DOES_NOT_APPLY,
        names_logged=NO,
        names_filtered=NO,
    )
    return [network]


def _project(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A project's identity: one grant on its zones, and the passwords that it connects with."""
    expires = day(read(resource.inputs, "expires"), "expires")
    told = read(resource.inputs, "project")
    name = str(told.value) if isinstance(told, Known) and told.value else UNTOLD
    grant = replace(
        _about(Grant, resource, index),
        identity=Known(resource.urn),
        targets=Known(sources(resource, "zones")),
        rights=Known(frozenset({Right.READ})),
        expires=expires,
        project=name,
        locked=NO,
        members=then(read(resource.inputs, "members", ()), tuple),
        second_factor=NO,
    )
    password = _about(Credential, resource, index)
    return [grant, replace(password, expires=expires, project=name)]


CLASSES: MappingProxyType[str, Callable[[PlannedResource, Index], Sequence[ResourceFact]]] = (
    MappingProxyType(
        {
            "DataFolder": _folder,
            "Key": _key,
            "LogStore": _logs,
            "ObjectStore": _service,
            "Zone": _zone,
            "DatabaseServer": _server,
            "Database": _part,
            "Schema": _part,
            "ProjectAccess": _project,
            "BackupPolicy": _backup,
        }
    )
)
"""What each type of this machine is."""


def kind(token: str) -> str:
    """The class, such as `BackupPolicy`; empty for another provider's type."""
    return token.removeprefix(PREFIX) if token.startswith(PREFIX) else ""


NOMENCLATURE = Nomenclature(kind)

FORMS: Forms = MappingProxyType(
    {
        **dict.fromkeys(("country", "expires", "project", "zone"), TEXT),
        **dict.fromkeys(
            ("asked_version", "immutable_days", "retention_days", "rotation_days"), NUMBER
        ),
        **dict.fromkeys(("record", "settings"), MAPPING),
        "extensions": TEXTS,
        "tags": LABELS,
        "tls_minimum": words("1.2", "1.3"),
        "versions": TRUTH,
    }
)
"""How the properties that facts read are written, by name."""


def facts(plan: Plan) -> Facts:
    """What a plan means; a type that is not this provider's is unclassified."""
    read, typed = typed_plan(plan, FORMS)
    index = Index(read, NOMENCLATURE)
    return collect(plan, lambda resource: _facts(typed(resource), index))


def _facts(resource: PlannedResource, index: Index) -> Sequence[ResourceFact] | Unclassified:
    classify = CLASSES.get(index.kind(resource))
    return classify(resource, index) if classify else Unclassified(resource.urn, resource.type)
