"""PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Copy, NetworkElement
from havre.facts.stores import DataStore
from havre.plan.values import UNKNOWN
from havre_ovh.facts.places import country
from tests.ovh.facts.resources import (
    DATABASE,
    NO,
    NONE,
    SERVED,
    YES,
    database,
    made,
    of,
    where,
    withheld,
)


def test_a_sound_database() -> None:
    logs = made(
        "ovh:CloudProjectDatabase/logSubscription:LogSubscription",
        {"clusterId": UNKNOWN, "streamId": UNKNOWN},
        "logs",
        needs={"clusterId": ["urn:it"]},
    )
    item = database(logs)
    assert (item.engine, item.offering.plan) == (Known("postgresql 17"), Known("business"))
    assert (item.public_endpoint, item.private_endpoint, item.reads_logged) == (NO, YES, YES)
    assert where(item, Copy.PRIMARY) == [("GRA", "FR")]
    assert where(item, Copy.BACKUP) == [("GRA", "FR"), ("SBG", "FR")]
    assert (item.key, item.multi_zone, item.guarded) == (NONE, NO, NO)
    assert (item.encrypted, item.names_in_state) == (YES, NO)
    for fact in (item.backup_days, item.tls_minimum, item.extensions):
        assert isinstance(fact, Unknown)


@pytest.mark.parametrize(
    ("region", "backup"),
    [
        ("DE", ("GRA", "FR")),
        ("UK", ("GRA", "FR")),
        ("WAW", ("GRA", "FR")),
        ("GRA", ("SBG", "FR")),
        ("BHS", ("SBG", "FR")),
        ("EU-SOUTH-MIL", ("", None)),
    ],
)
def test_backups_that_nobody_places_go_where_the_service_wants(
    region: str, backup: tuple[str, str | None]
) -> None:
    item = database(nodes=[{"region": region}], backupRegions=None)
    assert where(item, Copy.BACKUP) == [(region, country(region)), backup]
    assert isinstance(item.places, Known)
    assert all(p.implied for p in item.places.value if p.copy is Copy.BACKUP)


@pytest.mark.parametrize(
    ("inputs", "fact", "value"),
    [
        ({"nodes": UNKNOWN}, "places", Unknown("nodes")),
        ({"nodes": [{"region": UNKNOWN}]}, "places", Unknown("nodes[].region")),
        ({"backupRegions": UNKNOWN}, "places", Unknown("backupRegions")),
        ({"version": UNKNOWN}, "engine", Unknown("version")),
        ({"nodes": UNKNOWN}, "public_endpoint", Unknown("nodes")),
        ({"nodes": [{"region": "GRA"}]}, "public_endpoint", YES),
        ({"nodes": [{"region": "GRA", "networkId": "n"}]}, "public_endpoint", YES),
        (
            {"nodes": [{"region": "GRA", "networkId": UNKNOWN, "subnetId": "s"}]},
            "public_endpoint",
            Unknown("nodes"),
        ),
        ({"nodes": [{"region": "EU-WEST-PAR"}] * 3}, "multi_zone", YES),
        ({"nodes": [{"region": "EU-WEST-PAR"}]}, "multi_zone", NO),
        ({"deletionProtection": True}, "guarded", YES),
        ({"deletionProtection": UNKNOWN}, "guarded", Unknown("deletionProtection")),
        ({"advancedConfiguration": UNKNOWN}, "reads_logged", NO),
    ],
)
def test_what_a_database_lacks(inputs: dict[str, Any], fact: str, value: object) -> None:
    assert withheld(getattr(database(**inputs), fact)) == value


def test_a_network_of_the_plan_is_one_though_its_identifier_is_unknown() -> None:
    node = {"region": "GRA", "networkId": UNKNOWN, "subnetId": UNKNOWN}
    service = made(DATABASE, {**SERVED, "nodes": [node]}, needs={"nodes": ["urn:network"]})
    assert of(DataStore, service).private_endpoint == YES


def test_the_plan_decides_on_certificates() -> None:
    assert database(plan="essential").offering.plan == Known("essential")
    assert database(plan=UNKNOWN).offering.plan == Unknown("plan")
    assert database(plan=None).offering.plan == Unknown("plan")


def test_statements_are_logged_only_where_both_ends_are_set() -> None:
    logs = made(
        "ovh:CloudProjectDatabase/logSubscription:LogSubscription",
        {"clusterId": UNKNOWN, "streamId": "x"},
        "logs",
        needs={"clusterId": ["urn:it"]},
    )
    assert database(logs, advancedConfiguration=None).reads_logged == NO
    assert database(logs, advancedConfiguration=UNKNOWN).reads_logged == Unknown(
        "advancedConfiguration"
    )


def test_a_database_that_can_be_dropped_is_not_guarded() -> None:
    part = made(
        "ovh:CloudProjectDatabase/databaseInstance:DatabaseInstance",
        {"clusterId": UNKNOWN},
        "part",
        needs={"clusterId": ["urn:it"]},
    )
    assert database(part, deletionProtection=True).guarded == NO


@pytest.mark.parametrize("address", ["0.0.0.0/0", "::/0"])
def test_all_addresses_are_any(address: str) -> None:
    service = made(DATABASE, {**SERVED, "ipRestrictions": [{"ip": address}]})
    rules = of(NetworkElement, service).rules
    assert [rule.addresses for rule in rules.value] == [("*",)]
    group = made(
        "ovh:index/cloudSecurityGroup:CloudSecurityGroup",
        {"region": "GRA11", "rules": [{"direction": "INGRESS", "remoteIpPrefix": address}]},
    )
    (rule,) = of(NetworkElement, group).rules.value
    assert (rule.inbound, rule.addresses, rule.ports) == (True, ("*",), ())


def test_addresses_that_are_not_decided() -> None:
    service = made(DATABASE, {**SERVED, "ipRestrictions": [{"ip": UNKNOWN}]})
    assert of(NetworkElement, service).rules == Unknown("ipRestrictions[].ip")


@pytest.mark.parametrize("entry", [{}, {"ip": None}, {"ip": UNKNOWN}, {"description": "office"}])
def test_a_restriction_without_an_address_is_not_told(entry: dict[str, Any]) -> None:
    inputs = {**SERVED, "ipRestrictions": [{"ip": "192.0.2.0/24"}, entry]}
    rules = of(NetworkElement, made(DATABASE, inputs)).rules
    assert isinstance(rules, Known)
    assert [rule.withheld for rule in rules.value] == ["", "ipRestrictions[].ip"]


@pytest.mark.parametrize("node", [{}, {"region": None}, {"region": UNKNOWN}])
def test_a_node_without_a_region_is_not_told(node: dict[str, Any]) -> None:
    inputs = {**SERVED, "nodes": [{"region": "GRA"}, node]}
    found = of(DataStore, made(DATABASE, inputs)).places
    assert isinstance(found, Unknown)
    assert found.property == "nodes[].region"
