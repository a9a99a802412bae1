from __future__ import annotations

import inspect
from typing import Any

import pytest

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


def test_countries() -> None:
    assert len(countries.COUNTRIES) == 249
    assert countries.EEA < countries.COUNTRIES
    assert len(countries.EU) == 27 + 7
    assert {"GB", "CH"}.isdisjoint(countries.EEA)
    assert countries.MISTAKEN.keys().isdisjoint(countries.COUNTRIES)
