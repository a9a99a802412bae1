"""The table: what a security officer reads in a minute, on a terminal or in a log."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from havre.policy.findings import FindingKind
from havre.probe.answers import ProbeOutcome
from havre.report.findings import answers, headline, words
from havre.report.findings.headline import LINES, WIDTH
from havre.text import clipped, parted, plain

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from havre.policy.findings import Finding, Former, Result
    from havre.policy.frameworks import Requirement
    from havre.report.findings.answers import Group

STYLES = {
    FindingKind.FAIL: "bold red",
    FindingKind.UNKNOWN: "bold yellow",
    FindingKind.WARNING: "yellow",
    FindingKind.WAIVED: "cyan",
}
SEEN_STYLES = {
    ProbeOutcome.OTHERWISE: "bold red",
    ProbeOutcome.UNEVALUATED: "bold yellow",
    ProbeOutcome.UNSEEN: "yellow",
    ProbeOutcome.SEEN: "green",
}
HEADLINES = {
    headline.FAILED: "bold red",
    headline.NOT_EVALUATED: "bold yellow",
    headline.PARTIAL: "bold yellow",
    headline.WITH_EXCEPTIONS: "bold cyan",
    headline.PASSED: "bold green",
    "subject": "bold",
    "label": "bold underline",
    **{words.status(kind.value): style for kind, style in STYLES.items()},
}
NARROWEST = 40
UNWRAPPED = 20_000
"""Columns of lines that nothing wraps."""
LONGEST = 600
"""Characters of a text from outside."""


def render(
    result: Result,
    *,
    requirements: Sequence[Requirement] | None = None,
    width: int | None = 100,
    colour: bool = False,
    summary: bool = False,
    above: int = 0,
) -> str:
    """The result as text.

    Args:
        result: what the check found.
        requirements: what the controls show of frameworks.
        width: columns (40 at least); None: the headline fits 80, and then each finding is one
            line, however long.
        colour: whether to write colours, for a terminal.
        summary: whether to write the headline alone.
        above: lines of the screen that it leaves free, for what stands above it.
    """
    lines = LINES - above if summary else LINES
    first = _headline(result, width or WIDTH, lines, summary=summary)
    if summary:
        return printed(first, width or WIDTH, colour=colour)
    if width is None:
        rest = _parts(result, requirements, lines=True)
        return printed(first, WIDTH, colour=colour) + printed(rest, UNWRAPPED, colour=colour)
    return printed([*first, *_parts(result, requirements, lines=False)], width, colour=colour)


def printed(parts: Iterable[RenderableType], width: int, *, colour: bool) -> str:
    """What `parts` look like on `width` columns (40 at least), without spaces at line ends."""
    buffer = io.StringIO()
    console = _console(buffer, max(width, NARROWEST), colour=colour)
    for part in parts:
        console.print(part)
    lines = buffer.getvalue().splitlines()
    return parted("\n".join(line.rstrip() for line in lines)) + "\n"


def _console(buffer: io.StringIO, width: int, *, colour: bool) -> Console:
    """A console that depends neither on the terminal nor on the environment."""
    return Console(
        file=buffer,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _headline(result: Result, width: int, lines: int, *, summary: bool) -> list[RenderableType]:
    of = headline.headline(result)
    found = headline.written(of, max(width, NARROWEST), lines, alone=summary)
    return [Text(each.text, style=HEADLINES.get(each.kind, ""), overflow="fold") for each in found]


def _parts(
    result: Result, requirements: Sequence[Requirement] | None, *, lines: bool
) -> Iterator[RenderableType]:
    """Everything behind the headline; findings on one line each, or in a block each."""
    yield from _section("Findings", _lined(result) if lines else _findings(result))
    yield from _section("Resolved since the previous report", map(_former, result.gone or ()))
    if not lines:
        yield from _section("Provider gaps", _gaps(result))
    yield from _section("Waivers", _covers(result))
    yield from _section("Promised and seen", _sightings(result))
    yield from _section("Data location", _places(result))
    yield from _section("Certifications and qualifications", _claims(result))
    yield from _section("Frameworks: results of requirements only", _frameworks(requirements))
    yield from _section("Totals", _totals(result))


def _section(title: str, parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    """A title and its parts; nothing where there are none."""
    found = list(parts)
    if found:
        yield Text()
        yield Text(title, style="bold underline")
        yield from found


def _row(text: str, style: str = "") -> RenderableType:
    return Padding(Text(clipped(text, LONGEST), style=style, overflow="fold"), (0, 0, 0, 2))


def _pairs(pairs: Iterable[tuple[str, str]], indent: int = 4) -> RenderableType:
    """Labels beside their texts, which fold."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", overflow="fold")
    grid.add_column(ratio=1, overflow="fold")
    for label, text in pairs:
        grid.add_row(Text(clipped(label, 40)), Text(clipped(text, LONGEST)))
    return Padding(grid, (0, 0, 0, indent))


def _places(result: Result) -> Iterator[RenderableType]:
    yield _row(answers.countries(result), style="bold")
    yield _pairs(answers.spots(result))
    if answers.unplaced(result):
        yield _row(answers.unplaced(result), style=STYLES[FindingKind.UNKNOWN])


def _claims(result: Result) -> Iterator[RenderableType]:
    if not result.claims:
        yield _row("none looked up")
    for claim in result.claims:
        name = words.scheme(claim)
        yield _row(f"{name}: {answers.held(claim, result.as_of)}", style="bold")
        yield _pairs(answers.scope(claim))


def _lined(result: Result) -> Iterator[RenderableType]:
    """Each group of findings on a line of its own, gaps and waived ones among them."""
    groups = answers.groups(result, result.findings)
    if not groups:
        yield _row("none")
    for group in groups:
        text = Text.assemble(
            (f"[{group.severity}] {words.status(group.kind.value).upper()}", STYLES[group.kind]),
            f" {plain(answers.line(result, group))}",
        )
        yield Padding(text, (0, 0, 0, 2))


def _findings(result: Result) -> Iterator[RenderableType]:
    """Each group of open findings in a block, then each waived one in a line; gaps are below."""
    found, waived = answers.open_groups(result), answers.waived_groups(result)
    if not found and not waived:
        yield _row("only provider gaps: see below" if result.findings else "none")
    for group in found:
        marks = answers.marks(result, group.findings)
        yield _head(group.kind, group.severity.value, group.control, group.title, marks)
        yield _pairs(_lines(group, result.as_of))
    for group in waived:
        marks = [*_accepted(group), *answers.marks(result, group.findings)]
        yield _head(group.kind, group.severity.value, group.control, group.title, marks)


def _accepted(group: Group) -> list[str]:
    """Until when findings are waived, and of how many resources."""
    ends = min((waiver.expires for waiver in group.waivers), default=None)
    until = [f"until {ends.isoformat()}"] if ends else []
    return [*until, *([words.many(len(group.names), "resource")] if group.names else [])]


def _former(former: Former) -> RenderableType:
    said = words.status(former.kind.value)
    return _row(f"{said} {former.control}: {answers.lost(former)}")


def _head(
    kind: FindingKind, severity: str, control: str, title: str, marks: Sequence[str]
) -> RenderableType:
    said = ", ".join([f"{severity} {words.status(kind.value)}", *marks])
    rest = f"{control}: {title}" if title else control
    text = Text.assemble((said, STYLES[kind]), " ", (plain(rest), "bold"), overflow="fold")
    return Padding(text, (0, 0, 0, 2))


def _lines(group: Group, as_of: dt.date) -> Iterator[tuple[str, str]]:
    if group.names:
        count = words.many(len(group.names), "resource")
        yield "on", f"{count}: {answers.some(group.names)}"
    if group.differences:
        yield "found", _few(group.differences)
    if group.remedies:
        yield "fix", _few(group.remedies)
    if group.fixes:
        yield "fixed in", ", ".join(group.fixes)
    if group.places:
        yield "at", answers.some(group.places)
    for waiver in group.waivers:
        yield "waiver", answers.cover(waiver, as_of)


def _few(texts: list[str]) -> str:
    """The first of several sentences."""
    left = len(texts) - answers.NAMED
    first = " | ".join(texts[: answers.NAMED])
    return f"{first} | and {left} more" if left > 0 else first


def _gaps(result: Result) -> Iterator[RenderableType]:
    for finding in answers.gaps(result):
        marks = answers.marks(result, [finding])
        subject = answers.subject(finding)
        yield _head(finding.kind, finding.severity.value, finding.control, subject, marks)
        yield _pairs(_gap(finding, result.as_of))


def _gap(finding: Finding, as_of: dt.date) -> Iterator[tuple[str, str]]:
    if finding.gap:
        yield "reason", f"{finding.gap.reason} ({finding.gap.support})"
        yield from ((label.lower(), text) for label, text in answers.measures(finding.gap))
    if answers.remedy(finding):
        yield "fix", finding.remedy
    if finding.fix:
        yield "fixed in", words.fixed_in(finding.fix)
    if finding.location:
        yield "at", answers.place(finding.location)
    if finding.waiver:
        yield "waiver", answers.cover(finding.waiver, as_of)


def _covers(result: Result) -> Iterator[RenderableType]:
    for item in answers.covers(result):
        waiver = item.waiver
        yield _row(f"{waiver.control}: {answers.some(item.names)}")
        yield _pairs([("waiver", answers.cover(waiver, result.as_of)), ("reason", waiver.reason)])


def _sightings(result: Result) -> Iterator[RenderableType]:
    """What probes saw of each control, beside its status."""
    if result.probes is None:
        return
    yield _row(words.probed(result), style="bold")
    grid = Table.grid(padding=(0, 2, 0, 0))
    for each, status in answers.sightings(result):
        grid.add_row(each.control, status, Text(words.seen(each), style=SEEN_STYLES[each.outcome]))
    yield Padding(grid, (0, 0, 0, 4))


def _frameworks(requirements: Sequence[Requirement] | None) -> Iterator[RenderableType]:
    for framework in answers.frameworks(requirements):
        if not framework.listed:
            yield _row(f"{framework.name}  {framework.counted}")
            continue
        yield _row(f"{framework.name}  {framework.totals}", style="bold")
        yield _pairs(_requirement(item) for item in framework.requirements)


def _requirement(item: Requirement) -> tuple[str, str]:
    shown = f"{item.title} ({answers.standing(item)})"
    told = answers.contributing(item)
    return answers.cited(item), f"{shown}: {told}" if told else shown


def _totals(result: Result) -> Iterator[RenderableType]:
    yield _row(answers.totals(result))
    for warning in result.warnings:
        yield _row(plain(warning), style=STYLES[FindingKind.WARNING])
    if result.placeholders:
        names = ", ".join(result.placeholders)
        yield _row(f"Settings not given, evaluated with placeholders: {names}")
    yield _row(answers.LIMITS)
    yield _row(answers.meaning(result), style="bold")
