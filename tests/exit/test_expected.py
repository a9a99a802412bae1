"""What is left to do, from the journal: calls, bytes, time and price, or that none is known."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from havre.exit.folder import ExitFolder, ExitStep
from havre.exit.journal import Copied, Journal, ListedVersion
from havre.exit.objects.effort import (
    Caps,
    Load,
    MeasuredRate,
    egress,
    seconds,
    weigh,
)
from havre.exit.settings import ExitFile, Rates
from havre.exit.steps.expected import Expected, ExpectedStep, expected, measure, sentences
from havre.live.objects import PIECE

FILE = {
    "name": "e",
    "source": {"data_dir": "a"},
    "target": {"data_dir": "b"},
    "controller": "c",
    "host": "h",
}
PRICE = {"per_gib": 0.5, "currency": "EUR", "source": "a list", "when": dt.date(2026, 11, 30)}
LOAD = Load(10, 1, 2, 9, 1000)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[ExitFolder]:
    journal = Journal(tmp_path / "journal.sqlite")
    yield ExitFolder(tmp_path, ExitFile.model_validate(FILE), journal)
    journal.close()


def see(folder: ExitFolder, zone: str, *sizes: int | None) -> None:
    rows = [ListedVersion(f"k{n}", "v", 1, size, "e", 0) for n, size in enumerate(sizes)]
    with folder.journal.together():
        folder.journal.record(f"begun {zone}", "1")
        folder.journal.see(zone, 1, rows)
        weigh(folder.journal, zone, 1)


def at(folder: ExitFolder, **rates: object) -> ExitFolder:
    given = folder.file.model_copy(update={"rates": Rates.model_validate(rates)})
    return replace(folder, file=given)


def test_calls_follow_from_how_objects_go() -> None:
    assert LOAD.small == 7
    assert LOAD.copy_calls == 1 + 1 + 2 * 7 + 3 * 2 + 2 * 9
    assert LOAD.verify_calls == 1 + 7 + 2 + 9
    assert Load().copy_calls == Load().verify_calls == 0


@pytest.mark.parametrize(
    ("measured", "caps", "expected_seconds"),
    [
        (None, Caps(), None),
        (None, Caps(requests=5), 20),
        (None, Caps(size=10), 100),
        (None, Caps(requests=5, size=10), 100),
        (MeasuredRate(100, 5000, 50), Caps(), 10),
        (MeasuredRate(1000, 5000, 50), Caps(), 10),
        (MeasuredRate(1000, 5000, 50), Caps(requests=5), 20),
        (MeasuredRate(1000, 0, 50), Caps(), 0.5),
        (MeasuredRate(0, 0, 50), Caps(), None),
    ],
)
def test_the_slowest_of_what_is_known_counts(
    measured: MeasuredRate | None, caps: Caps, expected_seconds: float | None
) -> None:
    assert seconds(LOAD, 100, measured, caps) == expected_seconds
    assert seconds(Load(), 0, measured, caps) == 0


def test_a_price_is_of_bytes_or_not_known() -> None:
    assert egress(3 * 2**30, 0.5) == 1.5
    assert egress(3 * 2**30, None) is None


def test_what_is_copied_is_read_back_and_not_copied_again(folder: ExitFolder) -> None:
    see(folder, "curated", 10, None, 2 * PIECE + 1)
    see(folder, "a zone", 2**30 - 1)
    with folder.journal.together():
        folder.journal.copied("curated", [Copied("k0", "v", b"x" * 32, "t", {})])
        weigh(folder.journal, "curated", 1)
    size = 2 * PIECE + 1 + 2**30 - 1
    pieces = 3 + 2**30 // PIECE
    copying = ExpectedStep(3, size, 1 + 1 + 3 * 2 + 2 * pieces, None)
    reading = ExpectedStep(4, size + 10, 1 + 1 + 2 + pieces, None)
    assert expected(folder) == Expected(copying, reading, None, "", "")


def test_what_is_not_known_is_said(folder: ExitFolder) -> None:
    see(folder, "curated", 10)
    lines = sentences(expected(folder))
    assert "time not known" in lines[0]
    assert "price not known" in lines[2]


def test_rates_are_measured_by_runs_that_did_enough(folder: ExitFolder) -> None:
    see(folder, "curated", *[1000] * 400)
    measure(folder, ExitStep.COPY, MeasuredRate(200, 200_000, 20))
    measure(folder, ExitStep.COPY, MeasuredRate(3, 30, 50))
    found = expected(folder)
    assert (found.copy.seconds, found.verify.seconds) == (40, None)
    measure(folder, ExitStep.VERIFY, MeasuredRate(400, 400_000, 4000))
    assert expected(folder).verify.seconds == 4000
    assert "about 1 h 06 min" in sentences(expected(folder))[1]


def test_caps_and_a_price_are_declared(folder: ExitFolder) -> None:
    see(folder, "curated", 2**30)
    found = expected(at(folder, bytes=2**20, egress=PRICE))
    assert found.copy.seconds == 1024
    assert (found.egress, found.currency) == (0.5, "EUR")
    assert sentences(found)[2] == "egress: 0.50 EUR (a list, read on 2026-11-30)"
