"""The copy of a key: all versions in order with all that they bear, whatever happened before."""

import base64
import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import pytest

from havre.errors import GuardError, RetryError
from havre.exit.journal import Journal, ListedVersion
from havre.exit.objects import copying
from havre.exit.objects.copying import KeyCopy, KeyOutcome, Sides
from havre.exit.objects.mapping import Rules
from havre.live.objects import Lock, ObjectVersion, Properties, Traits, Written
from tests.exit.memory import EVERYTHING, LIMITS, WITHOUT_VERSIONS, MemoryStore

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
RULES = Rules("zone curated", LIMITS, EVERYTHING, NOW)
RICH = Properties(
    {"content-type": "text/csv", "content-encoding": "gzip", "cache-control": "no-store"},
    {"Ward": "b\u00e9ta"},
    {"purpose": "research"},
)
KEYS = ["a", "a b", "\u00e9", "e\u0301", "tab\tand\nline", "%41"]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


class Moving:
    """Listing, copying and recording, as the coordinator does."""

    def __init__(self, journal: Journal, source: MemoryStore, target: MemoryStore) -> None:
        self.journal, self.source, self.target = journal, source, target
        self.seen = 0

    def sides(self) -> Sides:
        rules = replace(RULES, abilities=self.target.abilities)
        return Sides(self.source, self.target, rules)

    def listing(self) -> None:
        self.seen += 1
        numbers: dict[str, int] = {}
        for found in self.source.versions():
            numbers[found.key] = numbers.get(found.key, 0) + 1
            self.journal.see("curated", self.seen, [listed(found, numbers[found.key])])

    def copy(self, *, record: bool = True) -> list[KeyOutcome]:
        self.listing()
        outcomes = []
        for rows in self.journal.unfinished("curated", self.seen):
            outcomes.append(KeyCopy(rows, self.sides()).run())
            if record:
                self.journal.copied("curated", outcomes[-1].done)
                self.journal.forget("curated", outcomes[-1].gone)
                self.journal.leave_out("curated", outcomes[-1].out)
        return outcomes


def listed(found: ObjectVersion, number: int) -> ListedVersion:
    since = found.modified - dt.datetime.fromtimestamp(0, dt.UTC)
    size = None if found.marker else found.size
    return ListedVersion(
        *(found.key, found.version, number, size, found.entity),
        *(since // dt.timedelta(microseconds=1), found.snapshot),
    )


@pytest.fixture(params=["versions", "none at the source", "none at the target", "none at all"])
def moving(request: pytest.FixtureRequest, journal: Journal) -> Moving:
    source, target = MemoryStore(), MemoryStore()
    if request.param in ("none at the source", "none at all"):
        source.abilities = WITHOUT_VERSIONS
    if request.param in ("none at the target", "none at all"):
        target.abilities = WITHOUT_VERSIONS
    return Moving(journal, source, target)


def same(moving: Moving) -> bool:
    """Whether the target holds what the source does, of what it can keep."""
    wanted, bears = moving.source.contents(), moving.source.borne()
    if not moving.target.versioned:
        wanted = {key: each[-1:] for key, each in wanted.items() if each[-1] is not None}
        bears = {key: each[-1:] for key, each in bears.items() if key in wanted}
    return (moving.target.contents(), moving.target.borne()) == (wanted, bears)


def test_everything_goes_with_all_that_it_bears(moving: Moving) -> None:
    for key in KEYS:
        moving.source.put(key, key.encode(), RICH)
    moving.copy()
    assert same(moving)
    assert moving.copy() == []


def test_versions_go_in_their_order(moving: Moving) -> None:
    for content in (b"one", b"two", b"three"):
        moving.source.put("a", content, replace(RICH, metadata={"n": content.decode()}))
    moving.copy()
    assert same(moving)


def test_what_was_deleted_is_deleted(moving: Moving) -> None:
    first = moving.source.put("a", b"one")
    if moving.source.versioned:
        moving.source.mark("a")
    moving.copy()
    assert same(moving)
    moving.source.delete(first)
    moving.copy()
    assert same(moving)


def test_what_changed_since_goes_again(moving: Moving) -> None:
    moving.source.put("a", b"one")
    moving.source.put("b", b"other")
    moving.copy()
    moving.source.put("a", b"two")
    assert len(moving.copy()) == 1
    assert same(moving)


def test_what_was_written_and_not_recorded_is_found_done(moving: Moving) -> None:
    for content in (b"one", b"two"):
        moving.source.put("a", content, RICH)
    moving.copy(record=False)
    before = dict(moving.target.objects)
    moving.copy()
    assert same(moving)
    assert moving.target.objects == before
    assert moving.copy() == []


@dataclass
class AnswerLost(MemoryStore):
    """Breaks off every write of a new object where there is one, or every one of an odd key."""

    def write(
        self, key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> Written:
        if create_only and (key == "odd" or self.contents().get(key)):
            message = f"{key}: the connection was closed"
            raise RetryError(message)
        return super().write(key, content, properties, create_only=create_only)


def test_where_a_store_breaks_off_what_it_has_already_it_is_found_done(journal: Journal) -> None:
    moving = Moving(journal, MemoryStore(), AnswerLost())
    moving.source.put("a", b"one", RICH)
    moving.copy(record=False)
    before = dict(moving.target.objects)
    moving.copy()
    assert same(moving)
    assert moving.target.objects == before
    assert moving.copy() == []


def test_where_a_store_takes_nothing_that_is_told(journal: Journal) -> None:
    moving = Moving(journal, MemoryStore(), AnswerLost())
    moving.source.put("odd", b"one", RICH)
    with pytest.raises(RetryError, match="odd: the connection was closed"):
        moving.copy()


def test_a_delta_that_was_not_recorded_is_found_done(moving: Moving) -> None:
    moving.source.put("a", b"one")
    moving.copy()
    moving.source.put("a", b"two")
    moving.copy(record=False)
    moving.copy()
    assert same(moving)
    assert moving.copy() == []


@pytest.mark.parametrize("theirs", [b"two", b"one!", b""])
def test_what_somebody_else_wrote_is_left_alone(moving: Moving, theirs: bytes) -> None:
    moving.source.put("a", b"one")
    moving.target.put("a", theirs)
    with pytest.raises(GuardError, match="`a` exists there already"):
        moving.copy()
    assert moving.target.contents() == {"a": [theirs]}


def test_the_same_bytes_that_bear_something_else_are_somebody_elses(moving: Moving) -> None:
    moving.source.put("a", b"one", RICH)
    moving.target.put("a", b"one", replace(RICH, tags={}))
    with pytest.raises(GuardError):
        moving.copy()


@pytest.mark.parametrize("size", [0, 1, 8 * 2**20, 8 * 2**20 + 1, 25 * 2**20])
def test_parts_make_up_the_object(moving: Moving, size: int) -> None:
    moving.source.put("a", bytes(range(256)) * (size // 256) + b"x" * (size % 256), RICH)
    moving.copy()
    assert same(moving)
    assert list(moving.target.uploads()) == []


def test_a_change_during_the_read_is_left_to_the_next_run(
    moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = b"x" * (24 * 2**20)
    moving.source.put("a", large)
    whole, calls = moving.source.read, []

    def read(found: ObjectVersion) -> Iterator[bytes]:
        for piece in whole(found):
            yield piece
            if not calls:
                calls.append(found)
                moving.source.put("a", b"y" * len(large))
                if moving.source.versioned:
                    moving.source.delete(found)

    monkeypatch.setattr(moving.source, "read", read)
    assert [each.later for each in moving.copy()] == ["it changed while it was read"]
    assert moving.target.contents() == {}
    assert list(moving.target.uploads()) == []
    moving.copy()
    assert same(moving)


def test_a_lock_goes_in_the_same_call(moving: Moving) -> None:
    lock = Lock(dt.datetime.now(dt.UTC) + dt.timedelta(days=2))
    moving.source.put("a", b"one", replace(RICH, lock=lock, held=True))
    moving.copy()
    (bears,) = moving.target.borne()["a"]
    assert (bears.lock, bears.held) == (lock, True)


def test_versions_that_the_target_cannot_keep_are_to_be_decided(journal: Journal) -> None:
    moving = Moving(journal, MemoryStore(), MemoryStore(abilities=WITHOUT_VERSIONS))
    moving.source.put("a", b"one")
    last = moving.source.put("a", b"two")
    (outcome,) = moving.copy()
    assert [(each.property, each.decidable) for each in outcome.entries] == [("version", True)]
    moving.source.delete(last)
    moving.copy()
    assert moving.target.contents() == {"a": [b"one"]}


def test_what_is_mapped_is_in_the_ledger(moving: Moving) -> None:
    moving.source.put("a", b"one", Properties())
    (outcome,) = moving.copy()
    assert [each.property for each in outcome.entries] == ["content-type"]


def test_a_version_that_the_source_let_go_goes_from_the_target(journal: Journal) -> None:
    moving = Moving(journal, MemoryStore(), MemoryStore())
    first = moving.source.put("a", b"one")
    moving.source.put("a", b"two")
    moving.copy()
    moving.source.delete(first)
    moving.copy()
    assert same(moving)
    assert moving.copy() == []


def test_a_snapshot_is_read_as_one(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    moving = Moving(journal, MemoryStore(), MemoryStore())
    first = moving.source.put("a", b"one")
    moving.source.put("a", b"two")
    listing, asked = moving.source.versions, []

    def versions(prefix: str = "") -> Iterator[ObjectVersion]:
        return (replace(f, snapshot=f.version == first.version) for f in listing(prefix))

    reading = moving.source.read

    def read(found: ObjectVersion) -> Iterator[bytes]:
        asked.append((found.version == first.version, found.snapshot))
        return reading(found)

    monkeypatch.setattr(moving.source, "versions", versions)
    monkeypatch.setattr(moving.source, "read", read)
    moving.copy()
    assert asked == [(True, True), (False, False)]


def test_memory_is_bounded_by_parts(monkeypatch: pytest.MonkeyPatch, journal: Journal) -> None:
    moving = Moving(journal, MemoryStore(), MemoryStore())
    monkeypatch.setattr(copying, "ONE_CALL", 10)
    moving.source.put("a", b"0123456789a")
    moving.copy()
    assert moving.target.calls.count("part") == 1
    assert "write" not in moving.target.calls


def claim(algorithm: str, content: bytes) -> str:
    return base64.b64encode(hashlib.new(algorithm, content).digest()).decode()


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
@pytest.mark.parametrize("one_call", [2**20, 4])
def test_a_stored_digest_is_checked_and_never_believed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, algorithm: str, one_call: int
) -> None:
    monkeypatch.setattr(copying, "ONE_CALL", one_call)
    source, target = MemoryStore(), MemoryStore()
    for key, told in (("right", b"content"), ("wrong", b"another")):
        traits = Traits(digests={algorithm: claim(algorithm, told)})
        source.put(key, b"content", Properties({"content-type": "a/b"}, traits=traits))
    outcomes = Moving(journal, source, target).copy()
    entries = {e.item: (e.property, e.found) for o in outcomes for e in o.entries}
    assert entries == {"wrong": (f"stored {algorithm}", claim(algorithm, b"another"))}
    assert target.contents() == {"right": [b"content"], "wrong": [b"content"]}


@pytest.mark.parametrize("digests", [{"md5": "b3Ro-3"}, {"crc32": "AAAAAA=="}, {}])
def test_a_digest_of_something_else_is_left_out(journal: Journal, digests: dict[str, str]) -> None:
    source = MemoryStore()
    traits = Traits(digests=digests)
    source.put("a", b"content", Properties({"content-type": "a/b"}, traits=traits))
    (outcome,) = Moving(journal, source, MemoryStore()).copy()
    assert outcome.entries == ()


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 24])
def test_an_object_of_any_size_arrives_whole(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(copying, "ONE_CALL", 8)
    monkeypatch.setattr(copying, "part_size", lambda *_: 8)
    source, target = MemoryStore(), MemoryStore()
    source.put("a", bytes(range(size)))
    (outcome,) = Moving(journal, source, target).copy()
    assert target.contents() == source.contents()
    (done,) = outcome.done
    (content,) = source.contents()["a"]
    assert content is not None
    assert done.content == hashlib.sha256(content).digest()
    parts = target.calls.count("part")
    assert parts == (0 if size <= 8 else -(-size // 8)), "no object has a part without bytes"


UNTIL = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "later",
    [
        {"tags": {"purpose": "care"}},
        {"tags": {}},
        {"held": True},
        {"lock": Lock(UNTIL + dt.timedelta(days=1))},
        {"tags": {"a": "b"}, "held": True, "lock": Lock(UNTIL + dt.timedelta(days=1))},
    ],
)
def test_what_is_locked_at_the_target_gets_later_tags_holds_and_locks(
    journal: Journal, later: dict[str, object]
) -> None:
    source, target = MemoryStore(), MemoryStore()
    for content in (b"first", b"second"):
        source.put("a", content, replace(RICH, lock=Lock(UNTIL)))
    moving = Moving(journal, source, target)
    moving.copy()
    stood = [found.version for found in target.versions()]
    now, content, bears = source.objects["a"][0]
    source.objects["a"][0] = (now, content, replace(bears, **later))  # type: ignore[arg-type]
    journal.again("curated", [("a", now.version)])
    moving.copy()
    assert target.borne() == source.borne()
    assert [found.version for found in target.versions()] == stood
    assert target.calls.count("write") == 2


def test_a_hold_that_was_lifted_is_lifted_at_the_target(journal: Journal) -> None:
    source, target = MemoryStore(), MemoryStore()
    found = source.put("a", b"x", replace(RICH, held=True))
    moving = Moving(journal, source, target)
    moving.copy()
    source.hold(found, on=False)
    journal.again("curated", [("a", found.version)])
    moving.copy()
    assert target.borne() == source.borne()
    assert target.calls.count("write") == 1


def test_other_metadata_is_written_anew(journal: Journal) -> None:
    source, target = MemoryStore(), MemoryStore()
    source.put("a", b"x", RICH)
    moving = Moving(journal, source, target)
    moving.copy()
    now, content, bears = source.objects["a"][0]
    source.objects["a"] = [(now, content, replace(bears, metadata={"ward": "8"}))]
    journal.again("curated", [("a", now.version)])
    moving.copy()
    assert target.borne() == source.borne()
    assert target.calls.count("write") == 2
    assert len(target.objects["a"]) == 1
