"""When a thing may go: locks, holds, what is kept after deletion, and what nobody knows."""

import datetime as dt
from dataclasses import replace

import pytest

from havre.exit.retiring.terms import RetiringThing, earliest, terms_of

CUT = dt.date(2026, 12, 1)
LOCKED = dt.datetime(2027, 3, 1, 12, tzinfo=dt.UTC)
PLAIN = RetiringThing("zone curated")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


CASES = [
    (PLAIN, "2026-12-01", "2026-12-01", ""),
    (replace(PLAIN, locked_until=LOCKED), "2027-03-02", "2027-03-02", ""),
    (replace(PLAIN, locked_until=LOCKED.replace(year=2020)), "2026-12-01", "2026-12-01", ""),
    (replace(PLAIN, kept=(("soft delete", 30), ("backups", 90))), "2026-12-01", "2027-03-01", ""),
    (
        replace(PLAIN, locked_until=LOCKED, kept=(("soft delete", 30),)),
        "2027-03-02",
        "2027-04-01",
        "",
    ),
    (replace(PLAIN, held=2), "2026-12-01", None, "2 versions are under a legal hold"),
    (replace(PLAIN, kept=(("versions", None),)), "2026-12-01", None, "without end"),
    (replace(PLAIN, unknown=("a deleted key can be recovered",)), "2026-12-01", None, ""),
]


@pytest.mark.parametrize(("thing", "schedule", "gone", "blocked"), CASES)
def test_a_thing_goes_no_earlier_than_everything_lets_it(
    thing: RetiringThing, schedule: str, gone: str | None, blocked: str
) -> None:
    found = terms_of(thing, CUT)
    assert found.schedule == day(schedule)
    assert found.gone == (day(gone) if gone else None)
    assert blocked in found.blocked
    assert bool(found.blocked) == bool(blocked)
    assert found.reasons[0] == "2026-12-01: the cut"
    known = len(thing.kept) - sum(days is None for _, days in thing.kept)
    assert len(found.reasons) == 1 + bool(thing.locked_until) + known + len(thing.unknown)


def test_all_is_gone_with_the_last_and_never_before_it_is_known() -> None:
    found = [terms_of(thing, CUT) for thing, *_ in CASES]
    assert earliest(found[:5]) == day("2027-04-01")
    assert earliest(found) is None
