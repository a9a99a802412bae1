"""What Azure would refuse, said before anything is built."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from havre.provider.faults import ProviderFault
from havre_azure.conventions.faults import convention_faults
from havre_azure.estate.faults import estate_faults
from havre_azure.sites import PLACES, RESTRICTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider import Provider
    from havre.spec import Warehouse
    from havre_azure.settings import AzureSettings

SHORTEST_ROTATION = 7
"""Days: Key Vault renews no key more often (Azure documentation, key auto-rotation)."""
RESERVED = ("169.254.0.0/16", "172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24")
"""Addresses that AKS uses itself: neither network nor services may have them (Azure CNI,
prerequisites)."""


DATABASES = frozenset({"azure_maintenance", "azure_sys"})
"""Databases that each PostgreSQL server has for Azure itself (Azure documentation, flexible
server, servers)."""


def check(provider: Provider, spec: Warehouse, settings: AzureSettings) -> Iterator[ProviderFault]:
    """Every fault of a warehouse's file and its settings."""
    yield from _site(spec)
    yield from _rotation(spec)
    yield from _reserved(spec)
    yield from _database(spec)
    yield from convention_faults(provider, spec, settings)
    yield from estate_faults(spec, settings)


def _site(spec: Warehouse) -> Iterator[ProviderFault]:
    """A region that Azure opens for recovery only is no primary site."""
    region = PLACES[spec.sites.primary]
    if region.restricted:
        able = sorted(name for name, place in PLACES.items() if not place.restricted)
        message = f"`{spec.sites.primary}` ({region.name}) has {RESTRICTED[0]}"
        remedy = f"Choose one of {', '.join(able)}. A restricted site can be the recovery site."
        yield ProviderFault(("sites", "primary"), message, remedy)


def _rotation(spec: Warehouse) -> Iterator[ProviderFault]:
    asked = spec.encryption
    if asked.own_keys and asked.rotation_days < SHORTEST_ROTATION:
        message = f"Key Vault cannot rotate a key every {asked.rotation_days} days"
        remedy = f"Set at least {SHORTEST_ROTATION} days."
        yield ProviderFault(("encryption", "rotation_days"), message, remedy)


def _reserved(spec: Warehouse) -> Iterator[ProviderFault]:
    """Networks that overlap what a cluster uses itself."""
    for field in ("address_space", "recovery_address_space"):
        space = getattr(spec.network, field)
        if spec.cluster and space and _overlaps(space):
            message = f"the cluster reserves {', '.join(RESERVED)}"
            remedy = "Choose other private addresses, such as 10.0.0.0/16."
            yield ProviderFault(("network", field), message, remedy)


def _overlaps(space: str) -> bool:
    return any(IPv4Network(space).overlaps(IPv4Network(kept)) for kept in RESERVED)


def _database(spec: Warehouse) -> Iterator[ProviderFault]:
    """The database bears the warehouse's name, as `parts.database` writes it."""
    name = spec.name.replace("-", "_")
    if name in DATABASES:
        message = f"each PostgreSQL server already has a database {name}, which Azure uses"
        yield ProviderFault(("name",), message, "Choose another name.")
