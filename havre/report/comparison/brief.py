"""The comparison in brief: what differs, counted and named, without the reason of each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from havre.policy.model import Severity
from havre.report.comparison.sections import Cell, Listed, Row, TitledRows
from havre.report.findings import words
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.compare import Comparison
    from havre.compare.model import ExitRow, Side

MORE = "`--details` shows every reason, setting, gap and obstacle; `--format html` writes a page."
"""What a reader does who wants all of it."""


def gaps_by_severity(comparison: Comparison) -> TitledRows:
    """How many gaps each side has, by the severity of the control that each is about."""
    sides = [_severities(side) for side in comparison.sides]
    rows = (
        Row(each.value, tuple(Cell(str(found[each])) for found in sides))
        for each in Severity
        if any(found[each] for found in sides)
    )
    return TitledRows("Gaps by severity", tuple(rows))


def _severities(side: Side) -> Counter[Severity]:
    return Counter(finding.severity for finding in side.result.findings if finding.gap)


def differences(comparison: Comparison) -> tuple[Listed, ...]:
    """Controls, capabilities and resources that differ, by how they do; and what exits meet."""
    return (
        _alike("Controls with different results", comparison, _controls(comparison)),
        _alike("Capabilities that differ", comparison, _capabilities(comparison)),
        _resources(comparison),
        Listed("Obstacles to an exit", tuple(map(_exit, comparison.exits))),
    )


def _controls(comparison: Comparison) -> Iterator[tuple[str, tuple[str, ...]]]:
    for row in comparison.controls:
        if row.differs:
            yield row.control, tuple(words.status(cell.verdict) for cell in row.cells)


def _capabilities(comparison: Comparison) -> Iterator[tuple[str, tuple[str, ...]]]:
    for row in comparison.capabilities:
        if row.differs:
            said = (each.support.value if each else "unknown" for each in row.answers)
            yield row.capability, tuple(map(words.status, said))


def _alike(
    title: str, comparison: Comparison, found: Iterable[tuple[str, tuple[str, ...]]]
) -> Listed:
    """Names by what each side says of them, the largest group first."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, said in found:
        groups.setdefault(said, []).append(name)
    lines = []
    for said, names in sorted(groups.items(), key=lambda each: -len(each[1])):
        sides = zip(comparison.names, said, strict=True)
        told = ", ".join(f"{word} on {side}" for side, word in sides)
        lines.append(f"{told} ({len(names)}): {', '.join(names)}")
    total = sum(map(len, groups.values()))
    return Listed(f"{title} ({total})", tuple(lines) or ("none",))


def _resources(comparison: Comparison) -> Listed:
    """How many roles each side has nothing for, and in how many settings differ."""
    rows = comparison.resources
    lines = []
    for number, name in enumerate(comparison.names):
        absent = sum(row.cells[number] is None for row in rows)
        said = counted(absent, "role has", "roles have")
        lines.append(f"{said} no resource on {name}")
    differ = sum(bool(row.differing) for row in rows)
    lines.append(f"{counted(differ, 'role has', 'roles have')} settings that differ")
    return Listed(f"Resources by their role ({len(rows)})", tuple(lines))


def _exit(row: ExitRow) -> str:
    found = Counter(each.effect.value for each in row.obstacles)
    told = ", ".join(f"{count} {effect}" for effect, count in found.most_common())
    return f"from {row.source} to {row.target}: {told or 'nothing that is known'}"
