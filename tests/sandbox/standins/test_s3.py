"""The S3 service of a sandbox, by boto3 and rclone: who may do what, what is locked, what stays."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from havre.errors import ProviderError
from havre.live import s3
from havre.live.buckets import BucketStore
from havre.live.wrappers import retrying
from havre_conformance.stores import StoreSuite
from havre_local.live import LIMITS
from havre_ovh.live import ABILITIES
from havre_ovh.policies import reading
from havre_sandbox.standins.s3.catalogue import BucketSettings
from havre_sandbox.standins.s3.policies import PolicyAnswer, evaluated
from havre_sandbox.standins.s3.service import SERVICE, StoreService, client, secret_name
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from havre.live.objects import LiveStore
    from havre_sandbox.standins.machine import Machine

_NUMBERS = count()
OWNER = "4242"
READS = ("s3:GetObject", "s3:GetBucketLocation", "s3:ListBucket")


@pytest.fixture(scope="module")
def service(machine: Machine) -> StoreService:
    found = StoreService(machine)
    found.start()
    found.put_user(OWNER)
    found.put_key("owner-key", OWNER)
    return found


@pytest.fixture
def owner(service: StoreService) -> Any:
    return client(service, "owner-key")


def bucket(service: StoreService, **given: Any) -> str:
    """A new bucket of the owner's."""
    name = f"emc2-zone-{next(_NUMBERS):03d}"
    service.put_bucket(name, BucketSettings(OWNER, **given))
    return name


def user(service: StoreService, policy: str = "") -> Any:
    """A client of a new project user."""
    name = f"project-{next(_NUMBERS)}"
    service.put_user(name)
    service.put_policy(name, policy)
    service.put_key(f"key-{name}", name)
    return client(service, f"key-{name}")


def arn(name: str) -> str:
    return f"arn:aws:s3:::{name}"


def code(call: Callable[[], Any]) -> str:
    """The service's word for why it refuses."""
    with pytest.raises(ClientError) as found:
        call()
    return str(found.value.response["Error"]["Code"])


class TestBucket(StoreSuite):
    """All that OVHcloud's buckets with a lock can do, of keys that versitygw can hold."""

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, service: StoreService) -> LiveStore:
        name = bucket(service, versions=True, locks=True)
        found = s3.bucket(service.address("gra"), service.credentials("owner-key"), name)
        return BucketStore(retrying(found), "zone", ABILITIES, LIMITS, True, 50, True)


def test_a_project_reads_its_zones_and_nothing_else(service: StoreService, owner: Any) -> None:
    own, other = bucket(service), bucket(service)
    for name in (own, other):
        owner.put_object(Bucket=name, Key="a/b", Body=b"content")
    project = user(service, reading([arn(own)], READS, ["198.51.100.0/24"]))
    assert project.get_object(Bucket=own, Key="a/b")["Body"].read() == b"content"
    assert [each["Key"] for each in project.list_objects_v2(Bucket=own)["Contents"]] == ["a/b"]
    for call in (
        lambda: project.get_object(Bucket=other, Key="a/b"),
        lambda: project.list_objects_v2(Bucket=other),
        lambda: project.put_object(Bucket=own, Key="c", Body=b"x"),
        lambda: project.delete_object(Bucket=own, Key="a/b"),
        lambda: project.delete_objects(Bucket=own, Delete={"Objects": [{"Key": "a/b"}]}),
        lambda: project.copy_object(Bucket=own, Key="c", CopySource=f"{other}/a/b"),
        lambda: project.put_bucket_versioning(
            Bucket=own, VersioningConfiguration={"Status": "Suspended"}
        ),
        lambda: project.create_bucket(Bucket="made-by-a-project"),
        project.list_buckets,
    ):
        assert code(call) == "AccessDenied"
    assert owner.get_object(Bucket=own, Key="a/b")["Body"].read() == b"content"


def test_nothing_is_refused_by_itself(service: StoreService, owner: Any) -> None:
    """Without the policy's own refusals a user lists all buckets, and makes some of its own."""
    foreign = bucket(service)
    project = user(service)
    assert foreign in {each["Name"] for each in project.list_buckets()["Buckets"]}
    assert code(lambda: project.list_objects_v2(Bucket=foreign)) == "AccessDenied"
    own = f"own-of-a-project-{next(_NUMBERS)}"
    project.create_bucket(Bucket=own)
    project.put_object(Bucket=own, Key="a", Body=b"out")
    assert code(lambda: owner.get_object(Bucket=own, Key="a")) == "AccessDenied"
    project.delete_object(Bucket=own, Key="a")
    project.delete_bucket(Bucket=own)
    assert code(lambda: project.list_objects_v2(Bucket=own)) == "AccessDenied"


def test_a_refusal_counts_for_an_owner_too(service: StoreService, owner: Any) -> None:
    name = bucket(service)
    owner.put_object(Bucket=name, Key="a", Body=b"x")
    statement = {"Effect": "Deny", "Action": ["s3:DeleteObject"], "Resource": [f"{arn(name)}/*"]}
    service.put_policy(OWNER, json.dumps({"Statement": [statement]}))
    try:
        assert code(lambda: owner.delete_object(Bucket=name, Key="a")) == "AccessDenied"
    finally:
        service.put_policy(OWNER, "")
    owner.delete_object(Bucket=name, Key="a")


def test_what_is_revoked_counts_at_the_next_request(service: StoreService, owner: Any) -> None:
    name = bucket(service)
    owner.put_object(Bucket=name, Key="a", Body=b"x")
    service.put_user("leaver")
    service.put_policy("leaver", reading([arn(name)], READS, ["198.51.100.0/24"]))
    service.put_key("leaver-key", "leaver")
    leaver = client(service, "leaver-key")
    url = leaver.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a"})
    assert opened(service, url) == 200
    service.put_policy("leaver", "")
    assert code(lambda: leaver.get_object(Bucket=name, Key="a")) == "AccessDenied"
    assert opened(service, url) == 403
    service.drop_key("leaver-key")
    assert code(lambda: leaver.get_object(Bucket=name, Key="a")) == "InvalidAccessKeyId"
    service.put_key("leaver-key", "leaver")
    assert code(lambda: leaver.get_object(Bucket=name, Key="a")) == "SignatureDoesNotMatch"


def opened(service: StoreService, url: str) -> int:
    try:
        with urllib.request.urlopen(url, context=service.machine.trust) as response:  # noqa: S310
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_signed_address_is_for_what_was_signed(service: StoreService, owner: Any) -> None:
    name = bucket(service)
    for key in ("a", "b"):
        owner.put_object(Bucket=name, Key=key, Body=b"x")
    url = owner.generate_presigned_url("get_object", Params={"Bucket": name, "Key": "a"})
    assert opened(service, url) == 200
    assert opened(service, url.replace(f"{name}/a", f"{name}/b")) == 403
    ended = owner.generate_presigned_url(
        "get_object", Params={"Bucket": name, "Key": "a"}, ExpiresIn=0
    )
    assert opened(service, ended) == 403
    assert opened(service, url.partition("?")[0]) == 403


def test_a_new_version_is_locked_as_its_bucket_says(service: StoreService, owner: Any) -> None:
    name = bucket(service, versions=True, locks=True, days=30)
    version = owner.put_object(Bucket=name, Key="a b/é", Body=b"x")["VersionId"]
    upload = owner.create_multipart_upload(Bucket=name, Key="large")["UploadId"]
    part = owner.upload_part(
        Bucket=name, Key="large", UploadId=upload, PartNumber=1, Body=b"x" * 5_000_000
    )
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = owner.complete_multipart_upload(
        Bucket=name, Key="large", UploadId=upload, MultipartUpload=parts
    )
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=29)
    for key, found in (("a b/é", version), ("large", done["VersionId"])):
        told = owner.get_object_retention(Bucket=name, Key=key, VersionId=found)["Retention"]
        assert told["Mode"] == "COMPLIANCE"
        assert told["RetainUntilDate"] > ends
        with pytest.raises(ClientError):
            owner.delete_object(Bucket=name, Key=key, VersionId=found)


def test_a_lock_is_not_added_to_a_bucket_made_without(service: StoreService, owner: Any) -> None:
    name = bucket(service, versions=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    assert (
        code(lambda: owner.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock))
        == "InvalidBucketState"
    )
    lacking = "ObjectLockConfigurationNotFoundError"
    assert code(lambda: owner.get_object_lock_configuration(Bucket=name)) == lacking
    service.put_bucket(name, BucketSettings(OWNER, versions=True, locks=True, days=1))
    assert code(lambda: owner.get_object_lock_configuration(Bucket=name)) == lacking


def test_what_nothing_heeds_is_recorded(service: StoreService, owner: Any) -> None:
    name = bucket(service)
    lacking = "NoSuchLifecycleConfiguration"
    assert code(lambda: owner.get_bucket_lifecycle_configuration(Bucket=name)) == lacking
    rule = {"ID": "expire", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 90}}
    owner.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    (told,) = owner.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert told["Expiration"] == {"Days": 90}
    owner.delete_bucket_lifecycle(Bucket=name)
    assert code(lambda: owner.get_bucket_lifecycle_configuration(Bucket=name)) == lacking
    assert "LoggingEnabled" not in owner.get_bucket_logging(Bucket=name)
    target = {"TargetBucket": "logs", "TargetPrefix": "zone/"}
    owner.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": target})
    assert owner.get_bucket_logging(Bucket=name)["LoggingEnabled"] == target
    (grant,) = owner.get_bucket_acl(Bucket=name)["Grants"]
    assert (grant["Grantee"]["ID"], grant["Permission"]) == (OWNER, "FULL_CONTROL")
    unoffered = code(lambda: owner.put_bucket_policy(Bucket=name, Policy="{}"))
    assert unoffered == "NotImplemented"


def test_a_bucket_with_objects_is_not_removed(service: StoreService, owner: Any) -> None:
    name = bucket(service)
    owner.put_object(Bucket=name, Key="a", Body=b"x")
    with pytest.raises(ProviderError, match="BucketNotEmpty"):
        service.drop_bucket(name)
    owner.delete_object(Bucket=name, Key="a")
    service.drop_bucket(name)
    service.drop_bucket(name)
    assert code(lambda: owner.put_object(Bucket=name, Key="a", Body=b"x")) == "AccessDenied"


@pytest.mark.parametrize(
    ("statement", "answer"),
    [
        ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn('z')}/*"}, "allowed"),
        ({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}, "allowed"),
        ({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}, "silent"),
        ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": arn("z")}, "silent"),
        ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{arn('zz')}/*"}, "silent"),
        ({"Effect": "Deny", "Action": ["s3:*"], "Resource": ["*"]}, "refused"),
        ({"Effect": "Perhaps"}, "refused"),
    ],
    ids=["named", "wild", "other act", "bucket alone", "other bucket", "refused", "damaged"],
)
def test_policies_are_evaluated(statement: dict[str, Any], answer: str) -> None:
    document = json.dumps({"Statement": [statement]})
    assert evaluated(document, "s3:GetObject", "z/a") == PolicyAnswer(answer)


def test_a_condition_that_is_not_understood_never_allows() -> None:
    condition = {"StringEquals": {"aws:SourceVpc": "vpc"}}
    named = {"Action": "s3:GetObject", "Resource": "*", "Condition": condition}
    allow = json.dumps({"Statement": {"Effect": "Allow", **named}})
    deny = json.dumps({"Statement": {"Effect": "Deny", **named}})
    assert evaluated(allow, "s3:GetObject", "z/a") is PolicyAnswer.SILENT
    assert evaluated(deny, "s3:GetObject", "z/a") is PolicyAnswer.REFUSED


def test_rclone_copies_and_checks(service: StoreService, tmp_path: Path) -> None:
    found = shutil.which("rclone") or str(Path(sys.executable).parent / "rclone")
    if not Path(found).exists():
        pytest.skip("rclone is not installed: make .venv/bin/rclone")
    name = bucket(service, versions=True, locks=True, days=1)
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "large").write_bytes(os.urandom(12 << 20))
    (tmp_path / "from" / "é ü.txt").write_text("content")
    keys = service.credentials("owner-key")
    environment = {
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CA_CERT": str(service.machine.authority),
        "RCLONE_S3_PROVIDER": "Other",
        "RCLONE_S3_ENDPOINT": service.endpoint,
        "RCLONE_S3_REGION": "gra",
        "RCLONE_S3_UPLOAD_CUTOFF": "5M",
        "RCLONE_S3_ACCESS_KEY_ID": keys.access,
        "RCLONE_S3_SECRET_ACCESS_KEY": keys.secret,
        "HOME": str(tmp_path),
    }
    for words in (["copy", "--retries", "1"], ["check", "--download"]):
        done = subprocess.run(
            [found, *words, str(tmp_path / "from"), f":s3:{name}"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def test_the_service_comes_back_after_a_kill(service: StoreService, owner: Any) -> None:
    name = bucket(service, versions=True, locks=True, days=1)
    version = owner.put_object(Bucket=name, Key="a", Body=b"first")["VersionId"]
    for each in service.machine.statuses():
        assert each.pid
        os.kill(each.pid, signal.SIGKILL)
    until(lambda: all(each.state == "running" for each in service.machine.statuses()))
    found = client(service, "owner-key")
    assert found.get_object(Bucket=name, Key="a", VersionId=version)["Body"].read() == b"first"
    with pytest.raises(ClientError):
        found.delete_object(Bucket=name, Key="a", VersionId=version)


def test_secrets_are_in_closed_files_and_in_no_log(service: StoreService) -> None:
    folder = service.machine.folder
    file = service.machine.secret_file(secret_name("owner-key"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = file.read_bytes()
    kept = (folder.root / "sandbox" / "s3" / "catalogue.sqlite").read_bytes()
    logs = b"".join(path.read_bytes() for path in folder.logs.glob("*.log"))
    assert secret
    assert secret not in kept + logs
    assert SERVICE in {each.name for each in service.machine.statuses()}
