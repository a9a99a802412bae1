"""What a plugin's check refuses of a resource's inputs, by what its SDK says of them.

Codes that begin with `check:` are the sandbox's own: a plugin answers a failed check without a
code. Values that only a provider can tell pass, and secrets are looked into; a message never shows
a secret value.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from havre.plan.values import PULUMIS_OWN, UNKNOWN, Secret
from havre_sandbox.refusals import Refusal
from havre_sandbox.schema.forms import (
    Choice,
    Either,
    Form,
    Kind,
    Limit,
    Listing,
    Scalar,
    Section,
    Table,
)
from havre_sandbox.schema.sections import arguments, properties

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN_TYPE, UNKNOWN_PROPERTY = "check:unknown-type", "check:unknown-property"
MISSING, WRONG_TYPE = "check:missing", "check:type"
WRONG_VALUE, LIMIT = "check:value", "check:limit"

More = Mapping[str, tuple[object, ...]]
"""Values that a property takes besides those of its SDK, by its path without indices."""

_A = {
    Kind.TEXT: "a string",
    Kind.NUMBER: "a number",
    Kind.INTEGER: "an integer",
    Kind.TRUTH: "a boolean",
}
_INDEX = re.compile(r"\[\d+\]")


def faults(token: str, inputs: Mapping[str, Any], more: More | None = None) -> list[Refusal]:
    """Everything that is wrong with a resource's inputs by its SDK.

    Args:
        token: type token, such as `package:module:Resource`.
        inputs: plain values of `havre.plan.values`.
        more: values that are taken besides those of the SDK, by path.

    Returns:
        One refusal a fault; of a type that no installed SDK has, that alone.
    """
    described = arguments(token)
    if described is None:
        message = f"No installed SDK has the type {token}. Install the provider's package."
        return [Refusal(UNKNOWN_TYPE, message)]
    return list(_Reading(token, more or {}).section(described, inputs, ""))


def known(token: str) -> bool:
    """Whether an installed SDK has a type."""
    return arguments(token) is not None


class _Reading:
    """The inputs of one resource, read against its SDK."""

    def __init__(self, token: str, more: More) -> None:
        self.token, self.more = token, more

    def section(self, described: type, value: Any, at: str) -> Iterator[Refusal]:
        if not isinstance(value, Mapping):
            yield self._wrong(at, "an object", value)
            return
        known_here = properties(described)
        for name in value:
            if name not in known_here and not name.startswith(PULUMIS_OWN):
                yield self._unknown(name, at, list(known_here))
        for name, each in known_here.items():
            where = f"{at}.{name}" if at else name
            given = value.get(name)
            if given is None:
                if each.required:
                    message = f"`{where}` of {self.token} is required and not set."
                    yield Refusal(MISSING, message, where)
                continue
            yield from self.value(each.form, given, where, each.limit)

    def value(self, form: Form, value: Any, at: str, limit: Limit) -> Iterator[Refusal]:
        """What is wrong with a value of a form."""
        if isinstance(value, Secret):
            for refusal in self.value(form, value.value, at, limit):
                yield Refusal(refusal.code, f"The secret value of `{at}` is refused.", at)
        elif value is not UNKNOWN and value is not None:
            yield from self._known(form, value, at, limit)

    def _known(self, form: Form, value: Any, at: str, limit: Limit) -> Iterator[Refusal]:
        match form:
            case Either():
                yield from self._either(form, value, at, limit)
            case Section():
                yield from self.section(form.described, value, at)
            case Listing():
                yield from self._listing(form, value, at, limit)
            case Table():
                yield from self._table(form, value, at, limit)
            case Choice():
                yield from self._choice(form, value, at)
            case Scalar():
                yield from self._scalar(form, value, at, limit)

    def _either(self, form: Either, value: Any, at: str, limit: Limit) -> Iterator[Refusal]:
        """By the form that has the fewest faults; one that its own constant excludes comes last."""
        found = [list(self.value(each, value, at, limit)) for each in form.forms]
        yield from min(found, key=lambda each: (any(r.code == LIMIT for r in each), len(each)))

    def _listing(self, form: Listing, value: Any, at: str, limit: Limit) -> Iterator[Refusal]:
        if not isinstance(value, list | tuple):
            yield self._wrong(at, "a list", value)
            return
        for number, each in enumerate(value):
            yield from self.value(form.of, each, f"{at}[{number}]", limit)

    def _table(self, form: Table, value: Any, at: str, limit: Limit) -> Iterator[Refusal]:
        if not isinstance(value, Mapping):
            yield self._wrong(at, "an object", value)
            return
        for key, each in value.items():
            yield from self.value(form.of, each, f"{at}.{key}", limit)

    def _choice(self, form: Choice, value: Any, at: str) -> Iterator[Refusal]:
        if isinstance(value, bool) or not any(_alike(value, each) for each in form.values):
            yield self._wrong(at, f"one of {', '.join(map(str, form.values))}", value)
        elif value not in form.values and value not in self.more.get(_INDEX.sub("", at), ()):
            near = _near(str(value), [str(each) for each in form.values])
            listed = ", ".join(str(each) for each in form.values)
            message = f"`{at}` of {self.token} is `{value}`, which is not one of {listed}.{near}"
            yield Refusal(WRONG_VALUE, message, at)

    def _scalar(self, form: Scalar, value: Any, at: str, limit: Limit) -> Iterator[Refusal]:
        if not _of(form.kind, value):
            yield self._wrong(at, _A[form.kind], value)
        elif (wanted := _beyond(limit, value)) is not None:
            message = f"`{at}` of {self.token} is `{value}` (allowed: {wanted})."
            yield Refusal(LIMIT, message, at)

    def _unknown(self, name: str, at: str, known_here: list[str]) -> Refusal:
        where = f"{at}.{name}" if at else name
        near = _near(name, known_here)
        return Refusal(UNKNOWN_PROPERTY, f"{self.token} has no property `{where}`.{near}", where)

    def _wrong(self, at: str, wanted: str, value: Any) -> Refusal:
        message = f"`{at}` of {self.token} must be {wanted}, not {_kind(value)}."
        return Refusal(WRONG_TYPE, message, at)


def _alike(value: Any, other: str | float) -> bool:
    """Whether both are texts, or both numbers."""
    return isinstance(value, str | int | float) and isinstance(value, str) is isinstance(other, str)


def _of(kind: Kind, value: Any) -> bool:
    """Whether a value is of a kind; a whole float is an integer, a truth value is no number."""
    if kind is Kind.TEXT:
        return isinstance(value, str)
    if kind is Kind.TRUTH:
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return kind is Kind.NUMBER or float(value).is_integer()


def _beyond(limit: Limit, value: Any) -> str | None:
    """What a limit allows instead of a value; None where it allows the value."""
    if isinstance(value, str):
        return _text_beyond(limit, value)
    if isinstance(value, bool) or value in limit.also:
        return None
    low, high = limit.least, limit.most
    if (low is not None and value < low) or (high is not None and value > high):
        return f"{low:g} to {high:g}" if low is not None and high is not None else limit.says
    return None


def _text_beyond(limit: Limit, value: str) -> str | None:
    if limit.only is not None and value != limit.only:
        return f"`{limit.only}` only"
    low, high = limit.shortest or 0, limit.longest
    if len(value) < low or (high is not None and len(value) > high):
        return f"{low} to {high} characters"
    if limit.pattern is not None and not re.fullmatch(limit.pattern, value):
        return f"names that {limit.says}" if limit.says.startswith("and") else limit.says
    return None


def _kind(value: Any) -> str:
    """What a value is, in a user's words."""
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, int | float):
        return "a number"
    return "an object" if isinstance(value, Mapping) else "a list"


def _near(name: str, among: list[str]) -> str:
    """A question whether another was meant, where one is near."""
    lower = {each.lower(): each for each in among}
    found = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.6)
    return f" Did you mean `{lower[found[0]]}`?" if found else ""
