"""Values within the inputs of a resource, for rules: nothing where a value is not known yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from havre.plan.values import UNKNOWN, Secret


def value(properties: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None where there is none, or it is not known."""
    found: Any = properties
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
        if isinstance(found, Secret):
            found = found.value
    return None if found is UNKNOWN else found


def text(properties: Mapping[str, Any], path: str) -> str:
    """The text at a path; empty where there is none."""
    found = value(properties, path)
    return found if isinstance(found, str) else ""


def number(properties: Mapping[str, Any], path: str) -> float | None:
    """The number at a path; None where there is none."""
    found = value(properties, path)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def items(properties: Mapping[str, Any], path: str) -> list[Any]:
    """The known items of the list at a path."""
    found = value(properties, path)
    return [each for each in found if each is not UNKNOWN] if isinstance(found, list) else []


def sections(properties: Mapping[str, Any], path: str) -> list[Mapping[str, Any]]:
    """The objects in the list at a path."""
    return [each for each in items(properties, path) if isinstance(each, Mapping)]


def texts(found: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text within a value with its path, keys of the user's own among them."""
    if isinstance(found, Secret):
        found = found.value
    if isinstance(found, str):
        yield path, found
    elif isinstance(found, Mapping):
        for key, inner in found.items():
            if key.startswith("/"):
                yield path, key
            yield from texts(inner, f"{path}.{key}" if path else key)
    elif isinstance(found, list | tuple):
        for place, inner in enumerate(found):
            yield from texts(inner, f"{path}[{place}]")
