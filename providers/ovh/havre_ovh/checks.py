"""What OVHcloud's API would refuse, and what Pulumi's plugin lets pass, said beforehand."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING

from havre.provider.faults import SETTINGS, ProviderFault
from havre.spec.rules import PRIVATE, WIDEST_ADMINISTRATION
from havre_ovh import resources as shared
from havre_ovh import sites
from havre_ovh.conventions.faults import convention_faults
from havre_ovh.estate import estate_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Context
    from havre.provider.sites import Site
    from havre_ovh.settings import OvhSettings

DATABASE_VERSIONS = ("14", "15", "16", "17", "18")
"""Major versions of PostgreSQL (ovh/docs#8452, 2025-09-30; 14 ended 2026-11-12, roadmap#1255)."""
KUBERNETES_ADDRESSES = ("10.3.0.0/16", "10.240.0.0/13")
"""Addresses of services and pods in a managed Kubernetes of the plan `standard`: a network of the
same addresses breaks it (ovh/docs, managed_kubernetes, known limits and networking; prefapp/tfm,
ovh-network)."""
_PLAN = "Set `registry_plan_id`. `cloudproject.get_capabilities_container_filter` lists the plans."


def check(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    """Every fault of a warehouse's file and settings."""
    for rule in (
        _keys,
        _registry,
        _compute,
        _owner,
        _recovery,
        _logs,
        _database,
        _projects,
        _addresses,
        _network,
    ):
        yield from rule(context)
    places = (context.primary, context.recovery)
    if all(site is None or "compute" in site.regions for site in places):
        yield from estate_faults(context.settings, shared.network_regions(context))
    if all(site is None or "s3" in site.regions for site in places):  # buckets are named by region
        yield from convention_faults(context)


def _setting(name: str, message: str, remedy: str) -> ProviderFault:
    return ProviderFault((SETTINGS, name), message, remedy)


def _keys(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    if not context.own_keys:
        return
    if context.settings.okms_id is None:
        asked = context.spec.encryption.keys
        message = f"encryption.keys is `{asked}`, but `okms_id` is not set"
        yield _setting("okms_id", message, "Set `okms_id` to an OKMS domain of the account.")
    place = shared.okms_region(context)
    if place is None:
        message = f"site `{context.primary.name}` has no OKMS, and `okms_region` is not set"
        remedy = "Set `okms_region` to the region of the OKMS domain."
        yield _setting("okms_region", message, remedy)
    country = sites.OKMS_COUNTRIES.get(place or "")
    allowed = context.spec.residency.countries
    if country and country not in allowed:
        message = f"keys would be stored in {country}, outside {', '.join(allowed)}"
        remedy = f"Allow {country} in residency.countries, or let the provider manage the keys."
        yield ProviderFault(("residency", "countries"), message, remedy)


def _registry(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    named = context.settings.registry_region
    countries = context.spec.residency.countries
    if context.spec.registry and context.settings.registry_plan_id is None:
        message = "the warehouse file requires a registry, but `registry_plan_id` is not set"
        yield _setting("registry_plan_id", message, _PLAN)
    if context.spec.registry and not (named or _home(context, "registry")):
        message = f"no registry is known at site `{context.primary.name}`"
        remedy = "Set `registry_region` to a region in an allowed country."
        yield _setting("registry_region", message, remedy)
    if named and registry_country(named) not in countries:
        message = f"`registry_region` {named} is not in an allowed country"
        remedy = f"Choose a region in {', '.join(countries)}."
        yield _setting("registry_region", message, remedy)


def _compute(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    named, site = context.settings.compute_region, context.primary
    if named and not _within(named, site):
        message = f"`compute_region` {named} is not at site `{site.name}`"
        yield _setting(
            "compute_region", message, f"Name a region that begins with {site.regions['storage']}."
        )
        return  # what follows from a wrong region would be wrong too
    if not (named or _home(context, "compute")):
        message = f"the compute region of site `{site.name}` is not known"
        yield _setting("compute_region", message, "Set `compute_region`.")
    elif context.spec.cluster and site.zones > 1 and not shared.zone_names(context):
        message = f"the availability zones of site `{site.name}` are not known"
        yield _setting("availability_zones", message, "Set `availability_zones`.")


def _owner(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    """Without an owner named, OVHcloud chooses one, whose keys the run may not have."""
    if context.settings.bucket_controls and context.settings.owner_user_id is None:
        message = "`bucket_controls` is on, but `owner_user_id` is not set"
        remedy = (
            "Set `owner_user_id` to the project user whose S3 keys the run uses, or set "
            "`bucket_controls` to false, which is then a gap."
        )
        yield _setting("owner_user_id", message, remedy)


def _recovery(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    """The recovery site's network needs a compute region; no setting names that one."""
    site, space = context.recovery, context.spec.network.recovery_address_space
    if site and space and "compute" not in site.regions:
        message = f"the compute region of site `{site.name}` is not known"
        remedy = "Choose another recovery site, or remove network.recovery_address_space."
        yield ProviderFault(("sites", "recovery"), message, remedy)


def _logs(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    country = (context.settings.ldp_site or "")[:2].upper()
    countries = context.spec.residency.countries
    if country and country not in countries:
        message = f"logs would be stored in {country} (`ldp_site`), outside {', '.join(countries)}"
        remedy = "Use a Logs Data Platform account in an allowed country."
        yield _setting("ldp_site", message, remedy)


def _database(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    version = str(context.spec.database.version)
    if version not in DATABASE_VERSIONS:
        message = f"PostgreSQL {version} is not offered"
        remedy = f"Choose one of {', '.join(DATABASE_VERSIONS)}."
        yield ProviderFault(("database", "version"), message, remedy)


def _projects(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    unknown = sorted(set(context.settings.project_groups) - set(context.spec.projects))
    if unknown:
        message = f"`project_groups` names the unknown projects {', '.join(unknown)}"
        yield _setting("project_groups", message, "Name projects of the warehouse file.")


def _addresses(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    for address in context.settings.source_addresses:
        if not _public(address):
            message = f"`source_addresses` {address} is private or too wide"
            remedy = "Name the public addresses of the gateway."
            yield _setting("source_addresses", message, remedy)


def _network(context: Context[OvhSettings]) -> Iterator[ProviderFault]:
    """No network of a cluster has the addresses of the cluster's own pods and services."""
    for field in ("address_space", "recovery_address_space"):
        space = getattr(context.spec.network, field)
        taken = [kept for kept in KUBERNETES_ADDRESSES if space and _overlap(space, kept)]
        if context.spec.cluster and taken:
            message = f"OVHcloud's managed Kubernetes uses {', '.join(taken)} itself"
            remedy = "Use other private addresses, such as 10.42.0.0/16."
            yield ProviderFault(("network", field), message, remedy)


def _overlap(one: str, other: str) -> bool:
    return IPv4Network(one).overlaps(IPv4Network(other))


def _home(context: Context[OvhSettings], service: str) -> str | None:
    return context.primary.regions.get(service)


def _within(region: str, site: Site) -> bool:
    home = re.escape(site.regions["storage"])
    return re.fullmatch(rf"{home}([0-9]+|-[A-Z])?", region) is not None


def registry_country(region: str) -> str | None:
    """The country of a region, by the sites known."""
    return next((site.country for site in sites.SITES.values() if _within(region, site)), None)


def _public(address: str) -> bool:
    """Whether requests can come from an address: not a private one, nor from everywhere."""
    network = ip_network(address)
    inside = isinstance(network, IPv4Network) and any(
        network.subnet_of(IPv4Network(block)) for block in PRIVATE
    )
    return not inside and network.prefixlen >= WIDEST_ADMINISTRATION[network.version]
