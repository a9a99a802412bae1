"""Deletions at a target that keeps no marker between versions, or does not delete at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from havre.capabilities import Supported
from havre.exit.journal import Journal
from havre.exit.ledger import LedgerFate
from havre.exit.objects.copying import Sides
from havre.exit.objects.inventory import take_inventory
from havre.exit.objects.mapping import Rules
from havre.exit.objects.running import MovingZone, copy_zone, list_zone
from havre.exit.objects.verifying import recorded
from havre.live.objects import Ability
from tests.exit.memory import LIMITS, UNDELETED, UNMARKED, Given, MemoryStore, UnmarkedStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from havre.live.objects import ObjectVersion

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)


@dataclass
class Leaving:
    """A zone of a source with markers, and a target without."""

    journal: Journal
    source: MemoryStore
    target: UnmarkedStore
    seen: int = 0

    @property
    def zone(self) -> MovingZone:
        rules = Rules("zone curated", LIMITS, self.target.abilities, NOW)
        return MovingZone("curated", Given(Sides(self.source, self.target, rules)))

    def plan(self) -> dict[str, tuple[LedgerFate, bool]]:
        """What the ledger says of deletions before anything is copied."""
        self.seen = list_zone(self.journal, self.zone)
        with ThreadPoolExecutor(1) as pool:
            take_inventory(self.journal, self.zone, pool, 1, lambda _: None, fresh=True)
        return self.deletions()

    def copy(self) -> dict[str, tuple[LedgerFate, bool]]:
        """What it says once everything is copied, which a second copy does not change."""
        for _ in range(2):
            self.seen = list_zone(self.journal, self.zone)
            with ThreadPoolExecutor(1) as pool:
                assert copy_zone(self.journal, self.zone, pool, 1, lambda _: None) == []
        return self.deletions()

    def deletions(self) -> dict[str, tuple[LedgerFate, bool]]:
        found = (each for each in self.journal.losses() if each.property == "deletion")
        return {f"{each.item} {each.found[0]}": (each.fate, each.decidable) for each in found}

    def proved(self) -> dict[str, list[int | None]]:
        """Sizes of the versions that are to be read back, None for a deletion."""
        lines: dict[str, list[int | None]] = {}
        for each in recorded(self.journal, "curated", self.seen):
            lines.setdefault(each.line.key, []).append(each.line.size)
        return lines

    def read_back(self) -> dict[str, list[int | None]]:
        """The same of what stands at the target."""
        told = self.target.told().items()
        return {key: [None if c is None else len(c) for c in each] for key, each in told}


Opened = Callable[[Mapping[Ability, Supported]], Leaving]


@pytest.fixture
def leaving(tmp_path: Path) -> Iterator[Opened]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield lambda able: Leaving(journal, MemoryStore(), UnmarkedStore(abilities=able))
    journal.close()


LOST, KEPT = (LedgerFate.BLOCKING, True), (LedgerFate.MAPPED, False)
STATES: Mapping[str, tuple[str, Sequence[int | None], Mapping[str, tuple[LedgerFate, bool]]]] = {
    "at the end": ("1-", [1, None], {}),
    "between": ("1-23", [1, 2, 3], {"a 2": LOST}),
    "between and at the end": ("12-3-", [1, 2, 3, None], {"a 3": LOST}),
    "twice at the end": ("1--", [1, None], {"a 2": LOST}),
    "of nothing": ("-", [], {"a 1": KEPT}),
}


def made(store: MemoryStore, states: str) -> None:
    """Versions of so many bytes, and deletions."""
    for state in states:
        if state == "-":
            store.mark("a")
        else:
            store.put("a", b"x" * int(state))


@pytest.mark.parametrize("case", STATES)
def test_a_deletion_that_cannot_stand_is_seen_by_the_plan(leaving: Opened, case: str) -> None:
    states, kept, ledger = STATES[case]
    moving = leaving(UNMARKED)
    made(moving.source, states)
    assert moving.plan() == ledger
    assert moving.copy() == ledger
    assert moving.read_back() == moving.proved() == ({"a": kept} if kept else {})


def test_an_object_that_would_exist_again_is_a_loss_to_be_decided(leaving: Opened) -> None:
    moving = leaving(UNDELETED)
    made(moving.source, "12-")
    assert moving.plan() == {"a 3": LOST}
    (entry,) = (each for each in moving.journal.losses() if each.property == "deletion")
    assert "would exist again at the target: it is locked" in entry.remedy
    assert moving.copy() == {"a 3": LOST}
    assert "mark" not in moving.target.calls
    assert moving.read_back() == moving.proved() == {"a": [1, 2]}


CHANGES: Mapping[str, tuple[str, Callable[[MemoryStore], object], Sequence[int | None]]] = {
    "written again": ("12-", lambda store: store.put("a", b"333"), [1, 2, 3]),
    "deleted later": ("12", lambda store: store.mark("a"), [1, 2, None]),
    "taken back": ("12-", lambda store: store.delete(last(store)), [1, 2]),
    "its last version goes": ("12", lambda store: store.delete(last(store)), [1]),
    "its first version goes": ("12", lambda store: store.delete(last(store, 0)), [2]),
    "the one before its deletion goes": (
        "12-",
        lambda store: store.delete(last(store, 1)),
        [1, None],
    ),
}


def last(store: MemoryStore, place: int = -1) -> ObjectVersion:
    return list(store.versions())[place]


@pytest.mark.parametrize("case", CHANGES)
def test_what_changes_after_the_copy_is_the_same_again(leaving: Opened, case: str) -> None:
    states, change, kept = CHANGES[case]
    moving = leaving(UNMARKED)
    made(moving.source, states)
    moving.copy()
    change(moving.source)
    moving.copy()
    assert moving.read_back() == moving.proved() == {"a": kept}


def test_a_copy_that_nobody_recorded_is_taken_as_done(leaving: Opened) -> None:
    moving = leaving(UNMARKED)
    made(moving.source, "12-")
    made(moving.target, "12-")
    moving.copy()
    assert moving.read_back() == moving.proved() == {"a": [1, 2, None]}
    assert moving.target.calls.count("mark") == 1
