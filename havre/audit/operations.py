"""What an operation of an object store does, by its S3 name.

Source: Amazon S3 API reference, list of actions; Amazon S3 user guide, server access log format,
`REST.HTTP_METHOD.RESOURCE_TYPE`. Read on 2026-12-01.
"""

from __future__ import annotations

import re
from functools import lru_cache

from havre.audit.accesses import Act

OBJECT_READS = frozenset(
    {"GetObject", "HeadObject", "GetObjectAttributes", "SelectObjectContent", "GetObjectTorrent"}
)
OBJECT_WRITES = frozenset(
    {
        *("PutObject", "PostObject", "CopyObject", "UploadPart", "UploadPartCopy"),
        *("CreateMultipartUpload", "CompleteMultipartUpload", "RestoreObject"),
    }
)
OBJECT_DELETES = frozenset({"DeleteObject", "DeleteObjects", "AbortMultipartUpload"})
LOG_OPERATION = re.compile(r"(?:REST|BATCH|S3)\.([A-Z]+)\.([A-Z_]+)")
OF_OBJECTS = frozenset({"OBJECT", "PART", "UPLOAD", "UPLOADS", "MULTI_OBJECT_DELETE"})
LISTED = frozenset({"BUCKET", "BUCKETVERSIONS", "SERVICE", "UPLOADS"})
OF_METHODS = {
    "GET": Act.READ,
    "HEAD": Act.READ,
    "PUT": Act.WRITE,
    "POST": Act.WRITE,
    "COPY": Act.WRITE,
    "DELETE": Act.DELETE,
    "EXPIRE": Act.DELETE,
}
"""What a method does with an object."""


@lru_cache(maxsize=512)
def act_of(operation: str) -> Act:
    """What an operation does, named as in the API (`GetObject`) or the log (`REST.GET.OBJECT`)."""
    logged = LOG_OPERATION.fullmatch(operation)
    if logged is not None:
        return _logged(logged[1], logged[2])
    if operation in OBJECT_READS:
        return Act.READ
    if operation in OBJECT_WRITES:
        return Act.WRITE
    if operation in OBJECT_DELETES:
        return Act.DELETE
    if operation.startswith("List") or operation in ("HeadBucket", "GetBucket"):
        return Act.LIST
    changes = operation.startswith(("Put", "Delete", "Create", "Update", "Change", "Set"))
    return Act.CHANGE if changes else Act.OTHER


def _logged(method: str, resource: str) -> Act:
    """What an operation of a server access log does."""
    if resource == "MULTI_OBJECT_DELETE":
        return Act.DELETE
    if resource in LISTED and method in ("GET", "HEAD"):
        return Act.LIST
    if resource in OF_OBJECTS:
        return OF_METHODS.get(method, Act.OTHER)
    return Act.CHANGE if method in ("PUT", "POST", "DELETE") else Act.OTHER
