"""What a warehouse is given and does not manage, read from its plan, and who answers for it.

A warehouse may stand in an estate that exists: a network of the house, its firewall, its logs. The
component records what it was given beside what is asked, so that a plan, a preview and a state can
be evaluated alone. What a control cannot see there is *outside the plan*: not evaluated, and never
a pass.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts.model import AboutResource
from havre.facts.values import DOES_NOT_APPLY, NOT_TOLD, Outside
from havre.plan.parts import WAREHOUSE_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.plan import Plan, PlannedResource

K = TypeVar("K", bound=AboutResource)
RECORD = "estate"
"""Name of the component's input that records what it is given."""
ANSWERS_FOR, GIVEN = "answers_for", "given"
"""Keys of that record."""


@dataclass(frozen=True)
class Estate:
    """What a stack's settings name of an estate that exists.

    Attributes:
        answers_for: who answers for it, with a way to reach them, as the settings say.
        given: identifiers or addresses, as resources refer to them, by what each is for people,
            such as `the hub's firewall`.
    """

    answers_for: str
    given: Mapping[str, str] = field(default_factory=dict)


def recorded_estate(estate: Estate) -> dict[str, Any]:
    """The component's input that records an estate; nothing where nothing is given."""
    if not estate.given:
        return {}
    return {RECORD: {ANSWERS_FOR: estate.answers_for, GIVEN: dict(estate.given)}}


def outside_of(plan: Plan) -> Mapping[str, Outside]:
    """What the plan's warehouses are given, by identifier or address in lower case.

    What the plan has all the same, such as the state of a hub beside the warehouse's, is not.
    """
    found: dict[str, Outside] = {}
    for resource in plan.resources:
        if resource.type == WAREHOUSE_TYPE:
            found.update(_recorded(resource.inputs.get(RECORD)))
    seen = {resource.id.lower() for resource in plan.resources if resource.id} if found else set()
    return {identifier: told for identifier, told in found.items() if identifier not in seen}


def with_estate(plan: Plan, standing: Iterable[PlannedResource]) -> Plan:
    """A plan, and beside it what it is given of an estate, as the estate's own state shows it.

    What is given comes with what it consists of and what it refers to: what has an identifier
    below its own, such as a lock or a table, and what its properties name. Nothing else of the
    estate is the warehouse's matter.

    Args:
        plan: of the warehouse.
        standing: resources of other stacks' states, which have identifiers.
    """
    by_id = {each.id.lower(): each for each in standing if each.made and each.id}
    ordered = sorted(by_id)
    given = outside_of(plan)
    wanted = [each for each in by_id if each in given]
    found: dict[str, PlannedResource] = {}
    while wanted:
        identifier = wanted.pop()
        if identifier in found:
            continue
        found[identifier] = by_id[identifier]
        below = bisect_left(ordered, f"{identifier}/"), bisect_left(ordered, f"{identifier}0")
        wanted += ordered[slice(*below)]  # what begins with `/` goes before what begins with `0`
        wanted += [each for each in set(_texts(by_id[identifier].inputs)) if each in by_id]
    beside = (each for identifier, each in by_id.items() if identifier in found)
    return replace(plan, resources=(*plan.resources, *beside))


def _texts(value: Any) -> Iterator[str]:
    """Every text within a value, in lower case; nothing of a secret."""
    if isinstance(value, str):
        yield value.lower()
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def unseen(kind: type[K], identifier: str, token: str, outside: Outside, **more: Any) -> K:
    """The fact of something outside the plan: whatever a control asks of it is not evaluated.

    Args:
        kind: of fact, such as `LogStore`.
        identifier: in place of a URN, as the resources of the plan refer to it.
        token: in place of its type token.
        outside: what it is, and who answers for it.
        more: what is told of it all the same, such as the offering.
    """
    asked = {each.name: outside for each in fields(kind) if each.default is NOT_TOLD}
    told = {"tags": DOES_NOT_APPLY, "places": outside, **asked, **more}
    return kind(urn=identifier, type=token, **told)


def _recorded(record: Any) -> Iterator[tuple[str, Outside]]:
    """What one record gives; what it does not say as `recorded_estate` does is not given."""
    if not isinstance(record, Mapping) or not isinstance(record.get(GIVEN), Mapping):
        return
    who = record.get(ANSWERS_FOR)
    for what, identifier in record[GIVEN].items():
        if isinstance(identifier, str) and identifier and isinstance(who, str) and who:
            yield identifier.lower(), Outside(str(what), answers_for=who)
