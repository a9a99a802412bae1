"""`havre removal`: what stays of a warehouse that is removed, until when, and what is lost."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import AsOfOption, OptionalFile, OptionalProvider, parse_day
from havre.cli.planning.plan import evaluated
from havre.errors import InputError

if TYPE_CHECKING:
    import datetime as dt

    from havre.assess.removal import RemovalSubject
    from havre.plan import Plan


class RemovalFormat(StrEnum):
    """Renderings of the plan of a removal."""

    TABLE = "table"
    JSON = "json"


DeployedOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="What is deployed: output of `pulumi stack export`.",
        show_default=False,
    ),
]


def removal(
    file: OptionalFile = None,
    *,
    provider: OptionalProvider = None,
    state: DeployedOption = None,
    form: Annotated[
        RemovalFormat, typer.Option("--format", "-f", help="How to show it.")
    ] = RemovalFormat.TABLE,
    details: Annotated[bool, typer.Option("--details", help="Name every resource.")] = False,
    as_of: AsOfOption = None,
    setting: ctx.SettingOption = None,
    data_dir: ctx.DataDirOption = None,
    stack: ctx.StackOption = "",
    stack_config: ctx.StackConfigOption = None,
) -> None:
    """Show what the removal of a warehouse leaves and loses.

    What refuses it, what stays and until when, what is lost, what is not known. Nothing is changed.
    Exit code 1: something is lost of which no copy stays. Exit code 3: that is not known.

    Example: havre removal warehouse.yaml --state state.json

    Example: havre removal --data-dir data --details

    Example: havre removal warehouse.yaml --provider A --as-of 2027-01-31 --format json
    """
    from havre.assess.removal import removal as planned
    from havre.cli.taken import one_provider
    from havre.report.removal import removal_as_json, removal_as_text

    if state is not None and data_dir is not None:
        message = "--state and --data-dir both say what is deployed"
        raise InputError(message, "Give one of them.")
    name, day = one_provider(provider, "removal", file), parse_day(as_of)
    if state is None and data_dir is None:
        plan, about = _of_file(file, name, setting, stack, stack_config, day)
    else:
        plan, about = _of_deployed(file, name, state, data_dir, day)
    found = planned(plan, about)
    typer.echo(
        removal_as_json(found)
        if form is RemovalFormat.JSON
        else removal_as_text(found, details=details, width=console.columns())
    )
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def _of_file(
    file: Path | None,
    provider: str,
    pairs: list[str] | None,
    stack: str,
    stack_config: Path | None,
    day: dt.date,
) -> tuple[Plan, RemovalSubject]:
    """The plan of a file, evaluated.

    Raises:
        InputError: the file or a setting is wrong, or nothing names the provider.
    """
    from havre.assess.removal import RemovalSubject
    from havre.cli.taken import take, tell
    from havre.provider.machine import folder_setting

    it = take(file, provider, "removal", stack_config=stack_config)
    tell(it.notes)
    target = ctx.target(
        it.file, it.provider, pairs, None, stack, stack_config=it.stack_config, offline=True
    )
    spec, found = target.spec, target.provider
    with console.working(f"Planning {spec.name} on {found.name}"):
        plan = evaluated(target, day)
    embedded = bool(folder_setting(found.settings))
    return plan, RemovalSubject(spec.name, spec.environment.value, found, day, embedded=embedded)


def _of_deployed(
    file: Path | None, provider: str, state: Path | None, data_dir: Path | None, day: dt.date
) -> tuple[Plan, RemovalSubject]:
    """What is deployed, as a state says.

    Raises:
        HavreError: no warehouse is deployed there, the state is damaged, or of another warehouse.
    """
    from havre.assess.removal import RemovalSubject
    from havre.assess.subject import refuse_another, refuse_foreign, subject
    from havre.plan.states import from_state
    from havre.stack.standing import in_folder

    if state is not None:
        plan = from_state(state.expanduser(), provider)
    else:
        standing = in_folder((data_dir or Path()).expanduser().absolute())
        provider = provider or str(standing.record()["provider"])
        plan = standing.plan(provider)
    of = subject(file, provider, plan)
    refuse_another(plan, of)
    refuse_foreign(plan, of)
    spec = of.spec
    return plan, RemovalSubject(
        spec.name,
        spec.environment.value,
        of.provider,
        day,
        deployed=True,
        embedded=state is None,
    )


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("removal")(removal)
