"""`havre policy`: the controls, and tests of one's own."""

from __future__ import annotations

import json
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre import __version__
from havre.cli import console, context
from havre.cli.check import (
    ControlsOption,
    FrameworksOption,
    ProbesOption,
    ProfileName,
    SeverityName,
    known_controls,
    parse_day,
)
from havre.cli.context import JsonOption
from havre.errors import InputError
from havre.report.mapping import MappingFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.policy import Control
    from havre.policy.frameworks import Requirement

DEFINITION, PROGRAM = "PulumiPolicy.yaml", "__main__.py"
"""The files of a policy pack in Python."""

policy = typer.Typer(help="List and explain the controls, and test your own.", no_args_is_help=True)


def heading(requirement: Requirement) -> str:
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


def show_control(control: Control, known: Sequence[Control], folder: Path | None = None) -> None:
    """Say what a control asks, why, what it cites, and what to do about it, by provider."""
    from havre.policy.frameworks import coverage
    from havre.policy.own import frameworks_with
    from havre.provider import installed, remedy

    tell, frameworks = console.tell, frameworks_with(folder, [each.id for each in known])
    tell(f"[bold]{control.id}[/]  ({control.profile.value}, {control.severity.value})")
    tell("")
    tell(console.inert(control.title))
    if control.rationale:
        tell(console.inert(control.rationale))
    tell("")
    tell(f"It cites {', '.join(control.cites)}, and contributes to:")
    found = coverage(frameworks, [control.id], None)
    found = [each for each in found if control.id in each.controls]
    for requirement in (each for each in found if each.listed):
        tell(f"{heading(requirement)} {console.inert(requirement.title)}", 2)
        tell(console.inert(requirement.part), 4, "dim")
    if more := [heading(each) for each in found if not each.listed]:
        tell(console.inert(f"Also to {', '.join(more)}"), 2)
    tell("")
    tell(f"What to do: {console.inert(control.remedy)}")
    for each in installed():
        here = remedy(each.provider, control.id) if each.provider else ""
        if here:
            tell(f"{console.inert(each.name)}: {console.inert(here)}", 2)
    if control.cause:
        tell("")
        tell(f"In the warehouse file: {'.'.join(control.cause)}")


@policy.command("list")
def list_controls(
    *,
    profile: Annotated[
        ProfileName | None, typer.Option(help="Only of this profile; default: of all.")
    ] = None,
    severity: Annotated[
        SeverityName | None,
        typer.Option(metavar="SEVERITY", help="Only of this severity."),
    ] = None,
    family: Annotated[
        str | None, typer.Option(metavar="FAMILY", help="Only of this family.")
    ] = None,
    controls: ControlsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List every control, by family, with totals.

    Example: havre policy list --severity critical

    Example: havre policy list --profile health --family residency

    Example: havre policy list --json
    """
    from havre.policy import Profile

    known = known_controls(controls)
    _refuse_family(family, known)
    found = [
        each
        for each in known
        if (profile is None or Profile(profile).includes(each.profile))
        and severity in {None, each.severity.value}
        and family in {None, each.family}
    ]
    if as_json:
        console.write_json({"controls": [described(control) for control in found]})
        return
    _show_list(found)
    typer.echo(_totals(found, len(known)))


def _refuse_family(family: str | None, known: Sequence[Control]) -> None:
    """Refuse a family that no control is of.

    Raises:
        InputError: there is none such.
    """
    from havre.documents.validation import did_you_mean

    families = list(dict.fromkeys(each.family for each in known))
    if family is not None and family not in families:
        near = did_you_mean(family, families)
        message = f"There is no family `{console.plain(family)}`"
        every = f"There are {', '.join(families)}."
        raise InputError(message, f"{near[:1].upper()}{near[1:]} {every}" if near else every)


def _show_list(controls: Sequence[Control]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("control", "profile", "severity"):
        table.add_column(column, no_wrap=True)
    table.add_column("passes when")
    for control in controls:
        table.add_row(
            control.id, control.profile.value, control.severity.value, console.inert(control.title)
        )
    console.out().print(table)


def _totals(controls: Sequence[Control], known: int) -> str:
    """`12 of 61 controls: 4 critical, 8 high`."""
    from havre.policy import Severity

    counts = Counter(control.severity for control in controls)
    each = ", ".join(f"{counts[level]} {level}" for level in Severity if counts[level])
    of = f"{len(controls)} of {known}" if len(controls) < known else str(known)
    return f"{of} controls: {each}" if each else f"{of} controls"


@policy.command("show")
def show(
    identifier: Annotated[
        str, typer.Argument(metavar="CONTROL", help="Its id.", show_default=False)
    ],
    *,
    controls: ControlsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a control requires, why, and how to fix it.

    Example: havre policy show residency.replicas
    """
    from havre.policy.registry import find_control

    known = known_controls(controls)
    control = find_control(identifier, known)
    if as_json:
        console.write_json(described(control))
    else:
        show_control(control, known, controls)


@policy.command("coverage")
def show_coverage(
    framework: Annotated[
        str | None,
        typer.Argument(metavar="FRAMEWORK", help="As --framework.", show_default=False),
    ] = None,
    *,
    named: FrameworksOption = None,
    form: Annotated[
        MappingFormat, typer.Option("--format", "-f", help="How to show it.")
    ] = MappingFormat.TABLE,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file.", show_default=False),
    ] = None,
    controls: ControlsOption = None,
    probes: ProbesOption = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="As --format csv.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As --format json.")] = False,
) -> None:
    """Show which requirements the controls contribute to.

    Without a name, frameworks such as SATRE are only counted: name them to list their requirements.

    Example: havre policy coverage SNC

    Example: havre policy coverage --framework satre --format html -o satre.html

    Example: havre policy coverage SNC --probes seen.json

    Example: havre policy coverage iso27001-2022 --csv > coverage.csv

    Example: havre policy coverage --json
    """
    from havre.files import write_report
    from havre.files.outputs import refuse_inputs
    from havre.policy.frameworks import coverage
    from havre.policy.own import frameworks_with
    from havre.probe.record import read_record
    from havre.probe.running import PROBES
    from havre.report.mapping import render
    from havre.report.mapping.answers import mapped

    wanted = _form(form, as_csv=as_csv, as_json=as_json)
    refuse_inputs([("--output", output)], [probes, *context.read_in(None, controls)])
    record = read_record(probes) if probes else None
    with console.working("Reading controls and frameworks"):
        known = [control.id for control in known_controls(controls)]
        frameworks = frameworks_with(controls, known)
    names = [*([] if framework is None else [framework]), *(named or [])]
    keys = frozenset[str]().union(*map(frameworks.named, names))
    found = coverage(frameworks, known, None, keys)
    out, today = console.out(), parse_day(None)
    text = render(
        mapped(frameworks.items, found, today, frozenset(each.control for each in PROBES), record),
        wanted,
        width=None if output else console.columns(),
        colour=out.is_terminal and output is None,
    )
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_report(output, text)


def _form(form: MappingFormat, *, as_csv: bool, as_json: bool) -> MappingFormat:
    """The one form that is asked for.

    Raises:
        InputError: two are.
    """
    short = {
        "--csv": as_csv,
        "--json": as_json,
        f"--format {form}": form is not MappingFormat.TABLE,
    }
    named = [name for name, given in short.items() if given]
    if len(named) > 1:
        message = f"{' and '.join(named)} exclude each other"
        raise InputError(message, "Choose one.")
    if as_csv:
        return MappingFormat.CSV
    return MappingFormat.JSON if as_json else form


@policy.command("test")
def try_controls(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Folder with one folder per control.", show_default=False
        ),
    ],
    *,
    controls: ControlsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Test controls with plans that must pass or must fail.

    DIR contains one folder per control, named after it. Each pass-*.yaml in it is a plan on which
    the control must pass, each fail-*.yaml one on which it must fail. Such a file holds `provider`
    and `resources` (type, name, inputs, protect, and needs: names by property), or instead of
    them `preview: F`, `state: F` or nothing, for the plan of `warehouse: F`; and, if wanted,
    `as_of`, and `on`: names of resources that must be found.

    Example: havre policy test controls/
    """
    from havre.assess.selftest import run

    with console.working(f"Testing the controls in {folder}"):
        results = run(folder, known_controls(controls))
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
    """Write the policy pack of the controls for the Pulumi CLI.

    It runs in this Python environment.

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
