"""What differs between the inputs that a resource has and those that it is to have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from havre.plan.values import UNKNOWN, bare


def dotted(path: str, key: str) -> str:
    """The path of a part."""
    return f"{path}.{key}" if path else key


def differing(old: Any, new: Any, unordered: Iterable[str] = (), path: str = "") -> frozenset[str]:
    """Dotted paths, without indices, at which two values differ.

    A whole number is the same as a float or an integer; a list in `unordered` is the same in any
    order; what is unknown may differ. Secrets are compared by what they hold.
    """
    return _differing(bare(old), bare(new), frozenset(unordered), path)


def _differing(old: Any, new: Any, unordered: frozenset[str], path: str) -> frozenset[str]:
    if old is UNKNOWN or new is UNKNOWN:
        return frozenset({path})
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted(old.keys() | new.keys())
        parts = (
            _differing(old.get(key), new.get(key), unordered, dotted(path, key)) for key in keys
        )
        return frozenset().union(*parts)
    if isinstance(old, list) and isinstance(new, list):
        return _in_lists(old, new, unordered, path)
    return frozenset() if _same(old, new) else frozenset({path})


def _in_lists(
    old: list[Any], new: list[Any], unordered: frozenset[str], path: str
) -> frozenset[str]:
    if path in unordered:
        left, right = sorted(old, key=repr), sorted(new, key=repr)
    else:
        left, right = old, new
    pairs = zip(left, right, strict=False)
    parts = [_differing(a, b, unordered, path) for a, b in pairs]
    return frozenset().union(*parts, {path} if len(old) != len(new) else ())


def _same(old: Any, new: Any) -> bool:
    return bool(old == new) and isinstance(old, bool) is isinstance(new, bool)


def named(paths: Iterable[str], listed: Iterable[str]) -> frozenset[str]:
    """The paths that are, are below, or are above one of those listed."""
    return frozenset(
        path
        for path in paths
        for each in listed
        if path == each or path.startswith(f"{each}.") or each.startswith(f"{path}.")
    )


def top(paths: Iterable[str]) -> list[str]:
    """The inputs to which paths belong, sorted."""
    return sorted({path.split(".", 1)[0] for path in paths})
