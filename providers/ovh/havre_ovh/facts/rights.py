"""What OVHcloud's roles, S3 policies and IAM actions allow, in words that are no provider's.

How an S3 policy's refusals count is said in `havre_ovh.policies`. Those of IAM (`denies`,
`excepts`) and conditions are not subtracted: a grant is told at its widest, so that no control
passes by a refusal that does not hold.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from havre.facts.model import Right
from havre_ovh.policies import PREFIX, permissions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


Rights = frozenset[Right]

ALL: Rights = frozenset({Right.EVERYTHING})
READ: Rights = frozenset({Right.READ})
MAKING: Rights = frozenset({Right.ADMINISTER})
"""Of a user who may make stores of its own, which no policy governs."""

ROLES: Mapping[str, Rights] = MappingProxyType(
    {
        "administrator": ALL,
        "objectstore_operator": frozenset(),
        "key-manager_read": frozenset({Right.USE_KEYS}),
        "key-manager_operator": frozenset({Right.MANAGE_KEYS}),
        **dict.fromkeys(
            (
                "backup_operator",
                "compute_operator",
                "image_operator",
                "infrastructure_supervisor",
                "load-balancer_operator",
                "network_operator",
                "network_security_operator",
                "volume_operator",
            ),
            frozenset({Right.ADMINISTER}),
        ),
    }
)
"""By role of a project's user. An operator of Object Storage has rights on the buckets that it
owns, and on others only what its S3 policy gives: all is private to its owner by default
(OVHcloud, Object Storage identity and access management, KB0047360, 2025-09-25). Unless its policy
refuses that, it makes buckets of its own and lists all of them: see `MAKERS`."""
MAKERS = frozenset({"objectstore_operator"})
"""Roles of users who make buckets of their own unless their S3 policy refuses it."""

CRYPTOGRAPHY = frozenset(
    {"encrypt", "decrypt", "sign", "verify", "generateDataKey", "decryptDataKey"}
)
"""Last words of the IAM actions that use a key of OKMS."""

_S3: tuple[tuple[str, Rights], ...] = (
    (r"(Get|List|Head)\w*\*?", READ),
    (r"DeleteObject\w*\*?", frozenset({Right.DELETE})),
    (r"DeleteBucket", frozenset({Right.DELETE, Right.ADMINISTER})),
    (r"PutObject(Tagging|VersionTagging)?", frozenset({Right.WRITE})),
    (r"AbortMultipartUpload|RestoreObject", frozenset({Right.WRITE})),
    (r"PutBucketLogging", frozenset({Right.ADMINISTER, Right.CHANGE_LOGS})),
    (r"(Put|Create|Delete|Bypass)\w+", frozenset({Right.ADMINISTER})),
)
"""Rights by pattern of an S3 action; the first that fits."""


def of_s3(action: str) -> Rights:
    """What an S3 action allows; one that nobody knows, or a wildcard beyond reading: all."""
    word = action.removeprefix("s3:")
    return next((rights for form, rights in _S3 if re.fullmatch(form, word)), ALL)


def of_iam(action: str) -> Rights:
    """What an action of OVHcloud's IAM allows: `<product>:<api>:<resource>/<what>`."""
    product, what = action.split(":", 1)[0], action.rsplit("/", 1)[-1]
    if "/" in action and re.fullmatch(r"(get|list)\w*", what):
        return READ
    if "*" in action:
        return ALL
    if product == "okms" and "/dataKey/" in action:
        return frozenset({Right.USE_KEYS})
    if product == "okms":
        return frozenset({Right.USE_KEYS if what in CRYPTOGRAPHY else Right.MANAGE_KEYS})
    return frozenset({Right.CHANGE_LOGS if product == "ldp" else Right.ADMINISTER})


def together(found: Iterable[Rights]) -> Rights:
    """All of several rights."""
    return frozenset().union(*found)


def of_policy(document: str) -> Rights:
    """What an S3 policy allows.

    Raises:
        ValueError: it is no policy.
    """
    return together(of_s3(each.action) for each in permissions(document))


def addresses(document: str) -> tuple[str, ...]:
    """From where an S3 policy holds; empty where any permission holds from anywhere.

    Raises:
        ValueError: it is no policy.
    """
    found = [each.sources for each in permissions(document)]
    return tuple(dict.fromkeys(a for named in found for a in named)) if all(found) else ()


def scopes(document: str, buckets: Mapping[str, str]) -> tuple[str, ...]:
    """What an S3 policy opens: URNs of the plan's buckets, else the resource as written.

    Args:
        document: the policy.
        buckets: URNs by name.

    Raises:
        ValueError: it is no policy.
    """
    found: dict[str, None] = {}
    for each in permissions(document):
        name = each.resource.removeprefix(PREFIX).split("/", 1)[0]
        matching = _matching(name, buckets)
        as_written = [each.resource] if "*" in name or not matching else []
        found |= dict.fromkeys([*matching, *as_written])
    return tuple(found)


def _matching(name: str, buckets: Mapping[str, str]) -> list[str]:
    """URNs of the buckets that a name with `*`, `?` or `[` may stand for."""
    if not set(name) & set("*?["):
        return [buckets[name]] if name in buckets else []
    return [urn for bucket, urn in buckets.items() if fnmatchcase(bucket, name)]
