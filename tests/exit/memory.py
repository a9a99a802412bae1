"""An object store in memory that keeps the whole contract, to be wrapped, stopped and lied with."""

import datetime as dt
import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO

from havre.capabilities import Support, Supported
from havre.errors import ProviderError
from havre.exit.objects.copying import Sides
from havre.live.limits import Limits, refuse_unfit
from havre.live.objects import (
    PIECE,
    Ability,
    ChangedError,
    ExistsError,
    Lock,
    NotThereError,
    ObjectVersion,
    Properties,
    Upload,
    UploadedPart,
    Written,
)

EVERYTHING = {ability: Supported(Support.NATIVE) for ability in Ability}
WITHOUT_VERSIONS = {
    **EVERYTHING,
    **dict.fromkeys(
        (Ability.VERSIONS, Ability.MARKERS), Supported(Support.ABSENT, "it keeps none")
    ),
}
UNMARKED = {**EVERYTHING, Ability.MARKERS: Supported(Support.PARTIAL, "none is current then")}
UNDELETED = {**EVERYTHING, Ability.MARKERS: Supported(Support.ABSENT, "it is locked")}
LIMITS = Limits("a test", object_size=2**40, call_size=2**30, metadata_ascii=False)


@dataclass
class MemoryStore:
    """Objects by key, each a list of versions with what they bear, the oldest first."""

    name: str = "zone curated"
    abilities: Mapping[Ability, Supported] = field(default_factory=lambda: EVERYTHING)
    limits: Limits = LIMITS
    objects: dict[str, list[tuple[ObjectVersion, bytes, Properties]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._began = dt.datetime.now(dt.UTC)
        self._parts: dict[str, dict[int, bytes]] = {}
        self._uploads: dict[str, Upload] = {}

    @property
    def versioned(self) -> bool:
        return self.abilities[Ability.VERSIONS].support is not Support.ABSENT

    def put(self, key: str, content: bytes, bears: Properties | None = None) -> ObjectVersion:
        """Write as somebody else would."""
        return self._add(key, content, bears or Properties({"content-type": "text/plain"}))

    def contents(self) -> dict[str, list[bytes | None]]:
        """Bytes of every version by key; None for a delete marker."""
        return {
            key: [None if found.marker else content for found, content, _ in versions]
            for key, versions in sorted(self.objects.items())
            if versions
        }

    def borne(self) -> dict[str, list[Properties]]:
        return {k: [bears for _, _, bears in vs] for k, vs in sorted(self.objects.items()) if vs}

    def _add(
        self, key: str, content: bytes, bears: Properties, *, marker: bool = False
    ) -> ObjectVersion:
        number = next(self._numbers)
        entity = "" if marker else f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        found = ObjectVersion(
            key,
            f"v{number:06}" if self.versioned else "",
            len(content),
            entity,
            self._began + dt.timedelta(microseconds=number),
            marker=marker,
        )
        former = self.objects.setdefault(key, []) if self.versioned else []
        self.objects[key] = [*former, (found, content, bears)]
        return found

    def _of(self, found: ObjectVersion) -> tuple[ObjectVersion, bytes, Properties]:
        for each in self.objects.get(found.key, []):
            if each[0].version == found.version:
                return each
        message = f"{self.name}: {found.key} is gone"
        raise NotThereError(message, "List again.")

    def _refuse_changed(self, now: ObjectVersion, found: ObjectVersion) -> None:
        if now.entity != found.entity:
            message = f"{self.name}: {found.key} has changed"
            raise ChangedError(message, "List again.")

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        self.calls.append("versions")
        for key, versions in sorted(self.objects.items()):
            for found, _, _ in versions if key.startswith(prefix) else ():
                yield replace(found, latest=found is versions[-1][0])

    def properties(self, found: ObjectVersion) -> Properties:
        self.calls.append("properties")
        now, _, bears = self._of(found)
        self._refuse_changed(now, found)
        return bears

    def fetch(self, found: ObjectVersion) -> tuple[bytes, Properties]:
        return b"".join(self.read(found)), self.properties(found)

    def read(
        self, found: ObjectVersion, first: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        self.calls.append("read")
        end = found.size if length is None else min(found.size, first + length)
        for begin in range(first, end, PIECE):
            now, content, _ = self._of(found)
            self._refuse_changed(now, found)
            yield content[begin : min(end, begin + PIECE)]

    def write(
        self, key: str, content: IO[bytes], properties: Properties, *, create_only: bool = False
    ) -> Written:
        self.calls.append("write")
        data = content.read()
        refuse_unfit(self, key, len(data), properties)
        return self._put(key, data, properties, create_only=create_only)

    def _put(self, key: str, data: bytes, properties: Properties, *, create_only: bool) -> Written:
        if create_only and self.objects.get(key) and not self.objects[key][-1][0].marker:
            message = f"{self.name}: {key} exists"
            raise ExistsError(message, "Choose another key.")
        found = self._add(key, data, properties)
        return Written(found.version, found.entity)

    def mark(self, key: str) -> Written:
        self.calls.append("mark")
        found = self._add(key, b"", Properties(), marker=True)
        return Written(found.version, "")

    def begin(self, key: str, properties: Properties) -> Upload:
        refuse_unfit(self, key, 0, properties)
        upload = Upload(key, f"u{next(self._numbers)}", properties)
        self._parts[upload.identifier] = {}
        self._uploads[upload.identifier] = upload
        return upload

    def resume(self, upload: Upload) -> Sequence[UploadedPart]:
        parts = self._parts[upload.identifier]
        return [UploadedPart(number, len(parts[number]), "") for number in sorted(parts)]

    def part(self, upload: Upload, number: int, content: bytes) -> UploadedPart:
        self.calls.append("part")
        self._parts[upload.identifier][number] = content
        return UploadedPart(number, len(content), "")

    def complete(
        self, upload: Upload, parts: Sequence[UploadedPart], *, create_only: bool = False
    ) -> Written:
        sent = self._parts.pop(upload.identifier)
        del self._uploads[upload.identifier]
        data = b"".join(sent[part.number] for part in parts)
        return self._put(upload.key, data, upload.properties, create_only=create_only)

    def abort(self, upload: Upload) -> None:
        self._parts.pop(upload.identifier, None)
        self._uploads.pop(upload.identifier, None)

    def uploads(self, prefix: str = "") -> Iterator[Upload]:
        yield from (each for each in [*self._uploads.values()] if each.key.startswith(prefix))

    def tag(self, found: ObjectVersion, tags: Mapping[str, str]) -> None:
        refuse_unfit(self, found.key, found.size, Properties(tags=tags))
        self._change(found, tags=dict(tags))

    def lock(self, found: ObjectVersion, lock: Lock) -> None:
        former = self._of(found)[2].lock
        if former is not None and lock.until < former.until:
            message = f"{self.name}: {found.key}: a lock is not shortened"
            raise ProviderError(message, "Name a later end.")
        self._change(found, lock=lock)

    def hold(self, found: ObjectVersion, *, on: bool) -> None:
        self._change(found, held=on)

    def retag(self, key: str, tags: Mapping[str, str]) -> None:
        """Change tags as somebody does who changes neither entity nor time."""
        now, content, bears = self.objects[key][-1]
        self.objects[key][-1] = (now, content, replace(bears, tags=dict(tags)))

    def _change(self, found: ObjectVersion, **changes: object) -> None:
        now, content, bears = self._of(found)
        place = self.objects[found.key].index((now, content, bears))
        changed = replace(bears, **changes)  # type: ignore[arg-type]
        self.objects[found.key][place] = (now, content, changed)

    def delete(self, found: ObjectVersion) -> None:
        self.calls.append("delete")
        each = self._of(found)
        lock = each[2].lock
        if each[2].held or (lock and lock.until > dt.datetime.now(dt.UTC)):
            message = f"{self.name}: {found.key} is locked"
            raise ProviderError(message, "Wait until it ends.")
        self.objects[found.key].remove(each)


class UnmarkedStore(MemoryStore):
    """One that tells a deletion by the lack of a current version, and takes none back."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.abilities = self.abilities if self.abilities is not EVERYTHING else UNMARKED
        self._current: set[str] = set()

    def _add(
        self, key: str, content: bytes, bears: Properties, *, marker: bool = False
    ) -> ObjectVersion:
        self._current.add(key)
        return super()._add(key, content, bears, marker=marker)

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        for key, versions in sorted(self.objects.items()):
            for found, _, _ in versions if key.startswith(prefix) else ():
                latest = found is versions[-1][0] and key in self._current
                yield replace(found, latest=latest)
            if versions and key not in self._current and key.startswith(prefix):
                yield replace(versions[-1][0], version="", size=0, entity="", marker=True)

    def mark(self, key: str) -> Written:
        self.calls.append("mark")
        if self.abilities[Ability.MARKERS].support is Support.ABSENT:
            message = f"{self.name}: {key} is locked"
            raise ProviderError(message, "Wait until it ends.")
        if key not in self._current:
            message = f"{self.name}: {key} is gone"
            raise NotThereError(message, "List again.")
        self._current.remove(key)
        return Written("", "")

    def delete(self, found: ObjectVersion) -> None:
        if found.marker:
            message = f"{self.name}: {found.key}: a deletion is not taken back"
            raise ProviderError(message, "Write it again.")
        if found.version == self.objects[found.key][-1][0].version:
            self._current.discard(found.key)
        super().delete(found)

    def told(self) -> dict[str, list[bytes | None]]:
        """Bytes of every version by key, as it is listed; None for a deletion."""
        found: dict[str, list[bytes | None]] = {}
        for each in self.versions():
            content = None if each.marker else b"".join(self.read(each))
            found.setdefault(each.key, []).append(content)
        return found


@dataclass(frozen=True)
class Given:
    """Opens stores that stand already."""

    sides: Sides

    def __call__(self) -> Sides:
        return self.sides
