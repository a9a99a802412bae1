"""Writing is taken from everybody but the exit, and given back: by the journal, killed or not.

What each store or database is to get back is in the journal, on the disk, before its first
right is taken, and is forgotten after the last one is given back.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from havre.capabilities import Support
from havre.errors import GuardError
from havre.exit.ledger import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from havre.exit.journal import Journal
    from havre.exit.settings import FrozenByHand
    from havre.live.writing.writers import Memory, WriterControl, WritersFound

MEMORY = "writers of "
"""Begins the name of the fact that tells what a store or database is to get back."""
SINCE = "taken from "
"""Begins the name of the fact that tells since when nobody writes."""


@dataclass(frozen=True)
class FrozenThing:
    """A store or database from which writing was taken.

    Attributes:
        name: such as `zone curated`.
        by: `hand`, or `havre`.
        found: who may write now.
        since: when writing was first found taken, UTC; None where it is not.
        until: until when what was issued before may still write, UTC.
        why: how that is known, or who took writing by hand and why.
    """

    name: str
    by: str
    found: WritersFound
    since: dt.datetime | None
    until: dt.datetime
    why: str


def refuse_untakeable(controls: Iterable[WriterControl], by_hand: Sequence[FrozenByHand]) -> None:
    """Refuse what neither the provider nor a named person froze.

    Raises:
        GuardError: there is such a thing; the message names each, with the provider's reason.
    """
    lacking = [each for each in controls if of_hand(each, by_hand) is None and absent(each)]
    if lacking:
        why = "; ".join(f"{each.name}: {each.supported.reason}" for each in lacking)
        message = f"Writing cannot be taken from here: {why}"
        remedy = "Take it by hand, then name who, why and when under `frozen_by_hand` in exit.yaml."
        raise GuardError(message, remedy)


def take(
    journal: Journal, control: WriterControl, by_hand: Sequence[FrozenByHand], now: dt.datetime
) -> FrozenThing:
    """Take writing, and say who may still write.

    Args:
        journal: of the exit.
        control: of the store or database.
        by_hand: what exit.yaml says was taken by hand.
        now: UTC.

    Raises:
        RetryError, ProviderError: as the service; what was taken is remembered.
    """
    former = memory(journal, control.name)
    known = control.remember(former)
    if known != former:
        journal.record_durably(MEMORY + control.name, json.dumps(known, sort_keys=True))
    control.take(known)
    return found(journal, control, by_hand, now)


def found(
    journal: Journal, control: WriterControl, by_hand: Sequence[FrozenByHand], now: dt.datetime
) -> FrozenThing:
    """Who may write to a store or database now; nothing is changed there.

    Since when nobody does is recorded the first time, and forgotten where somebody does again.

    Raises:
        RetryError, ProviderError: as the service.
    """
    name, hand = control.name, of_hand(control, by_hand)
    if hand is not None and absent(control):
        told = "by the same person's word" if hand.tokens_end else control.tokens.reason
        why = f"{hand.who}, {hand.when}: {hand.why} ({told})"
        taken, until = end_of(hand.when), tokens_end(hand, control)
        return FrozenThing(name, "hand", control.find({}), taken, until, why)
    writers = _excused(control.find(memory(journal, name)), name, by_hand)
    since = _since(journal, name, now, taken=not writers.still)
    until = (since or now) + control.tokens.longest
    return FrozenThing(name, "havre", writers, since, until, control.tokens.reason)


def tokens_end(hand: FrozenByHand, control: WriterControl) -> dt.datetime:
    """Until when what was issued may write, where a person took writing: by their word, or ours."""
    if hand.tokens_end is not None:
        return end_of(hand.tokens_end)
    return end_of(hand.when) + control.tokens.longest


def give_back(journal: Journal, control: WriterControl) -> bool:
    """Give back what was taken, then forget it; False where nothing was.

    Raises:
        RetryError, ProviderError: as the service; what is to be given back stays remembered.
    """
    known = memory(journal, control.name)
    if not known:
        return False
    control.give_back(known)
    with journal.together():
        for begin in (MEMORY, SINCE):
            journal.record(begin + control.name, "")
    return True


def memory(journal: Journal, name: str) -> Memory:
    """What a store or database is to get back; empty where nothing was taken."""
    told = journal.fact(MEMORY + name)
    return dict(json.loads(told)) if told else {}


def _since(journal: Journal, name: str, now: dt.datetime, *, taken: bool) -> dt.datetime | None:
    fact = SINCE + name
    former = journal.fact(fact)
    if not taken:
        journal.record(fact, "")
        return None
    if not former:
        journal.record(fact, now.isoformat())
    return dt.datetime.fromisoformat(former) if former else now


def _excused(found: WritersFound, thing: str, by_hand: Sequence[FrozenByHand]) -> WritersFound:
    """Who may write, with those for whom a person answers by name told apart."""
    words = in_words(thing, by_hand)
    known = {who: words[who] for who in found.still if who in words}
    still = {who: why for who, why in found.still.items() if who not in words}
    return replace(found, untaken={**found.untaken, **known}, still=still)


def in_words(thing: str, by_hand: Sequence[FrozenByHand]) -> dict[str, str]:
    """What persons say of those who cannot be taken from here, by name, for one thing."""
    return {
        who: f"{each.who}, {each.when}: {each.why}"
        for each in by_hand
        if each.scope == thing
        for who in each.names
    }


def end_of(day: dt.date) -> dt.datetime:
    """The end of a day, UTC."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), dt.UTC)


def of_hand(control: WriterControl, by_hand: Sequence[FrozenByHand]) -> FrozenByHand | None:
    """A person's word on a store or database; None: nobody gave one."""
    return next((each for each in by_hand if each.scope in (ALL, control.name)), None)


def absent(control: WriterControl) -> bool:
    """Whether writing can be taken by hand only."""
    return control.supported.support is not Support.NATIVE
