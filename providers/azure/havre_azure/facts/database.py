"""Database: PostgreSQL servers."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.facts.model import Copy, Credential, Extent, Place, ResourceFact
from havre.facts.read import NO, NONE, YES, both, every, gathered, meets, read, some, then
from havre.facts.stores import DatabaseServer
from havre.facts.values import Fact, Known, Unknown, reserved
from havre_azure.facts.backup import backed_up
from havre_azure.facts.places import copied, location, pair, place, places
from havre_azure.facts.properties import PUBLIC, about, closed, held, most, open_to_all
from havre_azure.facts.relations.links import key, private, segment, switched
from havre_azure.facts.relations.logs import logged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "dbforpostgresql:Server": "dbforpostgresql:Configuration",
        "dbforpostgresql:SingleServer": "dbforpostgresql:SingleServerConfiguration",
    }
)
"""The type of a server's parameters, by that of the server."""


def _parameter(index: Index, server: PlannedResource, name: str, default: Any) -> Fact[Any]:
    """A server parameter, in lower case; what it is by default where none of the plan sets it."""
    doubt = False
    for resource, link in index.users(SETTINGS[index.kind(server)], "serverName", server):
        told = both(read(resource.inputs, "configurationName"), link)
        doubt = doubt or isinstance(told, Unknown)
        if isinstance(told, Known) and str(told.value[0]).lower() == name:
            return then(read(resource.inputs, "value", default), lambda value: str(value).lower())
    return Unknown(name) if doubt else Known(default)


def _server_tls(index: Index, server: PlannedResource) -> Fact[str | None]:
    """Encryption and TLS 1.2 by default (Azure documentation, TLS in Flexible Server)."""
    required = _parameter(index, server, "require_secure_transport", "on")
    if isinstance(required, Known) and not _on(required.value):
        return NONE
    version = _parameter(index, server, "ssl_min_protocol_version", "tlsv1.2")
    return then(both(required, version), lambda told: str(told[1]).removeprefix("tlsv"))


def _statements(index: Index, server: PlannedResource) -> Fact[bool]:
    """By the server itself, or by pgaudit where it is loaded; neither is so by default.

    What loads libraries takes effect at the next restart, and an extension is created with SQL: no
    plan tells whether either was done (Azure documentation, audit logging in Azure Database for
    PostgreSQL: allowlist, load, and create).
    """
    loaded = _parameter(index, server, "shared_preload_libraries", "")
    audited = _parameter(index, server, "pgaudit.log", "none")
    return some(
        [
            then(_parameter(index, server, "log_statement", "none"), lambda level: level == "all"),
            meets(
                reserved(
                    every(
                        [
                            then(loaded, lambda libraries: "pgaudit" in _split(libraries)),
                            then(audited, lambda told: _audits_all(_split(told))),
                        ]
                    ),
                    UNTIL_CREATED,
                ),
                bool,
            ),
        ]
    )


UNTIL_CREATED = (
    "not in force until the server restarts and `CREATE EXTENSION pgaudit` runs in the database"
)


def _split(listed: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in listed.split(",") if part.strip())


def _on(value: Any) -> bool:
    """A truth as PostgreSQL reads it; what it does not know is none."""
    return str(value) in {"on", "true", "yes", "1"}


_AUDITED = frozenset({"read", "write"})


def _audits_all(classes: tuple[str, ...]) -> bool:
    """Whether pgaudit logs what reads and what writes; its classes add up, `-read` takes away."""
    found: set[str] = set()
    for each in classes:
        name = each.removeprefix("-")
        some_of = _AUDITED if name == "all" else {name}
        found = found - some_of if each.startswith("-") else found | some_of
    return found >= _AUDITED


REPLICAS = frozenset({"asyncreplica", "geoasyncreplica"})


def _replica_of(resource: PlannedResource, index: Index) -> Fact[str | None]:
    """The server that one follows, as how it is made or its role says; None for one of its own."""
    mode = read(resource.inputs, "createMode", "Default")
    role = read(resource.inputs, "replicationRole", "None")
    follows = some(
        [
            then(mode, lambda word: str(word).lower() == "replica"),
            then(role, lambda word: str(word).lower() in REPLICAS),
        ]
    )
    if isinstance(follows, Unknown) or not follows.value:
        return follows if isinstance(follows, Unknown) else NONE
    named = read(resource.inputs, SOURCE)
    found = index.target(resource, SOURCE, SERVER)
    if isinstance(found, Known) and found.value is not None:
        return Known(found.value.urn)
    return (
        found if isinstance(found, Unknown) else then(named, lambda name: str(name or "elsewhere"))
    )


SERVER, SOURCE = "dbforpostgresql:Server", "sourceServerResourceId"


def _copies(resource: PlannedResource, index: Index) -> Fact[tuple[Place, ...]]:
    """Where the replicas of a server lie."""
    return gathered(
        copied(location(other, index), link)
        for other, link in index.users(SERVER, SOURCE, resource)
        if _replica_of(other, index) == Known(resource.urn)
    )


def _server_places(
    resource: PlannedResource, index: Index, path: str = "backup.geoRedundantBackup"
) -> Fact[tuple[Place, ...]]:
    """Where a server lies, with its backups; a replica is a copy, and has no backups of its own."""
    follows = _replica_of(resource, index)
    if isinstance(follows, Unknown):
        return follows
    if follows.value is not None:
        return places(resource, index, Copy.REPLICA)
    return gathered([_own_places(resource, index, path), _copies(resource, index)])


def _own_places(resource: PlannedResource, index: Index, path: str) -> Fact[tuple[Place, ...]]:
    geo = read(resource.inputs, path, "Disabled")

    def told(found: tuple[str, Any]) -> tuple[Place, ...]:
        own = (
            place(Copy.PRIMARY, found[0]),
            place(Copy.BACKUP, found[0], "the server's own backups"),
        )
        if str(found[1]).lower() != "enabled":
            return own
        return (*own, pair(Copy.BACKUP, found[0], "geoRedundantBackup"))

    return then(both(location(resource, index), geo), told)


def _server(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A PostgreSQL Flexible Server; one in a delegated subnet has no public address."""
    subnet = then(_delegated(resource, index), bool)
    public = every([closed(subnet), open_to_all(resource, f"network.{PUBLIC}")])
    version = read(resource.inputs, "version")
    logs = logged(index, resource, ("PostgreSQLLogs",))
    connections = _parameter(index, resource, "log_connections", "")
    passwords = read(resource.inputs, "authConfig.passwordAuth", "Enabled")
    where = _server_places(resource, index)
    told = replace(
        held(DatabaseServer, resource, index, "Database for PostgreSQL", where),
        key=_key(index, resource),
        key_encrypts=Known(Extent.ALL),
        tls_minimum=_server_tls(index, resource),
        public_endpoint=public,
        private_endpoint=every([closed(public), some([subnet, private(index, resource)])]),
        shared_keys=then(passwords, lambda state: str(state).lower() != "disabled"),
        backup_days=most(
            [read(resource.inputs, "backup.backupRetentionDays", 7), backed_up(index, resource)]
        ),
        multi_zone=then(
            read(resource.inputs, "highAvailability.mode", "Disabled"),
            lambda mode: mode == "ZoneRedundant",
        ),
        engine=Unknown("version") if version == NONE else then(version, _engine),
        extensions=then(_parameter(index, resource, "azure.extensions", ""), _split),
        segments=_segments(resource, index),
        replica_of=_replica_of(resource, index),
        reads_logged=every([logs, then(connections, _on), _statements(index, resource)]),
    )
    return [told]


def _key(index: Index, server: PlannedResource) -> Fact[str | None]:
    """The key that a server names, where its encryption is of the type that uses it."""
    named = key(index, server, "dataEncryption.primaryKeyURI")
    if named == NONE:
        return NONE
    path = "dataEncryption.type"
    return switched(named, read(server.inputs, path), "azurekeyvault", path)


def _engine(version: Any) -> str:
    return f"postgresql {version}"


def _delegated(server: PlannedResource, index: Index) -> Fact[str | None]:
    """The subnet that a server stands in: that which its property comes from."""
    path = "network.delegatedSubnetResourceId"
    if not isinstance(server.inputs.get("network"), dict):
        return read(server.inputs, path)
    return segment(index, server, path)


def _segments(server: PlannedResource, index: Index) -> Fact[tuple[str | None, ...]]:
    """The delegated subnet; without one, those of the private endpoints that lead to a server."""
    own = _delegated(server, index)
    if isinstance(own, Unknown) or own.value:
        return then(own, lambda urn: (urn,))
    return _ends(server, index)


def _ends(server: PlannedResource, index: Index) -> Fact[tuple[str | None, ...]]:
    """The subnets of the private endpoints that lead to a server."""
    path = "privateLinkServiceConnections"
    ends = index.all_users("network:PrivateEndpoint", path, server)
    if isinstance(ends, Unknown) or not ends.value:
        return then(ends, lambda _: (None,))
    found = [segment(index, end, "subnet.id") for end in ends.value]
    return gathered(then(each, lambda urn: (urn,)) for each in found)


def single_server(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A Single Server, which has its settings in other places, and always a password.

    Plain text passes unless its refusal is asked for, and any version of TLS unless one is named.
    """
    public = open_to_all(resource, f"properties.{PUBLIC}")
    storage = "properties.storageProfile"
    where = _server_places(resource, index, f"{storage}.geoRedundantBackup")
    version = read(resource.inputs, "properties.version")
    told = replace(
        held(DatabaseServer, resource, index, "Database for PostgreSQL Single Server", where),
        key=Unknown("server keys"),
        key_encrypts=Known(Extent.ALL),
        tls_minimum=_single_tls(resource),
        public_endpoint=public,
        private_endpoint=every([closed(public), private(index, resource)]),
        shared_keys=YES,
        backup_days=read(resource.inputs, f"{storage}.backupRetentionDays", 7),
        multi_zone=NO,
        engine=Unknown("properties.version") if version == NONE else then(version, _engine),
        segments=_ends(resource, index),
        replica_of=then(
            read(resource.inputs, "properties.createMode", "Default"),
            lambda word: "elsewhere" if str(word).lower() == "replica" else None,
        ),
        reads_logged=every(
            [logged(index, resource, ("PostgreSQLLogs",)), _statements(index, resource)]
        ),
    )
    return [told, replace(about(Credential, resource), expires=NONE)]


def _single_tls(resource: PlannedResource) -> Fact[str | None]:
    refused = read(resource.inputs, "properties.sslEnforcement", "Disabled")
    if isinstance(refused, Known) and str(refused.value).lower() != "enabled":
        return NONE
    version = read(resource.inputs, "properties.minimalTlsVersion", "")
    found = then(version, lambda told: SINGLE_TLS.get(str(told).lower(), "1.0"))
    return then(both(refused, found), lambda told: told[1])


SINGLE_TLS: Mapping[str, str] = MappingProxyType({"tls1_1": "1.1", "tls1_2": "1.2"})
"""Lowest version by the setting; any other setting lets every version pass."""


def server(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A database server, and its administrator's password where there may be one."""
    if isinstance(resource.inputs.get("properties"), dict):  # as azure-native 1 wrote them
        return single_server(resource, index)
    found = _server(resource, index)
    passwords = read(resource.inputs, "authConfig.passwordAuth", "Enabled")
    if isinstance(passwords, Known) and str(passwords.value).lower() == "disabled":
        return found
    expires = passwords if isinstance(passwords, Unknown) else NONE
    return [*found, replace(about(Credential, resource), expires=expires)]
