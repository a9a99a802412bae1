"""A database goes by dump and restore: what it is by pg_dump and pg_restore, its rows by pipes.

The dump of what it is (no rows) stands in memory alone. Rows go from COPY to COPY, one pipe a
table, inside the dump's own snapshot: nothing is written in clear, and nothing encrypted has to
be written and read again. What that costs: a run that was killed begins again, and a source and
a target must be reachable at the same time.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from havre.errors import GuardError
from havre.exit.database import copying, marks, programs, rights
from havre.exit.database.ends import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from havre.exit.database.ends import DatabaseSide
    from havre.live.warehouse import LiveDatabase

    Connection = psycopg.Connection[Any]

JOBS = 4
"""Tables and indexes that are made at once, unless the caller says otherwise."""
_DUMP = (
    *("--format=custom", "--schema-only", "--no-subscriptions", "--no-tablespaces", "--no-sync"),
    "--exclude-schema=havre_exit",
)
# By a plan of their own, or never: extensions, what may hold a password, what exits made.
_LEFT_OUT = re.compile(
    r"\d+; \d+ \d+ (?:EXTENSION|COMMENT - EXTENSION|USER MAPPING|SUBSCRIPTION)\b|.* havre_exit_"
)
_ENTRY = {
    "event trigger": "EVENT TRIGGER - ",
    "publication": "PUBLICATION - ",
    "security label": "SECURITY LABEL ",
    "grant of the system": "ACL pg_catalog ",
}
"""How what is lost by a decision begins in the list of a dump."""
_ANALYSED = """
SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'havre_exit')
"""
_STAND_IN = "stand-in of an exit"


def _quiet(_name: str, _size: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class DatabaseMove:
    """What goes where.

    Attributes:
        exit: name of the exit; it marks the target.
        source: the database that is left.
        target: an empty one.
        jobs: tables and indexes that are made at once.
        lost: kind and name of what the ledger lets be lost.
        done: told the name and bytes of each table that is there.
    """

    exit: str
    source: DatabaseSide
    target: DatabaseSide
    jobs: int = JOBS
    lost: frozenset[tuple[str, str]] = frozenset()
    done: Callable[[str, int], None] = field(default=_quiet)


def move(job: DatabaseMove) -> None:
    """Bring the source's database to the target, whole, whatever an earlier run left there.

    Raises:
        GuardError: the target holds what this exit has not made.
        MissingDependencyError: there are no programs for both versions.
        ProviderError: a side refused; the target is not finished.
        RetryError: a server does not answer, or another run is at work.
    """
    with ExitStack() as stack:
        source = stack.enter_context(job.source.end.connect(autocommit=True))
        target = stack.enter_context(job.target.end.connect(autocommit=True))
        stack.enter_context(marks.held(target))
        with restored(job, source, target, lambda snapshot: _hold(job, snapshot, source, target)):
            refresh(source, target)
        analyse(target)
        marks.finish(target)


@contextmanager
def restored(
    job: DatabaseMove, source: Connection, target: Connection, fill: Callable[[str], None]
) -> Iterator[None]:
    """What the source is, made at the target; inside, rights are not given yet.

    Args:
        job: what goes where.
        source: where a snapshot is taken and kept, in autocommit until then.
        target: held by this run.
        fill: brings rows, before indexes and triggers are made; it is given the snapshot.
    """
    found = programs.find(_major(source), _major(target), (job.target.end, job.source.end))
    snapshot = _snapshot(source)
    marks.begin(target, job.exit, marks.standing(source))
    with granted(job, source, target):
        _restore(job, found, snapshot, source, target, fill)
        yield


@contextmanager
def granted(job: DatabaseMove, source: Connection, target: Connection) -> Iterator[None]:
    """Roles of the source at the target, and after what is done inside, what belongs to them."""
    across = _major(source) != _major(target)
    with job.target.end.connect(autocommit=True) as asked:
        left = rights.SideLines(source, job.source.roles, across)
        kept = rights.SideLines(asked, job.target.roles, across)
        rights.act_as_made(asked)
        rights.apply_roles(left, kept, job.lost)
        _stand_in(job, asked)
        yield
        _stand_down(job, asked)
        rights.apply_rights(left, kept, job.lost)


def _restore(
    job: DatabaseMove,
    found: programs.Programs,
    snapshot: str,
    source: Connection,
    target: Connection,
    fill: Callable[[str], None],
) -> None:
    end = job.target.end
    with programs.memory("schema") as schema:
        argv = ["pg_dump", *_DUMP, f"--snapshot={snapshot}"]
        programs.run(found, job.source.end, argv, stdout=schema)
        _extensions(job, source, target)
        with _listed(job, found, schema, target) as entries:
            argv = ["pg_restore", "--exit-on-error", f"--dbname={end.name}"]
            argv += [f"--use-list={programs.path(entries)}", programs.path(schema)]
            inherited = (schema, entries)
            programs.run(found, end, [*argv, "--section=pre-data"], inherited=inherited)
            fill(snapshot)
            after = [*argv, "--section=post-data", f"--jobs={job.jobs}"]
            programs.run(found, end, after, inherited=inherited)


def _hold(job: DatabaseMove, snapshot: str, source: Connection, target: Connection) -> None:
    """Everything that the database holds."""
    tables = copying.tables(source)
    with ExitStack() as stack:
        pairs = [
            (
                stack.enter_context(_piped(job.source.end, source, snapshot)),
                stack.enter_context(_piped(job.target.end, source)),
            )
            for _ in range(job.jobs)
        ]
        copying.copy_tables(pairs, tables, job.done)
        try:
            copying.copy_sequences(source, target)
            roles = rights.renamed(job.source.roles)
            copying.copy_large_objects(pairs[0][0], pairs[0][1], roles)
        except psycopg.Error as error:
            raise refused(error, "database", job.source.end.name) from error


def _major(connection: Connection) -> int:
    return connection.info.server_version // 10000


def _snapshot(source: Connection) -> str:
    source.execute("SET row_security = off")
    source.execute("SET statement_timeout = 0")
    source.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    row = source.execute("SELECT pg_export_snapshot()").fetchone()
    return str(row and row[0])


@contextmanager
def _piped(end: LiveDatabase, source: Connection, snapshot: str = "") -> Iterator[Connection]:
    """A connection that rows go through, in the source's own encoding."""
    encoding = source.info.parameter_status("server_encoding")
    pinned = {
        "application_name": programs.APPLICATION, "client_encoding": encoding, "DateStyle": "ISO",
        "IntervalStyle": "postgres", "extra_float_digits": "3", "row_security": "off",
        "statement_timeout": "0", "idle_in_transaction_session_timeout": "0", "search_path": "",
        "default_transaction_read_only": "off", "lc_monetary": "C", "xmloption": "content",
    }  # fmt: skip
    with end.connect(autocommit=True) as connection:
        for name, value in pinned.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        if snapshot:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'".encode())
        yield connection


def _extensions(job: DatabaseMove, source: Connection, target: Connection) -> None:
    found = source.execute(
        "SELECT e.extname, n.nspname FROM pg_extension e"
        " JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY e.oid"
    ).fetchall()
    lost = {rights.unquoted(name) for kind, name in job.lost if kind == "extension"}
    for name, schema in found:
        if name in lost:
            continue
        named = sql.Identifier(schema)
        try:
            if not schema.startswith("pg_"):
                target.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(named))
            create = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {} CASCADE")
            target.execute(create.format(sql.Identifier(name), named))
        except psycopg.Error as error:
            raise refused(error, "extension", name) from error


@contextmanager
def _listed(
    job: DatabaseMove, found: programs.Programs, schema: int, target: Connection
) -> Iterator[int]:
    """The list of what pg_restore makes: a file in memory."""
    with programs.memory("entries") as entries, programs.memory("chosen") as chosen:
        argv = ["pg_restore", "--list", programs.path(schema)]
        programs.run(found, job.target.end, argv, stdout=entries, inherited=(schema,))
        stands = {f" SCHEMA - {rights.unquoted(name)} " for name in marks.schemas(target)}
        lost = {
            _ENTRY[kind] + ("" if kind == "grant of the system" else name)
            for kind, name in job.lost
            if kind in _ENTRY
        }
        with open(entries, closefd=False) as lines:
            lines.seek(0)
            kept = [line for line in lines if not _skipped(line, stands | lost)]
        with open(chosen, "w", closefd=False) as file:
            file.writelines(kept)
        yield chosen


def _skipped(line: str, named: set[str]) -> bool:
    return bool(_LEFT_OUT.match(line)) or any(word in line for word in named)


def analyse(target: Connection) -> None:
    """Gather the planner's statistics, which no dump brings."""
    row = target.execute(_ANALYSED.encode()).fetchone()
    if row and row[0]:
        target.execute(f"ANALYZE {row[0]}".encode())


def refresh(source: Connection, target: Connection) -> None:
    """Fill materialised views anew, each after those that it reads."""
    waiting = [
        row[0]
        for row in source.execute(
            "SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews WHERE ispopulated"
        )
    ]
    while waiting:
        later = [name for name in waiting if not _refreshed(target, name, last=len(waiting) == 1)]
        if len(later) == len(waiting):
            _refreshed(target, later[0], last=True)
        waiting = later


def _refreshed(target: Connection, name: str, *, last: bool) -> bool:
    try:
        target.execute(f"REFRESH MATERIALIZED VIEW {name}".encode())
    except psycopg.errors.ObjectNotInPrerequisiteState as error:
        if last:
            raise refused(error, "materialised view", name) from error
        return False
    except psycopg.Error as error:
        raise refused(error, "materialised view", name) from error
    return True


def _stand_in(job: DatabaseMove, target: Connection) -> None:
    """Roles under the names that the dump knows, where the target calls them otherwise.

    Raises:
        GuardError: the target has a role of such a name.
        ProviderError: the target refused.
    """
    for name in _renamed(job):
        row = target.execute(
            "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s", (name,)
        ).fetchone()
        if row is not None and row[0] != _STAND_IN:
            message = f"role {name} exists at the target, and another name is given for it"
            raise GuardError(message, "Give it its own name in the table of roles.")
        role = sql.Identifier(name)
        if row is None:
            _asked(target, name, sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
        comment = sql.SQL("COMMENT ON ROLE {} IS {}").format(role, sql.Literal(_STAND_IN))
        _asked(target, name, comment)


def _stand_down(job: DatabaseMove, target: Connection) -> None:
    """What those roles have got goes to their counterparts; then they go.

    Raises:
        ProviderError: the target refused.
    """
    for name in _renamed(job):
        heir = job.source.roles[name]
        role = sql.Identifier(name)
        to = sql.Identifier(heir) if heir else sql.SQL("CURRENT_USER")
        _asked(target, name, sql.SQL("REASSIGN OWNED BY {} TO {}").format(role, to))
        _asked(target, name, sql.SQL("DROP OWNED BY {}").format(role))
        _asked(target, name, sql.SQL("DROP ROLE {}").format(role))


def _asked(target: Connection, role: str, statement: sql.Composed) -> None:
    try:
        target.execute(statement)
    except psycopg.Error as error:
        raise refused(error, "role", role) from error


def _renamed(job: DatabaseMove) -> list[str]:
    return sorted(name for name, heir in job.source.roles.items() if name != heir)
