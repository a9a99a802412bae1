"""What is proved to be gone, and what is not: by tries, by its day, and by persons' words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.exit.retiring.absence import TryOutcome

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from havre.exit.retiring.absence import Tried
    from havre.exit.retiring.terms import RetiringTerms
    from havre.exit.settings import GoneByHand

BY_HAND = "name who saw that it is gone under `gone_by_hand` in exit.yaml"


def not_gone(
    terms: Sequence[RetiringTerms],
    found: Sequence[Tried],
    by_hand: Mapping[str, GoneByHand],
    today: dt.date,
) -> Iterator[str]:
    """What is not proved to be gone, in words.

    What still answers is not gone, whoever says so. No answer counts for nothing. What was not
    proved, or has no known last day, takes a person's word; what the provider keeps for a while,
    its day or a person's word.
    """
    matched: set[str] = set()
    for term in terms:
        tries = tries_of(term.name, found)
        matched |= {each.name for each in tries}
        if why := _not_gone(tries, term.name in by_hand) or _too_early(term, by_hand, today):
            yield f"{term.name}: {why}"
    for name in sorted({each.name for each in found} - matched):
        if why := _not_gone(tries_of(name, found), name in by_hand):
            yield f"{name}: {why}"


def _not_gone(tries: Sequence[Tried], word: bool) -> str:
    """Why the tries of one thing do not prove that it is gone."""
    answering = [each for each in tries if each.outcome is TryOutcome.ANSWERS]
    if answering:
        return ", ".join(map(spoken, answering))
    if word:
        return ""
    silent = [each for each in tries if each.outcome is TryOutcome.SILENT]
    if silent:
        return f"{', '.join(map(spoken, silent))}; try again, or {BY_HAND}"
    if any(each.proves for each in tries):
        return ""
    said = ", ".join(map(spoken, tries)) or "it cannot be tried from here"
    return f"{said}; {BY_HAND}"


def spoken(each: Tried) -> str:
    """A try in words."""
    by = f" {each.by}" if each.by else ""
    never = "; it did not answer when the end was scheduled, so that this proves nothing"
    ended = each.outcome in (TryOutcome.REFUSED, TryOutcome.GONE)
    return (
        f"{each.outcome} ({each.way}{by}): {each.said}{never if ended and not each.proves else ''}"
    )


def takes_word(missing: str, name: str) -> bool:
    """Whether what `not_gone` told is of this thing, and a person's word would prove it."""
    return missing.startswith(f"{name}: ") and missing.endswith(BY_HAND)


def _too_early(term: RetiringTerms, by_hand: Mapping[str, GoneByHand], today: dt.date) -> str:
    if term.name in by_hand:
        return ""
    if term.gone is None:
        return f"the day on which it is gone for good is not known; {BY_HAND}"
    return f"it is gone for good from {term.gone} on" if today < term.gone else ""


def tries_of(name: str, found: Sequence[Tried]) -> list[Tried]:
    """The tries of a thing: by its name, the one database, or a key that its name ends with."""
    kind, _, rest = name.partition(" ")
    if kind == "key":
        return [
            each
            for each in found
            if each.name.startswith("key ")
            and (rest == each.name[4:] or rest.endswith(each.name[4:]))
        ]
    return [each for each in found if each.name == ("database" if kind == "database" else name)]
