"""The resources over S3: on versitygw what it has, on a server of our own what must go wrong."""

import base64
import hashlib
import json
import os
import pickle
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from havre.errors import InputError, MissingDependencyError, ProviderError, RetryError
from havre.live import s3 as live_s3
from havre.live import wrappers
from havre.provider.dynamic import Kind, Managed, kind_at, serialised
from havre_local.machine.objects.gateway import find_program
from havre_ovh import s3
from havre_ovh.settings import S3_CREDENTIALS
from tests.ovh.stack import emc2
from tests.waits import PATIENCE, until

PROPS = {
    "bucket": "curated-1",
    "region": "us-east-1",
    "endpoint": "https://s3.gra.io.cloud.ovh.net",
    "target": "logs-1",
    "prefix": "a/",
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits are recorded instead of waited; credentials are there."""
    waits: list[float] = []
    monkeypatch.setattr(wrappers.time, "sleep", waits.append)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "admin")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-real-secret")
    return waits


# versitygw


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        program = find_program()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    root, port = tmp_path_factory.mktemp("versitygw"), free_port()
    for name in ("data", "versions"):
        (root / name).mkdir()
    process = subprocess.Popen(
        [
            program,
            f"--port=127.0.0.1:{port}",
            "--quiet",
            "posix",
            f"--versioning-dir={root / 'versions'}",
            str(root / "data"),
        ],
        env={
            "PATH": os.environ["PATH"],
            "ROOT_ACCESS_KEY_ID": "admin",
            "ROOT_SECRET_ACCESS_KEY": "not-a-real-secret",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(port) or process.poll() is not None)
        assert process.poll() is None
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(root)


@pytest.fixture
def bucket(gateway: str, monkeypatch: pytest.MonkeyPatch, request) -> dict:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", gateway)
    name = f"b-{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"
    props = {**PROPS, "bucket": name}
    s3.client(props).create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return props


def put(props: dict, *keys: str) -> list[tuple[str, str]]:
    client = s3.client(props)
    return [
        (key, client.put_object(Bucket=props["bucket"], Key=key, Body=b"x")["VersionId"])
        for key in keys
    ]


def delete(props: dict, key: str, version: str) -> None:
    s3.client(props).delete_object(Bucket=props["bucket"], Key=key, VersionId=version)


def test_a_legal_hold_keeps_every_version_below_its_prefix(bucket: dict) -> None:
    held = put(bucket, "a/1", "a/1", "a/2")
    ((free, version),) = put(bucket, "b/1")
    managed = Managed(s3.reference("legal-hold"))
    made = managed.create(bucket)
    assert made.outs["versions"] == 3
    assert made.id == f"legal-hold/{bucket['bucket']}"
    for key, number in held:
        with pytest.raises(Exception, match="AccessDenied"):
            delete(bucket, key, number)
    delete(bucket, free, version)
    assert managed.read(made.id, bucket).outs["found"] is True


def test_a_hold_that_new_objects_escape_is_found_and_made_whole(bucket: dict) -> None:
    put(bucket, "a/1")
    managed = Managed(s3.reference("legal-hold"))
    made = managed.create(bucket)
    assert not managed.diff(made.id, made.outs, bucket).changes
    ((key, version),) = put(bucket, "a/later")
    assert managed.read(made.id, made.outs).outs["found"] is False
    assert managed.diff(made.id, made.outs, bucket).changes
    assert managed.update(made.id, made.outs, bucket).outs["found"] is True
    with pytest.raises(Exception, match="AccessDenied"):
        delete(bucket, key, version)


def test_a_hold_is_lifted_with_its_resource(bucket: dict) -> None:
    ((key, version),) = put(bucket, "a/1")
    managed = Managed(s3.reference("legal-hold"))
    made = managed.create(bucket)
    managed.delete(made.id, made.outs)
    delete(bucket, key, version)
    left = s3.client(bucket).list_object_versions(Bucket=bucket["bucket"])
    assert left.get("Versions", []) == []


def test_holds_go_through_long_listings(bucket: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    put(bucket, *(f"a/{number}" for number in range(5)))
    whole = s3.client

    def paged(props: dict):
        client = whole(props)
        listing = client.list_object_versions
        client.list_object_versions = lambda **where: listing(MaxKeys=2, **where)
        return client

    monkeypatch.setattr(s3, "client", paged)
    assert Managed(s3.reference("legal-hold")).create(bucket).outs["versions"] == 5


def test_a_listing_goes_on_where_its_page_ended() -> None:
    where, page = {"Prefix": "a/"}, {"IsTruncated": True, "NextKeyMarker": "a/2"}
    assert s3._next(where, page) == {"Prefix": "a/", "KeyMarker": "a/2"}
    whole = {"Prefix": "a/", "KeyMarker": "a/2", "VersionIdMarker": "v-1"}
    assert s3._next(where, {**page, "NextVersionIdMarker": "v-1"}) == whole
    assert s3._next(whole, {"IsTruncated": False, "NextKeyMarker": "a/2"}) == {}


def test_a_private_bucket_passes_and_an_opened_one_is_an_error(bucket: dict) -> None:
    managed = Managed(s3.reference("access-list"))
    made = managed.create(bucket)
    assert not managed.diff(made.id, made.outs, bucket).changes
    client = s3.client(bucket)
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    client.put_bucket_ownership_controls(Bucket=bucket["bucket"], OwnershipControls=controls)
    client.put_bucket_acl(Bucket=bucket["bucket"], ACL="public-read")
    assert managed.read(made.id, made.outs).outs["found"] is False
    assert managed.diff(made.id, made.outs, bucket).changes
    with pytest.raises(ProviderError, match="its access list grants READ to") as caught:
        managed.update(made.id, made.outs, bucket)
    assert bucket["bucket"] in caught.value.message
    assert "--acl private" in caught.value.remedy


def test_a_bucket_that_is_not_there_is_told(bucket: dict) -> None:
    with pytest.raises(ProviderError, match=r"bucket nowhere-1: reading .* NoSuchBucket") as caught:
        Managed(s3.reference("access-list")).create({**bucket, "bucket": "nowhere-1"})
    assert "pulumi refresh" in caught.value.remedy


def test_versitygw_has_no_access_logs_and_says_so(bucket: dict) -> None:
    with pytest.raises(ProviderError, match="setting access logs was refused: NotImplemented"):
        Managed(s3.reference("logging")).create(bucket)


def test_a_wrong_secret_is_refused_at_once(
    bucket: dict, monkeypatch: pytest.MonkeyPatch, quick: list[float]
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(ProviderError, match="SignatureDoesNotMatch") as caught:
        Managed(s3.reference("access-list")).create(bucket)
    assert "wrong" not in str(caught.value)
    assert quick == []


# A server of our own


class Server(ThreadingHTTPServer):
    """Keeps what is put, and fails as told: each fault is taken once, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.kept: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.headers_seen: list[dict[str, str]] = []
        self.faults: list[Callable[[Handler], None]] = []
        self.acl = [("CanonicalUser", "<ID>owner</ID>", "FULL_CONTROL")]

    def acl_document(self) -> bytes:
        grants = "".join(
            f'<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            f' xsi:type="{kind}">{who}</Grantee><Permission>{what}</Permission></Grant>'
            for kind, who, what in self.acl
        )
        return (
            f"<AccessControlPolicy><Owner><ID>owner</ID></Owner><AccessControlList>{grants}"
            "</AccessControlList></AccessControlPolicy>"
        ).encode()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path))
        self.server.headers_seen.append(dict(self.headers))
        if self.server.faults:
            self.server.faults.pop(0)(self)
            return
        if self.command == "PUT":
            self.server.kept[self.path] = body
            self.answer(200)
        elif self.path.endswith("?acl"):
            self.answer(200, self.server.acl_document())
        else:
            empty = b"<BucketLoggingStatus></BucketLoggingStatus>"
            self.answer(200, self.server.kept.get(self.path, empty))

    do_GET = do_PUT = serve  # noqa: N815


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.05,))
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{made.server_port}")
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
        thread.join(PATIENCE)


def refuse(status: int, code: str) -> Callable[[Handler], None]:
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    return lambda handler: handler.answer(status, body)


def hang_up(handler: Handler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def truncate(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"<BucketLogg")
    handler.connection.shutdown(socket.SHUT_RDWR)


def garble(handler: Handler) -> None:
    handler.answer(200, b"<BucketLoggingStatus><Logging")


PASSING = {
    "slow-down": refuse(503, "SlowDown"),
    "unavailable": refuse(503, "ServiceUnavailable"),
    "internal": refuse(500, "InternalError"),
    "too-many": refuse(429, "TooManyRequests"),
    "request-timeout": refuse(400, "RequestTimeout"),
    "wrong-checksum": refuse(400, "BadDigest"),
    "wrong-sha256": refuse(400, "XAmzContentSHA256Mismatch"),
    "hang-up": hang_up,
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_may_pass_is_tried_again_after_growing_waits(
    server: Server, quick: list[float], fault: Callable[[Handler], None]
) -> None:
    server.faults = [fault] * 3
    made = Managed(s3.reference("logging")).create(PROPS)
    assert made.outs["found"] is True
    assert len(quick) == 3
    assert 0.25 <= quick[0] <= 0.5
    assert 1.0 <= quick[2] <= 2.0


@pytest.mark.parametrize("fault", [truncate, garble])
def test_damaged_answers_are_asked_for_again(
    server: Server, quick: list[float], fault: Callable[[Handler], None]
) -> None:
    Managed(s3.reference("logging")).create(PROPS)
    server.faults = [fault]
    assert Managed(s3.reference("logging")).read("x", PROPS).outs["found"] is True
    assert len(quick) == 1


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_what_does_not_pass_ends_in_a_clear_error(
    server: Server, quick: list[float], fault: Callable[[Handler], None]
) -> None:
    server.faults = [fault] * 50
    with pytest.raises(RetryError) as caught:
        Managed(s3.reference("logging")).create(PROPS)
    assert caught.value.message.startswith("bucket curated-1: setting access logs failed 6 times")
    assert "https://s3.gra.io.cloud.ovh.net" in caught.value.remedy
    assert len(server.asked) == wrappers.ATTEMPTS == len(quick) + 1
    assert "not-a-real-secret" not in str(caught.value)


def test_a_server_that_does_not_answer_in_time_is_tried_again(
    server: Server, quick: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = threading.Event()
    monkeypatch.setattr(live_s3, "TIMEOUT", 0.2)
    server.faults = [lambda _: silent.wait(PATIENCE) and None] * 50
    try:
        with pytest.raises(RetryError, match="failed 6 times, last: ReadTimeoutError"):
            Managed(s3.reference("access-list")).create(PROPS)
    finally:
        silent.set()
    assert len(quick) == 5


def test_a_server_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(RetryError, match="last: EndpointConnectionError"):
        Managed(s3.reference("access-list")).create(PROPS)


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "MalformedXML"])
def test_a_refusal_is_not_repeated(server: Server, quick: list[float], code: str) -> None:
    server.faults = [refuse(403, code)]
    with pytest.raises(ProviderError, match=f"bucket curated-1: .* was refused: {code}"):
        Managed(s3.reference("logging")).create(PROPS)
    assert quick == []
    assert len(server.asked) == 1


def test_waits_grow_to_their_limit_and_vary() -> None:
    for attempt in range(1, 12):
        waits = {wrappers.wait(attempt) for _ in range(20)}
        longest = min(wrappers.LONGEST_WAIT, wrappers.FIRST_WAIT * 2 ** (attempt - 1))
        assert len(waits) > 1
        assert all(longest / 2 <= wait <= longest for wait in waits)


def test_access_logs_are_set_and_read_back(server: Server) -> None:
    managed = Managed(s3.reference("logging"))
    made = managed.create(PROPS)
    kept = server.kept["/curated-1?logging"].decode()
    assert "<TargetBucket>logs-1</TargetBucket>" in kept
    assert "<TargetPrefix>a/</TargetPrefix>" in kept
    assert not managed.diff(made.id, made.outs, PROPS).changes
    managed.delete(made.id, made.outs)
    assert managed.diff(made.id, made.outs, PROPS).changes
    assert managed.read(made.id, made.outs).outs["found"] is False


@pytest.mark.usefixtures("server")
def test_access_logs_that_go_elsewhere_are_set_again() -> None:
    managed = Managed(s3.reference("logging"))
    made = managed.create(PROPS)
    managed.update(made.id, made.outs, {**PROPS, "target": "other-1"})
    assert managed.diff(made.id, made.outs, PROPS).changes


@pytest.mark.usefixtures("server")
def test_access_logs_that_are_taken_and_forgotten_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Handler, "do_PUT", lambda handler: handler.answer(200))
    with pytest.raises(ProviderError, match="access logs were set but are missing"):
        Managed(s3.reference("logging")).create(PROPS)


def test_logs_may_be_delivered_by_the_service_alone(server: Server) -> None:
    managed = Managed(s3.reference("log-target"))
    made = managed.create(PROPS)
    sent = server.kept["/curated-1?acl"].decode()
    assert sent.count(s3.DELIVERY) == 2
    assert "AllUsers" not in sent
    granted = re.findall(r"<Permission>(\w+)</Permission>", sent)
    assert granted == ["FULL_CONTROL", "WRITE", "READ_ACP"]
    assert sent.count("<ID>owner</ID>") == 2
    assert managed.diff(made.id, made.outs, PROPS).changes
    delivery = f"<URI>{s3.DELIVERY}</URI>"
    server.acl += [("Group", delivery, "WRITE"), ("Group", delivery, "READ_ACP")]
    assert not managed.diff(made.id, made.outs, PROPS).changes


@pytest.mark.parametrize(
    "grant",
    [
        ("Group", "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>", "READ"),
        ("Group", "<URI>http://acs.amazonaws.com/groups/global/AuthenticatedUsers</URI>", "WRITE"),
        ("Group", "<ID>all-users</ID>", "READ"),
        ("CanonicalUser", "<ID>somebody-else</ID>", "READ"),
        ("AmazonCustomerByEmail", "<EmailAddress>x@example.org</EmailAddress>", "READ"),
    ],
)
def test_a_grant_to_anybody_else_is_an_error(server: Server, grant: tuple) -> None:
    server.acl.append(grant)
    with pytest.raises(ProviderError, match=f"its access list grants {grant[2]} to"):
        Managed(s3.reference("access-list")).create(PROPS)


@pytest.mark.parametrize(
    ("kind", "who", "told"),
    [
        ("Group", "<URI>http://acs.example/AllUsers</URI>", "READ to http://acs.example/AllUsers"),
        ("CanonicalUser", "<ID>somebody-else</ID>", "READ to somebody-else"),
        ("AmazonCustomerByEmail", "<EmailAddress>x@example.org</EmailAddress>", "READ to somebody"),
    ],
)
def test_whoever_is_granted_something_is_named(
    server: Server, kind: str, who: str, told: str
) -> None:
    server.acl.append((kind, who, "READ"))
    with pytest.raises(ProviderError) as caught:
        Managed(s3.reference("access-list")).create(PROPS)
    assert caught.value.message == f"bucket curated-1: its access list grants {told}"


def test_the_delivery_of_logs_is_no_grant_to_others(server: Server) -> None:
    server.acl.append(("Group", f"<URI>{s3.DELIVERY}</URI>", "WRITE"))
    assert Managed(s3.reference("access-list")).create(PROPS).outs["found"] is True


def test_requests_are_as_the_service_wants_them(server: Server) -> None:
    Managed(s3.reference("access-list")).create(PROPS)
    (headers,) = server.headers_seen
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=admin/")
    assert not [name for name in headers if name.lower().startswith("x-amz-checksum")]
    assert "x-amz-trailer" not in {name.lower() for name in headers}
    (asked,) = server.asked
    assert asked == ("GET", "/curated-1?acl")


def test_checksums_only_when_required() -> None:
    config = s3.client(PROPS).meta.config
    assert config.request_checksum_calculation == "when_required"
    assert config.response_checksum_validation == "when_required"
    assert config.signature_version == "s3v4"
    assert config.retries["total_max_attempts"] == 1


def test_calls_go_to_the_buckets_endpoint_unless_they_are_redirected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    made = s3.client({**PROPS, "region": "gra"}).meta
    assert (made.endpoint_url, made.region_name) == (PROPS["endpoint"], "gra")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    assert s3.client(PROPS).meta.endpoint_url == "http://127.0.0.1:1"


def test_the_bucket_stands_in_the_path_and_not_in_the_hosts_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    named = {"Bucket": PROPS["bucket"]}
    address = s3.client(PROPS).generate_presigned_url("get_bucket_acl", Params=named)
    assert address.startswith(f"{PROPS['endpoint']}/curated-1?acl")


def test_a_call_waits_half_a_minute_to_connect_and_for_its_answer() -> None:
    config = s3.client(PROPS).meta.config
    assert (config.connect_timeout, config.read_timeout) == (30, 30)


def test_put_public_access_block_is_never_asked_for(server: Server) -> None:
    for kind in ("logging", "log-target", "access-list"):
        Managed(s3.reference(kind)).create(PROPS)
    assert not [path for _, path in server.asked if "publicAccessBlock" in path]
    assert {path.partition("?")[2] for _, path in server.asked} == {"logging", "acl"}


# State


@pytest.mark.parametrize("name", S3_CREDENTIALS)
def test_missing_credentials_are_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(InputError, match=f"bucket curated-1: the environment lacks {name}\n"):
        Managed(s3.reference("access-list")).create(PROPS)


@pytest.mark.parametrize("name", S3_CREDENTIALS)
def test_missing_credentials_are_told_before_anything_is_made(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    managed = Managed(s3.reference("logging"))
    assert managed.check({}, PROPS).failures == []
    monkeypatch.delenv(name)
    checked = managed.check({}, PROPS)
    (failure,) = checked.failures
    assert checked.inputs == PROPS
    assert failure.property == "bucket"
    assert failure.reason.startswith(f"the environment lacks {name}. Set the S3 key")
    assert "`bucket_controls`" in failure.reason


def test_without_credentials_only_inputs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    managed = Managed(s3.reference("logging"))
    assert not managed.diff("x", {**PROPS, "found": True}, PROPS).changes
    assert managed.diff("x", {**PROPS, "found": False}, PROPS).changes
    moved = managed.diff("x", PROPS, {**PROPS, "prefix": "b/"})
    assert (moved.changes, moved.replaces) == (True, [])
    assert managed.diff("x", PROPS, {**PROPS, "bucket": "b-2"}).replaces == ["bucket"]


def test_the_old_goes_before_the_new_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    moved = Managed(s3.reference("logging")).diff("x", PROPS, {**PROPS, "bucket": "b-2"})
    assert moved.delete_before_replace is True


@pytest.mark.parametrize("key", ["bucket", "region", "endpoint"])
def test_what_says_which_bucket_it_is_makes_another_resource(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    found = Managed(s3.reference("logging")).diff("x", PROPS, {**PROPS, key: "other"})
    assert (found.changes, found.replaces) == (True, [key])


def test_what_pulumi_hands_over_and_what_is_not_asked_for_is_no_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    olds = {**PROPS, "found": True, "__provider": "of yesterday"}
    news = {**PROPS, "found": None, "__provider": "of today"}
    assert not Managed(s3.reference("logging")).diff("x", olds, news).changes


class Listed:
    """A bucket whose access list is what somebody made it."""

    props = PROPS

    def __init__(self, *grants: tuple[str, dict[str, str]]) -> None:
        self.grants = [{"Permission": what, "Grantee": who} for what, who in grants]
        self.written: dict | None = None

    def ask(self, _what: str, operation: str, **words: dict) -> dict:
        if operation == "put_bucket_acl":
            self.written = words["AccessControlPolicy"]
        return {"Owner": {"ID": "me"}, "Grants": self.grants}


TO_LOGS = {"Type": "Group", "URI": s3.DELIVERY}
TO_ALL = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}


@pytest.mark.parametrize(
    ("grants", "delivers"),
    [
        ([("WRITE", TO_LOGS), ("READ_ACP", TO_LOGS)], True),
        ([("WRITE", TO_LOGS)], False),
        ([("READ_ACP", TO_LOGS)], False),
        ([("WRITE", TO_ALL), ("READ_ACP", TO_ALL)], False),
        ([("WRITE", TO_LOGS), ("READ_ACP", TO_ALL)], False),
    ],
)
def test_logs_are_delivered_by_both_rights_of_the_service(grants: list, delivers: bool) -> None:
    assert s3._delivers(Listed(*grants)) is delivers


def test_rights_are_given_to_the_owner_and_to_the_service_each_as_what_it_is() -> None:
    bucket = Listed()
    s3._ensure_target(bucket)
    assert bucket.written is not None
    assert bucket.written["Owner"] == {"ID": "me"}
    assert [(each["Permission"], each["Grantee"]) for each in bucket.written["Grants"]] == [
        ("FULL_CONTROL", {"Type": "CanonicalUser", "ID": "me"}),
        ("WRITE", TO_LOGS),
        ("READ_ACP", TO_LOGS),
    ]


def test_only_the_owner_as_a_user_is_no_other() -> None:
    assert s3._private(Listed(("FULL_CONTROL", {"Type": "CanonicalUser", "ID": "me"})))
    assert not s3._private(Listed(("READ", {"Type": "AmazonCustomerByEmail", "ID": "me"})))


@pytest.mark.parametrize(
    ("recorded", "kind"),
    [
        (
            "gASVNAAAAAAAAACMDGhhdnJlX292aC5zM5SMB01hbmFnZWSUk5QpgZR9lIwEa2luZJSMB2xvZ2dpbmeUc2Iu",
            s3.LOGGING,
        ),
        (
            "gASVNwAAAAAAAACMDGhhdnJlX292aC5zM5SMB01hbmFnZWSUk5QpgZR9lIwEa2luZJSMCmxvZy10YXJnZXSUc2Iu",
            s3.LOG_TARGET,
        ),
        (
            "gASVOAAAAAAAAACMDGhhdnJlX292aC5zM5SMB01hbmFnZWSUk5QpgZR9lIwEa2luZJSMC2FjY2Vzcy1saXN0lHNiLg==",
            s3.ACCESS_LIST,
        ),
        (
            "gASVNwAAAAAAAACMDGhhdnJlX292aC5zM5SMB01hbmFnZWSUk5QpgZR9lIwEa2luZJSMCmxlZ2FsLWhvbGSUc2Iu",
            s3.LEGAL_HOLD,
        ),
    ],
)
def test_the_state_of_a_stack_deployed_earlier_is_still_read(recorded: str, kind: Kind) -> None:
    managed = pickle.loads(base64.b64decode(recorded))  # noqa: S301 - our own, as it was written
    assert isinstance(managed, Managed)
    assert kind_at(managed.kind) is kind


def test_state_refers_to_the_code_and_holds_no_credentials() -> None:
    dynamic = [r for r in emc2().resources if r.type.startswith("pulumi-python:")]
    kinds = {r.type.rsplit(":", 1)[-1] for r in dynamic}
    assert kinds == {"BucketLogging", "LogTarget", "AccessList"}
    for resource in dynamic:
        code = base64.b64decode(resource.inputs["__provider"])
        assert len(code) < 150
        assert isinstance(pickle.loads(code), Managed)  # noqa: S301 - our own
        assert not {"accessKey", "secret"} & set(resource.inputs)
        assert "AWS" not in json.dumps(resource.inputs)


def test_reference_is_the_same_text_in_every_process() -> None:
    import sys

    ask = (
        "from havre_ovh import s3; from havre.provider.dynamic import serialised; "
        "print(serialised(s3.reference('logging')), end='')"
    )
    root = Path(s3.__file__).parents[1]
    path = os.pathsep.join([str(root), *sys.path])
    told = subprocess.run(
        [sys.executable, "-c", ask],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    ).stdout
    assert told == serialised(s3.reference("logging"))


def test_time_is_not_spent_waiting_here(server: Server, quick: list[float]) -> None:
    server.faults = [refuse(503, "SlowDown")] * 5
    Managed(s3.reference("logging")).create(PROPS)
    assert len(quick) == 5


KINDS = ("access-list", "legal-hold", "log-target", "logging")


@pytest.mark.parametrize("kind", KINDS)
def test_a_bucket_removed_by_hand_is_an_answer_and_no_error(server: Server, kind: str) -> None:
    """Refresh finds it gone, a preview plans it anew, and what is left of it can be removed."""
    gone = refuse(404, "NoSuchBucket")
    managed, olds = Managed(s3.reference(kind)), {**PROPS, "found": True, "versions": 1}
    server.faults = [gone]
    assert managed.read(f"{kind}/curated-1", olds).id in {"", None}
    server.faults = [gone]
    assert managed.diff(f"{kind}/curated-1", olds, PROPS).changes
    server.faults = [gone]
    managed.delete(f"{kind}/curated-1", olds)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bucket_that_must_not_be_looked_at_is_still_an_error(server: Server, kind: str) -> None:
    server.faults = [refuse(403, "AccessDenied")]
    with pytest.raises(ProviderError, match="AccessDenied"):
        Managed(s3.reference(kind)).read(f"{kind}/curated-1", {**PROPS, "found": True})
