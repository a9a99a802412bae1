"""What does not agree between a warehouse file and what its stack is given of an estate."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from havre.documents.validation import did_you_mean
from havre.provider.faults import SETTINGS, ProviderFault
from havre_azure.estate.settings import DATABASE_ZONE
from havre_azure.names import BLOB_NAMES, MONITOR_NAMES, REGISTRY_NAMES, VAULT_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.spec import Warehouse
    from havre_azure.estate.settings import AzureEstate, AzureHub
    from havre_azure.settings import AzureSettings

SERVICE_ZONES = (BLOB_NAMES, VAULT_NAMES, REGISTRY_NAMES, *MONITOR_NAMES)
"""Private DNS zones of the warehouse's services; that of the database has a name of its own."""
PLACE = (SETTINGS, "estate")


def estate_faults(spec: Warehouse, settings: AzureSettings) -> Iterator[ProviderFault]:
    """Every fault of the setting `estate`."""
    estate = settings.estate
    if estate is None:
        return
    if estate.hub:
        yield from _hub(spec, estate.hub)
    yield from _zones(estate)
    yield from _links(estate, settings.subscription_id)


def _hub(spec: Warehouse, hub: AzureHub) -> Iterator[ProviderFault]:
    """The hub's addresses are its own."""
    address = IPv4Address(hub.firewall_address)
    told = [IPv4Network(each) for each in hub.address_space]
    for field in ("address_space", "recovery_address_space"):
        space = getattr(spec.network, field)
        if space is None:
            continue
        if address in IPv4Network(space):
            message = f"{address} is in `network.{field}`, {space}"
            remedy = "Give the address of the hub's firewall, in the hub's network."
            yield ProviderFault((*PLACE, "hub", "firewall_address"), message, remedy)
        for other in (each for each in told if each.overlaps(IPv4Network(space))):
            message = f"{other} overlaps `network.{field}`, {space}"
            remedy = "Azure peers no networks that overlap. Choose another address space."
            yield ProviderFault((*PLACE, "hub", "address_space"), message, remedy)
    if told and not any(address in each for each in told):
        message = f"{address} is not in `address_space`"
        remedy = "Give the firewall's own address, and every address space of the hub's network."
        yield ProviderFault((*PLACE, "hub", "firewall_address"), message, remedy)


def _zones(estate: AzureEstate) -> Iterator[ProviderFault]:
    """Each zone is one that the warehouse can use, and the one that its identifier names."""
    for name, identifier in estate.dns_zones.items():
        place = (*PLACE, "dns_zones", name)
        if name not in SERVICE_ZONES and not name.endswith(DATABASE_ZONE):
            near = did_you_mean(name, SERVICE_ZONES)
            remedy = f"Correct it: {near}" if near else f"Known zones: {', '.join(SERVICE_ZONES)}"
            remedy += f", and one that ends with `{DATABASE_ZONE}`." if not near else ""
            yield ProviderFault(place, "no service of the warehouse has names in this zone", remedy)
        elif identifier.rpartition("/")[2].lower() != name.lower():
            message = f"the identifier names the zone {identifier.rpartition('/')[2]}"
            yield ProviderFault(place, message, "Give the identifier of the zone of this name.")
    several = [name for name in estate.dns_zones if name.endswith(DATABASE_ZONE)]
    if len(several) > 1:
        message = f"several zones for one database server: {', '.join(several)}"
        yield ProviderFault((*PLACE, "dns_zones"), message, "Give one of them.")


def _links(estate: AzureEstate, subscription: str) -> Iterator[ProviderFault]:
    """A link is a part of its zone, and a stack makes resources in one subscription."""
    for name, identifier in estate.dns_zones.items() if estate.link else ():
        if identifier.split("/")[2].lower() != subscription.lower():
            message = "the zone is in another subscription, where this stack cannot create a link"
            remedy = "Leave `link` out, and let the responsible party create the links."
            yield ProviderFault((*PLACE, "dns_zones", name), message, remedy)
