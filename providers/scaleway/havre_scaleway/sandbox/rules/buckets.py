"""Buckets: names, versions, locks, keys and policies."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from havre_sandbox.reading import number, sections, text, value
from havre_sandbox.refusals import Act, rule
from havre_scaleway import policies
from havre_scaleway.conventions import kinds
from havre_scaleway.sandbox.rules.codes import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import Existing, World

BUCKET = "scaleway:object/bucket:Bucket"
ENCRYPTION = (
    "scaleway:object/bucketServerSideEncryptionConfiguration"
    ":BucketServerSideEncryptionConfiguration"
)
LOCK = "scaleway:object/bucketLockConfiguration:BucketLockConfiguration"
POLICY = "scaleway:object/bucketPolicy:BucketPolicy"
ACCESS_LIST = "scaleway:object/bucketAcl:BucketAcl"
KEY = "scaleway:keymanager/key:Key"
PRINCIPAL = re.compile(r"\*|(user_id|application_id):[0-9a-f-]{36}")
DEFAULT = "applyServerSideEncryptionByDefault"


def _bucket(name: str, world: World) -> Existing | None:
    return next((b for b in world.of(BUCKET) if text(b.properties, "name") == name), None)


@rule(BUCKET, acts=(Act.CREATE,), beforehand=True)
def accepted(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A bucket's name has the length and characters of S3."""
    name = text(proposed.properties, "name")
    if name and not kinds.BUCKET.accepts(name):
        message = f"The name `{name}` is not accepted. Use {kinds.BUCKET.rule}."
        yield refusal("bucket-name", message, "name")


@rule(BUCKET, acts=(Act.CREATE,))
def unique(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A name is one bucket's, in all regions and projects."""
    name = text(proposed.properties, "name")
    if _bucket(name, world) is not None:
        yield refusal("bucket-taken", f"A bucket is called `{name}` already.", "name")


@rule(BUCKET)
def versioned(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A bucket with a lock keeps versions."""
    told = proposed.properties
    locks = value(told, "objectLockEnabled") is True
    if locks and value(told, "versioning.enabled") is False:
        message = "The bucket has an object lock, so its versions cannot be suspended."
        yield refusal("versioning", message, "versioning.enabled")


_DAYS = ("expiration.days", "noncurrentVersionExpiration.noncurrentDays")


@rule(BUCKET, beforehand=True)
def lasting(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Rules of a lifecycle wait at least one day."""
    for place, each in enumerate(sections(proposed.properties, "lifecycleRules")):
        for path in _DAYS:
            days = number(each, path)
            if days is not None and days < 1:
                at = f"lifecycleRules[{place}].{path}"
                yield refusal("lifecycle", "Nothing expires before one day.", at)


@rule(ENCRYPTION, LOCK, POLICY, ACCESS_LIST)
def of_bucket(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """What sets a bucket up names one that exists, in its own region."""
    name, region = (text(proposed.properties, path) for path in ("bucket", "region"))
    if not name:
        return
    bucket = _bucket(name, world)
    if bucket is None:
        yield refusal("bucket-missing", f"There is no bucket `{name}`.", "bucket")
    elif region and text(bucket.properties, "region") != region:
        yield refusal("bucket-elsewhere", f"The bucket `{name}` is not in {region}.", "region")


@rule(LOCK)
def lockable(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Only a bucket that was made with a lock has a rule of it."""
    bucket = _bucket(text(proposed.properties, "bucket"), world)
    if bucket is not None and value(bucket.properties, "objectLockEnabled") is not True:
        message = "The bucket was created without an object lock. Create another bucket with it."
        yield refusal("lock-later", message, "bucket")


@rule(LOCK, beforehand=True)
def retained(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A lock lasts for days or for years, and at least one."""
    told = value(proposed.properties, "rule.defaultRetention")
    if not isinstance(told, dict):
        return
    units = {"days", "years"} & set(told)
    if len(units) != 1:
        yield refusal("lock", "Set either days or years.", "rule.defaultRetention")
    lasts = [number(told, unit) for unit in sorted(units)]
    if any(each is not None and each < 1 for each in lasts):
        yield refusal("lock", "A lock lasts at least one day.", "rule.defaultRetention")


@rule(ENCRYPTION)
def keyed(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A key of a bucket exists in its region, and is symmetric."""
    region = text(proposed.properties, "region")
    for place, each in enumerate(sections(proposed.properties, "rules")):
        at = f"rules[{place}].{DEFAULT}.kmsMasterKeyId"
        named = text(each, f"{DEFAULT}.kmsMasterKeyId")
        if named and text(each, f"{DEFAULT}.sseAlgorithm") != "aws:kms":
            yield refusal("encryption", "A key needs the algorithm aws:kms.", at)
        key = _key(named, region, world) if named else None
        if named and key is None:
            yield refusal("key-missing", f"There is no key `{named}` in {region}.", at)
        elif key is not None and text(key.properties, "usage") != "symmetric_encryption":
            yield refusal("encryption", "Buckets need a symmetric key.", at)


def _key(named: str, region: str, world: World) -> Existing | None:
    """A key by its UUID, with or without its region, or by its name."""
    for each in world.of(KEY):
        known = (each.id, each.id.rpartition("/")[2], text(each.properties, "name"))
        if named in known and text(each.properties, "region") == region:
            return each
    return None


@rule(POLICY)
def formed(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A policy is a JSON document of this version, about the bucket, for principals of Scaleway."""
    told, bucket = (text(proposed.properties, path) for path in ("policy", "bucket"))
    if not told:
        return
    try:
        policies.permissions(told)
        statements = json.loads(told)["Statement"]
    except ValueError as error:
        yield refusal("policy", f"{str(error).capitalize()}.", "policy")
        return
    for each in statements if isinstance(statements, list) else [statements]:
        for message in _amiss(each, bucket):
            yield refusal("policy", message, "policy")


def _amiss(statement: Any, bucket: str) -> Iterator[str]:
    told = statement.get("Principal")
    named = told.get("SCW") if isinstance(told, dict) else told
    for each in named if isinstance(named, list) else [named]:
        if not PRINCIPAL.fullmatch(str(each)):
            yield f"`{each}` is not a principal."
    actions, resources = statement.get("Action"), statement.get("Resource")
    for each in actions if isinstance(actions, list) else [actions]:
        if not str(each).startswith(("s3:", "*")):
            yield f"`{each}` is not an action of S3."
    for each in resources if isinstance(resources, list) else [resources]:
        if str(each).partition("/")[0] != bucket:
            yield f"`{each}` is not of the bucket."


RULES = (
    *(accepted, unique, versioned, lasting, of_bucket),
    *(lockable, retained, keyed, formed),
)
