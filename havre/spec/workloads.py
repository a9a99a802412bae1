"""What programs of projects may do in a cluster, as objects of Kubernetes.

The same for every provider. A namespace and its service account bear the project's name: providers
trust that account as the project's identity. Sources: Kubernetes documentation, Pod Security
Standards (restricted), network policies, resource quotas; read on 2026-11-30.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.spec.endings import authorised
from havre.spec.model import Size
from havre.spec.subnets import subnets

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from havre.spec.model import Cluster, Warehouse

CORES = {Size.S: 4, Size.M: 8, Size.L: 16, Size.XL: 32}
"""Least cores of a node by size, as providers map sizes; each comes with 4 GiB of memory."""
GIB_PER_CORE = 4
PODS_PER_NODE = 30
"""Pods that a node takes at most, for which segments are cut (`havre.spec.subnets`)."""
VOLUMES = 10
"""Volumes that a project may claim; ours."""
DATA_PORTS = {"endpoints": (443,), "database": (5432,)}
"""TCP ports of the segments that hold data."""
NAMES = 53
"""Port of DNS."""
INSIDE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
"""Addresses that are nobody's outside: private ones, and those of a node's own metadata."""
POD_SECURITY = "pod-security.kubernetes.io"
RESOLVER: Mapping[str, Any] = MappingProxyType(
    {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
)
"""The pods that resolve names, as a network policy names them."""
LIMITED = ("limits.cpu", "limits.memory", "requests.cpu", "requests.memory", "pods")
"""What a quota limits to a share."""
REFUSED = ("services.loadbalancers", "services.nodeports")
"""Ways in from outside the cluster, of which a quota allows none."""
COMPUTED: Mapping[str, str] = MappingProxyType({})
"""In place of a plan of addresses: each segment has those that are computed."""


def manifests(
    spec: Warehouse,
    as_of: dt.date,
    public_ports: Iterable[int] = (),
    address_plan: Mapping[str, str] = COMPUTED,
) -> Mapping[str, Any]:
    """One list of objects for `kubectl apply`; none for a project whose authorisation has ended.

    Args:
        spec: the warehouse; it must ask for a cluster.
        as_of: the day that decides which projects have ended.
        public_ports: TCP ports on which programs may reach addresses outside the network, where a
            provider's identities or object stores answer there. A firewall should filter them.
        address_plan: CIDR blocks of segments that have others than those that are computed.

    Raises:
        ValueError: the warehouse asks for no cluster.
    """
    if spec.cluster is None:
        message = "the warehouse file has no cluster"
        raise ValueError(message)
    projects = [*authorised(spec, as_of)]
    quota = _share(spec.cluster, len(projects)) if projects else {}
    out = [*_ways_out(data_segments(spec, address_plan), sorted(set(public_ports)))]
    items = [item for name in projects for item in _objects(spec, name, quota, out)]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def data_segments(
    spec: Warehouse, address_plan: Mapping[str, str] = COMPUTED
) -> Mapping[str, IPv4Network]:
    """Addresses of the segments that hold data, at the primary site.

    Raises:
        ValueError: a block of the plan is no IPv4 network.
    """
    cut = subnets(spec.network.address_space, spec)
    return {
        name: IPv4Network(address_plan[name]) if name in address_plan else cut[name]
        for name in DATA_PORTS
    }


def _share(cluster: Cluster, projects: int) -> dict[str, str]:
    """What each project may use at most: its share of the nodes, and no way in from outside."""
    cores = max(1, cluster.nodes * CORES[cluster.size] // projects)
    return {
        "limits.cpu": str(cores),
        "limits.memory": f"{cores * GIB_PER_CORE}Gi",
        "requests.cpu": str(cores),
        "requests.memory": f"{cores * GIB_PER_CORE}Gi",
        "pods": str(max(1, cluster.nodes * PODS_PER_NODE // projects)),
        "persistentvolumeclaims": str(VOLUMES),
        **dict.fromkeys(REFUSED, "0"),
    }


def _objects(
    spec: Warehouse, project: str, quota: Mapping[str, str], out: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    labels = {"havre-warehouse": spec.name, "havre-project": project}
    levels = {f"{POD_SECURITY}/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    yield _object("v1", "Namespace", project, None, {**labels, **levels})
    account = _object("v1", "ServiceAccount", project, project, labels)
    yield {**account, "automountServiceAccountToken": False}
    # A pod that names no account gets this one: it has no token either.
    default = _object("v1", "ServiceAccount", "default", project, labels)
    yield {**default, "automountServiceAccountToken": False}
    yield _policy("deny-all", project, labels, {"policyTypes": ["Ingress", "Egress"]})
    rules = {"policyTypes": ["Egress"], "egress": out}
    yield _policy("warehouse", project, labels, rules)
    limited = _object("v1", "ResourceQuota", "share", project, labels)
    yield {**limited, "spec": {"hard": dict(quota)}}
    limits = {
        "type": "Container",
        "default": {"cpu": "1", "memory": f"{GIB_PER_CORE}Gi"},
        "defaultRequest": {"cpu": "100m", "memory": "256Mi"},
    }
    usual = _object("v1", "LimitRange", "usual", project, labels)
    yield {**usual, "spec": {"limits": [limits]}}


def _object(
    version: str, kind: str, name: str, namespace: str | None, labels: Mapping[str, str]
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": dict(labels)}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _policy(
    name: str, project: str, labels: Mapping[str, str], rules: Mapping[str, Any]
) -> dict[str, Any]:
    """A network policy for every pod of a project."""
    made = _object("networking.k8s.io/v1", "NetworkPolicy", name, project, labels)
    return {**made, "spec": {"podSelector": {}, **rules}}


def _ways_out(segments: Mapping[str, IPv4Network], ports: list[int]) -> Iterator[dict[str, Any]]:
    """The cluster's own names, the segments that hold data, and public addresses if asked for."""
    asked = [{"protocol": protocol, "port": NAMES} for protocol in ("UDP", "TCP")]
    yield {"to": [dict(RESOLVER)], "ports": asked}
    for segment, block in segments.items():
        yield {"to": [{"ipBlock": {"cidr": str(block)}}], "ports": [*_tcp(DATA_PORTS[segment])]}
    if ports:
        outside = {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(INSIDE)}}
        yield {"to": [outside], "ports": [*_tcp(ports)]}


def _tcp(ports: Iterable[int]) -> Iterator[dict[str, Any]]:
    return ({"protocol": "TCP", "port": port} for port in ports)
