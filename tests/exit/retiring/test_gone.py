"""What is gone: refused, late enough, or seen by a person; what still answers never is."""

import datetime as dt

import pytest
import typer
from ruamel.yaml import YAML

from havre.cli.leaving.foreseeing import show_retire
from havre.exit.retiring.absence import Tried, TryOutcome
from havre.exit.retiring.proof import not_gone, takes_word
from havre.exit.retiring.terms import RetiringTerms
from havre.exit.settings import GoneByHand
from havre.exit.steps.ending.foreseeing import RetireForeseen
from havre.exit.steps.results import RetireResult

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


def test_each_thing_that_is_left_has_a_line_and_a_word_is_drafted_where_one_helps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What `retire --gone` shows can be copied into exit.yaml, which then takes it."""
    terms = [term(ZONE), term("log store x"), term("zone late", LATE)]
    tries = [*found(ZONE, ANSWERS), *found("zone late", REFUSED), *found("zone lost", UNTRIED)]
    missing = tuple(not_gone(terms, tries, {}, TODAY))
    names = [ZONE, "log store x", "zone late", "zone lost"]
    words = tuple(name for name in names if any(takes_word(each, name) for each in missing))
    assert words == ("log store x", "zone lost")
    result = RetireResult("gone", (), (), "", "; ".join(missing), (), missing, words)
    with pytest.raises(typer.Exit):
        show_retire(RetireForeseen(result, {}, (), missing), as_json=False)
    shown = capsys.readouterr().out
    for name in names:
        assert sum(each.startswith(f"  {name}: ") for each in shown.splitlines()) == 1
    assert "Blocked: " not in shown, "each is shown once"
    drafted = YAML(typ="safe").load(
        shown[shown.index("gone_by_hand:") : shown.index("Nothing was")]
    )
    filled = [{**each, "when": EARLY} for each in drafted["gone_by_hand"]]
    said = {each.scope: each for each in map(GoneByHand.model_validate, filled)}
    assert list(not_gone(terms, tries, said, TODAY)) == [
        each for each in missing if not each.startswith(words)
    ]
