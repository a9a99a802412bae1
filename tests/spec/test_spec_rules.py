from __future__ import annotations

import inspect
from typing import Any

import pytest

from havre.documents.problems import SpecError
from havre.spec import countries, rules
from havre.spec.load import loads
from havre.spec.rules import RULES, FileRule

ALWAYS_GIVEN = {"zones", "projects"}


class Recorder:
    """A warehouse that notes which of its sections are read."""

    def __init__(self, warehouse: Any) -> None:
        self._warehouse = warehouse
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self._warehouse, name)


def test_every_rule_is_registered_once_and_says_what_it_holds() -> None:
    written = {
        function
        for name, function in inspect.getmembers(rules, inspect.isfunction)
        if function.__module__ == rules.__name__
        and not name.startswith("_")
        and list(inspect.signature(function).parameters) == ["spec"]
    }
    assert {rule.breaches for rule in RULES} == written
    assert len(RULES) == len(written)
    assert all(function.__doc__ for function in written)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.breaches.__name__)
def test_a_rule_reads_only_what_it_declares(rule: FileRule, base: str) -> None:
    recorder = Recorder(loads(base, "f").warehouse)
    assert list(rule.breaches(recorder)) == []  # type: ignore[arg-type]
    assert recorder.read <= rule.needs | ALWAYS_GIVEN
    assert recorder.read & (rule.needs | ALWAYS_GIVEN), "it read nothing"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("public", "PostgreSQL"),
        ("information-schema", "PostgreSQL"),
        ("pg-catalog", "PostgreSQL"),
        ("pg-toast", "PostgreSQL"),
        ("pg-temp-3", "PostgreSQL"),
        ("pg-mine", "PostgreSQL"),
        ("s3alias", "S3"),
        ("x-s3alias", "S3"),
    ],
)
def test_a_zone_takes_no_name_that_is_taken(base: str, name: str, why: str) -> None:
    text = base.replace("  curated:\n", f"  {name}:\n")
    line = text.splitlines().index(f"  {name}:") + 1
    with pytest.raises(SpecError) as caught:
        loads(text, "f")
    (found,) = [each for each in caught.value.problems if each.path == f"zones.{name}"]
    assert found.line == line
    assert (found.found, found.wanted) == (f"the name '{name}'", "another name")
    assert found.hint.startswith(f"{why} keeps")


@pytest.mark.parametrize(
    "name",
    ["postgres", "template0", "template1", "defaultdb", "sthree", "sthree-x", "amzn-s3-demo"],
)
def test_a_warehouse_takes_no_name_that_is_taken(base: str, name: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(base.replace("name: alpha", f"name: {name}"), "f")
    (found,) = caught.value.problems
    assert (found.path, found.line, found.wanted) == ("name", 1, "another name")


@pytest.mark.parametrize("name", ["pg", "pgdata", "public-health", "postgres", "my-pg-catalog"])
def test_a_zone_may_have_a_name_that_looks_taken(base: str, name: str) -> None:
    text = base.replace("  curated:\n", f"  {name}:\n").replace(
        "zones: [curated", f"zones: [{name}"
    )
    assert name in loads(text, "f").warehouse.zones


def test_countries() -> None:
    assert len(countries.COUNTRIES) == 249
    assert countries.EEA < countries.COUNTRIES
    assert len(countries.EU) == 27 + 7
    assert {"GB", "CH"}.isdisjoint(countries.EEA)
    assert countries.MISTAKEN.keys().isdisjoint(countries.COUNTRIES)
