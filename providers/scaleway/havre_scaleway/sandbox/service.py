"""What a sandbox knows of Scaleway's types, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.plan.replacing import read_table
from havre_sandbox import (
    DEPENDENCIES,
    SandboxServicer,
    Service,
    WorldFolder,
    read_kinds,
    recorded,
    schema,
)
from havre_sandbox.standins.begun import standing
from havre_scaleway.capabilities import DATA
from havre_scaleway.sandbox.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

    from havre.provider import StandIns
    from havre_sandbox import Proposed, StandIn
    from havre_scaleway.settings import ScalewaySettings

PACKAGE = "scaleway"
SERVER = "scaleway:databases/instance:Instance"
API_KEY = "scaleway:iam/apiKey:ApiKey"
POSTGRESQL = 5432


def service(
    followed: Mapping[str, StandIn] | None = None, variables: Mapping[str, str] | None = None
) -> Service:
    """What a sandbox knows of Scaleway's types.

    Args:
        followed: stand-ins, by type; None: everything is recorded only.
        variables: what templates name, such as the organisation.
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
        variables=variables or {},
    )


def servicers(folder: Path, settings: ScalewaySettings) -> Mapping[str, ResourceProviderServicer]:
    """What serves Scaleway's types from the world in a folder, by package.

    Stand-ins follow it where they were begun beside it.
    """
    world, machine = WorldFolder(folder), standing(folder.parent)
    followed = None
    if machine is not None:
        from havre_scaleway.sandbox.standins import ScalewayStandIns

        followed = ScalewayStandIns(machine).by_type()
    known = service(followed, {"organization_id": settings.organization_id})
    return {PACKAGE: SandboxServicer(known, world), **recorded(world, *DEPENDENCIES)}


def stand_ins(folder: Path, warehouse: str) -> StandIns:
    """The services behind the sandbox in a folder.

    Args:
        folder: of what exists in it.
        warehouse: name of the warehouse.
    """
    from havre_sandbox.standins.services import services_of
    from havre_scaleway.sandbox.standins import ScalewayStandIns

    return services_of(folder, warehouse, ScalewayStandIns)


def completed(proposed: Proposed, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Outputs with what no template can say.

    A server has an address in its private network. The secret of a key that goes to Secret Manager
    is in no output.
    """
    if proposed.token == API_KEY and proposed.properties.get("secretId") is not None:
        return {name: value for name, value in outputs.items() if name != "secretKey"}
    told = outputs.get("privateNetwork")
    if proposed.token != SERVER or not isinstance(told, dict):
        return outputs
    host = f"{proposed.id.rpartition('/')[2]}.sandbox.internal"
    return {**outputs, "privateNetwork": {**told, "hostname": host, "port": POSTGRESQL}}
