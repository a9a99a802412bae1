"""The hard cases: each is planted where the store can hold it, or says why it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from havre.capabilities import Support, Supported
from havre.exit.rehearsing.filling import ChosenZones, chosen_zones
from havre.exit.rehearsing.hard.cases import ELSEWHERE, TITLES, UnplantedError
from havre.exit.rehearsing.hard.objects import CHANGING, OBJECTS, RETAGGED
from havre.exit.rehearsing.hard.tables import NOT_REPLICATED, TABLES
from havre.live.objects import Ability
from havre.spec.model import Purpose
from tests.exit.memory import EVERYTHING, LIMITS, MemoryStore


def test_every_case_has_a_title_and_is_planted_or_says_why_not() -> None:
    assert sorted(TITLES) == list(range(1, 26))
    assert sorted((*OBJECTS, *TABLES, *ELSEWHERE)) == list(range(1, 26))
    words = {words for parts in TABLES.values() for words, _ in parts}
    assert words >= NOT_REPLICATED.keys()


@pytest.mark.parametrize("number", sorted(OBJECTS))
def test_a_store_that_can_do_everything_gets_it(number: int) -> None:
    store = MemoryStore()
    assert OBJECTS[number](store)
    unfinished = list(store.uploads())
    wanted = {17: 0}.get(number, 1)
    assert len(store.objects) + len(unfinished) >= wanted


@pytest.mark.parametrize(
    ("number", "ability"),
    [(1, Ability.TAGS), (6, Ability.UPLOADS), (7, Ability.VERSIONS), (8, Ability.LOCK)],
)
def test_a_store_that_cannot_gives_its_reason(number: int, ability: Ability) -> None:
    lacking = {**EVERYTHING, ability: Supported(Support.ABSENT, "it is too old")}
    store = MemoryStore(abilities=lacking)
    with pytest.raises(UnplantedError, match="zone curated: it is too old"):
        OBJECTS[number](store)
    assert store.objects == {}


def test_what_is_changed_later_is_there() -> None:
    store = MemoryStore()
    OBJECTS[1](store)
    OBJECTS[4](store)
    assert {RETAGGED, CHANGING} == {*store.objects}


def test_a_key_that_the_store_refuses_is_left_out_and_counted() -> None:
    everything, narrow = MemoryStore(), MemoryStore(limits=replace(LIMITS, refused="%\t\n"))
    told = [OBJECTS[12](store) for store in (everything, narrow)]
    assert len(narrow.objects) < len(everything.objects)
    assert told[1].startswith(f"{len(narrow.objects)} of {len(everything.objects)} ")


@pytest.mark.parametrize(
    ("zones", "chosen"),
    [
        ({"a": "logs", "b": "curated", "c": "landing"}, ChosenZones("b", "c")),
        ({"a": "logs", "b": "research"}, ChosenZones("b", "b")),
        ({"a": "logs"}, ChosenZones("a", "a")),
    ],
)
def test_zones_are_chosen_by_their_purpose(zones: dict[str, str], chosen: ChosenZones) -> None:
    assert chosen_zones({name: Purpose(each) for name, each in zones.items()}) == chosen
