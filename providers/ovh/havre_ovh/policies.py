"""Policies of users of Object Storage: JSON documents, read as the service evaluates them.

A refusal that fits decides; else a permission that fits; else the access lists, since there is no
implicit refusal: an owner may do everything with its bucket, and any user may list the buckets of
the account (OVHcloud, Object Storage identity and access management, 2025-09-25).

Nothing is narrowed in doubt. A permission is told at its widest: what a statement does not name
is everything, a condition that is not understood admits everybody. A refusal is counted only where
it surely fits: it names what it refuses, and its condition is none or understood.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from havre.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LISTING = "s3:ListAllMyBuckets"
"""Lists every bucket of the account; allowed unless it is refused."""
CREATING = "s3:CreateBucket"
"""Makes a bucket, whose owner then may do everything with it."""
CHANGING = (
    *("s3:AbortMultipartUpload", "s3:BypassGovernanceRetention", CREATING, "s3:DeleteBucket"),
    *("s3:DeleteBucketTagging", "s3:DeleteBucketWebsite", "s3:DeleteObject"),
    *("s3:DeleteObjectTagging", "s3:PutBucketAcl", "s3:PutBucketCORS", "s3:PutBucketLogging"),
    *("s3:PutBucketObjectLockConfiguration", "s3:PutBucketTagging", "s3:PutBucketVersioning"),
    *("s3:PutBucketWebsite", "s3:PutEncryptionConfiguration"),
    *("s3:PutIntelligentTieringConfiguration", "s3:PutLifecycleConfiguration", "s3:PutObject"),
    *("s3:PutObjectAcl", "s3:PutObjectLegalHold", "s3:PutObjectRetention"),
    *("s3:PutObjectTagging", "s3:PutReplicationConfiguration"),
)
"""Actions that change a bucket, its objects or its settings.

Source of all three: OVHcloud, Object Storage identity and access management, list of supported
actions, 2025-09-25."""
EVERYTHING = "*"
EVERY_ACTION = "s3:*"
PREFIX = "arn:aws:s3:::"


@dataclass(frozen=True)
class Statement:
    """A statement of a policy.

    Attributes:
        allows: whether it is a permission; otherwise it is a refusal.
        actions: what it is about; `*` where a permission does not name it.
        resources: on what; `*` likewise.
        sources: addresses to which it is limited; empty: no limit that is understood.
        elsewhere: whether `sources` are those from which it does not count.
        sure: whether all of it is named and understood.
    """

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    sources: tuple[str, ...] = ()
    elsewhere: bool = False
    sure: bool = True


def statements(document: str) -> tuple[Statement, ...]:
    """The statements of a policy.

    Raises:
        ValueError: it is no JSON document with statements that have an effect.
    """
    read = json.loads(document)
    found = read["Statement"] if isinstance(read, dict) and "Statement" in read else None
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(map(_whole, found)):
        message = "no S3 policy: statements with an effect are needed"
        raise ValueError(message)
    return tuple(map(_statement, found))


def _whole(statement: Any) -> bool:
    return isinstance(statement, dict) and statement.get("Effect") in ("Allow", "Deny")


def _many(value: Any) -> tuple[str, ...]:
    """One word, or several."""
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


KNOWN = {"Sid", "Effect", "Action", "Resource", "Condition"}
"""Members of a statement that are understood; `NotAction` and `NotResource` are not offered."""


def _statement(told: Mapping[str, Any]) -> Statement:
    condition = told.get("Condition")
    sources, elsewhere, understood = _sources(condition)
    named = "Action" in told and "Resource" in told
    return Statement(
        told["Effect"] == "Allow",
        _many(told.get("Action", EVERYTHING)),
        _many(told.get("Resource", EVERYTHING)),
        sources,
        elsewhere,
        named and understood and told.keys() <= KNOWN,
    )


def _sources(condition: Any) -> tuple[tuple[str, ...], bool, bool]:
    """Addresses that a condition names, whether it excepts them, and whether that is all of it."""
    if condition is None:
        return (), False, True
    if not isinstance(condition, Mapping):
        return (), False, False
    for operator, elsewhere in (("IpAddress", False), ("NotIpAddress", True)):
        asked = condition.get(operator)
        if isinstance(asked, Mapping) and asked.get("aws:SourceIp"):
            only = len(condition) == 1 and len(asked) == 1
            return _many(asked["aws:SourceIp"]), elsewhere, only
    return (), False, False


@dataclass(frozen=True)
class Permission:
    """An action that a statement allows and none surely refuses everywhere.

    Attributes:
        action: the action, as written.
        resource: on what, as written.
        sources: addresses from which alone; empty: from anywhere.
    """

    action: str
    resource: str
    sources: tuple[str, ...] = ()


def permissions(document: str) -> tuple[Permission, ...]:
    """What a policy allows, at its widest.

    Raises:
        ValueError: it is no policy.
    """
    found = statements(document)
    refusals = [each for each in found if not each.allows and each.sure]
    return tuple(kept for each in found if each.allows for kept in _kept(each, refusals))


def _kept(allowed: Statement, refusals: Iterable[Statement]) -> Iterator[Permission]:
    """What the refusals leave of a permission."""
    from_there = () if allowed.elsewhere else allowed.sources
    for action in allowed.actions:
        for resource in allowed.resources:
            fitting = [each for each in refusals if _fits(each, action, resource)]
            if all(each.sources for each in fitting):
                sources = from_there or _left(fitting)
                yield Permission(action, resource, sources)


def _left(refusals: Iterable[Statement]) -> tuple[str, ...]:
    """Addresses that a refusal of all others leaves; the first that says so. Empty: any."""
    return next((each.sources for each in refusals if each.elsewhere), ())


def _fits(refusal: Statement, action: str, resource: str) -> bool:
    """Whether a refusal covers all that an action and a resource may stand for."""
    return _covered(action, refusal.actions) and _covered(resource, refusal.resources)


def _covered(word: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern covers all that a word stands for, whose own `*` only a `*` covers."""
    return any(re.fullmatch(_expression(pattern), word) for pattern in patterns)


def _expression(pattern: str) -> str:
    """A pattern as a regular expression: `*` and `?` alone are wild."""
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "[^*?]")


def refused(document: str) -> frozenset[str]:
    """Words and patterns of the actions that a policy refuses on everything, from everywhere.

    Raises:
        ValueError: it is no policy.
    """
    return frozenset(
        action
        for each in statements(document)
        if not each.allows and each.sure and not each.sources and EVERYTHING in each.resources
        for action in each.actions
    )


def refuses(document: str, action: str) -> bool:
    """Whether a policy refuses an action on everything, from everywhere.

    Raises:
        ValueError: it is no policy.
    """
    return _covered(action, refused(document))


def reading(arns: Iterable[str], actions: Iterable[str], addresses: Iterable[str]) -> str:
    """The policy of a user who reads exactly these buckets, from these addresses.

    Without the refusals the user could list all buckets of the account and make some of its own,
    which no policy would then govern.
    """
    sources = {"aws:SourceIp": list(addresses)}
    allow = {
        "Sid": "ReadZones",
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": [part for arn in arns for part in (arn, f"{arn}/*")],
        "Condition": {"IpAddress": sources},
    }
    elsewhere = {
        "Sid": "NothingFromElsewhere",
        "Effect": "Deny",
        "Action": [EVERY_ACTION],
        "Resource": [EVERYTHING],
        "Condition": {"NotIpAddress": sources},
    }
    nothing_else = {
        "Sid": "ChangeNothing",
        "Effect": "Deny",
        "Action": [LISTING, *CHANGING],
        "Resource": [EVERYTHING],
    }
    document = {"Statement": [allow, elsewhere, nothing_else]}
    return checked(json.dumps(document, sort_keys=True))


def checked(document: str) -> str:
    """`document`, if it is an S3 policy in JSON that grants no wildcard.

    A refusal may name everything. A permission that a refusal covers is still refused here: what
    is not granted need not be written.

    Raises:
        InputError: it is not.
    """
    try:
        allowing = [each for each in statements(document) if each.allows]
    except ValueError as error:
        message = f"an S3 policy is not a JSON document with statements: {type(error).__name__}"
        raise InputError(message, "Give a document with Statement, Action and Resource.") from None
    everything = {EVERYTHING, f"{PREFIX}*"}
    wide = [w for each in allowing for w in (*each.actions, *each.resources) if w in everything]
    if wide or any("*" in action for each in allowing for action in each.actions):
        message = "an S3 policy grants all actions or all buckets"
        raise InputError(message, "Name each action and each bucket.")
    return document
