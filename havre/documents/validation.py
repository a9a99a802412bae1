"""Pydantic's errors in a user's words: which field, and what is wrong with it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.documents.problems import SHOWN, Location, dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SAID: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is unknown",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number of fewer digits",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "date_type": "must be a date (use YYYY-MM-DD)",
    "date_parsing": "must be a date (use YYYY-MM-DD)",
    "date_from_datetime_parsing": "must be a date (use YYYY-MM-DD)",
    "datetime_type": "must be a date and a time",
    "datetime_parsing": "must be a date and a time",
    "datetime_from_date_parsing": "must be a date and a time",
    "url_parsing": "must be an address such as https://example.org/",
    "json_invalid": "must be JSON",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be a section",
    "mapping_type": "must be a section",
    "model_type": "must be a section",
    "model_attributes_type": "must be a section",
    "string_too_short": "must not be empty",
}
"""What is said of an error, by pydantic's name for it."""
_CHOSEN = frozenset({"enum", "literal_error"})
"""Errors of a word that is none of a few."""
_OURS = frozenset({"value_error", "assertion_error"})
"""Errors whose words are a validator's own."""
_TAIL = re.compile(r", unable to .*$| after validation, not .*$")
"""How a parser failed, and what it counted: behind what would do."""
_SUBJECT = re.compile(
    r"^(?:Input|String|Value|List|Tuple|Set|Frozenset|Dictionary|Data|Decimal input|URL|Bytes) "
    r"should "
)


@dataclass(frozen=True)
class Invalid:
    """A field at fault.

    Attributes:
        path: keys and indexes from the root.
        problem: a clause whose subject is the field; it never repeats a value that was given.
    """

    path: Location
    problem: str

    @property
    def missing(self) -> bool:
        """Whether the field is required and was not given."""
        return self.problem == _SAID["missing"]

    @property
    def unknown(self) -> bool:
        """Whether there is no such field."""
        return self.problem.startswith(_SAID["extra_forbidden"])

    @property
    def meant(self) -> Location:
        """The field that an unknown one probably stands for; empty where there is none."""
        _, near, rest = self.problem.partition("did you mean `")
        return (*self.path[:-1], rest.split("`")[0]) if self.unknown and near else ()

    def __str__(self) -> str:
        where = dotted(self.path)
        return f"`{where}`: {self.problem}" if where else self.problem


def invalid(error: ValidationError, known: Iterable[str] = ()) -> tuple[Invalid, ...]:
    """All that a model refused, in the order of its fields.

    Args:
        error: what pydantic raised.
        known: names that may have been meant where a field is unknown.
    """
    names = tuple(known)
    found = error.errors(include_url=False)
    return tuple(Invalid(each["loc"], problem_of(each, names)) for each in found)


def listed(error: ValidationError, known: Iterable[str] = ()) -> str:
    """All that a model refused, on one line."""
    return "; ".join(str(each) for each in invalid(error, known))


def problem_of(error: ErrorDetails, known: Iterable[str] = ()) -> str:
    """What is wrong with a field, in a user's words; never the value that was given.

    Args:
        error: one of pydantic's, with its input.
        known: names that may have been meant where a field is unknown.
    """
    said = _SAID.get(error["type"])
    if error["type"] == "extra_forbidden":
        near = did_you_mean(str(error["loc"][-1]), known)
        return f"is unknown, {near}" if near else "is unknown"
    if said or error["type"] in _OURS:
        return said or error["msg"].removeprefix("Value error, ")
    clause, known_form = _SUBJECT.subn("must ", error["msg"])
    if not known_form:
        return "is not valid"
    choices = re.findall(r"'([^']*)'", clause) if error["type"] in _CHOSEN else ()
    near = did_you_mean(str(error["input"]), choices)
    return f"{_TAIL.sub('', clause)}{f', {near}' if near else ''}"


def did_you_mean(value: str, known: Iterable[str]) -> str:
    """A hint naming the known word nearest to `value`; empty where none is near."""
    choices, lower = {choice.lower(): choice for choice in known}, value[:SHOWN].lower()
    begun = [choice for choice in choices if len(lower) > 1 and choice.startswith(lower)]
    near = difflib.get_close_matches(lower, choices, n=1)
    if len(begun) == 1:
        near = begun
    return f"did you mean `{choices[near[0]]}`?" if near else ""
