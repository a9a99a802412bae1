"""`havre check`: whether a plan holds what is asked, and what does not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.errors import InputError

if TYPE_CHECKING:
    from havre.plan import Plan
    from havre.policy.findings import Result, Waiver
    from havre.policy.frameworks import Requirement
    from havre.policy.judge import Question
    from havre.report.findings import Format


class ProfileName(StrEnum):
    """Profiles, each with the controls of those before it."""

    BASELINE = "baseline"
    HEALTH = "health"
    SOVEREIGN = "sovereign"


class FailOn(StrEnum):
    """The least severity that fails."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEVER = "never"


@dataclass(frozen=True)
class Asked:
    """What the command line asks for, beside the plan.

    Attributes:
        profile: None: as the file calls for.
        as_of: the day on which dates are judged.
        waivers: file; None: the one beside the warehouse's, if any.
        allow_unknown: whether what is not known is let pass.
        fail_on: the least severity that fails.
    """

    profile: ProfileName | None
    as_of: dt.date
    waivers: Path | None
    allow_unknown: bool
    fail_on: FailOn


def parse_day(text: str | None) -> dt.date:
    """The day on which dates are judged; today where none is given.

    Raises:
        InputError: it is no day.
    """
    if text is None:
        return dt.datetime.now(dt.UTC).date()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        message = f"--as-of {console.plain(text)}: no day"
        raise InputError(message, "Write it as YYYY-MM-DD, such as 2026-11-23.") from None


def parse_formats(texts: list[str] | None) -> list[tuple[Format, Path | None]]:
    """Pairs of a format and the file that it goes to; None is standard output.

    Raises:
        InputError: a format is unknown, or two would go to the same place.
    """
    from havre.report.findings import Format

    found: list[tuple[Format, Path | None]] = []
    for text in texts or ["table"]:
        name, equals, file = text.partition("=")
        if name not in set(Format) or (equals and not file):
            message = f"--format {console.plain(text)}: not of the form FORMAT or FORMAT=FILE"
            raise InputError(message, f"Formats are {', '.join(Format)}.")
        found.append((Format(name), Path(file) if file else None))
    targets = [target for _, target in found]
    if len(set(targets)) < len(targets):
        message = "--format: two outputs go to the same place"
        raise InputError(message, "Send all but one to files: --format sarif=havre.sarif")
    return found


def read_waivers(named: Path | None, spec: Path | None) -> tuple[Waiver, ...]:
    """The waivers of a file; of `waivers.yaml` beside the warehouse's file where none is named.

    Raises:
        InputError: the file is not valid.
    """
    from havre.policy.waivers import beside, load_waivers

    path = named or (beside(spec) if spec else None)
    return load_waivers(path) if path else ()


def read_plan(preview: Path | None, state: Path | None) -> tuple[Plan, str] | None:
    """The plan of a preview or a state, and which of them; None where neither is named.

    Raises:
        InputError: both are named, or the file is not valid.
    """
    from havre.plan.sources import from_preview, from_state

    if preview and state:
        message = "--preview and --state: one of them"
        raise InputError(message, "Check a preview or what is deployed, one at a time.")
    if preview:
        return from_preview(preview), "preview"
    if state:
        return from_state(state), "state"
    return None


def _question(
    target: ctx.Target, file: Path | None, read: tuple[Plan, str] | None, asked: Asked
) -> Question:
    """Everything that the judgement needs."""
    from havre.assess.gather import gather, refuse_another
    from havre.cli.plan import evaluated
    from havre.policy import Profile, Severity

    if read:
        refuse_another(read[0], target.spec, target.provider)
    plan, source = read or (evaluated(target), "evaluation")
    question = gather(target.spec, target.provider, plan, target.settings, asked.as_of)
    return replace(
        question,
        profile=Profile(asked.profile) if asked.profile else None,
        source=source,
        waivers=read_waivers(asked.waivers, file),
        file=str(file or ""),
        lines=target.lines,
        allow_unknown=asked.allow_unknown,
        fail_on=None if asked.fail_on is FailOn.NEVER else Severity(asked.fail_on),
    )


def _requirements(result: Result) -> list[Requirement]:
    """What the verdicts say of the frameworks, requirement by requirement."""
    from havre.policy.frameworks import coverage, installed_frameworks

    names = [control.id for control in result.controls]
    verdicts = {name: result.verdict(name) for name in names}
    return coverage(installed_frameworks(), names, verdicts)


def _write(result: Result, outputs: list[tuple[Format, Path | None]], *, covered: bool) -> None:
    """Write every output; those to files first, so that they are there if the pipe breaks."""
    from havre.files import write_report
    from havre.report.findings import render

    requirements = _requirements(result) if covered else None

    for form, path in sorted(outputs, key=lambda output: output[1] is None):
        out = console.out()
        terminal = out.is_terminal and path is None
        text = render(
            result,
            form,
            requirements=requirements,
            width=out.width if terminal else 100,
            colour=terminal,
        )
        if path is None:
            typer.echo(text, nl=False)
        else:
            write_report(path, text)


def explain(identifier: str) -> None:
    """Say what a control asks, why, whom it cites and what to do about it, provider by provider.

    Raises:
        InputError: there is no such control.
    """
    from havre.cli.policy import show_control
    from havre.policy.registry import find_control

    show_control(find_control(identifier))


OptionalFile = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", help="The warehouse file.", show_default=False),
]
OptionalProvider = Annotated[
    str,
    typer.Option(
        "--provider",
        "-p",
        metavar="P",
        help="Who provides the warehouse; a preview or a state tells it.",
        show_default=False,
    ),
]
PreviewOption = Annotated[
    Path | None,
    typer.Option(metavar="F", help="Judge the output of `pulumi preview --json`."),
]
StateOption = Annotated[
    Path | None,
    typer.Option(metavar="F", help="Judge what is deployed: the output of `pulumi stack export`."),
]
ProfileOption = Annotated[
    ProfileName | None,
    typer.Option(help="Which controls; by default what the file calls for."),
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT[=FILE]",
        help="table, json, sarif, junit, markdown, gitlab, html or oscal; repeatable.",
    ),
]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="The least severity that fails.")]
AllowUnknownOption = Annotated[
    bool, typer.Option("--allow-unknown", help="Let pass what could not be evaluated.")
]
WaiversOption = Annotated[
    Path | None,
    typer.Option(metavar="F", help="Waivers; by default waivers.yaml beside FILE."),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        metavar="F",
        help="A former check's JSON. What it has is listed as known before and no longer"
        " fails, be it a finding or not known; what is new or worse does. Markdown then shows"
        " only what changed.",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="The day to judge dates on; today."),
]
ExplainOption = Annotated[
    str | None,
    typer.Option("--explain", metavar="CONTROL", help="Say what a control asks, and why."),
]
CoverageOption = Annotated[
    bool,
    typer.Option("--coverage", help="Say what it contributes to, framework by framework."),
]


def check(
    file: OptionalFile = None,
    *,
    provider: OptionalProvider = "",
    preview: PreviewOption = None,
    state: StateOption = None,
    profile: ProfileOption = None,
    form: FormatOption = None,
    fail_on: FailOnOption = FailOn.LOW,
    allow_unknown: AllowUnknownOption = False,
    waivers: WaiversOption = None,
    baseline: BaselineOption = None,
    as_of: AsOfOption = None,
    control: ExplainOption = None,
    coverage: CoverageOption = False,
    setting: ctx.SettingOption = None,
    stack_config: ctx.StackConfigOption = None,
    data_dir: ctx.DataDirOption = None,
) -> None:
    """Judge a warehouse by the controls, before or after it is deployed.

    Exit codes: 0 all hold; 1 findings; 2 wrong input; 3 something could not be evaluated. With
    --baseline, 1 and 3 tell of what is new.

    Example: havre check warehouse.yaml --provider local --format table --format sarif=havre.sarif
    """
    if control is not None:
        explain(control)
        return
    from havre.policy.judge import judge
    from havre.policy.registry import installed_controls
    from havre.report.findings.baseline import against, load_baseline

    outputs = parse_formats(form)
    asked = Asked(profile, parse_day(as_of), waivers, allow_unknown, fail_on)
    former = load_baseline(baseline) if baseline else None
    read = read_plan(preview, state)
    target = _target(
        file, provider, read, pairs=setting, data_dir=data_dir, stack_config=stack_config
    )
    result = judge(_question(target, file, read, asked), installed_controls())
    result = against(result, former) if former else result
    _write(result, outputs, covered=coverage)
    raise typer.Exit(result.exit_code)


def _target(
    file: Path | None,
    provider: str,
    read: tuple[Plan, str] | None,
    *,
    pairs: list[str] | None,
    data_dir: Path | None,
    stack_config: Path | None,
) -> ctx.Target:
    """What is asked and of whom: by the file and the options, else as the plan itself records.

    Raises:
        InputError: neither tells.
    """
    from havre.assess.gather import provider_of, spec_of

    name = provider or (provider_of(read[0]) if read else "")
    if file is not None and name:
        return ctx.target(file, name, pairs, data_dir, stack_config=stack_config, offline=True)
    if read is None:
        message = "what is to be checked?"
        raise InputError(message, "Name FILE and --provider P, or --preview F, or --state F.")
    spec = spec_of(read[0])
    return ctx.target_of(spec, name, pairs, data_dir, stack_config=stack_config, offline=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("check")(check)
