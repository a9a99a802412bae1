"""Cluster: a private AKS, its disks and secrets under keys of the warehouse."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from pulumi_azure_native import compute
from pulumi_azure_native import containerservice as aks

from havre.provider.parts import ClusterInputs, ClusterOutputs
from havre.provider.workloads.isolating import isolate
from havre.spec.model import Availability, Size
from havre_azure.conventions.segments import API_SUBNET
from havre_azure.names import Deployment, Role
from havre_azure.parts.keys import MadeKey, encrypting_key, own_key, reachable_vault
from havre_azure.resources import after, diagnose, grant, identity, known, usual

if TYPE_CHECKING:
    import pulumi

    from havre.provider.context import Part
    from havre.spec.model import Cluster
    from havre_azure.resources import Identity
    from havre_azure.settings import AzureSettings

SIZES = {
    Size.S: "Standard_D4s_v5",
    Size.M: "Standard_D8s_v5",
    Size.L: "Standard_D16s_v5",
    Size.XL: "Standard_D32s_v5",
}
"""Node by size: general purpose, 4 to 32 cores of 4 GiB."""
PODS_PER_NODE = 30
"""Each has an address of the compute segment, which is cut for this many."""
NODE_DISK_GIB = 128
SERVICE_SPACES = ("172.29.0.0/16", "192.168.0.0/16", "10.255.0.0/16")
"""Addresses of services, inside the cluster only: the first that no network overlaps."""
DNS_SERVICE = 10
"""Which of them AKS gives to DNS, by its own convention."""
CLUSTER, DISKS, SECRETS = "cluster", "disks", "secrets"
"""Words for the vault of the cluster's own keys, and purposes of these."""
VAULT_LOGS = ("AuditEvent",)
PUBLIC_PORTS = (443,)
"""Programs exchange their token with Microsoft Entra there; the firewall filters it."""
LOGS = ("kube-apiserver", "kube-audit", "kube-audit-admin", "guard")


def cluster_id(at: Deployment) -> str:
    """ARM identifier of the cluster."""
    return at.id("Microsoft.ContainerService/managedClusters", at.name(f"{at.stem}-cluster"))


def _vault(at: Deployment, inputs: ClusterInputs) -> pulumi.Output[str] | None:
    """A vault for the cluster's keys: AKS asks for the right to change the vault that it uses."""
    if not at.own_keys:
        return None
    vault, sink = reachable_vault(at, inputs.network, at.location, CLUSTER), inputs.audit.sink
    diagnose(at, f"{at.stem}-vault-{CLUSTER}", vault, VAULT_LOGS, sink, after(at.archive_id, sink))
    return vault


def _disks(at: Deployment, vault: pulumi.Output[str]) -> pulumi.Output[str]:
    """The set of disks encrypted with one key of the warehouse; it follows renewals."""
    key, name = own_key(at, DISKS, vault, CLUSTER), at.name(f"{at.stem}-disks")
    made = compute.DiskEncryptionSet(
        f"{at.stem}-disks",
        disk_encryption_set_name=name,
        encryption_type=compute.DiskEncryptionSetType.ENCRYPTION_AT_REST_WITH_CUSTOMER_KEY,
        rotation_to_latest_key_version_enabled=True,
        active_key=compute.KeyForDiskEncryptionSetArgs(
            # Azure wants a version here, even where it follows renewals.
            key_url=key.versioned,
            source_vault=compute.SourceVaultArgs(id=vault),
        ),
        identity=compute.EncryptionSetIdentityArgs(
            type=compute.DiskEncryptionSetIdentityType.USER_ASSIGNED,
            user_assigned_identities=[
                after(at.key_identity_id(f"{DISKS}-{CLUSTER}"), key.uri, key.user.id)
            ],
        ),
        **usual(at, after(at.group, key.uri), bears_data=True),
    )
    return known(at.id("Microsoft.Compute/diskEncryptionSets", name), made)


def _secrets(
    at: Deployment, key: MadeKey | None, vault: pulumi.Output[str] | None
) -> aks.AzureKeyVaultKmsArgs | None:
    """Secrets in etcd, under a key in a vault that only the network reaches."""
    if key is None or vault is None:
        return None
    return aks.AzureKeyVaultKmsArgs(
        enabled=True,
        key_id=key.versioned,
        key_vault_network_access=aks.KeyVaultNetworkAccessTypes.PRIVATE,
        key_vault_resource_id=after(at.vault_id(CLUSTER), vault),
    )


def _pool(
    at: Deployment, asked: Cluster, subnet: pulumi.Output[str]
) -> aks.ManagedClusterAgentPoolProfileArgs:
    several = asked.availability is Availability.MULTI_ZONE and at.zonal
    return aks.ManagedClusterAgentPoolProfileArgs(
        name="nodes",
        mode=aks.AgentPoolMode.SYSTEM,
        type=aks.AgentPoolType.VIRTUAL_MACHINE_SCALE_SETS,
        count=asked.nodes,
        vm_size=SIZES[asked.size],
        os_type=aks.OSType.LINUX,
        os_sku=aks.OSSKU.AZURE_LINUX,
        os_disk_type=aks.OSDiskType.MANAGED,
        os_disk_size_gb=NODE_DISK_GIB,
        availability_zones=["1", "2", "3"] if several else None,
        vnet_subnet_id=subnet,
        max_pods=PODS_PER_NODE,
        enable_node_public_ip=False,
        enable_encryption_at_host=True,
        orchestrator_version=at.settings.kubernetes_version,
        tags=at.tags,
    )


def service_space(at: Deployment) -> IPv4Network:
    """Addresses of services, apart from those of both sites' networks."""
    asked = at.spec.network
    taken = [IPv4Network(s) for s in (asked.address_space, asked.recovery_address_space) if s]
    spaces = (IPv4Network(space) for space in SERVICE_SPACES)
    return next(space for space in spaces if not any(space.overlaps(used) for used in taken))


def _network(at: Deployment) -> aks.ContainerServiceNetworkProfileArgs:
    """Pods have addresses of the network, policies are enforced, all that leaves is filtered."""
    services = service_space(at)
    return aks.ContainerServiceNetworkProfileArgs(
        network_plugin=aks.NetworkPlugin.AZURE,
        network_dataplane=aks.NetworkDataplane.CILIUM,
        network_policy=aks.NetworkPolicy.CILIUM,
        load_balancer_sku=aks.LoadBalancerSku.STANDARD,
        outbound_type=aks.OutboundType.USER_DEFINED_ROUTING,
        service_cidr=str(services),
        dns_service_ip=str(services[DNS_SERVICE]),
    )


def _api(subnet: pulumi.Output[str]) -> aks.ManagedClusterAPIServerAccessProfileArgs:
    """The API stands in the network: a private vault can be reached from nowhere else."""
    return aks.ManagedClusterAPIServerAccessProfileArgs(
        enable_private_cluster=True,
        enable_private_cluster_public_fqdn=False,
        private_dns_zone="system",
        disable_run_command=True,
        enable_vnet_integration=True,
        subnet_id=subnet,
    )


def _aad(at: Deployment) -> aks.ManagedClusterAADProfileArgs:
    return aks.ManagedClusterAADProfileArgs(
        managed=True,
        enable_azure_rbac=True,
        admin_group_object_ids=[at.settings.administrators_id],
        tenant_id=at.settings.tenant_id,
    )


def _grants(
    at: Deployment,
    operator: Identity,
    kubelet: Identity,
    inputs: ClusterInputs,
) -> list[pulumi.Resource]:
    """What the cluster may do: its own subnets, its nodes' identity, pulling images."""
    label, networks = f"{at.stem}-cluster", inputs.network.segments
    routes = at.id("Microsoft.Network/routeTables", at.name(f"{at.stem}-network-routes"))
    principal = operator.principal
    made = [
        grant(at, f"{label}-{segment}", principal, Role.NETWORK_CONTRIBUTOR, networks[segment])
        for segment in ("compute", API_SUBNET)
    ]
    scope = after(routes, networks["compute"])
    made += [
        grant(at, f"{label}-routes", principal, Role.NETWORK_CONTRIBUTOR, scope),
        grant(at, f"{label}-nodes", principal, Role.IDENTITY_OPERATOR, kubelet.id),
    ]
    if inputs.registry is not None:
        images = inputs.registry.identifier
        made.append(grant(at, f"{label}-images", kubelet.principal, Role.ACR_PULL, images))
    return made


def _key_grants(
    at: Deployment,
    operator: Identity,
    key: MadeKey,
    disks: pulumi.Output[str],
    vault: pulumi.Output[str],
) -> list[pulumi.Resource]:
    """What the cluster may do with keys: use its secrets' one, connect to the vault, name disks."""
    label, principal = f"{at.stem}-cluster", operator.principal
    secrets = after(f"{at.vault_id(CLUSTER)}/keys/{at.key_name(SECRETS, CLUSTER)}", key.uri)
    return [
        grant(at, f"{label}-secrets", principal, Role.CRYPTO_USER, secrets),
        grant(at, f"{label}-vault", principal, Role.VAULT_CONTRIBUTOR, vault),
        grant(at, f"{label}-disks", principal, Role.READER, disks),
    ]


def _cluster(
    at: Deployment,
    asked: Cluster,
    inputs: ClusterInputs,
) -> aks.ManagedCluster:
    group, label = after(at.group, inputs.network.identifier), f"{at.stem}-cluster"
    operator = identity(at, f"{label}-operator", group)
    kubelet = identity(at, f"{label}-kubelet", group)
    vault = _vault(at, inputs)
    key = encrypting_key(at, SECRETS, vault, CLUSTER) if vault is not None else None
    disks = _disks(at, vault) if vault is not None else None
    needs = _grants(at, operator, kubelet, inputs)
    if key and disks and vault is not None:
        needs += _key_grants(at, operator, key, disks, vault)
    return aks.ManagedCluster(
        label,
        resource_name_=at.name(label),
        node_resource_group=at.name(f"{label}-nodes"),
        dns_prefix=at.spec.name,
        kubernetes_version=at.settings.kubernetes_version,
        sku=aks.ManagedClusterSKUArgs(name="Base", tier=aks.ManagedClusterSKUTier.STANDARD),
        identity=aks.ManagedClusterIdentityArgs(
            type=aks.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[operator.id]
        ),
        identity_profile={
            "kubeletidentity": aks.UserAssignedIdentityArgs(
                resource_id=kubelet.id, client_id=kubelet.client, object_id=kubelet.principal
            )
        },
        agent_pool_profiles=[_pool(at, asked, inputs.network.segments["compute"])],
        network_profile=_network(at),
        api_server_access_profile=_api(inputs.network.segments[API_SUBNET]),
        public_network_access=aks.PublicNetworkAccess.DISABLED,
        aad_profile=_aad(at),
        enable_rbac=True,
        disable_local_accounts=True,
        disk_encryption_set_id=disks,
        security_profile=aks.ManagedClusterSecurityProfileArgs(
            azure_key_vault_kms=_secrets(at, key, vault),
            workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
        ),
        oidc_issuer_profile=aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
        auto_upgrade_profile=aks.ManagedClusterAutoUpgradeProfileArgs(
            upgrade_channel=aks.UpgradeChannel.PATCH,
            node_os_upgrade_channel=aks.NodeOSUpgradeChannel.NODE_IMAGE,
        ),
        **usual(at, group, *needs, bears_data=True),
    )


def cluster(part: Part[AzureSettings], inputs: ClusterInputs) -> ClusterOutputs:
    """The cluster, its identities with what they may do, and its logs."""
    at = Deployment(part)
    asked = at.spec.cluster
    if asked is None:
        message = "the warehouse file has no cluster"
        raise ValueError(message)
    made, sink = _cluster(at, asked, inputs), inputs.audit.sink
    identifier = known(cluster_id(at), made)
    diagnose(at, f"{at.stem}-cluster", identifier, LOGS, sink, after(at.archive_id, sink))
    outputs = ClusterOutputs(
        endpoint=made.private_fqdn,
        identifier=identifier,
        region=at.location,
        issuer=made.oidc_issuer_profile.apply(lambda told: (told and told.issuer_url) or ""),
    )
    isolate(part, made, outputs, PUBLIC_PORTS)
    return outputs
