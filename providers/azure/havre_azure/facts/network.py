"""Networks: security rules, routes, firewalls and flow logs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.model import Copy, NetworkElement, Neutral, Place, ResourceFact, Rule
from havre.facts.read import NO, NONE, YES, at_best, bare, each, every, items, read, some, then
from havre.facts.traffic import (
    FOUR,
    PUBLIC,
    SIX,
    Ranges,
    addresses,
    certain,
    other_side,
    overlap,
    possible,
    refuses_rest,
    union,
    wide,
)
from havre.facts.values import DOES_NOT_APPLY, Fact, Known, MayApply, Outside, Unknown
from havre.plan.values import Secret
from havre_azure.facts.audit import route_of, trimmed
from havre_azure.facts.places import places
from havre_azure.facts.properties import NOWHERE, about
from havre_azure.facts.relations.logs import logged
from havre_azure.facts.relations.resolver import asks_no_other, names_logged
from havre_azure.facts.relations.routes import appliances, hops
from havre_azure.facts.relations.rules import for_customers, own_rule, security_rules
from havre_azure.facts.relations.rules import ranges as ports_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


PLATFORM = frozenset({"azurefirewallsubnet", "gatewaysubnet", "azurebastionsubnet"})
"""Subnets of gateways: their egress is the gateway's own matter."""
NO_RULES: Fact[tuple[Rule, ...]] = Known(())
FLOWS = ("AZFWNetworkRule", "AZFWApplicationRule")


def _element(
    resource: PlannedResource, where: Fact[tuple[Place, ...]] = NOWHERE, *, tagged: bool = True
) -> NetworkElement:
    """Part of a network, that decides nothing of what leaves and logs nothing."""
    return replace(
        about(NetworkElement, resource, where, tagged=tagged),
        spreads=NO,
        rules=NO_RULES,
        egress_denied=DOES_NOT_APPLY,
        flows_logged=DOES_NOT_APPLY,
        border=DOES_NOT_APPLY,
        names_logged=DOES_NOT_APPLY,
        names_filtered=DOES_NOT_APPLY,
    )


def _placed(resource: PlannedResource, index: Index) -> NetworkElement:
    """Likewise, with a region of its own."""
    return _element(resource, places(resource, index, Copy.SERVICE))


def _filtered(rules: Fact[tuple[Rule, ...]]) -> Fact[bool]:
    """Whether no rule lets out to any address: one that is told decides."""
    if isinstance(rules, Unknown):
        return rules
    out = [rule for rule in rules.value if rule.allow and wide(other_side(rule))]
    if not out:
        return YES
    return Unknown(out[0].withheld) if all(rule.withheld for rule in out) else NO


def _routed_away(index: Index, subnet: PlannedResource) -> Fact[bool]:
    """Whether all that leaves goes nowhere, or to a firewall of the plan that filters it.

    Of IP version 6, where the subnet has addresses of it.
    """
    four = _led_away(index, subnet, hops(index, subnet))
    versions = _addresses(subnet)[1]
    if versions == FOUR or four != YES:
        return four
    six = _led_away(index, subnet, hops(index, subnet, SIX))
    told = all(isinstance(each, Known) for each in _prefixes(subnet))
    return six if told or six == YES else Unknown("addressPrefixes")


def _led_away(index: Index, subnet: PlannedResource, found: Fact[frozenset[str]]) -> Fact[bool]:
    if isinstance(found, Unknown):
        return found
    if not found.value <= {"virtualappliance", "none"}:
        return NO
    if found.value == {"none"}:
        return YES
    return _appliances_deny(index, appliances(index, subnet))


def _appliances_deny(index: Index, found: Fact[frozenset[str]]) -> Fact[bool]:
    """Whether the firewalls to which routes lead refuse the rest: those of a hub are outside."""
    addresses = found.value if isinstance(found, Known) else frozenset()
    outside = [given for each in sorted(addresses) if (given := index.outside(each))]
    if outside and len(outside) == len(addresses):
        return every([*outside])
    return every([*outside, index.derived(_all_deny)])


def security_group(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A security group: what its subnets make of egress is told of them."""
    return [replace(_placed(resource, index), rules=security_rules(resource, index))]


def security_rule(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A rule on its own: told with its group, or by itself where the group is elsewhere."""
    path, group = "networkSecurityGroupName", "network:NetworkSecurityGroup"
    holder = index.target(resource, path, group)
    if isinstance(holder, Known) and holder.value is not None:
        return [about(Neutral, resource, tagged=False)]
    return [replace(_element(resource, tagged=False), rules=Known(own_rule(resource)))]


def subnet(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A segment: its egress is refused by its security group, or by where its routes lead."""
    name = read(resource.inputs, "subnetName", resource.name)
    segment = name.value if isinstance(name, Known) else resource.name
    platform = str(segment).lower() in PLATFORM
    rules, away = _guarding(index, resource), _routed_away(index, resource)
    told = replace(
        _element(resource, tagged=False),
        segment=str(segment),
        egress_denied=DOES_NOT_APPLY if platform else some([_refused(rules, resource), away]),
        flows_logged=_flows(index, resource),
        border=DOES_NOT_APPLY if platform else _border(rules, away, resource),
        names_logged=asks_no_other(resource, rules),
    )
    return [told]


def _guarding(index: Index, subnet: PlannedResource) -> Fact[tuple[Rule, ...] | None]:
    """The rules of a subnet's security group; None where it has none."""
    group = index.target(subnet, "networkSecurityGroup.id", "network:NetworkSecurityGroup")
    if isinstance(group, Unknown):
        return group
    if group.value is None:
        absent = read(subnet.inputs, "networkSecurityGroup.id") == NONE
        return NONE if absent else Unknown("networkSecurityGroup.id")
    return security_rules(group.value, index)


def _refused(rules: Fact[tuple[Rule, ...] | None], subnet: PlannedResource) -> Fact[bool]:
    """Whether a group refuses all that leaves for the Internet and that no rule names."""
    if isinstance(rules, Unknown):
        return rules
    own, versions = _addresses(subnet)
    other = overlap(PUBLIC, versions)
    told = rules.value or ()
    sure, may = certain(told), possible(told)
    doubt = next((rule.withheld for rule in told if rule.withheld and not rule.inbound), "")
    if not doubt:
        return Known(refuses_rest(told, own=own, other=other))
    refusals = [rule for rule in may if not rule.withheld]
    if refuses_rest(refusals, own=own, other=other) and refuses_rest(may, own=own, other=other):
        return YES
    return Unknown(doubt) if refuses_rest(sure, own=own, other=other) else NO


def _prefixes(subnet: PlannedResource) -> list[Fact[Any]]:
    return [read(subnet.inputs, name) for name in ("addressPrefix", "addressPrefixes")]


def _addresses(subnet: PlannedResource) -> tuple[Ranges, Ranges]:
    """A subnet's addresses, and those of the IP versions that it has."""
    written = _prefixes(subnet)
    if any(isinstance(each, Unknown) for each in written):
        return union((*FOUR, *SIX)), union((*FOUR, *SIX))
    one, several = (each.value for each in written if isinstance(each, Known))
    found = [str(each) for each in (*([one] if one else []), *(several or []))]
    six = any(":" in each for each in found)
    versions = union((*FOUR, *SIX)) if six else FOUR
    return addresses(found) or versions, versions


def _border(
    rules: Fact[tuple[Rule, ...] | None], away: Fact[bool], subnet: PlannedResource
) -> MayApply[tuple[Rule, ...]]:
    """What a subnet's group lets in, and out where nothing else filters it.

    In a subnet that is given to one service, service tags are that service's own traffic.
    """
    if isinstance(rules, Unknown):
        return rules
    if rules.value is None:
        return DOES_NOT_APPLY
    told = [rule for rule in rules.value if rule.inbound or away != YES]
    given = read(subnet.inputs, "delegations", [])
    if isinstance(given, Unknown):
        told = [replace(rule, withheld=given.property) if rule.shared else rule for rule in told]
    elif given not in (Known([]), NONE):
        told = [replace(rule, shared=()) for rule in told]
    return Known(tuple(told))


def _flows(index: Index, resource: PlannedResource) -> Fact[bool]:
    """Whether a flow log watches a network, or what it stands in."""
    watched = [r for r in index.chain(resource) if index.kind(r).startswith("network:")]
    named = ("network:FlowLog", "targetResourceId")
    return some([index.named_by(*named, each, _enabled) for each in watched])


def _enabled(log: PlannedResource) -> Fact[bool]:
    return read(log.inputs, "enabled", default=False)


def virtual_network(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A virtual network never leaves its region; its subnets tell of egress, if they are told."""
    subnets = read({"subnets": _list_of(resource.inputs.get("subnets"))}, "subnets")
    denied = subnets if isinstance(subnets, Unknown) else DOES_NOT_APPLY
    return [
        replace(
            _placed(resource, index),
            egress_denied=denied,
            flows_logged=_flows(index, resource),
            names_logged=(asked := names_logged(index, resource)),
            # A DNS security policy would filter, and no fact reads one.
            names_filtered=asked if isinstance(asked, Outside) else NO,
        )
    ]


def _list_of(value: Any) -> Any:
    """A list with unknown items in their places alone; objects in it are subnets of their own."""
    if isinstance(value, Secret):
        return _list_of(value.value)
    if not isinstance(value, list):
        return value
    return [{} if isinstance(bare(item), dict) else item for item in value]


TO = ("targetFqdns", "fqdnTags", "destinationAddresses", "destinationFqdns", "targetUrls")
"""Properties of a firewall's rule that say whereto it lets traffic pass."""


def _out(rule: Any, allow: bool, priority: int) -> Iterator[Rule]:
    """What a firewall's rule lets out: what is told of it, and the rest as wide as it may be."""
    sides = {name: each(rule, name) for name in TO}
    ports = {
        "destinationPorts": each(rule, "destinationPorts"),
        "protocols": each(rule, "protocols", "port"),
    }
    addresses = tuple(str(a) for side in sides.values() for a in at_best(side, ()))
    listed = at_best(ports["destinationPorts"], ()) or at_best(ports["protocols"], ())
    withheld = [name for name, fact in (*sides.items(), *ports.items()) if not _known(fact)]
    if not withheld or (addresses and (listed or not {*ports} & {*withheld})):
        yield Rule(
            allow,
            False,
            addresses or ("*",),
            ports_of("*" if port is None else port for port in listed),
            priority,
            shared=tuple(each for each in addresses if for_customers(each)),
        )
    if withheld:
        yield _any_out(allow, f"{COLLECTIONS}[].rules[].{withheld[0]}", priority)


def _known(fact: Fact[Any]) -> bool:
    return isinstance(fact, Known)


def _any_out(allow: bool, withheld: str, priority: int = 0) -> Rule:
    return Rule(allow, False, ("*",), (), priority, withheld=withheld)


COLLECTIONS = "ruleCollections"


def _collection(group: PlannedResource) -> Fact[tuple[Rule, ...]]:
    """Rules of a policy's group; each collection allows or refuses."""
    collections = items(group.inputs, COLLECTIONS)
    return then(collections, lambda told: tuple(r for one in told for r in _of_collection(one)))


def _of_collection(collection: Any) -> Iterator[Rule]:
    """The rules of one collection; where its action is not known, they may do either."""
    action = then(read(collection, "action.type", "Allow"), lambda word: str(word).lower())
    priority, rules = read(collection, "priority", 0), items(collection, "rules")
    if isinstance(action, Unknown) or isinstance(priority, Unknown) or isinstance(rules, Unknown):
        facts = {"action": action, "priority": priority, "rules": rules}
        lacking = next(name for name, fact in facts.items() if not _known(fact))
        yield _any_out(allow=True, withheld=f"{COLLECTIONS}[].{lacking}")
        return
    for rule in rules.value:
        yield from _out(rule, action.value != "deny", int(priority.value))


def rule_collections(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What a firewall lets out: its egress list."""
    del index
    rules = _collection(resource)
    return [replace(_element(resource, tagged=False), rules=rules, egress_denied=_filtered(rules))]


def _firewall_denies(index: Index, firewall: PlannedResource) -> Fact[bool]:
    """A firewall refuses what no rule allows: so it does, unless a rule allows everything."""
    return index.derived(_denials)[firewall.urn]


def _denials(index: Index) -> Mapping[str, Fact[bool]]:
    """By URN of a firewall, whether it refuses what no rule allows."""
    return {each.urn: _refuses_rest(index, each) for each in index.of("network:AzureFirewall")}


def _all_deny(index: Index) -> Fact[bool]:
    """Whether every firewall does; unknown where there is none."""
    found = [*index.derived(_denials).values()]
    return every(found) if found else Unknown("routeTable.id")


def _refuses_rest(index: Index, firewall: PlannedResource) -> Fact[bool]:
    own = [
        read(firewall.inputs, path, [])
        for path in ("applicationRuleCollections", "networkRuleCollections")
    ]
    classic: Fact[bool] = every([then(found, lambda told: not told) for found in own])
    policy = index.target(firewall, "firewallPolicy.id", "network:FirewallPolicy")
    if isinstance(policy, Unknown):
        return policy
    if policy.value is None:
        absent = read(firewall.inputs, "firewallPolicy") == NONE
        return every([classic, YES if absent else Unknown("firewallPolicy.id")])
    token, path = "network:FirewallPolicyRuleCollectionGroup", "firewallPolicyName"
    groups = index.users(token, path, policy.value)
    return every([classic, *[_filtered(_collection(group)) for group, _ in groups]])


def firewall(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A firewall, and whether it logs what passes."""
    denied, flows = _firewall_denies(index, resource), logged(index, resource, FLOWS)
    return [replace(_placed(resource, index), egress_denied=denied, flows_logged=flows)]


def gateway(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A way out that filters nothing."""
    return [replace(_placed(resource, index), egress_denied=NO)]


def flow_log(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """Flows of a network, written to a storage account."""
    kept = trimmed(resource.inputs)
    return route_of(resource, index, "targetResourceId", "storageId", kept=kept, tags=True)
