"""What the tests of the OVHcloud provider share: settings, specs, plans and ways to look."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from havre.evaluate import evaluate
from havre.evaluate.monitor import Monitor, Registered, run
from havre.plan import Plan, PlannedResource
from havre.plan.urns import STACK_TYPE
from havre.spec import Warehouse
from havre.spec.load import load
from havre.stack.program import PROJECT, program, read_settings
from havre_ovh.provider import provider

EXAMPLES = Path(__file__).parents[2] / "examples"
SERVICE = "0123456789abcdef0123456789abcdef"
OKMS = "22222222-3333-4444-5555-666666666666"
SETTINGS: dict[str, Any] = {
    "service_name": SERVICE,
    "ldp_service": "ldp-ab-12345",
    "ldp_retention_id": "11111111-2222-3333-4444-555555555555",
    "okms_id": OKMS,
    "registry_plan_id": "33333333-4444-5555-6666-777777777777",
    "owner_user_id": 4242,
}
STORAGE = "ovh:CloudProject/storage:Storage"
DATABASE = "ovh:CloudProject/database:Database"
KUBE = "ovh:CloudProject/kube:Kube"
NETWORK = "ovh:CloudProject/networkPrivate:NetworkPrivate"
SUBNET = "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2"
KEY = "ovh:Okms/serviceKey:ServiceKey"
LIFECYCLE = (
    "ovh:index/cloudProjectStorageObjectBucketLifecycleConfiguration:"
    "CloudProjectStorageObjectBucketLifecycleConfiguration"
)


@cache
def example(name: str) -> Warehouse:
    return load(EXAMPLES / name / "warehouse.yaml").warehouse


def changed(spec: Warehouse, path: str, value: object) -> Warehouse:
    """The spec with one field changed, as a file with that field would give it."""
    document = spec.model_dump(mode="json")
    *way, last = path.split(".")
    section = document
    for step in way:
        section = section[step]
    section[last] = value
    return Warehouse.model_validate_json(json.dumps(document))


def planned(spec: Warehouse, **settings: Any) -> Plan:
    mine = read_settings(provider, {**SETTINGS, **settings})
    return evaluate(
        program(spec, provider, mine),
        project=PROJECT,
        stack="test",
        provider="ovh",
        gaps=tuple(provider.gaps(spec, mine)),
    )


@cache
def emc2() -> Plan:
    return planned(example("emc2"), ldp_site="fr-province")


@dataclass
class Service:
    """Answers what only the service can tell: identifiers, and a network's UUIDs by region."""

    resources: list[PlannedResource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def register(self, resource: PlannedResource) -> Registered:
        self.resources.append(resource)
        told = dict(resource.inputs)
        if resource.type == NETWORK:
            told["regionsOpenstackIds"] = {region: f"uuid-{region}" for region in told["regions"]}
        told |= {key: f"{key}-{resource.name}" for key in ("identity", "url")}
        return Registered(f"id-{resource.name}", told)

    def register_outputs(self, urn: str, outputs: Mapping[str, Any]) -> None:
        if urn.split("::")[2] == STACK_TYPE:
            self.outputs.update(outputs)


def deployed(spec: Warehouse, **settings: Any) -> Plan:
    """The resources as they are once the service has answered."""
    mine = read_settings(provider, {**SETTINGS, **settings})
    service = Service()
    monitor = Monitor(PROJECT, "test", service)
    run(program(spec, provider, mine), monitor, dry_run=False, threaded=False)
    return Plan(provider="ovh", resources=tuple(service.resources), outputs=service.outputs)


def of(plan: Plan, kind: str) -> list[PlannedResource]:
    return [resource for resource in plan.resources if resource.type == kind]


def one(plan: Plan, kind: str) -> PlannedResource:
    (found,) = of(plan, kind)
    return found


def named(plan: Plan, name: str) -> PlannedResource:
    (found,) = [resource for resource in plan.resources if resource.name == name]
    return found


def custom(plan: Plan) -> list[PlannedResource]:
    return [resource for resource in plan.resources if resource.custom]


def sources(resource: PlannedResource, key: str) -> set[str]:
    """Names of the resources from which an input was computed."""
    return {urn.rsplit("::", 1)[-1] for urn in resource.property_dependencies.get(key, ())}


def texts(value: Any) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
