"""What a seal says, as plain values: it knows no store, no database and no journal."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from havre.errors import InputError
from havre.exit.records import encoded
from havre.probe.answers import ProbeOutcome

if TYPE_CHECKING:
    from havre.exit.ledger import LedgerEntry
    from havre.probe.record import ProbeRecord

Lines: TypeAlias = Path | Iterable[str]
"""A file of lines, or lines without their ends; both sorted as evidence is."""
_ONE_LINE = re.compile(r"\S(?:[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*\S)?")


class Level(StrEnum):
    """What was moved."""

    REHEARSAL = "rehearsal"
    REAL = "real"


@dataclass(frozen=True)
class Leaving:
    """Which warehouse left, from where and for where.

    Attributes:
        warehouse: its name.
        source: the provider that it left, by name.
        target: the provider that took it over.
        level: whether the warehouse itself left, or this is a rehearsal.
        began: when the exit began; with a time zone.
        ended: when the last object was read back from the target; with a time zone.
        controller: who answers for the data.
        host: the legal entity that hosted it.
        decisions: references of the decisions that the exit rests on.
        frozen: since when nobody but the exit wrote to the source, and nothing changed there;
            None: it was not frozen.
        by_hand: who took writing by hand where Havre cannot, and why.
        readers: by whose credential each zone and the database were read back.
        next_host: the legal entity that hosts it now; empty: not known.
        untaken: from whom nobody took writing, and why, in a line each.
        next_warehouse: its name at the target; empty: not known.
        sandboxes: which of `source` and `target` was a sandbox, and no provider's service.
        probed: when the target was probed, and how its promises were seen; empty: it was not.
    """

    warehouse: str
    source: str
    target: str
    level: Level
    began: dt.datetime
    ended: dt.datetime
    controller: str
    host: str
    decisions: tuple[str, ...] = ()
    frozen: dt.datetime | None = None
    by_hand: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    next_host: str = ""
    untaken: tuple[str, ...] = ()
    next_warehouse: str = ""
    sandboxes: tuple[str, ...] = ()
    probed: str = ""

    def check(self) -> None:
        """Refuse what cannot be written in one line each, or cannot be.

        Raises:
            InputError: a text is empty or holds a control character, or a time has no zone.
        """
        texts = (self.warehouse, self.source, self.target, self.controller, self.host)
        named = [each for each in (self.next_host, self.next_warehouse, self.probed) if each]
        listed = (*self.decisions, *self.by_hand, *self.untaken, *self.readers)
        for text in (*texts, *named, *listed):
            if not _ONE_LINE.fullmatch(text):
                message = f"the seal cannot say {text!r} in one line"
                raise InputError(message, "Use text without line breaks or control characters.")
        if self.began.tzinfo is None or self.ended.tzinfo is None or self.ended < self.began:
            message = f"the exit began at {self.began} and ended at {self.ended}"
            raise InputError(message, "Give both with a time zone, the beginning first.")


@dataclass(frozen=True)
class ZoneSides:
    """The objects of a zone, as each side has them.

    Attributes:
        name: of the zone.
        source: lines (`ObjectLine`) that were made while the bytes were copied.
        target: lines that were made while they were read back.
        count: how many versions the inventory counted; a side with fewer or more is refused.
        versions: lines (`VersionLine`) that say where each version went, in any order;
            None: nobody recorded it.
        renamed: the source's key with the target's, a line each, where they differ; everything
            else of the zone bears the target's.
    """

    name: str
    source: Lines
    target: Lines
    count: int
    versions: Iterable[str] | None = None
    renamed: Sequence[str] = ()


@dataclass(frozen=True)
class DatabaseSides:
    """A database, as each side has it.

    Attributes:
        name: of the database.
        source: lines (`DatabaseLine`) of the source.
        target: lines of the target.
        count: how many things the inventory counted; a side with fewer or more is refused.
        queries: the SQL and the settings by which the digests are made again.
    """

    name: str
    source: Lines
    target: Lines
    count: int
    queries: str


@dataclass(frozen=True)
class RetireLine:
    """What becomes of one thing at the source.

    Attributes:
        store: what is retired, such as `zone curated`.
        act: such as `key destruction scheduled` or `gone`.
        earliest: the first day on which the law and its locks let it go; the last of all days
            where it is not known.
        done: when it was done; None where it is still to do.
        request: the provider's identifier of the request.
        witness: who saw it.
    """

    store: str
    act: str
    earliest: dt.date
    done: dt.datetime | None = None
    request: str = ""
    witness: str = ""

    def __str__(self) -> str:
        """The line, without its end."""
        done = "" if self.done is None else moment(self.done)
        day = self.earliest.isoformat() if self.earliest < dt.date.max else ""
        fields = (self.store, self.act, day, done, self.request, self.witness)
        return "\t".join(map(encoded, fields))


@dataclass(frozen=True)
class TryLine:
    """What became of a try of something that leads to the source.

    Attributes:
        thing: to which it leads, such as `zone curated`.
        way: by what: a word of `TRY_WAYS`.
        by: which of several: name of a project, SHA-256 of a signed URL.
        outcome: a word of `TRY_OUTCOMES`.
        said: what was found, in words.
    """

    thing: str
    way: str
    by: str
    outcome: str
    said: str

    def __str__(self) -> str:
        """The line, without its end."""
        return "\t".join(map(encoded, (self.thing, self.way, self.by, self.outcome, self.said)))


@dataclass(frozen=True)
class Contents:
    """Everything that is sealed.

    Attributes:
        departure: which warehouse left.
        zones: their objects on both sides.
        databases: their tables and the rest on both sides.
        losses: the losses ledger, decided.
        plan: the plan of the exit, as JSON.
        findings: what was found on both sides, as JSON.
        retire: what becomes of the source.
        logs: lines about each file of audit logs that is kept: name, bytes, SHA-256, until when.
        probes: what probes saw of the target; None: it was not probed.
    """

    departure: Leaving
    zones: tuple[ZoneSides, ...]
    databases: tuple[DatabaseSides, ...]
    losses: Iterable[LedgerEntry]
    plan: bytes
    findings: bytes
    retire: tuple[RetireLine, ...] = ()
    logs: tuple[str, ...] = ()
    probes: ProbeRecord | None = None


def probed(record: ProbeRecord | None) -> str:
    """When a warehouse was probed, and how its promises were seen; empty: it was not."""
    if record is None:
        return ""
    counts = Counter(each.outcome for each in record.sightings)
    told = "; ".join(f"{counts[each]} {each.value}" for each in ProbeOutcome if counts[each])
    return f"{moment(record.at)}: {told or 'nothing was tried'}"


def file_name(name: str) -> str:
    """Name of a zone or database as part of a file's: ASCII, one for each, with neither / nor %."""
    return encoded(name).replace("%", "=").replace("/", "=2F")


def moment(at: dt.datetime) -> str:
    """A moment in UTC, as every file of a seal writes it."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
