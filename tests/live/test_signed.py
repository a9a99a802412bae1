"""Calls without boto3: signed as botocore signs them, and answered and refused in its words."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import select
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from havre.live import s3
from havre.live.signed import Signature
from havre.live.wrappers import Failure, Hashed, Remedy
from havre_local.machine.encryption.certificates import ensure_authority, ensure_certificate
from havre_local.machine.folder import Folder, prepare
from tests.live.gateways import ACCESS, SECRET, S3Gateway, gateway
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOON = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(hours=1)
NOW = dt.datetime(2026, 11, 29, 23, 5, 7, tzinfo=dt.UTC)
EVERYTHING = {
    "CacheControl": "no-store",
    "ContentType": "text/csv;  charset=utf-8",
    "ContentEncoding": "gzip",
    "Metadata": {"ward": "7", "b": "a  b"},
    "Tagging": "purpose=research&a%20b=c%2Bd",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Gateway]:
    with gateway(tmp_path_factory.mktemp("versitygw"), "--keep-alive") as found:
        yield found


@pytest.fixture(scope="module")
def bucket(server: S3Gateway) -> s3.Bucket:
    return server.bucket("signed", locks=True)


@pytest.mark.parametrize("path", ["/zone/plain", "/zone/a%20b/%C3%A9%2B~"])
@pytest.mark.parametrize("query", ["", "partNumber=1&uploadId=a%2Fb", "versionId=01M8"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_a_request_is_signed_as_botocore_signs_it(
    monkeypatch: pytest.MonkeyPatch, path: str, query: str, method: str
) -> None:
    given = {"x-amz-content-sha256": "0" * 64, "if-match": '"abc"', "x-amz-meta-a": "b   c "}
    url = f"https://store.test{path}" + (f"?{query}" if query else "")
    theirs = AWSRequest(method, url, headers=given)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW.replace(tzinfo=None))
    monkeypatch.setattr(S3SigV4Auth, "payload", lambda *_: "0" * 64)
    S3SigV4Auth(Credentials(ACCESS, SECRET), "s3", "fr-par").add_auth(theirs)
    ours = Signature(ACCESS, SECRET, "fr-par").headers(
        method, (path, query), {**given, "host": "store.test"}, NOW
    )
    assert ours["authorization"] == theirs.headers["Authorization"]


def test_no_secret_is_shown(bucket: s3.Bucket) -> None:
    assert bucket.calls is not None
    assert SECRET not in repr(bucket)
    assert SECRET not in repr(bucket.calls)
    assert SECRET not in repr(bucket.calls.signature)


@pytest.mark.parametrize("key", ["a", "a b/\u00e9+%41~", "tab\tline\n", "q?x=1#y&z;="])
def test_both_ways_say_the_same(bucket: s3.Bucket, key: str) -> None:
    plain = s3.Bucket(bucket.client, bucket.name)
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": SOON}
    body = Hashed(b"content", bytes.fromhex(SHA256))
    written = bucket.ask("put_object", Key=key, Body=body, **EVERYTHING, **lock, ContentMD5=MD5)
    named = {"Key": key, "VersionId": written["VersionId"], "IfMatch": written["ETag"]}
    for operation in ("head_object", s3.READ):
        ours, theirs = bucket.ask(operation, **named), plain.ask(operation, **named)
        theirs.pop("ResponseMetadata")
        if operation == "head_object":
            assert ours.pop("Body") == b""
        assert ours == theirs
    assert ours["Body"] == b"content"
    assert ours["Metadata"] == {"ward": "7", "b": "a  b"}
    assert ours["TagCount"] == 2
    assert plain.ask("get_object_retention", Key=key)["Retention"]["RetainUntilDate"] == SOON


SHA256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
MD5 = "mgNkuembtIDdJeHwKEyFVQ=="

REFUSED: dict[str, tuple[str, dict[str, Any], Failure]] = {
    "absent": (s3.READ, {"Key": "absent"}, Failure(Remedy.NOT_THERE, "NoSuchKey")),
    "absent head": ("head_object", {"Key": "absent"}, Failure(Remedy.NOT_THERE, "404")),
    "changed": (
        *(s3.READ, {"Key": "there", "IfMatch": '"0"'}),
        Failure(Remedy.GIVE_UP, "PreconditionFailed", unmet=True),
    ),
    "there": (
        *("put_object", {"Key": "there", "Body": b"x", "IfNoneMatch": "*", "ContentMD5": ""}),
        Failure(Remedy.GIVE_UP, "PreconditionFailed", unmet=True),
    ),
    "damaged": (
        *("put_object", {"Key": "damaged", "Body": b"x", "ContentMD5": MD5}),
        Failure(Remedy.RETRY, "BadDigest"),
    ),
    "wrong digest": (
        *("put_object", {"Key": "damaged", "Body": Hashed(b"other", bytes(32)), "ContentMD5": ""}),
        Failure(Remedy.RETRY, "XAmzContentSHA256Mismatch"),
    ),
    "no upload": (
        "upload_part",
        {"Key": "there", "Body": b"x", "UploadId": "none", "PartNumber": 1, "ContentMD5": ""},
        Failure(Remedy.NOT_THERE, "NoSuchUpload"),
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_is_classed_as_boto3s_is(bucket: s3.Bucket, what: str) -> None:
    operation, arguments, expected = REFUSED[what]
    given = {name: value for name, value in arguments.items() if value != ""}
    bucket.ask("put_object", Key="there", Body=b"content")
    for way in (bucket, s3.Bucket(bucket.client, bucket.name)):
        if what == "wrong digest" and way.calls is None:
            continue  # boto3 computes its own
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is the client's own
            way.ask(operation, **given)
        assert way.failure(caught.value) == expected


def test_another_secret_is_refused(server: S3Gateway, bucket: s3.Bucket) -> None:
    address = s3.Address(server.endpoint, "us-east-1", direct=True)
    other = s3.bucket(address, s3.Credentials(ACCESS, f"{SECRET}!"), bucket.name)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is the client's own
        other.ask(s3.READ, Key="a")
    assert other.failure(caught.value) == Failure(Remedy.REFUSED, "SignatureDoesNotMatch")


def test_a_file_is_sent_from_where_it_stands(bucket: s3.Bucket) -> None:
    file = io.BytesIO(b"before" + b"x" * 600_000)
    file.seek(6)
    bucket.ask("put_object", Key="file", Body=file)
    assert bucket.ask(s3.READ, Key="file")["Body"] == b"x" * 600_000


@contextlib.contextmanager
def breaking_off(answer: bytes, times: int = 1) -> Iterator[int]:
    """A server that sends this to each of so many connections and closes it; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            for _ in range(times):
                with contextlib.suppress(OSError):
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"?"])
def test_an_answer_that_breaks_off_may_be_asked_for_again(answer: bytes) -> None:
    with breaking_off(answer) as port:
        address = s3.Address(f"http://127.0.0.1:{port}", "us-east-1", direct=True)
        bucket = s3.bucket(address, s3.Credentials(ACCESS, SECRET), "zone")
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is the client's own
            bucket.ask(s3.READ, Key="a")
        found = bucket.failure(caught.value)
    assert found is not None
    assert found.remedy is Remedy.RETRY
    assert bucket.calls is not None
    assert bucket.calls._idle == []


UNMET = b"<Error><Code>PreconditionFailed</Code></Error>"
UNREAD = (
    b"HTTP/1.1 412 Precondition Failed\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(UNMET), UNMET)
)


@contextlib.contextmanager
def answering_early(context: ssl.SSLContext | None) -> Iterator[int]:
    """A server that answers as soon as the headers came, and closes; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            connection, _ = listener.accept()
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                connection.recv(1024)
                connection.sendall(UNREAD)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_that_comes_before_the_body_was_read_is_the_answer(
    tmp_path: Path, scheme: str
) -> None:
    context, authority = None, ""
    if scheme == "https":
        folder = Folder(tmp_path / "data")
        prepare(folder, "early")
        authority = str(ensure_authority(folder))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # later ones do not always show it
        context.load_cert_chain(ensure_certificate(folder, "object-store").path)
    with answering_early(context) as port:
        address = s3.Address(f"{scheme}://127.0.0.1:{port}", "us-east-1", authority, direct=True)
        bucket = s3.bucket(address, s3.Credentials(ACCESS, SECRET), "zone")
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is the client's own
            bucket.ask("put_object", Key="a", Body=bytes(2**23), IfNoneMatch="*")
    expected = Failure(Remedy.GIVE_UP, "PreconditionFailed", unmet=True)
    assert bucket.failure(caught.value) == expected
    assert bucket.calls is not None
    assert bucket.calls._idle == []


def test_a_large_object_that_is_there_already_is_told_so(bucket: s3.Bucket) -> None:
    given: dict[str, Any] = {"Key": "large", "Body": bytes(2**23), "IfNoneMatch": "*"}
    bucket.ask("put_object", **given)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is the client's own
        bucket.ask("put_object", **given)
    expected = Failure(Remedy.GIVE_UP, "PreconditionFailed", unmet=True)
    assert bucket.failure(caught.value) == expected


def test_a_connection_that_the_service_closed_is_opened_again() -> None:
    with breaking_off(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", times=2) as port:
        address = s3.Address(f"http://127.0.0.1:{port}", "us-east-1", direct=True)
        bucket = s3.bucket(address, s3.Credentials(ACCESS, SECRET), "zone")
        calls = bucket.calls
        assert calls is not None
        assert bucket.ask(s3.READ, Key="a")["Body"] == b"x"
        (kept,) = calls._idle
        until(lambda: bool(select.select([kept.sock], [], [], 0)[0]))
        assert bucket.ask(s3.READ, Key="a")["Body"] == b"x"


def test_where_a_proxy_is_in_between_boto3_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    known = s3.Credentials(ACCESS, SECRET)
    address = s3.Address("https://store.test", "fr-par")
    assert s3.bucket(address, known, "zone").calls is None
    monkeypatch.setenv("NO_PROXY", "store.test")
    assert s3.bucket(address, known, "zone").calls is not None


def test_a_server_whose_certificate_is_not_trusted_is_not_asked() -> None:
    with breaking_off(b"") as port:
        address = s3.Address(f"https://127.0.0.1:{port}", "us-east-1", direct=True)
        bucket = s3.bucket(address, s3.Credentials(ACCESS, SECRET), "zone")
        assert bucket.calls is not None
        assert bucket.calls._trust.check_hostname
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is the client's own
            bucket.ask(s3.READ, Key="a")
    assert isinstance(bucket.failure(caught.value), Failure)
