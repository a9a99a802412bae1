"""Stores: PostgreSQL servers, registries, disks, workspaces, backup vaults.

What a property's absence means is what Azure does then, as the SDK's documentation of the
property says; where it does not say, the worse.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from havre.facts.model import (
    Copy,
    Fact,
    Holding,
    Known,
    Offering,
    Place,
    ResourceFact,
    Store,
    Unknown,
)
from havre.facts.read import both, every, read, some, then, together
from havre_azure.facts_places import location, pair, place
from havre_azure.facts_relations import (
    administration_logged,
    all_users,
    disk_key,
    guarded,
    items,
    key,
    logged,
    private,
    segment,
    target,
    unversioned,
    users,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from havre.plan import Plan, PlannedResource

YES: Fact[Any] = Known(value=True)
NO: Fact[Any] = Known(value=False)
NONE: Fact[Any] = Known(None)
ZERO: Fact[Any] = Known(0)
OFFER = "Microsoft Azure"
PUBLIC = "publicNetworkAccess"
_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?", re.IGNORECASE)


def days(duration: str) -> int | None:
    """Days of an ISO 8601 duration, a year as 365 and a month as 30; None if it is none."""
    found = _DURATION.fullmatch(duration)
    if found is None:
        return None
    counts = [int(count or 0) for count in found.groups()]
    return sum(count * length for count, length in zip(counts, (365, 30, 7, 1), strict=True))


def base(resource: PlannedResource, where: Fact[tuple[Place, ...]]) -> dict[str, Any]:
    """What every fact says of a resource that can be tagged."""
    return {
        "urn": resource.urn,
        "type": unversioned(resource.type),
        "tags": read(resource.inputs, "tags", {}),
        "places": where,
    }


def least(facts: Iterable[Fact[int | None]]) -> Fact[int | None]:
    """The smallest number told; None if none is; unknown if any is."""
    return _extreme(facts, min)


def _least_of(
    resources: Fact[list[PlannedResource]], told: Callable[[PlannedResource], Fact[int | None]]
) -> Fact[int | None]:
    if isinstance(resources, Unknown):
        return resources
    return least(told(resource) for resource in resources.value)


def most(facts: Iterable[Fact[int | None]]) -> Fact[int | None]:
    """The largest number told; None if none is; unknown if any is."""
    return _extreme(facts, max)


def _extreme(
    facts: Iterable[Fact[int | None]], choose: Callable[[list[int]], int]
) -> Fact[int | None]:
    found = list(facts)
    unknown = next((fact for fact in found if isinstance(fact, Unknown)), None)
    if unknown is not None:
        return unknown
    told = [fact.value for fact in found if isinstance(fact, Known) and fact.value is not None]
    return Known(choose(told) if told else None)


def open_to_all(resource: PlannedResource, path: str = PUBLIC) -> Fact[bool]:
    """Whether a public address answers: so it is unless it is disabled."""
    found = read(resource.inputs, path, "Enabled")
    if isinstance(found, Known) and str(found.value).lower() == "securedbyperimeter":
        return Unknown(path)  # the perimeter's rules decide
    return then(found, lambda access: str(access).lower() != "disabled")


def closed(fact: Fact[bool]) -> Fact[bool]:
    """The contrary."""
    return then(fact, lambda value: not value)


def store(resource: PlannedResource, plan: Plan, product: str, **told: Any) -> Store:
    """A store of Azure's, with what holds for all of them: at rest, everything is encrypted."""
    common: dict[str, Any] = {
        "offering": Offering(OFFER, product),
        "encrypted": YES,
        "key": NONE,
        "public_read": NO,
        "cross_tenant": NO,
        "versions": NONE,
        "locked_days": ZERO,
        "retention_days": NONE,
        "backup_days": NONE,
        "guarded": guarded(plan, resource),
        "engine": NONE,
        "extensions": Known(()),
        "administration_logged": administration_logged(plan),
        "names_in_state": NO,
        "segments": Known(()),
    }
    where = told.pop("places", Unknown("location"))
    return Store(**(base(resource, where) | common | told))


def _policy_days(policy: PlannedResource) -> Fact[int | None]:
    """Days for which the default rule of a backup policy keeps what it makes."""
    rules = items(policy.inputs, "properties.policyRules")
    if isinstance(rules, Unknown):
        return rules
    kept = [
        read(cycle, "deleteAfter.duration", "")
        for rule in rules.value
        if rule.get("objectType") == "AzureRetentionRule" and rule.get("isDefault")
        for cycle in rule.get("lifecycles", ())
    ]
    return least([then(duration, days) for duration in kept])


def backed_up(plan: Plan, resource: PlannedResource) -> Fact[int | None]:
    """Days of the backups that a backup vault's instances keep of a resource."""
    kept: list[Fact[int | None]] = []
    path = "properties.dataSourceInfo.resourceID"
    for instance, link in users(plan, "dataprotection:BackupInstance", path, resource):
        policy = target(
            plan, instance, "properties.policyInfo.policyId", "dataprotection:BackupPolicy"
        )
        told = both(link, policy)
        if isinstance(told, Unknown):
            return told
        kept.append(_policy_days(told.value[1]) if told.value[1] else Unknown("policyId"))
    return most(kept)


def _vault_places(resource: PlannedResource, plan: Plan, kinds: Fact[Any]) -> Fact[Any]:
    def told(found: tuple[Any, str]) -> tuple[Place, ...]:
        own = place(Copy.BACKUP, found[1])
        geo = "georedundant" in {str(each).lower() for each in found[0]}
        return (own, pair(Copy.BACKUP, found[1], "GeoRedundant")) if geo else (own,)

    return then(both(kinds, location(resource, plan)), told)


def _vault(
    resource: PlannedResource, plan: Plan, product: str, kinds: Fact[Any], **told: Any
) -> Sequence[ResourceFact]:
    """A backup vault; the retention of its shortest policy, locked if the vault's lock is."""
    policies = all_users(plan, "dataprotection:BackupPolicy", "vaultName", resource)
    kept = _least_of(policies, _policy_days)
    state = read(resource.inputs, "properties.securitySettings.immutabilitySettings.state", "")
    locked = then(both(state, kept), lambda both_: (both_[0] == "Locked" and both_[1]) or 0)
    common = {
        "holding": Holding.BACKUP,
        "places": _vault_places(resource, plan, kinds),
        "tls_minimum": Known("1.2"),  # Azure Backup refuses older (documentation, TLS)
        "shared_keys": NO,
        "locked_days": ZERO if state != Known("Locked") and isinstance(state, Known) else locked,
        "retention_days": kept,
        "multi_zone": then(kinds, lambda found: "ZoneRedundant" in found),
        "reads_logged": logged(plan, resource, ("AddonAzureBackupJobs", "CoreAzureBackup")),
    }
    return [store(resource, plan, product, **(common | told))]


def backup_vault(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A vault of Azure Backup: it has no address of its own, Resource Manager alone opens it."""
    path = "properties.securitySettings.encryptionSettings.keyVaultProperties.keyUri"
    settings = items(resource.inputs, "properties.storageSettings")
    kinds: Fact[Any] = then(settings, lambda found: tuple(each.get("type") for each in found))
    return _vault(
        resource,
        plan,
        "Backup",
        Unknown("properties.storageSettings") if kinds == Known(()) else kinds,
        key=key(plan, resource, path),
        public_endpoint=NO,
        private_endpoint=NO,
    )


def recovery_vault(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A Recovery Services vault: geo-redundant unless said otherwise."""
    path = "properties.redundancySettings.standardTierStorageRedundancy"
    public = open_to_all(resource, "properties.publicNetworkAccess")
    return _vault(
        resource,
        plan,
        "Recovery Services",
        then(read(resource.inputs, path, "GeoRedundant"), lambda found: (found,)),
        key=key(plan, resource, "properties.encryption.keyVaultProperties.keyUri"),
        public_endpoint=public,
        private_endpoint=every([closed(public), private(plan, resource)]),
        retention_days=Unknown("protection policies"),
    )


def _parameter(plan: Plan, server: PlannedResource, name: str, default: Any) -> Fact[Any]:
    """A server parameter, in lower case; what it is by default where none of the plan sets it."""
    for resource, link in users(plan, "dbforpostgresql:Configuration", "serverName", server):
        told = read(resource.inputs, "configurationName")
        if isinstance(told, Unknown) or isinstance(link, Unknown):
            return Unknown(name)
        if told.value == name:
            return then(read(resource.inputs, "value", default), lambda value: str(value).lower())
    return Known(default)


def _server_tls(plan: Plan, server: PlannedResource) -> Fact[str | None]:
    """Encryption and TLS 1.2 by default (Azure documentation, TLS in Flexible Server)."""
    required = _parameter(plan, server, "require_secure_transport", "on")
    if isinstance(required, Known) and required.value != "on":
        return NONE
    version = _parameter(plan, server, "ssl_min_protocol_version", "tlsv1.2")
    return then(both(required, version), lambda told: str(told[1]).removeprefix("tlsv"))


def _statements(plan: Plan, server: PlannedResource) -> Fact[bool]:
    """By the server itself, or by pgaudit where it is loaded; neither is so by default."""
    loaded = _parameter(plan, server, "shared_preload_libraries", "")
    audited = _parameter(plan, server, "pgaudit.log", "none")
    return some(
        [
            then(_parameter(plan, server, "log_statement", "none"), lambda level: level == "all"),
            every(
                [
                    then(loaded, lambda libraries: "pgaudit" in _split(libraries)),
                    then(audited, lambda told: _audits_all(_split(told))),
                ]
            ),
        ]
    )


def _split(listed: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in listed.split(",") if part.strip())


def _audits_all(classes: tuple[str, ...]) -> bool:
    return "all" in classes or {"read", "write"} <= set(classes)


def _server_places(resource: PlannedResource, plan: Plan) -> Fact[tuple[Place, ...]]:
    geo = read(resource.inputs, "backup.geoRedundantBackup", "Disabled")

    def told(found: tuple[str, Any]) -> tuple[Place, ...]:
        own = (
            place(Copy.PRIMARY, found[0]),
            place(Copy.BACKUP, found[0], "the server's own backups"),
        )
        if str(found[1]).lower() != "enabled":
            return own
        return (*own, pair(Copy.BACKUP, found[0], "geoRedundantBackup"))

    return then(both(location(resource, plan), geo), told)


def _delegated(server: PlannedResource, plan: Plan) -> Fact[str | None]:
    """The subnet that a server stands in: that which its property comes from."""
    path = "network.delegatedSubnetResourceId"
    if not isinstance(server.inputs.get("network"), dict):
        return read(server.inputs, path)
    return segment(plan, server, path)


def _segments(server: PlannedResource, plan: Plan) -> Fact[tuple[str | None, ...]]:
    """The delegated subnet; without one, those of the private endpoints that lead to a server."""
    own = _delegated(server, plan)
    if isinstance(own, Unknown) or own.value:
        return then(own, lambda urn: (urn,))
    path = "privateLinkServiceConnections"
    ends = all_users(plan, "network:PrivateEndpoint", path, server)
    if isinstance(ends, Unknown) or not ends.value:
        return then(ends, lambda _: (None,))
    return together([segment(plan, end, "subnet.id") for end in ends.value])


def server(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A PostgreSQL Flexible Server; one in a delegated subnet has no public address."""
    subnet = then(_delegated(resource, plan), bool)
    public = every([closed(subnet), open_to_all(resource, f"network.{PUBLIC}")])
    version = read(resource.inputs, "version")
    logs = logged(plan, resource, ("PostgreSQLLogs",))
    connections = _parameter(plan, resource, "log_connections", "")
    passwords = read(resource.inputs, "authConfig.passwordAuth", "Enabled")
    told = store(
        resource,
        plan,
        "Database for PostgreSQL",
        holding=Holding.DATABASE,
        places=_server_places(resource, plan),
        key=key(plan, resource, "dataEncryption.primaryKeyURI"),
        tls_minimum=_server_tls(plan, resource),
        public_endpoint=public,
        private_endpoint=every([closed(public), some([subnet, private(plan, resource)])]),
        shared_keys=then(passwords, lambda state: str(state).lower() != "disabled"),
        backup_days=most(
            [read(resource.inputs, "backup.backupRetentionDays", 7), backed_up(plan, resource)]
        ),
        multi_zone=then(
            read(resource.inputs, "highAvailability.mode", "Disabled"),
            lambda mode: mode == "ZoneRedundant",
        ),
        engine=Unknown("version") if version == NONE else then(version, _engine),
        extensions=then(_parameter(plan, resource, "azure.extensions", ""), _split),
        segments=_segments(resource, plan),
        reads_logged=every(
            [logs, then(connections, lambda on: on == "on"), _statements(plan, resource)]
        ),
    )
    return [told]


def _engine(version: Any) -> str:
    return f"postgresql {version}"


def _registry_places(resource: PlannedResource, plan: Plan) -> Fact[tuple[Place, ...]]:
    found: Fact[tuple[Place, ...]] = then(
        location(resource, plan), lambda where: (place(Copy.PRIMARY, where),)
    )
    for replication, _ in users(plan, "containerregistry:Replication", "registryName", resource):
        other = location(replication, plan)
        found = then(both(found, other), lambda told: (*told[0], place(Copy.REPLICA, told[1])))
    return found


REGISTRY_LOGS = ("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents")


def registry(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A registry of images; it takes TLS 1.2 and above only (Azure documentation, ACR)."""
    public = open_to_all(resource)
    exports = read(resource.inputs, "policies.exportPolicy.status", "enabled")
    told = store(
        resource,
        plan,
        "Container Registry",
        holding=Holding.REGISTRY,
        places=_registry_places(resource, plan),
        key=key(plan, resource, "encryption.keyVaultProperties.keyIdentifier"),
        tls_minimum=Known("1.2"),
        public_read=read(resource.inputs, "anonymousPullEnabled", default=False),
        public_endpoint=public,
        private_endpoint=every([closed(public), private(plan, resource)]),
        shared_keys=read(resource.inputs, "adminUserEnabled", default=False),
        cross_tenant=then(exports, lambda status: str(status).lower() != "disabled"),
        multi_zone=then(
            read(resource.inputs, "zoneRedundancy", "Disabled"), lambda zones: zones == "Enabled"
        ),
        reads_logged=logged(plan, resource, REGISTRY_LOGS),
    )
    return [told]


def disk(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A managed disk: it can be exported through a public address unless that is refused."""
    policy = read(resource.inputs, "networkAccessPolicy", "AllowAll")
    public = every([open_to_all(resource), then(policy, lambda told: told == "AllowAll")])
    told = store(
        resource,
        plan,
        "Managed Disks",
        holding=Holding.VOLUME,
        places=then(location(resource, plan), lambda where: (place(Copy.PRIMARY, where),)),
        key=disk_key(plan, resource, "encryption.diskEncryptionSetId"),
        tls_minimum=Known("1.2"),  # the host's own channel; exports are refused or https
        public_endpoint=public,
        private_endpoint=closed(public),
        shared_keys=public,
        multi_zone=then(
            read(resource.inputs, "sku.name", ""), lambda name: str(name).endswith("_ZRS")
        ),
        reads_logged=NO,
    )
    return [told]


def _linked(plan: Plan, workspace: PlannedResource) -> list[PlannedResource]:
    """Private link scopes that list a workspace."""
    token, path = "monitor:PrivateLinkScopedResource", "linkedResourceId"
    found = [
        target(plan, scoped, "scopeName", "monitor:PrivateLinkScope")
        for scoped, _ in users(plan, token, path, workspace)
    ]
    return [scope.value for scope in found if isinstance(scope, Known) and scope.value is not None]


def _workspace_days(plan: Plan, workspace: PlannedResource) -> Fact[int | None]:
    """The shortest retention: the workspace's own, or a table's."""
    own = read(workspace.inputs, "retentionInDays", 30)
    tables = all_users(plan, "operationalinsights:Table", "workspaceName", workspace)
    shortest = _least_of(tables, lambda table: read(table.inputs, "totalRetentionInDays"))
    return least([own, shortest])


def workspace(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A Log Analytics workspace; TLS 1.2 is its least (Azure documentation, since 2025-07)."""
    ways = ("publicNetworkAccessForIngestion", "publicNetworkAccessForQuery")
    public = some([open_to_all(resource, way) for way in ways])
    group = target(plan, resource, "features.clusterResourceId", "operationalinsights:Cluster")
    found: Fact[str | None] = read(resource.inputs, "features.clusterResourceId")
    if isinstance(group, Known) and group.value is not None:
        path = "keyVaultProperties"
        found = key(plan, group.value, f"{path}.keyVaultUri", f"{path}.keyName")
    told = store(
        resource,
        plan,
        "Log Analytics",
        holding=Holding.LOGS,
        places=then(location(resource, plan), lambda where: (place(Copy.LOG, where),)),
        key=found,
        tls_minimum=Known("1.2"),
        public_endpoint=public,
        private_endpoint=every(
            [closed(public), some([private(plan, scope) for scope in _linked(plan, resource)])]
        ),
        shared_keys=closed(read(resource.inputs, "features.disableLocalAuth", default=False)),
        retention_days=_workspace_days(plan, resource),
        reads_logged=logged(plan, resource, ("Audit",)),
    )
    return [told]
