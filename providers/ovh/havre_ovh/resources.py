"""What the parts share: names, labels, places, and the checks that Pulumi's plugin omits.

The plugin refuses neither unknown regions nor names, periods, addresses or policies that the
API will refuse; and a bucket's misspelt argument makes a bucket without it. So everything is
checked here, before any resource is made.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING

import pulumi

from havre.errors import InputError
from havre.spec.model import Availability, KeyProtection
from havre.spec.rules import PRIVATE, WIDEST_ADMINISTRATION
from havre_ovh import sites

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.provider.parts import Common
    from havre.provider.sites import Site
    from havre_ovh.settings import OvhSettings

PLANS = {"business": 2, "enterprise": 3, "production": 2, "advanced": 3}
"""Nodes by plan of PostgreSQL (terraform-provider-ovh#1327; documentation of the plans)."""
DATABASE_VERSIONS = ("14", "15", "16", "17", "18")
"""Major versions of PostgreSQL (ovh/docs#8452, 2025-09-30; 14 ended 2026-11-12, roadmap#1255)."""
FLAVORS: Mapping[str, Mapping[str, str]] = {
    "db1": {"s": "db1-7", "m": "db1-15", "l": "db1-30", "xl": "db1-60"},
    "b3": {"s": "b3-8", "m": "b3-16", "l": "b3-32", "xl": "b3-64"},
}
"""Flavors by family and size: about 8, 16, 32 and 64 GiB of memory."""
REPLICA = "replica"


def digest(*words: str) -> str:
    """Eight digits that tell apart what bears the same name in another project."""
    return hashlib.sha256("/".join(words).encode()).hexdigest()[:8]


def bucket_name(settings: OvhSettings, common: Common, *words: str) -> str:
    """A bucket's name: unique among all customers', and within the limits."""
    return checked_bucket(common.name("--".join(words), digest(settings.service_name)))


def checked_bucket(name: str) -> str:
    """`name`, if a bucket can bear it.

    Raises:
        InputError: it has not 3 to 63 lower-case letters, digits and hyphens.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name):
        message = f"bucket name `{name}`: 3 to 63 lower-case letters, digits or hyphens are needed"
        raise InputError(message, "Shorten or rename the warehouse or the zone.")
    return name


def ascii_text(text: str) -> str:
    """`text` without accents or other characters beyond ASCII."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(plain.split())


def label(text: str) -> str:
    """`text` as the value of a tag: at most 256 of the characters that OVHcloud accepts."""
    return re.sub(r"[^a-zA-Z0-9_.:/=+@-]+", "-", ascii_text(text))[:256].strip("-")


def labels(common: Common, **more: str) -> dict[str, str]:
    """The labels of a bucket, the only resource of ours that bears any."""
    return {key: label(value) for key, value in {**common.tags, **more}.items()}


def describe(common: Common, what: str) -> str:
    """A description that stands for the labels where a resource bears none."""
    tags = " ".join(f"{key}={value}" for key, value in sorted(common.tags.items()))
    return ascii_text(f"{what}; {tags}")


@dataclass(frozen=True)
class Scope:
    """What the functions of a part share.

    Attributes:
        settings: of the stack.
        common: what every part is given.
        name: logical name of the part.
        part: the component below which its resources stand.
    """

    settings: OvhSettings
    common: Common
    name: str
    part: pulumi.ComponentResource

    @property
    def project(self) -> str:
        """The Public Cloud project."""
        return self.settings.service_name

    def below(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of a resource of the part."""
        return pulumi.ResourceOptions(parent=self.part, depends_on=list(depends_on))

    def guarded(self) -> pulumi.ResourceOptions:
        """Options of what bears data: destroying a bucket would empty it first."""
        guard = self.common.spec.protection.deletion
        return pulumi.ResourceOptions(parent=self.part, protect=guard, retain_on_delete=guard)


def allowed(settings: OvhSettings, common: Common) -> list[str]:
    """Addresses that may reach what listens publicly.

    An empty list would let everybody in; so where nobody is named, it is the private address
    space, from which no request comes.
    """
    named = [*common.spec.network.administration, *settings.source_addresses]
    return list(dict.fromkeys(named)) or [common.spec.network.address_space]


def compute_region(settings: OvhSettings, site: Site) -> str:
    """The compute region of the primary site."""
    return settings.compute_region or sites.region(site, "compute")


def okms_region(settings: OvhSettings, common: Common) -> str | None:
    """The region of the OKMS domain, if one is known."""
    return settings.okms_region or common.primary.regions.get("okms")


def own_keys(common: Common) -> bool:
    """Whether the warehouse has keys of its own."""
    return common.spec.encryption.keys is not KeyProtection.PROVIDER


def zone_names(settings: OvhSettings, common: Common) -> tuple[str, ...]:
    """Names of the zones over which a cluster is spread; none in a region of one zone."""
    found = settings.availability_zones
    if found is None:
        found = sites.ZONE_NAMES.get(compute_region(settings, common.primary), ())
    several = common.spec.cluster and common.spec.cluster.availability is Availability.MULTI_ZONE
    return found if several else found[:1]


def database_plan(settings: OvhSettings, common: Common) -> str:
    """The plan of the database; never essential, which HDS excludes and which has one node."""
    several = common.spec.database.availability is Availability.MULTI_ZONE
    return settings.database_plan or ("enterprise" if several else "business")


def checked_policy(document: str) -> str:
    """`document`, if it is an S3 policy in JSON that grants no wildcard.

    Raises:
        InputError: it is not.
    """
    try:
        statements = json.loads(document)["Statement"]
        granted = [action for s in statements for action in s["Action"]]
        resources = [resource for s in statements for resource in s["Resource"]]
    except (ValueError, KeyError, TypeError) as error:
        message = f"an S3 policy is no JSON document with statements: {type(error).__name__}"
        raise InputError(message, "Give a document with Statement, Action and Resource.") from None
    if any("*" in action for action in granted) or "arn:aws:s3:::*" in resources:
        message = "an S3 policy grants all actions or all buckets"
        raise InputError(message, "Name each action and each bucket.")
    return document


def period(days: int) -> str:
    """A lock period as the API wants it: ISO 8601, in days.

    Raises:
        InputError: the number of days is not positive.
    """
    if days < 1:
        message = f"a lock of {days} days"
        raise InputError(message, "Ask for at least one day, or for no lock.")
    return f"P{days}D"


@dataclass(frozen=True)
class Fault:
    """What is wrong with the settings for a spec, and what to do."""

    message: str
    remedy: str


def check(settings: OvhSettings, common: Common) -> None:
    """Refuse what cannot be deployed, before any resource is made.

    Raises:
        InputError: everything that is wrong, each with its remedy.
    """
    faults = [*_missing(settings, common), *_misplaced(settings, common), *_wrong(settings, common)]
    if faults:
        message = "settings of provider `ovh`: " + "; ".join(fault.message for fault in faults)
        raise InputError(message, " ".join(fault.remedy for fault in faults))


def _missing(settings: OvhSettings, common: Common) -> Iterator[Fault]:
    if own_keys(common) and settings.okms_id is None:
        kept = f"encryption.keys is `{common.spec.encryption.keys}`, but `okms_id` is not set"
        yield Fault(kept, "Set `okms_id` to an OKMS domain of the account.")
    if own_keys(common) and okms_region(settings, common) is None:
        yield Fault(
            f"site `{common.primary.name}` has no OKMS, and `okms_region` is not set",
            "Set `okms_region` to the region of the OKMS domain.",
        )
    if common.spec.registry and settings.registry_plan_id is None:
        yield Fault("a registry is asked for, but `registry_plan_id` is not set", _PLAN)
    if common.spec.registry and not (settings.registry_region or _home(common, "registry")):
        yield Fault(
            f"no source names a registry at site `{common.primary.name}`",
            "Set `registry_region` to a region of the allowed countries.",
        )
    if not (settings.compute_region or _home(common, "compute")):
        yield Fault(
            f"no source names the compute region of site `{common.primary.name}`",
            "Set `compute_region`.",
        )
    elif common.spec.cluster and common.primary.zones > 1 and not zone_names(settings, common):
        yield Fault(
            f"no source names the zones of site `{common.primary.name}`",
            "Set `availability_zones`.",
        )


_PLAN = "Set `registry_plan_id`; `ovh.cloudproject.get_capabilities_container_filter` tells it."


def _home(common: Common, service: str) -> str | None:
    return common.primary.regions.get(service)


def _misplaced(settings: OvhSettings, common: Common) -> Iterator[Fault]:
    """Places outside the allowed countries, and regions that are not the site's."""
    countries = common.spec.residency.countries
    keys = sites.OKMS_COUNTRIES.get(okms_region(settings, common) or "")
    if own_keys(common) and keys and keys not in countries:
        yield Fault(
            f"keys would lie in {keys}, outside {', '.join(countries)}",
            f"Allow {keys} in residency.countries, or let the provider hold the keys.",
        )
    logs = (settings.ldp_site or "")[:2].upper()
    if logs and logs not in countries:
        yield Fault(
            f"logs would lie in {logs} (`ldp_site`), outside {', '.join(countries)}",
            "Give a Logs Data Platform account in an allowed country.",
        )
    if settings.compute_region and not _within(settings.compute_region, common.primary):
        yield Fault(
            f"`compute_region` {settings.compute_region} is not at site `{common.primary.name}`",
            f"It begins with {common.primary.regions['storage']}.",
        )
    if settings.registry_region and registry_country(settings.registry_region) not in countries:
        yield Fault(
            f"`registry_region` {settings.registry_region} is in no allowed country",
            f"Its country must be among {', '.join(countries)}.",
        )


def _within(region: str, site: Site) -> bool:
    return (
        re.fullmatch(rf"{re.escape(site.regions['storage'])}([0-9]+|-[A-Z])?", region) is not None
    )


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


def _wrong(settings: OvhSettings, common: Common) -> Iterator[Fault]:
    """What the plugin lets pass: versions, projects that do not exist, overlapping addresses."""
    version = str(common.spec.database.version)
    if version not in DATABASE_VERSIONS:
        yield Fault(
            f"PostgreSQL {version} is not offered",
            f"Ask for one of {', '.join(DATABASE_VERSIONS)}.",
        )
    unknown = sorted(set(settings.project_groups) - set(common.spec.projects))
    if unknown:
        yield Fault(
            f"`project_groups` names the unknown projects {', '.join(unknown)}",
            "Name projects of the spec.",
        )
    for address in settings.source_addresses:
        if not _public(address):
            yield Fault(
                f"`source_addresses` {address} is no public network of yours",
                "Give the public addresses of the gateway.",
            )
