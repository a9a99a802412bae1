"""What a sandbox knows of Azure's types, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from havre.plan.replacing import read_table
from havre_azure.capabilities import DATA
from havre_sandbox import (
    DEPENDENCIES,
    SandboxServicer,
    Service,
    WorldFolder,
    read_kinds,
    recorded,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

    from havre_azure.settings import AzureSettings
    from havre_sandbox import Proposed

PACKAGE = "azure-native"


def service(subscription: str, tenant: str) -> Service:
    """What a sandbox knows of Azure's types.

    Args:
        subscription: identifier of the subscription in which all is.
        tenant: identifier of its tenant.
    """
    return Service(
        package=PACKAGE,
        kinds=read_kinds(DATA / "sandbox.toml"),
        replacing=read_table(DATA / "replacing.toml"),
        completed=completed,
        variables={"subscription": subscription, "tenant": tenant},
    )


def servicers(folder: Path, settings: AzureSettings) -> Mapping[str, ResourceProviderServicer]:
    """What serves Azure's types from the world in a folder, by package."""
    known = service(str(settings.subscription_id), str(settings.tenant_id))
    world = WorldFolder(folder)
    return {PACKAGE: SandboxServicer(known, world), **recorded(world, *DEPENDENCIES)}


def completed(_proposed: Proposed, outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Outputs with user-assigned identities as Azure returns them: a list comes back a mapping."""
    identity = outputs.get("identity")
    if not isinstance(identity, dict):
        return outputs
    given = identity.get("userAssignedIdentities")
    if not isinstance(given, list):
        return outputs
    assigned = {str(each): {"clientId": "", "principalId": ""} for each in given}
    return {**outputs, "identity": {**identity, "userAssignedIdentities": assigned}}
