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

from havre.assess.assessment import Request, question_of
from havre.assess.subject import subject
from havre.plan import Plan, PlannedResource
from havre.policy.judge import judge
from havre.policy.registry import installed_controls

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
    of = subject(EXAMPLE, name)
    question = question_of(Request(of, as_of=dt.date(2026, 11, 23)))
    large, controls = many(question.plan, count), installed_controls()
    question = replace(question, plan=large)
    began = time.perf_counter()
    of.provider.facts(replace(large))
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
