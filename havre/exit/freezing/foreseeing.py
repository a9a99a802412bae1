"""From whom a freeze would take writing, and to whom a thaw would give it back; nothing is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.errors import GuardError
from havre.exit.freezing.taking import (
    absent,
    in_words,
    memory,
    of_hand,
    refuse_untakeable,
    tokens_end,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from havre.exit.journal import Journal
    from havre.exit.settings import FrozenByHand
    from havre.live.writing.writers import WriterControl


@dataclass(frozen=True)
class WritingForeseen:
    """Who would lose writing to a store or database, or get it back.

    Attributes:
        thing: such as `zone curated`.
        by: `hand`, or `havre`.
        moving: how, by name of those who would.
        untaken: why, by name of those from whom it cannot be taken.
        still: why, by name of those who should lose it and would not.
        tokens_end: until when what was issued before may write, ISO 8601; empty: nothing is taken.
        why: how that is known, or who took writing by hand and why.
        blocked: why nothing can be taken from here; empty where it can.
    """

    thing: str
    by: str
    moving: Mapping[str, str]
    untaken: Mapping[str, str]
    still: Mapping[str, str]
    tokens_end: str
    why: str
    blocked: str = ""


def would_take(
    journal: Journal, control: WriterControl, by_hand: Sequence[FrozenByHand], now: dt.datetime
) -> WritingForeseen:
    """Who would lose writing, and until when tokens may write.

    Args:
        journal: of the exit.
        control: of the store or database.
        by_hand: what exit.yaml says was taken by hand.
        now: UTC.

    Raises:
        RetryError, ProviderError: as the service.
    """
    until, hand = now + control.tokens.longest, of_hand(control, by_hand)
    if hand is not None and absent(control):
        until = tokens_end(hand, control)
        why = f"{hand.who}, {hand.when}: {hand.why}"
        return WritingForeseen(control.name, "hand", {}, {}, {}, until.isoformat(), why)
    found = control.would_take(control.remember(memory(journal, control.name)))
    words = in_words(control.name, by_hand)
    known = {who: words[who] for who in found.still if who in words}
    return WritingForeseen(
        control.name,
        "havre",
        dict(found.moving),
        {**found.untaken, **known},
        {who: why for who, why in found.still.items() if who not in words},
        until.isoformat(),
        control.tokens.reason,
        _lacking(control, by_hand),
    )


def would_give_back(journal: Journal, control: WriterControl) -> WritingForeseen:
    """Who would get writing back.

    Raises:
        RetryError, ProviderError: as the service.
    """
    known = memory(journal, control.name)
    moving = control.would_give_back(known).moving if known else {}
    return WritingForeseen(control.name, "havre", dict(moving), {}, {}, "", "")


def _lacking(control: WriterControl, by_hand: Sequence[FrozenByHand]) -> str:
    try:
        refuse_untakeable([control], by_hand)
    except GuardError as error:
        return f"{error.message}. {error.remedy}"
    return ""
