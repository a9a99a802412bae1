"""`havre policy`: the controls, and tests of one's own."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre import __version__
from havre.cli import console
from havre.cli.context import JsonOption
from havre.errors import InputError

if TYPE_CHECKING:
    from havre.policy import Control
    from havre.policy.frameworks import Requirement

DEFINITION, PROGRAM = "PulumiPolicy.yaml", "__main__.py"
"""The files of a policy pack in Python."""

policy = typer.Typer(
    help="The controls: list them, read them, test your own.", no_args_is_help=True
)


def named(requirement: Requirement) -> str:
    """Framework and heading; a framework as a whole has no heading."""
    return f"{requirement.framework} {requirement.id}".strip()


def described(control: Control) -> dict[str, Any]:
    """A control as JSON-ready values."""
    return {
        "id": control.id,
        "title": control.title,
        "rationale": control.rationale,
        "profile": control.profile.value,
        "severity": control.severity.value,
        "cites": list(control.cites),
        "remedy": control.remedy,
        "file": ".".join(control.cause),
    }


def show_control(control: Control) -> None:
    """Say what a control asks, why, what it cites, and what to do about it, by provider."""
    from havre.policy.frameworks import coverage, installed_frameworks
    from havre.provider import installed, remedy

    out = console.out()
    out.print(f"[bold]{control.id}[/]  ({control.profile.value}, {control.severity.value})\n")
    out.print(f"{console.inert(control.title)}")
    if control.rationale:
        out.print(console.inert(control.rationale))
    out.print(f"\nIt cites {', '.join(control.cites)}, and contributes to:")
    for requirement in coverage(installed_frameworks(), [control.id], None):
        if control.id in requirement.controls:
            out.print(f"  {named(requirement)} {console.inert(requirement.title)}")
            out.print(f"    {console.inert(requirement.part)}", style="dim")
    out.print(f"\nWhat to do: {console.inert(control.remedy)}")
    for each in installed():
        here = remedy(each.provider, control.id) if each.provider else ""
        if here:
            out.print(f"  {console.inert(each.name)}: {console.inert(here)}")
    if control.cause:
        out.print(f"\nIn the warehouse file: {'.'.join(control.cause)}")


@policy.command("list")
def list_controls(*, as_json: JsonOption = False) -> None:
    """List every control, by family.

    Example: havre policy list --json
    """
    from rich.table import Table

    from havre.policy.registry import installed_controls

    controls = installed_controls()
    if as_json:
        console.write_json({"controls": [described(control) for control in controls]})
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("control", "profile", "severity"):
        table.add_column(column, no_wrap=True)
    table.add_column("holds when")
    for control in controls:
        table.add_row(
            control.id, control.profile.value, control.severity.value, console.inert(control.title)
        )
    console.out().print(table)


@policy.command("show")
def show(
    identifier: Annotated[str, typer.Argument(metavar="CONTROL", show_default=False)],
    *,
    as_json: JsonOption = False,
) -> None:
    """Say what a control asks, why, what it cites and what to do about it.

    Example: havre policy show residency.replicas
    """
    from havre.policy.registry import find_control

    control = find_control(identifier)
    if as_json:
        console.write_json(described(control))
    else:
        show_control(control)


@policy.command("coverage")
def show_coverage(
    framework: Annotated[
        str, typer.Argument(metavar="FRAMEWORK", help="Such as SNC; all of them by default.")
    ] = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """Say which requirements of the frameworks the controls contribute to, and to which part.

    Example: havre policy coverage SNC
    """
    from havre.policy.frameworks import coverage, installed_frameworks
    from havre.policy.registry import installed_controls

    frameworks = installed_frameworks()
    names = {each.key for each in frameworks.items}
    if framework and framework not in names:
        message = f"there is no framework `{console.plain(framework)}`"
        raise InputError(message, f"There are {', '.join(sorted(names))}.")
    found = [
        each
        for each in coverage(frameworks, [control.id for control in installed_controls()], None)
        if framework in {"", each.framework}
    ]
    if as_json:
        console.write_json({"requirements": [each.as_dict() for each in found]})
        return
    out = console.out()
    for each in found:
        out.print(f"[bold]{named(each)}[/] {console.inert(each.title)}  ({each.coverage})")
        if each.controls:
            out.print(f"  {', '.join(each.controls)} contribute to it")
            out.print(f"  {console.inert(each.part)}", style="dim")


@policy.command("test")
def try_controls(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder a control.", show_default=False)
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Test controls with plans that must pass and plans that must fail.

    DIR holds a folder a control, named after it. Each pass-*.yaml in it is a plan on which the
    control must pass, each fail-*.yaml one on which it must fail. Such a file holds `provider`
    and `resources` (type, name, inputs, protect, and needs: names by property), or instead of
    them `preview: F`, `state: F` or nothing, for the plan of `warehouse: F`; and, if wanted,
    `as_of`, and `on`: names of resources that must be found.

    Example: havre policy test controls/
    """
    from havre.assess.selftest import run

    results = run(folder)
    if as_json:
        console.write_json({"tests": [result.as_dict() for result in results]})
    else:
        out = console.out()
        for result in results:
            mark = "[green]ok[/]  " if result.ok else "[red]FAIL[/]"
            out.print(f"{mark} {console.inert(result.name)}  {console.inert(result.said)}")
        failed = sum(not result.ok for result in results)
        out.print(f"\n{len(results)} tests, {failed} failed")
    raise typer.Exit(any(not result.ok for result in results))


def _definition() -> str:
    """What tells the Pulumi CLI of the pack, and of the environment that has Havre."""
    lines = [
        "name: havre",
        "description: Havre's controls over a warehouse's whole plan, one policy a control",
        f"version: {__version__}",
        "runtime:",
        "  name: python",
    ]
    if sys.prefix != sys.base_prefix:  # a virtual environment; else what is on PATH
        lines += ["  options:", f"    virtualenv: {json.dumps(sys.prefix)}"]
    return "\n".join(lines) + "\n"


@policy.command("pack")
def write_pack(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder to make.", show_default=False)
    ],
) -> None:
    """Write the controls' policy pack for the Pulumi CLI; it runs in this Python environment.

    Example: havre policy pack policy-pack
    """
    program = (files("havre.pack") / PROGRAM).read_text()
    if folder.exists():
        message = f"{folder} is there already"
        raise InputError(message, "Name a folder that is not; nothing was written.")
    try:
        folder.mkdir(parents=True)
        (folder / DEFINITION).write_text(_definition())
        (folder / PROGRAM).write_text(program)
    except OSError as error:
        message = f"{folder} cannot be made: {error.strerror}"
        raise InputError(message, "Name a folder where you may write.") from error
    console.out().print(
        f"{folder} is written. Next: pulumi preview --policy-pack {folder}", markup=False
    )


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(policy, name="policy")
