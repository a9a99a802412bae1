"""What Scaleway's sandbox refuses: a table of faults, planted in a good plan; and no good plan."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from havre.spec import Warehouse
from havre_conformance.specs import SPECS, warehouse
from havre_sandbox import Act
from havre_scaleway.capabilities import DATA
from havre_scaleway.provider import provider
from havre_scaleway.sandbox import rules
from havre_scaleway.sandbox.rules.codes import CODES
from havre_scaleway.sandbox.service import service
from tests.clouds import SETTINGS
from tests.sandbox.clouds import example
from tests.sandbox.standing import Fault, Standing, Table, judged, planted, standing, unbroken

provider.parts()  # the SDK loads class by class, as it does for a warehouse
STEMS = ("emc2-",)
FAULTS = Table("scaleway.toml", "scaleway:", STEMS, {}).faults()


def stands(spec: Warehouse) -> Standing:
    known = service(variables={"organization_id": SETTINGS["scaleway"]["organization_id"]})
    return standing(provider, {known.package: known}, spec, dict(SETTINGS["scaleway"]))


@pytest.fixture(scope="module")
def good() -> Standing:
    return stands(example("emc2"))


def test_there_are_enough_faults() -> None:
    assert len(FAULTS) >= 100


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.named)
def test_a_planted_fault_is_refused(good: Standing, fault: Fault) -> None:
    found = planted(good, fault, STEMS)
    assert fault.code in {each.code for each in found}
    assert any(each.code == fault.code and fault.says in each.message for each in found)


def test_the_example_is_not_refused(good: Standing) -> None:
    assert len(good.steps) > 70
    assert good.refused == {}


@pytest.mark.parametrize("name", ["hospital", *SPECS])
def test_a_good_plan_is_not_refused(name: str) -> None:
    made = SPECS.get(name)
    found = stands(warehouse(made(provider.sites)) if made else example(name))
    assert len(found.steps) > 10
    assert found.refused == {}


def test_nothing_that_stands_is_refused_when_it_is_written_again(good: Standing) -> None:
    again = [replace(step, act=Act.UPDATE, old=step.properties) for step in good.steps]
    refused = {
        each.name: judged(good.services[each.token.partition(":")[0]], each, good.world)
        for each in again
    }
    assert {name: found for name, found in refused.items() if found} == {}


def test_every_rule_is_broken_by_a_fault(good: Standing) -> None:
    """A rule that no line of the table breaks may never refuse anything."""
    assert unbroken(good, FAULTS, STEMS) == set()


def test_every_answer_has_a_source() -> None:
    told = tomllib.loads((DATA / "refusals.toml").read_text())["faults"]
    assert len(told) > 40
    for name, row in told.items():
        named = "no source names the code" in row["source"]
        assert named is ("code" not in row), name


def test_no_fault_of_the_data_is_unused() -> None:
    text = "".join(path.read_text() for path in Path(rules.__file__).parent.glob("*.py"))
    assert {name for name in CODES.answers if f'"{name}"' not in text} == set()
