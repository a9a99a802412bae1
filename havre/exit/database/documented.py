"""The SQL by which a database is described and digested, as `queries/*.sql` document it.

Three abbreviations keep those files readable, and are written out in the evidence:
`@role(OID)` is a role's name, as the target calls it; `@own(NAME)` holds for roles that move;
`@open(SCHEMA)` for schemas that are not PostgreSQL's own, `@ours(CATALOGUE, OID)` for what no
extension brings; `@text(SQL)` is a definition as PostgreSQL prints it, and, between two major
versions, without the qualifiers and spaces that they print differently; `@newer(CONDITION)`
holds, between two major versions, for what the older of them does not know.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CATALOGUE = ("schemas", "relations", "routines", "rights", "links")
"""Files whose queries give a name and the lines that describe the thing of that name."""
MEASURED = "measured"
"""The file whose queries give names, and what is said of each."""
READER = "reader"
"""The file whose queries say what the role of a connection may do but read."""
ROWS = "rows"
"""The file whose queries give statements; each gives what a thing holds."""

_KIND = re.compile(r"^-- kind: (.+)$", re.MULTILINE)
_DIGESTS = """\
SELECT name, count(*), encode(sha256(convert_to(
  string_agg(line || E'\\n', '' ORDER BY line COLLATE "C"), 'UTF8')), 'hex')
FROM (SELECT DISTINCT * FROM (
@query
) d) q (name, line) GROUP BY name ORDER BY name COLLATE "C\""""
_CALL = re.compile(r"@(\w+)\(")
_MEANING = {
    "role": (
        "(SELECT coalesce(nullif(current_setting('havre.roles', true), '')::jsonb ->> _r.rolname,"
        " _r.rolname) FROM pg_roles _r WHERE _r.oid = {0})"
    ),
    "own": (
        "({0} NOT LIKE 'pg\\_%' AND NOT coalesce("
        "nullif(current_setting('havre.roles', true), '')::jsonb ? {0}::text, false))"
    ),
    "open": ("({0} NOT LIKE 'pg\\_%' AND {0} NOT IN ('information_schema', 'havre_exit'))"),
    "ours": (
        "NOT EXISTS (SELECT FROM pg_depend _e WHERE _e.classid = '{0}'::regclass"
        " AND _e.objid = {1} AND _e.deptype = 'e')"
    ),
    "newer": "(current_setting('havre.across_majors', true) = 'on' AND {0})",
    "text": (
        "CASE WHEN current_setting('havre.across_majors', true) = 'on' THEN regexp_replace("
        "regexp_replace({0}, '(\"[^\"]+\"|[a-z_][a-z0-9_$]*)\\.', '', 'g'),"
        " '\\s+', ' ', 'g') ELSE {0} END"
    ),
}


@dataclass(frozen=True)
class Query:
    """A query of the documented SQL.

    Attributes:
        kind: of the things that it is about, as a database's manifest names it.
        sql: the query, without abbreviations.
    """

    kind: str
    sql: str

    @property
    def digests(self) -> str:
        """The query that gives name, number of lines and their SHA-256, for each thing."""
        return _DIGESTS.replace("@query", self.sql)


def catalogue() -> list[Query]:
    """Queries that describe what a database has."""
    return [query for name in CATALOGUE for query in _queries(name)]


def statements() -> tuple[Query, ...]:
    """Queries that give the statements by which what it holds is read."""
    return _queries(ROWS)


def measured() -> tuple[Query, ...]:
    """Queries that say what decides whether the target can hold a database."""
    return _queries(MEASURED)


def rights_to_write() -> tuple[Query, ...]:
    """Queries that say what the role of a connection may do but read."""
    return _queries(READER)


def settings(roles: Mapping[str, str], *, across_majors: bool) -> str:
    """Statements that pin a session's settings.

    Args:
        roles: what the target calls roles of another name.
        across_majors: whether the two sides are of different major versions.
    """
    names = json.dumps(dict(roles), sort_keys=True).replace("'", "''")
    return (
        f"{_read('settings')}SET havre.roles = '{names}';\n"
        f"SET havre.across_majors = {'on' if across_majors else 'off'};\n"
    )


def query(kind: str) -> Query:
    """The query of one kind of the catalogue."""
    return next(each for each in catalogue() if each.kind == kind)


@cache
def _queries(name: str) -> tuple[Query, ...]:
    parts = _KIND.split(_read(name))[1:]
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return tuple(Query(kind, written_out(sql).strip().removesuffix(";")) for kind, sql in pairs)


def _read(name: str) -> str:
    return files("havre.exit.database").joinpath(f"queries/{name}.sql").read_text("utf-8")


def written_out(sql: str) -> str:
    """SQL without abbreviations."""
    found = _CALL.search(sql)
    if found is None:
        return sql
    end = _closing(sql, found.end())
    arguments = [written_out(part.strip()) for part in _parts(sql[found.end() : end])]
    meaning = _MEANING[found[1]]
    for number, argument in enumerate(arguments):
        meaning = meaning.replace(f"{{{number}}}", argument)
    return sql[: found.start()] + meaning + written_out(sql[end + 1 :])


def _closing(sql: str, start: int) -> int:
    depth = 1
    for place in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[place], 0)
        if depth == 0:
            return place
    raise ValueError(sql[start:])


def _parts(sql: str) -> Iterator[str]:
    """The arguments of a call, split at the commas that are in no parentheses."""
    depth, start = 0, 0
    for place, letter in enumerate(sql):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            yield sql[start:place]
            start = place + 1
    yield sql[start:]
