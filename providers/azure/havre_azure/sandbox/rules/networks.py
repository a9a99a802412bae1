"""Networks: addresses, rules, what stands in a subnet, and ways between networks."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any

from havre_azure.conventions.segments import FIREWALL_ADDRESSES, FIREWALL_SUBNET
from havre_azure.sandbox.rules.codes import refusal
from havre_azure.sandbox.rules.identifiers import beside, name, parent
from havre_azure.sandbox.rules.removal import LINK, NETWORK, SUBNET
from havre_sandbox.reading import items, number, sections, text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import Existing, World

PEERING = "azure-native:network:VirtualNetworkPeering"
ENDPOINT = "azure-native:network:PrivateEndpoint"
FIREWALL = "azure-native:network:AzureFirewall"
EGRESS = "azure-native:network:FirewallPolicyRuleCollectionGroup"
Network = IPv4Network | IPv6Network
KEPT = 5
"""Addresses of each subnet that Azure keeps (Azure documentation, virtual network FAQ)."""
LONGEST_PREFIX = 29
"""Of a subnet (the same FAQ)."""
UNUSABLE = tuple(
    IPv4Network(each)
    for each in ("224.0.0.0/4", "255.255.255.255/32", "127.0.0.0/8", "169.254.0.0/16")
)
"""Addresses that no network can have (the same FAQ), besides 168.63.129.16."""
PLATFORM = IPv4Network("168.63.129.16/32")
SUBRESOURCES = {
    "Microsoft.Storage/storageAccounts": frozenset(
        {"blob", "file", "queue", "table", "web", "dfs"}
    ),
    "Microsoft.KeyVault/vaults": frozenset({"vault"}),
    "Microsoft.ContainerRegistry/registries": frozenset({"registry"}),
    "Microsoft.Insights/privateLinkScopes": frozenset({"azuremonitor"}),
}
"""What a private endpoint can reach of each type (Azure documentation, private endpoints)."""


def one_at_a_time(proposed: Proposed) -> list[str]:
    """The networks that a change is within: a subnet's own; both of a peering."""
    if proposed.token == NETWORK:
        return [proposed.id]
    if proposed.token == SUBNET:
        return [parent(proposed.id)]
    if proposed.token == PEERING:
        remote = text(proposed.properties, "remoteVirtualNetwork.id")
        return [each for each in (parent(proposed.id), remote) if each]
    return []


def busy(proposed: Proposed, network: str) -> Refusal:
    """The refusal of a change in a network while another one is under way in it."""
    fault = "network-updating" if proposed.token == PEERING else "network-busy"
    message = (
        f"The network `{name(network)}` is being changed. Make this depend on what is in it, so "
        "that one is changed after the other."
    )
    return refusal(fault, message)


def parsed(found: Any) -> Network | None:
    """A network in CIDR notation; None for anything else."""
    try:
        return ip_network(found) if isinstance(found, str) and "/" in found else None
    except ValueError:
        return None


def spaces(network: Existing | Proposed) -> list[Network]:
    """The address space of a network."""
    found = [parsed(each) for each in items(network.properties, "addressSpace.addressPrefixes")]
    return [each for each in found if each is not None]


def overlap(one: Network, other: Network) -> bool:
    """Whether two networks share an address."""
    return one.version == other.version and one.overlaps(other)


@rule(NETWORK, SUBNET, beforehand=True)
def written(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Addresses are written in CIDR notation."""
    told = [
        *(("addressSpace.addressPrefixes", e) for e in _space(proposed)),
        *((path, text(proposed.properties, path)) for path in ("addressPrefix",)),
    ]
    for path, prefix in told:
        if prefix and parsed(prefix) is None:
            message = f"`{prefix}` is not a network in CIDR notation, such as 10.0.0.0/24."
            yield refusal("prefix", message, path)


def _space(proposed: Proposed) -> list[str]:
    return [e for e in items(proposed.properties, "addressSpace.addressPrefixes") if e]


@rule(NETWORK, beforehand=True)
def usable(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """No network has addresses that Azure keeps for itself."""
    for space in spaces(proposed):
        if any(overlap(space, kept) for kept in (*UNUSABLE, PLATFORM)):
            message = f"{space} overlaps addresses that Azure keeps for itself."
            yield refusal("space-reserved", message, "addressSpace.addressPrefixes")


@rule(NETWORK, acts=(Act.UPDATE,))
def spacious(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A network keeps the addresses of its subnets."""
    for subnet in world.below(proposed.id):
        cut = parsed(subnet.properties.get("addressPrefix"))
        if cut and not _inside(cut, spaces(proposed)):
            message = f"The subnet {name(subnet.id)} ({cut}) would be outside the address space."
            yield refusal("subnet-used", message, "addressSpace.addressPrefixes")


def _inside(cut: Network, found: list[Network]) -> bool:
    return any(
        each.version == cut.version and cut.subnet_of(each)  # type: ignore[arg-type]
        for each in found
    )


@rule(SUBNET)
def inside(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A subnet is in its network's address space, and overlaps no other subnet."""
    cut, network = parsed(value(proposed.properties, "addressPrefix")), parent(proposed.id)
    holder = world.find(network)
    if cut is None or holder is None:
        return
    if not _inside(cut, spaces(holder)):
        yield refusal("subnet", f"{cut} is outside the network's address space.", "addressPrefix")
    for other in world.below(network):
        taken = parsed(other.properties.get("addressPrefix")) if other.token == SUBNET else None
        if taken and overlap(cut, taken) and other.id.casefold() != proposed.id.casefold():
            message = f"{cut} overlaps the subnet {name(other.id)} ({taken})."
            yield refusal("subnet", message, "addressPrefix")


@rule(SUBNET, beforehand=True)
def large_enough(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A subnet has addresses to give; a firewall's has more."""
    cut = parsed(value(proposed.properties, "addressPrefix"))
    if not isinstance(cut, IPv4Network):
        return
    if cut.prefixlen > LONGEST_PREFIX:
        message = f"{cut} is too small. Use /{LONGEST_PREFIX} or larger."
        yield refusal("subnet-size", message, "addressPrefix")
    named = text(proposed.properties, "subnetName")
    if named == FIREWALL_SUBNET and cut.num_addresses < FIREWALL_ADDRESSES:
        message = f"{cut} is too small for a firewall. Use /26 or larger."
        yield refusal("subnet-size", message, "addressPrefix")


@rule(FIREWALL, beforehand=True)
def housed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A firewall is in the subnet that bears Azure's name for it."""
    for place, each in enumerate(sections(proposed.properties, "ipConfigurations")):
        subnet = text(each, "subnet.id")
        if subnet and name(subnet) != FIREWALL_SUBNET:
            message = f"A firewall needs a subnet that is called {FIREWALL_SUBNET}."
            yield refusal("firewall-subnet", message, f"ipConfigurations[{place}].subnet.id")


@rule(ENDPOINT, acts=(Act.CREATE,))
def roomy(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A private endpoint needs an address in a subnet that no service has taken whole."""
    subnet = world.find(text(proposed.properties, "subnet.id"))
    cut = parsed(subnet.properties.get("addressPrefix")) if subnet else None
    if subnet is None or cut is None:
        return
    used = sum(each.token == ENDPOINT for each in world.referring(subnet.id))
    if used + 1 > cut.num_addresses - KEPT:
        yield refusal("subnet-full", f"The subnet {cut} has no free address.", "subnet.id")
    if sections(subnet.properties, "delegations"):
        message = f"The subnet {name(subnet.id)} is delegated to a service. Use another one."
        yield refusal("subnet-delegated", message, "subnet.id")


@rule(ENDPOINT, beforehand=True)
def reachable(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A private endpoint reaches a part that its target has."""
    connections = sections(proposed.properties, "privateLinkServiceConnections")
    for place, each in enumerate(connections):
        target = text(each, "privateLinkServiceId")
        offered = next((v for k, v in SUBRESOURCES.items() if f"/{k}/" in target), None)
        for asked in items(each, "groupIds"):
            if offered and asked not in offered:
                message = f"`{asked}` is not a part of {target}: {', '.join(sorted(offered))}."
                at = f"privateLinkServiceConnections[{place}].groupIds"
                yield refusal("subresource", message, at)


@rule(PEERING, acts=(Act.CREATE,))
def apart(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Two networks that are peered share no address."""
    own = beside(
        proposed,
        "Microsoft.Network/virtualNetworks",
        text(proposed.properties, "virtualNetworkName"),
    )
    one, other = world.find(own), world.find(text(proposed.properties, "remoteVirtualNetwork.id"))
    if one and other and any(overlap(a, b) for a in spaces(one) for b in spaces(other)):
        message = "The address spaces of the two networks overlap. Change one of them."
        yield refusal("peering", message, "remoteVirtualNetwork.id")


@rule("azure-native:network:NetworkSecurityGroup", beforehand=True)
def ordered(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """No two rules of one direction have the same priority, and each has one form of a prefix."""
    rules = sections(proposed.properties, "securityRules")
    seen = Counter((text(each, "direction"), number(each, "priority")) for each in rules)
    for place, each in enumerate(rules):
        direction, priority = text(each, "direction"), number(each, "priority")
        if seen[direction, priority] > 1:
            message = f"Two {direction} rules have the priority {priority}."
            yield refusal("rule-priority", message, f"securityRules[{place}].priority")
            return


@rule("azure-native:network:NetworkSecurityGroup", beforehand=True)
def formed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A rule has exactly one of an address and a list of addresses, and likewise of ports."""
    for place, each in enumerate(sections(proposed.properties, "securityRules")):
        for one, many in _FORMS:
            if bool(each.get(one)) == bool(each.get(many)):
                message = f"Set exactly one of `{one}` and `{many}`."
                yield refusal("rule-form", message, f"securityRules[{place}].{one}")


_FORMS = tuple(
    (f"{end}{what}", f"{end}{what}{plural}")
    for end in ("source", "destination")
    for what, plural in (("AddressPrefix", "es"), ("PortRange", "s"))
)


@rule("azure-native:network:RouteTable", beforehand=True)
def routed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A route to an appliance has its address."""
    for place, each in enumerate(sections(proposed.properties, "routes")):
        appliance = text(each, "nextHopType") == "VirtualAppliance"
        if appliance and each.get("nextHopIpAddress") is None:
            message = "A route to a virtual appliance needs `nextHopIpAddress`."
            yield refusal("route", message, f"routes[{place}].nextHopIpAddress")


@rule("azure-native:network:PublicIPAddress", beforehand=True)
def fixed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A standard public address is static."""
    standard = text(proposed.properties, "sku.name") == "Standard"
    if standard and text(proposed.properties, "publicIPAllocationMethod") == "Dynamic":
        message = "A Standard public address must be Static."
        yield refusal("address", message, "publicIPAllocationMethod")


@rule(EGRESS, beforehand=True)
def prioritised(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Collections of a firewall's rules have priorities of their own."""
    found = sections(proposed.properties, "ruleCollections")
    seen = Counter(number(each, "priority") for each in found)
    for place, each in enumerate(found):
        if seen[number(each, "priority")] > 1:
            message = f"Two rule collections have the priority {number(each, 'priority')}."
            yield refusal("collection-priority", message, f"ruleCollections[{place}].priority")
            return


@rule(LINK, acts=(Act.CREATE,))
def linked_once(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A DNS zone is linked to a network once."""
    network = text(proposed.properties, "virtualNetwork.id").casefold()
    for other in world.of(LINK):
        same = text(other.properties, "virtualNetwork.id").casefold() == network
        if same and parent(other.id).casefold() == parent(proposed.id).casefold():
            message = f"{other.id} links the zone to this network already."
            yield refusal("link", message, "virtualNetwork.id")


def undelegated(proposed: Proposed, world: World, path: str, service: str) -> Iterator[Refusal]:
    """The refusal of a subnet, at a path, that exists and is not delegated to a service."""
    subnet = world.find(text(proposed.properties, path))
    delegations = sections(subnet.properties, "delegations") if subnet else ()
    if subnet and all(text(each, "serviceName") != service for each in delegations):
        yield refusal("not-delegated", f"{subnet.id} is not delegated to {service}.", path)


RULES = (
    written,
    usable,
    spacious,
    inside,
    large_enough,
    housed,
    roomy,
    reachable,
    apart,
    ordered,
    formed,
    routed,
    fixed,
    prioritised,
    linked_once,
)
