"""Registry: of container images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.model import Copy, Fact, Holding, Known, Place, ResourceFact
from havre.facts.read import both, every, read, then
from havre_azure.facts.places import location, place, places
from havre_azure.facts.properties import closed, open_to_all, store
from havre_azure.facts.relations import key, logged, private, users

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.plan import Plan, PlannedResource


def _registry_places(resource: PlannedResource, plan: Plan) -> Fact[tuple[Place, ...]]:
    found: Fact[tuple[Place, ...]] = places(resource, plan, Copy.PRIMARY)
    for replication, _ in users(plan, "containerregistry:Replication", "registryName", resource):
        other = location(replication, plan)
        found = then(both(found, other), lambda told: (*told[0], place(Copy.REPLICA, told[1])))
    return found


REGISTRY_LOGS = ("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents")


def registry(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A registry of images; it takes TLS 1.2 and above only (Azure documentation, ACR)."""
    public = open_to_all(resource)
    exports = read(resource.inputs, "policies.exportPolicy.status", "enabled")
    told = store(
        resource,
        plan,
        "Container Registry",
        holding=Holding.REGISTRY,
        places=_registry_places(resource, plan),
        key=key(plan, resource, "encryption.keyVaultProperties.keyIdentifier"),
        tls_minimum=Known("1.2"),
        public_read=read(resource.inputs, "anonymousPullEnabled", default=False),
        public_endpoint=public,
        private_endpoint=every([closed(public), private(plan, resource)]),
        shared_keys=read(resource.inputs, "adminUserEnabled", default=False),
        cross_tenant=then(exports, lambda status: str(status).lower() != "disabled"),
        multi_zone=then(
            read(resource.inputs, "zoneRedundancy", "Disabled"), lambda zones: zones == "Enabled"
        ),
        reads_logged=logged(plan, resource, REGISTRY_LOGS),
    )
    return [told]
