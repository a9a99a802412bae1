"""`retire`: the source's end, in two events. It is scheduled, and later proved to be gone.

Nothing is destroyed from here: the provider's own commands are shown, and a person runs them.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.capabilities import Support
from havre.errors import GuardError, InputError
from havre.exit.folder import ExitStep
from havre.exit.retiring.absence import Surroundings, TryOutcome, TryWay, WayIn, tried
from havre.exit.retiring.proof import not_gone, spoken, takes_word, tries_of
from havre.exit.retiring.terms import RetiringTerms, earliest, terms_of, things_of
from havre.exit.seal.contents import Level, RetireLine, TryLine
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.retiring import Signatories, seal_retirement
from havre.exit.sides import reach
from havre.exit.steps.ending.cut import agree
from havre.exit.steps.ending.dates import TERMS
from havre.exit.steps.ending.ways import (
    forget_urls,
    keep_urls,
    listed,
    recalled,
    remember,
    sign,
    standing_ways,
    tried_again,
)
from havre.exit.steps.results import RetireResult, ThingRetired, TryMade
from havre.exit.steps.seal import AUTHORITIES, free_place
from havre.live.objects import Ability
from havre.provider import find
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Self

    from havre.exit.folder import ExitFolder
    from havre.exit.retiring.absence import Tried
    from havre.exit.retiring.terms import RetiringThing
    from havre.exit.seal.signature import Signer
    from havre.exit.seal.timestamp import TimeAuthority
    from havre.exit.settings import GoneByHand
    from havre.exit.steps.ending.ways import SourceWays
    from havre.live.objects import LiveStore


def schedule(folder: ExitFolder, named: str, by: Signatories) -> RetireResult:
    """Say on which day each thing may go, why, and by which command; destroys nothing.

    Everything that leads to the source is tried while it answers, so that its silence later says
    something; an URL of each zone is signed for that.

    Args:
        folder: of the exit.
        named: the warehouse's name, as a person has written it.
        by: who signs the second seal.

    Raises:
        GuardError: out of order, another name, or it is gone.
        InputError: the source is not reached.
        HavreError: it cannot be sealed.
    """
    folder.check(ExitStep.RETIRE)
    refuse_gone(folder)
    agree(folder, named)
    begun = folder.begin(ExitStep.RETIRE)
    found = terms_now(folder)
    ways = standing_ways(folder, sign(folder))
    keep_urls(folder, ways.urls)
    tries = ways.tries()
    _remember(folder, found, remember(ways, tries))
    lines = [_line(each, "destruction scheduled", each.schedule) for each in found]
    lines += [_line(each, EXPECTED, each.gone or dt.date.max) for each in found]
    place = free_place(folder.root, "retired")
    made = seal_retirement(place, _first(folder), "scheduled", lines, by, tries_told(tries))
    left = left_scheduled(found)
    things = tuple(told(each) for each in found)
    made_tries = tuple(map(try_told, tries))
    result = RetireResult("scheduled", things, commands(folder), str(made.folder), left, made_tries)
    folder.end(begun, result, left)
    return result


def refuse_gone(folder: ExitFolder) -> None:
    """Refuse to schedule the end of what is gone.

    Raises:
        GuardError: it is proved to be gone.
    """
    if (before := proved(folder)) is not None:
        message = "The source is gone already"
        raise GuardError(message, f"See the seal: havre exit evidence {before.seal}")


def prove_gone(folder: ExitFolder, named: str, by: Signatories) -> RetireResult:
    """Try everything that led to the source: all of it must be refused, and the target answer.

    What was proved once is not tried again: signed URLs are deleted then, and a second proof would
    say less than the first.

    Raises:
        GuardError: out of order, nothing is scheduled, or another name.
        HavreError: it cannot be sealed.
    """
    folder.check(ExitStep.RETIRE)
    ways = recalled(folder)
    if named != ways.outputs.warehouse:
        message = f"The source was `{ways.outputs.warehouse}`, and `{named}` was named"
        raise GuardError(message, "Agree by its name with --confirm.")
    if (before := proved(folder)) is not None:
        forget_urls(folder)  # a run that was killed after its end may have left them
        return before
    begun = folder.begin(ExitStep.RETIRE)
    found = GoneFound.of(ways)
    seal = _sealed_gone(folder, found, by) if not found.left else ""
    result = found.result(seal)
    count = len(found.missing)
    short = f"{counted(count, 'thing is', 'things are')} not proved to be gone" if count else ""
    folder.end(begun, result, short)
    if not found.left:
        forget_urls(folder)
    return result


def proved(folder: ExitFolder) -> RetireResult | None:
    """What proved that the source is gone, with its seal; None: that is still to be proved."""
    run = folder.last(ExitStep.RETIRE)
    if run is None or run.ended is None or run.left or run.result["event"] != "gone":
        return None
    result = RetireResult.read(run.result)
    return result if Path(result.seal).is_dir() else None


EXPECTED = "expected to be gone"
"""Act of a thing whose end is scheduled: nothing is gone yet."""


@dataclass(frozen=True)
class GoneFound:
    """What is found of a source that should be gone.

    Attributes:
        terms: of each thing of it.
        tries: of everything that led there.
        by_hand: what persons say of it, by thing.
        missing: what is not proved, in words, one by one.
    """

    terms: tuple[RetiringTerms, ...]
    tries: tuple[Tried, ...]
    by_hand: Mapping[str, GoneByHand]
    missing: tuple[str, ...]

    @property
    def left(self) -> str:
        """What is not proved, in one line."""
        return "; ".join(self.missing)

    @classmethod
    def of(cls, ways: SourceWays) -> Self:
        """It, found now; nothing is changed."""
        folder = ways.folder
        terms = tuple(_term(each) for each in json.loads(folder.journal.fact(TERMS)))
        tries = tuple(tried_again(ways))
        by_hand = {each.scope: each for each in folder.file.gone_by_hand}
        today = dt.datetime.now(dt.UTC).date()
        wanting = (*not_gone(terms, tries, by_hand, today), _control(folder))
        return cls(terms, tries, by_hand, tuple(filter(None, wanting)))

    def result(self, seal: str) -> RetireResult:
        """It, as a result."""
        things = tuple(told(each, self.said(each.name)) for each in self.terms)
        names = dict.fromkeys(
            [*(each.name for each in self.terms), *(each.name for each in self.tries)]
        )
        words = tuple(name for name in names if any(takes_word(w, name) for w in self.missing))
        tries = tuple(map(try_told, self.tries))
        return RetireResult("gone", things, (), seal, self.left, tries, self.missing, words)

    def said(self, name: str) -> str:
        """What a person says of a thing, or its tries."""
        if hand := self.by_hand.get(name):
            return f"{hand.who}, {hand.when}: {hand.why}"
        return "; ".join(map(spoken, tries_of(name, self.tries)))

    def witness(self, name: str) -> str:
        """Who saw that a thing is gone."""
        if hand := self.by_hand.get(name):
            return f"{hand.who}, {hand.when}"
        proving = {each.outcome for each in tries_of(name, self.tries) if each.proves}
        return f"tried by Havre: {', '.join(sorted(proving))}"


def _sealed_gone(folder: ExitFolder, found: GoneFound, by: Signatories) -> str:
    now, lines = dt.datetime.now(dt.UTC), []
    for each in found.terms:
        hand = found.by_hand.get(each.name)
        request = hand.request or "" if hand else ""
        line = _line(each, "gone", each.gone or each.schedule, now)
        lines.append(replace(line, request=request, witness=found.witness(each.name)))
    place, tries = free_place(folder.root, "retired"), tries_told(found.tries)
    return str(seal_retirement(place, _first(folder), "gone", lines, by, tries).folder)


def tries_told(tries: Iterable[Tried]) -> list[TryLine]:
    """Tries, as a seal writes them."""
    return [TryLine(each.name, each.way, each.by, each.outcome, each.said) for each in tries]


def try_told(each: Tried) -> TryMade:
    """A try, as a result has it."""
    before = each.before and each.before.value
    return TryMade(each.name, each.way.value, each.by, each.outcome.value, each.said, before)


def terms_now(folder: ExitFolder) -> list[RetiringTerms]:
    """When each thing of the source may go.

    Raises:
        InputError, RetryError, ProviderError: as the source.
    """
    return [terms_of(each, _cut(folder)) for each in _things(folder)]


def left_scheduled(found: Sequence[RetiringTerms]) -> str:
    """What is left to do once an end is scheduled."""
    last = earliest(found)
    if last is None:
        return "prove that all is gone; the first day on which it can be is not known"
    return f"prove that all is gone, from {last} on"


def _things(folder: ExitFolder) -> Iterator[RetiringThing]:
    """Every thing of the source, with the locks of its versions."""
    standing = folder.file.source.standing(folder.root)
    provider = find(standing.record()["provider"])
    reached = reach(folder.file.source, folder.root)
    zones = {f"zone {name}": name for name in reached.outputs.zones}
    for each in things_of(provider.facts(standing.plan(provider.name))):
        yield _locked(each, reached.live.store(zones[each.name])) if each.name in zones else each


def _locked(thing: RetiringThing, store: LiveStore) -> RetiringThing:
    """A zone with the end of its last lock, and how many versions are held."""
    until, held = None, 0
    if all(
        store.abilities[each].support is Support.ABSENT for each in (Ability.LOCK, Ability.HOLD)
    ):
        return thing
    for found in store.versions():
        if found.marker or found.deleted:
            continue
        bears = found.listed or store.properties(found)
        held += bears.held
        if bears.lock and (until is None or bears.lock.until > until):
            until = bears.lock.until
    return replace(thing, locked_until=until, held=held)


def _remember(folder: ExitFolder, found: Sequence[RetiringTerms], facts: Mapping[str, str]) -> None:
    with folder.journal.together():
        for name, value in facts.items():
            folder.journal.record(name, value)
        folder.journal.record(TERMS, json.dumps([vars(each) for each in found], default=str))


def _term(told: dict[str, Any]) -> RetiringTerms:
    gone = told["gone"]
    return RetiringTerms(
        told["name"],
        dt.date.fromisoformat(told["schedule"]),
        gone and dt.date.fromisoformat(gone),
        tuple(told["reasons"]),
        told["blocked"],
    )


def _line(
    term: RetiringTerms, act: str, day: dt.date, done: dt.datetime | None = None
) -> RetireLine:
    if done is not None:
        return RetireLine(term.name, act, day, done)
    unknown = "; day not known" if act == EXPECTED and term.gone is None else ""
    why = f": {term.blocked}" if term.blocked else ""
    return RetireLine(term.name, f"{act}{unknown}{why}", day)


def _control(folder: ExitFolder) -> str:
    """Why nothing would be proved: the target does not answer the same try; empty where it does."""
    target = reach(folder.file.target, folder.root)
    zone = min(target.outputs.zones)
    way = WayIn("target", TryWay.ADMINISTRATOR, functools.partial(listed, target.live.store(zone)))
    found = tried(way, Surroundings())
    if found.outcome is TryOutcome.ANSWERS:
        return ""
    return f"the target does not answer either, so that nothing is proved: {found.said}"


def told(term: RetiringTerms, found: str = "") -> ThingRetired:
    """A thing of the source, as a result has it."""
    gone = term.gone.isoformat() if term.gone else None
    day = term.schedule.isoformat()
    return ThingRetired(term.name, day, gone, term.reasons, term.blocked, found)


def commands(folder: ExitFolder) -> tuple[str, ...]:
    """What destroys the source."""
    standing = folder.file.source.standing(folder.root)
    record = standing.record()
    if standing.data_dir is not None:
        words = f"--data-dir {standing.data_dir} --destroy-data {record['warehouse']}"
        return (f"havre down {words}",)
    return (f"pulumi destroy --stack {record['stack']}",)


def _cut(folder: ExitFolder) -> dt.date:
    run = folder.last(ExitStep.CUT)
    return (run.ended or run.begun).date() if run else dt.datetime.now(dt.UTC).date()


def _first(folder: ExitFolder) -> Path:
    """The seal by which the target was opened."""
    run = folder.last(ExitStep.CUT)
    return Path(str(run.result["seal"])) if run else folder.root


def signatories(
    folder: ExitFolder,
    signer: Signer | None,
    clock: TimeAuthority | None,
    host: Signer | None = None,
) -> Signatories:
    """Who signs the second seal: whoever is named, else, in a rehearsal, its own.

    Raises:
        InputError: the exit is real, and somebody is not named.
    """
    if signer is None or clock is None:
        if Level(folder.file.level) is Level.REAL:
            message = "A real retirement is sealed by a signer and a time-stamp authority"
            remedy = "Name --key, --certificate, --authority, --tsa and --tsa-authority."
            raise InputError(message, remedy)
        own, here = rehearsal_authorities(folder.root / AUTHORITIES)
        signer, clock = signer or own, clock or here
    return Signatories(signer, clock, host)
