"""What a warehouse encrypts itself moves as its content: under the target's key, whole, or not."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from havre.errors import GuardError, StateError
from havre.exit.journal import Journal
from havre.exit.ledger import LedgerFate
from havre.exit.objects import copying
from havre.exit.objects.copying import Sides
from havre.exit.objects.inventory import take_inventory
from havre.exit.objects.mapping import Rules
from havre.exit.objects.running import MovingZone, copy_zone, list_zone
from havre.exit.objects.verifying import differences, read_back, recorded
from havre.exit.records import write_ordered
from havre.live.objects import Properties
from tests.exit.memory import EVERYTHING, LIMITS, MemoryStore

RULES = Rules("zone curated", LIMITS, EVERYTHING, dt.datetime(2026, 11, 29, tzinfo=dt.UTC))
TABLE, TEXT = "t/0.table", "t/0.csv"
CONTENT = b"three rows of patients"


@dataclass(frozen=True)
class NamedCipher:
    """No cipher at all, but one that binds content to its own name and to the object's."""

    key: str
    largest: int = 2**20

    def concerns(self, name: str) -> bool:
        return name.endswith(".table")

    def covers(self, head: bytes) -> bool:
        return head.startswith(b"SEALED ")

    def closed(self, name: str, content: bytes) -> bytes:
        mark = hashlib.sha256(f"{self.key} {name} ".encode() + content).digest()
        return b"SEALED " + mark + content[::-1]

    def opened(self, name: str, stored: bytes) -> bytes:
        content = stored[39:][::-1]
        if self.closed(name, content) != stored:
            message = f"{name} does not open under {self.key}"
            raise StateError(message, "Restore it.")
        return content


@dataclass
class Moving:
    """A zone whose source, and perhaps target, encrypts tables itself."""

    folder: Path
    pool: Executor
    opens: NamedCipher | None = NamedCipher("old")
    closes: NamedCipher | None = NamedCipher("new")

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder / "journal.sqlite")
        self.source, self.target = MemoryStore(), MemoryStore()
        self.zone = MovingZone("curated", self)

    def __call__(self) -> Sides:
        return Sides(self.source, self.target, RULES, self.opens, self.closes)

    def put(self, name: str, content: bytes) -> None:
        stored = self.opens.closed(name, content) if self.opens and name == TABLE else content
        self.source.put(name, stored, Properties({"content-type": "a/b"}))

    def copy(self) -> None:
        self.seen = list_zone(self.journal, self.zone)
        assert copy_zone(self.journal, self.zone, self.pool, 2, len) == []

    def lines(self) -> tuple[bytes, bytes]:
        """Both manifests."""
        ours, theirs = self.folder / "source.tsv", self.folder / "target.tsv"
        write_ordered(ours, (r.line for r in recorded(self.journal, "curated", self.seen)))
        back = read_back(lambda: self.target, self.pool, 2, lambda: self.closes)
        write_ordered(theirs, (each.line for each in back))
        return ours.read_bytes(), theirs.read_bytes()


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[Moving]:
    with ThreadPoolExecutor(2) as pool:
        made = Moving(tmp_path, pool)
        made.put(TABLE, CONTENT)
        made.put(TEXT, b"id\n1\n")
        yield made
        made.journal.close()


@pytest.mark.parametrize("closes", [NamedCipher("new"), None])
def test_the_content_is_the_same_on_both_sides(moving: Moving, closes: NamedCipher | None) -> None:
    moving.closes = closes
    moving.copy()
    (stored,) = moving.target.contents()[TABLE]
    assert stored is not None
    assert stored == (closes.closed(TABLE, CONTENT) if closes else CONTENT)
    assert moving.target.contents()[TEXT] == [b"id\n1\n"]
    source, target = moving.lines()
    assert source == target
    told = f"\t{len(CONTENT)}\t{hashlib.sha256(CONTENT).hexdigest()}\t"
    assert told in source.decode()


def test_what_is_sent_in_parts_is_the_same(moving: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "ONE_CALL", 8)
    moving.copy()
    assert "part" in moving.target.calls
    source, target = moving.lines()
    assert source == target


def test_a_copy_that_nobody_recorded_is_found_done(moving: Moving) -> None:
    moving.copy()
    former = moving.target.contents()
    (moving.folder / "journal.sqlite").unlink()
    moving.journal = Journal(moving.folder / "again.sqlite")
    moving.copy()
    assert moving.target.contents() == former
    source, target = moving.lines()
    assert source == target


def test_what_does_not_open_stops_the_copy(moving: Moving) -> None:
    (now, stored, bears), *_ = moving.source.objects[TABLE]
    moving.source.objects[TABLE] = [(now, stored[:-1] + b"?", bears)]
    with pytest.raises(StateError, match="does not open under old"):
        moving.copy()
    assert TABLE not in moving.target.contents()


def test_a_target_that_holds_another_table_is_not_taken_for_done(moving: Moving) -> None:
    assert moving.closes
    other = moving.closes.closed(TABLE, CONTENT[:-1] + b"!")
    moving.target.put(TABLE, other, Properties({"content-type": "a/b"}))
    with pytest.raises(GuardError, match="exists there already"):
        moving.copy()


def test_a_table_that_the_target_changed_is_found(moving: Moving) -> None:
    moving.copy()
    assert moving.closes
    (now, _, bears), *_ = moving.target.objects[TABLE]
    other = moving.closes.closed(TABLE, CONTENT.upper())
    moving.target.objects[TABLE] = [(replace(now, size=len(other)), other, bears)]
    source, target = moving.lines()
    assert source != target
    found = differences(moving.folder / "source.tsv", moving.folder / "target.tsv")
    assert [(each.key, each.what) for each in found] == [(TABLE, "content")]


def test_the_ledger_names_the_key_and_what_is_too_large(moving: Moving) -> None:
    def entries() -> dict[tuple[str, str], tuple[LedgerFate, str]]:
        list_zone(moving.journal, moving.zone)
        take_inventory(moving.journal, moving.zone, moving.pool, 2, lambda _: None, fresh=True)
        told = moving.journal.losses()
        return {(each.item, each.property): (each.fate, each.became) for each in told}

    found = entries()
    assert found[TABLE, "encryption of content"][0] is LedgerFate.MAPPED
    assert "new" in found[TABLE, "encryption of content"][1]
    assert (TEXT, "encryption of content") not in found
    moving.opens = NamedCipher("old", largest=10)
    assert entries()[TABLE, "size"][0] is LedgerFate.BLOCKING


def test_the_ledger_still_names_the_key_after_the_copy(moving: Moving) -> None:
    list_zone(moving.journal, moving.zone)
    take_inventory(moving.journal, moving.zone, moving.pool, 2, lambda _: None, fresh=True)
    moving.copy()
    named = [
        each.item for each in moving.journal.losses() if each.property == "encryption of content"
    ]
    assert named == [TABLE]
