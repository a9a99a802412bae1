"""The record as a log of accesses: who did what in the object store and in PostgreSQL."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from havre.audit.accesses import Access, unreadable
from havre.audit.actors import Actors, roles, tables
from havre.audit.logs import AccessLogs, LogFile
from havre.audit.sessions import Message, Sessions
from havre_local.machine.postgresql import log
from havre_local.machine.record import chain, collector
from havre_local.machine.record.requests import access

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from havre.provider.outputs import Outputs
    from havre_local.machine.folder import Folder

FRONT = "postgresql-tls"
"""The source whose lines tell which account of the machine began a session."""
BLIND = (
    "The object store does not log from where a request came.",
    "Without pgaudit, tables are those that a statement names, not those that a view reads.",
)
_MASKED = "[masked"


def access_logs(folder: Folder, outputs: Outputs) -> AccessLogs:
    """The record of a folder, for the warehouse of outputs."""
    zones = {address.bucket: zone for zone, address in outputs.zones.items()}
    actors = Actors(roles(outputs.projects))  # a project has one name in both services

    def reader() -> RecordReader:
        sessions = Sessions(collector.DATABASE, tables(outputs.zones))
        return RecordReader(zones, sessions)

    return AccessLogs(actors, reader, lambda: _files(folder), BLIND)


def _files(folder: Folder) -> Iterator[LogFile]:
    for path in chain.segments(folder.custody, collector.directory(folder)):
        yield LogFile(path.name, partial(_lines, folder, path))


def _lines(folder: Folder, path: Path) -> Iterator[bytes]:
    """The lines of a file, but for one that is being written."""
    with folder.custody.reader(path) as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line


def _decoded(line: bytes) -> Any:
    """What a line of JSON says; the faster reader refuses halves of characters."""
    try:
        return from_json(line)
    except ValueError:
        return json.loads(line)


@dataclass
class _Origins:
    """Which account of the machine began the sessions of a process of PostgreSQL.

    A process serves one session after another never: its number comes again with another one,
    which began later. What the front says of a session it says after its beginning.
    """

    told: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)

    def note(self, entry: Mapping[str, Any]) -> None:
        """Keep what the front says of a session."""
        if entry.get("event") == "session" and "backend" in entry:
            began = int(dt.datetime.fromisoformat(str(entry.get("time"))).timestamp())
            account = f"account {entry.get('account')} ({entry.get('uid')})"
            heard = (began, str(entry.get("user")), account)
            self.told.setdefault(str(entry["backend"]), []).append(heard)

    def of(self, message: Message, role: str) -> str:
        """The account behind the session of a message; empty where it is not told."""
        begun = int(message.session.partition(".")[0], 16)
        for heard, user, account in self.told.get(message.pid, ()):
            if heard >= begun:
                return account if user == role else ""
        return ""


@dataclass
class RecordReader:
    """Implements `havre.audit.logs.LineReader`: it also checks that each line follows the other.

    Attributes:
        zones: by bucket.
        sessions: of PostgreSQL.
    """

    zones: Mapping[str, str]
    sessions: Sessions
    _origins: _Origins = field(default_factory=_Origins)
    _previous: str = ""
    _held: tuple[list[str], str, str] | None = None
    _dropped: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sessions.origin = self._origins.of

    def read(self, line: bytes, place: str) -> Sequence[Access]:
        """The accesses that are known with a line of the record."""
        digest = hashlib.sha256(line).hexdigest()
        try:
            content = _decoded(line)
            source, entry = content["source"], content["entry"]
            follows = self._previous in ("", content["previous"])
        except (ValueError, KeyError, TypeError, RecursionError):
            self._previous = digest
            told = "is not a line of the record"
            return (unreadable(told, chain.SOURCE, place, digest),)
        self._previous = digest
        found = self._entry(source, entry, place, digest)
        if follows:
            return found
        told = "does not follow the line before it: the record was changed"
        return (unreadable(told, chain.SOURCE, place, digest), *found)

    def _entry(self, source: str, entry: Any, place: str, digest: str) -> Sequence[Access]:
        if source == collector.DATABASE and isinstance(entry, str):
            return self._message(entry, place, digest)
        if not isinstance(entry, dict):
            return ()
        if source == collector.SERVER and entry.get("event") == "request":
            made = access(entry, self.zones, place, digest)
            return () if made is None else (made,)
        if source == FRONT:
            self._origins.note(entry)
        elif source == chain.SOURCE and entry.get("event") == "dropped":
            left_out = str(entry.get("source"))
            self._dropped[left_out] = self._dropped.get(left_out, 0) + int(entry.get("count", 0))
        elif source == chain.SOURCE and entry.get("event") == "broken":
            told = "the end of the record was found cut off or changed here"
            return (unreadable(told, chain.SOURCE, place, digest),)
        return ()

    def _message(self, text: str, place: str, digest: str) -> Sequence[Access]:
        """Put the lines of a message together; the message before them is whole."""
        if self._held is not None and text.startswith("\t"):
            self._held[0].append(text[1:])
            return ()
        before, self._held = self._held, ([text], place, digest)
        return self._read(before)

    def _read(self, held: tuple[list[str], str, str] | None) -> Sequence[Access]:
        if held is None:
            return ()
        lines, place, digest = held
        found = log.LINE.fullmatch("\n".join(lines))
        if found is None:
            if not lines[0].startswith(_MASKED):
                return ()  # not PostgreSQL's own, such as a loader's
            told = "was too long to be recorded, or cut: it is masked"
            return (unreadable(told, collector.DATABASE, place, digest),)
        time, pid, session, severity, text = found.groups()
        moment = f"{time[:10]}T{time[11:23]}Z"
        return self.sessions.take(Message(moment, pid, session, severity, text, place, digest))

    def end(self) -> Sequence[Access]:
        """Those that waited for a further line."""
        held, self._held = self._held, None
        return (*self._read(held), *self.sessions.end())

    def unrecorded(self) -> Mapping[str, int]:
        """Requests without a key and sessions without a password that were only counted."""
        return self._dropped
