"""What answers for the S3 service: it knows who asks, and decides as the cloud's own store does.

What is granted goes on to versitygw, signed anew with the administrator's key.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import hashlib
import ssl
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from havre.errors import StateError
from havre.live.signed import Signature
from havre_local.machine.folder import Folder, read_secret
from havre_local.machine.objects import gateway
from havre_sandbox.standins.s3 import requests, signatures
from havre_sandbox.standins.s3.catalogue import BucketSettings, StoreCatalogue
from havre_sandbox.standins.s3.policies import PolicyAnswer, evaluated
from havre_sandbox.standins.web.exchange import HOP_BY_HOP, Body, FrontAnswer
from havre_sandbox.standins.web.server import serve
from havre_sandbox.standins.web.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre_sandbox.standins.s3.catalogue import StoreUser
    from havre_sandbox.standins.s3.requests import Asked
    from havre_sandbox.standins.web.exchange import Request

NAME = "object store"
CATALOGUE = "catalogue.sqlite"
_MOST_XML = 1 << 22
_OK, _MULTIPLE = 200, 300
_OWN = frozenset(
    {
        *("authorization", "x-amz-date", "x-amz-security-token", "content-length"),
        *("x-amz-decoded-content-length", "x-amz-trailer", "x-amz-sdk-checksum-algorithm"),
    }
)
"""Headers that are the front's own matter."""
_SIGNED_QUERY = (
    *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"),
    *("X-Amz-Signature", "X-Amz-Security-Token"),
)
_LACKING: Mapping[str, tuple[int, str]] = {
    "lifecycle": (404, "NoSuchLifecycleConfiguration"),
    "encryption": (404, "ServerSideEncryptionConfigurationNotFoundError"),
    "replication": (404, "ReplicationConfigurationNotFoundError"),
    "website": (404, "NoSuchWebsiteConfiguration"),
}
"""What is answered where a document was never set (Amazon S3 API Reference, error responses)."""
_XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@dataclass
class StoreRefusal(Exception):  # noqa: N818 - an answer, and no fault of the front's
    """A request that the service refuses, with its own code."""

    status: int
    code: str
    text: str

    def answer(self, request: Request) -> FrontAnswer:
        """The answer."""
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f"<Error><Code>{self.code}</Code><Message>{escape(self.text)}</Message>"
            f"<Resource>{escape(request.path)}</Resource></Error>"
        )
        return FrontAnswer(self.status, [("Content-Type", "application/xml")], body.encode())


@dataclass(frozen=True)
class StoreFront:
    """Answers requests of S3."""

    folder: Folder
    catalogue: StoreCatalogue
    upstream: Upstream

    def answer(self, request: Request) -> FrontAnswer:
        """The answer to a request."""
        try:
            user, payload = self._caller(request)
            bucket, key = requests.names(request)
            if bucket and not key and request.method == "POST" and "delete" in request.query:
                return self._deleted(request, user, bucket)
            for asked in requests.asked(request):
                self._decide(user, asked)
            return self._granted(request, user, payload)
        except StoreRefusal as refusal:
            return refusal.answer(request)

    def _caller(self, request: Request) -> tuple[StoreUser, str]:
        """Who asks, and what of the body is signed."""
        found = signatures.read(request)
        if found is None:
            text = "Sandbox: the request bears no signature of version 4."
            raise StoreRefusal(403, "AccessDenied", text)
        user = self.catalogue.user(found.access)
        if user is None:
            text = "Sandbox: no user has this access key, or it was revoked."
            raise StoreRefusal(403, "InvalidAccessKeyId", text)
        try:
            secret = read_secret(self.folder, user.secret)
        except StateError:
            secret = ""
        if not secret or not signatures.valid(request, found, secret):
            text = "Sandbox: the signature is not made with this key's secret."
            raise StoreRefusal(403, "SignatureDoesNotMatch", text)
        now = dt.datetime.now(dt.UTC)
        if now >= found.expires:
            raise StoreRefusal(403, "AccessDenied", "Sandbox: Request has expired.")
        if found.made - now > signatures.SKEW:
            raise StoreRefusal(403, "RequestTimeTooSkewed", "Sandbox: the clock is ahead.")
        return user, found.payload

    def _decide(self, user: StoreUser, asked: Asked) -> None:
        """Refuse what neither the policy nor the ownership of the bucket allows."""
        said = evaluated(user.policy, asked.action, asked.resource)
        if said is PolicyAnswer.ALLOWED:
            return
        if said is PolicyAnswer.SILENT:
            if asked.action in (requests.LIST_BUCKETS, requests.CREATE_BUCKET):
                return
            bucket = self.catalogue.bucket(asked.resource.partition("/")[0])
            if bucket is not None and bucket.owner == user.identifier:
                return
        text = f"Sandbox: nothing allows {asked.action}, or a policy refuses it."
        raise StoreRefusal(403, "AccessDenied", text)

    def _deleted(self, request: Request, user: StoreUser, bucket: str) -> FrontAnswer:
        """A deletion of many objects: all of them, or none."""
        try:
            body = request.body.read(_MOST_XML)
            for asked in requests.deleted(bucket, body):
                self._decide(user, asked)
        except (ValueError, ET.ParseError):
            raise StoreRefusal(400, "MalformedXML", "Sandbox: the body is not valid.") from None
        return self._forwarded(request, hashlib.sha256(body).hexdigest(), body)

    def _granted(self, request: Request, user: StoreUser, payload: str) -> FrontAnswer:
        bucket, key = requests.names(request)
        kind = next((name for name in request.query if name in requests.RECORDED), "")
        if bucket and not key and "policy" in request.query:
            text = "Sandbox: policies are of users; buckets have none."
            raise StoreRefusal(501, "NotImplemented", text)
        if bucket and not key and kind:
            return self._document(request, bucket, kind, user)
        if not key and request.method == "PUT" and "object-lock" in request.query:
            return self._locked(request, bucket, payload)
        answer = self._forwarded(request, payload, request.body)
        if _OK <= answer.status < _MULTIPLE:
            self._note(request, user, bucket, key)
            return self._stamped(request, answer, bucket, key)
        return answer

    def _note(self, request: Request, user: StoreUser, bucket: str, key: str) -> None:
        """Record a bucket that was made, or is gone."""
        if not bucket or key or request.query.keys() - set(_SIGNED_QUERY):
            return
        if request.method == "PUT" and self.catalogue.bucket(bucket) is None:
            locks = request.header("x-amz-bucket-object-lock-enabled").lower() == "true"
            self.catalogue.put_bucket(bucket, BucketSettings(user.identifier, locks=locks))
        elif request.method == "DELETE":
            self.catalogue.drop_bucket(bucket)

    def _document(self, request: Request, bucket: str, kind: str, user: StoreUser) -> FrontAnswer:
        """A document of a bucket that is recorded only."""
        if self.catalogue.bucket(bucket) is None:
            raise StoreRefusal(404, "NoSuchBucket", "Sandbox: the bucket does not exist.")
        if request.method == "PUT":
            self.catalogue.put_document(bucket, kind, self._read(request))
            return FrontAnswer(200)
        if request.method == "DELETE":
            self.catalogue.drop_document(bucket, kind)
            return FrontAnswer(204)
        content = self.catalogue.document(bucket, kind)
        if not content and kind in _LACKING:
            status, code = _LACKING[kind]
            raise StoreRefusal(status, code, f"Sandbox: the bucket has no {kind}.")
        if not content:
            content = _default(kind, user.identifier)
        return FrontAnswer(200, [("Content-Type", "application/xml")], content)

    def _read(self, request: Request) -> bytes:
        try:
            return _unframed(request).read(_MOST_XML)
        except ValueError:
            raise StoreRefusal(400, "MalformedXML", "Sandbox: the body is too large.") from None

    def _locked(self, request: Request, bucket: str, payload: str) -> FrontAnswer:
        """A default lock of a bucket, which only one made with locks can have."""
        known = self.catalogue.bucket(bucket)
        if known is None:
            raise StoreRefusal(404, "NoSuchBucket", "Sandbox: the bucket does not exist.")
        if not known.locks:
            text = "Sandbox: the bucket was made without object lock."
            raise StoreRefusal(409, "InvalidBucketState", text)
        body = self._read(request)
        answer = self._forwarded(request, _hash(payload, body), body)
        if answer.status == _OK:
            days, mode = _rule(body)
            self.catalogue.put_bucket(bucket, replace(known, days=days, mode=mode or known.mode))
        return answer

    def _stamped(self, request: Request, answer: FrontAnswer, bucket: str, key: str) -> FrontAnswer:
        """Lock a new version as its bucket says, before it is told that it exists."""
        known = self.catalogue.bucket(bucket) if key else None
        if known is None or not known.days or not _makes(request):
            return answer
        answer.whole()
        version = answer.header("x-amz-version-id")
        target = f"/{quote(bucket)}/{quote(key)}"
        query = f"retention=&versionId={quote(version, safe='')}"
        there = self._own("GET", target, query)
        if there.status != _OK:
            until = dt.datetime.now(dt.UTC) + dt.timedelta(days=known.days)
            body = (
                f"<Retention {_XMLNS}><Mode>{known.mode}</Mode>"
                f"<RetainUntilDate>{until:%Y-%m-%dT%H:%M:%SZ}</RetainUntilDate></Retention>"
            )
            there = self._own("PUT", target, query, body.encode())
        if there.status != _OK:
            text = "Sandbox: the version was written and could not be locked."
            raise StoreRefusal(500, "InternalError", text)
        return answer

    def _forwarded(self, request: Request, payload: str, body: Body | bytes) -> FrontAnswer:
        """The answer of versitygw, to a request that is signed anew."""
        given = {
            name: value
            for name, value in request.headers.items()
            if name not in _OWN and name not in HOP_BY_HOP
        }
        if isinstance(body, Body):
            body = _unframed(request)
        if payload.startswith("STREAMING-"):
            payload = signatures.UNSIGNED
            encodings = [each.strip() for each in given.pop("content-encoding", "").split(",")]
            kept = ",".join(each for each in encodings if each and each != "aws-chunked")
            given |= {"content-encoding": kept} if kept else {}
        given[signatures.SHA256] = payload
        query = signatures.sorted_query(request, *_SIGNED_QUERY)
        return self._sent(request.method, request.path, query, given, body)

    def _own(self, method: str, path: str, query: str, body: bytes = b"") -> FrontAnswer:
        """The answer to a request of the front's own."""
        given = {signatures.SHA256: hashlib.sha256(body).hexdigest(), "host": "127.0.0.1"}
        if body:
            digest = hashlib.md5(body, usedforsecurity=False).digest()
            given["content-md5"] = base64.b64encode(digest).decode()
        answer = self._sent(method, path, query, given, body)
        answer.whole()
        return answer

    def _sent(
        self, method: str, path: str, query: str, given: Mapping[str, str], body: Body | bytes
    ) -> FrontAnswer:
        key = Signature(*gateway.admin_credentials(self.folder), gateway.REGION)
        signed = key.headers(method, (path, query), given, dt.datetime.now(dt.UTC))
        return self.upstream.ask(method, f"{path}?{query}" if query else path, signed, body)


def _unframed(request: Request) -> Body:
    """The body without the frames of `aws-chunked`."""
    length = request.header("x-amz-decoded-content-length")
    if length.isdigit() and not request.body.framed:
        request.body.framed, request.body.length = True, int(length)
    return request.body


def _hash(payload: str, body: bytes) -> str:
    return hashlib.sha256(body).hexdigest() if payload.startswith("STREAMING-") else payload


def _makes(request: Request) -> bool:
    """Whether a request makes a version that names no lock of its own."""
    parts = request.query.keys() & {"tagging", "acl", "retention", "legal-hold", "partNumber"}
    if parts or request.header("x-amz-object-lock-mode"):
        return False
    return request.method == "PUT" or (request.method == "POST" and "uploadId" in request.query)


def _rule(body: bytes) -> tuple[int, str]:
    """Days and mode of a default lock."""
    found = {each.tag.rpartition("}")[2]: each.text or "" for each in ET.fromstring(body).iter()}  # noqa: S314 - versitygw has taken it
    days = int(found.get("Days") or 0) + 365 * int(found.get("Years") or 0)
    return days, found.get("Mode", "")


def _default(kind: str, owner: str) -> bytes:
    """What a bucket has where nobody said otherwise."""
    if kind == "logging":
        return f"<BucketLoggingStatus {_XMLNS}/>".encode()
    grantee = (
        '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:type="CanonicalUser"><ID>{escape(owner)}</ID></Grantee>'
    )
    grant = f"<Grant>{grantee}<Permission>FULL_CONTROL</Permission></Grant>"
    return (
        f"<AccessControlPolicy {_XMLNS}><Owner><ID>{escape(owner)}</ID></Owner>"
        f"<AccessControlList>{grant}</AccessControlList></AccessControlPolicy>"
    ).encode()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--place", type=Path, required=True)
    parser.add_argument("--gateway", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    folder = Folder(arguments.folder)
    upstream = Upstream(arguments.gateway, ssl.create_default_context(cafile=str(folder.authority)))
    front = StoreFront(folder, StoreCatalogue(arguments.place / CATALOGUE), upstream)
    serve(arguments.port, arguments.certificate, front.answer, NAME)


if __name__ == "__main__":
    _main()
