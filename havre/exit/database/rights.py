"""Roles, memberships, settings and grants, by a plan of their own: no dump brings them whole.

What both sides say of them, by the documented SQL, becomes the statements that make the target
say the same; run again, they are none. Passwords are never read: roles are made without login,
and get it back at the cut. Roles of a vendor go by the names that a table gives them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from havre.exit.database import documented
from havre.exit.database.ends import refused
from havre.exit.database.inventory import may_set, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Connection = psycopg.Connection[Any]
    Lines = Mapping[str, frozenset[str]]
    Plan = Iterator[sql.SQL | sql.Composed]
    Lost = frozenset[tuple[str, str]]

_PART = re.compile(r'"(?:[^"]|"")*"|[^."]+')
_DEFAULTS = re.compile(
    r'role ("(?:[^"]|"")*"|\S+)(?: in schema ("(?:[^"]|"")*"|\S+))? on ([A-Z ]+)'
)
_SETTING_OF = re.compile(r'role ("(?:[^"]|"")*"|\S+)( in database)?')
_LISTS = ("search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries")
_ATTRIBUTES = (
    *("SUPERUSER", "INHERIT", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"),
    *("CONNECTION LIMIT", "VALID UNTIL"),
)
_NEW_ROLE = [False, True, False, False, False, False, -1, None]
_OPTIONS_SINCE = 160000
"""Since then a membership has options of its own."""
_PASSES = 4
"""Grants may hang on one another: how often the difference is taken at most."""


@dataclass(frozen=True)
class SideLines:
    """What the documented SQL says of one database.

    Attributes:
        connection: where it is asked.
        roles: what the target calls roles of another name.
        across_majors: whether the two sides are of different major versions.
    """

    connection: Connection
    roles: Mapping[str, str]
    across_majors: bool

    def lines(self, kind: str) -> Lines:
        """Lines by name of one kind."""
        pinned = documented.settings(self.roles, across_majors=self.across_majors)
        found: dict[str, set[str]] = {}
        self.connection.execute(pinned.encode())
        for name, line in self.connection.execute(documented.query(kind).sql.encode()):
            found.setdefault(name, set()).add(line)
        return {name: frozenset(lines) for name, lines in found.items()}


def act_as_made(target: Connection) -> None:
    """Let whoever makes a role give things to it, as a superuser may anyway.

    Since PostgreSQL 16, who makes a role and is no superuser may not act as that role unless this
    setting of the session says so (its documentation, createrole_self_grant).
    """
    if target.info.server_version >= _OPTIONS_SINCE:
        target.execute("SET createrole_self_grant = 'set, inherit'")


def apply_roles(source: SideLines, target: SideLines, lost: Lost = frozenset()) -> None:
    """Make the roles and memberships of the source at the target, without login or password.

    Args:
        source: the database that is left.
        target: the one that it goes to.
        lost: kind and name of what the ledger lets be lost; such a role has no attribute.

    Raises:
        ProviderError: the target refused.
    """
    here = _names(target.connection)
    _run(target.connection, _roles(source, target, here, lost), "roles")
    _run(target.connection, _memberships(source, target), "memberships")


def apply_rights(source: SideLines, target: SideLines, lost: Lost = frozenset()) -> None:
    """Give the target the source's owners, default privileges, grants, comments and settings.

    Settings come last: one of them may forbid writing.

    Args:
        source: the database that is left.
        target: the one that it goes to.
        lost: kind and name of what the ledger lets be lost.

    Raises:
        ProviderError: the target refused.
    """
    connection = target.connection
    _run(connection, _owner(source, target), "owner")
    _run(connection, _schema_owners(source, target), "owners of schemas")
    _run(connection, _entries(target), "connections")
    for kind, plan in (("default privileges", _defaults), ("grant", _grants)):
        for _ in range(_PASSES):
            told = source.lines(kind).items()
            wanted = {name: lines for name, lines in told if (kind, name) not in lost}
            if not _run(connection, plan(wanted, target), kind):
                break
    _run(connection, _comments(source, target), "comments")
    _run(connection, _settings(source, target, lost), "settings")


def admit(source: SideLines, target: SideLines, roles: Iterable[str]) -> None:
    """Give login back to roles, at the cut; their passwords are set by whoever holds them."""
    plan = (_alter_role(name, sql.SQL("LOGIN")) for name in admissible(source, roles))
    _run(target.connection, plan, "login")


def admissible(source: SideLines, roles: Iterable[str]) -> list[str]:
    """Those of the roles that have a counterpart at the target, and may log in there."""
    named = {unquoted(name) for name in source.lines("role")}
    return [name for name in roles if name in named]


def logins(source: SideLines) -> list[str]:
    """Roles of the source that may log in, sorted."""
    named = {unquoted(name) for name in source.lines("role")}
    found = source.connection.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin")
    return sorted(name for (name,) in found if name in named)


def _run(connection: Connection, plan: Iterable[sql.SQL | sql.Composed], what: str) -> int:
    """Run statements; how many there were."""
    count = 0
    for statement in list(plan):
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            raise refused(error, "globals", what) from error
        count += 1
    return count


def _names(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}


def _roles(source: SideLines, target: SideLines, here: set[str], lost: Lost) -> Plan:
    there = target.lines("role")
    for quoted, lines in source.lines("role").items():
        name = unquoted(quoted)
        if name not in here:
            yield sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name))
        if ("role", quoted) in lost:
            continue
        has = _only(there.get(quoted), _NEW_ROLE)
        # Only what differs is said: to say NOSUPERUSER takes a superuser.
        words = [
            said
            for word, value, old in zip(_ATTRIBUTES, _only(lines, _NEW_ROLE), has, strict=True)
            for said in _attribute(word, value)
            if value != old
        ]
        if words:
            yield _alter_role(name, sql.SQL(" ").join(words))


def _only(lines: frozenset[str] | None, otherwise: list[Any]) -> list[Any]:
    return json.loads(next(iter(lines))) if lines else otherwise


def _attribute(word: str, value: Any) -> Plan:
    if isinstance(value, bool):
        yield sql.SQL(word if value else f"NO{word}")
    else:
        yield sql.SQL("{} {}").format(sql.SQL(word), sql.Literal(value or "infinity"))


def _alter_role(name: str, words: sql.Composable) -> sql.Composed:
    return sql.SQL("ALTER ROLE {} ").format(sql.Identifier(name)) + words


def _memberships(source: SideLines, target: SideLines) -> Plan:
    there = target.lines("membership")
    sixteen = target.connection.info.server_version >= _OPTIONS_SINCE
    for name, lines in source.lines("membership").items():
        for line in lines - there.get(name, frozenset()):
            member, admin, inherits, sets = json.loads(line)
            options = {"ADMIN": admin, "INHERIT": inherits, "SET": sets} if sixteen else {}
            words = ", ".join(f"{word} {str(bool(yes)).upper()}" for word, yes in options.items())
            old = " WITH ADMIN OPTION" if admin and not sixteen else ""
            yield sql.SQL("GRANT {} TO {}{}").format(
                sql.Identifier(name),
                sql.Identifier(member),
                sql.SQL(f" WITH {words}" if words else old),
            )


def _owner(source: SideLines, target: SideLines) -> Plan:
    wanted, there = source.lines("database"), target.lines("database")
    if wanted == there:
        return
    owner, limit = json.loads(next(iter(wanted["database"])))
    database = sql.Identifier(target.connection.info.dbname)
    if owner:
        yield sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, sql.Identifier(owner))
    yield sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(database, sql.Literal(limit))


def _schema_owners(source: SideLines, target: SideLines) -> Plan:
    """Of schemas that stood at the target before: a dump sets no owner of theirs."""
    there = target.lines("schema")
    for name, lines in source.lines("schema").items():
        owner = next(iter(lines))
        if name in there and there[name] != lines and owner:
            yield sql.SQL("ALTER SCHEMA {} OWNER TO {}").format(
                sql.SQL(name), sql.Identifier(owner)
            )


def _entries(target: SideLines) -> Plan:
    """By name, what lets roles of the target's own connect: the source may take it from all."""
    own = [name for name, heir in target.roles.items() if not heir]
    query = (
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND rolcanlogin AND NOT rolsuper"
        " AND has_database_privilege(oid, current_database(), 'CONNECT') ORDER BY 1"
    )
    database = sql.Identifier(target.connection.info.dbname)
    for (name,) in target.connection.execute(query, (own,)).fetchall():
        yield sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(name))


def _grants(wanted: Lines, target: SideLines) -> Plan:
    there = target.lines("grant")
    for name, lines in wanted.items():
        has = there.get(name, frozenset())
        for word, found in (("REVOKE", has - lines), ("GRANT", lines - has)):
            for line in sorted(found):
                yield from _grant(word, name, json.loads(line), target.connection.info.dbname)


def _grant(word: str, name: str, line: list[Any], database: str) -> Plan:
    grantee, privilege, grantable, grantor = line
    kind, _, thing = name.partition(" ")
    act = privilege
    what: sql.Composable = sql.SQL(name)
    if kind == "COLUMN":
        *table, column = _PART.findall(thing)
        what, act = sql.SQL("TABLE " + ".".join(table)), f"{privilege} ({column})"
    elif kind == "DATABASE":
        what = sql.SQL("DATABASE ") + sql.Identifier(database)
    statement = sql.SQL("{} {} ON {} {} {}{}").format(
        sql.SQL(word), sql.SQL(act), what, sql.SQL("TO" if word == "GRANT" else "FROM"),
        _grantee(grantee), _option(word, grantable),
    )  # fmt: skip
    yield sql.SQL("SET ROLE {}").format(sql.Identifier(grantor))
    yield statement
    yield sql.SQL("RESET ROLE")


def _grantee(name: str) -> sql.Composable:
    return sql.SQL("PUBLIC") if name == "public" else sql.Identifier(name)


def _option(word: str, grantable: bool) -> sql.SQL:
    if word == "REVOKE":
        return sql.SQL(" CASCADE")
    return sql.SQL(" WITH GRANT OPTION" if grantable else "")


def _defaults(wanted: Lines, target: SideLines) -> Plan:
    there = target.lines("default privileges")
    for name in sorted({*wanted, *there}):
        lines = wanted.get(name, frozenset())
        has = there.get(name, frozenset())
        for word, found in (("REVOKE", has - lines), ("GRANT", lines - has)):
            for line in sorted(found):
                yield _default(word, name, json.loads(line))
        if not has and not any('["public"' in line for line in lines):
            yield from _nothing_for_all(name)


def _default(word: str, name: str, line: list[Any]) -> sql.Composed:
    grantee, privilege, grantable = line
    return sql.SQL("{}{} {} ON {} {} {}{}").format(
        _for_role(name), sql.SQL(word), sql.SQL(privilege), _objects(name),
        sql.SQL("TO" if word == "GRANT" else "FROM"), _grantee(grantee), _option(word, grantable),
    )  # fmt: skip


def _nothing_for_all(name: str) -> Plan:
    """Routines and types are everybody's unless that is taken away."""
    found = _DEFAULTS.fullmatch(name)
    if found and not found[2] and found[3] in {"ROUTINES", "TYPES"}:
        words = sql.SQL("{}REVOKE ALL ON {} FROM PUBLIC")
        yield words.format(_for_role(name), _objects(name))


def _for_role(name: str) -> sql.Composed:
    found = _DEFAULTS.fullmatch(name)
    role, schema = (found[1], found[2]) if found else ("", "")
    inside = f"IN SCHEMA {schema} " if schema else ""
    return sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} {}").format(sql.SQL(role), sql.SQL(inside))


def _objects(name: str) -> sql.SQL:
    return sql.SQL(name.rpartition(" on ")[2])


def _comments(source: SideLines, target: SideLines) -> Plan:
    """Comments on roles and on the database, which no dump without `--create` has."""
    there = target.lines("comment")
    for name, lines in source.lines("comment").items():
        if lines == there.get(name) or not (name == "database" or name.startswith("role ")):
            continue
        what: sql.Composable = sql.SQL(name.replace("role ", "ROLE ", 1))
        if name == "database":
            what = sql.SQL("DATABASE ") + sql.Identifier(target.connection.info.dbname)
        yield sql.SQL("COMMENT ON {} IS {}").format(what, sql.Literal(next(iter(lines))))


def _settings(source: SideLines, target: SideLines, lost: Lost) -> Plan:
    """Of what the ledger lets be lost, those go that may be set."""
    there, can = target.lines("setting"), measure(target.connection)
    wanted, roles = source.lines("setting"), source.lines("role")
    for name in sorted({*wanted, *there}):
        found = _SETTING_OF.fullmatch(name)
        if found and found[1] not in roles:
            continue
        lines, has = (told.get(name, frozenset()) for told in (wanted, there))
        if ("setting", name) in lost:
            lines, has = (
                frozenset(line for line in each if may_set(line.partition("=")[0], can))
                for each in (lines, has)
            )
        yield from _set(_bearer(found, target.connection.info.dbname), lines, has)


def _bearer(found: re.Match[str] | None, name: str) -> sql.Composable:
    """What bears settings: a role, a role in the database, or the database."""
    database = sql.SQL("DATABASE ") + sql.Identifier(name)
    if found is None:
        return database
    inside = sql.SQL(" IN ") + database if found[2] else sql.SQL("")
    return sql.SQL(f"ROLE {found[1]} ") + inside


def _set(what: sql.Composable, lines: frozenset[str], has: frozenset[str]) -> Plan:
    for setting in sorted({line.partition("=")[0] for line in has - lines}):
        yield sql.SQL("ALTER {} RESET {}").format(what, sql.SQL(_quoted(setting)))
    for line in sorted(lines - has):
        setting, _, value = line.partition("=")
        yield sql.SQL("ALTER {} SET {} TO {}").format(
            what, sql.SQL(_quoted(setting)), _value(setting, value)
        )


def _quoted(setting: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in setting.split("."))


def _value(setting: str, value: str) -> sql.Composable:
    """A value as SET takes it: a list is of names, each a literal of its own."""
    if setting not in _LISTS:
        return sql.Literal(value)
    names = [unquoted(name.strip()) for name in re.findall(r'\s*("(?:[^"]|"")*"|[^,]+)', value)]
    return sql.SQL(", ").join(map(sql.Literal, names or [""]))


def unquoted(name: str) -> str:
    """A name without the quotes that PostgreSQL puts around it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def renamed(roles: Mapping[str, str]) -> Callable[[str], str]:
    """What the target calls a role of the source."""
    return lambda name: roles.get(name, name)
