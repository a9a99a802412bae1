"""What a writer changes in a freeze is named: content, tags or a hold alone, new and gone."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from havre.exit.freezing.proof import changes, frozen_lines
from havre.exit.records import write_ordered
from havre.live.objects import Lock, Properties
from tests.exit.freezing.effects import kinds
from tests.exit.memory import WITHOUT_VERSIONS, MemoryStore

BEARS = Properties({"content-type": "text/csv"}, {"ward": "7"}, {"purpose": "research"})
LATER = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)


def filled(store: MemoryStore) -> MemoryStore:
    for number in range(450):  # more than go together
        store.put(f"visits/{number:03} \u00e9.csv", b"x" * number, BEARS)
    store.mark("visits/004 \u00e9.csv") if store.versioned else None
    return store


def recorded(store: MemoryStore, path: Path) -> Path:
    with ThreadPoolExecutor(2) as workers:
        write_ordered(path, frozen_lines(lambda: store, workers, 2))
    return path


def found(store: MemoryStore, folder: Path, act: Callable[[MemoryStore], object]) -> list[str]:
    before = recorded(filled(store), folder / "before")
    act(store)
    return kinds(changes("objects", before, recorded(store, folder / "after")))


KEY = "visits/003 \u00e9.csv"
CHEATS: list[tuple[Callable[[MemoryStore], object], list[str]]] = [
    (lambda _store: None, []),
    (lambda store: store.put(KEY, b"other", BEARS), [f"{KEY}, version v000452: new"]),
    (lambda store: store.put("b", b""), ["b, version v000452: new"]),
    (lambda store: store.mark(KEY), [f"{KEY}, version v000452: new"]),
    (lambda store: store.retag(KEY, {}), [f"{KEY}, version v000004: properties"]),
    (
        lambda store: store.hold(store.objects[KEY][-1][0], on=True),
        [f"{KEY}, version v000004: properties"],
    ),
    (
        lambda store: store.lock(store.objects[KEY][-1][0], Lock(LATER)),
        [f"{KEY}, version v000004: properties"],
    ),
    (lambda store: store.delete(store.objects[KEY][-1][0]), [f"{KEY}, version v000004: gone"]),
]


@pytest.mark.parametrize(("cheat", "named"), CHEATS)
def test_a_writer_that_cheats_is_found(
    tmp_path: Path, cheat: Callable[[MemoryStore], object], named: list[str]
) -> None:
    assert found(MemoryStore(), tmp_path, cheat) == named


def test_content_that_is_written_over_is_found(tmp_path: Path) -> None:
    store = MemoryStore(abilities=WITHOUT_VERSIONS)
    cheat = found(store, tmp_path, lambda each: each.put(KEY, b"yyy", BEARS))
    assert cheat == [f"{KEY}: content"]
