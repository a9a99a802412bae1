"""The comparison as Markdown, for a pull request; every text from outside is inert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.report.comparison.sections import comparison_rows
from havre.report.findings import words
from havre.text import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.compare import Comparison
    from havre.report.comparison.sections import Cell, ComparisonRows, Listed, TitledRows

MOST = 60_000
"""Characters: GitHub takes 65,536 in a comment."""
WHY = 160
"""Characters of a text beside others."""
ITEMS = 300
"""Characters of all settings in a cell."""


def render(comparison: Comparison) -> str:
    """The comparison as Markdown of at most `MOST` characters; what is left out is counted."""
    blocks = list(_blocks(comparison_rows(comparison)))
    kept: list[str] = []
    for number, block in enumerate(blocks):
        if sum(len(each) + 2 for each in kept) + len(block) > MOST - 200:
            kept.append(f"_{len(blocks) - number} sections are left out: they do not fit here._")
            break
        kept.append(block)
    return "\n\n".join(kept) + "\n"


def _blocks(of: ComparisonRows) -> Iterator[str]:
    yield f"## {markdown(of.title)}"
    yield "\n".join(f"- {markdown(sentence, 2_000)}" for sentence in of.sentences)
    for section in of.sections:
        yield _table(section, of.names)
    yield from map(_folded, of.exits)
    yield _table(of.resources, of.names)


def _table(section: TitledRows, names: Sequence[str]) -> str:
    head = ["", *(markdown(name) for name in names)]
    lines = [f"### {section.title}", "", f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [
        f"| {markdown(row.label)} | {' | '.join(map(_cell, row.cells))} |" for row in section.rows
    ]
    return "\n".join(lines)


def _cell(cell: Cell) -> str:
    status = f"**{markdown(words.status(cell.status))}**" if cell.status else ""
    items = "; ".join(f"{name} {value}" for name, value in cell.items)
    found = (status, markdown(cell.text, WHY), markdown(items, ITEMS))
    return " ".join(part for part in found if part)


def _folded(listed: Listed) -> str:
    lines = [f"- {markdown(line)}" for line in listed.lines]
    summary = f"<summary>{markdown(listed.title)}</summary>"
    return "\n".join(["<details>", summary, "", *lines, "", "</details>"])
