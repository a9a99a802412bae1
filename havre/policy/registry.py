"""The controls and records that are installed, found by entry points.

A distribution registers a function that returns its controls under `havre.controls`, and one
that returns the path of a data file by its name under `havre.records`. Records of several
distributions are taken together, so that a provider may ship the certificates of its own offers;
none replaces another's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from havre.errors import BugError, InputError, MissingDependencyError
from havre.policy.model import Control
from havre.provider.entry_points import registered

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from pathlib import Path

T = TypeVar("T")
CONTROLS = "havre.controls"
RECORDS = "havre.records"
TWICE = "Uninstall one of them, or have its authors take the record out: neither goes first."
OWN = "havre"
"""Name of the entry points of Havre's own controls and records."""


def _loaded(group: str) -> list[tuple[str, str, Any]]:
    """What is registered, Havre's own first: entry point, distribution, and what it loads."""
    found = []
    for entry in sorted(registered(group), key=lambda entry: entry.name != OWN):
        owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.name
        try:
            found.append((entry.name, owner, entry.load()))
        except Exception as error:
            message = f"`{entry.name}` in {group} cannot be loaded: {type(error).__name__}: {error}"
            raise BugError(message, "Reinstall its distribution or report it.") from error
    return found


def installed_controls() -> tuple[Control, ...]:
    """Every installed control, Havre's own first.

    Raises:
        MissingDependencyError: there is none, so that nothing could be checked.
        BugError: one cannot be loaded, is none, or bears the name of another.
    """
    found: dict[str, Control] = {}
    for name, _, function in _loaded(CONTROLS):
        for control in function():
            if not isinstance(control, Control):
                message = f"`{name}` registers {control!r}, which is no control"
                raise BugError(message, "Make it with `havre.policy.control`.")
            if control.id in found:
                message = f"`{name}` registers `{control.id}`, which is registered already"
                raise BugError(message, "Give it a name of its own.")
            found[control.id] = control
    if not found:
        message = "no controls are installed"
        raise MissingDependencyError(message, "Install them with: pip install havre-policies")
    return tuple(found.values())


def find_control(identifier: str) -> Control:
    """The control of that identifier.

    Raises:
        InputError: there is none; the message names the nearest.
    """
    import difflib

    known = {control.id: control for control in installed_controls()}
    if identifier in known:
        return known[identifier]
    close = difflib.get_close_matches(identifier, known, n=1)
    hint = f"Did you mean `{close[0]}`? " if close else ""
    message = f"there is no control `{identifier}`"
    raise InputError(message, f"{hint}`havre policy list` names them all.")


@dataclass(frozen=True)
class RecordFile:
    """A data file of an installed distribution.

    Attributes:
        distribution: who ships it, by name and version, or by its entry point.
        path: where it is.
    """

    distribution: str
    path: Path


def record_files(name: str) -> tuple[RecordFile, ...]:
    """Every installed data file of a name, such as `qualifications.yaml`, Havre's own first.

    Raises:
        MissingDependencyError: no installed distribution has it.
        BugError: a distribution that registers records cannot be loaded.
    """
    found = [
        RecordFile(distribution, path)
        for _, distribution, function in _loaded(RECORDS)
        if (path := function(name)).is_file()
    ]
    if not found:
        message = f"no installed distribution has `{name}`"
        raise MissingDependencyError(message, "Install them with: pip install havre-policies")
    return tuple(found)


def record_file(name: str) -> Path:
    """The one installed data file of a name that only one distribution may have.

    Raises:
        InputError: several have it; each is named.
        MissingDependencyError: none has it.
    """
    found = record_files(name)
    if len(found) > 1:
        owners = ", ".join(file.distribution for file in found)
        message = f"`{name}` comes from several distributions: {owners}"
        raise InputError(message, "Uninstall all of them but one.")
    return found[0].path


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
    owners: dict[Hashable, str] = {}
    found: list[T] = []
    for file in record_files(name):
        for record in read(file.path):
            first = owners.setdefault(key(record), file.distribution)
            if first != file.distribution:
                message = f"{what(record)} is recorded by {first} and by {file.distribution}"
                raise InputError(message, TWICE)
            found.append(record)
    return tuple(found)
