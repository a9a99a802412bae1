"""Registry: of container images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.model import Copy, Place, ResourceFact
from havre.facts.read import NONE, every, gathered, read, then
from havre.facts.stores import ImageRegistry
from havre.facts.values import Fact, Known
from havre_azure.facts.places import copied, location, places
from havre_azure.facts.properties import closed, open_to_all, stored
from havre_azure.facts.relations.links import key, private, switched
from havre_azure.facts.relations.logs import logged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


def _registry_places(resource: PlannedResource, index: Index) -> Fact[tuple[Place, ...]]:
    own = places(resource, index, Copy.PRIMARY)
    copies = index.users("containerregistry:Replication", "registryName", resource)
    return gathered([own, *(copied(location(each, index), link) for each, link in copies)])


def _key(index: Index, resource: PlannedResource) -> Fact[str | None]:
    """The key that a registry names, where encryption with it is turned on beside."""
    named = key(index, resource, "encryption.keyVaultProperties.keyIdentifier")
    if named == NONE:
        return NONE
    return switched(
        named, read(resource.inputs, "encryption.status"), "enabled", "encryption.status"
    )


REGISTRY_LOGS = ("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents")


def registry(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A registry of images; it takes TLS 1.2 and above only (Azure documentation, ACR)."""
    public = open_to_all(resource)
    exports = read(resource.inputs, "policies.exportPolicy.status", "enabled")
    where = _registry_places(resource, index)
    told = replace(
        stored(ImageRegistry, resource, index, "Container Registry", where),
        key=_key(index, resource),
        tls_minimum=Known("1.2"),
        public_read=read(resource.inputs, "anonymousPullEnabled", default=False),
        public_endpoint=public,
        private_endpoint=every([closed(public), private(index, resource)]),
        shared_keys=read(resource.inputs, "adminUserEnabled", default=False),
        cross_tenant=then(exports, lambda status: str(status).lower() != "disabled"),
        multi_zone=then(
            read(resource.inputs, "zoneRedundancy", "Disabled"), lambda zones: zones == "Enabled"
        ),
        reads_logged=logged(index, resource, REGISTRY_LOGS),
    )
    return [told]
