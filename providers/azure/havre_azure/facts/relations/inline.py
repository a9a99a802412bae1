"""Subnets and peerings that are written inside their network, as resources of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from havre.facts.read import items, read, sources
from havre.facts.values import Known
from havre.plan import PlannedResource
from havre.plan.values import Secret
from havre_azure.facts.relations.naming import PACKAGE, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.facts.index import Index
    from havre.plan import Plan

NETWORK, SUBNET, PEERING = (
    f"network:{name}" for name in ("VirtualNetwork", "Subnet", "VirtualNetworkPeering")
)


@dataclass(frozen=True)
class _Child:
    """What a network may list.

    Attributes:
        path: property of the network that lists it.
        kind: its type.
        name: property of its own that holds its name, where it stands apart.
    """

    path: str
    kind: str
    name: str


CHILDREN = (
    _Child("subnets", SUBNET, "subnetName"),
    _Child("virtualNetworkPeerings", PEERING, "virtualNetworkPeeringName"),
)


def opened(plan: Plan) -> Plan:
    """A plan with what its networks list, but for what stands in it as well."""
    found: list[PlannedResource] = []
    apart = {child.kind: set(_apart(plan, child)) for child in CHILDREN}
    for resource in plan.resources:
        found.append(resource)
        if resource.made and kind(resource.type) == NETWORK:
            found += [
                each
                for child in CHILDREN
                for each in _listed(resource, child)
                if _place(each, child) not in apart[child.kind]
            ]
    return plan if len(found) == len(plan.resources) else replace(plan, resources=tuple(found))


def _apart(plan: Plan, child: _Child) -> Iterator[tuple[str, str]]:
    """Where the resources of a child's type stand; one whose name is not known is none other."""
    for each in plan.resources:
        place = _place(each, child) if kind(each.type) == child.kind else None
        if place is not None:
            yield place


def _place(resource: PlannedResource, child: _Child) -> tuple[str, str] | None:
    network, own = (resource.inputs.get(name) for name in ("virtualNetworkName", child.name))
    if not isinstance(network, str) or not isinstance(own, str):
        return None
    return network.lower(), own.lower()


def _listed(network: PlannedResource, child: _Child) -> Iterator[PlannedResource]:
    listed = network.inputs.get(child.path)
    listed = listed.value if isinstance(listed, Secret) else listed
    for number, each in enumerate(listed if isinstance(listed, list) else ()):
        inside = each.value if isinstance(each, Secret) else each
        if isinstance(inside, dict):
            yield _resource(network, child, inside, number)


def _resource(
    network: PlannedResource, child: _Child, inside: dict[str, Any], number: int
) -> PlannedResource:
    """What a network lists, with what it says of it; it was computed from what the list was."""
    name = inside.get("name")
    label = name if isinstance(name, str) else str(number)
    where = {name: network.inputs.get(name) for name in ("virtualNetworkName", "resourceGroupName")}
    inputs = {key: value for key, value in inside.items() if key != "name"}
    needs = sources(network, child.path)
    return PlannedResource(
        urn=f"{network.urn}/{child.path}/{label}",
        type=f"{PACKAGE}{child.kind}",
        name=f"{network.name}/{child.path}/{label}",
        custom=True,
        inputs={**where, **inputs, child.name: name},
        parent=network.urn,
        property_dependencies=dict.fromkeys(inputs, needs),
    )


def strange_peerings(index: Index) -> Iterator[tuple[PlannedResource, str]]:
    """Peerings that lead, or may lead, to a network that is none of the plan's.

    A network whose list of peerings is not known in full may have any.
    """
    for peering in index.of(PEERING):
        found = index.target(peering, REMOTE, NETWORK)
        given = _given(index, peering)
        if not (isinstance(found, Known) and found.value is not None) and not given:
            yield peering, REMOTE
    for network in index.of(NETWORK):
        listed = items(network.inputs, "virtualNetworkPeerings")
        whole = isinstance(listed, Known) and all(isinstance(each, dict) for each in listed.value)
        if not whole:
            yield network, "virtualNetworkPeerings"


def _given(index: Index, peering: PlannedResource) -> bool:
    """Whether a peering leads to a network that the warehouse is given: the inventory names it."""
    remote = read(peering.inputs, REMOTE)
    return isinstance(remote, Known) and index.outside(remote.value) is not None


REMOTE = "remoteVirtualNetwork.id"
