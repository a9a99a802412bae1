"""Networks: security rules, routes, firewalls and flow logs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.addresses import says_any
from havre.facts.model import Copy, NetworkElement, Neutral, Place, ResourceFact, Rule
from havre.facts.read import NO, NONE, YES, bare, both, every, items, read, some, then, together
from havre.facts.values import DOES_NOT_APPLY, Fact, Known, Unknown
from havre_azure.facts.audit import route_of
from havre_azure.facts.places import places
from havre_azure.facts.properties import NOWHERE, about
from havre_azure.facts.relations.logs import logged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from havre.facts.index import Index
    from havre.plan import PlannedResource


TAGS = frozenset({"internet", "any", "azurecloud"})
"""Azure's own words for any address from outside."""
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
    )


def _placed(resource: PlannedResource, index: Index) -> NetworkElement:
    """Likewise, with a region of its own."""
    return _element(resource, places(resource, index, Copy.SERVICE))


def _listed(rule: Mapping[str, Any], one: str, several: str) -> tuple[str, ...]:
    single = rule.get(one)
    return (*((single,) if single else ()), *(rule.get(several) or ()))


def _ports(ranges: Iterable[str]) -> tuple[tuple[int, int], ...]:
    """Inclusive ranges; none for all ports."""
    found = []
    for text in ranges:
        if text == "*":
            return ()
        low, _, high = str(text).partition("-")
        found.append((int(low), int(high or low)))
    return () if (0, 65535) in found else tuple(found)


NEEDED = ("access", "direction")


def _decided(rule: Mapping[str, Any]) -> Fact[Rule]:
    """A security rule; one that says neither what it does nor in which direction is unknown."""
    lacking = next((name for name in NEEDED if rule.get(name) is None), None)
    return Unknown(f"securityRules[].{lacking}") if lacking else Known(_rule(rule))


def _rule(rule: Mapping[str, Any]) -> Rule:
    """A security rule; the other side is the source of what comes in."""
    inbound = str(rule.get("direction")).lower() == "inbound"
    side = "source" if inbound else "destination"
    listed = _listed(rule, f"{side}AddressPrefix", f"{side}AddressPrefixes")
    addresses = ["*" if address.lower() in TAGS else address for address in listed]
    groups = rule.get(f"{side}ApplicationSecurityGroups") or ()
    return Rule(
        allow=str(rule.get("access")).lower() == "allow",
        inbound=inbound,
        addresses=(*addresses, *[str(group.get("id")) for group in groups]) or ("*",),
        ports=_ports(_listed(rule, "destinationPortRange", "destinationPortRanges")),
        priority=int(rule.get("priority") or 0),
    )


ELSEWHERE = frozenset({"networkSecurityGroupName", "resourceGroupName", "securityRuleName"})
"""Properties of a rule on its own that say where it is, not what it lets through."""


def _own_rule(resource: PlannedResource) -> Fact[Rule]:
    """A rule that is a resource; unknown with the first property that is not decided."""
    inputs = {name: value for name, value in resource.inputs.items() if name not in ELSEWHERE}
    facts = [read(inputs, name) for name in inputs]
    doubt = next((fact for fact in facts if isinstance(fact, Unknown)), None)
    return doubt or _decided(bare(inputs))


def security_rules(group: PlannedResource, index: Index) -> Fact[tuple[Rule, ...]]:
    """The rules of a security group, with those that are resources of their own."""
    inline = items(group.inputs, "securityRules")
    found: Fact[list[Rule]] = (
        inline
        if isinstance(inline, Unknown)
        else then(together(list(map(_decided, inline.value))), list)
    )
    for own, link in index.users("network:SecurityRule", "networkSecurityGroupName", group):
        rule = then(both(link, _own_rule(own)), lambda told: told[1])
        found = then(both(found, rule), lambda told: [*told[0], told[1]])
    return then(found, lambda told: tuple(sorted(told, key=lambda rule: rule.priority)))


def security_group(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A security group: what its subnets make of egress is told of them."""
    return [replace(_placed(resource, index), rules=security_rules(resource, index))]


def security_rule(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A rule on its own: told with its group, or by itself where the group is elsewhere."""
    path, group = "networkSecurityGroupName", "network:NetworkSecurityGroup"
    holder = index.target(resource, path, group)
    if isinstance(holder, Known) and holder.value is not None:
        return [about(Neutral, resource, tagged=False)]
    rules = then(_own_rule(resource), lambda rule: (rule,))
    return [replace(_element(resource, tagged=False), rules=rules)]


def _refuses(rules: tuple[Rule, ...]) -> bool:
    """Whether outgoing traffic to anywhere is refused before any rule lets it pass."""
    for rule in rules:
        if not rule.inbound and says_any(rule.addresses):
            if rule.allow:
                return False
            if not rule.ports:
                return True
    return False


def _filtered(rules: Fact[tuple[Rule, ...]]) -> Fact[bool]:
    return then(
        rules,
        lambda told: not any(rule.allow and says_any(rule.addresses) for rule in told),
    )


def _hops(index: Index, subnet: PlannedResource) -> Fact[frozenset[str]]:
    """Where a subnet's routes send what leaves the network; empty where Azure decides."""
    if read(subnet.inputs, "routeTable") == NONE:
        return Known(frozenset())
    table = index.target(subnet, "routeTable.id", "network:RouteTable")
    if isinstance(table, Unknown) or table.value is None:
        return Unknown("routeTable.id")
    return then(
        items(table.value.inputs, "routes"),
        lambda routes: frozenset(
            str(route.get("nextHopType")).lower()
            for route in routes
            if route.get("addressPrefix") == "0.0.0.0/0"
        ),
    )


def _routed_away(index: Index, subnet: PlannedResource) -> Fact[bool]:
    """Whether all that leaves goes nowhere, or to a firewall of the plan that filters it."""
    hops = _hops(index, subnet)
    if isinstance(hops, Unknown):
        return hops
    if hops.value != {"virtualappliance"}:
        return Known(hops.value == {"none"})
    firewalls = index.of("network:AzureFirewall")
    if not firewalls:
        return Unknown("routeTable.id")
    return every([_firewall_denies(index, firewall) for firewall in firewalls])


def subnet(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A segment: its egress is refused by its security group, or by where its routes lead."""
    name = read(resource.inputs, "subnetName", resource.name)
    segment = name.value if isinstance(name, Known) else resource.name
    group = index.target(resource, "networkSecurityGroup.id", "network:NetworkSecurityGroup")
    refused: Fact[bool] = NO
    if isinstance(group, Unknown):
        refused = group
    elif group.value is not None:
        refused = then(security_rules(group.value, index), _refuses)
    denied = some([refused, _routed_away(index, resource)])
    told = replace(
        _element(resource, tagged=False),
        segment=str(segment),
        egress_denied=DOES_NOT_APPLY if str(segment).lower() in PLATFORM else denied,
        flows_logged=_flows(index, resource),
    )
    return [told]


def _flows(index: Index, resource: PlannedResource) -> Fact[bool]:
    """Whether a flow log watches a network, or what it stands in."""
    watched = [r for r in index.chain(resource) if index.kind(r).startswith("network:")]
    logs = [
        every([link, read(log.inputs, "enabled", default=False)])
        for each in watched
        for log, link in index.users("network:FlowLog", "targetResourceId", each)
    ]
    return some(logs)


def virtual_network(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A virtual network never leaves its region; its subnets tell of egress."""
    return [replace(_placed(resource, index), flows_logged=_flows(index, resource))]


def _firewall_rule(rule: Mapping[str, Any], allow: bool, priority: int) -> Rule:
    names = ("targetFqdns", "fqdnTags", "destinationAddresses", "destinationFqdns", "targetUrls")
    addresses = [str(a) for name in names for a in rule.get(name) or ()]
    ports = [str(p.get("port", "*")) for p in rule.get("protocols") or ()]
    ranges = rule.get("destinationPorts") or ports or ["*"]
    return Rule(allow, False, tuple(addresses) or ("*",), _ports(ranges), priority)


def _collection(group: PlannedResource) -> Fact[tuple[Rule, ...]]:
    """Rules of a policy's group; each collection allows or refuses."""
    collections = items(group.inputs, "ruleCollections")
    return then(
        collections,
        lambda told: tuple(
            _firewall_rule(
                rule,
                str((each.get("action") or {}).get("type", "Allow")).lower() != "deny",
                int(each.get("priority") or 0),
            )
            for each in told
            for rule in each.get("rules") or ()
        ),
    )


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
    return route_of(resource, index, "targetResourceId", "storageId", tags=True)
