"""Segments, and what holds no data."""

from dataclasses import replace
from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Copy, NetworkElement
from havre.facts.stores import DatabaseServer
from havre.facts.values import DOES_NOT_APPLY
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN
from havre_azure.facts import facts
from tests.azure.facts.resources import NO, SCOPE, YES, alone, bare

SUBNET_ID = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/n/subnets"


SUBNET = bare("azure-native:network:Subnet", {"subnetName": "s", "virtualNetworkName": "n"})


SERVER = "azure-native:dbforpostgresql:Server"


AKS = "azure-native:containerservice:ManagedCluster"


@pytest.mark.parametrize(
    ("network", "segments"),
    [
        ({"delegatedSubnetResourceId": f"{SUBNET_ID}/s"}, Known((SUBNET.urn,))),
        ({"delegatedSubnetResourceId": f"{SUBNET_ID}/other"}, Known((f"{SUBNET_ID}/other",))),
        ({"delegatedSubnetResourceId": UNKNOWN}, Unknown("network.delegatedSubnetResourceId")),
        (UNKNOWN, Unknown("network.delegatedSubnetResourceId")),
        ({}, Known((None,))),
    ],
)
def test_the_segment_of_a_server(network: Any, segments: Any) -> None:
    server = replace(bare(SERVER, {"network": network, "serverName": "db"}), urn="urn:db")
    assert alone(server, SUBNET).segments == segments


def test_a_server_stands_where_its_private_endpoint_does() -> None:
    server = replace(bare(SERVER, {"serverName": "db"}), urn="urn:db")
    link = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/db"
    values = {
        "subnet": {"id": f"{SUBNET_ID}/s"},
        "privateLinkServiceConnections": [{"privateLinkServiceId": link}],
    }
    endpoint = replace(bare("azure-native:network:PrivateEndpoint", values), urn="urn:end")
    assert alone(server, SUBNET, endpoint).segments == Known((SUBNET.urn,))


@pytest.mark.parametrize(
    ("pools", "segments"),
    [
        ([{"vnetSubnetID": f"{SUBNET_ID}/s"}], Known((SUBNET.urn,))),
        ([{"vnetSubnetID": f"{SUBNET_ID}/s"}, {}], Known((SUBNET.urn, None))),
        ([{"vnetSubnetID": UNKNOWN}], Unknown("agentPoolProfiles")),
        ([], Known(())),
    ],
)
def test_the_segments_of_nodes(pools: Any, segments: Any) -> None:
    cluster = replace(bare(AKS, {"agentPoolProfiles": pools}), urn="urn:aks")
    assert alone(cluster, SUBNET).segments == segments


@pytest.mark.parametrize(
    ("token", "location", "region"),
    [
        ("network:VirtualNetwork", "East US", "eastus"),
        ("network:AzureFirewall", "eastus", "eastus"),
        ("network:FlowLog", "eastus", "eastus"),
        ("network:VirtualNetwork", "global", "global"),
        ("compute:DiskEncryptionSet", "eastus", "eastus"),
        ("privatedns:PrivateZone", "global", None),
        ("network:VirtualNetwork", UNKNOWN, Unknown("location")),
        ("network:VirtualNetwork", None, Unknown("location")),
        ("network:Subnet", None, None),
        ("dataprotection:BackupInstance", None, None),
    ],
)
def test_where_what_holds_no_data_stands(token: str, location: Any, region: Any) -> None:
    found = alone(bare(f"azure-native:{token}", {"location": location})).places
    if isinstance(found, Known):
        assert [place.copy for place in found.value] == [Copy.SERVICE] * (region is not None)
        assert [place.region for place in found.value] == ([] if region is None else [region])
    else:
        assert found == region


NET = "azure-native:network:VirtualNetwork"
TABLE = "azure-native:network:RouteTable"
ROUTE = "azure-native:network:Route"
GROUP = "azure-native:network:NetworkSecurityGroup"
PROVIDERS = f"{SCOPE}/resourceGroups/rg/providers/Microsoft.Network"


def named(label: str, token: str, /, **inputs: Any) -> PlannedResource:
    return replace(bare(token, inputs), urn=f"urn:{label}", name=label)


def network(*subnets: Any) -> PlannedResource:
    return named("net", NET, virtualNetworkName="n", subnets=list(subnets))


def segments(*resources: PlannedResource) -> dict[str, NetworkElement]:
    found = facts(Plan("azure", resources)).of(NetworkElement)
    return {each.segment: each for each in found if each.segment}


def test_subnets_within_a_network_are_segments() -> None:
    found = segments(network({"name": "database"}, {"name": "compute"}))
    assert {name: each.egress_denied for name, each in found.items()} == {
        "database": NO,
        "compute": NO,
    }
    assert len({each.urn for each in found.values()}) == 2


def test_a_server_stands_in_a_subnet_within_a_network() -> None:
    server = named("db", SERVER, serverName="db", network={
        "delegatedSubnetResourceId": f"{SUBNET_ID}/database"
    })  # fmt: skip
    plan = Plan("azure", (network({"name": "database"}, {"name": "compute"}), server))
    (found,) = facts(plan).of(DatabaseServer)
    assert found.segments == Known(("urn:net/subnets/database",))


def test_a_subnet_that_stands_in_the_plan_as_well_is_one() -> None:
    own = named("own", SUBNET.type, subnetName="Database", virtualNetworkName="n")
    found = segments(network({"name": "database"}), own)
    assert [each.urn for each in found.values()] == ["urn:own"]


def test_subnets_that_are_not_told_leave_egress_open_to_doubt() -> None:
    def denied(subnets: Any) -> Any:
        net = named("net", NET, virtualNetworkName="n", subnets=subnets)
        return alone(net).egress_denied

    assert denied(UNKNOWN) == Unknown("subnets")
    assert denied([{"name": "x"}, UNKNOWN]) == Unknown("subnets")
    assert denied([{"name": "x", "addressPrefix": UNKNOWN}]) == DOES_NOT_APPLY
    assert denied(None) == DOES_NOT_APPLY


def route(prefix: Any, hop: Any = "None") -> dict[str, Any]:
    return {"addressPrefix": prefix, "nextHopType": hop}


def routed(inline: Any, *own: dict[str, Any]) -> Any:
    table = named("rt", TABLE, routeTableName="rt", routes=inline)
    apart = [named(f"r{n}", ROUTE, routeTableName="rt", **each) for n, each in enumerate(own)]
    subnet = named("s", SUBNET.type, subnetName="s", virtualNetworkName="n",
                   routeTable={"id": f"{PROVIDERS}/routeTables/rt"})  # fmt: skip
    return segments(table, *apart, subnet)["s"].egress_denied


@pytest.mark.parametrize(
    ("inline", "own", "denied"),
    [
        ([], [route("0.0.0.0/0")], YES),
        (None, [route("0.0.0.0/0")], YES),
        ([route("0.0.0.0/0")], [], YES),
        ([route("0.0.0.0/1")], [route("128.0.0.0/1")], YES),
        ([route("0.0.0.0/1")], [], NO),
        ([route("8.0.0.0/8")], [], NO),
        ([route("10.0.0.0/8")], [], NO),
        ([route("0.0.0.0/0")], [route("8.8.8.0/24", "Internet")], NO),
        ([route("0.0.0.0/0")], [route("Storage", "Internet")], NO),
        ([route("0.0.0.0/0", "Internet")], [route("0.0.0.0/1"), route("128.0.0.0/1")], YES),
        ([route("0.0.0.0/0")], [route("10.0.0.0/8", "VnetLocal")], YES),
        ([route("0.0.0.0/0")], [route(UNKNOWN, "Internet")], Unknown("addressPrefix")),
        (UNKNOWN, [route("0.0.0.0/0")], Unknown("routes")),
    ],
)
def test_routes_lead_away_what_they_hold(inline: Any, own: Any, denied: Any) -> None:
    assert routed(inline, *own) == denied


ARCHIVE = {
    "name": "archive",
    "access": "Allow",
    "direction": "Outbound",
    "protocol": "Tcp",
    "priority": 200,
    "sourceAddressPrefix": "*",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "Storage.francecentral",
    "destinationPortRange": "443",
}
REST = ARCHIVE | {"name": "rest", "access": "Deny", "protocol": "*", "priority": 4096,
                  "destinationAddressPrefix": "*", "destinationPortRange": "*"}  # fmt: skip


def bordered(*rules: Any, **subnet: Any) -> NetworkElement:
    group = named("nsg", GROUP, networkSecurityGroupName="nsg", securityRules=list(rules))
    given = {"networkSecurityGroup": {"id": f"{PROVIDERS}/networkSecurityGroups/nsg"}} | subnet
    inside = named("s", SUBNET.type, subnetName="s", virtualNetworkName="n", **given)
    return segments(group, inside)["s"]


@pytest.mark.parametrize(
    "tag", ["Storage", "Storage.francecentral", "AzureCloud", "Sql.westeurope"]
)
def test_what_any_customer_can_have_is_told_of_the_border(tag: str) -> None:
    found = bordered(ARCHIVE | {"destinationAddressPrefix": tag}, REST)
    assert found.egress_denied == YES
    assert isinstance(found.border, Known)
    assert [rule.shared for rule in found.border.value] == [(tag,), ()]


def test_in_a_subnet_of_one_service_tags_are_that_services_own() -> None:
    given = [{"serviceName": "Microsoft.DBforPostgreSQL/flexibleServers"}]
    found = bordered(ARCHIVE, REST, delegations=given)
    assert isinstance(found.border, Known)
    assert [rule.shared for rule in found.border.value] == [(), ()]


@pytest.mark.parametrize(
    ("rules", "denied"),
    [
        ([UNKNOWN, REST], Unknown("securityRules")),
        ([ARCHIVE | {"destinationAddressPrefix": UNKNOWN}, REST],
         Unknown("securityRules[].destinationAddressPrefix")),
        ([ARCHIVE | {"destinationAddressPrefix": "*"}, UNKNOWN, REST], Unknown("securityRules")),
        ([ARCHIVE | {"destinationAddressPrefix": UNKNOWN},
          ARCHIVE | {"destinationAddressPrefix": "*", "priority": 150}, REST], NO),
        ([ARCHIVE | {"access": "Deny", "destinationAddressPrefix": UNKNOWN}, REST], YES),
        ([ARCHIVE | {"direction": "Inbound", "sourceAddressPrefix": UNKNOWN}, REST], YES),
    ],
)  # fmt: skip
def test_what_is_known_of_a_group_decides_first(rules: Any, denied: Any) -> None:
    assert bordered(*rules).egress_denied == denied


def test_a_known_address_beside_an_unknown_one_is_told() -> None:
    rule = ARCHIVE | {"direction": "Inbound", "sourceAddressPrefix": None,
                      "sourceAddressPrefixes": ["0.0.0.0/0", UNKNOWN]}  # fmt: skip
    found = bordered(rule).border
    assert isinstance(found, Known)
    assert [(each.addresses, each.withheld) for each in found.value] == [
        (("0.0.0.0/0",), ""),
        (("*",), "securityRules[].sourceAddressPrefixes"),
    ]


def test_what_was_computed_from_another_kind_leads_nowhere_else() -> None:
    server = named("db", SERVER, serverName="db")
    store = named("store", "azure-native:storage:StorageAccount", accountName="store")
    ends = []
    for label, target, subnet in (("a", server, "database"), ("b", store, "other")):
        values = {"subnet": {"id": f"{SUBNET_ID}/{subnet}"},
                  "privateLinkServiceConnections": [{"privateLinkServiceId": UNKNOWN}]}  # fmt: skip
        end = named(label, "azure-native:network:PrivateEndpoint", **values)
        needs = {"privateLinkServiceConnections": (target.urn,)}
        ends.append(replace(end, property_dependencies=needs))
    (found,) = facts(Plan("azure", (server, store, *ends))).of(DatabaseServer)
    assert found.segments == Known((f"{SUBNET_ID}/database",))
