"""The facts of a whole plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts.model import ResourceFact, Unclassified
from havre.plan.notes import noted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from havre.plan import Plan, PlannedResource

    Classify = Callable[[PlannedResource, Plan], Sequence[ResourceFact] | Unclassified]

Kind = TypeVar("Kind")
Noted = TypeVar("Noted")


@dataclass(frozen=True)
class Facts:
    """What a plan means.

    Attributes:
        items: the facts, in the plan's order; a resource may give several.
        unclassified: resources whose type nobody knows.
        notes: what their readers found out once and keep with them.
    """

    items: tuple[ResourceFact, ...]
    unclassified: tuple[Unclassified, ...]
    notes: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The facts of one kind."""
        return self.noted(kind, lambda: [item for item in self.items if isinstance(item, kind)])

    def noted(self, key: object, found: Callable[[], Noted]) -> Noted:
        """What is noted under `key`; `found` is called for it the first time."""
        return noted(self.notes, key, found)

    def about(self, urn: str) -> list[ResourceFact]:
        """The facts of one resource."""
        return [item for item in self.items if item.urn == urn]


def collect(plan: Plan, classify: Classify) -> Facts:
    """Classify every resource that a provider makes; components and providers bear nothing.

    Args:
        plan: from whatever source.
        classify: a provider's `facts`.
    """
    items: list[ResourceFact] = []
    unclassified: list[Unclassified] = []
    for resource in plan.resources:
        if not resource.made:
            continue
        found = classify(resource, plan)
        if isinstance(found, Unclassified):
            unclassified.append(found)
        else:
            items.extend(found)
    return Facts(tuple(items), tuple(unclassified))
