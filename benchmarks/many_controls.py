"""Judges a plan of many resources and prints seconds and memory, as JSON."""

import datetime as dt
import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from havre.assess.gather import gather
from havre.evaluate import evaluate
from havre.facts import collect
from havre.plan import Plan, PlannedResource
from havre.policy.judge import judge
from havre.policy.registry import installed_controls
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import PROJECT, offline_settings, program

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "emc2" / "warehouse.yaml"


def renamed(value: Any, number: int) -> Any:
    """A value with the warehouse's name made another's, as in a stack of many warehouses."""
    if isinstance(value, str):
        return value.replace("emc2", f"emc2x{number}")
    if isinstance(value, dict):
        return {key: renamed(inner, number) for key, inner in value.items()}
    return [renamed(inner, number) for inner in value] if isinstance(value, list) else value


def again(plan: Plan, number: int) -> Iterator[PlannedResource]:
    """The resources of a plan under other names, related among themselves as before."""
    names = {resource.urn: f"{resource.urn}-{number}" for resource in plan.resources}
    for each in plan.resources:
        yield replace(
            each,
            urn=names[each.urn],
            name=f"{each.name}-{number}",
            inputs={k: v if k == "tags" else renamed(v, number) for k, v in each.inputs.items()},
            parent=names.get(each.parent, each.parent),
            dependencies=tuple(names.get(urn, urn) for urn in each.dependencies),
            property_dependencies={
                key: tuple(names.get(urn, urn) for urn in urns)
                for key, urns in each.property_dependencies.items()
            },
        )


def many(plan: Plan, count: int) -> Plan:
    """The plan, repeated until `count` resources that a provider makes."""
    custom = sum(resource.custom for resource in plan.resources)
    copies = -(-count // custom)
    return replace(plan, resources=tuple(r for n in range(copies) for r in again(plan, n)))


def main() -> None:
    """Judge `COUNT` resources of the example on a provider."""
    count, name = int(sys.argv[1]), sys.argv[2]
    spec, provider = load(EXAMPLE).warehouse, find(name)
    settings, _ = offline_settings(provider, {"data_dir": "/data"} if name == "local" else {})
    plan = evaluate(program(spec, provider, settings), project=PROJECT, stack=name)
    large, controls = many(plan, count), installed_controls()
    question = gather(spec, provider, large, settings, dt.date(2026, 11, 23))
    began = time.perf_counter()
    collect(replace(large), provider.facts)
    facts = time.perf_counter() - began
    began = time.perf_counter()
    result = judge(question, controls)
    whole = time.perf_counter() - began
    print(
        json.dumps(
            {
                "resources": result.resources,
                "findings": len(result.findings),
                "facts": facts,
                "controls": whole - facts,
                "all": whole,
                "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
