"""What Scaleway's permission sets and bucket policies allow, in words that are no provider's.

A set is told at its widest: one that nobody knows is everything.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.model import Right

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Rights = frozenset[Right]

ALL: Rights = frozenset({Right.EVERYTHING})
READ: Rights = frozenset({Right.READ})
NOTHING: Rights = frozenset()
OBJECTS: Rights = frozenset({Right.READ, Right.WRITE, Right.DELETE, Right.EVERYTHING})
"""Rights on objects, which the policy of a bucket limits."""
STORAGE = "ObjectStorage"

SETS: Mapping[str, Rights] = MappingProxyType(
    {
        "ObjectStorageReadOnly": READ,
        "ObjectStorageObjectsRead": READ,
        "ObjectStorageObjectsWrite": frozenset({Right.WRITE}),
        "ObjectStorageObjectsDelete": frozenset({Right.DELETE}),
        "ObjectStorageBucketsRead": NOTHING,  # names and settings, no contents
        "ObjectStorageBucketsWrite": frozenset({Right.ADMINISTER}),
        "ObjectStorageBucketsDelete": frozenset({Right.ADMINISTER, Right.DELETE}),
        "ObjectStorageBucketPolicyFullAccess": ALL,
        "ObjectStorageFullAccess": ALL,
        "KeyManagerKeyDecrypt": frozenset({Right.USE_KEYS}),
        "KeyManagerKeyEncrypt": frozenset({Right.USE_KEYS}),
        "KeyManagerReadOnly": NOTHING,
        "KeyManagerManager": frozenset({Right.MANAGE_KEYS}),
        "KeyManagerFullAccess": frozenset({Right.MANAGE_KEYS, Right.USE_KEYS}),
        "ObservabilityReadOnly": READ,
        "ObservabilityFullAccess": frozenset({Right.READ, Right.CHANGE_LOGS}),
        "SecretManagerSecretAccess": READ,
        "SecretManagerReadOnly": NOTHING,
    }
)
"""By permission set. Names: Scaleway's IAM reference and pulumiverse-scaleway 1.60.0."""
_FORMS: tuple[tuple[str, Rights], ...] = (
    (r"AllProducts\w+|Organization\w+|IAM\w+|ProjectManager", ALL),
    (r"\w+ReadOnly", READ),
    (
        r"(RelationalDatabases|Kubernetes|Instances|VPC|ContainerRegistry)\w*",
        frozenset({Right.ADMINISTER}),
    ),
)
"""Rights by pattern of a set that has no line of its own; the first that fits."""

_S3: tuple[tuple[str, Rights], ...] = (
    (r"GetObject\w*", READ),
    (r"(Get(Bucket|Lifecycle|Encryption)|List|Head)\w*", NOTHING),
    (r"DeleteObject\w*", frozenset({Right.DELETE})),
    (r"DeleteBucket", frozenset({Right.DELETE, Right.ADMINISTER})),
    (r"PutObject(Tagging|VersionTagging)?", frozenset({Right.WRITE})),
    (r"AbortMultipartUpload|RestoreObject", frozenset({Right.WRITE})),
    (r"(Put|Create|Delete|Bypass)\w+", frozenset({Right.ADMINISTER})),
)
"""Rights by pattern of an S3 action; the first that fits. Names of objects are no contents."""


def of_set(name: str) -> Rights:
    """What a permission set allows."""
    if name in SETS:
        return SETS[name]
    return next((rights for form, rights in _FORMS if re.fullmatch(form, name)), ALL)


def of_action(action: str) -> Rights:
    """What an S3 action allows; one that nobody knows, or a wildcard: all."""
    word = action.removeprefix("s3:")
    return next((rights for form, rights in _S3 if re.fullmatch(form, word)), ALL)


def together(found: Iterable[Rights]) -> Rights:
    """All of several rights."""
    return frozenset().union(*found)


def scopes(resources: Iterable[str], buckets: Mapping[str, str]) -> tuple[str, ...]:
    """What a statement opens: URNs of the plan's buckets, else the resource as written."""
    found: dict[str, None] = {}
    for written in resources:
        name = written.split("/", 1)[0]
        matching = _matching(name, buckets)
        as_written = [written] if "*" in name or not matching else []
        found |= dict.fromkeys([*matching, *as_written])
    return tuple(found)


def _matching(name: str, buckets: Mapping[str, str]) -> list[str]:
    """URNs of the buckets that a name with `*`, `?` or `[` may stand for."""
    if not set(name) & set("*?["):
        return [buckets[name]] if name in buckets else []
    return [urn for bucket, urn in buckets.items() if fnmatchcase(bucket, name)]
