"""A plan for people (table), machines (JSON) and graph tools (DOT)."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from havre.plan.parts import PARTS, part_of
from havre.plan.urns import STACK_TYPE
from havre.text import counted, inert, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.capabilities.model import Gap
    from havre.plan.model import Plan, PlannedResource

TYPES_WIDTH = 80 - len(f"{'':10}  {'':9}  {'':9}  ")
"""Characters of the types of a part's resources, on a line of 80."""


def as_json(plan: Plan, more: Mapping[str, Any] | None = None) -> str:
    """The plan as indented JSON, and what else is told of it."""
    return json.dumps({**plan.as_dict(), **(more or {})}, indent=2, ensure_ascii=False)


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


def as_text(plan: Plan, *, details: bool = False, width: int | None = None) -> str:
    """The plan for people: counts by part and every gap, or all resources and all of each gap.

    Args:
        plan: what would be deployed.
        details: every resource, and of each gap its compensating measure and residual risk too.
        width: columns of a terminal; None: lines are not wrapped, for other programs.
    """
    made = [resource for resource in plan.resources if resource.custom]
    lines = [f"{counted(len(made), 'resource', 'resources')} on {plan.provider}", ""]
    lines += _tree(plan, width) if details else _parts(made)
    for warning in plan.warnings:
        lines += ["", *_wrapped(f"Warning: {warning}", width)]
    if plan.placeholders:
        told = f"placeholders for settings not given: {', '.join(plan.placeholders)}"
        lines += ["", *_wrapped(told, width)]
    if plan.gaps:
        total = counted(len(plan.gaps), "gap", "gaps")
        lines += ["", f"{total} (requirements that this provider cannot meet)", ""]
        if details:
            lines += [line for gap in plan.gaps for line in _gap(gap, width)]
        else:
            lines += _brief(plan.gaps, width)
    if not details:
        more = "every resource, compensating measures and residual risks"
        lines += ["", *_wrapped(f"With --details: {more}.", width)]
    return "\n".join(inert(line) for line in lines)


def _tree(plan: Plan, width: int | None) -> Iterator[str]:
    """Names below what they are a part of, with their types: below them where a line is full."""
    for depth, resource in tree(plan):
        name = f"{'  ' * depth}{resource.name}"
        mark = " (protected)" if resource.protect else ""
        kind = f"  {resource.type}{mark}" if resource.custom else mark
        if width is None or len(name) + len(kind) <= width:
            yield f"{name}{kind}"
        else:
            yield name
            yield f"{'  ' * depth}    {kind.strip()}"


def _parts(made: Sequence[PlannedResource]) -> Iterator[str]:
    yield f"{'part':10}  {'resources':>9}  {'protected':>9}  types"
    for part in PARTS:
        found = [resource for resource in made if part_of(resource.urn) == part]
        if found:
            protected = sum(resource.protect for resource in found)
            yield f"{part:10}  {len(found):9}  {protected:9}  {_types(found)}"


def _types(found: Sequence[PlannedResource]) -> str:
    """The most frequent types that fit into `TYPES_WIDTH`, each by its last word."""
    counts = Counter(resource.type.rpartition(":")[2] for resource in found)
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    for shown in range(len(ordered), -1, -1):
        named = [f"{name} ({counts[name]})" for name in ordered[:shown]]
        left = len(ordered) - shown
        more = [counted(left, "more type", "more types")] if left else []
        told = ", ".join([*named, *more])
        if len(told) <= TYPES_WIDTH:
            return told
    return ""


def _brief(gaps: Sequence[Gap], width: int | None) -> Iterator[str]:
    """Each gap with its reason; those of one capability and reason once, with their controls."""
    found: dict[tuple[str, str, str], dict[str, None]] = {}
    for gap in gaps:
        key = (gap.capability.value, gap.support.value, gap.reason)
        found.setdefault(key, {})[gap.control] = None
    for (name, support, reason), controls in found.items():
        yield from _labelled(f"{name} ({support}; {', '.join(controls)})", reason, width)


def _gap(gap: Gap, width: int | None) -> Iterator[str]:
    yield f"{gap.capability.value} ({gap.support.value}; {gap.control})"
    yield from _wrapped(gap.reason, width, "  ")
    yield from _wrapped(f"Compensating measure: {gap.fallback}", width, "  ")
    yield from _wrapped(f"Residual risk: {gap.risk}", width, "  ")
    if gap.fields:
        yield from _wrapped(f"Without effect here: {', '.join(gap.fields)}", width, "  ")


def _labelled(head: str, text: str, width: int | None) -> Iterator[str]:
    """A label and its text: below it on a terminal, on one line elsewhere."""
    if width is None:
        yield f"{head}: {text}"
        return
    yield from _wrapped(head, width)
    yield from _wrapped(text, width, "  ")


def _wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    if width is None:
        return [f"{indent}{text}"]
    return wrapped(text, width, indent)
