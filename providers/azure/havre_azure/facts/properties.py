"""What the kinds share: extremes, what every fact and store says, groups and parts.

What a property's absence means is what Azure does then, as the SDK's documentation of the
property says; where it does not say, the worse.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from havre.facts.model import (
    AboutResource,
    Bearer,
    Extent,
    Holder,
    Neutral,
    Offering,
    Place,
    ResourceFact,
)
from havre.facts.read import (
    NO,
    NONE,
    YES,
    at_best,
    every,
    labels,
    read,
    some,
    then,
    together,
)
from havre.facts.stores import DataStore, Storage
from havre.facts.values import DOES_NOT_APPLY, Fact, Known, Unknown
from havre_azure.facts.places import serves
from havre_azure.facts.relations.guards import guarded
from havre_azure.facts.relations.logs import administration_logged
from havre_azure.facts.relations.naming import unversioned
from havre_azure.facts.relations.scopes import within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


OFFER = "Microsoft Azure"
PUBLIC = "publicNetworkAccess"
NOWHERE: Fact[tuple[Place, ...]] = Known(())
"""Places of what has none of its own."""

F = TypeVar("F", bound=AboutResource)
B = TypeVar("B", bound=Bearer)
D = TypeVar("D", bound=DataStore)
S = TypeVar("S", bound=Storage)


def about(
    kind: type[F],
    resource: PlannedResource,
    where: Fact[tuple[Place, ...]] = NOWHERE,
    *,
    tagged: bool = True,
) -> F:
    """A fact of a kind, with what every fact says; `tagged`: whether the type carries labels."""
    tags = labels(resource.inputs) if tagged else DOES_NOT_APPLY
    return kind(urn=resource.urn, type=unversioned(resource.type), tags=tags, places=where)


def offered(
    kind: type[B],
    resource: PlannedResource,
    product: str,
    where: Fact[tuple[Place, ...]],
    *,
    tagged: bool = True,
) -> B:
    """Likewise, of a kind that bears data or the keys to them."""
    tags = labels(resource.inputs) if tagged else DOES_NOT_APPLY
    return kind(
        urn=resource.urn,
        type=unversioned(resource.type),
        tags=tags,
        places=where,
        offering=Offering(OFFER, product),
    )


def least(facts: Iterable[Fact[int | None]]) -> Fact[int | None]:
    """The smallest number told; None if none is; unknown if any is, at best the smallest told."""
    found = list(facts)
    told = [number for fact in found if (number := at_best(fact, None)) is not None]
    smallest = min(told) if told else None
    unknown = next((fact for fact in found if isinstance(fact, Unknown)), None)
    if unknown is None:
        return Known(smallest)
    return Unknown(unknown.property, None if smallest is None else Known(smallest))


def least_of(
    resources: Fact[list[PlannedResource]], told: Callable[[PlannedResource], Fact[int | None]]
) -> Fact[int | None]:
    """The least of what several resources tell; unknown where one may or may not count."""
    if isinstance(resources, Unknown):
        return resources
    return least(told(resource) for resource in resources.value)


def most(facts: Iterable[Fact[int | None]]) -> Fact[int | None]:
    """The largest number told; None if none is; unknown if any is."""
    told = together(list(facts))
    return then(told, lambda found: max((n for n in found if n is not None), default=None))


def open_to_all(resource: PlannedResource, path: str = PUBLIC) -> Fact[bool]:
    """Whether a public address answers: so it is unless it is disabled."""
    found = read(resource.inputs, path, "Enabled")
    if isinstance(found, Known) and str(found.value).lower() == "securedbyperimeter":
        return Unknown(path)  # the perimeter's rules decide
    return then(found, lambda access: str(access).lower() != "disabled")


def closed(fact: Fact[bool]) -> Fact[bool]:
    """The contrary."""
    return then(fact, lambda value: not value)


def held(
    kind: type[D],
    resource: PlannedResource,
    index: Index,
    product: str,
    where: Fact[tuple[Place, ...]],
) -> D:
    """A data store, with what holds for all of Azure's: at rest, everything is encrypted."""
    return replace(
        offered(kind, resource, product, where),
        encrypted=YES,
        cross_tenant=NO,
        guarded=guarded(index, resource),
        administration_logged=administration_logged(index),
        names_in_state=NO,
    )


def stored(
    kind: type[S],
    resource: PlannedResource,
    index: Index,
    product: str,
    where: Fact[tuple[Place, ...]],
) -> S:
    """Storage, with what holds for all of Azure's: a service's key is that of all it stores."""
    return replace(
        held(kind, resource, index, product, where),
        key=NONE,
        key_encrypts=Known(Extent.ALL),
        public_read=NO,
    )


def plain(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What bears no data and decides nothing by itself, with its place and its labels."""
    return [about(Neutral, resource, serves(resource, index))]


def untagged(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Likewise, of a type that can carry no labels."""
    del index
    return [about(Neutral, resource, tagged=False)]


def unplaced(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Likewise, of a type that has no place of its own."""
    del index
    return [about(Neutral, resource)]


def part(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A database in a server, a table of logs, a file share: told with its parent, lost alone."""
    return [replace(about(Holder, resource, tagged=False), guarded=guarded(index, resource))]


def group(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A resource group: deleted, it takes all that stands in it, in the plan or not.

    It needs no guard of its own where all the data that the plan shows in it are guarded.
    """
    where = serves(resource, index)
    found = [each for urn in within(index, resource) if (each := index.at(urn)) is not None]
    inside = [guarded(index, each) for each in found]
    kept = some([guarded(index, resource), every(inside)]) if inside else DOES_NOT_APPLY
    return [replace(about(Holder, resource, where), guarded=kept)]
