"""Reads the facts of many relations of one kind and prints seconds and memory, as JSON."""

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


def settings(count: int) -> Iterator[PlannedResource]:
    """Diagnostic settings that may be any resource's, and as many accounts."""
    for number in range(count):
        yield made("storage:StorageAccount", f"a{number}", accountName=f"a{number}")
        logs = [{"categoryGroup": "allLogs", "enabled": number == count - 1}]
        yield made("monitor:DiagnosticSetting", f"d{number}", resourceUri=UNKNOWN, logs=logs)


def names(count: int) -> Iterator[PlannedResource]:
    """Containers of one name, each in an account and group of its own, and a grant on each."""
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    for number in range(count):
        group, account = {"resourceGroupName": f"rg{number}"}, {"accountName": f"a{number}"}
        yield made("resources:ResourceGroup", f"rg{number}", **group)
        yield made("storage:StorageAccount", f"a{number}", **account, **group)
        yield made("storage:BlobContainer", f"c{number}", containerName="c", **account, **group)
        scope = f"{SUBSCRIPTION}/resourceGroups/rg{number}/providers/Microsoft.Storage"
        yield made(
            "authorization:RoleAssignment",
            f"g{number}",
            scope=f"{scope}/storageAccounts/a{number}/blobServices/default/containers/c",
            principalId=f"p{number}",
            roleDefinitionId=role,
        )


SHAPES = {"links": links, "grants": grants, "settings": settings, "names": names}
"""Plans that grow by what relates to many resources, by name."""


def main() -> None:
    """Read the facts of a plan of `COUNT` relations of a `SHAPE`."""
    plan = Plan("azure", tuple(SHAPES[sys.argv[1]](int(sys.argv[2]))))
    began = time.perf_counter()
    found = facts(plan)
    took = time.perf_counter() - began
    if found.unclassified:
        sys.exit(f"not read: {found.unclassified[0]}")
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": took, "mib": mib}))


if __name__ == "__main__":
    main()
