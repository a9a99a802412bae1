from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from havre.policy import Profile
from havre.policy.judge import profile_of
from havre.spec.countries import COUNTRIES
from havre.spec.load import loads
from havre.spec.model import Availability, Classification, Environment, OperatorLaw, Warehouse
from havre.spec.template import HEALTH, SMALL, Start, template

SLUG = st.from_regex(r"[a-z](?:-?[a-z0-9])*", fullmatch=True)
NAME = SLUG.filter(lambda name: 2 <= len(name) <= 20)


@given(NAME)
def test_valid_for_every_valid_name(name: str) -> None:
    assert loads(template(name), "f").warehouse.name == name


@pytest.mark.parametrize("name", ["null", "true", "false"])
def test_names_that_yaml_takes_for_something_else(name: str) -> None:
    assert loads(template(name), "f").warehouse.name == name


def test_the_sections_left_out_are_valid_too() -> None:
    text = re.sub(r"^#(?=[ ]{2,}\S|\w)", "", template("alpha", start=SMALL), flags=re.MULTILINE)
    warehouse = loads(text, "f").warehouse
    assert warehouse.cluster
    assert warehouse.registry
    assert warehouse.projects
    assert warehouse.exit
    assert warehouse.sites.recovery


def test_every_section_is_explained() -> None:
    text = template("alpha")
    for section in Warehouse.model_fields:
        assert re.search(rf"(?m)^#?{section}:", text), section


@given(name=NAME, zone=NAME, environment=st.sampled_from(["production", "staging", "development"]))
def test_names_derived_from_valid_ones_fit_a_bucket(name: str, zone: str, environment: str) -> None:
    text = template(name, start=SMALL).replace("  curated:\n", f"  {zone}:\n")
    text = text.replace("[curated]", f"[{zone}]")
    if zone in ("landing", "backup", "logs", "null", "true", "false"):
        return
    warehouse = loads(text.replace("development", environment, 1), "f").warehouse
    for key in warehouse.zones:
        derived = f"{warehouse.name}-{warehouse.environment}-{key}"
        assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]", derived)
        assert "--" not in derived


@given(
    st.builds(
        Start,
        st.sampled_from(Classification),
        st.sampled_from(Environment),
        st.lists(st.sampled_from(sorted(COUNTRIES)), min_size=1, unique=True).map(tuple),
        st.sampled_from(OperatorLaw),
        st.just(()),
        st.sampled_from(["", "ovh"]),
    )
)
def test_valid_for_every_answer(start: Start) -> None:
    spec = loads(template(start=start), "f").warehouse
    assert (spec.classification, spec.environment) == (start.classification, start.environment)
    assert spec.residency.countries == start.countries
    assert spec.residency.operator_law is start.operator_law


def test_the_default_is_what_a_health_warehouse_needs() -> None:
    spec = loads(template(), "f").warehouse
    assert template() == template(start=HEALTH)
    assert profile_of(spec) is Profile.HEALTH
    assert spec.environment is Environment.PRODUCTION
    assert spec.residency.operator_law is OperatorLaw.EU
    assert spec.residency.qualifications == ("hds",)
    assert spec.sites.recovery
    assert spec.zones["curated"].immutable_days >= 30
    assert spec.zones["logs"].immutable_days >= 365
    assert spec.audit.retention_days >= 365
    assert spec.database.availability is Availability.MULTI_ZONE


def test_choosing_less_asks_for_less_only_where_it_says_so() -> None:
    spec = loads(template(start=SMALL), "f").warehouse
    assert profile_of(spec) is Profile.BASELINE
    assert spec.residency.qualifications == ()
    assert spec.residency.operator_law is OperatorLaw.ANY
    assert spec.protection.deletion
    assert spec.network.administration == spec.network.egress == ()
