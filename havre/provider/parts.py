"""The parts of a warehouse: one builder each, over the same typed inputs and outputs.

A provider's builder is a function that makes its resources under one component and
returns the part's outputs. `havre.stack.component` calls them in one order and hands each the
outputs of those before, so that order and relations are written once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi import Output

    from havre.provider.sites import Site
    from havre.spec import Warehouse


@dataclass(frozen=True)
class Common:
    """What every part is given.

    Attributes:
        spec: what is asked.
        primary: site of the warehouse.
        recovery: site of copies and backups; None where none is asked for.
        tags: labels for every resource that can carry them.
    """

    spec: Warehouse
    primary: Site
    recovery: Site | None
    tags: Mapping[str, str]

    def name(self, *words: str, limit: int = 63) -> str:
        """`warehouse-environment-words`, shortened by a digest to at most `limit` characters."""
        return short("-".join((self.spec.name, self.spec.environment.value, *words)), limit)


def short(name: str, limit: int) -> str:
    """`name`, or its beginning and eight digits of its SHA-256 where it exceeds `limit`."""
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: limit - 9].rstrip('-')}-{digest}"


@dataclass(frozen=True)
class NetworkInputs:
    """Inputs of the network."""

    common: Common


@dataclass(frozen=True)
class NetworkOutputs:
    """The network and its segments, by name (endpoints, database, compute, administration)."""

    identifier: Output[str]
    segments: Mapping[str, Output[str]]


@dataclass(frozen=True)
class KeysInputs:
    """Inputs of the keys."""

    common: Common
    network: NetworkOutputs


@dataclass(frozen=True)
class KeysOutputs:
    """References to keys; never key material.

    Attributes:
        store: what holds the keys.
        zones: key by zone.
        database: key of the database; None where the provider uses its own.
        backup: key of the backups; None likewise.
    """

    store: Output[str]
    zones: Mapping[str, Output[str]]
    database: Output[str] | None
    backup: Output[str] | None


@dataclass(frozen=True)
class AuditInputs:
    """Inputs of the audit."""

    common: Common
    network: NetworkOutputs
    keys: KeysOutputs


@dataclass(frozen=True)
class AuditOutputs:
    """Where logs go."""

    sink: Output[str]


@dataclass(frozen=True)
class ZonesInputs:
    """Inputs of the zones."""

    common: Common
    network: NetworkOutputs
    keys: KeysOutputs
    audit: AuditOutputs


@dataclass(frozen=True)
class RecoveryCopy:
    """Where copies are at the recovery site.

    Attributes:
        region: the provider's name of the place.
        endpoint: where clients reach them; None where they are first restored.
        bucket: bucket or container of the copies, if they have one of their own.
    """

    region: str
    endpoint: Output[str] | None = None
    bucket: Output[str] | None = None


@dataclass(frozen=True)
class Authority:
    """Where the certificate is by which clients know a server.

    Attributes:
        kind: `system`: among those that the system trusts; `file`: in a file of the warehouse's
            folder; `api`: told by the provider's API.
        location: path of that file, or of the call.
    """

    kind: Literal["system", "file", "api"]
    location: Output[str] | str = ""


@dataclass(frozen=True)
class ZoneStore:
    """The object store of a zone.

    Attributes:
        bucket: name of its bucket or container.
        endpoint: where clients reach it.
        region: as clients of the service name it.
        identifier: what a grant on it names, unique among the zones.
        account: the account that owns the container, where the service has accounts.
        authority: what clients verify the service by.
        recovery: its copies elsewhere, if there are any.
    """

    bucket: Output[str]
    endpoint: Output[str]
    region: str
    identifier: Output[str]
    account: Output[str] | None = None
    authority: Authority = Authority("system")
    recovery: RecoveryCopy | None = None


@dataclass(frozen=True)
class ZonesOutputs:
    """The object stores, by zone; `ready` is known once all of them are made."""

    stores: Mapping[str, ZoneStore]
    ready: Output[str]


@dataclass(frozen=True)
class DatabaseInputs:
    """Inputs of the database."""

    common: Common
    network: NetworkOutputs
    keys: KeysOutputs
    audit: AuditOutputs


@dataclass(frozen=True)
class DatabaseOutputs:
    """The database server.

    Attributes:
        host: its name or address.
        port: its TCP port.
        name: name of the database.
        region: the provider's name of the place.
        identifier: what the provider calls the server.
        authority: what clients verify it by.
        recovery: its copies elsewhere, if there are any.
    """

    host: Output[str]
    port: Output[int]
    name: Output[str]
    region: str
    identifier: Output[str]
    authority: Authority
    recovery: RecoveryCopy | None = None


@dataclass(frozen=True)
class RegistryInputs:
    """Inputs of the registry."""

    common: Common
    network: NetworkOutputs
    keys: KeysOutputs
    audit: AuditOutputs


@dataclass(frozen=True)
class RegistryOutputs:
    """The registry of images: its endpoint, what a grant on it names, and its place."""

    endpoint: Output[str]
    identifier: Output[str]
    region: str


@dataclass(frozen=True)
class ClusterInputs:
    """Inputs of the cluster."""

    common: Common
    network: NetworkOutputs
    keys: KeysOutputs
    audit: AuditOutputs
    registry: RegistryOutputs | None


@dataclass(frozen=True)
class ClusterOutputs:
    """The cluster.

    Attributes:
        endpoint: endpoint of its API.
        identifier: what the provider calls it.
        region: the provider's name of the place.
        issuer: address of the issuer of workload tokens; None where it has none.
    """

    endpoint: Output[str]
    identifier: Output[str]
    region: str
    issuer: Output[str] | None = None


@dataclass(frozen=True)
class AccessInputs:
    """Inputs of the projects' access."""

    common: Common
    keys: KeysOutputs
    zones: ZonesOutputs
    database: DatabaseOutputs
    cluster: ClusterOutputs | None


@dataclass(frozen=True)
class AccessOutputs:
    """The identity of each project, by project."""

    projects: Mapping[str, Output[str]]


@dataclass(frozen=True)
class BackupInputs:
    """Inputs of the backups."""

    common: Common
    keys: KeysOutputs
    zones: ZonesOutputs
    database: DatabaseOutputs
    audit: AuditOutputs


@dataclass(frozen=True)
class BackupOutputs:
    """Where backups are: what the provider calls it, and the place."""

    location: Output[str]
    region: str


_Inputs_contra = TypeVar("_Inputs_contra", contravariant=True)
_Outputs_co = TypeVar("_Outputs_co", covariant=True)


class Builder(Protocol[_Inputs_contra, _Outputs_co]):
    """Makes a part's resources under one component and returns the part's outputs."""

    def __call__(
        self, name: str, inputs: _Inputs_contra, opts: pulumi.ResourceOptions
    ) -> _Outputs_co:
        """Build the part."""
        ...


@dataclass(frozen=True)
class Parts:
    """The builders of a provider; None where it has no such part (a gap says so)."""

    network: Builder[NetworkInputs, NetworkOutputs]
    keys: Builder[KeysInputs, KeysOutputs]
    audit: Builder[AuditInputs, AuditOutputs]
    zones: Builder[ZonesInputs, ZonesOutputs]
    database: Builder[DatabaseInputs, DatabaseOutputs]
    registry: Builder[RegistryInputs, RegistryOutputs] | None
    cluster: Builder[ClusterInputs, ClusterOutputs] | None
    access: Builder[AccessInputs, AccessOutputs]
    backup: Builder[BackupInputs, BackupOutputs]


def component(kind: str, name: str, opts: pulumi.ResourceOptions) -> pulumi.ComponentResource:
    """The component under which a part's resources stand.

    Args:
        kind: type token, such as `havre:local:Zones`.
        name: logical name.
        opts: options with the parent.
    """
    return pulumi.ComponentResource(kind, name, None, opts)
