"""What keeps resources of Azure from being deleted: Pulumi's guard and management locks."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.read import NO, YES, read, some, then, together
from havre.facts.values import Fact, Known, Unknown
from havre_azure.facts.relations.naming import WHOLE
from havre_azure.facts.relations.scopes import GROUP_ID, group_of, may_stand_in

if TYPE_CHECKING:
    import re
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


WRITTEN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "authorization:ManagementLockAtResourceGroupLevel": ("resourceGroupName",),
        "authorization:ManagementLockAtResourceLevel": (
            "resourceGroupName",
            "resourceType",
            "resourceName",
        ),
    }
)
"""Properties that make up the identifier of what a lock is set on, from its group on."""
GROUP = "resources:ResourceGroup"
EVERYWHERE = ""
"""In place of a URN: every resource of the plan."""


@dataclass(frozen=True)
class _Lock:
    """What a lock is set on, and whether it holds that.

    Attributes:
        on: URN, everywhere, or `?` and the name of a group that the plan does not show.
        subscription: which one that group stands in; empty where it is not told.
        holds: whether it refuses deletion.
    """

    on: str
    holds: Fact[bool]
    subscription: str = ""


def _locks(index: Index) -> Mapping[str, list[_Lock]]:
    """By what they are set on."""
    found: dict[str, list[_Lock]] = {}
    for each in index.of(*LOCKS):
        lock = _lock(index, each)
        found.setdefault(lock.on, []).append(lock)
    return found


def _lock(index: Index, lock: PlannedResource) -> _Lock:
    level, scope = read(lock.inputs, "level", "NotSpecified"), _named(index, lock)
    holds = then(level, lambda word: word in ("CanNotDelete", "ReadOnly"))
    whole = isinstance(scope, Known) and scope.value and WHOLE.fullmatch(str(scope.value))
    if holds == NO or whole or index.kind(lock) == SUBSCRIPTION_LOCK:
        return _Lock(EVERYWHERE, holds)
    found = index.target(lock, LOCKS[index.kind(lock)], exact=True, value=scope)
    if isinstance(found, Unknown):
        return _Lock(EVERYWHERE, found)
    if found.value is not None:
        return _Lock(found.value.urn, holds)
    group = GROUP_ID.fullmatch(str(scope.value).rstrip("/")) if isinstance(scope, Known) else None
    if group is None:
        return _Lock(EVERYWHERE, NO)
    return _Lock(f"?{group['name'].lower()}", holds, group["subscription"].lower())


def _named(index: Index, lock: PlannedResource) -> Fact[str]:
    """What a lock is set on, as an identifier where the lock tells its parts."""
    what = index.kind(lock)
    if what not in WRITTEN:
        return read(lock.inputs, LOCKS[what] or "scope", "")
    own = GROUP_ID.match(lock.id)
    parts = together([read(lock.inputs, part, "") for part in WRITTEN[what]])
    if isinstance(parts, Unknown):
        return read(lock.inputs, LOCKS[what])
    if not all(parts.value):
        return then(read(lock.inputs, LOCKS[what], ""), str)
    subscription = own["subscription"] if own else "?"
    above = read(lock.inputs, "parentResourcePath", "")
    inner = [str(above.value)] if isinstance(above, Known) and above.value else []
    words = "/".join([*inner, *map(str, parts.value[1:])])
    scope = f"/subscriptions/{subscription}/resourceGroups/{parts.value[0]}"
    return Known(f"{scope}/{words}" if words else scope)


def _inside(index: Index, group: PlannedResource) -> set[str]:
    """URNs of the locked resources that stand in a group, however deep."""
    locked = [index.at(urn) for urn in index.derived(_locks)]
    return {each.urn for each in locked if each and group in index.chain(each)[1:]}


def guarded(index: Index, resource: PlannedResource) -> Fact[bool]:
    """Whether Pulumi or a management lock refuses a resource's deletion.

    A lock on a group guards what says that it stands in it, in the plan or not. A lock on a
    resource guards the group that it stands in: Azure then deletes nothing of it (Azure
    documentation, "Lock your resources to protect your infrastructure", lock inheritance).
    """
    if resource.protect:
        return YES
    inside = _inside(index, resource) if index.kind(resource) == GROUP else set()
    return _locked(index, resource, [urn for urn in index.derived(_locks) if urn in inside])


def locked(index: Index, resource: PlannedResource) -> Fact[bool]:
    """Whether a lock on a resource, or above it, refuses to delete what is set on it.

    Assignments of roles and settings are deleted by nobody then (Azure documentation, "Lock your
    resources to protect your infrastructure"; read on 2026-11-30).
    """
    return _locked(index, resource, [])


def locked_scope(index: Index, scope: str) -> Fact[bool]:
    """Likewise, of a scope that the plan does not show: by locks on its group, or on everything."""
    locks = index.derived(_locks)
    group = GROUP_ID.match(scope)
    named = locks.get(f"?{group['name'].lower()}", ()) if group else ()
    held = [each for each in named if group and each.subscription in ("?", _within(group))]
    return some([each.holds for each in (*locks.get(EVERYWHERE, ()), *held)])


def _within(group: re.Match[str]) -> str:
    return group["subscription"].lower()


def _locked(index: Index, resource: PlannedResource, more: list[str]) -> Fact[bool]:
    """Whether a lock refuses: one on a resource, on what it stands in, or on some more."""
    locks = index.derived(_locks)
    urns = [EVERYWHERE, *[each.urn for each in index.chain(resource)], *more]
    found = [lock.holds for urn in urns for lock in locks.get(urn, ())]
    group = group_of(index, resource)
    if group:
        found += [
            lock.holds
            for lock in locks.get(f"?{group}", ())
            if lock.subscription == "?" or may_stand_in(resource, lock.subscription)
        ]
    return some(found)
