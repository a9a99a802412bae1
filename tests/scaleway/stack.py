"""What the tests of the Scaleway provider share: settings, specs, plans and ways to look."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from havre.evaluate import evaluate
from havre.facts import Facts
from havre.plan import Plan, PlannedResource
from havre.spec import Warehouse
from havre.spec.load import load
from havre.stack.program import PROJECT, program, read_settings
from havre_scaleway.facts import facts
from havre_scaleway.provider import provider
from tests.clouds import SETTINGS

EXAMPLES = Path(__file__).parents[2] / "examples"
BUCKET = "scaleway:object/bucket:Bucket"
ENCRYPTION = (
    "scaleway:object/bucketServerSideEncryptionConfiguration"
    ":BucketServerSideEncryptionConfiguration"
)
LOCK = "scaleway:object/bucketLockConfiguration:BucketLockConfiguration"
POLICY = "scaleway:object/bucketPolicy:BucketPolicy"
INSTANCE = "scaleway:databases/instance:Instance"


@cache
def example(name: str) -> Warehouse:
    return load(EXAMPLES / name / "warehouse.yaml").warehouse


def changed(spec: Warehouse, *changes: tuple[str, object]) -> Warehouse:
    """The spec with fields changed, as a file with them would give it."""
    document = spec.model_dump(mode="json")
    for path, value in changes:
        *way, last = path.split(".")
        section = document
        for step in way:
            section = section[step]
        section[last] = value
    return Warehouse.model_validate_json(json.dumps(document))


def planned(spec: Warehouse, **settings: Any) -> Plan:
    mine = read_settings(provider, {**SETTINGS["scaleway"], **settings})
    gaps = tuple(provider.gaps(spec, mine))
    made = program(spec, provider, mine)
    return evaluate(made, project=PROJECT, stack="test", provider="scaleway", gaps=gaps)


@cache
def emc2() -> Plan:
    return planned(example("emc2"))


def of(plan: Plan, kind: str) -> list[PlannedResource]:
    return [resource for resource in plan.resources if resource.type == kind]


def named(plan: Plan, name: str) -> PlannedResource:
    (found,) = [resource for resource in plan.resources if resource.name == name]
    return found


def made(token: str, name: str, inputs: dict[str, Any], identifier: str = "") -> PlannedResource:
    """A resource of a stack that nobody's program made, as an import leaves it."""
    urn = f"urn:pulumi:s::p::{token}::{name}"
    return PlannedResource(urn, token, name, True, inputs, id=identifier)


def read(*resources: PlannedResource) -> Facts:
    return facts(Plan(provider="scaleway", resources=resources))
