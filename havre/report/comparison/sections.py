"""The comparison as titles, rows and cells: what every text shows, before it is written.

Texts are as they come, from providers and plans: a writer makes them inert.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.compare.answers import answers, unmet_of
from havre.report.cost import month
from havre.report.findings import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from havre.capabilities import Gap, Supported
    from havre.compare import Comparison
    from havre.compare.model import ControlCell, Copies, Counterpart, ExitRow, ResourceRow
    from havre.policy.qualifications import Claim

COUNTED = ("pass", "fail", "unknown", "warning", "waived", "not-applicable")
"""Results of controls that the totals count."""


@dataclass(frozen=True)
class Cell:
    """What one provider has in a row.

    Attributes:
        text: what there is to read.
        status: result or support that goes before the text; empty: the cell has none.
        tone: result or support whose colour the text has, or `NOTHING`; empty: no colour.
        items: settings that differ, each a name and a value.
    """

    text: str = ""
    status: str = ""
    tone: str = ""
    items: tuple[tuple[str, str], ...] = ()


NOTHING = "nothing"
"""Tone of a cell of a provider that has nothing for a row."""


@dataclass(frozen=True)
class Row:
    """A label and a cell for each provider."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class TitledRows:
    """Rows under a title."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Listed:
    """Lines under a title, where there is no cell for each provider."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ComparisonRows:
    """The comparison, ready to be written.

    Attributes:
        title: warehouse, providers and day.
        sentences: the answers that a reader needs first.
        names: of the providers, the heads of the columns.
        sections: totals, places, controls and capabilities.
        exits: what leaving each provider for each other meets.
        resources: what plays the same role on each provider.
        gaps: of each provider, by its name.
    """

    title: str
    sentences: tuple[str, ...]
    names: tuple[str, ...]
    sections: tuple[TitledRows, ...]
    exits: tuple[Listed, ...]
    resources: TitledRows
    gaps: tuple[tuple[str, tuple[Gap, ...]], ...]


def comparison_rows(comparison: Comparison) -> ComparisonRows:
    """The comparison as data for a writer."""
    spec = comparison.spec
    names = " | ".join(comparison.names)
    title = f"{spec.name} ({spec.environment.value}) on {names}, as of {comparison.as_of}"
    return ComparisonRows(
        title,
        tuple(answers(comparison)),
        comparison.names,
        (
            TitledRows("Totals", tuple(_totals(comparison))),
            TitledRows("Data location", tuple(_places(comparison))),
            TitledRows("Controls with different results", tuple(_controls(comparison))),
            TitledRows("Capabilities that differ", tuple(_capabilities(comparison))),
        ),
        tuple(_exit(row) for row in comparison.exits),
        TitledRows(
            "Resources by their role, and the settings that differ", tuple(_resources(comparison))
        ),
        tuple((side.name, side.gaps) for side in comparison.sides),
    )


def _row(label: str, cells: Iterable[Cell]) -> Row:
    return Row(label, tuple(cells))


def _totals(comparison: Comparison) -> Iterator[Row]:
    sides = comparison.sides
    yield _row("operator", (Cell(side.provider.operator.entity) for side in sides))
    laws = (", ".join(side.provider.operator.laws) or "none recorded" for side in sides)
    yield _row("laws", map(Cell, laws))
    claims = [{claim.scheme: claim for claim in side.result.claims} for side in sides]
    for scheme in dict.fromkeys(scheme for each in claims for scheme in each):
        name = next(words.scheme(each[scheme]) for each in claims if scheme in each)
        yield _row(name, (_claim(each.get(scheme)) for each in claims))
    yield _row("resources", (Cell(str(side.result.resources)) for side in sides))
    yield _row("gaps", (Cell(str(len(side.gaps))) for side in sides))
    yield _row("controls not met", map(Cell, unmet_of(comparison)))
    if any(side.cost for side in sides):
        yield _row("cost a month", (Cell(month(side.cost)) for side in sides))
    counts = [comparison.verdicts(number) for number in range(len(sides))]
    for verdict in COUNTED:
        yield _row(
            f"controls: {words.status(verdict)}",
            (Cell(str(each[verdict]), tone=verdict) for each in counts),
        )


def _claim(claim: Claim | None) -> Cell:
    if claim is None:
        return Cell("-", tone=NOTHING)
    return Cell(words.certified(claim))


def _places(comparison: Comparison) -> Iterator[Row]:
    for row in comparison.places:
        mark = "" if row.allowed else " (not allowed)"
        yield _row(
            f"{row.copy} in {row.country or 'an unknown country'}{mark}", map(_copies, row.cells)
        )


def _copies(cell: Copies | None) -> Cell:
    if cell is None:
        return Cell("-", tone=NOTHING)
    told = ", ".join(f"{name} ({count})" for name, count in cell.regions.items())
    return Cell(told + (f"; {cell.implied} implied" if cell.implied else ""))


def _controls(comparison: Comparison) -> Iterator[Row]:
    for row in comparison.controls:
        if row.differs:
            yield _row(row.control, map(_control, row.cells))


def _control(cell: ControlCell) -> Cell:
    return Cell(cell.why, status=cell.verdict)


def _capabilities(comparison: Comparison) -> Iterator[Row]:
    for row in comparison.capabilities:
        if row.differs:
            yield _row(row.capability, map(_answer, row.answers))


def _answer(answer: Supported | None) -> Cell:
    if answer is None:
        return Cell(status="unknown")
    return Cell(answer.reason, status=answer.support.value)


def _resources(comparison: Comparison) -> Iterator[Row]:
    for row in comparison.resources:
        cells = tuple(_counterpart(row, cell) for cell in row.cells)
        yield Row(f"{row.part}: {row.role}", cells)


def _counterpart(row: ResourceRow, cell: Counterpart | None) -> Cell:
    if cell is None:
        return Cell("none", tone=NOTHING)
    items = ((name, cell.settings.get(name, "")) for name in row.differing)
    return Cell(str(len(cell.resources)), items=tuple(item for item in items if item[1]))


def _exit(row: ExitRow) -> Listed:
    count = len(row.obstacles)
    met = f"{count} obstacle{'' if count == 1 else 's'}"
    lines = (f"{o.effect.value}: {o.kind.value} {o.what}: {o.why}" for o in row.obstacles)
    title = f"An exit from {row.source} to {row.target} would meet {met}"
    return Listed(title, tuple(lines) or ("nothing that is known",))
