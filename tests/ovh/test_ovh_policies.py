"""S3 policies, read as the service evaluates them: a refusal decides, doubt narrows nothing."""

import json
from typing import Any

import pytest

from havre.errors import InputError
from havre_ovh import policies
from havre_ovh.policies import CHANGING, CREATING, LISTING, Permission, permissions, refuses
from tests.ovh.stack import emc2, named

ARN = "arn:aws:s3:::b"
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ARN}
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
HERE = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
ELSEWHERE = {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}


def policy(*statements: dict[str, Any]) -> str:
    """A policy; what is None in a statement is left out."""
    return json.dumps(
        {"Statement": [{k: v for k, v in s.items() if v is not None} for s in statements]}
    )


def allowed(*statements: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.action, each.resource) for each in permissions(policy(*statements))]


READS = [("s3:GetObject", ARN)]


@pytest.mark.parametrize(
    "refusal",
    [
        DENY,
        {**DENY, "Action": "s3:GetObject"},
        {**DENY, "Action": ["s3:PutObject", "s3:Get*"]},
        {**DENY, "Action": "s3:GetObjec?"},
        {**DENY, "Resource": ARN},
        {**DENY, "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::*"]},
        {**DENY, "Sid": "Nobody"},
    ],
)
def test_a_refusal_decides_whatever_is_allowed(refusal: dict[str, Any]) -> None:
    assert allowed(ALLOW) == READS
    assert allowed(ALLOW, refusal) == allowed(refusal, ALLOW) == []


@pytest.mark.parametrize(
    "refusal",
    [
        {**DENY, "Effect": "Deny", "Action": "s3:PutObject"},
        {**DENY, "Resource": "arn:aws:s3:::c"},
        {**DENY, "Resource": "arn:aws:s3:::b/*"},
        {**DENY, "Action": None},
        {**DENY, "Resource": None},
        {**DENY, "Action": None, "NotAction": "s3:PutObject"},
        {**DENY, "NotAction": "s3:GetObject"},
        {**DENY, "Resource": None, "NotResource": "arn:aws:s3:::c"},
        {**DENY, "NotResource": ARN},
        {**DENY, "Principal": "another"},
        {**DENY, "Condition": HERE},
        {**DENY, "Condition": {}},
        {**DENY, "Condition": "always"},
        {**DENY, "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}},
        {**DENY, "Condition": {**ELSEWHERE, "Bool": {"aws:SecureTransport": "false"}}},
        {**DENY, "Action": "S3:GETOBJECT"},
        {**DENY, "Action": "s3:[G]etObject"},
    ],
)
def test_a_refusal_that_may_not_fit_takes_nothing_away(refusal: dict[str, Any]) -> None:
    assert allowed(ALLOW, refusal) == READS


def test_a_refusal_of_a_part_leaves_a_permission_of_all() -> None:
    """A wildcard that is allowed stands for more than what is refused."""
    every = {**ALLOW, "Action": "s3:*", "Resource": "arn:aws:s3:::*"}
    assert allowed(every, {**DENY, "Action": "s3:Get*"}) == [("s3:*", "arn:aws:s3:::*")]
    assert allowed(every, {**DENY, "Resource": ARN}) == [("s3:*", "arn:aws:s3:::*")]
    assert allowed({**ALLOW, "Action": "s3:Get*"}, {**DENY, "Action": "s3:Get?"}) != []
    assert allowed(every, DENY) == []


@pytest.mark.parametrize("missing", ["Action", "Resource"])
def test_a_permission_that_names_nothing_is_of_everything(missing: str) -> None:
    found = allowed({**ALLOW, missing: None, f"Not{missing}": "x"})
    assert found == [("*", ARN) if missing == "Action" else ("s3:GetObject", "*")]


@pytest.mark.parametrize(
    ("statements", "sources"),
    [
        ([{**ALLOW, "Condition": HERE}], ("192.0.2.0/24",)),
        ([ALLOW, {**DENY, "Condition": ELSEWHERE}], ("192.0.2.0/24",)),
        ([{**ALLOW, "Condition": {**HERE, "Bool": {"a": "b"}}}], ("192.0.2.0/24",)),
        ([ALLOW], ()),
        ([{**ALLOW, "Condition": ELSEWHERE}], ()),
        ([{**ALLOW, "Condition": {"IpAddressIfExists": HERE["IpAddress"]}}], ()),
        ([{**ALLOW, "Condition": {"StringLike": {"aws:SourceIp": "192.0.2.1"}}}], ()),
        ([ALLOW, {**DENY, "Condition": HERE}], ()),
        ([ALLOW, {**DENY, "Condition": {**ELSEWHERE, "Bool": {"a": "b"}}}], ()),
        ([ALLOW, {**DENY, "Resource": "arn:aws:s3:::c", "Condition": ELSEWHERE}], ()),
    ],
)
def test_addresses_limit_only_where_they_surely_do(
    statements: list[dict[str, Any]], sources: tuple[str, ...]
) -> None:
    assert permissions(policy(*statements)) == (Permission("s3:GetObject", ARN, sources),)


@pytest.mark.parametrize(
    ("refusal", "action", "whether"),
    [
        (DENY, CREATING, True),
        ({**DENY, "Action": [CREATING]}, CREATING, True),
        ({**DENY, "Action": [CREATING]}, LISTING, False),
        ({**DENY, "Resource": ARN}, CREATING, False),
        ({**DENY, "Condition": ELSEWHERE}, CREATING, False),
        ({**ALLOW, "Action": CREATING, "Resource": "*"}, CREATING, False),
    ],
)
def test_what_is_refused_everywhere(refusal: dict[str, Any], action: str, whether: bool) -> None:
    assert refuses(policy(ALLOW, refusal), action) is whether


def test_a_refusal_may_name_everything() -> None:
    wide = policy(ALLOW, DENY)
    assert policies.checked(wide) == wide
    with pytest.raises(InputError, match="all actions or all buckets"):
        policies.checked(policy({**ALLOW, "Resource": "*"}, DENY))


@pytest.mark.parametrize("project", ["cohort-diabetes", "pharmaco-study"])
def test_a_project_can_neither_list_buckets_nor_make_nor_change_any(project: str) -> None:
    """There is no implicit refusal: what is not refused may be done with one's own buckets."""
    document = named(emc2(), f"emc2-access-{project}-policy").inputs["policy"]
    open_ = [word for word in (LISTING, CREATING, *CHANGING) if not refuses(document, word)]
    assert open_ == []
    found = permissions(document)
    assert {each.action for each in found} == {
        "s3:GetObject",
        "s3:GetBucketLocation",
        "s3:ListBucket",
    }
    assert all(each.sources and each.resource.startswith(policies.PREFIX) for each in found)


def test_every_action_that_changes_something_is_named_once() -> None:
    assert len(CHANGING) == len(set(CHANGING))
    assert all(each.startswith("s3:") and "*" not in each for each in CHANGING)
