"""YAML into plain data, with the place of every key.

The parser is ruamel.yaml's; composing is done here, so that nothing but plain data can come
out of a file: no tags, no objects, no documents after the first, and bounds on depth and on
what aliases multiply. All that is wrong is collected; only what makes the rest unreadable
stops the reading.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from havre.documents.problems import Location, Problem, dotted, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_DEPTH = 32
"""Deepest nesting; a warehouse needs 5."""
MAX_VALUES = 100_000
"""Most values of a file, those that aliases repeat included."""
MAX_DIGITS = 18
"""Longest whole number: all of them fit 64 bits."""
KEPT = 16
"""Texts whose documents are kept: one command reads some data files three times, a server more."""

# The core schema of YAML 1.2.2, section 10.3.2: `no` and `on` are text, and so is a date.
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")


@dataclass(frozen=True)
class Flaw:
    """Something wrong at a place of the file, before it is known what the place is for.

    Attributes:
        fatal: the rest of the file could not be read.
        empty: a key without a value.
    """

    path: Location
    line: int
    column: int
    found: str
    wanted: str
    hint: str = ""
    fatal: bool = False
    empty: bool = False


@dataclass(frozen=True)
class Position:
    """Line and column (from 1) of a key or an item, and the places within its value."""

    line: int
    column: int
    children: Mapping[str | int, Position] = field(default_factory=dict)

    def locate(self, path: Location) -> Position:
        """The place of the key at `path`, or of its nearest ancestor."""
        place = self
        for key in path:
            if key not in place.children:
                break
            place = place.children[key]
        return place


@dataclass(frozen=True)
class Composed:
    """A document: its data, the places of its keys, and its flaws in reading order.

    The same text gives the same document: its data is read, never changed.
    """

    data: Any
    place: Position
    flaws: tuple[Flaw, ...]


@dataclass(frozen=True)
class _Node:
    data: Any
    place: Position
    size: int = 1
    height: int = 0


class _StopError(Exception):
    """The rest cannot be read; the flaw says why."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.found)
        self.flaw = flaw


@lru_cache(maxsize=KEPT)
def compose(text: str, what: str = "document", hint: str = "") -> Composed:
    """Compose the one document of `text`; never raises for what a text may hold.

    Args:
        text: YAML.
        what: the word for what is in the file.
        hint: what to do about an empty file.
    """
    return _composed(_Composer(_events(text), what=what, hint=hint))


@lru_cache(maxsize=KEPT)
def compose_texts(text: str) -> Composed:
    """Compose a document in which every scalar is text, as it is written.

    libyaml reads it, ten times as fast; what it refuses is read again by the parser whose faults
    we can say in a user's words.
    """
    quick = _composed(_Composer(_events(text, quick=True), resolve=_as_written))
    if any(flaw.fatal for flaw in quick.flaws):
        return _composed(_Composer(_events(text), resolve=_as_written))
    return quick


def _composed(composer: _Composer) -> Composed:
    try:
        node = composer.document()
    except _StopError as stop:
        return Composed(None, Position(1, 1), (*composer.flaws, stop.flaw))
    return Composed(node.data, node.place, tuple(composer.flaws))


def problem(file: str, flaw: Flaw) -> Problem:
    """A flaw of a file, as it is shown to the person who wrote it."""
    path = dotted(flaw.path)
    return Problem(file, flaw.line, flaw.column, path, flaw.found, flaw.wanted, flaw.hint)


def is_text(plain: str) -> bool:
    """Whether `plain`, written without quotes, is read as text by YAML 1.2."""
    patterns = (_NULL, _BOOLEAN, _INTEGER, _FLOAT, _NOT_FINITE)
    return not any(pattern.fullmatch(plain) for pattern in patterns)


def _as_written(plain: str) -> Any:
    """The value of a scalar that is taken for nothing but text."""
    return plain


def _resolve(plain: str) -> Any:
    """The value of a scalar written without quotes; ValueError where it has no safe one."""
    if _NULL.fullmatch(plain):
        return None
    if _BOOLEAN.fullmatch(plain):
        return plain.lower() == "true"
    if _INTEGER.fullmatch(plain):
        return _integer(plain)
    if _FLOAT.fullmatch(plain) and math.isfinite(float(plain)):
        return float(plain)
    if is_text(plain):
        return plain
    raise ValueError(plain)


def _integer(plain: str) -> int:
    if len(plain) > MAX_DIGITS:
        raise ValueError(plain)
    return int(plain, 0) if plain[:2] in ("0o", "0x") else int(plain)


def _events(text: str, *, quick: bool = False) -> Iterator[Any]:
    """The parser's events, of libyaml where it is to be `quick`; a fault becomes a flaw."""
    try:
        yield from YAML(typ="safe", pure=not quick).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _StopError(_syntax(str(error.problem), mark)) from None
    except ReaderError as error:
        raise _StopError(_unprintable(text, min(error.position, len(text) - 1))) from None
    except Exception as error:
        # A parser in plain Python fails in its own ways on hostile text (an escape beyond
        # Unicode raises OverflowError); what it cannot read is the text's fault, not a bug.
        found = f"text that the YAML parser cannot read ({type(error).__name__})"
        raise _StopError(Flaw((), 1, 1, found, "YAML 1.2", fatal=True)) from error


_SYNTAX = (
    ("found character '\\t'", "a tab", "spaces to indent", ""),
    (
        "mapping values are not allowed here",
        "a `:` where no key is possible",
        "one `key: value` per line, indented as its neighbours",
        "put text that contains `: ` in quotes",
    ),
    (
        "that cannot start any token",
        "a character that cannot start a value",
        "the text in quotes",
        "",
    ),
    ("could not find expected ':'", "a key without `:`", "`key: value`", ""),
    (
        "expected <block end>",
        "a line that does not belong to the lines above it",
        "lines of one section indented alike",
        "",
    ),
    ("unexpected end of stream", "a quote that is never closed", "the closing quote", ""),
    ("expected ',' or ']'", "a list that is never closed", "`]` at its end", ""),
    ("expected ',' or '}'", "a section that is never closed", "`}` at its end", ""),
    ("found '<stream end>'", "a list or a section that is never closed", "its last bracket", ""),
)
"""The parser's words, then ours: found, wanted, hint."""


def _syntax(problem: str, mark: Any) -> Flaw:
    """What the parser said, in a user's words where we have them."""
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    for said, found, wanted, hint in _SYNTAX:
        if said in problem:
            return Flaw((), line, column, found, wanted, hint, fatal=True)
    found = f"what YAML does not allow ({shorten(problem)})"
    return Flaw((), line, column, found, "YAML 1.2", fatal=True)


def _unprintable(text: str, position: int) -> Flaw:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    found = f"the unprintable character U+{ord(text[position]):04X}"
    return Flaw((), line, column, found, "printable text", fatal=True)


class _Composer:
    """Turns events into data, keeping places, flaws, anchors and a count of values."""

    def __init__(
        self,
        events: Iterator[Any],
        *,
        resolve: Callable[[str], Any] = _resolve,
        what: str = "document",
        hint: str = "",
    ) -> None:
        self.flaws: list[Flaw] = []
        self._what = what
        self._hint = hint
        self._events = events
        self._resolve = resolve
        self._anchors: dict[str, _Node | None] = {}
        self._values = 0

    def document(self) -> _Node:
        self._next()
        if self._kind(event := self._next()) == "StreamEnd":
            self._stop((), event, "an empty file", f"a {self._what}", self._hint)
        node = self._node(self._next(), (), 0)
        self._next()
        if self._kind(event := self._next()) != "StreamEnd":
            self._stop((), event, "a second document", f"one {self._what} in a file")
        return node

    def _next(self) -> Any:
        return next(self._events)

    @staticmethod
    def _kind(event: Any) -> str:
        return type(event).__name__.removesuffix("Event")

    @staticmethod
    def _mark(event: Any) -> Position:
        return Position(event.start_mark.line + 1, event.start_mark.column + 1)

    def _flaw(self, path: Location, event: Any, found: str, wanted: str, hint: str = "") -> None:
        mark = self._mark(event)
        self.flaws.append(Flaw(path, mark.line, mark.column, found, wanted, hint))

    def _stop(
        self, path: Location, event: Any, found: str, wanted: str, hint: str = ""
    ) -> NoReturn:
        mark = self._mark(event)
        raise _StopError(Flaw(path, mark.line, mark.column, found, wanted, hint, fatal=True))

    def _node(self, event: Any, path: Location, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            self._too_deep(event)
        if self._kind(event) == "Alias":
            return self._alias(event, path, depth)
        self._count(event, path, 1)
        self._refuse_tag(event, path)
        if event.anchor:
            self._anchors[event.anchor] = None  # until it is whole, an alias to it is a loop
        node = self._value(event, path, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _value(self, event: Any, path: Location, depth: int) -> _Node:
        kind = self._kind(event)
        if kind == "MappingStart":
            return self._mapping(event, path, depth)
        if kind == "SequenceStart":
            return self._sequence(event, path, depth)
        return self._scalar(event, path)

    def _too_deep(self, event: Any) -> NoReturn:
        self._stop((), event, "nesting that is too deep", f"at most {MAX_DEPTH} levels")

    def _count(self, event: Any, path: Location, more: int) -> None:
        self._values += more
        if self._values > MAX_VALUES:
            self._stop(path, event, "too many values", f"at most {MAX_VALUES:,}, aliases included")

    def _refuse_tag(self, event: Any, path: Location) -> None:
        if event.tag:
            tag = shorten(str(event.tag).replace("tag:yaml.org,2002:", "!!"))
            self._flaw(path, event, f"the tag `{tag}`", "plain values, without tags")

    def _alias(self, event: Any, path: Location, depth: int) -> _Node:
        target = self._anchors.get(event.anchor)
        if target is None:
            found = f"the alias `*{shorten(event.anchor)}`, whose anchor is missing or incomplete"
            self._stop(path, event, found, "an anchor that ends before it")
        self._count(event, path, target.size)
        if depth + target.height > MAX_DEPTH:
            self._too_deep(event)
        mark = self._mark(event)
        place = Position(mark.line, mark.column, target.place.children)
        return _Node(target.data, place, target.size, target.height)

    def _scalar(self, event: Any, path: Location) -> _Node:
        plain = event.implicit[0] and event.style is None
        try:
            data = self._resolve(event.value) if plain else event.value
            str(data).encode()
        except UnicodeEncodeError:
            self._flaw(path, event, "half of a character (a lone surrogate)", "whole characters")
            data = None
        except ValueError:
            long = len(event.value) > MAX_DIGITS
            found = "a number that is too long" if long else f"the number {event.value}"
            self._flaw(path, event, found, f"a finite number of at most {MAX_DIGITS} digits")
            data = None
        return _Node(data, self._mark(event))

    def _sequence(self, start: Any, path: Location, depth: int) -> _Node:
        nodes: list[_Node] = []
        while self._kind(event := self._next()) != "SequenceEnd":
            nodes.append(self._node(event, (*path, len(nodes)), depth + 1))
        mark = self._mark(start)
        place = Position(mark.line, mark.column, {i: node.place for i, node in enumerate(nodes)})
        return self._parent([node.data for node in nodes], place, nodes)

    def _mapping(self, start: Any, path: Location, depth: int) -> _Node:
        nodes: dict[str, _Node] = {}
        places: dict[str | int, Position] = {}
        while self._kind(event := self._next()) != "MappingEnd":
            key = self._key(event, path, depth, places)
            node = self._entry(event, (*path, key or ""), depth)
            if key is not None:
                nodes[key] = node
                mark = self._mark(event)
                places[key] = Position(mark.line, mark.column, node.place.children)
        mark = self._mark(start)
        place = Position(mark.line, mark.column, places)
        return self._parent({k: node.data for k, node in nodes.items()}, place, nodes.values())

    def _entry(self, key: Any, path: Location, depth: int) -> _Node:
        """The value of a key; a key with nothing after it is a flaw of its own."""
        event = self._next()
        node = self._node(event, path, depth + 1)
        plain = self._kind(event) == "Scalar" and event.style is None
        if plain and not event.value and not event.tag:
            mark = self._mark(key)
            self.flaws.append(Flaw(path, mark.line, mark.column, "nothing", "", empty=True))
        return node

    def _key(
        self, event: Any, path: Location, depth: int, places: Mapping[str | int, Position]
    ) -> str | None:
        """The key that `event` starts; None where it is none, which is then a flaw."""
        key = self._node(event, path, depth + 1).data
        if not isinstance(key, str):
            found = "a key that is not text"
            self._flaw(path, event, found, "a name, in quotes if YAML takes it for something else")
            return None
        if first := places.get(key):
            found = f"a second time (first on line {first.line})"
            self._flaw((*path, key), event, found, "each key once")
            return None
        return key

    @staticmethod
    def _parent(data: Any, place: Position, nodes: Any) -> _Node:
        size = 1 + sum(node.size for node in nodes)
        height = 1 + max((node.height for node in nodes), default=0)
        return _Node(data, place, size, height)
