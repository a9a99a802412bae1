"""Policies of buckets: JSON documents, read as Scaleway evaluates them.

Only permissions count. What none allows is refused, to the identity that deploys too, and a refusal
has no effect. Principals are users and applications. Version 2012-10-17 is deprecated and is read
otherwise by the service (Scaleway, bucket policies, 2025-07-30).

A permission is told at its widest: what a statement does not name is everything, and a condition
that is not understood admits everybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

VERSION = "2023-04-17"
EVERYTHING = "*"
MANAGE = (
    *("s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:GetBucketAcl", "s3:GetBucketCORS"),
    *("s3:GetBucketLocation", "s3:GetBucketObjectLockConfiguration", "s3:GetBucketPolicy"),
    *("s3:GetBucketTagging", "s3:GetBucketVersioning", "s3:GetBucketWebsite"),
    *("s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration", "s3:ListBucket"),
    *("s3:PutBucketAcl", "s3:PutBucketCORS", "s3:PutBucketObjectLockConfiguration"),
    *("s3:PutBucketPolicy", "s3:PutBucketTagging", "s3:PutBucketVersioning"),
    *("s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration"),
)
"""Actions that set a bucket up, by the names of Amazon S3, and list it; none is on its objects."""
READ = ("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket")
"""Actions of a reader."""
HANDLE = (*READ, "s3:DeleteObject", "s3:GetObjectVersion", "s3:ListBucketVersions", "s3:PutObject")
"""Actions of those who load and delete objects."""


@dataclass(frozen=True)
class Permission:
    """What one statement allows.

    Attributes:
        principals: such as `application_id:…`; `*` is anybody.
        actions: as written; `*` where none is named.
        resources: as written; `*` likewise.
        sources: addresses from which alone; empty: from anywhere.
        until: the moment before which it holds, ISO 8601; empty: without end.
    """

    principals: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    sources: tuple[str, ...] = ()
    until: str = ""


def permissions(document: str) -> tuple[Permission, ...]:
    """What a policy allows, at its widest.

    Raises:
        ValueError: it is no JSON document of this version with statements that have an effect.
    """
    read = json.loads(document)
    if not isinstance(read, dict) or read.get("Version") != VERSION:
        message = f"no bucket policy of version {VERSION}"
        raise ValueError(message)
    found = read.get("Statement")
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(map(_whole, found)):
        message = "no bucket policy: statements with an effect are needed"
        raise ValueError(message)
    return tuple(_permission(each) for each in found if each["Effect"] == "Allow")


def _whole(statement: Any) -> bool:
    return isinstance(statement, dict) and statement.get("Effect") in ("Allow", "Deny")


def _permission(told: Mapping[str, Any]) -> Permission:
    sources, until = _limits(told.get("Condition"))
    actions = _many(told.get("Action", EVERYTHING))
    resources = _many(told.get("Resource", EVERYTHING))
    return Permission(_principals(told.get("Principal")), actions, resources, sources, until)


def _many(value: Any) -> tuple[str, ...]:
    """One word, or several."""
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _principals(told: Any) -> tuple[str, ...]:
    """Who is named; what is no principal of this service is anybody."""
    named = told.get("SCW") if isinstance(told, Mapping) and set(told) == {"SCW"} else None
    return _many(named) if named else (EVERYTHING,)


def _limits(condition: Any) -> tuple[tuple[str, ...], str]:
    """Addresses and the end that a condition names; none of what is not understood."""
    if not isinstance(condition, Mapping):
        return (), ""
    addresses, before = condition.get("IpAddress"), condition.get("DateLessThan")
    named = addresses.get("aws:SourceIp") if isinstance(addresses, Mapping) else None
    until = before.get("aws:CurrentTime") if isinstance(before, Mapping) else None
    return _many(named) if named else (), str(until or "")


def managing(principals: Iterable[str], bucket: str, addresses: Iterable[str] = ()) -> Any:
    """The statement of those who set a bucket up, and neither read nor write its objects.

    Without it the identity that deploys could not change the bucket any more.
    """
    return _statement("Manage", principals, bucket, MANAGE, _from(addresses))


def handling(principals: Iterable[str], bucket: str, addresses: Iterable[str] = ()) -> Any:
    """The statement of those who read, write and delete objects."""
    return _statement("Handle", principals, bucket, HANDLE, _from(addresses))


def writing(principal: str, bucket: str) -> Any:
    """The statement of a service that only adds objects."""
    return _statement("Write", [principal], bucket, ("s3:PutObject",), {})


def reading(principal: str, bucket: str, addresses: Iterable[str], last: dt.date) -> Any:
    """The statement of a project that reads a bucket, from these addresses, to its last day."""
    ends = {"DateLessThan": {"aws:CurrentTime": f"{last.isoformat()}T23:59:59Z"}}
    return _statement("Read", [principal], bucket, READ, {**_from(addresses), **ends})


def _from(addresses: Iterable[str]) -> dict[str, Any]:
    named = list(addresses)
    return {"IpAddress": {"aws:SourceIp": named}} if named else {}


def _statement(
    what: str,
    principals: Iterable[str],
    bucket: str,
    actions: Iterable[str],
    condition: Mapping[str, Any],
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "Sid": what,
        "Effect": "Allow",
        "Principal": {"SCW": list(principals)},
        "Action": list(actions),
        "Resource": [bucket, f"{bucket}/*"],
    }
    return {**told, "Condition": dict(condition)} if condition else told


def document(statements: Iterable[Any]) -> str:
    """A policy with these statements."""
    return json.dumps({"Version": VERSION, "Statement": list(statements)}, sort_keys=True)
