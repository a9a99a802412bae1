"""What keeps resources of Azure from being deleted: Pulumi's guard and management locks."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.read import NO, YES, read, some, then
from havre.facts.values import Fact, Known, Unknown
from havre_azure.facts.relations.naming import WHOLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.facts.index import Index
    from havre.plan import PlannedResource

SUBSCRIPTION_LOCK = "authorization:ManagementLockAtSubscriptionLevel"
LOCKS: Mapping[str, str] = MappingProxyType(
    {
        SUBSCRIPTION_LOCK: "",
        "authorization:ManagementLockByScope": "scope",
        "authorization:ManagementLockAtResourceGroupLevel": "resourceGroupName",
        "authorization:ManagementLockAtResourceLevel": "resourceName",
    }
)
"""Property that says what a management lock holds, by type; what is inside is held too."""


EVERYWHERE = ""
"""In place of a URN: every resource of the plan."""


def _locks(index: Index) -> Mapping[str, list[Fact[bool]]]:
    """By URN of what a lock is set on, whether it holds."""
    found: dict[str, list[Fact[bool]]] = {}
    for lock in index.of(*LOCKS):
        urn, holds = _lock(index, lock)
        found.setdefault(urn, []).append(holds)
    return found


def _lock(index: Index, lock: PlannedResource) -> tuple[str, Fact[bool]]:
    """What a lock is set on, and whether it holds that."""
    level, scope = read(lock.inputs, "level", "NotSpecified"), read(lock.inputs, "scope", "")
    holds = then(level, lambda word: word in ("CanNotDelete", "ReadOnly"))
    whole = isinstance(scope, Known) and WHOLE.fullmatch(str(scope.value))
    if holds == NO or whole or index.kind(lock) == SUBSCRIPTION_LOCK:
        return EVERYWHERE, holds
    found = index.target(lock, LOCKS[index.kind(lock)], exact=True)
    if isinstance(found, Unknown):
        return EVERYWHERE, found
    return (found.value.urn, holds) if found.value is not None else (EVERYWHERE, NO)


def guarded(index: Index, resource: PlannedResource) -> Fact[bool]:
    """Whether Pulumi or a management lock of the plan refuses a resource's deletion."""
    if resource.protect:
        return YES
    locks = index.derived(_locks)
    urns = [EVERYWHERE, *[each.urn for each in index.chain(resource)]]
    return some([holds for urn in urns for holds in locks.get(urn, ())])
