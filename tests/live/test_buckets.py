"""The list of a bucket as S3 sends it: newest first, markers between, pages that cut keys."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from havre.errors import StateError
from havre.live import s3
from havre.live.buckets import BucketStore
from havre.live.wrappers import Wrapped
from havre_local.live import ABILITIES

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def page(rows: str, after: str = "") -> dict[str, Any]:
    """A page; `a2` is version 2 of key a, `a3-` its deletion, `*` after it the latest."""
    listed: dict[str, list[dict[str, Any]]] = {"Versions": [], "DeleteMarkers": []}
    kinds = []
    for row in rows.split():
        item = {"Key": row[0], "VersionId": row[1], "IsLatest": "*" in row, "LastModified": NOON}
        if "-" in row:
            listed["DeleteMarkers"].append(item)
        else:
            listed["Versions"].append({**item, "Size": 1, "ETag": '"e"'})
        kinds.append("M" if "-" in row else "V")
    end = {"IsTruncated": True, "NextKeyMarker": after[:1], "NextVersionIdMarker": after[1:]}
    return {**listed, s3.ORDER: "".join(kinds), **(end if after else {})}


def names(*pages: dict[str, Any]) -> list[str]:
    answers = iter(pages)
    client = Wrapped(lambda *_, **__: next(answers), s3.failure)
    store = BucketStore(client, "zone", ABILITIES)
    return [f"{each.key}{each.version}{'-' * each.marker}" for each in store.versions()]


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ([page("a3* a2- a1 b2-* b1")], "a1 a2- a3 b1 b2-"),
        ([page("a5* a4-", "a4"), page("a3 a2- a1 b1*")], "a1 a2- a3 a4- a5 b1"),
        ([page("a1* b4*", "b4"), page("b3-", "b3"), page("b2 b1")], "a1 b1 b2 b3- b4"),
        ([page("a1* b2*", "b2"), page("b2* b1")], "a1 b1 b2"),
        ([page("")], ""),
    ],
    ids=["between", "cut", "cut twice", "a row twice", "empty"],
)
def test_versions_of_one_second_keep_their_order(pages: list[Any], expected: str) -> None:
    assert names(*pages) == expected.split()


@pytest.mark.parametrize(
    "pages",
    [
        [page("a1* b1*", "b1"), page("a1* b1*", "b1")],
        [page("a1* b1*", "b1"), page("a1* b1*")],
        [page("a1* b1*", "b1"), page("a2*", "a2"), page("c1*")],
        [page("b2*", "b2"), page("b2 b1")],
        [{**page("a2* a1"), s3.ORDER: "V"}],
        [{**page("a2* a1-"), s3.ORDER: "VV"}],
    ],
    ids=["same marks", "same rows", "back", "a row differs", "a row less", "another kind"],
)
def test_a_list_that_contradicts_itself_is_refused(pages: list[Any]) -> None:
    with pytest.raises(StateError, match="zone: the object store contradicts itself"):
        names(*pages)
