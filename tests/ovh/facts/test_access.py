"""Grants and credentials."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from havre.facts import Known, Unclassified, Unknown
from havre.facts.model import UNTOLD, Credential, Grant, Neutral, Right
from havre.plan import Plan, PlannedResource
from havre.plan.values import UNKNOWN, Secret
from havre_ovh.facts import facts
from havre_ovh.policies import CREATING, LISTING
from tests.ovh.facts.resources import (
    BUCKET,
    NONE,
    POLICY,
    S3_POLICY,
    SOUND,
    USER,
    made,
    of,
    withheld,
)


def granted(policy: Any, *others: PlannedResource) -> Grant:
    """What an S3 policy of the user `owner` grants."""
    resource = made(S3_POLICY, {"userId": UNKNOWN, "policy": policy}, needs={"userId": ["urn:u"]})
    user = made(
        USER,
        {"description": "project=cohort; title; x=y", "roleNames": ["objectstore_operator"]},
        "u",
    )
    item: Grant = of(Grant, user, resource, *others)
    return item


def statement(**said: Any) -> str:
    """A policy of one statement."""
    whole = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::sound/*"]}
    whole |= said
    return json.dumps({"Statement": [{k: v for k, v in whole.items() if v is not None}]})


@pytest.mark.parametrize(
    ("said", "rights"),
    [
        ({}, {Right.READ}),
        ({"Action": "s3:Get*"}, {Right.READ}),
        ({"Action": ["s3:ListBucket", "s3:PutObject"]}, {Right.READ, Right.WRITE}),
        ({"Action": "s3:DeleteObjectVersion"}, {Right.DELETE}),
        ({"Action": "s3:PutBucketLogging"}, {Right.ADMINISTER, Right.CHANGE_LOGS}),
        ({"Action": "s3:PutObjectAcl"}, {Right.ADMINISTER}),
        ({"Action": "s3:BypassGovernanceRetention"}, {Right.ADMINISTER}),
        ({"Action": "s3:*"}, {Right.EVERYTHING}),
        ({"Action": "*"}, {Right.EVERYTHING}),
        ({"Action": "s3:P*"}, {Right.EVERYTHING}),
        ({"Action": "s3:Invented"}, {Right.EVERYTHING}),
        ({"Action": None, "NotAction": "s3:PutObject"}, {Right.EVERYTHING}),
        ({"Effect": "Deny", "Action": "s3:*"}, set()),
    ],
)
def test_an_s3_policy_is_told_at_its_widest(said: dict[str, Any], rights: set[Right]) -> None:
    item = granted(statement(**said))
    assert item.rights == Known(frozenset(rights))
    assert (item.identity, item.project, item.expires) == (Known("urn:u"), "cohort", NONE)


@pytest.mark.parametrize(
    "document",
    ["{", "[]", "3", "{}", '{"Statement": "Allow"}', '{"Statement": [{"Effect": "allow"}]}', ""],
)
def test_a_policy_that_is_none_never_passes(document: str) -> None:
    item = granted(document)
    assert isinstance(item.rights, Unknown)
    assert isinstance(item.targets, Unknown)
    assert "policy" in item.rights.property


@pytest.mark.parametrize("policy", [UNKNOWN, Secret(UNKNOWN)])
def test_a_policy_that_is_not_decided(policy: object) -> None:
    item = granted(policy)
    assert (item.rights, item.targets) == (Unknown("policy"), Unknown("policy"))


def test_a_policy_names_buckets_of_the_plan() -> None:
    own = made(BUCKET, dict(SOUND), "own")
    other = made(BUCKET, {**SOUND, "name": "sonar"}, "other")
    resources = ["arn:aws:s3:::sound", "arn:aws:s3:::sound/prefix/*"]
    assert granted(statement(Resource=resources), own, other).targets == Known(("urn:own",))
    wide = granted(statement(Resource="arn:aws:s3:::so*"), own, other).targets
    assert wide == Known(("urn:own", "urn:other", "arn:aws:s3:::so*"))
    foreign = granted(statement(Resource="arn:aws:s3:::theirs"), own).targets
    assert foreign == Known(("arn:aws:s3:::theirs",))
    unsaid = granted(statement(Resource=None), own).targets
    assert unsaid == Known(("urn:own", "*"))


@pytest.mark.parametrize(
    ("roles", "rights"),
    [
        (["administrator"], Known(frozenset({Right.EVERYTHING}))),
        (["key-manager_operator"], Known(frozenset({Right.MANAGE_KEYS}))),
        (["objectstore_operator", "compute_operator"], Known(frozenset({Right.ADMINISTER}))),
        (
            ["objectstore_operator", "emperor"],
            Unknown("roleNames", Known(frozenset({Right.ADMINISTER}))),
        ),
        ([], Unknown("roleNames")),
        (UNKNOWN, Unknown("roleNames")),
    ],
)
def test_a_users_roles(roles: Any, rights: object) -> None:
    item = of(Grant, made(USER, {"roleNames": roles, "serviceName": "p"}))
    assert (item.rights, item.targets) == (rights, Known(("project p",)))


def test_an_operator_of_object_storage_has_what_it_owns_and_a_password() -> None:
    user = made(USER, {"roleNames": ["objectstore_operator"]})
    own = made(BUCKET, {**SOUND, "ownerId": UNKNOWN}, "own", needs={"ownerId": ["urn:it"]})
    shut = json.dumps({"Statement": {"Effect": "Deny", "Action": CREATING, "Resource": "*"}})
    policy = made(S3_POLICY, {"userId": UNKNOWN, "policy": shut}, "p", needs={"userId": ["urn:it"]})
    item = of(Grant, user, own, policy)
    assert item.rights == Known(frozenset({Right.EVERYTHING}))
    assert item.targets == Known(("urn:own",))
    assert of(Credential, user).expires == NONE


@pytest.mark.parametrize(
    ("refusals", "rights"),
    [
        ([], Known(frozenset({Right.ADMINISTER}))),
        ([{"Action": CREATING, "Resource": "*"}], None),
        ([{"Action": "s3:*", "Resource": "*"}], None),
        ([{"Action": LISTING, "Resource": "*"}], Known(frozenset({Right.ADMINISTER}))),
        ([{"Action": CREATING, "Resource": "arn:x"}], Known(frozenset({Right.ADMINISTER}))),
        ([{"NotAction": LISTING, "Resource": "*"}], Known(frozenset({Right.ADMINISTER}))),
        (UNKNOWN, Unknown("policy")),
    ],
)
def test_a_user_makes_buckets_of_its_own_unless_it_is_refused(refusals: Any, rights: Any) -> None:
    """There is no implicit refusal, and whoever makes a bucket has all rights on it."""
    user = made(USER, {"roleNames": ["objectstore_operator"], "serviceName": "p"})
    told = (
        json.dumps({"Statement": [{"Effect": "Deny", **each} for each in refusals]})
        if (refusals is not UNKNOWN)
        else UNKNOWN
    )
    inputs = {"userId": UNKNOWN, "policy": told}
    policy = made(S3_POLICY, inputs, "p", needs={"userId": ["urn:it"]})
    found = facts(Plan("ovh", (user, policy))).of(Grant)
    mine = [each for each in found if each.urn == user.urn]
    assert [each.rights for each in mine] == ([] if rights is None else [rights])
    assert all(each.targets == Known(("project p",)) for each in mine)


@pytest.mark.parametrize(
    ("inputs", "rights"),
    [
        ({"allows": ["okms:apikms:serviceKey/decrypt"]}, {Right.USE_KEYS}),
        ({"allows": ["okms:apikms:serviceKey/deactivate"]}, {Right.MANAGE_KEYS}),
        ({"allows": ["publicCloudProject:apiovh:storage/get"]}, {Right.READ}),
        ({"allows": ["publicCloudProject:apiovh:storage/create"]}, {Right.ADMINISTER}),
        ({"allows": ["ldp:apiovh:output/delete"]}, {Right.CHANGE_LOGS}),
        ({"allows": ["*"]}, {Right.EVERYTHING}),
        ({"allows": ["okms:*"]}, {Right.EVERYTHING}),
        ({"permissionsGroups": ["urn:v1:eu:permissionsGroup:ovh:globalReadOnly"]}, {Right.READ}),
        ({"permissionsGroups": ["urn:v1:eu:permissionsGroup:ovh:globalAdmin"]}, {Right.EVERYTHING}),
        ({"allows": ["*"], "denies": ["*"]}, {Right.EVERYTHING}),
    ],
)
def test_an_iam_policy_is_told_at_its_widest(inputs: dict[str, Any], rights: set[Right]) -> None:
    base = {"identities": ["urn:v1:eu:identity:group:a/b"], "resources": ["urn:v1:eu:resource:x"]}
    item = of(Grant, made(POLICY, {**base, **inputs}))
    assert item.rights == Known(frozenset(rights))
    assert item.identity == Known("urn:v1:eu:identity:group:a/b")
    assert item.targets == Known(("urn:v1:eu:resource:x",))
    assert item.expires == NONE


@pytest.mark.parametrize(
    ("inputs", "fact", "value"),
    [
        ({"allows": UNKNOWN}, "rights", Unknown("allows")),
        ({"permissionsGroups": UNKNOWN}, "rights", Unknown("permissionsGroups")),
        ({"permissionsGroups": ["urn:ours:own"]}, "rights", Unknown("permissionsGroups")),
        ({"expiredAt": "2030-06-30T23:59:59Z"}, "expires", Known(dt.date(2030, 6, 30))),
        ({"expiredAt": "soon"}, "expires", Unknown("expiredAt")),
        ({"expiredAt": UNKNOWN}, "expires", Unknown("expiredAt")),
        ({"identities": [UNKNOWN]}, "identity", Unknown("identities")),
        ({"resources": UNKNOWN}, "targets", Unknown("resources")),
    ],
)
def test_what_an_iam_policy_withholds(inputs: dict[str, Any], fact: str, value: object) -> None:
    base = {"identities": ["urn:a"], "resources": ["urn:b"], "allows": ["x:y:z/get"]}
    assert withheld(getattr(of(Grant, made(POLICY, {**base, **inputs})), fact)) == value


def test_an_iam_policy_gives_one_grant_an_identity() -> None:
    policy = made(POLICY, {"identities": ["urn:a", "urn:b"], "resources": ["*"], "allows": ["*"]})
    grants = facts(Plan("ovh", (policy,))).of(Grant)
    assert [grant.identity for grant in grants] == [Known("urn:a"), Known("urn:b")]


def test_an_iam_policy_for_nobody_is_still_spoken_of() -> None:
    policy = made(POLICY, {"identities": [], "resources": ["*"], "allows": ["*"]})
    assert [type(item) for item in facts(Plan("ovh", (policy,))).items] == [Neutral]


def test_a_group_of_the_plan_is_read() -> None:
    group = made("ovh:Iam/permissionsGroup:PermissionsGroup", {"allows": ["*"]}, "group")
    policy = made(
        POLICY,
        {"identities": ["urn:a"], "resources": ["*"], "permissionsGroups": [UNKNOWN]},
        needs={"permissionsGroups": ["urn:group"]},
    )
    assert of(Grant, group, policy).rights == Known(frozenset({Right.EVERYTHING}))


def test_keys_and_accounts_last_for_ever() -> None:
    key = made("ovh:CloudProject/s3Credential:S3Credential", {"userId": "7"})
    assert of(Credential, key).expires == NONE
    account = made("ovh:Me/aPIOAuth2Client:APIOAuth2Client", {"description": "project=a-b; x"})
    assert (of(Credential, account).expires, of(Credential, account).project) == (NONE, "a-b")
    certificate = made("ovh:Okms/credential:Credential", {"validity": 30})
    assert isinstance(of(Credential, certificate).expires, Unknown)


@pytest.mark.parametrize(
    "type_",
    [
        "ovh:CloudProject/instance:Instance",
        "ovh:CloudProject/volume:Volume",
        "ovh:index/cloudStorageFileShare:CloudStorageFileShare",
        "pulumi-python:dynamic/havre-local:Zone",
        "aws:s3/bucket:Bucket",
        "Storage",
    ],
)
def test_a_type_that_nobody_knows_is_unclassified(type_: str) -> None:
    found = facts(Plan("ovh", (made(type_, dict(SOUND)),)))
    assert found.unclassified == (Unclassified("urn:it", type_),)
    assert found.items == ()


@pytest.mark.parametrize("said", [UNKNOWN, Secret(UNKNOWN), 7, ["project=cohort;"]])
def test_whose_a_user_is_may_be_withheld(said: Any) -> None:
    user = made(USER, {"serviceName": "p", "roleNames": ["administrator"], "description": said})
    assert of(Grant, user).project == UNTOLD
    assert of(Credential, user).project == UNTOLD


@pytest.mark.parametrize("said", [None, "", "for the backup", "no project=cohort;"])
def test_a_user_without_a_project_is_none_s(said: Any) -> None:
    user = made(USER, {"serviceName": "p", "roleNames": ["administrator"], "description": said})
    assert of(Grant, user).project == ""


@pytest.mark.parametrize("region", [{}, {"region": None}, {"regionName": None}])
def test_a_place_that_is_null_is_absent(region: dict[str, Any]) -> None:
    assert of(Neutral, made("ovh:Domain/zoneRecord:ZoneRecord", region)).places == Known(())
