"""An estimate of cost, for people and machines: never more exact than its prices and amounts."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from havre.cost.estimate import NO_SITE, Priced, spanned, total
from havre.cost.meters import Measured
from havre.cost.prices import HOURS, STALE_DAYS
from havre.cost.quantities import NOTHING
from havre.text import as_json, counted, inert, wrapped
from havre.text import distance as far

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from havre.cost.estimate import CostLine, DoubleRun, Estimate
    from havre.cost.quantities import Span

WIDTH, METER, ITEM, AMOUNT = 80, 25, 20, 16
"""Columns of the text and of its table; what a month costs has the rest."""


def cost_as_json(heading: str, found: Estimate, day: dt.date, both: DoubleRun | None = None) -> str:
    """The estimate as indented JSON; numbers are decimals in text, costs are per month."""
    return as_json(
        {
            "warehouse": heading,
            "as_of": day.isoformat(),
            **found.as_dict(),
            "lines": [_as_dict(line) for line in found.lines],
            "without_meter": dict(found.without),
            "missing_settings": list(found.placeholders),
            **({"double_run": _doubled(both)} if both else {}),
        }
    )


def _doubled(both: DoubleRun) -> dict[str, Any]:
    return {
        "days": both.days,
        "cost": spanned(both.total),
        "complete": both.whole,
        "target": both.target.as_dict(),
    }


def _as_dict(line: CostLine) -> dict[str, Any]:
    asked, price = line.quantity, line.price
    document: dict[str, Any] = {
        "resource": asked.name,
        "type": asked.type,
        "urn": asked.urn,
        "part": asked.part,
        "site": asked.site or None,
        "region": asked.region or None,
        "meter": asked.meter,
        "item": asked.item or None,
        "measured": asked.measured.value,
        "amount": spanned(asked.amount),
        "decided_by": asked.use or "plan",
        "counted": line.priced.value,
        "month": spanned(line.cost),
    }
    if price is not None:
        document["price"] = {
            "low": str(price.low),
            "high": str(price.high),
            "unit": price.unit.value,
            "source": price.source,
            "read": price.read.isoformat(),
        }
    return document


def between(span: Span, currency: str) -> str:
    """An amount of money in whole units: rounded down and up, so that it claims no more."""
    low, high = (
        number.to_integral_value(way)
        for number, way in ((span.low, ROUND_FLOOR), (span.high, ROUND_CEILING))
    )
    told = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f"{told} {currency}"


def month(found: Estimate | str) -> str:
    """What a month costs, in a cell: with how many quantities it is about."""
    if isinstance(found, str):
        return found
    many, counting = len(found.lines), len(found.of(Priced.COUNTED))
    money = between(found.total, found.currency) if found.total else "no price"
    return f"{money} ({counting} of {many} quantities)"


def verdict(found: Estimate) -> str:
    """The estimate in one line."""
    many, counting = len(found.lines), len(found.of(Priced.COUNTED))
    if not found.currency:
        return f"NO PRICES   {counted(many, 'quantity', 'quantities')}; Havre ships no price list"
    if found.total is None:
        return f"NO ESTIMATE   none of {counted(many, 'quantity', 'quantities')} has a price"
    money = between(found.total, found.currency)
    if found.whole:
        return f"ESTIMATE   {money} a month for all {many} quantities"
    return f"PART OF THE COST   {money} a month for {counting} of {many} quantities"


def cost_as_text(
    heading: str,
    found: Estimate,
    day: dt.date,
    both: DoubleRun | None = None,
    *,
    details: bool = False,
) -> str:
    """The estimate in lines of 80 columns, by part and site.

    Args:
        heading: the warehouse, its environment and its provider.
        found: the estimate.
        day: for which it is made.
        both: what an exit costs while another provider runs too.
        details: every resource apart, with the source of its price.
    """
    lines = [f"{heading}, {day}", "", verdict(found)]
    lines += _missing(found)
    if both:
        lines += ["", *_both(both)]
    for (part, site), group in found.grouped():
        sub = total(group)
        money = f", {between(sub, found.currency)} a month" if sub else ""
        lines += ["", f"{part}, {site or NO_SITE}{money}"]
        lines += _resources(group, found.currency) if details else _meters(group, found.currency)
    lines += _notes(found, day, details=details)
    return "\n".join(inert(line) for line in lines)


def cost_lines(found: Estimate) -> Iterator[str]:
    """The estimate in a few lines: in all, and by part and site."""
    yield ""
    yield verdict(found)
    for (part, site), lines in found.grouped():
        if sub := total(lines):
            yield f"  {part}, {site or NO_SITE}: {between(sub, found.currency)} a month"


def _both(both: DoubleRun) -> Iterator[str]:
    days = counted(both.days, "day", "days")
    money = between(both.total, both.source.currency) if both.total else "no estimate"
    part = "" if both.whole else ", a part of the cost"
    yield f"DOUBLE RUN   {money} for {days}{part}"
    yield from (f"  {each.provider}: {month(each)} a month" for each in (both.source, both.target))


def _missing(found: Estimate) -> Iterator[str]:
    unpriced, unknown = len(found.of(Priced.NO_PRICE)), found.of(Priced.NO_AMOUNT)
    if not found.currency:
        yield "Add price lists with a source and a date: --prices FILE"
    elif unpriced:
        yield f"No price for {counted(unpriced, 'quantity', 'quantities')}: add to --prices FILE"
    if unknown:
        many = counted(len(unknown), "quantity depends", "quantities depend")
        yield f"{many} on usage: add --usage FILE"


def _meters(group: Sequence[CostLine], currency: str) -> Iterator[str]:
    """A line a meter and item, of all resources together."""
    found: dict[tuple[str, str, Measured, Priced], list[CostLine]] = {}
    for line in group:
        asked = line.quantity
        found.setdefault((asked.meter, asked.item, asked.measured, line.priced), []).append(line)
    for (meter, item, measured, priced), lines in found.items():
        amounts = [line.quantity.amount for line in lines if line.quantity.amount]
        amount = _amount(sum(amounts, NOTHING), measured) if amounts else ""
        if priced is Priced.NO_AMOUNT:
            amount = f"usage in {_UNITS[measured]} ({len(lines)})"
        sub = total(lines)
        yield from _row(meter, item, amount, _money(sub, priced, currency))


def _resources(group: Sequence[CostLine], currency: str) -> Iterator[str]:
    for line in group:
        asked = line.quantity
        usage = f"usage in {_UNITS[asked.measured]}"
        amount = usage if asked.amount is None else _amount(asked.amount, asked.measured)
        money = _money(line.cost, line.priced, currency)
        yield from _row(asked.meter, asked.item, amount, money)
        yield f"      {asked.name}"
        if asked.amount is None:
            yield f"      decided by {asked.use}"
        if line.price is not None:
            yield f"      {line.price.source}, read {line.price.read}"


def _money(span: Span | None, priced: Priced, currency: str) -> str:
    if span is not None:
        return between(span, currency)
    return priced.value if currency and priced is Priced.NO_PRICE else ""


def _row(meter: str, item: str, amount: str, money: str) -> Iterator[str]:
    """One line, or two where the item is longer than its column: it is never cut."""
    if len(item) >= ITEM:
        yield f"  {meter:<{METER}}{item}"
        meter, item = "", ""
    yield f"  {meter:<{METER}}{item:<{ITEM}}{amount:<{AMOUNT}} {money}".rstrip()


def _amount(amount: Span, measured: Measured) -> str:
    told = _plain(amount.low)
    if amount.low != amount.high:
        told += f" to {_plain(amount.high)}"
    return told if measured is Measured.TIME else f"{told} {_UNITS[measured]}"


_UNITS = {
    Measured.TIME: "pieces",
    Measured.STORED: "GiB",
    Measured.STORED_GB: "GB",
    Measured.MOVED: "GiB moved",
    Measured.CALLED: "10,000 calls",
}


def _plain(number: Decimal) -> str:
    return f"{number.normalize():,f}"


def _notes(found: Estimate, day: dt.date, *, details: bool) -> Iterator[str]:
    """What an estimate does not show."""
    yield ""
    yield f"A month has {HOURS} hours. Taxes, discounts and support are not part of it."
    many = sum(found.without.values())
    if many:
        told = counted(many, "resource has no meter", "resources have no meter")
        yield f"{told} here, which does not say that they are free{':' if details else '.'}"
    if details:
        yield from (f"  {number} {kind}" for kind, number in found.without.items())
    for each in found.unmatched:
        told = f"Not used: {each.kind} {each.entry} ({each.where}): {each.reason}"
        yield from wrapped(f"{told.rstrip('?.')}{'?' if told.endswith('?') else '.'}", WIDTH)
    for price in found.old(day):
        yield (
            f"Old price: {price.meter}, read {price.read} ({far(price.read, day)}; "
            f"more than {STALE_DAYS} days)"
        )
    if found.placeholders:
        told = f"Settings that are not given: {', '.join(found.placeholders)}."
        yield from wrapped(told, WIDTH)
    if not details:
        yield "With --details: every resource, and the source of each price."
