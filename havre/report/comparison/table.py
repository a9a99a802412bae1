"""The comparison on a terminal: 100 columns side by side, folded below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from havre.compare.answers import answers
from havre.report.findings.table import printed
from havre.text import clipped, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from havre.compare import Comparison
    from havre.compare.model import ControlCell, Copies, Counterpart, ResourceRow
    from havre.provider import Supported

FOLDED = 80
"""Below so many columns, sides stand under each other."""
WHY = 160
"""Characters of a reason beside others."""
STYLES = {
    "pass": "green",
    "native": "green",
    "fail": "bold red",
    "absent": "bold red",
    "unknown": "yellow",
    "warning": "yellow",
    "waived": "cyan",
}


def render(comparison: Comparison, *, width: int = 100, colour: bool = False) -> str:
    """The comparison as text of at most `width` columns."""
    return printed(_parts(comparison, folded=width < FOLDED), width, colour=colour)


def _parts(comparison: Comparison, *, folded: bool) -> Iterator[RenderableType]:
    names = " | ".join(plain(name) for name in comparison.names)
    title = f"{plain(comparison.spec.name)} ({comparison.spec.environment.value}) on {names}"
    yield Text(f"{title}, as of {comparison.as_of}\n", style="bold")
    for sentence in answers(comparison):
        yield Text(f"{plain(sentence)}\n")
    for heading, rows in _sections(comparison):
        yield Text(heading, style="bold")
        yield Padding(_grid(rows, comparison.names, folded=folded), (0, 0, 1, 2))
    yield from _lists(comparison)


Row = tuple[str, tuple[Text, ...]]


def _sections(comparison: Comparison) -> Iterator[tuple[str, list[Row]]]:
    yield "Totals", list(_totals(comparison))
    yield "Where copies of the data would lie", list(_places(comparison))
    yield (
        "Controls that the sides do not meet alike",
        [
            (row.control, tuple(_control(cell) for cell in row.cells))
            for row in comparison.controls
            if row.differs
        ],
    )
    yield (
        "Capabilities that differ",
        [
            (row.capability, tuple(_answer(answer) for answer in row.answers))
            for row in comparison.capabilities
            if row.differs
        ],
    )
    yield (
        "Resources by their role, and the settings that differ",
        [
            (f"{row.part}: {plain(row.role)}", tuple(_counterpart(row, c) for c in row.cells))
            for row in comparison.resources
        ],
    )


def _totals(comparison: Comparison) -> Iterator[Row]:
    sides = comparison.sides
    yield "operator", tuple(Text(plain(s.provider.operator.entity)) for s in sides)
    yield (
        "laws",
        tuple(Text(plain(", ".join(s.provider.operator.laws) or "none told")) for s in sides),
    )
    for claim in zip(*(side.result.claims for side in sides), strict=True):
        cells = tuple(
            Text(
                "holds"
                if c.holds
                else f"{len(c.inside)} products within, "
                f"{len(c.outside)} not, {len(c.undecided)} not told"
            )
            for c in claim
        )
        yield claim[0].scheme, cells
    yield "resources", tuple(Text(str(side.result.resources)) for side in sides)
    yield "gaps", tuple(Text(str(len(side.gaps))) for side in sides)
    for verdict in ("pass", "fail", "unknown", "warning", "waived"):
        counts = (comparison.verdicts(number)[verdict] for number in range(len(sides)))
        yield f"controls: {verdict}", tuple(Text(str(n), style=STYLES[verdict]) for n in counts)


def _places(comparison: Comparison) -> Iterator[Row]:
    for row in comparison.places:
        mark = "" if row.allowed else " (not allowed)"
        yield f"{row.copy} in {row.country or '?'}{mark}", tuple(_copies(c) for c in row.cells)


def _copies(cell: Copies | None) -> Text:
    if cell is None:
        return Text("-", style="dim")
    told = ", ".join(f"{plain(name)} ({count})" for name, count in cell.regions.items())
    return Text(told + (f"; {cell.implied} implied" if cell.implied else ""))


def _control(cell: ControlCell) -> Text:
    found = Text(cell.verdict, style=STYLES.get(cell.verdict, ""))
    return found.append(f": {clipped(cell.why, WHY)}", style="default") if cell.why else found


def _answer(answer: Supported | None) -> Text:
    if answer is None:
        return Text("unknown", style=STYLES["unknown"])
    found = Text(answer.support.value, style=STYLES.get(answer.support.value, ""))
    return found.append(f": {clipped(answer.reason, WHY)}") if answer.reason else found


def _counterpart(row: ResourceRow, cell: Counterpart | None) -> Text:
    if cell is None:
        return Text("none", style="dim")
    found = Text(str(len(cell.resources)))
    for name in row.differing:
        if cell.settings.get(name):
            found.append(f"\n{name}: {clipped(cell.settings[name], 60)}")
    return found


def _grid(rows: Iterable[Row], names: tuple[str, ...], *, folded: bool) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=not folded)
    table.add_column("", overflow="fold")
    for name in () if folded else names:
        table.add_column(plain(name), overflow="fold", ratio=1)
    if folded:
        table.add_column("", overflow="fold")
    for label, cells in rows:
        if not folded:
            table.add_row(Text(label), *cells)
            continue
        table.add_row(Text(label, style="bold"), Text())
        for name, cell in zip(names, cells, strict=True):
            table.add_row(Text(f"  {plain(name)}"), cell)
    return table


def _lists(comparison: Comparison) -> Iterator[RenderableType]:
    for side in comparison.sides:
        yield Text(f"Gaps on {plain(side.name)}", style="bold")
        for gap in side.gaps:
            yield Padding(Text(f"{gap.capability.value}: {plain(gap.reason)}"), (0, 0, 0, 2))
            yield Padding(Text(f"instead {plain(gap.fallback)}", style="dim"), (0, 0, 0, 4))
            yield Padding(Text(f"at risk {plain(gap.risk)}", style="dim"), (0, 0, 0, 4))
        yield Text()
    for row in comparison.exits:
        title = f"An exit from {plain(row.source)} to {plain(row.target)} would meet"
        yield Text(title, style="bold")
        for obstacle in row.obstacles:
            told = f"{obstacle.kind} {plain(obstacle.what)}: {plain(obstacle.why)}"
            yield Padding(Text(told), (0, 0, 0, 2))
        if not row.obstacles:
            yield Padding(Text("nothing that is known"), (0, 0, 0, 2))
        yield Text()
