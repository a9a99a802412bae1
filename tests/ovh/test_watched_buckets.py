"""What is read back of buckets over S3, since a refresh by the plugin does not see it."""

from typing import Any

import pytest

from havre.errors import ProviderError
from havre.provider.dynamic import Managed
from havre_ovh import s3
from tests.ovh.stack import emc2, named

PROPS = {"bucket": "b", "region": "gra", "endpoint": "https://s3.example", "lock_days": 30}
COPIED = {**PROPS, "lock_days": 0, "copies_to": "replica"}
ID = "access-list/b"
NONE = "none is set"


class Bucket:
    """A bucket that answers as told, and keeps the lock that is put."""

    def __init__(self, lock: Any = None, rules: Any = None) -> None:
        self.lock, self.rules, self.fixed = lock, rules, False
        self.asked: list[str] = []
        self.props: dict[str, Any] = {}

    def ask(self, _what: str, operation: str, **arguments: Any) -> Any:
        self.asked.append(operation)
        if operation == "get_bucket_acl":
            return {"Owner": {"ID": "o"}, "Grants": []}
        if operation == "put_object_lock_configuration":
            self.lock = self.lock if self.fixed else arguments["ObjectLockConfiguration"]
            return {}
        if operation == "get_object_lock_configuration":
            if self.lock is None:
                raise s3.NoLockError(NONE, NONE)
            return {"ObjectLockConfiguration": self.lock}
        assert operation == "get_bucket_replication"
        if self.rules is None:
            raise s3.NoCopiesError(NONE, NONE)
        return {"ReplicationConfiguration": {"Rules": self.rules}}


def standing(monkeypatch: pytest.MonkeyPatch, bucket: Bucket) -> Managed:
    def of(props: dict[str, Any]) -> Bucket:
        bucket.props = props
        return bucket

    monkeypatch.setattr(s3, "S3Bucket", of)
    for name in s3.S3_CREDENTIALS:
        monkeypatch.setenv(name, "x")
    return Managed(s3.reference("access-list"))


def lock(**retention: Any) -> dict[str, Any]:
    rule = {"Rule": {"DefaultRetention": retention}} if retention else {}
    return {"ObjectLockEnabled": "Enabled", **rule}


LOST = {
    "no rule": lock(),
    "fewer days": lock(Mode="COMPLIANCE", Days=29),
    "governance": lock(Mode="GOVERNANCE", Days=30),
    "no lock": None,
    "disabled": {"ObjectLockEnabled": "Disabled"},
}


@pytest.mark.parametrize(
    "found", [lock(Mode="COMPLIANCE", Days=30), lock(Mode="COMPLIANCE", Years=1)]
)
def test_a_lock_that_is_there_is_no_change(monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    bucket = Bucket(found)
    managed = standing(monkeypatch, bucket)
    made = managed.create(PROPS)
    assert managed.read(ID, made.outs).outs["found"] is True
    assert "put_object_lock_configuration" not in bucket.asked
    assert not managed.diff(ID, made.outs, PROPS).changes


@pytest.mark.parametrize("found", LOST.values(), ids=LOST)
def test_a_lock_that_was_taken_away_is_seen(monkeypatch: pytest.MonkeyPatch, found: Any) -> None:
    managed, olds = standing(monkeypatch, Bucket(found)), {**PROPS, "found": True}
    assert managed.read(ID, olds).outs["found"] is False
    assert managed.diff(ID, olds, PROPS).changes


@pytest.mark.parametrize("name", ["no rule", "fewer days", "governance"])
def test_a_lock_is_set_again_where_the_bucket_can_have_one(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bucket = Bucket(LOST[name])
    managed = standing(monkeypatch, bucket)
    managed.update(ID, {}, PROPS)
    assert bucket.lock == lock(Mode="COMPLIANCE", Days=30)
    assert (
        "get_object_lock_configuration"
        in bucket.asked[bucket.asked.index("put_object_lock_configuration") :]
    )


def test_a_lock_that_is_taken_and_forgotten_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket(lock())
    bucket.fixed = True
    with pytest.raises(ProviderError, match="was set but is missing"):
        standing(monkeypatch, bucket).update(ID, {}, PROPS)


@pytest.mark.parametrize("name", ["no lock", "disabled"])
def test_a_bucket_that_was_made_without_a_lock_gets_none(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bucket = Bucket(LOST[name])
    with pytest.raises(ProviderError, match="a lock cannot be added") as caught:
        standing(monkeypatch, bucket).create(PROPS)
    assert "immutable_days" in caught.value.remedy
    assert "put_object_lock_configuration" not in bucket.asked


RULE = {"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::replica"}}
NOT_COPIED = {
    "none": None,
    "emptied": [],
    "disabled": [{**RULE, "Status": "Disabled"}],
    "elsewhere": [{**RULE, "Destination": {"Bucket": "arn:aws:s3:::theirs"}}],
    "some only": [{**RULE, "Filter": {"Prefix": "a/"}}],
    "some by tag": [{**RULE, "Filter": {"Tag": {"Key": "a", "Value": "b"}}}],
    "some by both": [{**RULE, "Filter": {"And": {"Prefix": "", "Tags": []}}}],
    "some as before": [{**RULE, "Prefix": "a/"}],
}


@pytest.mark.parametrize("rules", NOT_COPIED.values(), ids=NOT_COPIED)
def test_a_replication_that_was_taken_away_is_seen(
    monkeypatch: pytest.MonkeyPatch, rules: Any
) -> None:
    managed, olds = standing(monkeypatch, Bucket(None, rules)), {**COPIED, "found": True}
    assert managed.read(ID, olds).outs["found"] is False
    assert managed.diff(ID, olds, COPIED).changes
    with pytest.raises(ProviderError, match="not replicated to replica") as caught:
        managed.update(ID, olds, COPIED)
    assert "put-bucket-replication" in caught.value.remedy


@pytest.mark.parametrize("rule", [RULE, {**RULE, "Filter": {}}, {**RULE, "Filter": {"Prefix": ""}}])
def test_a_replication_of_everything_is_no_change(
    monkeypatch: pytest.MonkeyPatch, rule: dict[str, Any]
) -> None:
    managed = standing(monkeypatch, Bucket(None, [rule]))
    made = managed.create(COPIED)
    assert not managed.diff(ID, made.outs, COPIED).changes


def test_what_an_earlier_version_made_is_asked_for_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket()
    olds = {key: PROPS[key] for key in ("bucket", "region", "endpoint")}
    standing(monkeypatch, bucket).read(ID, {**olds, "found": True})
    assert set(bucket.asked) == {"get_bucket_acl"}


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ({"lock_days": 0}, {"lock_days": 10}, True),
        ({"lock_days": 0.0}, {"lock_days": 10}, True),
        ({"lock_days": 10}, {"lock_days": 30}, False),
        ({"lock_days": 0}, {"lock_days": 0}, False),
        ({}, {"lock_days": 10}, False),
    ],
)
def test_a_lock_on_a_bucket_that_stands_is_refused_in_the_preview(
    monkeypatch: pytest.MonkeyPatch, before: dict[str, Any], after: dict[str, Any], refused: bool
) -> None:
    managed = standing(monkeypatch, Bucket())
    failures = managed.check({**PROPS, **before} if before else {}, {**PROPS, **after}).failures
    assert [failure.property for failure in failures or []] == (["lock_days"] if refused else [])
    assert all("immutable_days" in failure.reason for failure in failures or [])


@pytest.mark.parametrize("zone", ["landing", "curated", "research", "logs"])
def test_each_zone_says_what_is_read_back(zone: str) -> None:
    told = named(emc2(), f"emc2-zones-{zone}-access-list").inputs
    bucket = named(emc2(), f"emc2-zones-{zone}").inputs
    period = (bucket.get("objectLock") or {}).get("rule", {}).get("period", "P0D")
    assert f"P{int(told['lock_days'])}D" == period
    assert bool(told["copies_to"]) is ("replication" in bucket)
