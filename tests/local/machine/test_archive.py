"""The archive of a zone takes any store; one that contradicts itself is caught."""

from __future__ import annotations

import datetime as dt
import io
import os
from collections import Counter
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import pytest

from havre.errors import GuardError, StateError
from havre.live.wrappers import Failure, Remedy, StoreClient, counting
from havre_local.machine.objects import archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHEN = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
UNTIL = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
GONE, UNLOCKED, NO_BUCKET = "NoSuchVersion", "NoSuchObjectLockConfiguration", "NoSuchBucket"
HELD = ("a", b"first"), ("a", b"second, and longer"), ("b", b""), ("c", b"x" * 3_000_000)


class RefusalError(Exception):
    """The store's own error; its text is the code."""


@dataclass
class Memory:
    """A bucket in memory: versions in the order of their writing, two a page of the list."""

    versions: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, operation: str, **arguments: Any) -> Any:
        return getattr(self, operation)(**arguments)

    def failure(self, error: Exception) -> Failure | None:
        return Failure(Remedy.GIVE_UP, str(error)) if isinstance(error, RefusalError) else None

    def upload_fileobj(self, Key: str, Fileobj: Any, ExtraArgs: dict[str, Any]) -> None:  # noqa: N803
        self._add(Key, {"content": Fileobj.read(), "headers": ExtraArgs, "tags": [], "locks": {}})

    def delete_object(self, Key: str) -> None:  # noqa: N803
        self._add(Key, {})

    def _add(self, key: str, facts: dict[str, Any]) -> None:
        number = f"{len(self.versions):04d}"
        self.versions.append({"Key": key, "VersionId": number, "LastModified": WHEN, **facts})

    def list_object_versions(self, **after: str) -> dict[str, Any]:
        start = int(after.get("VersionIdMarker", -1)) + 1
        shown = self.versions[start : start + 2]
        objects = [{**one, "Size": len(one["content"])} for one in shown if "content" in one]
        page = {"Versions": objects, "DeleteMarkers": [o for o in shown if "content" not in o]}
        if start + 2 >= len(self.versions):
            return {**page, "IsTruncated": False}
        last = {"NextKeyMarker": shown[-1]["Key"], "NextVersionIdMarker": shown[-1]["VersionId"]}
        return {**page, "IsTruncated": True, **last}

    def _one(self, key: str, version: str | None) -> dict[str, Any]:
        found = [o for o in self.versions if o["Key"] == key and version in (None, o["VersionId"])]
        if not found:
            raise RefusalError(GONE)
        return found[-1]

    def get_object(self, Key: str, VersionId: str | None = None) -> dict[str, Any]:  # noqa: N803
        one = self._one(Key, VersionId)
        body = {"Body": io.BytesIO(one["content"]), "ContentLength": len(one["content"])}
        return {**one["headers"], **body, "VersionId": one["VersionId"]}

    def get_object_tagging(self, Key: str, VersionId: str) -> dict[str, Any]:  # noqa: N803
        return {"TagSet": self._one(Key, VersionId)["tags"]}

    def put_object_tagging(
        self,
        Key: str,  # noqa: N803
        Tagging: dict[str, Any],  # noqa: N803
        VersionId: str | None = None,  # noqa: N803
    ) -> None:
        self._one(Key, VersionId)["tags"] = Tagging["TagSet"]

    def _lock(self, kind: str, key: str, version: str) -> dict[str, Any]:
        locks: dict[str, Any] = self._one(key, version)["locks"]
        if kind not in locks:
            raise RefusalError(UNLOCKED)
        return {kind: locks[kind]}

    def get_object_retention(self, Key: str, VersionId: str) -> dict[str, Any]:  # noqa: N803
        return self._lock("Retention", Key, VersionId)

    def get_object_legal_hold(self, Key: str, VersionId: str) -> dict[str, Any]:  # noqa: N803
        return self._lock("LegalHold", Key, VersionId)

    def put_object_retention(self, Key: str, VersionId: str, Retention: Any) -> None:  # noqa: N803
        self._one(Key, VersionId)["locks"]["Retention"] = Retention

    def put_object_legal_hold(self, Key: str, VersionId: str, LegalHold: Any) -> None:  # noqa: N803
        self._one(Key, VersionId)["locks"]["LegalHold"] = LegalHold


@dataclass
class Lying:
    """A store that answers one operation otherwise than the store in it.

    Attributes:
        store: what is asked.
        operation: which answers are changed.
        lie: changes an answer, or raises.
    """

    store: StoreClient
    operation: str
    lie: Any

    def ask(self, operation: str, **arguments: Any) -> Any:
        answer = self.store.ask(operation, **arguments)
        return self.lie(answer) if operation == self.operation else answer

    def failure(self, error: Exception) -> Failure | None:
        return self.store.failure(error)


@pytest.fixture
def memory() -> Memory:
    """Two versions of `a`, one of them locked and held, `b` with a tag, `c`, a deleted `d`."""
    store = Memory()
    for key, content in HELD:
        store.upload_fileobj(key, io.BytesIO(content), {"Metadata": {"site": "chu"}})
    store.put_object_tagging("b", {"TagSet": [{"Key": "purpose", "Value": "test"}]})
    store.put_object_retention("a", "0001", {"Mode": "COMPLIANCE", "RetainUntilDate": UNTIL})
    store.put_object_legal_hold("a", "0001", {"Status": "ON"})
    store.upload_fileobj("d", io.BytesIO(b"gone"), {})
    store.delete_object("d")
    return store


def written(store: StoreClient) -> bytes:
    target = io.BytesIO()
    archive.write(store, target, "Zone z")
    return target.getvalue()


def versions(plain: bytes, scratch: Path) -> Iterator[tuple[archive.Version, IO[bytes]]]:
    return archive.read(iter([plain]), "z", scratch)


def test_every_version_goes_from_one_store_to_another(memory: Memory, tmp_path: Path) -> None:
    calls, other = Counter[str](), Memory()
    counted = counting(memory, calls)
    count = archive.restore(other, versions(written(counted), tmp_path), "Zone z")
    assert other.versions == memory.versions
    assert count == archive.Count(6, sum(len(content) for _, content in HELD) + len(b"gone"))
    assert calls["get_object"] == 5
    assert calls["list_object_versions"] == 3


def test_a_version_deleted_since_it_was_listed_is_left_out(memory: Memory) -> None:
    listed = memory.list_object_versions
    gone = {"Key": "z", "VersionId": "9999", "LastModified": WHEN, "Size": 1}

    def lie(page: dict[str, Any]) -> dict[str, Any]:
        return {**page, "Versions": [*page["Versions"], gone]}

    assert written(Lying(memory, "list_object_versions", lie)) == written(memory)
    assert gone not in listed()["Versions"]


def test_what_is_overwritten_without_versions_after_it_was_listed_is_copied_as_it_is(
    tmp_path: Path,
) -> None:
    store = Memory()
    store.upload_fileobj("a", io.BytesIO(b"second"), {})
    store.versions[0]["VersionId"] = "null"

    def lie(page: dict[str, Any]) -> dict[str, Any]:
        return {**page, "Versions": [{**one, "Size": 1} for one in page["Versions"]]}

    plain = written(Lying(store, "list_object_versions", lie))
    assert [content.read() for _, content in versions(plain, tmp_path)] == [b"second"]


def answered(change: Any) -> Any:
    return lambda answer: {**answer, "Body": io.BytesIO(change(answer["Body"].read()))}


def other_body(change: Any) -> Any:
    def lie(answer: dict[str, Any]) -> dict[str, Any]:
        content = change(answer["Body"].read())
        return {**answer, "Body": io.BytesIO(content), "ContentLength": len(content)}

    return lie


LIES = {
    "an object is shorter than listed": ("get_object", other_body(lambda content: content[:-1])),
    "an object is longer than listed": ("get_object", other_body(lambda content: content + b"x")),
    "an answer is cut off": ("get_object", answered(lambda content: content[:-1])),
    "an answer has a byte more": ("get_object", answered(lambda content: content + b"x")),
    "the list never ends": (
        "list_object_versions",
        lambda page: {**page, "IsTruncated": True, "NextKeyMarker": "a"},
    ),
    "the list does not say where it goes on": (
        "list_object_versions",
        lambda page: {"IsTruncated": True, "Versions": page["Versions"]},
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_a_store_that_contradicts_itself_gives_no_archive(memory: Memory, name: str) -> None:
    operation, lie = LIES[name]
    with pytest.raises(StateError, match="Zone z"):
        written(Lying(memory, operation, lie))


def test_a_bucket_that_is_gone_is_no_empty_archive(memory: Memory) -> None:
    def lie(_: Any) -> Any:
        raise RefusalError(NO_BUCKET)

    with pytest.raises(RefusalError):
        written(Lying(memory, "get_object", lie))


def test_what_a_store_keeps_otherwise_than_it_was_put_is_caught(
    memory: Memory, tmp_path: Path
) -> None:
    whole = written(memory)
    turned = Lying(Memory(), "get_object", other_body(lambda content: content[::-1]))
    with pytest.raises(StateError, match="Zone z: an object of 5 bytes"):
        archive.restore(turned, versions(whole, tmp_path), "Zone z")


STEPS = {
    "upload_fileobj": 5,
    "delete_object": 1,
    "get_object": 5,
    "put_object_tagging": 1,
    "put_object_retention": 1,
    "put_object_legal_hold": 1,
}
"""How often a restore of the memory asks for what changes a store, and reads it back."""


class EndedError(Exception):
    """The process ended here."""


@dataclass
class Ending:
    """A store whose client ends before, or just after, its nth call of one operation."""

    store: StoreClient
    operation: str
    nth: int
    after: bool
    calls: int = 0

    def ask(self, operation: str, **arguments: Any) -> Any:
        self.calls += operation == self.operation
        at = operation == self.operation and self.calls == self.nth
        if at and not self.after:
            raise EndedError
        answer = self.store.ask(operation, **arguments)
        if at:
            raise EndedError
        return answer

    def failure(self, error: Exception) -> Failure | None:
        return self.store.failure(error)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("operation", "nth"), [(name, n + 1) for name, times in STEPS.items() for n in range(times)]
)
def test_a_restore_that_was_ended_goes_on(
    memory: Memory, tmp_path: Path, operation: str, nth: int, after: bool
) -> None:
    whole, other = written(memory), Memory()
    ending = Ending(other, operation, nth, after)
    with pytest.raises(EndedError):
        archive.restore(ending, versions(whole, tmp_path), "Zone z")
    count = archive.restore(other, versions(whole, tmp_path), "Zone z")
    assert count.versions == len(memory.versions)
    assert other.versions == memory.versions


def test_what_the_archive_does_not_hold_is_never_restored_over(
    memory: Memory, tmp_path: Path
) -> None:
    whole = written(memory)
    for key, content in (("a", b"other"), ("z", b""), ("d", b"gone")):
        other = Memory()
        for _ in range(3 if key == "d" else 1):
            other.upload_fileobj(key, io.BytesIO(content), {})
        held = [dict(one) for one in other.versions]
        with pytest.raises(GuardError, match="Zone z contains data that is not in the backup"):
            archive.restore(other, versions(whole, tmp_path), "Zone z")
        assert other.versions[: len(held)] == held


def test_decrypted_objects_touch_no_other_folder_and_have_no_name(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, scratch = tmp_path / "elsewhere", tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))  # it is not there: no file can be
    seen = 0
    for _, content in versions(written(memory), scratch):
        status = os.fstat(content.fileno())
        assert status.st_nlink == 0
        assert status.st_mode & 0o777 == 0o600
        assert status.st_dev == scratch.stat().st_dev
        assert list(scratch.iterdir()) == []
        seen += 1
    assert seen == len(memory.versions)
