"""Ways into a sandbox's database for Havre itself: one who administers, one who reads."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_local.live import LocalDatabase
    from havre_sandbox.standins.postgres.service import PostgresService

ADMINISTRATOR = "sandbox_administrator"
READER = "sandbox_reader"
"""Begins the name of the reader, which no other sandbox has: an exit is between two."""


def administered(service: PostgresService, database: str) -> LocalDatabase:
    """A database by an administrator of the sandbox's own, who reads everything.

    It is no superuser: what it may do is what a service lets its administrator do or grant.
    """
    service.put_operator(ADMINISTRATOR)
    return service.database(database, ADMINISTRATOR)


@dataclass(frozen=True)
class RoleReader:
    """Implements `havre.live.warehouse.DatabaseReader` by a role that stands.

    Attributes:
        service: the database service.
        name: of the database.
    """

    service: PostgresService
    name: str

    @property
    def role(self) -> str:
        """The role's name."""
        return reader_of(self.service)

    @property
    def standing(self) -> bool:
        """It does: it is made before it is used, and stays."""
        self.service.put_reader(self.role)
        return True

    @contextmanager
    def opened(self) -> Iterator[LocalDatabase]:
        """The database as the role reaches it."""
        self.service.put_reader(self.role)
        yield self.service.database(self.name, self.role)


def reader_of(service: PostgresService) -> str:
    """Name of the role that reads back in a sandbox."""
    root = str(service.machine.root.absolute())
    return f"{READER}_{hashlib.sha256(root.encode()).hexdigest()[:8]}"


def own_roles(service: PostgresService) -> dict[str, str]:
    """Roles of a sandbox's database that no user has made, by what they are for."""
    known = service.own_roles(ADMINISTRATOR)
    reader = reader_of(service)
    return {**known, reader: reader}
