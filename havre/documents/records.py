"""Data files in YAML: plain text, with the line of every place."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, StringConstraints, ValidationError

from havre.documents.composing import compose, compose_texts, problem
from havre.documents.problems import dotted, lookup, show
from havre.documents.validation import Invalid, invalid
from havre.errors import InputError
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from havre.documents.breaches import DocumentRules
    from havre.documents.composing import Composed
    from havre.documents.problems import Location

M = TypeVar("M", bound=BaseModel)
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
MAX_BYTES = 1_048_576
"""Largest data file."""
FIX = "Fix the file."


FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2100, 12, 31)
"""Days between which a warehouse can have decisions, ends and checks; others are slips."""


def read_day(value: object) -> object:
    """A text as the day that it writes; ValueError for anything else, and for absurd days."""
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        message = "must be a date (use YYYY-MM-DD)"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports no TypeError
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        message = f"`{value}` is not a valid date (use YYYY-MM-DD)"
        raise ValueError(message) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        message = f"`{value}` is not between {FIRST_DAY} and {LAST_DAY}"
        raise ValueError(message)
    return day


Day = Annotated[dt.date, BeforeValidator(read_day)]
"""A day written as YYYY-MM-DD: no number passes for one."""


@dataclass(frozen=True)
class Document:
    """A data file that was read, with the line of every place.

    Attributes:
        path: the file.
        composed: what is in it, and what is wrong with its YAML.
        remedy: what to do about wrong YAML.
    """

    path: Path
    composed: Composed
    remedy: str = FIX

    @property
    def data(self) -> Any:
        """Lists, mappings and text; numbers and truth values if it was read typed.

        Raises:
            InputError: something is wrong with its YAML; every fault is named with its line.
        """
        self.refuse_flaws()
        return self.composed.data

    def refuse_flaws(self) -> None:
        """Refuse a file whose YAML is wrong.

        Raises:
            InputError: it is; every fault is named with its line.
        """
        if flaws := self._flaws():
            raise InputError("\n".join(text for _, text in flaws), self.remedy)

    def error(self, place: Location, problem: str, remedy: str) -> InputError:
        """An error that names the file, the line and the place."""
        return InputError(self._at(place, problem), remedy)

    def validate(
        self,
        model: type[M],
        remedy: str,
        context: object = None,
        rules: DocumentRules[M] | None = None,
    ) -> M:
        """The data as `model`, whose validators are given `context`.

        Args:
            model: what the data must be.
            remedy: what to do where it is not valid.
            context: for the validators of `model`.
            rules: between its fields.

        Raises:
            InputError: it is not valid; the error names every place at fault, in the order of
                their lines: faults of YAML, of fields, and between fields.
        """
        found, errors = _validated(model, self.composed.data, context)
        meant = [each.meant for each in errors if each.meant]
        flawed = [flaw.path for flaw in self.composed.flaws if not flaw.empty]
        faults = self._flaws() + [
            (self.line(each.path), self._at(each.path, self._said(each)))
            for each in errors
            if each.path not in flawed and not (each.missing and each.path in meant)
        ]
        if rules is not None:
            wrong = [*flawed, *(each.path for each in errors), *meant]
            for breach in rules.breaches(model, self.composed.data, wrong, context):
                problem = _with(breach.problem, self._found(breach.path), breach.remedy)
                faults.append((self.line(breach.path), self._at(breach.path, problem)))
        if faults or found is None:
            lines = [text for _, text in sorted(faults, key=lambda each: each[0])]
            raise InputError("\n".join(lines), remedy)
        return found

    def line(self, place: Location) -> int:
        """Line, from 1, of a place or of its nearest ancestor."""
        return self.composed.place.locate(place).line

    def _flaws(self) -> list[tuple[int, str]]:
        """What is wrong with the YAML, by lines."""
        wrong = (problem(str(self.path), flaw) for flaw in self.composed.flaws if not flaw.empty)
        return [(each.line, str(each)) for each in sorted(wrong)]

    def _said(self, fault: Invalid) -> str:
        if fault.missing:
            return _with(fault.problem, "", "Add it.")
        if fault.unknown:
            return _with(fault.problem, "", "" if fault.meant else "Delete it, or correct it.")
        return _with(fault.problem, self._found(fault.path), "")

    def _found(self, place: Location) -> str:
        """What a place contains, if it is a value; what contains others is not repeated."""
        value = lookup(self.composed.data, place)
        return "" if value is None or isinstance(value, dict | list) else show(value)

    def _at(self, place: Location, problem: str) -> str:
        name = dotted(place)
        subject = f"{name}: " if name else ""
        return f"{self.path}:{self.line(place)}: {inert(subject + problem)}"


def _validated(model: type[M], data: Any, context: object) -> tuple[M | None, tuple[Invalid, ...]]:
    """The data as a model, or None and what is wrong."""
    try:
        return model.model_validate(data, context=context), ()
    except ValidationError as error:
        return None, invalid(error, _keys(model.model_json_schema()))


def _keys(schema: Any) -> Iterator[str]:
    """Every key that a JSON Schema has for a file."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for each in schema.values():
            yield from _keys(each)


def _with(problem: str, found: str, remedy: str) -> str:
    """A problem with what was found, unless it names that already, and what to do."""
    seen = f" (found: {found})" if found and found.strip("'") not in problem else ""
    end = "" if problem.endswith(("?", ".")) else "."
    return f"{problem}{seen}{end} {remedy}" if remedy else f"{problem}{seen}"


def read_document(path: Path, *, typed: bool = False, remedy: str = FIX) -> Document:
    """Read a YAML file: plain data, bounded in size, depth and what aliases multiply.

    Args:
        path: the file.
        typed: whether `12` is a number and `true` a truth value, as in YAML 1.2; else every
            scalar is text, so that nothing is taken for a number, a date or a truth value.
        remedy: what to do where the file cannot be read.

    Raises:
        InputError: it cannot be read, or something in it makes the rest unreadable; every fault
            is named with its line. Other faults of its YAML are named when its data is used.
    """
    text = _text(path, remedy)
    document = Document(path, compose(text) if typed else compose_texts(text), remedy)
    if any(flaw.fatal for flaw in document.composed.flaws):
        document.refuse_flaws()
    return document


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
