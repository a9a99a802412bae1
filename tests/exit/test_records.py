"""Lines of evidence: no name breaks one, and `sort` of coreutils agrees with the order."""

import datetime as dt
import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from havre.errors import InputError
from havre.exit import records
from havre.exit.records import (
    EMPTY,
    DatabaseLine,
    ObjectLine,
    decoded,
    digest_of,
    encoded,
    ordered,
    told,
    write_ordered,
)
from havre.live.objects import Lock, Properties

NASTY = [
    "plain/part-0.parquet",
    "a b",
    "tab\there",
    "line\nfeed",
    "%41",
    "A",
    "\u00e9",
    "e\u0301",
    "/x",
    "a//b",
    "a/../b",
    "dir/",
    "~._-",
    "\U0001f3e5",
    b"\xff\xfe".decode(errors="surrogateescape"),
]


@pytest.mark.parametrize("key", NASTY)
def test_a_name_is_one_field_of_ascii_and_comes_back(key: str) -> None:
    shown = encoded(key)
    assert shown.isascii()
    assert not set(shown) & set("\t\n\r ")
    assert decoded(shown) == key


def test_names_that_differ_are_shown_differently() -> None:
    assert len({encoded(key) for key in NASTY}) == len(NASTY)


def test_lines_are_in_the_order_of_sort() -> None:
    lines = ordered(ObjectLine(key, n, 1, "a" * 64, "b" * 64) for key in NASTY for n in (1, 2, 10))
    text = "".join(f"{line}\n" for line in lines).encode()
    environment = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
    done = subprocess.run(["sort"], input=text, env=environment, capture_output=True, check=True)
    assert done.stdout == text


def test_a_marker_has_neither_bytes_nor_a_digest() -> None:
    line = str(ObjectLine("k", 2, None, None, digest_of({})))
    assert line == f"k\t2\t-\t-\t{EMPTY}"


def test_properties_differ_by_name_value_and_what_stands_between() -> None:
    told = [{}, {"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1\nb\t2"}, {"a": "1", "b": "2"}]
    assert len({digest_of(each) for each in told}) == len(told)


def test_the_order_of_properties_changes_nothing() -> None:
    assert digest_of({"a": "1", "b": "2"}) == digest_of({"b": "2", "a": "1"})


def test_properties_are_digested_as_documented() -> None:
    told = b"content-type\ttext/plain\nmetadata.Ward\tb%C3%A9ta%201\n"
    given = {"metadata.Ward": "b\u00e9ta 1", "content-type": "text/plain"}
    assert digest_of(given) == hashlib.sha256(told).hexdigest()


@pytest.mark.parametrize(("rows", "content"), [(3, EMPTY), (0, "a" * 64)])
def test_the_digest_of_nothing_is_that_of_no_rows(rows: int, content: str) -> None:
    with pytest.raises(InputError, match="person"):
        str(DatabaseLine("table", "omop.person", rows, content))


def test_an_empty_table_has_the_digest_of_nothing() -> None:
    assert str(DatabaseLine("table", "omop.x y", 0, EMPTY)) == f"table\tomop.x%20y\t0\t{EMPTY}"


@pytest.mark.parametrize("chunk", [1, 3, 1000])
def test_a_manifest_is_sorted_whatever_fits_into_memory(
    tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_CHUNK", chunk)
    lines = [ObjectLine(key, n, 1, "a" * 64, "b" * 64) for key in NASTY for n in (1, 2, 10)]
    path = tmp_path / "curated.source.tsv"
    assert write_ordered(path, lines) == len(lines)
    assert path.read_text().splitlines() == ordered(lines)
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_is_told_and_in_no_digest() -> None:
    bears = Properties({"content-type": "a/b"}, lock=Lock(dt.datetime(2027, 1, 2, tzinfo=dt.UTC)))
    assert told(bears)["lock"] == "2027-01-02T00:00:00Z compliance"
    assert digest_of(told(bears)) == digest_of({"content-type": "a/b"})


@pytest.mark.parametrize(
    "other",
    [
        Properties({"content-type": "a/c"}),
        Properties({"content-type": "a/b", "cache-control": "x"}),
        Properties({"content-type": "a/b"}, metadata={"a": "1"}),
        Properties({"content-type": "a/b"}, tags={"a": "1"}),
        Properties({"content-type": "a/b"}, tier="Cool"),
        Properties({"content-type": "a/b"}, held=True),
    ],
)
def test_each_property_changes_the_digest(other: Properties) -> None:
    assert digest_of(told(other)) != digest_of(told(Properties({"content-type": "a/b"})))
