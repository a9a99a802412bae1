"""What the parts share: names, labels, places, and values that Pulumi's plugin does not check.

The plugin refuses neither names, periods nor policies that the API will refuse; and a bucket's
misspelt argument makes a bucket without it. What depends on file and settings alone is refused
before that: see `havre_ovh.checks`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.provider.context import tags
from havre.provider.conventions import replaced
from havre.spec.model import Availability
from havre.spec.subnets import subnets
from havre_ovh import sites

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network

    from havre.provider.context import Context
    from havre_ovh.settings import OvhSettings

PLANS = {"business": 2, "enterprise": 3, "production": 2, "advanced": 3}
"""Nodes by plan of PostgreSQL (terraform-provider-ovh#1327; documentation of the plans)."""
FLAVORS: Mapping[str, Mapping[str, str]] = {
    "db1": {"s": "db1-7", "m": "db1-15", "l": "db1-30", "xl": "db1-60"},
    "b3": {"s": "b3-8", "m": "b3-16", "l": "b3-32", "xl": "b3-64"},
}
"""Flavors by family and size: about 8, 16, 32 and 64 GiB of memory."""
REPLICA = "replica"


def own_key(context: Context[OvhSettings], key: str) -> str:
    """What a bucket beside those of the zones is called in their part: never like a zone."""
    while key in context.spec.zones:
        key += "-own"
    return key


def digest(*words: str) -> str:
    """Eight digits that tell apart what bears the same name in another project."""
    return hashlib.sha256("/".join(words).encode()).hexdigest()[:8]


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


def labels(context: Context[OvhSettings], **more: str) -> dict[str, str]:
    """The labels of a bucket, the only resource of ours that bears any."""
    return {key: label(value) for key, value in {**context.tags, **more}.items()}


def describe(context: Context[OvhSettings], what: str) -> str:
    """A description that stands for the labels where a resource bears none."""
    own = tags(context.spec).items()  # those of the organisation may come and go
    found = " ".join(f"{key}={value}" for key, value in sorted(own))
    return ascii_text(f"{what}; {found}")


def allowed(context: Context[OvhSettings]) -> list[str]:
    """Addresses that may reach what listens publicly.

    An empty list would let everybody in; so where nobody is named, it is the private address
    space, from which no request comes.
    """
    named = [*context.spec.network.administration, *context.settings.source_addresses]
    return list(dict.fromkeys(named)) or [context.spec.network.address_space]


def routed(context: Context[OvhSettings]) -> bool:
    """Whether anything needs a way out; otherwise no segment has one."""
    return bool(context.spec.cluster or context.spec.network.egress)


def segments(context: Context[OvhSettings], space: str) -> dict[str, IPv4Network]:
    """The segments of a site: as the stack plans them, else as they are computed."""
    settings = context.settings
    primary = space == context.spec.network.address_space
    plan = settings.address_plan if primary else settings.recovery_address_plan
    return replaced(subnets(space, context.spec), plan)


def compute_region(context: Context[OvhSettings]) -> str:
    """The compute region of the primary site."""
    return context.settings.compute_region or sites.region(context.primary, "compute")


def okms_region(context: Context[OvhSettings]) -> str | None:
    """The region of the OKMS domain, if one is known."""
    return context.settings.okms_region or context.primary.regions.get("okms")


def zone_names(context: Context[OvhSettings]) -> tuple[str, ...]:
    """Names of the zones over which a cluster is spread; none in a region of one zone."""
    found = context.settings.availability_zones
    if found is None:
        found = sites.ZONE_NAMES.get(compute_region(context), ())
    several = context.spec.cluster and context.spec.cluster.availability is Availability.MULTI_ZONE
    return found if several else found[:1]


def database_plan(context: Context[OvhSettings]) -> str:
    """The plan of the database; never essential, which HDS excludes and which has one node."""
    several = context.spec.database.availability is Availability.MULTI_ZONE
    return context.settings.database_plan or ("enterprise" if several else "business")


def period(days: int) -> str:
    """A lock period as the API wants it: ISO 8601, in days.

    Raises:
        InputError: the number of days is not positive.
    """
    if days < 1:
        message = f"a lock of {days} days"
        raise InputError(message, "Set at least one day, or no lock.")
    return f"P{days}D"


def network_regions(context: Context[OvhSettings]) -> list[str]:
    """Compute regions of the network, always named: unset would mean all of them."""
    found = [compute_region(context)]
    if context.recovery and context.spec.network.recovery_address_space:
        found.append(sites.region(context.recovery, "compute"))
    return list(dict.fromkeys(found))
