"""What a database holds goes through memory, one pipe a table: no row touches a disk on its way.

Each table is one COPY out of the source's snapshot into one transaction of the target, so that
a table is there whole or not at all. Several tables go at once.
"""

from __future__ import annotations

import select
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from havre.exit.database.ends import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from psycopg.pq.abc import PGconn

    Connection = psycopg.Connection[Any]

_BLOCK = 1 << 18
"""Bytes that are written at once."""
_PAGE = 2048
"""Bytes of a large object in a row of pg_largeobject."""
_AT_ONCE = 256
"""Pages that are written by one call at most."""
_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname),
  coalesce((SELECT e.extcondition[array_position(e.extconfig, c.oid)]
            FROM pg_extension e WHERE c.oid = ANY (e.extconfig)), ''),
  member.yes,
  (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.deptype = 'e') AS yes) member
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'havre_exit')
  AND (NOT member.yes OR EXISTS (SELECT FROM pg_extension e WHERE c.oid = ANY (e.extconfig)))
ORDER BY pg_relation_size(c.oid) DESC, 1
"""
_SEQUENCES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'havre_exit')
"""


_VALUES = """
SELECT v.last_value, v.is_called, s.seqincrement, s.seqmin, s.seqmax
FROM @name v, pg_sequence s WHERE s.seqrelid = %s::regclass
"""


@dataclass(frozen=True)
class CopiedTable:
    """A table whose rows are copied, a partition too.

    Attributes:
        name: quoted, with its schema.
        condition: of an extension, for its own table: which rows are the user's.
        member: whether an extension made it, so that the target's has rows already.
        columns: quoted, but those that are generated; None where there are none.
    """

    name: str
    condition: str
    member: bool
    columns: str | None

    @property
    def listed(self) -> str:
        """Its columns as COPY takes them."""
        return f"({self.columns})" if self.columns else ""

    @property
    def reading(self) -> str:
        """The statement that gives its rows."""
        if self.condition:
            inner = f"SELECT {self.columns} FROM ONLY {self.name} {self.condition}"  # noqa: S608
            return f"COPY ({inner}) TO STDOUT"
        return f"COPY {self.name} {self.listed} TO STDOUT"


def tables(source: Connection) -> list[CopiedTable]:
    """Tables whose rows go, the largest first."""
    return [CopiedTable(*row) for row in source.execute(_TABLES).fetchall()]


def copy_tables(
    pairs: Sequence[tuple[Connection, Connection]],
    found: Sequence[CopiedTable],
    done: Callable[[str, int], None],
) -> None:
    """Copy tables, as many at once as there are pairs of connections.

    Args:
        pairs: each a connection to the source, in the snapshot, and one to the target.
        found: tables; they stand at the target, without indexes and triggers.
        done: told the name and the bytes of each table that is there.

    Raises:
        ProviderError: a side refused.
    """
    free: SimpleQueue[tuple[Connection, Connection]] = SimpleQueue()
    for pair in pairs:
        free.put(pair)

    def one(table: CopiedTable) -> None:
        pair = free.get()
        try:
            done(table.name, _copy(*pair, table))
        except psycopg.Error as error:
            raise refused(error, "table", table.name) from error
        finally:
            free.put(pair)

    with ThreadPoolExecutor(len(pairs)) as pool:
        try:
            for _ in pool.map(one, found):
                pass
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _copy(source: Connection, target: Connection, table: CopiedTable) -> int:
    size = 0
    freeze = "" if table.member else " (FREEZE)"
    writing = f"COPY {table.name} {table.listed} FROM STDIN{freeze}"
    with target.transaction(), target.cursor() as into:
        if not table.member:
            # In the transaction that truncates it, a table takes rows without a second writing.
            into.execute(f"TRUNCATE TABLE ONLY {table.name}".encode())
        with into.copy(writing.encode()) as writer:
            for block in _blocks(source.pgconn, table.reading.encode()):
                writer.write(block)
                size += len(block)
    return size


def _blocks(pgconn: PGconn, statement: bytes) -> Iterator[bytes]:
    """What a COPY gives, whole: it ends in an error where the source breaks off."""
    # Row by row through psycopg's own `copy` takes twice as long.
    if (started := pgconn.exec_(statement)).status != ExecStatus.COPY_OUT:
        raise error_from_result(started)
    held = bytearray()
    while (taken := pgconn.get_copy_data(1))[0] >= 0:
        if taken[0]:
            held += taken[1]
        else:
            select.select([pgconn.socket], [], [])
            pgconn.consume_input()
        if len(held) >= _BLOCK:
            yield bytes(held)
            held.clear()
    yield bytes(held)
    for result in iter(pgconn.get_result, None):
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)


def copy_sequences(source: Connection, target: Connection, margin: int = 0) -> None:
    """Set the target's sequences to where the source's are.

    Args:
        source: where they are read; a sequence is in no snapshot.
        target: where they are set.
        margin: values that are passed over, for what the source may still have given; a
            sequence ends at its last value.
    """
    for (name,) in source.execute(_SEQUENCES.encode()).fetchall():
        read = _VALUES.replace("@name", name).encode()
        last, called, step, least, most = source.execute(read, (name,)).fetchall()[0]
        moved = max(least, min(most, last + margin * step)) if called else last
        target.execute("SELECT setval(%s::regclass, %s, %s)", (name, moved, called))


def copy_large_objects(source: Connection, target: Connection, roles: Callable[[str], str]) -> None:
    """Copy large objects under their own numbers, page by page, with owners, grants, comments.

    Args:
        source: in the snapshot; it may read pg_largeobject, unless there are none.
        target: holds none of these numbers.
        roles: what the target calls a role; empty for none.
    """
    if source.execute("SELECT FROM pg_largeobject_metadata LIMIT 1").fetchone() is None:
        return
    with target.transaction(), target.cursor() as into:
        with source.cursor("havre_numbers") as numbers:
            numbers.execute("SELECT oid FROM pg_largeobject_metadata ORDER BY oid")
            into.executemany("SELECT lo_create(%s)", numbers)
        with source.cursor("havre_pages", binary=True) as pages:
            pages.itersize = _AT_ONCE
            pages.execute("SELECT loid, pageno, data FROM pg_largeobject ORDER BY loid, pageno")
            into.executemany("SELECT lo_put(%s, %s, %s)", _runs(pages))
        for statement in _large_object_rights(source, roles):
            into.execute(statement)


def _runs(pages: Iterable[tuple[int, int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
    """Number, offset and bytes: full pages that follow one another go together."""

    def place(numbered: tuple[int, tuple[int, int, bytes]]) -> tuple[int, int, int, int]:
        index, (number, page, data) = numbered
        return number, page - index, index // _AT_ONCE, -1 if len(data) == _PAGE else page

    for _, group in groupby(enumerate(pages), key=place):
        run = [page for _, page in group]
        yield run[0][0], run[0][1] * _PAGE, b"".join(bytes(data) for _, _, data in run)


_RIGHTS = """
SELECT m.oid, pg_get_userbyid(m.lomowner), obj_description(m.oid, 'pg_largeobject'), (
  SELECT jsonb_agg(jsonb_build_array(
    CASE WHEN e.grantee = 0 THEN '' ELSE pg_get_userbyid(e.grantee) END,
    e.privilege_type, e.is_grantable))
  FROM aclexplode(m.lomacl) e WHERE e.grantee <> m.lomowner)
FROM pg_largeobject_metadata m ORDER BY m.oid
"""


def _large_object_rights(source: Connection, roles: Callable[[str], str]) -> Iterator[sql.Composed]:
    with source.cursor("havre_rights") as found:
        found.execute(_RIGHTS)
        for number, owner, comment, grants in found:
            what = sql.SQL("LARGE OBJECT {}").format(sql.Literal(number))
            yield sql.SQL("ALTER {} OWNER TO {}").format(what, sql.Identifier(roles(owner)))
            if comment is not None:
                yield sql.SQL("COMMENT ON {} IS {}").format(what, sql.Literal(comment))
            for grantee, privilege, grantable in grants or ():
                name = roles(grantee) if grantee else ""
                if grantee and not name:
                    continue
                yield sql.SQL("GRANT {} ON {} TO {}{}").format(
                    sql.SQL(privilege),
                    what,
                    sql.Identifier(name) if grantee else sql.SQL("PUBLIC"),
                    sql.SQL(" WITH GRANT OPTION" if grantable else ""),
                )
