"""The controls and records that are installed, found by entry points.

A distribution registers a function that returns its controls under `havre.controls`, and one
that returns the path of a data file by its name under `havre.records`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.errors import BugError, InputError, MissingDependencyError
from havre.installed import registered
from havre.policy.model import Control

if TYPE_CHECKING:
    from pathlib import Path

CONTROLS = "havre.controls"
RECORDS = "havre.records"


def _loaded(group: str) -> list[tuple[str, Any]]:
    found = []
    for entry in registered(group):
        try:
            found.append((entry.name, entry.load()))
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
    named = sorted(_loaded(CONTROLS), key=lambda entry: entry[0] != "havre")
    found: dict[str, Control] = {}
    for name, function in named:
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


def record_file(name: str) -> Path:
    """Path of a data file of the installed controls, such as `qualifications.yaml`.

    Raises:
        MissingDependencyError: no installed distribution has it.
    """
    for _, function in _loaded(RECORDS):
        path: Path = function(name)
        if path.is_file():
            return path
    message = f"no installed distribution has `{name}`"
    raise MissingDependencyError(message, "Install them with: pip install havre-policies")
