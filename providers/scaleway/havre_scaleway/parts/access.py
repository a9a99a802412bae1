"""Access: an application, an API key and rights a project, all of which end with its authorisation.

IAM opens a whole Scaleway project; the policy of each bucket then admits those who may use it. The
secret of a key goes to Secret Manager, so it is in no state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumiverse_scaleway import iam, secrets

from havre.provider.parts import AccessInputs, AccessOutputs
from havre.spec.model import Purpose
from havre_scaleway import policies, sites
from havre_scaleway import resources as shared
from havre_scaleway.conventions.table import name
from havre_scaleway.parts.buckets import policy
from havre_scaleway.parts.keys import key

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from havre.provider.context import Part
    from havre.spec.model import Project
    from havre_scaleway.settings import ScalewaySettings

READ = ("ObjectStorageBucketsRead", "ObjectStorageObjectsRead")
"""Permission sets of a project on Object Storage."""
DECRYPT = "KeyManagerKeyDecrypt"
"""Permission set of a reader of what is encrypted with a key (docs-content#6788)."""


def access(part: Part[ScalewaySettings], inputs: AccessInputs) -> AccessOutputs:
    """What each project may read; researchers stay in the file and reach no state."""
    own = key(part, "secrets-key") if part.own_keys and part.spec.projects else None
    made = {
        project: _project(part, project, asked, own.id if own else None)
        for project, asked in part.projects.items()
    }
    region = sites.region(part.primary)
    for zone, store in inputs.zones.stores.items():
        allowed = _allowed(part, zone, store.bucket, made)
        policy(part, zone, (store.bucket, region), allowed, guarded=False)
    return AccessOutputs(projects=made)


def _allowed(
    part: Part[ScalewaySettings],
    zone: str,
    bucket: pulumi.Output[str],
    made: Mapping[str, pulumi.Output[str]],
) -> list[pulumi.Output[Any]]:
    """A statement for those who load a zone, and one for each project that reads it."""
    found = [
        _reading(part, pulumi.Output.all(made[project], bucket), asked.expires)
        for project, asked in part.projects.items()
        if zone in asked.zones
    ]
    handlers = part.settings.data_managers
    if handlers and part.spec.zones[zone].purpose is not Purpose.LOGS:
        addresses = part.settings.deployer_addresses
        handling = bucket.apply(lambda name: policies.handling(handlers, name, addresses))
        found.insert(0, handling)
    return found


def _reading(
    part: Part[ScalewaySettings], of: pulumi.Output[list[str]], last: dt.date
) -> pulumi.Output[Any]:
    """What a project may do: read a bucket, from known addresses, until its last day."""
    addresses = shared.allowed(part.context)
    return of.apply(
        lambda told: policies.reading(f"application_id:{told[0]}", told[1], addresses, last)
    )


def _project(
    part: Part[ScalewaySettings], project: str, asked: Project, own: pulumi.Input[str] | None
) -> pulumi.Output[str]:
    application = _application(part, project, asked)
    _rights(part, project, asked, application)
    _api_key(part, project, asked, (application, own))
    return application


def _staying(part: Part[ScalewaySettings]) -> pulumi.ResourceOptions:
    """Options of what another organization would silently make again: it stays where it is."""
    return pulumi.ResourceOptions.merge(
        part.child(), pulumi.ResourceOptions(ignore_changes=["organizationId"])
    )


def _application(part: Part[ScalewaySettings], project: str, asked: Project) -> pulumi.Output[str]:
    """Identifier of the project's application: of the one that is given, or of a new one."""
    given = part.settings.project_applications.get(project)
    if given:
        return pulumi.Output.from_input(given)
    label, what = f"{part.name}-{project}", f"{asked.title}; {asked.authorisation}"
    said = shared.describe(part.context, f"project={project}; {what}; until {asked.expires}")
    made = iam.Application(
        label,
        name=name(part.context, label),
        description=said,
        organization_id=part.settings.organization_id,
        tags=shared.tag_list(part.context, project=project),
        opts=_staying(part),
    )
    return made.id


def _rights(
    part: Part[ScalewaySettings], project: str, asked: Project, application: pulumi.Output[str]
) -> None:
    """What IAM allows the application, until the project's last day has passed."""
    label = f"{part.name}-{project}-rights"
    ends = f"{asked.expires.isoformat()}T23:59:59Z"
    iam.Policy(
        label,
        name=name(part.context, label),
        description=shared.describe(part.context, f"project={project}; reading"),
        organization_id=part.settings.organization_id,
        application_id=application,
        rules=[
            iam.PolicyRuleArgs(
                permission_set_names=[*READ, *([DECRYPT] if part.own_keys else [])],
                project_ids=[part.settings.project_id],
                condition=f'request.time < timestamp("{ends}")',
            )
        ],
        tags=shared.tag_list(part.context, project=project),
        opts=part.child(),
    )


def _api_key(
    part: Part[ScalewaySettings],
    project: str,
    asked: Project,
    of: tuple[pulumi.Output[str], pulumi.Input[str] | None],
) -> None:
    """The key of a project; its secret is a version of a secret, which the state does not have."""
    application, own = of
    label = f"{part.name}-{project}-secret"
    secret = secrets.Secret(
        label,
        name=name(part.context, label),
        description=shared.describe(part.context, f"project={project}; API key"),
        project_id=part.settings.project_id,
        region=sites.region(part.primary),
        path=f"/{part.named()}",
        key_id=own,
        protected=False,  # it goes with its project
        tags=shared.tag_list(part.context, project=project),
        opts=part.child(),
    )
    iam.ApiKey(
        f"{part.name}-{project}-key",
        application_id=application,
        default_project_id=part.settings.project_id,
        # Another description makes another key: it never changes.
        description=f"project={project}; warehouse={part.named()}",
        expires_at=f"{asked.expires.isoformat()}T23:59:59Z",
        secret_id=secret.id,
        opts=part.child(),
    )
