"""Ways into a sandbox's database for Havre itself: one who administers, one who reads."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_local.live import LocalDatabase
    from havre_sandbox.standins.postgres.service import PostgresService

ADMINISTRATOR = "sandbox_administrator"
READER = "sandbox_reader"


def administered(service: PostgresService, database: str) -> LocalDatabase:
    """A database by an administrator of the sandbox's own, who is no superuser."""
    service.put_administrator(ADMINISTRATOR)
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
        return READER

    @property
    def standing(self) -> bool:
        """It does: it is made before it is used, and stays."""
        self.service.put_reader(READER)
        return True

    @contextmanager
    def opened(self) -> Iterator[LocalDatabase]:
        """The database as the role reaches it."""
        self.service.put_reader(READER)
        yield self.service.database(self.name, READER)
