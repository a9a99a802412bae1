"""Reading properties of planned resources into three-valued facts."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts.values import Fact, Known, Unknown
from havre.plan.values import UNKNOWN, Secret, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from havre.plan import PlannedResource

T = TypeVar("T")
U = TypeVar("U")

YES: Fact[bool] = Known(value=True)
NO: Fact[bool] = Known(value=False)
NONE: Fact[None] = Known(None)
ZERO: Fact[int] = Known(0)
"""What classes say most often."""


def read(inputs: Mapping[str, Any], path: str, default: Any = None) -> Fact[Any]:
    """The value at a dotted path, such as `encryption.keySource`.

    What is absent is the `default`, known. A secret is read through. Where any part of the
    way is unknown or leads through what is no object, or anything inside the value is unknown,
    so is the fact, and it names the path.
    """
    value: Any = inputs
    for step in path.split("."):
        if isinstance(value, Secret):
            value = value.value
        if value is UNKNOWN:
            return Unknown(path)
        if not isinstance(value, dict):
            return Known(default) if value is None else Unknown(path)
        if value.get(step) is None:
            return Known(default)
        value = value[step]
    if isinstance(value, Secret):
        value = value.value
    return Unknown(path) if holds_unknown(value) else Known(value)


def then(fact: Fact[T], function: Callable[[T], U]) -> Fact[U]:
    """Apply `function` to a known value; what is unknown stays so."""
    return Known(function(fact.value)) if isinstance(fact, Known) else fact


def both(first: Fact[T], second: Fact[U]) -> Fact[tuple[T, U]]:
    """The pair of two facts; unknown if either is."""
    if isinstance(first, Unknown):
        return first
    if isinstance(second, Unknown):
        return second
    return Known((first.value, second.value))


def together(facts: list[Fact[T]]) -> Fact[tuple[T, ...]]:
    """The values of several facts; unknown if one is."""
    unknown = next((fact for fact in facts if isinstance(fact, Unknown)), None)
    return unknown or Known(tuple(fact.value for fact in facts if isinstance(fact, Known)))


def every(facts: list[Fact[bool]]) -> Fact[bool]:
    """Whether all hold: one that is known to fail decides, whatever is unknown."""
    if any(isinstance(fact, Known) and not fact.value for fact in facts):
        return Known(value=False)
    return next((fact for fact in facts if isinstance(fact, Unknown)), Known(value=True))


def some(facts: list[Fact[bool]]) -> Fact[bool]:
    """Whether at least one holds: one that is known to hold decides."""
    if any(isinstance(fact, Known) and fact.value for fact in facts):
        return Known(value=True)
    return next((fact for fact in facts if isinstance(fact, Unknown)), Known(value=False))


def sources(resource: PlannedResource, path: str) -> tuple[str, ...]:
    """URNs from which the property that `path` begins with was computed."""
    return tuple(resource.property_dependencies.get(path.split(".", maxsplit=1)[0], ()))


def bare(value: Any) -> Any:
    """A value without the marks of secrets."""
    if isinstance(value, Secret):
        return bare(value.value)
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items()}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


def items(inputs: Mapping[str, Any], path: str) -> Fact[list[dict[str, Any]]]:
    """The objects of a list, none where it is absent."""
    return then(read(inputs, path, []), bare)


def day(fact: Fact[Any], path: str) -> Fact[dt.date | None]:
    """The day with which a time in ISO 8601 begins; none where it is absent, unknown if it is none.

    Args:
        fact: the text.
        path: what withholds the day where the text is no time.
    """
    if isinstance(fact, Unknown) or not fact.value:
        return fact if isinstance(fact, Unknown) else NONE
    found = _DAY.match(str(fact.value))
    try:
        return Known(dt.date.fromisoformat(found[1])) if found else Unknown(path)
    except ValueError:
        return Unknown(path)


_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T[0-9:.]{1,20}(?:Z|[+-][0-9:]{2,6})?)?\Z")
