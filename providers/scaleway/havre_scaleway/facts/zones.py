"""What buckets mean for security, with what stands beside each: encryption, lock and lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from havre.facts.model import Copy, Extent, Holder, Neutral, Offering
from havre.facts.read import (
    NO,
    NONE,
    YES,
    ZERO,
    at_best,
    both,
    every,
    items,
    read,
    some,
    then,
)
from havre.facts.stores import BackupStore, LogStore, ObjectStore, Promises, Storage, Volume
from havre.facts.values import Fact, Known, Unknown
from havre.plan.values import UNKNOWN
from havre_scaleway import policies
from havre_scaleway.facts.access import POLICY
from havre_scaleway.facts.naming import key_names
from havre_scaleway.facts.properties import (
    NOT_SAID,
    OFFER,
    about,
    guarded,
    label,
    lies_in,
    stored,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.facts.index import Index
    from havre.facts.model import ResourceFact
    from havre.plan import PlannedResource

S = TypeVar("S", bound=Storage)
Kept = TypeVar("Kept", LogStore, BackupStore)
ENCRYPTION = "object.BucketServerSideEncryptionConfiguration"
LOCK = "object.BucketLockConfiguration"
ACCESS_LIST, SITE, ITEM = "object.BucketAcl", "object.BucketWebsiteConfiguration", "object.Item"
KEY = "keymanager.Key"
BY_DEFAULT = "applyServerSideEncryptionByDefault"
DAYS_A_YEAR = 365
UNWATCHED = Unknown("access list, which nothing in the plan sets")
REQUESTS = Unknown("requests, which Cockpit logs without the caller")


def bucket(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """What a bucket holds, by labels; unlabelled: objects."""
    zone, purpose = label(resource, index, "zone"), label(resource, index, "purpose")
    if not zone and purpose == "audit-trail":
        return [_of_ended(LogStore, resource, index, Copy.LOG)]
    if not zone and purpose == "backup":
        return [_of_ended(BackupStore, resource, index, Copy.BACKUP)]
    return [_of_objects(resource, index, zone)]


def _of_objects(resource: PlannedResource, index: Index, zone: str) -> ObjectStore:
    versions = _versions(resource)
    promised = _promises(resource, versions)
    return replace(
        _bucket(ObjectStore, resource, index, Copy.PRIMARY),
        zone=zone,
        versions=versions,
        locked_days=_locked(resource, index),
        recoverable_days=promised.recoverable_days,
        version_days=promised.version_days,
        expire_days=promised.expire_days,
        backup_days=NONE,
        undelete_days=ZERO,  # what is deleted with its versions is gone (S3, deleting versions)
    )


def _of_ended(kind: type[Kept], resource: PlannedResource, index: Index, copy: Copy) -> Kept:
    """A bucket of logs or of backups: what expires remains as an earlier version, then goes."""
    locked, promised = _locked(resource, index), _promises(resource, _versions(resource))
    ends = both(promised.expire_days, promised.version_days)
    kept = _kept_days(promised.expire_days, locked)
    return replace(
        _bucket(kind, resource, index, copy),
        locked_days=locked,
        retention_days=kept,
        longest_days=then(ends, _in_all),
    )


def _kept_days(ends: Fact[int | None], locked: Fact[int]) -> Fact[int | None]:
    """Days for which what is in it is kept: until it expires, else as long as it is locked."""
    if isinstance(ends, Unknown) or ends.value:
        return ends
    return then(locked, lambda days: days or None)


def _in_all(told: tuple[int | None, int | None]) -> int | None:
    return None if told[0] is None or told[1] is None else told[0] + told[1]


def _bucket(kind: type[S], resource: PlannedResource, index: Index, copy: Copy) -> S:
    """A bucket of any kind. Without an encryption of its own it stores in clear."""
    encrypted, key = _encryption(resource, index)
    return replace(
        stored(kind, resource, index, lies_in(resource, copy), "Object Storage"),
        offering=Offering(OFFER, "Object Storage", _class(resource)),
        encrypted=encrypted,
        key=key,
        key_encrypts=Known(Extent.ALL),
        public_read=_public(resource, index),
        cross_tenant=_for_anybody(resource, index),
        guarded=every([guarded(resource), _kept(resource)]),
        reads_logged=REQUESTS,
    )


def _class(resource: PlannedResource) -> Fact[str]:
    """The storage class, and whether rules delete or move objects, which HDS forbids."""
    rules = items(resource.inputs, "lifecycleRules")
    return then(rules, lambda found: "Standard with lifecycle rules" if found else "Standard")


def _kept(resource: PlannedResource) -> Fact[bool]:
    """Whether deleting the bucket leaves its objects: locked ones go too, if it says so."""
    forced = read(resource.inputs, "forceDestroy", default=False)
    return then(forced, lambda found: found is not True)


def _versions(resource: PlannedResource) -> Fact[bool]:
    return then(read(resource.inputs, "versioning.enabled", default=False), lambda on: on is True)


# Encryption


def _encryption(bucket: PlannedResource, index: Index) -> tuple[Fact[bool], Fact[str | None]]:
    """Whether what is written is encrypted, and with which key of the plan or elsewhere."""
    found = index.users(ENCRYPTION, "bucket", bucket)
    if not found:
        return NO, NONE
    told = [(both(link, _algorithm(other)), _key(other, index)) for other, link in found]
    encrypted = some([then(fact, lambda pair: bool(pair[1])) for fact, _ in told])
    keys = [key for _, key in told]
    return encrypted, keys[0] if len(keys) == 1 else Unknown("rules")


def _by_default(configuration: PlannedResource) -> Fact[list[Any]]:
    rules = items(configuration.inputs, "rules")
    if isinstance(rules, Unknown):
        return rules
    return Known(
        [rule.get(BY_DEFAULT) if isinstance(rule, dict) else UNKNOWN for rule in rules.value]
    )


def _algorithm(configuration: PlannedResource) -> Fact[str | None]:
    """The algorithm of the one rule; none where there is none."""
    found = _by_default(configuration)
    if isinstance(found, Unknown):
        return found
    if len(found.value) != 1:
        return Unknown("rules") if found.value else NONE
    told = read({"rule": found.value[0]}, "rule.sseAlgorithm")
    return Unknown(f"rules[].{BY_DEFAULT}.sseAlgorithm") if isinstance(told, Unknown) else told


def _key(configuration: PlannedResource, index: Index) -> Fact[str | None]:
    """URN of the key, or as written; None where Scaleway's own is used."""
    algorithm = _algorithm(configuration)
    if isinstance(algorithm, Unknown):
        return algorithm
    if algorithm.value != "aws:kms":
        return NONE
    tied = index.near(configuration, "rules", KEY)
    if len(tied) == 1:
        return Known(tied[0].urn)
    found = _by_default(configuration)
    inner = found.value[0] if isinstance(found, Known) else UNKNOWN
    named = read({"rule": inner}, "rule.kmsMasterKeyId")
    if isinstance(named, Unknown):
        return Unknown(f"rules[].{BY_DEFAULT}.kmsMasterKeyId")
    return then(named, lambda name: index.derived(key_names).get(str(name), name and str(name)))


# Lock and lifecycle


def _locked(bucket: PlannedResource, index: Index) -> Fact[int]:
    """Days of the lock: only compliance mode binds every account."""
    able = read(bucket.inputs, "objectLockEnabled", default=False)
    if NO in (able, _versions(bucket)):
        return ZERO
    days = [
        then(both(link, _lock_days(o)), lambda p: p[1])
        for o, link in index.users(LOCK, "bucket", bucket)
    ]
    if not days:
        return ZERO
    if len(days) > 1:
        return Unknown("rule")
    return then(both(both(able, _versions(bucket)), days[0]), lambda found: int(found[1]))


def _lock_days(lock: PlannedResource) -> Fact[int]:
    mode = read(lock.inputs, "rule.defaultRetention.mode")
    days = read(lock.inputs, "rule.defaultRetention.days")
    years = read(lock.inputs, "rule.defaultRetention.years")
    told = both(mode, both(days, years))
    if isinstance(told, Unknown):
        return told if isinstance(mode, Unknown) or mode.value == "COMPLIANCE" else ZERO
    word, (some_days, some_years) = told.value
    if word != "COMPLIANCE":
        return ZERO
    return Known(int(some_days or 0) or int(some_years or 0) * DAYS_A_YEAR)


NONCURRENT = "noncurrentVersionExpiration"


def _promises(bucket: PlannedResource, versions: Fact[bool]) -> Promises:
    """What a bucket promises of the objects in it.

    S3 counts an earlier version's age from its replacement, and an object's from its writing. There
    is no undeleting: what is deleted can be had back as long as its version is there.
    """
    rules = _rules(bucket.inputs)
    replaced = _least([_replaced(rule) for rule in rules])
    if isinstance(versions, Known):
        kept: Fact[int | None] = replaced if versions.value else ZERO
    else:
        kept = versions
    return Promises(kept, kept, _ends(rules))


def _rules(inputs: Mapping[str, Any]) -> list[Any]:
    """The rules in force; what is not known stands for a list of its own."""
    found = items(inputs, "lifecycleRules")
    if isinstance(found, Unknown):
        return [UNKNOWN]
    return [rule for rule in found.value if not _disabled(rule)]


def _disabled(rule: Any) -> bool:
    return isinstance(rule, dict) and read(rule, "enabled") == NO


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
    return Unknown("lifecycleRules[].prefix") if earlier else whole


FILTERS = ("prefix", "tags", "objectSizeGreaterThan", "objectSizeLessThan")


def _filtered(rule: Any) -> bool:
    """Whether a rule is for some objects only; an empty prefix is everybody's."""
    return isinstance(rule, dict) and any(rule.get(key) for key in FILTERS)


def _expires(rule: Any) -> Fact[int | None]:
    """Days after which one rule deletes; None where it deletes no current object."""
    if not isinstance(rule, dict):
        return Unknown("lifecycleRules")
    if read(rule, "expiration.date") != NONE:
        return Unknown("lifecycleRules[].expiration.date")
    return _in_force(rule, "expiration.days")


def _in_force(rule: Any, path: str) -> Fact[int | None]:
    """Days that a rule says; a rule that may be disabled may say nothing."""
    days, on = read(rule, path), read(rule, "enabled")
    if isinstance(days, Unknown):
        return Unknown(f"lifecycleRules[].{path}")
    unsure = days != NONE and isinstance(on, Unknown)
    return Unknown("lifecycleRules[].enabled") if unsure else then(days, lambda d: d and int(d))


def _replaced(rule: Any) -> Fact[int | None]:
    """Days from its replacement after which one rule deletes an earlier version; None: never.

    A rule that keeps a number of versions and names no days may delete any other at once.
    """
    if not isinstance(rule, dict):
        return Unknown("lifecycleRules")
    days = _in_force(rule, f"{NONCURRENT}.noncurrentDays")
    count = _in_force(rule, f"{NONCURRENT}.newerNoncurrentVersions")
    if days != NONE or count == NONE:
        return days
    return count if isinstance(count, Unknown) else ZERO


# Who may read


def _public(bucket: PlannedResource, index: Index) -> Fact[bool]:
    """Whether anybody can read: by an access list, a site, an object, or a policy.

    A bucket is private unless something opens it; that nothing has is said by a list of the plan.
    """
    lists = index.users(ACCESS_LIST, "bucket", bucket)
    own = read(bucket.inputs, "acl")
    told = [_listed(own, "acl"), index.named_by(SITE, "bucket", bucket)]
    told += [_of_list(other) for other, _ in lists]
    told += [_visible(other) for other, _ in index.users(ITEM, "bucket", bucket)]
    told.append(_for_anybody(bucket, index))
    found = some(told)
    return UNWATCHED if found == NO and not lists and own == NONE else found


def _listed(acl: Fact[Any], path: str) -> Fact[bool]:
    if isinstance(acl, Unknown):
        return Unknown(path)
    return Known(acl.value not in (None, "private"))


def _of_list(acl: PlannedResource) -> Fact[bool]:
    """Whether an access list opens a bucket; grants of its own are not read."""
    if acl.inputs.get("accessControlPolicy") is not None:
        return Unknown("accessControlPolicy")
    return _listed(read(acl.inputs, "acl"), "acl")


def _visible(item: PlannedResource) -> Fact[bool]:
    shown = read(item.inputs, "visibility")
    return then(shown, lambda word: word not in (None, "private"))


def _for_anybody(bucket: PlannedResource, index: Index) -> Fact[bool]:
    """Whether a policy of the bucket admits anybody; what is no policy decides nothing."""
    told = [read(p.inputs, "policy", "") for p, _ in index.users(POLICY, "bucket", bucket)]
    return some([_admits(document) for document in told if isinstance(document, Known)])


def _admits(document: Known[Any]) -> Fact[bool]:
    try:
        found = policies.permissions(str(document.value))
    except ValueError:
        return Unknown(f"policy: not a JSON document of version {policies.VERSION}")
    return Known(any(policies.EVERYTHING in one.principals for one in found))


# What stands beside a bucket


def beside(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A setting of a bucket: told with the bucket."""
    return [about(Neutral, resource, index, lies_in(resource, Copy.SERVICE))]


def item(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """An object, whose content is in the state."""
    return [replace(about(Holder, resource, index), guarded=guarded(resource))]


def volume(resource: PlannedResource, index: Index) -> Sequence[ResourceFact]:
    """A disk of blocks, or a snapshot of one: no argument names a key."""
    where = lies_in(resource, Copy.PRIMARY)
    made = replace(
        stored(Volume, resource, index, where, "Block Storage"),
        encrypted=NOT_SAID,
        public_endpoint=NO,
        public_read=NO,
        private_endpoint=YES,
        multi_zone=NO,
    )
    return [made]
