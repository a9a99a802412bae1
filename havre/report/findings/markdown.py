"""Markdown, for a comment on a pull request: never longer than a forge takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from havre.policy.findings import FindingKind
from havre.report.findings import answers, words
from havre.report.findings.headline import MOST, headline
from havre.text import markdown as md

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from havre.policy.findings import Finding, Former, Result
    from havre.policy.frameworks import Requirement
    from havre.report.findings.answers import Cover, Group
    from havre.report.findings.headline import TopFinding

LONGEST = 60_000
"""Characters; GitHub takes 65,536."""

MARKS = {
    FindingKind.FAIL: "❌ fail",
    FindingKind.UNKNOWN: "❔ not evaluated",
    FindingKind.WARNING: "⚠️ warning",
    FindingKind.WAIVED: "🔕 waived",
}


@dataclass(frozen=True)
class Chapter:
    """A part of the comment, of which rows may be left out.

    Attributes:
        head: before the rows.
        rows: each on lines of its own.
        tail: after the rows.
    """

    head: str
    rows: tuple[str, ...] = ()
    tail: str = ""

    def written(self, rows: int) -> str:
        """The section with the first so many rows, and a count of those left out."""
        left = len(self.rows) - rows
        note = f"\n_… and {left} more, left out here._\n" if left else ""
        return "".join([self.head, *self.rows[:rows], self.tail, note])


def render(
    result: Result,
    *,
    requirements: Sequence[Requirement] | None = None,
    summary: bool = False,
) -> str:
    """The result as GitHub's and GitLab's Markdown, of at most 60,000 characters.

    Where there is a previous report, only what changed since.

    Args:
        result: what the check told.
        requirements: what the controls show of frameworks.
        summary: whether to write the headline alone.
    """
    if summary:
        return _heading(result).written(0)
    parts = _answers(result) if result.gone is None else _changes(result)
    sections = [*parts, *_frameworks(requirements)]
    room = LONGEST - sum(len(section.written(0)) for section in sections)
    written = []
    for section in sections:
        rows = _fitting(section.rows, room)
        room -= sum(map(len, section.rows[:rows]))
        written.append(section.written(rows))
    return "\n".join(written)


def _fitting(rows: Sequence[str], room: int) -> int:
    """How many of the first rows fit; a little is kept for line ends and notes."""
    left = room - 1000
    for number, row in enumerate(rows):
        left -= len(row)
        if left < 0:
            return number
    return len(rows)


def _answers(result: Result) -> list[Chapter]:
    parts = [_heading(result), *_lists(result), *_sightings(result)]
    return [*parts, _places(result), _claims(result)]


def _heading(result: Result) -> Chapter:
    """The headline, then notes on what was evaluated and the exit code."""
    of = headline(result)
    facts = "".join(f"| {md(label)} | {md(text, 1000)} |\n" for label, text in of.facts)
    top = "".join(
        f"| {each.severity} | {_standing(each)} | **{md(each.control)}** | {md(each.sentence)} "
        f"| {md(each.fixed_in)} |\n"
        for each in of.top[:MOST]
    )
    left = f"\n_… and {len(of.top) - MOST} more._\n" if len(of.top) > MOST else ""
    columns = f"| Severity | Status | Control | Top findings | Fixed in |\n|{' --- |' * 5}\n"
    limits = f"\n{answers.LIMITS}\n"
    given = md(", ".join(result.placeholders))
    placeholders = f"\nSettings not given, evaluated with placeholders: {given}\n" if given else ""
    warned = "".join(f"\n{md(warning)}\n" for warning in result.warnings)
    return Chapter(
        f"## {md(of.subject)}\n\n{md(of.about)}\n\n**{of.status}**: {_counts(of.counts)}\n\n"
        f"| | |\n| --- | --- |\n{facts}\n{columns + top if top else ''}{left}"
        f"\n{answers.totals(result)} {answers.meaning(result)}\n{placeholders}{warned}{limits}"
    )


def _standing(each: TopFinding) -> str:
    """The status of a finding, and until when it is accepted."""
    return f"{each.status} until {each.until}" if each.until else each.status


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(words.counted(number, word) for word, number in counts.items())


def _changes(result: Result) -> list[Chapter]:
    """What is new since the baseline, what was waived since, and what is gone."""
    gaps = [
        gap for gap in answers.gaps(result) if not gap.known and gap.kind is not FindingKind.WAIVED
    ]
    waived = tuple(finding for finding in result.of(FindingKind.WAIVED) if finding.known)
    covers = answers.covers(replace(result, findings=waived))
    parts = {
        "New provider gaps": [_gap(result, gap) for gap in gaps],
        "Waived since": [_cover(item, result.as_of) for item in covers],
        "Resolved": [_former(former) for former in result.gone or ()],
    }
    groups = [group for group in answers.open_groups(result) if not group.known]
    lists = (Chapter(f"### {title}\n\n", tuple(rows)) for title, rows in parts.items() if rows)
    new = _open("New findings", groups, result.as_of)
    return [_heading(result), new, *lists, *_sightings(result)]


def _sightings(result: Result) -> list[Chapter]:
    """What probes saw of each control, beside its status."""
    if result.probes is None:
        return []
    rows = tuple(
        f"| **{md(each.control)}** | {status} | {md(words.seen(each))} |\n"
        for each, status in answers.sightings(result)
    )
    columns = f"| Control | Status | Promised and seen |\n|{' --- |' * 3}\n" if rows else ""
    return [Chapter(f"### Promised and seen\n\n{md(words.probed(result))}\n\n{columns}", rows)]


def _former(former: Former) -> str:
    return f"- {MARKS[former.kind]} **{md(former.control)}**: {md(answers.lost(former))}\n"


def _open(title: str, groups: Sequence[Group], as_of: dt.date) -> Chapter:
    columns = "| Status | Severity | Control | Resources | Found | Fix | Fixed in | Where |\n"
    table = f"{columns}|{' --- |' * 8}\n" if groups else "None.\n"
    return Chapter(f"### {title}\n\n{table}", tuple(_group(group, as_of) for group in groups))


def _places(result: Result) -> Chapter:
    rows = tuple(f"| {md(copy)} | {md(text, 1000)} |\n" for copy, text in answers.spots(result))
    head = f"### Data location\n\n**{md(answers.countries(result))}**\n\n"
    table = "| Copy | Places |\n| --- | --- |\n" if rows else ""
    missing = answers.unplaced(result)
    return Chapter(head + table, rows, f"\n{missing}\n" if missing else "")


def _claims(result: Result) -> Chapter:
    rows = []
    for claim in result.claims:
        parts = "; ".join(f"{label}: {names}" for label, names in answers.scope(claim))
        held = answers.held(claim, result.as_of)
        rows.append(f"| {md(words.scheme(claim))} | {md(held)} | {md(parts, 1000)} |\n")
    head = "### Certifications and qualifications\n\n"
    if not rows:
        return Chapter(f"{head}None looked up.\n")
    return Chapter(f"{head}| Scheme | Result | Products |\n| --- | --- | --- |\n", tuple(rows))


def _lists(result: Result) -> list[Chapter]:
    gaps = answers.gaps(result)
    sections = [_open("Findings", answers.open_groups(result), result.as_of)]
    if gaps:
        count = words.many(len(gaps), "provider gap")
        sections.append(_folded(count, (_gap(result, gap) for gap in gaps)))
    covers = answers.covers(result)
    if covers:
        count = words.many(len(covers), "waiver")
        sections.append(
            _folded(f"{count} in force", (_cover(item, result.as_of) for item in covers))
        )
    return sections


def _folded(summary: str, rows: Iterable[str]) -> Chapter:
    head = f"<details>\n<summary>{summary}</summary>\n\n"
    return Chapter(head, tuple(rows), "\n</details>\n")


def _group(group: Group, as_of: dt.date) -> str:
    waivers = "; ".join(answers.cover(waiver, as_of) for waiver in group.waivers)
    where = "; ".join(filter(None, [answers.some(group.places), waivers]))
    names = f"{len(group.names)}: {answers.some(group.names)}" if group.names else ""
    cells = [
        MARKS[group.kind],
        group.severity.value,
        " ".join(filter(None, [f"**{md(group.control)}**", md(group.title)])),
        md(names),
        "; ".join(map(md, group.differences[: answers.NAMED])) + _more(group.differences),
        "; ".join(map(md, group.remedies[: answers.NAMED])) + _more(group.remedies),
        md(", ".join(group.fixes)),
        md(where),
    ]
    return f"| {' | '.join(cells)} |\n"


def _more(items: Sequence[str]) -> str:
    left = len(items) - answers.NAMED
    return f" and {left} more" if left > 0 else ""


def _gap(result: Result, finding: Finding) -> str:
    gap, as_of = finding.gap, result.as_of
    by = f" Waiver: {md(answers.cover(finding.waiver, as_of))}." if finding.waiver else ""
    about = ", ".join([finding.severity, *answers.marks(result, [finding])])
    told = f"- {MARKS[finding.kind]} ({about}) **{md(finding.control)}**: "
    if gap is None:
        return f"{told}{by}\n"
    texts = (
        f"{gap.capability} is {gap.support}: {gap.reason}",
        *map(": ".join, answers.measures(gap)),
        f"Fixed in: {words.fixed_in(finding.fix)}" if finding.fix else "",
    )
    return f"{told}{' '.join(md(answers.stopped(each)) for each in texts if each)}{by}\n"


def _cover(item: Cover, as_of: dt.date) -> str:
    waiver = item.waiver
    names = md(answers.some(item.names))
    by = f"{md(answers.cover(waiver, as_of))}: {md(waiver.reason)}"
    return f"- **{md(waiver.control)}** on {names}: {by}\n"


def _frameworks(requirements: Sequence[Requirement] | None) -> list[Chapter]:
    found = answers.frameworks(requirements)
    folded = [
        _folded(
            f"Framework {md(framework.name)}: {md(framework.totals)}",
            [_requirement(item) for item in framework.requirements],
        )
        for framework in found
        if framework.listed
    ]
    counted = [
        f"- Framework {md(each.name)}: {md(each.counted)}\n" for each in found if not each.listed
    ]
    return [*folded, *([Chapter("", tuple(counted))] if counted else [])]


def _requirement(item: Requirement) -> str:
    told = answers.contributing(item)
    shown = f"- **{md(answers.cited(item))}** {md(item.title)} ({md(answers.standing(item))})"
    return f"{shown}: {md(told, 1000)}\n" if told else f"{shown}\n"
