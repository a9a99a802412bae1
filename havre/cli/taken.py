"""What a command takes from the folder where its user did not name it: file, provider, settings.

Nothing is guessed: where the folder holds several answers, or none, the command is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from havre.cli import console
from havre.errors import InputError
from havre.report.language import tr
from havre.stack.files import StackFile, stack_file, stack_files
from havre.stack.standing import in_folder, record_path
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = Path("warehouse.yaml")
"""The warehouse file where none is named."""


@dataclass(frozen=True)
class Taken:
    """A warehouse file and a provider, named by the user or by what is in the folder.

    Attributes:
        file: the warehouse file.
        provider: name of the provider.
        stack_config: the stack file whose settings are used; None: none is.
        notes: what the user did not name, for a message.
    """

    file: Path
    provider: str
    stack_config: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class About:
    """What a check is about; a preview or a state records what is not named.

    Attributes:
        file: the warehouse file; None: the plan records it.
        provider: name of the provider; empty: the plan names it.
        stack_config: the stack file whose settings are used; None: none is.
        quiet: whether nothing is said of what was taken.
        told: lines of a terminal that a message of what was taken has.
    """

    file: Path | None
    provider: str
    stack_config: Path | None
    quiet: bool = False
    told: int = 0


def one_provider(given: Sequence[str] | None, command: str, file: Path | None = None) -> str:
    """The provider that a command line names; empty where it names none.

    Raises:
        InputError: it names several.
    """
    names = list(dict.fromkeys(given or ()))
    if len(names) > 1:
        message = f"--provider: `havre {command}` evaluates one provider, not {len(names)}"
        several = " ".join(f"--provider {console.plain(name)}" for name in names)
        where = console.plain(file or "FILE")
        raise InputError(message, f"To compare them: havre compare {where} {several}")
    return names[0] if names else ""


def take(
    file: Path | None,
    provider: str,
    command: str,
    *,
    data_dir: Path | None = None,
    stack_config: Path | None = None,
) -> Taken:
    """The file and the provider of a command; what is not named is taken from the folder.

    A stack file next to the warehouse file may name provider and file. The record of a warehouse
    that is deployed in the data folder names its provider; where the folder is named, it decides
    among several stack files.

    Args:
        file: as named; None: `warehouse.yaml`, else the file of the only stack.
        provider: as named; empty: that of the only stack file, or of the data folder.
        command: for the remedy, such as `up`.
        data_dir: the warehouse's folder, where one is known.
        stack_config: a stack file as named.

    Raises:
        InputError: there is none, or several.
    """
    if file and provider:
        return Taken(file, provider, stack_config)
    stacks = _stacks(file, provider, stack_config)
    found = file or _found(stacks, command, stack_config)
    if stack_config and not provider:
        _refuse_other(stacks[0], found)
    if provider:
        own = [each for each in stacks if _is_of(each, found) and each.provider == provider]
    else:
        own = [each for each in stacks if _is_of(each, found) and each.provider]
    name = provider
    recorded = "" if provider or stack_config else _recorded(found, data_dir)
    if not name:
        named = {each.provider for each in own}
        decides = data_dir is not None and recorded in named
        names = {recorded} if decides else {*named, recorded} - {""}
        others = [each for each in stacks if each not in own and each.provider]
        name = _only(names, own, command, _why_not(found, others))
    same = [each.path for each in own if each.provider == name]
    decided = len(same) == 1 and (len(own) == 1 or name == recorded)
    stack = stack_config or (same[0] if decided else None)
    notes = _notes(file, found, provider, name, stack if stack != stack_config else None)
    return Taken(found, name, stack, notes)


def _stacks(file: Path | None, provider: str, stack_config: Path | None) -> list[StackFile]:
    """The stack files that may answer: the one named, or those in the folder."""
    if stack_config:
        return [stack_file(stack_config)]
    folder = file.parent if file else Path()
    return [each for each in stack_files(folder) if not provider or each.provider == provider]


def _is_of(stack: StackFile, file: Path) -> bool:
    """Whether a stack deploys this file; one that names none may."""
    return stack.spec is None or stack.spec.resolve() == file.resolve()


def _found(stacks: Sequence[StackFile], command: str, stack_config: Path | None) -> Path:
    """The warehouse file of a command that names none: a stack file that it names goes first.

    Raises:
        InputError: there is none, or several.
    """
    ours = FILE.is_file() and (not stack_config or _is_of(stacks[0], FILE))
    return FILE if ours else _file_of(stacks, command)


def _refuse_other(stack: StackFile, file: Path) -> None:
    """Refuse a stack file that is named with a warehouse file that is not its own.

    Raises:
        InputError: naming both.
    """
    if not _is_of(stack, file):
        message = f"{stack.path} is a stack file of {stack.spec}, and you named {file}"
        remedy = "Leave FILE out, or use its settings for another file: name --provider."
        raise InputError(inert(message), remedy)


def _why_not(file: Path, others: Sequence[StackFile]) -> str:
    """Why stack files that name a provider are not used: they are of another warehouse file."""
    of = [f"{each.path} is of {each.spec}" for each in others]
    return f"no stack file is of {file}: {', '.join(of)}" if of else ""


def _file_of(stacks: Sequence[StackFile], command: str) -> Path:
    """The warehouse file that the stack files name.

    Raises:
        InputError: they name none, or several, or one that does not exist.
    """
    named = {each.spec.resolve(): each for each in stacks if each.spec}
    if len(named) == 1:
        only = next(iter(named.values()))
        file = only.spec or FILE
        if file.is_file():
            return file
        message = f"{file}: no such file (named by `{only.key}` in {only.path})"
        raise InputError(
            inert(message), "Correct it there: its path from the folder of the stack file."
        )
    message = f"Missing FILE: there is no {FILE} in this folder"
    raise InputError(message, f"Name the warehouse file: havre {command} FILE")


def _recorded(file: Path, data_dir: Path | None) -> str:
    """The provider of the warehouse that is deployed in the data folder; empty: there is none."""
    from havre.cli.context import absolute
    from havre.spec.load import load

    folder = absolute(data_dir, load(file).warehouse.name)
    if not record_path(folder).is_file():
        return ""
    return str(in_folder(folder).record()["provider"])


def _only(names: set[str], stacks: Sequence[StackFile], command: str, why: str) -> str:
    """The one provider that the folder names; `why` its stack files are not used, if it names none.

    Raises:
        InputError: it names none, or several.
    """
    from havre.provider.discovery import installed_names

    if len(names) == 1:
        return names.pop()
    done = "; nothing was deployed" if command == "up" else ""
    if names:
        files = ", ".join(sorted(each.path.name for each in stacks))
        message = (
            f"Missing --provider: this folder names {', '.join(sorted(names))} ({files}){done}"
        )
    else:
        reason = why or "neither a stack file nor a data folder names one"
        message = f"Missing --provider: {reason}{done}"
    known = ", ".join(installed_names())
    raise InputError(inert(message), f"Name it with --provider PROVIDER (installed: {known}).")


def _notes(
    file: Path | None, found: Path, provider: str, name: str, stack: Path | None
) -> tuple[str, ...]:
    return (
        *(() if file else (tr("file {name}", name=found),)),
        *(() if provider else (tr("provider {name}", name=name),)),
        *((tr("settings from {name}", name=stack),) if stack else ()),
    )


def tell(notes: Sequence[str]) -> int:
    """Say on standard error what was taken, if anything was; the lines of a terminal it has."""
    if not notes:
        return 0
    told = tr("Using {notes}.", notes=", ".join(notes))
    console.note(told, style="dim")
    return console.lines_of(told)
