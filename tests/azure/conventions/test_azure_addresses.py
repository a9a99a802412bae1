"""Addresses that an organisation plans for the segments."""

from typing import Any

import pytest

from havre.errors import InputError
from havre.plan import Plan
from tests.azure.stack import at, example, of, one, plan_of

PLANNED = {
    "endpoints": "10.42.32.0/26",
    "database": "10.42.32.64/28",
    "administration": "10.42.32.80/28",
    "AzureFirewallSubnet": "10.42.32.128/26",
    "apiserver": "10.42.32.96/28",
    "compute": "10.42.64.0/20",
}


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan_of(example("emc2"), address_plan=PLANNED)


def prefixes(plan: Plan, network: str) -> dict[str, str]:
    return {
        r.inputs["subnetName"]: r.inputs["addressPrefix"]
        for r in of(plan, "network:Subnet", network)
    }


def test_subnets_have_the_planned_addresses_and_the_other_site_its_own(
    planned: Plan, emc2: Plan
) -> None:
    assert prefixes(planned, "production-network") == PLANNED
    away = "production-recovery-network"
    assert prefixes(planned, away) == prefixes(emc2, away)


def test_rules_routes_and_names_follow_the_planned_addresses(planned: Plan) -> None:
    group = one(planned, "network:NetworkSecurityGroup", "production-network-database-rules")
    use = next(rule for rule in group.inputs["securityRules"] if rule["name"] == "use")
    assert set(use["sourceAddressPrefixes"]) == {PLANNED["compute"], PLANNED["administration"]}
    assert use["destinationAddressPrefix"] == PLANNED["database"]
    routes = one(planned, "network:RouteTable", "production-network").inputs["routes"]
    assert routes[0]["nextHopIpAddress"] == "10.42.32.132"
    network = one(planned, "network:VirtualNetwork", "production-network")
    assert at(network.inputs, "dhcpOptions.dnsServers") == ["10.42.32.132"]


def test_segments_that_are_not_named_keep_their_addresses(emc2: Plan) -> None:
    plan = plan_of(example("emc2"), address_plan={"endpoints": "10.42.32.0/24"})
    usual = prefixes(emc2, "production-network")
    assert prefixes(plan, "production-network") == {**usual, "endpoints": "10.42.32.0/24"}


def test_the_other_site_has_a_plan_of_its_own(emc2: Plan) -> None:
    space = example("emc2").network.recovery_address_space
    assert space is not None
    block = f"{space.rpartition('.')[0].rpartition('.')[0]}.40.0/24"
    plan = plan_of(example("emc2"), recovery_address_plan={"endpoints": block})
    assert prefixes(plan, "production-recovery-network")["endpoints"] == block
    here = "production-network"
    assert prefixes(plan, here) == prefixes(emc2, here)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"endpoint": "10.42.32.0/24"}, "did you mean `endpoints`"),
        ({"endpoints": "10.43.0.0/24"}, "is not within 10.42.0.0/16"),
        ({"endpoints": "2001:db8::/64"}, "is not within"),
        ({"endpoints": "10.42.32.0/27"}, "It needs at least a /26"),
        ({"database": "10.42.32.0/29"}, "It needs at least a /28"),
        ({"AzureFirewallSubnet": "10.42.32.0/27"}, "It needs at least a /26"),
        ({"apiserver": "10.42.32.0/29"}, "It needs at least a /28"),
        ({"compute": "10.42.32.0/26"}, "It needs at least a /"),
        ({"database": "10.42.0.0/24"}, "overlap"),
        ({"endpoints": "10.42.32.0/24", "database": "10.42.32.128/25"}, "overlap"),
        ({"administration": "10.42.2.0/24"}, "overlap"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused(plan: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as refusal:
        plan_of(example("emc2"), address_plan=plan)
    told = f"{refusal.value.message} {refusal.value.remedy}"
    assert said in told
    assert "settings.address_plan" in told


@pytest.mark.parametrize("block", ["10.42.32.1/24", "10.42.32", 7, "fe80::%1/64"])
def test_an_address_that_is_none_is_refused(block: Any) -> None:
    with pytest.raises(InputError, match="address_plan"):
        plan_of(example("emc2"), address_plan={"endpoints": block})
