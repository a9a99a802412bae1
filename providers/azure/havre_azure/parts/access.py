"""Access: one identity a project, which reads exactly its zones until its last day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pulumi_azure_native import managedidentity

from havre.provider.parts import AccessInputs, AccessOutputs
from havre_azure.names import Deployment, Role
from havre_azure.resources import after, grant, known

if TYPE_CHECKING:
    import pulumi

    from havre.provider.context import Part
    from havre.spec.model import Project
    from havre_azure.settings import AzureSettings

READ = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
"""The one thing that the reader's role does with data."""
AUDIENCE = "api://AzureADTokenExchange"
"""Whom a workload's token must be made out to before Entra takes it."""
TAG_LIMIT = 256
"""Length of a tag's value, at most."""


CURRENT = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs:isCurrentVersion"
"""Whether a blob is what its name stands for now: not an earlier version, nor a snapshot."""


def until(last_day: dt.date) -> str:
    """A condition under which current objects are read, to the end of `last_day` in UTC.

    An earlier version may be one that was deleted because a consent was withdrawn. The reader's
    role reads those too, so the condition leaves them out; their names are still listed. Azure
    documentation, "Example Azure role assignment conditions for Blob Storage", read only current
    blob versions; read on 2026-11-29.

    A role assignment of Azure has no end of its own (a schedule of Privileged Identity
    Management takes people and groups, not programs), but its condition can know the time:
    Azure documentation, "Actions and attributes for Azure role assignment conditions for Azure
    Blob Storage", attribute UtcNow; read on 2026-11-23.
    """
    end = (last_day + dt.timedelta(days=1)).isoformat()
    return (
        f"((!(ActionMatches{{'{READ}'}})) OR "
        f"(@Environment[UtcNow] DateTimeLessThan '{end}T00:00:00.0Z')) AND "
        f"((!(ActionMatches{{'{READ}'}} AND NOT SubOperationMatches{{'Blob.List'}})) OR "
        f"(@Resource[{CURRENT}] BoolEquals true))"
    )


def _project(
    at: Deployment, project: str, asked: Project, inputs: AccessInputs
) -> pulumi.Output[str]:
    """The project's identity, with a reader's role on each of its containers.

    Its members are never named: who may act as the identity is decided in Entra.
    """
    label = f"{at.stem}-project-{project}"
    some_zone = inputs.zones.stores[asked.zones[0]].identifier
    made = managedidentity.UserAssignedIdentity(
        label,
        location=at.location,
        resource_group_name=after(at.group, some_zone),
        resource_name_=at.name(label),
        tags={
            **at.tags,
            "project": project,
            "project-title": asked.title[:TAG_LIMIT],
            "authorisation": asked.authorisation[:TAG_LIMIT],
            "expires": asked.expires.isoformat(),
        },
        opts=at.part.child(),
    )
    granted = [
        grant(
            at,
            f"{at.stem}-project-{_granted(at, project, zone)}",
            made.principal_id,
            Role.BLOB_READER,
            inputs.zones.stores[zone].identifier,
            until(asked.expires),
        )
        for zone in asked.zones
    ]
    if inputs.cluster is not None and inputs.cluster.issuer is not None:
        _federate(at, project, made, inputs.cluster.issuer)
    return known(at.identity_id(label), made, *granted)


def _granted(at: Deployment, project: str, zone: str) -> str:
    """What a grant is called: `a-b` reads `c`, and `a` reads `b-c`, under names of their own."""
    projects = at.part.spec.projects.items()
    names = [f"{other}-{each}" for other, asked in projects for each in asked.zones]
    plain = f"{project}-{zone}"
    return plain if names.count(plain) == 1 else f"{project}--{zone}"


def _federate(
    at: Deployment, project: str, made: pulumi.Resource, issuer: pulumi.Output[str]
) -> None:
    """Let the project's own service account in the cluster act as the identity, without secret."""
    managedidentity.FederatedIdentityCredential(
        f"{at.stem}-project-{project}-workload",
        federated_identity_credential_resource_name="cluster",
        resource_name_=known(at.name(f"{at.stem}-project-{project}"), made),
        resource_group_name=known(at.group, made),
        issuer=issuer,
        audiences=[AUDIENCE],
        subject=f"system:serviceaccount:{project}:{project}",
        opts=at.part.child(),
    )


def access(part: Part[AzureSettings], inputs: AccessInputs) -> AccessOutputs:
    """An identity a project."""
    at = Deployment(part)
    made = {
        project: _project(at, project, asked, inputs) for project, asked in at.part.projects.items()
    }
    return AccessOutputs(projects=made)
