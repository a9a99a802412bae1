"""Audit: one workspace for questions, one immutable archive for proof, and what feeds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_azure_native import monitor, network, operationalinsights, storage

from havre.provider.parts import AuditInputs, AuditOutputs
from havre_azure.conventions.table import ARCHIVE, AWAY
from havre_azure.names import BLOB_NAMES, MONITOR_NAMES, Deployment, Role
from havre_azure.parts.alerts import alerts
from havre_azure.parts.keys import RECOVERY, own_key
from havre_azure.parts.network import firewall_id
from havre_azure.parts.zones import Store, account, watch
from havre_azure.resources import (
    after,
    diagnose,
    grant,
    identity,
    known,
    lock,
    private_endpoint,
    usual,
)
from havre_azure.retention import LIFECYCLE_MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pulumi

    from havre.provider.context import Part
    from havre_azure.resources import Identity
    from havre_azure.settings import AzureSettings

SHORTEST_RETENTION, LONGEST_RETENTION = 30, 730
"""Days of a workspace that can be asked at once: Azure documentation, data retention."""
LONGER_RETENTIONS = (1095, 1460, 1826, 2191, 2556, 2922, 3288, 3653, 4018, 4383)
"""Days beyond that for which a table can keep logs, whole years: same source."""
TABLES = (
    *("AKSAudit", "AKSAuditAdmin", "AKSControlPlane", "AZFWApplicationRule", "AZFWDnsQuery"),
    *("AZFWNetworkRule", "AZFWThreatIntel", "AZKVAuditLogs", "AzureActivity"),
    *("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents", "LAQueryLogs"),
    *("PGSQLServerLogs", "StorageBlobLogs"),
)
"""Tables of the logs that the warehouse sends, kept in the workspace's own archive after that."""
ACTIVITY = ("Administrative", "Security", "Policy", "Alert", "ResourceHealth", "ServiceHealth")
"""What is done to the subscription's resources, by whom."""
VAULT_LOGS = ("AuditEvent",)
FIREWALL_LOGS = ("AZFWApplicationRule", "AZFWNetworkRule", "AZFWThreatIntel", "AZFWDnsQuery")
WORKSPACE_LOGS = ("Audit",)
"""Who asked what of the logs themselves."""


def workspace_retention(days: int) -> int:
    """Days for which logs can be asked at once."""
    return min(max(days, SHORTEST_RETENTION), LONGEST_RETENTION)


def table_retention(days: int) -> int:
    """Days for which a table keeps logs: the shortest that Azure accepts and that is enough."""
    if days <= LONGEST_RETENTION:
        return workspace_retention(days)
    return next(accepted for accepted in LONGER_RETENTIONS if accepted >= days)


def _workspace(at: Deployment, group: pulumi.Output[str]) -> operationalinsights.Workspace:
    return operationalinsights.Workspace(
        f"{at.stem}-logs",
        workspace_name=at.name(f"{at.stem}-logs"),
        sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
        retention_in_days=workspace_retention(at.spec.audit.retention_days),
        public_network_access_for_ingestion="Disabled",
        public_network_access_for_query="Disabled",
        features=operationalinsights.WorkspaceFeaturesArgs(
            disable_local_auth=True,
            enable_log_access_using_only_resource_permissions=False,
            immediate_purge_data_on30_days=False,
        ),
        **usual(at, group, bears_data=True),
    )


def _tables(at: Deployment, workspace: pulumi.Resource) -> list[pulumi.Resource]:
    """Beyond what can be asked at once, tables keep their logs for the rest of the time."""
    days = at.spec.audit.retention_days
    if days <= LONGEST_RETENTION:
        return []
    name = at.name(f"{at.stem}-logs")
    return [
        operationalinsights.Table(
            f"{at.stem}-{table}",
            table_name=table,
            workspace_name=known(name, workspace),
            resource_group_name=known(at.group, workspace),
            plan="Analytics",
            retention_in_days=LONGEST_RETENTION,
            total_retention_in_days=table_retention(days),
            opts=at.part.guarded(),
        )
        for table in TABLES
    ]


def _private_workspace(
    at: Deployment, subnet: pulumi.Output[str], workspace: pulumi.Resource
) -> None:
    """Questions to the logs are asked from inside the network only."""
    name, group = at.name(f"{at.stem}-logs-scope"), known(at.group, workspace)
    scope = monitor.PrivateLinkScope(
        f"{at.stem}-logs-scope",
        scope_name=name,
        location="global",  # a list of workspaces: it has no region and holds no logs
        resource_group_name=group,
        access_mode_settings=monitor.AccessModeSettingsArgs(
            ingestion_access_mode="PrivateOnly", query_access_mode="PrivateOnly"
        ),
        tags=at.tags,
        opts=at.part.child(),
    )
    scoped = monitor.PrivateLinkScopedResource(
        f"{at.stem}-logs-scoped",
        name="workspace",
        scope_name=known(name, scope),
        resource_group_name=group,
        linked_resource_id=known(at.workspace_id, workspace),
        opts=at.part.child(),
    )
    target = known(at.id("Microsoft.Insights/privateLinkScopes", name), scope, scoped)
    private_endpoint(
        at, f"{at.stem}-logs", subnet, target, "azuremonitor", [*MONITOR_NAMES, BLOB_NAMES]
    )


def _archive(
    at: Deployment, inputs: AuditInputs, group: pulumi.Output[str], purpose: str
) -> tuple[storage.StorageAccount, list[pulumi.Resource]]:
    """Where every log stays unchanged for the time asked; and what is below the account."""
    key = own_key(at, purpose, inputs.keys.store).uri if at.own_keys else None
    tags, days = {**at.tags, "purpose": ARCHIVE}, at.spec.audit.retention_days
    made = account(at, Store(purpose, key, days, tags, away=purpose == AWAY), group)
    owner, label = known(at.account(purpose), made), f"{at.stem}-{purpose}"
    service = storage.BlobServiceProperties(
        f"{label}-service",
        account_name=owner,
        blob_services_name="default",
        resource_group_name=group,
        is_versioning_enabled=True,
        delete_retention_policy=storage.DeleteRetentionPolicyArgs(enabled=True, days=30),
        container_delete_retention_policy=storage.DeleteRetentionPolicyArgs(enabled=True, days=30),
        opts=at.part.child(),
    )
    subnet = inputs.network.segments["endpoints"]
    target = known(at.account_id(purpose), made)
    ends = _end_of_logs(at, label, known(at.account(purpose), made, service))
    return made, [service, ends, private_endpoint(at, label, subnet, target, "blob", [BLOB_NAMES])]


def _end_of_logs(at: Deployment, label: str, owner: pulumi.Output[str]) -> pulumi.Resource:
    """Logs contain personal data, statements even values: they end when their time is over.

    A locked log is never deleted. Azure Monitor appends to blobs. A deleted blob leaves a version.
    """
    days = at.spec.audit.retention_days
    rule = storage.ManagementPolicyRuleArgs(
        name="end-of-logs",
        enabled=True,
        type="Lifecycle",
        definition=storage.ManagementPolicyDefinitionArgs(
            actions=storage.ManagementPolicyActionArgs(
                base_blob=storage.ManagementPolicyBaseBlobArgs(
                    delete=storage.DateAfterModificationArgs(
                        days_after_modification_greater_than=days
                    )
                ),
                version=storage.ManagementPolicyVersionArgs(
                    delete=storage.DateAfterCreationArgs(
                        days_after_creation_greater_than=days + LIFECYCLE_MARGIN
                    )
                ),
            ),
            filters=storage.ManagementPolicyFilterArgs(blob_types=["blockBlob", "appendBlob"]),
        ),
    )
    return storage.ManagementPolicy(
        f"{label}-end",
        account_name=owner,
        management_policy_name="default",
        resource_group_name=after(at.group, owner),
        policy=storage.ManagementPolicySchemaArgs(rules=[rule]),
        opts=at.part.child(),
    )


def _away(
    at: Deployment, inputs: AuditInputs, group: pulumi.Output[str], sink: pulumi.Output[str]
) -> tuple[pulumi.Output[str] | None, list[pulumi.Resource]]:
    """The recovery site's archive, where that site has a network; read access is logged too."""
    if at.recovery_location is None or at.spec.network.recovery_address_space is None:
        return None, []
    archive, below = _archive(at, inputs, group, AWAY)
    made = known(at.account_id(AWAY), archive)
    return made, [*below, watch(at, AWAY, made, AuditOutputs(sink), archived=False)]


def _flows(
    at: Deployment, inputs: AuditInputs, sink: pulumi.Output[str], away: pulumi.Output[str] | None
) -> Iterator[pulumi.Resource]:
    """Every flow of both networks, written by an identity of its own: shared keys are off."""
    user = identity(at, f"{at.stem}-flows-writer", after(at.group, sink))
    yield _flow_log(at, user, inputs.network.identifier, after(at.archive_id, sink), at.location)
    if away is not None and at.recovery_location is not None:
        other = at.network_id(at.part.named(RECOVERY, "network"))
        target = after(other, inputs.network.segments["endpoints"])
        yield _flow_log(at, user, target, away, at.recovery_location, RECOVERY)


def _flow_log(
    at: Deployment,
    user: Identity,
    target: pulumi.Output[str],
    archive: pulumi.Output[str],
    location: str,
    *words: str,
) -> pulumi.Resource:
    """A network's flows; Azure has them written in the network's own region."""
    label, role = "-".join((at.stem, "flows", *words)), Role.BLOB_CONTRIBUTOR
    written = grant(at, "-".join((at.stem, "flows-write", *words)), user.principal, role, archive)
    return network.FlowLog(
        label,
        flow_log_name=at.name(label),
        network_watcher_name=f"NetworkWatcher_{location}",
        target_resource_id=target,
        storage_id=archive,
        enabled=True,
        format=network.FlowLogFormatParametersArgs(type="JSON", version=2),
        # The archive itself keeps them; Network Watcher deletes nothing.
        retention_policy=network.RetentionPolicyParametersArgs(enabled=False, days=0),
        identity=network.ManagedServiceIdentityArgs(
            type=network.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[user.id]
        ),
        **usual(at, after(at.settings.network_watcher_group), written, location=location),
    )


def _activity(at: Deployment, sink: pulumi.Output[str]) -> None:
    monitor.SubscriptionDiagnosticSetting(
        f"{at.stem}-activity-logs",
        name=at.stem,
        workspace_id=sink,
        storage_account_id=after(at.archive_id, sink),
        logs=[
            monitor.SubscriptionLogSettingsArgs(category=category, enabled=True)
            for category in ACTIVITY
        ],
        opts=at.part.child(),
    )


def _feeds(
    at: Deployment, inputs: AuditInputs, sink: pulumi.Output[str], away: pulumi.Output[str] | None
) -> list[pulumi.Resource]:
    """Logs of what was made before this part; what comes later sends its own."""
    archive, label = after(at.archive_id, sink), at.stem
    if at.own_keys:
        vault = inputs.keys.store
        diagnose(at, f"{label}-vault", vault, VAULT_LOGS, sink, archive)
    if at.own_keys and at.geo:
        other = after(at.vault_id(RECOVERY), inputs.keys.database or sink)
        diagnose(at, f"{label}-vault-{RECOVERY}", other, VAULT_LOGS, sink, away)
    if at.own_firewall:
        firewall = after(firewall_id(at), inputs.network.segments["compute"])
        diagnose(at, f"{label}-firewall", firewall, FIREWALL_LOGS, sink, archive)
    made = []
    if at.own_workspace:
        made.append(diagnose(at, f"{label}-workspace", sink, WORKSPACE_LOGS, sink, archive))
    if at.own_archive:
        made.append(watch(at, ARCHIVE, after("", sink), AuditOutputs(sink), archived=False))
    return made


def _locks(
    at: Deployment,
    sink: pulumi.Output[str],
    away: pulumi.Output[str] | None,
    below: list[pulumi.Resource],
) -> None:
    """Workspace and archives are deleted by nobody: no project has anything to do there."""
    if at.own_workspace:
        lock(at, f"{at.stem}-logs", sink, *below)
    if at.own_archive:
        lock(at, f"{at.stem}-{ARCHIVE}", after(at.archive_id, sink), *below)
    if away is not None:
        lock(at, f"{at.stem}-{AWAY}", away, *below)


def audit(part: Part[AzureSettings], inputs: AuditInputs) -> AuditOutputs:
    """The workspace, the archive, and the logs of network, keys and subscription.

    What an estate gives is not made: logs are sent there.
    """
    at = Deployment(part)
    group = after(at.group, inputs.network.identifier)
    stores: list[pulumi.Resource] = []
    below: list[pulumi.Resource] = []
    kept: list[pulumi.Resource] = []
    if at.own_workspace:
        stores.append(workspace := _workspace(at, group))
        below = _tables(at, workspace)
        _private_workspace(at, inputs.network.segments["endpoints"], workspace)
    if at.own_archive:
        archive, kept = _archive(at, inputs, group, ARCHIVE)
        stores.append(archive)
    # Nothing else leads from what is sent to a given workspace to the resource group.
    sink = known(at.workspace_id, *stores) if stores else after(at.workspace_id, group)
    away, more = _away(at, inputs, group, sink)
    below += [*kept, *more, *_feeds(at, inputs, sink, away), *_flows(at, inputs, sink, away)]
    _activity(at, sink)
    alerts(at, sink)
    _locks(at, sink, away, below)
    return AuditOutputs(sink=sink)
