"""What a provider gives of a deployed warehouse to real clients: object stores and a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    import psycopg

    from havre.capabilities import Supported
    from havre.live.encrypted.backups import BackupSets
    from havre.live.encrypted.ciphers import ContentCipher
    from havre.live.objects import LiveStore
    from havre.live.trail import AuditTrail


@dataclass(frozen=True)
class LibpqClient:
    """What libpq's programs inherit to reach a database: no argument of theirs is a secret.

    Attributes:
        environment: libpq's variables; a password stands in the file that PGPASSFILE names.
        descriptors: open files that the program inherits, such as that file in memory.
    """

    environment: Mapping[str, str]
    descriptors: tuple[int, ...] = ()


class LiveDatabase(Protocol):
    """The database of a deployed warehouse, reached by psycopg and by PostgreSQL's programs."""

    @property
    def name(self) -> str:
        """Name of the database."""
        ...

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A connection of the administrator, with TLS whose certificate is verified.

        Raises:
            RetryError: the server does not answer.
        """
        ...

    def client(self) -> AbstractContextManager[LibpqClient]:
        """What a program needs to reach the database, as long as the context stands."""
        ...

    @property
    def binaries(self) -> Path | None:
        """Folder of PostgreSQL's programs that its provider brings along; None where it does not.

        Raises:
            MissingDependencyError: it should, and they are not installed.
        """
        ...


class DatabaseReader(Protocol):
    """Another credential of a database, which reads everything and writes nothing."""

    @property
    def role(self) -> str:
        """Name of its role, whether that exists or not."""
        ...

    @property
    def standing(self) -> bool:
        """Whether the role exists without being opened: somebody else made it."""
        ...

    def opened(self) -> AbstractContextManager[LiveDatabase]:
        """The database by this credential, as long as the context stands.

        Raises:
            RetryError: the server does not answer.
        """
        ...


@runtime_checkable
class ShownDatabase(Protocol):
    """A `LiveDatabase` whose server is shown the way to another one by its provider.

    Optional: the server of any other connects by the words that reach the other one from here, and
    keeps the password where it keeps subscriptions.
    """

    def show_way(self, way: Mapping[str, str]) -> Mapping[str, str]:
        """Make a way to another server, in place of any made before.

        Args:
            way: libpq's keywords by which it is reached from here, with the password.

        Returns:
            The keywords that this database's server connects with; no secret is among them.

        Raises:
            InputError: there is no way that verifies the other server.
            RetryError: what leads there does not answer.
        """
        ...

    def forget_way(self) -> None:
        """Take the way and its secret away; none is fine."""
        ...


class Live(Protocol):
    """A deployed warehouse, reached by clients with an administrator's rights.

    Secrets come from the environment or from files, never from the outputs. A provider may also
    offer `zone_writers(zone)`: see `havre.live.writing.writers`, `project(name)`: see
    `havre.live.entry.accounts`, and `vendor_roles()`: see below.
    """

    def store(self, zone: str) -> LiveStore:
        """The object store of a zone.

        Raises:
            InputError: there is no such zone.
        """
        ...

    def reader(self, zone: str) -> LiveStore | Supported:
        """The object store of a zone by another credential, which only reads.

        Who reads back by it what was copied has not the copy's rights. Where there is none, an
        answer that says why.
        """
        ...

    def cipher(self, zone: str) -> ContentCipher | None:
        """What encrypts objects of a zone before they are stored; None: nothing of the provider's.

        Raises:
            InputError: there is no such zone.
        """
        ...

    def database(self) -> LiveDatabase:
        """The database."""
        ...

    def database_reader(self) -> DatabaseReader | Supported:
        """The database by another credential, which only reads.

        Who reads back by it what was copied has not the copy's rights. Where there is none, an
        answer that says why.
        """
        ...

    def trail(self) -> AuditTrail | Supported:
        """The audit logs; where they cannot be taken along, an answer that says why."""
        ...

    def backups(self, came_from: str = "") -> BackupSets | Supported:
        """The backups of the warehouse; where they cannot be opened, an answer that says why.

        Args:
            came_from: name of a warehouse: those that have come from it in an exit; empty: the
                warehouse's own.
        """
        ...


def locked_by_rule(live: Live, zone: str) -> bool:
    """Whether a version of a zone without a lock of its own is locked by a rule of its store.

    A provider may offer `locked_by_rule(zone)`; any other gives each version a lock of its own.
    """
    offered = getattr(live, "locked_by_rule", None)
    return offered is not None and bool(offered(zone))


def vendor_roles(live: Live) -> Mapping[str, str]:
    """Roles of the database that its service has made, by what they are for.

    Those for the same of two services stand for each other; the others are each service's own.
    Where the provider declares none, exit.yaml says which they are.
    """
    offered = getattr(live, "vendor_roles", None)
    return {} if offered is None else dict(offered())
