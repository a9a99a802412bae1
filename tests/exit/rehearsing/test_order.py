"""The folder of a rehearsal: gone on with by the same order, and refused to any other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from havre.errors import GuardError, StateError
from havre.exit.rehearsing.order import (
    ORDER,
    RehearsalFault,
    RehearsalFolder,
    RehearsalOrder,
    RehearsalSize,
)

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = RehearsalOrder("cohorts", "here", "there", fault=RehearsalFault.FULL_DISK)
SPEC = b"name: cohorts\n"


@pytest.fixture
def place(tmp_path: Path) -> RehearsalFolder:
    return RehearsalFolder(tmp_path / "rehearsal")


def test_the_same_order_goes_on(place: RehearsalFolder) -> None:
    place.begin(GIVEN, SPEC)
    place.begin(GIVEN, SPEC)
    assert place.order() == GIVEN
    assert place.spec.read_bytes() == SPEC
    assert place.root.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "other",
    [
        replace(GIVEN, target="elsewhere"),
        replace(GIVEN, size=RehearsalSize.LARGE),
        replace(GIVEN, fault=None),
    ],
    ids=["target", "size", "fault"],
)
def test_another_order_is_refused_and_named(place: RehearsalFolder, other: RehearsalOrder) -> None:
    place.begin(GIVEN, SPEC)
    with pytest.raises(GuardError, match=r"another rehearsal .cohorts from here to there, size s"):
        place.begin(other, SPEC)
    assert place.order() == GIVEN


def test_another_warehouse_file_is_refused(place: RehearsalFolder) -> None:
    place.begin(GIVEN, SPEC)
    with pytest.raises(GuardError, match="another warehouse file"):
        place.begin(GIVEN, b"name: other\n")
    assert place.spec.read_bytes() == SPEC


def test_a_folder_of_something_else_is_left_alone(place: RehearsalFolder) -> None:
    place.root.mkdir()
    (place.root / "thesis.txt").write_text("kept")
    with pytest.raises(GuardError, match="not a rehearsal"):
        place.begin(GIVEN, SPEC)
    assert [each.name for each in place.root.iterdir()] == ["thesis.txt"]


def test_a_damaged_order_is_told(place: RehearsalFolder) -> None:
    place.begin(GIVEN, SPEC)
    (place.root / ORDER).write_text("{}")
    with pytest.raises(StateError, match="cannot be read"):
        place.order()
