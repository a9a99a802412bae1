"""What shows that a field of the spec has an effect: no label, and no text of a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.plan.urns import PROVIDER_PREFIX
from havre.stack.component import SPEC
from havre.stack.component import TYPE as COMPONENT

if TYPE_CHECKING:
    from havre.plan import Plan

LABELS = frozenset({"comment", "description", "labels", "metadata", "notes", "tag", "tags"})
"""Names of properties, in lower case, that describe a resource and change nothing about it."""

RECORDED: dict[str, str] = {
    "organisation": "who answers for the warehouse: shown in reports",
    "classification": "controls read it from the record",
    "residency": "controls compare it with the facts",
    "erasure": "controls compare it with the facts",
    "exit": "controls and the exit read it from the record",
    "zones.*.purpose": "rules and controls read it from the record",
    "projects.*.title": "shown in reports",
    "projects.*.members": "people are in no resource, on purpose",
    "projects.*.authorisation": "shown in reports",
}
"""By field, why no resource realises it: the record of the spec is enough."""


def effective(plan: Plan) -> tuple[Any, ...]:
    """The resources that a provider makes without labels or the record of the spec, and its gaps.

    A gap is what it is of; its texts may name a value that has no effect.
    """
    resources = [r.as_dict() for r in plan.resources if not r.type.startswith(PROVIDER_PREFIX)]
    bare = [resource for resource in resources if resource["type"] != COMPONENT]
    gaps = {(gap.control, gap.capability, gap.support, gap.fields) for gap in plan.gaps}
    return _unlabelled(bare), gaps


def recorded(plan: Plan) -> list[Any]:
    """The record of the spec."""
    return [r.as_dict()["inputs"][SPEC] for r in plan.resources if r.type == COMPONENT]


def _unlabelled(value: Any) -> Any:
    """The value without what is a label in it, at any depth."""
    if isinstance(value, dict):
        kept = {key: inner for key, inner in value.items() if str(key).lower() not in LABELS}
        return {key: _unlabelled(inner) for key, inner in kept.items()}
    return [_unlabelled(inner) for inner in value] if isinstance(value, list) else value
