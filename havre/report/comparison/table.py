"""The comparison on a terminal: 100 columns side by side, folded below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from havre.report.comparison.brief import MORE, differences, gaps_by_severity
from havre.report.comparison.sections import NOTHING, comparison_rows
from havre.report.findings import words
from havre.report.findings.table import printed
from havre.text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from havre.capabilities import Gap
    from havre.compare import Comparison
    from havre.report.comparison.sections import Cell, ComparisonRows, Listed, Row, TitledRows

FOLDED = 80
"""Below so many columns, sides stand under each other."""
WHY = 160
"""Characters of a text after a status."""
ITEM = 60
"""Characters of a setting."""
STYLES = {
    "pass": "green",
    "native": "green",
    "fail": "bold red",
    "absent": "bold red",
    "unknown": "yellow",
    "warning": "yellow",
    "waived": "cyan",
    NOTHING: "dim",
}


def render(
    comparison: Comparison, *, width: int = 100, colour: bool = False, details: bool = True
) -> str:
    """The comparison as text of at most `width` columns; in brief without `details`."""
    rows, folded = comparison_rows(comparison), width < FOLDED
    parts = _parts(rows, folded=folded) if details else _brief(comparison, rows, folded=folded)
    return printed(parts, width, colour=colour)


def _brief(comparison: Comparison, of: ComparisonRows, *, folded: bool) -> Iterator[RenderableType]:
    """The answers, totals and places; of the rest how much differs, and what."""
    yield from _first(of)
    totals, places = of.sections[:2]
    for section in (totals, places, gaps_by_severity(comparison)):
        yield from _titled(section, of.names, folded=folded)
    for listed in differences(comparison):
        yield from _listed(listed)
    yield Text(MORE)


def _first(of: ComparisonRows) -> Iterator[RenderableType]:
    yield Text(f"{plain(of.title)}\n", style="bold")
    for sentence in of.sentences:
        yield Text(f"{plain(sentence)}\n")


def _titled(
    section: TitledRows, names: tuple[str, ...], *, folded: bool
) -> Iterator[RenderableType]:
    yield Text(section.title, style="bold")
    yield Padding(_grid(section, names, folded=folded), (0, 0, 1, 2))


def _parts(of: ComparisonRows, *, folded: bool) -> Iterator[RenderableType]:
    yield from _first(of)
    for section in (*of.sections, of.resources):
        yield from _titled(section, of.names, folded=folded)
    for name, gaps in of.gaps:
        yield Text(f"Gaps on {plain(name)}", style="bold")
        yield from _gaps(gaps)
        yield Text()
    for listed in of.exits:
        yield from _listed(listed)


def _grid(section: TitledRows, names: tuple[str, ...], *, folded: bool) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=not folded)
    table.add_column("", overflow="fold")
    for name in () if folded else names:
        table.add_column(plain(name), overflow="fold", ratio=1)
    if folded:
        table.add_column("", overflow="fold")
    for row in section.rows:
        if folded:
            _fold(table, row, names)
        else:
            table.add_row(Text(plain(row.label)), *map(_cell, row.cells))
    return table


def _fold(table: Table, row: Row, names: tuple[str, ...]) -> None:
    """Add a row whose cells stand under each other."""
    table.add_row(Text(plain(row.label), style="bold"), Text())
    for name, cell in zip(names, row.cells, strict=True):
        table.add_row(Text(f"  {plain(name)}"), _cell(cell))


def _cell(cell: Cell) -> Text:
    found = Text(words.status(cell.status), style=STYLES.get(cell.status, ""))
    text = clipped(cell.text, WHY) if cell.status else plain(cell.text)
    if text:
        style = STYLES.get(cell.tone, "default")
        found.append(f": {text}" if cell.status else text, style=style)
    for name, value in cell.items:
        found.append(f"\n{name}: {clipped(value, ITEM)}", style="default")
    return found


def _gaps(gaps: tuple[Gap, ...]) -> Iterator[RenderableType]:
    for gap in gaps:
        yield Padding(Text(f"{gap.capability.value}: {plain(gap.reason)}"), (0, 0, 0, 2))
        yield Padding(
            Text(f"compensating measure: {plain(gap.fallback)}", style="dim"), (0, 0, 0, 4)
        )
        yield Padding(Text(f"residual risk: {plain(gap.risk)}", style="dim"), (0, 0, 0, 4))


def _listed(listed: Listed) -> Iterator[RenderableType]:
    yield Text(plain(listed.title), style="bold")
    for line in listed.lines:
        yield Padding(Text(plain(line)), (0, 0, 0, 2))
    yield Text()
