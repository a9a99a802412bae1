"""Zones: one bucket each, with versions, lock, a replica at the recovery site and access logs.

Arguments are typed classes, never dictionaries: the plugin takes a misspelt key of a
dictionary in silence, and makes the bucket without what it asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pulumi
import pulumi_ovh as ovh
from pulumi_ovh import cloudproject

from havre.errors import InputError
from havre.plan.parts import PartName
from havre.provider.parts import RecoveryCopy, ZonesInputs, ZonesOutputs, ZoneStore
from havre_ovh import resources as shared
from havre_ovh import s3, sites
from havre_ovh.conventions.table import LOGS, bucket_name, name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre.provider.context import Context, Part
    from havre.provider.sites import Site
    from havre.spec.model import Zone
    from havre_ovh.settings import OvhSettings

Rule = ovh.CloudProjectStorageObjectBucketLifecycleConfigurationRuleArgs
Expiration = ovh.CloudProjectStorageObjectBucketLifecycleConfigurationRuleExpirationArgs
Noncurrent = (
    ovh.CloudProjectStorageObjectBucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs
)
Abort = (
    ovh.CloudProjectStorageObjectBucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs
)
UPLOAD_DAYS = 7
"""Days after which the parts of an upload that never ended are removed."""


@dataclass(frozen=True)
class Bucket:
    """A bucket to be made.

    Attributes:
        key: what it is called within the part.
        words: what its name is made of.
        site: where it lies.
        labels: what is said of it besides the warehouse's labels.
        versions: whether earlier versions are kept.
        locked_days: days during which a version cannot be deleted; None: no lock at all.
        version_days: days that an earlier version is kept, from its replacement; None: no end.
        expire_days: days after which objects are deleted; None: never.
    """

    key: str
    words: tuple[str, ...]
    site: Site
    labels: Mapping[str, str]
    versions: bool = True
    locked_days: int | None = None
    version_days: int | None = None
    expire_days: int | None = None


def zones(part: Part[OvhSettings], _inputs: ZonesInputs) -> ZonesOutputs:
    """A bucket a zone, its replica, and the buckets that take their access logs."""
    context = part.context
    logs = {site.name: _access_logs(part, site) for site in _places(context)}
    made = {
        zone: _zone(part, zone_bucket(zone, asked, context.primary), logs)
        for zone, asked in context.spec.zones.items()
    }
    buckets = (*logs.values(), *(bucket for bucket, _ in made.values()))
    names = pulumi.Output.all(*(bucket.name for bucket in buckets))
    return ZonesOutputs(
        stores={zone: _address(part, bucket, copy) for zone, (bucket, copy) in made.items()},
        ready=names.apply(lambda _: ""),
    )


def _address(
    part: Part[OvhSettings], bucket: cloudproject.Storage, copy: cloudproject.Storage | None
) -> ZoneStore:
    """Where clients find a zone, and its copies."""
    site, recovery = part.primary, part.recovery
    return ZoneStore(
        bucket=bucket.name,
        endpoint=_at(bucket, site),
        region=sites.region(site, "s3"),
        identifier=bucket.name.apply(_arn),
        recovery=RecoveryCopy(sites.region(recovery, "s3"), _at(copy, recovery), copy.name)
        if copy and recovery
        else None,
    )


def _at(bucket: cloudproject.Storage, site: Site) -> pulumi.Output[str]:
    """The S3 endpoint of a site, once the bucket is there."""
    url = sites.endpoint(site)
    return bucket.name.apply(lambda _: url)


def _arn(bucket: str) -> str:
    return f"arn:aws:s3:::{bucket}"


def _places(context: Context[OvhSettings]) -> list[Site]:
    return [context.primary, *([context.recovery] if context.recovery else [])]


def zone_bucket(zone: str, asked: Zone, site: Site) -> Bucket:
    """The bucket of a zone."""
    return Bucket(
        key=zone,
        words=(zone,),
        site=site,
        labels={"zone": zone, "purpose": asked.purpose.value},
        versions=asked.versions,
        locked_days=asked.immutable_days or None,
        version_days=_version_days(asked),
        expire_days=asked.expire_days,
    )


def _version_days(asked: Zone) -> int | None:
    """Days that an earlier version is kept, from its replacement; None: without end.

    There is no undeleting, so a version that goes takes with it what could be recovered. What
    expires leaves a version too, which then ends as well.
    """
    if asked.version_days is not None or asked.expire_days is None:
        return asked.version_days
    return max(asked.recoverable_days, 1)


def _zone(
    part: Part[OvhSettings], bucket: Bucket, logs: Mapping[str, cloudproject.Storage]
) -> tuple[cloudproject.Storage, cloudproject.Storage | None]:
    """A zone's bucket, and its replica where there is a site for it and versions to copy."""
    recovery = part.recovery
    if recovery is None or not bucket.versions:
        return store(part, bucket, logs[bucket.site.name].name), None
    copy = replace(
        bucket,
        key=shared.own_key(part.context, f"{bucket.key}-{shared.REPLICA}"),
        words=(*bucket.words, shared.REPLICA),
        site=recovery,
        labels={**bucket.labels, "replica-of": part.primary.name},
    )
    replica = store(part, copy, logs[recovery.name].name)
    return store(part, bucket, logs[bucket.site.name].name, replica), replica


def access_logs_name(context: Context[OvhSettings], site: Site) -> str:
    """The bucket that takes the access logs of a site's buckets."""
    key = shared.own_key(context, f"{LOGS}-{site.name}")
    return name(context, f"{context.spec.name}-{PartName.ZONES}-{key}")


def _access_logs(part: Part[OvhSettings], site: Site) -> cloudproject.Storage:
    """The bucket of a site's access logs.

    It has no lock: S3 delivers no logs into a bucket with a default lock, and no source says that
    OVHcloud does. A lock without a default would be sent with an empty rule, since the plugin does
    not know that rule before the bucket is there.
    """
    days = part.spec.audit.retention_days
    bucket = Bucket(
        key=shared.own_key(part.context, f"{LOGS}-{site.name}"),
        words=(LOGS, sites.region(site, "s3")),
        site=site,
        labels={"purpose": LOGS, "retention-days": str(days)},
        version_days=1,
        expire_days=days,
    )
    made = _bucket(part, bucket)
    if part.settings.bucket_controls:
        opts = part.guarded(retain=True)
        s3.LogTarget(f"{part.name}-{bucket.key}-target", _place(bucket, made), opts)
    return made


def store(
    part: Part[OvhSettings],
    bucket: Bucket,
    logs: pulumi.Input[str],
    replica: cloudproject.Storage | None = None,
) -> cloudproject.Storage:
    """A bucket whose every access is logged and whose access list is watched."""
    made = _bucket(part, bucket, replica)
    if part.settings.bucket_controls:
        place = _place(bucket, made)
        s3.BucketLogging(
            f"{part.name}-{bucket.key}-logging",
            {**place, "target": logs, "prefix": f"{bucket.key}/"},
            part.guarded(retain=True),  # to delete it ends the logs of a bucket that is kept
        )
        guarded = part.guarded(retain=True)
        watched = {**place, "lock_days": bucket.locked_days or 0}
        watched["copies_to"] = replica.name if replica else ""
        s3.AccessList(f"{part.name}-{bucket.key}-access-list", watched, guarded)
    return made


def _place(bucket: Bucket, made: cloudproject.Storage) -> dict[str, pulumi.Input[str]]:
    return {
        "bucket": made.name,
        "region": sites.region(bucket.site, "s3"),
        "endpoint": sites.endpoint(bucket.site),
    }


def _bucket(
    part: Part[OvhSettings], bucket: Bucket, replica: cloudproject.Storage | None = None
) -> cloudproject.Storage:
    """A bucket; everything is said, since what is unsaid later stays as it was."""
    label = f"{part.name}-{bucket.key}"
    made = cloudproject.Storage(
        label,
        service_name=part.settings.service_name,
        region_name=sites.region(bucket.site, "storage"),
        name=shared.checked_bucket(bucket_name(part.context, label, bucket.words)),
        hide_objects=True,
        owner_id=part.settings.owner_user_id,
        encryption=cloudproject.StorageEncryptionArgs(sse_algorithm="AES256"),
        versioning=cloudproject.StorageVersioningArgs(
            status="enabled" if bucket.versions else "disabled"
        ),
        object_lock=_lock(bucket),
        replication=_replication(part, replica),
        tags=shared.labels(part.context, **bucket.labels),
        opts=part.guarded(retain=True, fixed=["ownerId"]),  # another owner would never be sent
    )
    _lifecycle(part, bucket, made)
    return made


def _lock(bucket: Bucket) -> cloudproject.StorageObjectLockArgs | None:
    """The lock; it can neither be added later nor taken away without losing the bucket."""
    if bucket.locked_days is None:
        return None
    if not bucket.versions:
        message = f"bucket `{bucket.key}`: a lock needs versions"
        raise InputError(message, "Set versions to true, or immutable_days to 0.")
    return cloudproject.StorageObjectLockArgs(
        status="enabled",
        rule=cloudproject.StorageObjectLockRuleArgs(
            mode="compliance", period=shared.period(bucket.locked_days)
        ),
    )


def _replication(
    part: Part[OvhSettings], replica: cloudproject.Storage | None
) -> cloudproject.StorageReplicationArgs | None:
    """Every new version is copied to the recovery site; deletions are not."""
    if replica is None or part.recovery is None:
        return None
    rule = cloudproject.StorageReplicationRuleArgs(
        id="recovery",
        priority=1,
        status="enabled",
        delete_marker_replication="disabled",
        filter=cloudproject.StorageReplicationRuleFilterArgs(prefix=""),  # of everything
        destination=cloudproject.StorageReplicationRuleDestinationArgs(
            name=replica.name,
            region=sites.region(part.recovery, "storage"),
            storage_class="STANDARD",
            remove_on_main_bucket_deletion=False,
        ),
    )
    return cloudproject.StorageReplicationArgs(rules=[rule])


def _lifecycle(part: Part[OvhSettings], bucket: Bucket, made: cloudproject.Storage) -> None:
    """Delete objects and earlier versions at their end; nothing where neither ends."""
    replaced = bucket.version_days if bucket.versions else None
    if bucket.expire_days is None and replaced is None:
        return
    rule = Rule(
        id="expire",
        status="enabled",
        expiration=Expiration(days=bucket.expire_days) if bucket.expire_days else None,
        noncurrent_version_expiration=Noncurrent(noncurrent_days=replaced) if replaced else None,
        abort_incomplete_multipart_upload=Abort(days_after_initiation=UPLOAD_DAYS),
    )
    ovh.CloudProjectStorageObjectBucketLifecycleConfiguration(
        f"{part.name}-{bucket.key}-lifecycle",
        service_name=part.settings.service_name,
        region_name=sites.region(bucket.site, "storage"),
        container_name=made.name,
        rules=[rule],
        opts=part.child(),
    )
