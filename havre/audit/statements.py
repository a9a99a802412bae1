"""What a statement of SQL does, and which tables it names. Its text is not kept.

Without pgaudit a log has statements as they were sent. Which tables a view or a function reads is
not in them, nor which of two schemas a bare name means. So a table counts as named wherever it
stands in the text, in a constant too: more than was read, never less of what is written out.
Source: PostgreSQL 18 documentation, reference of SQL commands; pgaudit README, 18.0, log format.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre.audit.accesses import Act

if TYPE_CHECKING:
    from collections.abc import Mapping

READS = ("SELECT", "TABLE", "VALUES", "FETCH", "EXECUTE", "DECLARE", "EXPLAIN", "PREPARE")
WRITES = ("INSERT", "UPDATE", "MERGE")
DELETES = ("DELETE", "TRUNCATE", "DROP")
CHANGES = (
    *("CREATE", "ALTER", "GRANT", "REVOKE", "REASSIGN", "COMMENT", "SECURITY", "IMPORT"),
    *("REFRESH", "REINDEX", "CLUSTER", "VACUUM", "ANALYZE", "LOCK"),
)
NONE = (
    *("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "RESET"),
    *("SET", "SHOW", "DISCARD", "DEALLOCATE", "CLOSE", "MOVE", "LISTEN", "UNLISTEN", "NOTIFY"),
    "CHECKPOINT",
)
"""Commands that reach no data."""
ACTS: Mapping[str, Act | None] = {
    **dict.fromkeys(READS, Act.READ),
    **dict.fromkeys(WRITES, Act.WRITE),
    **dict.fromkeys(DELETES, Act.DELETE),
    **dict.fromkeys(CHANGES, Act.CHANGE),
    **dict.fromkeys(NONE, None),
}
STRONGEST = (Act.CHANGE, Act.DELETE, Act.WRITE, Act.OTHER, Act.READ)
"""Which of the acts of several statements that were sent at once is told."""

LOOKED_AT = 20_000
"""Characters in which the commands of statements that were sent at once are looked for."""

_WORD = re.compile(r"(?:\A|;)(?:[\s(]++|--[^\n]*+|/\*.*?\*/)*+([A-Za-z]+)", re.DOTALL)
_AS_ANOTHER = re.compile(
    r"\bSET\s+(?:(?:LOCAL|SESSION)\s+)?(ROLE|SESSION\s+AUTHORIZATION)\b", re.IGNORECASE
)
_CHANGING = re.compile(r"\b(INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b", re.IGNORECASE)
_INTO = re.compile(r"\bINTO\b", re.IGNORECASE)
_COPY_FROM = re.compile(r"\bFROM\s+(?:STDIN|PROGRAM|')", re.IGNORECASE)
_IDENTIFIER = r'(?:[A-Za-z_\u0080-\uffff][\w$]*|"(?:[^"]|"")+")'
_NAMED = re.compile(
    rf"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ONLY|COPY|TRUNCATE)\s+"
    rf"({_IDENTIFIER}(?:\s*\.\s*{_IDENTIFIER})?)",
    re.IGNORECASE,
)
_KEYWORDS = frozenset(
    {"select", "only", "lateral", "unnest", "stdin", "program", "if", "values", "generate_series"}
)
_AUDITED = {"READ": Act.READ, "WRITE": Act.WRITE, "DDL": Act.CHANGE, "ROLE": Act.CHANGE}
_AUDIT_FIELDS = 8


@dataclass(frozen=True)
class Statement:
    """What is kept of a statement.

    Attributes:
        act: what it does.
        action: its command, such as `SELECT`.
        tables: that it names, with their schemas where it names them.
    """

    act: Act
    action: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Tables:
    """Finds tables of the zones' schemas in a statement.

    Attributes:
        zones: by schema.
    """

    zones: Mapping[str, str]
    qualified: re.Pattern[str] | None = field(init=False)

    def __post_init__(self) -> None:
        schemas = "|".join(map(re.escape, sorted(self.zones, key=len, reverse=True)))
        pattern = rf'(?<![\w$])"?({schemas})"?\s*\.\s*({_IDENTIFIER})'
        compiled = re.compile(pattern, re.IGNORECASE) if schemas else None
        object.__setattr__(self, "qualified", compiled)

    def named(self, text: str) -> tuple[str, ...]:
        """The tables that a statement names, in their order, each once."""
        found: dict[str, None] = {}
        for match in self.qualified.finditer(text) if self.qualified else ():
            found[f"{match[1].lower()}.{_plain(match[2])}"] = None
        bare = {name.rpartition(".")[2] for name in found} | set(self.zones)
        for match in _NAMED.finditer(text):
            name = ".".join(map(_plain, re.split(r"\s*\.\s*", match[1])))
            if name not in found and name not in bare and name not in _KEYWORDS:
                found[name] = None
        return tuple(found)

    def zone(self, tables: tuple[str, ...]) -> str:
        """The zone of tables; of several the first that has one."""
        for table in tables:
            schema, dot, _ = table.partition(".")
            if dot and schema in self.zones:
                return self.zones[schema]
        return ""


def _plain(identifier: str) -> str:
    """A name as the server keeps it."""
    if identifier.startswith('"'):
        return identifier[1:-1].replace('""', '"')
    return identifier.lower()


def command_of(text: str) -> tuple[Act, str] | None:
    """What statements that were sent at once do, and the command; None: they reach no data."""
    another = _AS_ANOTHER.search(text)
    if another is not None:
        return Act.CHANGE, f"SET {' '.join(another[1].upper().split())}"
    found: dict[Act, str] = {Act.OTHER: "?"} if len(text) > LOOKED_AT else {}
    for match in _WORD.finditer(text, 0, LOOKED_AT):
        word = match[1].upper()
        act = _act(word, text)
        if act is not None:
            found.setdefault(act, word)
    for act in STRONGEST:
        if act in found:
            return act, found[act]
    return None


def _act(word: str, text: str) -> Act | None:
    """What the command of a word does; None: it reaches no data."""
    if word == "COPY":
        return Act.WRITE if _COPY_FROM.search(text) else Act.READ
    if word == "WITH" or (word == "EXPLAIN" and _CHANGING.search(text)):
        return Act.WRITE if _CHANGING.search(text) else Act.READ
    if word == "SELECT" and _INTO.search(text):
        return Act.CHANGE
    return ACTS.get(word, Act.OTHER)


def statement_of(text: str, tables: Tables) -> Statement | None:
    """What is kept of a statement as it was sent; None: it reaches no data."""
    known = command_of(text)
    return None if known is None else Statement(*known, tables.named(text))


@dataclass(frozen=True)
class Audited:
    """An entry of pgaudit.

    Attributes:
        number: of the statement in its session.
        statement: what the server did.
        text: of the statement; empty where pgaudit does not log it.
    """

    number: str
    statement: Statement
    text: str


def audited(message: str) -> Audited | None:
    """An entry of pgaudit, after its `AUDIT: `; None: it is not one.

    An entry is comma-separated: kind, number of the statement, of the part of it, class,
    command, type and name of the object, statement and parameters.
    """
    try:
        fields = next(csv.reader([message], strict=True))
    except (csv.Error, StopIteration):
        fields = []
    if len(fields) < _AUDIT_FIELDS or fields[0] not in ("SESSION", "OBJECT"):
        return None
    act = _AUDITED.get(fields[3], Act.OTHER)
    if fields[4] in DELETES:
        act = Act.DELETE
    on = (fields[6],) if fields[6] else ()
    text = "" if fields[7].startswith("<") else fields[7]
    return Audited(fields[1], Statement(act, fields[4], on), text)
