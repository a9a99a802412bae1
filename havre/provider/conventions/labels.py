"""Tags that an organisation sets on everything, beside those of the warehouse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol, runtime_checkable

from pydantic import StringConstraints

from havre.provider.faults import SETTINGS, ProviderFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

TAGS = "tags"
"""Setting that holds them."""
OWN = frozenset(
    {
        *("warehouse", "environment", "classification", "owner", "managed-by"),
        *("zone", "purpose", "project", "project-title", "authorisation", "expires"),
        *("replica-of", "retention-days"),
    }
)
"""Tags that the warehouse sets itself, some on single resources only."""

ExtraTags = Annotated[
    Mapping[
        Annotated[str, StringConstraints(min_length=1, max_length=512)],
        Annotated[str, StringConstraints(max_length=256)],
    ],
    "tags of the organisation",
]
"""Values by key."""


@dataclass(frozen=True)
class TagRule:
    """What a provider accepts as tags.

    Attributes:
        most: tags that may be added to the warehouse's own.
        key: regular expression of a whole key.
        key_rule: the same in words, after "must be".
        value: regular expression of a whole value.
        value_rule: the same in words, after "must be".
        reserved: beginnings of keys that the provider keeps for itself, in lower case.
    """

    most: int
    key: str
    key_rule: str
    value: str
    value_rule: str
    reserved: tuple[str, ...] = ()


@runtime_checkable
class Tagged(Protocol):
    """Settings that have tags of the organisation."""

    tags: Mapping[str, str]


def tags_of(settings: BaseModel) -> Mapping[str, str]:
    """The organisation's tags; none where the provider's settings have no such field."""
    return settings.tags if isinstance(settings, Tagged) else {}


def tag_faults(given: Mapping[str, str], rule: TagRule) -> Iterator[ProviderFault]:
    """What is wrong with the tags of a stack; no value is ever repeated."""
    lower = [key.lower() for key in given]
    for key, value in given.items():
        if wrong := _wrong(key, value, rule, lower):
            yield ProviderFault((SETTINGS, TAGS), f"`{key}` {wrong[0]}", wrong[1])
    if len(given) > rule.most:
        message = f"{len(given)} tags are set, and at most {rule.most} fit"
        yield ProviderFault((SETTINGS, TAGS), message, "Remove the others.")


def _wrong(key: str, value: str, rule: TagRule, lower: list[str]) -> tuple[str, str] | None:
    """What is wrong with a tag, and the remedy; None where nothing is."""
    if key.lower() in OWN:
        return "is a tag that the warehouse sets itself", "Use another key."
    if lower.count(key.lower()) > 1:
        return (
            "is set twice, because keys that differ only in case are the same",
            "Keep one of them.",
        )
    if key.lower().startswith(rule.reserved):
        return "begins like keys that the provider reserves", "Use another key."
    if not re.fullmatch(rule.key, key):
        return f"must be {rule.key_rule}", "Use another key."
    if not re.fullmatch(rule.value, value):
        return f"has a value that must be {rule.value_rule}", "Change its value."
    return None
