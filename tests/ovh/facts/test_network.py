"""Networks and their rules."""

from __future__ import annotations

from typing import Any

import pytest

from havre.facts import Unknown
from havre.facts.model import Copy, NetworkElement
from havre.facts.traffic import lets_in, packets
from havre.facts.values import DOES_NOT_APPLY
from havre.plan.values import UNKNOWN
from tests.ovh.facts.resources import NETWORK, NO, YES, made, of, where


def test_a_network_without_regions_spreads() -> None:
    for regions in (None, []):
        item = of(NetworkElement, made(NETWORK, {"regions": regions}))
        assert item.spreads == YES
        assert where(item, Copy.SERVICE) == [("", None)]
    assert of(NetworkElement, made(NETWORK, {"regions": UNKNOWN})).spreads == Unknown("regions")


def test_a_network_with_regions_lies_there() -> None:
    item = of(NetworkElement, made(NETWORK, {"regions": ["GRA11", "BHS5"]}))
    assert item.spreads == NO
    assert where(item, Copy.SERVICE) == [("GRA11", "FR"), ("BHS5", "CA")]
    assert (item.egress_denied, item.flows_logged) == (NO, NO)


def test_a_security_group_rule_is_as_wide_as_it_leaves_open() -> None:
    rules: list[Any] = [
        {"direction": "INGRESS", "portRangeMin": 22, "portRangeMax": 22},
        {"direction": "EGRESS", "remoteGroupId": "group"},
    ]
    kind = "ovh:index/cloudSecurityGroup:CloudSecurityGroup"
    item = of(NetworkElement, made(kind, {"region": "DE1", "rules": rules}))
    assert [(r.inbound, r.addresses, r.ports) for r in item.rules.value] == [
        (True, ("*",), ((22, 22),)),
        (False, ("group",), ()),
    ]
    assert item.egress_denied == NO
    rules[0]["remoteIpPrefix"] = UNKNOWN
    item = of(NetworkElement, made(kind, {"region": "DE1", "rules": rules}))
    assert [(r.inbound, r.withheld) for r in item.rules.value] == [
        (True, "rules[].remoteIpPrefix"),
        (False, ""),
    ]


def test_a_gateway_is_a_way_out() -> None:
    newer = "ovh:index/cloudGateway:CloudGateway"
    open_ = {"region": "GRA11", "externalGateway": {"enabled": True}}
    assert of(NetworkElement, made(newer, open_)).egress_denied == NO
    assert of(NetworkElement, made(newer, {"region": "GRA11"})).egress_denied == DOES_NOT_APPLY
    older = made("ovh:CloudProject/gateway:Gateway", {"region": "GRA11"})
    assert of(NetworkElement, older).egress_denied == NO


def test_a_local_zone_is_in_its_own_country() -> None:
    kind = "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2"
    item = of(NetworkElement, made(kind, {"region": "EU-SOUTH-LZ-MAD-A", "name": "x-database"}))
    assert where(item, Copy.SERVICE) == [("EU-SOUTH-LZ-MAD-A", "ES")]
    assert item.segment == "database"


SSH = {"direction": "INGRESS", "portRangeMin": 22, "portRangeMax": 22, "protocol": "TCP"}


@pytest.mark.parametrize(
    ("rule", "addresses", "open_to_all"),
    [
        ({"ethernetType": "IPV4"}, "0.0.0.0/0", True),
        ({"ethernetType": "IPV6"}, "::/0", True),
        ({"ethernetType": "ipv6", "description": UNKNOWN}, "::/0", True),
        ({"ethernetType": UNKNOWN}, "*", True),
        ({"ethernetType": "IPV6", "remoteIpPrefix": "2000::/3"}, "2000::/3", True),
        ({"ethernetType": UNKNOWN, "remoteIpPrefix": "0.0.0.0/0"}, "*", True),
        ({"ethernetType": "IPV6", "remoteIpPrefix": "fd00:db8::/64"}, "fd00:db8::/64", False),
        ({"ethernetType": "IPV4", "remoteIpPrefix": "10.0.0.0/8"}, "10.0.0.0/8", False),
        ({"ethernetType": "IPV6", "remoteGroupId": "group"}, "group", False),
    ],
    ids=str,
)
def test_a_rule_without_a_remote_side_is_open_to_its_ip_version(
    rule: dict[str, Any], addresses: str, open_to_all: bool
) -> None:
    kind = "ovh:index/cloudSecurityGroup:CloudSecurityGroup"
    item = of(NetworkElement, made(kind, {"region": "DE1", "rules": [{**SSH, **rule}]}))
    (found,) = item.rules.value
    assert (found.addresses, found.withheld) == ((addresses,), "")
    assert lets_in([found], packets(protocols=("tcp",), ports=((22, 22),))) == open_to_all
