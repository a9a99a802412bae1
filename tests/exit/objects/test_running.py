"""The copy of a zone: bounded, recorded as it goes, and whole after whatever went wrong."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from havre.errors import ProviderError, RetryError, StateError
from havre.exit.journal import Counts, Journal
from havre.exit.objects import running
from havre.exit.objects.copying import KeyOutcome, Sides
from havre.exit.objects.effort import LEFT, WHOLE, Load, weighed
from havre.exit.objects.mapping import Rules
from havre.exit.objects.rechecking import recheck
from havre.exit.objects.running import MovingZone, copy_zone, give_up_uploads, list_zone, whole
from havre.live.objects import PIECE, Lock, ObjectVersion, Properties
from tests.exit.memory import EVERYTHING, LIMITS, Given, MemoryStore

SOON = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
RULES = Rules("zone curated", LIMITS, EVERYTHING, dt.datetime(2026, 11, 29, tzinfo=dt.UTC))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def zone() -> MovingZone:
    source = MemoryStore()
    for number in range(450):
        source.put(f"{number:03}", str(number).encode())
    return MovingZone("curated", Given(Sides(source, MemoryStore(), RULES)))


def run(journal: Journal, zone: MovingZone) -> list[KeyOutcome]:
    met: list[KeyOutcome] = []
    with ThreadPoolExecutor(2) as pool:
        assert copy_zone(journal, zone, pool, 2, met.extend) == []
    return met


def memory(zone: MovingZone) -> tuple[MemoryStore, MemoryStore]:
    sides = zone.opened()
    assert isinstance(sides.source, MemoryStore)
    assert isinstance(sides.target, MemoryStore)
    return sides.source, sides.target


def test_every_object_goes_once(journal: Journal, zone: MovingZone) -> None:
    source, target = memory(zone)
    seen = list_zone(journal, zone)
    assert len(run(journal, zone)) == 450
    assert target.contents() == source.contents()
    size = sum(len(str(number)) for number in range(450))
    assert journal.counts("curated", seen) == Counts(450, size, 450, size, 450)
    list_zone(journal, zone)
    assert run(journal, zone) == []


def test_what_is_left_is_known_at_any_moment_without_counting(
    journal: Journal, zone: MovingZone
) -> None:
    source, _ = memory(zone)
    source.put("large", b"x" * (PIECE + 1))
    source.put("marked", b"x")
    source.mark("marked")
    seen = list_zone(journal, zone)
    met: list[Load] = []

    def told(_: object) -> None:
        counted = Load(*journal.sizes("curated", seen, PIECE, left=True))
        assert weighed(journal, "curated", LEFT) == counted
        met.append(counted)

    assert weighed(journal, "curated", LEFT) == weighed(journal, "curated", WHOLE)
    with ThreadPoolExecutor(2) as pool:
        assert copy_zone(journal, zone, pool, 2, told) == []
        assert len({*met}) == 3
        assert weighed(journal, "curated", LEFT) == Load()
        assert weighed(journal, "curated", WHOLE).versions == 453
        source.retag("007", {"purpose": "care"})
        list_zone(journal, zone)
        assert recheck(journal, zone, pool, 2) == 1
    assert weighed(journal, "curated", LEFT) == Load(1, size=1)


def test_what_fails_costs_nothing_of_the_rest(
    journal: Journal, zone: MovingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = memory(zone)
    whole_read = source.read

    def read(found: ObjectVersion) -> Iterator[bytes]:
        if found.key == "250":
            message = "zone curated: 250: no answer"
            raise RetryError(message, "Run it again.")
        return whole_read(found)

    monkeypatch.setattr(source, "read", read)
    list_zone(journal, zone)
    with pytest.raises(RetryError, match="250"):
        run(journal, zone)
    monkeypatch.undo()
    before = dict(target.objects)
    run(journal, zone)
    assert target.contents() == source.contents()
    assert {key: target.objects[key] for key in before} == before


def test_a_listing_that_was_cut_off_copies_nothing(
    journal: Journal, zone: MovingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = memory(zone)

    def versions() -> Iterator[ObjectVersion]:
        yield source.objects["000"][0][0]
        message = "zone curated: the listing broke off"
        raise ProviderError(message, "Run it again.")

    monkeypatch.setattr(source, "versions", versions)
    with pytest.raises(ProviderError, match="broke off"):
        list_zone(journal, zone)
    with pytest.raises(StateError, match="not listed to its end"):
        run(journal, zone)
    assert target.contents() == {}


def test_a_second_listing_that_was_cut_off_deletes_nothing(
    journal: Journal, zone: MovingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = memory(zone)
    list_zone(journal, zone)
    run(journal, zone)

    def versions() -> Iterator[ObjectVersion]:
        yield source.objects["000"][0][0]
        message = "zone curated: the listing broke off"
        raise RetryError(message, "Run it again.")

    monkeypatch.setattr(source, "versions", versions)
    with pytest.raises(RetryError):
        list_zone(journal, zone)
    with pytest.raises(StateError):
        whole(journal, zone.name)
    assert target.contents() == source.contents()


def test_what_becomes_of_properties_is_recorded_by_key(journal: Journal, zone: MovingZone) -> None:
    source, _ = memory(zone)
    source.put("typeless", b"x", Properties())
    list_zone(journal, zone)
    run(journal, zone)
    assert [(each.scope, each.item) for each in journal.losses()] == [("zone curated", "typeless")]


CHANGES = {
    "tags": lambda store, key: store.retag(key, {"purpose": "care"}),
    "hold": lambda store, key: store.hold(store.objects[key][-1][0], on=True),
    "lock": lambda store, key: store.lock(store.objects[key][-1][0], Lock(SOON)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_neither_entity_nor_time_is_copied_again(
    journal: Journal, zone: MovingZone, what: str
) -> None:
    source, target = memory(zone)
    list_zone(journal, zone)
    run(journal, zone)
    CHANGES[what](source, "007")
    list_zone(journal, zone)
    with ThreadPoolExecutor(2) as pool:
        assert recheck(journal, zone, pool, 2) == 1
        assert len(run(journal, zone)) == 1
        assert target.borne() == source.borne()
        assert target.contents() == source.contents()
        assert recheck(journal, zone, pool, 2) == 0


def test_uploads_of_a_killed_run_are_given_up_and_no_others(
    journal: Journal, zone: MovingZone
) -> None:
    _, target = memory(zone)
    list_zone(journal, zone)
    for key in ("007", "theirs"):
        target.part(target.begin(key, Properties()), 1, b"x")
    assert give_up_uploads(journal, zone) == 1
    assert [each.key for each in target.uploads()] == ["theirs"]


@pytest.mark.parametrize(("keys", "sizes"), [(3, [3, 3, 3, 1]), (100, [10])])
def test_shards_end_with_keys(
    journal: Journal, keys: int, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SHARD_KEYS", keys)
    source = MemoryStore()
    for number in range(10):
        source.put(str(number), b"x")
    zone = MovingZone("curated", Given(Sides(source, MemoryStore(), RULES)))
    seen = list_zone(journal, zone)
    shards = running.sharded(journal.unfinished("curated", seen))
    assert [len(shard) for shard in shards] == sizes


def test_shards_end_with_bytes(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SHARD_SIZE", 5)
    source = MemoryStore()
    for number, size in enumerate((4, 4, 9, 1, 1)):
        source.put(str(number), b"x" * size)
    zone = MovingZone("curated", Given(Sides(source, MemoryStore(), RULES)))
    seen = list_zone(journal, zone)
    shards = running.sharded(journal.unfinished("curated", seen))
    assert [len(shard) for shard in shards] == [2, 1, 2]
