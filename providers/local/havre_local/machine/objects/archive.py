"""A zone in and out of a backup: every version of every object, in one stream.

The stream is a tar file: for each version its bytes (none for a delete marker), then a JSON
member that says what they are. In order of time for each object, so that putting them back
one after the other gives the same versions, though under new identifiers.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from havre.errors import GuardError, StateError
from havre.live import locks
from havre.live.buckets import pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from havre.live.wrappers import StoreClient

_COPY = 1 << 20
_GONE = frozenset({"NoSuchKey", "NoSuchVersion"})
"""Answers that mean that a version was deleted since it was listed; `NoSuchBucket` does not."""
_CHANGEABLE = "null"
"""The identifier of what is written without versions: it may be overwritten after it was listed."""
_HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Metadata",
)


@dataclass(frozen=True)
class Version:
    """One version of an object, as it was."""

    key: str
    modified: str
    """ISO 8601, UTC."""
    marker: bool
    """Whether it marks the object as deleted; it then has no bytes."""
    sha256: str = ""
    size: int = 0
    headers: dict[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    locked_until: str = ""
    legal_hold: bool = False


@dataclass(frozen=True)
class Count:
    """How much a zone holds."""

    versions: int
    size: int
    """Bytes."""


def write(store: StoreClient, target: IO[bytes], what: str) -> Count:
    """Write every version of a bucket to `target`; return how much that was.

    Errors of the store are raised as they are.

    Args:
        store: the bucket, answering to boto3's names of operations.
        target: receives the archive.
        what: the bucket in messages, such as `Zone a-b`.

    Raises:
        StateError: what the store lists and what it gives differ.
    """
    count = size = 0
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for found in _in_order(store, what):
            version = _write_version(store, found, tar, count, what)
            if version is not None:
                count, size = count + 1, size + version.size
    return Count(count, size)


def _differs(what: str, how: str) -> StateError:
    message = f"{what}: the object store contradicts itself: {how}"
    return StateError(message, "See the object store's log; back up again.")


def _in_order(store: StoreClient, what: str) -> list[dict[str, Any]]:
    """Return every version and delete marker, each object's in order of time."""
    found = []
    for page in pages(partial(store.ask, "list_object_versions"), what):
        found += [{**item, "marker": False} for item in page.get("Versions", ())]
        found += [{**item, "marker": True} for item in page.get("DeleteMarkers", ())]
    # Times have whole seconds; identifiers, finer ones. Which is the latest is always told.
    return sorted(
        found,
        key=lambda item: (
            item["Key"],
            bool(item.get("IsLatest")),
            item["LastModified"],
            item["VersionId"],
        ),
    )


def _write_version(
    store: StoreClient, found: dict[str, Any], tar: tarfile.TarFile, number: int, what: str
) -> Version | None:
    """Write one version; None if it was deleted since it was listed."""
    modified = found["LastModified"].isoformat()
    version: Version | None = Version(found["Key"], modified, marker=True)
    if not found["marker"]:
        version = _write_object(store, found, tar, number, what)
    if version is not None:
        description = json.dumps(version.__dict__).encode()
        _add(tar, f"{number:08d}.json", len(description), io.BytesIO(description))
    return version


def _write_object(
    store: StoreClient, found: dict[str, Any], tar: tarfile.TarFile, number: int, what: str
) -> Version | None:
    where = {"Key": found["Key"], "VersionId": found["VersionId"]}
    answer = _get(store, where)
    if answer is None:
        return None
    size = answer["ContentLength"]
    if found["VersionId"] != _CHANGEABLE and size != found["Size"]:
        raise _differs(what, f"a version of {found['Size']} bytes in the list has {size}")
    body = _Hashing(answer["Body"], size, what)
    _add(tar, f"{number:08d}", size, body)
    body.check_end()
    until = locks.retention(store, where)
    return Version(
        key=found["Key"],
        modified=found["LastModified"].isoformat(),
        marker=False,
        sha256=body.digest.hexdigest(),
        size=size,
        headers={name: answer[name] for name in _HEADERS if answer.get(name)},
        tags=_tags(store, where),
        locked_until=until.isoformat() if until else "",
        legal_hold=locks.legal_hold(store, where),
    )


def _tags(store: StoreClient, where: dict[str, str]) -> list[dict[str, str]]:
    """Return a version's tags.

    Of a key that ends with a slash, such as a browser writes for a folder, versitygw 1.8.0 lists a
    version `null` and gives its bytes, but knows its tags without that version alone.
    """
    try:
        tags: list[dict[str, str]] = store.ask("get_object_tagging", **where)["TagSet"]
    except Exception as error:
        failure = store.failure(error)
        unnamed = where["VersionId"] == _CHANGEABLE and where["Key"].endswith("/")
        if failure is None or failure.code not in _GONE or not unnamed:
            raise
        tags = store.ask("get_object_tagging", Key=where["Key"])["TagSet"]
    return tags


def _get(store: StoreClient, where: dict[str, str]) -> dict[str, Any] | None:
    """Return a version as the store answers it; None if it was deleted since it was listed."""
    try:
        answer: dict[str, Any] = store.ask("get_object", **where)
    except Exception as error:
        failure = store.failure(error)
        if failure is None or failure.code not in _GONE:
            raise
        return None
    return answer


class _Hashing:
    """Hashes what is read through it, which must be so many bytes."""

    def __init__(self, source: IO[bytes], size: int, what: str) -> None:
        self._source, self._what = source, what
        self._left = size
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:  # tarfile takes a short read for the end
            more = self._source.read(size - len(data))
            if not more:
                left = self._left - len(data)
                raise _differs(self._what, f"an answer ends {left} bytes early")
            data += more
        self._left -= len(data)
        self.digest.update(data)
        return data

    def check_end(self) -> None:
        """Raise StateError if there is more to read."""
        if self._source.read(1):
            raise _differs(self._what, "an answer is longer than its length")


def _add(tar: tarfile.TarFile, name: str, size: int, source: Any) -> None:
    member = tarfile.TarInfo(name)
    member.size = size
    tar.addfile(member, source)


class Reader(io.RawIOBase):
    """A file over chunks of bytes."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        """Read `chunks` one after the other."""
        self._chunks = iter(chunks)
        self._buffer = b""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as the next chunk goes."""
        while not self._buffer:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._buffer = chunk
        size = min(len(buffer), len(self._buffer))
        buffer[:size], self._buffer = self._buffer[:size], self._buffer[size:]
        return size


def read(source: Iterable[bytes], what: str, scratch: Path) -> Iterator[tuple[Version, IO[bytes]]]:
    """Yield every version with its bytes, verified; the file is valid until the next.

    Args:
        source: the archive.
        what: its name, for errors.
        scratch: a private folder of the same disk as the data: each version's bytes are there
            for a while, in a file without a name.

    Raises:
        StateError: the bytes are not those that were written.
    """
    stream = io.BufferedReader(Reader(source), _COPY)
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            yield from _versions(tar, what, scratch)
    except tarfile.TarError as error:
        message = f"{what}: is not a zone's archive ({error})"
        raise StateError(message, "Use another backup.") from error
    # The archive ends before its stream does: only the stream's end proves that it is whole.
    while stream.read(_COPY):
        pass


def _versions(
    tar: tarfile.TarFile, what: str, scratch: Path
) -> Iterator[tuple[Version, IO[bytes]]]:
    with tempfile.TemporaryFile(dir=scratch) as content:
        digest = ""
        for member in tar:
            data = tar.extractfile(member)
            if data is None:
                continue
            if not member.name.endswith(".json"):
                content.seek(0)
                content.truncate()
                digest = _copy(data, content)
                continue
            version = Version(**json.loads(data.read()))
            if not version.marker and digest != version.sha256:
                message = f"{what}: the object {member.name} is not what was written"
                raise StateError(message, "Use another backup.")
            content.seek(0)
            yield version, content
            digest = ""  # each version has bytes of its own


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    """Copy a file; return the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    while data := source.read(_COPY):
        digest.update(data)
        target.write(data)
    return digest.hexdigest()


def restore(store: StoreClient, versions: Iterable[tuple[Version, IO[bytes]]], what: str) -> Count:
    """Put the versions into a bucket and read each back; return how much that was.

    The bucket is empty, or holds what a restore of the same archive had put before it was
    ended: that is compared instead, and what is missing follows.

    Errors of the store are raised as they are. An upload is a stream: only the store's own
    client can send it again from its start, a wrapper around the store cannot.

    Args:
        store: the bucket, answering to boto3's names of operations.
        versions: what `read` yields.
        what: the bucket in messages, such as `Zone a-b`.

    Raises:
        GuardError: the bucket holds something else.
        StateError: what was read back differs.
    """
    count = size = 0
    present = _present(store, what)
    for version, content in versions:
        earlier = present.get(version.key)
        found = earlier.popleft() if earlier else None
        if found is not None and found["marker"] != version.marker:
            raise _foreign(what)
        if not version.marker:
            _put(store, version, content, what, found)
        elif found is None:
            store.ask("delete_object", Key=version.key)
        count, size = count + 1, size + version.size
    if any(present.values()):
        raise _foreign(what)
    return Count(count, size)


def _present(store: StoreClient, what: str) -> dict[str, deque[dict[str, Any]]]:
    """Return what a bucket holds, each object's versions in order of time."""
    present: dict[str, deque[dict[str, Any]]] = {}
    for found in _in_order(store, what):
        present.setdefault(found["Key"], deque()).append(found)
    return present


def _foreign(what: str) -> GuardError:
    message = f"{what} contains data that is not in the backup, so the restore is refused"
    return GuardError(message, "Restore into a new data folder.")


def _put(
    store: StoreClient,
    version: Version,
    content: IO[bytes],
    what: str,
    found: dict[str, Any] | None,
) -> None:
    """Put one version with its headers, tags and locks, unless it was found; read it back."""
    where = {"Key": version.key}
    if found is None:
        body = _Unclosed(content)
        store.ask("upload_fileobj", **where, Fileobj=body, ExtraArgs=version.headers)
        answer = store.ask("get_object", **where)
    else:
        answer = store.ask("get_object", **where, VersionId=found["VersionId"])
    digest = hashlib.sha256()
    while data := answer["Body"].read(_COPY):
        digest.update(data)
    if digest.hexdigest() != version.sha256:
        if found is not None:
            raise _foreign(what)
        message = f"{what}: an object of {version.size} bytes came back different"
        raise StateError(message, "See the object store's log; restore again.")
    named = found is not None and found["VersionId"] != _CHANGEABLE
    there = {**where, "VersionId": found["VersionId"]} if found and named else where
    if version.tags:
        store.ask("put_object_tagging", **there, Tagging={"TagSet": version.tags})
    if "VersionId" in answer:
        there = {**where, "VersionId": answer["VersionId"]}
        locks.lock_again(store, there, version.locked_until, legal_hold=version.legal_hold)


class _Unclosed:
    """A file that boto3 reads and may not close."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        return self._source.read(size)
