"""A bucket of an S3 service as an object store."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from havre.capabilities import Support
from havre.errors import ProviderError
from havre.live import locks, s3
from havre.live.calls import checked, classed, contradiction, left, place, ranges
from havre.live.entry.urls import SignedUrl
from havre.live.limits import refuse_unfit
from havre.live.objects import (
    Ability,
    ChangedError,
    ExistsError,
    NotThereError,
    ObjectVersion,
    Properties,
    Traits,
    Upload,
    UploadedPart,
    Written,
)
from havre.live.wrappers import Content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from havre.capabilities import Supported
    from havre.live.limits import Limits
    from havre.live.objects import Lock
    from havre.live.wrappers import StoreClient

HEADERS: Mapping[str, str] = {
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-type": "ContentType",
}
"""Headers that a client may set, with boto3's names for them."""
DIGESTS: Mapping[str, str] = {
    "crc32": "ChecksumCRC32",
    "crc32c": "ChecksumCRC32C",
    "crc64nvme": "ChecksumCRC64NVME",
    "sha1": "ChecksumSHA1",
    "sha256": "ChecksumSHA256",
}
"""Stored digests, with boto3's names for them."""
USUAL_TIER = "STANDARD"
"""The storage class of an object of which none is told."""
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes from which an object must be brought back before it is read."""
UNNAMED = "null"
"""The version of an object that was written where versions are not kept."""
VERSION_MARKERS = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}
UPLOAD_MARKERS = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
PART_MARKERS = {"PartNumberMarker": "NextPartNumberMarker"}
"""What asks for the page after one, by where that page names it."""


@dataclass(frozen=True)
class BucketStore:
    """Implements `havre.live.objects.LiveStore` over operations of S3, by boto3's names.

    Attributes:
        client: the bucket, or anything wrapped around it.
        name: of the store in messages.
        abilities: what the service can do.
        limits: the largest that it takes.
        ordered: whether identifiers of versions grow with time; elsewhere the order of a list
            counts, and times before it.
        page: how many rows a page of a list has at most; None: as the service likes.
        counted: whether the headers of a version tell how many tags it has, so that it has none
            where they tell nothing; elsewhere tags are asked for each time.
    """

    client: StoreClient
    name: str
    abilities: Mapping[Ability, Supported]
    limits: Limits = s3.LIMITS
    ordered: bool = False
    page: int | None = None
    counted: bool = False

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        """Every version and delete marker, the oldest of a key first."""
        rows = {"MaxKeys": self.page} if self.page else {}
        listed = partial(self._ask, "list_object_versions", **_prefix(prefix), **rows)
        for group in by_key(pages(listed, self.name), self.name):
            for found in sorted(group, key=_by_name if self.ordered else _by_time):
                yield found if self._has(Ability.VERSIONS) else replace(found, version="")

    def properties(self, found: ObjectVersion) -> Properties:
        """All that a version bears beside its bytes."""
        if found.marker:
            return Properties()
        return self._described(found, self._head(found))

    def fetch(self, found: ObjectVersion) -> tuple[bytes, Properties]:
        """The bytes of a small version with all that it bears."""
        answer = self._ask(s3.READ, ChangedError, **_where(found), IfMatch=found.entity)
        content = checked(place(self.name, found.key), answer["Body"], found.size)
        return content, self._described(found, answer)

    def read(
        self, found: ObjectVersion, first: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of a version, in pieces."""
        for begin, size in ranges(found.size, first, length):
            answer = self._ask(
                s3.READ,
                ChangedError,
                **_where(found),
                IfMatch=found.entity,
                Range=f"bytes={begin}-{begin + size - 1}",
            )
            yield checked(place(self.name, found.key), answer["Body"], size)

    def write(
        self, key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> Written:
        """Write an object with all its properties in one call."""
        size = left(content)
        refuse_unfit(self, key, size, properties)
        given = {**_given(properties), **_condition(create_only=create_only)}
        if self._has(Ability.LOCK):
            given["ContentMD5"] = _md5(content)
        body = Content(content, content.tell())
        answer = self._ask("put_object", ExistsError, Key=key, Body=body, **given)
        return self._written(answer)

    def begin(self, key: str, properties: Properties) -> Upload:
        """Begin an object in parts."""
        refuse_unfit(self, key, 1, properties)
        answer = self._ask("create_multipart_upload", Key=key, **_given(properties))
        return Upload(key, answer["UploadId"], properties)

    def resume(self, upload: Upload) -> Sequence[UploadedPart]:
        """The parts that the store has of an upload."""
        listed = partial(self._ask, "list_parts", **_at(upload))
        return [
            UploadedPart(part["PartNumber"], part["Size"], part["ETag"])
            for page in pages(listed, place(self.name, upload.key), PART_MARKERS)
            for part in page.get("Parts", ())
        ]

    def part(self, upload: Upload, number: int, content: bytes) -> UploadedPart:
        """Send a part."""
        given = {"ContentMD5": _md5_of((content,))} if self._has(Ability.LOCK) else {}
        answer = self._ask("upload_part", **_at(upload), PartNumber=number, Body=content, **given)
        return UploadedPart(number, len(content), answer["ETag"])

    def complete(
        self, upload: Upload, parts: Sequence[UploadedPart], *, create_only: bool = False
    ) -> Written:
        """Make the object of its parts."""
        answer = self._ask(
            "complete_multipart_upload",
            ExistsError,
            **_at(upload),
            **_condition(create_only=create_only),
            MultipartUpload={
                "Parts": [{"PartNumber": part.number, "ETag": part.entity} for part in parts]
            },
        )
        return self._written(answer)

    def abort(self, upload: Upload) -> None:
        """Give an upload up."""
        with classed(self.client, place(self.name, upload.key)):
            try:
                self.client.ask("abort_multipart_upload", **_at(upload))
            except Exception as error:
                found = self.client.failure(error)
                if found is None or found.code != "NoSuchUpload":
                    raise

    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        """Every unfinished upload."""
        listed = partial(self._ask, "list_multipart_uploads", **_prefix(prefix))
        for page in pages(listed, self.name, UPLOAD_MARKERS):
            for item in page.get("Uploads", ()):
                begun = item["Initiated"].astimezone(dt.UTC)
                yield Upload(item["Key"], item["UploadId"], begun=begun)

    def sign(self, found: ObjectVersion) -> SignedUrl:
        """An URL that reads a version, for as long as S3 allows."""
        now = dt.datetime.now(dt.UTC)
        answer = self._ask(s3.SIGN, **_where(found), Seconds=s3.LONGEST_URL)
        authority = answer["Authority"]
        trusted = Path(authority).read_text("ascii") if authority else ""
        until = now + dt.timedelta(seconds=s3.LONGEST_URL)
        return SignedUrl(answer["Url"], until, trusted, answer["Direct"])

    def lock(self, found: ObjectVersion, lock: Lock) -> None:
        """Keep a version from deletion until an instant."""
        stated = {"Mode": lock.mode.upper(), "RetainUntilDate": lock.until}
        self._ask("put_object_retention", **_where(found), Retention=stated)

    def tag(self, found: ObjectVersion, tags: Mapping[str, str]) -> None:
        """Give a version these tags in place of its former ones."""
        refuse_unfit(self, found.key, found.size, Properties(tags=tags))
        if not tags:
            self._ask("delete_object_tagging", **_where(found))
            return
        told = [{"Key": name, "Value": value} for name, value in tags.items()]
        self._ask("put_object_tagging", **_where(found), Tagging={"TagSet": told})

    def hold(self, found: ObjectVersion, *, on: bool) -> None:
        """Put a version under a legal hold, or lift it."""
        status = {"Status": "ON" if on else "OFF"}
        self._ask("put_object_legal_hold", **_where(found), LegalHold=status)

    def mark(self, key: str) -> Written:
        """Put a delete marker after the versions of a key."""
        answer = self._ask("delete_object", Key=key)
        return Written(str(answer.get("VersionId") or ""), "")

    def delete(self, found: ObjectVersion) -> None:
        """Delete a version for good."""
        named = {"VersionId": found.version} if found.version else {}
        self._ask("delete_object", Key=found.key, **named)

    def _has(self, ability: Ability) -> bool:
        return self.abilities[ability].support is not Support.ABSENT

    def _written(self, answer: dict[str, Any]) -> Written:
        version = answer.get("VersionId") or (UNNAMED if self._has(Ability.VERSIONS) else "")
        return Written(version, answer["ETag"])

    def _described(self, found: ObjectVersion, answer: Mapping[str, Any]) -> Properties:
        """All that a version bears: its headers tell some of it, and the rest is asked for."""
        where = _where(found)
        with classed(self.client, place(self.name, found.key)):
            tags = self._tags(where, answer)
            lock = locks.lock(self.client, where) if self._has(Ability.LOCK) else None
            held = self._has(Ability.HOLD) and locks.legal_hold(self.client, where)
        headers = {name: answer[theirs] for name, theirs in HEADERS.items() if answer.get(theirs)}
        tier = answer.get("StorageClass", USUAL_TIER)
        return Properties(
            headers,
            answer.get("Metadata", {}),
            tags,
            "" if tier == USUAL_TIER else tier,
            lock,
            held,
            _traits(answer),
        )

    def _tags(self, where: dict[str, str], answer: Mapping[str, Any]) -> dict[str, str]:
        """The tags of a version, asked for unless its headers tell that it has none."""
        if not self._has(Ability.TAGS) or (self.counted and not answer.get("TagCount")):
            return {}
        found = self.client.ask("get_object_tagging", **where)["TagSet"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def _head(self, found: ObjectVersion) -> Any:
        """The headers of a version: versitygw 1.8.0 gives some with their bytes alone."""
        given = {**_where(found), "IfMatch": found.entity}
        try:
            return self._ask("head_object", ChangedError, **given)
        except NotThereError:
            some = {"Range": "bytes=0-0"} if found.size else {}
            return self._ask(s3.READ, ChangedError, **given, **some)

    def _ask(
        self, operation: str, unmet: type[ProviderError] = ProviderError, /, **arguments: Any
    ) -> Any:
        where = place(self.name, str(arguments.get("Key", "")))
        with classed(self.client, where, unmet):
            return self.client.ask(operation, **arguments)


def versioned(client: StoreClient) -> bool:
    """Whether a bucket keeps versions, or has kept them."""
    return bool(client.ask("get_bucket_versioning").get("Status"))


def pages(
    ask: Callable[..., dict[str, Any]], what: str, markers: Mapping[str, str] = VERSION_MARKERS
) -> Iterator[dict[str, Any]]:
    """The pages of a list.

    Args:
        ask: asks for the page after the markers that it is given.
        what: the store in messages.
        markers: what asks for the page after one, by where that page names it.

    Raises:
        StateError: the store sends a page for a second time.
    """
    after: dict[str, str] = {}
    seen = [after]
    while True:
        page = ask(**after)
        yield page
        if not page.get("IsTruncated"):
            return
        after = {name: page[mark] for name, mark in markers.items() if page.get(mark)}
        if after in seen:
            raise contradiction(what, "its list does not go on")
        seen.append(after)


def by_key(found: Iterable[dict[str, Any]], what: str) -> Iterator[list[ObjectVersion]]:
    """The versions and markers of each key, the oldest first, from the pages of a list.

    S3 lists keys by their bytes; only the key with which a page ends goes on in the next.

    Args:
        found: the pages.
        what: the store in messages.

    Raises:
        StateError: a key comes again after others, or a version comes twice and differs.
    """
    groups: dict[str, dict[str, ObjectVersion]] = {}
    last = b""
    for page in found:
        for row in _rows(page, what):
            if row.key.encode() < last:
                raise contradiction(what, "its list goes back")
            group = groups.setdefault(row.key, {})
            # versitygw 1.8.0 lists a version twice where a page ends with it.
            if group.setdefault(row.version, row) != row:
                raise contradiction(what, "its list has a version twice, with a difference")
        after = page.get("NextKeyMarker", "") if page.get("IsTruncated") else None
        done = [key for key in groups if key != after]
        yield from (_oldest_first(groups.pop(key)) for key in done)
        last = (after or "").encode()
    yield from map(_oldest_first, groups.values())


def _oldest_first(group: dict[str, ObjectVersion]) -> list[ObjectVersion]:
    """The rows of a key, which are listed the newest first."""
    return [*group.values()][::-1]


def _rows(page: dict[str, Any], what: str) -> Iterator[ObjectVersion]:
    """The rows of a page in the order in which they came, the newest of a key first."""
    listed = {"V": page.get("Versions", ()), "M": page.get("DeleteMarkers", ())}
    order = page.get(s3.ORDER, "")
    if any(order.count(kind) != len(rows) for kind, rows in listed.items()):
        raise contradiction(what, "a page of its list is not what it says")
    rows = {kind: iter(found) for kind, found in listed.items()}
    for kind in order:
        yield _version(next(rows[kind]), marker=kind == "M")


def _by_name(found: ObjectVersion) -> tuple[bool, bool, str]:
    """Sorts versions whose identifiers grow with time; one that has none is the oldest."""
    return found.latest, found.version != UNNAMED, found.version


def _by_time(found: ObjectVersion) -> tuple[bool, dt.datetime]:
    """Sorts versions by their time."""
    return found.latest, found.modified


def _version(item: dict[str, Any], *, marker: bool) -> ObjectVersion:
    """A row of a list of versions."""
    return ObjectVersion(
        item["Key"],
        item["VersionId"],
        0 if marker else item["Size"],
        "" if marker else item["ETag"],
        item["LastModified"].astimezone(dt.UTC),
        bool(item.get("IsLatest")),
        marker,
    )


def _traits(answer: Mapping[str, Any]) -> Traits:
    """What only the store sets."""
    key = answer.get("SSEKMSKeyId") or answer.get("SSECustomerKeyMD5") or ""
    digests = {name: answer[theirs] for name, theirs in DIGESTS.items() if answer.get(theirs)}
    archived = answer.get("StorageClass") in ARCHIVED and "Restore" not in answer
    return Traits(key=key, archived=archived, digests=digests)


def _where(found: ObjectVersion) -> dict[str, str]:
    """Names a version; versitygw 1.8.0 lists a latest one as `null` and does not know it so."""
    named = found.version and not (found.latest and found.version == UNNAMED)
    return {"Key": found.key, **({"VersionId": found.version} if named else {})}


def _at(upload: Upload) -> dict[str, str]:
    return {"Key": upload.key, "UploadId": upload.identifier}


def _prefix(prefix: str) -> dict[str, str]:
    return {"Prefix": prefix} if prefix else {}


def _given(properties: Properties) -> dict[str, Any]:
    """Arguments of a call that writes, with all properties."""
    given: dict[str, Any] = {HEADERS[name]: value for name, value in properties.headers.items()}
    given["Metadata"] = dict(properties.metadata)
    if properties.tags:
        given["Tagging"] = urlencode(properties.tags, quote_via=quote)
    if properties.tier:
        given["StorageClass"] = properties.tier
    if properties.lock:
        given["ObjectLockMode"] = properties.lock.mode.upper()
        given["ObjectLockRetainUntilDate"] = properties.lock.until
    if properties.held:
        given["ObjectLockLegalHoldStatus"] = "ON"
    return given


def _condition(*, create_only: bool) -> dict[str, str]:
    return {"IfNoneMatch": "*"} if create_only else {}


def _md5(content: IO[bytes]) -> str:
    """MD5 of what follows in a file, which a bucket with locks wants beside the bytes."""
    here = content.tell()
    found = _md5_of(iter(lambda: content.read(2**20), b""))
    content.seek(here)
    return found


def _md5_of(pieces: Iterable[bytes]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        digest.update(piece)
    return base64.b64encode(digest.digest()).decode()
