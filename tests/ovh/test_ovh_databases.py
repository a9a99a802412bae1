"""The database's plan and flavor by region: what no public source names is said beforehand.

The lists are data (`databases.toml`), each with its source. No API was asked.
"""

import re
import tomllib
from typing import Any

import pytest

from havre_ovh import sites
from havre_ovh.capabilities import DATA
from tests.ovh.stack import DATABASE, changed, example, planned

TOLD: dict[str, Any] = tomllib.loads((DATA / "databases.toml").read_text())
REGIONS: dict[str, dict[str, Any]] = TOLD["regions"]
UNNAMED = {"RBX", "EU-SOUTH-MIL"}
"""Regions for which no source that was read names plans."""


WARNINGS = {False: sites.OTHER_PLANS, True: sites.UNNAMED_PLANS}


def database(**settings: Any) -> dict[str, Any]:
    """What is planned at Paris, where settings may name the plan and the flavors."""
    spec = changed(example("emc2"), "sites.recovery", None)
    plan = planned(changed(spec, "sites.primary", "fr-paris"), **settings)
    (found,) = [r for r in plan.resources if r.type == DATABASE]
    return dict(found.inputs)


def sold(region: str, plan: str, flavor: str) -> bool:
    """Whether a source names a plan and the family of a flavor for a region."""
    row = REGIONS.get(region, {"plans": (), "flavors": ()})
    return plan in row["plans"] and flavor.partition("-")[0] in row["flavors"]


def test_every_list_has_a_source_and_a_day() -> None:
    for row in REGIONS.values():
        assert re.search(r"read on 20\d\d-\d\d-\d\d", TOLD["sources"][row["source"]])


def test_every_region_of_a_site_is_listed_or_known_to_be_unnamed() -> None:
    regions = {site.regions["database"] for site in sites.SITES.values()}
    assert regions == REGIONS.keys() | UNNAMED
    assert not REGIONS.keys() & UNNAMED


@pytest.mark.parametrize("name", sites.SITES)
def test_a_site_whose_defaults_no_source_names_says_so(name: str) -> None:
    """Both defaults of the plan: one zone, and several."""
    site = sites.SITES[name]
    region = site.regions["database"]
    named = all(sold(region, plan, "db1-7") for plan in ("business", "enterprise"))
    warned = {sites.OTHER_PLANS, sites.UNNAMED_PLANS} & {*site.restrictions}
    assert warned == (set() if named else {WARNINGS[region in UNNAMED]})


def test_what_is_named_for_paris_can_be_set() -> None:
    default = database()
    assert not sold("EU-WEST-PAR", default["plan"], default["flavor"])
    chosen = database(database_plan="advanced", database_flavors="b3")
    assert sold("EU-WEST-PAR", chosen["plan"], chosen["flavor"])
