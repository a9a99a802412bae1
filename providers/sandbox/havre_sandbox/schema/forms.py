"""What an SDK says of the values that a property takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Types of values that hold no other."""

    TEXT = "string"
    NUMBER = "number"
    INTEGER = "integer"
    TRUTH = "boolean"


@dataclass(frozen=True)
class Limit:
    """What a docstring says of a value, where its words can be read for sure.

    Attributes:
        shortest: characters of a text, at least.
        longest: characters of a text, at most.
        pattern: what the whole of a text matches, as a regular expression.
        least: a number, at least.
        most: a number, at most.
        also: values that are taken besides.
        only: the one value that is taken.
        says: the words that were read.
    """

    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None
    least: float | None = None
    most: float | None = None
    also: tuple[float, ...] = ()
    only: str | None = None
    says: str = ""


@dataclass(frozen=True)
class Scalar:
    """A value that holds no other."""

    kind: Kind


@dataclass(frozen=True)
class Choice:
    """One of an enumeration's values.

    Attributes:
        name: what the SDK calls the enumeration.
        values: its values, in the SDK's order.
    """

    name: str
    values: tuple[str | float, ...]


@dataclass(frozen=True)
class Listing:
    """A list of values of one form."""

    of: Form


@dataclass(frozen=True)
class Table:
    """Values of one form under keys of the user's own."""

    of: Form


@dataclass(frozen=True)
class Section:
    """An object with properties of its own: the class of an SDK that describes it."""

    described: type


@dataclass(frozen=True)
class Either:
    """A value of one of several forms."""

    forms: tuple[Form, ...]


@dataclass(frozen=True)
class Anything:
    """A value of which the SDK says nothing."""


Form = Scalar | Choice | Listing | Table | Section | Either | Anything


@dataclass(frozen=True)
class Property:
    """A property of a section.

    Attributes:
        name: as it is in a plan.
        form: of what its values are.
        required: whether it must be given.
        said: its docstring, on one line.
        limit: what the docstring says of the value.
    """

    name: str
    form: Form
    required: bool
    said: str
    limit: Limit
