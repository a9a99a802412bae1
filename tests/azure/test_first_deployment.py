"""What Azure would refuse, or never do, at the first deployment; each with where it is written."""

import itertools
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

import havre_azure
from havre.plan import Plan, PlannedResource
from havre_azure.names import Role
from havre_azure.parts.audit import table_retention
from tests.azure.stack import asked, example, gaps_of, leaves, of, one, plan_of

TABLES_TAKE = {
    *range(4, 731),
    *(1095, 1460, 1826, 2191, 2556, 2922, 3288, 3653, 4018, 4383),
}
"""Days of `totalRetentionInDays`: Azure Monitor, data retention and archive."""


@pytest.mark.parametrize("days", [1, 30, 365, 730, 731, 800, 1095, 1096, 1500, 2600, 3650])
def test_a_table_keeps_logs_for_a_time_that_azure_accepts(days: int) -> None:
    kept = table_retention(days)
    assert kept in TABLES_TAKE
    assert days <= kept
    assert not any(days <= other < kept for other in TABLES_TAKE if other >= 30)


def test_no_table_is_asked_for_another_time() -> None:
    plan = plan_of(asked(("audit.retention_days", 800)))
    found = {
        table.inputs["totalRetentionInDays"] for table in of(plan, "operationalinsights:Table")
    }
    assert found == {1095}


def test_every_table_that_a_diagnostic_setting_fills_keeps_its_logs(emc2: Plan) -> None:
    """Firewall and registry name their categories as their tables."""
    tables = {table.inputs["tableName"] for table in of(emc2, "operationalinsights:Table")}
    for target in ("firewall", "registry"):
        setting = one(emc2, "monitor:DiagnosticSetting", target)
        sent = {log["category"] for log in setting.inputs["logs"]}
        assert sent <= tables, target
        assert sent


def test_the_kind_of_an_administrator_is_written_as_the_service_writes_it(emc2: Plan) -> None:
    found = one(emc2, "dbforpostgresql:AdministratorsMicrosoftEntra")
    assert found.inputs["principalType"] == "Group"


def test_passwords_of_roles_are_not_written_into_logs(emc2: Plan) -> None:
    """`log_statement` of `ddl` or `all` writes them; pgaudit's class ROLE redacts."""
    set_to = {
        each.inputs["configurationName"]: each.inputs["value"]
        for each in of(emc2, "dbforpostgresql:Configuration")
    }
    assert set_to.get("log_statement", "none") not in {"ddl", "mod", "all"}
    assert set_to["pgaudit.log"] == "all"


def test_networks_are_peered_once_their_subnets_are_there(emc2: Plan) -> None:
    """Azure makes one change of a network at a time."""
    subnets = {subnet.urn for subnet in of(emc2, "network:Subnet")}
    assert len(subnets) > 10
    for peering in of(emc2, "network:VirtualNetworkPeering"):
        assert subnets <= set(peering.dependencies) | _behind(emc2, peering.dependencies)


def test_no_two_changes_of_one_network_are_made_at_once(emc2: Plan) -> None:
    """A peering changes the networks of both its ends."""
    changed: dict[str, list[PlannedResource]] = {}
    for each in of(emc2, "network:Subnet") + of(emc2, "network:VirtualNetworkPeering"):
        remote = each.inputs.get("remoteVirtualNetwork", {}).get("id", "")
        for network in {each.inputs["virtualNetworkName"], remote.rpartition("/")[2]} - {""}:
            changed.setdefault(network, []).append(each)
    assert {len(each) > 3 for each in changed.values()} == {True}
    assert len(changed) == 2
    for within in changed.values():
        for one_of, other in itertools.combinations(within, 2):
            before = _behind(emc2, one_of.dependencies), _behind(emc2, other.dependencies)
            assert other.urn in before[0] or one_of.urn in before[1], (one_of.name, other.name)


def _behind(plan: Plan, urns: object) -> set[str]:
    """All that stands behind some resources."""
    by_urn = {each.urn: each for each in plan.resources}
    found: set[str] = set()
    left = list(urns) if isinstance(urns, list | tuple | set | frozenset) else []
    while left:
        urn = left.pop()
        if urn in by_urn and urn not in found:
            found.add(urn)
            left += by_urn[urn].dependencies
    return found


def test_what_opens_a_copy_s_key_is_in_the_copy_s_region(emc2: Plan) -> None:
    vaults = {vault.inputs["location"] for vault in of(emc2, "keyvault:Vault")}
    users = of(emc2, "managedidentity:UserAssignedIdentity", "recovery-key-user")
    assert [user.inputs["location"] for user in users] == ["francesouth"]
    assert "francesouth" in vaults


def test_no_identity_is_there_that_nothing_acts_as(emc2: Plan) -> None:
    """A resource or a federated credential names it; a grant alone does not use it."""
    own = ("managedidentity:UserAssignedIdentity", "authorization:RoleAssignment")
    skipped = {f"azure-native:{kind}" for kind in own}
    named = {
        str(leaf).rpartition("/")[2]
        for each in emc2.resources
        if each.type not in skipped
        for leaf in leaves(each.inputs)
    }
    users = {user.inputs["resourceName"] for user in of(emc2, own[0])}
    assert len(users) > 10
    assert sorted(users - named) == []


def test_the_database_reaches_storage_by_an_endpoint_of_its_subnet(emc2: Plan) -> None:
    found = [
        [each["service"] for each in subnet.inputs.get("serviceEndpoints") or ()]
        for subnet in of(emc2, "network:Subnet", "network-database")
    ]
    assert found == [["Microsoft.Storage"]] * 2


def test_api_servers_reach_each_other(emc2: Plan) -> None:
    groups = [g for g in of(emc2, "network:NetworkSecurityGroup") if "apiserver" in g.name]
    assert groups
    for group in groups:
        own = {
            (rule["direction"], rule["sourceAddressPrefix"] == rule["destinationAddressPrefix"])
            for rule in group.inputs["securityRules"]
            if rule["access"] == "Allow" and rule.get("sourceAddressPrefix")
        }
        assert {("Inbound", True), ("Outbound", True)} <= own


def _locks(plan: Plan) -> dict[str, PlannedResource]:
    """Locks by what they are on, in lower case."""
    found = of(plan, "authorization:ManagementLockByScope")
    return {lock.inputs["scope"].lower(): lock for lock in found}


def _below(identifier: str, scope: str) -> bool:
    return f"{identifier.lower()}/".startswith(f"{scope}/")


def test_what_bears_data_and_grants_nothing_to_projects_is_locked(emc2: Plan) -> None:
    kinds = [scope.split("/providers/")[1].split("/")[1::2] for scope in _locks(emc2)]
    assert sorted(kinds) == [
        ["backupvaults"],
        ["flexibleservers", "databases"],
        ["storageaccounts"],
        ["storageaccounts"],
        ["workspaces"],
    ]


def test_no_lock_keeps_a_project_or_a_cluster_from_being_revoked(emc2: Plan) -> None:
    """A lock forbids to delete role assignments, administrators and settings below it."""
    revocable = [
        each.inputs["scope"]
        for each in of(emc2, "authorization:RoleAssignment")
        if "-project-" in each.name or "-cluster-" in each.name
    ]
    server = one(emc2, "dbforpostgresql:Server").inputs["serverName"]
    administrator = one(emc2, "dbforpostgresql:AdministratorsMicrosoftEntra").inputs
    assert administrator["serverName"] == server
    kinds = "/providers/Microsoft.DBforPostgreSQL/flexibleServers"
    revocable += [f"{_group(emc2)}{kinds}/{server}/administrators/{administrator['objectId']}"]
    revocable += [
        f"{_group(emc2)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{each}"
        for each in (u.inputs["resourceName"] for u in of(emc2, USER))
    ]
    assert len(revocable) > 15
    for scope in _locks(emc2):
        assert not [each for each in revocable if _below(each, scope)], scope


USER = "managedidentity:UserAssignedIdentity"


def _group(plan: Plan) -> str:
    scope = next(iter(_locks(plan)))
    return scope.split("/providers/")[0]


def test_no_lock_is_over_a_private_dns_zone(emc2: Plan) -> None:
    """A failover of PostgreSQL changes a record there, which a lock may stop."""
    zones = [
        f"{_group(emc2)}/providers/Microsoft.Network/privateDnsZones/{zone.inputs['privateZoneName']}"
        for zone in of(emc2, "privatedns:PrivateZone")
    ]
    assert len(zones) > 5
    assert not [(z, s) for s in _locks(emc2) for z in zones if _below(z, s)]


NAMING = ("accountName", "databaseName", "workspaceName", "vaultName", "resourceUri", "scope")
"""Properties that name what a resource is, or what it is below."""


def test_a_lock_comes_after_all_that_is_below_it(emc2: Plan) -> None:
    """What fails while it is made can then be deleted and made again."""
    by_scope = _locks(emc2)
    for scope, lock in by_scope.items():
        name = scope.rpartition("/")[2]
        below = {
            each.urn
            for each in emc2.resources
            if each.type.startswith("azure-native:") and each.urn != lock.urn
            if any(
                isinstance(each.inputs.get(key), str)
                and (each.inputs[key].lower() == name or _below(each.inputs[key], scope))
                for key in NAMING
            )
        }
        assert below, scope
        assert below <= _behind(emc2, lock.dependencies), scope


def test_a_lock_stays_when_its_stack_no_longer_asks_for_it(emc2: Plan) -> None:
    locks = _locks(emc2).values()
    assert [lock.retain_on_delete for lock in locks] == [True] * len(locks)
    assert not any(lock.protect for lock in locks)


def test_a_backup_vault_is_asked_for_no_key_that_it_cannot_take(emc2: Plan) -> None:
    """Azure Backup takes a customer's key from no vault that limits who reaches it."""
    for plan in (emc2, plan_of(asked())):
        for vault in of(plan, "keyvault:Vault"):
            assert vault.inputs["properties"]["publicNetworkAccess"] == "Disabled"
        settings = one(plan, "dataprotection:BackupVault").inputs["properties"]["securitySettings"]
        assert "encryptionSettings" not in settings
        assert not of(plan, "keyvault:Key", "-backup-key")[1:]


def test_what_a_backup_vault_under_azures_key_puts_at_risk_is_said() -> None:
    subject = "encryption.customer-key immutable-backup"
    assert "weekly copies" in gaps_of(asked())[subject]
    assert "without any data" in gaps_of(example("emc2"))[subject]
    assert subject not in gaps_of(asked(("encryption.keys", "provider")))


def test_a_cluster_may_change_only_the_vault_of_its_own_keys(emc2: Plan) -> None:
    """AKS asks for the right to change the vault that it uses."""
    [right] = [
        each.inputs["scope"]
        for each in of(emc2, "authorization:RoleAssignment")
        if each.inputs["roleDefinitionId"].endswith(Role.VAULT_CONTRIBUTOR)
    ]
    held = {
        key.inputs["keyName"]
        for key in of(emc2, "keyvault:Key")
        if right.endswith(f"/{key.inputs['vaultName']}")
    }
    assert held == {"disks", "secrets"}


def test_names_are_asked_of_the_firewall_which_logs_them(emc2: Plan) -> None:
    policy = one(emc2, "network:FirewallPolicy").inputs
    assert policy["dnsSettings"]["enableProxy"] is True
    route = one(emc2, "network:RouteTable", "production-network").inputs["routes"][0]
    primary = one(emc2, "network:VirtualNetwork", "production-network").inputs
    assert primary["dhcpOptions"]["dnsServers"] == [route["nextHopIpAddress"]]
    logged = one(emc2, "monitor:DiagnosticSetting", "firewall").inputs["logs"]
    assert "AZFWDnsQuery" in {log["category"] for log in logged}
    recovery = one(emc2, "network:VirtualNetwork", "recovery-network").inputs
    assert not recovery.get("dhcpOptions"), "it has no firewall"


def test_no_program_passes_by_the_firewall_with_a_name(emc2: Plan) -> None:
    for segment in ("compute", "administration"):
        found = one(emc2, "network:NetworkSecurityGroup", f"production-network-{segment}-rules")
        named = {rule["name"]: rule for rule in found.inputs["securityRules"]}
        refused, asked_of = named["platform-names"], named["names"]
        assert (refused["access"], refused["destinationAddressPrefix"]) == (
            "Deny",
            "AzurePlatformDNS",
        )
        assert (asked_of["access"], asked_of["protocol"]) == ("Allow", "*")
        assert asked_of["destinationPortRanges"] == ["53"]


def test_services_of_azure_enter_only_where_they_have_something_to_do(emc2: Plan) -> None:
    """With logs, into an archive; for a backup, into a zone that can go back in time."""
    entered = {
        each.inputs["properties"]["friendlyName"]
        for each in of(emc2, "dataprotection:BackupInstance")
    } | {each.inputs["storageAccountId"].rpartition("/")[2] for each in _archiving(emc2)}
    found = {
        store.inputs["accountName"]: store.inputs["networkRuleSet"]["bypass"]
        for store in of(emc2, "storage:StorageAccount")
    }
    assert set(found.values()) == {"AzureServices", "None"}
    for name, bypass in found.items():
        assert (bypass == "AzureServices") == (name in entered), name


def _archiving(plan: Plan) -> list[PlannedResource]:
    settings = of(plan, "monitor:DiagnosticSetting")
    flows = [
        replace(flow, inputs={"storageAccountId": flow.inputs["storageId"]})
        for flow in of(plan, "network:FlowLog")
    ]
    return [*(s for s in settings if s.inputs.get("storageAccountId")), *flows]


def test_that_pods_reach_the_control_plane_and_that_names_are_not_filtered_is_said() -> None:
    subject = "exposure.egress egress-control"
    assert "foreign tenant" in gaps_of(example("emc2"))[subject]
    alone = gaps_of(asked(("cluster", None)))[subject]
    assert "DNS names" in alone
    assert "pod" not in alone
    assert subject not in gaps_of(example("hospital"))


@pytest.mark.parametrize("locked", [True, False])
def test_what_is_written_before_a_lock_is_said_to_stay_unlocked(locked: bool) -> None:
    found = gaps_of(asked(("audit.retention_days", 1095)), lock_immutability=locked)
    assert "1095 days" in found["audit.protected object-lock"]
    assert ("continuity.immutability object-lock" in found) is not locked


KEY_SIZES = {"RSA": {2048, 3072, 4096}, "RSA-HSM": {2048, 3072, 4096}}
"""Azure documentation, Key Vault, key types, algorithms, and operations."""


ROLES = {
    Role.ACR_PULL: "AcrPull",
    Role.BLOB_READER: "Storage Blob Data Reader",
    Role.BLOB_CONTRIBUTOR: "Storage Blob Data Contributor",
    Role.CRYPTO_SERVICE_USER: "Key Vault Crypto Service Encryption User",
    Role.CRYPTO_USER: "Key Vault Crypto User",
    Role.IDENTITY_OPERATOR: "Managed Identity Operator",
    Role.NETWORK_CONTRIBUTOR: "Network Contributor",
    Role.POSTGRESQL_BACKUP: "PostgreSQL Flexible Server Long Term Retention Backup Role",
    Role.READER: "Reader",
    Role.STORAGE_BACKUP: "Storage Account Backup Contributor",
    Role.VAULT_CONTRIBUTOR: "Key Vault Contributor",
}
"""What is meant by each role that the builders grant."""


def test_a_role_that_is_granted_has_the_identifier_of_the_role_that_is_meant(emc2: Plan) -> None:
    """`roles.toml` has identifiers and names from Azure's page on built-in roles."""
    table = tomllib.loads((Path(havre_azure.__file__).parent / "data" / "roles.toml").read_text())
    names = {role["id"]: role["name"] for role in table["role"]}
    assert {role: names[role] for role in Role} == ROLES
    granted = of(emc2, "authorization:RoleAssignment")
    assert {g.inputs["roleDefinitionId"].rpartition("/")[2] for g in granted} <= set(ROLES)


def test_an_identity_is_in_the_region_of_the_key_that_it_uses(emc2: Plan) -> None:
    places = {v.inputs["vaultName"]: v.inputs["location"] for v in of(emc2, "keyvault:Vault")}
    users = {u.inputs["resourceName"]: u.inputs["location"] for u in of(emc2, USER)}
    keys = {
        key.name.removeprefix("emc2-production-"): places[key.inputs["vaultName"]]
        for key in of(emc2, "keyvault:Key")
    }
    own = {
        name: place
        for name, place in keys.items()
        if f"emc2-production-{name}" in users and name != "recovery-archive-key"
    }
    assert len(own) > 8
    assert {name: users[f"emc2-production-{name}"] for name in own} == own


def test_keys_are_of_a_kind_and_size_that_azure_makes(emc2: Plan) -> None:
    for key in of(emc2, "keyvault:Key"):
        asked_of = key.inputs["properties"]
        assert asked_of["keySize"] in KEY_SIZES[asked_of["kty"]]
