"""The losses ledger: what becomes of every property of what moves; nothing is dropped unsaid."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from havre.exit.records import encoded

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

ALL = "all"
"""Stands for every item of a scope."""


class LedgerFate(StrEnum):
    """What becomes of a property."""

    KEPT = "kept"
    MAPPED = "mapped"
    LOST = "lost"
    BLOCKING = "blocking"


@dataclass(frozen=True)
class LossDecision:
    """A person's word that something may be lost.

    Attributes:
        scope: such as `zone curated` or `database`; `all` for every one.
        item: key of an object or name of a thing, or `all`.
        property: what is lost, such as `tier`.
        who: the controller, or the person whom it named, that decided.
        why: their reason.
        when: the day.
    """

    scope: str
    item: str
    property: str
    who: str
    why: str
    when: dt.date

    def covers(self, entry: LedgerEntry) -> bool:
        """Whether it speaks of an entry."""
        named = self.scope in (ALL, entry.scope) and self.item in (ALL, entry.item)
        return named and self.property == entry.property

    def __str__(self) -> str:
        """It in one line."""
        return f"{self.who}, {self.when}: {self.why}"


@dataclass(frozen=True)
class LedgerEntry:
    """A line of the ledger.

    Attributes:
        scope: such as `zone curated` or `database`.
        item: key of an object or name of a thing, or `all` for every one of the scope.
        property: what of it, such as `tier` or `row security`.
        found: its value at the source; never a secret.
        became: its value at the target, or how it is mapped; empty where it is lost.
        fate: what becomes of it.
        remedy: the smallest act that unblocks it; empty where nothing blocks.
        decidable: whether a decision may let it be lost; two keys that meet cannot be decided.
        decision: who let it be lost, when and why; empty where nothing is lost.
    """

    scope: str
    item: str
    property: str
    found: str
    became: str
    fate: LedgerFate
    remedy: str = ""
    decidable: bool = False
    decision: str = ""

    def __str__(self) -> str:
        """It as a line of evidence, without its end."""
        named = (self.scope, self.item, self.property, self.found, self.became)
        return "\t".join((*map(encoded, named), self.fate.value, encoded(self.decision)))


def scope_of(zone: str) -> str:
    """The scope of a zone's lines."""
    return f"zone {zone}"


def undecided(
    scope: str, item: str, name: str, found: str, *, remedy: str = "Decide it in exit.yaml."
) -> LedgerEntry:
    """What the target cannot hold: it blocks until the controller decides that it may be lost."""
    return LedgerEntry(scope, item, name, found, "", LedgerFate.BLOCKING, remedy, decidable=True)


def decided(
    entries: Iterable[LedgerEntry], decisions: Sequence[LossDecision]
) -> Iterator[LedgerEntry]:
    """Entries with decisions applied: what blocked and may be decided is lost by name."""
    for entry in entries:
        found = next((each for each in decisions if each.covers(entry)), None)
        if entry.fate is LedgerFate.BLOCKING and entry.decidable and found:
            yield dataclasses.replace(entry, fate=LedgerFate.LOST, remedy="", decision=str(found))
        else:
            yield entry


def unused(entries: Sequence[LedgerEntry], decisions: Iterable[LossDecision]) -> list[LossDecision]:
    """Decisions that speak of nothing in the ledger: a word misspelt, or no longer needed."""
    return [each for each in decisions if not any(map(each.covers, entries))]
