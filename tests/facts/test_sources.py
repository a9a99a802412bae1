"""The same stack gives the same facts offline, in a preview and in a state.

The recorded files were written by a real Pulumi CLI with plugins that answer by echo; `python -m
tests.facts.record` writes them anew.
"""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from havre.evaluate import evaluate
from havre.facts import Facts, Known, Unknown
from havre.facts.model import Grant, ResourceFact
from havre.facts.values import Reserve, Reserved
from havre.plan import Plan
from havre.plan.previews import from_preview
from havre.plan.states import from_state
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import PROJECT, program, read_settings
from tests.clouds import ECHOED
from tests.facts.recordings import RECORDED

EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
PROVIDERS = ("azure", "ovh")


def offline(provider: str) -> Plan:
    found = find(provider)
    settings = read_settings(found, ECHOED[provider])
    spec = load(EXAMPLE).warehouse
    return evaluate(program(spec, found, settings), project=PROJECT, stack="local")


def facts_of(plan: Plan, provider: str) -> Facts:
    return find(provider).facts(plan)


def _unordered(value: Any) -> Any:
    """URNs in any order: they follow the plan's, which a source may tell in its own way."""
    if isinstance(value, Known) and isinstance(value.value, tuple):
        return Known(tuple(sorted(value.value, key=str)))
    return value


def differences(mine: ResourceFact, theirs: ResourceFact, *, decided: bool) -> Iterator[str]:
    """Properties that differ; where `decided`, what was unknown may have become known."""
    assert type(mine) is type(theirs)
    for field in fields(mine):
        first, second = (_unordered(getattr(item, field.name)) for item in (mine, theirs))
        if decided and isinstance(second, Reserved) and second.reserve is Reserve.NOT_SEEN:
            second = second.at_best  # it was so when it was made
        if decided and isinstance(first, Unknown) and isinstance(second, Known):
            continue
        if first != second:
            yield f"{mine.name}: {field.name} is {first} offline and {second} there"


@pytest.mark.parametrize("provider", [*PROVIDERS, "scaleway"])
def test_a_preview_tells_the_same_as_the_evaluation(provider: str) -> None:
    check(provider, from_preview(RECORDED / f"{provider}-preview.json"), decided=False)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_state_tells_the_same_as_the_evaluation(provider: str) -> None:
    check(provider, from_state(RECORDED / f"{provider}-state.json"), decided=True)


def check(provider: str, plan: Plan, *, decided: bool) -> None:
    mine, theirs = facts_of(offline(provider), provider), facts_of(plan, provider)
    assert mine.unclassified == theirs.unclassified == ()
    by_urn: dict[tuple[str, str], list[ResourceFact]] = {}
    for item in theirs.items:
        by_urn.setdefault((item.urn, type(item).__name__), []).append(item)
    told = [
        difference
        for item in mine.items
        for other in [by_urn[item.urn, type(item).__name__].pop(0)]
        for difference in differences(item, other, decided=decided)
    ]
    assert told == []
    left = [item for items in by_urn.values() for item in items]
    assert [item for item in left if not (decided and _unseen(item))] == []


def _unseen(item: ResourceFact) -> bool:
    """Whether it grants nothing but what no refresh would show."""
    rights = item.rights if isinstance(item, Grant) else None
    return isinstance(rights, Reserved) and rights.at_best == Known(frozenset())
