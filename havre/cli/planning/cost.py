"""`havre cost`: what a warehouse would use, and what that costs a month by one's own prices."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import AsOfOption, parse_day
from havre.cli.planning.plan import PricesOption, UsageOption, evaluated


class CostFormat(StrEnum):
    """Renderings of an estimate."""

    TABLE = "table"
    JSON = "json"


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
    as_of: AsOfOption = None,
    setting: ctx.SettingOption = None,
    stack: ctx.StackOption = "",
    stack_config: ctx.StackConfigOption = None,
) -> None:
    """Estimate what a warehouse costs a month.

    The plan decides quantities; your price lists decide prices. Nothing is changed.

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
    if form is CostFormat.JSON:
        typer.echo(cost_as_json(heading, found, day), nl=False)
    else:
        typer.echo(cost_as_text(heading, found, day, details=details))


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("cost")(cost)
