"""What Azure would refuse, or never do, at the first deployment; each with where it is written."""

import pytest

from havre.plan import Plan, PlannedResource
from havre_azure.parts.audit import table_retention
from tests.azure.stack import asked, leaves, of, one, plan_of

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
