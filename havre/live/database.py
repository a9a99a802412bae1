"""A PostgreSQL database of a deployed warehouse, by libpq and by reference to its credentials."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from havre.capabilities import Support, Supported
from havre.errors import MissingDependencyError, ProviderError, RetryError
from havre.live.objects import RefusedError
from havre.live.warehouse import LibpqClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import psycopg

    from havre.live.credentials import SecretReference

SYSTEM = "system"
"""Stands for the authorities that the system trusts (libpq 16 and later)."""
TIMEOUT = 30
"""Seconds to connect."""


VARIABLES: Mapping[str, str] = {
    "PGHOST": "host",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGGSSENCMODE": "gssencmode",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGAPPNAME": "application_name",
}
"""libpq's variables, with the keyword that each stands for."""


class TlsVerification(StrEnum):
    """How far a server is verified: libpq's `sslmode`, without those that may go without TLS."""

    FULL = "verify-full"
    AUTHORITY = "verify-ca"
    NONE = "require"


WEAKNESSES: Mapping[TlsVerification, str] = {
    TlsVerification.AUTHORITY: "any server with a certificate of the same authority is believed",
    TlsVerification.NONE: "the certificate of the server is not verified: anyone may answer for it",
}
"""What is at risk, by a verification that is less than full."""


@dataclass(frozen=True)
class LibpqDatabase:
    """Implements `havre.live.warehouse.LiveDatabase` over an address.

    Attributes:
        host: name or address, against which the certificate is verified.
        port: TCP port.
        name: of the database.
        user: who connects.
        password: where the password or the token is.
        authority: file with the certificate of the server's authority, or `SYSTEM`.
        verification: how far the server is verified; anything but `FULL` is a weakness.
    """

    host: str
    port: int
    name: str
    user: str
    password: SecretReference
    authority: str = SYSTEM
    verification: TlsVerification = TlsVerification.FULL

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """What a report must say of the connection; empty where the server is fully verified."""
        found = WEAKNESSES.get(self.verification)
        where = f"database {self.name} at {self.host}: sslmode={self.verification}"
        return (f"{where}: {found}",) if found else ()

    def keywords(self) -> dict[str, str | int]:
        """Libpq's keywords without the password; nothing of the environment adds to them."""
        verified = self.verification is not TlsVerification.NONE
        return {
            **dict.fromkeys(("hostaddr", "options", "passfile", "sslcert", "sslkey"), ""),
            "host": self.host,
            "port": self.port,
            "dbname": self.name,
            "user": self.user,
            "sslmode": self.verification.value,
            "sslrootcert": self.authority if verified else "",
            "gssencmode": "disable",
            "connect_timeout": TIMEOUT,
            "application_name": "havre",
        }

    def environment(self) -> dict[str, str]:
        """Libpq's variables for PostgreSQL's own programs, without the password.

        It goes into a file that `PGPASSFILE` names, never into an argument.
        """
        known = self.keywords()
        return {name: str(known[keyword]) for name, keyword in VARIABLES.items() if known[keyword]}

    @contextlib.contextmanager
    def client(self) -> Iterator[LibpqClient]:
        """What PostgreSQL's own programs need; the password is in a file in memory.

        Raises:
            InputError: the reference leads to no password.
        """
        with passfile(self.user, self.password.read()) as descriptor:
            named = {"PGPASSFILE": f"/proc/self/fd/{descriptor}"}
            yield LibpqClient(self.environment() | named, (descriptor,))

    @property
    def binaries(self) -> Path | None:
        """None: an address brings no programs."""
        return None

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """A connection of the user.

        Raises:
            InputError: the reference leads to no password.
            RefusedError: the server refuses the user, or has no such database.
            ProviderError: it cannot be verified.
            RetryError: it does not answer.
        """
        try:
            import psycopg
        except ImportError as error:
            message = "PostgreSQL needs the package `psycopg`"
            raise MissingDependencyError(
                message, "Install it: pip install 'psycopg[binary]'"
            ) from error
        password = self.password.read()
        try:
            return psycopg.connect(
                **self.keywords(),  # type: ignore[arg-type]
                password=password,
                autocommit=autocommit,
            )
        except psycopg.OperationalError as error:
            said = str(error).strip().replace(password, "***")
            raise self._error(said) from None  # the error itself may quote the password

    def _error(self, said: str) -> ProviderError | RetryError:
        """Our error for libpq's."""
        message = f"database {self.name} at {self.host}:{self.port}: {said}"
        if login_refused(said):
            return RefusedError(message, f"Check the user `{self.user}` and {self.password}.")
        passing = any(word in said for word in PASSING)
        if not passing and any(word in said for word in REFUSALS):
            return ProviderError(message, f"Check the user `{self.user}` and {self.password}.")
        return RetryError(message, "Check that the server runs and is reached from here.")


@dataclass(frozen=True)
class LibpqReader:
    """Implements `havre.live.warehouse.DatabaseReader` by a role that somebody made.

    Attributes:
        database: the database, as that role reaches it.
    """

    database: LibpqDatabase

    @property
    def role(self) -> str:
        """The role that the environment names."""
        return self.database.user

    @property
    def standing(self) -> bool:
        """It does: whoever administers the database made it."""
        return True

    @contextlib.contextmanager
    def opened(self) -> Iterator[LibpqDatabase]:
        """The database as the role reaches it; nothing is made or removed."""
        yield self.database


def reader_of(
    database: LibpqDatabase, user: SecretReference, password: SecretReference
) -> LibpqReader | Supported:
    """The reader of a database that references lead to, or which of them lead to nothing.

    Args:
        database: as the administrator reaches it.
        user: where the reader's role is named.
        password: where its password or token is.

    Raises:
        InputError: a reference leads to what is not one line of text.
    """
    lacking = [str(each) for each in (user, password) if not each.known()]
    if lacking:
        return Supported(Support.ABSENT, f"not set: {', '.join(lacking)}")
    return LibpqReader(replace(database, user=user.read(), password=password))


@contextlib.contextmanager
def passfile(user: str, password: str) -> Iterator[int]:
    """A file in memory for PGPASSFILE; a program that inherits its descriptor may open it."""
    named = (each.replace("\\", "\\\\").replace(":", "\\:") for each in (user, password))
    descriptor = os.memfd_create("pgpass")
    try:
        os.fchmod(descriptor, 0o600)  # libpq passes over a file that others can read
        os.write(descriptor, f"*:*:*:{':'.join(named)}\n".encode())
        yield descriptor
    finally:
        os.close(descriptor)


REFUSALS = ("FATAL:", "certificate", "no password supplied", "SSL error")
"""In libpq's messages, what does not pass by itself; a server that speaks another language than
English is taken for one that does not answer."""
PASSING = ("starting up", "shutting down", "in recovery mode", "too many", "connection slots")
"""What does, although the server says that it is fatal."""
LOGIN_REFUSED = (
    *("authentication failed", "not permitted to log in", "no pg_hba.conf entry"),
    *("does not exist", "permission denied for database", "rejects connection"),
)
"""In what PostgreSQL 15 to 18 says is fatal, a refusal of who asks (its postinit.c, auth.c)."""


def login_refused(said: str) -> bool:
    """Whether a server refused a login: it answered, and knows no such user or database."""
    return "FATAL:" in said and any(word in said for word in LOGIN_REFUSED)
