"""Networks and their rules."""

from dataclasses import replace
from typing import Any

import pytest
from pulumi_azure_native import (
    network,
)

from havre.facts import Known, Unknown
from havre.facts.model import NetworkElement, Rule
from havre.facts.stores import DataStore, LogStore
from havre.plan import Plan
from havre.plan.values import UNKNOWN
from havre_azure.facts import facts
from tests.azure.facts.resources import NO, YES, account, alone, one, planned, told


def security_group(**settings: Any) -> network.NetworkSecurityGroup:
    base: dict[str, Any] = {
        "name": "r",
        "access": "Allow",
        "direction": "Inbound",
        "protocol": "Tcp",
        "priority": 100,
        "source_port_range": "*",
        "source_address_prefix": "0.0.0.0/0",
        "destination_address_prefix": "*",
    }
    return network.NetworkSecurityGroup(
        "nsg",
        network_security_group_name="nsg",
        resource_group_name="rg",
        location="francecentral",
        security_rules=[network.SecurityRuleArgs(**(base | settings))],
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"destination_port_ranges": ["22", "5432"]},
            Rule(True, True, ("0.0.0.0/0",), ((22, 22), (5432, 5432)), 100, ("tcp",)),
        ),
        (
            {"destination_port_range": "*", "source_address_prefix": "Internet"},
            Rule(True, True, ("*",), (), 100, ("tcp",)),
        ),
        (
            {
                "destination_port_range": "8000-8080",
                "direction": "Outbound",
                "destination_address_prefix": "Storage",
                "access": "Deny",
            },
            Rule(
                False,
                False,
                ("Storage",),
                ((8000, 8080),),
                100,
                ("tcp",),
                ("0.0.0.0/0",),
                (),
                ("Storage",),
            ),
        ),
    ],
)
def test_security_rules(settings: dict[str, Any], expected: Rule) -> None:
    assert one(told(lambda: security_group(**settings)), NetworkElement).rules == Known((expected,))


def test_a_rule_on_its_own_is_its_groups() -> None:
    def body() -> None:
        made = security_group(destination_port_range="443")
        network.SecurityRule(
            "open",
            network_security_group_name=made.name,
            resource_group_name="rg",
            access="Allow",
            direction="Inbound",
            protocol="*",
            priority=90,
            source_address_prefix="*",
            destination_address_prefix="*",
            destination_port_range="22",
        )

    plan = planned(body)
    rules = one(facts(plan), NetworkElement).rules
    assert [rule.ports for rule in rules.value] == [((22, 22),), ((443, 443),)]

    own = next(r for r in plan.resources if r.name == "open")
    withheld = replace(own, inputs={**own.inputs, "sourceAddressPrefix": UNKNOWN})
    others = tuple(r for r in plan.resources if r.name != "open")
    found = facts(Plan("azure", (*others, withheld)))
    assert [rule.withheld for rule in one(found, NetworkElement).rules.value] == [
        "sourceAddressPrefix",
        "",
    ]
    assert alone(own).rules.value[0].ports == ((22, 22),)  # of a group elsewhere


EVERYTHING = {
    "access": "Deny",
    "direction": "Outbound",
    "protocol": "*",
    "destination_port_range": "*",
    "destination_address_prefix": "*",
}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (EVERYTHING, YES),
        (EVERYTHING | {"protocol": "Tcp"}, NO),
        (EVERYTHING | {"destination_address_prefix": "8.8.8.8"}, NO),
        (EVERYTHING | {"destination_address_prefix": "AzureCloud"}, NO),
        (EVERYTHING | {"destination_address_prefix": "Internet"}, YES),
        (EVERYTHING | {"destination_address_prefix": "0.0.0.0/0"}, YES),
        (EVERYTHING | {"source_port_range": "1024-65535"}, NO),
        (EVERYTHING | {"source_address_prefix": "10.0.0.4"}, NO),
        ({"access": "Deny", "direction": "Outbound", "destination_port_range": "25"}, NO),
        ({"access": "Allow", "direction": "Outbound", "destination_port_range": "*"}, NO),
        ({"destination_port_range": "443"}, NO),
    ],
)
def test_a_segments_egress_is_refused_by_a_rule_that_refuses_all(
    settings: dict[str, Any], expected: Known[bool]
) -> None:
    def body() -> None:
        made = security_group(**settings)
        network.Subnet(
            "compute",
            subnet_name="compute",
            virtual_network_name="net",
            resource_group_name="rg",
            network_security_group=network.NetworkSecurityGroupArgs(id=made.id),
        )

    found = one(told(body), NetworkElement, "compute")
    assert (found.segment, found.egress_denied, found.flows_logged) == ("compute", expected, NO)


@pytest.mark.parametrize(
    ("hop", "expected"),
    [("None", YES), ("Internet", NO), ("VirtualAppliance", Unknown("routeTable.id"))],
)
def test_a_segments_egress_follows_its_routes(hop: str, expected: object) -> None:
    def body() -> None:
        table = network.RouteTable(
            "routes",
            route_table_name="routes",
            resource_group_name="rg",
            location="francecentral",
            routes=[network.RouteArgs(name="out", address_prefix="0.0.0.0/0", next_hop_type=hop)],
        )
        network.Subnet(
            "compute",
            subnet_name="compute",
            virtual_network_name="net",
            resource_group_name="rg",
            route_table=network.RouteTableArgs(id=table.id),
        )

    assert one(told(body), NetworkElement, "compute").egress_denied == expected


@pytest.mark.parametrize(("host", "expected"), [("mirror.example", YES), ("*", NO)])
def test_a_firewall_refuses_unless_a_rule_lets_everything_out(
    host: str, expected: Known[bool]
) -> None:
    def body() -> None:
        policy = network.FirewallPolicy(
            "policy", firewall_policy_name="policy", resource_group_name="rg", location="x"
        )
        network.FirewallPolicyRuleCollectionGroup(
            "list",
            rule_collection_group_name="list",
            firewall_policy_name=policy.name,
            resource_group_name="rg",
            priority=100,
            rule_collections=[
                network.FirewallPolicyFilterRuleCollectionArgs(
                    rule_collection_type="FirewallPolicyFilterRuleCollection",
                    name="c",
                    priority=100,
                    action=network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
                    rules=[
                        network.ApplicationRuleArgs(
                            rule_type="ApplicationRule", name="r", target_fqdns=[host]
                        )
                    ],
                )
            ],
        )
        network.AzureFirewall(
            "firewall",
            azure_firewall_name="firewall",
            resource_group_name="rg",
            location="x",
            firewall_policy=network.SubResourceArgs(id=policy.id),
        )

    found = told(body)
    assert one(found, NetworkElement, "firewall").egress_denied == expected
    assert one(found, NetworkElement, "firewall").flows_logged == NO
    assert one(found, NetworkElement, "list").rules.value[0].addresses == (host,)


def test_flows_are_logged_where_a_flow_log_is_enabled() -> None:
    def body(enabled: bool) -> None:
        made = network.VirtualNetwork(
            "net", virtual_network_name="net", resource_group_name="rg", location="francecentral"
        )
        network.Subnet(
            "compute",
            subnet_name="compute",
            virtual_network_name=made.name,
            resource_group_name="rg",
        )
        network.FlowLog(
            "flows",
            network_watcher_name="w",
            resource_group_name="rg",
            target_resource_id=made.id,
            storage_id=account().id,
            enabled=enabled,
        )

    for enabled in (True, False):
        found = told(lambda enabled=enabled: body(enabled))
        assert {n.flows_logged for n in found.of(NetworkElement)} == {Known(enabled)}
        assert isinstance(one(found, DataStore), LogStore)
