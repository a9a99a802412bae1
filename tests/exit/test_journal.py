"""The journal: what it records outlives a kill, and tells what is still to do."""

import hashlib
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from havre.errors import StateError
from havre.exit.journal import Copied, Counts, Journal, ListedVersion

ONE = ListedVersion("a/b", "v1", 1, 3, '"e1"', 1_000)
MARKER = ListedVersion("a/b", "v2", 2, None, "", 2_000)
OTHER = ListedVersion("\u00e9", "v1", 1, 0, '"e0"', 3_000)
DONE = Copied("a/b", "v1", hashlib.sha256(b"abc").digest(), "t1", {"content-type": "text/plain"})
MARKED = Copied("a/b", "v2", b"", "t2", {})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


def todo(journal: Journal, seen: int = 1) -> list[str]:
    return [rows[0].listed.key for rows in journal.unfinished("curated", seen)]


def test_what_is_seen_is_to_be_copied(journal: Journal) -> None:
    journal.see("curated", 1, [OTHER, ONE, MARKER])
    assert todo(journal) == ["a/b", "\u00e9"]


def test_what_is_copied_is_done(journal: Journal) -> None:
    journal.see("curated", 1, [ONE, MARKER])
    journal.copied("curated", [DONE])
    assert todo(journal) == ["a/b"]
    journal.copied("curated", [MARKED])
    assert todo(journal) == []
    assert [row.bearing for row in journal.rows("curated", 1)] == [DONE.properties, {}]


@pytest.mark.parametrize(
    "change", [{"entity": '"e2"'}, {"size": 4}, {"modified": 1_001}], ids=lambda c: next(iter(c))
)
def test_what_changed_at_the_source_is_copied_again(
    journal: Journal, change: dict[str, int | str]
) -> None:
    journal.see("curated", 1, [ONE])
    journal.copied("curated", [DONE])
    journal.see("curated", 2, [replace(ONE, **change)])  # type: ignore[arg-type]
    assert todo(journal, 2) == ["a/b"]


def test_what_is_seen_again_unchanged_is_not(journal: Journal) -> None:
    journal.see("curated", 1, [ONE])
    journal.copied("curated", [DONE])
    journal.see("curated", 2, [ONE])
    assert todo(journal, 2) == []


def test_what_the_source_has_no_longer_is_to_do(journal: Journal) -> None:
    journal.see("curated", 1, [ONE, OTHER])
    journal.copied("curated", [DONE])
    journal.see("curated", 2, [OTHER])
    (rows, _) = journal.unfinished("curated", 2)
    assert [row.gone for row in rows] == [True]
    journal.forget("curated", [("a/b", "v1")])
    assert todo(journal, 2) == ["\u00e9"]


def test_what_is_recorded_on_the_way_leaves_nothing_out(journal: Journal) -> None:
    keys = [f"{number:05}" for number in range(2_500)]
    journal.see("curated", 1, [replace(ONE, key=key) for key in keys])
    met = []
    for rows in journal.unfinished("curated", 1):
        met.append(rows[0].listed.key)
        journal.copied("curated", [replace(DONE, key=met[-1])])
    assert met == keys
    assert todo(journal) == []


def test_a_version_comes_back_as_it_was_listed(journal: Journal) -> None:
    listed = [replace(ONE, snapshot=True), MARKER, OTHER]
    journal.see("curated", 1, listed)
    assert [row.listed for row in journal.rows("curated", 1)] == listed


def test_a_zone_is_not_another(journal: Journal) -> None:
    journal.see("landing", 1, [ONE])
    assert todo(journal) == []


def test_what_bears_something_else_now_is_copied_again(journal: Journal) -> None:
    journal.see("curated", 1, [ONE])
    journal.copied("curated", [DONE])
    journal.again("curated", [("a/b", "v1")])
    assert todo(journal) == ["a/b"]


def test_counts_are_of_versions_and_bytes(journal: Journal) -> None:
    journal.see("curated", 1, [ONE, MARKER, replace(OTHER, size=5)])
    journal.copied("curated", [DONE, MARKED])
    assert journal.counts("curated", 1) == Counts(3, 8, 2, 3, 3)


def test_rows_are_in_the_order_of_bytes(journal: Journal) -> None:
    keys = ["b", "a/b", "a", "a b", "\u00e9", "B", "\U0001f3e5", "\uffee"]
    journal.see("curated", 1, [replace(ONE, key=key) for key in keys])
    found = [row.listed.key for row in journal.rows("curated", 1)]
    assert found == sorted(keys, key=str.encode)


def test_what_is_recorded_together_is_recorded_whole_or_not_at_all(journal: Journal) -> None:
    def record() -> None:
        with journal.together():
            journal.record("listing", "7")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        record()
    assert journal.fact("listing") == ""


def _record_and_die(path: Path) -> None:
    journal = Journal(path)
    with journal.together():
        journal.see("curated", 1, [ONE])
    journal._rows.execute("begin immediate")
    journal.see("curated", 1, [OTHER])
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_kill_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    child = multiprocessing.get_context("spawn").Process(target=_record_and_die, args=(path,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    opened = Journal(path)
    assert todo(opened) == ["a/b"]
    opened.close()


@pytest.mark.parametrize("version", [1, 99])
def test_a_journal_of_another_version_is_refused(tmp_path: Path, version: int) -> None:
    path = tmp_path / "journal.sqlite"
    with sqlite3.connect(path) as rows:
        rows.execute(f"pragma user_version = {version}")
    with pytest.raises(StateError, match=f"version {version}"):
        Journal(path)


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_text("not a database, and longer than a page header would be " * 4)
    with pytest.raises(StateError, match=r"journal\.sqlite is not the journal"):
        Journal(path)
