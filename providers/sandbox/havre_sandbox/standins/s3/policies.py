"""Policies of users, evaluated as a service does that has no implicit refusal.

A refusal that fits decides; else a permission that fits; else nothing is said, and who owns the
bucket decides (OVHcloud, Object Storage identity and access management, 2025-09-25). Every client
of a sandbox is on this machine, so that conditions on addresses are recorded only: they count as
met.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

PREFIX = "arn:aws:s3:::"
_ELSEWHERE = "NotIpAddress"
_BEFORE = "DateLessThan"


class PolicyAnswer(StrEnum):
    """What a policy says of an act."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    SILENT = "silent"


def evaluated(document: str, action: str, resource: str) -> PolicyAnswer:
    """What a policy says of an action on a bucket, or on `BUCKET/KEY`.

    Args:
        document: JSON; empty: there is no policy. One that cannot be read refuses everything.
        action: such as `s3:GetObject`.
        resource: name of the bucket, with the key; `*`: none.
    """
    if not document:
        return PolicyAnswer.SILENT
    try:
        found = json.loads(document)["Statement"]
        statements = [found] if isinstance(found, Mapping) else list(found)
        effects = {each["Effect"] for each in statements if _fits(each, action, resource)}
    except (ValueError, KeyError, TypeError):
        return PolicyAnswer.REFUSED
    if "Deny" in effects:
        return PolicyAnswer.REFUSED
    return PolicyAnswer.ALLOWED if "Allow" in effects else PolicyAnswer.SILENT


def _fits(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    """Whether a statement is about an act; one with another condition refuses, and never allows."""
    condition = statement.get("Condition") or {}
    if _ELSEWHERE in condition:  # nobody is elsewhere
        return False
    if _BEFORE in condition and not _before(condition[_BEFORE]):
        return False
    known = not set(condition) - {"IpAddress", _BEFORE}
    if not known and statement["Effect"] == "Allow":
        return False
    named = f"{PREFIX}{resource}"
    return _covers(statement["Action"], action, re.IGNORECASE) and _covers(
        statement["Resource"], named
    )


def _before(condition: Any) -> bool:
    """Whether the moment that a condition names is still to come."""
    told = condition.get("aws:CurrentTime") if isinstance(condition, Mapping) else None
    try:
        end = dt.datetime.fromisoformat(str(told))
    except ValueError:
        return False
    return end.tzinfo is not None and dt.datetime.now(dt.UTC) < end


def _covers(patterns: Any, word: str, flags: int = 0) -> bool:
    listed = [patterns] if isinstance(patterns, str) else patterns
    return any(re.fullmatch(_expression(each), word, flags | re.DOTALL) for each in listed)


def _expression(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
