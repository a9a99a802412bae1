"""Price lists: a file of the user's, in which each list has a source and a day.

Havre ships none: a price that nobody can look up proves nothing, and an old one misleads.
"""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads annotations at run time
from collections.abc import Mapping  # noqa: TC003 - likewise
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from havre.cost.meters import Measured
from havre.documents.breaches import Breach, DocumentRules
from havre.documents.records import Day, Text, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from havre.cost.quantities import Quantity

STALE_DAYS = 180
"""A price list that was read longer ago is said to be old."""
HOURS = Decimal(730)
"""Hours of a month: 365 days of 24 hours, divided by twelve."""
REMEDY = "A price has meter, unit and price (or low and high); its list has provider, source, read."


class PriceUnit(StrEnum):
    """What a price is for."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    GIB_MONTH = "GiB-month"
    GIB_HOUR = "GiB-hour"
    GB_MONTH = "GB-month"
    GB_HOUR = "GB-hour"
    MOVED = "GiB"
    CALLED = "10,000 calls"


GIB_IN_GB = Decimal(2**30) / 10**9
_STORED = {
    PriceUnit.GIB_MONTH: Decimal(1),
    PriceUnit.GIB_HOUR: HOURS,
    PriceUnit.GB_MONTH: GIB_IN_GB,
    PriceUnit.GB_HOUR: GIB_IN_GB * HOURS,
}
UNITS: Mapping[Measured, Mapping[PriceUnit, Decimal]] = {
    Measured.TIME: {
        PriceUnit.HOUR: HOURS,
        PriceUnit.DAY: HOURS / 24,
        PriceUnit.MONTH: Decimal(1),
    },
    Measured.STORED: _STORED,
    Measured.STORED_GB: {unit: often / GIB_IN_GB for unit, often in _STORED.items()},
    Measured.MOVED: {PriceUnit.MOVED: Decimal(1)},
    Measured.CALLED: {PriceUnit.CALLED: Decimal(1)},
}
"""How often a unit is paid in a month, by what is counted."""


@dataclass(frozen=True)
class Price:
    """A price, as its list says.

    Attributes:
        provider: whose.
        meter: id of the meter.
        item: which item; empty: any.
        region: the provider's own name of the region; empty: any.
        unit: what it is for.
        low: in the file's currency, without tax.
        high: the same, or what it is at most.
        source: where the list stands.
        read: when it was read.
        where: file and line of the price.
    """

    provider: str
    meter: str
    item: str
    region: str
    unit: PriceUnit
    low: Decimal
    high: Decimal
    source: str
    read: dt.date
    where: str = ""

    def fits(self, provider: str, asked: Quantity) -> bool:
        """Whether it is the price of a quantity."""
        return (
            (self.provider, self.meter) == (provider, asked.meter)
            and self.item in {"", asked.item}
            and self.region.lower() in {"", asked.region.lower()}
            and self.unit in UNITS[asked.measured]
        )


@dataclass(frozen=True)
class PriceList:
    """What a file of prices contains.

    Attributes:
        currency: ISO 4217 code of every price in it.
        prices: in the file's order.
    """

    currency: str
    prices: tuple[Price, ...]

    def of(self, provider: str, asked: Quantity) -> Price | None:
        """The price that names most of a quantity: its item, then its region; None without one."""
        found = [each for each in self.prices if each.fits(provider, asked)]
        return max(found, key=lambda p: (bool(p.item), bool(p.region)), default=None)


class _PriceSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class _Price(_PriceSection):
    model_config = ConfigDict(title="Price")

    meter: Text = Field(description="Id of the meter, as `havre cost` prints it")
    item: str = Field(default="", description="Item, as `havre cost` prints it; without it, any")
    region: str = Field(default="", description="Region of the provider; without it, any")
    unit: PriceUnit = Field(description="What the price is for")
    price: Amount | None = Field(default=None, description="The price, without tax")
    low: Amount | None = Field(default=None, description="Or: the price at least")
    high: Amount | None = Field(default=None, description="And at most")


class _List(_PriceSection):
    model_config = ConfigDict(title="List")

    provider: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+$")] = Field(
        description="Name of the provider; `havre providers` names them"
    )
    source: Text = Field(description="Where the prices were read, such as an address")
    read: Day = Field(description="The day on which they were read, YYYY-MM-DD")
    prices: tuple[_Price, ...] = Field(description="One entry per price")


class _Prices(_PriceSection):
    model_config = ConfigDict(title="Prices")

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(
        description="ISO 4217 code of all prices in the file, such as EUR"
    )
    lists: tuple[_List, ...] = Field(description="One entry per price list")


_STAND_INS: dict[str, Any] = {
    "currency": "EUR",
    "lists": [
        {
            "provider": "stand-in",
            "source": "-",
            "read": "2000-01-01",
            "prices": [{"meter": "-", "unit": "hour", "price": "0"}],
        }
    ],
}


def _told(file: _Prices) -> Iterator[Breach]:
    """Each price is one number, or two of which the second is not less."""
    for place, price in _each(file):
        single, both = price.price is not None, price.low is not None and price.high is not None
        paths = tuple((*place, name) for name in ("price", "low", "high"))
        if single == both or (single and (price.low is not None or price.high is not None)):
            yield Breach(place, "needs either price, or low and high", "Give one of them.", paths)
        elif price.low is not None and price.high is not None and price.high < price.low:
            yield Breach((*place, "high"), "is less than low", "Exchange them.", paths)


def _once(file: _Prices) -> Iterator[Breach]:
    """No two prices of a provider are for the same."""
    seen: dict[tuple[str, ...], tuple[str | int, ...]] = {}
    for place, price in _each(file):
        provider = file.lists[int(place[1])].provider
        key = (provider, price.meter, price.item, price.region.lower())
        first = seen.setdefault(key, place)
        if first != place:
            problem = f"is for the same as lists[{first[1]}].prices[{first[3]}]"
            paths = tuple(
                (*each, name) for each in (first, place) for name in ("meter", "item", "region")
            )
            yield Breach(place, problem, "Delete one of the two.", paths)


def _each(file: _Prices) -> Iterator[tuple[tuple[str | int, ...], _Price]]:
    for index, found in enumerate(file.lists):
        for number, price in enumerate(found.prices):
            yield ("lists", index, "prices", number), price


def _past(day: dt.date, file: _Prices) -> Iterator[Breach]:
    """Nobody has read a list tomorrow."""
    for index, found in enumerate(file.lists):
        if found.read > day:
            place = ("lists", index, "read")
            yield Breach(place, "is in the future", "Give the day on which it was read.", (place,))


def load_prices(path: Path, day: dt.date) -> PriceList:
    """The prices in a file.

    Args:
        path: YAML with `currency` and a list `lists`.
        day: today, or the day for which an estimate is made.

    Raises:
        InputError: it cannot be read or is not valid; every fault is named with its line.
    """
    rules = DocumentRules[_Prices]((_told, _once, lambda file: _past(day, file)), _STAND_INS)
    document = read_document(path)
    found = document.validate(_Prices, REMEDY, rules=rules)
    return PriceList(
        found.currency,
        tuple(
            Price(
                each.provider,
                price.meter,
                price.item,
                price.region,
                price.unit,
                _first(price.price, price.low),
                _first(price.price, price.high),
                each.source,
                each.read,
                f"{path}:{document.line(('lists', index, 'prices', number))}",
            )
            for index, each in enumerate(found.lists)
            for number, price in enumerate(each.prices)
        ),
    )


def _first(*numbers: Decimal | None) -> Decimal:
    return next(number for number in numbers if number is not None)
