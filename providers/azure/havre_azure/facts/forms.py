"""How the properties that facts read are written, by name.

Types and words: azure-native's schema. Resource Manager takes words in any case of letters.
"""

from __future__ import annotations

from types import MappingProxyType

from havre.facts.forms import (
    ADDRESS,
    ADDRESSES,
    LABELS,
    MANY_PORTS,
    MAPPING,
    MAPPINGS,
    NAME,
    NUMBER,
    PORTS,
    TEXT,
    TEXTS,
    TRUTH,
    Form,
    Forms,
    patterned,
    words,
)

_SWITCH = words("Enabled", "Disabled")
_ACCESS = words("Enabled", "Disabled", "SecuredByPerimeter")
_STATE = words("Locked", "Unlocked", "Disabled")
_REDUNDANCY = words("GeoRedundant", "LocallyRedundant", "ZoneRedundant")

_CONDITION = Form(lambda value: value if isinstance(value, dict) else TEXT.take(value))
"""A text on an assignment of a role, a tree on an alert."""

_TRUTHS = """
    adminUserEnabled allowBlobPublicAccess allowCrossTenantReplication allowPermanentDelete
    allowSharedKeyAccess anonymousPullEnabled denyEncryptionScopeOverride disableLocalAccounts
    disableLocalAuth enableHttpsTrafficOnly enableNodePublicIP enablePrivateCluster
    enableProxy enablePurgeProtection enableRbacAuthorization enableSoftDelete enabled isDefault
    isLocalUserEnabled isSftpEnabled isVersioningEnabled
"""
_NUMBERS = """
    backupRetentionDays days daysAfterCreationGreaterThan daysAfterLastAccessTimeGreaterThan
    daysAfterModificationGreaterThan expires immutabilityPeriodSinceCreationInDays port priority
    retentionInDays softDeleteRetentionInDays totalRetentionInDays
"""
_NAMES = """
    accountName backupPolicyName clusterResourceId containerName defaultEncryptionScope
    delegatedSubnetResourceId diskEncryptionSetID diskEncryptionSetId eventHubAuthorizationRuleId
    firewallPolicyName id keyId keyIdentifier keyName keyUri keyUrl keyVaultUri linkedResourceId
    marketplacePartnerId networkSecurityGroupName policyId primaryKeyURI registryName
    resourceGroupName resourceID resourceName resourceUri routeTableName scope scopeName
    serverName sourceServerResourceId storageAccountId storageId subnetName targetResourceId
    vaultName virtualNetworkName vnetSubnetID workspaceId workspaceName
"""
_TEXTS = """
    category categoryGroup configurationName createMode duration endDateTime expiryTime
    kubernetesVersion location mode objectId objectType principalId replicationRole roleDefinitionId
    timeAfterCreate timeBeforeExpiry version
"""
_OBJECTS = """
    actions.version apiServerAccessProfile attributes authConfig azureKeyVaultKms backup baseBlob
    baseBlob.delete version.delete activeKey dataEncryption dataSourceInfo definition deleteAfter
    deleteRetentionPolicy dhcpOptions dnsSettings encryption encryptionSettings expiration
    exportPolicy features filters
    firewallPolicy highAvailability immutabilityPolicy immutabilitySettings
    immutableStorageWithVersioning keyVaultProperties network networkSecurityGroup permissions
    policies policy policyInfo properties redundancySettings replication retentionPolicy
    rotationPolicy routeTable scheduleInfo securityProfile securitySettings sku storageProfile
    subnet trigger lifetimeActions.action ruleCollections.action remoteVirtualNetwork
"""
_LISTS = """
    accessPolicies agentPoolProfiles applicationRuleCollections blobIndexMatch
    destinationApplicationSecurityGroups lifecycles lifetimeActions logs networkRuleCollections
    policyRules protocols routes ruleCollections rules securityRules
    sourceApplicationSecurityGroups storageSettings subnets delegations virtualNetworkPeerings
"""

FORMS: Forms = MappingProxyType(
    {
        **dict.fromkeys(_TRUTHS.split(), TRUTH),
        **dict.fromkeys(_NUMBERS.split(), NUMBER),
        **dict.fromkeys(_NAMES.split(), NAME),
        **dict.fromkeys(_TEXTS.split(), TEXT),
        **dict.fromkeys(_OBJECTS.split(), MAPPING),
        **dict.fromkeys(_LISTS.split(), MAPPINGS),
        "tags": LABELS,
        # words
        "access": words("Allow", "Deny"),
        "action.type": words("Allow", "Deny", "DNAT", "Notify", "Rotate"),
        "allowedCopyScope": words("AAD", "PrivateLink"),
        "dataEncryption.type": words("AzureKeyVault", "SystemAssigned", "SystemManaged"),
        "direction": words("Inbound", "Outbound"),
        "encryption.status": _SWITCH,
        "exportPolicy.status": _SWITCH,
        "geoRedundantBackup": _SWITCH,
        "highAvailability.mode": words("Disabled", "SameZone", "ZoneRedundant"),
        "immutabilityPolicy.state": _STATE,
        "immutabilitySettings.state": _STATE,
        "keySource": words("Microsoft.Storage", "Microsoft.Keyvault"),
        "kty": words("EC", "EC-HSM", "RSA", "RSA-HSM", "oct", "oct-HSM"),
        "level": words("CanNotDelete", "NotSpecified", "ReadOnly"),
        "minimalTlsVersion": words("TLS1_0", "TLS1_1", "TLS1_2", "TLSEnforcementDisabled"),
        "minimumTlsVersion": patterned(r"TLS_?V?1[._]?([0-3])", "TLS1_{1}"),
        "networkAccessPolicy": words("AllowAll", "AllowPrivate", "DenyAll"),
        "nextHopType": words(
            "Internet", "None", "VirtualAppliance", "VirtualNetworkGateway", "VnetLocal"
        ),
        "passwordAuth": _SWITCH,
        "publicAccess": words("Blob", "Container", "None"),
        "publicNetworkAccess": _ACCESS,
        "publicNetworkAccessForIngestion": _ACCESS,
        "publicNetworkAccessForQuery": _ACCESS,
        "sku.name": TEXT,
        "sslEnforcement": _SWITCH,
        "source": words("Microsoft.Storage", "Microsoft.KeyVault"),
        "standardTierStorageRedundancy": _REDUNDANCY,
        "storageSettings.type": _REDUNDANCY,
        "zoneRedundancy": _SWITCH,
        # server parameters
        "value": TEXT,
        # networks and texts in lists
        "addressPrefix": ADDRESS,
        "authorizedIPRanges": ADDRESSES,
        "dnsServers": ADDRESSES,
        "availabilityZones": TEXTS,
        "blobTypes": TEXTS,
        "condition": _CONDITION,
        "destinationAddressPrefix": ADDRESS,
        "destinationAddressPrefixes": ADDRESSES,
        "destinationAddresses": ADDRESSES,
        "destinationFqdns": ADDRESSES,
        "destinationPortRange": PORTS,
        "destinationPortRanges": MANY_PORTS,
        "destinationPorts": MANY_PORTS,
        "fqdnTags": TEXTS,
        "nodeTaints": TEXTS,
        "permissions.keys": TEXTS,
        "permissions.secrets": TEXTS,
        "prefixMatch": TEXTS,
        "sourceAddressPrefix": ADDRESS,
        "sourceAddressPrefixes": ADDRESSES,
        "sourcePortRange": PORTS,
        "sourcePortRanges": MANY_PORTS,
        "protocol": TEXT,
        "addressPrefixes": ADDRESSES,
        "targetFqdns": ADDRESSES,
        "targetUrls": TEXTS,
    }
)
