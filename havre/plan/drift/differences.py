"""Where two values of a resource differ, field by field.

What stands in a list is told by its name where each of its elements has one, so that one rule more
is one difference, and not a shift of all that follow. A list of words is read as a set: no service
that is asked here promises their order.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from havre.plan.values import PULUMIS_OWN, UNKNOWN, Secret, bare, holds_secret, holds_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NAMES = ("name", "Sid", "key", "id", "user", "principalId", "ip", "subnetId")
"""Properties by which an element of a list may be told from the others."""
MARKS = frozenset(
    {
        "etag",
        "generation",
        "lastmodified",
        "lastmodifiedat",
        "lastmodifiedtime",
        "lastupdatetime",
        "modifiedat",
        "provisioningstate",
        "resourceversion",
        "updatedat",
    }
)
"""Properties, in lower case, that a service writes anew with each change of what bears them."""
PLAIN = (str, int, float, bool)
DEFAULTS = "__defaults"
"""Where a plugin lists the properties that it set by itself."""

Steps = tuple[str | int, ...]
"""Way to a value: names of properties and places in lists."""


class Absent:
    """What stands where nothing is set."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(frozen=True)
class FieldChange:
    """One field that differs.

    Attributes:
        path: for people: `securityRules[allow-any].access`.
        was: as it should be; `ABSENT` where nothing should be set.
        now: as it is; `ABSENT` where nothing is set.
        secret: whether neither may be shown.
        steps: way to the value that is put back, in what is now.
        whole: the value to put back there; `ABSENT`: nothing.
    """

    path: str
    was: Any
    now: Any
    secret: bool = False
    steps: Steps = ()
    whole: Any = field(default=ABSENT, repr=False)

    @property
    def mark(self) -> bool:
        """Whether the field only says that something else was changed."""
        return self.path.rpartition(".")[2].lower() in MARKS


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """The fields in which the properties of a resource differ; what is unknown differs in nothing.

    Args:
        was: as they should be.
        now: as they are.
    """
    own = _defaults(was) | _defaults(now)
    found: list[FieldChange] = []
    for name in sorted(was.keys() | now.keys()):
        if not name.startswith(PULUMIS_OWN) and not (name in own and name not in was):
            found += _between(was.get(name, ABSENT), now.get(name, ABSENT), name, (name,))
    return tuple(found)


def put(properties: Mapping[str, Any], steps: Steps, value: Any) -> dict[str, Any]:
    """Properties with another value in one place; `ABSENT` takes it away."""
    found: dict[str, Any] = _put(dict(properties), steps, value)
    return found


def _put(holder: Any, steps: Steps, value: Any) -> Any:
    if not steps:
        return value
    first, rest = steps[0], steps[1:]
    if isinstance(holder, Secret):
        return Secret(_put(holder.value, steps, value))
    if isinstance(first, int):
        return [_put(each, rest, value) if n == first else each for n, each in enumerate(holder)]
    within = holder.get(first) if isinstance(holder, dict) else None
    inner = _put({} if within is None and rest else within, rest, value)
    kept = {key: each for key, each in (holder or {}).items() if key != first}
    return kept if inner is ABSENT else {**kept, first: inner}


def _defaults(properties: Mapping[str, Any]) -> frozenset[str]:
    """Properties that a plugin set by itself."""
    found = properties.get(DEFAULTS)
    return frozenset(each for each in found if isinstance(each, str)) if found else frozenset()


def _between(was: Any, now: Any, path: str, steps: Steps) -> Iterator[FieldChange]:
    """The differences of two values."""
    left, right = _inner(was), _inner(now)
    if left is UNKNOWN or right is UNKNOWN or left == right or (_empty(left) and _empty(right)):
        return
    if isinstance(left, dict) and isinstance(right, dict):
        yield from _of_objects(left, right, path, steps)
    elif (documents := _documents(left, right)) is not None:
        inner = _of_objects(*documents, path, ())
        yield from (replace(each, steps=steps, whole=was) for each in inner)
    elif isinstance(left, list) and isinstance(right, list):
        yield from _of_lists(left, right, path, steps)
    elif not _alike(left, right):
        secret = holds_secret(was) or holds_secret(now)
        yield FieldChange(path, left, right, secret, steps, was)


def _of_objects(
    was: Mapping[str, Any], now: Mapping[str, Any], path: str, steps: Steps
) -> Iterator[FieldChange]:
    own = _defaults(was) | _defaults(now)
    for key in sorted(was.keys() | now.keys()):
        if not key.startswith(PULUMIS_OWN) and not (key in own and key not in was):
            inner = (was.get(key, ABSENT), now.get(key, ABSENT))
            yield from _between(*inner, f"{path}.{key}", (*steps, key))


def _documents(left: Any, right: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Two texts that are JSON objects, such as policies, as what they say; else None."""
    if not all(isinstance(each, str) and each.lstrip().startswith("{") for each in (left, right)):
        return None
    try:
        found = json.loads(left), json.loads(right)
    except (ValueError, RecursionError):
        return None
    return found if all(isinstance(each, dict) for each in found) else None


def _of_lists(
    was: Sequence[Any], now: Sequence[Any], path: str, steps: Steps
) -> Iterator[FieldChange]:
    """Element by element: by name, as a set of words, else by place."""
    left, right = _by_name(was, now)
    if left is not None and right is not None:
        for name in sorted(left.keys() | right.keys()):
            inner = f"{path}[{_told(name)}]"
            if name in left and name in right:
                place = (*steps, right[name])
                yield from _between(was[left[name]], now[right[name]], inner, place)
            else:
                yield _element(_at(was, left, name), _at(now, right, name), inner, steps, was)
    elif not holds_unknown([*was, *now]):
        yield from _of_nameless(was, now, path, steps)


def _of_nameless(
    was: Sequence[Any], now: Sequence[Any], path: str, steps: Steps
) -> Iterator[FieldChange]:
    """The same of lists whose elements have no names, and are all known."""
    if all(isinstance(each, PLAIN) for each in (*was, *now)):
        for word in dict.fromkeys((*was, *now)):
            if (word in was) is not (word in now):
                mine, other = (word, ABSENT) if word in was else (ABSENT, word)
                yield _element(mine, other, path, steps, was)
    elif len(was) == len(now):
        for n, (mine, other) in enumerate(zip(was, now, strict=True)):
            yield from _between(mine, other, f"{path}[{n}]", (*steps, n))
    else:
        yield _element(list(was), list(now), path, steps, was)


def _at(values: Sequence[Any], places: Mapping[str, int], name: str) -> Any:
    return values[places[name]] if name in places else ABSENT


def _element(was: Any, now: Any, path: str, steps: Steps, whole: Sequence[Any]) -> FieldChange:
    """An element that only one list has: the whole list is put back."""
    secret = holds_secret(was) or holds_secret(now)
    return FieldChange(path, bare(was), bare(now), secret, steps, list(whole))


def _by_name(
    was: Sequence[Any], now: Sequence[Any]
) -> tuple[dict[str, int], dict[str, int]] | tuple[None, None]:
    """Places of the elements of two lists by their names; None where no property tells them.

    Where one list is longer, any property serves whose texts are all different.
    """
    elements = [*was, *now]
    if not elements or not all(isinstance(each, dict) for each in elements):
        return None, None
    every = set.intersection(*(set(each) for each in elements))
    shared = sorted(key for key in every if key.lower() not in MARKS)
    for key in (*NAMES, *(shared if len(was) != len(now) else ())):
        left, right = _places(was, key), _places(now, key)
        if left is not None and right is not None:
            return left, right
    return None, None


def _places(values: Sequence[Mapping[str, Any]], key: str) -> dict[str, int] | None:
    names = [each.get(key) for each in values]
    if all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names):
        return {str(name): place for place, name in enumerate(names)}
    return None


def _told(name: str) -> str:
    """An element's name; of a resource's identifier, its last part."""
    return name.rstrip("/").rpartition("/")[2] if name.startswith("/") else name


def _inner(value: Any) -> Any:
    return bare(value.value) if isinstance(value, Secret) else value


def _empty(value: Any) -> bool:
    """Whether nothing is set."""
    return value is ABSENT or value is None or value in ("", [], {})


def _alike(left: Any, right: Any) -> bool:
    """Whether two values are written differently and mean the same: 1 and "1", true and "true"."""
    if isinstance(left, PLAIN) and isinstance(right, PLAIN):
        return str(left) == str(right) or (
            str(left).lower() == str(right).lower() and {type(left), type(right)} == {bool, str}
        )
    return False
