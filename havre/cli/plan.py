"""`havre plan`: what would be deployed, without deploying anything."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx

if TYPE_CHECKING:
    from havre.plan import Plan


class PlanFormat(StrEnum):
    """Renderings of a plan."""

    TABLE = "table"
    JSON = "json"
    DOT = "dot"


def evaluated(target: ctx.Target) -> Plan:
    """The plan of a warehouse on a provider, evaluated offline."""
    from havre.evaluate import warehouse

    return warehouse.evaluated(
        target.spec, target.provider, target.settings, target.placeholders, target.stack
    )


def _show_table(plan: Plan) -> None:
    from havre.report.plan import tree

    out = console.out()
    custom = sum(resource.custom for resource in plan.resources)
    out.print(f"[bold]{custom} resources on {console.inert(plan.provider)}[/]\n")
    for depth, resource in tree(plan):
        mark = " [dim](protected)[/]" if resource.protect else ""
        kind = "" if not resource.custom else f"  [dim]{console.inert(resource.type)}[/]"
        out.print(f"{'  ' * depth}{console.inert(resource.name)}{kind}{mark}")
    if plan.placeholders:
        out.print(f"\nplaceholders for settings not given: {', '.join(plan.placeholders)}")
    show_gaps(plan)


def show_gaps(plan: Plan) -> None:
    """List what the provider cannot do, with what is done instead and what stays at risk."""
    out = console.out()
    if not plan.gaps:
        return
    out.print(f"\n[bold]{len(plan.gaps)} gaps[/] (what this provider cannot do for this file)\n")
    for gap in plan.gaps:
        out.print(f"[bold]{gap.capability.value}[/] ({gap.support.value}; {gap.control})")
        out.print(f"  {console.inert(gap.reason)}")
        out.print(f"  instead: {console.inert(gap.fallback)}")
        out.print(f"  at risk: {console.inert(gap.risk)}")
        if gap.fields:
            out.print(f"  without effect here: {', '.join(gap.fields)}")


def plan(
    file: ctx.FileArgument,
    provider: ctx.ProviderOption,
    *,
    form: Annotated[
        PlanFormat, typer.Option("--format", "-f", help="How to show it.")
    ] = PlanFormat.TABLE,
    setting: ctx.SettingOption = None,
    data_dir: ctx.DataDirOption = None,
    stack: ctx.StackOption = "",
    stack_config: ctx.StackConfigOption = None,
) -> None:
    """Show what would be deployed, and the provider's gaps; nothing is changed.

    Example: havre plan warehouse.yaml --provider local --format json
    """
    from havre.report.plan import as_dot, as_json

    target = ctx.target(
        file, provider, setting, data_dir, stack, stack_config=stack_config, offline=True
    )
    found = evaluated(target)
    if form is PlanFormat.TABLE:
        _show_table(found)
    else:
        typer.echo(as_json(found) if form is PlanFormat.JSON else as_dot(found))


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("plan")(plan)
