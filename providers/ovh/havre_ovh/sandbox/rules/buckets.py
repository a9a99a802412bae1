"""Buckets: names, versions, locks, copies and lifecycles."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from havre_ovh.conventions import kinds
from havre_ovh.sandbox.rules.codes import refusal
from havre_ovh.sandbox.rules.places import BUCKET, LIFECYCLE
from havre_sandbox.reading import number, sections, text
from havre_sandbox.refusals import Act, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from havre_sandbox.refusals import Proposed, Refusal
    from havre_sandbox.world import Existing, World

PERIOD = re.compile(r"P[1-9]\d*[DWMY]")
"""How long a lock lasts, ISO 8601 (terraform-provider-ovh, docs/resources, at a1ae5bce)."""


def _versions(bucket: Mapping[str, Any]) -> bool:
    return text(bucket, "versioning.status") == "enabled"


def _lockable(bucket: Mapping[str, Any]) -> bool:
    return text(bucket, "objectLock.status") == "enabled"


@rule(BUCKET, acts=(Act.CREATE,), beforehand=True)
def accepted(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A bucket has a name, of the length and characters of S3."""
    name = text(proposed.properties, "name")
    if not name:
        yield refusal("bucket-name", "Set the name of the bucket.", "name")
    elif not kinds.BUCKET.accepts(name):
        message = f"The name `{name}` is not accepted. Use {kinds.BUCKET.rule}."
        yield refusal("bucket-name", message, "name")


@rule(BUCKET, acts=(Act.CREATE,))
def unique(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A name is one bucket's, in all regions and projects."""
    name = text(proposed.properties, "name")
    if any(text(other.properties, "name") == name for other in world.of(BUCKET)):
        yield refusal("bucket-taken", f"A bucket is called `{name}` already.", "name")


@rule(BUCKET, beforehand=True)
def locked(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A lock needs versions, and lasts for a period."""
    period = text(proposed.properties, "objectLock.rule.period")
    if period and not PERIOD.fullmatch(period):
        message = f"`{period}` is not a period such as P30D."
        yield refusal("lock", message, "objectLock.rule.period")
    if _lockable(proposed.properties) and not _versions(proposed.properties):
        message = "An object lock needs versioning. Set it to enabled."
        yield refusal("lock", message, "versioning.status")


@rule(BUCKET, acts=(Act.UPDATE,))
def lockable(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A bucket that was made without an object lock never has one."""
    if _lockable(proposed.properties) and not _lockable(proposed.old or {}):
        message = "The bucket was created without an object lock. Create another bucket with it."
        yield refusal("lock-later", message, "objectLock.status")


@rule(BUCKET, acts=(Act.UPDATE,))
def versioned(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Versions stay on while there is a lock, and can only be suspended otherwise."""
    status, old = text(proposed.properties, "versioning.status"), proposed.old or {}
    if _versions(old) and status == "disabled":
        message = "Versioning cannot be disabled again. Suspend it."
        yield refusal("versioning", message, "versioning.status")
    if _lockable(old) and status == "suspended":
        message = "The bucket has an object lock, so its versions cannot be suspended."
        yield refusal("versioning", message, "versioning.status")


@rule(BUCKET)
def copied(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """Copies go to a bucket that exists, and both sides keep versions, and locks if one does."""
    asked = proposed.properties
    for place, each in enumerate(sections(asked, "replication.rules")):
        at = f"replication.rules[{place}].destination"
        name, region = text(each, "destination.name"), text(each, "destination.region")
        if not name:
            continue
        target = _bucket(name, world)
        if target is None or text(target.properties, "regionName") != region:
            yield refusal("bucket-missing", f"There is no bucket `{name}` in {region}.", at)
            continue
        if not (_versions(asked) and _versions(target.properties)):
            yield refusal("replication", "Both buckets need versioning.", at)
        if _lockable(asked) and not _lockable(target.properties):
            yield refusal("replication", f"`{name}` needs an object lock as well.", at)


def _bucket(name: str, world: World) -> Existing | None:
    return next((b for b in world.of(BUCKET) if text(b.properties, "name") == name), None)


@rule(BUCKET, beforehand=True)
def elsewhere(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """A bucket is not copied to itself, and rules of copies have priorities of their own."""
    rules = sections(proposed.properties, "replication.rules")
    seen = Counter(number(each, "priority") for each in rules)
    for place, each in enumerate(rules):
        at = f"replication.rules[{place}]"
        own = text(proposed.properties, "name")
        if own and text(each, "destination.name") == own:
            yield refusal("replication", "The bucket would be copied to itself.", at)
        if number(each, "priority") is not None and seen[number(each, "priority")] > 1:
            yield refusal("replication", "Two rules have the same priority.", at)


@rule(LIFECYCLE)
def within(proposed: Proposed, world: World) -> Iterator[Refusal]:
    """A lifecycle is that of a bucket that exists."""
    name = text(proposed.properties, "containerName")
    if name and _bucket(name, world) is None:
        yield refusal("bucket-missing", f"There is no bucket `{name}`.", "containerName")


_DAYS = ("expiration.days", "noncurrentVersionExpiration.noncurrentDays")


@rule(LIFECYCLE, beforehand=True)
def lasting(proposed: Proposed, _world: World) -> Iterator[Refusal]:
    """Rules of a lifecycle have identifiers of their own, and wait at least one day."""
    rules = sections(proposed.properties, "rules")
    seen = Counter(text(each, "id") for each in rules)
    for place, each in enumerate(rules):
        if text(each, "id") and seen[text(each, "id")] > 1:
            message = f"Two rules have the identifier `{text(each, 'id')}`."
            yield refusal("lifecycle", message, f"rules[{place}].id")
        for path in _DAYS:
            days = number(each, path)
            if days is not None and days < 1:
                message = "Nothing expires before one day."
                yield refusal("lifecycle", message, f"rules[{place}].{path}")


RULES = (
    accepted,
    unique,
    locked,
    lockable,
    versioned,
    copied,
    elsewhere,
    within,
    lasting,
)
