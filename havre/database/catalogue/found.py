"""What is found in a database, as data: roles, rights, owners, settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

PUBLIC = "public"
"""Stands for every role among those who are granted something; no role can bear the name."""


@dataclass(frozen=True)
class FoundRole:
    """A role of the server.

    Attributes:
        attributes: what it has of `SUPERUSER`, `CREATEROLE`, ..., and `LOGIN`.
        inherits: whether it has the rights of its groups without asking.
        connections: sessions that it may have; -1: any number.
        until: when its password ends; None: never.
        settings: by database (empty: all of them) and name.
        owns: what it owns, in PostgreSQL's words, but for default privileges.
        ours: whether the role of the connection may alter it.
        used: whether the role of the connection has its rights at once.
        bootstrap: whether it is the superuser with whom the server was created.
    """

    attributes: frozenset[str]
    inherits: bool
    connections: int
    until: dt.datetime | None
    settings: Mapping[tuple[str, str], str]
    owns: tuple[str, ...]
    ours: bool
    used: bool
    bootstrap: bool


@dataclass(frozen=True, order=True)
class FoundGrant:
    """A right that a role has on a thing, by a grant.

    Attributes:
        kind: of the thing, as GRANT writes it.
        thing: the thing, as SQL writes it.
        grantee: who has it, or `PUBLIC`.
        privilege: the right, with a column where it is on one.
        grantable: whether the grantee may give it on.
    """

    kind: str
    thing: str
    grantee: str
    privilege: str
    grantable: bool = False


@dataclass(frozen=True, order=True)
class DefaultGrant:
    """A right on what a role will create.

    Attributes:
        creator: the role.
        schema: where; empty: anywhere.
        objects: `TABLES`, `SEQUENCES`, `ROUTINES`, `TYPES`, `SCHEMAS`, `LARGE OBJECTS`.
        grantee: who will have it, or `PUBLIC`.
        privilege: the right.
        grantable: whether the grantee may give it on.
    """

    creator: str
    schema: str
    objects: str
    grantee: str
    privilege: str
    grantable: bool = False


@dataclass(frozen=True, order=True)
class Membership:
    """A role in another one.

    Attributes:
        group: the role whose rights are had.
        member: who has them.
        grantor: who granted it.
        by_service: whether that is a superuser.
        ours: whether the role of the connection may revoke it.
        admin: whether the member may give it on.
    """

    group: str
    member: str
    grantor: str = ""
    by_service: bool = False
    ours: bool = True
    admin: bool = False


@dataclass(frozen=True)
class FoundRelation:
    """A table, a view or a foreign table that no extension brought.

    Attributes:
        schema: where it is.
        name: its name.
        kind: of `pg_class.relkind`.
        owner: who owns it.
        policies: whether it has policies of rows.
        row_security: whether they are in force.
    """

    schema: str
    name: str
    kind: str
    owner: str
    policies: bool = False
    row_security: bool = False


@dataclass(frozen=True)
class FoundDatabase:
    """What a database is, as its administrator sees it.

    Attributes:
        name: of the database.
        user: the role of the connection.
        superuser: whether that is a superuser.
        version: of the server, such as 180006.
        roles: by name, without PostgreSQL's own.
        schemas: owner by name.
        relations: every one that is not PostgreSQL's own.
        grants: rights on this database and what is in it, those of owners left out.
        owners: who owns things that grants are of, by kind and thing.
        defaults: default privileges.
        memberships: roles in roles.
        rights: role and thing, of rights on what `grants` does not describe.
        libraries: loaded ones; None: the role of the connection may not see them.
        extensions: those that exist.
        available: those that can be created.
        settings: values of the server's settings, as far as they are visible.
        settable: settings that the role of the connection may give to other roles.
        defaulted: settings for all roles, by database (empty: all of them) and name.
        sessions: roles that have a session on the server.
        ends_sessions: whether the role of the connection may end them.
    """

    name: str
    user: str
    superuser: bool
    version: int
    roles: Mapping[str, FoundRole]
    schemas: Mapping[str, str]
    relations: tuple[FoundRelation, ...] = ()
    grants: frozenset[FoundGrant] = frozenset()
    owners: Mapping[tuple[str, str], str] = field(default_factory=dict)
    defaults: frozenset[DefaultGrant] = frozenset()
    memberships: frozenset[Membership] = frozenset()
    rights: frozenset[tuple[str, str]] = frozenset()
    libraries: frozenset[str] | None = frozenset()
    extensions: frozenset[str] = frozenset()
    available: frozenset[str] = frozenset()
    settings: Mapping[str, str] = field(default_factory=dict)
    settable: frozenset[str] = frozenset()
    defaulted: Mapping[tuple[str, str], str] = field(default_factory=dict)
    sessions: frozenset[str] = frozenset()
    ends_sessions: bool = True

    def uses(self, role: str) -> bool:
        """Whether the role of the connection has the rights of a role."""
        if role == "pg_database_owner":
            role = self.owners.get(("DATABASE", quoted(self.name)), "")
        known = self.roles.get(role)
        return self.superuser or role == self.user or (known is not None and known.used)

    def alters(self, role: str) -> bool:
        """Whether the role of the connection may alter a role."""
        known = self.roles.get(role)
        return known is not None and known.ours


def quoted(*parts: str) -> str:
    """A name as the catalogue's queries write it: each part in quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)
