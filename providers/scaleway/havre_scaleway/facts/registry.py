"""Registry: a namespace of container images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from havre.facts.model import Copy
from havre.facts.read import read, then
from havre.facts.stores import ImageRegistry
from havre.facts.values import Known
from havre_scaleway.facts.properties import NOT_SAID, lies_in, stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource


def registry(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A namespace of images, which no argument limits to addresses."""
    public = then(read(resource.inputs, "isPublic", default=False), bool)
    made = replace(
        stored(ImageRegistry, resource, index, lies_in(resource, Copy.PRIMARY), "Registry"),
        encrypted=NOT_SAID,
        public_read=public,
        allowed=Known(()),
    )
    return [made]
