"""What is gone: refused, late enough, or seen by a person; what still answers never is."""

import datetime as dt

import pytest

from havre.exit.retiring.absence import Tried, TryOutcome
from havre.exit.retiring.proof import not_gone
from havre.exit.retiring.terms import RetiringTerms
from havre.exit.settings import GoneByHand

TODAY = dt.date(2027, 3, 1)
EARLY, LATE = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)


def term(name: str, gone: dt.date | None = EARLY) -> RetiringTerms:
    return RetiringTerms(name, EARLY, gone, ())


def found(name: str, outcome: TryOutcome, before: TryOutcome | None = None) -> list[Tried]:
    led = TryOutcome.ANSWERS if before is None else before
    return [Tried(name, outcome, f"said of {name}", before=led)]


def word(scope: str) -> dict[str, GoneByHand]:
    return {scope: GoneByHand(scope=scope, who="A clerk", why="Saw it.", when=EARLY)}


REFUSED, GONE, SILENT = TryOutcome.REFUSED, TryOutcome.GONE, TryOutcome.SILENT
ANSWERS, UNTRIED = TryOutcome.ANSWERS, TryOutcome.UNTRIED
ZONE, KEY = "zone curated", "key cohorts-keys-zone-curated"


@pytest.mark.parametrize(
    ("terms", "tries", "words", "left"),
    [
        (term(ZONE), found(ZONE, REFUSED), {}, ""),
        (term(ZONE), found(ZONE, ANSWERS), {}, "said of"),
        (term(ZONE), found(ZONE, ANSWERS), word(ZONE), "said of"),
        (term(ZONE), found(ZONE, UNTRIED), {}, "gone_by_hand"),
        (term(ZONE), found(ZONE, UNTRIED), word(ZONE), ""),
        (term(ZONE), [], {}, "cannot be tried"),
        (term(ZONE), found(ZONE, GONE), {}, ""),
        (term(ZONE), found(ZONE, SILENT), {}, "try again"),
        (term(ZONE), found(ZONE, SILENT), word(ZONE), ""),
        (term(ZONE), found(ZONE, REFUSED) + found(ZONE, SILENT), {}, "try again"),
        (term(ZONE), found(ZONE, REFUSED) + found(ZONE, UNTRIED), {}, ""),
        (term(ZONE), found(ZONE, REFUSED) + found(ZONE, ANSWERS), word(ZONE), "said of"),
        (term(ZONE), found(ZONE, REFUSED, REFUSED), {}, "proves nothing"),
        (term(ZONE), found(ZONE, GONE, UNTRIED), {}, "proves nothing"),
        (term(ZONE), found(ZONE, REFUSED, REFUSED), word(ZONE), ""),
        (term(ZONE, LATE), found(ZONE, REFUSED), {}, f"from {LATE} on"),
        (term(ZONE, TODAY), found(ZONE, REFUSED), {}, ""),
        (term(ZONE, LATE), found(ZONE, REFUSED), word(ZONE), ""),
        (term(ZONE, None), found(ZONE, REFUSED), {}, "not known"),
        (term(ZONE, None), found(ZONE, REFUSED), word(ZONE), ""),
        (term(KEY), found("key zone-curated", REFUSED), {}, ""),
        (term(KEY), found("key zone-curated", ANSWERS), word(KEY), "said of"),
        (term(KEY), found("key zone-curated", UNTRIED), word(KEY), ""),
        (term("database cohorts-server"), found("database", REFUSED), {}, ""),
        (term("database cohorts-server"), found("database", ANSWERS), {}, "said of"),
        (term("log store x"), [], word("log store x"), ""),
    ],
)
def test_only_what_is_proved_or_seen_is_gone(
    terms: RetiringTerms, tries: list[Tried], words: dict[str, GoneByHand], left: str
) -> None:
    said = "; ".join(not_gone([terms], tries, words, TODAY))
    assert bool(said) == bool(left)
    assert left in said


def test_what_answers_and_is_in_no_plan_is_named_too() -> None:
    said = list(not_gone([], found("zone forgotten", ANSWERS), {}, TODAY))
    assert said == ["zone forgotten: answers (administrator): said of zone forgotten"]
