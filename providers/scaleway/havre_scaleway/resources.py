"""What the parts share: names, labels, places, and values that Pulumi's plugin does not check."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.provider.context import tags
from havre.provider.conventions import replaced
from havre.spec.model import Availability
from havre.spec.schemes import HDS
from havre.spec.subnets import subnets
from havre_scaleway import sites

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network

    from havre.provider.context import Context
    from havre.provider.sites import Site
    from havre.spec import Warehouse
    from havre_scaleway.settings import ScalewaySettings

NODES: Mapping[str, str] = {
    "s": "PRO2-XS",
    "m": "PRO2-S",
    "l": "PRO2-M",
    "xl": "PRO2-L",
}
"""Node types by size where HDS is not asked for: about 16, 32, 64 and 128 GiB of memory."""
HDS_NODES: Mapping[str, str] = {
    "s": "POP2-4C-16G",
    "m": "POP2-8C-32G",
    "l": "POP2-16C-64G",
    "xl": "POP2-32C-128G",
}
"""The same of a line within HDS (Scaleway, shared responsibility of Instances, 2026-01)."""
OUTSIDE_HDS = ("DEV1", "GP1", "PLAY2", "PRO2", "COPARM1", "ENT1")
"""Lines of node types that HDS does not cover (the same page)."""
DATABASE_NODES: Mapping[str, str] = {
    "s": "db-pro2-xxs",
    "m": "db-pro2-xs",
    "l": "db-pro2-s",
    "xl": "db-pro2-m",
}
"""Node types of the database by size: about 8, 16, 32 and 64 GiB of memory."""
UPLOAD_DAYS = 7
"""Days after which the parts of an upload that never ended are removed."""


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
    """`text` as the value of a tag."""
    return re.sub(r"[^a-zA-Z0-9_.:/=+@-]+", "-", ascii_text(text))[:200].strip("-")


def labels(context: Context[ScalewaySettings], **more: str) -> dict[str, str]:
    """The labels of a bucket, the only resource whose labels have a key."""
    return {key: label(value) for key, value in {**context.tags, **more}.items()}


def tag_list(context: Context[ScalewaySettings], **more: str) -> list[str]:
    """The labels of any other resource: words such as `owner=team`, in one order."""
    return [f"{key}={value}" for key, value in sorted(labels(context, **more).items())]


def describe(context: Context[ScalewaySettings], what: str) -> str:
    """A description that stands for the labels where a resource bears none."""
    own = tags(context.spec).items()  # those of the organisation may come and go
    found = " ".join(f"{key}={value}" for key, value in sorted(own))
    return ascii_text(f"{what}; {found}")


def allowed(context: Context[ScalewaySettings]) -> list[str]:
    """Addresses that may reach what listens publicly.

    An empty list would let everybody in; so where nobody is named, it is the private address
    space, from which no request comes.
    """
    named = [*context.spec.network.administration, *context.settings.source_addresses]
    return list(dict.fromkeys(named)) or [context.spec.network.address_space]


def routed(context: Context[ScalewaySettings]) -> bool:
    """Whether anything needs a gateway: nodes, listed destinations, or administrators."""
    network = context.spec.network
    return bool(context.spec.cluster or network.egress or network.administration)


def segments(context: Context[ScalewaySettings], space: str) -> dict[str, IPv4Network]:
    """The segments of a site: as the stack plans them, else as they are computed."""
    settings = context.settings
    primary = space == context.spec.network.address_space
    plan = settings.address_plan if primary else settings.recovery_address_plan
    return replaced(subnets(space, context.spec), plan)


def zone_names(context: Context[ScalewaySettings]) -> tuple[str, ...]:
    """Availability zones over which a cluster is spread."""
    found, cluster = sites.zones(context.primary), context.spec.cluster
    several = cluster and cluster.availability is Availability.MULTI_ZONE
    return found if several else found[:1]


def health(spec: Warehouse) -> bool:
    """Whether the file asks for HDS, whose buckets have no lifecycle rules."""
    return HDS in spec.residency.qualifications


def node_type(context: Context[ScalewaySettings]) -> str:
    """The type of the cluster's nodes."""
    cluster, types = context.spec.cluster, HDS_NODES if health(context.spec) else NODES
    return context.settings.node_type or types[cluster.size.value if cluster else "s"]


def recovery(context: Context[ScalewaySettings]) -> Site | None:
    """The recovery site, if Scaleway has a region there."""
    return sites.placed(context.recovery)
