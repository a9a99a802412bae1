"""Zones: one storage account each, reached privately, encrypted with the zone's own key.

An account, not a container, is Azure's boundary of trust: the key, the private address, the
immutability of new objects, the logs and the redundancy are all an account's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_azure_native import storage

from havre.provider.parts import ZonesInputs, ZonesOutputs, ZoneStore
from havre_azure.names import BLOB_NAMES, Deployment, zone_purpose
from havre_azure.resources import after, copies, diagnose, known, private_endpoint
from havre_azure.retention import restorable, restore_days, undelete_days, version_age

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from havre.provider.context import Part
    from havre.provider.parts import AuditOutputs
    from havre.spec.model import Zone
    from havre_azure.settings import AzureSettings

BLOB_LOGS = ("StorageRead", "StorageWrite", "StorageDelete")
"""Every access to an object."""
SHORTEST_UNDELETE = 7
"""Days during which a deleted container can be had back at least, whatever is promised."""


@dataclass(frozen=True)
class Store:
    """A storage account.

    Attributes:
        purpose: names the account and its key.
        key: reference of its key; None where Azure's own encrypts it.
        immutable_days: days during which a version cannot be changed or deleted; 0: none.
        tags: labels.
        away: whether it stands at the recovery site.
        trusted: whether services of Azure enter: with logs, or for a backup.
    """

    purpose: str
    key: pulumi.Output[str] | None
    immutable_days: int
    tags: Mapping[str, str]
    away: bool = False
    trusted: bool = True


def redundancy(at: Deployment, *, away: bool = False) -> storage.SkuName:
    """Copies in several zones if the site has them, at the recovery site if it is the pair."""
    zonal = at.recovery_zonal if away else at.zonal
    if at.geo and not away:
        return storage.SkuName.STANDARD_GZRS if zonal else storage.SkuName.STANDARD_GRS
    return storage.SkuName.STANDARD_ZRS if zonal else storage.SkuName.STANDARD_LRS


def _encryption(at: Deployment, store: Store) -> storage.EncryptionArgs:
    """Twice, and with the store's own key where the warehouse has keys."""
    service = storage.EncryptionServiceArgs(enabled=True, key_type="Account")
    services = storage.EncryptionServicesArgs(
        blob=service, file=service, queue=service, table=service
    )
    if store.key is None:
        return storage.EncryptionArgs(
            key_source="Microsoft.Storage",
            require_infrastructure_encryption=True,
            services=services,
        )
    return storage.EncryptionArgs(
        key_source="Microsoft.Keyvault",
        require_infrastructure_encryption=True,
        services=services,
        encryption_identity=storage.EncryptionIdentityArgs(
            encryption_user_assigned_identity=after(at.key_identity_id(store.purpose), store.key)
        ),
        # No version: the account follows each renewal of the key.
        key_vault_properties=storage.KeyVaultPropertiesArgs(
            key_name=after(at.key_name(store.purpose), store.key),
            key_vault_uri=after(f"https://{at.vault()}.vault.azure.net", store.key),
        ),
    )


def _identity(at: Deployment, store: Store) -> storage.IdentityArgs | None:
    if store.key is None:
        return None
    return storage.IdentityArgs(
        type=storage.IdentityType.USER_ASSIGNED,
        user_assigned_identities=[after(at.key_identity_id(store.purpose), store.key)],
    )


def _immutability(at: Deployment, store: Store) -> storage.ImmutableStorageAccountArgs | None:
    """For every new version of every object; Azure makes no policy locked, a second run locks."""
    if not store.immutable_days:
        return None
    return storage.ImmutableStorageAccountArgs(
        enabled=True,
        immutability_policy=storage.AccountImmutabilityPolicyPropertiesArgs(
            state="Locked" if at.settings.lock_immutability else "Unlocked",
            immutability_period_since_creation_in_days=store.immutable_days,
            allow_protected_append_writes=True,  # logs grow by appending
        ),
    )


def account(at: Deployment, store: Store, group: pulumi.Output[str]) -> storage.StorageAccount:
    """An account that nobody reaches with a key, from outside, or in plain text."""
    return storage.StorageAccount(
        f"{at.stem}-{store.purpose}",
        account_name=at.account(store.purpose),
        location=(at.recovery_location if store.away else None) or at.location,
        resource_group_name=group,
        kind=storage.Kind.STORAGE_V2,
        sku=storage.SkuArgs(name=redundancy(at, away=store.away)),
        access_tier=storage.AccessTier.HOT,
        encryption=_encryption(at, store),
        identity=_identity(at, store),
        immutable_storage_with_versioning=_immutability(at, store),
        enable_https_traffic_only=True,
        minimum_tls_version="TLS1_2",  # the highest that the service takes, see capabilities
        allow_shared_key_access=False,
        default_to_o_auth_authentication=True,
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        allowed_copy_scope="AAD",
        is_local_user_enabled=False,
        is_sftp_enabled=False,
        public_network_access="Disabled",
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY,
            bypass=storage.Bypass.AZURE_SERVICES if store.trusted else storage.Bypass.NONE,
        ),
        tags=dict(store.tags),
        opts=at.part.guarded(),
    )


def _service(at: Deployment, label: str, zone: Zone, owner: pulumi.Output[str]) -> pulumi.Resource:
    """Versions, undeleting and going back in time."""
    back, backup_days = restorable(zone), at.spec.database.backups.retention_days
    days = undelete_days(zone, backup_days)
    undelete = (
        storage.DeleteRetentionPolicyArgs(enabled=True, days=days, allow_permanent_delete=False)
        if days
        else storage.DeleteRetentionPolicyArgs(enabled=False)
    )
    return storage.BlobServiceProperties(
        f"{label}-service",
        account_name=owner,
        blob_services_name="default",
        resource_group_name=after(at.group, owner),
        is_versioning_enabled=zone.versions,
        change_feed=storage.ChangeFeedArgs(enabled=back),
        restore_policy=storage.RestorePolicyPropertiesArgs(
            enabled=True, days=restore_days(backup_days)
        )
        if back
        else None,
        delete_retention_policy=undelete,
        container_delete_retention_policy=storage.DeleteRetentionPolicyArgs(
            enabled=True, days=max(days, SHORTEST_UNDELETE)
        ),
        opts=at.part.child(),
    )


def _ends(zone: Zone) -> storage.ManagementPolicyActionArgs | None:
    """What a lifecycle deletes: objects at their end, and versions that were replaced before."""
    if zone.expire_days is None:
        return None
    age = version_age(zone)
    return storage.ManagementPolicyActionArgs(
        base_blob=storage.ManagementPolicyBaseBlobArgs(
            delete=storage.DateAfterModificationArgs(
                days_after_modification_greater_than=zone.expire_days
            )
        ),
        version=storage.ManagementPolicyVersionArgs(
            delete=storage.DateAfterCreationArgs(days_after_creation_greater_than=age)
        )
        if age is not None
        else None,
    )


def _lifecycle(at: Deployment, label: str, zone: Zone, owner: pulumi.Output[str]) -> None:
    """Objects end at `expire_days`; without it nothing ends by itself."""
    actions = _ends(zone)
    if actions is None:
        return
    rule = storage.ManagementPolicyRuleArgs(
        name="retention",
        enabled=True,
        type="Lifecycle",
        definition=storage.ManagementPolicyDefinitionArgs(
            actions=actions,
            filters=storage.ManagementPolicyFilterArgs(blob_types=["blockBlob"]),
        ),
    )
    storage.ManagementPolicy(
        f"{label}-lifecycle",
        account_name=owner,
        management_policy_name="default",
        resource_group_name=after(at.group, owner),
        policy=storage.ManagementPolicySchemaArgs(rules=[rule]),
        opts=at.part.child(),
    )


def _container(
    at: Deployment, zone: str, asked: Zone, owner: pulumi.Output[str]
) -> storage.BlobContainer:
    return storage.BlobContainer(
        f"{at.stem}-{zone_purpose(zone)}-container",
        account_name=owner,
        container_name=at.container(zone_purpose(zone)),
        resource_group_name=after(at.group, owner),
        public_access=storage.PublicAccess.NONE,
        metadata={"purpose": asked.purpose.value},
        opts=at.part.guarded(),
    )


def watch(
    at: Deployment,
    purpose: str,
    owner: pulumi.Output[str],
    audit: AuditOutputs,
    *,
    archived: bool = True,
) -> pulumi.Resource:
    """Log every access to the account's objects."""
    blobs = after(f"{at.account_id(purpose)}/blobServices/default", owner)
    archive = after(at.archive_id, audit.sink) if archived else None
    return diagnose(at, f"{at.stem}-{purpose}", blobs, BLOB_LOGS, audit.sink, archive)


def _zone(at: Deployment, zone: str, asked: Zone, inputs: ZonesInputs) -> storage.BlobContainer:
    """A zone: account, private address, versions, lifecycle, logs, and its container."""
    purpose = zone_purpose(zone)
    tags = {**at.tags, "zone": zone, "purpose": asked.purpose.value}
    key, days = inputs.keys.zones.get(zone), asked.immutable_days
    store = Store(purpose, key, days, tags, trusted=restorable(asked))
    group, subnet = after(at.group, inputs.network.identifier), inputs.network.segments["endpoints"]
    made, label = account(at, store, group), f"{at.stem}-{purpose}"
    owner = known(at.account(purpose), made)
    identifier = known(at.account_id(purpose), made)
    private_endpoint(at, label, subnet, identifier, "blob", [BLOB_NAMES])
    service = _service(at, label, asked, owner)
    ready = known(at.account(purpose), made, service)
    _lifecycle(at, label, asked, ready)
    watch(at, purpose, owner, inputs.audit)
    return _container(at, zone, asked, ready)


def container_id(at: Deployment, zone: str) -> str:
    """ARM identifier of a zone's container: what a grant names."""
    purpose = zone_purpose(zone)
    return f"{at.account_id(purpose)}/blobServices/default/containers/{at.container(purpose)}"


def zones(part: Part[AzureSettings], inputs: ZonesInputs) -> ZonesOutputs:
    """One storage account and container a zone."""
    at = Deployment(part)
    made = {zone: _zone(at, zone, asked, inputs) for zone, asked in at.spec.zones.items()}
    return ZonesOutputs(
        stores={zone: _address(at, zone, container) for zone, container in made.items()},
        ready=known("", *made.values()),
    )


def _address(at: Deployment, zone: str, container: pulumi.Resource) -> ZoneStore:
    """Where clients find a zone, known already in a plan."""
    purpose = zone_purpose(zone)
    owner = at.account(purpose)
    return ZoneStore(
        account=known(owner, container),
        bucket=known(at.container(purpose), container),
        endpoint=known(f"https://{owner}.blob.core.windows.net", container),
        region=at.location,
        identifier=known(container_id(at, zone), container),
        recovery=copies(at),
    )
