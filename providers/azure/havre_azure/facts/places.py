"""Where a resource of Azure lies, and where its copies land without being told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.model import Copy, Place
from havre.facts.read import both, read, then
from havre.facts.values import Fact, Known, Unknown
from havre_azure.sites import REGIONS

if TYPE_CHECKING:
    from havre.facts.index import Index
    from havre.plan import PlannedResource


def canonical(location: str) -> str:
    """A region as ARM writes it: `France Central` is `francecentral`."""
    return "".join(location.lower().split())


def place(copy: Copy, location: str, implied: str = "") -> Place:
    """Where a region lies; its country is None where it is global or not known."""
    region = REGIONS.get(canonical(location))
    return Place(copy, canonical(location), region.country if region else None, implied)


def copied(where: Fact[str], link: Fact[bool]) -> Fact[tuple[Place, ...]]:
    """The place of a replica, that is or may be one of the resource at hand."""
    return then(both(where, link), lambda told: (place(Copy.REPLICA, told[0]),))


def pair(copy: Copy, location: str, implied: str) -> Place:
    """Where geo-redundant copies of a region land; nobody can choose it.

    A region without a pair takes no such setting, and one that nobody knows may have any: both
    give a place in no known country.
    """
    region = REGIONS.get(canonical(location))
    other = region.pair if region else None
    return place(copy, other, implied) if other else Place(copy, "", None, implied)


def has_pair(location: str) -> bool:
    """Whether copies may land elsewhere: so it is taken to be for regions that nobody knows."""
    region = REGIONS.get(canonical(location))
    return region.pair is not None if region else canonical(location) != "global"


def location(resource: PlannedResource, index: Index) -> Fact[str]:
    """The region as written; a resource without one stands where its resource group does."""
    own = read(resource.inputs, "location")
    if isinstance(own, Unknown) or own.value:
        return own
    group = index.target(resource, "resourceGroupName", "resources:ResourceGroup")
    if isinstance(group, Known) and group.value and group.value.urn != resource.urn:
        return location(group.value, index)
    return Unknown("location")


def serves(resource: PlannedResource, index: Index) -> Fact[tuple[Place, ...]]:
    """The place of what holds no data; a global service has none."""
    return then(
        location(resource, index),
        lambda where: () if canonical(where) == "global" else (place(Copy.SERVICE, where),),
    )


def places(resource: PlannedResource, index: Index, *copies: Copy) -> Fact[tuple[Place, ...]]:
    """A place for each copy, where the resource lies."""
    return then(
        location(resource, index), lambda where: tuple(place(copy, where) for copy in copies)
    )
