"""What stands in a scope: a resource, a resource group, a subscription, or all of it.

A group need not be in the plan: what it holds says so, by `resourceGroupName` or by its identifier.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.read import read
from havre.facts.values import Known
from havre_azure.facts.relations.naming import GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.facts.index import Index
    from havre.plan import PlannedResource

HOLDERS = (
    *("storage:StorageAccount", "dbforpostgresql:Server", "dbforpostgresql:SingleServer"),
    *("containerregistry:Registry", "operationalinsights:Workspace"),
    *("dataprotection:BackupVault", "recoveryservices:Vault"),
    *("keyvault:Vault", "keyvault:Key", "compute:Disk", "containerservice:ManagedCluster"),
)
"""What a grant on something wider reaches, by type."""

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "dataprotection:BackupInstance": "vaultName",
        "dbforpostgresql:Database": "serverName",
        "dbforpostgresql:SingleServerDatabase": "serverName",
        "keyvault:Secret": "vaultName",
        "operationalinsights:Table": "workspaceName",
        "storage:BlobContainer": "accountName",
        "storage:FileShare": "accountName",
        "storage:Queue": "accountName",
        "storage:Table": "accountName",
    }
)
"""Parts that are told as what they belong to, and the property that names that."""

GROUP_ID = re.compile(r"(?i)/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<name>[^/]+)")
_ANY, _GROUPLESS = "", "?"
"""In place of a URN or group: every resource, and those of which no group is known."""


def everywhere(index: Index) -> list[str]:
    """URNs of all that grants reach."""
    return index.derived(_held)[_ANY]


def within(index: Index, scope: PlannedResource) -> list[str]:
    """URNs of what stands in a resource of the plan, or may."""
    held = index.derived(_held)
    found = held.get(scope.urn, [])
    if index.kind(scope) != GROUP:
        return found
    name, subscription = group_of(index, scope), subscription_of(scope)
    stated = _stated(index, name, subscription) if name else _outside(index)
    return list(dict.fromkeys((*found, *stated, *held[_GROUPLESS])))


def in_group(index: Index, scope: str) -> list[str]:
    """URNs of what stands in the group that an identifier names, if it names one and no more."""
    found = GROUP_ID.fullmatch(scope.rstrip("/"))
    if found is None:
        return []
    stated = _stated(index, found["name"].lower(), found["subscription"].lower())
    return [*stated, *index.derived(_held)[_GROUPLESS]]


def _stated(index: Index, name: str, subscription: str) -> list[str]:
    """URNs of what says that it stands in a group of no resource's."""
    held = index.derived(_held).get(f"?{name}", ())
    return [urn for urn in held if may_stand_in(index.at(urn), subscription)]


def _outside(index: Index) -> list[str]:
    """URNs of what stands in groups of no resource's."""
    held = index.derived(_held)
    return [urn for place, urns in held.items() if place.startswith("?") for urn in urns]


def may_stand_in(resource: PlannedResource | None, subscription: str) -> bool:
    """Whether a resource may stand in a subscription: its identifier may name another."""
    own = subscription_of(resource) if resource is not None else ""
    return not own or not subscription or own == subscription


def subscription_of(resource: PlannedResource) -> str:
    """The subscription that a resource's identifier names, in lower case; empty for none."""
    found = GROUP_ID.match(resource.id)
    return found["subscription"].lower() if found else ""


def group_of(index: Index, resource: PlannedResource) -> str:
    """Name of the group in which a resource stands, in lower case; empty where none is known."""
    above = index.chain(resource)[-1]
    named = read(above.inputs, "resourceGroupName")
    if isinstance(named, Known) and named.value:
        return str(named.value).lower()
    found = GROUP_ID.match(above.id or resource.id)
    return found["name"].lower() if found else ""


def _held(index: Index) -> dict[str, list[str]]:
    """URNs of what grants reach, by what it stands in: a URN, or `?` and a group's name."""
    found: dict[str, list[str]] = {_ANY: [], _GROUPLESS: []}
    for resource in index.of(*HOLDERS):
        found[_ANY].append(resource.urn)
        above = index.chain(resource)
        for scope in above:
            found.setdefault(scope.urn, []).append(resource.urn)
        if index.kind(above[-1]) != GROUP:
            found.setdefault(f"?{group_of(index, resource)}", []).append(resource.urn)
    return found
