"""What networks, gateways, security groups and lists of addresses mean for security."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.addresses import normal
from havre.facts.model import Copy, NetworkElement, Place, Rule
from havre.facts.read import NO, at_best, bare, each, gathered, items, read, then
from havre.facts.values import DOES_NOT_APPLY, Fact, Known, Unknown
from havre.plan.values import UNKNOWN, Secret
from havre_ovh.facts.cluster import RESTRICT
from havre_ovh.facts.places import place
from havre_ovh.facts.properties import NOWHERE, about, lies_in, places_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.facts.index import Index
    from havre.facts.model import Place, ResourceFact
    from havre.plan import PlannedResource


EVERYWHERE = "regions unset: all regions of the project"
NO_RULES: Fact[tuple[Rule, ...]] = Known(())
SEGMENTS = ("endpoints", "database", "compute", "administration")


def rules_of(*addresses: str) -> tuple[Rule, ...]:
    """Rules that let addresses in, on every port."""
    return tuple(
        Rule(allow=True, inbound=True, addresses=(normal(one),), ports=()) for one in addresses
    )


def restriction(
    resource: PlannedResource, index: Index, addresses: Fact[tuple[str, ...]]
) -> NetworkElement:
    """Which addresses a service lets in."""
    told = then(addresses, lambda found: rules_of(*found))
    if isinstance(addresses, Unknown) and addresses.at_best is not None:
        rest = Rule(True, True, ("*",), (), withheld=addresses.property)
        told = Known((*rules_of(*addresses.at_best.value), rest))
    return replace(_element(resource, index, NOWHERE), rules=told)


def _element(
    resource: PlannedResource, index: Index, where: Fact[tuple[Place, ...]]
) -> NetworkElement:
    """Part of a network that spreads nowhere, decides nothing of what leaves and logs nothing."""
    return replace(
        about(NetworkElement, resource, index, where),
        spreads=NO,
        rules=NO_RULES,
        egress_denied=DOES_NOT_APPLY,
        flows_logged=DOES_NOT_APPLY,
        border=DOES_NOT_APPLY,
        names_logged=DOES_NOT_APPLY,
        names_filtered=DOES_NOT_APPLY,
    )


def _unwatched(
    resource: PlannedResource, index: Index, where: Fact[tuple[Place, ...]]
) -> NetworkElement:
    """A network: no argument keeps traffic in, logs it, or says which names are resolved."""
    return replace(
        _element(resource, index, where),
        egress_denied=NO,
        flows_logged=NO,
        names_logged=NO,
        names_filtered=NO,
    )


def private(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A private network."""
    regions = each(resource.inputs, "regions")
    where = places_in(Copy.SERVICE, regions)
    where = Known((place(Copy.SERVICE, None, EVERYWHERE),)) if where == NOWHERE else where
    spreads = NO if at_best(regions, ()) else then(regions, lambda found: not found)
    return [replace(_unwatched(resource, index, where), spreads=spreads)]


def regional(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A private network of one region."""
    where = lies_in(resource, Copy.SERVICE, "regionName")
    return [_unwatched(resource, index, where)]


def subnet(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A subnet: a segment, called after the last word of its name."""
    name = read(resource.inputs, "name", resource.name)
    words = str(name.value) if isinstance(name, Known) else resource.name
    segment = next((s for s in SEGMENTS if words == s or words.endswith(f"-{s}")), words)
    return [replace(_element(resource, index, lies_in(resource, Copy.SERVICE)), segment=segment)]


def gateway(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A way out for the segments that it joins; the older resource always is one."""
    older = resource.type.endswith("/gateway:Gateway")
    out = read(resource.inputs, "externalGateway.enabled", default=older)
    denied = out if isinstance(out, Unknown) else NO if out.value else DOES_NOT_APPLY
    return [
        replace(_element(resource, index, lies_in(resource, Copy.SERVICE)), egress_denied=denied)
    ]


def security_group(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A security group; OpenStack adds a rule of its own that lets everything out."""
    written = resource.inputs.get("rules")
    written = written.value if isinstance(written, Secret) else written
    rules: Fact[tuple[Rule, ...]] = Unknown("rules")
    if written is None or isinstance(written, list):
        rules = Known(tuple(rule for each in written or () for rule in _rules(bare(each))))
    where = lies_in(resource, Copy.SERVICE)
    return [replace(_element(resource, index, where), rules=rules, egress_denied=NO)]


_READ = ("direction", "protocol", "portRangeMin", "portRangeMax")
ANY = {"IPV4": "0.0.0.0/0", "IPV6": "::/0"}
"""Every address of an IP version, by how a rule names it; a rule is for one version alone."""
_REMOTE = ("remoteIpPrefix", "remoteGroupId")


def _rules(rule: Any) -> tuple[Rule, ...]:
    """A rule, both ways where its direction is not known; as wide as it may be, if it may be."""
    known = rule if isinstance(rule, dict) else dict.fromkeys(_READ, UNKNOWN)
    withheld = next((f"rules[].{n}" for n in (*_READ, *_REMOTE) if known.get(n) is UNKNOWN), "")
    direction = known.get("direction")
    ways = (True, False) if direction is UNKNOWN else (str(direction or "").upper() != "EGRESS",)
    return tuple(_rule(known, inbound, withheld) for inbound in ways)


def _rule(rule: Mapping[str, Any], inbound: bool, withheld: str) -> Rule:
    """A rule; one without a remote side is open to any, one without ports is for all."""
    if withheld:
        return Rule(allow=True, inbound=inbound, addresses=("*",), ports=(), withheld=withheld)
    low, high = rule.get("portRangeMin"), rule.get("portRangeMax")
    named = rule.get("remoteIpPrefix") or rule.get("remoteGroupId")
    every = ANY.get(str(rule.get("ethernetType")).upper(), "*")
    remote = normal(str(named)) if named else every
    protocol = str(rule.get("protocol") or "any").lower()
    return Rule(
        allow=True,
        inbound=inbound,
        addresses=(remote,),
        ports=() if low is None or high is None else ((int(low), int(high)),),
        protocols=() if protocol == "any" else (protocol,),
    )


def restrictions(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Which addresses a cluster or a registry lets in."""
    if index.kind(resource) == RESTRICT:
        return [restriction(resource, index, each(resource.inputs, "ips"))]
    return [restriction(resource, index, blocks(resource))]


def _block(block: Any) -> Fact[tuple[str, ...]]:
    """The addresses of a registry's restriction, whose name the SDK does not translate."""
    value = block.get("ip_block", block.get("ipBlock")) if isinstance(block, dict) else UNKNOWN
    unread = value is UNKNOWN or value is None
    return Unknown("ipRestrictions[].ip_block") if unread else Known((str(value),))


def blocks(restriction: PlannedResource) -> Fact[tuple[str, ...]]:
    """The addresses of a registry's restriction."""
    blocks = items(restriction.inputs, "ipRestrictions")
    if isinstance(blocks, Unknown):
        return blocks
    return gathered(map(_block, blocks.value))
