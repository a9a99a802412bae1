"""Sites: logical places and Azure's regions, with pairs, countries and restrictions.

Sources: Azure documentation, lists of regions and of region pairs, read on 2026-11-23.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.spec import Warehouse

SERVICES = (
    *("network", "keys", "storage", "database", "cluster", "registry", "logs", "backup"),
    "access",
)
"""Services that have a region; Azure names a region alike in all of them."""
RESTRICTED = (
    "access restricted: Microsoft opens the region on request, for recovery only",
    "no availability zones",
)
UNPAIRED = ("no paired region: neither storage nor backups can be copied to another region",)


@dataclass(frozen=True)
class Region:
    """A region of Azure.

    Attributes:
        name: as ARM writes it.
        country: where it lies, ISO 3166-1 alpha-2.
        pair: the region to which geo-redundant services copy; None where it has none.
        zones: number of availability zones.
    """

    name: str
    country: str
    pair: str | None
    zones: int = 3

    @property
    def restricted(self) -> bool:
        """Whether Microsoft opens it on request only."""
        return self.zones == 1

    @property
    def restrictions(self) -> tuple[str, ...]:
        """What a user must know before choosing it."""
        return (RESTRICTED if self.restricted else ()) + (() if self.pair else UNPAIRED)


PLACES: Mapping[str, Region] = MappingProxyType(
    {
        "fr-paris": Region("francecentral", "FR", "francesouth"),
        "fr-province": Region("francesouth", "FR", "francecentral", zones=1),
        "de-frankfurt": Region("germanywestcentral", "DE", "germanynorth"),
        "de-berlin": Region("germanynorth", "DE", "germanywestcentral", zones=1),
        "nl-amsterdam": Region("westeurope", "NL", "northeurope"),
        "ie-dublin": Region("northeurope", "IE", "westeurope"),
        "se-gavle": Region("swedencentral", "SE", "swedensouth"),
        "se-malmo": Region("swedensouth", "SE", "swedencentral", zones=1),
        "pl-warsaw": Region("polandcentral", "PL", None),
        "it-milan": Region("italynorth", "IT", None),
        "es-madrid": Region("spaincentral", "ES", None),
        "at-vienna": Region("austriaeast", "AT", None),
        "be-brussels": Region("belgiumcentral", "BE", None),
    }
)
"""Region by logical site."""

REGIONS: Mapping[str, Region] = MappingProxyType({place.name: place for place in PLACES.values()})
"""Region by Azure's name."""

SITES: Mapping[str, Site] = MappingProxyType(
    {
        name: Site(
            name=name,
            country=region.country,
            regions=MappingProxyType(dict.fromkeys(SERVICES, region.name)),
            zones=region.zones,
            restrictions=region.restrictions,
        )
        for name, region in PLACES.items()
    }
)
"""Every site, by name."""


def refuse_restricted(spec: Warehouse) -> None:
    """Refuse a primary site that Azure opens for recovery only.

    Raises:
        InputError: the message lists the sites that can be primary.
    """
    region = PLACES.get(spec.sites.primary)
    if region is None or not region.restricted:
        return
    message = f"sites.primary: `{spec.sites.primary}` ({region.name}) is {RESTRICTED[0]}"
    able = sorted(name for name, place in PLACES.items() if not place.restricted)
    raise InputError(message, f"Choose one of {', '.join(able)}; it may be the recovery site.")


def copies_to_pair(primary: str, recovery: str | None, countries: tuple[str, ...]) -> bool:
    """Whether geo-redundant copies of `primary` land at the recovery site, in allowed countries.

    Azure lets nobody choose where a geo-redundant copy goes: it is always the region's pair.
    """
    if recovery is None or PLACES[primary].pair != PLACES[recovery].name:
        return False
    return PLACES[recovery].country in countries
