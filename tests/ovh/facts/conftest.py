"""The example, planned once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from havre.evaluate import evaluate
from havre.spec.load import load
from havre.stack.program import program, read_settings
from tests.ovh.facts.resources import EXAMPLE, SETTINGS

if TYPE_CHECKING:
    from havre.facts import Facts
    from havre.plan import Plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    from havre_ovh.provider import provider

    spec = load(EXAMPLE).warehouse
    settings = read_settings(provider, SETTINGS)
    return evaluate(program(spec, provider, settings), project="p", stack="s", provider="ovh")


@pytest.fixture(scope="module")
def found(plan: Plan) -> Facts:
    from havre_ovh.provider import provider

    return provider.facts(plan)
