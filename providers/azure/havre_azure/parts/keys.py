"""Keys: a premium vault that only the network reaches, one key a purpose, HSM-held if asked.

Purge protection is irreversible, and a deleted vault keeps its name for `deletion_days`: the
setting `name_salt` gives a rebuilt warehouse new names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_azure_native import keyvault

from havre.provider.parts import KeysInputs, KeysOutputs
from havre.spec.model import KeyProtection
from havre_azure.names import VAULT_NAMES, Deployment, Role, zone_purpose
from havre_azure.resources import (
    Identity,
    after,
    grant,
    identity,
    known,
    private_endpoint,
)

if TYPE_CHECKING:
    import pulumi

    from havre.provider.context import Part
    from havre.provider.parts import NetworkOutputs
    from havre_azure.settings import AzureSettings

KEY_BITS = 3072
"""Size of RSA keys: 3072 or more beyond 2030 (ANSSI, guide on cryptographic mechanisms)."""
WRAP = ("wrapKey", "unwrapKey")
"""What services do with a key: they wrap data keys of their own."""
ENCRYPT = ("encrypt", "decrypt")
"""What a cluster's KMS does with its key."""
DATABASE, RECOVERY = "database", "recovery"


@dataclass(frozen=True)
class MadeKey:
    """A key of the warehouse.

    Attributes:
        uri: address without version: who holds it follows each renewal.
        versioned: address of the latest version.
    """

    uri: pulumi.Output[str]
    versioned: pulumi.Output[str]


@dataclass(frozen=True)
class OwnKey(MadeKey):
    """A key with an identity of its own.

    Attributes:
        user: the only identity that may use it.
    """

    user: Identity


def _properties(at: Deployment, operations: tuple[str, ...]) -> keyvault.KeyPropertiesArgs:
    """An RSA key that renews itself; no expiry, since an expired key would stop its store."""
    asked = at.spec.encryption
    return keyvault.KeyPropertiesArgs(
        kty="RSA-HSM" if asked.keys is KeyProtection.HSM else "RSA",
        key_size=KEY_BITS,
        key_ops=list(operations),
        attributes=keyvault.KeyAttributesArgs(enabled=True, exportable=False),
        rotation_policy=keyvault.RotationPolicyArgs(
            lifetime_actions=[
                keyvault.LifetimeActionArgs(
                    action=keyvault.ActionArgs(type=keyvault.KeyRotationPolicyActionType.ROTATE),
                    trigger=keyvault.TriggerArgs(time_after_create=f"P{asked.rotation_days}D"),
                )
            ]
        ),
    )


def _key(
    at: Deployment,
    purpose: str,
    vault: pulumi.Output[str],
    *words: str,
    operations: tuple[str, ...],
) -> keyvault.Key:
    return keyvault.Key(
        f"{at.stem}-{_label(purpose, *words)}",
        key_name=at.key_name(purpose, *words),
        vault_name=after(at.vault(*words), vault),
        resource_group_name=after(at.group, vault),
        properties=_properties(at, operations),
        tags=at.tags,
        opts=at.part.guarded(),
    )


def _label(purpose: str, *words: str) -> str:
    return "-".join((purpose, *words, "key"))


def encrypting_key(at: Deployment, purpose: str, vault: pulumi.Output[str], *words: str) -> MadeKey:
    """A key in `vault` that a cluster encrypts with: its own identity is granted that, no other."""
    key = _key(at, purpose, vault, *words, operations=ENCRYPT)
    uri = known(at.key_uri(purpose, *words), key)
    return MadeKey(uri, key.key_uri_with_version)


def own_key(
    at: Deployment,
    purpose: str,
    vault: pulumi.Output[str],
    *words: str,
    location: str | None = None,
) -> OwnKey:
    """A key in `vault`, and the one identity that may use it.

    Args:
        at: the deployment.
        purpose: name of the key.
        vault: ARM identifier of the vault.
        words: what tells the recovery site's vault from the primary one.
        location: of the identity; the primary site's where none is named.
    """
    label = _label(purpose, *words)
    group = after(at.group, vault)
    key = _key(at, purpose, vault, *words, operations=WRAP)
    user = identity(at, f"{at.stem}-{label}-user", group, location)
    key_id = known(f"{at.vault_id(*words)}/keys/{at.key_name(purpose, *words)}", key)
    role = Role.CRYPTO_SERVICE_USER
    granted = grant(at, f"{at.stem}-{label}-use", user.principal, role, key_id)
    uri = known(at.key_uri(purpose, *words), key, granted)
    return OwnKey(uri, key.key_uri_with_version, user)


def _vault(at: Deployment, location: str, group: pulumi.Output[str], *words: str) -> keyvault.Vault:
    """A vault that answers only in the network, with roles, soft delete and purge protection."""
    return keyvault.Vault(
        "-".join((at.stem, "vault", *words)),
        vault_name=at.vault(*words),
        location=location,
        resource_group_name=group,
        properties=keyvault.VaultPropertiesArgs(
            sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.PREMIUM),
            tenant_id=at.settings.tenant_id,
            enable_rbac_authorization=True,
            enable_soft_delete=True,
            soft_delete_retention_in_days=at.spec.encryption.deletion_days,
            enable_purge_protection=True,
            enabled_for_deployment=False,
            enabled_for_disk_encryption=False,
            enabled_for_template_deployment=False,
            public_network_access="Disabled",
            # Storage, database and disks use their keys as trusted services of Azure.
            network_acls=keyvault.NetworkRuleSetArgs(default_action="Deny", bypass="AzureServices"),
        ),
        tags=at.tags,
        opts=at.part.guarded(),
    )


def reachable_vault(
    at: Deployment, network: NetworkOutputs, location: str, *words: str
) -> pulumi.Output[str]:
    """ARM identifier of a vault of keys, with its private address.

    Args:
        at: the deployment.
        network: where its private address is.
        location: of the vault.
        words: what tells it from the warehouse's first one.
    """
    subnet = network.segments["endpoints"]
    vault = _vault(at, location, after(at.group, network.identifier), *words)
    identifier = known(at.vault_id(*words), vault)
    label = "-".join((at.stem, "vault", *words))
    names = private_endpoint(at, label, subnet, identifier, "vault", [VAULT_NAMES])
    return known(at.vault_id(*words), vault, names)


def _geo_key(at: Deployment, inputs: KeysInputs) -> list[OwnKey]:
    """Geo-redundant backups are encrypted where they land, with a key of that region."""
    where = at.recovery_location
    if not at.geo or where is None:
        return []
    vault = reachable_vault(at, inputs.network, where, RECOVERY)
    # The service wants key and identity in the region of the copy.
    return [own_key(at, DATABASE, vault, RECOVERY, location=where)]


def keys(part: Part[AzureSettings], inputs: KeysInputs) -> KeysOutputs:
    """The vaults, and one key for each zone and the database; backups take none."""
    at = Deployment(part)
    if not at.own_keys:  # Azure's own keys encrypt everything: there is nothing to hold
        return KeysOutputs(after("", inputs.network.identifier), {}, None, None)
    vault = reachable_vault(at, inputs.network, at.location)
    zones = {zone: own_key(at, zone_purpose(zone), vault).uri for zone in at.spec.zones}
    database = own_key(at, DATABASE, vault).uri
    geo = _geo_key(at, inputs)
    if geo:
        database = after(at.key_uri(DATABASE), database, *(key.uri for key in geo))
    return KeysOutputs(store=vault, zones=zones, database=database, backup=None)
