"""Every input property that facts read, and what it may be changed to."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from havre.plan import Plan, PlannedResource
from havre.plan.values import PULUMIS_OWN, UNKNOWN, Secret
from havre.policy.findings import FindingKind
from havre.policy.judge import Question, judge
from havre.policy.registry import installed_controls

READERS = (
    "havre_azure.facts.typed_plan",
    "havre_ovh.facts.typed_plan",
    "havre_scaleway.facts.typed_plan",
    "havre_local.facts.resources.typed_plan",
)
"""Where each provider's facts take the plan that they read."""
NOMENCLATURES = {
    "azure": ("havre_azure.facts.relations.naming", "NOMENCLATURE"),
    "ovh": ("havre_ovh.facts.naming", "NOMENCLATURE"),
    "scaleway": ("havre_scaleway.facts.naming", "NOMENCLATURE"),
    "local": ("havre_local.facts.resources", "NOMENCLATURE"),
}
Steps = tuple[str | int, ...]
Bad = frozenset[tuple[str, str]]
"""Control and resource of every finding that is none that passes."""
ABSENT = object()


class _Watched(dict[str, Any]):
    """An object that notes which of its properties are read."""

    def __init__(self, values: dict[str, Any], at: Steps, seen: set[Steps]) -> None:
        super().__init__({k: _watched(v, (*at, k), seen) for k, v in values.items()})
        self._at, self._seen = at, seen

    def _note(self, *keys: object) -> None:
        self._seen.update((*self._at, str(key)) for key in keys)

    def get(self, key: Any, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self._note(key)
        return super().__getitem__(key)

    def values(self) -> Any:
        self._note(*self)
        return super().values()

    def items(self) -> Any:
        self._note(*self)
        return super().items()


def _watched(value: Any, at: Steps, seen: set[Steps]) -> Any:
    if isinstance(value, Secret):
        return Secret(_watched(value.value, at, seen))
    if isinstance(value, dict):
        return _Watched(value, at, seen)
    return (
        [_watched(v, (*at, n), seen) for n, v in enumerate(value)]
        if isinstance(value, list)
        else value
    )


@contextmanager
def watching(patch: pytest.MonkeyPatch) -> Iterator[dict[str, set[Steps]]]:
    """What facts read meanwhile, by URN: paths of properties that are there or are not."""
    from havre.facts.forms import typed_plan

    seen: dict[str, set[Steps]] = {}

    def reading(plan: Plan, forms: Any) -> tuple[Plan, Callable[..., PlannedResource]]:
        read, one = typed_plan(plan, forms)
        found = {
            each.urn: replace(
                each, inputs=_Watched(dict(each.inputs), (), seen.setdefault(each.urn, set()))
            )
            for each in read.resources
        }
        watched = replace(read, resources=tuple(found[each.urn] for each in read.resources))
        return watched, lambda resource: found.get(resource.urn) or one(resource)

    with patch.context() as now:
        for name in READERS:
            now.setattr(name, reading)
        yield seen


@dataclass(frozen=True)
class Property:
    """A property of a resource of a plan, with the value that it has there."""

    resource: PlannedResource
    at: Steps
    value: Any

    @property
    def name(self) -> tuple[str, ...]:
        """The type, and the path without the places in lists."""
        return (self.resource.type, *(step for step in self.at if isinstance(step, str)))


def _at(value: Any, at: Steps) -> Any:
    for step in at:
        value = value.value if isinstance(value, Secret) else value
        if isinstance(value, dict):
            value = value.get(step, ABSENT)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return ABSENT
    return value


def properties(plan: Plan, seen: dict[str, set[Steps]]) -> Iterator[Property]:
    """The properties that a plan sets and facts read, each path of a type once."""
    known: set[str] = set()
    for resource in plan.resources:
        for at in sorted(seen.get(resource.urn, ()), key=str):
            value = _at(resource.inputs, at)
            found = Property(resource, at, value)
            label = repr((found.name, type(value)))
            own = at[0] == "tags" or str(at[0]).startswith(PULUMIS_OWN)
            if value is not ABSENT and value is not None and not own and label not in known:
                known.add(label)
                yield found


def changed(plan: Plan, what: Property, value: Any) -> Plan:
    """A plan in which a property has another value, which nothing else was computed for."""
    inputs = _put(what.resource.inputs, what.at, value)
    sources = {k: v for k, v in what.resource.property_dependencies.items() if k != what.at[0]}
    after = replace(what.resource, inputs=inputs, property_dependencies=sources)
    return replace(
        plan,
        resources=tuple(after if each.urn == after.urn else each for each in plan.resources),
    )


def _put(value: Any, at: Steps, new: Any) -> Any:
    if not at:
        return new
    if isinstance(value, Secret):
        return Secret(_put(value.value, at, new))
    if isinstance(value, list):
        found = [_put(v, at[1:], new) if n == at[0] else v for n, v in enumerate(value)]
        return [each for each in found if each is not ABSENT]
    inner = _put(value[at[0]], at[1:], new)
    return {k: v for k, v in {**value, at[0]: inner}.items() if v is not ABSENT}


def wrong(value: Any) -> dict[str, Any]:
    """Other values, which may be worse."""
    if isinstance(value, bool):
        return {"wrong": not value}
    if isinstance(value, int | float):
        return {"wrong": 1, "larger": 99_999}
    if isinstance(value, str):
        return {"wrong": "nobodys", "empty": ""}
    return {"empty": type(value)()} if isinstance(value, dict | list) else {}


def forms(value: Any) -> dict[str, Any]:
    """The same value in another form, and what is no value of its kind."""
    if value is UNKNOWN:
        return {}
    found: dict[str, Any] = {"listed": [value]}
    if not isinstance(value, dict):
        found["within"] = {"value": value}
    if isinstance(value, bool | int | float):
        found |= {"text": str(value), "blank": f" {str(value).upper()}"}
    if isinstance(value, str):
        found |= {"upper": value.upper(), "blank": f" {value}"}
    if isinstance(value, list) and value:
        found |= {"single": value[0], "unknown item": [UNKNOWN, *value[1:]]}
    if not isinstance(value, dict | list | Secret):
        found |= {"number": 35, "truth": "TRUE"}
    return found


def bad(question: Question) -> Bad:
    """What does not pass, by control and resource.

    Raises:
        AssertionError: facts or a control raised.
    """
    found = judge(question, installed_controls()).findings
    raised = [f for f in found if f.property == "control" or "whose facts failed" in f.found]
    assert raised == [], f"{raised[0].control}: {raised[0].resource}: {raised[0].found}"
    kinds = (FindingKind.FAIL, FindingKind.UNKNOWN)
    return frozenset((f.control, f.resource) for f in found if f.kind in kinds)


def _names(what: Property, provider: str) -> bool:
    """Whether a property names its resource, or what that is part of.

    Who refers to it may then still be told by what was computed from it.
    """
    module, name = NOMENCLATURES[provider]
    found = getattr(importlib.import_module(module), name)
    holders = {naming.parent[0] for naming in found.namings.values() if naming.parent}
    group = {found.group[0]} if found.group else set()
    own = {naming.property for naming in found.namings.values()}
    return what.at[0] in own | holders | group


def amiss(question: Question, before: Bad, what: Property) -> Iterator[str]:
    """What is wrong with how the changes of a property are judged.

    A finding may move: what is no longer one zone is found to be missing as that zone. So a change
    is amiss only where nothing new is found at all.
    """

    def judged(value: Any) -> Bad:
        return bad(replace(question, plan=changed(question.plan, what, value)))

    named = isinstance(what.at[-1], str)
    withheld, absent = judged(UNKNOWN), judged(ABSENT) if named else before
    if named and judged(None) != absent:
        yield "null is read other than absent"
    for name, value in wrong(what.value).items():
        found = (judged(value) | absent) - before
        # What is withheld may still be told by what the resource depends on.
        worse = {each for each in found if each[1] not in what.resource.dependencies}
        if worse and not withheld - before and not _names(what, question.provider.name):
            yield f"unknown passes what {name} does not: {sorted(worse)}"
    for name, value in {"unknown": UNKNOWN, **forms(what.value)}.items():
        after = withheld if value is UNKNOWN else judged(value)
        if before - after and not after - before:
            yield f"{name} passes what did not: {sorted(before - after)}"
