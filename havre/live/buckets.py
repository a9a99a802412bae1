"""A bucket of an S3 service as an object store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from havre.errors import ProviderError, RetryError, StateError
from havre.live import locks
from havre.live.objects import Ability, NotThereError, ObjectVersion, Properties
from havre.live.wrappers import Remedy

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

    from havre.capabilities import Supported
    from havre.live.wrappers import StoreClient

HEADERS: Mapping[str, str] = {
    "cache-control": "CacheControl",
    "content-disposition": "ContentDisposition",
    "content-encoding": "ContentEncoding",
    "content-language": "ContentLanguage",
    "content-type": "ContentType",
}
"""Headers that a client may set, with boto3's names for them."""
LOG = "See the object store's log."


@dataclass(frozen=True)
class BucketStore:
    """Implements `havre.live.objects.LiveStore` over operations of S3, by boto3's names.

    Attributes:
        client: the bucket, or anything wrapped around it.
        name: of the store in messages.
        abilities: what the service can do.
    """

    client: StoreClient
    name: str
    abilities: Mapping[Ability, Supported]

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        """Every version and delete marker."""
        given = {"Prefix": prefix} if prefix else {}
        listed = partial(self._ask, "list_object_versions", **given)
        for page in pages(listed, self.name):
            for item in page.get("Versions", ()):
                yield _version(item, marker=False)
            for item in page.get("DeleteMarkers", ()):
                yield _version(item, marker=True)

    def properties(self, found: ObjectVersion) -> Properties:
        """All that a version bears beside its bytes."""
        where = _where(found)
        answer = self._ask("head_object", **where)
        tags = self._ask("get_object_tagging", **where)["TagSet"]
        with_lock = self._classing(found.key)
        return Properties(
            {name: answer[theirs] for name, theirs in HEADERS.items() if answer.get(theirs)},
            answer.get("Metadata", {}),
            {tag["Key"]: tag["Value"] for tag in tags},
            with_lock(lambda: locks.retention(self.client, where)),
            with_lock(lambda: locks.legal_hold(self.client, where)),
        )

    def read(self, found: ObjectVersion, first: int = 0, length: int | None = None) -> bytes:
        """Bytes of a version; none is asked for where the range is empty."""
        size = found.size - first if length is None else length
        if size <= 0:
            return b""
        last = first + size - 1
        given = {**_where(found), "IfMatch": found.entity, "Range": f"bytes={first}-{last}"}
        answer = self._ask("get_object", **given)
        data: bytes = self._classing(found.key)(answer["Body"].read)
        if len(data) != min(size, found.size - first):
            message = f"{self.name}: {found.key}: {len(data)} bytes of {size} came"
            raise RetryError(message, LOG)
        return data

    def write(
        self, key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> str:
        """Write an object with all its properties in one call."""
        given: dict[str, Any] = {HEADERS[name]: value for name, value in properties.headers.items()}
        given["Metadata"] = dict(properties.metadata)
        if properties.tags:
            given["Tagging"] = urlencode(properties.tags, quote_via=quote)
        if properties.locked_until:
            lock = {"Mode": "COMPLIANCE", "RetainUntilDate": properties.locked_until}
            given |= {f"ObjectLock{name}": value for name, value in lock.items()}
        if properties.held:
            given["ObjectLockLegalHoldStatus"] = "ON"
        if create_only:
            given["IfNoneMatch"] = "*"
        return str(self._ask("put_object", Key=key, Body=content, **given).get("VersionId") or "")

    def lock(self, found: ObjectVersion, until: dt.datetime) -> None:
        """Keep a version from deletion until an instant."""
        lock = {"Mode": "COMPLIANCE", "RetainUntilDate": until}
        self._ask("put_object_retention", **_where(found), Retention=lock)

    def hold(self, found: ObjectVersion, *, on: bool) -> None:
        """Put a version under a legal hold, or lift it."""
        status = {"Status": "ON" if on else "OFF"}
        self._ask("put_object_legal_hold", **_where(found), LegalHold=status)

    def delete(self, found: ObjectVersion) -> None:
        """Delete a version for good."""
        self._ask("delete_object", **_where(found))

    def _ask(self, operation: str, **arguments: Any) -> Any:
        what = str(arguments.get("Key", ""))
        return self._classing(what)(lambda: self.client.ask(operation, **arguments))

    def _classing(self, what: str) -> Callable[[Callable[[], Any]], Any]:
        """What runs a call and raises errors of the store by what the caller can do."""

        def run(call: Callable[[], Any]) -> Any:
            try:
                return call()
            except Exception as error:
                found = self.client.failure(error)
                if found is None:
                    raise
                kind = ERRORS[found.remedy]
                place = f"{self.name}: {what}" if what else self.name
                message = f"{place}: the object store answers {found.code}"
                raise kind(message, LOG) from error

        return run


def pages(ask: Callable[..., dict[str, Any]], what: str) -> Iterator[dict[str, Any]]:
    """The pages of a list of versions.

    Args:
        ask: asks for the page after the markers that it is given.
        what: the store in messages.

    Raises:
        StateError: the store sends a page for a second time.
    """
    names = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}
    after: dict[str, str] = {}
    seen = [after]
    while True:
        page = ask(**after)
        yield page
        if not page.get("IsTruncated"):
            return
        after = {name: page[mark] for name, mark in names.items() if page.get(mark)}
        if after in seen:
            message = f"{what}: the object store contradicts itself: its list does not go on"
            raise StateError(message, LOG)
        seen.append(after)


def _version(item: dict[str, Any], *, marker: bool) -> ObjectVersion:
    """A row of a list of versions."""
    return ObjectVersion(
        item["Key"],
        item["VersionId"],
        0 if marker else item["Size"],
        "" if marker else item["ETag"],
        item["LastModified"],
        bool(item.get("IsLatest")),
        marker,
    )


def _where(found: ObjectVersion) -> dict[str, str]:
    return {"Key": found.key, "VersionId": found.version}


ERRORS: Mapping[Remedy, type[ProviderError | RetryError]] = {
    Remedy.NOT_THERE: NotThereError,
    Remedy.RETRY: RetryError,
    Remedy.GIVE_UP: ProviderError,
}
"""Our error for what can be done about one of a store."""
