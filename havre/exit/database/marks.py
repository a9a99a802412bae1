"""What an exit has made in a target, marked there: a run that was killed is cleared, nothing else.

Before the first object is made the target is empty, and the names of everything that will be
made are written into it. Whatever stands there later and bears another name is somebody else's.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from havre.errors import GuardError, RetryError
from havre.exit.database.ends import refused
from havre.exit.database.programs import APPLICATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Connection = psycopg.Connection[Any]

SCHEMA = "havre_exit"
_LOCK = 0x6861767265
"""Number of the advisory lock that a run holds at the target."""
_SHOWN = 5
_WAIT_SECONDS = 30

_STANDING = """
SELECT o.type, o.identity FROM (
  SELECT 'pg_class'::regclass AS class, c.oid, c.relnamespace AS space FROM pg_class c
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
      AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid <> c.oid)
  UNION ALL SELECT 'pg_proc'::regclass, p.oid, p.pronamespace FROM pg_proc p
    WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
      AND d.objid = p.oid AND d.deptype = 'i')
  UNION ALL SELECT 'pg_type'::regclass, t.oid, t.typnamespace FROM pg_type t
    LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE coalesce(c.relkind = 'c', true) AND t.typtype <> 'm'
      AND NOT EXISTS (SELECT FROM pg_type x WHERE x.typarray = t.oid)
  UNION ALL SELECT 'pg_collation'::regclass, oid, collnamespace FROM pg_collation
  UNION ALL SELECT 'pg_conversion'::regclass, oid, connamespace FROM pg_conversion
  UNION ALL SELECT 'pg_operator'::regclass, oid, oprnamespace FROM pg_operator
  UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfnamespace FROM pg_opfamily
  UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgnamespace FROM pg_ts_config
  UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictnamespace FROM pg_ts_dict
  UNION ALL SELECT 'pg_ts_parser'::regclass, oid, prsnamespace FROM pg_ts_parser
  UNION ALL SELECT 'pg_ts_template'::regclass, oid, tmplnamespace FROM pg_ts_template
  UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxnamespace FROM pg_statistic_ext
  UNION ALL SELECT 'pg_event_trigger'::regclass, oid, 0 FROM pg_event_trigger
  UNION ALL SELECT 'pg_publication'::regclass, oid, 0 FROM pg_publication
    WHERE pubname NOT LIKE 'havre\\_exit\\_%'
  UNION ALL SELECT 'pg_foreign_server'::regclass, oid, 0 FROM pg_foreign_server
  UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0 FROM pg_foreign_data_wrapper
  UNION ALL SELECT 'pg_language'::regclass, oid, 0 FROM pg_language
  UNION ALL SELECT 'pg_cast'::regclass, oid, 0 FROM pg_cast
  UNION ALL SELECT 'pg_am'::regclass, oid, 0 FROM pg_am
  UNION ALL SELECT 'pg_transform'::regclass, oid, 0 FROM pg_transform
  UNION ALL SELECT 'pg_largeobject'::regclass, oid, 0 FROM pg_largeobject_metadata
) x
LEFT JOIN pg_namespace n ON n.oid = x.space
CROSS JOIN LATERAL pg_identify_object(x.class, x.oid, 0) o
WHERE (x.oid >= 16384 OR x.class = 'pg_largeobject'::regclass)
  AND coalesce(n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'havre_exit'), true)
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = x.class AND e.objid = x.oid
    AND e.deptype = 'e')
"""  # noqa: E501
_SCHEMAS = """
SELECT quote_ident(nspname) FROM pg_namespace
WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'havre_exit')
"""
_WORD = {
    "server": "SERVER",
    "statistics object": "STATISTICS",
    "foreign-data wrapper": "FOREIGN DATA WRAPPER",
    "composite type": "TYPE",
}
_LAST = ("operator", "operator family", "type", "composite type", "function", "language")


@dataclass(frozen=True, order=True)
class Thing:
    """An object of a database, as `pg_identify_object` names it.

    Attributes:
        type: such as `table`.
        identity: its name, quoted.
    """

    type: str
    identity: str

    def __str__(self) -> str:
        return f"{self.type} {self.identity}"

    @property
    def dropped(self) -> str:
        """The statement that drops it, with what depends on it."""
        if self.type == "large object":
            return f"SELECT lo_unlink({int(self.identity)})"
        return f"DROP {_WORD.get(self.type, self.type.upper())} IF EXISTS {self.identity} CASCADE"


def standing(connection: Connection) -> set[Thing]:
    """What stands in a database but schemas, extensions and what they bring."""
    connection.execute("SET search_path = ''")
    return {Thing(*row) for row in connection.execute(_STANDING.encode())}


def schemas(connection: Connection) -> set[str]:
    """Quoted names of a database's schemas."""
    return {row[0] for row in connection.execute(_SCHEMAS.encode())}


@contextmanager
def held(connection: Connection) -> Iterator[None]:
    """Hold the target for one run, and end what is left of one that was killed.

    Raises:
        RetryError: another run holds it, or a session of a killed one does not end.
    """
    connection.execute(f"SET lock_timeout = '{_WAIT_SECONDS}s'".encode())
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
    except psycopg.errors.LockNotAvailable as error:
        message = f"database {connection.info.dbname}: another run of the exit is at work there"
        raise RetryError(message, "Wait until it has ended.") from error
    connection.execute("SET lock_timeout = 0")
    try:
        _end_sessions(connection)
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def _end_sessions(connection: Connection) -> None:
    ended = connection.execute(
        "SELECT count(*) FILTER (WHERE NOT pg_terminate_backend(pid, %s)) FROM pg_stat_activity"
        " WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()",
        (_WAIT_SECONDS * 1000, APPLICATION),
    ).fetchone()
    if ended and ended[0]:
        message = f"database {connection.info.dbname}: a session of an earlier run does not end"
        raise RetryError(message, "Run the step again.")


def begin(connection: Connection, name: str, things: set[Thing]) -> None:
    """Mark an empty target, or clear what an earlier run of the same exit has made in it.

    Args:
        connection: to the target, in autocommit.
        name: of the exit.
        things: what the source has and this run will make.

    Raises:
        GuardError: something else stands there, or another exit's mark.
        ProviderError: something that the exit made cannot be dropped.
    """
    known = _marked(connection, name)
    if known is None:
        _refuse(connection, standing(connection), "it is not empty")
        _mark(connection, name, things)
        return
    found = standing(connection)
    _refuse(connection, found - known - things, "this exit has not made everything in it")
    _record(connection, things - known)
    _clear(connection, found)


def strangers(connection: Connection, name: str) -> set[Thing]:
    """What stands in a target and is not made by an exit, the one of that name.

    Raises:
        GuardError: another exit has marked it.
    """
    return standing(connection) - (_marked(connection, name) or set())


def _marked(connection: Connection, name: str) -> set[Thing] | None:
    """What the mark says that an exit makes; None where there is no mark."""
    row = connection.execute("SELECT to_regclass('havre_exit.made')").fetchone()
    if row is None or row[0] is None:
        return None
    marks = [mark for (mark,) in connection.execute("SELECT exit FROM havre_exit.mark")]
    if marks != [name]:
        message = f"database {connection.info.dbname} is marked by the exit {', '.join(marks)}"
        raise GuardError(message, "Name an empty database, or finish that exit.")
    return {Thing(*row) for row in connection.execute("SELECT type, identity FROM havre_exit.made")}


def _refuse(connection: Connection, strangers: set[Thing], why: str) -> None:
    if strangers:
        names = ", ".join(map(str, sorted(strangers)[:_SHOWN]))
        more = f" and {len(strangers) - _SHOWN} more" if len(strangers) > _SHOWN else ""
        message = f"database {connection.info.dbname}: {why}: {names}{more}"
        raise GuardError(message, "Move them elsewhere, or name an empty database.")


def _mark(connection: Connection, name: str, things: set[Thing]) -> None:
    with connection.transaction():
        connection.execute("CREATE SCHEMA havre_exit")
        connection.execute("REVOKE ALL ON SCHEMA havre_exit FROM PUBLIC")
        connection.execute("CREATE TABLE havre_exit.mark (exit text PRIMARY KEY, finished boolean)")
        connection.execute("CREATE TABLE havre_exit.made (type text, identity text)")
        connection.execute("CREATE TABLE havre_exit.before (name text)")
        connection.execute("INSERT INTO havre_exit.mark VALUES (%s, false)", (name,))
        names = [(each,) for each in schemas(connection)]
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO havre_exit.before VALUES (%s)", names)
        _record(connection, things)


def _record(connection: Connection, things: set[Thing]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY havre_exit.made FROM STDIN") as copy,
    ):
        for thing in things:
            copy.write_row((thing.type, thing.identity))


def _clear(connection: Connection, found: set[Thing]) -> None:
    for thing in sorted(found, key=lambda each: (each.type in _LAST, each)):
        try:
            connection.execute(thing.dropped.encode())
        except psycopg.Error as error:
            raise refused(error, thing.type, thing.identity) from error
    connection.execute("UPDATE havre_exit.mark SET finished = false")
    before = {row[0] for row in connection.execute("SELECT name FROM havre_exit.before")}
    for name in schemas(connection) - before:
        connection.execute(f"DROP SCHEMA IF EXISTS {name}".encode())


def finish(connection: Connection) -> None:
    """Say in the mark that everything is there."""
    connection.execute("UPDATE havre_exit.mark SET finished = true")


def finished(connection: Connection, name: str) -> bool:
    """Whether an exit has made everything in a target."""
    if _marked(connection, name) is None:
        return False
    row = connection.execute("SELECT finished FROM havre_exit.mark").fetchone()
    return bool(row and row[0])


def remove(connection: Connection, name: str) -> None:
    """Take the mark away, at the cut; none is fine.

    Raises:
        GuardError: it is another exit's.
    """
    if _marked(connection, name) is not None:
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(SCHEMA)))


def before(connection: Connection) -> Sequence[str]:
    """Quoted names of the schemas that stood in the target before; of all where no mark is."""
    row = connection.execute("SELECT to_regclass('havre_exit.before')").fetchone()
    if row is None or row[0] is None:
        return sorted(schemas(connection))
    return [row[0] for row in connection.execute("SELECT name FROM havre_exit.before ORDER BY 1")]
