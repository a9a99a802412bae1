"""From OVHcloud's many names of a region to countries, and the copies that nobody named.

A region is named otherwise by each service: `GRA` (buckets, databases), `GRA11` (compute),
`gra` (S3), `EU-WEST-PAR` and its zone `eu-west-par-a`, `eu-west-rbx` (OKMS).
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.model import Copy, Place
from havre_ovh.sites import DATABASE_BACKUPS, OKMS_COPIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


CITIES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("GRA", "RBX", "SBG", "PAR"), "FR"),
        **dict.fromkeys(("DE", "LIM"), "DE"),
        **dict.fromkeys(("UK", "ERI"), "GB"),
        "WAW": "PL",
        "MIL": "IT",
        "MAD": "ES",
        **dict.fromkeys(("BHS", "TOR"), "CA"),
        "SGP": "SG",
        "SYD": "AU",
        "MUM": "IN",
    }
)
"""Country of each place that OVHcloud's regions are called after."""

CONTINENTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "EU": frozenset({"FR", "DE", "GB", "PL", "IT", "ES"}),
        "CA": frozenset({"CA"}),
        "AP": frozenset({"SG", "AU", "IN"}),
    }
)
"""Countries of each prefix: a name that contradicts itself is unknown."""

NAME = re.compile(
    r"(?:(?P<continent>[A-Z]{2})-[A-Z]+-(?:LZ-)?)?(?P<city>[A-Z]{2,3})[0-9]*(?:-[A-Z]|-ARCHIVE)?"
)

DEFAULT_BACKUP = "backupRegions unset: OVHcloud chooses the second region"
OKMS_KEEPS = "OKMS copies keys and backs them up in other regions"
DECLARED = "its own description, since no argument places it"


def country(region: str) -> str | None:
    """ISO country of a region or zone, in any service's spelling; None where it is not known."""
    found = NAME.fullmatch(region.strip().upper())
    if found is None:
        return None
    where, continent = CITIES.get(found["city"]), found["continent"]
    return where if continent is None or where in CONTINENTS.get(continent, ()) else None


def place(copy: Copy, region: object, implied: str = "") -> Place:
    """A copy in a region; one that is not named is nowhere known."""
    name = "" if region is None else str(region)
    return Place(copy, name, country(name), implied)


def backups(nodes: Iterable[str], named: Iterable[str]) -> tuple[Place, ...]:
    """Where a database's backups lie: where it is said, or where OVHcloud puts them unasked."""
    said = tuple(place(Copy.BACKUP, region) for region in named)
    if said:
        return said
    own = dict.fromkeys(nodes)
    others = (DATABASE_BACKUPS.get(region.upper().rstrip("0123456789")) for region in own)
    return tuple(place(Copy.BACKUP, region, DEFAULT_BACKUP) for region in (*own, *others))


def keys(region: str, implied: str = "") -> tuple[Place, ...]:
    """Where the keys of an OKMS domain lie, with the copies that the service keeps."""
    copies = OKMS_COPIES.get(region.lower(), (None,))
    return (
        place(Copy.KEY, region, implied),
        *(place(Copy.KEY, other, OKMS_KEEPS) for other in copies),
    )
