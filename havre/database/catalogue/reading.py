"""Reads what is found in a database from its catalogue."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from havre.database.catalogue import queries
from havre.database.catalogue.found import (
    DefaultGrant,
    FoundDatabase,
    FoundGrant,
    FoundRelation,
    FoundRole,
    Membership,
)
from havre.database.wanted import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from havre.database.wanted import WantedDatabase

    Connection = psycopg.Connection[Any]

_LIBRARIES = "shared_preload_libraries"
_ATTRIBUTES = ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS", "LOGIN")


def read_found(connection: Connection, wanted: WantedDatabase) -> FoundDatabase:
    """What a database is, by its catalogue; nothing is changed.

    Args:
        connection: of its administrator, who need not be a superuser.
        wanted: what it must be: says which settings are looked at.
    """
    name, user, version, superuser = connection.execute(queries.SERVER).fetchone() or ("", "", 0, 0)
    grants = connection.execute(queries.GRANTS.encode()).fetchall()
    given = connection.execute(queries.SETTINGS_OF_ROLES).fetchall()
    told = (line.partition("=")[0] for *_, line in given)
    asked = [*{*SETTINGS, *wanted.profile.settings, _LIBRARIES, *told}]
    settings = dict(connection.execute(queries.SETTINGS, (asked,)).fetchall())
    libraries = settings.pop(_LIBRARIES, None)
    return FoundDatabase(
        name=name,
        user=user,
        superuser=bool(superuser),
        version=version,
        roles=_roles(connection, given),
        schemas=dict(connection.execute(queries.SCHEMAS.encode()).fetchall()),
        relations=tuple(
            FoundRelation(*row) for row in connection.execute(queries.RELATIONS.encode())
        ),
        grants=frozenset(FoundGrant(*row) for row in grants),
        owners={
            (kind, thing): owner
            for kind, thing, owner in connection.execute(queries.OWNERS.encode())
        },
        defaults=frozenset(DefaultGrant(*row) for row in connection.execute(queries.DEFAULTS)),
        memberships=frozenset(Membership(*row) for row in connection.execute(queries.MEMBERSHIPS)),
        rights=frozenset(connection.execute(queries.RIGHTS.encode()).fetchall()),
        libraries=None if libraries is None else frozenset(map(str.strip, libraries.split(","))),
        extensions=_column(connection, queries.EXTENSIONS),
        available=_column(connection, queries.AVAILABLE),
        settings=settings,
        settable=frozenset(row[0] for row in connection.execute(queries.SETTABLE, (asked,))),
        defaulted={
            (base, line.partition("=")[0]): line.partition("=")[2]
            for role, base, line in given
            if not role
        },
        sessions=_sessions(connection),
        ends_sessions=bool((connection.execute(queries.ENDING).fetchone() or (False,))[0]),
    )


def _column(connection: Connection, query: str) -> frozenset[str]:
    return frozenset(row[0] for row in connection.execute(query.encode()))


def _roles(connection: Connection, given: list[tuple[str, str, str]]) -> Mapping[str, FoundRole]:
    owned: dict[str, list[str]] = {}
    for role, thing in connection.execute(queries.OWNED):
        owned.setdefault(role, []).append(thing)
    found = {}
    for name, *row in connection.execute(queries.ROLES):
        flags, (inherits, limit, until, ours, used, bootstrap) = row[:6], row[6:]
        found[name] = FoundRole(
            frozenset(word for word, has in zip(_ATTRIBUTES, flags, strict=True) if has),
            inherits,
            limit,
            None if until is None else dt.datetime.fromtimestamp(until, dt.UTC),
            {(base, line.partition("=")[0]): line.partition("=")[2]
             for role, base, line in given if role == name},
            tuple(owned.get(name, ())),
            ours,
            used,
            bootstrap,
        )  # fmt: skip
    return found


def _sessions(connection: Connection) -> frozenset[str]:
    connection.execute(queries.FRESH)
    return _column(connection, queries.SESSIONS)
