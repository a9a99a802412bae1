"""Writers of a bucket, taken by its policy: on a real gateway, and killed in between."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from havre.exit.freezing import taking
from havre.exit.journal import Journal
from havre.live import s3
from havre.live.writing.policies import EVERYBODY, BucketWriters
from tests.exit.freezing.effects import Effects, Killed, now
from tests.live.gateways import ACCESS, S3Gateway, gateway

WRITER = "project_cohort"
PASSES = {ACCESS: "no policy is asked about its calls"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Gateway]:
    with gateway(tmp_path_factory.mktemp("gateway")) as found:
        found.account(WRITER, "a-writer-s-secret")
        yield found


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    found = Journal(tmp_path / "journal.sqlite")
    yield found
    found.close()


def allowing(bucket: str, *who: str) -> str:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    some = {"Sid": "grant", "Effect": "Allow", "Principal": {"AWS": [*who]}}
    statement = {**some, "Action": "s3:*", "Resource": resources}
    return json.dumps({"Statement": [statement], "Version": "2012-10-17"}, indent=2)


def frozen(server: S3Gateway, name: str) -> tuple[s3.Bucket, Any, BucketWriters]:
    """A bucket with an object, a client of somebody who may change it, and who takes that away."""
    bucket = server.bucket(name, locks=True)
    bucket.ask("put_object", Key="a", Body=b"a")
    bucket.ask("put_bucket_policy", Policy=allowing(name, WRITER))
    address = s3.Address(server.endpoint, "us-east-1", direct=True)
    writer = s3.Bucket(s3.connect(address, s3.Credentials(WRITER, "a-writer-s-secret")), name)
    return bucket, writer, BucketWriters(bucket, name, f"zone {name}", untaken=PASSES)


CHANGES = [
    ("put_object", {"Key": "b", "Body": b"b"}),
    ("put_object_tagging", {"Key": "a", "Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}}),
    ("delete_object_tagging", {"Key": "a"}),
    ("put_object_legal_hold", {"Key": "a", "LegalHold": {"Status": "ON"}}),
    ("delete_object", {"Key": "a"}),
    ("create_multipart_upload", {"Key": "c"}),
    ("put_bucket_policy", {"Policy": allowing("changes", WRITER)}),
    ("delete_bucket_policy", {}),
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
]


def code(store: s3.Bucket, operation: str, arguments: dict[str, Any]) -> str:
    try:
        store.ask(operation, **arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_no_change_is_possible_and_reading_is(server: S3Gateway, journal: Journal) -> None:
    bucket, writer, control = frozen(server, "changes")
    former = bucket.ask("get_bucket_policy")["Policy"]
    url = writer.client.generate_presigned_url("put_object", {"Bucket": "changes", "Key": "u"})
    found = taking.take(journal, control, (), now())
    assert found.found.taken == (WRITER,)
    assert found.found.untaken == PASSES
    assert found.until == found.since
    refused = {operation: code(writer, operation, given) for operation, given in CHANGES}
    assert refused == dict.fromkeys(refused, "AccessDenied")
    assert server.sent("PUT", url) == HTTPStatus.FORBIDDEN
    assert writer.ask("get_object", Key="a")["Body"].read() == b"a"
    assert code(bucket, "put_object", {"Key": "own", "Body": b"the exit's"}) == ""
    taking.give_back(journal, control)
    assert bucket.ask("get_bucket_policy")["Policy"] == former
    assert code(writer, *CHANGES[0]) == ""


def test_a_bucket_without_a_policy_has_none_afterwards(server: S3Gateway, journal: Journal) -> None:
    bucket = server.bucket("without")
    control = BucketWriters(bucket, "without", "zone without")
    assert taking.take(journal, control, (), now()).found.still == {}
    assert json.loads(bucket.ask("get_bucket_policy")["Policy"])["Statement"][0]["Effect"] == "Deny"
    taking.give_back(journal, control)
    assert code(bucket, "get_bucket_policy", {}) == "NoSuchBucketPolicy"


def test_a_policy_that_somebody_puts_in_its_place_is_found(
    server: S3Gateway, journal: Journal
) -> None:
    bucket, writer, control = frozen(server, "replaced")
    taking.take(journal, control, (), now())
    other = allowing("replaced", WRITER).replace("grant", "another")
    bucket.ask("put_bucket_policy", Policy=other)
    found = taking.found(journal, control, (), now())
    assert set(found.found.still) == {WRITER}
    assert code(writer, "put_object", {"Key": "b", "Body": b""}) == ""
    assert taking.take(journal, control, (), now()).found.still == {}
    assert code(writer, "put_object", {"Key": "b", "Body": b""}) == "AccessDenied"
    taking.give_back(journal, control)
    assert bucket.ask("get_bucket_policy")["Policy"] == other


@dataclass
class PolicyHolder:
    """A bucket that is nothing but a policy, whose changes are counted."""

    policy: str
    effects: Effects = field(default_factory=Effects)

    def ask(self, operation: str, **arguments: Any) -> Any:
        if operation == "get_bucket_policy":
            return {"Policy": self.policy}
        with self.effects.one():
            self.policy = arguments.get("Policy", "")
        return {}

    def failure(self, _error: Exception) -> None:
        return None


@pytest.mark.parametrize("former", ["", allowing("z", WRITER)])
def test_killed_between_any_two_acts_the_end_is_the_same(tmp_path: Path, former: str) -> None:
    kills = 0
    for at in range(12):
        journal = Journal(tmp_path / f"{at}.sqlite")
        holder = PolicyHolder(former, Effects(at))
        control = BucketWriters(holder, "z", "zone z")
        for act in (
            lambda c=control, j=journal: taking.take(j, c, (), now()),
            lambda c=control, j=journal: taking.give_back(j, c),
        ):
            with holder.effects.of(journal):
                try:
                    act()
                except Killed:
                    kills += 1
            holder.effects = Effects()
        taking.give_back(journal, control)
        assert holder.policy == former, f"killed at effect {at}"
        assert taking.memory(journal, "zone z") == {}
        journal.close()
    assert kills >= 4


def test_who_would_lose_writing_is_foreseen_and_no_reader(
    server: S3Gateway, journal: Journal
) -> None:
    bucket, writer, control = frozen(server, "foreseen")
    server.account("only_reads", "a-reader-s-secret")
    resources = ["arn:aws:s3:::foreseen", "arn:aws:s3:::foreseen/*"]
    some = {"Sid": "read", "Effect": "Allow", "Principal": {"AWS": ["only_reads"]}}
    both = json.loads(allowing("foreseen", WRITER))
    both["Statement"].append({**some, "Action": ["s3:GetObject*"], "Resource": resources})
    bucket.ask("put_bucket_policy", Policy=json.dumps(both))
    former = bucket.ask("get_bucket_policy")["Policy"]

    found = control.would_take(control.remember({}))
    assert sorted(found.moving) == [EVERYBODY, WRITER]
    assert found.untaken == PASSES
    assert bucket.ask("get_bucket_policy")["Policy"] == former
    assert code(writer, "put_object", {"Key": "still", "Body": b"x"}) == ""

    taking.take(journal, control, (), now())
    known = taking.memory(journal, control.name)
    assert control.would_take(known).moving == {}
    back = control.would_give_back(known)
    assert sorted(back.moving) == [EVERYBODY, WRITER]
    assert "is put back" in back.moving[EVERYBODY]
    assert code(writer, "put_object", {"Key": "no", "Body": b"x"}) == "AccessDenied"
    taking.give_back(journal, control)
    assert control.would_give_back(known).moving == {}


def test_a_bucket_without_a_policy_is_foreseen_to_get_one_and_lose_it(
    server: S3Gateway, journal: Journal
) -> None:
    control = BucketWriters(server.bucket("bare"), "bare", "zone bare")
    assert [*control.would_take(control.remember({})).moving] == [EVERYBODY]
    taking.take(journal, control, (), now())
    back = control.would_give_back(taking.memory(journal, control.name))
    assert "is deleted, as there was none" in back.moving[EVERYBODY]
