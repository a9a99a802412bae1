"""Collects the services' logs into the record, and gives the disk back what was collected.

PostgreSQL writes statements as they come, passwords in them too, and no setting keeps them out.
What can hold one is recorded without its constants, and overwritten in PostgreSQL's own log: it
stays there until it is collected, for some seconds where the supervisor runs. A copy of the log
made meanwhile, and what the disk keeps of overwritten files, have it.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime as dt
import json
import os
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from havre_local.machine.postgresql import log
from havre_local.machine.record.chain import SOURCE, Chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from havre_local.machine.folder import Folder

KEPT_BYTES = 4 << 20
"""How much of a log stays readable where its service writes it, once it was collected."""
STRANGERS_AT_ONCE = 2000.0
STRANGERS_A_SECOND = 1.0
"""Lines of one service about requests without a key, or sessions without a password, that are
recorded, on average; others are counted."""

_CHUNK = 1 << 20
_LONGEST = 32 << 20
"""Bytes of a message of PostgreSQL; of a longer one only its length is recorded."""
_FORGET_SECONDS = 3600.0
_REPORT_SECONDS = 60.0
_KEEP_SIZE_PUNCH_HOLE = 3
_BLOCK = 4096
_REQUEST = re.compile(
    r" \[\d\d/[A-Z][a-z]+/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] \S+ (\S+) [0-9A-Z]{16} \S+ "
)
NOBODY = "-"
DATABASE = "postgresql"
"""The source whose lines can hold passwords."""
SERVER = "object-store"
_libc = ctypes.CDLL(None, use_errno=True)


def directory(folder: Folder) -> Path:
    """Where the record's files are."""
    return folder.logs / "record"


def head_path(folder: Folder) -> Path:
    """Where the record's head is kept."""
    return folder.state / "record-head.json"


def requester(line: str) -> str | None:
    """Return whose request a line of versitygw's log is; `-`: without a key; None: it is unclear.

    What the server makes itself (time, identifier) comes first, unless the bucket's name was made
    to look like it: then that text stands in the request's address as well, encoded.
    """
    found = _REQUEST.search(line)
    if found is None:
        return None
    imitated = any(
        found[0].strip() in unquote(word) for word in line.split() if word.startswith("/")
    )
    return None if imitated else found[1]


@dataclass
class _Room:
    """How many more lines of strangers are recorded of one service, and how many were not."""

    left: float = field(default_factory=lambda: STRANGERS_AT_ONCE)
    since: float = field(default_factory=time.monotonic)
    dropped: int = 0

    def take(self) -> bool:
        """Whether one more is recorded; else it is counted."""
        now = time.monotonic()
        earned = (now - self.since) * STRANGERS_A_SECOND
        self.left, self.since = min(STRANGERS_AT_ONCE, self.left + earned), now
        if self.left < 1:
            self.dropped += 1
            return False
        self.left -= 1
        return True


class Collector:
    """Appends what is new in the logs to the record, each time that it is asked to."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._rooms: defaultdict[str, _Room] = defaultdict(_Room)
        self._strangers = log.Strangers()
        self._reported = time.monotonic()
        self._forgotten = float("-inf")
        self._seen = -1

    @cached_property
    def _chain(self) -> Chain:
        return Chain(self._folder.custody, directory(self._folder), head_path(self._folder))

    def collect(self) -> None:
        """Append what is new, tell what was left out, delete what was kept long enough.

        Raises:
            GuardError: others can have written a log, or the record.
            OSError: the disk is full, or a log cannot be read.
        """
        for name in self._folder.custody.names(self._folder.logs):
            if name.endswith(".log"):
                self._collect(self._folder.logs / name)
        now = time.monotonic()
        if now - self._reported >= _REPORT_SECONDS:
            self._report()
            self._reported = now
        if now - self._forgotten >= _FORGET_SECONDS:
            self._forget()
            self._forgotten = now

    def _report(self) -> None:
        """Tell how many lines were left out, by the service that wrote them."""
        for source, room in self._rooms.items():
            if room.dropped:
                told = {"event": "dropped", "source": source, "count": room.dropped}
                self._chain.append([(SOURCE, told, None)])
                room.dropped = 0

    def _collect(self, path: Path) -> None:
        source = path.stem
        descriptor = self._folder.custody.open(path, os.O_RDWR)
        try:
            found = os.fstat(descriptor)
            inode, start = self._chain.positions.get(source, [found.st_ino, 0])
            if inode != found.st_ino or start > found.st_size:
                start = 0  # another file stands there now
            if source == DATABASE:
                start = self._collect_messages(descriptor, found, start)
            while source != DATABASE and (data := os.pread(descriptor, _CHUNK, start)):
                whole = data[: data.rfind(b"\n") + 1]
                if not whole and len(data) < _CHUNK:
                    break
                whole = whole or data  # a line longer than that is recorded in parts
                self._chain.append([*self._entries(source, whole, found.st_ino, start)])
                start += len(whole)
                self._chain.positions[source] = [found.st_ino, start]
            _release(descriptor, start - KEPT_BYTES)
        finally:
            os.close(descriptor)

    def _collect_messages(self, descriptor: int, found: os.stat_result, start: int) -> int:
        """Append PostgreSQL's messages, each whole; return up to where the log is read.

        The last one may be half written: it waits until the log has stayed as it is.
        """
        settled = found.st_size == self._seen
        self._seen, size = found.st_size, _CHUNK
        start = _data_from(descriptor, start)
        while data := os.pread(descriptor, min(size, found.st_size - start), start):
            ends = start + len(data) == found.st_size
            groups = list(log.groups(log.split(data)))
            whole = ends and settled and data.endswith(b"\n")
            if not whole and (len(groups) > 1 or len(data) < _LONGEST):
                groups.pop()
            start = self._record(descriptor, groups, found.st_ino, start)
            if ends:
                break
            size = _CHUNK if groups else size * 2
        return start

    def _record(self, descriptor: int, groups: list[list[bytes]], inode: int, start: int) -> int:
        """Append messages with their details, after what was masked is overwritten."""
        entries: list[tuple[str, Any, list[int] | None]] = []
        overwritten = False
        for group in groups:
            data = b"".join(group)
            texts = log.masked(group)
            if len(data) >= _LONGEST or _begun_before(descriptor, data, start):
                texts = [f"[masked: {len(data)} bytes of a message]"]
            end = start + len(data)
            if texts is not None:
                _overwrite(descriptor, texts, len(data), start)
                overwritten = True
            if not self._strangers.said(group) or self._rooms[DATABASE].take():
                entries += (
                    self._entries(DATABASE, data, inode, start)
                    if texts is None
                    else [(DATABASE, text, [inode, end]) for text in texts]
                )
            start = end
        if entries or overwritten:
            os.fdatasync(descriptor)
        self._chain.append(entries)
        if groups:
            self._chain.positions[DATABASE] = [inode, start]
        return start

    def _entries(
        self, source: str, data: bytes, inode: int, start: int
    ) -> Iterator[tuple[str, Any, list[int] | None]]:
        for line in log.split(data):
            start += len(line)
            entry = _entry(line.rstrip(b"\n").lstrip(b"\0"))
            if self._recorded(entry):
                yield source, entry, [inode, start]

    def _recorded(self, entry: dict[str, Any] | str) -> bool:
        """Whether a line is recorded: always, unless it is one of too many without a key."""
        if not isinstance(entry, dict) or entry.get("event") != "request":
            return True
        entry["requester"] = requester(str(entry.get("line", "")))
        if entry["requester"] not in (None, NOBODY):
            return True
        return self._rooms[SERVER].take()

    def _forget(self) -> None:
        """Delete what was kept as long as asked."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            policy = json.loads(self._folder.custody.read(self._folder.logs / "policy.json"))
            kept = dt.timedelta(days=int(policy["retention_days"]))
            self._chain.forget(dt.datetime.now(dt.UTC) - kept)


def _entry(line: bytes) -> dict[str, Any] | str:
    """Return a line as a JSON object if it is one, else as text."""
    text = line.decode("utf-8", "backslashreplace")
    with contextlib.suppress(ValueError, RecursionError):
        content = json.loads(text)
        if isinstance(content, dict):
            return content
    return text


def _data_from(descriptor: int, start: int) -> int:
    """Return where data begins at or after `start`: what was given back to the disk is none."""
    try:
        return os.lseek(descriptor, start, os.SEEK_DATA)
    except OSError:  # there is none
        return start


def _begun_before(descriptor: int, data: bytes, start: int) -> bool:
    """Whether a message begins before `start`: a piece of one tells not where its constants end."""
    return data.startswith(b"\t") or (start > 0 and os.pread(descriptor, 1, start - 1) != b"\n")


def _overwrite(descriptor: int, messages: list[str], size: int, start: int) -> None:
    """Put messages in the place of what is in a log, cut or filled up to the same size."""
    text = "\n".join(message.replace("\n", "\n\t") for message in messages)
    content = text.encode("utf-8", "replace")[: size - 1].ljust(size - 1)
    os.pwrite(descriptor, content + b"\n", start)


def _release(descriptor: int, end: int) -> None:
    """Give the disk back what a log holds before `end`; its service goes on appending."""
    end -= end % _BLOCK
    if end > 0:
        _libc.fallocate(descriptor, _KEEP_SIZE_PUNCH_HOLE, ctypes.c_long(0), ctypes.c_long(end))
