"""The comparison as Markdown, for a pull request; every text from outside is inert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.compare.answers import answers
from havre.text import markdown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.compare import Comparison
    from havre.compare.model import Copies, Counterpart, ResourceRow

MOST = 60_000
"""Characters: GitHub takes 65,536 in a comment."""


def render(comparison: Comparison) -> str:
    """The comparison as Markdown of at most `MOST` characters; what is left out is counted."""
    blocks = list(_blocks(comparison))
    kept: list[str] = []
    for number, block in enumerate(blocks):
        if sum(len(each) + 2 for each in kept) + len(block) > MOST - 200:
            kept.append(f"_{len(blocks) - number} sections are left out: they do not fit here._")
            break
        kept.append(block)
    return "\n\n".join(kept) + "\n"


def _blocks(comparison: Comparison) -> Iterator[str]:
    names = comparison.names
    title = " and ".join(markdown(name) for name in names)
    yield f"## {markdown(comparison.spec.name)} on {title}, as of {comparison.as_of}"
    yield "\n".join(f"- {markdown(sentence, 2_000)}" for sentence in answers(comparison))
    yield _table("Totals", names, _totals(comparison))
    yield _table("Where copies of the data would lie", names, _places(comparison))
    yield _table(
        "Controls that the sides do not meet alike",
        names,
        (
            (row.control, [f"**{c.verdict}** {markdown(c.why, 160)}" for c in row.cells])
            for row in comparison.controls
            if row.differs
        ),
    )
    yield _table("Capabilities that differ", names, _capabilities(comparison))
    for row in comparison.exits:
        yield _exit(row.source, row.target, [f"{o.what}: {o.why}" for o in row.obstacles])
    yield _table("Resources by their role", names, _resources(comparison))


def _table(title: str, names: Iterable[str], rows: Iterable[tuple[str, list[str]]]) -> str:
    head = ["", *(markdown(name) for name in names)]
    lines = [f"### {title}", "", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {markdown(label)} | {' | '.join(cells)} |" for label, cells in rows]
    return "\n".join(lines)


def _totals(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    sides = comparison.sides
    yield "operator", [markdown(side.provider.operator.entity) for side in sides]
    yield (
        "laws",
        [markdown(", ".join(side.provider.operator.laws) or "none told") for side in sides],
    )
    yield "resources", [str(side.result.resources) for side in sides]
    yield "gaps", [str(len(side.gaps)) for side in sides]
    for verdict in ("pass", "fail", "unknown", "warning", "waived"):
        counts = (comparison.verdicts(number)[verdict] for number in range(len(sides)))
        yield f"controls: {verdict}", [str(count) for count in counts]


def _places(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    for row in comparison.places:
        mark = "" if row.allowed else " (not allowed)"
        yield f"{row.copy} in {row.country or '?'}{mark}", [_copies(cell) for cell in row.cells]


def _copies(cell: Copies | None) -> str:
    if cell is None:
        return "-"
    return ", ".join(f"{markdown(name)} ({count})" for name, count in cell.regions.items())


def _capabilities(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    for row in comparison.capabilities:
        if row.differs:
            yield (
                row.capability,
                [
                    f"**{a.support.value}** {markdown(a.reason, 160)}" if a else "unknown"
                    for a in row.answers
                ],
            )


def _resources(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    for row in comparison.resources:
        yield f"{row.part}: {row.role}", [_counterpart(row, cell) for cell in row.cells]


def _counterpart(row: ResourceRow, cell: Counterpart | None) -> str:
    if cell is None:
        return "none"
    told = [f"{n} {cell.settings[n]}" for n in row.differing if cell.settings.get(n)]
    return f"{len(cell.resources)} {markdown('; '.join(told), 300)}".strip()


def _exit(source: str, target: str, obstacles: list[str]) -> str:
    told = [f"- {markdown(obstacle)}" for obstacle in obstacles] or ["- nothing that is known"]
    title = f"An exit from {markdown(source)} to {markdown(target)} would meet {len(obstacles)}"
    return "\n".join(["<details>", f"<summary>{title}</summary>", "", *told, "", "</details>"])
