"""The plan of a warehouse on a provider, by the program of its stack."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from havre.evaluate.program import evaluate
from havre.provider.conventions import early_settings
from havre.stack.program import PROJECT, deploy

if TYPE_CHECKING:
    import datetime as dt

    from pydantic import BaseModel

    from havre.plan import Plan
    from havre.provider import Provider
    from havre.spec import Warehouse
    from havre.stack.component import ResearchWarehouse


def evaluated(
    spec: Warehouse,
    provider: Provider,
    settings: BaseModel,
    placeholders: tuple[str, ...] = (),
    stack: str = "",
    as_of: dt.date | None = None,
) -> Plan:
    """The plan of a warehouse on a provider, evaluated offline.

    Args:
        spec: requirements of the warehouse.
        provider: the provider.
        settings: an instance of `provider.settings`.
        placeholders: names of the settings that were not given.
        stack: name of the stack; empty: the provider's.
        as_of: the day on which projects have ended or not; None: today.

    Raises:
        HavreError: the program or the provider refuses its input.
    """
    made: list[ResearchWarehouse] = []
    plan = evaluate(
        lambda: made.append(deploy(spec, provider, settings, as_of)),
        project=PROJECT,
        stack=stack or provider.name,
        provider=provider.name,
    )
    warnings = (*plan.warnings, *early_settings(provider.settings, dict(settings)))
    return replace(plan, gaps=made[0].gaps, warnings=warnings, placeholders=placeholders)
