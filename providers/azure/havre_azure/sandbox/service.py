"""What a sandbox knows of Azure's types, put together."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.plan.replacing import read_table
from havre_azure.capabilities import DATA
from havre_azure.sandbox.rules import RULES, kept_until
from havre_azure.sandbox.rules.networks import busy, one_at_a_time
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pulumi.runtime.proto.provider_pb2_grpc import ResourceProviderServicer

    from havre.provider import StandIns
    from havre_azure.settings import AzureSettings
    from havre_sandbox import Proposed, Refusal, StandIn

PACKAGE = "azure-native"
MISNAMED: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        f"{PACKAGE}:dbforpostgresql:AdministratorsMicrosoftEntra": {
            "principalType": ("Group", "User", "ServicePrincipal", "Unknown")
        },
        f"{PACKAGE}:monitor:ScheduledQueryRule": {
            "criteria.allOf.operator": (
                *("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"),
            )
        },
    }
)
"""Values of inputs to which the SDK gives the enumeration of another service, as the services' own
descriptions have them (Microsoft.DBforPostgreSQL, 2025-08-01; Microsoft.Insights, of
scheduledQueryRules, 2020-05-01-preview)."""
UNCHANGEABLE = "PropertyChangeNotAllowed"
"""Code of what cannot be changed in place (see `property-fixed` in the data file `refusals`)."""


def service(
    subscription: str, tenant: str, followed: Mapping[str, StandIn] | None = None
) -> Service:
    """What a sandbox knows of Azure's types.

    Args:
        subscription: identifier of the subscription in which all is.
        tenant: identifier of its tenant.
        followed: stand-ins, by type; None: everything is recorded only.
    """
    return Service(
        package=PACKAGE,
        kinds=read_kinds(DATA / "sandbox.toml"),
        rules=RULES,
        faults=faults,
        taken_until=kept_until,
        refused=UNCHANGEABLE,
        conflict="HTTP 409",
        replacing=read_table(DATA / "replacing.toml"),
        completed=completed,
        variables={"subscription": subscription, "tenant": tenant},
        standins=followed or {},
        one_at_a_time=one_at_a_time,
        busy=busy,
    )


def faults(token: str, inputs: Mapping[str, Any]) -> Iterable[Refusal]:
    """What the types of the SDK refuse of a resource's inputs."""
    return schema.faults(token, inputs, MISNAMED.get(token))


def servicers(folder: Path, settings: AzureSettings) -> Mapping[str, ResourceProviderServicer]:
    """What serves Azure's types from the world in a folder, by package.

    Stand-ins follow it where they were begun beside it.
    """
    machine = standing(folder.parent)
    followed = None
    if machine is not None:
        from havre_azure.sandbox.standins import AzureStandIns

        followed = AzureStandIns(machine).by_type()
    known = service(str(settings.subscription_id), str(settings.tenant_id), followed)
    world = WorldFolder(folder)
    return {PACKAGE: SandboxServicer(known, world), **recorded(world, *DEPENDENCIES)}


def stand_ins(folder: Path, warehouse: str) -> StandIns:
    """The services behind the sandbox in a folder.

    Args:
        folder: of what exists in it.
        warehouse: name of the warehouse.
    """
    from havre_azure.sandbox.standins import AzureStandIns
    from havre_sandbox.standins.services import services_of

    return services_of(folder, warehouse, AzureStandIns)


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
