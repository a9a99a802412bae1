"""The traps of Azure and of its SDK, each by its name."""

import ast
import json
import re
from importlib import metadata
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any

import pulumi_azure_native
import pytest

import havre_azure
from havre.errors import InputError
from havre.evaluate.monitor import Monitor
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret
from havre.stack.program import read_settings
from havre_azure import names
from havre_azure.checks import RESERVED
from havre_azure.parts.cluster import SERVICE_SPACES
from havre_azure.provider import provider
from havre_azure.sites import PLACES, SITES, copies_to_pair
from tests.azure.stack import GIVEN, asked, at, gaps_of, of, one, plan_of

PACKAGE = Path(havre_azure.__file__).parent
PARTS = (
    *("network", "keys", "audit", "zones", "database", "registry", "cluster", "access", "backup"),
    *("resources", "rules"),
)


def test_user_assigned_identities_shape(emc2: Plan) -> None:
    """A list for most types; a mapping for the database and the registry."""
    for kind in ("storage:StorageAccount", "containerservice:ManagedCluster", "network:FlowLog"):
        for resource in of(emc2, kind):
            assert isinstance(at(resource.inputs, "identity.userAssignedIdentities"), list)
    for kind in ("compute:DiskEncryptionSet", "dataprotection:BackupVault"):
        assert isinstance(at(one(emc2, kind).inputs, "identity.userAssignedIdentities"), list)
    for kind, count in (("dbforpostgresql:Server", 2), ("containerregistry:Registry", 1)):
        mapping = at(one(emc2, kind).inputs, "identity.userAssignedIdentities")
        assert isinstance(mapping, dict)
        assert len(mapping) == count
        assert all(key.startswith("/subscriptions/") for key in mapping)


def test_purge_protection_is_irreversible_so_names_can_be_salted() -> None:
    def vaults(plan: Plan) -> set[str]:
        return {r.inputs["vaultName"] for r in of(plan, "keyvault:Vault")}

    before, after = plan_of(asked()), plan_of(asked(), name_salt="b2")
    assert not vaults(before) & vaults(after)
    assert len(vaults(before)) == 3


LIMITS = {
    "storage:StorageAccount": ("accountName", r"[a-z0-9]{3,24}"),
    "keyvault:Vault": ("vaultName", r"[a-z][a-z0-9]{2,23}"),
    "containerregistry:Registry": ("registryName", r"[a-zA-Z0-9]{5,50}"),
    "dbforpostgresql:Server": ("serverName", r"[a-z][a-z0-9-]{2,62}"),
    "storage:BlobContainer": ("containerName", r"[a-z0-9](?:-?[a-z0-9]){2,62}"),
    "keyvault:Key": ("keyName", r"[0-9a-zA-Z-]{1,127}"),
    "managedidentity:UserAssignedIdentity": ("resourceName", r"[\w-]{3,128}"),
    "network:PrivateEndpoint": ("privateEndpointName", r"[\w.-]{2,64}"),
    "network:AzureFirewall": ("azureFirewallName", r"[\w.-]{1,56}"),
    "dataprotection:BackupVault": ("vaultName", r"[a-zA-Z][\w-]{1,49}"),
    "operationalinsights:Workspace": ("workspaceName", r"[a-zA-Z0-9][a-zA-Z0-9-]{2,61}\w"),
    "containerservice:ManagedCluster": ("resourceName", r"[\w-]{1,63}"),
    "network:NetworkSecurityGroup": ("networkSecurityGroupName", r"[\w.-]{1,80}"),
}


@pytest.fixture(scope="module")
def long_names() -> Plan:
    spec = asked(
        ("name", "abcdefghij-klmnopqrs"),
        (
            "zones",
            {
                "ab": {"purpose": "curated", "recoverable_days": 5},
                "zone-of-twenty-chars": {"purpose": "research", "recoverable_days": 5},
                "zone-of-twenty-chart": {"purpose": "research", "recoverable_days": 5},
            },
        ),
        ("projects.sleep.zones", ["zone-of-twenty-chars", "zone-of-twenty-chart", "ab"]),
        ("projects.stroke.zones", ["ab"]),
    )
    return plan_of(spec)


@pytest.mark.parametrize("kind", LIMITS)
def test_name_lengths(long_names: Plan, kind: str) -> None:
    argument, pattern = LIMITS[kind]
    found = [r.inputs[argument] for r in of(long_names, kind)]
    assert found
    for name in found:
        assert re.fullmatch(pattern, name), name
    if kind != "keyvault:Key":  # a name in each of two vaults
        assert len(set(found)) == len(found)


def test_names_are_unique_in_all_of_azure() -> None:
    other = {"subscription_id": "99999999-2222-4333-8444-555555555555"}
    for kind in ("storage:StorageAccount", "keyvault:Vault", "containerregistry:Registry"):
        argument = LIMITS[kind][0]
        mine = {r.inputs[argument] for r in of(plan_of(asked()), kind)}
        theirs = {r.inputs[argument] for r in of(plan_of(asked(), **other), kind)}
        assert not mine & theirs


@pytest.mark.parametrize("site", [n for n, place in PLACES.items() if place.restricted])
def test_restricted_regions(site: str) -> None:
    """Open for recovery only: a primary site there is refused, and others are named."""
    country = site[:2].upper()
    spec = asked(
        ("residency.countries", [country]), ("sites.recovery", None), ("sites.primary", site)
    )
    with pytest.raises(InputError) as caught:
        plan_of(spec)
    assert "restricted" in str(caught.value)
    assert "fr-paris" in str(caught.value)
    assert any("restricted" in note for note in SITES[site].restrictions)


def test_a_restricted_recovery_site_is_a_gap() -> None:
    assert (
        "only after Microsoft opens it"
        in gaps_of(asked())["continuity.recovery-site recovery-site"]
    )


UNPAIRED = sorted(name for name, place in PLACES.items() if place.pair is None)


def test_unpaired_regions() -> None:
    """No geo-redundant setting, and a gap."""
    assert UNPAIRED == ["at-vienna", "be-brussels", "es-madrid", "it-milan", "pl-warsaw"]
    spec = asked(
        ("residency.countries", ["PL", "DE"]),
        ("sites.primary", "pl-warsaw"),
        ("sites.recovery", "de-frankfurt"),
    )
    plan = plan_of(spec)
    skus = {at(r.inputs, "sku.name") for r in of(plan, "storage:StorageAccount")}
    assert skus == {"Standard_ZRS"}
    assert at(one(plan, "dbforpostgresql:Server").inputs, "backup.geoRedundantBackup") == "Disabled"
    assert "not its pair" in gaps_of(spec)["continuity.recovery-site recovery-site"]
    assert any("no paired region" in note for note in SITES["pl-warsaw"].restrictions)


def test_never_geo_redundant_into_another_pair() -> None:
    """Germany asks for copies in France: Azure would send them to its own pair."""
    spec = asked(
        ("residency.countries", ["DE", "FR"]),
        ("sites.primary", "de-frankfurt"),
        ("sites.recovery", "fr-paris"),
    )
    plan = plan_of(spec)
    assert {at(r.inputs, "sku.name") for r in of(plan, "storage:StorageAccount")} == {
        "Standard_ZRS"
    }
    vault = one(plan, "dataprotection:BackupVault").inputs
    assert at(vault, "properties.storageSettings.0.type") == "ZoneRedundant"
    assert not of(plan, "keyvault:Vault", "vault-recovery")


@pytest.mark.parametrize(
    ("primary", "recovery", "countries", "copies"),
    [
        ("fr-paris", "fr-province", ("FR",), True),
        ("fr-paris", "fr-province", ("DE",), False),
        ("fr-paris", None, ("FR",), False),
        ("fr-paris", "de-frankfurt", ("FR", "DE"), False),
        ("nl-amsterdam", "ie-dublin", ("NL", "IE"), True),
        ("nl-amsterdam", "ie-dublin", ("NL",), False),
        ("se-gavle", "se-malmo", ("SE",), True),
        ("pl-warsaw", "it-milan", ("PL", "IT"), False),
    ],
)
def test_copies_go_to_an_allowed_pair_only(
    primary: str, recovery: str | None, countries: tuple[str, ...], copies: bool
) -> None:
    assert copies_to_pair(primary, recovery, countries) is copies


def test_a_key_vaults_pair_outside_the_countries_is_a_gap() -> None:
    spec = asked(
        ("residency.countries", ["NL"]), ("sites.primary", "nl-amsterdam"), ("sites.recovery", None)
    )
    assert "northeurope (IE)" in gaps_of(spec)["residency.keys residency"]
    assert "residency.keys residency" not in gaps_of(asked())


@pytest.mark.parametrize("version", [14, 15, 16, 17, 18])
def test_database_versions(version: int) -> None:
    from pulumi_azure_native.dbforpostgresql import PostgresMajorVersion

    server = one(plan_of(asked(("database.version", version))), "dbforpostgresql:Server")
    assert server.inputs["version"] == str(version)
    assert str(version) in {member.value for member in PostgresMajorVersion}


@pytest.mark.parametrize(
    ("asked_gib", "sold"), [(32, 32), (33, 64), (2048, 2048), (2049, 4096), (16384, 16384)]
)
def test_database_storage_is_what_the_service_sells(asked_gib: int, sold: int) -> None:
    from havre_azure.parts.database import storage_gib

    assert storage_gib(asked_gib) == sold


def test_cluster_version_is_pinned() -> None:
    plan = plan_of(asked(), kubernetes_version="1.35")
    cluster = one(plan, "containerservice:ManagedCluster").inputs
    assert cluster["kubernetesVersion"] == "1.35"
    assert at(cluster, "agentPoolProfiles.0.orchestratorVersion") == "1.35"


@pytest.mark.parametrize(
    ("space", "services"),
    [
        ("10.50.0.0/16", "172.29.0.0/16"),
        ("172.29.0.0/16", "192.168.0.0/16"),
        ("192.168.0.0/16", "172.29.0.0/16"),
    ],
)
def test_addresses_of_services_overlap_no_network(space: str, services: str) -> None:
    plan = plan_of(asked(("network.address_space", space)))
    found = one(plan, "containerservice:ManagedCluster").inputs["networkProfile"]
    assert found["serviceCidr"] == services
    assert found["dnsServiceIP"] == services.replace("0.0/16", "0.10")


def test_addresses_of_services_overlap_the_recovery_sites_network_neither() -> None:
    spaces = (
        ("network.address_space", "192.168.0.0/16"),
        (
            "network.recovery_address_space",
            "172.29.0.0/16",
        ),
    )
    found = one(plan_of(asked(*spaces)), "containerservice:ManagedCluster")
    assert at(found.inputs, "networkProfile.serviceCidr") == "10.255.0.0/16"


@pytest.mark.parametrize("space", ["172.30.0.0/16", "172.16.0.0/12"])
def test_addresses_that_the_cluster_uses_itself_are_refused(space: str) -> None:
    with pytest.raises(InputError, match=r"172\.30\.0\.0/16(.|\n)*Choose other"):
        plan_of(asked(("network.address_space", space)))
    plan_of(asked(("network.address_space", space), ("cluster", None)))


def test_services_never_have_addresses_that_the_cluster_uses_itself() -> None:
    for space in map(ip_network, SERVICE_SPACES):
        assert not any(space.overlaps(ip_network(kept)) for kept in RESERVED)
    assert "172.31.0.0/16" in RESERVED


def test_only_typed_arguments() -> None:
    """No dict stands where the SDK has a typed argument: unknown keys would pass in silence."""
    ours = {"segments", "projects", "stores", "zones"}
    allowed = ours | {"tags", "metadata", "user_assigned_identities", "identity_profile"}
    sources = [path for path in PACKAGE.rglob("*.py") if path.stem in PARTS]
    assert {path.stem for path in sources} == set(PARTS)
    for path in sources:
        tree = ast.parse(path.read_text())
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            for keyword in call.keywords:
                if isinstance(keyword.value, ast.Dict | ast.DictComp):
                    assert keyword.arg in allowed, f"{path.name}:{keyword.value.lineno}"


def test_resource_name_with_its_underscore(emc2: Plan) -> None:
    """`resource_name` would be Pulumi's own name, and the real one a random one."""
    for identity in of(emc2, "managedidentity:UserAssignedIdentity"):
        assert identity.inputs["resourceName"].startswith("emc2-production-")


def test_diagnostics_log_settings_args_is_the_type(emc2: Plan) -> None:
    from pulumi_azure_native import monitor

    assert not hasattr(monitor, "LogSettingsArgs")
    for setting in of(emc2, "monitor:DiagnosticSetting"):
        assert all(set(entry) == {"category", "enabled"} for entry in setting.inputs["logs"])


def test_subnets_are_resources_of_their_own_one_after_the_other(emc2: Plan) -> None:
    """Inline and standalone subnets delete each other; two changes at once are refused."""
    subnets = of(emc2, "network:Subnet", "production-network")
    for before, after in pairwise(subnets):
        assert before.urn in after.dependencies


def test_server_parameters_change_one_after_the_other(emc2: Plan) -> None:
    parameters = of(emc2, "dbforpostgresql:Configuration")
    for before, after in pairwise(parameters):
        assert before.urn in after.dependencies


def test_storage_accounts_refuse_tls_1_3_as_minimum(hsm: Plan) -> None:
    from pulumi_azure_native.storage import MinimumTlsVersion

    assert "1.3 version is not supported" in (MinimumTlsVersion.__doc__ or "")
    assert {r.inputs["minimumTlsVersion"] for r in of(hsm, "storage:StorageAccount")} == {"TLS1_2"}
    assert "encryption.in-transit tls-only" in gaps_of(asked(("encryption.tls", "1.3")))
    assert "encryption.in-transit tls-only" not in gaps_of(asked())


def test_a_policy_is_made_unlocked_and_the_gap_says_so() -> None:
    assert "curated" in gaps_of(asked())["continuity.immutability object-lock"]
    assert "audit.protected object-lock" in gaps_of(asked())
    later = gaps_of(asked(), lock_immutability=True)
    assert [name for name in later if "object-lock" in name] == ["audit.protected object-lock"]


def test_keys_are_renewed_every_seven_days_at_most_often() -> None:
    plan_of(asked(("encryption.rotation_days", 7)))
    with pytest.raises(InputError, match="Set at least 7 days"):
        plan_of(asked(("encryption.rotation_days", 6)))


def test_a_database_bears_no_name_of_azures_own() -> None:
    for name in ("azure-sys", "azure-maintenance"):
        with pytest.raises(InputError, match=name.replace("-", "_")):
            plan_of(asked(("name", name)))


def test_everything_that_azure_refuses_is_told_at_once() -> None:
    spec = asked(
        ("encryption.rotation_days", 6),
        ("network.address_space", "172.30.0.0/16"),
        ("network.recovery_address_space", "172.31.0.0/16"),
    )
    found = provider.check(spec, read_settings(provider, GIVEN))
    assert [fault.path for fault in found] == [
        ("encryption", "rotation_days"),
        ("network", "address_space"),
        ("network", "recovery_address_space"),
    ]


def test_a_database_above_one_tebibyte_is_no_backup_vaults() -> None:
    small, large = (asked(("database.storage_gib", size)) for size in (1024, 1025))
    assert of(plan_of(small), "dataprotection:BackupInstance", "of-database")
    assert not of(plan_of(large), "dataprotection:BackupInstance", "of-database")
    assert "continuity.backup backup-retention" in gaps_of(large)
    assert "continuity.backup backup-retention" not in gaps_of(small)
    long = asked(("database.storage_gib", 1025), ("database.backups.retention_days", 90))
    assert "90 days" in gaps_of(long)["continuity.backup backup-retention"]


def test_disk_encryption_and_cluster_secrets_name_a_version(emc2: Plan) -> None:
    """Azure wants a version there; only the service can tell it, so it is unknown until then."""
    disks = one(emc2, "compute:DiskEncryptionSet").inputs
    cluster = one(emc2, "containerservice:ManagedCluster").inputs
    assert disks["activeKey"]["keyUrl"] is UNKNOWN
    assert at(cluster, "securityProfile.azureKeyVaultKms.keyId") is UNKNOWN


def test_plugin_and_sdk_versions_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another plugin than the SDK was generated from would read arguments otherwise."""
    sdk = metadata.version("pulumi-azure-native")
    told = json.loads(
        (Path(pulumi_azure_native.__file__).parent / "pulumi-plugin.json").read_text()
    )
    assert told["version"] == sdk
    lock = (Path(__file__).parents[2] / "requirements.lock").read_text()
    assert f"pulumi-azure-native=={sdk} " in lock
    assert {(r.version, r.pluginDownloadURL) for r in requests(monkeypatch)} == {(sdk, "")}


def requests(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked of Azure's plugin, with what a plan does not hold."""
    found = []
    planned = Monitor._planned

    def noted(self: Monitor, request: Any) -> PlannedResource:
        if request.type.startswith("azure-native:"):
            found.append(request)
        return planned(self, request)

    monkeypatch.setattr(Monitor, "_planned", noted)
    plan_of(asked())
    return found


def test_role_assignments_that_keep_their_names_are_deleted_before_they_are_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = {r.type.rpartition(":")[2] for r in requests(monkeypatch) if r.deleteBeforeReplace}
    assert first == {"RoleAssignment"}


def clear(inputs: Any, within: str = "") -> list[str]:
    """Paths of arguments that by their name hold a secret, in clear."""
    if isinstance(inputs, dict):
        return [path for k, v in inputs.items() for path in clear(v, f"{within}.{k}")]
    if isinstance(inputs, list | tuple):
        return [path for inner in inputs for path in clear(inner, within)]
    name = within.rpartition(".")[2]
    harmless = isinstance(inputs, Secret | bool) or inputs in (None, "Disabled", UNKNOWN)
    return [within] if SECRETS.search(name) and not harmless else []


SECRETS = re.compile(
    r"password|secret|token|sharedkey|accesskey|connectionstring|sas$", re.IGNORECASE
)


def test_secrets_are_never_in_clear_in_arguments(emc2: Plan, hospital: Plan) -> None:
    assert clear({"a": [{"adminPassword": "x"}], "passwordAuth": "Disabled"}) == [
        ".a.adminPassword"
    ]
    assert clear({"adminPassword": Secret("x")}) == []
    for plan in (emc2, hospital):
        for resource in plan.resources:
            assert clear(dict(resource.inputs)) == [], resource.name


def test_role_assignments_keep_their_names(emc2: Plan) -> None:
    found = [r.inputs["roleAssignmentName"] for r in of(emc2, "authorization:RoleAssignment")]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name) for name in found)


def test_digest_is_long_enough() -> None:
    assert names.DIGEST >= 8
