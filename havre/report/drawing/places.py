"""Where every copy lies on one side: countries, regions in them, and whose law is over all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.facts.model import OF_DATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.compare import Comparison, Side
    from havre.policy.findings import Whereabouts


@dataclass(frozen=True)
class Mark:
    """The copies of one kind in a region.

    Attributes:
        copy: their kind, such as `primary`.
        count: how many resources have one there; 0 where none has.
        implied: how many of them come there by implication.
    """

    copy: str
    count: int
    implied: int

    @property
    def hollow(self) -> bool:
        """Whether all of them come there by implication."""
        return 0 < self.count == self.implied


@dataclass(frozen=True)
class Region:
    """A region of a side, with a mark for every kind of copy."""

    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Country:
    """A country where data lie on any side.

    Attributes:
        name: ISO 3166-1 alpha-2; None where it is not known.
        allowed: whether the spec allows it.
    """

    name: str | None
    allowed: bool


@dataclass(frozen=True)
class Panel:
    """A country on one side: the regions where something lies; empty where nothing does."""

    country: Country
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Frame:
    """What the maps of all sides have in common, so that the same stands in the same place.

    Attributes:
        countries: those allowed first, those not known last.
        unplaced: whether the place of anything on any side is not known.
    """

    countries: tuple[Country, ...]
    unplaced: bool


def framed(comparison: Comparison) -> Frame:
    """What the maps of all sides have in common."""
    allowed = comparison.spec.residency.countries
    names = {lies.country for side in comparison.sides for lies in side.result.lies}
    countries = [Country(name, name in allowed) for name in names]
    countries.sort(key=lambda each: (not each.allowed, each.name is None, each.name or ""))
    return Frame(tuple(countries), any(side.result.unplaced for side in comparison.sides))


def panels(side: Side, frame: Frame) -> list[Panel]:
    """The map of one side.

    Args:
        side: whose copies.
        frame: of all sides.
    """
    return [Panel(country, _regions(side, country)) for country in frame.countries]


def _regions(side: Side, country: Country) -> tuple[Region, ...]:
    """Regions of a country; names of one region may differ in their letters' case."""
    placed: dict[str, list[Whereabouts]] = defaultdict(list)
    for lies in side.result.lies:
        if lies.country == country.name:
            alike = (name for name in placed if name.casefold() == lies.region.casefold())
            placed[next(alike, lies.region)].append(lies)
    return tuple(Region(name, _marks(found)) for name, found in placed.items())


def _marks(found: Sequence[Whereabouts]) -> tuple[Mark, ...]:
    return tuple(_mark(copy.value, [m for m in found if m.copy == copy.value]) for copy in OF_DATA)


def _mark(copy: str, found: Sequence[Whereabouts]) -> Mark:
    return Mark(copy, sum(each.resources for each in found), sum(each.implied for each in found))
