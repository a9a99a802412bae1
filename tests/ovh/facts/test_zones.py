"""Buckets."""

from __future__ import annotations

from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Copy, LogRoute
from havre.facts.stores import BackupStore, DataStore, LogStore, ObjectStore
from havre.facts.values import DOES_NOT_APPLY
from havre.plan.values import UNKNOWN
from havre_ovh.facts.zones import IN_STATE
from tests.ovh.facts.resources import (
    BUCKET,
    DYNAMIC,
    LIFECYCLE,
    NEW_BUCKET,
    NO,
    NONE,
    SOUND,
    YES,
    bucket,
    database,
    made,
    of,
    where,
    withheld,
)


def test_a_sound_bucket() -> None:
    item = bucket(
        made(f"{DYNAMIC}AccessList", {"bucket": "sound"}, "list"),
        made(f"{DYNAMIC}BucketLogging", {"bucket": "sound", "target": "logs"}, "logging"),
    )
    assert (type(item), item.zone) == (ObjectStore, "curated")
    assert (item.encrypted, item.versions, item.locked_days) == (YES, YES, Known(30))
    assert (item.public_read, item.reads_logged) == (NO, YES)
    assert (item.key, item.private_endpoint, item.public_endpoint) == (NONE, NO, YES)
    assert isinstance(item.tls_minimum, Unknown)
    assert where(item, Copy.PRIMARY) == [("GRA", "FR")]
    assert where(item, Copy.REPLICA) == []


@pytest.mark.parametrize(
    ("inputs", "fact", "value"),
    [
        ({"encryption": None}, "encrypted", NO),
        ({"encryption": {"sse_algoritm": "AES256"}}, "encrypted", NO),
        ({"encryption": {"sseAlgorithm": "plaintext"}}, "encrypted", NO),
        (
            {"encryption": {"sseAlgorithm": UNKNOWN}},
            "encrypted",
            Unknown("encryption.sseAlgorithm"),
        ),
        ({"versioning": None}, "versions", NO),
        ({"versioning": {"status": "suspended"}}, "versions", NO),
        ({"versioning": UNKNOWN}, "versions", Unknown("versioning.status")),
        ({"versioning": {"status": "disabled"}}, "locked_days", Known(0)),
        ({"objectLock": None}, "locked_days", Known(0)),
        ({"objectLock": {"status": "enabled"}}, "locked_days", Known(0)),
        ({"regionName": UNKNOWN}, "places", Unknown("regionName")),
        ({"hideObjects": UNKNOWN}, "places", Unknown("hideObjects")),
        ({"replication": UNKNOWN}, "places", Unknown("replication.rules")),
        ({"tags": UNKNOWN}, "tags", Unknown("tags")),
        ({"tags": None}, "tags", Known({})),
        ({"regionName": "EU-WEST-PAR"}, "multi_zone", YES),
        ({}, "multi_zone", NO),
        ({}, "reads_logged", NO),
        ({}, "guarded", NO),
    ],
)
def test_what_a_bucket_lacks(inputs: dict[str, Any], fact: str, value: object) -> None:
    assert withheld(getattr(bucket(**inputs), fact)) == value


def test_nobody_watches_the_access_list() -> None:
    strange = made(f"{DYNAMIC}AccessList", {"bucket": "another"}, "list")
    assert isinstance(bucket(strange).public_read, Unknown)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ({"mode": "compliance", "period": "P1W"}, Known(7)),
        ({"mode": "compliance", "period": "P1M"}, Known(28)),
        ({"mode": "compliance", "period": "P1Y"}, Known(365)),
        ({"mode": "governance", "period": "P30D"}, Known(0)),
        ({"mode": "compliance", "period": "30 days"}, Unknown("objectLock.rule.period")),
        ({"mode": "compliance", "period": UNKNOWN}, Unknown("objectLock.rule.period")),
        ({"mode": UNKNOWN, "period": "P30D"}, Unknown("objectLock.rule.mode")),
    ],
)
def test_a_lock_counts_at_its_shortest(rule: dict[str, Any], days: object) -> None:
    assert bucket(objectLock={"status": "enabled", "rule": rule}).locked_days == days


def test_the_newer_bucket_has_other_words() -> None:
    inputs: dict[str, Any] = {
        "name": "newer",
        "region": "UK",
        "encryption": {"algorithm": "AES256"},
        "versioning": {"status": "ENABLED"},
        "objectLock": {"mode": "COMPLIANCE", "retentionDays": 90},
    }
    item = of(DataStore, made(NEW_BUCKET, inputs))
    assert (item.encrypted, item.versions, item.locked_days) == (YES, YES, Known(90))
    assert item.names_in_state == NO  # the newer resource lists no objects
    assert where(item, Copy.PRIMARY) == [("UK", "GB")]
    assert where(item, Copy.REPLICA) == []
    inputs["encryption"] = {"algorithm": "PLAINTEXT"}
    inputs["objectLock"] = {"mode": "GOVERNANCE", "retentionDays": 90}
    item = of(DataStore, made(NEW_BUCKET, inputs))
    assert (item.encrypted, item.locked_days) == (NO, Known(0))
    inputs["objectLock"] = {"mode": "COMPLIANCE", "retentionDays": UNKNOWN}
    assert of(DataStore, made(NEW_BUCKET, inputs)).locked_days == Unknown(
        "objectLock.retentionDays"
    )


def test_replication_is_followed_abroad() -> None:
    rules = [
        {"status": "enabled", "destination": {"name": "away", "region": "BHS"}},
        {"status": "enabled", "destination": {"name": "away", "region": "UK"}},
        {"status": "disabled", "destination": {"name": "away", "region": "SGP"}},
        {"destination": {"name": "away"}},
    ]
    item = bucket(replication={"rules": rules})
    assert where(item, Copy.REPLICA) == [("BHS", "CA"), ("UK", "GB"), ("", None)]
    assert isinstance(item.cross_tenant, Unknown)
    rules[0]["destination"] = {"name": "away", "region": UNKNOWN}
    path = "replication.rules[].destination.region"
    assert withheld(bucket(replication={"rules": rules}).places) == Unknown(path)


def test_replication_within_the_plan_crosses_no_tenant() -> None:
    rule = {"status": "enabled", "destination": {"name": "copy", "region": "SBG"}}
    copy = made(BUCKET, {**SOUND, "name": "copy"}, "copy")
    assert bucket(copy, replication={"rules": [rule]}).cross_tenant == NO


@pytest.mark.parametrize("hidden", ["yes", "Yes", 1, [True]])
def test_object_names_are_not_known_to_be_hidden_by_what_is_no_truth_value(hidden: object) -> None:
    item = bucket(hideObjects=hidden)
    assert (withheld(item.places), item.names_in_state) == (Unknown("hideObjects"),) * 2


@pytest.mark.parametrize("hidden", [None, False, "false"])
def test_object_names_in_the_state_are_a_copy_of_unknown_country(hidden: object) -> None:
    item = bucket(hideObjects=hidden)
    assert isinstance(item.places, Known)
    (leak,) = [p for p in item.places.value if p.implied == IN_STATE]
    assert (leak.copy, leak.country) == (Copy.REPLICA, None)
    assert item.names_in_state == YES


def test_object_names_that_are_hidden_stay_out_of_the_state() -> None:
    assert bucket().names_in_state == NO
    assert bucket(hideObjects=UNKNOWN).names_in_state == Unknown("hideObjects")


@pytest.mark.parametrize(
    ("tags", "kind", "copy"),
    [
        ({"zone": "logs", "purpose": "logs"}, ObjectStore, Copy.PRIMARY),
        ({"zone": "a", "replica-of": "fr-paris"}, ObjectStore, Copy.REPLICA),
        ({"purpose": "access-logs"}, LogStore, Copy.LOG),
        ({"purpose": "backup"}, BackupStore, Copy.BACKUP),
        ({"purpose": "cats"}, ObjectStore, Copy.PRIMARY),
    ],
)
def test_labels_tell_what_a_bucket_holds(
    tags: dict[str, str], kind: type[DataStore], copy: Copy
) -> None:
    item = bucket(tags=tags)
    assert type(item) is kind
    assert where(item, copy) == [("GRA", "FR")]


LOCKED_DAYS = 30


@pytest.mark.parametrize(
    ("rule", "zone", "logs"),
    [
        ({"status": "enabled", "expiration": {"days": 9}}, Known(9), Known(9)),
        ({"status": "disabled", "expiration": {"days": 9}}, Known(None), Known(LOCKED_DAYS)),
        ({"expiration": {"days": UNKNOWN}}, *[Unknown("rules[].expiration.days")] * 2),
        ({"expiration": {"date": "2030-01-01"}}, *[Unknown("rules[].expiration.date")] * 2),
        ({"expiration": {"days": 9}, "filter": {"prefix": "a/"}}, *[Unknown("rules[].filter")] * 2),
        ({"expiration": {"days": 9}, "filter": {"prefix": ""}}, Known(9), Known(9)),
        (UNKNOWN, *[Unknown("rules")] * 2),
    ],
)
def test_objects_end_where_a_rule_deletes(rule: Any, zone: object, logs: object) -> None:
    rules = made(LIFECYCLE, {"containerName": "sound", "rules": [rule]}, "rules")
    assert bucket(rules).expire_days == zone
    archive = bucket(rules, tags={"purpose": "access-logs"})
    assert archive.retention_days == logs


DAYS = "rules[].noncurrentVersionExpiration.noncurrentDays"


@pytest.mark.parametrize(
    ("rules", "status", "days"),
    [
        ([], "enabled", Known(None)),
        ([{"noncurrentVersionExpiration": {"noncurrentDays": 9}}], "enabled", Known(9)),
        (
            [
                {"noncurrentVersionExpiration": {"noncurrentDays": 9}},
                {"noncurrentVersionExpiration": {"noncurrentDays": 4}, "filter": {"prefix": "a"}},
            ],
            "enabled",
            Known(4),
        ),
        (
            [{"status": "disabled", "noncurrentVersionExpiration": {"noncurrentDays": 9}}],
            "enabled",
            Known(None),
        ),
        ([{"noncurrentVersionExpiration": {"newerNoncurrentVersions": 2}}], "enabled", Known(0)),
        ([{"noncurrentVersionExpiration": {"noncurrentDays": UNKNOWN}}], "enabled", Unknown(DAYS)),
        ([{"expiration": {"days": 9}}], "enabled", Known(None)),
        ([], "suspended", Known(0)),
        ([], UNKNOWN, Unknown("versioning.status")),
        ([UNKNOWN], "disabled", Known(0)),
    ],
)
def test_what_is_deleted_lives_on_as_a_version(rules: list[Any], status: Any, days: object) -> None:
    lifecycle = made(LIFECYCLE, {"containerName": "sound", "rules": rules}, "rules")
    item = bucket(lifecycle, versioning={"status": status})
    assert (item.recoverable_days, item.version_days) == (days, days)


def test_a_signed_address_opens_a_bucket() -> None:
    signed = made(
        "ovh:CloudProject/regionStoragePresign:RegionStoragePresign", {"name": "sound"}, "signed"
    )
    assert bucket(signed).shared_keys == YES
    assert bucket().shared_keys == NO


@pytest.mark.parametrize("guard", ["protect", "retain_on_delete"])
def test_pulumi_guards(guard: str) -> None:
    assert of(DataStore, made(BUCKET, dict(SOUND), **{guard: True})).guarded == YES


def test_labels_by_another_resource_count() -> None:
    labels = made(
        "ovh:index/iamResourceTags:IamResourceTags",
        {"urn": UNKNOWN, "tags": {"owner": "me"}},
        "labels",
        needs={"urn": ["urn:it"]},
    )
    assert bucket(labels).tags == Known({"zone": "curated", "owner": "me"})
    assert database(labels).tags == Known({"owner": "me"})
    assert database().tags == DOES_NOT_APPLY


def test_logging_ties_two_buckets() -> None:
    logs = made(BUCKET, {**SOUND, "name": "logs"}, "logs")
    route = made(f"{DYNAMIC}BucketLogging", {"bucket": "sound", "target": "logs"}, "it")
    source = made(BUCKET, dict(SOUND), "source")
    item = of(LogRoute, source, logs, route)
    assert (item.sources, item.sinks) == (Known(("urn:source",)), Known(("urn:logs",)))
    assert of(LogRoute, source, route).sinks == Unknown("target")
