"""How much of what a plan would use: one line a meter of a resource."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from havre.facts.values import Known
from havre.plan.parts import part_of
from havre.plan.values import UNKNOWN, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.cost.meters import Measured, Metered, MeterTable
    from havre.facts import Facts
    from havre.plan import Plan, PlannedResource

NOT_TOLD = "not known from the plan"
"""In place of an item that the plan withholds or leaves to the provider."""
_ZONE = re.compile(r"-[a-z0-9]$")
"""End of an availability zone's name, such as `eu-west-par-a` or `fr-par-1`."""
ITEMS = " / "
"""Between the parts of an item."""


@dataclass(frozen=True)
class Span:
    """A number between two others; both are the same where it is known exactly."""

    low: Decimal
    high: Decimal

    def __mul__(self, other: Span) -> Span:
        return Span(self.low * other.low, self.high * other.high)

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)


NOTHING, ONE = Span(Decimal(0), Decimal(0)), Span(Decimal(1), Decimal(1))


@dataclass(frozen=True)
class Quantity:
    """How much is metered of one resource.

    Attributes:
        urn: the resource.
        type: its type token.
        name: its logical name.
        part: of the warehouse.
        site: logical place; empty where its region is none of the provider's sites'.
        region: the provider's own name of the region; empty where the plan tells none.
        meter: id of the meter.
        measured: in what it is counted.
        item: which item of a price list applies; empty where the meter has one only.
        amount: pieces or GiB; None where use decides it or the plan does not tell it.
        use: what decides the amount where the plan does not.
    """

    urn: str
    type: str
    name: str
    part: str
    site: str
    region: str
    meter: str
    measured: Measured
    item: str
    amount: Span | None
    use: str


@dataclass(frozen=True)
class Quantities:
    """How much a plan would use.

    Attributes:
        metered: one a meter of a resource, in the plan's order.
        without: how many resources of each type have no meter. They are not said to be free.
    """

    metered: tuple[Quantity, ...]
    without: Mapping[str, int]


def quantities(plan: Plan, table: MeterTable, facts: Facts, sites: Mapping[str, str]) -> Quantities:
    """What a plan would use of what its provider meters.

    Args:
        plan: from whatever source.
        table: the provider's meters.
        facts: of the plan, for where a resource lies.
        sites: logical place by region, in lower case.
    """
    metered: list[Quantity] = []
    without: dict[str, int] = {}
    for resource in plan.resources:
        if not resource.made or resource.external:
            continue
        meters = table.types.get(resource.type)
        if meters is None:
            without[resource.type] = without.get(resource.type, 0) + 1
            continue
        region = _region(resource, facts)
        place = (_site(region.lower(), sites), region)
        metered += [found for meter in meters for found in _metered(resource, meter, place)]
    return Quantities(tuple(metered), dict(sorted(without.items())))


def _site(region: str, sites: Mapping[str, str]) -> str:
    """The logical place of a region, or of an availability zone: a region's name and a letter."""
    return sites.get(region) or sites.get(_ZONE.sub("", region), "")


def _region(resource: PlannedResource, facts: Facts) -> str:
    """Where a resource lies: the first place that the plan names of it, or of what it needs."""
    needed = (urn for _, urns in sorted(resource.property_dependencies.items()) for urn in urns)
    for urn in (resource.urn, *needed):
        for fact in facts.about(urn):
            places = fact.places.value if isinstance(fact.places, Known) else ()
            named = [each.region for each in places if each.region and not each.implied]
            if named:
                return named[0]
    return ""


def _metered(
    resource: PlannedResource, meter: Metered, place: tuple[str, str]
) -> Iterator[Quantity]:
    site, region = place
    for inputs in _entries(resource.inputs, meter.over):
        amount = None if meter.use else _amount(inputs, meter)
        yield Quantity(
            resource.urn,
            resource.type,
            resource.name,
            part_of(resource.urn),
            site,
            region,
            meter.meter,
            meter.measured,
            ITEMS.join(_item(_at(inputs, path)) for path in meter.item),
            amount,
            meter.use or ("" if amount else NOT_TOLD),
        )


def _entries(inputs: Mapping[str, Any], over: str) -> list[Any]:
    """The resource's inputs, or the entries of one of its lists; what is withheld is one entry."""
    if not over:
        return [inputs]
    found = _at(inputs, over)
    if found is None:
        return []
    return list(found) if isinstance(found, (list, tuple)) else [UNKNOWN]


def _at(value: Any, path: str) -> Any:
    """The value at a dotted path; None where nothing is set. A secret is not known."""
    for key in path.split("."):
        if value is UNKNOWN or isinstance(value, Secret):
            return UNKNOWN
        value = value.get(key) if isinstance(value, dict) else None
    return UNKNOWN if isinstance(value, Secret) else value


def _item(value: Any) -> str:
    if value is None or isinstance(value, (dict, list, tuple)) or value is UNKNOWN:
        return NOT_TOLD
    return str(value)


def _number(value: Any) -> Decimal | None:
    """A size, or a list's length; None for whatever is neither, or less than nothing."""
    if isinstance(value, (list, tuple)):
        return Decimal(len(value))
    if not isinstance(value, (int, float, str)):
        return None
    try:
        found = Decimal(str(value))
    except ArithmeticError:
        return None
    return found if found.is_finite() and found >= 0 else None


def _product(inputs: Any, paths: tuple[str, ...]) -> Decimal | None:
    product = Decimal(1)
    for path in paths:
        number = _number(_at(inputs, path))
        if number is None:
            return None
        product *= number
    return product


def _amount(inputs: Any, meter: Metered) -> Span | None:
    low = _product(inputs, meter.each)
    if low is None:
        return None
    high = _product(inputs, meter.most) if meter.most else None
    factor = Decimal(1)
    for path, by_value in meter.times.items():
        value = _at(inputs, path)
        found = by_value.get("" if value is None else str(value))
        if found is None:
            return None
        factor *= found
    return Span(low * factor, max(low, high or low) * factor)
