"""How much of what a plan would use: each size of the file is a quantity, and none is invented."""

from decimal import Decimal
from typing import Any

import pytest

from havre.cost.meters import Measured, Metered, MeterTable
from havre.cost.quantities import NOT_TOLD, Quantity, Span, quantities
from havre.facts import Facts
from havre.facts.model import Copy, Neutral, Place
from havre.facts.values import DOES_NOT_APPLY, Known
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret

TOKEN = "paper:index:Sheet"
URN = f"urn:pulumi:s::p::havre:paper:Database${TOKEN}::sheet"

SCALED = Metered("m", each=("a",), most=("z",))


def made(inputs: dict[str, Any], **more: Any) -> PlannedResource:
    return PlannedResource(URN, TOKEN, "sheet", True, inputs, **more)


def metered(
    meter: Metered, resource: PlannedResource, facts: Facts | None = None
) -> list[Quantity]:
    table = MeterTable({TOKEN: (meter,)}, "the stationer", read_on=None)  # type: ignore[arg-type]
    plan = Plan("paper", (resource,))
    sites = {"par": "fr-paris"}
    return list(quantities(plan, table, facts or Facts((), ()), sites).metered)


def span(low: str, high: str = "") -> Span:
    return Span(Decimal(low), Decimal(high or low))


@pytest.mark.parametrize(
    ("meter", "inputs", "amount"),
    [
        pytest.param(Metered("m"), {}, span("1"), id="a-piece"),
        pytest.param(
            Metered("m", each=("a", "b.c")), {"a": 3, "b": {"c": 2.5}}, span("7.5"), id="x"
        ),
        pytest.param(
            Metered("m", each=("a",)), {"a": ["x", "y"]}, span("2"), id="length-of-a-list"
        ),
        pytest.param(Metered("m", each=("a",)), {"a": "4"}, span("4"), id="number-in-text"),
        pytest.param(
            Metered("m", each=("a",), most=("z",)), {"a": 2, "z": 5}, span("2", "5"), id="z"
        ),
        pytest.param(
            Metered("m", each=("a",), most=("z",)), {"a": 2}, span("2"), id="no-autoscaling"
        ),
        pytest.param(
            Metered("m", each=("a",), times={"ha": {"": 1, "on": 2}}),
            {"a": 4, "ha": "on"},
            span("8"),
            id="standby",
        ),
        pytest.param(Metered("m", times={"ha": {"": 1, "on": 2}}), {}, span("1"), id="no-standby"),
        pytest.param(
            Metered("m", over="pools", each=("n",)),
            {"pools": [{"n": 2}, {"n": 3}]},
            span("2"),
            id="first-of-a-list",
        ),
    ],
)
def test_what_a_resource_says_of_its_size_is_its_quantity(
    meter: Metered, inputs: dict[str, Any], amount: Span
) -> None:
    assert metered(meter, made(inputs))[0].amount == amount


@pytest.mark.parametrize(
    "value",
    [None, UNKNOWN, Secret(3), True, -1, "large", "NaN", "Infinity", {"a": 1}],
    ids=["unset", "unknown", "secret", "truth", "negative", "word", "nan", "infinity", "object"],
)
def test_a_size_that_is_no_number_is_not_told_and_never_nothing(value: Any) -> None:
    (found,) = metered(Metered("m", each=("size",)), made({"size": value}))
    assert (found.amount, found.use) == (None, NOT_TOLD)


def test_a_factor_that_nobody_knows_leaves_the_quantity_untold() -> None:
    meter = Metered("m", times={"ha": {"": 1, "on": 2}})
    assert metered(meter, made({"ha": "three-fold"}))[0].amount is None


def test_each_entry_of_a_list_is_a_quantity_and_a_withheld_list_is_one_untold() -> None:
    meter = Metered("m", over="pools", item=("kind",), each=("n",))
    several = metered(meter, made({"pools": [{"kind": "s", "n": 1}, {"kind": "l", "n": 2}]}))
    assert [(each.item, each.amount) for each in several] == [("s", span("1")), ("l", span("2"))]
    (withheld,) = metered(meter, made({"pools": UNKNOWN}))
    assert (withheld.item, withheld.amount) == (NOT_TOLD, None)
    assert metered(meter, made({})) == []


def test_a_secret_is_no_item() -> None:
    (found,) = metered(Metered("m", item=("a", "b")), made({"a": Secret("hunter2"), "b": "x"}))
    assert found.item == f"{NOT_TOLD} / x"


def test_what_use_decides_is_not_told_by_the_plan() -> None:
    meter = Metered("m", Measured.STORED, each=("size",), use="how much is stored")
    (found,) = metered(meter, made({"size": 5}))
    assert (found.amount, found.use) == (None, "how much is stored")


def test_part_and_site_are_those_of_the_resource() -> None:
    place = (Place(Copy.PRIMARY, "PAR", "FR"),)
    facts = Facts((Neutral(URN, TOKEN, tags=DOES_NOT_APPLY, places=Known(place)),), ())
    (found,) = metered(Metered("m"), made({}), facts)
    assert (found.part, found.site, found.region) == ("database", "fr-paris", "PAR")


def test_a_resource_without_a_place_lies_where_what_it_needs_lies() -> None:
    above = URN.replace("::sheet", "::above")
    place = (Place(Copy.PRIMARY, "PAR", "FR"),)
    facts = Facts((Neutral(above, TOKEN, tags=DOES_NOT_APPLY, places=Known(place)),), ())
    (found,) = metered(Metered("m"), made({}, property_dependencies={"aboveId": (above,)}), facts)
    assert found.site == "fr-paris"


def test_a_place_that_is_none_of_the_sites_is_still_named() -> None:
    place = (Place(Copy.PRIMARY, "mars", None),)
    facts = Facts((Neutral(URN, TOKEN, tags=DOES_NOT_APPLY, places=Known(place)),), ())
    (found,) = metered(Metered("m"), made({}), facts)
    assert (found.site, found.region) == ("", "mars")


def test_what_has_no_meter_is_counted_and_what_is_only_read_is_not() -> None:
    table = MeterTable({}, "the stationer", read_on=None)  # type: ignore[arg-type]
    plan = Plan("paper", (made({}), made({}, external=True)))
    assert quantities(plan, table, Facts((), ()), {}).without == {TOKEN: 1}


@pytest.mark.parametrize(("region", "site"), [("PAR-A", "fr-paris"), ("par-1", "fr-paris")])
def test_an_availability_zone_is_at_the_site_of_its_region(region: str, site: str) -> None:
    place = (Place(Copy.PRIMARY, region, "FR"),)
    facts = Facts((Neutral(URN, TOKEN, tags=DOES_NOT_APPLY, places=Known(place)),), ())
    (found,) = metered(Metered("m"), made({}), facts)
    assert (found.site, found.region) == (site, region)
