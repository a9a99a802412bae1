"""Sites: logical places, and the name that each OVHcloud service gives them.

Sources: OVHcloud's Object Storage endpoints and locations (read 2026-02-03), the regions named
in the documentation of its Terraform provider (2026-08-21), its OKMS architecture guide
(2025-06-18) and the threads of ovh/public-cloud-roadmap named below.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_REGISTRY = "no source names a registry here: the setting `registry_region` names another place"
NO_OKMS = "no OKMS here: keys are held in France, if the spec allows it"
NO_COMPUTE = "no source names its compute region: the setting `compute_region` must"
OTHER_PLANS = (
    "plans and flavors of databases differ here (ovh/docs#8231, 2025-07-31): check the settings "
    "`database_plan` and `database_flavors` against the project's capabilities"
)
ONE_ZONE = "one zone"

_LISTED = (
    Site(
        "fr-paris",
        "FR",
        {
            "storage": "EU-WEST-PAR",
            "s3": "eu-west-par",
            "compute": "EU-WEST-PAR",
            "database": "EU-WEST-PAR",  # public-cloud-roadmap#139, 2025-04-28
            "okms": "eu-west-par",
            "registry": "EU-WEST-PAR",  # public-cloud-roadmap#869, 2025-09-04
        },
        3,
        (OTHER_PLANS,),
    ),
    Site(
        "fr-province",
        "FR",
        {
            "storage": "GRA",
            "s3": "gra",
            "compute": "GRA11",
            "database": "GRA",
            "okms": "eu-west-rbx",
            "registry": "GRA",
        },
        1,
        (ONE_ZONE, "no OKMS in Gravelines: keys are held in Roubaix"),
    ),
    Site(
        "fr-strasbourg",
        "FR",
        {
            "storage": "SBG",
            "s3": "sbg",
            "compute": "SBG5",
            "database": "SBG",
            "okms": "eu-west-sbg",
        },
        1,
        (ONE_ZONE, NO_REGISTRY),
    ),
    Site(
        "fr-roubaix",
        "FR",
        {
            "storage": "RBX",
            "s3": "rbx",
            "compute": "RBX-A",
            "database": "RBX",  # public-cloud-roadmap#832, closed in 2026
            "okms": "eu-west-rbx",
        },
        1,
        (ONE_ZONE, NO_REGISTRY),
    ),
    Site(
        "de-frankfurt",
        "DE",
        {"storage": "DE", "s3": "de", "compute": "DE1", "database": "DE"},
        1,
        (ONE_ZONE, NO_OKMS, NO_REGISTRY),
    ),
    Site(
        "pl-warsaw",
        "PL",
        {"storage": "WAW", "s3": "waw", "compute": "WAW1", "database": "WAW"},
        1,
        (ONE_ZONE, NO_OKMS, NO_REGISTRY),
    ),
    Site(
        "it-milan",
        "IT",
        {
            "storage": "EU-SOUTH-MIL",
            "s3": "eu-south-mil",
            "database": "EU-SOUTH-MIL",  # public-cloud-roadmap#855
        },
        3,
        (
            NO_OKMS,
            NO_REGISTRY,
            NO_COMPUTE,
            "no source names its zones: a cluster needs the setting `availability_zones`",
        ),
    ),
    Site(
        "gb-london",
        "GB",
        {"storage": "UK", "s3": "uk", "database": "UK"},
        1,
        (
            "not in the European Union",
            ONE_ZONE,
            NO_OKMS,
            NO_REGISTRY,
            NO_COMPUTE,
        ),
    ),
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
