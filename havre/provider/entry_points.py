"""What installed distributions register, found by entry points."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from importlib.metadata import EntryPoint


@cache
def _looked_up(_path: tuple[str, ...]) -> Callable[[str], Iterable[EntryPoint]]:
    """Groups of a path's entry points: to find them, each distribution's metadata are read."""
    everything = entry_points()
    return lambda group: everything.select(group=group)


def registered(group: str) -> list[EntryPoint]:
    """The entry points of a group, by name."""
    return sorted(_looked_up(tuple(sys.path))(group), key=lambda entry: entry.name)
