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
FORMER: Mapping[str, str] = MappingProxyType(
    {
        "insights:ActionGroup": "monitor:ActionGroup",
        "insights:ActivityLogAlert": "monitor:ActivityLogAlert",
        "insights:DiagnosticSetting": "monitor:DiagnosticSetting",
        "insights:PrivateEndpointConnection": "monitor:PrivateEndpointConnection",
        "insights:PrivateLinkScope": "monitor:PrivateLinkScope",
        "insights:PrivateLinkScopedResource": "monitor:PrivateLinkScopedResource",
        "insights:ScheduledQueryRule": "monitor:ScheduledQueryRule",
        "insights:SubscriptionDiagnosticSetting": "monitor:SubscriptionDiagnosticSetting",
        "network:InterfaceEndpoint": "network:PrivateEndpoint",
        "network:PrivateRecordSet": "privatedns:PrivateRecordSet",
        "network:PrivateZone": "privatedns:PrivateZone",
        "network:RecordSet": "dns:RecordSet",
        "network:VirtualNetworkLink": "privatedns:VirtualNetworkLink",
        "network:Zone": "dns:Zone",
    }
)
"""Types by the names that they bore in earlier major versions, as the SDK's aliases list them."""
SINGLE_SERVER = re.compile(r"/v201712\d\d[a-z0-9]*:")
"""API versions of Azure Database for PostgreSQL Single Server, whose types bore the same names."""
SINGLE: Mapping[str, str] = MappingProxyType(
    {
        f"dbforpostgresql:{name}": f"dbforpostgresql:SingleServer{name}"
        for name in ("Configuration", "Database", "FirewallRule", "VirtualNetworkRule")
    }
    | {"dbforpostgresql:Server": "dbforpostgresql:SingleServer"}
)
GROUP = "resources:ResourceGroup"
WHOLE = re.compile(
    r"/((subscriptions/[^/]+|providers/microsoft\.management/managementgroups/[^/]+)/?)?",
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
    if not bare_token.startswith(PACKAGE):
        return ""
    named = bare_token.removeprefix(PACKAGE)
    if SINGLE_SERVER.search(token):
        return SINGLE.get(named, named)
    return FORMER.get(named, named)


NAMINGS: Mapping[str, Naming] = MappingProxyType(
    {
        "compute:Disk": Naming("diskName", "disks"),
        "compute:DiskEncryptionSet": Naming("diskEncryptionSetName", "diskencryptionsets"),
        "containerregistry:Registry": Naming("registryName", "registries"),
        "containerservice:ManagedCluster": Naming("resourceName", "managedclusters"),
        "dataprotection:BackupInstance": Naming(
            "backupInstanceName", "backupinstances", ("vaultName", "dataprotection:BackupVault")
        ),
        "dataprotection:BackupPolicy": Naming(
            "backupPolicyName", "backuppolicies", ("vaultName", "dataprotection:BackupVault")
        ),
        "dataprotection:BackupVault": Naming("vaultName", "backupvaults"),
        "dbforpostgresql:Database": Naming(
            "databaseName", "databases", ("serverName", "dbforpostgresql:Server")
        ),
        "dbforpostgresql:Server": Naming("serverName", "flexibleservers"),
        "dbforpostgresql:SingleServer": Naming("serverName", "servers"),
        "dbforpostgresql:SingleServerDatabase": Naming(
            "databaseName", "databases", ("serverName", "dbforpostgresql:SingleServer")
        ),
        "keyvault:Key": Naming("keyName", "keys", ("vaultName", "keyvault:Vault")),
        "keyvault:Secret": Naming("secretName", "secrets", ("vaultName", "keyvault:Vault")),
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
        "operationalinsights:Table": Naming(
            "tableName", "tables", ("workspaceName", "operationalinsights:Workspace")
        ),
        "operationalinsights:Workspace": Naming("workspaceName", "workspaces"),
        "recoveryservices:Vault": Naming("vaultName", "vaults"),
        "resources:ResourceGroup": Naming("resourceGroupName", "resourcegroups"),
        "storage:BlobContainer": Naming(
            "containerName", "containers", ("accountName", "storage:StorageAccount")
        ),
        "storage:EncryptionScope": Naming(
            "encryptionScopeName", "encryptionscopes", ("accountName", "storage:StorageAccount")
        ),
        "storage:FileShare": Naming(
            "shareName", "shares", ("accountName", "storage:StorageAccount")
        ),
        "storage:Queue": Naming("queueName", "queues", ("accountName", "storage:StorageAccount")),
        "storage:StorageAccount": Naming("accountName", "storageaccounts"),
        "storage:Table": Naming("tableName", "tables", ("accountName", "storage:StorageAccount")),
    }
)
"""Property that holds the name, and segment of the ARM identifier, by type.

What has no parent stands in a resource group.
"""

NOMENCLATURE = Nomenclature(kind, NAMINGS, ("resourceGroupName", GROUP))
