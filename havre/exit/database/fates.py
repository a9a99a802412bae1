"""What becomes of each thing of a database, measured against the target: the losses ledger."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from havre.exit.database.inventory import may_set
from havre.exit.ledger import LedgerEntry, LedgerFate, undecided

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from havre.exit.database.inventory import Inventory

SCOPE = "database"
"""The scope of these entries in the ledger."""


class Method(StrEnum):
    """How a database goes."""

    DUMP = "dump"
    REPLICATION = "replication"


def entries(
    source: Inventory, target: Inventory, method: Method = Method.DUMP
) -> list[LedgerEntry]:
    """The database's part of the ledger: an entry for each thing, nothing unsaid.

    An entry's item is a thing's name and its property a kind of the documented SQL, so that what
    is lost or mapped is left out of both manifests by the same words.
    """
    found = [entry for rule in _RULES for entry in rule(source, target)]
    if method is Method.REPLICATION:
        other = list(_not_replicated(source, target))
        named = {(entry.item, entry.property) for entry in other}
        found = [each for each in found if (each.item, each.property) not in named] + other
    said = {(entry.item, entry.property) for entry in found}
    for line in source.lines:
        if (line.name, line.kind) not in said:
            described = f"{line.rows} lines, SHA-256 {line.content[:12]}"
            found.append(_kept(line.name, line.kind, described))
    return found


def only_at_target(
    source: Inventory, target: Inventory, before: Collection[str]
) -> list[LedgerEntry]:
    """What the target has of its own and keeps: both sides would not be the same.

    Args:
        source: the database that is left.
        target: the one that takes over.
        before: quoted names of schemas that stood there before the exit.
    """
    known = {(line.kind, line.name) for line in source.lines}
    found = {(line.kind, line.name) for line in target.lines} - known
    roles = {name for kind, name in found if kind == "role"}
    settings = {f"role {name}{end}" for name in roles for end in ("", " in database")}
    schemas = {name for kind, name in found if kind == "schema" and name in before}
    own = {
        *(("role", name) for name in roles),
        *(("setting", name) for name in settings),
        *(("schema", name) for name in schemas),
        *(("grant", f"SCHEMA {name}") for name in schemas),
        *((kind, name) for kind, name in found if kind in _OWN_KINDS),
        *(("grant", name) for kind, name in found if kind == "grant" and _of_server(name)),
    }
    said = "only at the target; its permissions here are the source's"
    remedy = "Remove it at the target, or decide that it stays there."
    return [undecided(SCOPE, name, kind, said, remedy=remedy) for kind, name in sorted(own & found)]


_OWN_KINDS = ("extension", "grant of the system")


def _of_server(name: str) -> bool:
    """Whether a grant is of what every database has: itself, and its languages."""
    return name == "DATABASE" or name.startswith("LANGUAGE ")


def left_out(entries: Iterable[LedgerEntry]) -> frozenset[tuple[str, str]]:
    """Kind and name of what is on neither manifest: lost by a decision, or mapped."""
    gone = (LedgerFate.LOST, LedgerFate.MAPPED)
    return frozenset((each.property, each.item) for each in entries if each.fate in gone)


_kept = partial(LedgerEntry, SCOPE, fate=LedgerFate.KEPT, became="the same")


def _mapped(item: str, name: str, found: str, became: str) -> LedgerEntry:
    return LedgerEntry(SCOPE, item, name, found, became, LedgerFate.MAPPED)


def _blocking(item: str, name: str, found: str, remedy: str) -> LedgerEntry:
    return LedgerEntry(SCOPE, item, name, found, "", LedgerFate.BLOCKING, remedy)


def _version(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    found, became = f"PostgreSQL {source.major}", f"PostgreSQL {target.major}"
    if target.major < source.major:
        remedy = f"Choose a target of {found} or later."
        yield _blocking("database", "major version", found, remedy)
    else:
        yield _mapped("database", "major version", found, became)
    yield _mapped("database", "planner statistics", "gathered", "gathered again by ANALYZE")


def _encoding(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    found, became = (each.measured["database"]["encoding"] for each in (source, target))
    if found == "SQL_ASCII":
        remedy = "Convert the source to UTF8: its bytes have no known meaning."
        yield _blocking("database", "encoding", found, remedy)
    elif found != became and became == "UTF8":
        yield _mapped("database", "encoding", found, became)
    elif found != became:
        remedy = f"Create the target's database with the encoding {found} or UTF8."
        yield _blocking("database", "encoding", found, remedy)


def _owner(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    """Of a database that belongs to a role of the vendor's, for which the target has none."""
    found, became = (each.measured["database"]["owner"] for each in (source, target))
    if became and not found:
        yield _mapped("database", "database", "owned by a role of the vendor's", became)


def _default_collation(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    (found, version), (became, other) = (
        (each.measured["database"]["collation"], each.measured["database"]["collation version"])
        for each in (source, target)
    )
    if found != became:
        remedy = f"Create the target's database with {found}, or decide it: texts sort otherwise."
        yield undecided(SCOPE, "database", "default collation", found, remedy=remedy)
    if version != other:
        rebuilt = f"{other or 'none'}; indexes are built again"
        yield _mapped("database", "collation version", version or "none", rebuilt)


def _collations(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    here = source.measured["icu collations"]
    for name, version in source.measured["used collations"].items():
        made = any(line.kind == "collation" and line.name == name for line in source.lines)
        became = target.measured["collations"].get(name)
        if not made and became is None:
            remedy = "Install the locale at the target, or give the columns another collation."
            yield _blocking(name, "collation", version or "no version", remedy)
        elif became is not None and became != version:
            built = f"{became or 'no version'}; indexes are built again"
            yield _mapped(name, "collation version", version or "no version", built)
    if "i" not in target.measured["collation providers"]:
        for name in here:
            remedy = "Choose a target whose PostgreSQL has ICU, or drop the collation."
            yield _blocking(name, "collation", "provider ICU", remedy)


def _extensions(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    for name, version in source.measured["extensions"].items():
        became = target.measured["extensions"].get(
            name, target.measured["available extensions"].get(name)
        )
        if became is None:
            remedy = f"Install or allow the extension {name} at the target."
            yield undecided(SCOPE, name, "extension", version, remedy=remedy)
        elif became != version:
            yield _mapped(name, "extension version", version, became)


def _types(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    for name in () if target.xml else source.measured["of xml"]:
        remedy = "Choose a target whose PostgreSQL is built with libxml, or store text."
        yield _blocking(name, "xml", "a column of type xml", remedy)


def _roles(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    for name, heir in source.side.roles.items():
        if name in source.measured["roles"]:
            yield _mapped(name, "role", name, heir or "none: the vendor's own")
    privileged = source.measured["privileged roles"]
    for line in source.lines:
        if line.kind != "role":
            continue
        if line.name in source.measured["logins"]:
            own = line.name in target.measured["logins"]
            login, password = _OWN if own else _LATER
            yield _mapped(line.name, "login", "login", login)
            yield _mapped(line.name, "password", "not read", password)
        if line.name in privileged and not target.can("superuser"):
            remedy = "Have a superuser of the target make the role, or decide it."
            yield undecided(SCOPE, line.name, "role", "superuser permissions", remedy=remedy)


_LATER = ("none until the cut", "set again at the cut")
_OWN = ("the target's own", "the target's own")


def _superuser(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    """What only a superuser of the target can make."""
    there = {*target.lines}
    for line in () if target.can("superuser") else source.lines:
        wide = (
            line.kind == "publication"
            and line.name in source.measured["publications of all tables"]
        )
        language = line.kind == "grant" and line.name.startswith("LANGUAGE ")
        of_server = line.kind in {"event trigger", "grant of the system"}
        if wide or of_server or (language and line not in there):
            remedy = "Have a superuser of the target make it, or decide it."
            yield undecided(SCOPE, line.name, line.kind, "needs a superuser", remedy=remedy)


_NEVER = {
    "subscription": "Its connection may contain a password: create it again at the target.",
    "user mapping": "Its options may contain a password: create it again at the target.",
    "replication slot": "A slot belongs to its server. Start its consumer again.",
    "security label": "Load its provider at the target and set it again.",
}


def _never(source: Inventory, _target: Inventory) -> Iterator[LedgerEntry]:
    for line in source.lines:
        if line.kind in _NEVER:
            yield undecided(SCOPE, line.name, line.kind, "not read", remedy=_NEVER[line.kind])


def _indexes(source: Inventory, _target: Inventory) -> Iterator[LedgerEntry]:
    for name in source.measured["invalid indexes"]:
        remedy = "Run REINDEX or DROP INDEX at the source: a dump leaves it out."
        yield undecided(SCOPE, name, "index", "invalid", remedy=remedy)


def _settings(source: Inventory, target: Inventory) -> Iterator[LedgerEntry]:
    for name, words in source.measured["configured"].items():
        strange = [word for word in words.split() if not may_set(word, target.measured)]
        if strange:
            remedy = (
                "The target's administrator cannot set it: reset it at the source, or decide it. "
                "Other settings of the same name go along, and are not compared."
            )
            yield undecided(SCOPE, name, "setting", " ".join(strange), remedy=remedy)


def _contents(source: Inventory, _target: Inventory) -> Iterator[LedgerEntry]:
    for name in source.measured["tables"]:
        yield _kept(name, "table", "rows")
    for line in source.lines:
        if line.kind == "sequence definition":
            yield _kept(line.name, "sequence", "last_value and is_called")
    for name in ("pages", "owners") if source.measured["large objects"] else ():
        yield _kept(name, "large objects", "large objects")


_ELSEWHERE = {
    "materialised views": ("rows", "as last refreshed", "refreshed at the target"),
    "foreign tables": ("rows", "elsewhere", "not read: they stay where they are"),
    "in a tablespace": ("tablespace", "a tablespace", "the target's default"),
}


def _elsewhere(source: Inventory, _target: Inventory) -> Iterator[LedgerEntry]:
    for subject, said in _ELSEWHERE.items():
        for name in source.measured[subject]:
            yield _mapped(name, *said)


def _left_behind(source: Inventory, _target: Inventory) -> Iterator[LedgerEntry]:
    """What a dump leaves out in silence."""
    for name in source.measured["in a schema of the system"]:
        remedy = "Move it to a schema of its own: that one is PostgreSQL's."
        yield _blocking(name, "table", "in a schema of PostgreSQL's", remedy)
    for name in source.measured["prepared transactions"]:
        remedy = "Commit it or roll it back at the source."
        yield _blocking(name, "prepared transaction", "not committed", remedy)


def _not_replicated(source: Inventory, _target: Inventory) -> Iterator[LedgerEntry]:
    for name in source.measured["unlogged"]:
        remedy = f"ALTER TABLE {name} SET LOGGED, or move by dump."
        yield _blocking(name, "unlogged", "not replicated", remedy)
    if source.measured["large objects"]:
        yield _blocking("all", "large objects", "not replicated", "Move by dump.")
    for name in source.measured["without identity"]:
        remedy = f"ALTER TABLE {name} REPLICA IDENTITY FULL, in a window, or move by dump."
        yield _blocking(name, "replica identity", "none: its updates would fail", remedy)
    for name, constraints in source.measured["not validated"].items():
        remedy = f"Validate or drop {constraints} at the source, or move by dump."
        yield _blocking(name, "check constraint", f"{constraints}: not validated", remedy)
    for line in source.lines:
        if line.kind == "sequence definition":
            yield _mapped(line.name, "sequence", "last_value", "set past it, by a margin")


_RULES: tuple[Callable[[Inventory, Inventory], Iterator[LedgerEntry]], ...] = (
    *(_version, _encoding, _owner, _default_collation, _collations, _extensions, _types),
    *(_roles, _superuser, _never, _indexes, _settings, _contents, _elsewhere, _left_behind),
)
