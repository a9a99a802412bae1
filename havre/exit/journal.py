"""The journal of an exit: one SQLite file, the only truth, written by the coordinator alone.

Workers return what they did and the coordinator records it; what a killed worker did and nobody
recorded is done again, and finds itself done. A process that is killed loses at most the last
transaction, never the file: it is written ahead (WAL).

Times are microseconds since 1970, digests are 32 bytes. Keys of objects are stored as bytes, so
that rows are in the order of evidence. What objects bear beside their bytes is often alike:
each such set stands once.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import StateError
from havre.exit.ledger import LedgerEntry, LedgerFate
from havre.exit.records import decoded, encoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

VERSION = 2
"""Of the tables; a journal of another version is refused."""
_SCHEMA = """
create table fact (name text primary key, value text not null) without rowid;
create table bearing (id integer primary key, digest blob not null unique, told text not null);
create table version (
    zone text not null, key blob not null, version text not null,
    number integer not null, size integer, entity text not null, modified integer not null,
    snapshot integer not null,
    bearing integer references bearing, seen integer not null,
    content blob, passed integer, target text, out integer not null default 0,
    primary key (zone, key, version)
) without rowid;
create table loss (
    scope text not null, item text not null, property text not null, found text not null,
    became text not null, fate text not null, remedy text not null, decidable integer not null,
    primary key (scope, item, property, found)
) without rowid;
"""


@dataclass(frozen=True)
class ListedVersion:
    """A version as the source lists it.

    Attributes:
        key: name of the object.
        version: the source's identifier of it; empty where it keeps none.
        number: among those of its key, 1 for the oldest.
        size: bytes; None for a delete marker.
        entity: the store's tag of the content.
        modified: microseconds since 1970.
        snapshot: whether `version` names a snapshot.
    """

    key: str
    version: str
    number: int
    size: int | None
    entity: str
    modified: int
    snapshot: bool = False


@dataclass(frozen=True)
class Copied:
    """A version that stands at the target.

    Attributes:
        key: name of the object.
        version: the source's identifier of it.
        content: SHA-256 of the bytes that passed; empty for a delete marker.
        target: the target's identifier of it; empty where it keeps no versions.
        properties: what it bears there beside its bytes, by name as evidence shows it.
        size: bytes of the content, where the source's store has others; None: as listed.
    """

    key: str
    version: str
    content: bytes
    target: str
    properties: Mapping[str, str]
    size: int | None = None


@dataclass(frozen=True)
class JournalRow:
    """A version in the journal.

    Attributes:
        listed: as the source listed it last.
        bearing: what it bears beside its bytes, as it was copied; None where it was not.
        content: SHA-256 of the bytes that passed; None where it is not copied.
        target: the target's identifier; None where it is not copied.
        gone: whether the source has it no longer.
        out: whether it is not copied: the target cannot hold it, or it is a mark that is skipped.
        passed: bytes of the content that passed, where the source's store has others; else None.
        mark: whether it is skipped as the mark of a folder.
    """

    listed: ListedVersion
    bearing: Mapping[str, str] | None
    content: bytes | None
    target: str | None
    gone: bool
    out: bool = False
    passed: int | None = None
    mark: bool = False


@dataclass(frozen=True)
class Counts:
    """How far the copy of a zone is.

    Attributes:
        versions: at the source.
        size: bytes of them.
        copied: versions that stand at the target.
        copied_size: bytes of them.
        kept: versions that the target can hold.
    """

    versions: int
    size: int
    copied: int
    copied_size: int
    kept: int


class Journal:
    """The journal in a file; of one process at a time."""

    def __init__(self, path: Path) -> None:
        """Open it, or begin it.

        Raises:
            StateError: the file is no journal, or of another version.
        """
        self.path = path
        self._bearings: dict[str, int] = {}
        self._rows = sqlite3.connect(path, isolation_level=None)
        try:
            self._rows.execute("pragma journal_mode = wal")
            self._rows.execute("pragma synchronous = normal")
            found = self._rows.execute("pragma user_version").fetchone()[0]
            if found == 0:
                with self.together():
                    for statement in _SCHEMA.split(";"):
                        self._rows.execute(statement)
                    self._rows.execute(f"pragma user_version = {VERSION}")
        except sqlite3.DatabaseError as error:
            message = f"{path} is not the journal of an exit: {error}"
            raise StateError(
                message, "Put the file back, or begin again in a new folder."
            ) from None
        if found not in (0, VERSION):
            message = f"{path} is a journal of version {found}; this Havre reads {VERSION}"
            raise StateError(message, "Go on with the Havre that began this exit.")

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is recorded inside is recorded as a whole, or not at all."""
        self._rows.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._rows.execute("rollback")
            self._bearings.clear()
            raise
        self._rows.execute("commit")

    def fact(self, name: str) -> str:
        """What is recorded under a name; empty where nothing is."""
        found = self._rows.execute("select value from fact where name = ?", (name,)).fetchone()
        return "" if found is None else str(found[0])

    def record(self, name: str, value: str) -> None:
        """Record a value under a name, in place of the former one."""
        self._rows.execute("insert or replace into fact values (?, ?)", (name, value))

    def record_durably(self, name: str, value: str) -> None:
        """Record a value so that it outlives a power cut; nothing else may be under way."""
        self._rows.execute("pragma synchronous = full")
        try:
            self.record(name, value)
        finally:
            self._rows.execute("pragma synchronous = normal")

    def facts(self, prefix: str) -> dict[str, str]:
        """What is recorded under names that begin so, by name."""
        found = self._rows.execute("select name, value from fact order by name")
        return {name: value for name, value in found if name.startswith(prefix) and value}

    def see(self, zone: str, seen: int, versions: Iterable[ListedVersion]) -> None:
        """Record what a listing shows; what changed since is to be copied again.

        Args:
            zone: name of the zone.
            seen: number of the listing, growing.
            versions: as the source lists them.
        """
        self._rows.executemany(
            "insert into version"
            " (zone, key, version, number, size, entity, modified, snapshot, seen)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " on conflict (zone, key, version) do update set"
            " content = case when entity = excluded.entity and size is excluded.size"
            " and modified = excluded.modified then content end,"
            " number = excluded.number, size = excluded.size, entity = excluded.entity,"
            " modified = excluded.modified, seen = excluded.seen",
            (
                (
                    *(zone, _bytes(v.key), v.version, v.number, v.size),
                    *(v.entity, v.modified, v.snapshot, seen),
                )
                for v in versions
            ),
        )

    def copied(self, zone: str, done: Iterable[Copied]) -> None:
        """Record versions that stand at the target."""
        for each in done:
            self._rows.execute(
                "update version set content = ?, passed = ?, target = ?, bearing = ?, out = 0"
                " where zone = ? and key = ? and version = ?",
                (
                    each.content or None,
                    each.size,
                    each.target,
                    self._bearing(each.properties),
                    zone,
                    _bytes(each.key),
                    each.version,
                ),
            )

    def unfinished(self, zone: str, seen: int) -> Iterator[list[JournalRow]]:
        """Rows of each key that has something to do: a version to copy, or one that is gone.

        Args:
            zone: name of the zone.
            seen: number of the last whole listing.

        What is recorded meanwhile disturbs nothing.
        """
        to_do = (
            "(not out and (target is null or content is null and size is not null) or seen < ?3"
            f" or out = {_MARK} and target is not null)"
        )
        return self._by_key(zone, seen, to_do)

    def keys(self, zone: str, seen: int) -> Iterator[list[JournalRow]]:
        """Rows of each key that the source has."""
        return self._by_key(zone, seen, "seen = ?3")

    def _by_key(self, zone: str, seen: int, condition: str) -> Iterator[list[JournalRow]]:
        after = b""
        keys = f"{_KEYS_OF} and {condition} order by key limit {_KEYS}"
        query = f"{_SELECT} where zone = ?1 and key in ({keys}) order by key, number"
        while found := self._rows.execute(query, (zone, after, seen)).fetchall():
            for _, rows in itertools.groupby(found, key=lambda row: row[0]):
                yield [_row(row, seen) for row in rows]
            after = found[-1][0]

    def zones(self) -> list[str]:
        """Zones that were listed."""
        found = self._rows.execute(
            "select name from fact where name >= 'begun ' and name < 'begun!'"
        )
        return [str(name).removeprefix("begun ") for (name,) in found]

    def has(self, zone: str, key: str, seen: int) -> bool:
        """Whether the source has a key that is not skipped."""
        query = "select 1 from version where zone = ? and key = ? and seen = ? and out <> ? limit 1"
        given = (zone, _bytes(key), seen, _MARK)
        return self._rows.execute(query, given).fetchone() is not None

    def has_beneath(self, zone: str, key: str, seen: int) -> bool:
        """Whether the source has a key in the folder of that name, or its mark."""
        query = "select 1 from version where zone = ? and key >= ? and key < ? and seen = ? limit 1"
        path = _bytes(key)
        given = (zone, path + b"/", path + b"0", seen)
        return self._rows.execute(query, given).fetchone() is not None

    def empty_keys(self, zone: str, seen: int) -> list[str]:
        """Keys all of whose versions at the source have no bytes, and one of which is no marker."""
        found = self._rows.execute(
            "select key from version where zone = ? and seen = ? group by key"
            " having max(coalesce(size, 0)) = 0 and count(size) > 0",
            (zone, seen),
        )
        return [key.decode(errors="surrogateescape") for (key,) in found]

    def skip(self, zone: str, keys: Iterable[str]) -> None:
        """Have these keys, and no others, count as done: they are marks of folders."""
        self._rows.execute("update version set out = 0 where zone = ? and out = ?", (zone, _MARK))
        self._rows.executemany(
            "update version set out = ? where zone = ? and key = ?",
            ((_MARK, zone, _bytes(key)) for key in keys),
        )

    def taken_away(self, zone: str, versions: Iterable[tuple[str, str]]) -> None:
        """Record versions, by key and identifier, that stand at the target no longer."""
        self._rows.executemany(
            "update version set content = null, target = null"
            " where zone = ? and key = ? and version = ?",
            ((zone, _bytes(key), version) for key, version in versions),
        )

    def rows(self, zone: str, seen: int) -> Iterator[JournalRow]:
        """Every version of a zone, in the order of evidence."""
        found = self._rows.execute(f"{_SELECT} where zone = ? order by key, number", (zone,))
        for row in found:
            yield _row(row, seen)

    def leave_out(self, zone: str, versions: Iterable[tuple[str, str]]) -> None:
        """Have versions, by key and identifier, count as done: the target cannot hold them."""
        self._rows.executemany(
            "update version set out = 1, content = null, target = null"
            " where zone = ? and key = ? and version = ?",
            ((zone, _bytes(key), version) for key, version in versions),
        )

    def lose(self, scope: str, items: Iterable[str], entries: Iterable[LedgerEntry]) -> None:
        """Record what becomes of items, in place of what was known of them; `entries` are theirs.

        Decisions are not recorded: they are applied when the ledger is read.
        """
        self._rows.executemany(
            "delete from loss where scope = ? and item = ?",
            ((scope, encoded(item)) for item in items),
        )
        self._rows.executemany(
            "insert or replace into loss values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *(each.scope, encoded(each.item), each.property, encoded(each.found)),
                    *(encoded(each.became), each.fate.value, each.remedy, each.decidable),
                )
                for each in entries
            ),
        )

    def forget_losses(self, scope: str) -> None:
        """Forget what was known of a scope, before it is looked at anew."""
        self._rows.execute("delete from loss where scope = ?", (scope,))

    def losses(self) -> Iterator[LedgerEntry]:
        """The ledger, without decisions, in the order of scopes and items."""
        for row in self._rows.execute("select * from loss order by scope, item, property, found"):
            scope, item, name, found, became, fate, remedy, decidable = row
            yield LedgerEntry(
                *(scope, decoded(item), name, decoded(found), decoded(became)),
                LedgerFate(fate),
                remedy,
                bool(decidable),
            )

    def forget(self, zone: str, versions: Iterable[tuple[str, str]]) -> None:
        """Take out versions, by key and identifier, that neither side has any longer."""
        self._rows.executemany(
            "delete from version where zone = ? and key = ? and version = ?",
            ((zone, _bytes(key), version) for key, version in versions),
        )

    def again(self, zone: str, versions: Iterable[tuple[str, str]]) -> None:
        """Have versions copied again, by key and identifier: what they bear has changed."""
        self._rows.executemany(
            "update version set content = null where zone = ? and key = ? and version = ?",
            ((zone, _bytes(key), version) for key, version in versions),
        )

    def counts(self, zone: str, seen: int) -> Counts:
        """How far a zone is."""
        found = self._rows.execute(
            "select count(*), coalesce(sum(size), 0),"
            " count(target) filter (where content is not null or size is null),"
            " coalesce(sum(size) filter (where content is not null), 0),"
            " count(*) filter (where not out)"
            " from version where zone = ? and seen = ?",
            (zone, seen),
        ).fetchone()
        return Counts(*found)

    def known(self, zone: str, key: str) -> list[JournalRow]:
        """Rows of a key, the oldest version first; none is told to be gone."""
        return self.of_key(zone, key, 0)

    def sizes(self, zone: str, seen: int, piece: int, *, left: bool = False) -> tuple[int, ...]:
        """Versions, delete markers, versions over a size, how often they hold it, bytes of all.

        Args:
            zone: name of the zone.
            seen: number of the last whole listing.
            piece: bytes.
            left: whether only what is to be copied counts.
        """
        found = self._rows.execute(
            "select count(*), count(*) filter (where size is null),"
            " count(*) filter (where size > ?1),"
            " coalesce(sum((size + ?1 - 1) / ?1) filter (where size > ?1), 0),"
            " coalesce(sum(size), 0) from version where zone = ?2 and seen = ?3 and not out"
            " and (not ?4 or target is null or content is null and size is not null)",
            (piece, zone, seen, left),
        ).fetchone()
        return tuple(found)

    def of_key(self, zone: str, key: str, seen: int) -> list[JournalRow]:
        """Rows of a key, the oldest version first.

        Args:
            zone: name of the zone.
            key: name of the object.
            seen: number of the last whole listing; what is not in it is gone.
        """
        given = (zone, _bytes(key))
        found = self._rows.execute(f"{_SELECT} where zone = ? and key = ? order by number", given)
        return [_row(row, seen) for row in found]

    def _bearing(self, properties: Mapping[str, str]) -> int:
        """Identifier of a set of properties, which is recorded where it is new."""
        told = json.dumps(properties, sort_keys=True)
        if told not in self._bearings:
            digest = hashlib.sha256(told.encode()).digest()
            new = "insert or ignore into bearing (digest, told) values (?, ?)"
            self._rows.execute(new, (digest, told))
            found = self._rows.execute("select id from bearing where digest = ?", (digest,))
            if len(self._bearings) >= _KEYS:
                self._bearings.clear()
            self._bearings[told] = int(found.fetchone()[0])
        return self._bearings[told]


_SELECT = (
    "select key, version, number, size, entity, modified, snapshot, told, content, target, seen,"
    " out, passed from version left join bearing on bearing.id = version.bearing"
)

_KEYS = 1_000
_MARK = 2
"""In the column `out`: the mark of a folder, which is skipped; 1 is what the target cannot hold."""
_KEYS_OF = "select distinct key from version where zone = ?1 and key > ?2"


def _row(found: tuple[Any, ...], seen: int) -> JournalRow:
    key, version, number, size, entity, modified, snapshot, told, content, *rest = found
    target, last, out, passed = rest
    listed = ListedVersion(
        *(key.decode(errors="surrogateescape"), version, number, size, entity, modified),
        snapshot=bool(snapshot),
    )
    bearing = None if told is None else json.loads(told)
    gone = last < seen
    return JournalRow(
        listed, bearing, content, target, gone, bool(out), passed, out == _MARK and not gone
    )


def _bytes(key: str) -> bytes:
    return key.encode(errors="surrogateescape")
