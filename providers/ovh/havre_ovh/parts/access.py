"""Access: a user, an S3 key and an S3 policy a project, and the use of its zones' keys.

S3 keys and policies of OVHcloud do not end by themselves (a gap); the right to decrypt does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
from pulumi_ovh import cloudproject, iam, me

from havre.provider.parts import AccessInputs, AccessOutputs, component
from havre_ovh import resources as shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.spec.model import Project
    from havre_ovh.settings import OvhSettings

READ = (
    "s3:GetObject",
    "s3:GetBucketLocation",
    "s3:ListBucket",
)
DECRYPT = ("okms:apikms:serviceKey/decrypt",)


def policy(arns: Sequence[str], addresses: Sequence[str]) -> str:
    """The document of a user who reads exactly these buckets, from these addresses."""
    statement = {
        "Sid": "ReadZones",
        "Effect": "Allow",
        "Action": list(READ),
        "Resource": [part for arn in arns for part in (arn, f"{arn}/*")],
        "Condition": {"IpAddress": {"aws:SourceIp": list(addresses)}},
    }
    return shared.checked_policy(json.dumps({"Statement": [statement]}, sort_keys=True))


def access(
    settings: OvhSettings, name: str, inputs: AccessInputs, opts: pulumi.ResourceOptions
) -> AccessOutputs:
    """What each project may read; researchers stay in the file and reach no state."""
    common = inputs.common
    scope = shared.Scope(settings, common, name, component("havre:ovh:Access", name, opts))
    projects = {
        project: _project(scope, inputs, project, asked)
        for project, asked in common.spec.projects.items()
    }
    scope.part.register_outputs({})
    return AccessOutputs(projects=projects)


def _project(
    scope: shared.Scope, inputs: AccessInputs, project: str, asked: Project
) -> pulumi.Output[str]:
    what = f"{asked.title}; {asked.authorisation}; until {asked.expires.isoformat()}"
    said = shared.describe(scope.common, f"project={project}; {what}")
    user = cloudproject.User(
        f"{scope.name}-{project}",
        service_name=scope.project,
        description=said,
        role_names=["objectstore_operator"],
        opts=scope.below(),
    )
    arns = pulumi.Output.all(*(inputs.zones.stores[zone].identifier for zone in asked.zones))
    allowed = shared.allowed(scope.settings, scope.common)
    rights = cloudproject.S3Policy(
        f"{scope.name}-{project}-policy",
        service_name=scope.project,
        user_id=user.id,
        policy=arns.apply(lambda found: policy(found, allowed)),
        opts=scope.below(),
    )
    cloudproject.S3Credential(
        f"{scope.name}-{project}-key",
        service_name=scope.project,
        user_id=user.id,
        opts=scope.below(rights),  # no key before its limits
    )
    if shared.own_keys(scope.common):
        _decryption(scope, inputs, project, said)
    return user.id


def _decryption(scope: shared.Scope, inputs: AccessInputs, project: str, said: str) -> None:
    """The right to decrypt with the project's zones' keys, until its last day has passed."""
    asked = scope.common.spec.projects[project]
    group = scope.settings.project_groups.get(project)
    iam.Policy(
        f"{scope.name}-{project}-decryption",
        name=scope.common.name(project, "decryption"),
        description=said,
        identities=[group or _service_account(scope, project, said)],
        resources=[inputs.keys.zones[zone] for zone in asked.zones],
        allows=list(DECRYPT),
        expired_at=f"{asked.expires.isoformat()}T23:59:59Z",
        opts=scope.below(),
    )


def _service_account(scope: shared.Scope, project: str, said: str) -> pulumi.Output[str]:
    """The identity of a project that has no group: its programs', in nobody's name."""
    account = me.APIOAuth2Client(
        f"{scope.name}-{project}-account",
        name=scope.common.name(project),
        description=said,
        flow="CLIENT_CREDENTIALS",
        opts=scope.below(),
    )
    return account.identity
