"""The network: who reaches what, and the one way out."""

from ipaddress import ip_network
from typing import Any

import pytest

from havre.plan import Plan
from tests.azure.stack import asked, at, of, one, plan_of

VIRTUAL = "network:VirtualNetwork"
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
        "10.42.2.128/26": ["53"],
    }


def test_segments_lie_apart_within_the_address_space(emc2: Plan) -> None:
    found = of(emc2, "network:Subnet", "production-network")
    blocks = [ip_network(r.inputs["addressPrefix"]) for r in found]
    assert all(block.subnet_of(ip_network("10.42.0.0/16")) for block in blocks)
    assert not any(a.overlaps(b) for a in blocks for b in blocks if a is not b)
    assert {r.inputs["subnetName"] for r in found} == {*SEGMENTS, "AzureFirewallSubnet"}


def test_only_the_firewalls_subnet_has_no_rules(emc2: Plan) -> None:
    for subnet in of(emc2, "network:Subnet"):
        name = subnet.inputs["subnetName"]
        network = subnet.inputs["virtualNetworkName"]
        group = at(subnet.inputs, "networkSecurityGroup.id")
        routes = at(subnet.inputs, "routeTable.id")
        if name == "AzureFirewallSubnet":
            assert group is None
        else:
            assert group.endswith(f"/networkSecurityGroups/{network}-{name}")
        if name in ("compute", "administration"):
            assert routes.endswith(f"/routeTables/{network}-routes")
        else:
            assert routes is None


def test_rules_of_a_group_have_names_of_their_own(emc2: Plan, hospital: Plan) -> None:
    """Azure takes a name once a group, whichever the direction."""
    for plan in (emc2, hospital):
        for group in of(plan, "network:NetworkSecurityGroup"):
            names = [rule["name"] for rule in group.inputs["securityRules"]]
            assert len(set(names)) == len(names), group.name


def test_a_rule_is_for_any_port_of_the_source(emc2: Plan) -> None:
    for group in of(emc2, "network:NetworkSecurityGroup"):
        assert {rule["sourcePortRange"] for rule in group.inputs["securityRules"]} == {"*"}


NAMES = {
    *("privatelink.blob.core.windows.net", "privatelink.vaultcore.azure.net"),
    *("privatelink.azurecr.io", "privatelink.monitor.azure.com"),
    *("privatelink.oms.opinsights.azure.com", "privatelink.ods.opinsights.azure.com"),
    "privatelink.agentsvc.azure-automation.net",
    "emc2-production.private.postgres.database.azure.com",
}


def test_private_names_are_those_of_the_services_and_known_in_both_networks(emc2: Plan) -> None:
    assert {r.inputs["privateZoneName"] for r in of(emc2, "privatedns:PrivateZone")} == NAMES
    linked = {
        (r.inputs["privateZoneName"], r.inputs["virtualNetwork"]["id"].rpartition("/")[2])
        for r in of(emc2, "privatedns:VirtualNetworkLink")
    }
    both = ("emc2-production-network", "emc2-production-recovery-network")
    assert linked == {(name, network) for name in NAMES for network in both}


def test_the_networks_are_peers_of_each_other(emc2: Plan) -> None:
    found = {
        r.inputs["virtualNetworkName"]: r.inputs["remoteVirtualNetwork"]["id"].rpartition("/")[2]
        for r in of(emc2, "network:VirtualNetworkPeering")
    }
    here, there = "emc2-production-network", "emc2-production-recovery-network"
    assert found == {here: there, there: here}


USERS = "administration compute"
NAMES_ASKED = ("names", "Outbound", "AzureFirewallSubnet", "53")
TRAFFIC = {
    "endpoints": {("use", "Inbound", USERS, "443")},
    "database": {
        ("standby", "Inbound", "database", "5432"),
        ("use", "Inbound", USERS, "5432"),
        ("to-standby", "Outbound", "database", "5432"),
        ("archive", "Outbound", "Storage", "443"),
        ("entra", "Outbound", "AzureActiveDirectory", "443"),
        NAMES_ASKED,
    },
    "compute": {
        ("nodes", "Inbound", "compute", "*"),
        ("administration", "Inbound", "administration", "22,443"),
        ("probes", "Inbound", "AzureLoadBalancer", "*"),
        ("api", "Inbound", "apiserver", "*"),
        ("to-nodes", "Outbound", "compute", "*"),
        ("to-endpoints", "Outbound", "endpoints", "443"),
        ("to-database", "Outbound", "database", "5432"),
        ("to-api", "Outbound", "apiserver", "443,4443"),
        ("egress", "Outbound", "Internet", "443"),
        NAMES_ASKED,
    },
    "administration": {
        ("administration-ipv4", "Inbound", "198.51.100.0/24", "22,443"),
        ("to-endpoints", "Outbound", "endpoints", "443"),
        ("to-database", "Outbound", "database", "5432"),
        ("to-api", "Outbound", "apiserver", "443,4443"),
        ("to-nodes", "Outbound", "compute", "22,443"),
        ("egress", "Outbound", "Internet", "443"),
        NAMES_ASKED,
    },
    "apiserver": {
        ("use", "Inbound", USERS, "443,4443"),
        ("itself", "Inbound", "apiserver", "443"),
        ("probes", "Inbound", "AzureLoadBalancer", "9988"),
        ("to-itself", "Outbound", "apiserver", "443"),
        ("to-nodes", "Outbound", "compute", "*"),
        ("to-endpoints", "Outbound", "endpoints", "443"),
        NAMES_ASKED,
    },
}
"""Name, direction, other ends and ports of all that is let through, by segment."""


@pytest.mark.parametrize("segment", TRAFFIC)
def test_exactly_this_traffic_is_let_through(emc2: Plan, segment: str) -> None:
    subnets = of(emc2, "network:Subnet", "production-network")
    names = {r.inputs["addressPrefix"]: r.inputs["subnetName"] for r in subnets}
    found = set()
    for rule in rules(emc2, segment).values():
        if rule["access"] == "Deny":
            continue
        sources = rule.get("sourceAddressPrefixes") or [rule["sourceAddressPrefix"]]
        targets = [rule["destinationAddressPrefix"]]
        inbound = rule["direction"] == "Inbound"
        mine, others = (targets, sources) if inbound else (sources, targets)
        ports = rule.get("destinationPortRanges") or [rule["destinationPortRange"]]
        assert [names[end] for end in mine] == [segment]
        assert rule["protocol"] == ("*" if ports in (["*"], ["53"]) else "Tcp")
        ends = " ".join(sorted(names.get(end, end) for end in others))
        found.add((rule["name"], rule["direction"], ends, ",".join(ports)))
    assert found == TRAFFIC[segment]


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
    block = {
        r.inputs["subnetName"]: r.inputs["addressPrefix"]
        for r in of(emc2, "network:Subnet", "production-network")
    }
    assert destinations["sourceAddresses"] == [block["compute"], block["administration"]]
    assert cluster["sourceAddresses"] == [block["compute"]]
    assert destinations["targetFqdns"] == ["packages.health-data.example"]
    assert destinations["protocols"] == [{"protocolType": "Https", "port": 443}]
    assert cluster["fqdnTags"] == ["AzureKubernetesService"]


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


@pytest.mark.parametrize(
    ("name", "network", "store"),
    [
        ("production-flows", "emc2-production-network", "audit-archive"),
        ("flows-recovery", "emc2-production-recovery-network", "recovery-archive"),
    ],
)
def test_flows_are_logged_into_the_archive_of_their_region(
    emc2: Plan, name: str, network: str, store: str
) -> None:
    [flow] = [r for r in of(emc2, "network:FlowLog") if r.name.endswith(name)]
    archive, other = one(emc2, "storage:StorageAccount", store), one(emc2, VIRTUAL, network)
    assert flow.inputs["storageId"].endswith(f"/{archive.inputs['accountName']}")
    assert flow.inputs["location"] == archive.inputs["location"] == other.inputs["location"]
    assert flow.inputs["targetResourceId"].endswith(f"/virtualNetworks/{network}")
    [user] = flow.inputs["identity"]["userAssignedIdentities"]
    assert user.endswith("/emc2-production-flows")
    grants = of(emc2, "authorization:RoleAssignment", "flows-write")
    written = [r for r in grants if r.inputs["scope"] == flow.inputs["storageId"]]
    assert [r.urn in flow.dependencies for r in written] == [True]


def test_without_a_recovery_network_there_is_one_archive_and_one_flow_log() -> None:
    plan = plan_of(asked(("network.recovery_address_space", None)))
    assert len(of(plan, "network:FlowLog")) == 1
    assert not of(plan, "storage:StorageAccount", "recovery-archive")
