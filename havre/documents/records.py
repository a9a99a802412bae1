"""Data files in YAML: plain text, with the line of every place."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError

from havre.documents.composing import compose, compose_texts, problem
from havre.documents.problems import dotted
from havre.documents.validation import invalid
from havre.errors import InputError
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from havre.documents.composing import Position
    from havre.documents.problems import Location

M = TypeVar("M", bound=BaseModel)
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
MAX_BYTES = 1_048_576
"""Largest data file."""
FIX = "Fix the file."


def read_day(value: object) -> object:
    """A text as the day that it writes; what is no text is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        message = f"`{value}` is not a valid date (use YYYY-MM-DD)"
        raise ValueError(message) from None


Day = Annotated[dt.date, BeforeValidator(read_day)]
"""A day written as YYYY-MM-DD: no number passes for one."""


@dataclass(frozen=True)
class Document:
    """A data file, with the line of every place.

    Attributes:
        path: the file.
        data: lists, mappings and text; numbers and truth values where it was read typed.
        places: where each key stands.
    """

    path: Path
    data: Any
    places: Position

    def error(self, place: Location, problem: str, remedy: str) -> InputError:
        """An error that names the file, the line and the place."""
        return InputError(self._at(place, problem), remedy)

    def validate(
        self, model: type[M], remedy: str, context: object = None, known: Iterable[str] = ()
    ) -> M:
        """The data as `model`, whose validators are given `context`.

        Args:
            model: what the data must be.
            remedy: what to do where it is not valid.
            context: for the validators of `model`.
            known: keys that may have been meant where one is unknown.

        Raises:
            InputError: it is not valid; the error names every place at fault.
        """
        try:
            return model.model_validate(self.data, context=context)
        except ValidationError as error:
            found = sorted(invalid(error, known), key=lambda each: self.line(each.path))
            wrong = [self._at(each.path, each.problem) for each in found]
            raise InputError("\n".join(wrong), remedy) from None

    def line(self, place: Location) -> int:
        """Line, from 1, of a place or of its nearest ancestor."""
        return self.places.locate(place).line

    def _at(self, place: Location, problem: str) -> str:
        name = dotted(place)
        subject = f"{name}: " if name else ""
        return f"{self.path}:{self.line(place)}: {inert(subject + problem)}"


def read_document(path: Path, *, typed: bool = False, remedy: str = FIX) -> Document:
    """Read a YAML file: plain data, bounded in size, depth and what aliases multiply.

    Args:
        path: the file.
        typed: whether `12` is a number and `true` a truth value, as in YAML 1.2; else every
            scalar is text, so that nothing is taken for a number, a date or a truth value.
        remedy: what to do where the file cannot be read.

    Raises:
        InputError: it cannot be read or is not plain YAML; every fault is named with its line.
    """
    text = _text(path, remedy)
    composed = compose(text) if typed else compose_texts(text)
    problems = sorted(problem(str(path), flaw) for flaw in composed.flaws if not flaw.empty)
    if problems:
        raise InputError("\n".join(str(each) for each in problems), remedy)
    return Document(path, composed.data, composed.place)


def _text(path: Path, remedy: str) -> str:
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
        message = f"{path} is not UTF-8 text"
        raise InputError(message, remedy) from error
