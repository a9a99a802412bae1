"""What networks, gateways, security groups and lists of addresses mean for security."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.addresses import normal
from havre.facts.model import Copy, NetworkElement, Place, Rule
from havre.facts.read import NO, NONE, at_best, each, items, read, then
from havre.facts.values import DOES_NOT_APPLY, Fact, Known, MayApply, Unknown
from havre.plan.values import UNKNOWN
from havre_scaleway.facts.cluster import rules as cluster_addresses
from havre_scaleway.facts.properties import NOWHERE, about, lies_in, segment_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource

NO_RULES: Fact[tuple[Rule, ...]] = Known(())
DROP, ACCEPT = "drop", "accept"
SSH = 22
LAST = 10_000
"""Order of a default, after every rule."""


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


def restriction(
    resource: PlannedResource, index: Index, addresses: Fact[tuple[str, ...]]
) -> NetworkElement:
    """Which addresses a service lets in."""
    told = then(addresses, lambda found: tuple(map(_inward, found)))
    if isinstance(addresses, Unknown) and addresses.at_best is not None:
        rest = Rule(True, True, ("*",), (), withheld=addresses.property)
        told = Known((*map(_inward, addresses.at_best.value), rest))
    return replace(_element(resource, index, NOWHERE), rules=told)


def _inward(address: str) -> Rule:
    return Rule(allow=True, inbound=True, addresses=(normal(address),), ports=())


def api_list(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Which addresses reach a cluster's API."""
    return [restriction(resource, index, cluster_addresses(resource))]


def vpc(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A VPC: no argument logs what flows in it, or says which names are resolved."""
    made = replace(
        _element(resource, index, lies_in(resource, Copy.SERVICE)),
        flows_logged=NO,
        names_logged=NO,
        names_filtered=NO,
    )
    return [made]


def segment(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A private network: a segment."""
    made = _element(resource, index, lies_in(resource, Copy.SERVICE))
    return [replace(made, segment=segment_name(resource, index))]


def acl(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What passes between the networks of a VPC: all that no rule drops, unless it says so."""
    inputs = resource.inputs
    default = then(read(inputs, "defaultPolicy", ACCEPT), lambda word: word or ACCEPT)
    found = items(inputs, "rules")
    made = _element(resource, index, lies_in(resource, Copy.SERVICE))
    if isinstance(found, Unknown):
        return [replace(made, rules=Unknown("rules"))]
    told = [_passing(each, place) for place, each in enumerate(found.value, 1)]
    return [replace(made, rules=Known((*told, *_default(default, "defaultPolicy"))))]


def _default(policy: Fact[Any], path: str, *, inbound: bool = True) -> Iterator[Rule]:
    """What a default lets pass: everything, nothing, or one of them."""
    if isinstance(policy, Unknown):
        yield Rule(True, inbound, ("*",), (), priority=LAST, withheld=path)
    elif policy.value != DROP:
        yield Rule(True, inbound, ("*",), (), priority=LAST)


def _passing(rule: Any, place: int) -> Rule:
    """A rule of a VPC's list; as wide as it may be where part of it is not known."""
    known = rule if isinstance(rule, dict) else {"action": UNKNOWN}
    withheld = next((f"rules[].{key}" for key, told in known.items() if told is UNKNOWN), "")
    if withheld:
        return Rule(True, True, ("*",), (), priority=place, withheld=withheld)
    return Rule(
        allow=known.get("action") != DROP,
        inbound=True,
        addresses=(normal(str(known.get("source") or "*")),),
        ports=_range(known.get("dstPortLow"), known.get("dstPortHigh")),
        priority=place,
        protocols=_protocols(known),
        own=(normal(str(known.get("destination") or "*")),),
        source_ports=_range(known.get("srcPortLow"), known.get("srcPortHigh")),
    )


def _range(low: Any, high: Any) -> tuple[tuple[int, int], ...]:
    """Ports of a rule; none and zero are any."""
    if not low and not high:
        return ()
    return ((int(low or 0), int(high or low or 0)),)


def _protocols(rule: Mapping[str, Any]) -> tuple[str, ...]:
    """Protocols of a rule; one without any is for all."""
    told = str(rule.get("protocol") or "ANY")
    return {"ANY": (), "both": ("tcp", "udp")}.get(told, (told.lower(),))


def gateway(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A gateway: what leaves is a matter of the networks that it joins; its bastion lets SSH in."""
    bastion = read(resource.inputs, "bastionEnabled", default=False)
    made = _element(resource, index, lies_in(resource, Copy.SERVICE))
    if isinstance(bastion, Known) and bastion.value is not True:
        return [made]
    withheld = "bastionEnabled" if isinstance(bastion, Unknown) else ""
    named = each(resource.inputs, "allowedIpRanges")
    told = at_best(named, ()) or (("*",) if isinstance(named, Known) else ())
    found = [_ssh((normal(str(one)),), withheld) for one in told]
    if isinstance(named, Unknown):
        found.append(_ssh(("*",), withheld or named.property))
    return [replace(made, rules=Known(tuple(found)))]


def _ssh(addresses: tuple[str, ...], withheld: str) -> Rule:
    """A rule of the bastion, which speaks SSH on whatever port."""
    return Rule(True, True, addresses, ((SSH, SSH),), protocols=("tcp",), withheld=withheld)


def joined(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A network that a gateway joins: it leads out, unless no route and no address does."""
    inputs = resource.inputs
    masked = read(inputs, "enableMasquerade", default=True)
    routes = each(inputs, "ipamConfigs", "pushDefaultRoute", "ipamConfigs[].pushDefaultRoute")
    denied: MayApply[bool] = NO
    if masked == NO and isinstance(routes, Known) and True not in routes.value:
        denied = DOES_NOT_APPLY
    elif isinstance(masked, Unknown):
        denied = masked
    made = _element(resource, index, lies_in(resource, Copy.SERVICE))
    return [replace(made, egress_denied=denied)]


def forwarding(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A port of a gateway that leads inside, open to any address."""
    ports = [read(resource.inputs, path) for path in ("publicPort", "privatePort")]
    known = [fact.value for fact in ports if isinstance(fact, Known) and fact.value]
    withheld = next((fact.property for fact in ports if isinstance(fact, Unknown)), "")
    rule = Rule(True, True, ("*",), tuple((int(p), int(p)) for p in known), withheld=withheld)
    rule = replace(rule, ports=()) if withheld else rule
    where = lies_in(resource, Copy.SERVICE)
    return [replace(_element(resource, index, where), rules=Known((rule,)))]


def peering(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A way into another VPC or out of this one: nothing in the plan limits what leaves by it."""
    where = lies_in(resource, Copy.SERVICE)
    return [replace(_element(resource, index, where), egress_denied=NO)]


def security_group(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A security group: both defaults let everything pass unless they say otherwise."""
    inputs = resource.inputs
    found: list[Rule] = []
    for path, inbound in (("inboundRules", True), ("outboundRules", False)):
        listed = items(inputs, path)
        if isinstance(listed, Unknown):
            found.append(Rule(True, inbound, ("*",), (), withheld=path))
            continue
        ordered = enumerate(listed.value, 1)
        found += [_rule(each, inbound, place, path) for place, each in ordered]
    ways = {"inboundDefaultPolicy": True, "outboundDefaultPolicy": False}
    policies = {path: read(inputs, path, ACCEPT) for path in ways}
    for path, inbound in ways.items():
        found += _default(policies[path], path, inbound=inbound)
    outside = read(inputs, "externalRules", default=False)
    made = _element(resource, index, lies_in(resource, Copy.SERVICE))
    rules: Fact[tuple[Rule, ...]] = Known(tuple(found))
    if outside not in (NO, NONE):
        rules = Unknown("externalRules: rules are set by another resource")
    leaving = then(policies["outboundDefaultPolicy"], lambda word: word == DROP)
    return [replace(made, rules=rules, egress_denied=leaving)]


def _rule(rule: Any, inbound: bool, place: int, path: str) -> Rule:
    """A rule of a security group; one without an address is for any, one without ports for all."""
    known = rule if isinstance(rule, dict) else {"action": UNKNOWN}
    withheld = next((f"{path}[].{key}" for key, told in known.items() if told is UNKNOWN), "")
    if withheld:
        return Rule(True, inbound, ("*",), (), priority=place, withheld=withheld)
    remote = known.get("ipRange") or known.get("ip")
    return Rule(
        allow=known.get("action") != DROP,
        inbound=inbound,
        addresses=(normal(str(remote)) if remote else "*",),
        ports=_ports(known),
        priority=place,
        protocols=_protocols(known),
    )


def _ports(rule: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """One port, a range such as `22-23`, or all."""
    spread = str(rule.get("portRange") or "")
    if spread:
        low, _, high = spread.partition("-")
        return ((int(low), int(high or low)),)
    return _range(rule.get("port"), rule.get("port"))
