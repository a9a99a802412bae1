"""Marks of folders: skipped where they say nothing, copied where they do, and never in silence."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from havre.exit.journal import Journal
from havre.exit.ledger import LedgerFate, LossDecision, decided
from havre.exit.objects.copying import Sides
from havre.exit.objects.inventory import take_inventory
from havre.exit.objects.mapping import Rules
from havre.exit.objects.marks import NAME, settle_marks
from havre.exit.objects.running import MovingZone, copy_zone, list_zone
from havre.exit.objects.verifying import read_back, recorded
from havre.exit.records import ordered
from havre.live.objects import FOLDER_MARK, ObjectKind, Properties, Traits
from tests.exit.memory import EVERYTHING, LIMITS, Given, MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
PATHS = replace(LIMITS, paths=True)
PLAIN = Properties({"content-type": "a/b"})
FOLDER = Properties(
    {"content-type": "a/b"}, {FOLDER_MARK: "true"}, traits=Traits(kind=ObjectKind.FOLDER)
)


class Moving:
    """A zone between two stores in memory."""

    def __init__(self, folder: Path) -> None:
        self.source, self.target = MemoryStore(), MemoryStore(limits=PATHS)
        self.journal = Journal(folder / "journal.sqlite")
        self.is_to(PATHS)

    def is_to(self, limits: object) -> None:
        self.target.limits = limits  # type: ignore[assignment]
        rules = Rules("zone curated", self.target.limits, EVERYTHING, NOW)
        self.zone = MovingZone("curated", Given(Sides(self.source, self.target, rules)))

    def plan(self) -> dict[tuple[str, str], LedgerFate]:
        """What becomes of single keys, where it is not kept."""
        self.seen = list_zone(self.journal, self.zone)
        with ThreadPoolExecutor(2) as pool:
            take_inventory(self.journal, self.zone, pool, 2, lambda _: None, fresh=False)
        return {
            (each.item, each.property): each.fate
            for each in self.journal.losses()
            if each.item != "all"
        }

    def copy(self) -> list[str]:
        """Keys at the target, after both manifests were found to be the same."""
        with ThreadPoolExecutor(2) as pool:
            self.seen = list_zone(self.journal, self.zone)
            settle_marks(self.journal, self.zone, self.seen)
            assert copy_zone(self.journal, self.zone, pool, 2, lambda _: None) == []
            back = ordered(each.line for each in read_back(lambda: self.target, pool, 2))
        rows = recorded(self.journal, "curated", self.seen)
        assert back == ordered(each.line for each in rows)
        assert len(back) == self.journal.counts("curated", self.seen).kept
        assert list(self.journal.unfinished("curated", self.seen)) == []
        return sorted(key for key, versions in self.target.objects.items() if versions)


@pytest.fixture
def moving(tmp_path: Path) -> Moving:
    return Moving(tmp_path)


CASES = {
    "a folder with keys": ({"a": FOLDER, "a/b": PLAIN}, ["a"], ["a/b"]),
    "folders in folders": ({"a": FOLDER, "a/b": FOLDER, "a/b/c": PLAIN}, ["a", "a/b"], ["a/b/c"]),
    "an empty folder": ({"a": FOLDER, "b": PLAIN}, [], ["a", "b"]),
    "both marks": ({"a": FOLDER, "a/": PLAIN, "a/b": PLAIN}, ["a"], ["a/", "a/b"]),
    "a mark by its name": ({"a/": PLAIN, "a/b": PLAIN}, [], ["a/", "a/b"]),
    "a mark beside an object": ({"a": PLAIN, "a/": PLAIN}, ["a/"], ["a"]),
    "alike names": ({"a": FOLDER, "ab": PLAIN, "a-/b": PLAIN}, [], ["a", "a-/b", "ab"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mark_is_skipped_where_it_says_nothing_and_copied_where_it_does(
    moving: Moving, case: str
) -> None:
    objects, skipped, arrives = CASES[case]
    for key, bears in objects.items():
        empty = bears is FOLDER or key.endswith("/")
        moving.source.put(key, b"" if empty else b"x", bears)
    fates = moving.plan()
    assert sorted(key for key, name in fates if name == NAME) == skipped
    assert {fates[key, NAME] for key in skipped} <= {LedgerFate.MAPPED}
    assert LedgerFate.BLOCKING not in fates.values()
    assert moving.copy() == arrives
    assert moving.copy() == arrives


def test_an_object_with_bytes_is_no_mark_and_blocks_as_before(moving: Moving) -> None:
    moving.source.put("a", b"x", FOLDER)
    moving.source.put("a/b", b"x", PLAIN)
    assert moving.plan()["a", "key"] is LedgerFate.BLOCKING
    moving.source.put("c", b"x", PLAIN)  # an earlier version is no mark
    moving.source.put("c", b"", FOLDER)
    moving.source.put("c/d", b"x", PLAIN)
    assert moving.plan()["c", "key"] is LedgerFate.BLOCKING


OWN = {
    "metadata.hdi_permission": replace(
        FOLDER, metadata={**FOLDER.metadata, "hdi_permission": "rwx"}
    ),
    "tag.purpose": replace(FOLDER, tags={"purpose": "care"}),
    "hold": replace(FOLDER, held=True),
    "header cache-control": replace(FOLDER, headers={**FOLDER.headers, "cache-control": "no"}),
}


@pytest.mark.parametrize("name", OWN)
def test_a_mark_that_bears_something_of_its_own_waits_for_a_decision(
    moving: Moving, name: str
) -> None:
    moving.source.put("a", b"", OWN[name])
    moving.source.put("a/b", b"x", PLAIN)
    assert moving.plan()["a", NAME] is LedgerFate.BLOCKING
    decision = LossDecision("zone curated", "a", NAME, "An officer", "No use.", NOW.date())
    (found,) = (e for e in decided(moving.journal.losses(), [decision]) if e.property == NAME)
    assert (found.fate, found.found) == (LedgerFate.LOST, f"bears {name}")
    assert moving.copy() == ["a/b"]


def test_a_mark_that_was_copied_goes_when_keys_come_and_comes_back_when_they_go(
    moving: Moving,
) -> None:
    moving.is_to(LIMITS)
    moving.source.put("a", b"", FOLDER)
    moving.plan()
    assert moving.copy() == ["a"]
    beneath = moving.source.put("a/b", b"x", PLAIN)
    assert moving.copy() == ["a/b"]
    (entry,) = (e for e in moving.journal.losses() if e.property == NAME)
    assert (entry.item, entry.fate) == ("a", LedgerFate.MAPPED)
    moving.source.delete(beneath)
    assert moving.copy() == ["a"]


def test_a_mark_that_is_deleted_at_the_source_is_forgotten(moving: Moving) -> None:
    mark = moving.source.put("a", b"", FOLDER)
    moving.source.put("a/b", b"x", PLAIN)
    moving.plan()
    assert moving.copy() == ["a/b"]
    moving.source.delete(mark)
    assert moving.copy() == ["a/b"]
    assert moving.journal.known("curated", "a") == []
