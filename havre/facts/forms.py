"""Properties read by form: what is written in another form than the service takes is unknown.

A truth value and a number may come as text, as configuration gives them and providers take them:
`true` and `false` in any case of letters, and decimal digits. Whatever else differs (another type,
another spelling, blanks, full-width digits) is `UNKNOWN`, so that no control passes by a value that
nobody would read so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from havre.facts.addresses import network
from havre.plan.kubernetes import PACKAGE as KUBERNETES
from havre.plan.values import UNKNOWN, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from havre.plan import Plan, PlannedResource


@dataclass(frozen=True)
class Form:
    """How a property is written.

    Attributes:
        take: the value as the service reads it, or `UNKNOWN`.
        opens: whether forms apply to what is inside.
    """

    take: Callable[[Any], Any]
    opens: bool = False


Forms: TypeAlias = "Mapping[str, Form]"
"""By name of a property; `holder.name` where names differ by what holds them."""

_DIGITS = re.compile(r"-?[0-9]{1,12}")
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})"
_NAME = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.){{0,32}}[A-Za-z][A-Za-z0-9_-]{{0,62}}")
LARGEST = 10**12
"""Numbers beyond it are no number of days, seconds, ports or nodes."""


def _truth(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(_word(value).lower())


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> Any:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and abs(value) < LARGEST else None


def _text(value: Any) -> Any:
    return value if isinstance(value, str) and value == value.strip() else None


def _free(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _name(value: Any) -> Any:
    return value if isinstance(value, str) else f"({type(value).__name__})"


def _address(value: Any) -> Any:
    """A network, a name, or `*`; empty as given."""
    text = _text(value)
    if text in ("", "*", None) or network(text) is not None or _NAME.fullmatch(text):
        return text
    return None


def _ports(value: Any) -> Any:
    if value in ("", "*"):
        return value
    value = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    found = _PORTS.fullmatch(_word(value))
    ends = [int(end) for end in found.groups() if end] if found else [65536]
    return value if ends == sorted(ends) and ends[-1] < 65536 else None  # noqa: PLR2004 - ports


def _mapping(value: Any) -> Any:
    return value if isinstance(value, dict) else None


def form(take: Callable[[Any], Any], *, opens: bool = False) -> Form:
    """A form of one value; `take` gives None for what is not of it."""

    def taken(value: Any) -> Any:
        found = take(value)
        return UNKNOWN if found is None else found

    return Form(taken, opens)


def several(one: Form) -> Form:
    """A list of values of one form; what is not of it is unknown in its place."""

    def taken(value: Any) -> Any:
        if not isinstance(value, list):
            return UNKNOWN
        found = [_taken(each, one) for each in value]
        return value if all(a is b for a, b in zip(found, value, strict=True)) else found

    return Form(taken, one.opens)


def words(*known: str) -> Form:
    """One of some words, in any case of letters; read as they are written here."""
    by_word = {word.lower(): word for word in known}
    return form(lambda value: by_word.get(_word(value).lower()))


def patterned(pattern: str, written: str) -> Form:
    """A word in one of the spellings of a pattern, in any case of letters.

    Args:
        pattern: a regular expression of the whole word.
        written: how it is read, as a template of the match, such as `TLS1_{1}`.
    """
    found = re.compile(pattern, re.IGNORECASE)

    def take(value: Any) -> str | None:
        match = found.fullmatch(_word(value))
        return written.format(*(match[0], *match.groups())) if match else None

    return form(take)


def exact_words(*known: str) -> Form:
    """One of some words, as they are written here."""
    return form(lambda value: value if value in known else None)


def _labels(value: Any) -> Any:
    if not isinstance(value, dict):
        return None
    if all(isinstance(each, str) for each in value.values()):
        return value
    return {key: _taken(each, FREE) for key, each in value.items() if each is not None}


def _taken(value: Any, one: Form) -> Any:
    """A value of a form; unknown and secret stay so."""
    if isinstance(value, Secret):
        inner = _taken(value.value, one)
        return value if inner is value.value else Secret(inner)
    return value if value is UNKNOWN else one.take(value)


TRUTH = form(_truth)
NUMBER = form(_number)
TEXT = form(_text)
"""A word, without blanks around it."""
NAME = form(_name)
"""What names a resource. What is no text names none: it is never unknown, for then the resources
from which it was computed would decide."""
FREE = form(_free)
"""A text for people, or a document."""
ADDRESS = form(_address)
PORTS = form(_ports)
MAPPING = form(_mapping, opens=True)
LABELS = form(_labels)
"""Texts by names that are the user's own."""
TEXTS, ADDRESSES, MANY_PORTS, MAPPINGS = map(several, (TEXT, ADDRESS, PORTS, MAPPING))


def typed_plan(
    plan: Plan, forms: Forms
) -> tuple[Plan, Callable[[PlannedResource], PlannedResource]]:
    """A plan with the inputs of what it keeps read by form, and what reads one resource so.

    Each resource that the plan keeps is read once.
    """
    form_of = _looked_up(forms)
    read = {id(each): _typed(each, form_of) for each in plan.resources}

    def one(resource: PlannedResource) -> PlannedResource:
        found = read.get(id(resource))
        return _typed(resource, form_of) if found is None else found

    return replace(plan, resources=tuple(map(one, plan.resources))), one


_FormOf: TypeAlias = "Callable[[str, str], Form | None]"
"""From what holds a property, and its name, to its form."""


def _looked_up(forms: Forms) -> _FormOf:
    """What gives the form of a property; each is looked up once, and stands in many resources."""

    @cache
    def found(holder: str, key: str) -> Form | None:
        return forms.get(f"{holder}.{key}") or forms.get(key)

    return found


def _typed(resource: PlannedResource, form_of: _FormOf) -> PlannedResource:
    if resource.package == KUBERNETES:  # no provider's forms are those of its objects
        return resource
    inputs = _opened(resource.inputs, form_of, "")
    return resource if inputs is resource.inputs else replace(resource, inputs=inputs)


def _opened(values: Mapping[str, Any], form_of: _FormOf, holder: str) -> Mapping[str, Any]:
    changed: dict[str, Any] = {}
    for key, value in values.items():
        if value is None:
            continue
        one = form_of(holder, key)
        found = value if one is None else _taken(value, one)
        if (one is None or one.opens) and isinstance(found, _HOLDING):
            found = _inside(found, form_of, key)
        if found is not value:
            changed[key] = found
    return {**values, **changed} if changed else values


_HOLDING = (dict, list, Secret)


def _inside(value: Any, form_of: _FormOf, holder: str) -> Any:
    if isinstance(value, dict):
        return _opened(value, form_of, holder)
    if isinstance(value, list):
        found = [_inside(each, form_of, holder) for each in value]
        return value if all(a is b for a, b in zip(found, value, strict=True)) else found
    if isinstance(value, Secret):
        inner = _inside(value.value, form_of, holder)
        return value if inner is value.value else Secret(inner)
    return value
