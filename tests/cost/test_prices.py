"""Price lists and usage: each price has a source and a day, and no estimate claims more."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from havre.cost.estimate import Estimate, Priced, estimate
from havre.cost.meters import Measured
from havre.cost.prices import HOURS, PriceList, load_prices
from havre.cost.quantities import Quantities, Quantity, Span
from havre.cost.usage import load_usage
from havre.errors import InputError
from havre.report.cost import between

DAY = dt.date(2026, 11, 30)
HEAD = (
    "currency: EUR\nlists:\n  - provider: paper\n    source: the stationer\n    read: 2026-11-01\n"
)


def prices(folder: Path, *entries: str, head: str = HEAD) -> PriceList:
    file = folder / "prices.yaml"
    file.write_text(head + "    prices:\n" + "".join(f"      - {{{each}}}\n" for each in entries))
    return load_prices(file, DAY)


def quantity(
    amount: Span | None, measured: Measured = Measured.TIME, item: str = "a", region: str = "par"
) -> Quantity:
    return Quantity("urn", "t", "sheet", "zones", "", region, "m", measured, item, amount, "use")


def span(low: str, high: str = "") -> Span:
    return Span(Decimal(low), Decimal(high or low))


def estimated(found: PriceList | None, *quantities: Quantity, provider: str = "paper") -> Estimate:
    return estimate(provider, Quantities(quantities, {}), found)


@pytest.mark.parametrize(
    ("measured", "unit", "month"),
    [
        (Measured.TIME, "hour", HOURS),
        (Measured.TIME, "day", Decimal(365) / 12),
        (Measured.TIME, "month", Decimal(1)),
        (Measured.STORED, "GiB-month", Decimal(1)),
        (Measured.STORED, "GiB-hour", HOURS),
        (Measured.STORED, "GB-month", Decimal("1.073741824")),
        (Measured.STORED_GB, "GB-hour", HOURS),
        (Measured.STORED_GB, "GiB-month", 1 / Decimal("1.073741824")),
        (Measured.MOVED, "GiB", Decimal(1)),
        (Measured.CALLED, '"10,000 calls"', Decimal(1)),
    ],
)
def test_a_month_costs_the_price_times_its_units(
    tmp_path: Path, measured: Measured, unit: str, month: Decimal
) -> None:
    found = prices(tmp_path, f"meter: m, unit: {unit}, price: 2")
    (line,) = estimated(found, quantity(span("3"), measured)).lines
    assert line.cost is not None
    assert float(line.cost.low) == pytest.approx(float(6 * month))


def test_a_price_in_a_unit_that_does_not_measure_it_is_no_price(tmp_path: Path) -> None:
    found = prices(tmp_path, "meter: m, unit: GiB-month, price: 2")
    assert estimated(found, quantity(span("3"))).lines[0].priced is Priced.NO_PRICE


@pytest.mark.parametrize(
    ("item", "region", "price"),
    [("a", "PAR", "4"), ("a", "gra", "3"), ("b", "par", "2"), ("b", "gra", "1")],
)
def test_the_price_that_names_most_counts(
    tmp_path: Path, item: str, region: str, price: str
) -> None:
    found = prices(
        tmp_path,
        "meter: m, unit: month, price: 1",
        "meter: m, region: PAR, unit: month, price: 2",
        "meter: m, item: a, unit: month, price: 3",
        "meter: m, item: a, region: par, unit: month, price: 4",
    )
    (line,) = estimated(found, quantity(span("1"), item=item, region=region)).lines
    assert line.cost == span(price)


def test_another_providers_price_is_none(tmp_path: Path) -> None:
    found = prices(tmp_path, "meter: m, unit: month, price: 1")
    assert estimated(found, quantity(span("1")), provider="stone").total is None


def test_ranges_of_amount_and_price_are_a_range_of_cost(tmp_path: Path) -> None:
    found = prices(tmp_path, "meter: m, unit: month, low: 2, high: 3")
    assert estimated(found, quantity(span("1", "5"))).total == span("2", "15")


def test_what_has_no_price_or_no_amount_is_not_in_the_total_and_said(tmp_path: Path) -> None:
    found = prices(tmp_path, "meter: m, item: a, unit: month, price: 2")
    known = quantity(span("1")), quantity(span("1"), item="b"), quantity(None)
    total = estimated(found, *known)
    assert total.total == span("2")
    assert [len(total.of(each)) for each in Priced] == [1, 1, 1]
    assert not total.whole


def test_a_price_of_nothing_is_a_price(tmp_path: Path) -> None:
    found = estimated(prices(tmp_path, "meter: m, unit: month, price: 0"), quantity(span("1")))
    assert (found.total, found.whole) == (span("0"), True)


def test_an_old_price_is_named(tmp_path: Path) -> None:
    head = HEAD.replace("2026-11-01", "2026-01-01")
    found = estimated(
        prices(tmp_path, "meter: m, unit: month, price: 1", head=head), quantity(span("1"))
    )
    assert [each.read for each in found.old(DAY)] == [dt.date(2026, 1, 1)]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("meter: m, unit: month", "needs either price, or low and high"),
        ("meter: m, unit: month, low: 1", "needs either price, or low and high"),
        ("meter: m, unit: month, price: 1, low: 1, high: 2", "needs either price"),
        ("meter: m, unit: month, low: 2, high: 1", "high: is less than low"),
        ("meter: m, unit: fortnight, price: 1", "unit: must be"),
        ("meter: m, unit: month, price: -1", "price: "),
        ("meter: m, unit: month, price: NaN", "price: "),
        ("unit: month, price: 1", "meter"),
        ("meter: m, unit: month, price: 1, colour: red", "colour"),
    ],
)
def test_a_faulty_price_is_named_with_its_line(tmp_path: Path, entry: str, told: str) -> None:
    with pytest.raises(InputError, match=r"prices\.yaml:7: lists\[0\]\.prices\[0\]") as raised:
        prices(tmp_path, entry)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("    source: the stationer\n", "", "source"),
        ("    read: 2026-11-01\n", "", "read"),
        ("2026-11-01", "2026-12-01", "is in the future"),
        ("currency: EUR\n", "", "currency"),
        ("EUR", "euro", "currency"),
    ],
)
def test_a_list_without_source_day_or_currency_is_refused(
    tmp_path: Path, was: str, now: str, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        prices(tmp_path, "meter: m, unit: month, price: 1", head=HEAD.replace(was, now))


def test_two_prices_for_the_same_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is for the same as lists\[0\]\.prices\[0\]"):
        prices(
            tmp_path,
            "meter: m, region: PAR, unit: month, price: 1",
            "meter: m, region: par, unit: hour, price: 2",
        )


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (span("61.32"), "61 to 62 EUR"),
        (span("61"), "61 EUR"),
        (span("0.2"), "0 to 1 EUR"),
        (span("1234.5", "9876.1"), "1,234 to 9,877 EUR"),
    ],
)
def test_money_is_told_no_more_exactly_than_in_whole_units(cost: Span, told: str) -> None:
    assert between(cost, "EUR") == told


def test_usage_gives_amounts_where_the_plan_has_none_and_the_first_entry_counts(
    tmp_path: Path,
) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(
        "usage:\n"
        "  - {meter: m, resource: 'sh*', low: 1, high: 2}\n"
        "  - {meter: m, low: 7, high: 9}\n"
    )
    usage = load_usage(file)
    both = Quantities((quantity(None), quantity(span("4"))), {})
    found = estimate("paper", both, None, usage)
    assert [line.quantity.amount for line in found.lines] == [span("1", "2"), span("4")]


@pytest.mark.parametrize(
    "entry", ["meter: m, low: 2, high: 1", "meter: m, low: 1", "low: 1, high: 2"]
)
def test_faulty_usage_is_named_with_its_line(tmp_path: Path, entry: str) -> None:
    file = tmp_path / "usage.yaml"
    file.write_text(f"usage:\n  - {{{entry}}}\n")
    with pytest.raises(InputError, match=r"usage\.yaml:2: usage\[0\]"):
        load_usage(file)
