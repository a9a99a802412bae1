"""What can be wrong on Azure, property by property."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from havre.plan.values import UNKNOWN
from havre.policy.findings import FindingKind
from tests.policy import mutations as m
from tests.policy.mutations import ADDED, DROP, PLAN, Pick, Row, wrong

ACCOUNT = Pick("storage:StorageAccount", zone="curated")
EXPORT = Pick("storage:StorageAccount", zone="export")
EXPORTED = Pick("storage:BlobContainer", of=EXPORT)
ARCHIVE = Pick("storage:StorageAccount", has=(("tags/zone", None),))
ARCHIVE_ENDS = Pick("storage:ManagementPolicy", of=ARCHIVE)
ARCHIVE_READS = Pick("monitor:DiagnosticSetting", has=(("resourceUri", "*auditarchive*"),))
SERVICE = Pick("storage:BlobServiceProperties", of=ACCOUNT)
EXPORT_SERVICE = Pick("storage:BlobServiceProperties", of=EXPORT)
EXPORT_ENDS = Pick("storage:ManagementPolicy", of=EXPORT)
CONTAINER = Pick("storage:BlobContainer", of=ACCOUNT)
ENDPOINT = Pick("network:PrivateEndpoint", of=ACCOUNT)
READS = Pick("monitor:DiagnosticSetting", of=ACCOUNT)
KEY = Pick("keyvault:Key", under=ACCOUNT)
EXPORT_KEY = Pick("keyvault:Key", under=EXPORT)
VAULT = Pick("keyvault:Vault", under=KEY)
DATABASE = Pick("dbforpostgresql:Server")
DATABASE_LOGS = Pick("monitor:DiagnosticSetting", of=DATABASE)
CLUSTER = Pick("containerservice:ManagedCluster")
REGISTRY = Pick("containerregistry:Registry")
WORKSPACE = Pick("operationalinsights:Workspace")
BACKUPS = Pick("dataprotection:BackupVault")
POLICY = Pick("dataprotection:BackupPolicy")
SEGMENT = Pick("network:Subnet", has=(("subnetName", "database"),))
GROUP = Pick("network:NetworkSecurityGroup", under=SEGMENT)
ADMINISTRATION = Pick("network:Subnet", has=(("subnetName", "administration"),))
DISKS = Pick("compute:DiskEncryptionSet")
FIREWALL = Pick("network:AzureFirewall")
FIREWALL_POLICY = Pick("network:FirewallPolicy")
FIREWALL_LOGS = Pick("monitor:DiagnosticSetting", of=FIREWALL)
COMPUTE_SEGMENT = Pick("network:Subnet", has=(("subnetName", "compute"),))
COMPUTE_GROUP = Pick("network:NetworkSecurityGroup", under=COMPUTE_SEGMENT)
ALERTS = Pick("monitor:ActionGroup")
REMOVALS = Pick("monitor:ActivityLogAlert")
READS_SEARCH = Pick("monitor:ScheduledQueryRule", has=(("ruleName", "*mass-reading"),))
EXPORT_SEARCH = Pick("monitor:ScheduledQueryRule", has=(("ruleName", "*alert-export"),))
EGRESS = Pick("network:FirewallPolicyRuleCollectionGroup")
NETWORK = Pick("network:VirtualNetwork")
FLOWS = Pick("network:FlowLog")
ACTIVITY = Pick("monitor:SubscriptionDiagnosticSetting")
LOCK = Pick("authorization:ManagementLockByScope")
PROJECT = Pick("managedidentity:UserAssignedIdentity", has=(("tags/project", "cohort-diabetes"),))
ROLE = Pick("authorization:RoleAssignment", of=PROJECT)
OPEN_PROJECT = Pick(
    "managedidentity:UserAssignedIdentity", has=(("tags/project", "covid-long-term"),)
)
OPEN_ROLE = Pick("authorization:RoleAssignment", of=OPEN_PROJECT)

ROLES = "/providers/Microsoft.Authorization/roleDefinitions/"
OWNER = f"{ROLES}8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = f"{ROLES}b24988ac-6180-42a0-ab88-20f7382dd24c"
BLOB_CONTRIBUTOR = f"{ROLES}ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER = f"{ROLES}2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CRYPTO_OFFICER = f"{ROLES}14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
LOG_CONTRIBUTOR = f"{ROLES}92aaf0da-9dab-42b6-94a3-d43ce8d16293"
STRANGER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"
ENDS = "policy/rules/0/definition/actions"
IMMUTABILITY = "immutableStorageWithVersioning/immutabilityPolicy"
POOL_SUBNET = "agentPoolProfiles/0/vnetSubnetID"
POOL = {"resourceName": UNKNOWN, "enableNodePublicIP": False, "tags": {}}
STRANGE_DISKS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/d"
SECRET_TYPE = "azure-native:keyvault:Secret"


def parameter(name: str) -> Pick:
    """A parameter of the database."""
    return Pick("dbforpostgresql:Configuration", has=(("configurationName", name),))


def ingress(source: str, port: str, priority: int = 100) -> dict[str, Any]:
    """A security rule that lets a source in."""
    return {
        "name": "hole",
        "direction": "Inbound",
        "access": "Allow",
        "priority": priority,
        "protocol": "Tcp",
        "sourceAddressPrefix": source,
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": port,
    }


def let_in(source: str, port: str) -> Row:
    """A rule that lets a source in on a port, before all others."""
    change = m.inputs(GROUP, "securityRules", lambda rules: [ingress(source, port), *rules])
    return Row("azure", "exposure.open-ingress", change, GROUP, f"{source} on {port}")


def without_last_refusal(rules: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [r for r in rules if not (r["direction"] == "Outbound" and r["access"] == "Deny")]


def let_out(what: str, **rule: Any) -> Row:
    """One more rule of the firewall's first collection."""
    ports = {"protocols": [{"protocolType": "Https", "port": 443}]}
    fresh = {"name": "hole", "ruleType": "ApplicationRule", **ports, **rule}
    change = m.inputs(EGRESS, "ruleCollections/0/rules", lambda rules: [*rules, fresh])
    return Row("azure", "exposure.egress", change, EGRESS, f"out to {what}")


def nodes_in(segment: Pick) -> m.Change:
    """The cluster's nodes in a segment."""

    def made(question: m.Question) -> m.Question:
        name = segment.one(question.plan).inputs["subnetName"]
        here = m.at(CLUSTER.one(question.plan).inputs, POOL_SUBNET)
        there = f"{here.rpartition('/')[0]}/{name}"
        return m.inputs(CLUSTER, POOL_SUBNET, there)(question)

    return made


def same_key(question: m.Question) -> m.Question:
    """The export zone under the key of the curated zone."""
    found = m.at(ACCOUNT.one(question.plan).inputs, "encryption/keyVaultProperties")
    return m.inputs(EXPORT, "encryption/keyVaultProperties", found)(question)


def shared_database_key(question: m.Question) -> m.Question:
    """The database under the key of the curated zone."""
    key = KEY.one(question.plan)
    vault = VAULT.one(question.plan).inputs["vaultName"]
    address = f"https://{vault}.vault.azure.net/keys/{key.inputs['keyName']}"
    return m.inputs(DATABASE, "dataEncryption/primaryKeyURI", address)(question)


def lock_on(scope: str, **differs: Any) -> m.Change:
    """A lock of the resource group, the subscription or the account that a role opens."""
    values = {"scope": scope, "level": "CanNotDelete", **differs}
    return m.added("azure-native:authorization:ManagementLockByScope", values)


def lock_above(role: Pick, steps: int, **differs: Any) -> m.Change:
    """A lock on what is so many words of the identifier above a role's scope."""

    def made(question: m.Question) -> m.Question:
        words = str(role.one(question.plan).inputs["scope"]).split("/")
        return lock_on("/".join(words[: len(words) - steps]), **differs)(question)

    return made


LOCK_OF_A_YEAR = {
    "enabled": True,
    "immutabilityPolicy": {"state": "Locked", "immutabilityPeriodSinceCreationInDays": 365},
}
YEARLY = {
    "name": "Yearly",
    "objectType": "AzureRetentionRule",
    "isDefault": False,
    "lifecycles": [{"deleteAfter": {"duration": "P10Y", "objectType": "AbsoluteDeleteOption"}}],
}
"""A second rule of a backup policy, which keeps some of what it makes for longer."""


def without_names(logs: list[Any]) -> list[Any]:
    """Logs of a firewall but for the names that it was asked for."""
    return [log for log in logs if log["category"] != "AZFWDnsQuery"]


def _is_resolver(rule: Mapping[str, Any]) -> bool:
    return rule.get("destinationAddressPrefix") == "AzurePlatformDNS"


def without_resolver(rules: list[Any]) -> list[Any]:
    """Rules of a segment from which Azure's own resolver can be asked."""
    return [rule for rule in rules if not _is_resolver(rule)]


def with_resolver(rules: list[Any]) -> list[Any]:
    """Likewise, by a rule that goes first."""
    first = next(rule for rule in rules if _is_resolver(rule))
    return [*rules, {**first, "name": "first", "access": "Allow", "priority": 150}]


POLICY_RULES = "properties/policyRules"
LOCKS = {
    "container": (0, {}),
    "account": (4, {}),
    "group": (8, {}),
    "subscription": (10, {}),
    "account, read only": (4, {"level": "ReadOnly"}),
}
"""How far above a container a lock is set, in words of its identifier."""


def second_role(role: str, scope: Pick) -> m.Change:
    """One more role for the project's identity, on something else."""
    token = "azure-native:authorization:RoleAssignment"
    values = {"roleDefinitionId": role, "scope": UNKNOWN}
    return m.both(m.added(token, values, ROLE), m.tied(ADDED, "scope", scope))


STRANGER = "44444444-2222-4333-8444-555555555555"
GATE = Pick("managedidentity:UserAssignedIdentity", has=(("tags/export-gate", "export"),))


def strangers_role(role: object, on: Pick) -> m.Change:
    """A role without condition for somebody who is none of the plan's."""
    token = "azure-native:authorization:RoleAssignment"
    values = {"roleDefinitionId": role, "principalId": STRANGER, "scope": UNKNOWN}
    return m.both(m.added(token, values), m.tied(ADDED, "scope", on))


def gated(question: m.Question) -> m.Question:
    """A labelled identity that writes to the export zone."""
    token = "azure-native:managedidentity:UserAssignedIdentity"
    urn = f"urn:pulumi:azure::{m.PROJECT}::{token}::gate"
    identity = m.PlannedResource(urn, token, "gate", True, {"tags": {"export-gate": "export"}})
    question = m.with_plan(question, *question.plan.resources, identity)
    made = strangers_role(BLOB_CONTRIBUTOR, EXPORTED)(question)
    return m.both(m.inputs(ADDED, "principalId", UNKNOWN), m.tied(ADDED, "principalId", GATE))(made)


unlabelled_gate = m.inputs(GATE, "tags/export-gate", "curated")


def versions_end(question: m.Question) -> m.Question:
    """A zone whose earlier versions end, and a lifecycle that ends them no earlier."""
    spec = m.changed(question.spec, ("zones.export.version_days", 30))
    path = f"{ENDS}/version/delete/daysAfterCreationGreaterThan"
    return m.inputs(EXPORT_ENDS, path, 180 + 30 + 7)(replace(question, spec=spec))


statements = m.inputs(parameter("pgaudit.log"), "configurationName", "log_statement")
"""Logged by the server itself: pgaudit is in force only once it is created."""


SYSTEM_POOL = {
    "name": "system",
    "mode": "System",
    "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
    "count": 2,
    "enableNodePublicIP": False,
    "enableEncryptionAtHost": True,
}


def with_system_pool(pools: list[Any]) -> list[Any]:
    """The cluster's pools, with one of its own for the system."""
    return [SYSTEM_POOL, *({**pool, "mode": "User"} for pool in pools)]


m.VARIANTS |= {
    "azure+pools": m.inputs(CLUSTER, "agentPoolProfiles", with_system_pool),
    "azure+statements": statements,
    "azure+gate": gated,
    "azure+versions-end": versions_end,
    "azure+european": m.operated(m.EUROPEAN),
    "azure+certified": m.certified(),
    "azure+central": m.both(m.gone(FLOWS)),
    "azure+unlocked": m.gone(LOCK),
    "azure+secret": m.added(SECRET_TYPE, {"properties": {"attributes": {"expires": 1893456000}}}),
}

ROWS: list[Row] = [
    # Encryption
    *wrong(
        "azure", ACCOUNT, "encryption/keySource", "Microsoft.Storage", "encryption.customer-key"
    ),
    *wrong("azure", ACCOUNT, "encryption", DROP, "encryption.customer-key"),
    *wrong("azure", ACCOUNT, "encryption/keySource", UNKNOWN, "encryption.customer-key"),
    *wrong(
        "azure", ACCOUNT, "encryption/keyVaultProperties/keyName", "x", "encryption.customer-key"
    ),
    *wrong("azure", DATABASE, "dataEncryption", DROP, "encryption.customer-key"),
    *wrong("azure", REGISTRY, "encryption", DROP, "encryption.customer-key"),
    *wrong("azure", CLUSTER, "diskEncryptionSetID", DROP, "encryption.customer-key"),
    *wrong("azure", CLUSTER, "diskEncryptionSetID", STRANGE_DISKS, "encryption.customer-key"),
    *wrong("azure", DISKS, "activeKey", DROP, "encryption.customer-key", about=CLUSTER),
    *wrong(
        "azure",
        DISKS,
        "activeKey/keyUrl",
        "https://x.vault.azure.net/keys/x/1",
        "encryption.customer-key",
        about=CLUSTER,
    ),
    *wrong("azure", KEY, "properties/kty", "RSA", "encryption.hsm-key"),
    *wrong("azure", KEY, "properties/kty", DROP, "encryption.hsm-key"),
    *wrong("azure", KEY, "properties/kty", UNKNOWN, "encryption.hsm-key"),
    *wrong("azure", KEY, "properties/rotationPolicy", DROP, "encryption.key-rotation"),
    *wrong("azure", KEY, "properties/rotationPolicy", UNKNOWN, "encryption.key-rotation"),
    *wrong(
        "azure",
        KEY,
        "properties/rotationPolicy/lifetimeActions/0/trigger/timeAfterCreate",
        "P2Y",
        "encryption.key-rotation",
    ),
    *wrong(
        "azure",
        KEY,
        "properties/rotationPolicy/lifetimeActions/0/action/type",
        "notify",
        "encryption.key-rotation",
    ),
    *wrong(
        "azure",
        VAULT,
        "properties/enablePurgeProtection",
        False,
        "encryption.key-deletion",
        about=KEY,
    ),
    *wrong(
        "azure",
        VAULT,
        "properties/enablePurgeProtection",
        DROP,
        "encryption.key-deletion",
        about=KEY,
    ),
    *wrong(
        "azure",
        VAULT,
        "properties/enablePurgeProtection",
        UNKNOWN,
        "encryption.key-deletion",
        about=KEY,
    ),
    *wrong(
        "azure",
        VAULT,
        "properties/softDeleteRetentionInDays",
        7,
        "encryption.key-deletion",
        about=KEY,
    ),
    *wrong(
        "azure", VAULT, "properties/enableSoftDelete", False, "encryption.key-deletion", about=KEY
    ),
    Row("azure", "encryption.distinct-keys", same_key, EXPORT, "key of another zone"),
    Row("azure", "encryption.distinct-keys", shared_database_key, DATABASE, "key of a zone"),
    *wrong("azure", ACCOUNT, "minimumTlsVersion", "TLS1_0", "encryption.in-transit"),
    *wrong("azure", ACCOUNT, "minimumTlsVersion", DROP, "encryption.in-transit"),
    *wrong("azure", ACCOUNT, "minimumTlsVersion", UNKNOWN, "encryption.in-transit"),
    *wrong("azure", ACCOUNT, "enableHttpsTrafficOnly", False, "encryption.in-transit"),
    *wrong(
        "azure",
        parameter("require_secure_transport"),
        "value",
        "off",
        "encryption.database-tls",
        "encryption.in-transit",
        about=DATABASE,
    ),
    *wrong(
        "azure",
        parameter("ssl_min_protocol_version"),
        "value",
        "tlsv1.1",
        "encryption.database-tls",
        about=DATABASE,
    ),
    *wrong(
        "azure",
        parameter("require_secure_transport"),
        "value",
        UNKNOWN,
        "encryption.database-tls",
        about=DATABASE,
    ),
    *wrong(
        "azure", CLUSTER, "securityProfile/azureKeyVaultKms", DROP, "encryption.cluster-secrets"
    ),
    *wrong(
        "azure",
        CLUSTER,
        "securityProfile/azureKeyVaultKms/enabled",
        False,
        "encryption.cluster-secrets",
    ),
    Row(
        "azure",
        "encryption.at-rest",
        m.gone(ACCOUNT),
        CONTAINER,
        "account elsewhere",
        FindingKind.UNKNOWN,
    ),
    # Residency
    *wrong("azure", ACCOUNT, "location", "westeurope", "residency.data", "residency.replicas"),
    *wrong("azure", ACCOUNT, "location", UNKNOWN, "residency.data", "residency.unplaced"),
    *wrong("azure", ACCOUNT, "location", "Mars", "residency.data"),
    *wrong("azure", ACCOUNT, "location", "global", "residency.unplaced", "residency.data"),
    *wrong("azure", DATABASE, "location", "eastus", "residency.data", "residency.backups"),
    *wrong("azure", REGISTRY, "location", "eastus", "residency.data"),
    *wrong("azure", BACKUPS, "location", "westeurope", "residency.backups"),
    *wrong("azure", BACKUPS, "location", UNKNOWN, "residency.backups"),
    *wrong("azure", VAULT, "location", "westeurope", "residency.keys"),
    *wrong("azure", VAULT, "location", "eastus", "residency.keys", about=KEY),
    *wrong("azure", WORKSPACE, "location", "eastus", "residency.logs"),
    *wrong("azure", ARCHIVE, "location", "uksouth", "residency.logs"),
    *wrong("azure", CLUSTER, "location", "westeurope", "residency.compute"),
    *wrong("azure", CLUSTER, "location", "global", "residency.unplaced"),
    *wrong("azure", NETWORK, "location", "eastus", "residency.spread"),
    *wrong("azure", NETWORK, "location", "Mars", "residency.spread"),
    *wrong("azure", NETWORK, "location", UNKNOWN, "residency.spread"),
    *wrong("azure", FIREWALL, "location", "westeurope", "residency.spread"),
    *wrong("azure", FLOWS, "location", "eastus", "residency.spread"),
    *wrong("azure", DISKS, "location", "eastus", "residency.spread"),
    *wrong("azure", GROUP, "location", "uksouth", "residency.spread"),
    *wrong("azure", PROJECT, "location", "eastus", "residency.spread"),
    Row(
        "azure",
        "residency.replicas",
        m.added("azure-native:containerregistry:Replication", {"location": "eastus"}, REGISTRY),
        REGISTRY,
        "a replica of the registry abroad",
    ),
    # Jurisdiction
    *wrong("azure", WORKSPACE, "location", "eastus", "jurisdiction.telemetry", about=READS),
    *wrong("azure", READS, "workspaceId", STRANGER, "jurisdiction.telemetry"),
    *wrong("azure", READS, "eventHubAuthorizationRuleId", STRANGER, "jurisdiction.telemetry"),
    # Exposure
    *wrong("azure", ACCOUNT, "allowBlobPublicAccess", True, "exposure.public-storage"),
    *wrong("azure", ACCOUNT, "allowBlobPublicAccess", UNKNOWN, "exposure.public-storage"),
    *wrong("azure", REGISTRY, "anonymousPullEnabled", True, "exposure.public-storage"),
    *wrong(
        "azure",
        DATABASE,
        "network",
        {"publicNetworkAccess": "Enabled"},
        "exposure.public-database",
        "exposure.private-endpoints",
    ),
    *wrong("azure", DATABASE, "network", DROP, "exposure.public-database"),
    *wrong("azure", CLUSTER, "apiServerAccessProfile", DROP, "exposure.public-cluster"),
    *wrong("azure", CLUSTER, "apiServerAccessProfile", UNKNOWN, "exposure.public-cluster"),
    *wrong(
        "azure",
        CLUSTER,
        "apiServerAccessProfile",
        {"authorizedIPRanges": ["0.0.0.0/0"]},
        "exposure.public-cluster",
    ),
    *wrong(
        "azure",
        CLUSTER,
        "apiServerAccessProfile",
        {"authorizedIPRanges": ["198.51.100.0/24", "203.0.113.0/24"]},
        "exposure.public-cluster",
    ),
    *wrong("azure", ACCOUNT, "publicNetworkAccess", "Enabled", "exposure.private-endpoints"),
    *wrong("azure", ACCOUNT, "publicNetworkAccess", DROP, "exposure.private-endpoints"),
    *wrong(
        "azure", VAULT, "properties/publicNetworkAccess", "Enabled", "exposure.private-endpoints"
    ),
    *wrong("azure", REGISTRY, "publicNetworkAccess", "Enabled", "exposure.private-endpoints"),
    *wrong(
        "azure", WORKSPACE, "publicNetworkAccessForQuery", "Enabled", "exposure.private-endpoints"
    ),
    Row("azure", "exposure.private-endpoints", m.gone(ENDPOINT), ACCOUNT, "no endpoint"),
    let_in("*", "22"),
    let_in("Internet", "*"),
    let_in("0.0.0.0/1", "5432"),
    let_in("::/0", "20-25"),
    *wrong("azure", GROUP, "securityRules", UNKNOWN, "exposure.open-ingress"),
    let_out("anywhere", targetFqdns=["*"]),
    let_out("a host that is not listed", targetFqdns=["drop.example.com"]),
    let_out("an address", destinationAddresses=["8.8.8.8"], destinationPorts=["53"]),
    let_out(
        "another port of a listed host",
        targetFqdns=["packages.health-data.example"],
        protocols=[{"protocolType": "Http", "port": 80}],
    ),
    *wrong("azure", EGRESS, "ruleCollections/0/rules", UNKNOWN, "exposure.egress"),
    *wrong("azure", GROUP, "securityRules", without_last_refusal, "exposure.egress", about=SEGMENT),
    *wrong("azure", SEGMENT, "delegations", UNKNOWN, "exposure.egress"),
    *wrong("azure", ACCOUNT, "allowSharedKeyAccess", True, "exposure.shared-keys"),
    *wrong("azure", ACCOUNT, "allowSharedKeyAccess", DROP, "exposure.shared-keys"),
    *wrong("azure", ACCOUNT, "isLocalUserEnabled", True, "exposure.shared-keys"),
    *wrong("azure", DATABASE, "authConfig/passwordAuth", "Enabled", "exposure.shared-keys"),
    *wrong("azure", REGISTRY, "adminUserEnabled", True, "exposure.shared-keys"),
    *wrong("azure", WORKSPACE, "features/disableLocalAuth", False, "exposure.shared-keys"),
    *wrong("azure", ACCOUNT, "allowCrossTenantReplication", True, "exposure.cross-tenant"),
    *wrong("azure", ACCOUNT, "allowedCopyScope", DROP, "exposure.cross-tenant"),
    *wrong("azure", REGISTRY, "policies/exportPolicy/status", "enabled", "exposure.cross-tenant"),
    Row(
        "azure",
        "exposure.partition",
        m.inputs(SEGMENT, "subnetName", "everything", every=True),
        PLAN,
        "a segment for everything",
    ),
    Row("azure", "exposure.partition", m.gone(SEGMENT), PLAN, "no segment"),
    *wrong("azure", CLUSTER, POOL_SUBNET, DROP, "exposure.partition"),
    *wrong("azure", CLUSTER, "agentPoolProfiles/0/enableNodePublicIP", True, "exposure.partition"),
    *wrong(
        "azure", CLUSTER, "agentPoolProfiles/0/enableNodePublicIP", UNKNOWN, "exposure.partition"
    ),
    Row(
        "azure",
        "exposure.partition",
        m.both(m.untied(CLUSTER, "agentPoolProfiles"), m.inputs(CLUSTER, POOL_SUBNET, UNKNOWN)),
        CLUSTER,
        "a segment that is not known",
        FindingKind.UNKNOWN,
    ),
    Row("azure", "exposure.partition", nodes_in(SEGMENT), CLUSTER, "nodes beside the database"),
    Row("azure", "exposure.partition", nodes_in(SEGMENT), DATABASE, "a database beside nodes"),
    Row("azure", "exposure.partition", nodes_in(ADMINISTRATION), CLUSTER, "administration"),
    Row(
        "azure",
        "exposure.partition",
        m.added("azure-native:containerservice:AgentPool", POOL, CLUSTER),
        CLUSTER,
        "one more pool, in no segment",
    ),
    *wrong("azure", DATABASE, "network/delegatedSubnetResourceId", DROP, "exposure.partition"),
    # Access
    *wrong("azure", ROLE, "roleDefinitionId", OWNER, "access.least-privilege"),
    *wrong(
        "azure",
        ROLE,
        "roleDefinitionId",
        CONTRIBUTOR,
        "access.least-privilege",
        "access.project-isolation",
    ),
    *wrong(
        "azure",
        ROLE,
        "roleDefinitionId",
        f"{ROLES}custom",
        "access.least-privilege",
        "access.separation-of-duties",
    ),
    *wrong("azure", ROLE, "roleDefinitionId", UNKNOWN, "access.project-isolation"),
    *wrong("azure", ROLE, "roleDefinitionId", BLOB_CONTRIBUTOR, "access.project-isolation"),
    *wrong("azure", ROLE, "scope", "/subscriptions/other", "access.project-isolation"),
    Row("azure", "access.project-isolation", m.gone(ROLE), PLAN, "no role"),
    *wrong("azure", ROLE, "condition", DROP, "access.project-expiry"),
    *wrong("azure", ROLE, "condition", UNKNOWN, "access.project-expiry"),
    *wrong(
        "azure",
        ROLE,
        "condition",
        lambda text: text.replace("2028", "2029"),
        "access.project-expiry",
    ),
    Row(
        "azure",
        "access.separation-of-duties",
        second_role(CRYPTO_OFFICER, VAULT),
        ADDED,
        "manages keys",
    ),
    Row(
        "azure",
        "access.separation-of-duties",
        second_role(LOG_CONTRIBUTOR, WORKSPACE),
        ADDED,
        "changes logs",
    ),
    Row("azure", "access.separation-of-duties", second_role(OWNER, VAULT), ADDED, "owns the vault"),
    *m.kept_in_force("azure", ROLE),
    *(
        Row("azure", "access.revocable", lock_above(ROLE, steps, **how), ROLE, f"lock on {where}")
        for where, (steps, how) in LOCKS.items()
    ),
    *(
        row
        for pick, path, value in (
            (NETWORK, "dhcpOptions", DROP),
            (NETWORK, "dhcpOptions/dnsServers", ["168.63.129.16"]),
            (NETWORK, "dhcpOptions/dnsServers/1", "8.8.8.8"),
            (NETWORK, "dhcpOptions/dnsServers", UNKNOWN),
            (FIREWALL_POLICY, "dnsSettings", DROP),
            (FIREWALL_POLICY, "dnsSettings/enableProxy", False),
            (FIREWALL_POLICY, "dnsSettings/enableProxy", UNKNOWN),
            (FIREWALL_LOGS, "logs", without_names),
        )
        for row in wrong("azure", pick, path, value, "exposure.names", about=PLAN)
    ),
    *(
        Row("azure", "exposure.names", change, COMPUTE_SEGMENT, what)
        for what, change in (
            ("resolver in reach", m.inputs(COMPUTE_GROUP, "securityRules", without_resolver)),
            ("resolver let in first", m.inputs(COMPUTE_GROUP, "securityRules", with_resolver)),
            ("no group", m.inputs(COMPUTE_SEGMENT, "networkSecurityGroup", DROP)),
        )
    ),
    *(
        row
        for path, value in (
            ("policy/rules/0/enabled", False),
            ("policy/rules/0/definition/actions/version", DROP),
            ("policy/rules/0/definition/actions/baseBlob", DROP),
            ("policy/rules/0/definition/filters/blobTypes", ["appendBlob"]),
            ("policy/rules/0/definition/actions/version/delete/daysAfterCreationGreaterThan", 9999),
            ("policy/rules", UNKNOWN),
        )
        for row in wrong("azure", ARCHIVE_ENDS, path, value, "audit.statements", about=ARCHIVE)
    ),
    Row("azure", "audit.statements", m.gone(ARCHIVE_ENDS), ARCHIVE, "no end"),
    *wrong("azure", ARCHIVE, "encryption", DROP, "audit.statements"),
    Row("azure", "audit.statements", m.gone(ARCHIVE_READS), ARCHIVE, "readers not logged"),
    Row("azure", "audit.statements", second_role(BLOB_READER, ARCHIVE), ARCHIVE, "a project reads"),
    *wrong("azure", DATABASE_LOGS, "workspaceId", STRANGER, "audit.statements", about=PLAN),
    *(
        row
        for path, value in (
            ("agentPoolProfiles/0/nodeTaints", DROP),
            ("agentPoolProfiles/0/nodeTaints", ["CriticalAddonsOnly=true:PreferNoSchedule"]),
            ("agentPoolProfiles/0/nodeTaints", UNKNOWN),
            ("agentPoolProfiles/1/mode", "System"),
            ("agentPoolProfiles/1", DROP),
            ("agentPoolProfiles", UNKNOWN),
        )
        for row in wrong(
            "azure+pools", CLUSTER, path, value, "exposure.workload-isolation", about=PLAN
        )
    ),
    *(
        row
        for pick, path, value in (
            (ALERTS, "emailReceivers", []),
            (ALERTS, "emailReceivers", UNKNOWN),
            (ALERTS, "enabled", False),
            (ALERTS, "enabled", DROP),
            (REMOVALS, "enabled", False),
            (REMOVALS, "actions", DROP),
            (REMOVALS, "scopes", ["/subscriptions/s/resourceGroups/another"]),
            (REMOVALS, "condition/allOf/1/anyOf/0/equals", "Microsoft.Authorization/locks/write"),
            (REMOVALS, "condition/allOf/1/anyOf/1", DROP),
            (REMOVALS, "condition/allOf/2", {"field": "status", "equals": "Failed"}),
            (REMOVALS, "condition", UNKNOWN),
            (READS_SEARCH, "enabled", False),
            (READS_SEARCH, "criteria/allOf/0/query", "StorageBlobLogs | where false"),
            (READS_SEARCH, "criteria/allOf/0/threshold", 1),
            (READS_SEARCH, "criteria/allOf/0/operator", "LessThan"),
            (READS_SEARCH, "criteria/allOf/0/dimensions", [{"name": "a", "operator": "Include"}]),
            (READS_SEARCH, "criteria/allOf/1", {"query": "AzureActivity"}),
            (READS_SEARCH, "windowSize", "PT5M"),
            (READS_SEARCH, "evaluationFrequency", "P1D"),
            (READS_SEARCH, "criteria", UNKNOWN),
            (EXPORT_SEARCH, "criteria/allOf/0/query", lambda text: text.replace("export", "else")),
        )
        for row in wrong("azure", pick, path, value, "audit.alerts", about=PLAN)
    ),
    Row("azure", "audit.alerts", m.gone(ALERTS), PLAN, "nobody"),
    Row("azure", "audit.alerts", m.gone(REMOVALS), PLAN, "no alert on locks"),
    *wrong("azure", CLUSTER, "disableLocalAccounts", False, "access.no-static-credentials"),
    *wrong("azure", CLUSTER, "disableLocalAccounts", DROP, "access.no-static-credentials"),
    *wrong("azure", CLUSTER, "disableLocalAccounts", UNKNOWN, "access.no-static-credentials"),
    Row(
        "azure+secret",
        "access.no-static-credentials",
        m.inputs(ADDED, "properties/attributes/expires", DROP),
        ADDED,
        "secret without an end",
    ),
    Row(
        "azure+secret",
        "access.no-static-credentials",
        m.inputs(DATABASE, "authConfig/passwordAuth", "Enabled"),
        DATABASE,
        "passwords",
    ),
    *wrong(
        "azure", DATABASE, "administratorLoginPassword", "hunter2", "access.no-plaintext-secret"
    ),
    *wrong("azure", ACCOUNT, "tags/note", "AccountKey=" + "a" * 40, "access.no-plaintext-secret"),
    *wrong(
        "azure", CLUSTER, "windowsProfile", {"adminPassword": "p"}, "access.no-plaintext-secret"
    ),
    Row(
        "azure",
        "access.export-gate",
        m.inputs(OPEN_ROLE, "roleDefinitionId", BLOB_CONTRIBUTOR, every=True),
        PLAN,
        "writing",
    ),
    Row(
        "azure",
        "access.export-gate",
        m.asked(("projects.covid-long-term.zones", ["curated"])),
        PLAN,
        "not named",
    ),
    *(
        Row("azure", "access.export-gate", strangers_role(role, on), ADDED, what, kind)
        for what, role, on, kind in (
            ("a stranger who writes", BLOB_CONTRIBUTOR, EXPORTED, FindingKind.FAIL),
            ("a stranger who owns", f"{ROLES}8e3af657-a8ff-443c-a75c-2fe8c4bcb635", EXPORT, None),
            ("a stranger with an unknown role", UNKNOWN, EXPORTED, FindingKind.UNKNOWN),
        )
    ),
    Row(
        "azure+gate",
        "access.export-gate",
        unlabelled_gate,
        ADDED,
        "a gate unnamed",
        FindingKind.FAIL,
    ),
    # Audit
    *wrong("azure", READS, "logs/0/enabled", False, "audit.storage-access", about=ACCOUNT),
    *wrong("azure", READS, "logs", UNKNOWN, "audit.storage-access", about=ACCOUNT),
    Row("azure", "audit.storage-access", m.gone(READS), ACCOUNT, "no setting"),
    Row(
        "azure+statements",
        "audit.database",
        m.gone(Pick("monitor:DiagnosticSetting", of=DATABASE)),
        DATABASE,
        "no setting",
    ),
    *wrong(
        "azure+statements",
        parameter("log_connections"),
        "value",
        "off",
        "audit.database",
        about=DATABASE,
    ),
    Row(
        "azure",
        "audit.keys",
        m.gone(Pick("monitor:DiagnosticSetting", of=VAULT)),
        KEY,
        "no setting",
    ),
    Row(
        "azure",
        "audit.cluster",
        m.gone(Pick("monitor:DiagnosticSetting", of=CLUSTER)),
        CLUSTER,
        "no setting",
    ),
    Row("azure", "audit.administration", m.gone(ACTIVITY), ACCOUNT, "no setting"),
    *wrong("azure", ACTIVITY, "logs/0/enabled", False, "audit.administration", about=DATABASE),
    Row("azure", "audit.network", m.gone(FLOWS), NETWORK, "no flow log"),
    *wrong("azure", FLOWS, "enabled", False, "audit.network", about=NETWORK),
    *wrong("azure", WORKSPACE, "retentionInDays", 30, "audit.retention", about=PLAN),
    *wrong("azure", WORKSPACE, "retentionInDays", UNKNOWN, "audit.retention", about=PLAN),
    *wrong("azure", ARCHIVE, f"{IMMUTABILITY}/state", "Unlocked", "audit.protected", about=PLAN),
    Row(
        "azure",
        "audit.protected",
        m.inputs(READS, "storageAccountId", DROP),
        ACCOUNT,
        "to the workspace alone",
    ),
    Row(
        "azure+central",
        "audit.central",
        m.inputs(READS, "workspaceId", STRANGER),
        PLAN,
        "elsewhere",
    ),
    # Continuity
    *wrong("azure", DATABASE, "backup/backupRetentionDays", 7, "continuity.backup"),
    *wrong("azure", DATABASE, "backup/backupRetentionDays", UNKNOWN, "continuity.backup"),
    Row(
        "azure",
        "continuity.backup",
        m.gone(Pick("dataprotection:BackupInstance", of=Pick("storage:BlobContainer", of=EXPORT))),
        EXPORT,
        "no instance",
    ),
    *wrong(
        "azure",
        POLICY,
        "properties/policyRules/0/lifecycles/0/deleteAfter/duration",
        "P7D",
        "continuity.backup",
        about=EXPORT,
    ),
    *wrong("azure", ACCOUNT, "sku/name", "Standard_LRS", "continuity.recovery-site"),
    *wrong("azure", ACCOUNT, "sku/name", UNKNOWN, "continuity.recovery-site"),
    *wrong("azure", DATABASE, "backup/geoRedundantBackup", "Disabled", "continuity.recovery-site"),
    *wrong("azure", SERVICE, "isVersioningEnabled", False, "continuity.versioning", about=ACCOUNT),
    *wrong(
        "azure", SERVICE, "isVersioningEnabled", UNKNOWN, "continuity.versioning", about=ACCOUNT
    ),
    Row("azure", "continuity.versioning", m.gone(SERVICE), ACCOUNT, "no service"),
    *wrong("azure", ACCOUNT, f"{IMMUTABILITY}/state", "Unlocked", "continuity.immutability"),
    *wrong(
        "azure",
        ACCOUNT,
        f"{IMMUTABILITY}/immutabilityPeriodSinceCreationInDays",
        29,
        "continuity.immutability",
    ),
    *wrong("azure", ACCOUNT, "immutableStorageWithVersioning", DROP, "continuity.immutability"),
    *(
        row
        for days in (29, UNKNOWN)
        for row in wrong(
            "azure",
            EXPORT_SERVICE,
            "deleteRetentionPolicy/days",
            days,
            "continuity.retention",
            about=EXPORT,
        )
    ),
    *wrong(
        "azure",
        EXPORT_SERVICE,
        "deleteRetentionPolicy/enabled",
        False,
        "continuity.retention",
        about=EXPORT,
    ),
    *(
        row
        for days in (179, 181, UNKNOWN)
        for row in wrong(
            "azure",
            EXPORT_ENDS,
            f"{ENDS}/baseBlob/delete/daysAfterModificationGreaterThan",
            days,
            "continuity.retention",
            about=EXPORT,
        )
    ),
    *wrong(
        "azure",
        EXPORT_ENDS,
        "policy/rules/0/definition/filters/prefixMatch",
        ["a"],
        "continuity.retention",
        about=EXPORT,
    ),
    *wrong(
        "azure",
        EXPORT_ENDS,
        "policy/rules/0/enabled",
        False,
        "continuity.retention",
        about=EXPORT,
    ),
    Row("azure", "continuity.retention", m.gone(EXPORT_ENDS), EXPORT, "no lifecycle"),
    *wrong(
        "azure+versions-end",
        EXPORT_ENDS,
        f"{ENDS}/version/delete/daysAfterCreationGreaterThan",
        60,
        "continuity.retention",
        about=EXPORT,
    ),
    *m.longer_than_a_project("azure", EXPORT, BACKUPS),
    *(
        row
        for path in ("deleteRetentionPolicy/days", "containerDeleteRetentionPolicy/days")
        for days in (184, UNKNOWN)
        for row in wrong("azure", EXPORT_SERVICE, path, days, "continuity.erasable", about=EXPORT)
    ),
    Row("azure", "continuity.erasable", m.gone(EXPORT_SERVICE), EXPORT, "no service"),
    *wrong(
        "azure", EXPORT, "immutableStorageWithVersioning", LOCK_OF_A_YEAR, "continuity.erasable"
    ),
    *wrong("azure", DATABASE, "backup/backupRetentionDays", 184, "continuity.erasable"),
    *wrong("azure", DATABASE, "backup/backupRetentionDays", UNKNOWN, "continuity.erasable"),
    *wrong(
        "azure",
        POLICY,
        "properties/policyRules",
        lambda rules: [*rules, YEARLY],
        "continuity.erasable",
        about=BACKUPS,
    ),
    *wrong("azure", POLICY, POLICY_RULES, UNKNOWN, "continuity.erasable", about=BACKUPS),
    Row("azure+unlocked", "continuity.deletion", m.unprotected(ACCOUNT), ACCOUNT, "unprotected"),
    Row("azure+unlocked", "continuity.deletion", m.unprotected(KEY), KEY, "unprotected key"),
    Row("azure", "continuity.managed", m.released(ACCOUNT), ACCOUNT, "left standing"),
    Row("azure", "continuity.deletion", m.removed(ACCOUNT, "delete"), ACCOUNT, "deleted"),
    Row("azure", "continuity.deletion", m.removed(KEY, "replace"), KEY, "replaced"),
    *wrong("azure", DATABASE, "highAvailability", DROP, "continuity.availability"),
    *wrong(
        "azure", CLUSTER, "agentPoolProfiles/0/availabilityZones", ["1"], "continuity.availability"
    ),
    *wrong("azure", ACCOUNT, "tags/reader", "a.martin@university.example", "continuity.state"),
    # Inventory
    *wrong("azure", ACCOUNT, "tags", DROP, "inventory.tags"),
    *wrong("azure", ACCOUNT, "tags/owner", "somebody", "inventory.tags"),
    *wrong("azure", DATABASE, "tags/classification", DROP, "inventory.tags"),
    *wrong("azure", NETWORK, "tags/warehouse", UNKNOWN, "inventory.tags"),
    Row(
        "azure",
        "inventory.known",
        m.retyped(ACCOUNT, "azure-native:storage:Dream"),
        ACCOUNT,
        "a type that nobody knows",
    ),
    *wrong("azure", DATABASE, "version", "14", "inventory.supported-versions"),
    *wrong("azure", DATABASE, "version", "9.6", "inventory.supported-versions"),
    *wrong("azure", DATABASE, "version", DROP, "inventory.supported-versions"),
    *wrong("azure", CLUSTER, "kubernetesVersion", "1.33", "inventory.supported-versions"),
    *wrong("azure", ACCOUNT, "tags/environment", "staging", "inventory.environments"),
    *wrong("azure", ACCOUNT, "tags", UNKNOWN, "inventory.environments"),
    Row(
        "azure",
        "inventory.environments",
        m.added("pulumi:pulumi:StackReference", {"name": "s"}),
        ADDED,
        "another stack",
    ),
]
