"""Managed databases: plans and flavors by region, nodes, backups, and what belongs to one."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

from havre_ovh.capabilities import DATA
from havre_ovh.checks import DATABASE_VERSIONS
from havre_ovh.sandbox.rules.codes import refusal
from havre_ovh.sandbox.rules.networks import network_of
from havre_ovh.sandbox.rules.places import DATABASE, SUBNET
from havre_sandbox.reading import items, sections, text, value
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

INSTANCE = "ovh:CloudProjectDatabase/databaseInstance:DatabaseInstance"
LOGS = "ovh:CloudProjectDatabase/logSubscription:LogSubscription"
NODES = {"essential": 1, "business": 2, "enterprise": 3}
"""Nodes by plan (terraform-provider-ovh#1327 for two; the others from knowledge)."""
GENERATIONS = {
    "db1": frozenset(NODES),
    "b3": frozenset({"production", "advanced"}),
}
"""Plans by family of flavors: see the data file `databases`."""
DOUBTFUL = frozenset({"EU-WEST-PAR"})
"""Regions where public sources disagree: nothing is refused there by region."""
MOST_BACKUPS = 2
OWN = frozenset({"defaultdb", "postgres", "template0", "template1"})
"""Databases that a service has for itself (OVHcloud, PostgreSQL, getting started)."""


@cache
def regions() -> Mapping[str, Mapping[str, Any]]:
    """Plans and flavors by region: see the data file `databases`."""
    found = tomllib.loads((DATA / "databases.toml").read_text(encoding="utf-8"))
    return dict(found["regions"])


@rule(DATABASE, beforehand=True)
def offered(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A region has the plan, and the plan has the flavor."""
    plan, flavor = text(proposed.properties, "plan"), text(proposed.properties, "flavor")
    family = flavor.partition("-")[0]
    if family and plan and plan not in GENERATIONS.get(family, ()):
        message = f"The plan {plan} has no flavor `{flavor}`."
        yield refusal("no-compute", message, "flavor")
    for place, node in enumerate(sections(proposed.properties, "nodes")):
        region = text(node, "region")
        row = regions().get(region)
        if region and row and region not in DOUBTFUL and plan not in row["plans"]:
            message = f"{region} has no plan `{plan}`: {', '.join(row['plans'])}."
            yield refusal("no-compute", message, f"nodes[{place}].region")


@rule(DATABASE, beforehand=True)
def placed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Nodes are in one region where databases are, as many as the plan has."""
    nodes, plan = sections(proposed.properties, "nodes"), text(proposed.properties, "plan")
    told = {text(node, "region") for node in nodes}
    for region in sorted(told):
        if region and region not in {*regions(), "RBX", "EU-SOUTH-MIL", "BHS", "SGP", "SYD"}:
            yield refusal("no-compute", f"There are no databases in `{region}`.", "nodes")
    if len(told) > 1:
        yield refusal("nodes", "All nodes are in one region.", "nodes")
    if not nodes:
        yield refusal("checked-missing", "A database has at least one node.", "nodes")
    elif plan in NODES and len(nodes) != NODES[plan]:
        message = f"The plan {plan} has {NODES[plan]} nodes, not {len(nodes)}."
        yield refusal("nodes", message, "nodes")


@rule(DATABASE, beforehand=True)
def versioned(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A version of the engine is offered."""
    engine, version = (text(proposed.properties, path) for path in ("engine", "version"))
    if engine == "postgresql" and version and version not in DATABASE_VERSIONS:
        listed = ", ".join(DATABASE_VERSIONS)
        yield refusal("database-version", f"`{version}` is not one of {listed}.", "version")


@rule(DATABASE, beforehand=True)
def backed_up(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Backups are in two regions at most, that of the nodes among them."""
    told = items(proposed.properties, "backupRegions")
    own = {text(node, "region") for node in sections(proposed.properties, "nodes")}
    if len(told) > MOST_BACKUPS:
        message = f"Backups are in {MOST_BACKUPS} regions at most."
        yield refusal("backups", message, "backupRegions")
    if told and own and not own & set(told):
        message = f"Backups are in {', '.join(sorted(own))} too, where the nodes are."
        yield refusal("backups", message, "backupRegions")


@rule(DATABASE, acts=(Act.CREATE,))
def networked(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Network and subnet of a node exist, and belong together."""
    for place, node in enumerate(sections(proposed.properties, "nodes")):
        network, subnet = text(node, "networkId"), world.find(text(node, "subnetId"))
        if network and network_of(network, world) is None:
            at = f"nodes[{place}].networkId"
            yield refusal("network-missing", f"There is no network {network}.", at)
        if network and (subnet is None or subnet.token != SUBNET):
            yield refusal("subnet-missing", "There is no such subnet.", f"nodes[{place}].subnetId")
        elif subnet and text(subnet.properties, "networkId") != network:
            message = f"{subnet.name} is in another network."
            yield refusal("subnet-elsewhere", message, f"nodes[{place}].subnetId")


@rule(DATABASE, acts=(Act.DELETE,))
def unprotected(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A database that is protected is not deleted."""
    if value(proposed.properties, "deletionProtection") is True:
        message = "Deletion protection is on. Set `deletionProtection` to false, and deploy."
        yield refusal("database-protected", message, "deletionProtection")


@rule(INSTANCE, LOGS, acts=(Act.CREATE,))
def attached(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What belongs to a database names one that exists, of its engine."""
    identifier = text(proposed.properties, "clusterId")
    database = world.find(identifier)
    if database is None or database.token != DATABASE:
        yield refusal("database-missing", f"There is no database {identifier}.", "clusterId")
    elif text(database.properties, "engine") != text(proposed.properties, "engine"):
        yield refusal("database-missing", "The database has another engine.", "engine")


@rule(INSTANCE, acts=(Act.CREATE,))
def named(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A database within a service has a name of its own."""
    name = text(proposed.properties, "name")
    cluster = text(proposed.properties, "clusterId")
    others = {text(o.properties, "name") for o in world.of(INSTANCE) if cluster == o.parent}
    if name in OWN or name in others:
        yield refusal("instance-taken", f"A database is called `{name}` already.", "name")


RULES = (
    offered,
    placed,
    versioned,
    backed_up,
    networked,
    unprotected,
    attached,
    named,
)
