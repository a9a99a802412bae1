"""Controls and frameworks of one's own, from a folder without packaging.

The folder is named by its user, and its code is run. So it is read as other code that is run: the
folder and everything above it must be such that no other account can change what is read, each
file is a plain file of the user's own, and what was checked is what is run.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from havre.documents.validation import did_you_mean
from havre.errors import ANYTHING, GuardError, InputError, show_traceback
from havre.files.custody import Custody
from havre.policy.frameworks import FILE, Frameworks, installed_frameworks, load_frameworks
from havre.policy.model import BROKEN, Control, Outcome, Verdict
from havre.policy.registry import installed_controls
from havre.spec.schema import fields, schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from types import CodeType

MODULE = "havre_own_controls_"
"""What the names of modules made of one's own files begin with."""
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
    _refuse_unknown(own, folder)
    return (*installed, *own)


def _refuse_unknown(own: Sequence[Control], folder: Path) -> None:
    """Refuse controls that cite what no framework has, or point at a field that does not exist.

    Raises:
        InputError: there are some; every one is named with file and line, and what is known.
    """
    known, path = installed_frameworks().known, folder.absolute() / FILE
    if path.is_file():
        _read(path)
        known |= load_frameworks(path).known
    faults = [
        f"{_shown(*_defined(control))}: `{control.id}`: {fault}"
        for control in own
        for fault in (*_unknown_cites(control, known), *_unknown_cause(control))
    ]
    if faults:
        raise InputError("\n".join(faults), "`havre policy coverage` lists what can be cited.")


def _unknown_cites(control: Control, known: Collection[str]) -> Iterator[str]:
    for cited in control.cites:
        if cited not in known:
            key = cited.partition(" ")[0]
            of = sorted(each for each in known if each.partition(" ")[0] == key)
            near = did_you_mean(cited, of)
            keys = ", ".join(sorted({each.partition(" ")[0] for each in known}))
            told = f"cites `{cited}`, which no framework has"
            yield f"{told}, {near}" if near else f"{told} (known: {', '.join(of) or keys})"


def _unknown_cause(control: Control) -> Iterator[str]:
    """What is wrong with a path in the warehouse file: the first part that does not exist."""
    root = schema()
    for depth, name in enumerate(control.cause):
        above = control.cause[:depth]
        if fields(root, control.cause[: depth + 1]) is None:
            known = list((fields(root, above) or {}).get("properties", ()))
            near = did_you_mean(name, known)
            told = f"`cause` names `{'.'.join(control.cause)}`, and "
            told += f"`{'.'.join(above)}` has no field" if above else "there is no section"
            yield f"{told} `{name}`" + (f", {near}" if near else f" (known: {', '.join(known)})")
            return


def failed(control: Control, error: BaseException, urn: str) -> Verdict:
    """The verdict where a control raises: it fails, and names the line of a file of one's own."""
    at = _raised_at(control, error)
    place = f" at {_shown(*at)}" if at else ""
    said = f"the control itself failed ({type(error).__name__}){place}"
    wanted = "a control that can be evaluated (HAVRE_DEBUG=1 shows the error)"
    remedy = "Correct the control there." if at else ""
    return Verdict(Outcome.FAIL, BROKEN, said, wanted, urn, remedy=remedy, at=_place(at))


def no_verdict(control: Control, given: object, urn: str) -> Verdict:
    """The verdict where a control returns something else than a verdict: it fails."""
    at = _defined(control) if _is_own(control) else None
    told = given if given is None or isinstance(given, bool) else f"a {type(given).__name__}"
    place = f" at {_shown(*at)}" if at else ""
    said = f"the control returned {told}{place}"
    wanted = "a `Verdict`, such as `require(...)` returns, or `NOT_APPLICABLE`"
    remedy = "Return a `Verdict` in the control." if at else ""
    return Verdict(Outcome.FAIL, BROKEN, said, wanted, urn, remedy=remedy, at=_place(at))


def _place(at: tuple[str, int] | None) -> tuple[str, int] | None:
    return (_named(at[0]), at[1]) if at else None


def _is_own(control: Control) -> bool:
    return getattr(control.function, "__module__", "").startswith(MODULE)


def _defined(control: Control) -> tuple[str, int]:
    """File and line of a control's function."""
    code: CodeType = inspect.unwrap(control.function).__code__
    return code.co_filename, code.co_firstlineno


def _raised_at(control: Control, error: BaseException) -> tuple[str, int] | None:
    """Where a control of one's own raised: the last line that ran in its file; None: another's."""
    if not _is_own(control):
        return None
    file, line = _defined(control)
    return file, _last_line(error, file) or line


def _last_line(error: BaseException, file: str) -> int:
    """The last line of a file that ran before an error; 0 where none did."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [each.lineno for each in frames if each.filename == file and each.lineno]
    return lines[-1] if lines else 0


def _shown(file: str, line: int) -> str:
    return f"{_named(file)}:{line}"


def _named(file: str) -> str:
    """A file as it is named from the folder at hand."""
    path = Path(file)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


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
    module = ModuleType(f"{MODULE}{sha256(bytes(path)).hexdigest()[:12]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(source, str(path), "exec"), vars(module))  # noqa: S102 - its user named it
    except ANYTHING as error:
        show_traceback()
        line = _last_line(error, str(path))
        place = f"{path}:{line}" if line else str(path)
        message = f"{place} cannot be run: {type(error).__name__}: {error}"
        raise InputError(message, "Correct the file; HAVRE_DEBUG=1 shows where.") from error
    return module
