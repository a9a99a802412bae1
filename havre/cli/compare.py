"""`havre compare`: the same warehouse on two or more hosts, side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.cli.check import AsOfOption, WaiversOption, parse_day
from havre.cli.planning.plan import PricesOption, UsageOption
from havre.errors import InputError
from havre.report.comparison import ComparisonFormat
from havre.report.language import tr

if TYPE_CHECKING:
    import datetime as dt

    from havre.compare import Comparison

WIDTH = 100
"""Columns of a table that nobody reads on a terminal."""
FEWEST, MOST = 2, 4
"""How many sides fit next to each other."""


SidesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        "-p",
        metavar="PROVIDER",
        help="Two to four; repeatable. `havre providers` lists them.",
        show_default=False,
    ),
]
FormOption = Annotated[ComparisonFormat, typer.Option("--format", "-f", help="How to show it.")]


def compared(  # noqa: PLR0917 - as the options of the command
    file: Path,
    providers: list[str],
    day: dt.date,
    waivers: Path | None,
    data_dir: Path | None,
    prices: Path | None = None,
    usage: Path | None = None,
) -> Comparison:
    """The comparison of a warehouse on several providers.

    Raises:
        InputError: they are fewer than two, more than four, or named twice.
    """
    from havre.assess.assessment import Request, assess, bounds_of, waivers_of
    from havre.assess.provenance import inputs_of
    from havre.assess.subject import subject
    from havre.compare import Side, compare
    from havre.spec.load import load

    if not FEWEST <= len(providers) <= MOST or len(set(providers)) < len(providers):
        message = f"--provider names {', '.join(providers) or 'nobody'}"
        raise InputError(message, f"Name {FEWEST} to {MOST} different providers.")
    loaded = load(file)
    of = [subject(loaded, name) for name in providers]
    given = [ctx.given_settings(each.spec, each.provider, None, data_dir) for each in of]
    answered = waivers_of(waivers, file, bounds_of(loaded.warehouse, day))
    requests = [
        Request(each, settings, as_of=day, waivers=answered, inputs=inputs_of(file, waivers))
        for each, settings in zip(of, given, strict=True)
    ]
    sides = [Side.of(assess(request)) for request in requests]
    if prices or usage:
        from havre.assess.costs import costs_or_why, read_inputs

        read = read_inputs(day, prices, usage)
        sides = [
            replace(side, cost=costs_or_why(side.plan, side.provider, read, side.facts))
            for side in sides
        ]
    return compare(loaded.warehouse, str(file), day, sides)


def compare(
    file: ctx.FileArgument = None,
    *,
    provider: SidesOption = None,
    form: FormOption = ComparisonFormat.TABLE,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file.", show_default=False),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="On a terminal too, show all of the table.")
    ] = False,
    waivers: WaiversOption = None,
    as_of: AsOfOption = None,
    data_dir: ctx.DataDirOption = None,
    prices: PricesOption = None,
    usage: UsageOption = None,
) -> None:
    """Compare the same warehouse on several providers.

    Nothing is deployed. A terminal shows what differs, in brief; a pipe or a file gets all of it.

    Example: havre compare warehouse.yaml --provider A --provider B

    Example: havre compare warehouse.yaml --provider A --provider B --details

    Example: havre compare warehouse.yaml --provider A --provider B --format html -o out.html

    Example: havre compare --provider A --provider B --format json
    """
    from havre.cli.taken import FILE, tell
    from havre.files import write_report
    from havre.files.outputs import refuse_inputs
    from havre.policy.waivers import beside
    from havre.report.comparison import render

    found_waivers = waivers or beside(file or FILE)
    read = (file or FILE, found_waivers, prices, usage, *ctx.read_in(data_dir))
    refuse_inputs([("--output", output)], read)
    notes = [] if file else [f"file {FILE}"]
    if waivers is None and found_waivers:
        notes.append(tr("waivers {name}", name=found_waivers))
    with console.working(f"Comparing {', '.join(provider or [])}"):
        found = compared(
            file or FILE, provider or [], parse_day(as_of), waivers, data_dir, prices, usage
        )
    tell(notes)
    out = console.out()
    terminal = out.is_terminal and output is None
    wide = console.columns() if output is None else None
    text = render(
        found, form.value, width=wide or WIDTH, colour=terminal, details=details or not wide
    )
    if output is None:
        typer.echo(text, nl=False)
        return
    write_report(output, text)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("compare")(compare)
