"""What a copy would do: counted from a listing and the journal, without a call that changes."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from havre.exit.journal import Journal
from havre.exit.objects.copying import Sides
from havre.exit.objects.mapping import Rules
from havre.exit.objects.running import MovingZone, copy_zone, list_zone
from havre.exit.steps.preview import ZonePreview, zone_preview
from havre.live.objects import PIECE
from tests.exit.memory import EVERYTHING, LIMITS, Given, MemoryStore

RULES = Rules("zone curated", LIMITS, EVERYTHING, dt.datetime(2026, 11, 29, tzinfo=dt.UTC))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


def test_what_is_new_changed_or_gone_is_counted_and_nothing_is_written(journal: Journal) -> None:
    source, target = MemoryStore(), MemoryStore()
    zone = MovingZone("curated", Given(Sides(source, target, RULES)))
    first = source.put("a", b"one")
    source.put("b", b"two!")
    source.put("large", b"x" * (2 * PIECE + 1))
    size = 7 + 2 * PIECE + 1
    new = 1 + 2 * 2 + 3 + 2 * 3
    assert zone_preview(journal, zone) == ZonePreview("curated", 3, size, new, 0, 0)
    list_zone(journal, zone)
    with ThreadPoolExecutor(1) as pool:
        copy_zone(journal, zone, pool, 1, len)
    assert zone_preview(journal, zone) == ZonePreview("curated", 0, 0, 3, 3, 0)
    source.put("b", b"three")
    source.mark("large")
    source.delete(first)
    calls, before = list(target.calls), dict(target.objects)
    rows = list(journal.rows("curated", 1))
    expected = ZonePreview("curated", 2, 5, 1 + 1 + 2 + 2, 2, 1)
    assert zone_preview(journal, zone) == expected
    assert (target.calls, target.objects) == (calls, before)
    assert list(journal.rows("curated", 1)) == rows
