"""Whether the warehouse can leave, and has tried."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from havre.policy import (
    Case,
    Outcome,
    Profile,
    Severity,
    Verdict,
    fails,
    passes,
    plan_control,
)
from havre.provider import Capability, Support, limits
from havre.spec.model import KeyProtection
from havre_policies.cites import snc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.provider import Gap, Limit, Provider
    from havre.spec import Warehouse

EXIT = ("exit", "provider")
DATABASE = ("database.version", "database.extensions")
NONE = frozenset({Support.ABSENT, Support.UNKNOWN})


def _named(case: Case) -> Provider | Verdict:
    """The provider to leave for, or what there is to say where none can be judged."""
    wanted = "an exit provider that is another one, named and installed"
    if case.spec.exit is None:
        return fails("exit", "no exit is named", wanted, cause=("exit",))
    if case.spec.exit.provider == case.provider.name:
        found = f"`{case.provider.name}` is named, where the warehouse stands"
        return fails("exit", found, wanted, cause=EXIT)
    if case.exit is None:
        found = f"provider `{case.spec.exit.provider}` is not installed here"
        return Verdict(Outcome.UNKNOWN, "exit", found, wanted, cause=EXIT)
    return case.exit


def _needed(spec: Warehouse) -> Iterator[tuple[str, Capability]]:
    """What the exit must have for each stateful part, beside a place for it."""
    if any(zone.immutable_days for zone in spec.zones.values()):
        yield "immutable zones", Capability.OBJECT_LOCK
    yield "the database's version", Capability.DATABASE_VERSIONS
    if spec.encryption.keys is KeyProtection.HSM:
        yield "keys in a hardware security module", Capability.HSM_KEY
    if spec.registry:
        yield "the registry", Capability.REGISTRY
    if spec.cluster:
        yield "the cluster", Capability.CLUSTER


@plan_control(
    "exit.counterpart",
    Profile.HEALTH,
    Severity.HIGH,
    cites=snc("19.4"),
    remedy="Name another provider as the exit, one that has what this warehouse uses, or use less.",
    cause=EXIT,
)
def counterpart(case: Case) -> Iterator[Verdict]:
    """Every stateful part has a counterpart at the named exit provider.

    A file that names the provider on which it stands names no way out.
    """
    leaving_for = _named(case)
    if isinstance(leaving_for, Verdict):
        yield leaving_for
    else:
        yield from _counterparts(leaving_for, case.spec)


def _counterparts(leaving_for: Provider, spec: Warehouse) -> Iterator[Verdict]:
    name = leaving_for.name
    for site in filter(None, (spec.sites.primary, spec.sites.recovery)):
        if site not in leaving_for.sites:
            found = f"{name} has no site {site}"
            yield fails("sites", found, "the same sites at the exit", cause=("sites",))
    for part, capability in _needed(spec):
        support = leaving_for.capabilities.get(capability)
        if support is None or support.support in NONE:
            reason = support.reason if support else "it says nothing of it"
            found = f"{name} has no counterpart of {part}: {reason}"
            yield fails("capabilities", found, f"{capability.value} at the exit", cause=EXIT)
        else:
            yield passes()


@plan_control(
    "exit.portable",
    Profile.HEALTH,
    Severity.MEDIUM,
    cites=snc("19.4"),
    remedy="Do without what the exit lacks, measure what is stored, or name another exit.",
    cause=EXIT,
)
def portable(case: Case) -> Iterator[Verdict]:
    """Database extensions and versions, sizes of objects and lengths of keys exist at the exit.

    No plan tells how large objects are and how long their keys: what this provider takes at most is
    compared with what the exit takes. Where the exit takes less, or one of the two is not known,
    only what is stored can tell.
    """
    leaving_for = _named(case)
    if isinstance(leaving_for, Verdict):
        yield leaving_for
        return
    yield from _in_database(case.exit_gaps, leaving_for.name)
    for name, mine, theirs in limits(case.provider, leaving_for):
        yield _fits(name, mine, theirs, leaving_for.name)


def _in_database(gaps: Iterable[Gap], leaving_for: str) -> Iterator[Verdict]:
    """Whether the exit says that it lacks what the database uses, or may lack it."""
    wanted = "what the database uses exists at the exit"
    lacking = [(gap, field) for gap in gaps for field in _of_database(gap)]
    for gap, field in lacking:
        found = f"{leaving_for}: {gap.reason}"
        cause = tuple(field.split(".")) if "." in field else EXIT
        if gap.support in NONE:
            yield fails(field, found, wanted, cause=cause)
        else:
            yield Verdict(Outcome.UNKNOWN, field, f"{found}; {gap.risk}", wanted, cause=cause)
    if not lacking:
        yield passes()


def _of_database(gap: Gap) -> tuple[str, ...]:
    """Fields of the database that a gap is about; the capability where it names no field."""
    if not gap.fields and gap.capability is Capability.DATABASE_VERSIONS:
        return (gap.capability.value,)
    return tuple(field for field in gap.fields if field.startswith(DATABASE))


def _fits(name: str, mine: Limit | None, theirs: Limit | None, leaving_for: str) -> Verdict:
    """Whether whatever is stored here is within a limit of the exit."""
    if mine and theirs and not theirs.below(mine):
        return passes()
    here, there = mine or "not recorded", theirs or "not recorded"
    found = f"not known: what is stored may be beyond {leaving_for} ({there}; here: {here})"
    return Verdict(Outcome.UNKNOWN, name, found, "objects that the exit takes", cause=EXIT)


@plan_control(
    "exit.rehearsed",
    Profile.SOVEREIGN,
    Severity.HIGH,
    cites=snc("19.4", "17.3"),
    remedy="None in this release, which neither rehearses an exit nor reads evidence of one: a"
    " waiver says who answers for that, and until when.",
    cause=("exit", "rehearsal_days"),
)
def rehearsed(case: Case) -> Iterator[Verdict]:
    """An exit rehearsal passed within the spec's time, with signed evidence.

    Rehearsals are not part of this release: the control fails until there is evidence of one.
    """
    if case.spec.exit is None:
        yield fails("exit", "no exit is named", "a rehearsed exit", cause=("exit",))
        return
    days = case.spec.exit.rehearsal_days
    if case.spec.exit.provider == case.provider.name:
        found = f"`{case.provider.name}` is named, where the warehouse stands"
        yield fails("exit", found, "a rehearsed exit to another provider", cause=EXIT)
        return
    wanted = f"a rehearsal with signed evidence, at most {days} days old"
    if case.rehearsed is None:
        yield fails("rehearsed", "no evidence of a rehearsal", wanted)
    elif not dt.timedelta() <= case.as_of - case.rehearsed <= dt.timedelta(days=days):
        yield fails("rehearsed", f"the last rehearsal was on {case.rehearsed}", wanted)
    else:
        yield passes()
