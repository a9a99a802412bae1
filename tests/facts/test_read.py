from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from havre.facts.read import (
    at_best,
    both,
    each,
    every,
    gathered,
    label,
    labels,
    meets,
    read,
    some,
    then,
    together,
)
from havre.facts.values import Fact, Known, Reserve, Reserved, Unknown, reserved
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


def worst(number: int) -> Unknown:
    return Unknown("a.b", Known((number,)))


def test_what_is_told_of_a_list_stands_beside_what_is_not() -> None:
    held = {"l": [{"x": 1}, {"x": UNKNOWN}, UNKNOWN, Secret({"x": 2})], "u": UNKNOWN, "t": "x"}
    assert each(held, "l", "x", "l[].x") == Unknown("l[].x", Known((1, 2)))
    assert each({"l": [1, Secret(2)]}, "l") == Known((1, 2))
    assert each({"l": [1, UNKNOWN]}, "l") == Unknown("l", Known((1,)))
    assert each({"l": [UNKNOWN]}, "l") == each({"l": UNKNOWN}, "l") == Unknown("l")
    assert each(held, "none") == Known(())
    assert (each(held, "u", "x"), each(held, "t", "x")) == (Unknown("u"), Unknown("t"))
    assert gathered([Known((1,)), OPEN, Known((2,))]) == Unknown("a.b", Known((1, 2)))
    assert gathered([OPEN, Known(())]) == OPEN
    assert gathered([worst(1), Known((2,))]) == Unknown("a.b", Known((1, 2)))


def test_what_is_at_best_bad_is_bad_and_what_is_at_best_good_is_not_known() -> None:
    assert [meets(fact, lambda told: 0 not in told) for fact in (worst(0), worst(1), OPEN)] == [
        NO,
        OPEN,
        OPEN,
    ]
    assert meets(Known((1,)), bool) == YES
    assert (at_best(worst(1), ()), at_best(OPEN, ()), at_best(Known((2,)), ())) == ((1,), (), (2,))


def test_what_a_value_is_at_best_says_nothing_of_what_is_made_of_it() -> None:
    assert then(worst(1), len) == OPEN
    assert together([worst(1)]) == OPEN
    assert both(worst(1), OPEN) == OPEN
    assert both(Known(3), worst(1)) == Unknown("a.b", Known((3, (1,))))


def test_a_label_is_told_whatever_is_unknown_beside_it() -> None:
    held = {"tags": {"zone": "curated", "owner": UNKNOWN}}
    assert labels(held) == Unknown("tags", Known({"zone": "curated"}))
    assert (label(held, "zone"), label(held, "owner"), label(held, "x")) == ("curated", "", "")
    assert (labels({}), labels({"tags": UNKNOWN})) == (Known({}), Unknown("tags"))


@given(st.lists(st.sampled_from([YES, NO, OPEN])))
def test_three_valued_logic_is_kleenes(facts: list[Fact[bool]]) -> None:
    assert every(facts) == (NO if NO in facts else OPEN if OPEN in facts else YES)
    assert some(facts) == (YES if YES in facts else OPEN if OPEN in facts else NO)


LATER = "not in force until it restarts"


def test_a_reserve_goes_with_whatever_is_made_of_a_value() -> None:
    asked = reserved(Known(30), LATER)
    held = Reserved(LATER, YES, Reserve.NOT_IN_FORCE)
    assert then(asked, lambda days: days > 7) == held
    assert meets(asked, lambda days: days > 7) == held
    assert every([YES, then(asked, bool)]) == held
    assert some([NO, then(asked, bool)]) == held
    assert both(asked, Known(1)) == Reserved(LATER, Known((30, 1)))
    assert both(Known(1), asked) == Reserved(LATER, Known((1, 30)))
    assert together([asked, Known(1)]) == Reserved(LATER, Known((30, 1)))
    assert gathered([Known((1,)), reserved(Known((2,)), LATER)]) == Reserved(LATER, Known((1, 2)))


def test_what_would_fail_or_hold_without_it_is_decided_whatever_is_reserved() -> None:
    asked, refused = reserved(YES, LATER), reserved(NO, LATER)
    assert meets(reserved(Known(3), LATER), lambda days: days > 7) == NO
    assert every([asked, NO]) == every([refused, YES]) == NO
    assert some([asked, YES]) == YES
    assert some([refused, NO]) == NO
    assert every([asked, OPEN]) == OPEN
    assert reserved(OPEN, LATER) == OPEN
