"""A well-known scanner's own tests for Azure, translated: the verdicts agree, or it is said why."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from havre.plan import Plan, PlannedResource
from havre.policy import Case, Outcome
from havre.policy.qualifications import Qualifications
from havre.policy.registry import find_control
from havre_azure.facts import facts
from havre_azure.provider import provider
from tests.policy.mutations import spec_for

DAY = dt.date(2026, 11, 29)
GROUPS = YAML(typ="safe").load(Path(__file__).with_name("cases.yaml").read_text())
SCOPE = "/subscriptions/22222222-2222-4333-8444-555555555555/resourceGroups/rg/providers"


def resource(token: str, name: str, inputs: Mapping[str, Any], known: str = "") -> PlannedResource:
    kind = f"azure-native:{token}"
    given = {"resourceGroupName": "rg", **inputs}
    urn = f"urn:pulumi:s::p::{kind}::{name}"
    return PlannedResource(urn, kind, name, True, given, id=known and f"{SCOPE}/{known}")


def beside(thing: PlannedResource, case: Mapping[str, Any], group: Any) -> Iterator[Any]:
    """What a case says that stands beside the resource."""
    if "endpoint" in case:
        link = {"name": "link", "privateLinkServiceId": thing.id}
        given = {"privateLinkServiceConnections": [link]}
        yield resource("network:PrivateEndpoint", "endpoint", given)
    if "vault" in group:
        properties = case.get("vault", group["vault"])
        given = {"vaultName": "kv", "location": "francecentral", "properties": properties}
        yield resource("keyvault:Vault", "kv", given)
    for name, value in case.get("configuration", {}).items():
        given = {"configurationName": name, "serverName": "db", "value": value}
        yield resource("dbforpostgresql:Configuration", name, given)
    if "log" in case:
        given = {"targetResourceId": thing.id, "location": "francecentral", **case["log"]}
        yield resource("network:FlowLog", "log", given)


def verdict(case: Mapping[str, Any], group: Mapping[str, Any]) -> set[Outcome]:
    """What a control says of the resource of a case."""
    inputs = {**group["with"], **case.get("properties", {})}
    if "rule" in case:
        inputs["securityRules"] = [{**group["rule"], **case["rule"]}]
    thing = resource(group["type"], "thing", inputs, group.get("id", ""))
    plan = Plan("azure", (*beside(thing, case, group), thing))
    asked = Case(spec_for("azure"), facts(plan), plan, provider, (), Qualifications(()), DAY)
    found = find_control(case.get("control") or group["control"]).judge(asked)
    return {each.outcome for each in found if each.resource in {"", thing.urn}}


CASES = [
    pytest.param(case, group, id=f"{name}-{case['check']}-{number}")
    for name, group in GROUPS.items()
    for number, case in enumerate(group["cases"])
]


@pytest.mark.parametrize(("case", "group"), CASES)
def test_a_verdict_is_theirs_or_the_case_says_why_not(
    case: dict[str, Any], group: dict[str, Any]
) -> None:
    wanted = case.get("ours", case["theirs"])
    assert (wanted != case["theirs"]) == ("differs" in case)
    found = verdict(case, group)
    assert (Outcome.FAIL in found) == (wanted == "fail")
    assert Outcome.UNKNOWN not in found
    assert found & {Outcome.PASS, Outcome.FAIL}
