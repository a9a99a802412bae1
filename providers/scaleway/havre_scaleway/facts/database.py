"""Database: managed PostgreSQL, and what is beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.model import Copy, Credential, Extent, Grant, Holder, Place, Right
from havre.facts.read import (
    NO,
    NONE,
    YES,
    at_best,
    day,
    each,
    every,
    gathered,
    labels,
    nameless,
    read,
    some,
    then,
)
from havre.facts.stores import BackupStore, DatabaseServer
from havre.facts.values import DOES_NOT_APPLY, Fact, Known, Unknown
from havre_scaleway.facts.network import restriction
from havre_scaleway.facts.places import OTHER_REGION, place
from havre_scaleway.facts.properties import (
    about,
    guarded,
    is_set,
    lies_in,
    offered,
    region_of,
    segment_of,
    stored,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource

PRODUCT = "PostgreSQL"
INSTANCE, ACL, DATABASE = "databases.Instance", "databases.Acl", "databases.Database"
BLOCK = ("sbs_5k", "sbs_15k")
"""Volumes whose backups are snapshots, which are encrypted as the server is."""
ENGINE = re.compile(r"(?i)postgresql-([0-9]{1,2})")
DEFAULT_BACKUP_DAYS = 7
PGAUDIT = "rdb.enable_pgaudit"
EXTENSION = Unknown("extension pgaudit, which CREATE EXTENSION creates and no argument shows")
SECOND_NODE = Unknown("isHaCluster: no argument shows the zone of the second node")


def server(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A managed database, and the addresses that it lets in.

    Where nothing is said of its network, it has a public endpoint. Backups of a local volume are
    logical ones, which are never encrypted (Scaleway, PostgreSQL encryption at rest, 2025-06-23).
    """
    inputs = resource.inputs
    private, public = _private(resource), _public(resource)
    parts = index.computed(DATABASE, "instanceId", resource)
    where = gathered([lies_in(resource, Copy.PRIMARY), _backups(resource)])
    made = replace(
        offered(DatabaseServer, resource, index, where, PRODUCT),
        encrypted=_encrypted(resource),
        key=NONE,
        key_encrypts=Known(Extent.ALL),
        tls_minimum=Known(None),  # the server does not require TLS, and no argument makes it
        public_endpoint=public,
        private_endpoint=private,
        backup_days=_backup_days(resource),
        multi_zone=_several(resource),
        guarded=every([guarded(resource), *map(guarded, parts)]),
        engine=then(read(inputs, "engine"), _engine),
        extensions=Unknown("extensions, which CREATE EXTENSION creates and no argument shows"),
        shared_keys=NO,
        cross_tenant=NO,
        reads_logged=_logged(resource),
        administration_logged=NO,
        names_in_state=NO,
        segments=_segments(resource, index),
        replica_of=NONE,
        allowed=_allowed(resource, index),
    )
    return [made]


def _engine(told: Any) -> str | None:
    """Engine and version as facts write them: `postgresql 17`."""
    if not told:
        return None
    found = ENGINE.fullmatch(str(told))
    return f"postgresql {found[1]}" if found else str(told).lower().replace("-", " ")


def _encrypted(resource: PlannedResource) -> Fact[bool]:
    """Whether the volume and its backups are encrypted: off unless it is said."""
    inputs = resource.inputs
    whole = then(read(inputs, "encryptionAtRest", default=False), lambda on: on is True)
    block = then(read(inputs, "volumeType", "lssd"), lambda kind: kind in BLOCK)
    none = then(read(inputs, "disableBackup", default=False), lambda off: off is True)
    return every([whole, some([block, none])])


def _private(resource: PlannedResource) -> Fact[bool]:
    """Whether it has an endpoint in a private network."""
    network = resource.inputs.get("privateNetwork")
    if not isinstance(network, dict):
        return is_set(resource, network, "privateNetwork")
    return is_set(resource, network.get("pnId"), "privateNetwork")


def _public(resource: PlannedResource) -> Fact[bool]:
    """Whether it has a public one: if that is said, or if nothing is."""
    balancer = resource.inputs.get("loadBalancer")
    asked = (
        Known(True) if isinstance(balancer, dict) else is_set(resource, balancer, "loadBalancer")
    )
    return some([asked, then(_private(resource), lambda private: not private)])


def _backups(resource: PlannedResource) -> Fact[tuple[Place, ...]]:
    """Where backups lie: with the server, or in another region unless that is forbidden."""
    same = read(resource.inputs, "backupSameRegion", default=False)
    off = read(resource.inputs, "disableBackup", default=False)
    if off == YES:
        return Known(())
    if isinstance(same, Unknown):
        return Unknown("backupSameRegion")
    if same.value is not True:
        return Known((place(Copy.BACKUP, None, OTHER_REGION),))
    return then(region_of(resource), lambda region: (place(Copy.BACKUP, region),))


def _backup_days(resource: PlannedResource) -> Fact[int | None]:
    """Days for which an automatic backup is kept."""
    off = read(resource.inputs, "disableBackup", default=False)
    if isinstance(off, Unknown):
        return off
    if off.value is True:
        return NONE
    kept = read(resource.inputs, "backupScheduleRetention", DEFAULT_BACKUP_DAYS)
    return then(kept, int)


def _several(resource: PlannedResource) -> Fact[bool]:
    """One node is in one zone; where the second is, no source says."""
    told = read(resource.inputs, "isHaCluster", default=False)
    if isinstance(told, Unknown):
        return told
    return SECOND_NODE if told.value is True else NO


def _logged(resource: PlannedResource) -> Fact[bool]:
    """Whether statements are logged: pgaudit is loaded by a setting, and started with SQL."""
    settings = labels(resource.inputs, "settings")
    told = at_best(settings, {}).get(PGAUDIT)
    if told is None:
        return settings if isinstance(settings, Unknown) else NO
    return EXTENSION if str(told).lower() in ("on", "true") else NO


def _segments(resource: PlannedResource, index: Index) -> Fact[tuple[str | None, ...]]:
    """The segment of the server; none where it has no private endpoint."""
    network = resource.inputs.get("privateNetwork")
    inner = network.get("pnId") if isinstance(network, dict) else network
    found = segment_of(resource, index, "privateNetwork", inner)
    return then(found, lambda urn: (urn,))


def _allowed(server: PlannedResource, index: Index) -> Fact[tuple[str, ...]]:
    """Addresses that may connect; any where no list says otherwise."""
    lists = index.computed(ACL, "instanceId", server)
    return gathered(addresses(found) for found in lists) if lists else Known(())


def addresses(acl: PlannedResource) -> Fact[tuple[str, ...]]:
    """The addresses of a list, which replaces every rule of its server."""
    return each(acl.inputs, "aclRules", "ip", "aclRules[].ip", needed=True)


def acl(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Which addresses a database lets in."""
    return [restriction(resource, index, addresses(resource))]


def database(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A database in a server: told with the server, lost alone."""
    return [replace(about(Holder, resource, index), guarded=guarded(resource))]


def user(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A user of a server, whose password never ends; an administrator may do everything."""
    password = replace(about(Credential, resource, index), expires=NONE)
    admin = read(resource.inputs, "isAdmin", default=False)
    grant = _grant(resource, index, then(admin, lambda on: _ALL if on is True else frozenset()))
    return [password] if admin == NO else [password, grant]


_ALL = frozenset({Right.EVERYTHING})
_PRIVILEGES = {
    "none": frozenset[Right](),
    "readonly": frozenset({Right.READ}),
    "readwrite": frozenset({Right.READ, Right.WRITE, Right.DELETE}),
}
"""Rights by permission on a database; any other is everything there."""


def privilege(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What a user may do in one database."""
    told = read(resource.inputs, "permission", "")
    return [_grant(resource, index, then(told, lambda word: _PRIVILEGES.get(str(word), _ALL)))]


def _grant(resource: PlannedResource, index: Index, rights: Fact[frozenset[Right]]) -> Grant:
    tied = tuple(found.urn for found in index.near(resource, "instanceId", INSTANCE))
    written = then(read(resource.inputs, "instanceId", "*"), lambda name: (f"server {name}",))
    return replace(
        nameless(about(Grant, resource, index)),
        identity=_named(resource),
        targets=Known(tied) if tied else written,
        rights=rights,
        expires=NONE,
        allowed=DOES_NOT_APPLY,
        locked=NO,
    )


def _named(resource: PlannedResource) -> Fact[str]:
    """Who it is about: a user by name."""
    path = "userName" if "userName" in resource.inputs else "name"
    return then(read(resource.inputs, path, resource.name), str)


def copy(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A logical backup, which is never encrypted, or a snapshot, which is as its server is."""
    snapshot = index.kind(resource) == "databases.Snapshot"
    servers = index.near(resource, "instanceId", INSTANCE)
    whole = _encrypted(servers[0]) if snapshot and servers else NO
    ends = day(read(resource.inputs, "expiresAt"), "expiresAt")
    made = replace(
        stored(BackupStore, resource, index, lies_in(resource, Copy.BACKUP), PRODUCT),
        encrypted=Unknown("instanceId") if snapshot and not servers else whole,
        public_read=NO,
        locked_days=Known(0),
        retention_days=Unknown("expiresAt: a day, from a creation that is not in the plan"),
        longest_days=NONE if ends == NONE else Unknown("expiresAt"),
    )
    return [made]


def replica(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A copy of a server that follows it, with endpoints of its own."""
    servers = index.near(resource, "instanceId", INSTANCE)
    direct = resource.inputs.get("directAccess")
    public = Known(True) if isinstance(direct, dict) else is_set(resource, direct, "directAccess")
    first = server(servers[0], index)[0] if servers else None
    base = offered(DatabaseServer, resource, index, lies_in(resource, Copy.REPLICA), PRODUCT)
    if not isinstance(first, DatabaseServer):
        unknown = Unknown("instanceId")
        return [replace(base, public_endpoint=public, replica_of=unknown)]
    inherited = replace(first, urn=base.urn, type=base.type, tags=base.tags, places=base.places)
    return [
        replace(
            inherited,
            public_endpoint=public,
            private_endpoint=_private(resource),
            segments=_segments(resource, index),
            guarded=guarded(resource),
            backup_days=NONE,
            multi_zone=NO,
            replica_of=Known(first.urn),
        )
    ]


def serverless(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A serverless database: always public, with nothing that says how it is kept."""
    made = replace(
        offered(DatabaseServer, resource, index, lies_in(resource, Copy.PRIMARY), "Serverless SQL"),
        encrypted=Unknown("encryption at rest, which no argument of a serverless database shows"),
        key=NONE,
        key_encrypts=Known(Extent.ALL),
        tls_minimum=Unknown("minimum TLS version of a serverless database"),
        public_endpoint=YES,
        private_endpoint=NO,
        guarded=guarded(resource),
        segments=Known((None,)),
        replica_of=NONE,
        allowed=Known(()),
    )
    return [made]
