"""`retire`: the source's end, in two events. It is scheduled, and later proved to be gone.

Nothing is destroyed from here: the provider's own commands are shown, and a person runs them.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre.capabilities import Support
from havre.errors import GuardError, InputError
from havre.exit.folder import ExitStep
from havre.exit.retiring.absence import Tried, TryOutcome, key_file, tried
from havre.exit.retiring.terms import RetiringTerms, earliest, terms_of, things_of
from havre.exit.seal.contents import Level, RetireLine
from havre.exit.seal.rehearsal import rehearsal_authorities
from havre.exit.seal.retiring import Signatories, seal_retirement
from havre.exit.sides import reach, reached_by
from havre.exit.steps.ending.cut import agree
from havre.exit.steps.ending.dates import TERMS
from havre.exit.steps.results import RetireResult, ThingRetired
from havre.exit.steps.seal import AUTHORITIES, free_place
from havre.live.objects import Ability
from havre.provider import find
from havre.provider.outputs import Outputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.exit.folder import ExitFolder
    from havre.exit.retiring.terms import RetiringThing
    from havre.exit.seal.signature import Signer
    from havre.exit.seal.timestamp import TimeAuthority
    from havre.exit.settings import GoneByHand
    from havre.live.objects import LiveStore
    from havre.live.warehouse import Live

SOURCE = "retired source"
"""Fact with what led to the source, without any secret: it is tried when it should be gone."""
BY_HAND = "name who saw that it is gone under `gone_by_hand` in exit.yaml"


def schedule(folder: ExitFolder, named: str, by: Signatories) -> RetireResult:
    """Say on which day each thing may go, why, and by which command; destroys nothing.

    Args:
        folder: of the exit.
        named: the warehouse's name, as a person has written it.
        by: who signs the second seal.

    Raises:
        GuardError: out of order, or another name.
        InputError: the source is not reached.
        HavreError: it cannot be sealed.
    """
    folder.check(ExitStep.RETIRE)
    agree(folder, named)
    begun = folder.begin(ExitStep.RETIRE)
    found = [terms_of(each, _cut(folder)) for each in _things(folder)]
    _remember(folder, found)
    lines = [_line(each, "destruction scheduled", each.schedule) for each in found]
    lines += [_line(each, "gone", each.gone or dt.date.max) for each in found]
    place = free_place(folder.root, "retired")
    made = seal_retirement(place, _first(folder), "scheduled", lines, by)
    last = earliest(found)
    left = f"prove that all is gone, from {last or 'a day that is not known'} on"
    things = tuple(_told(each) for each in found)
    result = RetireResult("scheduled", things, _commands(folder), str(made.folder), left)
    folder.end(begun, result, left)
    return result


def prove_gone(folder: ExitFolder, named: str, by: Signatories) -> RetireResult:
    """Try everything that led to the source: all of it must be refused, and the target answer.

    Raises:
        GuardError: out of order, nothing is scheduled, or another name.
        HavreError: it cannot be sealed.
    """
    folder.check(ExitStep.RETIRE)
    known = _recalled(folder)
    if named != known["outputs"]["warehouse"]:
        message = f"The source was `{known['outputs']['warehouse']}`, and `{named}` was named"
        raise GuardError(message, "Agree by its name with --confirm.")
    begun = folder.begin(ExitStep.RETIRE)
    terms = [_term(each) for each in json.loads(folder.journal.fact(TERMS))]
    found = {each.name: each for each in _tries(folder, known)}
    by_hand = {each.scope: each for each in folder.file.gone_by_hand}
    today = dt.datetime.now(dt.UTC).date()
    left = "; ".join(filter(None, (*not_gone(terms, found, by_hand, today), _control(folder))))
    things = tuple(_told(each, _said(each.name, found, by_hand)) for each in terms)
    seal = ""
    if not left:
        now, lines = dt.datetime.now(dt.UTC), []
        for each in terms:
            line = _line(each, "gone", each.gone or each.schedule, now)
            lines.append(_witnessed(line, by_hand.get(each.name)))
        place = free_place(folder.root, "retired")
        seal = str(seal_retirement(place, _first(folder), "gone", lines, by).folder)
    result = RetireResult("gone", things, (), seal, left)
    folder.end(begun, result, left)
    return result


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


def _remember(folder: ExitFolder, found: Sequence[RetiringTerms]) -> None:
    side = folder.file.source
    standing, reached = side.standing(folder.root), reach(side, folder.root)
    source = {
        "outputs": reached.outputs.model_dump(mode="json"),
        "data_dir": str(standing.data_dir) if standing.data_dir else None,
    }
    with folder.journal.together():
        folder.journal.record(SOURCE, json.dumps(source, sort_keys=True))
        folder.journal.record(TERMS, json.dumps([vars(each) for each in found], default=str))


def _recalled(folder: ExitFolder) -> dict[str, Any]:
    told = folder.journal.fact(SOURCE)
    if not told:
        message = "Nothing is scheduled to go"
        raise GuardError(message, f"Run `havre exit retire {folder.root}` first.")
    return dict(json.loads(told))


def _term(told: dict[str, Any]) -> RetiringTerms:
    gone = told["gone"]
    return RetiringTerms(
        told["name"],
        dt.date.fromisoformat(told["schedule"]),
        gone and dt.date.fromisoformat(gone),
        tuple(told["reasons"]),
        told["blocked"],
    )


def _tries(folder: ExitFolder, known: dict[str, Any]) -> Iterator[Tried]:
    """Everything that led to the source, tried."""
    outputs = Outputs.model_validate(known["outputs"])
    data_dir = Path(known["data_dir"]) if known["data_dir"] else None

    def live() -> Live:
        return reached_by(folder.file.source, folder.root, outputs)

    def listed(zone: str) -> None:
        _list(live().store(zone))

    for name, zone in outputs.zones.items():
        yield tried(f"zone {name}", functools.partial(listed, name), zone.endpoint)
    where = f"{outputs.database.host}:{outputs.database.port}"
    yield tried("database", lambda: live().database().connect().close(), where)
    keys = [*outputs.keys.zones.values(), outputs.keys.database, outputs.keys.backup]
    for reference in sorted({key for key in keys if key}):
        yield key_file(f"key {reference.rpartition('/')[2]}", data_dir, reference)


def _list(store: LiveStore) -> None:
    next(iter(store.versions()), None)


def _control(folder: ExitFolder) -> str:
    """Why nothing would be proved: the target does not answer the same try; empty where it does."""
    target = reach(folder.file.target, folder.root)
    zone = min(target.outputs.zones)
    found = tried("target", lambda: _list(target.live.store(zone)))
    if found.outcome is TryOutcome.ANSWERS:
        return ""
    return f"the target does not answer either, so that nothing is proved: {found.said}"


def not_gone(
    terms: Sequence[RetiringTerms],
    found: Mapping[str, Tried],
    by_hand: Mapping[str, GoneByHand],
    today: dt.date,
) -> Iterator[str]:
    """What is not proved to be gone, in words.

    What still answers is not gone, whoever says so. What cannot be tried, or has no known last
    day, takes a person's word; what the provider keeps for a while, its day or a person's word.
    """
    matched = set()
    for term in terms:
        each = _try_of(term.name, found)
        matched.add(each.name if each else "")
        if why := _not_gone(term, each, term.name in by_hand, today):
            yield f"{term.name}: {why}"
    for name in sorted({*found} - matched):
        each = found[name]
        if each.outcome is TryOutcome.ANSWERS or (
            each.outcome is TryOutcome.UNTRIED and name not in by_hand
        ):
            yield f"{name}: {each.said}"


def _not_gone(term: RetiringTerms, each: Tried | None, word: bool, today: dt.date) -> str:
    if each is not None and each.outcome is TryOutcome.ANSWERS:
        return each.said
    if word:
        return ""
    if each is None or each.outcome is TryOutcome.UNTRIED:
        return f"{each.said if each else 'it cannot be tried from here'}; {BY_HAND}"
    if term.gone is None:
        return f"the day on which it is gone for good is not known; {BY_HAND}"
    return f"it is gone for good from {term.gone} on" if today < term.gone else ""


def _try_of(name: str, found: Mapping[str, Tried]) -> Tried | None:
    """The try of a thing: by its name, the one database, or a key that its name ends with."""
    kind, _, rest = name.partition(" ")
    if kind == "key":
        ends = [each for key, each in found.items() if key[:4] == "key " and rest.endswith(key[4:])]
        return ends[0] if ends else None
    return found.get("database" if kind == "database" else name)


def _said(name: str, found: dict[str, Tried], by_hand: dict[str, GoneByHand]) -> str:
    if hand := by_hand.get(name):
        return f"{hand.who}, {hand.when}: {hand.why}"
    each = _try_of(name, found)
    return each.said if each else ""


def _line(
    term: RetiringTerms, act: str, day: dt.date, done: dt.datetime | None = None
) -> RetireLine:
    if done is not None:
        return RetireLine(term.name, act, day, done)
    unknown = "; day not known" if act == "gone" and term.gone is None else ""
    why = f": {term.blocked}" if term.blocked else ""
    return RetireLine(term.name, f"{act}{unknown}{why}", day)


def _witnessed(line: RetireLine, hand: GoneByHand | None) -> RetireLine:
    if hand is None:
        return replace(line, witness="tried by Havre, refused")
    return replace(line, request=hand.request or "", witness=f"{hand.who}, {hand.when}")


def _told(term: RetiringTerms, found: str = "") -> ThingRetired:
    gone = term.gone.isoformat() if term.gone else None
    day = term.schedule.isoformat()
    return ThingRetired(term.name, day, gone, term.reasons, term.blocked, found)


def _commands(folder: ExitFolder) -> tuple[str, ...]:
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
