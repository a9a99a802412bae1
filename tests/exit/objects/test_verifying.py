"""Reading back: a target that lies is found out, and an honest one gives the same manifest."""

import datetime as dt
import functools
import io
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import pytest

from havre.exit.journal import Journal
from havre.exit.objects.copying import Sides
from havre.exit.objects.mapping import Rules
from havre.exit.objects.running import MovingZone, copy_zone, list_zone
from havre.exit.objects.verifying import (
    LockComparison,
    ObjectDifference,
    differences,
    read_back,
    recorded,
    version_map,
)
from havre.exit.records import write_ordered
from havre.live.objects import Lock, LockMode, ObjectVersion, Properties, Written
from tests.exit.memory import EVERYTHING, LIMITS, Given, MemoryStore

RULES = Rules("zone curated", LIMITS, EVERYTHING, dt.datetime(2026, 11, 29, tzinfo=dt.UTC))
BEARS = Properties({"content-type": "a/b"}, {"ward": "1"}, {"purpose": "research"})
KEYS = ["a", "b", "c d", "\u00e9"]


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@dataclass
class Moved:
    """A zone that was copied, and can be read back."""

    folder: Path
    pool: Executor
    source: MemoryStore
    target: MemoryStore

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder / "journal.sqlite")
        self.zone = MovingZone("curated", Given(Sides(self.source, self.target, RULES)))

    def copy(self) -> None:
        self.seen = list_zone(self.journal, self.zone)
        assert copy_zone(self.journal, self.zone, self.pool, 2, len) == []

    def differ(self) -> list[ObjectDifference]:
        source, target = self.folder / "source.tsv", self.folder / "target.tsv"
        locks = LockComparison()
        write_ordered(target, locks.met(read_back(lambda: self.target, self.pool, 2)))
        write_ordered(source, locks.wanted(recorded(self.journal, "curated", self.seen)))
        found = [*differences(source, target), *locks.shorter]
        assert (source.read_bytes() == target.read_bytes()) == (not differences_of_lines(found))
        return found


def differences_of_lines(found: list[ObjectDifference]) -> list[ObjectDifference]:
    return [each for each in found if each.what != "lock"]


@pytest.fixture
def moved(tmp_path: Path, pool: Executor) -> Moved:
    source = MemoryStore()
    for key in KEYS:
        source.put(key, key.encode() * 10, BEARS)
    source.put("a", b"second", BEARS)
    return Moved(tmp_path, pool, source, MemoryStore())


def test_an_honest_target_gives_the_same_manifest(moved: Moved) -> None:
    moved.source.mark("b")
    moved.copy()
    assert moved.differ() == []


def test_more_versions_than_one_batch_are_read(moved: Moved) -> None:
    for number in range(450):
        moved.source.put(f"n/{number}", str(number).encode(), BEARS)
    moved.copy()
    assert moved.differ() == []
    assert len((moved.folder / "target.tsv").read_text().splitlines()) == 455


def test_the_map_of_versions_leads_from_each_to_its_copy(moved: Moved) -> None:
    moved.source.mark("b")
    moved.copy()
    led = [
        (each.key, each.source, each.target, each.modified)
        for each in version_map(moved.journal, "curated", moved.seen)
    ]
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    both = zip(moved.source.versions(), moved.target.versions(), strict=True)
    assert led == [
        (
            one.key,
            one.version,
            other.version,
            (one.modified - epoch) // dt.timedelta(microseconds=1),
        )
        for one, other in both
    ]
    assert {(key, number) for key, number in numbered(moved)} == {
        (each.key, each.number) for each in version_map(moved.journal, "curated", moved.seen)
    }


def numbered(moved: Moved) -> list[tuple[str, int]]:
    found = recorded(moved.journal, "curated", moved.seen)
    return [(each.line.key, each.line.number) for each in found]


def truncated(content: bytes) -> bytes:
    return content[:-1]


def flipped(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


@pytest.mark.parametrize("damage", [truncated, flipped, lambda _: b"", lambda c: c + b"\0"])
def test_a_target_that_stores_other_bytes_is_found(
    moved: Moved, damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = moved.target.write

    def write(
        key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> Written:
        data = content.read()
        stored = damage(data) if key == "c d" else data
        return honest(key, io.BytesIO(stored), properties, create_only=create_only)

    monkeypatch.setattr(moved.target, "write", write)
    moved.copy()
    assert moved.differ() == [ObjectDifference("c d", 1, "content")]


def test_a_target_that_swaps_two_objects_is_found(moved: Moved) -> None:
    moved.copy()
    objects = moved.target.objects
    (found_b, b, bears_b), (found_c, c, bears_c) = objects["b"][0], objects["c d"][0]
    objects["b"] = [(replace(found_b, size=len(c)), c, bears_b)]
    objects["c d"] = [(replace(found_c, size=len(b)), b, bears_c)]
    assert [(each.key, each.what) for each in moved.differ()] == [
        ("b", "content"),
        ("c d", "content"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        replace(BEARS, headers={}),
        replace(BEARS, metadata={}),
        replace(BEARS, tags={}),
        replace(BEARS, tags={"purpose": "care"}),
        replace(BEARS, tier="Cool"),
        replace(BEARS, held=True),
    ],
)
def test_a_target_that_drops_a_property_is_found(moved: Moved, other: Properties) -> None:
    moved.copy()
    found, content, _ = moved.target.objects["b"][0]
    moved.target.objects["b"] = [(found, content, other)]
    assert moved.differ() == [ObjectDifference("b", 1, "properties")]


@pytest.mark.parametrize("days", [None, 9])
def test_a_lock_that_ends_earlier_is_found(moved: Moved, days: int | None) -> None:
    ends = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    moved.source.put("locked", b"x", replace(BEARS, lock=Lock(ends)))
    moved.copy()
    found, content, bears = moved.target.objects["locked"][0]
    lock = Lock(ends - dt.timedelta(days=days)) if days else None
    moved.target.objects["locked"] = [(found, content, replace(bears, lock=lock))]
    assert moved.differ() == [ObjectDifference("locked", 1, "lock")]


def test_a_lock_that_anybody_entitled_may_shorten_is_no_lock_that_nobody_may(moved: Moved) -> None:
    ends = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    moved.source.put("locked", b"x", replace(BEARS, lock=Lock(ends)))
    moved.copy()
    found, content, bears = moved.target.objects["locked"][0]
    weaker = replace(bears, lock=Lock(ends, LockMode.GOVERNANCE))
    moved.target.objects["locked"] = [(found, content, weaker)]
    assert moved.differ() == [ObjectDifference("locked", 1, "lock")]


def test_a_lock_that_ends_later_is_fine(moved: Moved) -> None:
    ends = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    moved.source.put("locked", b"x", replace(BEARS, lock=Lock(ends)))
    moved.copy()
    found, content, bears = moved.target.objects["locked"][0]
    later = replace(bears, lock=Lock(ends + dt.timedelta(days=1)))
    moved.target.objects["locked"] = [(found, content, later)]
    assert moved.differ() == []


def test_what_is_missing_and_what_is_too_much_are_named(moved: Moved) -> None:
    moved.copy()
    del moved.target.objects["b"]
    moved.target.put("z", b"theirs", BEARS)
    assert moved.differ() == [
        ObjectDifference("b", 1, "missing"),
        ObjectDifference("z", 1, "extra"),
    ]


def test_an_older_version_in_the_place_of_the_latest_is_found(moved: Moved) -> None:
    moved.copy()
    objects = moved.target.objects["a"]
    moved.target.objects["a"] = [objects[0], (objects[1][0], objects[0][1], objects[1][2])]
    differ = moved.differ()
    assert [(each.key, each.number, each.what) for each in differ] == [("a", 2, "content")]


@pytest.mark.parametrize(("dropped", "what"), [(True, "missing"), (False, "extra")])
def test_a_page_that_is_left_out_or_sent_twice_is_found(
    moved: Moved, monkeypatch: pytest.MonkeyPatch, *, dropped: bool, what: str
) -> None:
    moved.copy()
    honest = moved.target.versions

    def versions(prefix: str = "") -> Iterator[ObjectVersion]:
        for found in honest(prefix):
            yield from () if dropped and found.key == "b" else [found]
            yield from () if dropped or found.key != "b" else [found]

    monkeypatch.setattr(moved.target, "versions", versions)
    assert [(each.key, each.what) for each in moved.differ()] == [("b", what)]


def test_bytes_that_end_early_are_found(moved: Moved, monkeypatch: pytest.MonkeyPatch) -> None:
    moved.copy()
    honest = moved.target.read

    @functools.wraps(honest)
    def read(found: ObjectVersion, first: int = 0, length: int | None = None) -> Iterator[bytes]:
        pieces = list(honest(found, first, length))
        return iter(pieces[:-1] if found.key == "b" else pieces)

    monkeypatch.setattr(moved.target, "read", read)
    assert moved.differ() == [ObjectDifference("b", 1, "content")]
