"""What a provider's settings name of an estate is recorded with the warehouse's component."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from havre.evaluate import evaluate
from havre.facts import Estate, outside_of
from havre.plan.parts import WAREHOUSE_TYPE
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import PROJECT, program, read_settings
from tests.clouds import ECHOED

FILE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"
ESTATE = Estate("Network team, network@hospital.example", {"the hub": "/net/hub"})


def component(given: Estate | None) -> tuple[Any, Any]:
    provider = find("ovh")
    members = {name: getattr(provider, name) for name in dir(provider) if name[0] != "_"}
    if given is not None:
        members["given"] = lambda _settings: given
    settings = read_settings(provider, ECHOED["ovh"])
    of: Any = SimpleNamespace(**members)
    plan = evaluate(program(load(FILE).warehouse, of, settings), project=PROJECT, stack="s")
    (found,) = [each for each in plan.resources if each.type == WAREHOUSE_TYPE]
    return plan, found.inputs


def test_what_settings_name_of_an_estate_is_known_from_the_plan_alone() -> None:
    plan, inputs = component(ESTATE)
    assert inputs["estate"]["answers_for"] == ESTATE.answers_for
    assert [str(each) for each in outside_of(plan).values()] == [
        "outside the plan: the hub (responsible: Network team, network@hospital.example)"
    ]


def test_a_warehouse_of_its_own_records_no_estate() -> None:
    for given in (None, Estate("Network team")):
        assert "estate" not in component(given)[1]
