"""What several parts make: outputs known beforehand, identities, grants, endpoints, diagnostics."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, TypeVar

import pulumi

from havre.provider.parts import RecoveryCopy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre_azure.names import Deployment, Role

T = TypeVar("T")


def _now(value: T) -> asyncio.Future[T]:
    future: asyncio.Future[T] = asyncio.get_event_loop().create_future()
    future.set_result(value)
    return future


def known(value: T, *needs: pulumi.Resource) -> pulumi.Output[T]:
    """`value`, known already in a plan, once the resources `needs` exist."""
    return pulumi.Output(set(needs), _now(value), _now(True))


def after(value: T, *needs: pulumi.Output[str]) -> pulumi.Output[T]:
    """`value`, known already in a plan, once all that `needs` come from exists."""

    async def resources() -> set[pulumi.Resource]:
        return {resource for need in needs for resource in await need.resources()}

    return pulumi.Output(resources(), _now(value), _now(True))


def copies(at: Deployment) -> RecoveryCopy | None:
    """Where geo-redundant copies are: without an address, until Azure restores them there."""
    return RecoveryCopy(at.recovery_location) if at.geo and at.recovery_location else None


@dataclass(frozen=True)
class Identity:
    """A user-assigned identity: its ARM identifier, and what Entra calls it."""

    id: pulumi.Output[str]
    principal: pulumi.Output[str]
    client: pulumi.Output[str]


class Usual(TypedDict):
    """What nearly every resource takes."""

    location: str
    resource_group_name: pulumi.Output[str]
    tags: dict[str, str]
    opts: pulumi.ResourceOptions


def usual(
    at: Deployment,
    group: pulumi.Output[str],
    *needs: pulumi.Resource,
    bears_data: bool = False,
    location: str | None = None,
) -> Usual:
    """Place, group, labels and options of a resource; at the primary site unless told."""
    opts = at.part.guarded(*needs) if bears_data else at.part.child(*needs)
    return Usual(
        location=location or at.location, resource_group_name=group, tags=at.tags, opts=opts
    )


def identity(
    at: Deployment,
    label: str,
    group: pulumi.Output[str],
    location: str | None = None,
) -> Identity:
    """A user-assigned identity, at the primary site unless told."""
    from pulumi_azure_native.managedidentity import UserAssignedIdentity

    made = UserAssignedIdentity(
        label,
        resource_name_=at.name(label),  # `resource_name` is the SDK's own
        **usual(at, group, location=location),
    )
    return Identity(known(at.identity_id(label), made), made.principal_id, made.client_id)


def grant(
    at: Deployment,
    label: str,
    principal: pulumi.Output[str],
    role: Role,
    scope: pulumi.Output[str],
    condition: str | None = None,
) -> pulumi.Resource:
    """A role for an identity on one scope, with a condition where one is given."""
    from pulumi_azure_native.authorization import PrincipalType, RoleAssignment

    return RoleAssignment(
        label,
        role_assignment_name=at.assignment(label),
        principal_id=principal,
        principal_type=PrincipalType.SERVICE_PRINCIPAL,
        role_definition_id=at.role(role),
        scope=scope,
        condition=condition,
        condition_version="2.0" if condition else None,
        # The name stays, so the old assignment must go before the new one is made.
        opts=pulumi.ResourceOptions(parent=at.part.component, delete_before_replace=True),
    )


def lock(
    at: Deployment, label: str, target: pulumi.Output[str], *needs: pulumi.Resource
) -> pulumi.Resource | None:
    """Refuse the deletion of what bears data, and so of the group around it.

    A lock also forbids to delete role assignments and settings below it, and in a private DNS zone
    it may stop a failover. So it is set on what grants nothing to a project or a cluster, once all
    that is below is there. Azure documentation, "Lock your resources to protect your
    infrastructure"; read on 2026-11-30.

    Args:
        at: the deployment.
        label: what the lock's own begins with.
        target: ARM identifier of what is locked.
        needs: what is below it.

    Returns:
        None where the spec asks for no protection.
    """
    from pulumi_azure_native.authorization import LockLevel, ManagementLockByScope

    if not at.spec.protection.deletion:
        return None
    return ManagementLockByScope(
        f"{label}-lock",
        lock_name="havre",
        level=LockLevel.CAN_NOT_DELETE,
        notes="Holds data of a research data warehouse",
        scope=target,
        # What no longer asks for protection, or is destroyed in part, is left locked.
        opts=pulumi.ResourceOptions(
            parent=at.part.component, depends_on=list(needs), retain_on_delete=True
        ),
    )


def private_endpoint(
    at: Deployment,
    label: str,
    subnet: pulumi.Output[str],
    target: pulumi.Output[str],
    kind: str,
    zones: Sequence[str],
) -> pulumi.Resource:
    """A private address of `target` in the network, and its names there."""
    from pulumi_azure_native.network import (
        PrivateDnsZoneConfigArgs,
        PrivateDnsZoneGroup,
        PrivateEndpoint,
        PrivateLinkServiceConnectionArgs,
        SubnetArgs,
    )

    group, name = after(at.group, subnet), at.name(f"{label}-endpoint")
    endpoint = PrivateEndpoint(
        f"{label}-endpoint",
        private_endpoint_name=name,
        subnet=SubnetArgs(id=subnet),
        custom_network_interface_name=f"{name}-nic",
        private_link_service_connections=[
            PrivateLinkServiceConnectionArgs(
                name=kind, private_link_service_id=target, group_ids=[kind]
            )
        ],
        **usual(at, group),
    )
    return PrivateDnsZoneGroup(
        f"{label}-names",
        private_dns_zone_group_name="default",
        private_endpoint_name=after(name, known("", endpoint)),
        resource_group_name=group,
        private_dns_zone_configs=[
            PrivateDnsZoneConfigArgs(
                name=zone.replace(".", "-"),
                private_dns_zone_id=after(at.zone_id(zone), subnet),
            )
            for zone in zones
        ],
        opts=at.part.child(),
    )


def diagnose(
    at: Deployment,
    label: str,
    target: pulumi.Output[str],
    categories: Sequence[str],
    workspace: pulumi.Output[str],
    archive: pulumi.Output[str] | None,
) -> pulumi.Resource:
    """Send a resource's logs to the workspace, and to the archive where one is given."""
    from pulumi_azure_native.monitor import DiagnosticSetting, DiagnosticsLogSettingsArgs

    return DiagnosticSetting(
        f"{label}-logs",
        name="havre",
        resource_uri=target,
        workspace_id=workspace,
        log_analytics_destination_type="Dedicated",
        storage_account_id=archive,
        logs=[
            DiagnosticsLogSettingsArgs(category=category, enabled=True) for category in categories
        ],
        opts=at.part.child(),
    )
