"""What the local provider's resources mean for security, in words that are no provider's."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.facts import Facts, Index, Nomenclature, collect
from havre.facts.forms import (
    LABELS,
    MAPPING,
    NUMBER,
    TEXT,
    TEXTS,
    TRUTH,
    Forms,
    typed,
    typed_plan,
    words,
)
from havre.facts.model import (
    Copy,
    Credential,
    Extent,
    Fact,
    Grant,
    Holding,
    Key,
    Known,
    NetworkElement,
    Neutral,
    Offering,
    Place,
    ResourceFact,
    Right,
    Store,
    Unclassified,
)
from havre.facts.read import NO, NONE, YES, ZERO, day, read, sources, then
from havre_local.sites import HERE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from havre.plan import Plan, PlannedResource

PREFIX = "pulumi-python:dynamic/havre-local:"
OFFERING = Offering("this machine", "havre-local")


def _country(index: Index) -> Fact[str | None]:
    """The country that the machine's owner has said; None where nobody has."""
    folders = index.of("DataFolder")
    return read(folders[0].inputs, "record.settings.country") if folders else NONE


def _base(resource: PlannedResource, index: Index, *copies: Copy) -> dict[str, Any]:
    """What every fact says: where, and under which labels."""
    places = then(
        _country(index), lambda country: tuple(Place(copy, HERE, country) for copy in copies)
    )
    return {
        "urn": resource.urn,
        "type": resource.type,
        "tags": read(resource.inputs, "tags"),
        "places": places,
    }


def _store(resource: PlannedResource, index: Index, copy: Copy, **differs: Any) -> Store:
    """A store with what holds for every service here, but for what differs."""
    common: dict[str, Any] = {
        "offering": OFFERING,
        "encrypted": NO,
        "key": NONE,
        "key_encrypts": Known(Extent.NONE),
        "tls_minimum": Known("1.2"),
        "public_read": NO,
        "public_endpoint": NO,
        "private_endpoint": YES,
        "shared_keys": NO,
        "cross_tenant": NO,
        "versions": NONE,
        "locked_days": ZERO,
        "recoverable_days": ZERO,
        "version_days": ZERO,
        "expire_days": NONE,
        "retention_days": NONE,
        "backup_days": NONE,
        "multi_zone": NO,
        "guarded": Known(resource.protect),
        "engine": NONE,
        "extensions": Known(()),
        "reads_logged": NO,
        "administration_logged": NO,
        "segments": Known(()),  # the machine has one network, its own
        "names_in_state": NO,
    }
    return Store(**(_base(resource, index, copy) | common | differs))


def _backup_days(index: Index) -> Fact[int | None]:
    policies = index.of("BackupPolicy")
    return read(policies[0].inputs, "retention_days") if policies else NONE


def _zone(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A bucket: nothing deletes in it by itself, so a version that is kept has no end."""
    versions = read(resource.inputs, "versions", default=False)
    kept: Fact[int | None] = then(versions, lambda on: None if on else 0)
    zone = _store(
        resource,
        index,
        Copy.PRIMARY,
        holding=Holding.ZONE,
        zone=str(resource.inputs.get("zone", "")),
        key=Known(next(iter(sources(resource, "key")), None)),
        key_encrypts=Known(Extent.SOME),  # Parquet that is written through Havre
        versions=versions,
        locked_days=read(resource.inputs, "immutable_days", 0),
        recoverable_days=kept,
        version_days=kept,
        expire_days=NONE,
        backup_days=_backup_days(index),
        reads_logged=YES,
        administration_logged=YES,
    )
    return [zone]


def _server(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """The database: its databases and schemas are its own matter."""
    database = next(iter(index.of("Database")), None)
    extensions = read(database.inputs, "extensions", []) if database else Known([])
    served = read(resource.inputs, "asked_version")
    store = _store(
        resource,
        index,
        Copy.PRIMARY,
        holding=Holding.DATABASE,
        tls_minimum=read(resource.inputs, "tls_minimum"),
        engine=then(served, lambda version: f"postgresql {version}"),
        extensions=then(extensions, tuple),
        backup_days=_backup_days(index),
        guarded=Known(bool(database and database.protect)),
        reads_logged=YES,
        administration_logged=YES,
    )
    return [store]


def _logs(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    days = read(resource.inputs, "retention_days")
    return [_store(resource, index, Copy.LOG, holding=Holding.LOGS, retention_days=days)]


def _backup(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    store = _store(
        resource,
        index,
        Copy.BACKUP,
        holding=Holding.BACKUP,
        encrypted=YES,
        key=Known(next(iter(sources(resource, "key")), None)),
        key_encrypts=Known(Extent.ALL),
        retention_days=read(resource.inputs, "retention_days"),
    )
    return [store]


def _key(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    key = Key(
        **_base(resource, index, Copy.KEY),
        offering=OFFERING,
        customer=YES,
        hsm=NO,
        rotation_days=read(resource.inputs, "rotation_days"),
        deletion_days=NONE,
        purge_guarded=NO,
        use_logged=NO,
        guarded=Known(resource.protect),
    )
    return [key]


def _network(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """The machine's one network, where its owner has said that it stands.

    Where nobody has, every store on it fails for want of a country.
    """
    copies = () if _country(index) == NONE else (Copy.SERVICE,)
    network = NetworkElement(
        **_base(resource, index, *copies),
        spreads=NO,
        rules=Known(()),
        egress_denied=NO,
        flows_logged=NO,
    )
    return [network]


def _project(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A project's identity: one grant on its zones, and the passwords that it connects with."""
    expires = day(read(resource.inputs, "expires"), "expires")
    name = str(resource.inputs.get("project", ""))
    grant = Grant(
        **_base(resource, index),
        identity=Known(resource.urn),
        targets=Known(sources(resource, "zones")),
        rights=Known(frozenset({Right.READ})),
        expires=expires,
        project=name,
    )
    return [grant, Credential(**_base(resource, index), expires=expires, project=name)]


def _plain(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    return [Neutral(**_base(resource, index))]


CLASSES: MappingProxyType[str, Callable[[PlannedResource, Index], Sequence[ResourceFact]]] = (
    MappingProxyType(
        {
            "DataFolder": _network,
            "Key": _key,
            "LogStore": _logs,
            "ObjectStore": _plain,
            "Zone": _zone,
            "DatabaseServer": _server,
            "Database": _plain,
            "Schema": _plain,
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
    index = Index(typed_plan(plan, FORMS), NOMENCLATURE)
    return collect(plan, lambda resource: _facts(typed(resource, FORMS), index))


def _facts(resource: PlannedResource, index: Index) -> Sequence[ResourceFact] | Unclassified:
    classify = CLASSES.get(index.kind(resource))
    return classify(resource, index) if classify else Unclassified(resource.urn, resource.type)
