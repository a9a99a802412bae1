"""The lines of evidence: what a copy and its verification share, and nothing else.

A line is fields between tabs, ended by a line feed. What a person or a service named is
percent-encoded byte by byte (RFC 3986: all but unreserved characters and `/`), so that a line
cannot be broken by a name and `sort`, `cmp` and `sha256sum` are all that reads it. Lines are
sorted by their bytes, as `LC_ALL=C sort` does.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import heapq
import itertools
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, unquote

from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from havre.live.objects import Properties

NOTHING = "-"
"""Stands where a line has no value: a delete marker has no bytes."""
EMPTY = hashlib.sha256().hexdigest()
"""SHA-256 of no bytes: what a command that failed unseen would give on both sides."""
LOCK = "lock"
"""Name of the property that tells when a lock ends, in UTC, and its mode."""
_CHUNK = 200_000


def encoded(name: str) -> str:
    """A name as evidence shows it, such as `a%20b/%C3%A9`; bytes that are no UTF-8 survive."""
    return quote(name, safe="/", errors="surrogateescape")


def decoded(name: str) -> str:
    """The name that evidence shows."""
    return unquote(name, errors="surrogateescape")


def digest_of(properties: Mapping[str, str]) -> str:
    """SHA-256, in hexadecimal, of a sorted line `name TAB value` for each property but a lock."""
    kept = ((name, value) for name, value in properties.items() if name != LOCK)
    lines = (f"{encoded(name)}\t{encoded(value)}\n" for name, value in kept)
    return hashlib.sha256("".join(sorted(lines)).encode("ascii")).hexdigest()


def renamed_lines(renamed: Mapping[str, str]) -> list[str]:
    """Keys of the source with those of the target, as evidence shows them, sorted."""
    return ordered(f"{encoded(key)}\t{encoded(name)}" for key, name in renamed.items())


def told(bears: Properties) -> dict[str, str]:
    """What a version bears beside its bytes, by name as evidence shows it.

    A lock is among them and in no digest: the target's may end later, never earlier.
    """
    lock = {LOCK: f"{bears.lock.until:%Y-%m-%dT%H:%M:%SZ} {bears.lock.mode}"} if bears.lock else {}
    return {
        **lock,
        **bears.headers,
        **{f"metadata.{name}": value for name, value in bears.metadata.items()},
        **{f"tag.{name}": value for name, value in bears.tags.items()},
        **({"tier": bears.tier} if bears.tier else {}),
        **({"hold": "on"} if bears.held else {}),
    }


@dataclass(frozen=True)
class ObjectLine:
    """A version of an object, in a zone's manifest.

    Attributes:
        key: name of the object, not encoded.
        number: of the version among those of its key, 1 for the oldest.
        size: bytes; None for a delete marker.
        content: SHA-256 of the bytes, in hexadecimal; None for a delete marker.
        properties: SHA-256 of what it bears beside its bytes, as the target holds it.
    """

    key: str
    number: int
    size: int | None
    content: str | None
    properties: str

    def __str__(self) -> str:
        """The line, without its end."""
        size = NOTHING if self.size is None else str(self.size)
        fields = (encoded(self.key), str(self.number), size, self.content or NOTHING)
        return "\t".join((*fields, self.properties))


@dataclass(frozen=True)
class VersionLine:
    """Where a version went, in a zone's map of versions; nobody compares it.

    Attributes:
        key: name of the object, not encoded.
        number: of the version among those of its key, as in the manifest.
        source: its identifier at the source; empty where that keeps no versions.
        target: its identifier at the target; empty where that keeps no versions.
        modified: when the source says that it was written, microseconds since 1970.
    """

    key: str
    number: int
    source: str
    target: str
    modified: int

    def __str__(self) -> str:
        """The line, without its end."""
        written = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=self.modified)
        ids = (encoded(each) or NOTHING for each in (self.source, self.target))
        return "\t".join(
            (encoded(self.key), str(self.number), *ids, f"{written:%Y-%m-%dT%H:%M:%S.%fZ}")
        )


@dataclass(frozen=True)
class DatabaseLine:
    """A thing of a database, in its manifest.

    Attributes:
        kind: such as `table`, `sequence`, `role`, `grant`, `large objects`.
        name: of the thing, not encoded.
        rows: how many it has, or how many lines describe it.
        content: SHA-256 of them, in hexadecimal.
    """

    kind: str
    name: str
    rows: int
    content: str

    def __str__(self) -> str:
        """The line, without its end.

        Raises:
            InputError: it claims rows and has the digest of nothing, or the reverse.
        """
        if (self.content == EMPTY) != (self.rows == 0):
            message = f"{self.kind} {self.name}: {self.rows} rows and the digest {self.content}"
            raise InputError(message, "The query failed or was cut off: run the step again.")
        return "\t".join((encoded(self.kind), encoded(self.name), str(self.rows), self.content))


def ordered(lines: Iterable[object]) -> list[str]:
    """Lines as a manifest holds them, sorted by their bytes; all of them in memory."""
    return sorted(map(str, lines))


def write_ordered(path: Path, lines: Iterable[object]) -> int:
    """Write a manifest whose lines are sorted by their bytes; memory holds a part of them.

    Returns:
        How many lines there are.

    Raises:
        OSError: it cannot be written; a former file then stands.
    """
    count, rest = 0, iter(lines)
    with contextlib.ExitStack() as open_files:
        folder = open_files.enter_context(tempfile.TemporaryDirectory(dir=path.parent))
        chunks: list[IO[str]] = []
        while chunk := ordered(itertools.islice(rest, _CHUNK)):
            count += len(chunk)
            file = open_files.enter_context((Path(folder) / str(len(chunks))).open("w+"))
            file.writelines(f"{line}\n" for line in chunk)
            file.seek(0)
            chunks.append(file)
        whole = Path(folder) / "whole"
        with whole.open("w") as merged:
            merged.writelines(heapq.merge(*chunks))
        whole.replace(path)
    return count


def unpaired(left: Iterable[str], right: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Lines that only one of two sorted sequences has, each with its side."""
    ours, theirs = iter(left), iter(right)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if one == other:
            one, other = next(ours, None), next(theirs, None)
        elif other is None or (one is not None and one < other):
            yield "left", str(one)
            one = next(ours, None)
        else:
            yield "right", other
            other = next(theirs, None)
