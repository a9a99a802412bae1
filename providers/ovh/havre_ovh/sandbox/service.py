"""What a sandbox knows of OVHcloud's types, put together."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from havre.plan.replacing import ReplacingTable, read_table
from havre.plan.urns import DYNAMIC_PACKAGE
from havre.plan.values import UNKNOWN
from havre.provider import dynamic
from havre_ovh.capabilities import DATA
from havre_ovh.s3 import RESOURCES
from havre_ovh.sandbox.rules import RULES
from havre_sandbox import (
    DEPENDENCIES,
    ResourceKind,
    SandboxServicer,
    Service,
    WorldFolder,
    read_kinds,
    recorded,
    schema,
)
from havre_sandbox.standins.begun import standing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

    from havre.provider import StandIns
    from havre_sandbox import Proposed, StandIn

PACKAGE = "ovh"
S3_TYPES = "aws"
"""Package whose S3 types programs use for Object Storage."""
NETWORK = "ovh:CloudProject/networkPrivate:NetworkPrivate"


def service(followed: Mapping[str, StandIn] | None = None) -> Service:
    """What a sandbox knows of OVHcloud's types.

    Args:
        followed: stand-ins, by type; None: everything is recorded only.
    """
    return Service(
        package=PACKAGE,
        kinds=read_kinds(DATA / "sandbox.toml"),
        rules=RULES,
        faults=schema.faults,
        refused="HTTP 400",
        conflict="HTTP 409",
        replacing=read_table(DATA / "replacing.toml"),
        completed=completed,
        standins=followed or {},
    )


def buckets() -> Service:
    """What a sandbox knows of the settings of buckets that Havre makes over S3: it records them."""
    kinds = {
        each.token(): ResourceKind(
            id=f"{each.__name__.lower()}/{{bucket}}", outputs={"found": True}
        )
        for each in RESOURCES
    }
    return Service(
        package=DYNAMIC_PACKAGE,
        kinds=kinds,
        replacing=ReplacingTable(dynamic.replacing(*RESOURCES)),
    )


def servicers(folder: Path) -> Mapping[str, ResourceProviderServicer]:
    """What serves OVHcloud's types from the world in a folder, by package.

    Stand-ins follow it where they were begun beside it.
    """
    world, machine = WorldFolder(folder), standing(folder.parent)
    followed = None
    if machine is not None:
        from havre_ovh.sandbox.standins import OvhStandIns

        followed = OvhStandIns(machine).by_type()
    services = (service(followed), buckets())
    own = {each.package: SandboxServicer(each, world) for each in services}
    return {**own, **recorded(world, *DEPENDENCIES, S3_TYPES)}


def stand_ins(folder: Path, warehouse: str) -> StandIns:
    """The services behind the sandbox in a folder.

    Args:
        folder: of what exists in it.
        warehouse: name of the warehouse.
    """
    from havre_ovh.sandbox.standins import OvhStandIns
    from havre_sandbox.standins.services import services_of

    return services_of(folder, warehouse, OvhStandIns)


def completed(proposed: Proposed, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Outputs with what no template can say: a private network's identifier in each region."""
    if proposed.token != NETWORK:
        return outputs
    if not proposed.id:
        return {**outputs, "regionsOpenstackIds": UNKNOWN, "regionsAttributes": UNKNOWN}
    ids = {
        str(region): str(uuid.uuid5(uuid.NAMESPACE_URL, f"{proposed.id}/{region}"))
        for region in proposed.properties.get("regions") or ()
    }
    told = [{"region": r, "openstackid": i, "status": "ACTIVE"} for r, i in ids.items()]
    return {**outputs, "regionsOpenstackIds": ids, "regionsAttributes": told}
