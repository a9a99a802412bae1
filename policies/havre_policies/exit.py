"""Whether the warehouse can leave, and has tried."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from havre.capabilities import Measure
from havre.capabilities.obstacles import ObstacleKind, obstacles
from havre.documents.validation import did_you_mean
from havre.errors import HavreError
from havre.policy import (
    NOT_APPLICABLE,
    Case,
    FixIn,
    Outcome,
    Profile,
    Severity,
    Verdict,
    fails,
    passes,
    plan_control,
)
from havre.provider import find
from havre_policies.cites import snc

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from havre.capabilities.obstacles import Obstacle
    from havre.policy import Rehearsal
    from havre.provider import Provider

EXIT = ("exit", "provider")
PARTS = frozenset({ObstacleKind.SITE, ObstacleKind.PART, ObstacleKind.CAPABILITY})
"""What `exit.counterpart` is about; the rest is `exit.portable`'s."""


def _named(case: Case) -> Provider | Verdict:
    """The provider to leave for, or what there is to say where none can be judged."""
    wanted = "another provider, named as the exit and installed"
    if case.spec.exit is None:
        failed = fails("exit", "no exit provider is named", wanted, cause=("exit",))
        return replace(failed, remedy=_another(case))
    if _there(case):
        found = f"`{case.provider.name}` is named, which is the current provider"
        return replace(fails("exit", found, wanted, cause=EXIT), remedy=_another(case))
    if case.exit is None:
        name = case.spec.exit.provider
        hint = did_you_mean(name, case.installed) or f"Or install `{name}`."
        remedy = f"{_another(case)} {hint[:1].upper()}{hint[1:]}"
        found = f"provider `{name}` is not installed here"
        return Verdict(Outcome.UNKNOWN, "exit", found, wanted, cause=EXIT, remedy=remedy)
    return case.exit


def _another(case: Case) -> str:
    """What to name as the exit: an installed provider, not the warehouse's own nor the machine."""
    others = [name for name in case.installed if name != case.provider.name and _operated(name)]
    told = f"Name another provider as `exit.provider`: {', '.join(others) or 'install one first'}."
    if not _there(case):
        return told
    return f"{told} After a move to `{case.provider.name}`, the file must name the next exit."


def _operated(name: str) -> bool:
    """Whether somebody operates a provider; one without a country is the user's own machine."""
    try:
        return find(name).operator.country is not None
    except HavreError:  # it cannot be loaded: nothing speaks against its name
        return True


def _there(case: Case) -> bool:
    """Whether the warehouse is on the provider that its file names as the exit."""
    return case.spec.exit is not None and case.spec.exit.provider == case.provider.name


def _obstacles(
    case: Case, leaving_for: Provider, kinds: Collection[ObstacleKind]
) -> list[Obstacle]:
    """What leaving meets, as far as a control is about it."""
    met = obstacles(case.spec, case.provider, leaving_for, case.exit_gaps)
    return [obstacle for obstacle in met if obstacle.kind in kinds]


@plan_control(
    "exit.counterpart",
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("19.4"),
    remedy="Choose an exit provider that offers what this warehouse uses, or use less.",
    cause=EXIT,
    fixed_in=FixIn.FILE,
)
def counterpart(case: Case) -> Iterator[Verdict]:
    """Every stateful part and its protection have a counterpart at the exit provider.

    It fails on each obstacle in `havre compare` that blocks the exit, or that loses a protection
    this provider has today. Protections that the exit provider reaches by other means pass. A
    waiver that names the capability is the decision to do without it. The control does not apply on
    the exit provider itself, where `exit.portable` reports a file that names no other one.
    """
    if _there(case):
        yield NOT_APPLICABLE
        return
    leaving_for = _named(case)
    if isinstance(leaving_for, Verdict):
        yield leaving_for
        return
    met = _obstacles(case, leaving_for, PARTS)
    decisive = [_absent(obstacle, leaving_for.name) for obstacle in met if obstacle.decisive]
    yield from decisive or [passes()]


def _absent(obstacle: Obstacle, leaving_for: str) -> Verdict:
    """What the exit has no counterpart of."""
    if obstacle.kind is ObstacleKind.SITE:
        found = f"{leaving_for} has no site {obstacle.what}"
        return fails("sites", found, "the same sites at the exit provider", cause=("sites",))
    says = " has" if obstacle.kind is ObstacleKind.PART else ":"
    found = f"{leaving_for}{says} {obstacle.why}".removesuffix(".")
    return fails(obstacle.what, found, f"{obstacle.what} at the exit provider", cause=EXIT)


@plan_control(
    "exit.portable",
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("19.4"),
    remedy="Stop using what the exit provider lacks, measure the stored objects, or choose another"
    " exit provider.",
    cause=EXIT,
    fixed_in=FixIn.FILE,
)
def portable(case: Case) -> Iterator[Verdict]:
    """The exit provider supports the database versions, extensions, object sizes and key lengths.

    A plan contains no object sizes and no key lengths, so the limits of both providers are
    compared. If the exit provider's limit is lower, or a limit is not known, only the stored
    objects can show whether they fit.
    """
    leaving_for = _named(case)
    if isinstance(leaving_for, Verdict):
        yield leaving_for
        return
    in_database = _obstacles(case, leaving_for, {ObstacleKind.DATABASE})
    yield from _in_database(in_database, leaving_for.name)
    for measure in Measure:
        beyond = _obstacles(case, leaving_for, {ObstacleKind(measure.value)})
        yield from map(_beyond, beyond) if beyond else [passes()]


def _in_database(met: Iterable[Obstacle], leaving_for: str) -> Iterator[Verdict]:
    """Whether the exit lacks what the database uses, or may lack it."""
    lacking = [(obstacle, field) for obstacle in met for field in obstacle.fields]
    for obstacle, field in lacking:
        wanted = "versions and extensions that the exit provider supports"
        found = f"{leaving_for}: {obstacle.why}".removesuffix(".")
        cause = tuple(field.split(".")) if "." in field else EXIT
        if obstacle.decisive:
            yield fails(field, found, wanted, cause=cause)
        else:
            unsure = f"{found}. {obstacle.risk[:1].upper()}{obstacle.risk[1:]}".removesuffix(".")
            yield Verdict(Outcome.UNKNOWN, field, unsure, wanted, cause=cause)
    if not lacking:
        yield passes()


def _beyond(obstacle: Obstacle) -> Verdict:
    """What is stored here may be more than the exit takes."""
    found = f"not known: {obstacle.what} {obstacle.why}"
    kind = obstacle.kind.value
    return Verdict(
        Outcome.UNKNOWN, kind, found, "objects within the exit provider's limits", cause=EXIT
    )


@plan_control(
    "exit.rehearsed",
    Profile.SOVEREIGN,
    Severity.HIGH,
    cites=snc("19.4", "17.3"),
    remedy="Rehearse the exit, then check with its seal: `havre check --seal FOLDER"
    " --seal-authority FILE --seal-tsa-authority FILE`.",
    cause=("exit", "rehearsal_days"),
    fixed_in=FixIn.REHEARSAL,
)
def rehearsed(case: Case) -> Iterator[Verdict]:
    """An exit rehearsal passed within the required time, with signed evidence.

    The evidence is the seal of an exit, which `havre check` verifies with the same script as an
    auditor. The seal must name this warehouse, its provider and the exit provider, and a time-stamp
    authority must date it. The seal of the exit itself counts like that of a rehearsal. A rehearsal
    never proves that the warehouse has left.
    """
    if case.spec.exit is None:
        failed = fails("exit", "no exit provider is named", "a rehearsed exit", cause=("exit",))
        yield replace(failed, remedy=_another(case))
        return
    days = case.spec.exit.rehearsal_days
    if case.spec.exit.provider == case.provider.name:
        found = f"`{case.provider.name}` is named, which is the current provider"
        failed = fails("exit", found, "a rehearsed exit to another provider", cause=EXIT)
        yield replace(failed, remedy=_another(case))
        return
    of = f"of {case.spec.name}, from {case.provider.name} to {case.spec.exit.provider}"
    wanted = f"a rehearsal {of}, with signed evidence, at most {days} days old"
    if case.rehearsed is None:
        yield fails("rehearsed", "no evidence of a rehearsal", wanted)
    elif why := _unrehearsed(case.rehearsed, case, case.spec.exit.provider):
        found, remedy = why
        yield replace(fails("rehearsed", found, wanted), remedy=remedy)
    else:
        yield passes()


OTHER_SEAL = (
    "Do not rely on this seal. Check a copy that was kept elsewhere, with the CAs that its signers "
    "named. If it stays refused, rehearse the exit."
)
"""Remedy for a seal that is not verified."""
UNDATED = (
    "Name the CA of its time-stamp authority with `--seal-tsa-authority FILE`. If it has no "
    "time-stamp, seal the exit again with one: `havre exit seal FOLDER --tsa URL`."
)
"""Remedy for a seal without a date."""
LATER = "Check the clock of its time-stamp authority, and the day of this check (`--as-of`)."
"""Remedy for a seal of a day to come."""


def _unrehearsed(seal: Rehearsal, case: Case, leaving_for: str) -> tuple[str, str] | None:
    """Why a seal is no evidence of this exit, with the remedy; None where it is.

    An empty remedy is the control's own: to rehearse.
    """
    by = f"signed by {seal.signer}"
    if seal.unproved:
        return f"the seal is not verified: {seal.unproved}", OTHER_SEAL
    sealed = (seal.warehouse, seal.source, seal.target)
    if sealed != (case.spec.name, case.provider.name, leaving_for):
        sides = f"from {seal.source} to {seal.target}"
        return f"the seal is for {seal.warehouse}, {sides}, {by}", ""
    if seal.day is None:
        return f"no time-stamp authority dates the seal, {by}", UNDATED
    dated = f"the last seal ({seal.level}) is dated {seal.day}"
    if seal.day > case.as_of:
        return f"{dated}, later than this check ({case.as_of}), {by}", LATER
    days = case.spec.exit.rehearsal_days if case.spec.exit else 0
    return None if case.as_of - seal.day <= dt.timedelta(days=days) else (f"{dated}, {by}", "")
