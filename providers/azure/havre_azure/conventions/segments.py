"""How an address space is cut where the stack does not plan it, and what each segment needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.spec.subnets import ADDRESSES_PER_NODE, subnets

if TYPE_CHECKING:
    from ipaddress import IPv4Network

    from havre.spec import Warehouse
    from havre_azure.names import Deployment

API_SUBNET = "apiserver"
FIREWALL_SUBNET = "AzureFirewallSubnet"
"""The only name under which Azure takes a firewall's subnet."""
FIREWALL_ADDRESSES, API_ADDRESSES, DATABASE_ADDRESSES = 64, 16, 16
"""Least sizes: a /26, a /28 and a /28 (Azure documentation: Firewall FAQ; AKS, API Server VNet
integration; PostgreSQL, private access). Known on 2026-11-30, not yet tested on Azure."""
ADMINISTRATION_ADDRESSES = 16
"""Five that Azure keeps in each subnet, and hosts; ours."""
ENDPOINT_ADDRESSES = 32
"""Five that Azure keeps, up to 16 of Azure Monitor's endpoint, and those of the archives, vaults
and registry; each zone takes one more."""


def computed(at: Deployment, space: str) -> dict[str, IPv4Network]:
    """The spec's segments, and Azure's own subnets in the upper half of administration.

    The halves never move: the first firewall or cluster replaces no subnet.
    """
    cut = dict(subnets(space, at.spec))
    lower, upper = cut["administration"].subnets(prefixlen_diff=1)
    firewall, rest = upper.subnets(prefixlen_diff=1)  # /26: the least that a firewall takes
    cut["administration"] = lower
    if at.own_firewall:
        cut[FIREWALL_SUBNET] = firewall
    if at.spec.cluster:
        cut[API_SUBNET] = next(rest.subnets(new_prefix=28))
    return cut


def least(spec: Warehouse) -> dict[str, int]:
    """Addresses that each segment needs at least."""
    nodes = spec.cluster.nodes if spec.cluster else 0
    return {
        "endpoints": len(spec.zones) + ENDPOINT_ADDRESSES,
        "database": DATABASE_ADDRESSES,
        "compute": max(nodes * ADDRESSES_PER_NODE, ADMINISTRATION_ADDRESSES),
        "administration": ADMINISTRATION_ADDRESSES,
        FIREWALL_SUBNET: FIREWALL_ADDRESSES,
        API_SUBNET: API_ADDRESSES,
    }
