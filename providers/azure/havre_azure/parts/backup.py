"""Backup: an immutable vault of its own, for what Azure lets it hold.

Azure copies blobs into a vault only from an account that allows replication to other tenants.
That would open the very door that zones keep shut, so zones are backed up in place instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_azure_native import dataprotection as dp

from havre.provider.parts import BackupInputs, BackupOutputs
from havre.spec.model import Purpose
from havre_azure.names import Deployment, Role, zone_purpose
from havre_azure.resources import after, diagnose, grant, identity, known, lock, usual
from havre_azure.retention import restorable, restore_days, restores_logs

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pulumi

    from havre.provider.context import Part
    from havre_azure.resources import Identity
    from havre_azure.settings import AzureSettings

    _Rules = list[dp.AzureBackupRuleArgs | dp.AzureRetentionRuleArgs]

LARGEST_DATABASE_GIB = 1024
"""Above this size the vault takes no PostgreSQL server (Azure Backup, support matrix)."""
SHORTEST_SOFT_DELETE, LONGEST_SOFT_DELETE = 14, 180
"""Days during which a deleted backup can be had back."""
BLOBS = "Microsoft.Storage/storageAccounts/blobServices"
ACCOUNTS = "Microsoft.Storage/storageAccounts"
SERVERS = "Microsoft.DBforPostgreSQL/flexibleServers"
LOGS = (
    *("CoreAzureBackup", "AddonAzureBackupJobs", "AddonAzureBackupPolicy"),
    "AddonAzureBackupProtectedInstance",
)
"""Every copy and restore, and every change of what is copied and for how long."""
WEEKLY = "R/2026-01-04T02:00:00+00:00/P1W"
"""Sundays at two in the morning, UTC: the vault takes weekly backups of servers."""


def in_vault(at: Deployment) -> bool:
    """Whether the vault takes the database."""
    return at.spec.database.storage_gib <= LARGEST_DATABASE_GIB


def vault_name(at: Deployment) -> str:
    """Name of the backup vault."""
    return at.name(f"{at.stem}-backup")


def _redundancy(at: Deployment) -> dp.StorageSettingTypes:
    if at.geo:
        return dp.StorageSettingTypes.GEO_REDUNDANT
    kinds = dp.StorageSettingTypes
    return kinds.ZONE_REDUNDANT if at.zonal else kinds.LOCALLY_REDUNDANT


def _vault(at: Deployment, inputs: BackupInputs, *workers: Identity) -> dp.BackupVault:
    kept = at.spec.encryption.deletion_days
    locked = at.settings.lock_immutability
    # No key of the warehouse: Azure Backup takes one from no vault that limits who reaches it.
    return dp.BackupVault(
        f"{at.stem}-backup",
        vault_name=vault_name(at),
        identity=dp.DppIdentityDetailsArgs(
            type="UserAssigned", user_assigned_identities=[each.id for each in workers]
        ),
        properties=dp.BackupVaultArgs(  # the nested type, as `properties` takes it
            storage_settings=[
                dp.StorageSettingArgs(
                    datastore_type=dp.StorageSettingStoreTypes.VAULT_STORE, type=_redundancy(at)
                )
            ],
            security_settings=dp.SecuritySettingsArgs(
                immutability_settings=dp.ImmutabilitySettingsArgs(
                    state=dp.ImmutabilityState.LOCKED if locked else dp.ImmutabilityState.UNLOCKED
                ),
                soft_delete_settings=dp.SoftDeleteSettingsArgs(
                    state=dp.SoftDeleteState.ALWAYS_ON if locked else dp.SoftDeleteState.ON,
                    retention_duration_in_days=max(kept, SHORTEST_SOFT_DELETE),
                ),
            ),
        ),
        **usual(at, after(at.group, inputs.database.identifier), bears_data=True),
    )


def _retention(days: int, store: dp.DataStoreTypes) -> dp.AzureRetentionRuleArgs:
    return dp.AzureRetentionRuleArgs(
        name="Default",
        object_type="AzureRetentionRule",
        is_default=True,
        lifecycles=[
            dp.SourceLifeCycleArgs(
                delete_after=dp.AbsoluteDeleteOptionArgs(
                    duration=f"P{days}D", object_type="AbsoluteDeleteOption"
                ),
                source_data_store=dp.DataStoreInfoBaseArgs(
                    data_store_type=store, object_type="DataStoreInfoBase"
                ),
            )
        ],
    )


def _weekly() -> dp.AzureBackupRuleArgs:
    return dp.AzureBackupRuleArgs(
        name="BackupWeekly",
        object_type="AzureBackupRule",
        backup_parameters=dp.AzureBackupParamsArgs(
            backup_type="Full", object_type="AzureBackupParams"
        ),
        data_store=dp.DataStoreInfoBaseArgs(
            data_store_type=dp.DataStoreTypes.VAULT_STORE, object_type="DataStoreInfoBase"
        ),
        trigger=dp.ScheduleBasedTriggerContextArgs(
            object_type="ScheduleBasedTriggerContext",
            schedule=dp.BackupScheduleArgs(repeating_time_intervals=[WEEKLY], time_zone="UTC"),
            tagging_criteria=[
                dp.TaggingCriteriaArgs(
                    is_default=True,
                    tagging_priority=99,
                    tag_info=dp.RetentionTagArgs(tag_name="Default"),
                )
            ],
        ),
    )


def _policy(
    at: Deployment,
    vault: pulumi.Resource,
    label: str,
    rules: _Rules,
    source: str,
) -> pulumi.Output[str]:
    """A policy of the vault for one type of source; returns its ARM identifier."""
    made = dp.BackupPolicy(
        f"{at.stem}-backup-{label}",
        backup_policy_name=label,
        vault_name=known(vault_name(at), vault),
        resource_group_name=known(at.group, vault),
        properties=dp.BackupPolicyArgs(
            object_type="BackupPolicy", datasource_types=[source], policy_rules=rules
        ),
        opts=at.part.guarded(),
    )
    vaults = at.id("Microsoft.DataProtection/backupVaults", vault_name(at))
    return known(f"{vaults}/backupPolicies/{label}", made)


@dataclass(frozen=True)
class _Source:
    """What is backed up: its label and name, ARM type, and the type that Azure Backup uses."""

    label: str
    name: str
    kind: str
    datasource: str
    id: pulumi.Output[str]


def _instance(
    at: Deployment,
    source: _Source,
    policy: pulumi.Output[str],
    worker: pulumi.Output[str],
    needs: pulumi.Resource,
) -> pulumi.Resource:
    return dp.BackupInstance(
        f"{at.stem}-backup-of-{source.label}",
        backup_instance_name=source.name,
        vault_name=after(vault_name(at), policy),
        resource_group_name=after(at.group, policy),
        properties=dp.BackupInstanceArgs(
            object_type="BackupInstance",
            friendly_name=source.name,
            data_source_info=dp.DatasourceArgs(
                object_type="Datasource",
                resource_id=source.id,
                resource_uri=source.id,
                resource_name=source.name,
                resource_type=source.kind,
                resource_location=at.location,
                datasource_type=source.datasource,
            ),
            policy_info=dp.PolicyInfoArgs(policy_id=policy),
            identity_details=dp.IdentityDetailsArgs(
                use_system_assigned_identity=False, user_assigned_identity_arm_url=worker
            ),
        ),
        tags=at.tags,
        opts=at.part.guarded(needs),
    )


def _database(
    at: Deployment,
    vault: pulumi.Resource,
    inputs: BackupInputs,
    worker: Identity,
) -> pulumi.Resource:
    """Weekly copies of the server in the vault, beside its own point-in-time restore."""
    rules: _Rules = [_weekly(), _retention(_days(at), dp.DataStoreTypes.VAULT_STORE)]
    policy, target = (
        _policy(at, vault, "database", rules, SERVERS),
        inputs.database.identifier,
    )
    label = f"{at.stem}-backup-database"
    granted = grant(at, f"{label}-copy", worker.principal, Role.POSTGRESQL_BACKUP, target)
    group = after(at.group_id, target)
    read = grant(at, f"{label}-read", worker.principal, Role.READER, group)
    source = _Source("database", at.server, SERVERS, SERVERS, target)
    ready = after(at.identity_id(f"{at.stem}-backup-worker"), worker.id, known("", read))
    return _instance(at, source, policy, ready, granted)


def _days(at: Deployment) -> int:
    return at.spec.database.backups.retention_days


def _zones(
    at: Deployment,
    vault: pulumi.Resource,
    inputs: BackupInputs,
    worker: Identity,
    logs_worker: Identity | None,
) -> Iterator[pulumi.Resource]:
    """Zones that can go back in time do so under the vault's policy."""
    asked = [zone for zone, found in at.spec.zones.items() if restorable(found)]
    if not asked:
        return
    rules: _Rules = [_retention(restore_days(_days(at)), dp.DataStoreTypes.OPERATIONAL_STORE)]
    policy = _policy(at, vault, "zones", rules, BLOBS)
    for zone in asked:
        purpose = zone_purpose(zone)
        target = after(at.account_id(purpose), inputs.zones.stores[zone].identifier)
        label = f"{at.stem}-backup-{zone}"
        logs = logs_worker if at.spec.zones[zone].purpose is Purpose.LOGS else None
        by = logs or worker
        granted = grant(at, label, by.principal, Role.STORAGE_BACKUP, target)
        source = _Source(purpose, at.account(purpose), ACCOUNTS, BLOBS, target)
        yield _instance(at, source, policy, by.id, granted)


def backup(part: Part[AzureSettings], inputs: BackupInputs) -> BackupOutputs:
    """The vault, its policies, and what they hold."""
    at = Deployment(part)
    group, label = after(at.group, inputs.database.identifier), f"{at.stem}-backup-worker"
    worker = identity(at, label, group)
    # Who restores logs can change them, and must not read data: an identity of its own.
    logs_worker = identity(at, f"{label}-logs", group) if restores_logs(at.spec) else None
    vault = _vault(at, inputs, worker, *([logs_worker] if logs_worker else []))
    held = [_database(at, vault, inputs, worker)] if in_vault(at) else []
    held += _zones(at, vault, inputs, worker, logs_worker)
    location = known(at.id("Microsoft.DataProtection/backupVaults", vault_name(at)), vault)
    sink = inputs.audit.sink
    logs = diagnose(at, f"{at.stem}-backup", location, LOGS, sink, after(at.archive_id, sink))
    lock(at, f"{at.stem}-backup", location, logs, *held)
    return BackupOutputs(location=location, region=at.location)
