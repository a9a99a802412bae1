"""What a database is, and what its server could hold: catalogue queries, no row of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from havre.exit.database import documented, verify
from havre.exit.database.ends import refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.exit.database.ends import DatabaseSide
    from havre.exit.records import DatabaseLine

_XML = "SELECT pg_catalog.xmlcomment('')"


@dataclass(frozen=True)
class Inventory:
    """A database and its server.

    Attributes:
        side: where it was read.
        major: version of the server.
        lines: what the documented SQL says of it, without what it holds.
        measured: by subject, names and what is said of each, as `queries/measured.sql` lists them.
        xml: whether the server is built with libxml.
    """

    side: DatabaseSide
    major: int
    lines: tuple[DatabaseLine, ...]
    measured: Mapping[str, Mapping[str, str]]
    xml: bool

    def can(self, act: str) -> bool:
        """Whether the reader is, or may do, something: `superuser`, `sees all rows` ..."""
        return act in self.measured["reader"]


def may_set(setting: str, measured: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether the reader of a database may give a setting to a role, or to the database.

    One that no extension declares, which its dot tells, takes a superuser.

    Args:
        setting: its name.
        measured: as `Inventory.measured`.
    """
    undeclared = "." in setting and "superuser" in measured["reader"]
    return undeclared or setting in measured["settable"]


def measure(connection: psycopg.Connection[Any]) -> Mapping[str, Mapping[str, str]]:
    """What `queries/measured.sql` lists of a database, in a session whose settings are pinned.

    Raises:
        psycopg.Error: PostgreSQL refused it.
    """
    return {
        query.kind: dict(connection.execute(query.sql.encode()).fetchall())
        for query in documented.measured()
    }


def read(side: DatabaseSide, *, across_majors: bool = False) -> Inventory:
    """Read what a database is.

    Args:
        side: the database.
        across_majors: whether the other side is of another major version.

    Raises:
        ProviderError: it refused.
        RetryError: it does not answer.
    """
    pinned = documented.settings(side.roles, across_majors=across_majors)
    lines = tuple(verify.described(side.end, side.roles, across_majors=across_majors))
    with side.end.connect(autocommit=True) as connection:
        try:
            connection.execute(pinned.encode())
            measured = measure(connection)
            major = connection.info.server_version // 10000
            return Inventory(side, major, lines, measured, _has_xml(connection))
        except psycopg.Error as error:
            raise refused(error, "database", side.end.name) from error


def both(source: DatabaseSide, target: DatabaseSide) -> tuple[Inventory, Inventory]:
    """Read both sides of an exit.

    Raises:
        ProviderError: a side refused.
        RetryError: a server does not answer.
    """
    across = verify.major(source.end) != verify.major(target.end)
    return read(source, across_majors=across), read(target, across_majors=across)


def _has_xml(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute(_XML)
    except psycopg.errors.FeatureNotSupported:
        return False
    return True
