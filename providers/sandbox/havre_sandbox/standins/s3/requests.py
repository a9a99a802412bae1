"""What a request of S3 asks for: actions of policies, and on what.

Names of actions: Amazon S3 User Guide, Required permissions for Amazon S3 API operations; of a
version the same as of its object (OVHcloud lists no others).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre_sandbox.standins.web.exchange import Request

LIST_BUCKETS = "s3:ListAllMyBuckets"
CREATE_BUCKET = "s3:CreateBucket"
_BUCKET_READS: Mapping[str, str] = {
    "location": "s3:GetBucketLocation",
    "acl": "s3:GetBucketAcl",
    "versioning": "s3:GetBucketVersioning",
    "object-lock": "s3:GetBucketObjectLockConfiguration",
    "lifecycle": "s3:GetLifecycleConfiguration",
    "encryption": "s3:GetEncryptionConfiguration",
    "tagging": "s3:GetBucketTagging",
    "cors": "s3:GetBucketCORS",
    "logging": "s3:GetBucketLogging",
    "replication": "s3:GetReplicationConfiguration",
    "website": "s3:GetBucketWebsite",
    "uploads": "s3:ListBucketMultipartUploads",
    "versions": "s3:ListBucketVersions",
}
_BUCKET_WRITES: Mapping[str, str] = {
    "acl": "s3:PutBucketAcl",
    "versioning": "s3:PutBucketVersioning",
    "object-lock": "s3:PutBucketObjectLockConfiguration",
    "lifecycle": "s3:PutLifecycleConfiguration",
    "encryption": "s3:PutEncryptionConfiguration",
    "tagging": "s3:PutBucketTagging",
    "cors": "s3:PutBucketCORS",
    "logging": "s3:PutBucketLogging",
    "replication": "s3:PutReplicationConfiguration",
    "website": "s3:PutBucketWebsite",
}
_OBJECT_PARTS: Mapping[str, str] = {
    "tagging": "Tagging",
    "acl": "Acl",
    "retention": "Retention",
    "legal-hold": "LegalHold",
}
RECORDED = frozenset({"lifecycle", "encryption", "replication", "logging", "website", "acl"})
"""Documents of a bucket that nothing heeds here."""
_BYPASS = "x-amz-bypass-governance-retention"


@dataclass(frozen=True)
class Asked:
    """An act on a resource.

    Attributes:
        action: of policies.
        resource: bucket, or `BUCKET/KEY`; `*`: all buckets.
    """

    action: str
    resource: str


def names(request: Request) -> tuple[str, str]:
    """Bucket and key of a request; empty where it names none."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    return unquote(bucket), unquote(key)


def asked(request: Request) -> Iterator[Asked]:
    """All that a request needs; what is in the body of a deletion of many comes beside."""
    bucket, key = names(request)
    if not bucket:
        yield Asked(LIST_BUCKETS, "*")
    elif not key:
        yield Asked(_of_bucket(request), bucket)
    else:
        yield from _of_object(request, bucket, key)


def _of_bucket(request: Request) -> str:
    known = _BUCKET_READS if request.method in ("GET", "HEAD") else _BUCKET_WRITES
    part = next((name for name in request.query if name in known), "")
    if part:
        return known[part]
    if request.method == "PUT":
        return CREATE_BUCKET
    if request.method == "DELETE":
        return "s3:DeleteBucket"
    return "s3:DeleteObject" if request.method == "POST" else "s3:ListBucket"


def _of_object(request: Request, bucket: str, key: str) -> Iterator[Asked]:
    resource = f"{bucket}/{key}"
    part = next((name for name in request.query if name in _OBJECT_PARTS), "")
    verb = {"GET": "Get", "HEAD": "Get", "DELETE": "Delete"}.get(request.method, "Put")
    if "uploadId" in request.query and verb in ("Get", "Delete"):
        action = "s3:AbortMultipartUpload" if verb == "Delete" else "s3:ListMultipartUploadParts"
        yield Asked(action, resource)
        return
    yield Asked(f"s3:{verb}Object{_OBJECT_PARTS.get(part, '')}", resource)
    if request.header(_BYPASS).lower() == "true":
        yield Asked("s3:BypassGovernanceRetention", resource)
    source = request.header("x-amz-copy-source")
    if source:
        yield Asked("s3:GetObject", unquote(source.partition("?")[0]).lstrip("/"))


def deleted(bucket: str, body: bytes) -> Iterator[Asked]:
    """What a deletion of many objects needs.

    Raises:
        xml.etree.ElementTree.ParseError: it is none.
    """
    for found in ET.fromstring(body).iter():  # noqa: S314 - expat bounds entities
        if found.tag.rpartition("}")[2] == "Key":
            yield Asked("s3:DeleteObject", f"{bucket}/{found.text or ''}")
