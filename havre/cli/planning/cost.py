"""`havre cost`: what a warehouse would use, and what that costs a month by one's own prices."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import AsOfOption, parse_day
from havre.cli.planning.plan import PricesOption, UsageOption, evaluated
from havre.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from havre.assess.costs import CostInputs
    from havre.cost.estimate import DoubleRun, Estimate


class CostFormat(StrEnum):
    """Renderings of an estimate."""

    TABLE = "table"
    JSON = "json"


DoubleRunOption = Annotated[
    str,
    typer.Option(
        "--double-run",
        metavar="PROVIDER",
        help="Provider that runs at the same time during an exit.",
        show_default=False,
    ),
]
DaysOption = Annotated[
    int, typer.Option("--days", metavar="DAYS", min=1, help="Days of the double run.")
]


def cost(
    file: ctx.FileArgument = None,
    *,
    provider: ctx.ProviderOption = None,
    prices: PricesOption = None,
    usage: UsageOption = None,
    form: Annotated[
        CostFormat, typer.Option("--format", "-f", help="How to show it.")
    ] = CostFormat.TABLE,
    details: Annotated[
        bool, typer.Option("--details", help="Show every resource, and each price's source.")
    ] = False,
    double: DoubleRunOption = "",
    days: DaysOption = 30,
    as_of: AsOfOption = None,
    setting: ctx.SettingOption = None,
    stack: ctx.StackOption = "",
    stack_config: ctx.StackConfigOption = None,
) -> None:
    """Estimate what a warehouse costs a month.

    The plan decides quantities; your price lists decide prices. Nothing is changed. With
    --double-run, what an exit costs while both providers run.

    Example: havre cost warehouse.yaml --provider A

    Example: havre cost warehouse.yaml --provider A --prices prices.yaml --usage usage.yaml

    Example: havre cost warehouse.yaml --provider A --prices prices.yaml --format json
    """
    from havre.assess.costs import costs, read_inputs
    from havre.cli.taken import one_provider, take, tell
    from havre.provider import TITLE, provides
    from havre.report.cost import cost_as_json, cost_as_text

    named = one_provider(provider, "cost", file)
    it = take(file, named, "cost", stack_config=stack_config)
    tell(it.notes)
    day = parse_day(as_of)
    given = read_inputs(day, prices, usage)
    target = ctx.target(
        it.file, it.provider, setting, None, stack, stack_config=it.stack_config, offline=True
    )
    spec, name = target.spec, provides(target.provider, TITLE).or_else(target.provider.name)
    with console.working(f"Planning {spec.name} on {target.provider.name}"):
        found = costs(evaluated(target, day), target.provider, given)
    heading = f"{spec.name} ({spec.environment.value}) on {name}"
    both = _double_run(it.file, double, days, given, found) if double else None
    if form is CostFormat.JSON:
        typer.echo(cost_as_json(heading, found, day, both), nl=False)
    else:
        typer.echo(cost_as_text(heading, found, day, both, details=details))


def _double_run(
    file: Path, provider: str, days: int, given: CostInputs, one: Estimate
) -> DoubleRun:
    """What both providers cost together for some days.

    Raises:
        InputError: the other provider is the same, unknown, or has no estimate.
    """
    from havre.assess.costs import costs
    from havre.cost.estimate import DoubleRun

    if provider == one.provider:
        message = f"--double-run names the same provider, `{provider}`"
        raise InputError(message, "Name the provider that the warehouse moves to.")
    other = ctx.target(file, provider, None, None, offline=True)
    found = costs(evaluated(other, given.day), other.provider, given)
    return DoubleRun(one, found, days)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("cost")(cost)
