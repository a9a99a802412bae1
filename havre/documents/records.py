"""Data files in YAML: plain text, with the line of every place."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError

from havre.documents.problems import inert
from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    Location = tuple[str | int, ...]

M = TypeVar("M", bound=BaseModel)
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
MAX_BYTES = 1_048_576
"""Largest data file."""
MAX_DEPTH = 50
"""Deepest nesting that is read: the parser has none of its own."""


def read_day(value: object) -> object:
    """A text as the day that it writes; what is no text is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        message = f"`{value}` is no day such as 2026-01-31"
        raise ValueError(message) from None


Day = Annotated[dt.date, BeforeValidator(read_day)]
"""A day written as YYYY-MM-DD: no number passes for one."""


@dataclass(frozen=True)
class Document:
    """A data file: every scalar is text, and every place has its line.

    Attributes:
        path: the file.
        data: lists, mappings and text.
        lines: line, from 1, by keys and indexes from the root.
    """

    path: Path
    data: Any
    lines: Mapping[Location, int]

    def error(self, place: Location, problem: str, remedy: str) -> InputError:
        """An error that names the file, the line and the place."""
        return InputError(self._at(place, problem), remedy)

    def validate(self, model: type[M], remedy: str) -> M:
        """The data as `model`.

        Raises:
            InputError: they are not; it names every place where they are not.
        """
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            said = error.errors(include_url=False, include_context=False, include_input=False)
            wrong = [self._at(e["loc"], e["msg"].removeprefix("Value error, ")) for e in said]
            raise InputError("\n".join(wrong), remedy) from None

    def line(self, place: Location) -> int:
        """Line, from 1, of a place or of its nearest ancestor."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def _at(self, place: Location, problem: str) -> str:
        name = ".".join(str(key) for key in place)
        subject = f"{name}: " if name else ""
        return f"{self.path}:{self.line(place)}: {inert(subject + problem)}"


def read_document(path: Path) -> Document:
    """Read a data file; nothing in it is taken for a number, a date or a truth value.

    Raises:
        InputError: it cannot be read, is no YAML, repeats a key, uses an alias or nests deeply.
    """
    text = _text(path)
    import yaml  # type: ignore[import-untyped]

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        _refuse_depth(path, yaml.parse(text, Loader=loader))
        root = yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"{path} is no YAML: {inert(' '.join(str(error).split()))}"
        raise InputError(message, "Mend the file.") from error
    if root is None:
        message = f"{path} is empty"
        raise InputError(message, "Mend the file.")
    reader = _Reader(path)
    data = reader.plain(root, ())
    return Document(path, data, reader.lines)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            message = f"{path} is larger than {MAX_BYTES >> 20} MiB"
            raise InputError(message, "Name a smaller file.")
        return data.decode("utf-8-sig")
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InputError(message, "Name a file that exists and can be read.") from error
    except UnicodeDecodeError as error:
        message = f"{path} is no UTF-8 text"
        raise InputError(message, "Mend the file.") from error


def _refuse_depth(path: Path, events: Iterable[Any]) -> None:
    """Refuse deep nesting before it is composed: the C parser would end the process on it."""
    depth = 0
    for event in events:
        kind = type(event).__name__
        depth += kind.endswith(("SequenceStartEvent", "MappingStartEvent"))
        depth -= kind.endswith(("SequenceEndEvent", "MappingEndEvent"))
        if depth > MAX_DEPTH:
            message = f"{path} is nested deeper than {MAX_DEPTH} levels"
            raise InputError(message, "Mend the file.")


class _Reader:
    """Makes plain data of the parser's nodes, and notes where they stand."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[int] = set()
        self.lines: dict[Location, int] = {}

    def plain(self, node: Any, place: Location) -> Any:
        """The data of a node.

        Raises:
            InputError: a key stands twice or is no text, or an alias is used.
        """
        line = node.start_mark.line + 1
        self.lines.setdefault(place, line)
        if node.id == "scalar":
            return node.value
        if id(node) in self._seen:
            raise self._error(line, "an alias stands for a list or a section; write it out")
        self._seen.add(id(node))
        if node.id == "sequence":
            return [self.plain(each, (*place, index)) for index, each in enumerate(node.value)]
        return self._mapping(node, place)

    def _mapping(self, node: Any, place: Location) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.id != "scalar" or key.value in data:
                raise self._error(line, f"the key `{key.value}` stands twice or is no text")
            self.lines[*place, key.value] = line
            data[key.value] = self.plain(value, (*place, key.value))
        return data

    def _error(self, line: int, problem: str) -> InputError:
        return InputError(f"{self._path}:{line}: {problem}", "Mend the file.")
