"""What installed distributions register, and the data files that they ship.

A distribution registers a function that returns the path of a data file by its name under
`havre.records`. Records of several distributions are taken together, so that a provider ships the
certificates of its own offers; none replaces another's.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from havre.errors import BugError, InputError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from importlib.metadata import EntryPoint
    from pathlib import Path

T = TypeVar("T")
RECORDS = "havre.records"
YAML = ".yaml"
TWICE = "Uninstall one of them, or have its authors take the record out: neither goes first."
OWN = "havre"
"""Name of the entry points of Havre's own controls and records."""


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


def loaded(group: str) -> list[tuple[str, str, Any]]:
    """What is registered, Havre's own first: entry point, distribution, and what it loads.

    Raises:
        BugError: an entry point cannot be loaded.
    """
    found = []
    for entry in sorted(registered(group), key=lambda entry: entry.name != OWN):
        owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.name
        try:
            found.append((entry.name, owner, entry.load()))
        except Exception as error:
            message = f"`{entry.name}` in {group} cannot be loaded: {type(error).__name__}: {error}"
            raise BugError(message, "Reinstall its distribution or report it.") from error
    return found


@dataclass(frozen=True)
class RecordFile:
    """A data file of an installed distribution.

    Attributes:
        distribution: who ships it, by name and version, or by its entry point.
        path: where it is.
    """

    distribution: str
    path: Path


def shipped_files(function: Callable[[str], Path], name: str) -> list[Path]:
    """The data files of a name that a distribution ships, by name.

    Args:
        function: that it registers.
        name: such as `frameworks.yaml`; the files of a folder `frameworks` are read after it.
    """
    path, folder = function(name), function(name.removesuffix(YAML))
    inside = sorted(folder.glob(f"*{YAML}")) if folder.is_dir() else []
    return [each for each in (path, *inside) if each.is_file()]


def record_files(name: str) -> tuple[RecordFile, ...]:
    """Every installed data file of a name, such as `qualifications.yaml`, Havre's own first.

    Raises:
        MissingDependencyError: no installed distribution has it.
        BugError: a distribution that registers records cannot be loaded.
    """
    found = [
        RecordFile(distribution, path)
        for _, distribution, function in loaded(RECORDS)
        for path in shipped_files(function, name)
    ]
    if not found:
        message = f"no installed distribution has `{name}`"
        raise MissingDependencyError(message, "Install them with: pip install havre-policies")
    return tuple(found)


def taken_together(
    name: str,
    read: Callable[[Path], Iterable[T]],
    key: Callable[[T], Hashable],
    what: Callable[[T], str],
) -> tuple[T, ...]:
    """What the data files of a name hold in all installed distributions, Havre's own first.

    Args:
        name: of the files, such as `qualifications.yaml`.
        read: reads a file; it refuses what stands twice in one.
        key: what may be recorded by one distribution only.
        what: a record in words, for the message.

    Raises:
        InputError: a file is not valid, or two distributions record the same; both are named.
        MissingDependencyError: no installed distribution has such a file.
    """
    owners: dict[Hashable, RecordFile] = {}
    found: list[T] = []
    for file in record_files(name):
        for record in read(file.path):
            first = owners.setdefault(key(record), file)
            if first.path != file.path:
                both = f"by {first.distribution} and by {file.distribution}"
                if first.distribution == file.distribution:
                    both = f"in {first.path} and in {file.path}"
                message = f"{what(record)} is recorded {both}"
                raise InputError(message, TWICE)
            found.append(record)
    return tuple(found)
