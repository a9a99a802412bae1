"""HTML: the comparison as one page that needs nothing else, in a browser and on paper."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.compare.answers import answers, changed, turned, unmet_of
from havre.facts.model import OF_DATA
from havre.policy.findings import VERDICTS
from havre.policy.model import Severity
from havre.provider import Support
from havre.report.cost import month
from havre.report.drawing import coverage, places
from havre.report.drawing.parts import Layout, plan_of
from havre.report.findings import answers as told
from havre.report.findings import page, words
from havre.text import relative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.compare import Comparison, Side
    from havre.compare.model import ControlRow, ExitRow
    from havre.policy.qualifications import Claim

NAMED = 60
"""Names of resources in one cell; more are counted."""


@dataclass(frozen=True)
class View:
    """A side on the page.

    Attributes:
        side: what is shown.
        plan: its parts.
        verdicts: how many controls bear each verdict.
        supports: how many capabilities bear each answer.
        panels: its map, country by country.
        bars: its controls, family by family.
        unmet: how many controls are not met, and how many of those are waived.
    """

    side: Side
    plan: Layout
    verdicts: dict[str, int]
    supports: dict[str, int]
    panels: list[places.Panel]
    bars: list[coverage.Bar]
    unmet: str

    @property
    def name(self) -> str:
        """Name of the side."""
        return self.side.name


@dataclass(frozen=True)
class Move:
    """What leaving one side for another changes.

    Attributes:
        row: what an exit would meet.
        lost, gained: capabilities.
        missed: controls that hold before and not after.
        met: controls that hold after and not before.
    """

    row: ExitRow
    lost: list[str]
    gained: list[str]
    missed: list[str]
    met: list[str]

    @property
    def anchor(self) -> str:
        """Where it stands on the page."""
        return page.anchor(f"exit-{self.row.source}-{self.row.target}")


def render(comparison: Comparison) -> str:
    """The comparison as one HTML page.

    Args:
        comparison: what is compared.
    """
    frame = places.framed(comparison)
    return page.written(
        "compare.html",
        comparison=comparison,
        file=relative(comparison.file),
        sentences=answers(comparison),
        views=list(_views(comparison, frame)),
        moves=list(_moves(comparison)),
        controls=_ordered(comparison),
        titles={row.control: row.title for row in comparison.controls},
        families=coverage.families(comparison),
        frame=frame,
        coverage=_coverage(comparison),
        parts=list(dict.fromkeys(row.part for row in comparison.resources)),
        verdicts=VERDICTS,
        supports=[support.value for support in Support],
        copies=[copy.value for copy in OF_DATA],
        severities=[severity.value for severity in Severity],
        told=told,
        words=words,
        covered=covered,
        dated=dated,
        described=coverage.described,
        named=NAMED,
        month=month,
    )


def _views(comparison: Comparison, frame: places.Frame) -> Iterator[View]:
    missed = unmet_of(comparison)
    for number, side in enumerate(comparison.sides):
        plan = plan_of(side, comparison.spec)
        verdicts = comparison.verdicts(number)
        given = (row.answers[number] for row in comparison.capabilities)
        supports = Counter(answer.support if answer else Support.UNKNOWN for answer in given)
        yield View(
            side,
            plan,
            {word: verdicts[word] for word in coverage.BEST},
            {support.value: supports[support] for support in Support},
            places.panels(side, frame),
            coverage.bars(comparison, number),
            missed[number],
        )


def _moves(comparison: Comparison) -> Iterator[Move]:
    numbers = {name: number for number, name in enumerate(comparison.names)}
    for row in comparison.exits:
        before, after = numbers[row.source], numbers[row.target]
        lost, gained = changed(comparison, before, after)
        met, missed = turned(comparison, before, after)
        yield Move(row, lost, gained, missed, met)


def _ordered(comparison: Comparison) -> list[ControlRow]:
    """Controls on which the sides differ first, the gravest of them before the others."""
    return sorted(comparison.controls, key=lambda row: (not row.differs, row.severity.rank))


def _coverage(comparison: Comparison) -> list[tuple[str, list[Counter[str]]]]:
    """Verdicts by family and side."""
    sides = [coverage.counted(comparison, n) for n in range(len(comparison.sides))]
    return [(name, [side[name] for side in sides]) for name in coverage.families(comparison)]


def covered(claim: Claim) -> str:
    """How many products lie within a certificate."""
    products = len(claim.inside) + len(claim.outside) + len(claim.undecided)
    parts = [f"{len(claim.inside) or 'none'} of {words.many(products, 'product')}"]
    if claim.undecided:
        parts.append(f"{len(claim.undecided)} not evaluated")
        if claim.outside:
            parts.append(f"{len(claim.outside)} not {claim.awarded}")
    return ", ".join(parts)


def dated(claim: Claim) -> Iterator[str]:
    """Until when a certificate holds, and when that was read."""
    if claim.inside:
        yield f"until {claim.until}" if claim.until else "no end named"
    if claim.read_on:
        yield f"read on {claim.read_on}"
