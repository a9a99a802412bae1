from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from havre.facts.read import both, every, read, some, then
from havre.facts.values import Fact, Known, Unknown
from havre.plan.values import UNKNOWN, Secret

YES, NO, OPEN = Known(value=True), Known(value=False), Unknown("a.b")
INPUTS: dict[str, Any] = {
    "a": {"b": 3, "c": UNKNOWN, "d": {"e": [1, UNKNOWN]}, "f": None, "s": Secret({"t": 4})},
    "u": UNKNOWN,
    "text": "x",
}


@pytest.mark.parametrize(
    ("path", "fact"),
    [
        ("a.b", Known(3)),
        ("a.c", Unknown("a.c")),
        ("a.c.deeper", Unknown("a.c.deeper")),
        ("a.d", Unknown("a.d")),
        ("a.d.e", Unknown("a.d.e")),
        ("a.f", Known("default")),
        ("a.missing", Known("default")),
        ("missing.b", Known("default")),
        ("text.b", Unknown("text.b")),
        ("u", Unknown("u")),
        ("a.s.t", Known(4)),
        ("a.s", Known({"t": 4})),
    ],
)
def test_a_property_is_known_absent_or_unknown(path: str, fact: Fact[Any]) -> None:
    assert read(INPUTS, path, "default") == fact


def test_what_is_unknown_stays_so() -> None:
    assert then(Known(2), lambda value: value + 1) == Known(3)
    assert then(OPEN, lambda value: value) == OPEN
    assert both(Known(1), Known(2)) == Known((1, 2))
    assert both(Known(1), OPEN) == OPEN
    assert both(OPEN, Known(1)) == OPEN


@given(st.lists(st.sampled_from([YES, NO, OPEN])))
def test_three_valued_logic_is_kleenes(facts: list[Fact[bool]]) -> None:
    assert every(facts) == (NO if NO in facts else OPEN if OPEN in facts else YES)
    assert some(facts) == (YES if YES in facts else OPEN if OPEN in facts else NO)
