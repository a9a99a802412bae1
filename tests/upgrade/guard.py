"""Yesterday's plans against today's code: which resource that bears data would be lost?

`python -m tests.upgrade.guard` records today's plans; commit them with a release. A provider's
own tables say which inputs make another resource of one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from havre.evaluate import evaluate
from havre.plan import Plan
from havre.provider import find
from havre.spec.load import load
from havre.stack.program import PROJECT, program, read_settings
from tests.clouds import SETTINGS

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
WAREHOUSES = ("emc2", "hospital")
STACKS = {"local": {"data_dir": "/nowhere"}, **SETTINGS}

IDENTITY: dict[str, tuple[str, ...]] = {
    "pulumi-python:dynamic/havre-local:": ("data_dir", "bucket", "name", "database", "project"),
    "azure-native:storage:StorageAccount": (
        "accountName",
        "location",
        "resourceGroupName",
        "kind",
        "immutableStorageWithVersioning",
    ),
    "azure-native:storage:BlobContainer": ("accountName", "containerName", "resourceGroupName"),
    "azure-native:keyvault:": ("keyName", "vaultName", "resourceGroupName", "location"),
    "azure-native:dbforpostgresql:Server": ("serverName", "location", "resourceGroupName"),
    "azure-native:": ("location", "resourceGroupName", "registryName", "workspaceName"),
    "ovh:CloudProject/storage:Storage": ("name", "regionName", "serviceName"),
    "ovh:CloudProject/database:Database": ("serviceName", "engine", "plan"),
    "ovh:": ("serviceName", "name", "region", "regionName", "okmsId", "type", "size"),
}
"""Inputs that make another resource, by the beginning of a type; the longest match counts."""


def planned(provider: str, warehouse: str) -> Plan:
    found = find(provider)
    spec = load(EXAMPLES / warehouse / "warehouse.yaml").warehouse
    settings = read_settings(found, STACKS[provider])
    return evaluate(program(spec, found, settings), project=PROJECT, stack=provider)


def bearing(plan: Plan) -> dict[str, dict[str, Any]]:
    """What bears data: the resources that are protected, by URN."""
    return {
        r.urn: {"type": r.type, "inputs": r.as_dict()["inputs"]}
        for r in plan.resources
        if r.protect or r.retain_on_delete
    }


def identity(kind: str) -> tuple[str, ...]:
    matches = [prefix for prefix in IDENTITY if kind.startswith(prefix)]
    return IDENTITY[max(matches, key=len)] if matches else ()


def losses(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What today's code would delete, rename or replace of yesterday's."""
    found = []
    for urn, old in before.items():
        new = after.get(urn)
        name = urn.rsplit("::", 1)[-1]
        if new is None:
            found.append(f"{name} would be deleted or renamed")
            continue
        changed = [
            key for key in identity(old["type"]) if old["inputs"].get(key) != new["inputs"].get(key)
        ]
        found += [f"{name} would be replaced: `{key}` changed" for key in changed]
    return found


def recorded(provider: str, warehouse: str) -> Path:
    return HERE / "plans" / f"{provider}-{warehouse}.json"


def record() -> None:
    for provider in STACKS:
        for warehouse in WAREHOUSES:
            path = recorded(provider, warehouse)
            path.parent.mkdir(exist_ok=True)
            content = bearing(planned(provider, warehouse))
            path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    record()
