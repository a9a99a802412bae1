"""Reading properties of planned resources into three-valued facts."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts.values import DOES_NOT_APPLY, Fact, Known, Outside, Reserved, Unknown
from havre.plan.values import PLAIN, UNKNOWN, Secret, holds_secret, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from havre.facts.model import Grant
    from havre.plan import PlannedResource

T = TypeVar("T")
U = TypeVar("U")

YES: Fact[bool] = Known(value=True)
NO: Fact[bool] = Known(value=False)
NONE: Fact[None] = Known(None)
ZERO: Fact[int] = Known(0)
"""What classes say most often."""


def read(inputs: Any, path: str, default: Any = None) -> Fact[Any]:
    """The value at a dotted path, such as `encryption.keySource`.

    What is absent is the `default`, known. A secret is read through. Where any part of the
    way is unknown or leads through what is no object, or anything inside the value is unknown,
    so is the fact, and it names the path.
    """
    value = _reached(inputs, path, default)
    if isinstance(value, PLAIN) or not holds_unknown(value):
        return Known(value)
    return Unknown(path)


@lru_cache(maxsize=10_000)
def _steps(path: str) -> tuple[str, ...]:
    """The names in a path; the same are read in every resource of a type."""
    return tuple(path.split("."))


def _reached(inputs: Any, path: str, default: Any) -> Any:
    """What stands at a path, with unknown values in their places; unknown where no way leads."""
    value = inputs
    for step in _steps(path):
        if isinstance(value, Secret):
            value = value.value
        if not isinstance(value, dict):
            return default if value is None else UNKNOWN
        value = value.get(step)
        if value is None:
            return default
    return value.value if isinstance(value, Secret) else value


def then(fact: Fact[T], function: Callable[[T], U]) -> Fact[U]:
    """Apply `function` to a known value; what is unknown stays so, with nothing at best.

    A reserved value stays reserved, with what the function makes of it.
    """
    if isinstance(fact, Known):
        return Known(function(fact.value))
    if isinstance(fact, Reserved) and fact.at_best is not None:
        return replace(fact, at_best=Known(function(fact.at_best.value)))
    return replace(fact, at_best=None)


def _withheld(facts: Iterable[Fact[Any]]) -> Unknown | None:
    """What is not known of several facts: withheld before outside the plan before reserved."""
    found = [fact for fact in facts if isinstance(fact, Unknown)]
    return min(found, key=_order, default=None)


def _order(fact: Unknown) -> int:
    return 2 if isinstance(fact, Reserved) else 1 if isinstance(fact, Outside) else 0


def both(first: Fact[T], second: Fact[U]) -> Fact[tuple[T, U]]:
    """The pair of two facts; unknown if either is, at best what both are at best."""
    if isinstance(first, Known) and isinstance(second, Known):
        return Known((first.value, second.value))
    ends = (_at_best(first), _at_best(second))
    told = None if None in ends else Known(tuple(end.value for end in ends if end is not None))
    return replace(_withheld((first, second)) or Unknown(""), at_best=told)


def _at_best(fact: Fact[T]) -> Known[T] | None:
    return fact if isinstance(fact, Known) else fact.at_best


def at_best(fact: Fact[T], nothing: T) -> T:
    """A value as good as it can be.

    Args:
        fact: the value, or what withholds it.
        nothing: what stands where nothing is told, and what no control fails by.
    """
    told = _at_best(fact)
    return nothing if told is None else told.value


def meets(fact: Fact[T], good: Callable[[T], bool]) -> Fact[bool]:
    """Whether a value is good: what is not at best is not, whatever is unknown."""
    told = _at_best(fact)
    if told is not None and not good(told.value):
        return Known(value=False)
    if isinstance(fact, Reserved):
        return replace(fact, at_best=Known(value=True))
    return replace(fact, at_best=None) if isinstance(fact, Unknown) else Known(value=True)


def together(facts: list[Fact[T]]) -> Fact[tuple[T, ...]]:
    """The values of several facts; unknown if one is."""
    unknown = _withheld(facts)
    if isinstance(unknown, Reserved):
        told = tuple(end.value for fact in facts if (end := _at_best(fact)) is not None)
        return replace(unknown, at_best=Known(told))
    if unknown is not None:
        return replace(unknown, at_best=None)
    return Known(tuple(fact.value for fact in facts if isinstance(fact, Known)))


def gathered(facts: Iterable[Fact[tuple[T, ...]]]) -> Fact[tuple[T, ...]]:
    """The items of several lists as one; where some are not known, at best those that are told."""
    found = list(facts)
    told = tuple(item for fact in found for item in at_best(fact, ()))
    unknown = _withheld(found)
    if unknown is None:
        return Known(told)
    return replace(unknown, at_best=Known(told) if told else None)


def every(facts: list[Fact[bool]]) -> Fact[bool]:
    """Whether all hold: one that is known to fail decides, whatever is unknown."""
    told = [fact for fact in facts if isinstance(fact, (Known, Reserved))]
    if not all(at_best(fact, nothing=True) for fact in told):
        return Known(value=False)
    return _withheld(facts) or Known(value=True)


def some(facts: list[Fact[bool]]) -> Fact[bool]:
    """Whether at least one holds: one that is known to hold decides."""
    if any(isinstance(fact, Known) and fact.value for fact in facts):
        return Known(value=True)
    unknown = [fact for fact in facts if isinstance(fact, Unknown)]
    reserved = (each for each in unknown if isinstance(each, Reserved))
    asked = next((each for each in reserved if at_best(each, nothing=False)), None)
    withheld = _withheld(each for each in unknown if not isinstance(each, Reserved))
    return asked or withheld or Known(value=False)


def sources(resource: PlannedResource, path: str) -> tuple[str, ...]:
    """URNs from which the property that `path` begins with was computed."""
    return tuple(resource.property_dependencies.get(path.split(".", maxsplit=1)[0], ()))


def bare(value: Any) -> Any:
    """A value without the marks of secrets: itself, where it has none."""
    return _unwrapped(value) if holds_secret(value) else value


def _unwrapped(value: Any) -> Any:
    if isinstance(value, Secret):
        return _unwrapped(value.value)
    if isinstance(value, dict):
        return {key: _unwrapped(inner) for key, inner in value.items()}
    return [_unwrapped(inner) for inner in value] if isinstance(value, list) else value


def items(inputs: Any, path: str) -> Fact[list[Any]]:
    """The items of a list, none where it is absent; what is not known of them in its place."""
    value = _reached(inputs, path, [])
    return Known(bare(value)) if isinstance(value, list) else Unknown(path)


def each(
    inputs: Any, path: str, inner: str = "", name: str = "", *, needed: bool = False
) -> Fact[tuple[Any, ...]]:
    """The items of a list, or one property of each; at best those that are told.

    Args:
        inputs: the properties.
        path: of the list.
        inner: path of the property in each item; empty for the items themselves.
        name: what withholds an item that is not known; the path, where empty.
        needed: whether an item without the property is not known either.
    """
    found = items(inputs, path)
    if isinstance(found, Unknown):
        return found
    facts = [read(item, inner) if inner else _whole(item) for item in found.value]
    return gathered(
        Unknown(name or path)
        if isinstance(fact, Unknown) or (needed and fact.value is None)
        else Known((fact.value,))
        for fact in facts
    )


def _whole(value: Any) -> Fact[Any]:
    return Unknown("") if holds_unknown(value) else Known(value)


def labels(inputs: Any, path: str = "tags") -> Fact[Mapping[str, str]]:
    """The labels of a resource; where some are not known, at best those that are told."""
    written = bare(_reached(inputs, path, {}))
    if not isinstance(written, dict):
        return Unknown(path)
    told = {name: value for name, value in written.items() if not holds_unknown(value)}
    if len(told) == len(written):
        return Known(told)
    return Unknown(path, Known(told) if told else None)


def label(inputs: Any, name: str) -> str:
    """One label of a resource, whatever is unknown beside it; empty where it is not told."""
    return str(at_best(labels(inputs), {}).get(name) or "")


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


def nameless(grant: Grant) -> Grant:
    """A grant of a provider whose plans name no people: who uses it is decided elsewhere."""
    return replace(grant, members=DOES_NOT_APPLY, second_factor=DOES_NOT_APPLY)
