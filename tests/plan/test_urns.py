"""URNs are parsed as they are made, whatever a name holds."""

import pytest

from havre.plan import urns

STACK = urns.make("prod", "library", urns.STACK_TYPE, "library-prod")
ROOM = urns.make("prod", "library", "toy:index:Room", "room", STACK)


def test_a_urn_names_the_types_of_all_ancestors_but_the_stack() -> None:
    assert STACK == "urn:pulumi:prod::library::pulumi:pulumi:Stack::library-prod"
    assert ROOM == "urn:pulumi:prod::library::toy:index:Room::room"
    below = urns.make("prod", "library", "toy:index:Thing", "thing", ROOM)
    assert below == "urn:pulumi:prod::library::toy:index:Room$toy:index:Thing::thing"
    assert urns.types(below) == ("toy:index:Room", "toy:index:Thing")


@pytest.mark.parametrize("name", ["a", "a::b", "::", "a$b", "é b", "urn:pulumi:x::y::z::w"])
def test_a_name_is_read_as_it_was_given(name: str) -> None:
    urn = urns.make("prod", "library", "toy:index:Thing", name, ROOM)
    assert urns.name(urn) == name
    assert urns.types(urn) == ("toy:index:Room", "toy:index:Thing")
    assert urns.is_urn(urn)


def test_only_the_stack_is_one() -> None:
    assert urns.is_stack(STACK)
    below = urns.make("prod", "library", "toy:index:Room", "pulumi:pulumi:Stack", STACK)
    assert not urns.is_stack(below)
    assert not urns.is_stack("")


def test_what_is_no_urn_has_no_types_and_its_last_part_for_a_name() -> None:
    assert [urns.name(text) for text in ("", "curated", "a::b")] == ["", "curated", "b"]
    assert urns.types("a::b") == ()
    assert not urns.is_urn("curated")


def test_a_reference_is_a_urn_and_an_id() -> None:
    assert urns.referred(urns.reference(ROOM, "04da")) == ROOM
    assert urns.referred("") == ""
