"""How resources of OVHcloud are typed and named.

Buckets are known by their names; all else by identifiers that the service gives, so only
dependencies lead to it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.index import Naming, Nomenclature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.facts.index import Index

PACKAGE = "ovh:"
DYNAMIC = "pulumi-python:dynamic/havre-ovh:"
BUCKETS = ("Storage", "CloudStorageObjectBucket")
"""The older resource, and the newer."""
SUBNETS = ("NetworkPrivateSubnet", "NetworkPrivateSubnetV2", "CloudNetworkPrivateVrackSubnet")


def kind(token: str) -> str:
    """The class, such as `KubeNodePool`; empty for another provider's."""
    return token.rsplit(":", 1)[-1] if token.startswith((PACKAGE, DYNAMIC)) else ""


NOMENCLATURE = Nomenclature(kind, MappingProxyType(dict.fromkeys(BUCKETS, Naming("name"))))


def bucket_names(index: Index) -> Mapping[str, str]:
    """URNs of the plan's buckets by name, where it is known."""
    named = ((each.inputs.get("name"), each.urn) for each in index.of(*BUCKETS))
    return {name: urn for name, urn in named if name and isinstance(name, str)}
