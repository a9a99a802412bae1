"""The object store: each project in its own zones, and versions that nobody can delete."""

from __future__ import annotations

import contextlib
import datetime as dt
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, SSLError

from havre.errors import GuardError, InputError
from havre.live import locks
from havre_local.machine.encryption import certificates
from havre_local.machine.folder import HOST, Folder, prepare
from havre_local.machine.objects import gateway
from havre_local.machine.objects import zones as objectstore
from tests.local.conftest import WAREHOUSE, ZONES, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORBIDDEN = 403
CURATED, LANDING = ZONES["curated"], ZONES["landing"]


def refused(call: Any, **arguments: Any) -> bool:
    """Whether the object store answers 403."""
    try:
        call(**arguments)
    except ClientError as error:
        return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] == FORBIDDEN)
    return False


@pytest.fixture
def objects(machine: Machine) -> Iterator[Machine]:
    """The same object in each zone."""
    s3 = machine.admin.client()
    for bucket in ZONES.values():
        s3.put_object(Bucket=bucket, Key="stays/1.csv", Body=b"age\n41\n")
    yield machine
    for bucket in ZONES.values():
        objectstore._delete_versions(s3, bucket, list(objectstore._versions(s3, bucket)))


def test_plain_http_is_refused(machine: Machine) -> None:
    address = f"http://{HOST}:{gateway.server_port(machine.folder)}/"
    try:
        with urllib.request.urlopen(address) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        return
    assert status == 400  # what a TLS server answers to plain HTTP


def test_a_server_of_another_authority_is_refused(machine: Machine, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    prepare(other, WAREHOUSE)
    context = ssl.create_default_context(cafile=str(certificates.ensure_authority(other)))
    with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
        urllib.request.urlopen(gateway.endpoint(machine.folder), context=context)  # noqa: S310 - https


def test_the_client_verifies_the_server(machine: Machine, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    prepare(other, WAREHOUSE)
    certificates.ensure_authority(other)
    port = gateway.server_port(machine.folder)
    with pytest.raises(SSLError):
        gateway.client(other, ("a", "b"), port).list_buckets()


def test_the_administrators_client_is_kept_while_the_server_is_the_same(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = gateway.administrator(machine.folder)
    assert gateway.administrator(machine.folder) is kept
    assert set(ZONES.values()) <= {each["Name"] for each in kept.list_buckets()["Buckets"]}
    authority = machine.folder.authority.read_bytes()
    try:
        machine.folder.authority.write_bytes(authority + b"\n")
        assert gateway.administrator(machine.folder) is not kept
    finally:
        machine.folder.authority.write_bytes(authority)
    for name, other in (("admin_credentials", ("a", "b")), ("endpoint", "https://127.0.0.1:1")):
        with monkeypatch.context() as patch:
            patch.setattr(gateway, name, lambda *_, other=other: other)
            assert gateway.administrator(machine.folder) is not kept


def test_a_project_reads_its_zone(objects: Machine) -> None:
    s3 = objects.project.client()
    assert s3.get_object(Bucket=CURATED, Key="stays/1.csv")["Body"].read() == b"age\n41\n"
    assert s3.head_object(Bucket=CURATED, Key="stays/1.csv")["ContentLength"] == 7
    assert s3.list_objects_v2(Bucket=CURATED)["KeyCount"] == 1
    assert s3.list_objects(Bucket=CURATED)["Contents"][0]["Key"] == "stays/1.csv"


def test_a_project_reads_nothing_else_and_writes_nowhere(objects: Machine) -> None:
    s3 = objects.project.client()
    where = {"Bucket": CURATED, "Key": "stays/1.csv"}
    assert refused(s3.get_object, Bucket=LANDING, Key="stays/1.csv")
    assert refused(s3.list_objects_v2, Bucket=LANDING)
    assert refused(s3.put_object, **where, Body=b"")
    assert refused(s3.delete_object, **where)
    assert refused(s3.put_object_tagging, **where, Tagging={"TagSet": []})
    assert refused(s3.get_bucket_policy, Bucket=CURATED)
    assert refused(s3.delete_bucket_policy, Bucket=CURATED)
    assert refused(s3.create_bucket, Bucket="mine-alone")
    assert s3.list_buckets()["Buckets"] == []


LET_IN_ITS_ZONE = {
    "GetObject",
    "HeadBucket",
    "HeadObject",
    "ListObjects",
    "ListObjectsV2",
    "SelectObjectContent",
    # What versitygw does not know, it answers as the plain request for the object or the list.
    "CreateSession",
    "GetBucketAbac",
    "GetBucketMetadataConfiguration",
    "GetBucketMetadataTableConfiguration",
    "GetObjectAnnotation",
    "GetObjectTorrent",
}
ANSWERED_TO_ALL = {"ListBuckets", "DeleteObjects"}
"""The list has the account's own buckets: none. Each deletion has an answer of its own."""
NOT_FOR_THE_STORE = {"UpdateObjectEncryption", "WriteGetObjectResponse"}
"""Operations that the client does not send to this server."""


def argument(shape: Any, name: str, known: dict[str, Any]) -> Any:
    """Any value that fits an argument of an operation, with all that it must have."""
    if name in known:
        return known[name]
    if shape.type_name == "structure":
        return {n: argument(shape.members[n], n, known) for n in shape.required_members}
    if shape.type_name == "list":
        return [argument(shape.member, "", known)]
    plain = {"integer": 1, "long": 1, "boolean": False, "blob": b"", "map": {}}
    text = shape.enum[0] if getattr(shape, "enum", None) else "x"
    times = {"timestamp": dt.datetime.now(dt.UTC), "string": text}
    return {**plain, **times}[shape.type_name]


def every_request(s3: Any, known: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation that the client knows, with and without the version of an object."""
    for name in s3.meta.service_model.operation_names:
        shape = s3.meta.service_model.operation_model(name).input_shape
        members = shape.members if shape else {}
        arguments = {
            n: argument(members[n], n, known) for n in members if n in shape.required_members
        }
        yield name, arguments
        if "VersionId" in members:
            yield f"{name} of a version", {**arguments, "VersionId": known["VersionId"]}


def stored(machine: Machine) -> dict[str, Any]:
    """All that is kept in the zones, with what is set of them."""
    s3, found = machine.admin.client(), {}
    for bucket in ZONES.values():
        versions = s3.list_object_versions(Bucket=bucket)
        kept = [(v["Key"], v["VersionId"], v["ETag"]) for v in versions["Versions"]]
        uploads = [
            one["Key"] for one in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        ]
        policy = objectstore._statements(s3, bucket)
        found[bucket] = (kept, versions.get("DeleteMarkers", []), uploads, policy)
    return {**found, "buckets": [one["Name"] for one in s3.list_buckets()["Buckets"]]}


@pytest.mark.parametrize(("bucket", "let"), [(CURATED, LET_IN_ITS_ZONE), (LANDING, set())])
def test_of_all_operations_a_project_may_do_these_and_changes_nothing(
    objects: Machine, bucket: str, let: set[str]
) -> None:
    admin, s3 = objects.admin.client(), objects.project.client()
    first = objectstore._versions(admin, bucket)
    admin.put_object(Bucket=bucket, Key="stays/1.csv", Body=b"age\n42\n")
    upload = admin.create_multipart_upload(Bucket=bucket, Key="begun")["UploadId"]
    known = {
        "Bucket": bucket,
        "Key": "stays/1.csv",
        "VersionId": next(iter(first))["VersionId"],
        "UploadId": upload,
        "CopySource": f"{CURATED}/stays/1.csv",
        "RenameSource": "stays/1.csv",
    }
    before, done = stored(objects), set()
    for name, arguments in every_request(s3, known):
        operation = name.partition(" ")[0]
        if operation in NOT_FOR_THE_STORE:
            continue
        with contextlib.suppress(ClientError):
            getattr(s3, xform_name(operation))(**arguments)
            done.add(name)
    admin.abort_multipart_upload(Bucket=bucket, Key="begun", UploadId=upload)
    assert done - ANSWERED_TO_ALL == let
    after = stored(objects)
    assert "begun" in before[bucket][2]
    before[bucket][2].remove("begun")
    assert after == before


@pytest.mark.parametrize("where", [{}, {"VersionId": "null"}, {"VersionId": "first"}])
def test_a_deleted_object_is_gone_for_a_project(objects: Machine, where: dict[str, str]) -> None:
    """A consent was withdrawn: earlier versions are for administrators."""
    admin, s3 = objects.admin.client(), objects.project.client()
    first = admin.put_object(Bucket=CURATED, Key="withdrawn", Body=b"name")["VersionId"]
    named = {name: first if version == "first" else version for name, version in where.items()}
    admin.delete_object(Bucket=CURATED, Key="withdrawn")
    for call in (s3.get_object, s3.head_object, s3.get_object_attributes):
        attributes = {"ObjectAttributes": ["ETag"]} if "attributes" in call.__name__ else {}
        with pytest.raises(ClientError, match=r"403|404|405|AccessDenied|NoSuchKey"):
            call(Bucket=CURATED, Key="withdrawn", **named, **attributes)
    assert refused(s3.list_object_versions, Bucket=CURATED)
    assert (
        admin.get_object(Bucket=CURATED, Key="withdrawn", VersionId=first)["Body"].read() == b"name"
    )


def test_a_wrong_secret_is_refused(machine: Machine) -> None:
    account = machine.project.settings.account
    s3 = gateway.client(machine.folder, (account, "guess"))
    assert refused(s3.list_objects_v2, Bucket=CURATED)


def test_every_request_is_logged_with_its_account(objects: Machine) -> None:
    s3 = objects.project.client()
    s3.get_object(Bucket=CURATED, Key="stays/1.csv")
    assert refused(s3.get_object, Bucket=LANDING, Key="stays/1.csv")
    lines = objects.folder.log(gateway.ACCESS_LOG).read_text().splitlines()
    account = objects.project.settings.account
    mine = [line for line in lines if f" {account} " in line and "GetObject" in line]
    assert any(f"/{CURATED}/stays/1.csv 200" in line for line in mine)
    assert any(f"/{LANDING}/stays/1.csv 403" in line for line in mine)


def test_a_grant_ends_after_its_last_day_and_when_revoked(objects: Machine) -> None:
    folder, today = objects.folder, dt.datetime.now(dt.UTC).date()
    account = objectstore.ensure_account(folder, "ending")
    credentials = objectstore.read_credentials(folder, account.credentials)
    s3 = gateway.client(folder, credentials)
    objectstore.ensure_grants(folder, LANDING, account.access, today)
    s3.list_objects_v2(Bucket=LANDING)
    objectstore.ensure_grants(folder, LANDING, account.access, today - dt.timedelta(days=1))
    assert refused(s3.list_objects_v2, Bucket=LANDING)
    objectstore.ensure_grants(folder, LANDING, account.access)
    s3.list_objects_v2(Bucket=LANDING)
    objectstore.revoke_grants(folder, LANDING, account.access)
    objectstore.revoke_grants(folder, LANDING, account.access)
    assert refused(s3.list_objects_v2, Bucket=LANDING)
    objectstore.delete_account(folder, "ending")


def test_grants_of_several_accounts_stand_side_by_side(objects: Machine) -> None:
    folder = objects.folder
    for project in ("first", "second"):
        access = objectstore.ensure_account(folder, project).access
        objectstore.ensure_grants(folder, LANDING, access)
    s3 = objects.admin.client()
    assert len(objectstore._statements(s3, LANDING)) == 2
    objectstore.delete_account(folder, "first")
    assert [item["Sid"] for item in objectstore._statements(s3, LANDING)] == ["project_second"]
    objectstore.delete_account(folder, "second")
    objectstore.delete_account(folder, "second")
    assert objectstore._statements(s3, LANDING) == []


def test_a_grant_of_an_account_that_is_gone_stops_no_other(objects: Machine) -> None:
    folder = objects.folder
    gone = objectstore.ensure_account(folder, "gone").access
    objectstore.ensure_grants(folder, LANDING, gone)
    gateway.remove_account(folder, gone)
    new = objectstore.ensure_account(folder, "new").access
    objectstore.ensure_grants(folder, LANDING, new)
    s3 = objects.admin.client()
    assert [item["Sid"] for item in objectstore._statements(s3, LANDING)] == [new]
    objectstore.delete_account(folder, "new")


def test_an_account_is_repaired_to_what_its_file_says(machine: Machine) -> None:
    folder = machine.folder
    account = objectstore.ensure_account(folder, "repaired")
    before = account.credentials.read_text()
    gateway.update_account(folder, account.access, "somebody-changed-it")
    assert objectstore.ensure_account(folder, "repaired").credentials.read_text() == before
    credentials = objectstore.read_credentials(folder, account.credentials)
    assert gateway.client(folder, credentials).list_buckets()["Buckets"] == []
    objectstore.ensure_account(folder, "repaired", renew=True)
    assert account.credentials.read_text() != before
    objectstore.delete_account(folder, "repaired")
    assert not account.credentials.exists()


def test_a_zone_that_holds_data_is_not_deleted(objects: Machine) -> None:
    with pytest.raises(GuardError, match=LANDING):
        objectstore.delete_zone(objects.folder, LANDING)
    assert objectstore.zone_holds_data(objects.folder, LANDING)


def test_an_earlier_version_is_data_too(machine: Machine) -> None:
    folder, s3 = machine.folder, machine.admin.client()
    objectstore.ensure_zone(folder, "demo-emptied", versions=True, immutable_days=0)
    s3.put_object(Bucket="demo-emptied", Key="a", Body=b"1")
    s3.delete_object(Bucket="demo-emptied", Key="a")
    assert s3.list_objects_v2(Bucket="demo-emptied")["KeyCount"] == 0
    with pytest.raises(GuardError):
        objectstore.delete_zone(folder, "demo-emptied")
    assert objectstore.destroy_zone(folder, "demo-emptied") == ()
    assert objectstore.destroy_zone(folder, "demo-emptied") == ()
    assert objectstore.zone_of(folder, "demo-emptied") is None


def test_an_unfinished_upload_is_data_too(machine: Machine) -> None:
    folder, s3 = machine.folder, machine.admin.client()
    objectstore.ensure_zone(folder, "demo-upload", versions=False, immutable_days=0)
    s3.create_multipart_upload(Bucket="demo-upload", Key="a")
    assert objectstore.zone_holds_data(folder, "demo-upload")
    assert objectstore.destroy_zone(folder, "demo-upload") == ()


def test_an_empty_zone_is_deleted(machine: Machine) -> None:
    folder = machine.folder
    objectstore.ensure_zone(folder, "demo-brief", versions=True, immutable_days=5)
    objectstore.delete_zone(folder, "demo-brief")
    objectstore.delete_zone(folder, "demo-brief")
    assert objectstore.zone_of(folder, "demo-brief") is None


@pytest.fixture(scope="module")
def locked(machine: Machine) -> Machine:
    """A zone that is locked for three days, with an object of two versions."""
    for _ in range(2):
        objectstore.ensure_zone(machine.folder, "demo-locked", versions=True, immutable_days=3)
    s3 = machine.admin.client()
    for body in (b"1", b"2"):
        s3.put_object(Bucket="demo-locked", Key="a", Body=body)
    return machine


def test_a_version_is_locked_before_and_after_it_is_stamped(locked: Machine) -> None:
    s3 = locked.admin.client()
    versions = list(objectstore._versions(s3, "demo-locked"))
    assert len(versions) == 2

    def all_locked() -> bool:
        return all(
            refused(s3.delete_object, Bucket="demo-locked", Key="a", VersionId=item["VersionId"])
            for item in versions
        )

    assert all_locked()
    assert objectstore.lock_versions(locked.folder, "demo-locked") == 2
    assert objectstore.lock_versions(locked.folder, "demo-locked") == 0
    assert all_locked()
    for item in versions:
        where = {"Key": "a", "VersionId": item["VersionId"]}
        until = locks.retention(gateway.store(locked.folder, "demo-locked"), where)
        assert until == item["LastModified"] + dt.timedelta(days=3)


def test_what_the_server_locks_by_itself_ends_too_early(locked: Machine) -> None:
    """Should versitygw begin to stamp versions itself, `lock_versions` can go."""
    s3 = locked.admin.client()
    version = s3.put_object(Bucket="demo-locked", Key="fresh", Body=b"")["VersionId"]
    where = {"Key": "fresh", "VersionId": version}
    assert locks.retention(gateway.store(locked.folder, "demo-locked"), where) is None


def test_a_lock_is_not_shortened(locked: Machine) -> None:
    for days in (2, 0):
        with pytest.raises(GuardError, match="3 days"):
            objectstore.ensure_zone(
                locked.folder, "demo-locked", versions=True, immutable_days=days
            )


def test_a_lock_without_versions_is_refused(machine: Machine) -> None:
    with pytest.raises(InputError, match="versions"):
        objectstore.ensure_zone(machine.folder, "demo-wrong", versions=False, immutable_days=1)


def test_a_lock_comes_to_a_zone_that_exists_and_is_lengthened(machine: Machine) -> None:
    folder, s3 = machine.folder, machine.admin.client()
    objectstore.ensure_zone(folder, "demo-later", versions=True, immutable_days=0)
    version = s3.put_object(Bucket="demo-later", Key="a", Body=b"")["VersionId"]
    where = {"Key": "a", "VersionId": version}
    store, ends = gateway.store(folder, "demo-later"), []
    for days in (1, 4):
        objectstore.ensure_zone(folder, "demo-later", versions=True, immutable_days=days)
        assert refused(s3.delete_object, Bucket="demo-later", **where)
        ends.append(locks.retention(store, where))
    first, second = ends
    assert first is not None
    assert second is not None
    assert second - first == dt.timedelta(days=3)


def test_destruction_leaves_what_is_locked_and_names_it(machine: Machine) -> None:
    folder, s3 = machine.folder, machine.admin.client()
    objectstore.ensure_zone(folder, "demo-mixed", versions=True, immutable_days=0)
    s3.put_object(Bucket="demo-mixed", Key="free", Body=b"")
    objectstore.ensure_zone(folder, "demo-mixed", versions=True, immutable_days=2)
    version = s3.put_object(Bucket="demo-mixed", Key="held", Body=b"")["VersionId"]
    left = objectstore.destroy_zone(folder, "demo-mixed")
    assert {item.key for item in left} == {"free", "held"}
    (held,) = [item for item in left if item.key == "held"]
    assert held.version == version
    assert held.until is not None
    assert held.until > dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert s3.get_object(Bucket="demo-mixed", Key="held")
