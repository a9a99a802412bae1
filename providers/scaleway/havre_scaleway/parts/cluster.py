"""Cluster: managed Kubernetes with private nodes, its API and what leaves it restricted.

Nodes have no public address, so they leave by the gateway. The service's own security group would
let everything out: pools have one of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumiverse_scaleway import instance, kubernetes

from havre.provider.parts import ClusterInputs, ClusterOutputs
from havre.provider.workloads.isolating import isolate
from havre_scaleway import resources as shared
from havre_scaleway import sites
from havre_scaleway.capabilities import egress_ports
from havre_scaleway.conventions.table import name
from havre_scaleway.parts.network import ACCEPT, DROP

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pulumi

    from havre.provider.context import Part
    from havre_scaleway.settings import ScalewaySettings

PLATFORM = (("UDP", 53), ("TCP", 53), ("UDP", 123))
"""Names and time, which every node needs; ours."""
ROOT_VOLUME_GB = 50
PUBLIC_PORTS = (443,)
"""Object Storage answers on public addresses only."""
Inbound = instance.SecurityGroupInboundRuleArgs
Outbound = instance.SecurityGroupOutboundRuleArgs


def cluster(part: Part[ScalewaySettings], inputs: ClusterInputs) -> ClusterOutputs:
    """The cluster, who may reach its API, and its nodes."""
    region = sites.region(part.primary)
    kube = _kube(part, inputs)
    kubernetes.Acl(
        f"{part.name}-acl",
        cluster_id=kube.id,
        region=region,
        acl_rules=[
            kubernetes.AclAclRuleArgs(ip=address, description="named in the file or the settings")
            for address in shared.allowed(part.context)
        ],
        opts=part.guarded(retain=True),  # to delete it opens the API to every address
    )
    _pools(part, kube, inputs.network.segments["compute"])
    outputs = ClusterOutputs(endpoint=kube.apiserver_url, identifier=kube.id, region=region)
    isolate(part, kube, outputs, PUBLIC_PORTS)
    return outputs


def _kube(part: Part[ScalewaySettings], inputs: ClusterInputs) -> kubernetes.Cluster:
    label = f"{part.name}-kube"
    return kubernetes.Cluster(
        label,
        name=name(part.context, label),
        description=shared.describe(part.context, "Cluster of the warehouse"),
        project_id=part.settings.project_id,
        region=sites.region(part.primary),
        type=part.settings.cluster_type,
        version=part.settings.kubernetes_version,
        cni="cilium",
        private_network_id=inputs.network.segments["compute"],
        delete_additional_resources=False,  # true would delete volumes with the cluster
        tags=shared.tag_list(part.context),
        opts=part.guarded(retain=True),
    )


def _pools(
    part: Part[ScalewaySettings], kube: kubernetes.Cluster, segment: pulumi.Output[str]
) -> None:
    """One pool a zone, each behind a security group of that zone."""
    asked = part.spec.cluster
    if asked is None:
        return
    zones, node_type = shared.zone_names(part.context), shared.node_type(part.context)
    for place, zone in enumerate(zones):
        nodes = asked.nodes // len(zones) + (place < asked.nodes % len(zones))
        group = _group(part, zone)
        # The name has the type: with another one new pools are made before the old ones go.
        kubernetes.Pool(
            f"{part.name}-{zone}-{node_type.lower()}",
            cluster_id=kube.id,
            name=f"{zone}-{node_type.lower()}",
            region=sites.region(part.primary),
            zone=zone,
            node_type=node_type,
            size=nodes,
            min_size=nodes,
            max_size=nodes,
            autoscaling=False,
            autohealing=True,
            public_ip_disabled=True,
            private_network_id=segment,
            security_group_id=group.id,
            root_volume_type="sbs_5k",
            root_volume_size_in_gb=ROOT_VOLUME_GB,
            opts=part.child(),
        )


def _group(part: Part[ScalewaySettings], zone: str) -> instance.SecurityGroup:
    """What nodes of a zone may be reached by, and reach."""
    label, space = f"{part.name}-{zone}-group", part.spec.network.address_space
    return instance.SecurityGroup(
        label,
        name=name(part.context, label),
        description=shared.describe(part.context, f"Nodes in {zone}"),
        project_id=part.settings.project_id,
        zone=zone,
        stateful=True,
        enable_default_security=True,
        inbound_default_policy=DROP,
        outbound_default_policy=DROP,
        inbound_rules=[Inbound(action=ACCEPT, protocol="ANY", ip_range=space)],
        outbound_rules=[
            Outbound(action=ACCEPT, protocol="ANY", ip_range=space),
            *_leaving(part),
        ],
        tags=shared.tag_list(part.context),
        opts=part.child(),
    )


def _leaving(part: Part[ScalewaySettings]) -> Iterator[Outbound]:
    """What leaves the network: by ports, since no rule names hosts."""
    for protocol, port in PLATFORM:
        yield Outbound(action=ACCEPT, protocol=protocol, port=port, ip_range="0.0.0.0/0")
    for port in egress_ports(part.spec, part.settings):
        yield Outbound(action=ACCEPT, protocol="TCP", port=port, ip_range="0.0.0.0/0")
