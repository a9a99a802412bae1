"""Reads the facts of many links or grants and prints seconds and memory, as JSON."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN
from havre_azure.facts import facts

SUBSCRIPTION = "/subscriptions/22222222-2222-4333-8444-555555555555"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
"""Azure's role that reads blobs."""


def made(kind: str, label: str, **inputs: Any) -> PlannedResource:
    """A resource of Azure in one group."""
    token = f"azure-native:{kind}"
    placed = {"resourceGroupName": "rg", "location": "francecentral", **inputs}
    return PlannedResource(f"urn:pulumi:s::p::{token}::{label}", token, label, True, placed)


def links(count: int) -> Iterator[PlannedResource]:
    """Private endpoints whose target is unknown, and as many accounts."""
    for number in range(count):
        yield made("storage:StorageAccount", f"a{number}", accountName=f"a{number}")
        connection = {"groupIds": ["blob"], "privateLinkServiceId": UNKNOWN}
        yield made(
            "network:PrivateEndpoint", f"e{number}", privateLinkServiceConnections=[connection]
        )


def grants(count: int) -> Iterator[PlannedResource]:
    """Grants on one group, and as many accounts in it."""
    yield made("resources:ResourceGroup", "rg")
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    for number in range(count):
        yield made("storage:StorageAccount", f"a{number}", accountName=f"a{number}")
        yield made(
            "authorization:RoleAssignment",
            f"g{number}",
            scope=f"{SUBSCRIPTION}/resourceGroups/rg",
            principalId=f"p{number}",
            roleDefinitionId=role,
        )


def main() -> None:
    """Read `COUNT` links or grants."""
    plan = Plan("azure", tuple({"links": links, "grants": grants}[sys.argv[1]](int(sys.argv[2]))))
    began = time.perf_counter()
    facts(plan)
    took = time.perf_counter() - began
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": took, "mib": mib}))


if __name__ == "__main__":
    main()
