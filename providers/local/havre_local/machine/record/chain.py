"""A chain of lines: JSON objects, each with its number and the SHA-256 of the line before.

A line that was changed, removed, exchanged or put in breaks the chain after it. A chain that was
cut at its end is whole in itself: only its head, kept elsewhere, tells that. Whoever can write
the record and every place where its head is kept can write a new one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from havre.files.custody import Custody

START = "0" * 64
"""What the first line of all is bound to."""
SOURCE = "record"
"""The source of lines about the record itself."""
SEGMENT_BYTES = 16 << 20
"""Size at which a new file is begun; one is begun each day (UTC) as well."""

_MODE = 0o600
_DIGITS = 12
_SUFFIX = ".jsonl"


@dataclass(frozen=True)
class Head:
    """The last line of a chain: its number, and the SHA-256 of it in hexadecimal digits."""

    number: int = 0
    digest: str = START


@dataclass
class Verdict:
    """What a check of a chain found: its first number, its head, and where it breaks."""

    first: int = 1
    head: Head = Head()
    faults: list[str] = field(default_factory=list)


def digest(line: bytes) -> str:
    """Return the SHA-256 of a line, its newline left out."""
    return hashlib.sha256(line).hexdigest()


def segments(custody: Custody, directory: Path) -> list[Path]:
    """Return the files of a chain, in the order of their lines."""
    return [directory / name for name in custody.names(directory) if name.endswith(_SUFFIX)]


class Chain:
    """A chain to append to; one process does, at a time.

    Args:
        custody: what opens its files.
        directory: where its files are.
        head: the file in which its head is kept, best in another folder.

    Raises:
        GuardError: others can have written one of them.
    """

    def __init__(self, custody: Custody, directory: Path, head: Path) -> None:
        self._custody, self._directory, self._kept = custody, directory, head
        self.positions: dict[str, list[int]] = {}
        """Where each source was read to, as the last lines of the chain have it."""
        custody.make_folder(directory)
        self.head = self._resume()
        known = read_head(custody, head)
        if known is not None and (
            known.number > self.head.number
            or (known.number == self.head.number and known != self.head)
        ):
            self.append([(SOURCE, {"event": "broken", "head": known.__dict__}, None)])

    def append(self, entries: Sequence[tuple[str, Any, list[int] | None]]) -> None:
        """Append lines: source, entry, and up to where the source is read by that (or None).

        Raises:
            OSError: the disk is full. The chain ends as before, or has all lines and a former head.
        """
        if not entries:
            return
        with self._as_before():
            path = self._segment()
        with self._as_before():
            lines = []
            for source, entry, position in entries:
                if position is not None:
                    self.positions[source] = position
                lines.append(self._line(source, entry, position))
            self._write(path, b"".join(lines))
        content = json.dumps(self.head.__dict__).encode()
        self._custody.write(self._kept, content, _MODE)

    @contextlib.contextmanager
    def _as_before(self) -> Iterator[None]:
        """Know nothing of lines that could not be written."""
        before = self.head, {**self.positions}
        try:
            yield
        except OSError:
            self.head, self.positions = before
            raise

    def forget(self, before: dt.datetime) -> None:
        """Delete the files whose last line is older than that, and say so in the chain."""
        for path in segments(self._custody, self._directory)[:-1]:
            if self._custody.stat(path).st_mtime >= before.timestamp():
                return
            last = self._custody.read(path).splitlines()[-1]
            through = {"number": json.loads(last)["n"], "digest": digest(last)}
            self.append([(SOURCE, {"event": "deleted", "through": through}, None)])
            self._custody.remove(path)

    def _line(self, source: str, entry: Any, position: list[int] | None) -> bytes:
        content = {
            "n": self.head.number + 1,
            "time": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            "source": source,
            "entry": entry,
            "previous": self.head.digest,
            **({} if position is None else {"position": position}),
        }
        line = json.dumps(content, separators=(",", ":")).encode()
        self.head = Head(self.head.number + 1, digest(line))
        return line + b"\n"

    def _segment(self) -> Path:
        """Return the file to append to; a new one begins with where each source is read to."""
        found = segments(self._custody, self._directory)
        today = dt.datetime.now(dt.UTC).date()
        if found and (known := self._custody.stat(found[-1])).st_size < SEGMENT_BYTES:
            changed = dt.datetime.fromtimestamp(known.st_mtime, dt.UTC).date()
            if changed >= today:
                return found[-1]
        path = self._directory / f"{self.head.number + 1:0{_DIGITS}}{_SUFFIX}"
        positions = {"event": "begun", "positions": self.positions}
        self._write(path, self._line(SOURCE, positions, None))
        return path

    def _resume(self) -> Head:
        """Return the last whole line; half a line of a killed process was never part of it."""
        head = Head()
        for path in segments(self._custody, self._directory)[-1:]:
            data = self._custody.read(path)
            whole = data[: data.rfind(b"\n") + 1]
            if len(whole) < len(data):
                self._cut(path, len(whole))
            for line in whole.splitlines():
                content, fault = _read(line)
                self._note(content)
                # A line that was spoilt is told by `verify`; the record goes on after it.
                head = Head(head.number + 1 if fault else content["n"], digest(line))
            if not whole:
                self._custody.remove(path)
                return self._resume()
        return head

    def _note(self, content: Mapping[str, Any]) -> None:
        match content:
            case {"source": str(source), "position": [int(inode), int(end)]}:
                self.positions[source] = [inode, end]
            case {"source": "record", "entry": {"event": "begun", "positions": dict(positions)}}:
                self.positions = positions

    def _write(self, path: Path, data: bytes) -> None:
        """Append to a file, whole or not at all, and have it on the disk."""
        descriptor = self._custody.open_log(path)
        try:
            size = os.fstat(descriptor).st_size
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
                os.fdatasync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                if not size:
                    self._custody.remove(path)
                raise
        finally:
            os.close(descriptor)

    def _cut(self, path: Path, size: int) -> None:
        descriptor = self._custody.open(path, os.O_WRONLY)
        try:
            os.ftruncate(descriptor, size)
        finally:
            os.close(descriptor)


def read_head(custody: Custody, path: Path) -> Head | None:
    """Return the head that a file keeps, None if there is none.

    Raises:
        GuardError: others can have written it.
    """
    try:
        content = json.loads(custody.read(path))
        return Head(int(content["number"]), str(content["digest"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def verify(custody: Custody, directory: Path, *heads: Head) -> Verdict:
    """Check a chain: that each line is bound to the one before, and that it has the `heads`.

    Args:
        custody: what opens its files.
        directory: where its files are.
        heads: heads that were kept elsewhere, of this chain at some time.
    """
    verdict, digests, deleted = Verdict(), {}, []
    previous: Head | None = None
    for place, line in _lines(custody, directory):
        content, fault = _read(line)
        if fault:
            verdict.faults.append(f"{place}: {fault}")
            continue
        number = content["n"]
        before = Head(number - 1, content["previous"])
        if previous is None:
            verdict.first, first = number, before
        elif before != previous:
            verdict.faults.append(f"{place}: line {number} does not follow line {previous.number}")
        if content.get("source") == SOURCE:
            deleted += _told(content["entry"], place, verdict)
        previous = Head(number, digest(line))
        digests[number] = previous.digest
    if previous is not None:
        verdict.head = previous
        if first not in (Head(), *deleted):
            verdict.faults.append(f"line {verdict.first}: what was before it is gone, unsaid")
    verdict.faults += [
        f"line {head.number} is not the one whose digest was kept"
        for head in heads
        if head.number >= verdict.first and digests.get(head.number, START) != head.digest
    ]
    return verdict


def _lines(custody: Custody, directory: Path) -> Iterator[tuple[str, bytes]]:
    for path in segments(custody, directory):
        with custody.reader(path) as file:
            for count, line in enumerate(file, 1):
                if line.endswith(b"\n"):  # else it is being written, or never was whole
                    yield f"{path.name}:{count}", line.removesuffix(b"\n")


def _read(line: bytes) -> tuple[dict[str, Any], str]:
    """Return a line's content, or why it is none."""
    try:
        content = json.loads(line)
        if type(content["n"]) is int and isinstance(content["entry"], dict | str):
            return {**content, "previous": str(content["previous"])}, ""
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return {}, "is not a line of the record"


def _told(entry: Any, place: str, verdict: Verdict) -> list[Head]:
    """What a line about the record itself says: what was deleted, or that it was broken."""
    match entry:
        case {"event": "deleted", "through": {"number": int(number), "digest": str(found)}}:
            return [Head(number, found)]
        case {"event": "broken"}:
            verdict.faults.append(f"{place}: the end of the record was found cut off or changed")
    return []
