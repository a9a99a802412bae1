"""`havre compare`: the same warehouse on two or more hosts, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    from collections.abc import Sequence

    from havre.assess.subject import Subject
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


SidesSettingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A setting, of every side that has it; repeatable.",
        show_default=False,
    ),
]
SidesStackOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--stack-config",
        metavar="FILE",
        help="A Pulumi stack file, for its provider; repeatable.",
        show_default=False,
    ),
]


def pairs_of(pairs: list[str] | None, of: Sequence[Subject]) -> dict[str, list[str]]:
    """The settings of a command line, by provider.

    `NAME=VALUE` is of every provider that has the setting, `PROVIDER.NAME=VALUE` of that one.

    Raises:
        InputError: none of the providers has it, or it is of none of them.
    """
    found: dict[str, list[str]] = {each.provider.name: [] for each in of}
    for pair in pairs or ():
        where, dot, rest = pair.partition("=")[0].rpartition(".")
        named = [each for each in of if not dot or each.provider.name == where]
        having = [each for each in named if rest in each.provider.settings.model_fields]
        if not having:
            sides = ", ".join(found)
            message = f"--set {console.plain(pair)}: no setting of {sides}"
            remedy = "`havre providers` lists settings. Write NAME=VALUE or PROVIDER.NAME=VALUE."
            raise InputError(message, remedy)
        for each in having:
            found[each.provider.name].append(pair[len(where) + len(dot) :])
    return found


def stacks_of(files: list[Path] | None, of: Sequence[Subject]) -> dict[str, Path]:
    """The stack files of a command line, each by the provider that it names.

    Raises:
        InputError: one names none of the providers, or two name the same.
    """
    from havre.stack.files import stack_file

    names, found = [each.provider.name for each in of], dict[str, Path]()
    for path in files or ():
        name = stack_file(path).provider
        if name not in names:
            message = f"{console.plain(path)} is a stack on {name or 'no provider'}"
            raise InputError(message, f"Name stack files of {', '.join(names)}.")
        if name in found:
            message = f"{console.plain(path)} and {console.plain(found[name])} are both of {name}"
            raise InputError(message, "Name one stack file per provider.")
        found[name] = path
    return found


@dataclass(frozen=True)
class SettingsGiven:
    """What a command line says of the settings of the sides.

    Attributes:
        pairs: settings, as written.
        stacks: Pulumi stack files.
        data_dir: the warehouse's folder on this machine.
    """

    pairs: list[str] | None = None
    stacks: list[Path] | None = None
    data_dir: Path | None = None

    def of(self, sides: Sequence[Subject]) -> list[dict[str, Any]]:
        """The settings of each side.

        Raises:
            InputError: one is wrong, or of none of the sides.
        """
        pairs, stacks = pairs_of(self.pairs, sides), stacks_of(self.stacks, sides)
        return [
            ctx.given_settings(
                *(each.spec, each.provider, pairs[each.provider.name], self.data_dir),
                stacks.get(each.provider.name),
            )
            for each in sides
        ]


def compared(  # noqa: PLR0917 - as the options of the command
    file: Path,
    providers: list[str],
    day: dt.date,
    waivers: Path | None,
    settings: SettingsGiven,
    prices: Path | None = None,
    usage: Path | None = None,
) -> Comparison:
    """The comparison of a warehouse on several providers.

    Raises:
        InputError: they are fewer than two, more than four, or named twice, or a setting is wrong.
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
    given = settings.of(of)
    answered = waivers_of(waivers, file, bounds_of(loaded.warehouse, day))
    requests = [
        Request(each, told, as_of=day, waivers=answered, inputs=inputs_of(file, waivers))
        for each, told in zip(of, given, strict=True)
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
    setting: SidesSettingOption = None,
    stack_config: SidesStackOption = None,
    data_dir: ctx.DataDirOption = None,
    prices: PricesOption = None,
    usage: UsageOption = None,
) -> None:
    """Compare the same warehouse on several providers.

    Nothing is deployed. A terminal shows what differs, in brief; a pipe or a file gets all of it.
    A setting that two providers have is set for both, unless --set names one: B.NAME=VALUE.

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
    given = (*ctx.read_in(data_dir), *(stack_config or ()))
    refuse_inputs([("--output", output)], (file or FILE, found_waivers, prices, usage, *given))
    notes = [] if file else [f"file {FILE}"]
    if waivers is None and found_waivers:
        notes.append(tr("waivers {name}", name=found_waivers))
    with console.working(f"Comparing {', '.join(provider or [])}"):
        found = compared(
            *(file or FILE, provider or [], parse_day(as_of), waivers),
            *(SettingsGiven(setting, stack_config, data_dir), prices, usage),
        )
    tell(notes)
    terminal = console.out().is_terminal and output is None
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
