"""An estimate: quantities times prices, between two numbers, and what has no price."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any

from havre.cost.prices import STALE_DAYS, UNITS
from havre.cost.quantities import NOTHING, Span
from havre.cost.unmatched import unmatched
from havre.cost.usage import used
from havre.plan.parts import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from havre.cost.prices import Price, PriceList
    from havre.cost.quantities import Quantities, Quantity
    from havre.cost.unmatched import UnmatchedEntry
    from havre.cost.usage import Usage


class Priced(StrEnum):
    """Whether a quantity counts in the total."""

    COUNTED = "counted"
    NO_AMOUNT = "no amount"
    NO_PRICE = "no price"


@dataclass(frozen=True)
class CostLine:
    """What one quantity costs a month.

    Attributes:
        quantity: how much of what.
        price: that of the list; None without one.
        cost: a month, in the list's currency; None where amount or price is missing.
    """

    quantity: Quantity
    price: Price | None
    cost: Span | None

    @property
    def priced(self) -> Priced:
        """Whether it counts, and if not, what is missing: the amount goes first."""
        if self.quantity.amount is None:
            return Priced.NO_AMOUNT
        return Priced.NO_PRICE if self.cost is None else Priced.COUNTED


@dataclass(frozen=True)
class Estimate:
    """What a plan costs a month, as far as prices and amounts are known.

    Attributes:
        provider: its name.
        currency: of every cost; empty where no list was given.
        lines: one a quantity, in the plan's order.
        without: how many resources of each type have no meter.
        placeholders: settings that the plan lacks, which may be part of an item.
        unmatched: prices of the provider and usage that count for nothing.
    """

    provider: str
    currency: str
    lines: tuple[CostLine, ...]
    without: Mapping[str, int]
    placeholders: tuple[str, ...] = ()
    unmatched: tuple[UnmatchedEntry, ...] = ()

    def of(self, priced: Priced) -> tuple[CostLine, ...]:
        """Lines that count, or lack the same."""
        return tuple(line for line in self.lines if line.priced is priced)

    @property
    def total(self) -> Span | None:
        """Of all that counts; None where nothing does."""
        return total(self.lines)

    @property
    def whole(self) -> bool:
        """Whether every quantity counts."""
        return bool(self.lines) and len(self.of(Priced.COUNTED)) == len(self.lines)

    def grouped(self) -> list[tuple[tuple[str, str], list[CostLine]]]:
        """Lines by part and site, parts in their order."""

        def place(line: CostLine) -> tuple[int, str]:
            return PARTS.index(line.quantity.part), line.quantity.site

        ordered = sorted(self.lines, key=place)
        groups = groupby(ordered, lambda line: (line.quantity.part, line.quantity.site))
        return [(key, list(lines)) for key, lines in groups]

    def as_dict(self) -> dict[str, Any]:
        """The estimate without its lines, as JSON-ready values; costs are per month."""
        return {
            "provider": self.provider,
            "currency": self.currency or None,
            "month": spanned(self.total),
            "complete": self.whole,
            "quantities": len(self.lines),
            **{each.name.lower(): len(self.of(each)) for each in Priced},
            "unmatched": [each.as_dict() for each in self.unmatched],
            "parts": {
                f"{part}/{site or NO_SITE}": spanned(total(lines))
                for (part, site), lines in self.grouped()
            },
        }

    def old(self, day: dt.date) -> tuple[Price, ...]:
        """Prices that count and were read more than `STALE_DAYS` before a day."""
        limit = day - dt.timedelta(days=STALE_DAYS)
        used = (line.price for line in self.of(Priced.COUNTED) if line.price is not None)
        return tuple(dict.fromkeys(price for price in used if price.read < limit))


DAYS = Decimal(365) / 12
"""Days of a month."""


@dataclass(frozen=True)
class DoubleRun:
    """What an exit costs while source and target run at the same time.

    Attributes:
        source: a month at the provider that is left.
        target: a month at the other.
        days: how long.
    """

    source: Estimate
    target: Estimate
    days: int

    @property
    def total(self) -> Span | None:
        """Of all that counts on both; None where nothing counts on one of them."""
        one, other = self.source.total, self.target.total
        if one is None or other is None:
            return None
        months = self.days / DAYS
        return (one + other) * Span(months, months)

    @property
    def whole(self) -> bool:
        """Whether every quantity of both counts."""
        return self.source.whole and self.target.whole


NO_SITE = "place not known"
"""In place of a site."""


def spanned(span: Span | None) -> dict[str, str] | None:
    """A range as JSON-ready values: decimals in text."""
    return None if span is None else {"low": str(span.low), "high": str(span.high)}


def total(lines: Iterable[CostLine]) -> Span | None:
    """The sum of what counts; None where nothing does."""
    counted = [line.cost for line in lines if line.cost is not None]
    return sum(counted, NOTHING) if counted else None


def estimate(
    provider: str,
    found: Quantities,
    prices: PriceList | None = None,
    usage: Sequence[Usage] = (),
    placeholders: tuple[str, ...] = (),
) -> Estimate:
    """What quantities cost a month.

    Args:
        provider: its name.
        found: what the plan would use.
        prices: None: quantities alone.
        usage: amounts that the plan does not decide.
        placeholders: settings that the plan lacks.
    """
    lines = tuple(_line(provider, used(each, usage), prices) for each in found.metered)
    currency = prices.currency if prices else ""
    ignored = tuple(unmatched(provider, found.metered, prices, usage))
    return Estimate(provider, currency, lines, found.without, placeholders, ignored)


def _line(provider: str, asked: Quantity, prices: PriceList | None) -> CostLine:
    price = prices.of(provider, asked) if prices else None
    if price is None or asked.amount is None:
        return CostLine(asked, price, None)
    often = UNITS[asked.measured][price.unit]
    each = Span(price.low * often, price.high * often)
    return CostLine(asked, price, asked.amount * each)
