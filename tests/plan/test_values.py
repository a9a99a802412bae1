import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from havre.plan.values import (
    OUTPUT,
    RESOURCE,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_WIRE,
    Secret,
    from_struct,
    holds_unknown,
    plain,
    shown,
    to_struct,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])).filter(lambda t: t not in UNKNOWN_WIRE),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc", max_size=3), inner),
    max_leaves=16,
)


@given(st.dictionaries(st.text("abcdef", min_size=1), JSON))
def test_values_survive_the_wire(values: dict) -> None:
    assert from_struct(to_struct(values)) == values


def test_unknowns_and_secrets_survive_the_wire() -> None:
    values = {"a": UNKNOWN, "b": [Secret({"c": UNKNOWN})], "d": Secret("hush")}
    assert from_struct(to_struct(values)) == values


@pytest.mark.parametrize("wire", sorted(UNKNOWN_WIRE))
def test_every_kind_of_unknown_is_recognised(wire: str) -> None:
    assert plain({"k": [wire]}) == {"k": [UNKNOWN]}


def test_references_and_outputs_are_resolved() -> None:
    assert plain({SIGNATURE: RESOURCE, "urn": "urn:x"}) == "urn:x"
    assert plain({SIGNATURE: OUTPUT, "value": 1.0}) == 1
    assert plain({SIGNATURE: OUTPUT}) is UNKNOWN
    assert plain({SIGNATURE: OUTPUT, "value": "v", "secret": True}) == Secret("v")
    assert plain({SIGNATURE: "other", "x": 2.0}) == {SIGNATURE: "other", "x": 2}


def test_a_secret_is_never_shown() -> None:
    values = {"password": Secret("hush"), "list": [UNKNOWN, Secret("hush")]}
    assert "hush" not in json.dumps(shown(values))
    assert "hush" not in repr(values)
    assert shown(values) == {
        "password": {"secret": True},
        "list": [{"unknown": True}, {"secret": True}],
    }
    assert plain({SIGNATURE: SECRET, "value": "hush"}) == Secret("hush")


def test_unknown_is_found_at_any_depth() -> None:
    assert holds_unknown({"a": [{"b": Secret([UNKNOWN])}]})
    assert not holds_unknown({"a": [1, "x", None, Secret("y")]})
