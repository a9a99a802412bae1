"""The network: who reaches what, and the one way out."""

from ipaddress import ip_network
from typing import Any

import pytest

from havre.plan import Plan
from tests.azure.stack import asked, of, one, plan_of

SEGMENTS = ("endpoints", "database", "compute", "administration", "apiserver")


def rules(plan: Plan, segment: str, site: str = "production-network") -> dict[str, dict[str, Any]]:
    group = one(plan, "network:NetworkSecurityGroup", f"{site}-{segment}-rules")
    return {rule["name"]: rule for rule in group.inputs["securityRules"]}


@pytest.mark.parametrize("site", ["production-network", "recovery-network"])
@pytest.mark.parametrize("segment", SEGMENTS)
def test_everything_is_denied_that_no_rule_allows(emc2: Plan, segment: str, site: str) -> None:
    found = rules(emc2, segment, site)
    for way, direction in (("in", "Inbound"), ("out", "Outbound")):
        deny = found[f"deny-all-{way}"]
        assert deny["access"] == "Deny"
        assert deny["direction"] == direction
        assert deny["priority"] == 4096
        assert deny["protocol"] == "*"
        wide = {deny["sourceAddressPrefix"], deny["destinationAddressPrefix"]}
        wide |= {deny["sourcePortRange"], deny["destinationPortRange"]}
        assert wide == {"*"}
    allowed = [rule for rule in found.values() if rule["access"] == "Allow"]
    assert all(100 <= rule["priority"] < 4096 for rule in allowed)
    for direction in ("Inbound", "Outbound"):
        ranks = [rule["priority"] for rule in found.values() if rule["direction"] == direction]
        assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize("segment", SEGMENTS)
def test_nothing_comes_in_from_any_address(emc2: Plan, segment: str) -> None:
    for rule in rules(emc2, segment).values():
        if rule["access"] == "Allow" and rule["direction"] == "Inbound":
            sources = rule.get("sourceAddressPrefixes") or [rule["sourceAddressPrefix"]]
            assert not {"*", "Internet", "0.0.0.0/0"} & set(sources)


def test_administration_comes_from_the_specs_addresses_only() -> None:
    spec = asked(("network.administration", ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/48"]))
    found = rules(plan_of(spec), "administration", "suite-production-network")
    inbound = {k: v for k, v in found.items() if v["direction"] == "Inbound"}
    assert set(inbound) == {"administration-ipv4", "administration-ipv6", "deny-all-in"}
    assert inbound["administration-ipv4"]["sourceAddressPrefixes"] == [
        "192.0.2.0/24",
        "198.51.100.0/24",
    ]
    assert inbound["administration-ipv6"]["sourceAddressPrefix"] == "2001:db8::/48"
    for name in ("administration-ipv4", "administration-ipv6"):
        assert inbound[name]["destinationPortRanges"] == ["22", "443"]
        assert inbound[name]["protocol"] == "Tcp"


def test_without_addresses_nobody_administers_from_outside() -> None:
    found = rules(
        plan_of(asked(("network.administration", []))), "administration", "suite-production-network"
    )
    assert [n for n, rule in found.items() if rule["direction"] == "Inbound"] == ["deny-all-in"]


def test_the_database_is_reached_on_its_port_from_two_segments(emc2: Plan) -> None:
    use = rules(emc2, "database")["use"]
    assert use["destinationPortRanges"] == ["5432"]
    assert use["sourceAddressPrefixes"] == ["10.42.192.0/20", "10.42.2.0/25"] or (
        len(use["sourceAddressPrefixes"]) == 2
    )
    assert use["destinationAddressPrefix"] == "10.42.1.0/24"


def test_endpoints_open_nothing_themselves(emc2: Plan) -> None:
    out = [r for r in rules(emc2, "endpoints").values() if r["direction"] == "Outbound"]
    assert [rule["name"] for rule in out] == ["deny-all-out"]


def test_the_database_reaches_only_what_the_service_needs(emc2: Plan) -> None:
    out = {
        rule["destinationAddressPrefix"]: rule["destinationPortRanges"]
        for rule in rules(emc2, "database").values()
        if rule["direction"] == "Outbound" and rule["access"] == "Allow"
    }
    assert out == {
        "10.42.1.0/24": ["5432"],
        "Storage": ["443"],
        "AzureActiveDirectory": ["443"],
    }


def test_segments_lie_apart_within_the_address_space(emc2: Plan) -> None:
    found = of(emc2, "network:Subnet", "production-network")
    blocks = [ip_network(r.inputs["addressPrefix"]) for r in found]
    assert all(block.subnet_of(ip_network("10.42.0.0/16")) for block in blocks)
    assert not any(a.overlaps(b) for a in blocks for b in blocks if a is not b)
    assert {r.inputs["subnetName"] for r in found} == {*SEGMENTS, "AzureFirewallSubnet"}


def test_only_the_firewalls_subnet_has_no_rules(emc2: Plan) -> None:
    for subnet in of(emc2, "network:Subnet"):
        bare = "networkSecurityGroup" not in subnet.inputs
        assert bare == (subnet.inputs["subnetName"] == "AzureFirewallSubnet")


def test_delegated_subnets(emc2: Plan) -> None:
    told = {
        r.inputs["subnetName"]: r.inputs["delegations"][0]["serviceName"]
        for r in of(emc2, "network:Subnet", "production-network")
        if r.inputs.get("delegations")
    }
    assert told == {
        "database": "Microsoft.DBforPostgreSQL/flexibleServers",
        "apiserver": "Microsoft.ContainerService/managedClusters",
    }


def test_what_leaves_goes_through_the_firewall(emc2: Plan) -> None:
    [route] = one(emc2, "network:RouteTable", "production-network").inputs["routes"]
    assert route["addressPrefix"] == "0.0.0.0/0"
    assert route["nextHopType"] == "VirtualAppliance"
    firewall = one(emc2, "network:Subnet", "production-network-AzureFirewallSubnet")
    assert route["nextHopIpAddress"] == str(ip_network(firewall.inputs["addressPrefix"])[4])
    routed = {
        r.inputs["subnetName"] for r in of(emc2, "network:Subnet") if "routeTable" in r.inputs
    }
    assert routed == {"compute", "administration"}


def egress(plan: Plan) -> list[dict[str, Any]]:
    group = one(plan, "network:FirewallPolicyRuleCollectionGroup").inputs
    [collection] = group["ruleCollections"]
    assert collection["action"] == {"type": "Allow"}
    found: list[dict[str, Any]] = collection["rules"]
    return found


def test_the_firewall_lets_the_specs_destinations_through_and_the_clusters(emc2: Plan) -> None:
    destinations, cluster = egress(emc2)
    assert destinations["targetFqdns"] == ["packages.health-data.example"]
    assert destinations["protocols"] == [{"protocolType": "Https", "port": 443}]
    assert cluster["fqdnTags"] == ["AzureKubernetesService"]
    assert len(cluster["sourceAddresses"]) == 1


def test_destinations_keep_their_ports() -> None:
    plan = plan_of(
        asked(
            ("cluster", None),
            (
                "network.egress",
                [
                    {"host": "a.example.org", "port": 80},
                    {"host": "b.example.org", "port": 8443},
                ],
            ),
        )
    )
    assert [rule["protocols"] for rule in egress(plan)] == [
        [{"protocolType": "Http", "port": 80}],
        [{"protocolType": "Https", "port": 8443}],
    ]
    out = rules(plan, "compute", "suite-production-network")["egress"]
    assert out["destinationPortRanges"] == ["443", "80", "8443"]


def test_with_no_destination_and_no_cluster_nothing_leaves(hospital: Plan) -> None:
    [route] = one(hospital, "network:RouteTable").inputs["routes"]
    assert route["nextHopType"] == "None"
    assert not of(hospital, "network:AzureFirewall")
    assert not of(hospital, "network:PublicIPAddress")
    for segment in ("compute", "administration"):
        assert "egress" not in rules(hospital, segment, "staging-network")


def test_nothing_but_the_firewall_has_a_public_address(emc2: Plan) -> None:
    assert [r.name for r in of(emc2, "network:PublicIPAddress")] == [
        "emc2-production-network-egress-address"
    ]


def test_the_recovery_sites_network_is_joined_and_has_no_way_out(emc2: Plan) -> None:
    other = one(emc2, "network:VirtualNetwork", "recovery")
    assert other.inputs["location"] == "francesouth"
    assert other.inputs["addressSpace"]["addressPrefixes"] == ["10.43.0.0/16"]
    assert len(of(emc2, "network:VirtualNetworkPeering")) == 2
    [route] = one(emc2, "network:RouteTable", "recovery").inputs["routes"]
    assert route["nextHopType"] == "None"
    assert not of(emc2, "network:Subnet", "recovery-network-AzureFirewallSubnet")


def test_flows_are_logged_into_the_archive(emc2: Plan) -> None:
    flow = one(emc2, "network:FlowLog").inputs
    archive = one(emc2, "storage:StorageAccount", "audit-archive").inputs["accountName"]
    assert flow["storageId"].endswith(f"/{archive}")
    assert flow["targetResourceId"].endswith("/virtualNetworks/emc2-production-network")
    [user] = flow["identity"]["userAssignedIdentities"]
    assert user.endswith("/emc2-production-flows")
