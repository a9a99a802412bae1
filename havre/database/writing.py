"""Writes SQL: every name that comes from outside is an identifier or a literal of psycopg's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from havre.database.catalogue.found import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterable

    from havre.database.catalogue.found import DefaultGrant, FoundDatabase, FoundGrant, Membership

    Written = tuple[sql.Composed, ...]

_GRANTED_BY_SINCE = 160_000


def statement(text: str, *parts: str) -> sql.Composed:
    """A statement in which each `{}` is a name, in quotes."""
    return sql.SQL(text).format(*map(sql.Identifier, parts))


def grantee(role: str) -> sql.Composable:
    """Whom something is granted to."""
    return sql.SQL("PUBLIC") if role == PUBLIC else sql.Identifier(role)


def granted(grant: FoundGrant, privileges: Iterable[str]) -> sql.Composed:
    """Grants rights on a thing; kind, thing and rights are quoted already."""
    said = f"GRANT {', '.join(privileges)} ON {grant.kind} {grant.thing} TO "
    return sql.SQL(said) + grantee(grant.grantee)


def revoked(grant: FoundGrant, privileges: Iterable[str], *, option: bool = False) -> sql.Composed:
    """Revokes rights on a thing, and what was given on; with `option` only that they may be."""
    only = "GRANT OPTION FOR " if option else ""
    said = f"REVOKE {only}{', '.join(privileges)} ON {grant.kind} {grant.thing} FROM "
    return sql.SQL(said) + grantee(grant.grantee) + sql.SQL(" CASCADE")


def default(grant: DefaultGrant, verb: str) -> sql.Composed:
    """Grants or revokes a right on what a role will create."""
    inside = statement(" IN SCHEMA {}", grant.schema) if grant.schema else sql.SQL("")
    said = f" {verb} {grant.privilege} ON {grant.objects} {'TO' if verb == 'GRANT' else 'FROM'} "
    begun = statement("ALTER DEFAULT PRIVILEGES FOR ROLE {}", grant.creator)
    return begun + inside + sql.SQL(said) + grantee(grant.grantee)


def left(membership: Membership, version: int, *, option: bool = False) -> sql.Composed:
    """Takes a role out of another one; with `option` only that it may give it on."""
    only = "ADMIN OPTION FOR " if option else ""
    said = statement(f"REVOKE {only}{{}} FROM {{}}", membership.group, membership.member)
    if membership.grantor and version >= _GRANTED_BY_SINCE:
        said += statement(" GRANTED BY {}", membership.grantor)
    return said + sql.SQL(" CASCADE")


def setting_of(role: str, database: str, name: str, value: str | None) -> sql.Composed:
    """Gives a setting to a role, or takes it away (None).

    Args:
        role: whose sessions; empty: everybody's.
        database: in which; empty: in all.
        name: of the setting.
        value: of the setting.
    """
    if role:
        whose = statement("ALTER ROLE {}", role)
        whose += statement(" IN DATABASE {}", database) if database else sql.SQL("")
    else:
        whose = (
            statement("ALTER DATABASE {}", database)
            if database
            else sql.SQL("ALTER ROLE ALL") + sql.SQL("")
        )
    named = sql.Identifier(*name.split("."))
    if value is None:
        return whose + sql.SQL(" RESET {}").format(named)
    return whose + sql.SQL(" SET {} = {}").format(named, sql.Literal(value))


def as_member(found: FoundDatabase, role: str, statements: Iterable[sql.Composed]) -> Written:
    """Statements that need the rights of a role, had for as long as they take.

    Whoever may alter a role may give himself its rights.
    """
    if found.uses(role):
        return tuple(statements)
    return (
        statement("GRANT {} TO CURRENT_USER", role),
        *statements,
        statement("REVOKE {} FROM CURRENT_USER", role),
    )
