"""What holds data, by kind: each has what every data store has, and what that kind can have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from havre.facts.model import Bearer, Extent
from havre.facts.values import NOT_TOLD, Fact, MayApply


@dataclass(frozen=True)
class DataStore(Bearer):
    """A resource that holds data: always of one of the kinds below.

    Attributes:
        encrypted: whether data are encrypted at rest.
        tls_minimum: lowest TLS version accepted, such as `1.2`; None where plain text passes.
        public_endpoint: whether a public address answers, authenticated or not.
        private_endpoint: whether it is reached through a private address.
        shared_keys: whether an account-wide key or signature opens it.
        cross_tenant: whether it may be copied to another tenant or account.
        multi_zone: whether it stands in several zones of its site.
        guarded: whether it is protected from deletion and replacement.
        reads_logged: whether every read and write is logged.
        administration_logged: whether administrative actions on it are logged.
        names_in_state: whether names of what it holds land in the deployment's state.
        allowed: addresses that may reach it; empty: any. They do not apply where it can restrict
            none.
    """

    encrypted: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    tls_minimum: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    public_endpoint: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    private_endpoint: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    shared_keys: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    cross_tenant: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    multi_zone: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    guarded: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    reads_logged: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    administration_logged: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    names_in_state: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    allowed: MayApply[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class DatabaseServer(DataStore):
    """A database server.

    Attributes:
        key: URN of the key; None where the provider uses its own.
        key_encrypts: how much of what it holds the key encrypts.
        backup_days: days for which a backup is kept; None: there is none.
        engine: engine and version, such as `postgresql 17`; None where no version is pinned.
        extensions: those that may be made.
        segments: URNs of the segments that it stands in, or as written; None: a node in none.
        replica_of: URN of the server of which it is a copy that follows, or as written; None: it is
            a database of its own.
    """

    key: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    key_encrypts: Fact[Extent] = field(default=NOT_TOLD, kw_only=True)
    backup_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    engine: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    extensions: Fact[tuple[str, ...]] = field(default=NOT_TOLD, kw_only=True)
    segments: Fact[tuple[str | None, ...]] = field(default=NOT_TOLD, kw_only=True)
    replica_of: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Vault(DataStore):
    """A vault of keys and secrets; it is itself under none of the warehouse's keys.

    Attributes:
        public_read: whether anybody can read without authentication.
        deletion_days: days during which the deletion of a secret can be undone; None: it cannot.
        purge_guarded: whether nobody can purge one before that.
    """

    public_read: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    deletion_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    purge_guarded: Fact[bool] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Storage(DataStore):
    """What gives back the bytes that it was given: objects, blocks, images, logs or backups.

    Attributes:
        key: URN of the key; None where the provider uses its own.
        key_encrypts: how much of what it holds the key encrypts.
        public_read: whether anybody can read without authentication.
    """

    key: Fact[str | None] = field(default=NOT_TOLD, kw_only=True)
    key_encrypts: Fact[Extent] = field(default=NOT_TOLD, kw_only=True)
    public_read: Fact[bool] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class ObjectStore(Storage):
    """Objects: a zone's, or a copy of a zone.

    Attributes:
        zone: name of the zone; empty where it is none's.
        versions: whether earlier versions are kept.
        locked_days: days for which nobody can change or delete a version, counted from its
            writing; 0: none.
        recoverable_days: days for which a deleted or overwritten object can be restored at least,
            counted from then; 0: none; None: without end.
        version_days: days for which an earlier version is kept at least, counted from its
            replacement; 0: none; None: without end.
        expire_days: days after which an object is deleted, counted from its last writing; None:
            never.
        backup_days: days for which a backup is kept; None: there is none.
        undelete_days: days for which the service at most gives back what was deleted on purpose,
            versions and all; 0: nothing; None: without end.
    """

    zone: str = field(default="", kw_only=True)
    versions: Fact[bool] = field(default=NOT_TOLD, kw_only=True)
    locked_days: Fact[int] = field(default=NOT_TOLD, kw_only=True)
    recoverable_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    version_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    expire_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    backup_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    undelete_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class Promises:
    """What an object store promises of its objects, in the words of `ObjectStore`."""

    recoverable_days: Fact[int | None]
    version_days: Fact[int | None]
    expire_days: Fact[int | None]


@dataclass(frozen=True)
class Volume(Storage):
    """A disk of blocks."""


@dataclass(frozen=True)
class ImageRegistry(Storage):
    """A registry of container images."""


@dataclass(frozen=True)
class LogStore(Storage):
    """Where logs are kept.

    Attributes:
        retention_days: days for which they are kept at least; None: not set.
        longest_days: days for which the one that is kept longest remains; None: without end.
        locked_days: days for which nobody can change or delete them; 0: none.
    """

    retention_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    longest_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    locked_days: Fact[int] = field(default=NOT_TOLD, kw_only=True)


@dataclass(frozen=True)
class BackupStore(Storage):
    """Where backups are kept.

    Attributes:
        retention_days: days for which they are kept at least; None: not set.
        longest_days: days for which the one that is kept longest remains; None: without end.
        locked_days: days for which nobody can change or delete them; 0: none.
    """

    retention_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    longest_days: Fact[int | None] = field(default=NOT_TOLD, kw_only=True)
    locked_days: Fact[int] = field(default=NOT_TOLD, kw_only=True)


Content: TypeAlias = ObjectStore | DatabaseServer
"""Where the warehouse's own data are: not their images, logs, backups or keys."""

DATA_STORES: tuple[type[DataStore], ...] = (
    ObjectStore,
    DatabaseServer,
    Volume,
    ImageRegistry,
    LogStore,
    BackupStore,
    Vault,
)
"""Every kind of data store."""
