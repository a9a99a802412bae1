"""`havre validate` and `havre schema`: the warehouse file is checked and described."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli.context import FilesArgument, JsonOption, SettingOption, StackConfigOption
from havre.errors import ExitCode, InputError

if TYPE_CHECKING:
    from havre.documents.problems import Problem
    from havre.spec.load import Loaded

FILE = Path("warehouse.yaml")
"""The file where none is named."""


def validate(
    files: FilesArgument = None,
    *,
    provider: Annotated[
        list[str] | None,
        typer.Option(
            "--provider", "-p", metavar="PROVIDER", help="Also what this provider refuses."
        ),
    ] = None,
    setting: SettingOption = None,
    stack_config: StackConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check warehouse files and report every error with its line.

    With --provider, also what that provider cannot deploy; settings not given are placeholders.
    A file of --stack-config names its provider.

    Example: havre validate examples/emc2/warehouse.yaml

    Example: havre validate warehouse.yaml --provider local

    Example: havre validate warehouse.yaml --json
    """
    from havre.cli.taken import one_provider

    name = one_provider(provider, "validate") or _named(stack_config)
    if setting and not name:
        message = "--set: no provider is named whose setting it is"
        raise InputError(message, "Name it with --provider PROVIDER, or with --stack-config FILE.")
    checked = [_check(file) for file in files or [FILE]]
    if name:
        checked = [_refused(found, name, setting, stack_config) for found in checked]
    problems = [problem for _, found in checked for problem in found]
    if as_json:
        rows = [asdict(problem) for problem in problems]
        console.write_json({"valid": not problems, "problems": rows})
    else:
        for loaded, found in checked:
            _show(loaded, found)
    for loaded, _ in checked:
        _warn(loaded)
        _warn_ended(loaded)
    return ExitCode.INPUT if problems else ExitCode.OK


def _named(stack_config: Path | None) -> str:
    """The provider that a stack file names; empty without one.

    Raises:
        InputError: it is not a stack file of a warehouse, or names no provider.
    """
    from havre.stack.files import stack_file

    if stack_config is None:
        return ""
    if name := stack_file(stack_config).provider:
        return name
    message = f"{stack_config} names no provider"
    raise InputError(message, "Name it with --provider PROVIDER.")


Checked = tuple["Loaded | None", "tuple[Problem, ...]"]
"""A file that is valid, or what is wrong with it."""


def _refused(
    checked: Checked, provider: str, pairs: list[str] | None, stack_config: Path | None
) -> Checked:
    """The same, with what a provider refuses of a file that is valid."""
    from havre.cli.context import target_of
    from havre.documents.problems import Problem, dotted
    from havre.provider.faults import faults

    loaded, _ = checked
    if loaded is None:
        return checked
    spec = loaded.warehouse
    target = target_of(spec, provider, pairs, None, stack_config=stack_config, offline=True)
    found = tuple(
        Problem(
            loaded.file,
            *loaded.lines.locate(fault.path),
            dotted(fault.path),
            fault.message,
            f"what provider `{target.provider.name}` can deploy",
            fault.remedy,
        )
        for fault in faults(target.provider, spec, target.settings)
    )
    return (None, tuple(sorted(found))) if found else checked


def _check(file: Path) -> Checked:
    from havre.documents.problems import SpecError
    from havre.spec.load import load

    try:
        return load(file), ()
    except SpecError as error:
        return None, error.problems


def _show(loaded: Loaded | None, problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        console.paragraph(str(problem))
    if loaded:
        spec = loaded.warehouse
        zones, projects = _count(len(spec.zones), "zone"), _count(len(spec.projects), "project")
        console.paragraph(f"{loaded.file}: valid: warehouse {spec.name}, {zones}, {projects}")


def _warn(loaded: Loaded | None) -> None:
    """Say where a valid file names an exit provider that this machine does not know."""
    from havre.documents.problems import dotted
    from havre.documents.validation import did_you_mean
    from havre.provider.discovery import installed_names

    if loaded is None or loaded.warehouse.exit is None:
        return
    name, known, path = loaded.warehouse.exit.provider, installed_names(), ("exit", "provider")
    if name in known:
        return
    hint = did_you_mean(name, known)
    line, column = loaded.lines.locate(path)
    said = f"`{name}` is not installed here (installed: {', '.join(known)})" + (
        f", {hint}" if hint else ""
    )
    place = f"{loaded.file}:{line}:{column}: {dotted(path)}"
    console.warn(f"{place}: {said}")


def _warn_ended(loaded: Loaded | None) -> None:
    """Say which projects of a valid file have ended, where, and what follows."""
    from havre.documents.problems import dotted
    from havre.spec.endings import ended, today

    if loaded is None:
        return
    for name, said in ended(loaded.warehouse, today()).items():
        path = ("projects", name, "expires")
        line, column = loaded.lines.locate(path)
        place = f"{loaded.file}:{line}:{column}: {dotted(path)}"
        console.warn(f"{place}: {said}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def schema(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file.", show_default=False),
    ] = None,
) -> None:
    """Write the JSON Schema of warehouse files, for editors.

    Example: havre schema --output warehouse.schema.json
    """
    from havre.spec.schema import schema_text

    console.show_or_write_schema(schema_text(), output)
