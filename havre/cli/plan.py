"""`havre plan`: what would be deployed, without deploying anything."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import AsOfOption, parse_day

if TYPE_CHECKING:
    import datetime as dt

    from havre.plan import Plan


class PlanFormat(StrEnum):
    """Renderings of a plan."""

    TABLE = "table"
    JSON = "json"
    DOT = "dot"


def evaluated(target: ctx.Target, as_of: dt.date | None = None) -> Plan:
    """The plan of a warehouse on a provider, evaluated offline, on a day (None: today)."""
    from havre.evaluate import warehouse

    return warehouse.evaluated(
        target.spec, target.provider, target.settings, target.placeholders, target.stack, as_of
    )


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
) -> None:
    """Show what would be deployed and the provider's gaps.

    Nothing is changed.

    Example: havre plan warehouse.yaml --provider local

    Example: havre plan warehouse.yaml --provider local --details

    Example: havre plan warehouse.yaml --provider local --format json
    """
    from havre.cli.taken import one_provider, take, tell
    from havre.report.plan import as_dot, as_json, as_text

    named = one_provider(provider, "plan", file)
    it = take(file, named, "plan", data_dir=data_dir, stack_config=stack_config)
    tell(it.notes)
    target = ctx.target(
        it.file, it.provider, setting, data_dir, stack, stack_config=it.stack_config, offline=True
    )
    found = evaluated(target, parse_day(as_of))
    if form is PlanFormat.TABLE:
        typer.echo(as_text(found, details=details, width=console.columns()))
    else:
        typer.echo(as_json(found) if form is PlanFormat.JSON else as_dot(found))


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("plan")(plan)
