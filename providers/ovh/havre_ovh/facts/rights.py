"""What OVHcloud's roles, S3 policies and IAM actions allow, in words that are no provider's.

Refusals (`Deny`, `denies`, `excepts`) and conditions are not subtracted: a grant is told at its
widest, so that no control passes by a refusal that does not hold.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from havre.facts.model import Right

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


Rights = frozenset[Right]

ALL: Rights = frozenset({Right.EVERYTHING})
READ: Rights = frozenset({Right.READ})

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
(OVHcloud, Object Storage identity and access management, KB0047360, 2025-09-25)."""

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
    if product == "okms":
        return frozenset({Right.USE_KEYS if what in CRYPTOGRAPHY else Right.MANAGE_KEYS})
    return frozenset({Right.CHANGE_LOGS if product == "ldp" else Right.ADMINISTER})


def together(found: Iterable[Rights]) -> Rights:
    """All of several rights."""
    return frozenset().union(*found)


def _many(value: Any) -> list[str]:
    """One word, or several."""
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _allowing(document: str) -> list[dict[str, Any]]:
    """Statements of a policy that allow something.

    Raises:
        ValueError: it is no JSON document with statements that have an effect.
    """
    read = json.loads(document)
    statements = read["Statement"] if isinstance(read, dict) and "Statement" in read else None
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not all(map(_whole, statements)):
        message = "no S3 policy: statements with an effect are needed"
        raise ValueError(message)
    return [found for found in statements if found["Effect"] == "Allow"]


def _whole(statement: Any) -> bool:
    return isinstance(statement, dict) and statement.get("Effect") in ("Allow", "Deny")


def of_policy(document: str) -> Rights:
    """What an S3 policy allows.

    Raises:
        ValueError: it is no policy.
    """
    actions = [a for s in _allowing(document) for a in _many(s.get("Action", "*"))]
    return together(of_s3(action) for action in actions)


def addresses(document: str) -> tuple[str, ...]:
    """From where an S3 policy holds; empty where any statement that allows holds from anywhere.

    Raises:
        ValueError: it is no policy.
    """
    found = [_source(statement.get("Condition")) for statement in _allowing(document)]
    return tuple(dict.fromkeys(a for named in found for a in named)) if all(found) else ()


def _source(condition: Any) -> list[str]:
    """Addresses that a condition demands."""
    demanded = condition.get("IpAddress") if isinstance(condition, dict) else None
    named = demanded.get("aws:SourceIp") if isinstance(demanded, dict) else None
    return _many(named) if named else []


def scopes(document: str, buckets: Mapping[str, str]) -> tuple[str, ...]:
    """What an S3 policy opens: URNs of the plan's buckets, else the resource as written.

    Args:
        document: the policy.
        buckets: URNs by name.

    Raises:
        ValueError: it is no policy.
    """
    found: dict[str, None] = {}
    for statement in _allowing(document):
        for resource in _many(statement.get("Resource", "*")):
            name = resource.removeprefix("arn:aws:s3:::").split("/", 1)[0]
            matching = _matching(name, buckets)
            as_written = [resource] if "*" in name or not matching else []
            found |= dict.fromkeys([*matching, *as_written])
    return tuple(found)


def _matching(name: str, buckets: Mapping[str, str]) -> list[str]:
    """URNs of the buckets that a name with `*`, `?` or `[` may stand for."""
    if not set(name) & set("*?["):
        return [buckets[name]] if name in buckets else []
    return [urn for bucket, urn in buckets.items() if fnmatchcase(bucket, name)]
