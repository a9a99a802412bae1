"""What the resources of Azure mean for security, in words that are no provider's.

Each part's types stand in the file of the part's name; `relations` holds how types are named and
what leads to a resource, locks it and sends its logs on; `forms` says how properties are written,
`places` where things lie,
`properties` what every fact says, `rights` what a role may do.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts import Facts, Index, Unread, collect
from havre.facts.evaluated import unread
from havre.facts.forms import typed_plan
from havre.facts.model import ResourceFact, Unclassified
from havre_azure.facts import (
    access,
    audit,
    backup,
    cluster,
    database,
    keys,
    network,
    registry,
    zones,
)
from havre_azure.facts.forms import FORMS
from havre_azure.facts.properties import group, part, plain, untagged
from havre_azure.facts.relations import alarms
from havre_azure.facts.relations.estate import outside_facts
from havre_azure.facts.relations.inline import opened, strange_peerings
from havre_azure.facts.relations.naming import NOMENCLATURE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from havre.plan import Plan, PlannedResource

    Classify = Callable[[PlannedResource, Index], Sequence[ResourceFact]]


CLASSES: Mapping[str, Classify] = MappingProxyType(
    {
        "authorization:PimRoleEligibilitySchedule": access.eligibility,
        "authorization:RoleAssignment": access.assignment,
        "compute:Disk": cluster.disk,
        "containerregistry:Registry": registry.registry,
        "containerregistry:Token": access.password,
        "containerservice:AgentPool": cluster.pool,
        "containerservice:ManagedCluster": cluster.cluster,
        "compute:DiskEncryptionSet": keys.keys_of_disks,
        "dataprotection:BackupInstance": backup.instance,
        "dataprotection:BackupVault": backup.backup_vault,
        "dbforpostgresql:Administrator": access.administrator,
        "dbforpostgresql:AdministratorsMicrosoftEntra": access.administrator,
        "dbforpostgresql:Database": part,
        "dbforpostgresql:Server": database.server,
        "dbforpostgresql:SingleServer": database.single_server,
        "dbforpostgresql:SingleServerDatabase": part,
        "keyvault:AccessPolicy": access.policy,
        "keyvault:Key": keys.key,
        "keyvault:Secret": access.secret,
        "keyvault:Vault": keys.vault,
        "monitor:ActivityLogAlert": alarms.removal,
        "monitor:DiagnosticSetting": audit.diagnostics,
        "monitor:ScheduledQueryRule": alarms.search,
        "monitor:SubscriptionDiagnosticSetting": audit.activity,
        "network:AzureFirewall": network.firewall,
        "network:FirewallPolicyRuleCollectionGroup": network.rule_collections,
        "network:FlowLog": network.flow_log,
        "network:NatGateway": network.gateway,
        "network:NetworkSecurityGroup": network.security_group,
        "network:SecurityRule": network.security_rule,
        "network:Subnet": network.subnet,
        "network:VirtualNetwork": network.virtual_network,
        "operationalinsights:Table": part,
        "operationalinsights:Workspace": audit.workspace,
        "recoveryservices:Vault": backup.recovery_vault,
        "resources:ResourceGroup": group,
        "storage:BlobContainer": zones.container,
        "storage:FileShare": part,
        "storage:LocalUser": access.password,
        "storage:Queue": part,
        "storage:StorageAccount": zones.account,
        "storage:Table": part,
    }
)
"""What each type is; versions of a type are the same."""

PLAIN = frozenset(
    {
        "containerregistry:Replication",
        "dns:Zone",
        "managedidentity:UserAssignedIdentity",
        "monitor:ActionGroup",
        "monitor:PrivateLinkScope",
        "network:FirewallPolicy",
        "network:PrivateEndpoint",
        "network:PublicIPAddress",
        "network:RouteTable",
        "privatedns:PrivateZone",
        "privatedns:VirtualNetworkLink",
        "recoveryservices:PrivateEndpointConnection",
    }
)
"""Types that bear no data, or whose part is told with what they belong to."""

UNTAGGED = frozenset(
    {
        "containerregistry:PrivateEndpointConnection",
        "containerservice:PrivateEndpointConnection",
        "dbforpostgresql:PrivateEndpointConnection",
        "keyvault:PrivateEndpointConnection",
        "monitor:PrivateEndpointConnection",
        "storage:PrivateEndpointConnection",
        "authorization:ManagementLockAtResourceGroupLevel",
        "authorization:ManagementLockAtResourceLevel",
        "authorization:ManagementLockAtSubscriptionLevel",
        "authorization:ManagementLockByScope",
        "dataprotection:BackupPolicy",
        "dbforpostgresql:Configuration",
        "dbforpostgresql:SingleServerConfiguration",
        "dns:RecordSet",
        "managedidentity:FederatedIdentityCredential",
        "monitor:PrivateLinkScopedResource",
        "network:PrivateDnsZoneGroup",
        "network:Route",
        "network:VirtualNetworkPeering",
        "privatedns:PrivateRecordSet",
        "storage:BlobServiceProperties",
        "storage:EncryptionScope",
        "storage:ManagementPolicy",
        "storage:StorageAccountStaticWebsite",
    }
)
"""Likewise, of types that can carry no labels."""


def facts(plan: Plan) -> Facts:
    """What a plan means; a type that is not listed here is unclassified."""
    plan = opened(plan)
    read, typed = typed_plan(plan, FORMS)
    index = Index(read, NOMENCLATURE)
    found = collect(plan, lambda resource: _facts(typed(resource), index))
    items = (*found.items, *outside_facts(index))
    return replace(found, items=items, unread=tuple(_unread(index)))


ANOTHER = "Another party may own the other network, and everything in it reaches this one."


def _unread(index: Index) -> Iterator[Unread]:
    for resource, path in strange_peerings(index):
        yield Unread(resource.urn, path, ANOTHER)
    yield from unread(index, "havre_azure")


def _facts(resource: PlannedResource, index: Index) -> Sequence[ResourceFact] | Unclassified:
    what = index.kind(resource)
    if what in PLAIN:
        return plain(resource, index)
    if what in UNTAGGED:
        return untagged(resource, index)
    classify = CLASSES.get(what)
    return classify(resource, index) if classify else Unclassified(resource.urn, resource.type)
