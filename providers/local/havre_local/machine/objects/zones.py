"""Accounts, zones and grants in the object store.

versitygw does not stamp a bucket's default retention onto its objects: the rule locks every
unstamped version for so many days after the *rule* was set, and nothing after that. A zone
with `immutable_days` therefore has a rule of a century, which locks what is not stamped yet,
and `lock_versions` stamps every version with its own end, which then counts instead. A
version is so never locked for less than was asked, whoever wrote it.
"""

from __future__ import annotations

import configparser
import datetime as dt
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, InputError
from havre.live.locks import SOON, retention
from havre.live.s3 import Bucket
from havre_local.machine.folder import (
    PRIVATE,
    Folder,
    locked,
    password,
    read_json,
    write_json,
)
from havre_local.machine.objects import gateway
from havre_local.machine.objects.gateway import SERVICE, administrator, ensure_gateway
from havre_local.machine.postgresql.roles import account_name, end_of
from havre_local.machine.projects import CREDENTIALS, give, master, take_back

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

__all__ = [
    "SERVICE",
    "Account",
    "LockedObject",
    "StoredZone",
    "account_name",
    "bucket_names",
    "delete_account",
    "delete_zone",
    "destroy_zone",
    "ensure_account",
    "ensure_gateway",
    "ensure_grants",
    "ensure_zone",
    "lock_versions",
    "revoke_grants",
    "served_zone",
    "zone_holds_data",
    "zone_of",
    "zones",
]

_RULE_DAYS = 36_500
_BATCH = 1000
_READ = ("s3:GetObject", "s3:ListBucket")
"""No earlier version: an object may have been deleted because a consent was withdrawn."""


@dataclass(frozen=True)
class Account:
    """A project's account."""

    access: str
    credentials: Path
    """AWS shared credentials file, mode 0600."""


@dataclass(frozen=True)
class StoredZone:
    """What was agreed for a bucket."""

    bucket: str
    versions: bool
    immutable_days: int
    name: str = ""
    """The zone's own name, empty if it was not told."""


@dataclass(frozen=True)
class LockedObject:
    """A version that cannot be deleted yet."""

    key: str
    version: str
    until: dt.datetime | None
    """None: no date, a legal hold."""


def ensure_account(folder: Folder, project: str, *, renew: bool = False) -> Account:
    """Give the project an account; by itself it may do nothing (see `ensure_grants`).

    Its secret is made the first time, and given out in `projects/<project>/aws-credentials`.

    Args:
        folder: the data folder, its object store running.
        project: the project's name.
        renew: replace the secret.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    access = account_name(project)
    with locked(folder, SERVICE):
        known = read_credentials(folder, master(folder, project) / CREDENTIALS)
        secret = password() if renew or known is None else known[1]
        path = give(folder, project, CREDENTIALS, shared_credentials(access, secret))
        present = gateway.known_accounts(folder)
        if access not in present:
            gateway.create_account(folder, access, secret)
        elif present[access] != secret:
            gateway.update_account(folder, access, secret)
    return Account(access, path)


def shared_credentials(access: str, secret: str) -> bytes:
    """Return the content of a shared credentials file, with one profile."""
    return (f"[default]\naws_access_key_id = {access}\naws_secret_access_key = {secret}\n").encode()


def read_credentials(folder: Folder, path: Path) -> tuple[str, str] | None:
    """Return access key and secret of a shared credentials file, None without one.

    Raises:
        GuardError: others can have written it.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_file(io.StringIO(folder.custody.read(path).decode("utf-8")))
    except FileNotFoundError:
        return None
    section = parser["default"]
    return section["aws_access_key_id"], section["aws_secret_access_key"]


def delete_account(folder: Folder, project: str) -> None:
    """Remove the project's account, its grants and its credentials; none is fine.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    access = account_name(project)
    for zone in zones(folder):
        revoke_grants(folder, zone.bucket, access)
    with locked(folder, SERVICE):
        gateway.remove_account(folder, access)
    take_back(folder, project, CREDENTIALS)


def ensure_zone(
    folder: Folder, bucket: str, *, versions: bool, immutable_days: int, name: str = ""
) -> StoredZone:
    """Create or alter the zone's bucket.

    A lock can be put on a zone that exists, and lengthened; every version it holds is then
    locked until `immutable_days` after it was written.

    Args:
        folder: the data folder, its object store running.
        bucket: name of the bucket.
        versions: whether earlier versions of an object are kept.
        immutable_days: how long a version cannot be changed or deleted; 0: no lock.
        name: the zone's own name, for `access.open_warehouse`.

    Raises:
        GuardError: the lock would be shortened.
        InputError: a lock without versions.
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    if immutable_days and not versions:
        message = f"Zone {bucket}: immutable_days needs versions"
        raise InputError(message, "Set `versions: true`.")
    known = zone_of(folder, bucket)
    zone = StoredZone(bucket, versions, immutable_days, name or (known.name if known else ""))
    _check_not_shortened(known, zone)
    with gateway.asking(folder, f"Zone {bucket}"):
        s3 = administrator(folder)
        if not _exists(s3, bucket):
            s3.create_bucket(
                Bucket=bucket,
                ObjectLockEnabledForBucket=immutable_days > 0,
                CreateBucketConfiguration={"LocationConstraint": gateway.REGION},
            )
        _set_versions(s3, zone)
        if immutable_days:
            _set_rule(s3, bucket)
    _write_record(folder, zone)
    lock_versions(folder, bucket)
    return zone


def _check_not_shortened(known: StoredZone | None, wanted: StoredZone) -> None:
    """Raise GuardError if what was promised for `known` would not hold any more."""
    if known is not None and wanted.immutable_days < known.immutable_days:
        message = (
            f"Zone {wanted.bucket} is immutable for {known.immutable_days} days, "
            f"which cannot be shortened to {wanted.immutable_days}"
        )
        raise GuardError(message, f"Set `immutable_days: {known.immutable_days}` or more.")


def _exists(s3: Any, bucket: str) -> bool:
    return bucket in {found["Name"] for found in s3.list_buckets()["Buckets"]}


def _set_versions(s3: Any, zone: StoredZone) -> None:
    wanted = "Enabled" if zone.versions else "Suspended"
    # Absent where versions were never kept, which is not to be suspended.
    present = s3.get_bucket_versioning(Bucket=zone.bucket).get("Status", "Suspended")
    if present != wanted:
        s3.put_bucket_versioning(Bucket=zone.bucket, VersioningConfiguration={"Status": wanted})


def _set_rule(s3: Any, bucket: str) -> None:
    """Lock every version that is not stamped with an end of its own; see the module."""
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": _RULE_DAYS}}
    s3.put_object_lock_configuration(
        Bucket=bucket,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
    )


def _record(folder: Folder, bucket: str) -> Path:
    return folder.objects / "zones" / f"{bucket}.json"


def zone_of(folder: Folder, bucket: str) -> StoredZone | None:
    """Return what was agreed for the bucket, None if it is no zone."""
    path = _record(folder, bucket)
    if not folder.custody.exists(path):
        return None
    content = read_json(folder, path)
    return StoredZone(
        bucket,
        bool(content["versions"]),
        int(content["immutable_days"]),
        str(content.get("name", "")),
    )


def zones(folder: Folder) -> tuple[StoredZone, ...]:
    """Return every zone, by the name of its bucket."""
    names = sorted(path.stem for path in (folder.objects / "zones").glob("*.json"))
    return tuple(zone for name in names if (zone := zone_of(folder, name)) is not None)


def _write_record(folder: Folder, zone: StoredZone, stamped: str | None = None) -> None:
    path = _record(folder, zone.bucket)
    folder.custody.make_folder(path.parent, PRIVATE)
    content = {
        "name": zone.name,
        "versions": zone.versions,
        "immutable_days": zone.immutable_days,
        "stamped": stamped,
    }
    if not path.exists() or read_json(folder, path) != content:
        write_json(folder, path, content)


def lock_versions(folder: Folder, bucket: str) -> int:
    """Stamp every version of a zone with the end of its lock; return how many were new.

    To be run now and then, and before reading when a lock ends: what is not stamped yet is
    locked without an end in sight.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    zone = zone_of(folder, bucket)
    if zone is None or not zone.immutable_days:
        return 0
    began = dt.datetime.now(dt.UTC)
    done = read_json(folder, _record(folder, bucket)).get("stamped")
    # What was there the last time is stamped; a minute allows for writes under way.
    since = dt.datetime.fromisoformat(done) - SOON if done else None
    count = 0
    with gateway.asking(folder, f"Zone {bucket}"):
        s3 = administrator(folder)
        for version in _versions(s3, bucket):
            if since is None or version["LastModified"] >= since:
                count += _stamp(s3, zone, version)
    _write_record(folder, zone, began.isoformat())
    return count


def _stamp(s3: Any, zone: StoredZone, version: dict[str, Any]) -> bool:
    """Lock one version until its time, unless it is; return whether that was needed."""
    store = Bucket(s3, zone.bucket)
    where = {"Key": version["Key"], "VersionId": version["VersionId"]}
    end = version["LastModified"] + dt.timedelta(days=zone.immutable_days)
    present = retention(store, where)
    if present is not None and (present >= end or end <= dt.datetime.now(dt.UTC)):
        return False
    until = max(end, dt.datetime.now(dt.UTC) + SOON)
    lock = {"Mode": "COMPLIANCE", "RetainUntilDate": until}
    store.ask("put_object_retention", **where, Retention=lock)
    return True


def _versions(s3: Any, bucket: str) -> Iterator[dict[str, Any]]:
    """Yield every version, without delete markers."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        yield from page.get("Versions", ())


def _markers(s3: Any, bucket: str) -> Iterator[dict[str, Any]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        yield from page.get("DeleteMarkers", ())


def _uploads(s3: Any, bucket: str) -> Iterator[dict[str, Any]]:
    """Yield every multipart upload that was not completed."""
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        yield from page.get("Uploads", ())


def _abort_uploads(s3: Any, bucket: str) -> None:
    for upload in list(_uploads(s3, bucket)):
        s3.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])


def abort_uploads(folder: Folder, bucket: str) -> None:
    """Give up every upload into the zone that was not completed.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    with gateway.asking(folder, f"Zone {bucket}"):
        _abort_uploads(administrator(folder), bucket)


def bucket_names(folder: Folder) -> list[str]:
    """Return the names of all buckets of the object store.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    with gateway.asking(folder, "the object store"):
        return [found["Name"] for found in administrator(folder).list_buckets()["Buckets"]]


def served_zone(folder: Folder, bucket: str, immutable_days: int) -> StoredZone | None:
    """What the object store keeps of a zone's bucket; None where it has no such bucket.

    Args:
        folder: the data folder, its object store running.
        bucket: name of the bucket.
        immutable_days: of its lock. They are in each version's own end, not in the bucket's rule;
            without the rule nothing is locked, and there are none.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    with gateway.asking(folder, f"Zone {bucket}"):
        s3 = administrator(folder)
        if not _exists(s3, bucket):
            return None
        versions = s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"
        return StoredZone(bucket, versions, immutable_days if _has_rule(s3, bucket) else 0)


def _has_rule(s3: Any, bucket: str) -> bool:
    """Whether a rule locks every version of a bucket."""
    try:
        found = s3.get_object_lock_configuration(Bucket=bucket)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "ObjectLockConfigurationNotFoundError":
            return False
        raise
    default = found["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
    return bool(default.get("Mode") == "COMPLIANCE" and default.get("Days", 0) >= _RULE_DAYS)


def zone_holds_data(folder: Folder, bucket: str) -> bool:
    """Tell whether the zone holds any version of any object, or an unfinished upload.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    with gateway.asking(folder, f"Zone {bucket}"):
        s3 = administrator(folder)
        if not _exists(s3, bucket):
            return False
        return any(True for _ in _versions(s3, bucket)) or any(True for _ in _uploads(s3, bucket))


def delete_zone(folder: Folder, bucket: str) -> None:
    """Delete an empty zone; none is fine.

    Raises:
        GuardError: it holds data.
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    if zone_holds_data(folder, bucket):
        message = f"Zone {bucket} contains data and is not deleted"
        raise GuardError(message, "Move its data, or destroy it with a consent that names it.")
    _remove_bucket(folder, bucket)


def destroy_zone(folder: Folder, bucket: str) -> tuple[LockedObject, ...]:
    """Delete every version that is not locked, and the bucket if none is left.

    The caller has the consent for it. No consent opens a lock.

    Returns:
        The versions that are still locked; empty when the zone is gone.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    with gateway.asking(folder, f"Zone {bucket}"):
        s3 = administrator(folder)
        if not _exists(s3, bucket):
            return ()
        lock_versions(folder, bucket)
        _abort_uploads(s3, bucket)
        left = _delete_versions(s3, bucket, list(_versions(s3, bucket)))
    if not left:
        _remove_bucket(folder, bucket)
    return left


def _delete_versions(s3: Any, bucket: str, found: list[dict[str, Any]]) -> tuple[LockedObject, ...]:
    """Delete versions; return those that the object store would not delete."""
    left: list[LockedObject] = []
    for start in range(0, len(found), _BATCH):
        batch = [
            {"Key": version["Key"], "VersionId": version["VersionId"]}
            for version in found[start : start + _BATCH]
        ]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
        for error in answer.get("Errors", ()):
            where = {"Key": error["Key"], "VersionId": error["VersionId"]}
            until = retention(Bucket(s3, bucket), where)
            left.append(LockedObject(error["Key"], error["VersionId"], until))
    return tuple(left)


def _remove_bucket(folder: Folder, bucket: str) -> None:
    """Delete a bucket that holds delete markers at most, and what we know of it."""
    with gateway.asking(folder, f"Zone {bucket}"):
        s3 = administrator(folder)
        if _exists(s3, bucket):
            for marker in list(_markers(s3, bucket)):
                s3.delete_object(Bucket=bucket, Key=marker["Key"], VersionId=marker["VersionId"])
            s3.delete_bucket(Bucket=bucket)
    folder.custody.remove(_record(folder, bucket))


def ensure_grants(
    folder: Folder, bucket: str, account: str, expires: dt.date | None = None
) -> None:
    """Let the account list and read what the bucket holds now, and nothing else.

    Args:
        folder: the data folder, its object store running.
        bucket: the zone's bucket.
        account: see `account_name`; it exists.
        expires: the last day, UTC, on which it may, or the time until it may; None: until revoked.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    statement = grant(bucket, account, expires)
    change_policy(folder, bucket, lambda others: [*others, statement], account)


def grant(
    bucket: str, account: str, expires: dt.date | None, actions: Sequence[str] = _READ
) -> dict[str, Any]:
    """Return the statement that lets an account list and read a bucket, or what `actions` say."""
    statement: dict[str, Any] = {
        "Sid": account,
        "Effect": "Allow",
        "Principal": {"AWS": [account]},
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    if expires is not None:
        until = expires if isinstance(expires, dt.datetime) else end_of(expires)
        end = f"{until.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
        statement["Condition"] = {"DateLessThan": {"aws:CurrentTime": end}}
    return statement


def grants_differ(
    folder: Folder, buckets: Collection[str], account: str, expires: dt.date
) -> tuple[str, ...]:
    """Return the zones whose policy is not what `ensure_grants` and `revoke_grants` make of it.

    Args:
        folder: the data folder, its object store running.
        buckets: the buckets that the account may read.
        account: see `account_name`.
        expires: the last day, UTC, on which it may.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    known, found = gateway.known_accounts(folder), []
    for zone in zones(folder):
        with gateway.asking(folder, f"Zone {zone.bucket}"):
            present = _statements(administrator(folder), zone.bucket)
        wanted = [grant(zone.bucket, account, expires)] if zone.bucket in buckets else []
        own = [item for item in present if item.get("Sid") == account]
        if own != wanted or any(item.get("Sid") not in known for item in present):
            found.append(zone.bucket)
    return tuple(found)


def granted_outside(
    folder: Folder, accounts: Collection[str], buckets: Collection[str]
) -> set[str]:
    """Return those of accounts that the policy of a zone outside `buckets` names.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    found: set[str] = set()
    for zone in zones(folder) if accounts else ():
        if zone.bucket not in buckets:
            with gateway.asking(folder, f"Zone {zone.bucket}"):
                present = _statements(administrator(folder), zone.bucket)
            found |= {str(item.get("Sid")) for item in present} & set(accounts)
    return found


def revoke_grants(folder: Folder, bucket: str, account: str) -> None:
    """Take the account's rights to the bucket away; none is fine.

    Raises:
        ProviderError: the object store refused.
        RetryError: it does not answer.
    """
    change_policy(folder, bucket, lambda others: others, account)


def change_policy(
    folder: Folder,
    bucket: str,
    change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
    account: str,
) -> None:
    """Replace the bucket's policy: `change` gets the statements of all other accounts."""
    with locked(folder, SERVICE), gateway.asking(folder, f"Zone {bucket}"):
        s3 = administrator(folder)
        if not _exists(s3, bucket):
            return
        present = _statements(s3, bucket)
        # A policy that names an account that is gone would be refused as a whole.
        known = gateway.known_accounts(folder)
        others = [i for i in present if i.get("Sid") != account and i.get("Sid") in known]
        wanted = sorted(change(others), key=lambda item: str(item["Sid"]))
        if wanted == present:
            return
        if wanted:
            policy = {"Version": "2012-10-17", "Statement": wanted}
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        else:
            s3.delete_bucket_policy(Bucket=bucket)


def _statements(s3: Any, bucket: str) -> list[dict[str, Any]]:
    """Return the statements of the bucket's policy; a bucket that is gone has none."""
    from botocore.exceptions import ClientError

    try:
        policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchBucketPolicy", "NoSuchBucket"):
            raise
        return []
    statements: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return statements
