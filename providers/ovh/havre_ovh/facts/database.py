"""Database: managed PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from havre.facts.model import Copy, Extent, Holder
from havre.facts.read import (
    NO,
    NONE,
    YES,
    at_best,
    both,
    each,
    every,
    gathered,
    items,
    labels,
    meets,
    read,
    then,
)
from havre.facts.stores import DatabaseServer
from havre.facts.values import Fact, Known, Unknown
from havre.plan.values import UNKNOWN
from havre_ovh.facts import places
from havre_ovh.facts.network import restriction
from havre_ovh.facts.properties import (
    THREE_ZONES,
    about,
    guarded,
    is_set,
    offered,
    places_in,
    subnet_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.facts.index import Index
    from havre.facts.model import Place, ResourceFact
    from havre.plan import PlannedResource


def _in_network(resource: PlannedResource) -> Fact[bool]:
    """Whether every node of a database stands in a subnet of a private network."""
    nodes = items(resource.inputs, "nodes")
    if isinstance(nodes, Unknown):
        return nodes
    placed = [
        is_set(resource, node.get(path) if isinstance(node, dict) else UNKNOWN, "nodes")
        for node in nodes.value
        for path in ("networkId", "subnetId")
    ]
    return every(placed) if placed else NO


def _statements(resource: PlannedResource, index: Index) -> Fact[bool]:
    """Whether each statement is logged, and the log sent to a stream."""
    sent = bool(index.computed("LogSubscription", "clusterId", resource))
    # Names of parameters hold a dot, so they are no path.
    settings = labels(resource.inputs, "advancedConfiguration")
    told = at_best(settings, {}).get(STATEMENTS)
    whole = Known(str(told) == "0") if told is not None else then(settings, lambda _: False)
    return every([Known(sent), whole])


STATEMENTS = "pg.log_min_duration_statement"


def database(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A managed database, and the addresses that it lets in.

    Its disks and backups are encrypted with OVHcloud's key, by documentation alone
    (PostgreSQL guides, 2024-05-15). The plan fixes how long backups are kept; no source read
    says how long.
    """
    inputs = resource.inputs
    nodes = each(inputs, "nodes", "region", "nodes[].region", needed=True)
    private = _in_network(resource)
    addresses = each(inputs, "ipRestrictions", "ip", IP, needed=True)
    several = then(nodes, lambda found: len(found) > 1)
    zones = meets(nodes, lambda found: all(THREE_ZONES.fullmatch(str(r)) for r in found))
    parts = index.computed("DatabaseInstance", "clusterId", resource)
    engine = both(read(inputs, "engine", ""), read(inputs, "version", ""))
    where = gathered([places_in(Copy.PRIMARY, nodes), _backups(inputs, nodes)])
    made = replace(
        offered(DatabaseServer, resource, index, where, "Databases", _plan(resource)),
        encrypted=YES,
        key=NONE,
        key_encrypts=Known(Extent.ALL),
        tls_minimum=Unknown("endpoints[].sslMode"),
        public_endpoint=then(private, lambda found: not found),
        private_endpoint=private,
        backup_days=Unknown("plan: determines how long backups are kept, without an argument"),
        multi_zone=every([several, zones]),
        guarded=every([guarded(resource), *map(guarded, parts)]),
        engine=then(engine, lambda words: " ".join(words).strip()),
        extensions=Unknown("extensions, which CREATE EXTENSION creates and no argument shows"),
        shared_keys=NO,
        cross_tenant=NO,
        reads_logged=_statements(resource, index),
        administration_logged=NO,
        names_in_state=NO,
        segments=_segments(resource, index),
        replica_of=NONE,
        allowed=addresses,
    )
    return [made, restriction(resource, index, addresses)]


IP = "ipRestrictions[].ip"


def _backups(inputs: Mapping[str, Any], nodes: Fact[tuple[Any, ...]]) -> Fact[tuple[Place, ...]]:
    """Where backups lie: in the regions that are named, or where OVHcloud puts them unasked."""
    named = each(inputs, "backupRegions")
    if named == Known(()):
        return then(nodes, lambda found: places.backups(found, ()))
    return places_in(Copy.BACKUP, named)


def instance(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A database in a server: told with the server, lost alone."""
    return [replace(about(Holder, resource, index), guarded=guarded(resource))]


def _plan(resource: PlannedResource) -> Fact[str]:
    """The plan of a database, which the service demands: without one nothing is decided."""
    plan = read(resource.inputs, "plan")
    return Unknown("plan") if plan == NONE else plan


def _segments(database: PlannedResource, index: Index) -> Fact[tuple[str | None, ...]]:
    """The subnet of each node of a database."""
    nodes = items(database.inputs, "nodes")
    if isinstance(nodes, Unknown):
        return nodes
    found = gathered(
        then(subnet_of(database, index, "nodes", node.get("subnetId")), lambda urn: (urn,))
        if isinstance(node, dict)
        else Unknown("nodes")
        for node in nodes.value
    )
    told = tuple(dict.fromkeys(at_best(found, ())))
    if isinstance(found, Known):
        return Known(told)
    return Unknown(found.property, Known(told) if told else None)
