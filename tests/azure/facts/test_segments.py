"""Segments, and what holds no data."""

from dataclasses import replace
from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Copy
from havre.plan.values import UNKNOWN
from tests.azure.facts.resources import SCOPE, alone, bare

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
