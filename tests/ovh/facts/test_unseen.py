"""What a refresh does not show of a warehouse that stands is never reported as being so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Grant, Key, Right
from havre.facts.values import Reserve, Reserved
from havre.plan import Plan
from havre.plan.values import UNKNOWN
from havre_ovh.facts import facts
from tests.ovh.facts.resources import BUCKET, DYNAMIC, KEY, S3_POLICY, SOUND, USER, bucket, made, of

LOCKED = Known(30)


def watcher(**told: Any) -> Any:
    inputs = {"bucket": "sound", "lock_days": 30, "copies_to": ""}
    return made(f"{DYNAMIC}AccessList", inputs, "list", outputs=told)


def standing(*others: Any) -> Any:
    """The lock of a bucket that stands, beside others."""
    from havre.facts.stores import ObjectStore

    return of(ObjectStore, replace(made(BUCKET, SOUND), id="it"), *others)


def test_a_lock_is_as_planned_until_its_bucket_stands() -> None:
    assert bucket().locked_days == LOCKED


def test_a_lock_that_nothing_reads_back_is_not_seen() -> None:
    found = standing().locked_days
    assert isinstance(found, Reserved)
    assert (found.reserve, found.at_best) == (Reserve.NOT_SEEN, LOCKED)
    assert "not seen by a refresh" in found.property


def test_a_lock_that_is_read_back_is_seen() -> None:
    assert standing(watcher(found=True)).locked_days == LOCKED


def test_a_watcher_of_the_access_list_alone_reads_no_lock() -> None:
    alone = made(f"{DYNAMIC}AccessList", {"bucket": "sound"}, "list", outputs={"found": True})
    assert isinstance(standing(alone).locked_days, Reserved)


def test_what_the_last_refresh_found_changed_is_not_told_as_planned() -> None:
    item = standing(watcher(found=False))
    assert isinstance(item.locked_days, Unknown)
    assert not isinstance(item.locked_days, Reserved)
    assert isinstance(item.public_read, Unknown)


def test_no_lock_needs_no_reserve() -> None:
    from havre.facts.stores import ObjectStore

    bare = {key: value for key, value in SOUND.items() if key != "objectLock"}
    item = of(ObjectStore, replace(made(BUCKET, bare), id="it"))
    assert item.locked_days == Known(0)


@pytest.mark.parametrize("stands", [False, True])
def test_a_key_may_be_deactivated_unseen(stands: bool) -> None:
    planned = made(KEY, {"name": "k.eu-west-par"}, protect=True)
    key = of(Key, replace(planned, id="it" if stands else ""))
    for fact in (key.customer, key.guarded):
        assert isinstance(fact, Reserved) is stands
        assert (fact.at_best if isinstance(fact, Reserved) else fact) == Known(True)


REFUSING = {
    "Effect": "Deny",
    "Action": ["s3:CreateBucket", "s3:ListAllMyBuckets"],
    "Resource": ["*"],
}


def users_grants(role: str, *, stands: bool) -> list[Grant]:
    """What a project's user has by its role, where its policy refuses it to make buckets."""
    said = {"roleNames": [role], "description": "project=p; warehouse=w", "serviceName": "s"}
    user = replace(made(USER, said, "user"), id="it" if stands else "")
    limits = {"userId": UNKNOWN, "policy": json.dumps({"Statement": [REFUSING]})}
    policy = made(S3_POLICY, limits, "limits", needs={"userId": ("urn:user",)})
    found = facts(Plan("ovh", (user, policy)))
    return [each for each in found.of(Grant) if each.urn == user.urn]


@pytest.mark.parametrize(
    ("role", "allowed"),
    [("compute_operator", {Right.ADMINISTER}), ("objectstore_operator", set())],
)
def test_a_role_may_be_added_unseen(role: str, allowed: set[Right]) -> None:
    """Whatever the plan gives, and most of all where that is nothing."""
    planned = [each.rights for each in users_grants(role, stands=False)]
    assert planned == ([Known(frozenset(allowed))] if allowed else [])
    (found,) = users_grants(role, stands=True)
    assert isinstance(found.rights, Reserved)
    assert found.rights.reserve is Reserve.NOT_SEEN
    assert found.rights.at_best == Known(frozenset(allowed))
    assert "a role that was added" in found.rights.property


@pytest.mark.parametrize(("found", "logged"), [(True, True), (False, False)])
def test_a_log_that_the_last_refresh_no_longer_found_records_nothing(
    found: bool, logged: bool
) -> None:
    inputs = {"bucket": "sound", "target": "logs"}
    route = made(f"{DYNAMIC}BucketLogging", inputs, "logging", outputs={"found": found})
    assert standing(watcher(found=True), route).reads_logged == Known(logged)
