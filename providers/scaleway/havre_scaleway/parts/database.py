"""Database: managed PostgreSQL in its private network, encrypted, backed up in its region.

Nothing set on the network would give it a public endpoint, and nothing set on backups would send
logical ones to another region: both are said. Block storage, since its backups are snapshots, which
are encrypted, and logical ones are not (Scaleway, PostgreSQL encryption at rest, 2025-06-23).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pulumiverse_scaleway import databases

from havre.provider.parts import Authority, DatabaseInputs, DatabaseOutputs
from havre.spec.model import Availability
from havre_scaleway import resources as shared
from havre_scaleway import sites
from havre_scaleway.conventions.table import name

if TYPE_CHECKING:
    from havre.provider.context import Context, Part
    from havre_scaleway.settings import ScalewaySettings

REACHING = ("compute", "administration")
"""Segments whose addresses may reach the database."""
GIB_IN_GB = 2**30 / 10**9
STEP_GB = 5
HOURS_BETWEEN_BACKUPS = 24
SETTINGS = {"rdb.enable_pgaudit": "on"}
"""Loads pgaudit; its extension is created with SQL (Scaleway, pgaudit, 2025-10-01)."""


def volume_size(gib: int) -> int:
    """The volume in GB that holds at least `gib` GiB, in whole fives."""
    return math.ceil(gib * GIB_IN_GB / STEP_GB) * STEP_GB


def database(part: Part[ScalewaySettings], inputs: DatabaseInputs) -> DatabaseOutputs:
    """The server, who may connect, and its database."""
    region = sites.region(part.primary)
    server = _server(part, inputs)
    databases.Acl(
        f"{part.name}-acl",
        instance_id=server.id,
        region=region,
        acl_rules=_rules(part.context),
        opts=part.guarded(retain=True),  # one a server: to delete it removes every rule
    )
    made = databases.Database(
        f"{part.name}-database",
        instance_id=server.id,
        region=region,
        name=name(part.context, f"{part.name}-database"),
        opts=part.guarded(retain=True),
    )
    return DatabaseOutputs(
        host=server.private_network.apply(_host),
        port=server.private_network.apply(_port),
        name=made.name,
        region=region,
        identifier=server.id,
        authority=Authority("api", server.id.apply(_certificate)),
    )


def _host(endpoint: databases.outputs.InstancePrivateNetwork | None) -> str:
    """The name or address of the private endpoint; none where none is told."""
    return (endpoint.hostname or endpoint.ip or "") if endpoint else ""


def _port(endpoint: databases.outputs.InstancePrivateNetwork | None) -> int:
    return (endpoint.port or 0) if endpoint else 0


def _certificate(server: str) -> str:
    """The call of Scaleway's API that tells the server's certificate."""
    region, _, identifier = server.partition("/")
    return f"/rdb/v1/regions/{region}/instances/{identifier}/certificate"


def _rules(context: Context[ScalewaySettings]) -> list[databases.AclAclRuleArgs]:
    """Addresses that may connect: those of segments with clients."""
    cut = shared.segments(context, context.spec.network.address_space)
    return [
        databases.AclAclRuleArgs(ip=str(cut[segment]), description=segment) for segment in REACHING
    ]


def _server(part: Part[ScalewaySettings], inputs: DatabaseInputs) -> databases.Instance:
    asked = part.spec.database
    return databases.Instance(
        f"{part.name}-server",
        name=name(part.context, f"{part.name}-server"),
        project_id=part.settings.project_id,
        region=sites.region(part.primary),
        engine=f"PostgreSQL-{asked.version}",
        node_type=part.settings.database_node_type or shared.DATABASE_NODES[asked.size.value],
        is_ha_cluster=asked.availability is Availability.MULTI_ZONE,
        volume_type=part.settings.database_volume,
        volume_size_in_gb=volume_size(asked.storage_gib),
        encryption_at_rest=True,
        private_network=databases.InstancePrivateNetworkArgs(
            pn_id=inputs.network.segments["database"], enable_ipam=True
        ),
        disable_backup=False,
        backup_schedule_frequency=HOURS_BETWEEN_BACKUPS,
        backup_schedule_retention=asked.backups.retention_days,
        backup_same_region=True,
        settings=SETTINGS,
        tags=shared.tag_list(part.context),
        opts=part.guarded(retain=True),
    )
