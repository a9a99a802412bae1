"""A database goes by logical replication: a short freeze, at the price of a longer way.

The target subscribes to a publication that names its tables. It copies them, then follows; in
the freeze it is proved by the position in the log that everything has arrived. Publication, slot
and subscription bear the exit's name and are taken away at the end, after a failure, and after a
run that was killed: by the next one, or by `clean`. Until then the source keeps its log for them.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from havre.errors import GuardError, ProviderError, RetryError
from havre.exit.database import copying, marks, verify
from havre.exit.database.ends import refused
from havre.exit.database.move import analyse, granted, refresh, restored
from havre.live.warehouse import ShownDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre.exit.database.move import DatabaseMove

    Connection = psycopg.Connection[Any]

MARGIN = 1000
"""Values of a sequence that are passed over at the end, unless the caller says otherwise."""
PATIENCE = 3600.0
"""Seconds without progress after which a wait is given up, unless the caller says otherwise."""
_PAUSE = 0.2
_STRUCTURE = frozenset(
    {
        *("table definition", "view", "sequence definition", "constraint", "index", "trigger"),
        *("rule", "policy", "statistics", "routine", "type", "schema", "collation"),
    }
)
"""Kinds in which a change of structure shows."""
_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'havre_exit')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
    AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1
"""
_LAG = """
SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint,
  confirmed_flush_lsn >= %s::pg_lsn
FROM pg_replication_slots WHERE slot_name = %s
"""
_OURS = """
SELECT s.oid FROM pg_subscription s WHERE s.subname = %s
  AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_STATES = """
SELECT count(r.srrelid) FILTER (WHERE r.srsubstate <> 'r'), count(r.srrelid)
FROM pg_subscription s LEFT JOIN pg_subscription_rel r ON r.srsubid = s.oid
WHERE s.oid = %s AND s.subenabled GROUP BY s.oid
"""
_ERRORS = """
SELECT coalesce(sum(apply_error_count + sync_error_count), 0)
FROM pg_stat_subscription_stats WHERE subid = %s
"""


class ReplicationBrokenError(GuardError):
    """It cannot go on: only a new one can."""


@dataclass(frozen=True)
class ReplicationLag:
    """How far the target is behind.

    Attributes:
        size: bytes of the source's log that have not arrived.
        copying: tables whose first copy is not done.
        tables: tables in all.
        arrived: whether a position that was asked for has.
    """

    size: int
    copying: int
    tables: int
    arrived: bool


def name_of(exit_name: str) -> str:
    """Name of an exit's publication, slot and subscription."""
    return f"havre_exit_{hashlib.sha256(exit_name.encode()).hexdigest()[:12]}"


def start(job: DatabaseMove, reach: str) -> None:
    """Make what the source is at the target, and let it follow.

    Args:
        job: what goes where.
        reach: how the target's server reaches the source, as a connection string of libpq; the
            target keeps it, with its password, until the end, unless it is shown a way.

    Raises:
        GuardError: the target holds what this exit has not made.
        InputError: the target finds no way that verifies the source.
        ProviderError: a side refused; nothing of the replication is left behind.
        RetryError: a server does not answer, or another run is at work.
    """
    with _held(job) as (source, target):
        _clean(job, source, target)
        with restored(job, source, target, lambda _snapshot: None):
            source.execute("COMMIT")
            refresh(source, target)
        try:
            _publish(job, source)
            _subscribe(job, target, _shown(job, reach))
        except BaseException:
            _clean(job, source, target)
            raise


def lag(job: DatabaseMove, position: str = "0/0") -> ReplicationLag:
    """How far the target is behind, and whether a position of the source's log has arrived.

    Raises:
        ReplicationBrokenError: it met an error, or there is none.
        ProviderError: a side refused.
        RetryError: a server does not answer.
    """
    with _connected(job) as (source, target):
        return _lag(job, source, target, position)


def follow(
    job: DatabaseMove, told: Callable[[ReplicationLag], None], *, patience: float = PATIENCE
) -> ReplicationLag:
    """Wait until the first copy of every table is there.

    Args:
        job: what goes where.
        told: how far it is, again and again.
        patience: seconds to wait for a further table.

    Raises:
        ReplicationBrokenError: it met an error, there is none, or the source's structure was
            changed meanwhile, which is not replicated.
        ProviderError: a side refused.
        RetryError: no further table has arrived in time; it goes on.
    """
    _refuse_changed(job)
    with _connected(job) as (source, target):
        now, end = _lag(job, source, target), time.monotonic() + patience
        told(now)
        while now.copying:
            if time.monotonic() > end:
                raise _late(now)
            time.sleep(_PAUSE)
            before, now = now, _lag(job, source, target)
            told(now)
            if now.copying < before.copying:
                end = time.monotonic() + patience
        return now


def _late(now: ReplicationLag) -> RetryError:
    message = f"{now.size:,} bytes and {now.copying} of {now.tables} tables are to come"
    remedy = "See the target's log, wait, and run the step again: the replication goes on."
    return RetryError(message, remedy)


def finish(job: DatabaseMove, *, margin: int = MARGIN, patience: float = PATIENCE) -> None:
    """In the freeze: wait until everything has arrived, set sequences, take the replication away.

    The target is marked as finished before the replication is taken away: a run that is killed in
    between is ended by `clean`.

    Args:
        job: what goes where.
        margin: values of each sequence that are passed over.
        patience: seconds to wait.

    Raises:
        ReplicationBrokenError: it met an error, there is none, or the source's structure was
            changed meanwhile, which is not replicated.
        ProviderError: a side refused.
        RetryError: it has not caught up in time; it goes on.
    """
    with _held(job) as (source, target):
        _refuse_changed(job)  # first: it is what most errors of a replication come from
        _catch_up(job, source, target, patience)
        _refuse_changed(job)
        copying.copy_sequences(source, target, margin)
        refresh(source, target)
        with granted(job, source, target):
            analyse(target)
        marks.finish(target)
        _clean(job, source, target)


def clean(job: DatabaseMove) -> None:
    """Take publication, slot and subscription away; none is fine.

    Raises:
        ProviderError: a side refused.
        RetryError: a server does not answer, or another run is at work.
    """
    with _held(job) as (source, target):
        _clean(job, source, target)


@contextmanager
def _held(job: DatabaseMove) -> Iterator[tuple[Connection, Connection]]:
    with _connected(job) as (source, target), marks.held(target):
        yield source, target


@contextmanager
def _connected(job: DatabaseMove) -> Iterator[tuple[Connection, Connection]]:
    with ExitStack() as stack:
        source = stack.enter_context(job.source.end.connect(autocommit=True))
        target = stack.enter_context(job.target.end.connect(autocommit=True))
        try:
            yield source, target
        except psycopg.Error as error:
            raise refused(error, "database", job.source.end.name) from error


def _publish(job: DatabaseMove, source: Connection) -> None:
    tables = [row[0] for row in source.execute(_TABLES.encode())]
    named = sql.SQL(", ").join(map(sql.SQL, tables))
    words = sql.SQL("CREATE PUBLICATION {} FOR TABLE {}" if tables else "CREATE PUBLICATION {}")
    source.execute(words.format(sql.Identifier(name_of(job.exit)), named))


def _shown(job: DatabaseMove, reach: str) -> str:
    """The same as the target's provider has its server connect."""
    end = job.target.end
    if not isinstance(end, ShownDatabase):
        return reach
    known = {name: str(value) for name, value in conninfo_to_dict(reach).items()}
    return make_conninfo("", **end.show_way(known))


def _subscribe(job: DatabaseMove, target: Connection, reach: str) -> None:
    name = sql.Identifier(name_of(job.exit))
    # The connection string has a password: no log is to have it.
    for setting in ("log_statement = 'none'", "log_min_error_statement = 'panic'"):
        with suppress(psycopg.errors.InsufficientPrivilege):
            target.execute(f"SET {setting}".encode())
    words = sql.SQL("CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {}")
    try:
        target.execute(words.format(name, sql.Literal(reach), name))
    except psycopg.Error as error:
        # What it says may quote the connection string.
        message = f"database {job.target.end.name}: it cannot subscribe (SQLSTATE {error.sqlstate})"
        remedy = "Let the target's server reach the source, as a role with REPLICATION."
        raise ProviderError(message, remedy) from None


def _lag(
    job: DatabaseMove, source: Connection, target: Connection, position: str = "0/0"
) -> ReplicationLag:
    name = name_of(job.exit)
    number = _number(target, name)
    errors = target.execute(_ERRORS, (number,)).fetchone()
    if errors and errors[0]:
        message = f"database {job.target.end.name}: the replication met {errors[0]} errors"
        raise ReplicationBrokenError(message, f"See the target's log. {_ANEW}")
    found = source.execute(_LAG, (position, name)).fetchone()
    states = target.execute(_STATES, (number,)).fetchone()
    if not found or not states:
        message = f"database {job.source.end.name}: this exit has no replication"
        raise ReplicationBrokenError(message, _ANEW)
    return ReplicationLag(max(0, found[0] or 0), states[0], states[1], bool(found[1]))


_ANEW = "Run `havre exit copy` again: it starts from the beginning."


def _number(target: Connection, name: str) -> int:
    """The subscription's identifier; 0 where there is none."""
    row = target.execute(_OURS, (name,)).fetchone()
    return int(row[0]) if row else 0


def _catch_up(job: DatabaseMove, source: Connection, target: Connection, patience: float) -> None:
    """Wait until the target has written everything up to a position taken now."""
    row = source.execute("SELECT pg_logical_emit_message(false, 'havre', '')::text").fetchone()
    position, end = str(row and row[0]), time.monotonic() + patience
    while True:
        now = _lag(job, source, target, position)
        if now.arrived and not now.copying:
            return
        if time.monotonic() > end:
            raise _late(now)
        # Another entry makes the source tell how far its log is.
        source.execute("SELECT pg_logical_emit_message(false, 'havre', '')")
        time.sleep(_PAUSE)


def _refuse_changed(job: DatabaseMove) -> None:
    across = verify.major(job.source.end) != verify.major(job.target.end)
    sides = [
        {
            str(line): f"{line.kind} {line.name}"
            for line in verify.described(side.end, side.roles, across_majors=across)
            if line.kind in _STRUCTURE and (line.kind, line.name) not in job.lost
        }
        for side in (job.source, job.target)
    ]
    changed = sorted({(sides[0] | sides[1])[line] for line in sides[0].keys() ^ sides[1].keys()})
    if changed:
        message = f"the source's structure was changed meanwhile: {', '.join(changed[:5])}"
        raise ReplicationBrokenError(message, f"No change of structure follows. {_ANEW}")


def _clean(job: DatabaseMove, source: Connection, target: Connection) -> None:
    name = name_of(job.exit)
    number, quoted = _number(target, name), sql.Identifier(name)
    if number:
        target.execute(sql.SQL("ALTER SUBSCRIPTION {} DISABLE").format(quoted))
    ours = (name, f"pg_{number}_sync_%")
    source.execute(
        "SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots"
        " WHERE active_pid IS NOT NULL AND (slot_name = %s OR slot_name LIKE %s)",
        ours,
    )
    source.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
        " WHERE slot_name = %s OR slot_name LIKE %s",
        ours,
    )
    source.execute(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(quoted))
    if number:
        # Last: its number is what its slots are known by.
        target.execute(sql.SQL("ALTER SUBSCRIPTION {} SET (slot_name = NONE)").format(quoted))
        target.execute(sql.SQL("DROP SUBSCRIPTION {}").format(quoted))
    if isinstance(job.target.end, ShownDatabase):
        job.target.end.forget_way()
