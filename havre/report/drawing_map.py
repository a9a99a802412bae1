"""Where every copy lies on one side: countries, regions in them, and whose law is over all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.facts.model import OF_DATA
from havre.report.drawing import (
    SMALL,
    TITLE,
    WIDTH,
    Box,
    element,
    group,
    path,
    picture,
    rectangle,
    sample,
    text,
    wrapped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from havre.compare import Comparison, Side
    from havre.policy.findings import Lies

COPIES = tuple(copy.value for copy in OF_DATA)
FIRST, STEP = 142, 46
"""Where the marks of the first kind stand, and how far apart kinds are."""
HEAD, ROW, FOOT = 30, 42, 8
"""Heights: of a country's name, of a region, below the last."""
LINE = 16
"""From one line of the laws to the next."""
NOBODY = "a country not known"


@dataclass(frozen=True)
class Country:
    """A panel of the map, as high on every side.

    Attributes:
        name: ISO 3166-1 alpha-2; None where it is not known.
        allowed: whether the spec allows it.
        rows: most regions that a side has there.
    """

    name: str | None
    allowed: bool
    rows: int

    @property
    def height(self) -> float:
        """Of its panel."""
        return HEAD + self.rows * ROW + FOOT


@dataclass(frozen=True)
class Frame:
    """What the maps of all sides have in common, so that the same stands in the same place.

    Attributes:
        panels: every country where anything lies on any side, those allowed first.
        lines: most lines that the laws of a side take.
        unplaced: whether anything on any side does not tell where it lies.
    """

    panels: tuple[Country, ...]
    lines: int
    unplaced: bool

    @property
    def top(self) -> float:
        """Where the countries begin: above are the laws and the kinds of copies."""
        return 60 + LINE * self.lines


def framed(comparison: Comparison) -> Frame:
    """What the maps of all sides have in common."""
    return Frame(
        tuple(_countries(comparison)),
        max(len(_laws(side)) for side in comparison.sides),
        any(side.result.unplaced for side in comparison.sides),
    )


def _laws(side: Side) -> list[str]:
    laws = ", ".join(side.provider.operator.laws) or "none but the user's own"
    return wrapped(f"Law: {laws}", WIDTH - 28, TITLE, 3)


def _countries(comparison: Comparison) -> list[Country]:
    allowed = comparison.spec.residency.countries
    most: dict[str | None, int] = defaultdict(int)
    for side in comparison.sides:
        for country, regions in _regions(side.result.lies).items():
            most[country] = max(most[country], len(regions))
    panels = [Country(name, name in allowed, rows) for name, rows in most.items()]
    return sorted(panels, key=lambda each: (not each.allowed, each.name is None, each.name or ""))


def _regions(found: Sequence[Lies]) -> dict[str | None, dict[str, list[Lies]]]:
    """Copies by country and region; names of one region may differ in their letters' case."""
    placed: dict[str | None, dict[str, list[Lies]]] = defaultdict(lambda: defaultdict(list))
    for lies in found:
        regions = placed[lies.country]
        alike = (name for name in regions if name.casefold() == lies.region.casefold())
        regions[next(alike, lies.region)].append(lies)
    return placed


def drawn(side: Side, frame: Frame, identifier: str) -> Markup:
    """The map of a side.

    Args:
        side: whose copies.
        frame: of all sides.
        identifier: unique on the page.
    """
    y, body = frame.top, list(_law(side, frame.top))
    placed = _regions(side.result.lies)
    for panel in frame.panels:
        box = Box(10, y, WIDTH - 20, panel.height)
        body.append(group(_panel(panel, box, placed.get(panel.name, {}))))
        y = box.bottom + 8
    if frame.unplaced:
        box = Box(10, y, WIDTH - 20, 36)
        body.append(group(_untold(side, box)))
        y = box.bottom + 8
    body.insert(0, rectangle(Box(2, 2, WIDTH - 4, y - 2), "law", 8))
    return picture(identifier, f"Places on {side.name}", list(_told(side)), body, y + 4)


def _law(side: Side, top: float) -> Iterator[Markup]:
    """Who can be compelled, and by which laws: over everything that lies below."""
    operator = side.provider.operator
    yield text(14, 22, f"Operator: {operator.entity}", WIDTH - 28, klass="t s", size=SMALL)
    for number, line in enumerate(_laws(side)):
        yield text(14, 41 + LINE * number, line, WIDTH - 28, klass="t name", size=TITLE)
    for number, copy in enumerate(COPIES):
        x = FIRST + number * STEP
        yield text(x, top - 9, copy, STEP + 6, klass="t s middle", size=SMALL)


def _panel(panel: Country, box: Box, regions: dict[str, list[Lies]]) -> Iterator[Markup]:
    klass = "country" if regions else "country none"
    yield rectangle(box, klass, 6)
    name = panel.name or "Country not known"
    yield text(box.x + 10, box.y + 19, name, 200, klass="t name", size=TITLE)
    said = "\u2713 allowed" if panel.allowed else "\u2715 not allowed"
    if regions:
        word = "t end yes" if panel.allowed else "t end no"
        yield text(box.right - 10, box.y + 19, said, 120, klass=word)
    else:
        yield text(box.right - 10, box.y + 19, "nothing here", 120, klass="t end faint")
    for number, (region, found) in enumerate(regions.items()):
        yield from _region(region, found, box.x + 10, box.y + HEAD + number * ROW)


def _region(region: str, found: list[Lies], x: float, y: float) -> Iterator[Markup]:
    yield path(f"M{x:g} {y:g}H{WIDTH - 20}", "rule")
    name = region or "not named"
    yield group([text(x, y + 21, name, FIRST - 38, klass="t strong")], title=f"region {name}")
    for number, copy in enumerate(COPIES):
        mine = [lies for lies in found if lies.copy == copy]
        if mine:
            count, implied = sum(m.resources for m in mine), sum(m.implied for m in mine)
            yield _mark(copy, FIRST + number * STEP, y + 17, count, implied)


def _mark(copy: str, x: float, y: float, count: int, implied: int) -> Markup:
    """A mark with its count; hollow where all came by implication, and told where some did."""
    hollow = implied == count
    klass = "mark implied" if hollow else "mark"
    children = [
        element("circle", cx=float(x), cy=float(y), r=12.0, klass=klass),
        text(x, y + 4, count, 40, klass=f"t strong middle count{' hollow' if hollow else ''}"),
    ]
    if implied and copy:
        children.append(text(x, y + 22.5, f"{implied} impl.", STEP, klass="t xs middle", size=9))
    told = f"{count} {copy}, {implied} of them implied" if implied else f"{count} {copy}"
    return group(children, title=told if copy else "")


def _untold(side: Side, box: Box) -> Iterator[Markup]:
    count = side.result.unplaced
    yield rectangle(box, "country unsure" if count else "country none", 6)
    word = "resource does not" if count == 1 else "resources do not"
    said = f"? {count} {word} tell where" if count else "Everything tells where it lies"
    yield text(box.x + 10, box.y + 23, said, box.width - 20, klass="t" if count else "t faint")


def _told(side: Side) -> Iterator[str]:
    for lies in side.result.lies:
        where = f"{lies.region or 'no region'} in {lies.country or NOBODY}"
        implied = f", {lies.implied} of them implied" if lies.implied else ""
        yield f"{lies.copy} in {where}: {lies.resources}{implied}."
    if side.result.unplaced:
        yield f"{side.result.unplaced} that do not tell where they lie."


def legend() -> list[tuple[Markup, str]]:
    """What the marks of the map mean."""
    return [
        (
            sample(_mark("", 14, 14, 3, 0), 28, 28),
            "copies of that kind, by the number of resources",
        ),
        (
            sample(_mark("", 14, 14, 3, 3), 28, 28),
            "all of them come there by implication; of others, the number below (impl.)",
        ),
    ]
