"""What the local provider's resources mean for security, in words that are no provider's."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.facts.model import (
    Copy,
    Credential,
    Extent,
    Fact,
    Grant,
    Holding,
    Key,
    Known,
    Network,
    Offering,
    Place,
    Plain,
    ResourceFact,
    Right,
    Store,
    Unclassified,
)
from havre.facts.read import NO, NONE, YES, ZERO, read, sources, then
from havre_local.sites import HERE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from havre.plan import Plan, PlannedResource

PREFIX = "pulumi-python:dynamic/havre-local:"
OFFERING = Offering("this machine", "havre-local")


def _country(plan: Plan) -> Fact[str | None]:
    """The country that the machine's owner has said; None where nobody has."""
    folder = next((r for r in plan.resources if r.type == f"{PREFIX}DataFolder"), None)
    return read(folder.inputs, "record.settings.country") if folder else NONE


def _base(resource: PlannedResource, plan: Plan, *copies: Copy) -> dict[str, Any]:
    """What every fact says: where, and under which labels."""
    places = then(
        _country(plan), lambda country: tuple(Place(copy, HERE, country) for copy in copies)
    )
    return {
        "urn": resource.urn,
        "type": resource.type,
        "tags": read(resource.inputs, "tags"),
        "places": places,
    }


def _store(resource: PlannedResource, plan: Plan, copy: Copy, **differs: Any) -> Store:
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
    return Store(**(_base(resource, plan, copy) | common | differs))


def _backup_days(plan: Plan) -> Fact[int | None]:
    policy = next((r for r in plan.resources if r.type == f"{PREFIX}BackupPolicy"), None)
    return read(policy.inputs, "retention_days") if policy else NONE


def _zone(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A bucket: nothing deletes in it by itself, so a version that is kept has no end."""
    versions = read(resource.inputs, "versions", default=False)
    kept: Fact[int | None] = then(versions, lambda on: None if on else 0)
    zone = _store(
        resource,
        plan,
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
        backup_days=_backup_days(plan),
        reads_logged=YES,
        administration_logged=YES,
    )
    return [zone]


def _server(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """The database: its databases and schemas are its own matter."""
    database = next((r for r in plan.resources if r.type == f"{PREFIX}Database"), None)
    extensions = read(database.inputs, "extensions", []) if database else Known([])
    served = read(resource.inputs, "asked_version")
    store = _store(
        resource,
        plan,
        Copy.PRIMARY,
        holding=Holding.DATABASE,
        tls_minimum=read(resource.inputs, "tls_minimum"),
        engine=then(served, lambda version: f"postgresql {version}"),
        extensions=then(extensions, tuple),
        backup_days=_backup_days(plan),
        guarded=Known(bool(database and database.protect)),
        reads_logged=YES,
        administration_logged=YES,
    )
    return [store]


def _logs(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    days = read(resource.inputs, "retention_days")
    return [_store(resource, plan, Copy.LOG, holding=Holding.LOGS, retention_days=days)]


def _backup(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    store = _store(
        resource,
        plan,
        Copy.BACKUP,
        holding=Holding.BACKUP,
        encrypted=YES,
        key=Known(next(iter(sources(resource, "key")), None)),
        key_encrypts=Known(Extent.ALL),
        retention_days=read(resource.inputs, "retention_days"),
    )
    return [store]


def _key(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    key = Key(
        **_base(resource, plan, Copy.KEY),
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


def _network(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """The machine's one network, where its owner has said that it stands.

    Where nobody has, every store on it fails for want of a country.
    """
    copies = () if _country(plan) == NONE else (Copy.SERVICE,)
    network = Network(
        **_base(resource, plan, *copies),
        spreads=NO,
        rules=Known(()),
        egress_denied=NO,
        flows_logged=NO,
    )
    return [network]


def _project(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A project's identity: one grant on its zones, and the passwords that it connects with."""
    expires = then(read(resource.inputs, "expires"), dt.date.fromisoformat)
    name = str(resource.inputs.get("project", ""))
    grant = Grant(
        **_base(resource, plan),
        identity=Known(resource.urn),
        targets=Known(sources(resource, "zones")),
        rights=Known(frozenset({Right.READ})),
        expires=expires,
        project=name,
    )
    return [grant, Credential(**_base(resource, plan), expires=expires, project=name)]


def _plain(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    return [Plain(**_base(resource, plan))]


CLASSES: MappingProxyType[str, Callable[[PlannedResource, Plan], Sequence[ResourceFact]]] = (
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


def facts(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact] | Unclassified:
    """The facts of one resource; a type that is not this provider's is unclassified."""
    classify = CLASSES.get(resource.type.removeprefix(PREFIX))
    if classify is None or not resource.type.startswith(PREFIX):
        return Unclassified(resource.urn, resource.type)
    return classify(resource, plan)
