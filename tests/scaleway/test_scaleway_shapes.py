"""What strangers write: older classes, identifiers with places, imported states, what is unset."""

import datetime as dt
from typing import Any

import pytest

from havre.facts import Known, Unknown
from havre.facts.model import Compute, Copy, Credential, Grant, Key, NetworkElement, Right
from havre.facts.stores import DatabaseServer, ObjectStore
from havre.plan.values import UNKNOWN
from havre_scaleway import policies
from tests.scaleway.stack import BUCKET, ENCRYPTION, INSTANCE, LOCK, POLICY, made, read

UUID = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
OLD_BUCKET = "scaleway:index/objectBucket:ObjectBucket"
OLD_LOCK = "scaleway:index/objectBucketLockConfiguration:ObjectBucketLockConfiguration"
TWINS = [(BUCKET, LOCK), (OLD_BUCKET, OLD_LOCK)]
WHOLE: dict[str, Any] = {
    "name": "data",
    "region": "fr-par",
    "versioning": {"enabled": True},
    "objectLockEnabled": True,
}
RULE = {"defaultRetention": {"mode": "COMPLIANCE", "days": 30.0}}


def kms(key: Any) -> dict[str, Any]:
    by_default = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    return {"bucket": "data", "rules": [{"applyServerSideEncryptionByDefault": by_default}]}


def store(*beside: Any, **inputs: Any) -> ObjectStore:
    (found,) = read(made(BUCKET, "b", {**WHOLE, **inputs}, "fr-par/data"), *beside).of(ObjectStore)
    return found


@pytest.mark.parametrize(("bucket", "lock"), TWINS)
@pytest.mark.parametrize("named", ["data", "fr-par/data", f"fr-par/data@{UUID}"])
def test_a_lock_names_its_bucket_in_any_form_of_any_class(
    bucket: str, lock: str, named: str
) -> None:
    beside = made(lock, "l", {"bucket": named, "rule": RULE})
    (found,) = read(made(bucket, "b", WHOLE, "fr-par/data"), beside).of(ObjectStore)
    assert found.locked_days == Known(30)


def test_a_lock_of_another_bucket_is_none() -> None:
    assert store(made(LOCK, "l", {"bucket": "others", "rule": RULE})).locked_days == Known(0)


def test_years_count_and_governance_does_not() -> None:
    years = {"defaultRetention": {"mode": "COMPLIANCE", "years": 2}}
    free = {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}}
    told = [store(made(LOCK, "l", {"bucket": "data", "rule": r})) for r in (years, free)]
    assert [each.locked_days for each in told] == [Known(730), Known(0)]


@pytest.mark.parametrize("named", [UUID, f"fr-par/{UUID}", "mine"])
def test_a_key_is_found_by_any_of_its_names(named: str) -> None:
    key = made("scaleway:keymanager/key:Key", "k", {"name": "mine"}, f"fr-par/{UUID}")
    found = store(key, made(ENCRYPTION, "e", kms(named)))
    assert (found.encrypted, found.key) == (Known(value=True), Known(key.urn))


def test_a_key_of_elsewhere_is_told_as_written_and_none_is_none() -> None:
    assert store(made(ENCRYPTION, "e", kms("theirs"))).key == Known("theirs")
    assert store().encrypted == Known(value=False)
    assert store().key == Known(None)


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("data", []),
        ("others", [Known(("urn:pulumi:s::p::scaleway:object/bucket:Bucket::b",))]),
        (UNKNOWN, [Unknown("bucket: the bucket of a bucket policy")]),
    ],
)
def test_only_a_policy_that_is_known_to_be_of_a_bucket_limits_its_readers(
    named: Any, expected: list[Any]
) -> None:
    rule = {"projectIds": [UUID], "permissionSetNames": ["ObjectStorageObjectsRead"]}
    rights = {"applicationId": OTHER, "rules": [rule], "description": "project=sleep; "}
    found = read(
        made(BUCKET, "b", {**WHOLE, "projectId": UUID}, "fr-par/data"),
        made(POLICY, "p", {"bucket": named, "policy": policies.document([])}),
        made("scaleway:iam/policy:Policy", "r", rights),
    )
    assert [grant.targets for grant in found.of(Grant) if grant.project == "sleep"] == expected


def test_two_encryptions_decide_no_key() -> None:
    both = (made(ENCRYPTION, "e", kms("one")), made(ENCRYPTION, "f", kms("two")))
    assert isinstance(store(*both).key, Unknown)


@pytest.mark.parametrize("region", ["fr-par", "fr-par-2"])
def test_an_identifier_says_where_its_resource_is(region: str) -> None:
    server = made(INSTANCE, "d", {"backupSameRegion": True}, f"{region}/{UUID}")
    (found,) = read(server).of(DatabaseServer)
    assert isinstance(found.places, Known)
    assert {(p.region, p.country) for p in found.places.value} == {(region, "FR")}


def test_what_a_database_does_where_nothing_is_said() -> None:
    (found,) = read(made(INSTANCE, "d", {"region": "fr-par"})).of(DatabaseServer)
    assert found.public_endpoint == Known(value=True)
    assert found.encrypted == Known(value=False)
    assert found.backup_days == Known(7)
    assert found.engine == Known(None)
    assert isinstance(found.places, Known)
    assert [p.country for p in found.places.value if p.copy is Copy.BACKUP] == [None]


def test_an_imported_database_is_in_its_segment_and_behind_its_list() -> None:
    segment = made("scaleway:network/privateNetwork:PrivateNetwork", "s", {}, f"fr-par/{UUID}")
    inputs = {"privateNetwork": {"pnId": UUID}, "region": "fr-par"}
    server = made(INSTANCE, "d", inputs, f"fr-par/{OTHER}")
    rules = {"instanceId": f"fr-par/{OTHER}", "aclRules": [{"ip": "10.0.0.0/8"}]}
    (found,) = read(segment, server, made("scaleway:databases/acl:Acl", "a", rules)).of(
        DatabaseServer
    )
    assert found.segments == Known((segment.urn,))
    assert found.public_endpoint == Known(value=False)
    assert found.allowed == Known(("10.0.0.0/8",))


def test_what_a_cluster_does_where_nothing_is_said() -> None:
    pool = made("scaleway:kubernetes/pool:Pool", "p", {"clusterId": UUID, "zone": "fr-par-1"})
    cluster = made("scaleway:kubernetes/cluster:Cluster", "c", {}, f"fr-par/{UUID}")
    (found,) = read(cluster, pool).of(Compute)
    assert found.allowed == Known(("0.0.0.0/0",))
    assert found.private_nodes == Known(value=False)
    assert found.api_logged == Known(value=False)


def test_a_closed_api_is_closed() -> None:
    cluster = made("scaleway:kubernetes/cluster:Cluster", "c", {}, f"fr-par/{UUID}")
    closed = {"clusterId": UUID, "noIpAllowed": True}
    (found,) = read(cluster, made("scaleway:kubernetes/acl:Acl", "a", closed)).of(Compute)
    assert found.allowed == Known(("127.0.0.1/32",))


@pytest.mark.parametrize(
    ("inputs", "denied", "open_"),
    [
        ({}, False, True),
        ({"inboundDefaultPolicy": "drop", "outboundDefaultPolicy": "drop"}, True, False),
        ({"inboundDefaultPolicy": "Drop", "outboundDefaultPolicy": "accept"}, False, False),
    ],
)
def test_a_security_group_lets_all_pass_unless_it_says_otherwise(
    inputs: dict[str, Any], denied: bool, open_: bool
) -> None:
    token = "scaleway:instance/securityGroup:SecurityGroup"
    (found,) = read(made(token, "g", {**inputs, "zone": "fr-par-1"})).of(NetworkElement)
    assert found.egress_denied == Known(denied)
    assert isinstance(found.rules, Known)
    assert any(rule.inbound and rule.addresses == ("*",) for rule in found.rules.value) is open_


@pytest.mark.parametrize(
    ("inputs", "days"),
    [
        ({"usage": "symmetric_encryption"}, Known(None)),
        (
            {"usage": "symmetric_encryption", "rotationPolicy": {"rotationPeriod": "2160h"}},
            Known(90),
        ),
        (
            {"usage": "symmetric_encryption", "rotationPolicy": {"rotationPeriod": "25h0m0s"}},
            Known(2),
        ),
        ({"usage": "asymmetric_signing", "rotationPolicy": {"rotationPeriod": "24h"}}, Known(None)),
        (
            {"usage": "symmetric_encryption", "rotationPolicy": {"rotationPeriod": "3 weeks"}},
            Unknown("rotationPolicy.rotationPeriod"),
        ),
        ({"usage": UNKNOWN}, Unknown("usage")),
    ],
)
def test_a_key_renews_itself_only_if_it_says_so(inputs: dict[str, Any], days: Any) -> None:
    (found,) = read(made("scaleway:keymanager/key:Key", "k", inputs, f"fr-par/{UUID}")).of(Key)
    assert found.rotation_days == days
    assert found.deletion_days == Known(7)


@pytest.mark.parametrize(
    "token", ["scaleway:iam/apiKey:ApiKey", "scaleway:index/iamApiKey:IamApiKey"]
)
def test_a_key_of_iam_never_ends_unless_it_says_so(token: str) -> None:
    keys = [made(token, "a", {}), made(token, "b", {"expiresAt": "2030-01-02T00:00:00Z"})]
    told = [found.expires for found in read(*keys).of(Credential)]
    assert told[0] == Known(None)
    assert told[1] == Known(dt.date(2030, 1, 2))


def allowing(*rules: dict[str, Any]) -> Any:
    inputs = {"applicationId": UUID, "rules": list(rules)}
    return made("scaleway:iam/policy:Policy", "p", inputs)


PROJECT = {"projectIds": [OTHER], "permissionSetNames": ["ObjectStorageObjectsRead"]}


def test_a_bucket_without_a_policy_is_open_to_whom_iam_allows() -> None:
    bucket = made(BUCKET, "b", {**WHOLE, "projectId": OTHER}, "fr-par/data")
    (found,) = read(bucket, allowing(PROJECT)).of(Grant)
    assert found.targets == Known((bucket.urn,))
    assert found.rights == Known(frozenset({Right.READ}))
    assert found.identity == Known(f"application_id:{UUID}")


def test_a_bucket_with_a_policy_is_open_to_whom_both_allow() -> None:
    bucket = made(BUCKET, "b", {**WHOLE, "projectId": OTHER}, "fr-par/data")
    document = policies.document([policies.managing([f"user_id:{OTHER}"], "data")])
    policy = made(POLICY, "q", {"bucket": "data", "policy": document})
    told = read(bucket, policy, allowing(PROJECT)).of(Grant)
    assert [found.identity for found in told] == [Known(f"user_id:{OTHER}")]
    assert told[0].rights == Known(frozenset({Right.ADMINISTER, Right.DELETE}))


def test_a_rule_for_an_organisation_or_another_project_is_told_as_such() -> None:
    bucket = made(BUCKET, "b", {**WHOLE, "projectId": OTHER}, "fr-par/data")
    policy = made(POLICY, "q", {"bucket": "data", "policy": policies.document([])})
    wide = {"organizationId": UUID, "permissionSetNames": ["ObjectStorageObjectsRead"]}
    elsewhere = {**PROJECT, "projectIds": [UUID]}
    told = read(bucket, policy, allowing(wide, elsewhere)).of(Grant)
    assert [found.targets for found in told] == [
        Known(("organization/*",)),
        Known((f"project {UUID}",)),
    ]
