"""Managed databases: versions, volumes, backups, and what belongs to one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from havre_sandbox.reading import number, text, value
from havre_sandbox.refusals import Act, rule
from havre_scaleway.checks import DATABASE_VERSIONS
from havre_scaleway.conventions import kinds
from havre_scaleway.sandbox.rules.codes import refusal
from havre_scaleway.sandbox.rules.networks import SEGMENT
from havre_scaleway.sandbox.rules.places import there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import World

SERVER = "scaleway:databases/instance:Instance"
DATABASE = "scaleway:databases/database:Database"
ACL = "scaleway:databases/acl:Acl"
STEP_GB = 5
"""Sizes of volumes are multiples of it (docstring of the SDK)."""
LONGEST_DAYS = 365
"""Days that automatic backups are kept at most (the same)."""
NODE = re.compile(r"db-[a-z0-9-]+", re.IGNORECASE)
OWN = frozenset({"rdb", "postgres", "template0", "template1"})
"""Databases that a server has for itself (Scaleway, PostgreSQL, connecting to a database)."""


@rule(SERVER, beforehand=True)
def offered(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A version of PostgreSQL and a type of nodes are offered."""
    engine, node = (text(proposed.properties, path) for path in ("engine", "nodeType"))
    name, _, version = engine.partition("-")
    if engine and (name != "PostgreSQL" or version not in DATABASE_VERSIONS):
        listed = ", ".join(f"PostgreSQL-{each}" for each in DATABASE_VERSIONS)
        yield refusal("engine", f"`{engine}` is not one of {listed}.", "engine")
    if node and not NODE.fullmatch(node):
        yield refusal("node-type", f"`{node}` is not a type of database nodes.", "nodeType")


@rule(SERVER, beforehand=True)
def sized(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A volume has a size, a multiple of 5; local storage has none of its own."""
    size = number(proposed.properties, "volumeSizeInGb")
    local = text(proposed.properties, "volumeType") in ("", "lssd")
    if size is not None and local:
        message = "Local storage has the size of its node. Remove the size."
        yield refusal("volume", message, "volumeSizeInGb")
    elif size is not None and (size < STEP_GB or size % STEP_GB):
        message = f"{size:g} is not a multiple of {STEP_GB}."
        yield refusal("volume", message, "volumeSizeInGb")


@rule(SERVER, beforehand=True)
def backed_up(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Backups are made every hour or less often, and kept for a year at most."""
    hours = number(proposed.properties, "backupScheduleFrequency")
    days = number(proposed.properties, "backupScheduleRetention")
    if hours is not None and hours < 1:
        message = "Backups are at least an hour apart."
        yield refusal("backups", message, "backupScheduleFrequency")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        message = f"Backups are kept 1 to {LONGEST_DAYS} days, not {days:g}."
        yield refusal("backups", message, "backupScheduleRetention")


@rule(SERVER)
def networked(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """The private network of a server exists in its region."""
    identifier = text(proposed.properties, "privateNetwork.pnId")
    segment = there(world, identifier, SEGMENT)
    if identifier and segment is None:
        message = f"There is no private network {identifier}."
        yield refusal("segment-missing", message, "privateNetwork.pnId")
    elif segment is not None and text(segment.properties, "region") != text(
        proposed.properties, "region"
    ):
        message = f"{segment.name} is in another region."
        yield refusal("segment-elsewhere", message, "privateNetwork.pnId")


@rule(SERVER, beforehand=True)
def addressed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A private address is given or assigned, not both."""
    told = proposed.properties
    assigned = value(told, "privateNetwork.enableIpam") is True
    if assigned and text(told, "privateNetwork.ipNet"):
        message = "Set either `enableIpam` or `ipNet`."
        yield refusal("conflict", message, "privateNetwork.ipNet")


@rule(DATABASE, ACL, acts=(Act.CREATE,))
def attached(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What belongs to a server names one that exists."""
    identifier = text(proposed.properties, "instanceId")
    if there(world, identifier, SERVER) is None:
        yield refusal("server-missing", f"There is no server {identifier}.", "instanceId")


@rule(DATABASE, acts=(Act.CREATE,))
def named(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A database has a name of its own on its server."""
    name, server = (text(proposed.properties, path) for path in ("name", "instanceId"))
    others = {text(o.properties, "name") for o in world.of(DATABASE) if server == o.parent}
    if name and not kinds.DATABASE.accepts(name):
        message = f"The name `{name}` is not accepted. Use {kinds.DATABASE.rule}."
        yield refusal("database-name", message, "name")
    elif name in OWN or name in others:
        yield refusal("database-taken", f"A database is called `{name}` already.", "name")


RULES = (offered, sized, backed_up, networked, addressed, attached, named)
