"""What `freeze`, `thaw`, `cut` and `retire` would do: both sides are only read.

Each takes an exit that is only tried (`havre.exit.folder.tried`), so that nothing is recorded.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.errors import GuardError, InputError
from havre.exit.folder import ExitStep
from havre.exit.freezing import foreseeing, taking
from havre.exit.sides import reach
from havre.exit.steps.ending.cut import admissible, checked_seal
from havre.exit.steps.ending.retire import (
    GoneFound,
    commands,
    left_scheduled,
    proved,
    refuse_gone,
    signatories,
    terms_now,
    told,
    try_told,
)
from havre.exit.steps.ending.ways import recalled, sign, standing_ways
from havre.exit.steps.freeze import NAMED, controls, since_frozen, standing
from havre.exit.steps.results import RetireResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from havre.errors import HavreError
    from havre.exit.folder import ExitFolder
    from havre.exit.freezing.foreseeing import WritingForeseen
    from havre.exit.meter import Progress
    from havre.exit.seal.signature import Signer
    from havre.exit.seal.timestamp import TimeAuthority


@dataclass(frozen=True)
class FreezeForeseen:
    """What `freeze` or `thaw` would do.

    Attributes:
        things: who would lose writing, or get it back, and how.
        changed: what changed since the last freeze, the first of it.
        questions: what a person would be asked.
        blocked: what keeps the step from ending well now, in words.
    """

    things: tuple[WritingForeseen, ...]
    changed: tuple[str, ...]
    questions: tuple[str, ...]
    blocked: tuple[str, ...]


@dataclass(frozen=True)
class CutForeseen:
    """What `cut` would do.

    Attributes:
        seal: that it rests on; empty where none holds.
        since: when the source was frozen, ISO 8601; empty where it is not.
        roles: that could log in at the target from then on.
        questions: what a person would be asked.
        blocked: what keeps it from being done now, in words.
    """

    seal: str
    since: str
    roles: tuple[str, ...]
    questions: tuple[str, ...]
    blocked: tuple[str, ...]


@dataclass(frozen=True)
class RetireForeseen:
    """What `retire` would do.

    Attributes:
        result: what it would find and say, without a seal.
        urls: why none would be signed, or until when it is valid, by zone.
        questions: what a person would be asked.
        blocked: what keeps it from being done now, in words.
    """

    result: RetireResult
    urls: dict[str, str]
    questions: tuple[str, ...]
    blocked: tuple[str, ...]


def foresee_freeze(folder: ExitFolder, progress: Progress) -> FreezeForeseen:
    """From whom `freeze` would take writing; after a freeze, what changed as well.

    Raises:
        InputError, RetryError, ProviderError: as the source.
    """
    blocked, now = refused(lambda: folder.check(ExitStep.FREEZE)), dt.datetime.now(dt.UTC)
    by_hand = folder.file.frozen_by_hand
    things = tuple(
        foreseeing.would_take(folder.journal, each, by_hand, now) for each in controls(folder)
    )
    blocked += [each.blocked for each in things if each.blocked]
    blocked += [
        f"{each.thing}: {who} could still write: {why}"
        for each in things
        for who, why in each.still.items()
    ]
    late = max(things, key=lambda each: each.tokens_end)
    if dt.datetime.fromisoformat(late.tokens_end) > now:
        blocked.append(
            f"until {late.tokens_end[:19]} UTC older tokens may write to {late.thing}: {late.why}"
        )
    changed: tuple[str, ...] = ()
    if folder.ended(ExitStep.FREEZE) is not None:
        changed = tuple(map(str, itertools.islice(since_frozen(folder, progress), NAMED)))
    return FreezeForeseen(things, changed, (), tuple(blocked))


def foresee_thaw(folder: ExitFolder) -> FreezeForeseen:
    """To whom `thaw` would give writing back.

    Raises:
        InputError, RetryError, ProviderError: as the source.
    """
    blocked, known = [], folder.journal.facts(taking.MEMORY)
    if folder.last(ExitStep.CUT) is not None:
        blocked.append("the cut was begun: writing to the source is not given back")
    if folder.last(ExitStep.FREEZE) is None and not known:
        blocked.append("nothing is frozen")
    held = controls(folder)
    names = {f"{taking.MEMORY}{each.name}" for each in held}
    blocked += [
        f"the source no longer has {name.removeprefix(taking.MEMORY)}"
        for name in sorted({*known} - names)
    ]
    things = (foreseeing.would_give_back(folder.journal, each) for each in held)
    return FreezeForeseen(tuple(things), (), (), tuple(blocked))


def foresee_cut(
    folder: ExitFolder, progress: Progress, authorities: tuple[Path, Path] | None
) -> CutForeseen:
    """Whom `cut` would let in at the target, and whether all that it rests on holds now.

    Raises:
        InputError, RetryError, ProviderError: as the sides.
    """
    blocked = refused(lambda: folder.check(ExitStep.CUT))
    seal = ""
    if folder.last(ExitStep.SEAL) is not None:
        made: list[str] = []
        blocked += refused(lambda: made.append(checked_seal(folder, authorities)))
        seal = "".join(made)
    frozen = standing(folder, progress)
    if frozen is not None:
        blocked += [f"changed in the freeze: {each}" for each in frozen.wrong]
    since = frozen.since if frozen else ""
    return CutForeseen(seal, since, tuple(admissible(folder)), naming(folder), tuple(blocked))


def foresee_retire(
    folder: ExitFolder, signer: Signer | None, clock: TimeAuthority | None
) -> RetireForeseen:
    """From which day each thing of the source could go, and what leads to it now.

    Raises:
        GuardError: it is gone.
        InputError, RetryError, ProviderError: as the source.
    """
    refuse_gone(folder)
    blocked = refused(lambda: folder.check(ExitStep.RETIRE)) + unsigned(folder, signer, clock)
    terms, urls = terms_now(folder), sign(folder)
    tries = standing_ways(folder, urls).tries()
    result = RetireResult(
        "scheduled",
        tuple(map(told, terms)),
        commands(folder),
        "",
        left_scheduled(terms),
        tuple(map(try_told, tries)),
    )
    valid = {
        name: each if isinstance(each, str) else f"valid until {each.expires.isoformat()}"
        for name, each in urls.items()
    }
    return RetireForeseen(result, valid, naming(folder), tuple(blocked))


def foresee_gone(
    folder: ExitFolder, signer: Signer | None, clock: TimeAuthority | None
) -> RetireForeseen:
    """What `retire --gone` would find now: everything is tried, and nothing is sealed.

    Raises:
        GuardError: nothing is scheduled.
        InputError, RetryError, ProviderError: as the target.
    """
    blocked = refused(lambda: folder.check(ExitStep.RETIRE)) + unsigned(folder, signer, clock)
    ways = recalled(folder)
    if (before := proved(folder)) is not None:
        return RetireForeseen(before, {}, (), ())
    found = GoneFound.of(ways)
    blocked += found.missing
    asked = (question(ways.outputs.warehouse),)
    return RetireForeseen(found.result(""), {}, asked, tuple(blocked))


def refused(act: Callable[[], object]) -> list[str]:
    """Why a step would refuse, in words; empty where it would not."""
    try:
        act()
    except (GuardError, InputError) as error:
        return [_sentence(error)]
    return []


def unsigned(folder: ExitFolder, signer: Signer | None, clock: TimeAuthority | None) -> list[str]:
    """Why nobody could sign the second seal; a rehearsal signs by itself."""
    if folder.file.level != "real":
        return []
    return refused(lambda: signatories(folder, signer, clock))


def naming(folder: ExitFolder) -> tuple[str, ...]:
    """What a person would be asked before anything is done."""
    return (question(reach(folder.file.source, folder.root).outputs.warehouse),)


def question(warehouse: str) -> str:
    """The question for the warehouse's name."""
    return f"the name of the warehouse that is left, {warehouse}: at the terminal, or --confirm"


def _sentence(error: HavreError) -> str:
    return f"{error.message}. {error.remedy}" if error.remedy else error.message
