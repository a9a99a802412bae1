"""Controls and frameworks of one's own, from a folder without packaging.

The folder is named by its user, and its code is run. So it is read as other code that is run: the
folder and everything above it must be such that no other account can change what is read, each
file is a plain file of the user's own, and what was checked is what is run.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from types import ModuleType
from typing import TYPE_CHECKING

from havre.errors import ANYTHING, GuardError, InputError, show_traceback
from havre.files.custody import Custody
from havre.policy.frameworks import FILE, Frameworks, installed_frameworks, load_frameworks
from havre.policy.model import Control
from havre.policy.registry import installed_controls

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

REMEDY = "A folder of controls has files *.py with controls; see `havre policy test --help`."


def controls_with(folder: Path | None) -> tuple[Control, ...]:
    """The installed controls, and those of a folder after them.

    Args:
        folder: holds the files; None: there is none.

    Raises:
        InputError: there is no control in it, a file cannot be run or could have been written by
            another account, or a control has the name of another.
        MissingDependencyError: no controls are installed.
    """
    installed = installed_controls()
    if folder is None:
        return installed
    found = {control.id: "an installed distribution" for control in installed}
    own: list[Control] = []
    for path in _programs(folder):
        for control in _controls(path):
            if control.id in found:
                message = f"{path}: `{control.id}` is a control of {found[control.id]} already"
                raise InputError(message, "Give it a name of its own.")
            found[control.id] = path.name
            own.append(control)
    if not own:
        message = f"{folder} contains no controls"
        raise InputError(message, REMEDY)
    return (*installed, *own)


def frameworks_with(folder: Path | None, controls: Iterable[str]) -> Frameworks:
    """The installed frameworks, and those in the `frameworks.yaml` of a folder after them.

    Args:
        folder: holds the file, which may be missing; None: there is none.
        controls: ids of those that exist, which the file may name.

    Raises:
        InputError: the file is not valid, could have been written by another account, has a
            framework that is installed, or names a control that does not exist.
    """
    installed = installed_frameworks()
    path = folder.absolute() / FILE if folder else None
    if path is None or not path.is_file():
        return installed
    _read(path)
    own = load_frameworks(path, installed, controls)
    return Frameworks((*installed.items, *own.items))


def files_of(folder: Path | None) -> tuple[Path, ...]:
    """The files that are read in a folder of one's own controls; None: there is none.

    Raises:
        InputError: it is not a folder.
    """
    return (*_programs(folder), folder.absolute() / FILE) if folder else ()


def _programs(folder: Path) -> list[Path]:
    """The programs in a folder, by name.

    Raises:
        InputError: it is not a folder.
    """
    if not folder.is_dir():
        message = f"{folder} is not a folder"
        raise InputError(message, REMEDY)
    return sorted(folder.absolute().glob("*.py"))


def _controls(path: Path) -> list[Control]:
    """The controls that a file defines, in its order."""
    module = _run(path)
    values = vars(module).values()
    return list({each.id: each for each in values if isinstance(each, Control)}.values())


def _read(path: Path) -> bytes:
    """A file of the folder, under guard.

    Raises:
        InputError: another account could have written it: trying again changes nothing.
    """
    try:
        return Custody(path.parent).read(path)
    except GuardError as error:
        raise InputError(error.message, error.remedy) from error


def _run(path: Path) -> ModuleType:
    """Run the very bytes that were read under guard.

    Raises:
        InputError: they cannot be run, or another account could have written them.
    """
    source = _read(path)
    module = ModuleType(f"havre_own_controls_{sha256(bytes(path)).hexdigest()[:12]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(source, str(path), "exec"), vars(module))  # noqa: S102 - its user named it
    except ANYTHING as error:
        show_traceback()
        message = f"{path} cannot be run: {type(error).__name__}: {error}"
        raise InputError(message, "Correct the file; HAVRE_DEBUG=1 shows where.") from error
    return module
