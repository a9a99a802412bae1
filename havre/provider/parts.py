"""The parts of a warehouse: one builder each, over the same typed inputs and outputs.

A provider's builder is a function that makes its resources below the component of its part
(`havre.provider.context.Part`) and returns the part's outputs. `havre.stack.component` calls
them in one order and hands each the outputs of those before, so that order and relations are
written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi import Output

    from havre.provider.context import Part


@dataclass(frozen=True)
class NetworkInputs:
    """Inputs of the network: it is the first part."""


@dataclass(frozen=True)
class NetworkOutputs:
    """The network and its segments, by name (endpoints, database, compute, administration)."""

    identifier: Output[str]
    segments: Mapping[str, Output[str]]


@dataclass(frozen=True)
class KeysInputs:
    """Inputs of the keys."""

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

    network: NetworkOutputs
    keys: KeysOutputs


@dataclass(frozen=True)
class AuditOutputs:
    """Where logs go."""

    sink: Output[str]


@dataclass(frozen=True)
class ZonesInputs:
    """Inputs of the zones."""

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
            folder; `api`: read from the provider's API.
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
    """Makes a part's resources below its component and returns the part's outputs."""

    def __call__(self, part: Part[Any], inputs: _Inputs_contra, /) -> _Outputs_co:
        """Build the part.

        Args:
            part: its context and component, made by the core; its settings are an instance of
                the provider's.
            inputs: the outputs of the parts before it.
        """
        ...


@dataclass(frozen=True)
class Parts:
    """The builders of a provider, by `havre.plan.parts.PartName`.

    One is None where the provider has no such part (a gap says so).
    """

    network: Builder[NetworkInputs, NetworkOutputs]
    keys: Builder[KeysInputs, KeysOutputs]
    audit: Builder[AuditInputs, AuditOutputs]
    zones: Builder[ZonesInputs, ZonesOutputs]
    database: Builder[DatabaseInputs, DatabaseOutputs]
    registry: Builder[RegistryInputs, RegistryOutputs] | None
    cluster: Builder[ClusterInputs, ClusterOutputs] | None
    access: Builder[AccessInputs, AccessOutputs]
    backup: Builder[BackupInputs, BackupOutputs]
