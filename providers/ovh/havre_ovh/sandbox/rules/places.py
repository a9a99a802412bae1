"""Regions, closed lists of values, and addresses."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from havre_ovh import sites
from havre_ovh.capabilities import DATA
from havre_ovh.sandbox.rules.codes import refusal
from havre_sandbox.reading import items, sections, text, value
from havre_sandbox.refusals import rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

BUCKET = "ovh:CloudProject/storage:Storage"
LIFECYCLE = (
    "ovh:index/cloudProjectStorageObjectBucketLifecycleConfiguration:"
    "CloudProjectStorageObjectBucketLifecycleConfiguration"
)
NETWORK = "ovh:CloudProject/networkPrivate:NetworkPrivate"
SUBNET = "ovh:CloudProject/networkPrivateSubnetV2:NetworkPrivateSubnetV2"
GATEWAY = "ovh:index/cloudGateway:CloudGateway"
GROUP = "ovh:index/cloudSecurityGroup:CloudSecurityGroup"
DATABASE = "ovh:CloudProject/database:Database"
CLUSTER = "ovh:CloudProject/kube:Kube"
REGISTRY = "ovh:CloudProject/containerRegistry:ContainerRegistry"
STORED = {BUCKET: "regionName", LIFECYCLE: "regionName", REGISTRY: "region"}
COMPUTED = {
    NETWORK: "regions",
    SUBNET: "region",
    GATEWAY: "region",
    GROUP: "region",
    CLUSTER: "region",
}
STORAGE_REGIONS = frozenset(
    {
        *(site.regions["storage"] for site in sites.SITES.values()),
        *("BHS", "CA-EAST-TOR", "SGP", "SYD", "AP-SOUTHEAST-SYD", "AP-SOUTH-MUM"),
        *("US-EAST-VA", "US-WEST-OR", "EU-SOUTH-LZ-MAD-A"),
    }
)
"""Regions of buckets (OVHcloud, Object Storage endpoints and locations, 2026-02-03)."""
COMPUTE_REGION = re.compile(
    r"(GRA|SBG|RBX|DE|WAW|UK|BHS|SGP|SYD|MUM)\d{1,2}|RBX-A|EU-WEST-PAR|EU-SOUTH-MIL"
    r"|CA-EAST-TOR|AP-SOUTH-MUM-\d|US-(EAST-VA|WEST-OR)-\d|[A-Z]+-[A-Z]+-LZ-[A-Z]{3}-[A-Z]"
)
"""Shape of the regions of computing (the same, and the provider's documentation)."""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PLUGINS = frozenset({"storage", "keys"})
"""Sources of lists that the plugin's own check holds."""
EITHER_GENERATION = {(DATABASE, "plan")}
"""Lists that the docstring of the SDK does not complete: see `databases`."""
Network = IPv4Network | IPv6Network


def parsed(found: Any) -> Network | None:
    """A network or an address; None for anything else."""
    try:
        return ip_network(found) if isinstance(found, str) else None
    except ValueError:
        return None


def overlap(one: Network, other: Network) -> bool:
    """Whether two networks share an address."""
    return one.version == other.version and one.overlaps(other)


@cache
def lists() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Values of closed lists by type and path: see the data file `values`."""
    found = tomllib.loads((DATA / "values.toml").read_text(encoding="utf-8"))
    return {kind: rows for kind, rows in found.items() if kind.startswith("ovh:")}


def _values(found: Any, steps: list[str]) -> Iterator[Any]:
    """Every known text or number at a dotted path, in each item of a list."""
    if isinstance(found, list):
        for each in found:
            yield from _values(each, steps)
    elif not steps:
        yield from [found] if isinstance(found, str | int | float) else []
    elif isinstance(found, dict) and steps[0] in found:
        yield from _values(found[steps[0]], steps[1:])


@rule(beforehand=True)
def listed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A value of a closed list is one of them, in its own spelling."""
    for path, row in lists().get(proposed.token, {}).items():
        if (proposed.token, path) in EITHER_GENERATION:
            continue
        for each in _values(dict(proposed.properties), path.split(".")):
            if each not in row["values"]:
                wanted = ", ".join(str(one) for one in row["values"])
                fault = "checked-value" if row.get("source") in PLUGINS else "value"
                yield refusal(fault, f"`{each}` is not one of {wanted}.", path)


@rule(*STORED, beforehand=True)
def stored(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Buckets and registries are in a region of storage."""
    path = STORED[proposed.token]
    region = text(proposed.properties, path)
    if region and region not in STORAGE_REGIONS:
        yield refusal("region", f"There is no region `{region}`.", path)


@rule(*COMPUTED, beforehand=True)
def computed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Networks and clusters are in a region of computing."""
    path = COMPUTED[proposed.token]
    told = value(proposed.properties, path)
    for region in told if isinstance(told, list) else [told]:
        if isinstance(region, str) and not COMPUTE_REGION.fullmatch(region):
            yield refusal("region", f"There is no region `{region}` of computing.", path)


_ALLOWED = {
    "ovh:CloudProject/kubeIpRestrictions:KubeIpRestrictions": ("ips", ""),
    "ovh:CloudProject/containerRegistryIPRestrictionsManagement:"
    "ContainerRegistryIPRestrictionsManagement": ("ipRestrictions", "ip_block"),
    "ovh:CloudProject/containerRegistryIPRestrictionsRegistry:"
    "ContainerRegistryIPRestrictionsRegistry": ("ipRestrictions", "ip_block"),
    DATABASE: ("ipRestrictions", "ip"),
}
"""Where the addresses are that may connect, by type."""


@rule(*_ALLOWED, beforehand=True)
def addressed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Addresses that may connect are addresses."""
    path, key = _ALLOWED[proposed.token]
    told = items(proposed.properties, path)
    if key:
        told = [each.get(key) for each in sections(proposed.properties, path)]
    for place, each in enumerate(told):
        if isinstance(each, str) and parsed(each) is None:
            yield refusal("addresses", f"`{each}` is not an address.", f"{path}[{place}]")


@rule(REGISTRY, beforehand=True)
def planned(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A registry's plan is named by its UUID."""
    plan = text(proposed.properties, "planId")
    if plan and not UUID.fullmatch(plan):
        yield refusal("registry-plan", f"`{plan}` is not the UUID of a plan.", "planId")


RULES = (listed, stored, computed, addressed, planned)
