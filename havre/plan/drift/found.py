"""What differs between the file's plan, the last update and what a refresh saw.

Three plans are read alike. What the last update made and the refresh no longer saw so was changed
by hand. What the file asks and the last update did not make is not deployed yet, and no drift.
Without the last update both are told together, because nothing tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.errors import InputError
from havre.plan import urns
from havre.plan.drift.differences import ABSENT, FieldChange, differences, put
from havre.plan.replacing import HOLDS_DATA
from havre.plan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.plan.model import Plan, PlannedResource

PROTECT = "protect"
"""Path of what guards a resource from its removal."""
LABELS = frozenset({"tags", "labels", "description", "displayName"})
"""Inputs that describe a resource and change nothing of what it does."""
_LABELS = frozenset((name,) for name in LABELS)


Written = Callable[["PlannedResource", str, Any], Any]
"""A property's value in one way of writing it: of a resource, by the property's name."""


def as_it_is(_resource: PlannedResource, _name: str, value: Any) -> Any:
    """A value of a provider whose service writes none in another way."""
    return value


class Deviance(StrEnum):
    """What became of one resource."""

    GONE = "gone"
    ADDED = "not in the plan"
    CHANGED = "changed"
    DEPARTED = "not as it was made"


@dataclass(frozen=True)
class Drift:
    """One thing that somebody changed.

    Attributes:
        deviance: what became of the resource.
        resource: as it is; as it was where it is gone.
        difference: the field; None where the whole resource is gone or was added, or where its
            provider says no more than that it would be changed.
        output: whether the field is one that only the provider tells.
        departures: in what the resource is not as it was made, in its provider's words.
    """

    deviance: Deviance
    resource: PlannedResource
    difference: FieldChange | None = None
    output: bool = False
    departures: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The field; empty for a whole resource."""
        return self.difference.path if self.difference else ""

    @property
    def label(self) -> bool:
        """Whether only a description of the resource changed."""
        return self.difference is not None and self.difference.steps[:1] in _LABELS


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        drifts: what somebody changed.
        waiting: names of resources in which the file asks for what is not deployed yet.
        told_apart: whether the last update was known, so that the two can be told apart.
        placeholders: settings without which the file's plan cannot be compared.
    """

    drifts: tuple[Drift, ...]
    waiting: tuple[str, ...] = ()
    told_apart: bool = False
    placeholders: tuple[str, ...] = ()


def drifts(
    planned: Plan,
    now: Plan,
    last: Plan | None = None,
    departed: Mapping[str, Sequence[str]] = MappingProxyType({}),
    written: Written = as_it_is,
) -> Found:
    """What somebody changed by hand.

    Args:
        planned: what the file asks for.
        now: what a refresh saw.
        last: what the last update made; None: it is not known.
        departed: what its provider would change, although nothing else is asked of it: by URN,
            in what it differs.
        written: how the provider writes a property's value in one way; what differs only in its
            writing is no drift.

    Raises:
        InputError: neither the last update nor every setting of the file's plan is known, so that
            nothing says what should be.
    """
    asked, seen = _made(planned), _made(now)
    if last is None:
        _refuse_placeholders(planned)
        return Found(tuple(_compared(asked, seen, written)))
    made = _made(last)
    changed = list(_compared(made, seen, written, returned=True))
    told = {each.resource.urn for each in changed}
    untold = (r for r in seen.values() if r.urn in departed and r.urn not in told)
    changed += [
        Drift(Deviance.DEPARTED, each, departures=tuple(departed[each.urn])) for each in untold
    ]
    if planned.placeholders:
        return Found(tuple(changed), told_apart=True, placeholders=planned.placeholders)
    waiting = {urns.name(each.resource.urn) for each in _compared(asked, made, written)}
    return Found(tuple(changed), tuple(sorted(waiting)), told_apart=True)


def _refuse_placeholders(planned: Plan) -> None:
    """Refuse a plan whose names and values depend on settings that were not given.

    Raises:
        InputError: naming them.
    """
    if planned.placeholders:
        message = f"Missing settings: {', '.join(planned.placeholders)}"
        raise InputError(
            message,
            "Names and values depend on them. Name the stack's file with --stack-config, or what "
            "the last update made with --last.",
        )


def replaced(now: Plan, drift: Drift, *, unknown: bool = False) -> Plan:
    """What is now, with one change undone.

    Args:
        now: what a refresh saw.
        drift: what is undone.
        unknown: whether the field becomes unknown, where it is one, instead of what it was.
    """
    if drift.deviance is Deviance.DEPARTED:
        return now
    if drift.deviance is Deviance.GONE:
        return replace(now, resources=(*now.resources, drift.resource))
    if drift.deviance is Deviance.ADDED:
        kept = tuple(each for each in now.resources if each.urn != drift.resource.urn)
        return replace(now, resources=kept)
    changed = tuple(
        _undone(each, drift, unknown=unknown) if each.urn == drift.resource.urn else each
        for each in now.resources
    )
    return replace(now, resources=changed)


def _undone(resource: PlannedResource, drift: Drift, *, unknown: bool) -> PlannedResource:
    """A resource as it was in one field."""
    field = drift.difference
    if field is None:
        return resource
    if field.path == PROTECT and not field.steps:
        return replace(resource, protect=bool(field.was))
    value = UNKNOWN if unknown else field.whole
    if drift.output:
        return replace(resource, outputs=put(resource.outputs, field.steps, value))
    return replace(resource, inputs=put(resource.inputs, field.steps, value))


def _made(plan: Plan) -> dict[str, PlannedResource]:
    """What the stack makes, by what tells it in every stack."""
    return {urns.apart(r.urn): r for r in plan.resources if r.made and not r.external}


def _compared(
    was: Mapping[str, PlannedResource],
    now: Mapping[str, PlannedResource],
    written: Written,
    *,
    returned: bool = False,
) -> Iterator[Drift]:
    """What differs between resources as they should be and as they are.

    Args:
        was: as they should be.
        now: as they are.
        written: how a property's value is written in one way.
        returned: whether what should be is what the last update made, with what it returned.
    """
    for key in sorted(was.keys() | now.keys()):
        if key not in now:
            yield Drift(Deviance.GONE, was[key])
        elif key not in was:
            yield Drift(Deviance.ADDED, now[key])
        else:
            found = _changed(was[key], now[key], returned=returned)
            yield from (each for each in found if not _respelled(each, was[key], written))


def _respelled(drift: Drift, was: PlannedResource, written: Written) -> bool:
    """Whether a property holds the same value as before, in another way of writing it."""
    field = drift.difference
    if field is None or not field.steps or field.secret:
        return False
    name = field.steps[-1]
    if not isinstance(name, str) or not field.path.endswith(name) or field.was is ABSENT:
        return False
    now = None if field.now is ABSENT else field.now
    return bool(written(was, name, field.was) == written(drift.resource, name, now))


def _changed(was: PlannedResource, now: PlannedResource, *, returned: bool) -> Iterator[Drift]:
    """What differs in one resource: its inputs, what guards it, and what its provider tells."""
    given = differences(was.inputs, now.inputs)
    told = differences(*_echoed(was, now, every=returned))
    known, moved = {each.path for each in given}, {each.steps[0] for each in given}
    for each in given:
        if not returned or _confirmed(each, was, now, told):
            yield Drift(Deviance.CHANGED, now, each)
    for each in told:
        if each.path not in known and not _only_marks(each, was):
            name = each.steps[0]
            whole = was.inputs.get(str(name), ABSENT)
            own = replace(each, steps=(name,), whole=whole) if name in moved else each
            yield Drift(Deviance.CHANGED, now, own, output=name not in moved)
    if was.protect is not now.protect:
        guarded = FieldChange(PROTECT, was.protect, now.protect)
        yield Drift(Deviance.CHANGED, now, guarded)


def _only_marks(each: FieldChange, was: PlannedResource) -> bool:
    """Whether a service alone writes a field, to say that something else was changed."""
    first, name = str(each.steps[0]), each.path.rpartition(".")[2]
    return each.mark and first not in LABELS and not _sets(was.inputs.get(first), name)


def _sets(value: Any, name: str) -> bool:
    """Whether a value sets a property, however deep."""
    if isinstance(value, dict):
        return name in value or any(_sets(inner, name) for inner in value.values())
    return isinstance(value, list) and any(_sets(inner, name) for inner in value)


def _confirmed(
    each: FieldChange, was: PlannedResource, now: PlannedResource, told: Sequence[FieldChange]
) -> bool:
    """Whether the outputs have the same difference as the inputs, or say nothing of them.

    A plugin puts what a refresh saw into the inputs place by place, so that an element which was
    added may stand there for another one.
    """
    name = str(each.steps[0])
    if name not in now.outputs or name not in was.outputs:
        return True
    alike = [other for other in told if other.path == each.path]
    words = [other for other in alike if isinstance(other.was, str) or isinstance(other.now, str)]
    return any((o.was, o.now) == (each.was, each.now) for o in words) if words else bool(alike)


def _echoed(
    was: PlannedResource, now: PlannedResource, *, every: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Outputs that repeat inputs, before and now.

    A provider that returns no inputs from a refresh tells of a change in its outputs alone. What a
    service writes in its own way is not taken for one: where only inputs were known before, those
    of a dynamic resource alone are read, whose outputs repeat them word by word. A dynamic
    resource tells nothing else than what it was made as and what it looks like.
    """
    before = was.outputs if every else was.inputs
    ours = now.package == urns.DYNAMIC_PACKAGE
    if not (every or ours):
        return {}, {}
    inputs = now.inputs.keys() | (was.inputs.keys() if every else ())
    told = [n for n in now.outputs if n in before and n != HOLDS_DATA]
    names = [n for n in told if n in inputs or (ours and every)]
    return {name: before[name] for name in names}, {name: now.outputs[name] for name in names}
