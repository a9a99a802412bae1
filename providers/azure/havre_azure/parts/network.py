"""Network: private segments, deny-by-default rules, one filtered way out, private names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import network as net
from pulumi_azure_native import privatedns, resources

from havre.errors import InputError
from havre.provider.conventions import replaced
from havre.provider.parts import NetworkInputs, NetworkOutputs
from havre_azure import names as n
from havre_azure.conventions.segments import API_SUBNET, FIREWALL_SUBNET, computed
from havre_azure.conventions.table import DATABASE_NAMES
from havre_azure.resources import known, usual
from havre_azure.rules import ROUTED, rules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network

    from havre.provider.context import Part
    from havre_azure.settings import AzureSettings

HTTP = 80
DELEGATIONS = {
    "database": "Microsoft.DBforPostgreSQL/flexibleServers",
    API_SUBNET: "Microsoft.ContainerService/managedClusters",
}
"""Services that need a subnet of their own."""


def segments(at: n.Deployment, space: str) -> dict[str, IPv4Network]:
    """The segments of a site: as the stack plans them, else as they are computed."""
    return replaced(computed(at, space), at.address_plan(space))


@dataclass(frozen=True)
class Site:
    """One site's network: where it stands, and the names of its resources begin alike.

    Attributes:
        label: with which its logical names begin.
        location: region.
        cut: its segments.
        group: name of the resource group.
        hop: address of the firewall through which traffic leaves; None: none leaves.
        resolver: address that is asked for names; None: Azure's own resolver is.
    """

    label: str
    location: str
    cut: Mapping[str, IPv4Network]
    group: pulumi.Output[str]
    hop: str | None = None
    resolver: str | None = None


def _security_groups(at: n.Deployment, site: Site) -> dict[str, net.NetworkSecurityGroup]:
    cut = {name: str(block) for name, block in site.cut.items()}
    if site.resolver:  # where names are asked: the firewall's own segment, or the hub's firewall
        cut.setdefault(FIREWALL_SUBNET, site.resolver)
    return {
        segment: net.NetworkSecurityGroup(
            f"{site.label}-{segment}-rules",
            network_security_group_name=at.name(f"{site.label}-{segment}-rules"),
            security_rules=[rule.args() for rule in rules(at, segment, cut)],
            **usual(at, site.group, location=site.location),
        )
        for segment in site.cut
        if segment != FIREWALL_SUBNET  # Azure takes none there
    }


def _routes(at: n.Deployment, site: Site) -> pulumi.Output[str]:
    """All that leaves goes to the firewall, or nowhere where there is none."""
    table = net.RouteTable(
        f"{site.label}-routes",
        route_table_name=at.name(f"{site.label}-routes"),
        disable_bgp_route_propagation=True,
        routes=[
            net.RouteArgs(
                name="out",
                address_prefix="0.0.0.0/0",
                next_hop_type=net.RouteNextHopType.VIRTUAL_APPLIANCE
                if site.hop
                else net.RouteNextHopType.NONE,
                next_hop_ip_address=site.hop,
            )
        ],
        **usual(at, site.group, location=site.location),
    )
    return known(at.id("Microsoft.Network/routeTables", at.name(f"{site.label}-routes")), table)


def _rules_of(
    at: n.Deployment, site: Site, segment: str, group: pulumi.Resource | None
) -> net.NetworkSecurityGroupArgs | None:
    if group is None:
        return None
    kind = "Microsoft.Network/networkSecurityGroups"
    name = at.name(f"{site.label}-{segment}-rules")
    return net.NetworkSecurityGroupArgs(id=known(at.id(kind, name), group))


def _virtual_network(at: n.Deployment, site: Site, space: str) -> net.VirtualNetwork:
    asked = [site.resolver] if site.resolver else None
    return net.VirtualNetwork(
        site.label,
        virtual_network_name=at.name(site.label),
        address_space=net.AddressSpaceArgs(address_prefixes=[space]),
        # The firewall asks Azure's own resolver, so private names stay known.
        dhcp_options=net.DhcpOptionsArgs(dns_servers=asked) if asked else None,
        # Subnets are resources of their own: never both, or each update drops the others.
        **usual(at, site.group, location=site.location),
    )


def _subnets(at: n.Deployment, site: Site, network: pulumi.Resource) -> dict[str, net.Subnet]:
    """One after the other: Azure refuses changes to a network while one is under way."""
    groups, routes = _security_groups(at, site), _routes(at, site)
    made: dict[str, net.Subnet] = {}
    for segment, block in site.cut.items():
        service = DELEGATIONS.get(segment)
        made[segment] = net.Subnet(
            f"{site.label}-{segment}",
            virtual_network_name=known(at.name(site.label), network),
            subnet_name=at.subnet_name(site.label, segment),
            resource_group_name=site.group,
            address_prefix=str(block),
            default_outbound_access=False,
            private_endpoint_network_policies="Enabled",
            network_security_group=_rules_of(at, site, segment, groups.get(segment)),
            route_table=net.RouteTableArgs(id=routes) if segment in ROUTED else None,
            delegations=[net.DelegationArgs(name="service", service_name=service)]
            if service
            else None,
            # The database's own log of changes goes to storage; its standby reads it there.
            service_endpoints=[net.ServiceEndpointPropertiesFormatArgs(service="Microsoft.Storage")]
            if segment == "database"
            else None,
            opts=at.part.child(*made.values()),
        )
    return made


def _egress_rules(at: n.Deployment, sources: list[str]) -> list[net.ApplicationRuleArgs]:
    """One rule a destination; nodes also need what the platform lists under its own tag."""
    rules = [
        net.ApplicationRuleArgs(
            rule_type="ApplicationRule",
            name=f"{asked.host}-{asked.port}",
            source_addresses=sources,
            target_fqdns=[asked.host],
            protocols=[
                net.FirewallPolicyRuleApplicationProtocolArgs(
                    protocol_type="Http" if asked.port == HTTP else "Https", port=asked.port
                )
            ],
        )
        for asked in at.spec.network.egress
    ]
    if at.spec.cluster:
        rules.append(
            net.ApplicationRuleArgs(
                rule_type="ApplicationRule",
                name="kubernetes-service",
                source_addresses=sources[:1],
                fqdn_tags=["AzureKubernetesService"],
                protocols=[
                    net.FirewallPolicyRuleApplicationProtocolArgs(protocol_type="Https", port=443)
                ],
            )
        )
    return rules


def _policy(at: n.Deployment, site: Site) -> pulumi.Output[str]:
    """The egress list: known as a policy only once its rules are there."""
    policy = net.FirewallPolicy(
        f"{site.label}-egress",
        firewall_policy_name=at.name(f"{site.label}-egress"),
        sku=net.FirewallPolicySkuArgs(tier=net.FirewallPolicySkuTier.STANDARD),
        threat_intel_mode=net.AzureFirewallThreatIntelMode.DENY,
        dns_settings=net.DnsSettingsArgs(enable_proxy=True),
        **usual(at, site.group, location=site.location),
    )
    rules = net.FirewallPolicyRuleCollectionGroup(
        f"{site.label}-egress-list",
        rule_collection_group_name="egress-list",
        firewall_policy_name=known(at.name(f"{site.label}-egress"), policy),
        resource_group_name=site.group,
        priority=100,
        rule_collections=[
            net.FirewallPolicyFilterRuleCollectionArgs(
                rule_collection_type="FirewallPolicyFilterRuleCollection",
                name="destinations",
                priority=100,
                action=net.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
                rules=_egress_rules(at, [str(site.cut[segment]) for segment in ROUTED]),
            )
        ],
        opts=at.part.child(),
    )
    name = at.name(f"{site.label}-egress")
    return known(at.id("Microsoft.Network/firewallPolicies", name), policy, rules)


def firewall_id(at: n.Deployment) -> str:
    """ARM identifier of the firewall."""
    return at.id("Microsoft.Network/azureFirewalls", at.name(f"{at.stem}-network-firewall"))


def _firewall(at: n.Deployment, site: Site, subnet: net.Subnet) -> net.AzureFirewall:
    """The only way out; only an application rule can filter by host name, a NAT cannot."""
    zones = ["1", "2", "3"] if at.zonal else None
    address = net.PublicIPAddress(
        f"{site.label}-egress-address",
        public_ip_address_name=at.name(f"{site.label}-egress-address"),
        sku=net.PublicIPAddressSkuArgs(name=net.PublicIPAddressSkuName.STANDARD),
        public_ip_allocation_method=net.IPAllocationMethod.STATIC,
        zones=zones,
        **usual(at, site.group, location=site.location),
    )
    return net.AzureFirewall(
        f"{site.label}-firewall",
        azure_firewall_name=at.name(f"{site.label}-firewall"),
        sku=net.AzureFirewallSkuArgs(name="AZFW_VNet", tier="Standard"),
        firewall_policy=net.SubResourceArgs(id=_policy(at, site)),
        ip_configurations=[
            net.AzureFirewallIPConfigurationArgs(
                name="egress",
                subnet=net.SubResourceArgs(id=known(at.subnet_id(FIREWALL_SUBNET), subnet)),
                public_ip_address=net.SubResourceArgs(
                    id=known(
                        at.id(
                            "Microsoft.Network/publicIPAddresses",
                            at.name(f"{site.label}-egress-address"),
                        ),
                        address,
                    )
                ),
            )
        ],
        zones=zones,
        **usual(at, site.group, location=site.location),
    )


def private_names(at: n.Deployment) -> list[str]:
    """Private DNS zones that the warehouse's services need."""
    return [
        n.BLOB_NAMES,
        *([n.VAULT_NAMES] if at.own_keys else []),
        *([n.REGISTRY_NAMES] if at.spec.registry else []),
        *(n.MONITOR_NAMES if at.own_workspace else ()),
        at.database_zone,
    ]


def _names(
    at: n.Deployment, site: Site, networks: Mapping[str, pulumi.Output[str]]
) -> list[pulumi.Resource]:
    """Private DNS zones, linked to every site's network; those of an estate only if it says so."""
    links: list[pulumi.Resource] = []
    estate = at.estate
    hub = {"hub": known(at.hub.network_id)} if estate and estate.link and at.hub else {}
    for name in private_names(at):
        label = f"{site.label}-{DATABASE_NAMES if name == at.database_zone else name}"
        given = estate.dns_zones.get(name) if estate else None
        if given is None:
            zone = privatedns.PrivateZone(
                label,
                private_zone_name=name,
                location="global",  # names only: private DNS has no region
                resource_group_name=site.group,
                tags=at.tags,
                opts=at.part.child(),
            )
            links += _links(at, label, known(name, zone), site.group, {**networks, **hub})
        elif estate and estate.link:
            group = known(given.split("/")[4])  # /subscriptions/ID/resourceGroups/NAME/...
            links += _links(at, label, known(name), group, networks, f"{at.stem}-")
    return links


def _links(
    at: n.Deployment,
    label: str,
    zone: pulumi.Output[str],
    group: pulumi.Output[str],
    networks: Mapping[str, pulumi.Output[str]],
    prefix: str = "",
) -> list[pulumi.Resource]:
    """Links of one private DNS zone to networks, which then know its names.

    Args:
        at: the deployment.
        label: with which their logical names begin.
        zone: name of the zone.
        group: its resource group.
        networks: by a word for each.
        prefix: of their names, where other warehouses have links in the zone.
    """
    return [
        privatedns.VirtualNetworkLink(
            f"{label}-{other}",
            virtual_network_link_name=f"{prefix}{other}",
            private_zone_name=zone,
            location="global",
            resource_group_name=group,
            virtual_network=privatedns.SubResourceArgs(id=network),
            registration_enabled=False,
            tags=at.tags,
            opts=at.part.child(),
        )
        for other, network in networks.items()
    ]


def _resource_group(at: n.Deployment) -> pulumi.Output[str]:
    """The group that holds everything: locks on what it holds refuse its deletion too.

    One of an estate that exists is neither made nor protected.
    """
    if at.estate and at.estate.resource_group:
        return known(at.group)
    group = resources.ResourceGroup(
        at.stem,
        resource_group_name=at.group,
        location=at.location,
        tags=at.tags,
        opts=at.part.guarded(),
    )
    return known(at.group, group)


def _peer(
    at: n.Deployment, site: Site, other: Site, *before: pulumi.Resource
) -> net.VirtualNetworkPeering:
    return net.VirtualNetworkPeering(
        f"{site.label}-to-{other.label}",
        virtual_network_peering_name=other.label,
        virtual_network_name=known(at.name(site.label), *before),
        resource_group_name=site.group,
        remote_virtual_network=net.SubResourceArgs(id=at.network_id(other.label)),
        allow_virtual_network_access=True,
        allow_forwarded_traffic=False,
        opts=at.part.child(),
    )


def _peer_hub(at: n.Deployment, site: Site, subnets: Mapping[str, net.Subnet]) -> pulumi.Resource:
    """The way to the hub; the way back is the hub's own.

    What the hub's firewall sends back comes from addresses that are not the hub's.
    """
    hub = at.hub
    return net.VirtualNetworkPeering(
        f"{site.label}-to-hub",
        virtual_network_peering_name="hub",
        virtual_network_name=known(at.name(site.label), *subnets.values()),
        resource_group_name=site.group,
        remote_virtual_network=net.SubResourceArgs(id=hub.network_id if hub else None),
        allow_virtual_network_access=True,
        allow_forwarded_traffic=True,
        opts=at.part.child(),
    )


def _check(at: n.Deployment) -> None:
    """Refuse to reach another subscription than the one whose identifiers the plan holds.

    Raises:
        InputError: the SDK would.
    """
    configured = pulumi.Config("azure-native").get("subscriptionId")
    if configured and configured.lower() != at.settings.subscription_id:
        message = f"settings.subscription_id is not azure-native:subscriptionId, `{configured}`"
        raise InputError(message, "Set both to the subscription of the warehouse.")


def _site(at: n.Deployment, group: pulumi.Output[str], where: str) -> Site:
    """The primary site, or the recovery site's network of the same shape without a way out."""
    if where == at.location:
        cut = segments(at, at.spec.network.address_space)
        subnet = cut.get(FIREWALL_SUBNET)
        # Azure gives a firewall the first free address: the fourth after the network's.
        own = str(subnet[4]) if subnet else None
        resolver = at.hub.firewall_address if at.hub else own
        hop = resolver if at.firewalled else None
        return Site(at.part.named("network"), where, cut, group, hop, resolver)
    cut = segments(at, str(at.spec.network.recovery_address_space))
    cut.pop(FIREWALL_SUBNET, None)
    return Site(at.part.named("recovery", "network"), where, cut, group)


def _recover(
    at: n.Deployment, primary: Site, network: pulumi.Resource, *made: pulumi.Resource
) -> dict[str, pulumi.Output[str]]:
    """The recovery site's network, joined to the primary one; none where none is asked for."""
    space, where = at.spec.network.recovery_address_space, at.recovery_location
    if space is None or where is None:
        return {}
    site = _site(at, primary.group, where)
    other = _virtual_network(at, site, space)
    # Peered once all subnets are there, one way after the other: Azure takes one change of a
    # network at a time, and a peering changes both.
    before = (network, other, *made, *_subnets(at, site, other).values())
    there = _peer(at, primary, site, *before)
    _peer(at, site, primary, *before, there)
    return {"recovery": known(at.network_id(site.label), other)}


def network(part: Part[AzureSettings], _inputs: NetworkInputs) -> NetworkOutputs:
    """The resource group, both sites' networks, the firewall and the private names.

    Raises:
        InputError: the SDK would use another subscription.
    """
    at = n.Deployment(part)
    _check(at)
    site = _site(at, _resource_group(at), at.location)
    virtual = _virtual_network(at, site, at.spec.network.address_space)
    identifier = known(at.network_id(site.label), virtual)
    made = _subnets(at, site, virtual)
    needs: list[pulumi.Resource] = []
    if at.own_firewall:
        needs.append(_firewall(at, site, made[FIREWALL_SUBNET]))
    peered = [_peer_hub(at, site, made)] if at.hub else []
    away = _recover(at, site, virtual, *made.values(), *peered)
    needs += [*peered, *_names(at, site, {"primary": identifier, **away})]
    return NetworkOutputs(
        identifier=identifier,
        segments={
            segment: known(at.subnet_id(segment), subnet, *needs)
            for segment, subnet in made.items()
            if segment != FIREWALL_SUBNET
        },
    )
