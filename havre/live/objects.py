"""The contract of an object store: what is done with objects, whoever stores them.

A store declares what it can do of `Ability`, with Support and a reason for all but native, so that
a caller knows before it begins. Its errors are classed by what the caller can do: `NotThereError`,
`RetryError` and `ProviderError`, which means to give up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Protocol

from havre.errors import ProviderError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from havre.capabilities import Supported


class NotThereError(ProviderError):
    """The object, its version or the whole store does not exist."""


class Ability(StrEnum):
    """What a store may be able to do beyond reading, writing and deleting objects."""

    VERSIONS = "versions"
    RANGES = "ranges"
    UNCHANGED = "unchanged"
    CREATE_ONLY = "create-only"
    TAGS = "tags"
    LOCK = "lock"
    HOLD = "hold"
    PARTS = "parts"


NATIVE_WHEN: Mapping[Ability, str] = MappingProxyType(
    {
        Ability.VERSIONS: "earlier versions and delete markers are listed, read and deleted",
        Ability.RANGES: "some bytes of an object are read without the others",
        Ability.UNCHANGED: "a read is refused if the object is not the one that was listed",
        Ability.CREATE_ONLY: "a write is refused if an object of that key exists",
        Ability.TAGS: "tags are written in the same call as the bytes",
        Ability.LOCK: "a version cannot be deleted before a set instant",
        Ability.HOLD: "a version cannot be deleted while it is under a legal hold",
        Ability.PARTS: "an object larger than a single call accepts is written in parts",
    }
)
"""By ability, when a store has it."""


@dataclass(frozen=True)
class Properties:
    """All that an object bears beside its bytes.

    Attributes:
        headers: by name in lower case, such as `content-type`; those that a client may set.
        metadata: the user's own, by name.
        tags: by name.
        locked_until: UTC; None where no lock of its own is on the version.
        held: whether it is under a legal hold.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    locked_until: dt.datetime | None = None
    held: bool = False


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
    """

    key: str
    version: str
    size: int
    entity: str
    modified: dt.datetime
    latest: bool = True
    marker: bool = False


class LiveStore(Protocol):
    """The objects of one zone.

    Every member raises:
        NotThereError: the object, the version or the store does not exist.
        RetryError: the store does not answer, or is overloaded: the same call may pass later.
        ProviderError: the store refused, and will refuse again.
    """

    @property
    def abilities(self) -> Mapping[Ability, Supported]:
        """Its answer for every ability."""
        ...

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        """Every version and delete marker whose key begins with `prefix`."""
        ...

    def properties(self, found: ObjectVersion) -> Properties:
        """All that a version bears beside its bytes."""
        ...

    def read(self, found: ObjectVersion, first: int = 0, length: int | None = None) -> bytes:
        """Bytes of a version, from `first` on; `length` of them, or all that follow.

        It is refused where the version is no longer the one that was listed.
        """
        ...

    def write(
        self, key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> str:
        """Write an object with all its properties in one call; returns the version's identifier.

        Args:
            key: name of the object.
            content: a file that can be read again from where it stands.
            properties: what it is to bear.
            create_only: whether to refuse where an object of that key exists.
        """
        ...

    def lock(self, found: ObjectVersion, until: dt.datetime) -> None:
        """Keep a version from deletion until an instant, which cannot be shortened."""
        ...

    def hold(self, found: ObjectVersion, *, on: bool) -> None:
        """Put a version under a legal hold, or lift it."""
        ...

    def delete(self, found: ObjectVersion) -> None:
        """Delete a version for good."""
        ...
