"""How resources of Azure are typed and named: by ARM identifiers, names and key addresses."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.index import Naming, Nomenclature

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = "azure-native:"
GROUP = "resources:ResourceGroup"
WHOLE = re.compile(
    r"/(subscriptions/[^/]+|providers/microsoft\.management/managementgroups/[^/]+)/?",
    re.IGNORECASE,
)
"""A scope that holds every resource of a plan."""
_VERSION = re.compile(r"/v\d{8}[a-z0-9]*(?=:)")


@cache
def unversioned(token: str) -> str:
    """A type token without its API version."""
    return _VERSION.sub("", token, count=1)


@cache
def kind(token: str) -> str:
    """Module and class, such as `storage:StorageAccount`; empty for another provider's."""
    bare_token = unversioned(token)
    return bare_token.removeprefix(PACKAGE) if bare_token.startswith(PACKAGE) else ""


NAMINGS: Mapping[str, Naming] = MappingProxyType(
    {
        "compute:Disk": Naming("diskName", "disks"),
        "compute:DiskEncryptionSet": Naming("diskEncryptionSetName", "diskencryptionsets"),
        "containerregistry:Registry": Naming("registryName", "registries"),
        "containerservice:ManagedCluster": Naming("resourceName", "managedclusters"),
        "dataprotection:BackupPolicy": Naming(
            "backupPolicyName", "backuppolicies", ("vaultName", "dataprotection:BackupVault")
        ),
        "dataprotection:BackupVault": Naming("vaultName", "backupvaults"),
        "dbforpostgresql:Server": Naming("serverName", "flexibleservers"),
        "keyvault:Key": Naming("keyName", "keys", ("vaultName", "keyvault:Vault")),
        "keyvault:Vault": Naming("vaultName", "vaults"),
        "managedidentity:UserAssignedIdentity": Naming("resourceName", "userassignedidentities"),
        "monitor:PrivateLinkScope": Naming("scopeName", "privatelinkscopes"),
        "network:AzureFirewall": Naming("azureFirewallName", "azurefirewalls"),
        "network:FirewallPolicy": Naming("firewallPolicyName", "firewallpolicies"),
        "network:NetworkSecurityGroup": Naming("networkSecurityGroupName", "networksecuritygroups"),
        "network:RouteTable": Naming("routeTableName", "routetables"),
        "network:Subnet": Naming(
            "subnetName", "subnets", ("virtualNetworkName", "network:VirtualNetwork")
        ),
        "network:VirtualNetwork": Naming("virtualNetworkName", "virtualnetworks"),
        "operationalinsights:Cluster": Naming("clusterName", "clusters"),
        "operationalinsights:Workspace": Naming("workspaceName", "workspaces"),
        "recoveryservices:Vault": Naming("vaultName", "vaults"),
        "resources:ResourceGroup": Naming("resourceGroupName", "resourcegroups"),
        "storage:BlobContainer": Naming(
            "containerName", "containers", ("accountName", "storage:StorageAccount")
        ),
        "storage:EncryptionScope": Naming(
            "encryptionScopeName", "encryptionscopes", ("accountName", "storage:StorageAccount")
        ),
        "storage:StorageAccount": Naming("accountName", "storageaccounts"),
    }
)
"""Property that holds the name, and segment of the ARM identifier, by type.

What has no parent stands in a resource group.
"""

NOMENCLATURE = Nomenclature(kind, NAMINGS, ("resourceGroupName", GROUP))
