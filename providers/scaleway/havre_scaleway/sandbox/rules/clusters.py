"""Managed Kubernetes: versions, networks, pools of nodes, and who reaches the API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre_sandbox.reading import number, sections, text, value
from havre_sandbox.refusals import Act, rule
from havre_scaleway.checks import KUBERNETES_ADDRESSES
from havre_scaleway.conventions import kinds
from havre_scaleway.sandbox.rules.codes import refusal
from havre_scaleway.sandbox.rules.networks import GROUP, SEGMENT
from havre_scaleway.sandbox.rules.places import overlap, parsed, there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

CLUSTER = "scaleway:kubernetes/cluster:Cluster"
POOL = "scaleway:kubernetes/pool:Pool"
ACL = "scaleway:kubernetes/acl:Acl"
REGISTRY = "scaleway:registry/namespace:Namespace"
VERSION = re.compile(r"1\.(\d+)(\.\d+)?")
KIND = re.compile(r"(kapsule|multicloud)(-dedicated-(4|8|16))?")
"""Types of clusters (docstring of the SDK)."""


def _minor(version: str) -> int | None:
    found = VERSION.fullmatch(version)
    return int(found[1]) if found else None


@rule(CLUSTER, beforehand=True)
def described(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A version is written as numbers, and the type is offered."""
    version, kind = (text(proposed.properties, path) for path in ("version", "type"))
    if version and _minor(version) is None:
        yield refusal("version", f"`{version}` is not a version such as 1.35.0.", "version")
    if kind and not KIND.fullmatch(kind):
        yield refusal("cluster-type", f"`{kind}` is not a type of clusters.", "type")


@rule(CLUSTER, acts=(Act.UPDATE,))
def stepped(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A cluster goes up one minor version at a time, and never down."""
    old, new = text(proposed.old or {}, "version"), text(proposed.properties, "version")
    was, now = _minor(old), _minor(new)
    if was is not None and now is not None and not 0 <= now - was <= 1:
        message = f"Version {old} cannot become {new}. Go up one minor version at a time."
        yield refusal("version-step", message, "version")


@rule(CLUSTER)
def networked(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The private network of a cluster exists in its region, apart from the cluster's own."""
    identifier = text(proposed.properties, "privateNetworkId")
    segment = there(world, identifier, SEGMENT)
    if identifier and segment is None:
        message = f"There is no private network {identifier}."
        yield refusal("segment-missing", message, "privateNetworkId")
        return
    if segment is None:
        return
    region = text(proposed.properties, "region")
    if text(segment.properties, "region") != region:
        message = f"{segment.name} is not in {region}."
        yield refusal("segment-elsewhere", message, "privateNetworkId")
    cut = parsed(text(segment.properties, "ipv4Subnet.subnet"))
    for own in map(parsed, KUBERNETES_ADDRESSES):
        if cut and own and overlap(cut, own):
            message = f"{cut} overlaps the addresses of pods and services ({own})."
            yield refusal("cluster-addresses", message, "privateNetworkId")


@rule(POOL, ACL, acts=(Act.CREATE,))
def attached(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What belongs to a cluster names one that exists."""
    identifier = text(proposed.properties, "clusterId")
    if there(world, identifier, CLUSTER) is None:
        yield refusal("cluster-missing", f"There is no cluster {identifier}.", "clusterId")


@rule(ACL, beforehand=True)
def closed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A list admits addresses or nobody; a rule is of addresses or of Scaleway's own."""
    told = sections(proposed.properties, "aclRules")
    if told and value(proposed.properties, "noIpAllowed") is True:
        yield refusal("conflict", "Set either `noIpAllowed` or `aclRules`.", "noIpAllowed")
    for place, each in enumerate(told):
        if text(each, "ip") and value(each, "scalewayRanges") is True:
            message = "Set either `ip` or `scalewayRanges`."
            yield refusal("conflict", message, f"aclRules[{place}]")


@rule(POOL, beforehand=True)
def sized(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A pool has as many nodes as its bounds allow."""
    least, size, most = (
        number(proposed.properties, path) for path in ("minSize", "size", "maxSize")
    )
    if size is None:
        return
    if (least is not None and least > size) or (most is not None and most < size):
        yield refusal("pool-size", f"{size:g} nodes are outside the pool's bounds.", "size")


@rule(POOL)
def behind(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The security group of a pool exists in the zone of its nodes."""
    identifier, zone = (text(proposed.properties, path) for path in ("securityGroupId", "zone"))
    group = there(world, identifier, GROUP)
    if identifier and group is None:
        message = f"There is no security group {identifier}."
        yield refusal("group-missing", message, "securityGroupId")
    elif group is not None and zone and text(group.properties, "zone") != zone:
        yield refusal("group-elsewhere", f"{group.name} is not in {zone}.", "securityGroupId")


@rule(POOL, acts=(Act.CREATE,))
def single(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A pool has a name of its own in its cluster."""
    name, cluster = (text(proposed.properties, path) for path in ("name", "clusterId"))
    if any(cluster == o.parent and text(o.properties, "name") == name for o in world.of(POOL)):
        yield refusal("pool-taken", f"A pool is called `{name}` already.", "name")


@rule(REGISTRY, acts=(Act.CREATE,))
def registered(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A registry's name is accepted, and one customer's alone in a region."""
    name, region = (text(proposed.properties, path) for path in ("name", "region"))
    if name and not kinds.REGISTRY.accepts(name):
        message = f"The name `{name}` is not accepted. Use {kinds.REGISTRY.rule}."
        yield refusal("registry-name", message, "name")
    for other in world.of(REGISTRY):
        if (name, region) == tuple(text(other.properties, path) for path in ("name", "region")):
            yield refusal("registry-taken", f"A registry is called `{name}` already.", "name")


RULES = (
    *(described, stepped, networked, attached, closed),
    *(sized, behind, single, registered),
)
