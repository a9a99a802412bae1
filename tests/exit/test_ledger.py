"""The losses ledger: nothing is lost but by a person's word, and a word covers what it names."""

import datetime as dt
from dataclasses import replace

import pytest

from havre.exit.ledger import ALL, LedgerEntry, LedgerFate, LossDecision, decided, undecided, unused

TIER = undecided("zone curated", "a/b", "tier", "Cool")
WORD = LossDecision(
    "zone curated", ALL, "tier", "DPO", "the target has one tier", dt.date(2026, 11, 2)
)
MEETING = LedgerEntry("zone curated", "A", "key", "A", "", LedgerFate.BLOCKING, "Rename it.")


def test_what_the_target_cannot_hold_blocks_until_it_is_decided() -> None:
    assert [each.fate for each in decided([TIER], [])] == [LedgerFate.BLOCKING]


def test_a_decision_names_who_when_and_why() -> None:
    (entry,) = decided([TIER], [WORD])
    assert entry.fate is LedgerFate.LOST
    assert entry.decision == "DPO, 2026-11-02: the target has one tier"
    assert str(entry).split("\t")[-2:] == [
        "lost",
        "DPO%2C%202026-11-02%3A%20the%20target%20has%20one%20tier",
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"scope": "zone landing"},
        {"item": "a/c"},
        {"property": "tags"},
    ],
)
def test_a_decision_covers_nothing_else(other: dict[str, str]) -> None:
    (entry,) = decided([TIER], [replace(WORD, **other)])
    assert entry.fate is LedgerFate.BLOCKING


def test_two_keys_that_meet_cannot_be_decided_away() -> None:
    (entry,) = decided([MEETING], [replace(WORD, property="key")])
    assert entry.fate is LedgerFate.BLOCKING


def test_what_is_kept_stays_kept() -> None:
    kept = LedgerEntry("zone curated", "a/b", "tier", "Hot", "STANDARD", LedgerFate.MAPPED)
    assert list(decided([kept], [WORD])) == [kept]


def test_a_decision_that_speaks_of_nothing_is_told() -> None:
    assert unused([TIER], [WORD, replace(WORD, property="teir")]) == [
        replace(WORD, property="teir")
    ]


def test_a_line_holds_seven_fields_whatever_is_in_them() -> None:
    entry = replace(TIER, item="tab\tand\nline", found="x\ty")
    assert len(str(entry).split("\t")) == 7
    assert "\n" not in str(entry)
