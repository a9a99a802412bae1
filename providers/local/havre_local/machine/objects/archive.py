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
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from havre.errors import StateError
from havre_local.machine.objects import gateway
from havre_local.machine.objects import zones as objectstore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre_local.machine.folder import Folder

_COPY = 1 << 20
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


def write(folder: Folder, bucket: str, target: IO[bytes]) -> Count:
    """Write every version of the bucket to `target`; return how much that was.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    count = size = 0
    with (
        gateway.asking(folder, f"Zone {bucket}"),
        tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        s3 = gateway.client(folder)
        for found in _in_order(s3, bucket):
            version = _write_version(s3, bucket, found, tar, count)
            if version is not None:
                count, size = count + 1, size + version.size
    return Count(count, size)


def _in_order(s3: Any, bucket: str) -> list[dict[str, Any]]:
    """Return every version and delete marker, each object's in order of time."""
    found = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
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
    s3: Any, bucket: str, found: dict[str, Any], tar: tarfile.TarFile, number: int
) -> Version | None:
    """Write one version; None if it was deleted since it was listed."""
    modified = found["LastModified"].isoformat()
    version: Version | None = Version(found["Key"], modified, marker=True)
    if not found["marker"]:
        version = _write_object(s3, bucket, found, tar, number)
    if version is not None:
        description = json.dumps(version.__dict__).encode()
        _add(tar, f"{number:08d}.json", len(description), io.BytesIO(description))
    return version


def _write_object(
    s3: Any, bucket: str, found: dict[str, Any], tar: tarfile.TarFile, number: int
) -> Version | None:
    where = {"Bucket": bucket, "Key": found["Key"], "VersionId": found["VersionId"]}
    try:
        answer = s3.get_object(**where)
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchVersion):
        return None
    body = _Hashing(answer["Body"])
    _add(tar, f"{number:08d}", answer["ContentLength"], body)
    until = objectstore.retention(s3, where)
    return Version(
        key=found["Key"],
        modified=found["LastModified"].isoformat(),
        marker=False,
        sha256=body.digest.hexdigest(),
        size=answer["ContentLength"],
        headers={name: answer[name] for name in _HEADERS if answer.get(name)},
        tags=s3.get_object_tagging(**where)["TagSet"],
        locked_until=until.isoformat() if until else "",
        legal_hold=objectstore.legal_hold(s3, where),
    )


class _Hashing:
    """Hashes what is read through it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


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


def read(source: Iterable[bytes], what: str) -> Iterator[tuple[Version, IO[bytes]]]:
    """Yield every version with its bytes, verified; the file is valid until the next.

    Raises:
        StateError: the bytes are not those that were written.
    """
    stream = io.BufferedReader(Reader(source), _COPY)
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            yield from _versions(tar, what)
    except tarfile.TarError as error:
        message = f"{what}: is not a zone's archive ({error})"
        raise StateError(message, "Use another backup.") from error
    # The archive ends before its stream does: only the stream's end proves that it is whole.
    while stream.read(_COPY):
        pass


def _versions(tar: tarfile.TarFile, what: str) -> Iterator[tuple[Version, IO[bytes]]]:
    with tempfile.TemporaryFile() as content:
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


def restore(folder: Folder, bucket: str, versions: Iterable[tuple[Version, IO[bytes]]]) -> Count:
    """Put the versions into an empty bucket and read each back; return how much that was.

    Raises:
        ProviderError: the object store refused.
        StateError: what was read back differs.
        RetryError: the object store does not answer.
    """
    count = size = 0
    with gateway.asking(folder, f"Zone {bucket}"):
        s3 = gateway.client(folder)
        for version, content in versions:
            if version.marker:
                s3.delete_object(Bucket=bucket, Key=version.key)
            else:
                _put(s3, bucket, version, content)
            count, size = count + 1, size + version.size
    return Count(count, size)


def _put(s3: Any, bucket: str, version: Version, content: IO[bytes]) -> None:
    """Put one version with its headers, tags and locks, and read it back."""
    s3.upload_fileobj(_Unclosed(content), bucket, version.key, ExtraArgs=version.headers)
    answer = s3.get_object(Bucket=bucket, Key=version.key)
    digest = hashlib.sha256()
    while data := answer["Body"].read(_COPY):
        digest.update(data)
    if digest.hexdigest() != version.sha256:
        message = f"Zone {bucket}: an object of {version.size} bytes came back different"
        raise StateError(message, "See the object store's log; restore again.")
    where = {"Bucket": bucket, "Key": version.key}
    if version.tags:
        s3.put_object_tagging(**where, Tagging={"TagSet": version.tags})
    if "VersionId" in answer:
        objectstore.lock_again(
            s3,
            {**where, "VersionId": answer["VersionId"]},
            version.locked_until,
            legal_hold=version.legal_hold,
        )


class _Unclosed:
    """A file that boto3 reads and may not close."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        return self._source.read(size)
