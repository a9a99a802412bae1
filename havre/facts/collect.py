"""The facts of a whole plan."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

from havre.errors import ANYTHING, show_traceback
from havre.facts.kubernetes.objects import facts_of_object
from havre.facts.model import Grant, Neutral, ResourceFact, Unclassified
from havre.facts.outside import outside_of
from havre.facts.strangers import holds_nothing
from havre.facts.values import DOES_NOT_APPLY, Known
from havre.plan.kubernetes import KINDS
from havre.plan.urns import STACK_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from havre.facts.values import Outside
    from havre.plan import Plan, PlannedResource

    Classify = Callable[[PlannedResource], Sequence[ResourceFact] | Unclassified]

Kind = TypeVar("Kind")
ANYWHERE = ""
"""In place of a URN: the target of a grant that is not known."""
NOWHERE_TOLD = (ANYWHERE,)


@dataclass(frozen=True)
class Removed:
    """A resource that the next update would delete, replace or no longer manage.

    Attributes:
        resource: as it stands.
        means: its facts, read against what stays.
    """

    resource: PlannedResource
    means: tuple[ResourceFact, ...] | Unclassified


@dataclass(frozen=True)
class Unread:
    """A property that matters as a resource sets it, or leaves it, and that no fact reads.

    Attributes:
        urn: the resource.
        path: the property.
        why: how it matters.
        absent: whether the resource does not set it.
    """

    urn: str
    path: str
    why: str
    absent: bool = False


@dataclass(frozen=True)
class Facts:
    """What a plan means.

    Attributes:
        items: the facts, in the plan's order; a resource may give several.
        unclassified: resources whose type nobody knows, or whose facts could not be read.
        removed: what the plan would take away, and what that means.
        released: what it would no longer manage, and leave standing.
        unread: what is set and not evaluated.
        outside: what the warehouse is given and does not manage, by identifier in lower case.
    """

    items: tuple[ResourceFact, ...]
    unclassified: tuple[Unclassified, ...]
    removed: tuple[Removed, ...] = ()
    released: tuple[Removed, ...] = ()
    unread: tuple[Unread, ...] = ()
    outside: Mapping[str, Outside] = field(default_factory=dict)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The facts of one kind."""
        if kind not in self._lists:
            self._lists[kind] = [item for item in self.items if isinstance(item, kind)]
        return cast("list[Kind]", self._lists[kind])

    def about(self, urn: str) -> list[ResourceFact]:
        """The facts of one resource."""
        return list(self._about.get(urn, ()))

    def one(self, kind: type[Kind], urn: str) -> Kind | None:
        """The fact of one kind about a resource; the last where there are several."""
        return next((f for f in reversed(self._about.get(urn, ())) if isinstance(f, kind)), None)

    def grants_on(self, urn: str) -> list[Grant]:
        """Grants on a resource, and those whose targets are not known."""
        return [grant for group in self.groups_on(urn) for grant in group]

    def groups_on(self, urn: str) -> list[Sequence[Grant]]:
        """Likewise, in groups that many resources share: those with the same targets."""
        return [*self._groups.get(urn, ()), *self._groups.get(ANYWHERE, ())]

    @cached_property
    def _lists(self) -> dict[type, list[object]]:
        return {}

    @cached_property
    def _about(self) -> Mapping[str, list[ResourceFact]]:
        found: dict[str, list[ResourceFact]] = {}
        for item in self.items:
            found.setdefault(item.urn, []).append(item)
        return found

    @cached_property
    def _groups(self) -> Mapping[str, list[list[Grant]]]:
        groups: dict[int, list[Grant]] = {}
        found: dict[str, list[list[Grant]]] = {}
        for grant in self.of(Grant):
            urns = grant.targets.value if isinstance(grant.targets, Known) else NOWHERE_TOLD
            if id(urns) not in groups:
                groups[id(urns)] = []
                for urn in dict.fromkeys(urns):
                    found.setdefault(urn, []).append(groups[id(urns)])
            groups[id(urns)].append(grant)
        return found


def collect(plan: Plan, classify: Classify) -> Facts:
    """Classify every resource that a provider makes; components and providers bear nothing.

    Where `classify` raises on a resource, that one is unclassified and the others are read. What
    the plan removes is classified likewise.

    Args:
        plan: from whatever source.
        classify: a provider's facts of one resource.
    """
    items: list[ResourceFact] = []
    unclassified: list[Unclassified] = []
    for resource in plan.resources:
        if not resource.made:
            continue
        found = _classified(resource, classify)
        if isinstance(found, Unclassified):
            unclassified.append(found)
        else:
            items.extend(found)
    gone, released = (
        tuple(Removed(r, _classified(r, classify)) for r in resources if r.made)
        for resources in (plan.removed, plan.released)
    )
    return Facts(tuple(items), tuple(unclassified), gone, released)


def _classified(
    resource: PlannedResource, classify: Classify
) -> tuple[ResourceFact, ...] | Unclassified:
    try:
        found = classify(resource)
    except ANYTHING as error:  # whatever a malformed resource brings about
        show_traceback()
        return Unclassified(resource.urn, resource.type, type(error).__name__)
    if not isinstance(found, Unclassified):
        return tuple(found)
    if found.type in KINDS:
        return tuple(facts_of_object(resource))
    return _of_nothing(found) if holds_nothing(found.type) else found


def _of_nothing(found: Unclassified) -> tuple[ResourceFact, ...]:
    nowhere = Known(())
    return (Neutral(found.urn, found.type, tags=DOES_NOT_APPLY, places=nowhere),)


def revealed(plan: Plan, provider_facts: Callable[[Plan], Facts]) -> Plan:
    """A plan read from elsewhere, with what is of a type that the provider knows as made by it.

    A file may call anything a component, which no control judges: the type tells otherwise.

    Args:
        plan: from a file or a request.
        provider_facts: a provider's `facts`; where it raises, nothing is known.
    """
    grouping = [r for r in plan.resources if not r.custom and r.type != STACK_TYPE]
    if not grouping:
        return plan
    trial = tuple(replace(r, custom=True) for r in grouping)
    try:
        found = provider_facts(replace(plan, resources=trial, removed=(), released=()))
    except ANYTHING:  # a provider's code may raise anything
        show_traceback()
        return plan
    known = {each.urn for each in (*found.items, *(u for u in found.unclassified if u.raised))}
    return replace(
        plan,
        resources=tuple(
            replace(r, custom=True) if not r.custom and r.urn in known else r
            for r in plan.resources
        ),
    )


def facts_of(plan: Plan, provider_facts: Callable[[Plan], Facts]) -> Facts:
    """What a provider says of a plan; what it passes over in silence is unclassified.

    Args:
        plan: from whatever source.
        provider_facts: a provider's `facts`; where it raises, nothing is classified.
    """
    raised = ""
    try:
        found = provider_facts(plan)
    except ANYTHING as error:  # a provider's code may raise anything
        show_traceback()
        found, raised = Facts((), ()), type(error).__name__
    told = {each.urn for each in (*found.items, *found.unclassified)}
    silent = [r for r in plan.resources if r.made and r.urn not in told]
    return replace(
        found,
        unclassified=(*found.unclassified, *_unclassified(silent, raised)),
        removed=_with_unsaid(found.removed, plan.removed, raised),
        released=_with_unsaid(found.released, plan.released, raised),
        outside=outside_of(plan),
    )


def _with_unsaid(
    found: tuple[Removed, ...], resources: Iterable[PlannedResource], raised: str
) -> tuple[Removed, ...]:
    """What goes, with what a provider's facts passed over in silence."""
    said = {id(each.resource) for each in found}
    unsaid = [r for r in resources if r.made and id(r) not in said]
    return (*found, *(Removed(r, Unclassified(r.urn, r.type, raised)) for r in unsaid))


def _unclassified(resources: Iterable[PlannedResource], raised: str) -> list[Unclassified]:
    return [Unclassified(resource.urn, resource.type, raised) for resource in resources]
