"""What a warehouse is given: recorded with its component, and known for what it is in facts."""

from dataclasses import fields
from typing import Any

import pytest

from havre.facts import Estate, Facts, Index, Known, Nomenclature, Outside, Unknown, outside_of
from havre.facts.collect import facts_of
from havre.facts.model import NetworkElement, Offering
from havre.facts.outside import RECORD, recorded_estate, unseen
from havre.facts.read import both, every, gathered, meets, some, then, together
from havre.facts.stores import LogStore
from havre.facts.values import DOES_NOT_APPLY, NOT_TOLD, reserved
from havre.plan import Plan, PlannedResource
from havre.plan.parts import WAREHOUSE_TYPE

WHO = "Network team, network@hospital.example"
HUB, LOGS = Outside("the hub", answers_for=WHO), Outside("the logs", answers_for=WHO)
YES, NO, OPEN = Known(value=True), Known(value=False), Unknown("a.b")
ESTATE = Estate(WHO, {"the hub": "/Net/Hub", "the logs": "/net/logs"})


def plan(record: Any, *more: PlannedResource) -> Plan:
    inputs = {"spec": {}, **({RECORD: record} if record is not None else {})}
    component = PlannedResource(
        f"urn:pulumi:s::p::{WAREHOUSE_TYPE}::w", WAREHOUSE_TYPE, "w", custom=False, inputs=inputs
    )
    return Plan("paper", (component, *more))


def test_what_is_outside_goes_with_whatever_is_made_of_a_value() -> None:
    assert then(HUB, bool) == meets(HUB, bool) == HUB
    assert every([YES, HUB]) == some([NO, HUB]) == HUB
    assert both(HUB, YES) == both(YES, HUB) == HUB
    assert together([HUB, YES]) == gathered([HUB]) == HUB


def test_what_decides_without_it_decides_and_nothing_passes_by_it() -> None:
    assert every([HUB, NO]) == NO
    assert some([HUB, YES]) == YES
    assert every([HUB, OPEN]) == every([OPEN, HUB]) == some([HUB, OPEN]) == OPEN
    asked = reserved(YES, "not in force until the server restarts")
    assert every([asked, HUB]) == every([HUB, asked]) == HUB


def test_a_plan_knows_what_its_warehouse_is_given_and_who_answers_for_it() -> None:
    found = plan(recorded_estate(ESTATE)["estate"])
    assert outside_of(found) == {"/net/hub": HUB, "/net/logs": LOGS}
    assert Index(found, Nomenclature(lambda _: "")).outside("/NET/hub") == HUB
    assert Index(found, Nomenclature(lambda _: "")).outside("/net/other") is None
    assert facts_of(found, lambda _: Facts((), ())).outside == outside_of(found)


def test_what_the_plan_has_all_the_same_is_not_outside_of_it() -> None:
    hub = PlannedResource("urn:hub", "paper:net:Hub", "hub", custom=True, inputs={}, id="/net/HUB")
    assert outside_of(plan(recorded_estate(ESTATE)["estate"], hub)) == {"/net/logs": LOGS}


def test_a_warehouse_that_is_given_nothing_records_nothing() -> None:
    assert recorded_estate(Estate(WHO)) == {}
    assert outside_of(plan(None)) == {}


@pytest.mark.parametrize(
    "record",
    [
        *(7, "x", [], {}, {"given": {"the hub": "/net/hub"}}, {"answers_for": WHO, "given": []}),
        {"answers_for": "", "given": {"the hub": "/net/hub"}},
        {"answers_for": 3, "given": {"the hub": "/net/hub"}},
        {"answers_for": WHO, "given": {"the hub": 3, "the logs": ""}},
    ],
)
def test_a_record_that_says_not_who_answers_for_what_gives_nothing(record: Any) -> None:
    assert outside_of(plan(record)) == {}


def test_every_property_of_what_is_outside_is_outside() -> None:
    store = unseen(LogStore, "/net/logs", "paper:Logs", LOGS, offering=Offering("paper", "logs"))
    assert (store.urn, store.type, store.tags) == ("/net/logs", "paper:Logs", DOES_NOT_APPLY)
    told = [each.name for each in fields(store) if each.default is NOT_TOLD]
    assert len(told) > 15
    assert {getattr(store, name) for name in (*told, "places")} == {LOGS}
    assert unseen(NetworkElement, "x", "y", HUB, rules=Known(())).rules == Known(())
