"""A logical place, as a provider maps it to regions of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Site:
    """A logical place, as a provider maps it to regions of its own.

    Attributes:
        name: logical name, such as `fr-paris`.
        country: ISO 3166-1 alpha-2; None where it is not known.
        regions: region name by service of the provider.
        zones: number of independent zones.
        restrictions: what a user must know before choosing it.
        pair: the region to which the provider itself copies, where it lets nobody choose another.
    """

    name: str
    country: str | None
    regions: Mapping[str, str]
    zones: int = 1
    restrictions: tuple[str, ...] = ()
    pair: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The site as JSON-ready values."""
        return {
            "name": self.name,
            "country": self.country,
            "regions": dict(self.regions),
            "zones": self.zones,
            "restrictions": list(self.restrictions),
            "pair": self.pair,
        }
