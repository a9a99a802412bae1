"""The size of parts follows the object, and what a store cannot hold is told whole, beforehand."""

from dataclasses import replace

import pytest

from havre.errors import InputError
from havre.live import s3
from havre.live.limits import PART, Limits, part_size, unfit, unfit_key
from havre.live.objects import Properties
from havre_azure import blobs
from havre_local.live import ABILITIES, LIMITS, WITHOUT_LOCK

MIB, TIB = 2**20, 2**40
FEW = replace(s3.LIMITS, parts=1000)


@pytest.mark.parametrize(
    ("size", "limits", "expected"),
    [
        (0, s3.LIMITS, PART),
        (PART * 10_000, s3.LIMITS, PART),
        (PART * 10_000 + 1, s3.LIMITS, PART + MIB),
        (5 * TIB, s3.LIMITS, 525 * MIB),
        (PART * 1000 + 1, FEW, PART + MIB),
        (190 * TIB, blobs.LIMITS, 3985 * MIB),
    ],
)
def test_parts_grow_so_that_their_number_suffices(size: int, limits: Limits, expected: int) -> None:
    found = part_size(size, limits)
    assert found == expected
    assert found * limits.parts >= size


@pytest.mark.parametrize(("size", "limits"), [(5 * TIB + 1, s3.LIMITS), (5 * TIB, FEW)])
def test_an_object_of_too_many_parts_is_refused(size: int, limits: Limits) -> None:
    with pytest.raises(InputError, match=r"an object of .* is over the") as caught:
        part_size(size, limits)
    assert f"{size:,}" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "size", "limits", "why"),
    [
        ("é" * 512, 1, s3.LIMITS, ""),
        ("é" * 513, 1, s3.LIMITS, "1026 bytes of 1024"),
        ("é" * 1024, 1, blobs.LIMITS, ""),
        ("é" * 1025, 1, blobs.LIMITS, "1025 characters of 1024"),
        ("a/", 0, LIMITS, ""),
        ("a/", 1, LIMITS, "a step of the key is empty"),
        ("a//b", 0, LIMITS, "a step of the key is empty"),
        ("a//b", 0, blobs.LIMITS, ""),
        ("a/../b", 1, blobs.LIMITS, "`.` or `..`"),
        ("a/../b", 1, s3.LIMITS, ""),
        ("a./b", 1, blobs.LIMITS, "ends with one of '.'"),
        ("\ud800", 1, s3.LIMITS, "not valid Unicode"),
        ("", 1, s3.LIMITS, "empty"),
    ],
)
def test_a_key_that_does_not_fit_is_told(key: str, size: int, limits: Limits, why: str) -> None:
    found = unfit_key(key, limits, size)
    assert why in found
    assert bool(found) == bool(why)


def test_everything_that_does_not_fit_is_told_at_once() -> None:
    told = Properties(
        {"x-other": "1"}, {"Upper": "é"}, {str(n): "v" for n in range(11)}, "Cold", held=True
    )
    found = unfit("a//b", 6 * TIB, told, LIMITS, WITHOUT_LOCK)
    for word in (
        "step",
        "case",
        "ASCII",
        "tier",
        "hold",
        "x-other",
        "6,597,069,766,656",
        "11 tags",
    ):
        assert [each for each in found if word in each], word
    assert unfit("a/b", 1, Properties(), LIMITS, ABILITIES) == []


def test_names_of_metadata_that_meet_are_refused() -> None:
    told = Properties(metadata={"Ab": "1", "aB": "2"})
    assert unfit("a", 1, told, blobs.LIMITS, ABILITIES) == [
        "names of the metadata differ only in case"
    ]
