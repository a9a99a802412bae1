"""Pydantic's errors are said in a user's words, and never with the value that was given."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

import pytest
from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from havre.documents.validation import invalid, listed


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Shelf(BaseModel):
    model_config = ConfigDict(extra="forbid")

    height: int


class Room(BaseModel):
    model_config = ConfigDict(extra="forbid")

    shelf: str
    colour: Colour = Colour.RED
    heated: bool = False
    shelves: list[Shelf] = []

    @field_validator("shelf")
    @classmethod
    def named(cls, value: str) -> str:
        if value == "none":
            message = "names no shelf"
            raise ValueError(message)
        return value


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "`shelf`: is missing"),
        ({"shelf": "a", "self": "b"}, "`self`: is unknown, did you mean `shelf`?"),
        ({"shelf": "a", "zzz": "b"}, "`zzz`: is unknown"),
        ({"shelf": 3}, "`shelf`: must be text"),
        ({"shelf": "none"}, "`shelf`: names no shelf"),
        ({"shelf": "a", "colour": "green"}, "`colour`: must be 'red' or 'blue'"),
        (
            {"shelf": "a", "colour": "bleu"},
            "`colour`: must be 'red' or 'blue', did you mean `blue`?",
        ),
        ({"shelf": "a", "heated": "perhaps"}, "`heated`: must be true or false"),
        (
            {"shelf": "a", "shelves": [{"height": "x"}]},
            "`shelves[0].height`: must be a whole number",
        ),
        ({"shelf": "a", "shelves": "x"}, "`shelves`: must be a list"),
        ({"shelf": "a", "shelves": ["x"]}, "`shelves[0]`: must be a section"),
        ("x", "must be a section"),
    ],
)
def test_what_is_wrong_is_said_of_the_field(given: object, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        Room.model_validate(given)
    assert listed(error.value, Room.model_fields) == said


WORDS = ("Input", "String", "should", "parse", "validation", "Decimal", "valid integer", "tuple")
"""What a parser of pydantic says of itself."""


@pytest.mark.parametrize(
    "kind",
    [int, float, Decimal, bool, dt.date, dt.datetime, Colour, Path, AnyUrl, Shelf, list[int]],
    ids=lambda kind: getattr(kind, "__name__", str(kind)),
)
@pytest.mark.parametrize("value", ["abc", "1.5", "", "9" * 5000, 1.5, None, [], {}, [1, "x"]])
def test_no_word_of_a_parser_reaches_a_user(kind: type, value: object) -> None:
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        said = listed(error)
        assert [word for word in WORDS if word in said] == []


def test_every_fault_is_named_and_no_value_repeated() -> None:
    with pytest.raises(ValidationError) as error:
        Room.model_validate({"shelf": ["hunter2"], "heated": "hunter2", "other": "hunter2"})
    found = invalid(error.value)
    assert [each.path for each in found] == [("shelf",), ("heated",), ("other",)]
    assert "hunter2" not in listed(error.value)
