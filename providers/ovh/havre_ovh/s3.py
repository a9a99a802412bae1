"""What Pulumi's plugin lacks, over Object Storage's own S3 interface.

Dynamic resources that set access logs, let logs be delivered, hold objects for law, and
watch access lists. State holds a reference to this module, and no credentials: those come from
the environment of the run, `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`;
`AWS_ENDPOINT_URL_S3` redirects every call, for tests. What the state holds of a bucket is its
name; names of objects never enter it.

`PutPublicAccessBlock` is never called: OVHcloud takes it for a bucket's creation
(terraform-provider-ovh#1155).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pulumi

from havre.errors import HavreError, InputError, ProviderError, RetryError
from havre.live import s3
from havre.live.wrappers import ATTEMPTS, Failure, Remedy, retrying
from havre.provider import dynamic
from havre.provider.dynamic import Departure, DynamicResource, Kind, Props
from havre_ovh.settings import S3_CREDENTIALS, missing_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

REMEDY = (
    "Set the S3 key of the project user that owns the buckets, or the setting `bucket_controls` "
    "to false: then buckets are not logged and no access list is watched."
)
NEVER_HELD = "NoSuchObjectLockConfiguration"
NO_LOCK = "ObjectLockConfigurationNotFoundError"
NO_COPIES = "ReplicationConfigurationNotFoundError"
DAYS_A_YEAR = 365
DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
"""The group in whose name a service writes access logs."""
REMEDIES = {
    "NoSuchBucket": "The bucket is gone: run `pulumi refresh`, then `pulumi up`.",
    "NotImplemented": "This service cannot do it: check `AWS_ENDPOINT_URL_S3`, or set "
    "`bucket_controls` to false and declare the gap.",
}
"""What to do about a refusal, by the service's word for it."""


def client(props: Props) -> Any:
    """A client of the bucket's endpoint, with the environment's credentials and nothing else's.

    Raises:
        InputError: the environment lacks credentials.
    """
    missing = " and ".join(missing_credentials())
    if missing:
        message = f"bucket {props['bucket']}: the environment lacks {missing}"
        raise InputError(message, REMEDY)
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or props["endpoint"]
    access, secret = (os.environ[name] for name in S3_CREDENTIALS)
    return s3.connect(s3.Address(endpoint, props["region"]), s3.Credentials(access, secret))


class NeverHeldError(ProviderError):
    """The service's answer to a question about a hold that nobody ever set."""


class NoLockError(ProviderError):
    """The service's answer where a bucket has no lock."""


class NoCopiesError(ProviderError):
    """The service's answer where a bucket is not replicated."""


class GoneError(ProviderError):
    """The service's answer where there is no such bucket any more."""


class S3Bucket:
    """A bucket and its client: what is asked names it, and is repeated where that may help."""

    def __init__(self, props: Props) -> None:
        self.props = props
        self.client = client(props)

    def ask(self, what: str, operation: str, **arguments: Any) -> Any:
        """The answer to an operation of S3, called `what` in messages.

        Raises:
            RetryError: the service did not take the call after the last attempt.
            ProviderError: it refused the call.
        """
        bucket = s3.Bucket(self.client, self.props["bucket"])
        return answered(bucket, self.props, what, operation, **arguments)


def answered(store: s3.Bucket, props: Props, what: str, operation: str, **arguments: Any) -> Any:
    """The answer to an operation of S3, asked again where that may help.

    Raises:
        RetryError: the service did not take the call after the last attempt.
        ProviderError: it refused the call.
    """
    asked = retrying(store)
    try:
        return asked.ask(operation, **arguments)
    except Exception as error:
        found = asked.failure(error)
        if found is None:
            raise
        raise _refusal(props, what, found, ATTEMPTS) from None


ANSWERS = {
    NEVER_HELD: NeverHeldError,
    NO_LOCK: NoLockError,
    NO_COPIES: NoCopiesError,
    "NoSuchBucket": GoneError,
}
"""Refusals that answer a question, by the service's word for each."""


def _refusal(props: Props, what: str, found: Failure, attempts: int) -> HavreError:
    """The error for a call that the service did not take, with the remedy."""
    if found.remedy is Remedy.RETRY:
        message = f"bucket {props['bucket']}: {what} failed {attempts} times, last: {found.code}"
        remedy = f"Nothing was left incomplete. Check {props['endpoint']} and run again later."
        return RetryError(message, remedy)
    kind = ANSWERS.get(found.code, ProviderError)
    owner = "Check that the S3 key belongs to the bucket's owner (setting `owner_user_id`)."
    message = f"bucket {props['bucket']}: {what} was refused: {found.code}"
    return kind(message, REMEDIES.get(found.code, owner))


def _lacking(_props: Props) -> Mapping[str, str]:
    """Refuse a run without credentials in its preview, before any bucket is made."""
    missing = " and ".join(missing_credentials())
    return {"bucket": f"the environment lacks {missing}. {REMEDY}"} if missing else {}


def _nothing(_bucket: S3Bucket) -> None:
    """Leave a bucket as it is."""


def _kind(
    ensure: Callable[[S3Bucket], dict[str, Any]],
    there: Callable[[S3Bucket], bool],
    undo: Callable[[S3Bucket], None] = _nothing,
    changing: Callable[[Props, Props], Mapping[str, str]] = lambda _olds, _news: {},
) -> Kind:
    """A kind of resource of a bucket; one that was undone is found so and made again.

    Args:
        ensure: makes it, and returns what the state keeps besides.
        there: whether it is there, as it was required.
        undo: undoes it.
        changing: why it cannot be changed from former inputs to new ones.
    """

    def departures(olds: Props) -> Iterator[Departure]:
        """Whether somebody has undone it since; not asked without credentials."""
        if olds.get("found") is False:
            yield Departure(f"a refresh did not find it on the bucket `{olds['bucket']}`")
        elif not missing_credentials() and look(olds) != {"found": True}:
            yield Departure(f"it is not set on the bucket `{olds['bucket']}`")

    def look(props: Props) -> dict[str, Any] | None:
        """Whether it is there; None where its bucket is gone, and so it is."""
        try:
            return {"found": there(S3Bucket(props))}
        except GoneError:
            return None

    def remove(props: Props) -> None:
        """Undo it; with the bucket it is gone already."""
        with suppress(GoneError):
            undo(S3Bucket(props))

    return Kind(
        ensure=lambda props: {"found": True, **ensure(S3Bucket(props))},
        remove=remove,
        look=look,
        departures=departures,
        identity=("bucket",),
        within=("region", "endpoint"),
        check=_lacking,
        varying=("found", "versions"),
        changing=changing,
    )


class Managed(dynamic.Managed):
    """What states of stacks refer to that were deployed before the core had dynamic resources."""

    def __setstate__(self, state: Mapping[str, str]) -> None:
        """Take a kind by its former name, such as `log-target`."""
        self.kind = reference(state["kind"])


def reference(kind: str) -> str:
    """Where the kind of a name, such as `log-target`, is found."""
    return f"{__name__}:{kind.upper().replace('-', '_')}"


class BucketResource(DynamicResource):
    """What every resource of this module is: a bucket, and what is true of it."""

    PACKAGE = "havre-ovh"
    OUTPUTS = ("found",)
    bucket: pulumi.Output[str]


class BucketLogging(BucketResource):
    """Every access to a bucket is logged into another (`target`, `prefix`)."""

    KIND = reference("logging")


class LogTarget(BucketResource):
    """A bucket into which the service may deliver access logs."""

    KIND = reference("log-target")


class AccessList(BucketResource):
    """A bucket whose access list grants nothing to everybody, and that is locked and copied.

    Its lock of `lock_days` (0: none) and its replication to the bucket `copies_to` (empty: none)
    are read here, since the plugin keeps what it sent where the service tells less.
    """

    KIND = reference("access-list")


class LegalHold(BucketResource):
    """Every version below `prefix` is held: nobody deletes it until the hold is lifted.

    The prefix stands in the state, so it must name nobody.
    """

    KIND = reference("legal-hold")


RESOURCES: tuple[type[BucketResource], ...] = (BucketLogging, LogTarget, AccessList, LegalHold)
"""Every kind of resource of this module."""


def _ensure_logging(bucket: S3Bucket) -> dict[str, Any]:
    props = bucket.props
    status = {"LoggingEnabled": {"TargetBucket": props["target"], "TargetPrefix": props["prefix"]}}
    bucket.ask("setting access logs", "put_bucket_logging", BucketLoggingStatus=status)
    if not _logged(bucket):
        message = f"bucket {props['bucket']}: access logs were set but are missing"
        raise ProviderError(
            message, "Report this to OVHcloud. Until then, accesses leave no trace."
        )
    return {}


def _logged(bucket: S3Bucket) -> bool:
    answer = bucket.ask("reading access logs", "get_bucket_logging")
    found = answer.get("LoggingEnabled", {})
    wanted = (bucket.props["target"], bucket.props["prefix"])
    return (found.get("TargetBucket"), found.get("TargetPrefix")) == wanted


def _remove_logging(bucket: S3Bucket) -> None:
    bucket.ask("ending access logs", "put_bucket_logging", BucketLoggingStatus={})


def _access_list(bucket: S3Bucket) -> tuple[str, list[dict[str, Any]]]:
    """The owner's identifier, and what is granted to whom."""
    found = bucket.ask("reading the access list", "get_bucket_acl")
    return found["Owner"]["ID"], found.get("Grants", [])


def _ensure_target(bucket: S3Bucket) -> dict[str, Any]:
    owner, _ = _access_list(bucket)
    group = {"Type": "Group", "URI": DELIVERY}
    user = {"Type": "CanonicalUser", "ID": owner}
    given = [(user, "FULL_CONTROL"), (group, "WRITE"), (group, "READ_ACP")]
    policy = {
        "Owner": {"ID": owner},
        "Grants": [{"Grantee": who, "Permission": what} for who, what in given],
    }
    bucket.ask("letting logs be delivered", "put_bucket_acl", AccessControlPolicy=policy)
    return {}


def _delivers(bucket: S3Bucket) -> bool:
    _, grants = _access_list(bucket)
    given = {g["Permission"] for g in grants if g["Grantee"].get("URI") == DELIVERY}
    return {"WRITE", "READ_ACP"} <= given


def _to_others(bucket: S3Bucket) -> list[str]:
    """What the access list grants to anybody but the owner and the delivery of logs.

    Servers name a group by its URI or by a word of their own, so that all that is not known
    counts as somebody else.
    """
    owner, grants = _access_list(bucket)
    known = {"Type": "CanonicalUser", "ID": owner}
    others = {
        f"{grant['Permission']} to {who.get('URI') or who.get('ID') or 'somebody'}"
        for grant in grants
        if (who := grant["Grantee"]).get("URI") != DELIVERY
        and {key: who.get(key) for key in known} != known
    }
    return sorted(others)


def _ensure_private(bucket: S3Bucket) -> dict[str, Any]:
    others, name = _to_others(bucket), bucket.props["bucket"]
    if others:
        message = f"bucket {name}: its access list grants {', '.join(others)}"
        remedy = f"Withdraw it: aws s3api put-bucket-acl --acl private --bucket {name}"
        raise ProviderError(message, remedy)
    return {}


def _private(bucket: S3Bucket) -> bool:
    return not _to_others(bucket)


def _lock_days(bucket: S3Bucket) -> int | None:
    """Days of a bucket's default lock, 0 where none is set; None where it cannot have one.

    Governance mode binds no manager, so it counts as none.
    """
    try:
        answer = bucket.ask("reading the lock", "get_object_lock_configuration")
    except NoLockError:
        return None
    found = answer["ObjectLockConfiguration"]
    if found.get("ObjectLockEnabled") != "Enabled":
        return None
    rule = found.get("Rule", {}).get("DefaultRetention", {})
    if rule.get("Mode") != "COMPLIANCE":
        return 0
    return int(rule.get("Days", 0) + DAYS_A_YEAR * rule.get("Years", 0))


def _copied_to(bucket: S3Bucket) -> set[str]:
    """Buckets to which every new version is copied; a rule with a filter copies some only."""
    try:
        answer = bucket.ask("reading the replication", "get_bucket_replication")
    except NoCopiesError:
        return set()
    return {
        rule["Destination"]["Bucket"].rpartition(":")[2]
        for rule in answer.get("ReplicationConfiguration", {}).get("Rules", ())
        if rule["Status"] == "Enabled" and not _narrowed(rule)
    }


def _narrowed(rule: Mapping[str, Any]) -> bool:
    """Whether a rule is of some objects only; an empty prefix is of all."""
    chosen = rule.get("Filter", {})
    return bool(rule.get("Prefix") or chosen.get("Prefix") or {"Tag", "And"} & chosen.keys())


def _ensure_watched(bucket: S3Bucket) -> dict[str, Any]:
    _ensure_private(bucket)
    _ensure_locked(bucket)
    _ensure_copied(bucket)
    return {}


def _locked(bucket: S3Bucket) -> bool:
    wanted = int(bucket.props.get("lock_days") or 0)
    return not wanted or (_lock_days(bucket) or 0) >= wanted


def _ensure_locked(bucket: S3Bucket) -> None:
    """Set a lock again that was taken away; it cannot be added to a bucket without one."""
    name, days = bucket.props["bucket"], int(bucket.props.get("lock_days") or 0)
    if _locked(bucket):
        return
    if _lock_days(bucket) is None:
        message = f"bucket {name}: it has no lock, and a lock cannot be added to it"
        raise ProviderError(message, NEW_ZONE)
    retention = {"Mode": "COMPLIANCE", "Days": days}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
    bucket.ask("setting the lock", "put_object_lock_configuration", ObjectLockConfiguration=lock)
    if not _locked(bucket):
        message = f"bucket {name}: its lock of {days} days was set but is missing"
        raise ProviderError(
            message, "Report this to OVHcloud. Until then, versions can be deleted."
        )


def _copied(bucket: S3Bucket) -> bool:
    wanted = bucket.props.get("copies_to") or ""
    return not wanted or wanted in _copied_to(bucket)


def _ensure_copied(bucket: S3Bucket) -> None:
    if not _copied(bucket):
        name, wanted = bucket.props["bucket"], bucket.props["copies_to"]
        message = f"bucket {name}: it is not replicated to {wanted}"
        remedy = (
            f"Restore the rule: aws s3api put-bucket-replication --bucket {name}, then run "
            "`pulumi up`. Objects written meanwhile were not copied."
        )
        raise ProviderError(message, remedy)


def _watched(bucket: S3Bucket) -> bool:
    return _private(bucket) and _locked(bucket) and _copied(bucket)


NEW_ZONE = (
    "Add another zone with `immutable_days`, move the objects there, then remove this one. A "
    "bucket is locked only if it was created with a lock."
)


def _lock_added(olds: Props, news: Props) -> Mapping[str, str]:
    """Refuse in the preview a lock on a bucket that was made without one."""
    if "lock_days" in olds and not olds["lock_days"] and news.get("lock_days"):
        return {"lock_days": f"bucket {olds.get('bucket')} exists without a lock. {NEW_ZONE}"}
    return {}


def _versions(bucket: S3Bucket) -> Iterator[dict[str, str]]:
    """Key and version of what lies below the prefix; delete markers hold nothing."""
    where = {"Prefix": bucket.props["prefix"]}
    while where:
        page = bucket.ask("listing versions", "list_object_versions", **where)
        for version in page.get("Versions", []):
            yield {"Key": version["Key"], "VersionId": version["VersionId"]}
        where = _next(where, page)


def _next(where: dict[str, str], page: Mapping[str, Any]) -> dict[str, str]:
    """Where the listing goes on; empty at its end."""
    if not page.get("IsTruncated"):
        return {}
    marks = {"KeyMarker": page["NextKeyMarker"]}
    if page.get("NextVersionIdMarker"):
        marks["VersionIdMarker"] = page["NextVersionIdMarker"]
    return {**where, **marks}


def _hold(bucket: S3Bucket, status: str) -> int:
    """Hold, or let go of, every version; returns how many."""
    held = set()  # some servers list a page's last version again
    for version in _versions(bucket):
        if tuple(version.values()) not in held:
            hold = {"Status": status}
            bucket.ask("a legal hold", "put_object_legal_hold", LegalHold=hold, **version)
        held.add(tuple(version.values()))
    return len(held)


def _ensure_hold(bucket: S3Bucket) -> dict[str, Any]:
    return {"versions": _hold(bucket, "ON")}


def _all_held(bucket: S3Bucket) -> bool:
    """Whether every version is held; one that came later is not, until the next run."""
    return all(_held(bucket, version) for version in _versions(bucket))


def _held(bucket: S3Bucket, version: Mapping[str, str]) -> bool:
    """A service may answer that a version was never held by refusing to tell."""
    try:
        answer = bucket.ask("reading a legal hold", "get_object_legal_hold", **version)
    except NeverHeldError:
        return False
    return bool(answer["LegalHold"]["Status"] == "ON")


def _lift(bucket: S3Bucket) -> None:
    _hold(bucket, "OFF")


LOGGING = _kind(_ensure_logging, _logged, _remove_logging)
LOG_TARGET = _kind(_ensure_target, _delivers)
ACCESS_LIST = _kind(_ensure_watched, _watched, changing=_lock_added)
LEGAL_HOLD = _kind(_ensure_hold, _all_held, _lift)
