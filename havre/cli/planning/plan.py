"""`havre plan`: what would be deployed, without deploying anything."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import AsOfOption, parse_day
from havre.errors import ExitCode, InputError

if TYPE_CHECKING:
    import datetime as dt

    from havre.plan import Plan
    from havre.plan.consequences import Consequence


class PlanFormat(StrEnum):
    """Renderings of a plan."""

    TABLE = "table"
    JSON = "json"
    DOT = "dot"


AgainstOption = Annotated[
    Path | None,
    typer.Option(
        "--against",
        metavar="FILE",
        help="What is deployed: an exported state, or a former file.",
        show_default=False,
    ),
]

PricesOption = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        metavar="FILE",
        help="Price lists with source and date (YAML). Havre ships none.",
        show_default=False,
    ),
]
UsageOption = Annotated[
    Path | None,
    typer.Option(
        "--usage",
        metavar="FILE",
        help="Amounts that no plan decides, such as what is stored.",
        show_default=False,
    ),
]


def evaluated(target: ctx.Target, as_of: dt.date | None = None) -> Plan:
    """The plan of a warehouse on a provider, evaluated offline, on a day (None: today)."""
    from havre.evaluate import warehouse

    return warehouse.evaluated(
        target.spec, target.provider, target.settings, target.placeholders, target.stack, as_of
    )


def folder_of(state: Path, provider: str) -> Path | None:
    """The folder on this machine that a state's resources name; None where they name none.

    Raises:
        InputError: the file is no state.
    """
    from havre.plan.states import from_state
    from havre.plan.values import bare
    from havre.provider import find
    from havre.provider.machine import folder_setting

    name = folder_setting(find(provider).settings)
    if not name:
        return None
    made = from_state(state, provider).resources
    named = {str(bare(each.inputs[name])) for each in made if name in each.inputs}
    return Path(named.pop()) if len(named) == 1 else None


def provider_in(former: Path | None) -> str:
    """The provider of what is deployed, as an exported state records it; empty for a file.

    Raises:
        InputError: the state is not valid, or names no provider or several.
    """
    from havre.assess.subject import provider_of
    from havre.plan.states import from_state

    state = former is not None and former.suffix == ".json"
    return provider_of(from_state(former.expanduser())) if former and state else ""


def against(
    target: ctx.Target, planned: Plan, former: Path, day: dt.date
) -> tuple[Consequence, ...]:
    """What a plan would do to what is deployed.

    Args:
        target: the warehouse on its provider.
        planned: its plan.
        former: an exported state (JSON), or the warehouse file as it was deployed.
        day: on which a file is evaluated.

    Raises:
        InputError: the file is not valid, or the provider lists no consequences of changes.
    """
    from havre.plan.consequences import consequences
    from havre.plan.states import from_state
    from havre.provider import REPLACING, provides

    offer = provides(target.provider, REPLACING)
    if offer.given is None:
        message = f"--against does not work with this provider: {offer.answer.reason}"
        raise InputError(message, "Run `pulumi preview` on the stack instead.")
    if former.suffix == ".json":
        before = from_state(former, target.provider.name)
    else:
        from havre.spec.load import load

        before = evaluated(replace(target, spec=load(former).warehouse), day)
    return consequences(before, planned, offer.given().types)


def _told(found: tuple[Consequence, ...], form: PlanFormat, *, details: bool) -> None:
    """Show consequences.

    Raises:
        InputError: the format cannot show them.
        Exit: data or an identity would be lost, or the run refused.
    """
    from havre.report.changes import consequences_as_json, consequences_as_text

    if form is PlanFormat.DOT:
        message = "--against cannot be shown as dot"
        raise InputError(message, "Use --format table or --format json.")
    text = form is PlanFormat.TABLE
    typer.echo(
        consequences_as_text(found, details=details, width=console.columns())
        if text
        else consequences_as_json(found)
    )
    if any(each.grave for each in found):
        raise typer.Exit(ExitCode.FINDINGS)


def plan(
    file: ctx.FileArgument = None,
    *,
    provider: ctx.ProviderOption = None,
    form: Annotated[
        PlanFormat, typer.Option("--format", "-f", help="How to show it.")
    ] = PlanFormat.TABLE,
    details: Annotated[
        bool, typer.Option("--details", help="Show every resource and all of each gap.")
    ] = False,
    as_of: AsOfOption = None,
    setting: ctx.SettingOption = None,
    data_dir: ctx.DataDirOption = None,
    stack: ctx.StackOption = "",
    stack_config: ctx.StackConfigOption = None,
    former: AgainstOption = None,
    prices: PricesOption = None,
    usage: UsageOption = None,
) -> None:
    """Show what would be deployed and the provider's gaps.

    Nothing is changed. With --against, show what the plan would do to a deployed warehouse. With
    --prices, estimate what a month costs.

    Example: havre plan warehouse.yaml --provider local

    Example: havre plan warehouse.yaml --provider local --details

    Example: havre plan warehouse.yaml --provider local --format json

    Example: havre plan warehouse.yaml --provider local --against former.yaml
    """
    from havre.cli.taken import one_provider, take, tell
    from havre.report.language import tr
    from havre.report.plan import as_dot, as_json, as_text

    named = one_provider(provider, "plan", file)
    recorded = "" if named else provider_in(former)
    it = take(file, named or recorded, "plan", data_dir=data_dir, stack_config=stack_config)
    own = (tr("provider {name}", name=recorded),) if recorded else ()
    tell((*it.notes, *own))
    if former is not None and former.suffix == ".json" and data_dir is None:
        data_dir = folder_of(former.expanduser(), it.provider)
    target = ctx.target(
        it.file, it.provider, setting, data_dir, stack, stack_config=it.stack_config, offline=True
    )
    day = parse_day(as_of)
    with console.working(f"Planning {target.spec.name} on {target.provider.name}"):
        found = evaluated(target, day)
    if former is not None:
        _told(against(target, found, former.expanduser(), day), form, details=details)
        return
    lines, more = _cost(target, found, day, prices, usage) if prices or usage else ((), {})
    if form is PlanFormat.TABLE:
        text = as_text(found, details=details, width=console.columns())
        typer.echo("\n".join((text, *lines)))
    else:
        typer.echo(as_json(found, more) if form is PlanFormat.JSON else as_dot(found))


def _cost(
    target: ctx.Target, found: Plan, day: dt.date, prices: Path | None, usage: Path | None
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """What a month costs: lines for people, and data.

    Raises:
        InputError: the prices or the usage are not valid, or the provider has no estimate.
    """
    from havre.assess.costs import costs, read_inputs
    from havre.report.cost import cost_lines

    cost = costs(found, target.provider, read_inputs(day, prices, usage))
    return tuple(cost_lines(cost)), {"cost": cost.as_dict()}


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("plan")(plan)
