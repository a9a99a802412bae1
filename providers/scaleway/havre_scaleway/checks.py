"""What Scaleway's API would refuse, and what Pulumi's plugin lets pass, said beforehand."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING

from havre.provider.faults import SETTINGS, ProviderFault
from havre.spec.rules import PRIVATE, WIDEST_ADMINISTRATION
from havre.spec.schemes import HDS
from havre_scaleway import resources as shared
from havre_scaleway import sites
from havre_scaleway.conventions.faults import convention_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.provider.context import Context
    from havre_scaleway.settings import ScalewaySettings

DATABASE_VERSIONS = ("14", "15", "16", "17")
"""Major versions of PostgreSQL (Scaleway, PostgreSQL versions, 2025-09-03; 18 was not found)."""
KUBERNETES_ADDRESSES = ("10.32.0.0/20", "100.64.0.0/15")
"""Addresses of services and pods where none are set: a network of the same addresses breaks the
cluster (terraform-provider-scaleway, kubernetes cluster, 2026-08-21)."""


def check(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    """Every fault of a warehouse's file and settings."""
    yield from _primary(context)
    if sites.placed(context.primary) is None:
        return  # what follows depends on the region
    for rule in (_health, _database, _cluster, _projects, _addresses, _network, _ports):
        yield from rule(context)
    yield from convention_faults(context)


def _setting(name: str, message: str, remedy: str) -> ProviderFault:
    return ProviderFault((SETTINGS, name), message, remedy)


def _primary(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    """A recovery site without a region is a gap; a warehouse cannot stand there."""
    if sites.placed(context.primary) is None:
        message = f"site `{context.primary.name}` has no region of Scaleway"
        remedy = f"Choose a site that has one: {', '.join(sites.SITES)}."
        yield ProviderFault(("sites", "primary"), message, remedy)


def _health(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    """HDS covers dedicated clusters and some lines of nodes; its place is a control's matter."""
    settings, cluster = context.settings, context.spec.cluster
    if not shared.health(context.spec):
        return
    if cluster and settings.cluster_type == "kapsule":
        message = f"`{HDS}` is required, and `cluster_type` kapsule is outside its scope"
        yield _setting("cluster_type", message, "Use kapsule-dedicated-4 or larger.")
    if cluster and shared.node_type(context).upper().startswith(shared.OUTSIDE_HDS):
        message = f"`{HDS}` is required, and `node_type` {settings.node_type} is outside its scope"
        yield _setting("node_type", message, "Use another family, such as POP2-8C-32G.")


def _database(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    version = str(context.spec.database.version)
    if version not in DATABASE_VERSIONS:
        message = f"PostgreSQL {version} is not offered"
        remedy = f"Choose one of {', '.join(DATABASE_VERSIONS)}."
        yield ProviderFault(("database", "version"), message, remedy)


def _cluster(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    """Each zone over which a cluster is spread has a node."""
    cluster, zones = context.spec.cluster, shared.zone_names(context)
    if cluster and cluster.nodes < len(zones):
        message = f"{cluster.nodes} nodes cannot be in {len(zones)} availability zones"
        yield ProviderFault(("cluster", "nodes"), message, f"Set {len(zones)} nodes or more.")


def _projects(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    unknown = sorted(set(context.settings.project_applications) - set(context.spec.projects))
    if unknown:
        message = f"`project_applications` names the unknown projects {', '.join(unknown)}"
        yield _setting("project_applications", message, "Name projects of the warehouse file.")


def _addresses(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    for address in context.settings.source_addresses:
        if not _public(address):
            message = f"`source_addresses` {address} is private or too wide"
            remedy = "Name the public addresses of the gateway."
            yield _setting("source_addresses", message, remedy)


def _network(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    """No network of a cluster has the addresses of the cluster's own pods and services."""
    for field in ("address_space", "recovery_address_space"):
        space = getattr(context.spec.network, field)
        taken = [kept for kept in KUBERNETES_ADDRESSES if space and _overlap(space, kept)]
        if context.spec.cluster and taken:
            message = f"Scaleway's managed Kubernetes uses {', '.join(taken)} itself"
            remedy = "Use other private addresses, such as 10.42.0.0/16."
            yield ProviderFault(("network", field), message, remedy)


def _ports(context: Context[ScalewaySettings]) -> Iterator[ProviderFault]:
    """Nodes without HTTPS reach neither their cluster's API nor images."""
    if context.spec.cluster and 443 not in context.settings.node_egress_ports:  # noqa: PLR2004
        message = "`node_egress_ports` lacks 443, which nodes need for images and Object Storage"
        yield _setting("node_egress_ports", message, "Add 443.")


def _overlap(one: str, other: str) -> bool:
    return IPv4Network(one).overlaps(IPv4Network(other))


def _public(address: str) -> bool:
    """Whether requests can come from an address: not a private one, nor from everywhere."""
    network = ip_network(address)
    inside = isinstance(network, IPv4Network) and any(
        network.subnet_of(IPv4Network(block)) for block in PRIVATE
    )
    return not inside and network.prefixlen >= WIDEST_ADMINISTRATION[network.version]
