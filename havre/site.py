"""A logical place, as a provider maps it to regions of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    """

    name: str
    country: str | None
    regions: Mapping[str, str]
    zones: int = 1
    restrictions: tuple[str, ...] = ()
