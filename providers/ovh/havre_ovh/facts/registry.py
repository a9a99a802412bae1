"""Registry: of container images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.model import Copy
from havre.facts.read import gathered
from havre.facts.stores import ImageRegistry
from havre.facts.values import Fact, Known, Unknown
from havre_ovh.facts.network import blocks
from havre_ovh.facts.properties import NOT_SAID, lies_in, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource


def registry(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A registry of images.

    Whether a project in it is public is decided inside, by who administers it.
    """
    where = lies_in(resource, Copy.PRIMARY)
    made = replace(
        stored(ImageRegistry, resource, index, where, "Private Registry"),
        encrypted=NOT_SAID,
        public_read=Unknown("public projects, which no argument shows"),
        allowed=_registry_allows(resource, index),
    )
    return [made]


DOORS = (
    "ContainerRegistryIPRestrictionsRegistry",
    "ContainerRegistryIPRestrictionsManagement",
)


def _registry_allows(registry: PlannedResource, index: Index) -> Fact[tuple[str, ...]]:
    """Addresses that reach images or administration; any where either is open to any."""
    found = [
        gathered(blocks(each) for each in index.computed(door, "registryId", registry))
        for door in DOORS
    ]
    return Known(()) if Known(()) in found else gathered(found)
