"""A warehouse on Azure, evaluated; and ways to ask its plan."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from havre.evaluate import evaluate
from havre.plan import Plan, PlannedResource
from havre.spec import Warehouse
from havre.spec.load import load
from havre.stack.program import PROJECT, program, read_settings
from havre_azure.provider import provider
from havre_conformance.specs import changed, large, warehouse
from tests.clouds import SETTINGS

EXAMPLES = Path(__file__).parents[2] / "examples"
GIVEN = SETTINGS["azure"]
SUBSCRIPTION = GIVEN["subscription_id"]


def example(name: str) -> Warehouse:
    return load(EXAMPLES / name / "warehouse.yaml").warehouse


def asked(*changes: tuple[str, Any]) -> Warehouse:
    """The conformance suite's large warehouse, with some fields changed."""
    document = large(provider.sites)
    for path, value in changes:
        document = changed(document, path, value)
    return warehouse(document)


def plan_of(spec: Warehouse, **settings: Any) -> Plan:
    made = program(spec, provider, read_settings(provider, {**GIVEN, **settings}))
    return evaluate(made, project=PROJECT, stack="azure", provider="azure")


def gaps_of(spec: Warehouse, **settings: Any) -> dict[str, str]:
    """What is at risk, by control and capability."""
    found = provider.gaps(spec, read_settings(provider, {**GIVEN, **settings}))
    return {f"{gap.control} {gap.capability}": gap.risk for gap in found}


def of(plan: Plan, kind: str, name: str = "") -> list[PlannedResource]:
    """Resources of a type such as `storage:StorageAccount` whose name holds `name`."""
    wanted = f"azure-native:{kind}"
    return [r for r in plan.resources if r.type == wanted and name in r.name]


def one(plan: Plan, kind: str, name: str = "") -> PlannedResource:
    found = of(plan, kind, name)
    assert len(found) == 1, [r.name for r in found]
    return found[0]


def at(inputs: Any, path: str) -> Any:
    """The value at a dotted path; a number is an index."""
    for step in path.split("."):
        inputs = inputs[int(step)] if step.isdigit() else inputs.get(step)
        if inputs is None:
            return None
    return inputs


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def text(plan: Plan) -> str:
    return json.dumps(plan.as_dict(), default=str)
