"""Access: a user, an S3 key and an S3 policy a project, and the use of its zones' keys.

S3 keys and policies of OVHcloud do not end by themselves (a gap); the right to decrypt does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_ovh import cloudproject, iam, me

from havre.provider.parts import AccessInputs, AccessOutputs
from havre_ovh import policies
from havre_ovh import resources as shared
from havre_ovh.conventions.table import name

if TYPE_CHECKING:
    from havre.provider.context import Part
    from havre.spec.model import Project
    from havre_ovh.settings import OvhSettings

READ = (
    "s3:GetObject",
    "s3:GetBucketLocation",
    "s3:ListBucket",
)
DECRYPT = ("okms:apikms:serviceKey/decrypt", "okms:apikms:serviceKey/dataKey/decrypt")
"""Actions of a project on its zones' keys: what was encrypted directly, and with data keys."""


def access(part: Part[OvhSettings], inputs: AccessInputs) -> AccessOutputs:
    """What each project may read; researchers stay in the file and reach no state."""
    projects = {
        project: _project(part, inputs, project, asked) for project, asked in part.projects.items()
    }
    return AccessOutputs(projects=projects)


def _project(
    part: Part[OvhSettings], inputs: AccessInputs, project: str, asked: Project
) -> pulumi.Output[str]:
    what = f"{asked.title}; {asked.authorisation}; until {asked.expires.isoformat()}"
    said = shared.describe(part.context, f"project={project}; {what}")
    user = cloudproject.User(
        f"{part.name}-{project}",
        service_name=part.settings.service_name,
        # Another description makes another user and another key: it never changes.
        description=f"project={project}; warehouse={part.named()}",
        role_names=["objectstore_operator"],
        opts=part.child(),
    )
    arns = pulumi.Output.all(*(inputs.zones.stores[zone].identifier for zone in asked.zones))
    allowed = shared.allowed(part.context)
    rights = cloudproject.S3Policy(
        f"{part.name}-{project}-policy",
        service_name=part.settings.service_name,
        user_id=user.id,
        policy=arns.apply(lambda found: policies.reading(found, READ, allowed)),
        opts=part.child(),
    )
    cloudproject.S3Credential(
        f"{part.name}-{project}-key",
        service_name=part.settings.service_name,
        user_id=user.id,
        opts=part.child(rights),  # no key before its limits
    )
    if part.own_keys:
        _decryption(part, inputs, project, said)
    return user.id


def _decryption(part: Part[OvhSettings], inputs: AccessInputs, project: str, said: str) -> None:
    """The right to decrypt with the project's zones' keys, until its last day has passed."""
    asked = part.spec.projects[project]
    group = part.settings.project_groups.get(project)
    iam.Policy(
        f"{part.name}-{project}-decryption",
        name=name(part.context, f"{part.name}-{project}-decryption"),
        description=said,
        identities=[group or _service_account(part, project, said)],
        resources=[inputs.keys.zones[zone] for zone in asked.zones],
        allows=list(DECRYPT),
        expired_at=f"{asked.expires.isoformat()}T23:59:59Z",
        opts=part.child(),
    )


def _service_account(part: Part[OvhSettings], project: str, said: str) -> pulumi.Output[str]:
    """The identity of a project that has no group: its programs', in nobody's name."""
    account = me.APIOAuth2Client(
        f"{part.name}-{project}-account",
        name=name(part.context, f"{part.name}-{project}-account"),
        description=said,
        flow="CLIENT_CREDENTIALS",
        opts=part.child(),
    )
    return account.identity
