"""What is written in another form than the service reads never passes, and never raises.

Every property of the providers' own plans is changed in its own form first. Where facts see that,
the same value in another form (text for truth values and numbers, lists, objects, full-width
letters, blanks) is read as the same, or is unknown.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from havre.facts import Facts, Known, Unknown
from havre.plan import Plan, PlannedResource
from havre.plan.values import PULUMIS_OWN
from tests.policy import mutations as m

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
WORSE: dict[type, tuple[Any, ...]] = {int: (1,), str: ("nobodys",)}
Steps = tuple[str | int, ...]


def wide(text: str) -> str:
    return text.translate(FULL_WIDTH)


def forms(value: Any) -> list[Any]:
    """The same value as nobody should write it."""
    words = {str(value), str(value).lower(), str(value).upper(), wide(str(value).lower())}
    if isinstance(value, str):
        words -= {value, value.lower(), value.upper()}
    blanks = {f" {value}", f"{value}\t", f"\u00a0{value}"}
    other: list[Any] = [7, True] if isinstance(value, str) else [int(value)]
    found = [*sorted(words), *sorted(blanks), *other, float(other[0]) + 0.5]
    return [*found, [value], {"value": value}, [None], [[]], {"": {}}]


def leaves(value: Any, at: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not key.startswith(PULUMIS_OWN):
                yield from leaves(inner, (*at, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value[:1]):
            yield from leaves(inner, (*at, number))
    elif isinstance(value, bool | int | str):
        yield at, value


def put(value: Any, at: Steps, new: Any) -> Any:
    if not at:
        return new
    if isinstance(value, list):
        return [put(v, at[1:], new) if n == at[0] else v for n, v in enumerate(value)]
    return {**value, at[0]: put(value[at[0]], at[1:], new)}


def written(plan: Plan, urn: str, at: Steps, new: Any) -> Plan:
    return replace(
        plan,
        resources=tuple(
            replace(each, inputs=put(each.inputs, at, new)) if each.urn == urn else each
            for each in plan.resources
        ),
    )


def meaning(provider: str, plan: Plan) -> Facts:
    return m.base(provider).provider.facts(plan)


def unknowns(facts: Facts) -> int:
    """How many values are withheld, those of single rules included."""
    told = [value for fact in facts.items for value in vars(fact).values()]
    lists = [v.value for v in told if isinstance(v, Known) and isinstance(v.value, tuple)]
    rules = sum(bool(getattr(each, "withheld", "")) for found in lists for each in found)
    return rules + sum(isinstance(value, Unknown) for value in told)


def shown(found: Facts, before: Facts) -> bool:
    """Whether facts themselves differ, and not only the list of what none of them reads."""
    return replace(found, unread=before.unread) != before


def cases(provider: str) -> Iterator[tuple[PlannedResource, Steps, Any]]:
    """Every property of a plan once, by its last two names; labels are the user's own."""
    seen = set()
    for resource in m.base(provider).plan.resources:
        for at, value in leaves(resource.inputs):
            path = tuple(step for step in at if isinstance(step, str))
            if resource.made and path[0] != "tags" and path[-2:] not in seen:
                seen.add(path[-2:])
                yield resource, at, value


def worse(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    return tuple(each for each in WORSE[type(value)] if each != value)


@pytest.mark.parametrize(
    "provider",
    [pytest.param(p, marks=pytest.mark.long if p == "azure" else ()) for p in m.PROVIDERS],
)
def test_a_property_that_decides_is_read_by_its_form(provider: str) -> None:
    plan = m.base(provider).plan
    before = meaning(provider, plan)
    watched, missed = 0, []
    for resource, at, value in cases(provider):
        for bad in worse(value):
            after = meaning(provider, written(plan, resource.urn, at, bad))
            if after == before:
                continue
            watched += 1
            fewest = min(unknowns(before), unknowns(after))  # a value may be withheld already
            for form in chosen(bad, watched):
                found = meaning(provider, written(plan, resource.urn, at, form))
                if found.unclassified:
                    missed.append((resource.type, at, form, "raises"))
                elif form == [None] and not shown(after, before):
                    continue  # a list of nothing says nothing of what no fact reads
                elif found == before or not (
                    isinstance(bad, str)
                    or found == after
                    or unknowns(found) > fewest
                    or len(found.unread) > len(before.unread)
                ):
                    missed.append((resource.type, at, form, "is read as something else"))
    assert watched > 10
    assert missed == []


def chosen(value: Any, turn: int) -> list[Any]:
    """One form of a value: each turn another, so that all are tried on some property."""
    every = forms(value)
    return [every[turn % len(every)]]
