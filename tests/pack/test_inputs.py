"""The engine tells a pack the inputs of resources: what is judged by them, and what is not seen."""

from dataclasses import replace
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2 as proto

from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret
from tests.pack.client import Client, message_of
from tests.pack.plans import DAY, plan_of, spec_of

CONTROL = "access.no-plaintext-secret"
SIGNATURE = "https://x.example/?sv=2024-11-04&sig=" + "aB3%2F" * 8
URN = "urn:pulumi:azure::warehouse::azure-native:network:RouteTable::routes"


def planned(inputs: dict[str, Any]) -> PlannedResource:
    token = "azure-native:network:RouteTable"
    given = {"location": "francecentral", **inputs}
    return PlannedResource(urn=URN, type=token, name="routes", custom=True, inputs=given)


def with_one(inputs: dict[str, Any]) -> Plan:
    plan = plan_of("emc2", "azure")
    return replace(plan, resources=(*plan.resources, planned(inputs)))


def found(response: proto.AnalyzeResponse) -> set[str]:
    return {each.policyName for each in response.diagnostics if each.urn == URN} & {CONTROL}


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"password": "Sommer-2026-x"}, {CONTROL}),
        ({"settings": [{"name": "link", "value": SIGNATURE}]}, {CONTROL}),
        ({"tags": {"note": "password=Sommer-2026-x"}}, {CONTROL}),
        ({"password": Secret("Sommer-2026-x")}, set()),
        ({"password": UNKNOWN}, set()),
        ({"tags": {"note": "rotated each year"}}, set()),
    ],
    ids=str,
)
def test_a_secret_in_the_inputs_is_found_unless_it_is_marked(
    client: Client, inputs: dict[str, Any], told: set[str]
) -> None:
    client.configure({"as_of": DAY, "spec": str(spec_of("emc2"))})
    response = client.of(with_one(inputs))
    assert found(response) == told
    assert "Sommer" not in str(response)


def test_what_a_provider_computes_is_not_judged(client: Client) -> None:
    """The engine tells outputs with the whole stack; a preview has none, and inputs decide."""
    client.configure({"as_of": DAY, "spec": str(spec_of("emc2"))})
    request = proto.AnalyzeStackRequest()
    for resource in with_one({}).resources:
        message = message_of(resource)
        sent = proto.AnalyzeRequest(
            urn=message.urn, type=message.type, name=message.name, properties=message.properties
        )
        client.stub.Analyze(sent)
        if message.urn == URN:
            message.properties.update({"password": "Sommer-2026-x"})
        request.resources.append(message)
    assert found(client.stub.AnalyzeStack(request)) == set()
