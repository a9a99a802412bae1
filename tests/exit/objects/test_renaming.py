"""A renaming that is proposed fits, stays close, and keeps two names apart."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from havre.exit.objects.renaming import aside, proposal
from havre.live.limits import Limits, unfit_key
from tests.exit.memory import LIMITS

BYTES = replace(LIMITS, key_bytes=1024)
PATHS = replace(LIMITS, paths=True, name_bytes=229, refused="\0\x01")
CONTAINER = replace(LIMITS, key_characters=1024, plain=True, ending="./\\", refused="\x01\x7f")


@pytest.mark.parametrize(
    ("key", "limits", "begins", "ends"),
    [
        ("\u00e9" * 1024, BYTES, "\u00e9" * 500, ""),
        ("ward/" + "\u00e9" * 1000 + ".csv", BYTES, "ward/\u00e9", ".csv"),
        ("ward/" + "x" * 300 + ".parquet", PATHS, "ward/xxx", ".parquet"),
        ("x" * 300 + "/a.csv", PATHS, "xxx", "/a.csv"),
        ("a//b", PATHS, "a/b", "a/b"),
        ("a/../b", PATHS, "a/__/b", "a/__/b"),
        ("a/\x01b", PATHS, "a/_b", "a/_b"),
        ("a./b", CONTAINER, "a_/b", "a_/b"),
        ("x" * 2000, CONTAINER, "x" * 900, ""),
    ],
)
def test_a_key_that_does_not_fit_gets_one_close_to_it(
    key: str, limits: Limits, begins: str, ends: str
) -> None:
    assert unfit_key(key, limits, 1), "else nothing is to be proposed"
    found = proposal(key, limits, 1)
    assert unfit_key(found, limits, 1) == ""
    assert found.startswith(begins)
    assert found.endswith(ends)


def test_two_long_names_stay_apart() -> None:
    names = ["\u00e9" * 1024 + end for end in ("a", "b")]
    assert len({proposal(name, BYTES, 1) for name in names}) == 2


def test_nothing_is_proposed_where_folders_alone_are_too_long() -> None:
    assert proposal("x/" * 600 + "y", BYTES, 1) == ""


@given(some.text(min_size=1), some.sampled_from([BYTES, PATHS, CONTAINER]))
def test_what_is_proposed_fits_whatever_the_key(key: str, limits: Limits) -> None:
    found = proposal(key, limits, 1)
    assert not found or unfit_key(found, limits, 1) == ""


@given(key=some.text(min_size=1).filter(lambda key: not unfit_key(key, PATHS)))
def test_what_is_put_aside_fits_and_is_another_key(key: str) -> None:
    found = aside(key, PATHS)
    assert found != key
    assert not unfit_key(found, PATHS)
    assert not found.startswith(f"{key}/")
