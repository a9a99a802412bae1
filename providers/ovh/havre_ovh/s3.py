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

import base64
import os
import pickle
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from havre.errors import HavreError, InputError, ProviderError, RetryError
from havre_ovh.settings import S3_CREDENTIALS, missing_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

Props = Mapping[str, Any]
_Answer = TypeVar("_Answer")

REMEDY = (
    "Set the S3 key of the project user that owns the buckets, or the setting `bucket_controls` "
    "to false: then buckets are not logged and no access list is watched."
)
ATTEMPTS = 6
"""How often a call is tried in all."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
"""Seconds before the second try, and at most between two."""
TIMEOUT = 30.0
"""Seconds to connect, and to wait for an answer."""
AGAIN = frozenset(
    {
        "SlowDown",
        "ServiceUnavailable",
        "InternalError",
        "RequestTimeout",
        "BadDigest",
        "InvalidDigest",
        "XAmzContentSHA256Mismatch",
        "XAmzContentChecksumMismatch",
    }
)
"""Answers that may be better next time: overload, time-outs, and damage on the way."""
AGAIN_STATUS = (429, 500, 502, 503, 504)
NEVER_HELD = "NoSuchObjectLockConfiguration"
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
    import boto3
    from botocore.config import Config

    missing = " and ".join(missing_credentials())
    if missing:
        message = f"bucket {props['bucket']}: the environment lacks {missing}"
        raise InputError(message, REMEDY)
    return boto3.client(
        "s3",
        region_name=props["region"],
        endpoint_url=os.environ.get("AWS_ENDPOINT_URL_S3") or props["endpoint"],
        aws_access_key_id=os.environ[S3_CREDENTIALS[0]],
        aws_secret_access_key=os.environ[S3_CREDENTIALS[1]],
        config=Config(
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            signature_version="s3v4",
            retries={"total_max_attempts": 1},  # ours, so that messages name the bucket
            connect_timeout=TIMEOUT,
            read_timeout=TIMEOUT,
            s3={"addressing_style": "path"},
        ),
    )


def call(props: Props, what: str, ask: Callable[[], _Answer]) -> _Answer:
    """Ask, and ask again after growing, jittered waits where that may help.

    Raises:
        RetryError: the service did not take the call after the last attempt.
        ProviderError: it refused the call.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    for attempt in range(1, ATTEMPTS + 1):
        try:
            return ask()
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            if not _worth_repeating(error):
                raise _refused(props, what, error) from None
            if attempt == ATTEMPTS:
                raise _given_up(props, what, error) from None
        time.sleep(wait(attempt))
    raise AssertionError  # pragma: no cover - the loop returns or raises


def wait(attempt: int) -> float:
    """Seconds before the next try: doubled each time, a random half to all of it."""
    longest: float = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing


def _worth_repeating(error: Exception) -> bool:
    """Whether the call may be taken next time: all but a considered refusal."""
    from botocore import exceptions as known
    from botocore.parsers import ResponseParserError

    if isinstance(error, known.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return _code(error) in AGAIN or status in AGAIN_STATUS
    passing = (known.HTTPClientError, known.ConnectionError, known.FlexibleChecksumError)
    return isinstance(error, (*passing, ResponseParserError))


def _code(error: Exception) -> str:
    """The service's word for what went wrong, or the exception's own name."""
    answer = getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get("Code") or type(error).__name__)


class NeverHeldError(ProviderError):
    """The service's answer to a question about a hold that nobody ever set."""


def _refused(props: Props, what: str, error: Exception) -> HavreError:
    kind = NeverHeldError if _code(error) == NEVER_HELD else ProviderError
    owner = "Check that the S3 key belongs to the bucket's owner (setting `owner_user_id`)."
    message = f"bucket {props['bucket']}: {what} was refused: {_code(error)}"
    return kind(message, REMEDIES.get(_code(error), owner))


def _given_up(props: Props, what: str, error: Exception) -> HavreError:
    message = f"bucket {props['bucket']}: {what} failed {ATTEMPTS} times, last: {_code(error)}"
    remedy = f"Nothing was left half done; check {props['endpoint']} and run again later."
    return RetryError(message, remedy)


class S3Bucket:
    """A bucket and its client: what is asked names it, and is repeated where that may help."""

    def __init__(self, props: Props) -> None:
        self.props = props
        self.client = client(props)

    def ask(self, what: str, operation: str, **arguments: Any) -> Any:
        """The answer to an operation of S3, called `what` in messages."""
        method = getattr(self.client, operation)
        return call(self.props, what, partial(method, Bucket=self.props["bucket"], **arguments))


@dataclass(frozen=True)
class Kind:
    """How one kind of resource is made, looked at and removed; each may be run again.

    Attributes:
        ensure: makes it, and returns what the state keeps besides.
        holds: whether it is there, as it was asked for.
        remove: undoes it.
    """

    ensure: Callable[[S3Bucket], dict[str, Any]]
    holds: Callable[[S3Bucket], bool]
    remove: Callable[[S3Bucket], None] = lambda _bucket: None


class Managed(ResourceProvider):
    """Serves the resources of this module; pickled by reference to it."""

    serialize_as_secret_always = False

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse a run without credentials in its preview, before any bucket is made."""
        missing = " and ".join(missing_credentials())
        why = f"the environment lacks {missing}. {REMEDY}"
        return CheckResult(news, [CheckFailure("bucket", why)] if missing else [])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """What changed in the inputs, and, where credentials are at hand, in the bucket."""
        asked = [key for key in news if not key.startswith("__") and news[key] is not None]
        changed = [key for key in asked if olds.get(key) != news[key]]
        return DiffResult(
            changes=bool(changed) or _undone(self.kind, olds),
            replaces=[key for key in changed if key in ("bucket", "region", "endpoint")],
            stables=[],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the resource, named after its bucket."""
        made = KINDS[self.kind].ensure(S3Bucket(props))
        return CreateResult(f"{self.kind}/{props['bucket']}", {**props, "found": True, **made})

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change the resource in place."""
        made = KINDS[self.kind].ensure(S3Bucket(news))
        return UpdateResult({**news, "found": True, **made})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The resource as it is now; one that was undone is found so and made again."""
        return ReadResult(id_, {**props, "found": KINDS[self.kind].holds(S3Bucket(props))})

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Remove the resource."""
        KINDS[self.kind].remove(S3Bucket(props))


def _undone(kind: str, olds: Props) -> bool:
    """Whether somebody has undone a resource since; not asked without credentials."""
    if olds.get("found") is False:
        return True
    return not missing_credentials() and not KINDS[kind].holds(S3Bucket(olds))


def serialised(kind: str) -> str:
    """The provider of a kind as Pulumi keeps it: a reference, the same text in every process."""
    return base64.b64encode(pickle.dumps(Managed(kind), protocol=4)).decode()


class BucketResource(pulumi.CustomResource):
    """What every resource of this module is: a bucket, and what is true of it.

    It is what `pulumi.dynamic.Resource` makes, but for how the provider is serialised: the
    SDK's own way (3.272) patches `pickle` anew for every resource and never undoes it.
    """

    KIND: ClassVar[str] = ""
    bucket: pulumi.Output[str]

    def __init__(
        self, name: str, props: Mapping[str, pulumi.Input[Any]], opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__(
            f"pulumi-python:dynamic/havre-ovh:{type(self).__name__}",
            name,
            {**props, "found": None, "__provider": serialised(self.KIND)},
            opts,
        )


class BucketLogging(BucketResource):
    """Every access to a bucket is logged into another (`target`, `prefix`)."""

    KIND = "logging"


class LogTarget(BucketResource):
    """A bucket into which the service may deliver access logs."""

    KIND = "log-target"


class AccessList(BucketResource):
    """A bucket whose access list grants nothing to everybody; found out, it is an error."""

    KIND = "access-list"


class LegalHold(BucketResource):
    """Every version below `prefix` is held: nobody deletes it until the hold is lifted.

    The prefix stands in the state, so it must name nobody.
    """

    KIND = "legal-hold"


def _ensure_logging(bucket: S3Bucket) -> dict[str, Any]:
    props = bucket.props
    status = {"LoggingEnabled": {"TargetBucket": props["target"], "TargetPrefix": props["prefix"]}}
    bucket.ask("setting access logs", "put_bucket_logging", BucketLoggingStatus=status)
    if not _logged(bucket):
        message = f"bucket {props['bucket']}: access logs were set, and are not there"
        raise ProviderError(message, "Report it to OVHcloud; accesses leave no trace meanwhile.")
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


KINDS: Mapping[str, Kind] = {
    BucketLogging.KIND: Kind(_ensure_logging, _logged, _remove_logging),
    LogTarget.KIND: Kind(_ensure_target, _delivers),
    AccessList.KIND: Kind(_ensure_private, _private),
    LegalHold.KIND: Kind(_ensure_hold, _all_held, _lift),
}
"""The kinds by name."""
