"""Sites: logical places, and the region and zones of Scaleway at each.

Sources: regions and zones named in the documentation of its Terraform provider (2026-08-21) and in
pulumiverse-scaleway 1.60.0. The region of Milan (`it-mil`) is not a site: no source that was read
says which services it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from havre.errors import InputError
from havre.provider.sites import Site

OUTSIDE_HDS = "HDS covers France only, which is fr-par"
NO_REGION = (
    "Scaleway has one region in France (fr-par), so nothing can be placed here: choose a site in "
    "another allowed country, or keep copies with another provider"
)


def _site(name: str, region: str, *notes: str) -> Site:
    return Site(name, name[:2].upper(), {"region": region}, 3, notes)


_LISTED = {
    site.name: site
    for site in (
        _site("fr-paris", "fr-par"),
        _site("nl-amsterdam", "nl-ams", OUTSIDE_HDS),
        _site("pl-warsaw", "pl-waw", OUTSIDE_HDS),
    )
}
_LACKING = {"fr-province": Site("fr-province", "FR", {}, 1, (NO_REGION,))}
"""Places in France outside Paris, which a file may ask for. They are known, so that the gap is told
instead of a name that nobody knows; they have no region."""


class _Sites(Mapping[str, Site]):
    """The sites with a region, listed; and those known to have none, by name alone."""

    def __getitem__(self, name: str) -> Site:
        return _LISTED[name] if name in _LISTED else _LACKING[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_LISTED)

    def __len__(self) -> int:
        return len(_LISTED)


SITES: Mapping[str, Site] = _Sites()
"""Sites by name."""

COUNTRIES: Mapping[str, str] = {"fr-par": "FR", "nl-ams": "NL", "pl-waw": "PL", "it-mil": "IT"}
"""Country of each region."""

S3_ENDPOINT = "https://s3.{region}.scw.cloud"
"""Endpoint of Object Storage in a region (terraform-provider-scaleway, 2026-08-21)."""


def placed(site: Site | None) -> Site | None:
    """A site, if Scaleway has a region there."""
    return site if site is not None and "region" in site.regions else None


def region(site: Site) -> str:
    """The region of a site.

    Raises:
        InputError: Scaleway has none there.
    """
    if "region" in site.regions:
        return site.regions["region"]
    message = f"site `{site.name}` has no region on provider `scaleway`"
    raise InputError(message, f"Choose a site that has one: {', '.join(SITES)}.")


def zones(site: Site) -> tuple[str, ...]:
    """The availability zones of a site, such as `fr-par-1`."""
    return tuple(f"{region(site)}-{number}" for number in range(1, site.zones + 1))


def endpoint(site: Site) -> str:
    """The S3 endpoint of a site."""
    return S3_ENDPOINT.format(region=region(site))
