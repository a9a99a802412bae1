"""What buckets mean for security: of the older resource and of the newer, whose words differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts import durations
from havre.facts.model import Copy, Place
from havre.facts.read import (
    NO,
    NONE,
    YES,
    ZERO,
    at_best,
    both,
    each,
    every,
    gathered,
    items,
    label,
    read,
    some,
    then,
)
from havre.facts.stores import BackupStore, LogStore, ObjectStore, Promises, Storage
from havre.facts.values import Fact, Known, Unknown
from havre.plan.values import UNKNOWN
from havre_ovh.facts.naming import BUCKETS, bucket_names
from havre_ovh.facts.places import place
from havre_ovh.facts.properties import lies_in, several_zones, stored, unseen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource


S = TypeVar("S", bound=Storage)
Kept = TypeVar("Kept", LogStore, BackupStore)
LIFECYCLE = "CloudProjectStorageObjectBucketLifecycleConfiguration"
WATCHERS = ("AccessList", "LogTarget")
UNWATCHED = Unknown("access list, which nothing in the plan monitors")
IN_STATE = "up to 1000 object names in the deployment's state, because hideObjects is not true"
"""A copy that a bucket brings about: nobody can say in which country a state lies."""


def _locked(resource: PlannedResource, versions: Fact[bool]) -> Fact[int]:
    """Days of the lock: only versions are locked, and governance mode binds no manager."""
    inputs = resource.inputs
    old = resource.type.endswith(":Storage")
    mode = read(inputs, "objectLock.rule.mode" if old else "objectLock.mode", "")
    status = read(inputs, "objectLock.status", "") if old else Known("enabled")
    holds = every(
        [
            versions,
            then(mode, lambda word: str(word).lower() == "compliance"),
            then(status, lambda word: str(word).lower() == "enabled"),
        ]
    )
    days = _lock_days(inputs) if old else read(inputs, "objectLock.retentionDays", 0)
    if NO in (holds, then(days, bool)):
        return ZERO
    return then(both(holds, days), lambda found: int(found[1]))


def _still(locked: Fact[int], resource: PlannedResource, index: Index) -> Fact[int]:
    """The lock of a bucket that stands: its watcher reads it back, the plugin does not."""
    watchers = [other for other, _ in index.users("AccessList", "bucket", resource)]
    if any(other.outputs.get("found") is False for other in watchers):
        return Unknown("found: the last refresh saw another access list, lock or replication")
    watched = any(other.inputs.get("lock_days") is not None for other in watchers)
    if watched or locked == ZERO:
        return locked
    return unseen(locked, resource, "a lock that was removed")


def _lock_days(inputs: Mapping[str, Any]) -> Fact[int]:
    """Days of the older resource's lock; a period that is none is not decided."""
    period = read(inputs, "objectLock.rule.period")
    if period == NONE or isinstance(period, Unknown):
        return ZERO if period == NONE else period
    days = durations.days(str(period.value), durations.SHORTEST_MONTH)
    return Unknown("objectLock.rule.period") if days is None else Known(days)


NONCURRENT = "noncurrentVersionExpiration"
FILTER = "rules[].filter"


def _promises(index: Index, bucket: PlannedResource, versions: Fact[bool]) -> Promises:
    """What a bucket promises of the objects in it.

    S3 counts an earlier version's age from its replacement, and an object's from its writing. There
    is no undeleting: what is deleted can be had back as long as its version is there.
    """
    rules = _rules(index, bucket)
    replaced = _least([_replaced(rule) for rule in rules])
    if isinstance(versions, Known):
        kept: Fact[int | None] = replaced if versions.value else ZERO
    else:
        kept = versions
    return Promises(kept, kept, _ends(rules))


def _kept_days(index: Index, bucket: PlannedResource, locked: Fact[int]) -> Fact[int | None]:
    """Days for which a bucket of logs or backups keeps them: until they expire, or locked."""
    ends = _ends(_rules(index, bucket))
    if isinstance(ends, Unknown):
        return ends
    return then(locked, lambda days: ends.value or days or None)


def _rules(index: Index, bucket: PlannedResource) -> list[Any]:
    """The rules of a bucket's lifecycle; what is not known stands for a list of its own."""
    found: list[Any] = []
    for lifecycle, link in index.users(LIFECYCLE, "containerName", bucket):
        rules = both(link, items(lifecycle.inputs, "rules"))
        found += rules.value[1] if isinstance(rules, Known) else [UNKNOWN]
    return [rule for rule in found if not _disabled(rule)]


def _least(facts: list[Fact[int | None]]) -> Fact[int | None]:
    """The fewest days of several rules; None where none deletes; at best the fewest told."""
    told = [days for fact in facts if (days := at_best(fact, None)) is not None]
    fewest = min(told, default=None)
    unknown = next((fact for fact in facts if isinstance(fact, Unknown)), None)
    if unknown is None:
        return Known(fewest)
    return Unknown(unknown.property, None if fewest is None else Known(fewest))


def _ends(rules: list[Any]) -> Fact[int | None]:
    """Days after which all objects are deleted; unknown where some are deleted earlier."""
    whole = _least([_expires(rule) for rule in rules if not _filtered(rule)])
    some_of = _least([_expires(rule) for rule in rules if _filtered(rule)])
    told = both(whole, some_of)
    if isinstance(told, Unknown):
        soonest = at_best(whole, None)
        return Unknown(told.property, None if soonest is None else Known(soonest))
    every_one, few = told.value
    earlier = few is not None and (every_one is None or few < every_one)
    return Unknown(FILTER) if earlier else whole


def _filtered(rule: Any) -> bool:
    """Whether a rule is for some objects only; an empty prefix is everybody's."""
    chosen = rule.get("filter") if isinstance(rule, dict) else None
    return any((chosen or {}).values()) if isinstance(chosen, dict) else chosen is not None


def _any_names(kind: str, path: str, bucket: PlannedResource, index: Index) -> Fact[bool]:
    """Whether a resource of a type names a bucket."""
    return index.named_by(kind, path, bucket)


def _logged(bucket: PlannedResource, index: Index) -> Fact[bool]:
    """Whether what is read is logged: what a refresh no longer saw logs nothing."""
    logging = [other for other, _ in index.users("BucketLogging", "bucket", bucket)]
    if any(other.outputs.get("found") is False for other in logging):
        return NO
    return _any_names("BucketLogging", "bucket", bucket, index)


def _expires(rule: Any) -> Fact[int | None]:
    """Days after which one rule deletes; None where it deletes no current object."""
    if not isinstance(rule, dict):
        return Unknown("rules")
    if read(rule, "expiration.date") != NONE:
        return Unknown("rules[].expiration.date")
    return _in_force(rule, "expiration.days")


def _in_force(rule: Any, path: str) -> Fact[int | None]:
    """Days that a rule says; a rule that may be disabled may say nothing."""
    days, status = read(rule, path), read(rule, "status")
    if isinstance(days, Unknown):
        return Unknown(f"rules[].{path}")
    return Unknown("rules[].status") if days != NONE and isinstance(status, Unknown) else days


def _replaced(rule: Any) -> Fact[int | None]:
    """Days from its replacement after which one rule deletes an earlier version; None: never.

    A rule that keeps a number of versions and names no days may delete any other at once.
    """
    if not isinstance(rule, dict):
        return Unknown("rules")
    days = _in_force(rule, f"{NONCURRENT}.noncurrentDays")
    count = _in_force(rule, f"{NONCURRENT}.newerNoncurrentVersions")
    if days != NONE or count == NONE:
        return days
    return count if isinstance(count, Unknown) else ZERO


def _replicas(inputs: Mapping[str, Any]) -> Fact[tuple[Place, ...]]:
    """Where the rules of replication copy to; only a rule that is disabled for certain is not."""
    rules = items(inputs, "replication.rules")
    if isinstance(rules, Unknown):
        return rules
    return gathered(_replica(rule) for rule in rules.value if not _disabled(rule))


def _replica(rule: Any) -> Fact[tuple[Place, ...]]:
    """Where a rule copies to; one that may be disabled may copy nowhere."""
    region = read(rule, "destination.region")
    on = read(rule, "status")
    lacking = "destination.region" if isinstance(region, Unknown) else "status"
    told = both(region, on)
    if isinstance(told, Unknown):
        return Unknown(f"replication.rules[].{lacking}")
    return Known((place(Copy.REPLICA, told.value[0]),))


def _disabled(rule: Any) -> bool:
    return isinstance(rule, dict) and read(rule, "status") == Known("disabled")


def _names_in_state(resource: PlannedResource) -> Fact[bool]:
    """Whether the state keeps names of objects: the older resource does unless told not to."""
    if not resource.type.endswith(":Storage"):
        return NO
    hidden = read(resource.inputs, "hideObjects", default=False)
    return then(hidden, lambda value: value is not True)


RULES = "replication.rules"


def _crosses(resource: PlannedResource, index: Index) -> Fact[bool]:
    """Whether it is replicated to a bucket that the plan does not know for its own."""
    targets = each(resource.inputs, RULES, "destination.name", f"{RULES}[].destination.name")
    own = index.derived(bucket_names)
    if isinstance(targets, Known):
        strange = [name for name in targets.value if name not in own]
        return Unknown(f"{RULES}[].destination.name") if strange else NO
    return NO if index.near(resource, "replication", *BUCKETS) else targets


def bucket(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What a bucket holds, by labels; unlabelled: objects. A replica is no backup: it follows."""
    zone, purpose = label(resource.inputs, "zone"), label(resource.inputs, "purpose")
    if not zone and purpose == "access-logs":
        return [_of_ended(LogStore, resource, index, Copy.LOG)]
    if not zone and purpose == "backup":
        return [_of_ended(BackupStore, resource, index, Copy.BACKUP)]
    copy = Copy.REPLICA if label(resource.inputs, "replica-of") else Copy.PRIMARY
    return [_of_objects(resource, index, zone, copy)]


def _of_kept(kind: type[Kept], resource: PlannedResource, index: Index, copy: Copy) -> Kept:
    """A bucket of logs or of backups."""
    locked = _still(_locked(resource, _versions(resource)), resource, index)
    return replace(
        _bucket(kind, resource, index, copy),
        locked_days=locked,
        retention_days=_kept_days(index, resource, locked),
    )


def _of_ended(kind: type[Kept], resource: PlannedResource, index: Index, copy: Copy) -> Kept:
    """Likewise, with their end: they expire, and then remain as earlier versions."""
    promised = _promises(index, resource, _versions(resource))
    ends = both(promised.expire_days, promised.version_days)
    return replace(_of_kept(kind, resource, index, copy), longest_days=then(ends, _in_all))


def _in_all(told: tuple[int | None, int | None]) -> int | None:
    return None if told[0] is None or told[1] is None else told[0] + told[1]


def _of_objects(resource: PlannedResource, index: Index, zone: str, copy: Copy) -> ObjectStore:
    versions = _versions(resource)
    promised = _promises(index, resource, versions)
    return replace(
        _bucket(ObjectStore, resource, index, copy),
        zone=zone,
        versions=versions,
        locked_days=_still(_locked(resource, versions), resource, index),
        recoverable_days=promised.recoverable_days,
        version_days=promised.version_days,
        expire_days=promised.expire_days,
        backup_days=NONE,
        undelete_days=ZERO,  # what is deleted with its versions is gone (S3, deleting versions)
    )


def _versions(resource: PlannedResource) -> Fact[bool]:
    status = read(resource.inputs, "versioning.status", "")
    return then(status, lambda word: str(word).lower() == "enabled")


def _bucket(kind: type[S], resource: PlannedResource, index: Index, copy: Copy) -> S:
    """A bucket of any kind, of the older resource or of the newer, whose words differ.

    It is private by default (KB0047360, 2025-09-25), and no argument opens it; nobody but a
    watcher of its access list says that this holds. Encryption that is not spelt out is none: the
    plugin takes a misspelt key in silence.
    """
    old = resource.type.endswith(":Storage")
    region = "regionName" if old else "region"
    algorithm = read(resource.inputs, "encryption." + ("sseAlgorithm" if old else "algorithm"))
    watched = some([_any_names(each, "bucket", resource, index) for each in WATCHERS])
    watchers = [o for each in WATCHERS for o, _ in index.users(each, "bucket", resource)]
    opened = any(other.outputs.get("found") is False for other in watchers)
    leaks = _names_in_state(resource)
    in_state = then(leaks, lambda leak: (place(Copy.REPLICA, None, IN_STATE),) if leak else ())
    where = gathered([lies_in(resource, copy, region), _replicas(resource.inputs), in_state])
    return replace(
        stored(kind, resource, index, where, "Object Storage"),
        encrypted=then(algorithm, lambda word: word == "AES256"),
        public_read=NO if watched == YES and not opened else UNWATCHED,
        shared_keys=_any_names("RegionStoragePresign", "name", resource, index),
        cross_tenant=_crosses(resource, index),
        multi_zone=several_zones(read(resource.inputs, region)),
        reads_logged=_logged(resource, index),
        names_in_state=leaks,
    )
