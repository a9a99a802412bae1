"""Sites: logical places, and the name that each OVHcloud service gives them.

Sources: OVHcloud's Object Storage endpoints and locations (read 2026-02-03), the regions named
in the documentation of its Terraform provider (2026-08-21), its OKMS architecture guide
(2025-06-18) and the threads of ovh/public-cloud-roadmap named below.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.provider.sites import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_REGISTRY = "no registry is known here, so set `registry_region` to another place"
NO_OKMS = "no OKMS here, so keys are stored in France if the warehouse file allows it"
NO_COMPUTE = "no compute region is known here, so set `compute_region`"
NO_ZONES = "no availability zones are known here, so a cluster needs `availability_zones`"
OTHER_PLANS = (
    "database plans and flavors differ here (ovh/docs#8231, 2025-07-31), so check `database_plan` "
    "and `database_flavors` against the project's capabilities"
)
UNNAMED_PLANS = (
    "no public source that was read names database plans here, so check `database_plan` and "
    "`database_flavors` against the project's capabilities"
)
ONE_ZONE = "one availability zone"
OUTSIDE = "not in the European Union"
ELSEWHERE = "no OKMS in Gravelines, so keys are stored in Roubaix"


def _site(name: str, storage: str, *notes: str, zones: int = 1, **others: str) -> Site:
    """A site; S3 and databases call it as buckets do, and what it lacks is a restriction."""
    lacking = {"okms": NO_OKMS, "registry": NO_REGISTRY, "compute": NO_COMPUTE}
    told = [ONE_ZONE] if zones == 1 else []
    told += [why for service, why in lacking.items() if service not in others]
    regions = {"storage": storage, "s3": storage.lower(), "database": storage, **others}
    return Site(name, name[:2].upper(), regions, zones, (*told, *notes))


# Databases: public-cloud-roadmap#139, 2025-04-28 (Paris), #832, closed in 2026 (Roubaix), #855
# (Milan). Registry in Paris: #869, 2025-09-04.
_PARIS = {"compute": "EU-WEST-PAR", "okms": "eu-west-par", "registry": "EU-WEST-PAR"}
_LISTED = (
    _site("fr-paris", "EU-WEST-PAR", OTHER_PLANS, zones=3, **_PARIS),
    _site("fr-province", "GRA", ELSEWHERE, compute="GRA11", okms="eu-west-rbx", registry="GRA"),
    _site("fr-strasbourg", "SBG", compute="SBG5", okms="eu-west-sbg"),
    _site("fr-roubaix", "RBX", UNNAMED_PLANS, compute="RBX-A", okms="eu-west-rbx"),
    _site("de-frankfurt", "DE", compute="DE1"),
    _site("pl-warsaw", "WAW", compute="WAW1"),
    _site("it-milan", "EU-SOUTH-MIL", NO_ZONES, UNNAMED_PLANS, zones=3),
    _site("gb-london", "UK", OUTSIDE),
)

SITES: Mapping[str, Site] = MappingProxyType({site.name: site for site in _LISTED})
"""Sites by name."""

ZONE_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"EU-WEST-PAR": ("eu-west-par-a", "eu-west-par-b", "eu-west-par-c")}
)
"""Zones by compute region, where it has several."""

OKMS_COUNTRIES: Mapping[str, str] = MappingProxyType(
    {"eu-west-par": "FR", "eu-west-rbx": "FR", "eu-west-sbg": "FR"}
)
"""Country of each OKMS region of the European Union."""

OKMS_COPIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "eu-west-rbx": ("SBG", "GRA"),
        "eu-west-sbg": ("RBX", "GRA"),
        "eu-west-par": ("GRA", "SBG"),
    }
)
"""Where OKMS copies keys and keeps their backups, by region (OKMS architecture, 2025-06-18)."""

DATABASE_BACKUPS: Mapping[str, str] = MappingProxyType(
    {"GRA": "SBG", "SBG": "GRA", "UK": "GRA", "DE": "GRA", "WAW": "GRA", "BHS": "SBG"}
)
"""Where a database's backups go besides its own region, unless told otherwise."""

S3_ENDPOINT = "https://s3.{region}.io.cloud.ovh.net"
"""Endpoint of a storage region; the only one that knows lifecycle rules."""


def region(site: Site, service: str) -> str:
    """The name that a service gives to a site.

    Raises:
        InputError: the service is not there, or no source says how it names the place.
    """
    if service in site.regions:
        return site.regions[service]
    having = ", ".join(sorted(name for name, other in SITES.items() if service in other.regions))
    message = f"site `{site.name}` has no {service} on provider `ovh`"
    raise InputError(message, f"Choose a site that has: {having}.")


def endpoint(site: Site) -> str:
    """The S3 endpoint of a site."""
    return S3_ENDPOINT.format(region=region(site, "s3"))
