"""Registry: premium, private, without an administrator's password, nothing exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_azure_native import containerregistry as acr

from havre.provider.parts import RegistryInputs, RegistryOutputs
from havre_azure.names import REGISTRY_NAMES, Deployment
from havre_azure.parts.keys import OwnKey, own_key
from havre_azure.resources import after, diagnose, known, private_endpoint, usual

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre_azure.settings import AzureSettings

REGISTRY = "registry"
LONGEST_RETENTION = 365
"""Days for which untagged images are kept, at most."""
LOGS = ("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents")


def _encryption(key: OwnKey | None) -> acr.EncryptionPropertyArgs:
    """Chosen when the registry is made; the identity is named by its client id here."""
    if key is None:
        return acr.EncryptionPropertyArgs(status=acr.EncryptionStatus.DISABLED)
    return acr.EncryptionPropertyArgs(
        status=acr.EncryptionStatus.ENABLED,
        key_vault_properties=acr.KeyVaultPropertiesArgs(
            key_identifier=key.uri, identity=key.user.client
        ),
    )


def _identity(at: Deployment, key: OwnKey | None) -> acr.IdentityPropertiesArgs | None:
    """A mapping here, as for the database; elsewhere the SDK wants a list."""
    if key is None:
        return None
    return acr.IdentityPropertiesArgs(
        type=acr.ResourceIdentityType.USER_ASSIGNED,
        user_assigned_identities={at.key_identity_id(REGISTRY): acr.UserIdentityPropertiesArgs()},
    )


def _policies(days: int) -> acr.PoliciesArgs:
    return acr.PoliciesArgs(
        retention_policy=acr.RetentionPolicyArgs(
            days=min(days, LONGEST_RETENTION), status=acr.PolicyStatus.ENABLED
        ),
        export_policy=acr.ExportPolicyArgs(status=acr.ExportPolicyStatus.DISABLED),
        # Tokens of other services of Azure do not open the registry.
        azure_ad_authentication_as_arm_policy=acr.AzureADAuthenticationAsArmPolicyArgs(
            status=acr.AzureADAuthenticationAsArmPolicyStatus.DISABLED
        ),
    )


def _registry(at: Deployment, inputs: RegistryInputs, days: int) -> acr.Registry:
    key = own_key(at, REGISTRY, inputs.keys.store) if at.own_keys else None
    return acr.Registry(
        f"{at.stem}-registry",
        registry_name=at.name(f"{at.stem}-registry"),
        sku=acr.SkuArgs(name=acr.SkuName.PREMIUM),
        admin_user_enabled=False,
        anonymous_pull_enabled=False,
        data_endpoint_enabled=True,
        public_network_access=acr.PublicNetworkAccess.DISABLED,
        network_rule_set=acr.NetworkRuleSetArgs(default_action=acr.DefaultAction.DENY),
        network_rule_bypass_options="None",
        zone_redundancy=acr.ZoneRedundancy.ENABLED if at.zonal else acr.ZoneRedundancy.DISABLED,
        encryption=_encryption(key),
        identity=_identity(at, key),
        policies=_policies(days),
        **usual(at, after(at.group, inputs.network.identifier), bears_data=True),
    )


def registry(part: Part[AzureSettings], inputs: RegistryInputs) -> RegistryOutputs:
    """The registry of images, reached privately."""
    at = Deployment(part)
    asked = at.spec.registry
    days = asked.retention_days if asked else LONGEST_RETENTION
    made = _registry(at, inputs, days)
    registry_name = at.name(f"{at.stem}-registry")
    identifier = known(at.id("Microsoft.ContainerRegistry/registries", registry_name), made)
    subnet, label = inputs.network.segments["endpoints"], f"{at.stem}-registry"
    names = private_endpoint(at, label, subnet, identifier, "registry", [REGISTRY_NAMES])
    sink = inputs.audit.sink
    diagnose(at, label, identifier, LOGS, sink, after(at.archive_id, sink))
    return RegistryOutputs(
        endpoint=known(f"{registry_name}.azurecr.io", made, names),
        identifier=identifier,
        region=at.location,
    )
