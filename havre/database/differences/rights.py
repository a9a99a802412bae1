"""Grants, memberships and default privileges: too many, too wide, or missing."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from havre.database import writing
from havre.database.catalogue.found import PUBLIC, DefaultGrant, FoundGrant, quoted
from havre.database.steps import Direction, RoleStep, StepKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.database.parties import Parties
    from havre.database.writing import Written

_TOLERATED = {("SCHEMA", "USAGE"), ("ROUTINE", "EXECUTE"), ("TYPE", "USAGE")}
"""What PostgreSQL gives to everybody: only of the schema `public`, where extensions are."""
_RELATIONS = frozenset("rvmfp")


def rights(parties: Parties) -> Iterator[RoleStep]:
    """Steps of all that is granted."""
    wanted = frozenset(_wanted(parties))
    judged = {each for each in parties.found.grants if parties.judged(each.grantee)}
    unasked = {each for each in judged - wanted if not _tolerated(each)}
    widened = {each for each in unasked if replace(each, grantable=False) in wanted}
    for grant, privileges in _grouped(unasked - widened):
        yield _revoke(parties, grant, privileges)
    for grant, privileges in _grouped(widened):
        yield _revoke(parties, grant, privileges, option=True)
    plain = {replace(each, grantable=False) for each in judged}
    for grant, privileges in _grouped(wanted - plain):
        yield _grant(parties, grant, privileges)
    yield from _memberships(parties)
    yield from _defaults(parties)
    for role, thing in sorted(parties.found.rights):
        if parties.judged(role):
            what = f"{role} has rights on {thing}"
            by_hand = "Havre does not change rights on it. Revoke them as its owner."
            yield RoleStep(Direction.UNASKED, StepKind.RIGHT, what, by_hand=by_hand)


def _wanted(parties: Parties) -> Iterator[FoundGrant]:
    """What the warehouse file asks for, of what there is and will be."""
    found = parties.found
    database = quoted(found.name)
    for role in parties.wanted.roles.values():
        if not role.ended:
            yield FoundGrant("DATABASE", database, role.name, "CONNECT")
        for schema in role.schemas:
            yield FoundGrant("SCHEMA", quoted(schema), role.name, "USAGE")
        for each in found.relations:
            if each.schema in role.schemas:
                yield FoundGrant("TABLE", quoted(each.schema, each.name), role.name, "SELECT")
    for reader in parties.wanted.readers & found.roles.keys():
        yield FoundGrant("DATABASE", database, reader, "CONNECT")


def _tolerated(grant: FoundGrant) -> bool:
    """Whether it is what PostgreSQL gives to everybody without being told."""
    if grant.grantee != PUBLIC or (grant.kind, grant.privilege) not in _TOLERATED:
        return False
    return grant.kind != "SCHEMA" or grant.thing == quoted("public")


def _grouped(grants: Iterable[FoundGrant]) -> Iterator[tuple[FoundGrant, list[str]]]:
    """Grants on one thing to one role, with all their privileges."""

    def key(grant: FoundGrant) -> tuple[str, str, str]:
        return grant.grantee, grant.kind, grant.thing

    for _, group in groupby(sorted(grants, key=lambda each: (key(each), each.privilege)), key):
        found = list(group)
        yield found[0], list(dict.fromkeys(each.privilege for each in found))


def _who(role: str) -> str:
    return "every role" if role == PUBLIC else role


def _revoke(
    parties: Parties, grant: FoundGrant, privileges: list[str], *, option: bool = False
) -> RoleStep:
    on = f"{grant.kind.lower()} {grant.thing}"
    what = f"{_who(grant.grantee)} has {', '.join(privileges)} on {on}"
    if option:
        what = f"{_who(grant.grantee)} may give {', '.join(privileges)} on {on} to others"
    said = (writing.revoked(grant, privileges, option=option),)
    done, by_hand = _by_owner(parties, grant, said)
    return RoleStep(Direction.UNASKED, StepKind.GRANT, what, done, by_hand)


def _grant(parties: Parties, grant: FoundGrant, privileges: list[str]) -> RoleStep:
    what = f"{grant.grantee} lacks {', '.join(privileges)} on {grant.kind.lower()} {grant.thing}"
    done, by_hand = _by_owner(parties, grant, (writing.granted(grant, privileges),))
    return RoleStep(Direction.MISSING, StepKind.GRANT, what, done, by_hand)


def _by_owner(parties: Parties, grant: FoundGrant, said: Written) -> tuple[Written, str]:
    """Statements with the rights of a thing's owner, or why there are none."""
    found = parties.found
    owner = found.owners.get((grant.kind, grant.thing), found.user)
    if found.uses(owner) or found.alters(owner):
        # A default of the database's owner is a role that PostgreSQL itself fills.
        return (said if found.uses(owner) else writing.as_member(found, owner, said)), ""
    return (), f"{owner} owns it, whose rights {found.user} does not have. Do it as {owner}."


def _memberships(parties: Parties) -> Iterator[RoleStep]:
    """Who is in which role: members in their project's, and may not give it on; no other is."""
    found = parties.found
    asked = {(each.project, each.name) for each in parties.members}
    for each in sorted(found.memberships):
        option = (each.group, each.member) in asked
        if not parties.judged(each.member) or (option and not each.admin):
            continue
        what = f"{each.member} is a member of {each.group}"
        if option:
            what = f"{each.member} may give {each.group} to others"
        free = found.version < 160_000 or not each.grantor or found.uses(each.grantor)  # noqa: PLR2004
        if each.ours and free:
            said = (writing.left(each, found.version, option=option),)
            yield RoleStep(Direction.UNASKED, StepKind.MEMBERSHIP, what, said)
        else:
            by_hand = f"{each.grantor or 'Another role'} granted it, and must revoke it."
            yield RoleStep(Direction.UNASKED, StepKind.MEMBERSHIP, what, by_hand=by_hand)


def _wanted_defaults(parties: Parties) -> Iterator[DefaultGrant]:
    """What projects will read of tables that administrators create later."""
    found = parties.found
    for role in parties.wanted.roles.values():
        for schema in role.schemas:
            owner = found.schemas.get(schema, found.user)
            creators = {found.user, owner if parties.left_alone(owner) else found.user}
            for creator in creators:
                yield DefaultGrant(creator, schema, "TABLES", role.name, "SELECT")


def _defaults(parties: Parties) -> Iterator[RoleStep]:
    wanted, found = frozenset(_wanted_defaults(parties)), parties.found
    # A grant of another administrator's tables is as good as one of ours.
    granted = {(each.schema, each.objects, each.grantee, each.privilege) for each in wanted}
    for each in sorted(found.defaults):
        known = (each.schema, each.objects, each.grantee, each.privilege) in granted
        asked = known and not each.grantable and parties.left_alone(each.creator)
        if parties.judged(each.grantee) and not asked:
            yield _default(parties, each, "REVOKE")
    for each in sorted(wanted - found.defaults):
        if replace(each, grantable=True) not in found.defaults:
            yield _default(parties, each, "GRANT")


def _default(parties: Parties, grant: DefaultGrant, verb: str) -> RoleStep:
    found, revoking = parties.found, verb == "REVOKE"
    inside = f" in schema {grant.schema}" if grant.schema else ""
    what = (
        f"{_who(grant.grantee)} {'will have' if revoking else 'will lack'} {grant.privilege} on "
        f"{grant.objects.lower()} that {grant.creator} creates{inside}"
    )
    said: Written = (writing.default(grant, verb),)
    if revoking and grant.grantable and _asked_without(parties, grant):
        said = (*said, writing.default(grant, "GRANT"))
    direction = Direction.UNASKED if revoking else Direction.MISSING
    if found.uses(grant.creator) or found.alters(grant.creator):
        done = writing.as_member(found, grant.creator, said)
        return RoleStep(direction, StepKind.DEFAULT, what, done)
    by_hand = f"{found.user} does not have the rights of {grant.creator}. Do it as {grant.creator}."
    return RoleStep(direction, StepKind.DEFAULT, what, by_hand=by_hand)


def _asked_without(parties: Parties, grant: DefaultGrant) -> bool:
    return replace(grant, grantable=False) in frozenset(_wanted_defaults(parties))
