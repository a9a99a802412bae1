"""A plan for people (table), machines (JSON) and graph tools (DOT)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from havre.plan.urns import STACK_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.plan.model import Plan, PlannedResource


def as_json(plan: Plan) -> str:
    """The plan as indented JSON."""
    return json.dumps(plan.as_dict(), indent=2, ensure_ascii=False)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else " " for c in escaped) + '"'


def _edges(plan: Plan, known: set[str]) -> Iterator[str]:
    for resource in plan.resources:
        if resource.parent in known:
            yield f"  {_quote(resource.parent)} -> {_quote(resource.urn)} [style=dotted];"
        for needed in resource.dependencies:
            if needed in known:
                yield f"  {_quote(resource.urn)} -> {_quote(needed)};"


def as_dot(plan: Plan) -> str:
    """The plan as a DOT graph: dotted edges to children, solid ones to what is needed."""
    known = {resource.urn for resource in plan.resources}
    nodes = [
        f"  {_quote(r.urn)} [label={_quote(r.name)}, shape={'box' if r.custom else 'folder'}, "
        f"tooltip={_quote(r.type)}];"
        for r in plan.resources
    ]
    lines = ["digraph plan {", "  rankdir=LR;", *nodes, *_edges(plan, known), "}"]
    return "\n".join(lines)


def tree(plan: Plan) -> list[tuple[int, PlannedResource]]:
    """Every resource with its depth below the stack, children after their parent."""
    children: dict[str, list[PlannedResource]] = {}
    for resource in plan.resources:
        children.setdefault(resource.parent, []).append(resource)

    def walk(urn: str, depth: int) -> Iterator[tuple[int, PlannedResource]]:
        for child in children.get(urn, []):
            yield depth, child
            yield from walk(child.urn, depth + 1)

    stacks = [r for r in plan.resources if r.type == STACK_TYPE]
    return [row for stack in stacks for row in walk(stack.urn, 0)]
