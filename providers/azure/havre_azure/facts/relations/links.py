"""What resources of Azure lead to: private endpoints, subnets and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.facts.read import NONE, both, read, some, then
from havre.facts.values import Fact, Known, Unknown

if TYPE_CHECKING:
    from havre.facts.index import Index
    from havre.plan import PlannedResource


def private(index: Index, resource: PlannedResource) -> Fact[bool]:
    """Whether a private endpoint of the plan leads to a resource."""
    paths = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
    return some([index.named_by("network:PrivateEndpoint", path, resource) for path in paths])


def segment(
    index: Index, resource: PlannedResource, path: str, value: Fact[Any] | None = None
) -> Fact[str | None]:
    """URN of the subnet that a property names; as written if it is none of the plan's.

    Args:
        index: where the subnet may be.
        resource: what stands in it.
        path: dotted path of the property.
        value: what to read instead of the property itself.
    """
    value = read(resource.inputs, path) if value is None else value
    found = index.target(resource, path, "network:Subnet", value=value)
    if isinstance(found, Unknown):
        return found
    return Known(found.value.urn) if found.value is not None else value


def disk_key(index: Index, resource: PlannedResource, path: str) -> Fact[str | None]:
    """URN of the key of the disk encryption set that a property names, or the set as written."""
    group = index.target(resource, path, "compute:DiskEncryptionSet")
    if isinstance(group, Known) and group.value is not None:
        return key(index, group.value, "activeKey.keyUrl")
    return read(resource.inputs, path)


def switched(named: Fact[str | None], switch: Fact[Any], on: str, path: str) -> Fact[str | None]:
    """The key that a property names, where the switch beside it is on; None where it is off.

    Args:
        named: the key.
        switch: the word of the switch; an absent one decides nothing.
        on: the word, in lower case, that puts the key to use.
        path: the switch's property.
    """
    if isinstance(switch, Unknown):
        return switch
    if switch.value is None:
        return Unknown(path)
    return named if str(switch.value).lower() == on else NONE


def key(index: Index, resource: PlannedResource, path: str, name: str = "") -> Fact[str | None]:
    """URN of the key that a property names; the address as written if it is none of the plan's.

    Args:
        index: where the key may be.
        resource: whose key.
        path: property with the key's address, or with its vault's where `name` is given.
        name: property with the key's name.
    """
    value = read(resource.inputs, path)
    if name:
        parts = both(value, read(resource.inputs, name))
        value = then(parts, lambda pair: f"{str(pair[0]).rstrip('/')}/keys/{pair[1]}")
    found = index.target(resource, path, "keyvault:Key", value=value)
    if isinstance(found, Known):
        return Known(found.value.urn) if found.value is not None else value
    return found
