"""What the classes share: durations, extremes, what every fact and every store says.

What a property's absence means is what Azure does then, as the SDK's documentation of the
property says; where it does not say, the worse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.facts.model import (
    Extent,
    Fact,
    Known,
    Neutral,
    Offering,
    Place,
    ResourceFact,
    Store,
    Unknown,
)
from havre.facts.read import NO, NONE, YES, ZERO, read, then
from havre_azure.facts.places import serves
from havre_azure.facts.relations.guards import guarded
from havre_azure.facts.relations.logs import administration_logged
from havre_azure.facts.relations.naming import unversioned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


OFFER = "Microsoft Azure"
PUBLIC = "publicNetworkAccess"


def base(resource: PlannedResource, where: Fact[tuple[Place, ...]]) -> dict[str, Any]:
    """What every fact says of a resource that can be tagged."""
    return {
        "urn": resource.urn,
        "type": unversioned(resource.type),
        "tags": read(resource.inputs, "tags", {}),
        "places": where,
    }


def least(facts: Iterable[Fact[int | None]]) -> Fact[int | None]:
    """The smallest number told; None if none is; unknown if any is."""
    return _extreme(facts, min)


def least_of(
    resources: Fact[list[PlannedResource]], told: Callable[[PlannedResource], Fact[int | None]]
) -> Fact[int | None]:
    """The least of what several resources tell; unknown where one might tell less."""
    if isinstance(resources, Unknown):
        return resources
    return least(told(resource) for resource in resources.value)


def most(facts: Iterable[Fact[int | None]]) -> Fact[int | None]:
    """The largest number told; None if none is; unknown if any is."""
    return _extreme(facts, max)


def _extreme(
    facts: Iterable[Fact[int | None]], choose: Callable[[list[int]], int]
) -> Fact[int | None]:
    found = list(facts)
    unknown = next((fact for fact in found if isinstance(fact, Unknown)), None)
    if unknown is not None:
        return unknown
    told = [fact.value for fact in found if isinstance(fact, Known) and fact.value is not None]
    return Known(choose(told) if told else None)


def open_to_all(resource: PlannedResource, path: str = PUBLIC) -> Fact[bool]:
    """Whether a public address answers: so it is unless it is disabled."""
    found = read(resource.inputs, path, "Enabled")
    if isinstance(found, Known) and str(found.value).lower() == "securedbyperimeter":
        return Unknown(path)  # the perimeter's rules decide
    return then(found, lambda access: str(access).lower() != "disabled")


def closed(fact: Fact[bool]) -> Fact[bool]:
    """The contrary."""
    return then(fact, lambda value: not value)


def store(resource: PlannedResource, index: Index, product: str, **told: Any) -> Store:
    """A store of Azure's, with what holds for all of them: at rest, everything is encrypted."""
    common: dict[str, Any] = {
        "offering": Offering(OFFER, product),
        "encrypted": YES,
        "key": NONE,
        "key_encrypts": Known(Extent.ALL),  # a service's key is that of all it stores
        "public_read": NO,
        "cross_tenant": NO,
        "versions": NONE,
        "locked_days": ZERO,
        "recoverable_days": ZERO,
        "version_days": ZERO,
        "expire_days": NONE,
        "retention_days": NONE,
        "backup_days": NONE,
        "guarded": guarded(index, resource),
        "engine": NONE,
        "extensions": Known(()),
        "administration_logged": administration_logged(index),
        "names_in_state": NO,
        "segments": Known(()),
    }
    where = told.pop("places", Unknown("location"))
    return Store(**(base(resource, where) | common | told))


def plain(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What bears no data and decides nothing by itself, with its place and its labels."""
    return [Neutral(**base(resource, serves(resource, index)))]


def untagged(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Likewise, of a type that can carry no labels."""
    del index
    return [Neutral(**(base(resource, Known(())) | {"tags": NONE}))]


def unplaced(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Likewise, of a type that has no place of its own."""
    del index
    return [Neutral(**base(resource, Known(())))]
