"""Schemas, owners, row security, extensions, and the audit of statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.database import writing
from havre.database.steps import Direction, RoleStep, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import sql

    from havre.database.parties import Parties


def server(parties: Parties) -> Iterator[RoleStep]:
    """Steps of all that is no role and no right."""
    yield from _schemas(parties)
    yield from _relations(parties)
    yield from _extensions(parties)
    yield from _overrides(parties)
    yield from _audit(parties)


def _schemas(parties: Parties) -> Iterator[RoleStep]:
    found = parties.found
    for name in parties.wanted.schemas:
        owner = found.schemas.get(name)
        if owner is None:
            said = (writing.statement("CREATE SCHEMA {}", name),)
            yield RoleStep(Direction.MISSING, StepKind.SCHEMA, f"schema {name}", said)
        elif not _owns(parties, owner):
            said = (writing.statement("ALTER SCHEMA {} OWNER TO CURRENT_USER", name),)
            yield _given_back(parties, f"{owner} owns schema {name}", owner, said)


def _owns(parties: Parties, owner: str) -> bool:
    """Whether a role may own what projects read; of those of projects `roles` takes it away."""
    return parties.left_alone(owner) or owner in parties.wanted.roles


def _given_back(
    parties: Parties, what: str, owner: str, said: tuple[sql.Composed, ...]
) -> RoleStep:
    found = parties.found
    if found.uses(owner) or found.alters(owner):
        done = writing.as_member(found, owner, said)
        return RoleStep(Direction.UNASKED, StepKind.OWNER, what, done)
    by_hand = f"{found.user} does not have the rights of {owner}. Do it as {owner}."
    return RoleStep(Direction.UNASKED, StepKind.OWNER, what, by_hand=by_hand)


def _relations(parties: Parties) -> Iterator[RoleStep]:
    """Owners of what is in a zone's schema, and row security wherever there are policies."""
    for each in parties.found.relations:
        name = f"{each.schema}.{each.name}"
        if each.schema in parties.wanted.schemas and not _owns(parties, each.owner):
            words = "ALTER TABLE {}.{} OWNER TO CURRENT_USER"
            said = (writing.statement(words, each.schema, each.name),)
            yield _given_back(parties, f"{each.owner} owns {name}", each.owner, said)
        if each.policies and not each.row_security:
            words = "ALTER TABLE {}.{} ENABLE ROW LEVEL SECURITY"
            said = (writing.statement(words, each.schema, each.name),)
            what = f"{name} has policies of rows that are not in force"
            step = _given_back(parties, what, each.owner, said)
            yield RoleStep(
                step.direction, StepKind.ROW_SECURITY, what, step.statements, step.by_hand
            )


def _extensions(parties: Parties) -> Iterator[RoleStep]:
    found, profile = parties.found, parties.wanted.profile
    for name in dict.fromkeys(parties.wanted.extensions):
        if name in found.extensions:
            continue
        what = f"extension {name}"
        kind = StepKind.AUDIT if name in profile.extensions else StepKind.EXTENSION
        waits = name in profile.libraries and name not in (found.libraries or ())
        if name in found.available and not waits:
            said = (writing.statement("CREATE EXTENSION {} SCHEMA public", name),)
            yield RoleStep(Direction.MISSING, kind, what, said)
        else:
            why = "It is created once its library is loaded." if waits else "The server lacks it."
            yield RoleStep(Direction.MISSING, kind, what, by_hand=f"{why} {profile.loading}")


def _overrides(parties: Parties) -> Iterator[RoleStep]:
    """Settings of the audit that are changed for a role or a database: they switch it off there."""
    found = parties.found
    wanted = parties.wanted.profile.settings
    given = [("", *place, value) for place, value in found.defaulted.items()]
    for name, role in found.roles.items():
        given += [(name, *place, value) for place, value in role.settings.items()]
    for role_name, database, key, value in sorted(given):
        if key not in wanted or value == wanted[key] or database not in ("", found.name):
            continue
        where = " ".join(filter(None, (role_name or "every role", database and f"in {database}")))
        what = f"{key} = {value} for {where}, not {wanted[key]}"
        if key in found.settable and (found.superuser or found.alters(role_name)):
            said = (writing.setting_of(role_name, database, key, None),)
            yield RoleStep(Direction.UNASKED, StepKind.AUDIT, what, said)
        else:
            by_hand = f"{found.user} may not set {key}. Have the service do it."
            yield RoleStep(Direction.UNASKED, StepKind.AUDIT, what, by_hand=by_hand)


def _audit(parties: Parties) -> Iterator[RoleStep]:
    """What is loaded and set for the whole server, which no SQL of an administrator changes."""
    found, profile = parties.found, parties.wanted.profile
    unseen = f"{found.user} may not see it. FoundGrant it pg_read_all_settings."
    for name in profile.libraries:
        if found.libraries is None:
            what = f"library {name} cannot be seen"
            yield RoleStep(Direction.MISSING, StepKind.AUDIT, what, by_hand=unseen)
        elif name not in found.libraries:
            what = f"library {name} is not loaded"
            yield RoleStep(Direction.MISSING, StepKind.AUDIT, what, by_hand=profile.loading)
    for name, value in profile.settings.items():
        has = found.settings.get(name)
        if has is None:
            loaded = found.libraries is None or name.partition(".")[0] in found.libraries
            why = unseen if loaded or "." not in name else profile.loading
            yield RoleStep(Direction.MISSING, StepKind.AUDIT, f"{name} is not set", by_hand=why)
        elif has != value:
            what = f"{name} is {has}, not {value}"
            yield RoleStep(Direction.CHANGED, StepKind.AUDIT, what, by_hand=profile.loading)
