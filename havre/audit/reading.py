"""Logs read from the first line to the last, and of their accesses those that are asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre.audit.accesses import UNREADABLE, Access, AccessOutcome, Act, Tally
from havre.errors import InputError
from havre.spec.model import is_pseudonym

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from havre.audit.accesses import Actor
    from havre.audit.chain import Chain
    from havre.audit.logs import AccessLogs, LineReader, LogFile


@dataclass(frozen=True)
class AccessSearch:
    """Which accesses are asked for. A line that cannot be read may be any of them: it is shown.

    Attributes:
        project: name of the project whose identities acted.
        zones: zones in which anyone's accesses are asked for as well.
        since: earliest time, as `Access.time`; empty: from the first on.
        until: latest time, exclusive; empty: up to the last.
        member: identifier of the one member; empty: all.
        acts: what was done; empty: anything.
        outcomes: how it ended; empty: in any way.
    """

    project: str
    zones: frozenset[str] = frozenset()
    since: str = ""
    until: str = ""
    member: str = ""
    acts: frozenset[Act] = frozenset()
    outcomes: frozenset[AccessOutcome] = frozenset()
    _acts: frozenset[str] = field(init=False)
    _outcomes: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_acts", frozenset(each.value for each in self.acts))
        object.__setattr__(self, "_outcomes", frozenset(each.value for each in self.outcomes))

    def has(self, access: Access, actors: Mapping[str, Actor]) -> bool:
        """Whether an access is one of them."""
        if access.time and not self._within(access.time):
            return False
        if access.what == UNREADABLE:
            return True
        actor = actors.get(access.who or access.claimed)
        if self.member and (actor is None or actor.member != self.member):
            return False
        ours = actor is not None and actor.project == self.project
        if not ours and access.zone not in self.zones:
            return False
        if self._acts and access.what not in self._acts:
            return False
        return not self._outcomes or access.outcome in self._outcomes

    def _within(self, time: str) -> bool:
        return self.since <= time and not (self.until and time >= self.until)


def accesses(reader: LineReader, files: Iterable[LogFile], tally: Tally) -> Iterator[Access]:
    """Every access in files of logs, in the order in which it is known how each ended.

    Args:
        reader: of their lines.
        files: in their order.
        tally: what is counted into.
    """
    read = reader.read
    for file in files:
        number, name = 0, file.name
        for line in file.lines():
            number += 1
            found = read(line.removesuffix(b"\n"), f"{name}:{number}")
            if found:
                yield from _counted(found, tally)
        tally.lines += number
    yield from _counted(reader.end(), tally)
    tally.unrecorded = dict(reader.unrecorded())


def _counted(found: Sequence[Access], tally: Tally) -> Sequence[Access]:
    for access in found:
        if access.what == UNREADABLE:
            tally.unreadable += 1
        else:
            tally.accesses += 1
    return found


def record(
    logs: AccessLogs, files: Iterable[LogFile], asked: AccessSearch, tally: Tally, chain: Chain
) -> Iterator[tuple[Access, bytes]]:
    """The accesses that are asked for, each with its line of the record.

    Args:
        logs: of the warehouse.
        files: in their order.
        asked: which accesses.
        tally: what is counted into.
        chain: that binds the lines.

    Raises:
        InputError: a member is asked for by another identifier than a pseudonym.
    """
    refuse_name(asked.member)
    for access in accesses(logs.reader(), files, tally):
        if asked.has(access, logs.actors):
            tally.shown += access.what != UNREADABLE
            yield access, chain.line(access.as_json(logs.actors))


def refuse_name(member: str) -> None:
    """Refuse to look for a member by anything but a pseudonym, which it does not repeat.

    Raises:
        InputError: it is not one.
    """
    if member and not is_pseudonym(member):
        message = "--member: not a pseudonym such as m-3f9c27d1, and logs contain no other"
        raise InputError(message, "Name a member of the warehouse file by a pseudonym.")


def line_digest(line: bytes) -> str:
    """SHA-256 of a line of a log, without its newline, in hexadecimal digits."""
    return hashlib.sha256(line).hexdigest()
