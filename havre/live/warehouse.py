"""What a provider gives of a deployed warehouse to real clients: object stores and a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import psycopg

    from havre.live.ciphers import ContentCipher
    from havre.live.objects import LiveStore


class LiveDatabase(Protocol):
    """The database of a deployed warehouse."""

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


class Live(Protocol):
    """A deployed warehouse, reached by clients with an administrator's rights.

    Secrets come from the environment or from files, never from the outputs.
    """

    def store(self, zone: str) -> LiveStore:
        """The object store of a zone.

        Raises:
            InputError: there is no such zone.
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
