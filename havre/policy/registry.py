"""The controls that are installed.

A distribution registers a function that returns its controls under `havre.controls`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.documents.installed import OWN, loaded
from havre.errors import BugError, InputError, MissingDependencyError
from havre.policy.model import Control

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTROLS = "havre.controls"


def installed_controls() -> tuple[Control, ...]:
    """Every installed control, Havre's own first.

    Raises:
        MissingDependencyError: there is none, so that nothing could be checked.
        BugError: one cannot be loaded, is none, or bears the name of another.
    """
    found: dict[str, Control] = {}
    for name, _, function in loaded(CONTROLS):
        for control in function():
            if not isinstance(control, Control):
                message = f"`{name}` registers {control!r}, which is not a control"
                raise BugError(message, "Make it with `havre.policy.control`.")
            if control.id in found:
                message = f"`{name}` registers `{control.id}`, which is registered already"
                raise BugError(message, "Give it a name of its own.")
            found[control.id] = control
    if not found:
        message = "no controls are installed"
        raise MissingDependencyError(message, "Install them with: pip install havre-policies")
    return tuple(found.values())


def own_controls() -> frozenset[str]:
    """The ids of Havre's own controls, which its documentation describes.

    Raises:
        BugError: one cannot be loaded.
    """
    own = (function for name, _, function in loaded(CONTROLS) if name == OWN)
    return frozenset(control.id for function in own for control in function())


def find_control(identifier: str, controls: Sequence[Control] | None = None) -> Control:
    """The control of that identifier.

    Args:
        identifier: its own.
        controls: where it is looked for; None: among the installed ones.

    Raises:
        InputError: there is none; the message names the nearest.
    """
    import difflib

    known = {each.id: each for each in (controls or installed_controls())}
    if identifier in known:
        return known[identifier]
    family = identifier.partition(".")[0]
    those = [each for each in known if each.partition(".")[0] == family]
    message = f"there is no control `{identifier}`"
    if those and family == identifier:
        message = f"`{identifier}` is a family of controls, not a control"
        raise InputError(message, f"Name its controls: {', '.join(sorted(those))}.")
    close = difflib.get_close_matches(identifier, known, n=1)
    hint = f"Did you mean `{close[0]}`? " if close else ""
    listed = f"`havre policy list --family {family}`" if those else "`havre policy list`"
    raise InputError(message, f"{hint}{listed} lists the ids.")
