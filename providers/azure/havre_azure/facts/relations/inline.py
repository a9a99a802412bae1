"""Subnets that are written inside their network, as resources of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.read import sources
from havre.plan import PlannedResource
from havre.plan.values import Secret
from havre_azure.facts.relations.naming import PACKAGE, kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.plan import Plan

NETWORK, SUBNET = "network:VirtualNetwork", "network:Subnet"


def opened(plan: Plan) -> Plan:
    """A plan with the subnets that its networks list, but for those that stand in it as well."""
    apart = {_place(each) for each in plan.resources if kind(each.type) == SUBNET}
    found: list[PlannedResource] = []
    for resource in plan.resources:
        found.append(resource)
        if resource.made and kind(resource.type) == NETWORK:
            found += [each for each in _subnets(resource) if _place(each) not in apart]
    return plan if len(found) == len(plan.resources) else replace(plan, resources=tuple(found))


def _place(subnet: PlannedResource) -> tuple[str, str]:
    names = (subnet.inputs.get(name) for name in ("virtualNetworkName", "subnetName"))
    network, own = (str(name).lower() for name in names)
    return network, own


def _subnets(network: PlannedResource) -> Iterator[PlannedResource]:
    listed = network.inputs.get("subnets")
    listed = listed.value if isinstance(listed, Secret) else listed
    for number, each in enumerate(listed if isinstance(listed, list) else ()):
        inside = each.value if isinstance(each, Secret) else each
        if isinstance(inside, dict):
            yield _subnet(network, inside, number)


def _subnet(network: PlannedResource, inside: dict[str, Any], number: int) -> PlannedResource:
    """A subnet with what its network says of it; it was computed from what the list was."""
    name = inside.get("name")
    label = name if isinstance(name, str) else str(number)
    where = {name: network.inputs.get(name) for name in ("virtualNetworkName", "resourceGroupName")}
    inputs = {key: value for key, value in inside.items() if key != "name"}
    needs = sources(network, "subnets")
    return PlannedResource(
        urn=f"{network.urn}/subnets/{label}",
        type=f"{PACKAGE}{SUBNET}",
        name=f"{network.name}/subnets/{label}",
        custom=True,
        inputs={**where, **inputs, "subnetName": name},
        parent=network.urn,
        property_dependencies=dict.fromkeys(inputs, needs),
    )
