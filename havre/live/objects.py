"""The contract of an object store: what is done with objects, whoever stores them.

A store declares what it can do of `Ability`, with Support and a reason for all but native, and its
`Limits`, so that a caller knows before it begins. Its errors are classed by what the caller can do:
`NotThereError`, `RetryError` and `ProviderError`, which means to give up. What a store cannot hold
it refuses: no key becomes another, and no property is left out unsaid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Protocol

from havre.errors import ProviderError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from havre.capabilities import Supported
    from havre.live.limits import Limits

PIECE = 8 * 2**20
"""Bytes of the largest piece in which content is read: what one reader holds in memory."""


class NotThereError(ProviderError):
    """The object, its version or the whole store does not exist."""


class RefusedError(ProviderError):
    """The service answered, and refuses whoever asks: credentials or rights are not valid there."""


class ExistsError(ProviderError):
    """An object of that key exists, and the write was to make a new one."""


class ChangedError(ProviderError):
    """The object is no longer the one that was listed."""


class Ability(StrEnum):
    """What a store may be able to do beyond reading, writing and deleting objects."""

    VERSIONS = "versions"
    MARKERS = "markers"
    SNAPSHOTS = "snapshots"
    DELETED = "deleted"
    RANGES = "ranges"
    UNCHANGED = "unchanged"
    CREATE_ONLY = "create-only"
    TAGS = "tags"
    TIER = "tier"
    LOCK = "lock"
    HOLD = "hold"
    PARTS = "parts"
    UPLOADS = "uploads"
    ABORT = "abort"


NATIVE_WHEN: Mapping[Ability, str] = MappingProxyType(
    {
        Ability.VERSIONS: "earlier versions are listed, read and deleted",
        Ability.MARKERS: "a deletion is a marker among the versions, and is taken back with it",
        Ability.SNAPSHOTS: "snapshots are listed as earlier versions, read and deleted",
        Ability.DELETED: "what was deleted and is kept for a while is listed",
        Ability.RANGES: "some bytes of an object are read without the others",
        Ability.UNCHANGED: "a read is refused if the object is not the one that was listed",
        Ability.CREATE_ONLY: "a write is refused if an object of that key exists",
        Ability.TAGS: "tags are written in the same call as the bytes",
        Ability.TIER: "the tier is written in the same call as the bytes",
        Ability.LOCK: "a version cannot be deleted before a set instant",
        Ability.HOLD: "a version cannot be deleted while it is under a legal hold",
        Ability.PARTS: "an object is written in parts, with all its properties",
        Ability.UPLOADS: "unfinished uploads and their parts are listed",
        Ability.ABORT: "an unfinished upload is given up, and its parts are gone",
    }
)
"""By ability, when a store has it."""


class LockMode(StrEnum):
    """Who may shorten a lock: nobody, or who has a right of their own to do so."""

    COMPLIANCE = "compliance"
    GOVERNANCE = "governance"


FOLDER_MARK = "hdi_isfolder"
"""Metadata of an empty object by which clients of a file system mark a folder."""


class ObjectKind(StrEnum):
    """What an object is made of; each is read as one, and written as an ordinary one.

    `FOLDER` is the mark of a folder, without bytes of its own.
    """

    ORDINARY = "ordinary"
    APPEND = "append"
    PAGE = "page"
    FOLDER = "folder"


@dataclass(frozen=True)
class Lock:
    """A version's own lock.

    Attributes:
        until: when it ends, UTC.
        mode: who may shorten it.
    """

    until: dt.datetime
    mode: LockMode = LockMode.COMPLIANCE


@dataclass(frozen=True)
class Traits:
    """What only the store sets: it is read, and no write takes it.

    Attributes:
        kind: what the object is made of.
        created: when its first bytes came, UTC, where the store tells.
        key: what encrypts it: a reference to a key, or the digest of one that a client gave;
            empty: the store's own.
        scope: name of an encryption scope.
        owner: account that owns it, where the store tells.
        archived: whether it must be brought back before it is read.
        digests: stored digests of the content by algorithm, as the uploader claimed them; never
            a basis for a proof.
    """

    kind: ObjectKind = ObjectKind.ORDINARY
    created: dt.datetime | None = None
    key: str = ""
    scope: str = ""
    owner: str = ""
    archived: bool = False
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Properties:
    """All that an object bears beside its bytes; equal where all that a write sets is equal.

    Attributes:
        headers: by name in lower case, such as `content-type`; those of `HEADERS`.
        metadata: the user's own, by name.
        tags: by name.
        tier: the store's word for how it is kept; empty: as the store does by default.
        lock: None where no lock of its own is on the version.
        held: whether it is under a legal hold.
        traits: what only the store sets; a write does not heed it.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    tier: str = ""
    lock: Lock | None = None
    held: bool = False
    traits: Traits = field(default_factory=Traits, compare=False)


HEADERS = (
    *("cache-control", "content-disposition", "content-encoding", "content-language"),
    "content-type",
)
"""Headers of an object that a client sets."""


@dataclass(frozen=True)
class ObjectVersion:
    """A version of an object, as a store lists it.

    Attributes:
        key: name of the object.
        version: the store's identifier of the version; empty where it keeps no versions.
        size: bytes.
        entity: the store's tag of the content, for `UNCHANGED`; not a digest to rely on.
        modified: when it was written, UTC.
        latest: whether it is what the key names now.
        marker: whether it marks a deletion and has no bytes.
        snapshot: whether `version` names a snapshot, which cannot be written.
        deleted: whether it was deleted and is kept for a while: it is not read until undeleted.
        listed: all that it bears, where the list itself tells; None: ask `properties`.
    """

    key: str
    version: str
    size: int
    entity: str
    modified: dt.datetime
    latest: bool = True
    marker: bool = False
    snapshot: bool = False
    deleted: bool = False
    listed: Properties | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Written:
    """What a store says of an object that it took.

    Attributes:
        version: identifier of the version; empty where the store keeps no versions.
        entity: the store's tag of the content.
    """

    version: str
    entity: str


@dataclass(frozen=True)
class Upload:
    """An upload in parts that is not finished.

    Attributes:
        key: name of the object to be.
        identifier: the store's, or ours where the store has none; empty: parts that were not sent
            by Havre and cannot be finished by it.
        properties: what the object is to bear; empty where a store lists uploads without.
        begun: when, UTC, where the store tells.
    """

    key: str
    identifier: str
    properties: Properties = field(default_factory=Properties, compare=False)
    begun: dt.datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class UploadedPart:
    """A part of an upload that the store has.

    Attributes:
        number: its place, from 1.
        size: bytes.
        entity: the store's tag of it, by which it is named at the end.
    """

    number: int
    size: int
    entity: str


class LiveStore(Protocol):
    """The objects of one zone.

    Every member raises:
        NotThereError: the object, the version or the store does not exist.
        RetryError: the store does not answer, or is overloaded: the same call may pass later.
        ProviderError: the store refused, and will refuse again.
    """

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def abilities(self) -> Mapping[Ability, Supported]:
        """Its answer for every ability."""
        ...

    @property
    def limits(self) -> Limits:
        """The largest that it takes."""
        ...

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        """Every version, snapshot, delete marker and deleted object whose key has a prefix.

        Keys come in the store's order, the versions of a key together and the oldest first.
        The list is read page by page; one that a store sends twice is refused.
        """
        ...

    def properties(self, found: ObjectVersion) -> Properties:
        """All that a version bears beside its bytes, asked for now; nothing for a marker."""
        ...

    def fetch(self, found: ObjectVersion) -> tuple[bytes, Properties]:
        """The bytes of a version of at most `PIECE` as they are stored, and all that it bears.

        One call gives both where the service has one; elsewhere each is asked for.

        Raises:
            ChangedError: it is no longer the version that was listed.
        """
        ...

    def read(
        self, found: ObjectVersion, first: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """The bytes of a version as they are stored, in pieces of at most `PIECE`.

        Each piece is a call of its own, so that pieces of two states never mix.

        Args:
            found: the version.
            first: where to begin.
            length: how many bytes; None: all that follow.

        Raises:
            ChangedError: at any piece: it is no longer the version that was listed.
        """
        ...

    def write(
        self, key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> Written:
        """Write an object with all its properties in one call.

        Args:
            key: name of the object.
            content: a file that can be read again from where it stands; it is read to its end.
                One that is `Hashed` is not hashed again to be signed.
            properties: what it is to bear, all of it.
            create_only: whether to refuse where an object of that key exists.

        Raises:
            ExistsError: it exists. After a call that was tried again, it may be one's own.
            InputError: the store cannot hold the key or one of the properties (see `limits`).
        """
        ...

    def begin(self, key: str, properties: Properties) -> Upload:
        """Begin an object in parts, with all its properties.

        Raises:
            InputError: as for `write`.
        """
        ...

    def resume(self, upload: Upload) -> Sequence[UploadedPart]:
        """The parts that the store has of an upload, by number."""
        ...

    def part(self, upload: Upload, number: int, content: bytes) -> UploadedPart:
        """Send a part, numbered from 1; one that was sent before is replaced.

        See `havre.live.limits.part_size` for how large the parts of an object must be.
        """
        ...

    def complete(
        self, upload: Upload, parts: Sequence[UploadedPart], *, create_only: bool = False
    ) -> Written:
        """Make the object of its parts, which are in order and complete.

        Args:
            upload: as `begin` gave it: some stores take its properties only now.
            parts: at least one.
            create_only: whether to refuse where an object of that key exists by now.

        Raises:
            ExistsError: it exists.
            NotThereError: the upload is gone. After a call that was tried again, it may be done.
        """
        ...

    def abort(self, upload: Upload) -> None:
        """Give an upload up, its parts with it; one that is gone is fine."""
        ...

    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        """Every unfinished upload whose key has a prefix."""
        ...

    def tag(self, found: ObjectVersion, tags: Mapping[str, str]) -> None:
        """Give a version these tags in place of its former ones, locked or not.

        Neither its entity nor its time changes.

        Raises:
            InputError: the store cannot hold one of them.
        """
        ...

    def lock(self, found: ObjectVersion, lock: Lock) -> None:
        """Keep a version from deletion until an instant; no lock is shortened."""
        ...

    def hold(self, found: ObjectVersion, *, on: bool) -> None:
        """Put a version under a legal hold, or lift it."""
        ...

    def mark(self, key: str) -> Written:
        """Delete what a key names now and keep its versions: a delete marker follows them."""
        ...

    def delete(self, found: ObjectVersion) -> None:
        """Delete a version for good."""
        ...
