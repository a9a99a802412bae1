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
from havre.provider import Capability, Support
from havre.spec.model import KeyProtection
from havre_policies.cites import snc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider import Provider
    from havre.spec import Warehouse

EXIT = ("exit", "provider")
NONE = frozenset({Support.ABSENT, Support.UNKNOWN})


def _named(case: Case) -> Verdict | None:
    """What there is to say where no exit can be judged; None where one can."""
    wanted = "an exit provider that is named and installed"
    if case.spec.exit is None:
        return fails("exit", "no exit is named", wanted, cause=("exit",))
    if case.spec.exit.provider == case.provider.name:
        return passes()  # it already stands where it would leave for
    if case.exit is None:
        found = f"provider `{case.spec.exit.provider}` is not installed here"
        return Verdict(Outcome.UNKNOWN, "exit", found, wanted, cause=EXIT)
    return None


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
    remedy="Name an exit provider that has what this warehouse uses, or use less.",
    cause=EXIT,
)
def counterpart(case: Case) -> Iterator[Verdict]:
    """Every stateful part has a counterpart at the named exit provider."""
    said = _named(case)
    if said is not None or case.exit is None:
        yield said or passes()
        return
    yield from _counterparts(case.exit, case.spec)


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
    remedy="Do without what the exit lacks, or name another exit.",
    cause=EXIT,
)
def portable(case: Case) -> Iterator[Verdict]:
    """Database extensions and versions in use exist at the exit.

    Sizes of objects and lengths of keys are seen only when an exit is rehearsed.
    """
    said = _named(case)
    if said is not None:
        yield said
        return
    blocked = [
        (gap, field)
        for gap in case.exit_gaps
        for field in gap.fields
        if gap.support in NONE and field.startswith(("database.version", "database.extensions"))
    ]
    for gap, field in blocked:
        wanted = "what the database uses exists at the exit"
        yield fails(field, gap.reason, wanted, cause=tuple(field.split(".")))
    if not blocked:
        yield passes()


@plan_control(
    "exit.rehearsed",
    Profile.SOVEREIGN,
    Severity.HIGH,
    cites=snc("19.4", "17.3"),
    remedy="Rehearse the exit and give its signed evidence to the check.",
    cause=("exit", "rehearsal_days"),
)
def rehearsed(case: Case) -> Iterator[Verdict]:
    """An exit rehearsal passed within the spec's time, with signed evidence."""
    if case.spec.exit is None:
        yield fails("exit", "no exit is named", "a rehearsed exit", cause=("exit",))
        return
    days = case.spec.exit.rehearsal_days
    wanted = f"a rehearsal with signed evidence, at most {days} days old"
    if case.rehearsed is None:
        yield fails("rehearsed", "no evidence of a rehearsal", wanted)
    elif not dt.timedelta() <= case.as_of - case.rehearsed <= dt.timedelta(days=days):
        yield fails("rehearsed", f"the last rehearsal was on {case.rehearsed}", wanted)
    else:
        yield passes()
