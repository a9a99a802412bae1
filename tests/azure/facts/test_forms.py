"""Odd spellings of what decides: never read as the nearest thing that would be good."""

from dataclasses import replace
from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import NetworkElement, Rule
from havre.facts.stores import DataStore
from havre.plan import Plan, PlannedResource
from havre_azure.facts import facts

ACCOUNT = "azure-native:storage:StorageAccount"
GROUP = "azure-native:network:NetworkSecurityGroup"
RULE: dict[str, Any] = {
    "name": "r",
    "access": "Allow",
    "direction": "Inbound",
    "protocol": "Tcp",
    "priority": 100,
    "sourceAddressPrefix": "0.0.0.0/0",
    "destinationPortRange": "22",
}


def made(kind: str, inputs: dict[str, Any]) -> Plan:
    urn = f"urn:pulumi:s::p::{kind}::x"
    return Plan("azure", (PlannedResource(urn, kind, "x", custom=True, inputs=inputs),))


def account(**inputs: Any) -> DataStore:
    sound = {"location": "francecentral", "sku": {"name": "Standard_ZRS"}}
    (found,) = facts(made(ACCOUNT, sound | inputs)).of(DataStore)
    return found


def rules(**changed: Any) -> tuple[Rule, ...]:
    (found,) = facts(made(GROUP, {"securityRules": [RULE | changed]})).of(NetworkElement)
    assert isinstance(found.rules, Known)
    return found.rules.value


@pytest.mark.parametrize("version", ["1_2", "XXX1_2", "TLS1_2 ", "TLS1-2", "TLS", "TLS9_9", 1.2])
def test_a_version_of_tls_that_nobody_knows_is_unknown(version: object) -> None:
    assert account(minimumTlsVersion=version).tls_minimum == Unknown("minimumTlsVersion")


@pytest.mark.parametrize(
    ("version", "read"),
    [
        ("tls1_2", "1.2"),
        ("TLSv1.2", "1.2"),
        ("Tls12", "1.2"),
        ("TLS1.2", "1.2"),
        ("TLSv1.0", "1.0"),
    ],
)
def test_a_version_of_tls_is_read_in_its_spellings(version: str, read: str) -> None:
    assert account(minimumTlsVersion=version).tls_minimum == Known(read)


@pytest.mark.parametrize(
    ("value", "public"),
    [("FALSE", False), ("False", False), ("TRUE", True), ("no", None), ("0", None), (0, None)],
)
def test_a_truth_as_text_is_the_truth(value: object, public: bool | None) -> None:
    found = account(allowBlobPublicAccess=value).public_read  # type: ignore[attr-defined]
    assert found == (Unknown("allowBlobPublicAccess") if public is None else Known(public))


@pytest.mark.parametrize(
    "source",
    [" Internet", "Internet ", " 0.0.0.0/0", "0/0", "0.0.0.0/00x", "0x0/0", "\uff10/0", 0, [0]],
)
def test_a_source_that_is_no_address_is_unknown(source: object) -> None:
    (rule,) = rules(sourceAddressPrefix=source)
    assert (rule.withheld, rule.addresses) == ("securityRules[].sourceAddressPrefix", ("*",))


@pytest.mark.parametrize(
    "changed",
    [
        {"access": "Allow "},
        {"access": " allow"},
        {"access": "Permit"},
        {"access": None},
        {"direction": "Inbound "},
        {"direction": "In"},
        {"direction": None},
        {"priority": "low"},
        {"destinationPortRange": "\uff12\uff12"},
        {"destinationPortRange": "22-"},
        {"destinationPortRange": "80-22"},
        {"destinationPortRange": "0-65536"},
        {"sourceAddressPrefixes": "0.0.0.0/0"},
        {"sourceApplicationSecurityGroups": ["x"]},
    ],
    ids=str,
)
def test_a_rule_in_another_spelling_decides_nothing(changed: dict[str, Any]) -> None:
    assert any(rule.withheld for rule in rules(**changed))


@pytest.mark.parametrize("source", ["Internet", "internet", "Any", "*"])
def test_any_address_is_read_in_any_case(source: str) -> None:
    (found,) = rules(sourceAddressPrefix=source)
    assert (found.addresses, found.withheld) == (("*",), "")


@pytest.mark.parametrize("sku", ["Standard_GRS ", "x_ZRS", "ZRS", "Standard_XRS", 5, ["x"]])
def test_a_redundancy_that_nobody_knows_places_nothing(sku: object) -> None:
    found = account(sku={"name": sku})
    assert (found.multi_zone, found.places) == (Unknown("sku.name"), Unknown("sku.name"))


@pytest.mark.parametrize("way", ["encryption", "immutableStorageWithVersioning", "sku"])
@pytest.mark.parametrize("value", ["on", True, 1, ["x"]])
def test_what_leads_through_no_object_is_unknown(way: str, value: object) -> None:
    found = account(**{way: value})
    hidden = {"encryption": found.key, "sku": found.multi_zone}.get(way, found.locked_days)
    assert isinstance(hidden, Unknown)


def test_a_rule_on_its_own_that_is_incomplete_decides_nothing() -> None:
    inputs = {key: value for key, value in RULE.items() if key != "access"}
    plan = made("azure-native:network:SecurityRule", inputs)
    (found,) = facts(plan).of(NetworkElement)
    assert isinstance(found.rules, Known)
    assert {(rule.allow, rule.withheld) for rule in found.rules.value} == {
        (True, "access"),
        (False, "access"),
    }
    plan = replace(plan, resources=(replace(plan.resources[0], inputs=RULE),))
    (found,) = facts(plan).of(NetworkElement)
    assert isinstance(found.rules, Known)
    assert [rule.withheld for rule in found.rules.value] == [""]
