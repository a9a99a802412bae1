"""Who resolves the names that programs ask for, and whether each is logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.facts.addresses import within
from havre.facts.read import NO, NONE, each, every, read, some, then
from havre.facts.values import DOES_NOT_APPLY, Fact, Known, MayApply, Unknown
from havre_azure.facts.relations.logs import logged

if TYPE_CHECKING:
    from havre.facts.index import Index
    from havre.facts.model import Rule
    from havre.plan import PlannedResource

PLATFORM_NAMES = "azureplatformdns"
"""The service tag of Azure's own resolver, which answers every network and logs nothing."""
FIREWALL_SUBNET = "azurefirewallsubnet"
NAME_LOGS = ("AZFWDnsQuery",)


def names_logged(index: Index, network: PlannedResource) -> Fact[bool]:
    """Whether a network asks only firewalls of the plan for names, and these log each.

    Without servers of its own it asks Azure's resolver. An address is a firewall's if it is in the
    subnet that Azure keeps for firewalls. One that the warehouse is given is outside the plan.
    """
    servers = each(network.inputs, "dhcpOptions.dnsServers")
    if isinstance(servers, Unknown):
        return servers
    if not servers.value:
        return NO
    outside = [index.outside(server) for server in servers.value]
    given = [each for each in outside if each]
    own = [
        _is_firewalls(index, str(server))
        for server, elsewhere in zip(servers.value, outside, strict=True)
        if not elsewhere
    ]
    return every([*given, *own, *([_proxies(index)] if own else [])])


def _is_firewalls(index: Index, server: str) -> Fact[bool]:
    subnets = index.of("network:Subnet")
    return some([_in_firewalls_subnet(subnet, server) for subnet in subnets])


def _in_firewalls_subnet(subnet: PlannedResource, server: str) -> Fact[bool]:
    name = read(subnet.inputs, "subnetName", "")
    if isinstance(name, Known) and str(name.value).lower() != FIREWALL_SUBNET:
        return NO
    prefix = then(read(subnet.inputs, "addressPrefix", ""), lambda told: within(server, str(told)))
    return every([prefix, then(name, lambda _: True)])


def _proxies(index: Index) -> Fact[bool]:
    """Whether every firewall of the plan answers for names, and logs what it was asked."""
    firewalls = index.of("network:AzureFirewall")
    return every([_proxy(index, each_one) for each_one in firewalls]) if firewalls else NO


def _proxy(index: Index, firewall: PlannedResource) -> Fact[bool]:
    policy = index.target(firewall, "firewallPolicy.id", "network:FirewallPolicy")
    if isinstance(policy, Unknown) or policy.value is None:
        return policy if isinstance(policy, Unknown) else NO
    asked = read(policy.value.inputs, "dnsSettings.enableProxy", default=False)
    return every([then(asked, bool), logged(index, firewall, NAME_LOGS)])


def asks_no_other(subnet: PlannedResource, rules: Fact[tuple[Rule, ...] | None]) -> MayApply[bool]:
    """Whether programs in a subnet cannot ask Azure's resolver itself: a rule refuses it.

    Only where programs open connections of their own: a subnet with routes. Other rules and routes
    do not reach that resolver (Azure documentation, network security groups, special addresses).
    """
    routed = read(subnet.inputs, "routeTable")
    if routed == NONE:
        return DOES_NOT_APPLY
    if isinstance(rules, Unknown) or rules.value is None:
        return rules if isinstance(rules, Unknown) else NO
    told = [rule for rule in rules.value if not rule.inbound and _names(rule)]
    decides = min(told, key=lambda rule: rule.priority, default=None)
    if decides is None or (decides.allow and not decides.withheld):
        return NO
    return Unknown(decides.withheld) if decides.withheld else Known(value=True)


def _names(rule: Rule) -> bool:
    return any(address.lower() == PLATFORM_NAMES for address in rule.addresses)
