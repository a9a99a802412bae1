"""Both sides read again, with connections of their own: two manifests that must be the same.

Nothing here is shared with what moves a database but the lines of evidence and the documented
SQL. Each side is read in one snapshot; rows are hashed while they pass and are never kept.
"""

from __future__ import annotations

import hashlib
import itertools
import select
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

from havre.exit.database import documented
from havre.exit.database.ends import refused
from havre.exit.records import DatabaseLine, encoded, ordered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from psycopg.pq.abc import PGconn

    from havre.exit.database.ends import DatabaseSide
    from havre.live.warehouse import LiveDatabase

JOBS = 4
"""Connections with which one side is read, unless the caller says otherwise."""
_BLOCK = 1 << 18
"""Bytes that are hashed at once."""
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


@dataclass(frozen=True)
class Manifests:
    """What both sides hold, as sorted lines of evidence.

    Attributes:
        source: of the database that is left.
        target: of the one that it went to.
    """

    source: list[str]
    target: list[str]

    @property
    def same(self) -> bool:
        """Whether they are the same, line for line, and not empty."""
        return bool(self.source) and self.source == self.target

    def differing(self) -> list[str]:
        """Things that differ, as `kind TAB name`, sorted."""
        found = set(self.source) ^ set(self.target)
        return sorted({"\t".join(line.split("\t")[:2]) for line in found})


def verify(
    source: DatabaseSide,
    target: DatabaseSide,
    *,
    lost: Collection[tuple[str, str]] = (),
    jobs: int = JOBS,
) -> Manifests:
    """Both sides' manifests.

    Args:
        source: the database that is left, read with rights that no policy holds back.
        target: the database that it went to.
        lost: kind and name of what the ledger calls lost or mapped: it is on neither list.
        jobs: connections a side.

    Raises:
        ProviderError: a side refused or broke off.
        RetryError: a server does not answer.
    """
    across = major(source.end) != major(target.end)

    def manifest(side: DatabaseSide) -> list[str]:
        found = lines(side.end, side.roles, across_majors=across, jobs=jobs)
        return ordered(line for line in found if (line.kind, line.name) not in lost)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(manifest, (source, target)))
    return Manifests(found[0], found[1])


def major(end: LiveDatabase) -> int:
    """Major version of a server."""
    with end.connect() as connection:
        return connection.info.server_version // 10000


def lines(
    end: LiveDatabase, roles: Mapping[str, str], *, across_majors: bool = False, jobs: int = JOBS
) -> list[DatabaseLine]:
    """What one database has and holds, in one snapshot.

    Raises:
        ProviderError: it refused or broke off.
    """
    with ExitStack() as stack:
        pinned = documented.settings(roles, across_majors=across_majors)
        first = stack.enter_context(_reading(end, pinned))
        row = first.execute("SELECT pg_export_snapshot()").fetchone()
        others = [
            stack.enter_context(_reading(end, pinned, str(row and row[0]))) for _ in range(jobs - 1)
        ]
        found = _described(first)
        held = _held(first)
        free: SimpleQueue[psycopg.Connection[Any]] = SimpleQueue()
        for connection in (first, *others):
            free.put(connection)
        with ThreadPoolExecutor(jobs) as pool:
            rows = list(pool.map(lambda each: _digested(free, *each), held))
    return [*found, *rows]


@contextmanager
def _reading(
    end: LiveDatabase, pinned: str, snapshot: str = ""
) -> Iterator[psycopg.Connection[Any]]:
    with end.connect(autocommit=True) as connection:
        try:
            connection.execute(pinned.encode())
            connection.execute(_BEGIN)
            if snapshot:
                connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())
            yield connection
        except psycopg.Error as error:
            raise refused(error, "database", end.name) from error


def described(
    end: LiveDatabase, roles: Mapping[str, str], *, across_majors: bool = False
) -> list[DatabaseLine]:
    """What one database has, without what it holds.

    Raises:
        ProviderError: it refused.
    """
    with _reading(end, documented.settings(roles, across_majors=across_majors)) as connection:
        return _described(connection)


def _described(connection: psycopg.Connection[Any]) -> list[DatabaseLine]:
    return [
        DatabaseLine(query.kind, name, count, content)
        for query in documented.catalogue()
        for name, count, content in connection.execute(query.digests.encode())
    ]


def _held(connection: psycopg.Connection[Any]) -> list[tuple[str, str, str]]:
    """Kind, name and statement of everything that is read row by row."""
    return [
        (query.kind, name, statement)
        for query in documented.statements()
        for name, statement in connection.execute(query.sql.encode()).fetchall()
    ]


def _digested(
    free: SimpleQueue[psycopg.Connection[Any]], kind: str, name: str, statement: str
) -> DatabaseLine:
    connection = free.get()
    try:
        rows, content = digest(connection, statement)
    except psycopg.Error as error:
        raise refused(error, kind, name) from error
    finally:
        free.put(connection)
    return DatabaseLine(kind, name, rows, content)


def digest(connection: psycopg.Connection[Any], statement: str) -> tuple[int, str]:
    """Rows that a COPY gives, and the SHA-256 of its bytes; one block of them in memory.

    Raises:
        ProviderError: it broke off.
        psycopg.Error: PostgreSQL refused it.
    """
    rows, found = 0, hashlib.sha256()
    for block in _blocks(connection.pgconn, statement):
        rows += block.count(b"\n")  # COPY ends each row with one, and writes none inside
        found.update(block)
    return rows, found.hexdigest()


def _blocks(pgconn: PGconn, statement: str) -> Iterator[bytearray]:
    """Rows in blocks of `_BLOCK` bytes, taken without psycopg's own layers: half as fast else."""
    started = pgconn.exec_(statement.encode())
    if started.status != ExecStatus.COPY_OUT:
        raise error_from_result(started)
    take, length, held = pgconn.get_copy_data, 0, bytearray()
    while length >= 0:
        length, row = take(1)
        if length > 0:
            held += row
        elif length == 0:
            select.select([pgconn.socket], [], [])
            pgconn.consume_input()
        if len(held) >= _BLOCK or length < 0:
            yield held
            held = bytearray()
    for result in iter(pgconn.get_result, None):
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)


def evidence(end: LiveDatabase, roles: Mapping[str, str], *, across_majors: bool = False) -> str:
    """The SQL by which `psql -X -q -At -f FILE` gives one side's digests again.

    What is described comes as `kind|name|lines|SHA-256`; what is held as `kind|name|rows`,
    and below it what `sha256sum` says of the rows.
    """
    pinned = documented.settings(roles, across_majors=across_majors)
    with _reading(end, pinned) as connection:
        held = _held(connection)
    head = f"\\set ON_ERROR_STOP on\n{pinned}{_BEGIN};\n"
    described = (
        f"SELECT '{query.kind}' AS kind, d.* FROM (\n{query.digests}\n) d;\n"  # noqa: S608 - documented SQL
        for query in documented.catalogue()
    )
    return "".join(itertools.chain((head,), described, itertools.starmap(_recomputed, held)))


def _recomputed(kind: str, name: str, statement: str) -> str:
    inner = statement.removeprefix("COPY (").removesuffix(") TO STDOUT")
    return (
        f"\\echo -n '{encoded(kind)}|{encoded(name)}|'\n"
        f"SELECT count(*) FROM ({inner}) q;\n\\o |sha256sum\n{statement};\n\\o\n"
    )
