"""Plans of clouds that many tests ask for: each is evaluated once in a process.

Asked the same again, a cloud gives the same plan to the letter: test_azure_parts.py and
test_ovh_parts.py show it, without this. Nor is it for a test that changes a cloud's own code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import havre.evaluate.warehouse as program
from havre.provider import find
from havre.spec.endings import today
from tests.clouds import SETTINGS

if TYPE_CHECKING:
    import datetime as dt

    import pytest
    from pydantic import BaseModel

    from havre.plan import Plan
    from havre.provider import Provider
    from havre.spec import Warehouse

HIDDEN = "*****"
"""In a secret setting, which does not tell what it is: such a plan is evaluated each time."""
_evaluated = program.evaluated
_plans: dict[tuple[Any, ...], Plan] = {}


def evaluated(
    spec: Warehouse,
    provider: Provider,
    settings: BaseModel,
    placeholders: tuple[str, ...] = (),
    stack: str = "",
    as_of: dt.date | None = None,
) -> Plan:
    """As `havre.evaluate.warehouse.evaluated`; a cloud's plan is the one of before."""
    told, day = repr(settings), as_of or today()
    cloud = provider.name in SETTINGS and provider is find(provider.name)
    if not cloud or HIDDEN in told:
        return _evaluated(spec, provider, settings, placeholders, stack, as_of)
    asked = (provider.name, spec.model_dump_json(), told, placeholders, stack, day)
    if asked not in _plans:
        _plans[asked] = _evaluated(spec, provider, settings, placeholders, stack, as_of)
    return _plans[asked]


def use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a check, a comparison or a plan of this test take what an earlier one evaluated."""
    monkeypatch.setattr(program, "evaluated", evaluated)
