"""Buckets: encryption, lock, access list and policy of each, whatever it is for.

Arguments are typed classes, never dictionaries: the plugin takes a misspelt key of a dictionary in
silence, and makes the bucket without what it asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumiverse_scaleway import object as storage

from havre.errors import InputError
from havre_scaleway import policies, sites
from havre_scaleway import resources as shared
from havre_scaleway.conventions.table import name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.provider.context import Part
    from havre.provider.sites import Site
    from havre_scaleway.settings import ScalewaySettings

Encryption = storage.BucketServerSideEncryptionConfigurationRuleArgs
Default = storage.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs
Expiration = storage.BucketLifecycleRuleExpirationArgs
Noncurrent = storage.BucketLifecycleRuleNoncurrentVersionExpirationArgs


@dataclass(frozen=True)
class Bucket:
    """A bucket to be made.

    Attributes:
        key: what it is called within the part.
        site: where it lies.
        labels: what is said of it besides the warehouse's labels.
        versions: whether earlier versions are kept.
        locked_days: days during which a version cannot be deleted; None: no lock at all.
        version_days: days that an earlier version is kept, from its replacement; None: no end.
        expire_days: days after which objects are deleted; None: never.
    """

    key: str
    site: Site
    labels: Mapping[str, str]
    versions: bool = True
    locked_days: int | None = None
    version_days: int | None = None
    expire_days: int | None = None


def bucket(
    part: Part[ScalewaySettings], asked: Bucket, key: pulumi.Input[str] | None
) -> storage.Bucket:
    """A bucket with its encryption, its lock and its access list; its policy is another matter."""
    label, region = f"{part.name}-{asked.key}", sites.region(asked.site)
    made = storage.Bucket(
        label,
        name=shared.checked_bucket(name(part.context, label)),
        project_id=part.settings.project_id,
        region=region,
        versioning=storage.BucketVersioningArgs(enabled=asked.versions),
        object_lock_enabled=asked.locked_days is not None,
        lifecycle_rules=_lifecycle(part, asked),
        force_destroy=False,
        tags=shared.labels(part.context, **asked.labels),
        opts=part.guarded(retain=True),
    )
    _encryption(part, asked, made, key)
    _lock(part, asked, made)
    storage.BucketAcl(
        f"{label}-access-list",
        bucket=made.name,
        project_id=part.settings.project_id,
        region=region,
        acl="private",
        opts=part.guarded(retain=True),
    )
    return made


def _encryption(
    part: Part[ScalewaySettings],
    asked: Bucket,
    made: storage.Bucket,
    key: pulumi.Input[str] | None,
) -> None:
    """How what is written is encrypted; what was written before stays in clear."""
    by_default = Default(sse_algorithm="aws:kms" if key else "AES256", kms_master_key_id=key)
    storage.BucketServerSideEncryptionConfiguration(
        f"{part.name}-{asked.key}-encryption",
        bucket=made.name,
        project_id=part.settings.project_id,
        region=sites.region(asked.site),
        rules=[Encryption(apply_server_side_encryption_by_default=by_default)],
        opts=part.guarded(retain=True),  # to delete it stores what follows in clear
    )


def _lock(part: Part[ScalewaySettings], asked: Bucket, made: storage.Bucket) -> None:
    """The lock; a bucket can neither be given one later nor be rid of it."""
    if asked.locked_days is None:
        return
    if not asked.versions:
        message = f"bucket `{asked.key}`: a lock needs versions"
        raise InputError(message, "Set versions to true, or immutable_days to 0.")
    storage.BucketLockConfiguration(
        f"{part.name}-{asked.key}-lock",
        bucket=made.name,
        project_id=part.settings.project_id,
        region=sites.region(asked.site),
        rule=storage.BucketLockConfigurationRuleArgs(
            default_retention=storage.BucketLockConfigurationRuleDefaultRetentionArgs(
                mode="COMPLIANCE", days=asked.locked_days
            )
        ),
        opts=part.guarded(retain=True),  # to delete it removes the lock in silence
    )


def _lifecycle(
    part: Part[ScalewaySettings], asked: Bucket
) -> list[storage.BucketLifecycleRuleArgs] | None:
    """Delete objects and earlier versions at their end; HDS forbids such rules on its buckets."""
    replaced = asked.version_days if asked.versions else None
    if shared.health(part.spec) or (asked.expire_days is None and replaced is None):
        return None
    return [
        storage.BucketLifecycleRuleArgs(
            id="expire",
            enabled=True,
            expiration=Expiration(days=asked.expire_days) if asked.expire_days else None,
            noncurrent_version_expiration=Noncurrent(noncurrent_days=replaced)
            if replaced
            else None,
            abort_incomplete_multipart_upload_days=shared.UPLOAD_DAYS,
        )
    ]


def policy(
    part: Part[ScalewaySettings],
    label: str,
    where: tuple[pulumi.Output[str], str],
    statements: Sequence[pulumi.Output[Any]] = (),
    *,
    guarded: bool = True,
) -> None:
    """Who may use a bucket: who deploys, and those whom statements name. All others may not.

    Args:
        part: that makes it.
        label: logical name of the bucket in the part.
        where: name of the bucket, and its region.
        statements: of others.
        guarded: whether it is protected: one that admits projects must be changed at any time.
    """
    bucket_name, region = where
    by, addresses = [part.settings.deployer], part.settings.deployer_addresses
    written = pulumi.Output.all(bucket_name, *statements).apply(
        lambda told: policies.document([policies.managing(by, told[0], addresses), *told[1:]])
    )
    storage.BucketPolicy(
        f"{part.name}-{label}-policy",
        bucket=bucket_name,
        project_id=part.settings.project_id,
        region=region,
        policy=written,
        # To delete it leaves the bucket to IAM alone, so the bucket's own guard must hold.
        opts=part.guarded(retain=True) if guarded else part.child(),
    )
