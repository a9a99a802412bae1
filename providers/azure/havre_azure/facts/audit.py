"""Audit: workspaces, and where logs are sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.model import Copy, LogRoute, Place, ResourceFact
from havre.facts.read import (
    NO,
    NONE,
    ZERO,
    both,
    every,
    gathered,
    items,
    read,
    some,
    sources,
    then,
)
from havre.facts.stores import LogStore
from havre.facts.values import Fact, Known, Unknown
from havre_azure.facts.places import place, places
from havre_azure.facts.properties import (
    NOWHERE,
    about,
    closed,
    least,
    least_of,
    most,
    open_to_all,
    stored,
)
from havre_azure.facts.relations.links import key, private
from havre_azure.facts.relations.logs import logged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


def _linked(index: Index, workspace: PlannedResource) -> list[PlannedResource]:
    """Private link scopes that list a workspace."""
    token, path = "monitor:PrivateLinkScopedResource", "linkedResourceId"
    found = [
        index.target(scoped, "scopeName", "monitor:PrivateLinkScope")
        for scoped, _ in index.users(token, path, workspace)
    ]
    return [scope.value for scope in found if isinstance(scope, Known) and scope.value is not None]


def _workspace_days(index: Index, workspace: PlannedResource) -> Fact[int | None]:
    """The shortest retention: the workspace's own, or a table's."""
    own = read(workspace.inputs, "retentionInDays", 30)
    tables = index.all_users("operationalinsights:Table", "workspaceName", workspace)
    shortest = least_of(tables, lambda table: read(table.inputs, "totalRetentionInDays"))
    return least([own, shortest])


def _longest_days(index: Index, workspace: PlannedResource) -> Fact[int | None]:
    """The longest retention: the workspace's own, or a table's."""
    own = read(workspace.inputs, "retentionInDays", 30)
    tables = index.all_users("operationalinsights:Table", "workspaceName", workspace)
    if isinstance(tables, Unknown):
        return tables
    return most([own, *(read(table.inputs, "totalRetentionInDays") for table in tables.value)])


def _workspace_places(resource: PlannedResource, index: Index) -> Fact[tuple[Place, ...]]:
    """Where a workspace lies, and where it is replicated to."""
    own = places(resource, index, Copy.LOG)
    if read(resource.inputs, "replication.enabled", default=False) == NO:
        return own
    switch = read(resource.inputs, "replication.enabled", default=False)
    other = read(resource.inputs, "replication.location")
    if other == NONE:
        other = Unknown("replication.location")
    copy = then(both(switch, other), lambda found: (place(Copy.LOG, str(found[1])),))
    return gathered([own, copy])


def workspace(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A Log Analytics workspace; TLS 1.2 is its least (Azure documentation, since 2025-07)."""
    ways = ("publicNetworkAccessForIngestion", "publicNetworkAccessForQuery")
    public = some([open_to_all(resource, way) for way in ways])
    group = index.target(resource, "features.clusterResourceId", "operationalinsights:Cluster")
    found: Fact[str | None] = read(resource.inputs, "features.clusterResourceId")
    if isinstance(group, Known) and group.value is not None:
        path = "keyVaultProperties"
        found = key(index, group.value, f"{path}.keyVaultUri", f"{path}.keyName")
    told = replace(
        stored(LogStore, resource, index, "Log Analytics", _workspace_places(resource, index)),
        key=found,
        tls_minimum=Known("1.2"),
        public_endpoint=public,
        private_endpoint=every(
            [closed(public), some([private(index, scope) for scope in _linked(index, resource)])]
        ),
        shared_keys=closed(read(resource.inputs, "features.disableLocalAuth", default=False)),
        retention_days=_workspace_days(index, resource),
        longest_days=_longest_days(index, resource),
        locked_days=ZERO,
        reads_logged=logged(index, resource, ("Audit",)),
    )
    return [told]


def _urn(index: Index, resource: PlannedResource, path: str) -> Fact[str | None]:
    """URN of what a property names, or the identifier as written."""
    found = index.target(resource, path)
    if isinstance(found, Unknown):
        near = sources(resource, path)
        return Known(near[0]) if len(near) == 1 else found
    if found.value:
        return Known(found.value.urn)
    written = read(resource.inputs, path)
    return then(written, lambda told: told.lower() if index.outside(told) else told)


def route_of(
    resource: PlannedResource,
    index: Index,
    source: str,
    *sinks: str,
    kept: Fact[int | None] = NONE,
    tags: bool = False,
) -> Sequence[ResourceFact]:
    """Logs on their way from the resource that `source` names to those that `sinks` name."""
    origin = _urn(index, resource, source) if source else Known("subscription")
    ends = [_urn(index, resource, sink) for sink in sinks]
    unknown = [end for end in ends if isinstance(end, Unknown)]
    told = tuple(end.value for end in ends if isinstance(end, Known) and end.value)
    where = places(resource, index, Copy.SERVICE) if tags else NOWHERE
    route = replace(
        about(LogRoute, resource, where, tagged=tags),
        sources=then(origin, lambda urn: (urn,) if urn else ()),
        kept_days=kept,
    )
    # What is not known of one end takes nothing away from the others.
    known = [replace(route, sinks=Known(told))] if told or not unknown else []
    return [*known, *(replace(route, sinks=end) for end in unknown)]


def trimmed(holder: Any) -> Fact[int | None]:
    """Days after which a retention policy deletes logs in a storage account; None: never.

    It is of no effect unless it is enabled, and 0 days are for ever (azure-native's schema).
    """
    policy = "retentionPolicy"
    enabled = read(holder, f"{policy}.enabled", default=False)
    if enabled == NO:
        return NONE
    return then(both(enabled, read(holder, f"{policy}.days", 0)), lambda told: told[1] or None)


ACCOUNT = "storageAccountId"
SINKS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")


def diagnostics(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A resource's logs, sent on; a retention policy of theirs trims them in an account alone."""
    return _routes(resource, index, "resourceUri")


def _routes(resource: PlannedResource, index: Index, source: str) -> Sequence[ResourceFact]:
    logs = items(resource.inputs, "logs")
    kept = logs if isinstance(logs, Unknown) else least(map(_kept, logs.value))
    if kept == NONE:
        return route_of(resource, index, source, *SINKS)
    others = [sink for sink in SINKS if sink != ACCOUNT]
    return [
        *route_of(resource, index, source, *others),
        *route_of(resource, index, source, ACCOUNT, kept=kept),
    ]


def _kept(log: Any) -> Fact[int | None]:
    """Days after which one category of logs is deleted in an account; None: never, or not sent."""
    sent, kept = read(log, "enabled", default=False), trimmed(log)
    if kept == NONE or sent == NO:
        return NONE
    return Unknown("logs[].enabled") if isinstance(sent, Unknown) else kept


def activity(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """The subscription's activity log, sent on."""
    return _routes(resource, index, "")
