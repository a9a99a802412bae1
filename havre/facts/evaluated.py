"""What becomes of every property of a type: a provider's table, and what it leaves open.

The table is `data/properties.toml` in the provider's package. A test holds it against the SDK's own
types, so that a property that a new version brings shows.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from havre.facts.collect import Unread
from havre.facts.read import bare
from havre.plan.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.facts.index import Index


@dataclass(frozen=True)
class Open:
    """A property that no fact reads and that may matter.

    Attributes:
        why: how it could.
        safe: the values with which it does not; any other is a finding. None: it is documented
            alone.
        needed: whether it is a finding where it is absent, too: the service's default is not
            among the safe values, or nothing that was read says what it is.
    """

    why: str
    safe: tuple[Any, ...] | None
    needed: bool = False


@dataclass(frozen=True)
class TypeProperties:
    """What becomes of the properties of one type.

    Attributes:
        read: those that facts read.
        harmless: those that change nothing of what facts say, with the reason.
        open: those that are not evaluated, by path.
    """

    read: tuple[str, ...]
    harmless: Mapping[str, str]
    open: Mapping[str, Open]


@cache
def properties(package: str) -> Mapping[str, TypeProperties]:
    """By the provider's word for a type.

    Args:
        package: of the provider.
    """
    text = (files(package) / "data" / "properties.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    reasons = told.pop("reasons")
    return {kind: _properties(row, reasons) for kind, row in told.items()}


def _properties(row: Mapping[str, Any], reasons: Mapping[str, str]) -> TypeProperties:
    harmless = row.get("harmless", {})
    return TypeProperties(
        tuple(row["read"]),
        {name: reasons[reason] for reason, names in harmless.items() for name in names},
        {path: _open(each) for path, each in row.get("open", {}).items()},
    )


def _open(row: Mapping[str, Any]) -> Open:
    safe = tuple(row["safe"]) if "safe" in row else None
    return Open(row["why"], safe, row.get("needed", False))


def unread(index: Index, package: str) -> Iterator[Unread]:
    """What resources set, that no fact reads and that matters as it is."""
    told = properties(package)
    for resource in index.plan.resources:
        row = told.get(index.kind(resource))
        for path, each in row.open.items() if row else ():
            if each.safe is None:
                continue
            first, *rest = path.split(".")
            found = _values(bare(resource.inputs.get(first)), rest, needed=each.needed)
            bad = [value for value in found if not _is_safe(value, each.safe)]
            if bad:
                absent = all(value in EMPTY for value in bad)
                yield Unread(resource.urn, path, each.why, absent)


EMPTY: tuple[Any, ...] = (None, "", [], {})
"""What a property is where nothing is set."""


def _values(value: Any, steps: list[str], *, needed: bool) -> Iterator[Any]:
    """What stands at a path, in each object of a list; what is absent or empty, where needed.

    What is no object where the path goes on is unknown, as the service would not take it.
    """
    if isinstance(value, list) and (value or steps):
        for inner in value:
            yield from _values(UNKNOWN if isinstance(inner, list) else inner, steps, needed=needed)
    elif value is UNKNOWN or not steps:
        if needed or value not in EMPTY:
            yield value
    elif isinstance(value, dict):
        yield from _values(value.get(steps[0]), steps[1:], needed=needed)
    elif needed or value is not None:
        yield None if value is None else UNKNOWN


def _is_safe(value: Any, safe: tuple[Any, ...]) -> bool:
    return value is not UNKNOWN and str(value).lower() in {str(each).lower() for each in safe}
