from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from havre.spec.load import loads
from havre.spec.model import Warehouse
from havre.spec.template import template

SLUG = st.from_regex(r"[a-z](?:-?[a-z0-9])*", fullmatch=True)
NAME = SLUG.filter(lambda name: 2 <= len(name) <= 20)


@given(NAME)
def test_valid_for_every_valid_name(name: str) -> None:
    assert loads(template(name), "f").warehouse.name == name


@pytest.mark.parametrize("name", ["null", "true", "false"])
def test_names_that_yaml_takes_for_something_else(name: str) -> None:
    assert loads(template(name), "f").warehouse.name == name


def test_the_sections_left_out_are_valid_too() -> None:
    text = re.sub(r"^#(?=[ ]{2,}\S|\w)", "", template("alpha"), flags=re.MULTILINE)
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
    text = template(name).replace("  curated:\n", f"  {zone}:\n").replace("[curated]", f"[{zone}]")
    if zone in ("landing", "backup", "logs", "null", "true", "false"):
        return
    warehouse = loads(text.replace("development", environment, 1), "f").warehouse
    for key in warehouse.zones:
        derived = f"{warehouse.name}-{warehouse.environment}-{key}"
        assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{1,61})[a-z0-9]", derived)
        assert "--" not in derived
