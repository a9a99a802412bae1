"""Whatever the text, the answer is a warehouse or a SpecError, and never a traceback."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from havre.documents.composing import compose
from havre.documents.problems import Problem, SpecError
from havre.spec.load import loads

BASE = (Path(__file__).parent / "base.yaml").read_text(encoding="utf-8")
DATA = compose(BASE).data

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
WORDS = st.sampled_from(
    ["a", "name", "zones", ": ", "- ", "\n", "  ", "\t", "[", "]", "{", "}", "&x ", "*x", "!!t ",
     "'", '"', "|\n", ">\n", "---\n", "...\n", "? ", "# c", "%YAML 1.1\n", "1", "\x85", "\u2028",
     "\ufeff", "\\", ",", "<<", "~", "2020-01-01", ".nan", "\x00", "\ud800"]
)  # fmt: skip


def paths(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data)
    found: list[tuple[str | int, ...]] = []
    for key, value in items:
        found.append((*path, key))
        if isinstance(value, (dict, list)):
            found += paths(value, (*path, key))
    return found


PATHS = paths(DATA)


def check(text: str) -> bool:
    """Whether `text` is valid; where it is not, every problem must be fit to be read."""
    problems: tuple[Problem, ...] = ()
    try:
        loads(text, "f")
    except SpecError as error:
        problems = error.problems
        assert_fit(problems, text)
    return not problems


def assert_fit(problems: tuple[Problem, ...], text: str) -> None:
    assert problems
    for problem in problems:
        assert problem.found
        assert problem.wanted
        assert len(problem.found) < 200
        assert 1 <= problem.line <= len(re.split("\r\n|[\r\n\x85\u2028\u2029]", text))
        assert problem.column >= 1
        assert str(problem).isprintable()


@given(st.text())
@example("a: &a [*a]")
@example('a: "\\U99999999"')
@example("\ud800")
def test_any_text(text: str) -> None:
    assert not check(text)


@given(st.lists(WORDS, max_size=30).map("".join))
def test_any_pieces_of_yaml(text: str) -> None:
    assert not check(text)


@given(st.integers(0, len(BASE)), st.integers(0, 6), st.lists(WORDS, max_size=3).map("".join))
@example(98, 0, "? \ufeff")  # a hint once repeated what cannot be printed
def test_a_valid_text_with_a_hole(start: int, length: int, insert: str) -> None:
    assert check(BASE[:start] + insert + BASE[start + length :]) in (True, False)


@given(JSON)
def test_any_data(data: Any) -> None:
    assert not check(json.dumps(data))


@given(st.lists(st.tuples(st.sampled_from(PATHS), st.none() | st.tuples(JSON)), max_size=4))
def test_a_valid_warehouse_with_values_removed_or_replaced(
    changes: list[tuple[tuple[str | int, ...], tuple[Any] | None]],
) -> None:
    data = copy.deepcopy(DATA)
    for path, value in changes:
        change(data, path, value)
    assert check(json.dumps(data)) or changes


def change(data: Any, path: tuple[str | int, ...], value: tuple[Any] | None) -> None:
    """Replace what stands at `path`, or remove it; nothing where an earlier change took it."""
    try:
        for key in path[:-1]:
            data = data[key]
        if value is None:
            del data[path[-1]]
        else:
            data[path[-1]] = value[0]
    except (KeyError, IndexError, TypeError):
        pass
