"""What a plugin does not read back: it tells what its state has, whatever the service says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ABSENT = object()


def told_as_before(
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    unread: Sequence[str],
    unread_where_fewer: Sequence[str],
) -> dict[str, Any]:
    """What a refresh tells of a resource, as the plugin tells it.

    Args:
        now: what the service has.
        before: what the state has.
        unread: dotted paths that are never read back.
        unread_where_fewer: those that are read back only where the service has a value; of a
            list, only where it has as many items as before.
    """
    told = dict(now)
    for path in unread:
        _set(told, path.split("."), _at(before, path))
    for path in unread_where_fewer:
        old, new = _at(before, path), _at(now, path)
        if old is not ABSENT and (_nothing(new) or _items(new) != _items(old)):
            _set(told, path.split("."), old)
    return told


def _at(properties: Mapping[str, Any], path: str) -> Any:
    found: Any = properties
    for step in path.split("."):
        if not isinstance(found, Mapping) or step not in found:
            return ABSENT
        found = found[step]
    return found


def _nothing(value: Any) -> bool:
    return value is ABSENT or value is None


def _items(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def _set(told: dict[str, Any], steps: list[str], value: Any) -> None:
    """Write a value at a path, without changing what the mappings within are shared with."""
    first, rest = steps[0], steps[1:]
    if not rest:
        told.pop(first, None)
        if value is not ABSENT:
            told[first] = value
        return
    inner = told.get(first)
    if isinstance(inner, Mapping) or value is not ABSENT:
        told[first] = dict(inner) if isinstance(inner, Mapping) else {}
        _set(told[first], rest, value)
