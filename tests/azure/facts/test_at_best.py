"""A bad item that is told decides, whatever is unknown beside it; a good one decides nothing."""

import datetime as dt
from typing import Any

import pytest

from havre.facts import Facts, Known, Unknown
from havre.facts.model import Compute, Grant, NetworkElement, Right
from havre.facts.read import at_best
from havre.facts.stores import BackupStore, ImageRegistry, LogStore, ObjectStore
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret
from havre.policy import Case, Outcome
from havre.policy.qualifications import Qualifications
from havre_azure.facts import facts
from havre_azure.provider import provider
from tests.azure.facts.resources import NO, SCOPE, YES
from tests.policy import cases
from tests.policy.mutations import spec_for

DAY = dt.date(2026, 11, 29)
FAIL, PASS, OPEN = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN
GROUP = f"{SCOPE}/resourceGroups/rg"


def resource(kind: str, name: str, **inputs: Any) -> PlannedResource:
    token = f"azure-native:{kind}"
    return PlannedResource(f"urn:pulumi:s::p::{token}::{name}", token, name, True, inputs)


def read(*resources: PlannedResource) -> Facts:
    return facts(Plan("azure", resources))


def only(found: Facts, kind: type) -> Any:
    (item,) = found.of(kind)
    return item


def verdicts(control: str, *resources: PlannedResource) -> set[Outcome]:
    plan = Plan("azure", resources)
    case = Case(spec_for("azure"), facts(plan), plan, provider, (), Qualifications(()), DAY)
    return {each.outcome for each in cases.control(control).judge(case)} - {Outcome.NOT_APPLICABLE}


OFFICE = spec_for("azure").network.administration[0]


@pytest.mark.parametrize(
    ("listed", "outcome"),
    [
        (["0.0.0.0/0", UNKNOWN], FAIL),
        ([UNKNOWN, Secret("8.8.8.0/24")], FAIL),
        ([OFFICE, "not an address", "0.0.0.0/0"], FAIL),
        ([OFFICE, UNKNOWN], OPEN),
        ([UNKNOWN], OPEN),
        (UNKNOWN, OPEN),
        ([OFFICE], PASS),
        ([], FAIL),
    ],
    ids=str,
)
def test_addresses_that_reach_a_cluster(listed: Any, outcome: Outcome) -> None:
    cluster = resource(
        "containerservice:ManagedCluster",
        "aks",
        apiServerAccessProfile={"authorizedIPRanges": listed},
    )
    assert verdicts("exposure.public-cluster", cluster) == {outcome}


SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s"


@pytest.mark.parametrize(
    ("pools", "private"),
    [
        ([{"enableNodePublicIP": True, "vnetSubnetID": UNKNOWN}], NO),
        ([UNKNOWN, {"enableNodePublicIP": True}], NO),
        ([{"enableNodePublicIP": False, "vnetSubnetID": UNKNOWN, "count": UNKNOWN}], YES),
        ([{"enableNodePublicIP": False}, UNKNOWN], Unknown("agentPoolProfiles")),
        ([{"enableNodePublicIP": UNKNOWN}], Unknown("enableNodePublicIP")),
        (UNKNOWN, Unknown("agentPoolProfiles")),
    ],
    ids=str,
)
def test_nodes_with_public_addresses(pools: Any, private: Any) -> None:
    cluster = resource("containerservice:ManagedCluster", "aks", agentPoolProfiles=pools)
    assert only(read(cluster), Compute).private_nodes == private


@pytest.mark.parametrize(
    ("pools", "segments"),
    [
        ([{"name": "a"}, {"vnetSubnetID": UNKNOWN}], Unknown("agentPoolProfiles", Known((None,)))),
        ([{"vnetSubnetID": SUBNET}, UNKNOWN], Unknown("agentPoolProfiles", Known((SUBNET,)))),
        ([{"vnetSubnetID": SUBNET, "count": UNKNOWN}], Known((SUBNET,))),
        (UNKNOWN, Unknown("agentPoolProfiles")),
        ([UNKNOWN], Unknown("agentPoolProfiles")),
    ],
    ids=str,
)
def test_the_networks_of_nodes(pools: Any, segments: Any) -> None:
    cluster = resource("containerservice:ManagedCluster", "aks", agentPoolProfiles=pools)
    assert only(read(cluster), Compute).segments == segments
    bad = segments != Known((SUBNET,)) and segments.at_best == Known((None,))
    assert (FAIL in verdicts("exposure.partition", *SEGMENTS, cluster)) == bad


SEGMENTS = [
    resource("network:Subnet", each, virtualNetworkName="v", subnetName=each)
    for each in ("administration", "compute", "database")
]


def vault(*entries: Any) -> PlannedResource:
    return resource(
        "keyvault:Vault", "kv", vaultName="kv", properties={"accessPolicies": list(entries)}
    )


GETS: dict[str, Any] = {"keys": ["get"], "secrets": []}


@pytest.mark.parametrize(
    ("entries", "grants"),
    [
        (
            [{"objectId": UNKNOWN, "permissions": {"keys": ["purge"]}}],
            [
                (
                    Unknown("properties.accessPolicies[].objectId"),
                    Known({Right.USE_KEYS, Right.MANAGE_KEYS}),
                )
            ],
        ),
        (
            [{"objectId": "a", "permissions": {"keys": ["purge", UNKNOWN], "secrets": None}}],
            [
                (
                    Known("a"),
                    Unknown(
                        "properties.accessPolicies[].permissions.keys",
                        Known({Right.USE_KEYS, Right.MANAGE_KEYS}),
                    ),
                )
            ],
        ),
        (
            [{"objectId": "a", "permissions": GETS}, UNKNOWN],
            [
                (Known("a"), Known({Right.USE_KEYS})),
                (
                    Unknown("properties.accessPolicies[].objectId"),
                    Unknown("properties.accessPolicies[].permissions.keys"),
                ),
            ],
        ),
        ([{"objectId": "a", "permissions": GETS}], [(Known("a"), Known({Right.USE_KEYS}))]),
        ([], []),
    ],
)
def test_an_access_policy_is_told_beside_another_that_is_not(
    entries: list[Any], grants: list[Any]
) -> None:
    found = read(vault(*entries)).of(Grant)
    assert [(each.identity, each.rights) for each in found] == grants


STORE = resource(
    "storage:StorageAccount",
    "store",
    accountName="store",
    location="francecentral",
    tags={"zone": "curated", "owner": UNKNOWN},
)
SENT = {"categoryGroup": "audit", "enabled": True, "retentionPolicy": UNKNOWN}


@pytest.mark.parametrize(
    ("logs", "logged"),
    [
        ([SENT, UNKNOWN], YES),
        ([UNKNOWN, SENT], YES),
        ([SENT], YES),
        ([{**SENT, "enabled": UNKNOWN}], Unknown("logs[].enabled")),
        ([{**SENT, "enabled": False}, {"category": "StorageRead", "enabled": False}], NO),
        ([UNKNOWN], Unknown("logs[].enabled")),
        (UNKNOWN, Unknown("logs")),
        ([], NO),
    ],
    ids=str,
)
def test_logs_that_are_sent_beside_what_is_not_known(logs: Any, logged: Any) -> None:
    uri = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/store/blobServices/default"
    setting = resource("monitor:DiagnosticSetting", "d", resourceUri=uri, logs=logs)
    found = only(read(STORE, setting), ObjectStore)
    assert (found.zone, found.reads_logged) == ("curated", logged)


def table(name: str, days: Any) -> PlannedResource:
    return resource(
        "operationalinsights:Table",
        name,
        workspaceName="w",
        tableName=name,
        totalRetentionInDays=days,
    )


@pytest.mark.parametrize(
    ("days", "outcome"),
    [
        ([7, UNKNOWN], FAIL),
        ([UNKNOWN, 7], FAIL),
        ([4000, UNKNOWN], OPEN),
        ([UNKNOWN], OPEN),
        ([4000], PASS),
    ],
    ids=str,
)
def test_the_shortest_retention_that_is_told(days: list[Any], outcome: Outcome) -> None:
    workspace = resource(
        "operationalinsights:Workspace",
        "w",
        workspaceName="w",
        location="francecentral",
        retentionInDays=4000,
    )
    tables = [table(f"t{number}", each) for number, each in enumerate(days)]
    assert verdicts("audit.retention", workspace, *tables) == {outcome}
    assert isinstance(only(read(workspace, *tables), LogStore).retention_days, Known | Unknown)


def replication(name: str, **inputs: Any) -> PlannedResource:
    return resource("containerregistry:Replication", name, registryName="acr", **inputs)


@pytest.mark.parametrize(
    ("regions", "outcome"),
    [
        (["eastus", UNKNOWN], FAIL),
        ([UNKNOWN, "East US"], FAIL),
        (["francesouth", UNKNOWN], OPEN),
        ([UNKNOWN], OPEN),
        (["francesouth"], PASS),
    ],
    ids=str,
)
def test_a_region_abroad_beside_one_that_is_not_known(regions: list[Any], outcome: Outcome) -> None:
    registry = resource(
        "containerregistry:Registry", "acr", registryName="acr", location="francecentral"
    )
    copies = [replication(f"r{n}", location=each) for n, each in enumerate(regions)]
    assert verdicts("residency.replicas", registry, *copies) == {outcome}
    assert isinstance(only(read(registry, *copies), ImageRegistry).places, Known) == (
        UNKNOWN not in regions
    )


@pytest.mark.parametrize(
    ("kinds", "outcome"),
    [
        ([{"type": "GeoRedundant"}, UNKNOWN], FAIL),
        ([{"type": UNKNOWN}, {"type": "georedundant", "datastoreType": UNKNOWN}], FAIL),
        ([{"type": "LocallyRedundant"}, UNKNOWN], OPEN),
        ([UNKNOWN], OPEN),
        ([{"type": "ZoneRedundant", "datastoreType": UNKNOWN}], PASS),
    ],
    ids=str,
)
def test_a_copy_elsewhere_that_one_setting_brings(kinds: Any, outcome: Outcome) -> None:
    """A region of which nobody knows the pair: the copy lies in no known country."""
    vault = resource(
        "dataprotection:BackupVault",
        "v",
        vaultName="v",
        location="francesouth2",
        properties={"storageSettings": kinds},
    )
    places = only(read(vault), BackupStore).places
    implied = any(place.implied for place in at_best(places, ()))
    assert (FAIL if implied else PASS if isinstance(places, Known) else OPEN) is outcome


ANY: dict[str, Any] = {"destinationAddresses": ["*"], "destinationPorts": ["443"]}
NAMED: dict[str, Any] = {"destinationAddresses": ["192.0.2.1"], "destinationPorts": ["443"]}


def collection(*rules: Any, **differs: Any) -> dict[str, Any]:
    return {"action": {"type": "Allow"}, "priority": 100, "rules": list(rules), **differs}


@pytest.mark.parametrize(
    ("collections", "denied"),
    [
        ([collection(ANY, UNKNOWN)], NO),
        ([collection({**ANY, "name": UNKNOWN, "sourceAddresses": UNKNOWN})], NO),
        ([UNKNOWN, collection(ANY)], NO),
        ([collection(NAMED, UNKNOWN)], Unknown("ruleCollections[].rules[].targetFqdns")),
        (
            [collection({**NAMED, "destinationAddresses": ["192.0.2.1", UNKNOWN]})],
            Unknown("ruleCollections[].rules[].destinationAddresses"),
        ),
        ([collection(ANY, action=UNKNOWN)], Unknown("ruleCollections[].action")),
        ([collection(NAMED)], YES),
        ([collection(ANY, action={"type": "Deny"})], YES),
        (UNKNOWN, Unknown("ruleCollections")),
    ],
    ids=str,
)
def test_a_firewall_that_lets_everything_out(collections: Any, denied: Any) -> None:
    group = resource("network:FirewallPolicyRuleCollectionGroup", "g", ruleCollections=collections)
    assert only(read(group), NetworkElement).egress_denied == denied


@pytest.mark.parametrize(
    ("tags", "outcome"),
    [
        ({"environment": "test", "owner": UNKNOWN}, FAIL),
        ({"environment": "test"}, FAIL),
        ({"environment": "production", "owner": UNKNOWN}, PASS),
        ({"environment": UNKNOWN, "owner": "x"}, OPEN),
        (UNKNOWN, OPEN),
        ({"owner": "x"}, PASS),
    ],
    ids=str,
)
def test_a_label_of_another_environment(tags: Any, outcome: Outcome) -> None:
    group = resource("resources:ResourceGroup", "g", tags=tags)
    assert verdicts("inventory.environments", group) == {outcome}


@pytest.mark.parametrize(
    ("role", "scope", "outcome"),
    [
        ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", UNKNOWN, FAIL),  # Owner
        ("/roleDefinitions/8E3AF657-A8FF-443C-A75C-2FE8C4BCB635", GROUP, FAIL),
        ("7f951dda-4ed3-4680-a7ca-43fe172d538d", UNKNOWN, OPEN),  # AcrPull
        ("7f951dda-4ed3-4680-a7ca-43fe172d538d", GROUP, PASS),
        (UNKNOWN, GROUP, OPEN),
    ],
)
def test_whoever_may_do_everything_may_wherever_it_is(
    role: Any, scope: Any, outcome: Outcome
) -> None:
    grant = resource(
        "authorization:RoleAssignment", "g", principalId="who", scope=scope, roleDefinitionId=role
    )
    assert verdicts("access.least-privilege", grant) == {outcome}


def parameter(name: Any, value: Any) -> PlannedResource:
    return resource(
        "dbforpostgresql:Configuration",
        f"p-{name}-{value}",
        serverName="db",
        configurationName=name,
        value=value,
    )


@pytest.mark.parametrize(
    ("parameters", "outcome"),
    [
        ([(UNKNOWN, "on"), ("require_secure_transport", "off")], FAIL),
        ([("require_secure_transport", "off"), (UNKNOWN, "on")], FAIL),
        ([("require_secure_transport", "on"), (UNKNOWN, "off")], OPEN),
        ([(UNKNOWN, "off")], OPEN),
        ([("require_secure_transport", "on"), ("ssl_min_protocol_version", "TLSv1.3")], PASS),
    ],
    ids=str,
)
def test_a_parameter_beside_one_without_a_name(parameters: Any, outcome: Outcome) -> None:
    server = resource("dbforpostgresql:Server", "db", serverName="db", location="francecentral")
    given = [parameter(*each) for each in parameters]
    assert verdicts("encryption.database-tls", server, *given) == {outcome}
