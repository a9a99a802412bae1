"""Roles: those of projects, what they may, until when; and those that nobody asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from havre.database import writing
from havre.database.catalogue.found import FoundRole
from havre.database.steps import Direction, RoleStep, StepKind
from havre.database.wanted import CONNECTIONS, SETTINGS
from havre.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.database.parties import Parties
    from havre.database.wanted import WantedRole

_MOST_NAMED = 3
_OWN_SINCE = 160_000
_NEW = FoundRole(frozenset(), True, -1, None, {}, (), True, False, False)
"""What a role is that was just created."""
_ENDS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = {}"


def roles(parties: Parties) -> Iterator[RoleStep]:
    """Steps of roles themselves."""
    for name, role in sorted(parties.wanted.roles.items()):
        known = parties.found.roles.get(name)
        if known is None:
            yield _create(role)
        else:
            yield from _attributes(parties, role, known)
            yield from owned(parties, name, known)
        if role.ended:
            yield from _sessions(parties, name)
        yield from settings(parties, name, known or _NEW)
    for name in parties.strays:
        yield from _sessions(parties, name)
        yield _stray(parties, name, parties.found.roles[name])


def _until(role: WantedRole) -> sql.Composed:
    return sql.SQL("VALID UNTIL {}").format(sql.Literal(role.until.isoformat()))


def _create(role: WantedRole) -> RoleStep:
    login = "NOLOGIN" if role.ended else "LOGIN"
    said = writing.statement("CREATE ROLE {} ", role.name)
    said += sql.SQL(f"{login} CONNECTION LIMIT {CONNECTIONS} ") + _until(role)
    what = f"{role.name}, the role of project {role.project}"
    return RoleStep(Direction.MISSING, StepKind.ROLE, what, (said,))


def _alter(name: str, words: sql.Composable) -> tuple[sql.Composed]:
    return (writing.statement("ALTER ROLE {} ", name) + words,)


def _attributes(parties: Parties, role: WantedRole, known: FoundRole) -> Iterator[RoleStep]:
    """Attributes, each of its own step, so that one that cannot be changed keeps no other back."""
    name, unasked = role.name, Direction.UNASKED
    login = set() if role.ended else {"LOGIN"}
    for word in sorted(known.attributes - login):
        what = f"{name} has the attribute {word}"
        if may_take(parties, word):
            yield by_alterer(parties, unasked, what, name, sql.SQL(f"NO{word}"))
        else:
            by_hand = f"{parties.found.user} may not take {word} away. Have the service do it."
            yield RoleStep(unasked, StepKind.ATTRIBUTE, what, by_hand=by_hand)
    if login - known.attributes:
        what = f"{name} has no LOGIN"
        yield by_alterer(parties, Direction.CHANGED, what, name, sql.SQL("LOGIN"))
    if not known.inherits:
        yield by_alterer(
            parties, Direction.CHANGED, f"{name} has no INHERIT", name, sql.SQL("INHERIT")
        )
    if known.connections != CONNECTIONS:
        wide = known.connections < 0 or known.connections > CONNECTIONS
        many = "any number of" if known.connections < 0 else known.connections
        what = f"{name} may have {many} sessions, not {CONNECTIONS}"
        words = sql.SQL(f"CONNECTION LIMIT {CONNECTIONS}")
        yield by_alterer(parties, unasked if wide else Direction.CHANGED, what, name, words)
    if known.until != role.until:
        late = known.until is None or known.until > role.until
        found = known.until.isoformat() if known.until else "without end"
        what = f"{name} is valid until {found}, not {role.until.isoformat()}"
        yield by_alterer(parties, unasked if late else Direction.CHANGED, what, name, _until(role))


def may_take(parties: Parties, word: str) -> bool:
    """Whether an attribute is ours to take: since PostgreSQL 16, of what one has oneself."""
    found = parties.found
    if found.superuser or word in ("LOGIN", "CREATEROLE"):
        return True
    if found.version < _OWN_SINCE:
        return word == "CREATEDB"
    return word in found.roles[found.user].attributes


def by_alterer(
    parties: Parties, direction: Direction, what: str, name: str, words: sql.Composable
) -> RoleStep:
    """The step that alters a role, by whoever may."""
    found = parties.found
    if not found.alters(name):
        by_hand = f"{found.user} may not alter {name}. Do it as the role that created it."
        return RoleStep(direction, StepKind.ATTRIBUTE, what, by_hand=by_hand)
    return RoleStep(direction, StepKind.ATTRIBUTE, what, _alter(name, words))


def settings(parties: Parties, name: str, known: FoundRole) -> Iterator[RoleStep]:
    """Settings of its sessions; those that the server or its administrator lacks are left out."""
    found = parties.found
    audited = parties.wanted.profile.settings
    wanted = {("", key): value for key, value in SETTINGS.items() if key in found.settings}
    for (database, key), value in sorted(known.settings.items()):
        if (database, key) in wanted or key in audited:
            continue  # the first are compared below, the others as what the audit is made of
        what = f"{name} has {key} = {value}" + (f" in database {database}" if database else "")
        yield _given(parties, Direction.UNASKED, what, (name, database, key), None)
    for place, value in wanted.items():
        has = known.settings.get(place)
        if has == value or (has is None and place[1] not in found.settable):
            continue
        what = f"{name} has {place[1]} = {has}, not {value}"
        if has is None:
            what = f"{name} lacks {place[1]} = {value}"
        direction = Direction.MISSING if has is None else Direction.CHANGED
        yield _given(parties, direction, what, (name, *place), value)


def _given(
    parties: Parties,
    direction: Direction,
    what: str,
    place: tuple[str, str, str],
    value: str | None,
) -> RoleStep:
    name, database, key = place
    found = parties.found
    new = name not in found.roles
    if key in found.settable and (new or found.alters(name)):
        said = (writing.setting_of(name, database, key, value),)
        return RoleStep(direction, StepKind.SETTING, what, said)
    by_hand = f"{found.user} may not set {key} for {name}. Have the service do it."
    return RoleStep(direction, StepKind.SETTING, what, by_hand=by_hand)


def owned(parties: Parties, name: str, known: FoundRole) -> Iterator[RoleStep]:
    """What a project's role owns goes to the administrator: an owner may do anything with it."""
    if not known.owns:
        return
    what = f"{name} owns {listed(known.owns, _MOST_NAMED)}"
    elsewhere = [each for each in known.owns if each.startswith("objects in database ")]
    if elsewhere or not (parties.found.uses(name) or parties.found.alters(name)):
        by_hand = f"Give it to another owner: REASSIGN OWNED BY {name} in that database."
        yield RoleStep(Direction.UNASKED, StepKind.OWNER, what, by_hand=by_hand)
        return
    said = (writing.statement("REASSIGN OWNED BY {} TO CURRENT_USER", name),)
    done = writing.as_member(parties.found, name, said)
    yield RoleStep(Direction.UNASKED, StepKind.OWNER, what, done)


def _sessions(parties: Parties, name: str) -> Iterator[RoleStep]:
    """Sessions of a role that has no rights any more: they do not end by themselves."""
    if name not in parties.found.sessions:
        return
    what = f"{name} has a session"
    if parties.found.ends_sessions:
        said = (sql.SQL(_ENDS).format(sql.Literal(name)),)
        yield RoleStep(Direction.UNASKED, StepKind.SESSION, what, said)
    else:
        by_hand = f"{parties.found.user} may not end it. FoundGrant it pg_signal_backend."
        yield RoleStep(Direction.UNASKED, StepKind.SESSION, what, by_hand=by_hand)


def _stray(parties: Parties, name: str, known: FoundRole) -> RoleStep:
    """A role that nobody asked for: dropped where it owns nothing."""
    what, kind = f"role {name}, which the warehouse file does not ask for", StepKind.ROLE
    if known.attributes:
        what = f"{what} ({', '.join(sorted(known.attributes))})"
    if known.owns:
        by_hand = (
            f"It owns {listed(known.owns, _MOST_NAMED)}. Give that to another owner, or keep the "
            f"role with --keep {name}."
        )
        return RoleStep(Direction.UNASKED, kind, what, by_hand=by_hand, guarded=True)
    if not parties.found.alters(name):
        by_hand = (
            f"{parties.found.user} may not drop it. Do it as the role that created it, or keep it "
            f"with --keep {name}."
        )
        return RoleStep(Direction.UNASKED, kind, what, by_hand=by_hand)
    return RoleStep(Direction.UNASKED, kind, what, (writing.statement("DROP ROLE {}", name),))
