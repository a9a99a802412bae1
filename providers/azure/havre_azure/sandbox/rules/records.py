"""Records: log retention, where logs go, and backups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre_azure.parts.audit import LONGER_RETENTIONS
from havre_azure.retention import LONGEST_RESTORE
from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import bare
from havre_azure.sandbox.rules.names import ACCOUNT
from havre_azure.sandbox.rules.removal import BACKUP, INSTANCE
from havre_azure.sandbox.rules.vaults import GRANT
from havre_sandbox.reading import number, sections, text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

WORKSPACE = "azure-native:operationalinsights:Workspace"
TABLE = "azure-native:operationalinsights:Table"
SETTING = "azure-native:monitor:DiagnosticSetting"
POLICY = "azure-native:dataprotection:BackupPolicy"
WORKSPACE_DAYS = (30, 730)
TABLE_DAYS = (4, 730)
"""Days (Azure documentation, data retention in a Log Analytics workspace)."""
DEFAULT = -1
"""Retention of a table: that of its workspace (docstring of the SDK)."""
CATEGORIES = {
    "Microsoft.Storage/storageAccounts": {"StorageRead", "StorageWrite", "StorageDelete"},
    "Microsoft.KeyVault/vaults": {"AuditEvent", "AzurePolicyEvaluationDetails"},
    "Microsoft.DBforPostgreSQL/flexibleServers": {
        *("PostgreSQLLogs", "PostgreSQLFlexSessions", "PostgreSQLFlexQueryStoreRuntime"),
        *("PostgreSQLFlexQueryStoreWaitStats", "PostgreSQLFlexTableStats"),
        *("PostgreSQLFlexDatabaseXacts", "PostgreSQLFlexPGBouncer"),
    },
    "Microsoft.ContainerRegistry/registries": {
        *("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"),
    },
    "Microsoft.ContainerService/managedClusters": {
        *("kube-apiserver", "kube-audit", "kube-audit-admin", "kube-controller-manager"),
        *("kube-scheduler", "cluster-autoscaler", "cloud-controller-manager", "guard"),
        *("csi-azuredisk-controller", "csi-azurefile-controller", "csi-snapshot-controller"),
        *("fleet-member-agent", "fleet-member-net-controller-manager"),
    },
}
"""Categories of logs by type (Azure documentation, supported logs of each type)."""
BACKUP_ROLE = "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1"
"""Storage Account Backup Contributor."""


@rule(TABLE, beforehand=True)
def retained(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A table's records are kept for one of the listed numbers of days."""
    low, high = TABLE_DAYS
    total = number(proposed.properties, "totalRetentionInDays")
    listed = total is None or total in (DEFAULT, *LONGER_RETENTIONS) or low <= total <= high
    if not listed:
        more = ", ".join(map(str, LONGER_RETENTIONS))
        message = f"{total:g} days are not offered. Use {low} to {high}, or one of {more}."
        yield refusal("retention", message, "totalRetentionInDays")
    own = number(proposed.properties, "retentionInDays")
    if own is not None and total is not None and DEFAULT not in (own, total) and own > total:
        message = f"The table keeps {own:g} days, more than {total:g} days in all."
        yield refusal("retention", message, "retentionInDays")


@rule(WORKSPACE, beforehand=True)
def kept(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A workspace keeps its records for so many days."""
    low, high = WORKSPACE_DAYS
    days = number(proposed.properties, "retentionInDays")
    if days is not None and not low <= days <= high:
        message = f"A workspace keeps {low} to {high} days, not {days:g}."
        yield refusal("retention", message, "retentionInDays")


SINKS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")


@rule(SETTING, beforehand=True)
def sunk(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Logs go somewhere, and there are some."""
    if not any(proposed.properties.get(sink) for sink in SINKS):
        message = "No destination is set. Set `workspaceId` or `storageAccountId`."
        yield refusal("setting", message)
    if not (proposed.properties.get("logs") or proposed.properties.get("metrics")):
        yield refusal("setting", "No logs or metrics are set.", "logs")


@rule(SETTING, beforehand=True)
def offered(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A type of resource has the category of logs."""
    target = text(proposed.properties, "resourceUri")
    known = next((v for k, v in CATEGORIES.items() if f"/{k.lower()}/" in target.lower()), None)
    for place, each in enumerate(sections(proposed.properties, "logs")):
        category = text(each, "category")
        if known is not None and category and category not in known:
            message = f"`{category}` is not a category of this resource."
            yield refusal("setting", message, f"logs[{place}].category")


@rule(SETTING)
def sunk_once(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Two settings of one resource do not send one category to one destination."""
    target = bare(text(proposed.properties, "resourceUri")).casefold()
    for other in world.of(SETTING):
        same = bare(text(other.properties, "resourceUri")).casefold() == target
        if not same or other.id.casefold() == proposed.id.casefold():
            continue
        taken = {text(each, "category") for each in sections(other.properties, "logs")}
        own = {text(each, "category") for each in sections(proposed.properties, "logs")}
        for sink in SINKS:
            named = text(proposed.properties, sink)
            if named and named == text(other.properties, sink) and own & taken:
                message = f"{other.id} sends these logs there already."
                yield refusal("sink-taken", message, sink)


_DURATION = re.compile(r"P(\d+)D")


@rule(POLICY, beforehand=True)
def bounded(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Operational backup goes back so many days at most."""
    for place, each in enumerate(sections(proposed.properties, "properties.policyRules")):
        for lifecycle in sections(each, "lifecycles"):
            days = _DURATION.fullmatch(text(lifecycle, "deleteAfter.duration"))
            store = text(lifecycle, "sourceDataStore.dataStoreType")
            if days and store == "OperationalStore" and not 1 <= int(days[1]) <= LONGEST_RESTORE:
                message = f"Operational backup keeps 1 to {LONGEST_RESTORE} days."
                yield refusal("backup", message, f"properties.policyRules[{place}].lifecycles")


@rule(BACKUP, beforehand=True)
def encrypted(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A backup vault takes no key by a user-assigned identity from a closed vault.

    Vaults of this provider are always closed; see `docs` of the data file.
    """
    path = "properties.securitySettings.encryptionSettings"
    kind = text(proposed.properties, f"{path}.kekIdentity.identityType")
    if value(proposed.properties, path) is not None and kind == "UserAssigned":
        message = (
            "A user-assigned identity cannot reach a key vault with restricted networks. Leave "
            "`encryptionSettings` out."
        )
        yield refusal("backup-key", message, path)


@rule(BACKUP, acts=(Act.UPDATE,))
def immutable(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Locked immutability of a backup vault stays."""
    path = "properties.securitySettings.immutabilitySettings.state"
    if text(proposed.old or {}, path) == "Locked" and text(proposed.properties, path) != "Locked":
        yield refusal("backup-immutable", "Locked immutability cannot be taken back.", path)


@rule(INSTANCE, acts=(Act.CREATE,))
def permitted(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The vault's identity has the role on the account before its backup is set up."""
    named = text(proposed.properties, "properties.identityDetails.userAssignedIdentityArmUrl")
    account = text(proposed.properties, "properties.dataSourceInfo.resourceID")
    identity, source = world.find(named), world.find(account)
    if identity is None or source is None or source.token != ACCOUNT:
        return
    for grant in world.of(GRANT):
        same = grant.properties.get("principalId") == identity.computed.get("principalId")
        role = text(grant.properties, "roleDefinitionId").endswith(BACKUP_ROLE)
        if same and role and text(grant.properties, "scope").casefold() == account.casefold():
            return
    message = "The vault's identity has no Storage Account Backup Contributor role on the account."
    yield refusal("backup-access", message, "properties.identityDetails")


RULES = (
    retained,
    kept,
    sunk,
    offered,
    sunk_once,
    bounded,
    encrypted,
    immutable,
    permitted,
)
