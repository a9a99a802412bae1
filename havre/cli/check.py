"""`havre check`: whether a plan holds what is asked, and what does not."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from havre.cli import console
from havre.cli import context as ctx
from havre.errors import InputError
from havre.report.language import Language, speaking, tr, trn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.assess.assessment import Request
    from havre.cli.taken import About
    from havre.policy import Control
    from havre.policy.findings import Result
    from havre.policy.frameworks import Requirement
    from havre.policy.selection import Selection
    from havre.report.findings import Format


SEAL_OPTIONS = ("--seal", "--seal-authority")
SECONDS = 600
"""Longest that a check takes unless a command allows another limit. A state of 16,000 resources
takes some seconds (benchmarks/)."""


class ProfileName(StrEnum):
    """Profiles, each with the controls of those before it."""

    BASELINE = "baseline"
    HEALTH = "health"
    SOVEREIGN = "sovereign"


class SeverityName(StrEnum):
    """Severities, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FailOn(StrEnum):
    """The least severity that fails."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEVER = "never"


def parse_day(text: str | None) -> dt.date:
    """The day on which dates are judged; today where none is given.

    Raises:
        InputError: it is no day, or absurd.
    """
    from havre.documents.records import FIRST_DAY, LAST_DAY

    if text is None:
        return dt.datetime.now(dt.UTC).date()
    try:
        day = dt.date.fromisoformat(parse_time(text)[:10] or text)
    except ValueError:
        message = f"--as-of: `{console.plain(text)}` is not a valid date"
        raise InputError(message, "Write it as YYYY-MM-DD, such as 2026-11-23.") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        message = f"--as-of: {day} is not between {FIRST_DAY} and {LAST_DAY}"
        raise InputError(message, "Name a day on which the warehouse can be checked.")
    return day


def parse_time(text: str | None) -> str:
    """When a check runs, in UTC: what is given after the day; now where no day is given either.

    Raises:
        InputError: it is not a valid time.
    """
    if text is None:
        return f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    if "T" not in text:
        return ""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"--as-of {console.plain(text)}: not a valid time"
        raise InputError(message, "Write it as YYYY-MM-DDTHH:MM:SSZ, such as 2026-11-23T08:30:00Z.")
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _no_format(name: str) -> InputError:
    """What is said of a format that does not exist."""
    from havre.documents.validation import did_you_mean
    from havre.report.findings import Format

    message = f"--format {console.plain(name)}: there is no such format"
    formats = f"The formats: {', '.join(Format)}."
    if name == "pdf":
        return InputError(message, f"Print the page of --format html=FILE as PDF. {formats}")
    near = did_you_mean(name, Format)
    return InputError(message, f"{near[:1].upper()}{near[1:]} {formats}".strip())


def parse_formats(texts: list[str] | None) -> list[tuple[Format, Path | None]]:
    """Pairs of a format and the file that it goes to; None is standard output.

    Raises:
        InputError: a format is unknown, or two would go to the same place.
    """
    from havre.report.findings import Format

    found: list[tuple[Format, Path | None]] = []
    for text in texts or ["table"]:
        name, equals, file = text.partition("=")
        if name not in set(Format):
            raise _no_format(name)
        if equals and not file:
            message = f"--format {console.plain(text)}: no file is named after ="
            raise InputError(message, "Write it as FORMAT or FORMAT=FILE, such as html=havre.html.")
        found.append((Format(name), Path(file) if file else None))
    targets = [target and os.path.realpath(target) for _, target in found]
    if len(set(targets)) < len(targets):
        message = "--format: two outputs go to the same place"
        raise InputError(message, "Send all but one to files: --format sarif=havre.sarif")
    return found


OF_DEPLOYED = frozenset({"drift"})
"""Commands that read what is deployed in a warehouse's folder, not its settings alone."""


def taken_for(  # noqa: PLR0917 - as the options of a check
    file: Path | None,
    providers: list[str] | None,
    read: Path | None,
    waivers: Path | None,
    stack_config: Path | None,
    data_dir: Path | None,
    command: str = "check",
    *,
    quiet: bool = False,
) -> About:
    """What a check is about, and a message of what the user did not name.

    Args:
        file: the warehouse file, as named.
        providers: as named.
        read: a preview or a state that was named: it names the provider, and records the file.
        waivers: the waivers file, as named.
        stack_config: a stack file, as named.
        data_dir: the warehouse's folder, as named.
        command: for remedies.
        quiet: whether nothing is said of what was taken.

    Raises:
        InputError: several providers are named, or neither user nor folder names what is needed.
    """
    from havre.cli.taken import About, one_provider, take, tell
    from havre.policy.waivers import beside

    name = one_provider(providers, command, file)
    it, notes = About(file, name, stack_config, quiet), []
    if read is None:
        found = take(file, name, command, data_dir=data_dir, stack_config=stack_config)
        it, notes = About(found.file, found.provider, found.stack_config, quiet), [*found.notes]
    if waivers is None and it.file is not None and (next_to := beside(it.file)):
        notes.append(tr("waivers {name}", name=next_to))
    if quiet:
        return it
    unread = read is None and data_dir and command not in OF_DEPLOYED
    told = tell(notes) + (_tell_unread(data_dir) if unread and data_dir else 0)
    if read is not None and file is None and waivers is None:
        console.note(tr("No waivers file: none applied."))
        told += 1
    return replace(it, told=told)


def _tell_unread(folder: Path) -> int:
    """Say that a warehouse's folder gave settings only, and how what is deployed is checked."""
    from havre.stack.standing import state_path

    if not (state := state_path(folder)).is_file():
        return 0
    told = tr(
        "Only settings were read from {folder}. To check what is deployed, add --state {state}.",
        folder=str(folder),
        state=str(state),
    )
    console.note(told, style="dim")
    return console.lines_of(told)


def known_controls(folder: Path | None) -> tuple[Control, ...]:
    """The installed controls, and those of a folder of one's own.

    Raises:
        GuardError: another account could have written the folder.
        InputError: a control in it is not valid.
    """
    from havre.policy.own import controls_with

    return controls_with(folder)


def selected(
    known: Sequence[Control],
    only: list[str] | None,
    skip: list[str] | None,
    severity: SeverityName | None,
) -> Selection:
    """Which controls the options have evaluated.

    Raises:
        InputError: an option names a control that does not exist; the message names the nearest.
    """
    from havre.policy import Severity
    from havre.policy.registry import find_control
    from havre.policy.selection import Selection

    def named(flag: str, names: list[str] | None) -> frozenset[str]:
        try:
            return frozenset(find_control(name, known).id for name in names or ())
        except InputError as error:
            message = f"{flag}: {error.message}"
            raise InputError(message, error.remedy) from None

    least = Severity(severity) if severity else None
    return Selection(named("--only", only), named("--skip", skip), least)


def _warn_partial(result: Result) -> None:
    """Say on standard error that the check says nothing of the controls that were left out."""
    due = len(result.controls) + len(result.left_out)
    told = trn(
        "{count} of {due} controls of profile {profile} was left out"
        " (--only, --skip or --severity).",
        "{count} of {due} controls of profile {profile} were left out"
        " (--only, --skip or --severity).",
        len(result.left_out),
        due=due,
        profile=result.profile.value,
    )
    partial = tr("Partial check:")
    console.note(f"{partial} {told}", style="yellow")


def _judged(request: Request, baseline: Path | None, known: Sequence[Control]) -> Result:
    """What the controls find; against a former check where one is named.

    Raises:
        InputError: the former check cannot be read, or the request is wrong.
    """
    from havre.assess.assessment import assess
    from havre.report.findings.baseline import against, load_baseline

    former = load_baseline(baseline) if baseline else None
    result = assess(request, known).result
    return against(result, former) if former else result


def _requirements(
    result: Result,
    folder: Path | None,
    known: Sequence[Control],
    file: Path | None,
    named: Sequence[str],
) -> list[Requirement]:
    """What the verdicts say of the frameworks, requirement by requirement; as CSV in a file too.

    Args:
        result: of the check.
        folder: with controls and frameworks of one's own.
        known: the controls that exist.
        file: for the CSV; None: none is written.
        named: the frameworks that are asked for; empty: all.

    Raises:
        InputError: there is no framework of such a name.
    """
    from havre.files import write_report
    from havre.policy.frameworks import coverage
    from havre.policy.own import frameworks_with
    from havre.report.findings.spreadsheet import results

    names = [control.id for control in result.controls]
    verdicts = {name: result.verdict(name) for name in names}
    frameworks = frameworks_with(folder, [each.id for each in known])
    keys = frozenset[str]().union(*map(frameworks.named, named))
    found = coverage(frameworks, names, verdicts, keys)
    if file is not None:
        ids = {each.key: each.id for each in frameworks.items}
        write_report(file, results(found, ids, result))
    return found


def request_of(
    about: About,
    read: tuple[Path | None, Path | None],
    given: tuple[list[str] | None, Path | None],
    waivers: Path | None,
    profile: ProfileName | None,
    *,
    day: dt.date,
    known: Sequence[Control],
) -> Request:
    """What a check is asked of, before the rules by which it passes.

    Args:
        about: file, provider and stack file.
        read: a preview and a state, where one is named.
        given: settings by name, and the warehouse's folder.
        waivers: the waivers file, as named.
        profile: as named.
        day: of the check.
        known: the controls that exist.

    Raises:
        InputError: a file or a setting is wrong.
    """
    from havre.assess.assessment import Request, bounds_of, waivers_of
    from havre.assess.check import plan_of
    from havre.assess.subject import subject
    from havre.policy import Profile

    plan, source = plan_of(*read)
    of, wanted = subject(about.file, about.provider, plan), Profile(profile) if profile else None
    return Request(
        of,
        ctx.given_settings(
            *(of.spec, of.provider, *given, about.stack_config), quiet=about.quiet, plan=plan
        ),
        plan,
        source,
        as_of=day,
        profile=wanted,
        waivers=waivers_of(waivers, about.file, bounds_of(of.spec, day, wanted, known)),
    )


def _refuse_lost(
    outputs: list[tuple[Format, Path | None]],
    file: Path | None,
    about: About,
    read: Sequence[Path | None],
) -> None:
    """Refuse to write the results of requirements over another output, or any over an input.

    Raises:
        InputError: two outputs have the same file, or one is a file that the check reads.
    """
    from havre.files.outputs import refuse_inputs, same_place
    from havre.policy.waivers import beside

    found = beside(about.file) if about.file else None
    places = [("--format", path) for _, path in outputs]
    inputs = (about.file, about.stack_config, found, *read)
    refuse_inputs([*places, ("--coverage-csv", file)], inputs)
    if file is not None and any(path and same_place(file, path) for _, path in outputs):
        message = f"--coverage-csv: {console.plain(file)} is written by --format too"
        raise InputError(message, "Name another file.")


def _coloured() -> bool:
    """Whether standard output may have colour: a terminal, unless `NO_COLOR` is set."""
    out = console.out()
    return out.is_terminal and not out.no_color


def _refuse_unsummarised(
    outputs: list[tuple[Format, Path | None]], *, summary: bool, language: Language
) -> None:
    """Refuse a summary, or one in another language, in a format that has none.

    Raises:
        InputError: there is one.
    """
    from havre.report.findings import RENDERINGS, SPOKEN

    if not summary:
        return
    foreign = language is not Language.EN
    short = [each for each in RENDERINGS if "summary" in RENDERINGS[each].options]
    able = [each for each in short if each in SPOKEN] if foreign else short
    for form, _ in outputs:
        if form not in able:
            said = f"--lang {language}" if foreign else "--summary"
            message = f"{said}: the format {form} has no such summary"
            raise InputError(message, f"Use one of {', '.join(able)}.")


def _refuse_foreign(
    language: Language, *, explained: bool, covered: bool, named: list[str] | None
) -> None:
    """Refuse a language where what is asked for is written in English only.

    Raises:
        InputError: a control is to be explained, or frameworks are to be listed.
    """
    flags = {"--explain": explained, "--coverage": covered, "--framework": bool(named)}
    if language is Language.EN or not any(flags.values()):
        return
    given = next(flag for flag in flags if flags[flag])
    message = f"--lang {language}: {given} is written in English only"
    raise InputError(message, f"Leave out {given} for the summary, or --lang for the English text.")


def _write(
    result: Result,
    outputs: list[tuple[Format, Path | None]],
    requirements: list[Requirement] | None,
    *,
    summary: bool,
    language: Language,
    above: int = 0,
) -> None:
    """Write every output; those to files first, so that they are there if the pipe breaks.

    A summary fits a screen with the lines that are `above` it.
    """
    from havre.files import write_report
    from havre.report.findings import render

    for form, path in sorted(outputs, key=lambda output: output[1] is None):
        width = console.columns() if path is None else None
        colour = path is None and _coloured()
        with speaking(language):
            text = render(
                result,
                form,
                requirements=requirements,
                width=width,
                colour=colour,
                summary=summary,
                above=above if path is None else 0,
            )
        if path is None:
            typer.echo(text, nl=False)
        else:
            write_report(path, text)


def explain(identifier: str, folder: Path | None = None) -> None:
    """Say what a control asks, why, whom it cites and what to do about it, provider by provider.

    Raises:
        InputError: there is no such control.
    """
    from havre.cli.policy import show_control
    from havre.policy.registry import find_control

    known = known_controls(folder)
    show_control(find_control(identifier, known), known, folder)


OptionalFile = ctx.FileArgument
OptionalProvider = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        "-p",
        metavar="PROVIDER",
        help="The provider; default: the one that the plan or the folder names.",
        show_default=False,
    ),
]
PreviewOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Check the output of `pulumi preview --json --show-sames`."),
]
StateOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Check the deployed stack: output of `pulumi stack export`."),
]
ProfileOption = Annotated[
    ProfileName | None,
    typer.Option(help="Which controls; by default as the file requires."),
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        metavar="FORMAT[=FILE]",
        help="table, json, sarif, junit, markdown, gitlab, html or oscal; repeatable. Without =FILE"
        " to the terminal.",
    ),
]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="The least severity that fails.")]
AllowUnknownOption = Annotated[
    bool, typer.Option("--allow-unknown", help="Do not fail on controls that were not evaluated.")
]
WaiversOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Waivers; by default waivers.yaml next to FILE."),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A former check's JSON. What it has is listed as known before and no longer"
        " fails, be it a finding or not known; what is new or worse does. Markdown then shows"
        " only what changed.",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DAY",
        help="Day, or time in UTC, as of which dates are evaluated; default: now.",
    ),
]
ExplainOption = Annotated[
    str | None,
    typer.Option("--explain", metavar="CONTROL", help="Show what a control requires, and why."),
]
SealOption = Annotated[
    Path | None,
    typer.Option("--seal", metavar="DIR", help="Seal of the last exit or rehearsal."),
]
SealAuthorityOption = Annotated[
    Path | None,
    typer.Option("--seal-authority", metavar="FILE", help="CA of the seal's signer, in PEM."),
]
SealClockOption = Annotated[
    Path | None,
    typer.Option(
        "--seal-tsa-authority", metavar="FILE", help="CA of the seal's time-stamp authority."
    ),
]
ProbesOption = Annotated[
    Path | None,
    typer.Option("--probes", metavar="FILE", help="What `havre probe --out` wrote."),
]
CoverageOption = Annotated[
    bool,
    typer.Option("--coverage", help="Show what the controls contribute to each framework."),
]
FrameworksOption = Annotated[
    list[str] | None,
    typer.Option(
        "--framework", metavar="FRAMEWORK", help="One only, such as iso27001-2022; repeatable."
    ),
]
CoverageCsvOption = Annotated[
    Path | None,
    typer.Option(
        "--coverage-csv", metavar="FILE", help="Write the results of requirements as CSV."
    ),
]
SummaryOption = Annotated[
    bool, typer.Option("--summary", help="Show the headline only: it fits a screen.")
]
LanguageOption = Annotated[
    Language, typer.Option("--lang", help="Write only the summary, in this language (table, html).")
]
TimeLimitOption = Annotated[
    int,
    typer.Option(
        metavar="SECONDS",
        min=1,
        help="Stop a check that takes longer: it is not evaluated (exit code 3).",
    ),
]


OnlyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="CONTROL", help="Evaluate only this control; repeatable."),
]
SkipOption = Annotated[
    list[str] | None,
    typer.Option(metavar="CONTROL", help="Leave this control out; repeatable."),
]
SeverityOption = Annotated[
    SeverityName | None,
    typer.Option(metavar="SEVERITY", help="Leave out controls of a lower severity."),
]
QuietOption = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Print only errors, that a check is partial, and what --format names."
    ),
]
ControlsOption = Annotated[
    Path | None,
    typer.Option(
        "--controls",
        metavar="DIR",
        help="Your own controls: their code is run.",
        show_default=False,
    ),
]
EstateOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--estate",
        metavar="FILE",
        help="State of the stack that manages the estate; repeatable.",
        show_default=False,
    ),
]


def check(
    file: OptionalFile = None,
    *,
    provider: OptionalProvider = None,
    preview: PreviewOption = None,
    state: StateOption = None,
    estate: EstateOption = None,
    profile: ProfileOption = None,
    form: FormatOption = None,
    fail_on: FailOnOption = FailOn.LOW,
    allow_unknown: AllowUnknownOption = False,
    waivers: WaiversOption = None,
    baseline: BaselineOption = None,
    as_of: AsOfOption = None,
    control: ExplainOption = None,
    coverage: CoverageOption = False,
    framework: FrameworksOption = None,
    coverage_csv: CoverageCsvOption = None,
    summary: SummaryOption = False,
    language: LanguageOption = Language.EN,
    time_limit: TimeLimitOption = SECONDS,
    seal: SealOption = None,
    seal_authority: SealAuthorityOption = None,
    seal_clock: SealClockOption = None,
    probes: ProbesOption = None,
    only: OnlyOption = None,
    skip: SkipOption = None,
    severity: SeverityOption = None,
    controls: ControlsOption = None,
    quiet: QuietOption = False,
    setting: ctx.SettingOption = None,
    stack_config: ctx.StackConfigOption = None,
    data_dir: ctx.DataDirOption = None,
) -> None:
    """Check a planned or deployed warehouse against the controls.

    Exit codes: 0 passed; 1 findings; 2 wrong input; 3 not evaluated. With --baseline, 1 and 3 are
    about what is new; a lower profile or fewer controls fail, other fields that the file lowers are
    not compared. With --only, --skip or --severity the check is partial.

    Example: havre check warehouse.yaml --provider local --format table --format sarif=havre.sarif

    Example: havre check warehouse.yaml --provider local --summary --lang fr --format html=dpo.html

    Example: havre check --state state.json --only residency.data --quiet

    Example: havre check --state state.json --probes seen.json

    Example: havre check warehouse.yaml --provider local --coverage-csv coverage.csv

    Example: havre check warehouse.yaml --provider local --controls ./controls
    """
    _refuse_foreign(language, explained=control is not None, covered=coverage, named=framework)
    if summary and (coverage or framework):
        flag = "--framework" if framework else "--coverage"
        message = f"--summary has no frameworks: {flag} does not apply"
        raise InputError(message, f"Leave out --summary or {flag}.")
    if control is not None:
        explain(control, controls)
        return
    from havre.assess.provenance import inputs_of
    from havre.assess.time_limit import within
    from havre.exit.seal.reading import evidence, proofs_of
    from havre.plan.states import from_state
    from havre.policy import Severity
    from havre.startup import collecting_later

    outputs, day = ([] if quiet and not form else parse_formats(form)), parse_day(as_of)
    summary = summary or language is not Language.EN
    _refuse_unsummarised(outputs, summary=summary, language=language)
    known = known_controls(controls)
    about = (file, provider, preview or state, waivers, stack_config, data_dir)
    with speaking(language):
        it = taken_for(*about, quiet=quiet)
    proofs = (seal, seal_authority, seal_clock)
    read = (preview, state, waivers, baseline, probes, *(estate or ()), *proofs)
    _refuse_lost(outputs, coverage_csv, it, (*read, *ctx.read_in(data_dir, controls)))
    what = console.plain(preview or state or it.file or "the warehouse")
    with within(time_limit, what), collecting_later():
        with console.working(f"Checking {what}"):
            with speaking(language):
                wanted = request_of(
                    *(it, (preview, state), (setting, data_dir), waivers, profile),
                    day=day,
                    known=known,
                )
            request = replace(
                wanted,
                allow_unknown=allow_unknown,
                fail_on=None if fail_on is FailOn.NEVER else Severity(fail_on),
                rehearsed=evidence(seal, seal_authority, seal_clock, SEAL_OPTIONS),
                selection=selected(known, only, skip, severity),
                inputs=inputs_of(it.file, waivers, preview, state, estate or ())
                | proofs_of(*proofs)
                | ({"probes": probes} if probes else {}),
                probes=probes,
                time=parse_time(as_of),
                estate=tuple(each for path in estate or () for each in from_state(path).resources),
            )
            result = _judged(request, baseline, known)
            covered = coverage or coverage_csv is not None
            found = (
                _requirements(result, controls, known, coverage_csv, framework or ())
                if covered or framework
                else None
            )
        shown = found if coverage or not covered else None
        _write(result, outputs, shown, summary=summary, language=language, above=it.told)
    if result.left_out:
        with speaking(language):
            _warn_partial(result)
    raise typer.Exit(result.exit_code)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("check")(check)
