"""What readers of a value found out once, kept with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def noted(notes: dict[object, Any], key: object, found: Callable[[], T]) -> T:
    """What stands in `notes` under `key`; `found` is called for it the first time."""
    if key not in notes:
        notes[key] = found()
    value: T = notes[key]
    return value
