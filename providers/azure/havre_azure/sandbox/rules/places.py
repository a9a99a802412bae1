"""Regions, zones and sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.names import ACCOUNT, SERVER
from havre_azure.sites import REGIONS
from havre_sandbox.reading import items, sections, text
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from havre_azure.sites import Region
    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

CLUSTER = "azure-native:containerservice:ManagedCluster"
EVERYWHERE = "global"
GLOBAL = frozenset(
    {
        "azure-native:privatedns:PrivateZone",
        "azure-native:privatedns:VirtualNetworkLink",
        "azure-native:monitor:PrivateLinkScope",
        "azure-native:monitor:ActionGroup",
        "azure-native:monitor:ActivityLogAlert",
    }
)
"""Types that have no region (their docstrings; Azure documentation of each service)."""
ZONES = frozenset({"1", "2", "3"})
FAMILIES = {
    "Burstable": re.compile(r"Standard_B\d+(s|ms)"),
    "GeneralPurpose": re.compile(r"Standard_D\d+(d|ad|p)?s(_v[2-6])?"),
    "MemoryOptimized": re.compile(r"Standard_E\d+(d|ad|p)?s(_v[2-6])?"),
}
"""Sizes of PostgreSQL servers by tier (Azure documentation, flexible server, compute)."""
SIZE = re.compile(r"Standard_[ABDEFGHLMN][A-Z]{0,2}\d+(-\d+)?[a-z]*(_v[2-6])?", re.IGNORECASE)
"""Shape of the names of virtual machine sizes (Azure documentation, naming conventions)."""


def _region(properties: Mapping[str, Any]) -> Region | None:
    """The region of a resource, written with or without capitals and spaces."""
    return REGIONS.get(text(properties, "location").replace(" ", "").lower())


@rule(acts=(Act.CREATE,), beforehand=True)
def known(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A location is a region, or `global` for the types that have none."""
    told = text(proposed.properties, "location")
    if not told or (told.lower() == EVERYWHERE and proposed.token in GLOBAL):
        return
    if not _region(proposed.properties):
        message = f"`{told}` is not a region where {proposed.token} is available."
        yield refusal("region", message, "location")


def _zones(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every availability zone that is asked for, with its path."""
    for zone in items(properties, "zones"):
        yield "zones", str(zone)
    for path in ("availabilityZone", "highAvailability.standbyAvailabilityZone"):
        if found := text(properties, path):
            yield path, found
    for place, pool in enumerate(sections(properties, "agentPoolProfiles")):
        for zone in items(pool, "availabilityZones"):
            yield f"agentPoolProfiles[{place}].availabilityZones", str(zone)


@rule(beforehand=True)
def zoned(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A zone is one of the region's."""
    region = _region(proposed.properties)
    offered = ZONES if region and region.zones > 1 else frozenset()
    for path, zone in _zones(proposed.properties):
        if region and zone not in offered:
            message = f"Region {region.name} has no availability zone `{zone}`."
            yield refusal("cluster-zone" if proposed.token == CLUSTER else "zone", message, path)


@rule(ACCOUNT, beforehand=True)
def replicated(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Copies go to the paired region, and to other zones, where there are any."""
    region, sku = _region(proposed.properties), text(proposed.properties, "sku.name")
    if region and not region.pair and re.search(r"G(Z)?RS", sku):
        message = f"Region {region.name} has no pair for {sku}. Use Standard_ZRS."
        yield refusal("replication", message, "sku.name")
    if region and region.zones == 1 and "ZRS" in sku:
        message = f"Region {region.name} has no availability zones for {sku}. Use Standard_LRS."
        yield refusal("replication", message, "sku.name")


@rule(SERVER, beforehand=True)
def backed_up(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Backups go to the paired region, where there is one."""
    region, path = _region(proposed.properties), "backup.geoRedundantBackup"
    if region and not region.pair and text(proposed.properties, path) == "Enabled":
        message = f"Region {region.name} has no pair for geo-redundant backups."
        yield refusal("replication", message, path)


@rule(SERVER, beforehand=True)
def tiered(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """The size of a server belongs to its tier."""
    tier, size = text(proposed.properties, "sku.tier"), text(proposed.properties, "sku.name")
    if tier in FAMILIES and size and not FAMILIES[tier].fullmatch(size):
        message = f"The tier {tier} has no size `{size}`."
        yield refusal("parameter-value", message, "sku.name")


@rule(CLUSTER, beforehand=True)
def sized(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """The size of a node exists."""
    for place, pool in enumerate(sections(proposed.properties, "agentPoolProfiles")):
        size = text(pool, "vmSize")
        if size and not SIZE.fullmatch(size):
            message = f"There is no virtual machine size `{size}`."
            yield refusal("size", message, f"agentPoolProfiles[{place}].vmSize")


RULES = (known, zoned, replicated, backed_up, tiered, sized)
