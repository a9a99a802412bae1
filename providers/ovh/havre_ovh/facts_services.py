"""What database, cluster, registry and logs mean for security."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from havre.facts.model import (
    Compute,
    Copy,
    Fact,
    Holding,
    Known,
    LogRoute,
    Offering,
    Place,
    Plain,
    Unknown,
)
from havre.facts.read import both, every, read, sources, then, together, users
from havre.plan.values import UNKNOWN
from havre_ovh import facts_places as places
from havre_ovh.facts_base import (
    NO,
    NONE,
    OFFER,
    THREE_ZONES,
    YES,
    base,
    each,
    guarded,
    is_set,
    join,
    lies_in,
    listed,
    store,
)
from havre_ovh.facts_network import restriction
from havre_ovh.facts_places import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.facts.model import ResourceFact
    from havre.plan import Plan, PlannedResource

NOT_SAID = Unknown("encryption at rest: no argument shows it, and no source read says so")
RESTRICT = ":KubeIpRestrictions"
SUBNETS = (":NetworkPrivateSubnet", ":NetworkPrivateSubnetV2", ":CloudNetworkPrivateVrackSubnet")
DOORS = (
    ":ContainerRegistryIPRestrictionsRegistry",
    ":ContainerRegistryIPRestrictionsManagement",
)
DAYS_A_YEAR = 365
STATED = re.compile(r"\bat ([a-z]{2})-[a-z]+(?:-[a-z0-9]+)*(?:;|$)")
"""How a stream's description says at which site its account stands."""


def _in_network(resource: PlannedResource) -> Fact[bool]:
    """Whether every node of a database stands in a subnet of a private network."""
    nodes = listed(resource.inputs, "nodes")
    if isinstance(nodes, Unknown):
        return nodes
    placed = [
        is_set(resource, node.get(path) if isinstance(node, dict) else UNKNOWN, "nodes")
        for node in nodes.value
        for path in ("networkId", "subnetId")
    ]
    return every(placed) if placed else NO


def _subnet(resource: PlannedResource, plan: Plan, path: str, value: Any) -> Fact[str | None]:
    """URN of the subnet from which a property comes; as written if it is none of the plan's."""
    if value is None or value == "":
        return NONE
    known = plan.by_urn
    tied = [u for u in sources(resource, path) if u in known and known[u].type.endswith(SUBNETS)]
    if len(tied) == 1:
        return Known(tied[0])
    return Unknown(path) if value is UNKNOWN or tied else Known(str(value))


def _segments(database: PlannedResource, plan: Plan) -> Fact[tuple[str | None, ...]]:
    """The subnet of each node of a database."""
    nodes = listed(database.inputs, "nodes")
    if isinstance(nodes, Unknown):
        return nodes
    found = [
        _subnet(database, plan, "nodes", node.get("subnetId"))
        if isinstance(node, dict)
        else Unknown("nodes")
        for node in nodes.value
    ]
    return then(together(found), lambda told: tuple(dict.fromkeys(told)))


def _statements(resource: PlannedResource, plan: Plan) -> Fact[bool]:
    """Whether each statement is logged, and the log sent to a stream."""
    sent = any(
        resource.urn in sources(r, "clusterId")
        for r in users(plan, resource.urn, ":LogSubscription")
    )
    # Names of parameters hold a dot, so they are no path.
    settings = read(resource.inputs, "advancedConfiguration", {})
    whole = then(settings, lambda found: str(found.get("pg.log_min_duration_statement")) == "0")
    return every([Known(sent), whole])


def database(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A managed database, and the addresses that it lets in.

    Its disks and backups are encrypted with OVHcloud's key, by documentation alone
    (PostgreSQL guides, 2024-05-15). The plan fixes how long backups are kept; no source read
    says how long.
    """
    inputs = resource.inputs
    nodes = each(inputs, "nodes", "region")
    named = read(inputs, "backupRegions", [])
    private, addresses = _in_network(resource), each(inputs, "ipRestrictions", "ip")
    several = then(nodes, lambda found: len(found) > 1)
    zones = then(nodes, lambda found: all(THREE_ZONES.fullmatch(str(r)) for r in found))
    parts = users(plan, resource.urn, ":DatabaseInstance")
    engine = both(read(inputs, "engine", ""), read(inputs, "version", ""))
    made = store(
        resource,
        plan,
        join(
            then(nodes, lambda found: tuple(place(Copy.PRIMARY, r) for r in dict.fromkeys(found))),
            then(both(nodes, named), lambda found: places.backups(*found)),
        ),
        holding=Holding.DATABASE,
        offering=Offering(OFFER, "Databases", _plan(resource)),
        encrypted=YES,
        tls_minimum=Unknown("endpoints[].sslMode"),
        public_read=NO,
        public_endpoint=then(private, lambda found: not found),
        private_endpoint=private,
        backup_days=Unknown("plan: it fixes how long backups are kept, no argument does"),
        multi_zone=every([several, zones]),
        guarded=every([guarded(resource), *map(guarded, parts)]),
        engine=then(engine, lambda words: " ".join(words).strip()),
        extensions=Unknown("extensions are made by CREATE EXTENSION, no argument shows them"),
        reads_logged=_statements(resource, plan),
        segments=_segments(resource, plan),
        allowed=addresses,
    )
    return [made, restriction(resource, plan, addresses)]


def _plan(resource: PlannedResource) -> Fact[str]:
    """The plan of a database, which the service demands: without one nothing is decided."""
    plan = read(resource.inputs, "plan")
    return Unknown("plan") if plan == NONE else plan


def _of_cluster(kube: PlannedResource, plan: Plan, token: str) -> list[PlannedResource]:
    return [r for r in users(plan, kube.urn, token) if kube.urn in sources(r, "kubeId")]


def _node_segments(
    kube: PlannedResource, plan: Plan, inside: Fact[bool]
) -> Fact[tuple[str | None, ...]]:
    """The subnet of a cluster's nodes; in a network without one named, OVHcloud chooses."""
    if not isinstance(inside, Known) or not inside.value:
        return then(inside, lambda _: (None,))
    told = _subnet(kube, plan, "nodesSubnetId", kube.inputs.get("nodesSubnetId"))
    return Unknown("nodesSubnetId") if told == NONE else then(told, lambda urn: (urn,))


def kube(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Managed Kubernetes: its API is public, its administrator's certificate stays."""
    inputs = resource.inputs
    pools = _of_cluster(resource, plan, ":KubeNodePool")
    zones = together([read(pool.inputs, "availabilityZones", []) for pool in pools])
    floating = [read(p.inputs, "attachFloatingIps.enabled", default=False) for p in pools]
    inside = is_set(resource, inputs.get("privateNetworkId"), "privateNetworkId")
    addresses = together([read(r.inputs, "ips", []) for r in _of_cluster(resource, plan, RESTRICT)])
    version = read(inputs, "version", "")
    compute = Compute(
        **base(resource, plan, lies_in(resource, Copy.COMPUTE)),
        offering=Offering(OFFER, "Managed Kubernetes", read(inputs, "plan", "free")),
        public_api=YES,
        allowed=then(addresses, lambda found: tuple(ip for ips in found for ip in ips)),
        secrets_key=NONE,
        multi_zone=then(zones, lambda found: len({zone for each in found for zone in each}) > 1),
        engine=then(version, lambda word: f"kubernetes {word}".strip()),
        local_accounts=YES,
        private_nodes=every([inside, *(then(f, lambda value: not value) for f in floating)]),
        segments=_node_segments(resource, plan, inside),
        disk_key=NONE,
    )
    return [compute]


def pool(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Nodes; without their cluster in the plan, all but their zones is unknown."""
    zones = read(resource.inputs, "availabilityZones", [])
    where = then(zones, lambda found: tuple(place(Copy.COMPUTE, zone) for zone in found))
    if any(
        r.urn in sources(resource, "kubeId") for r in plan.resources if r.type.endswith(":Kube")
    ):
        return [Plain(**base(resource, plan, where))]
    where = Unknown("kubeId") if where == Known(()) else where
    offering = Offering(OFFER, "Managed Kubernetes")
    return [Compute(**base(resource, plan, where), offering=offering)]


def registry(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A registry of images.

    Whether a project in it is public is decided inside, by who administers it.
    """
    made = store(
        resource,
        plan,
        lies_in(resource, Copy.PRIMARY),
        holding=Holding.REGISTRY,
        offering=Offering(OFFER, "Private Registry"),
        encrypted=NOT_SAID,
        public_read=Unknown("public projects, which no argument shows"),
        allowed=_registry_allows(resource, plan),
    )
    return [made]


def _registry_allows(registry: PlannedResource, plan: Plan) -> Fact[tuple[str, ...]]:
    """Addresses that reach images or administration; any where either is open to any."""
    found = [together([_blocks(r) for r in users(plan, registry.urn, token)]) for token in DOORS]
    doors = then(
        together(found), lambda told: [[a for part in door for a in part] for door in told]
    )
    return then(doors, lambda told: tuple(a for door in told for a in door) if all(told) else ())


def _blocks(restriction: PlannedResource) -> Fact[tuple[str, ...]]:
    """The addresses of a registry's restriction."""
    blocks = listed(restriction.inputs, "ipRestrictions")
    if isinstance(blocks, Unknown):
        return blocks
    return together([_block(block) for block in blocks.value])


def restrictions(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Which addresses a cluster or a registry lets in."""
    if resource.type.endswith(RESTRICT):
        return [restriction(resource, plan, then(read(resource.inputs, "ips", []), tuple))]
    return [restriction(resource, plan, _blocks(resource))]


def _block(block: Any) -> Fact[str]:
    """The addresses of a registry's restriction, whose name the SDK does not translate."""
    value = block.get("ip_block", block.get("ipBlock")) if isinstance(block, dict) else UNKNOWN
    unread = value is UNKNOWN or value is None
    return Unknown("ipRestrictions[].ip_block") if unread else Known(str(value))


def stream(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """A stream of the Logs Data Platform.

    Its account stands where the account's contract says; a description may repeat it. Archives
    are kept by the year; for how long the index is kept, only the account tells.
    """
    logs = store(
        resource,
        plan,
        _stated(resource),
        holding=Holding.LOGS,
        offering=Offering(OFFER, "Logs Data Platform"),
        encrypted=NOT_SAID,
        public_read=NO,
        retention_days=_kept(resource),
    )
    return [logs]


def _stated(resource: PlannedResource) -> Fact[tuple[Place, ...]]:
    said = read(resource.inputs, "description", "")
    found = STATED.search(str(said.value)) if isinstance(said, Known) else None
    if found is None:
        return Unknown("serviceName: only the account's contract says where it stands")
    return Known((Place(Copy.LOG, "", found[1].upper(), places.DECLARED),))


def _kept(resource: PlannedResource) -> Fact[int | None]:
    """Days of the archive, if there is one of everything; else the index's, which is not told."""
    inputs = resource.inputs
    parts = together([read(inputs, f"coldStorage{what}") for what in ("Enabled", "Content")])
    if isinstance(parts, Unknown):
        return parts
    years = read(inputs, "coldStorageRetention")
    if parts.value == (True, "ALL") and years != NONE:
        return then(years, lambda count: int(count) * DAYS_A_YEAR)
    return NONE if read(inputs, "retentionId") == NONE else Unknown("retentionId")


def subscription(resource: PlannedResource, plan: Plan) -> Sequence[ResourceFact]:
    """Logs of a database or a cluster, on their way to a stream."""
    source = "kubeId" if "kubeId" in resource.inputs else "clusterId"
    route = LogRoute(
        **base(resource, plan), sources=_ends(resource, source), sinks=_ends(resource, "streamId")
    )
    return [route]


def _ends(resource: PlannedResource, path: str) -> Fact[tuple[str, ...]]:
    """URNs that a property comes from; else what it says."""
    tied = sources(resource, path)
    return Known(tied) if tied else then(read(resource.inputs, path, ""), lambda name: (str(name),))
