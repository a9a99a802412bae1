"""Sites: logical places and Azure's regions, with pairs, countries and restrictions.

`regions.toml` lists them, with source and date.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.provider.sites import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICES = (
    *("network", "keys", "storage", "database", "cluster", "registry", "logs", "backup"),
    "access",
)
"""Services that have a region; Azure names a region alike in all of them."""
RESTRICTED = (
    "restricted access: Microsoft opens the region on request, for recovery only",
    "no availability zones",
)
UNPAIRED = ("no paired region, so neither storage nor backups can be copied to another region",)


@dataclass(frozen=True)
class Region:
    """A region of Azure.

    Attributes:
        name: as ARM writes it.
        country: where it lies, ISO 3166-1 alpha-2.
        pair: the region to which geo-redundant services copy; None where it has none.
        zones: number of availability zones.
        site: the logical site; empty where no warehouse can stand.
    """

    name: str
    country: str
    pair: str | None = None
    zones: int = 3
    site: str = ""

    @property
    def restricted(self) -> bool:
        """Whether Microsoft opens it on request only."""
        return self.zones == 1

    @property
    def restrictions(self) -> tuple[str, ...]:
        """What a user must know before choosing it."""
        return (RESTRICTED if self.restricted else ()) + (() if self.pair else UNPAIRED)


_TABLES: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "data" / "regions.toml").read_text()
)
REGIONS: Mapping[str, Region] = MappingProxyType(
    {
        name: Region(name, **told)
        for table in _TABLES.values()
        for name, told in table["regions"].items()
    }
)
"""Region by Azure's name."""

PLACES: Mapping[str, Region] = MappingProxyType(
    {region.site: region for region in REGIONS.values() if region.site}
)
"""Region by logical site."""

SITES: Mapping[str, Site] = MappingProxyType(
    {
        name: Site(
            name=name,
            country=region.country,
            regions=MappingProxyType(dict.fromkeys(SERVICES, region.name)),
            zones=region.zones,
            restrictions=region.restrictions,
            pair=region.pair,
        )
        for name, region in PLACES.items()
    }
)
"""Every site, by name."""


def copies_to_pair(primary: str, recovery: str | None, countries: tuple[str, ...]) -> bool:
    """Whether geo-redundant copies of `primary` land at the recovery site, in allowed countries.

    Azure lets nobody choose where a geo-redundant copy goes: it is always the region's pair.
    """
    if recovery is None or PLACES[primary].pair != PLACES[recovery].name:
        return False
    return PLACES[recovery].country in countries
