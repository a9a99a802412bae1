"""What installed distributions register, found by entry points."""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.metadata import entry_points
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@cache
def _looked_up(_path: tuple[str, ...]) -> dict[str, tuple[EntryPoint, ...]]:
    """A path's entry points by group: to find them, each distribution's metadata are read."""
    everything = entry_points()
    return {group: tuple(everything.select(group=group)) for group in everything.groups}


def registered(group: str) -> list[EntryPoint]:
    """The entry points of a group, by name."""
    found = _looked_up(tuple(sys.path)).get(group, ())
    return sorted(found, key=lambda entry: entry.name)


def registered_in_versions(group: str) -> list[EntryPoint]:
    """The entry points of `group` and of all its versions, such as `group.v1`, by name."""
    versions = re.compile(rf"{re.escape(group)}(\.v\d+)?")
    names = [name for name in _looked_up(tuple(sys.path)) if versions.fullmatch(name)]
    return sorted(chain(*map(registered, names)), key=lambda entry: entry.name)
