"""The S3 interface, as every provider that has one is reached.

The one place where a client is set up: path addressing, checksums only where the interface
requires them, no proxy or profile of the environment, and errors classed by what can be done.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Any

from havre.errors import MissingDependencyError
from havre.live.limits import Limits
from havre.live.signed import OPERATIONS, Signature, SignedCalls
from havre.live.wrappers import Failure, Remedy, sent

TIMEOUT = 30.0
"""Seconds to connect, and to wait for an answer."""
AGAIN = frozenset(
    {
        "SlowDown",
        "ServiceUnavailable",
        "InternalError",
        "RequestTimeout",
        "BadDigest",
        "InvalidDigest",
        "XAmzContentSHA256Mismatch",
        "XAmzContentChecksumMismatch",
    }
)
"""Answers that may be better next time: overload, time-outs, and damage on the way."""
AGAIN_STATUS = (429, 500, 502, 503, 504)
NOT_THERE = frozenset({"NoSuchBucket", "NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404"})
"""Answers that mean that what was asked for does not exist."""
REFUSED = frozenset(
    {
        *("AccessDenied", "AllAccessDisabled", "AccountProblem", "NotSignedUp", "401", "403"),
        *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
    }
)
"""Answers that refuse whoever asks (Amazon S3 API Reference, Error responses; read 2026-11-30)."""
UNMET = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412"})
"""Answers to a call whose own condition does not hold."""
OVERLOADED_STATUS = (429, 503)
LIMITS = Limits(
    source="Amazon S3 API Reference and User Guide, multipart upload limits; read on 2026-11-29",
    object_size=5 * 2**40,
    call_size=5 * 2**30,
    key_bytes=1024,
    metadata_lowered=True,
)
"""Of the interface; a service may have others."""
ORDER = "ListedOrder"
"""In a page of versions: `V` for each version and `M` for each delete marker, as they came."""
_LISTED = re.compile(rb"<(Version|DeleteMarker)[ >]")
READ = "read_object"
"""Asks a bucket for `get_object` with its body read: a body that breaks off is asked for again."""
SIGN = "sign_object"
"""Has a bucket sign an URL that reads an object for `Seconds`; nothing is sent."""
LONGEST_URL = 604_800
"""Seconds for which a signed URL is valid at most (Amazon S3 API Reference, Authenticating
Requests: Using Query Parameters, X-Amz-Expires; read on 2026-11-30)."""


@dataclass(frozen=True)
class Address:
    """Where a service is, and how its server is verified.

    Attributes:
        endpoint: address of the service.
        region: name of the region, for signatures.
        authority: file with the certification authority to trust; empty: the system's.
        direct: whether the environment's proxies are passed by, as on this machine.
    """

    endpoint: str
    region: str
    authority: str = ""
    direct: bool = False


@dataclass(frozen=True)
class Credentials:
    """An access key and its secret, which no representation shows."""

    access: str
    secret: str = field(repr=False)


@functools.cache
def _session() -> Any:
    """boto3's parsed description of S3, which takes 0.1 s to read; no credentials."""
    try:
        import boto3
    except ImportError as error:
        message = "the S3 interface needs the package `boto3`"
        raise MissingDependencyError(message, "Install it: pip install boto3") from error
    return boto3.session.Session()


def connect(
    address: Address,
    credentials: Credentials,
    *,
    attempts: int = 1,
    timeout: float | None = None,
) -> Any:
    """A boto3 client of the service, with these credentials and nothing else's.

    Args:
        address: where the service is.
        credentials: whose rights are used.
        attempts: how often boto3 itself tries a call; one where `retrying` is wrapped around it.
        timeout: seconds to connect, and to wait for an answer; `TIMEOUT` by default.
    """
    session = _session()
    from botocore.config import Config

    client = session.client(
        "s3",
        region_name=address.region,
        endpoint_url=address.endpoint,
        verify=address.authority or None,
        aws_access_key_id=credentials.access,
        aws_secret_access_key=credentials.secret,
        config=Config(
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            signature_version="s3v4",
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=timeout or TIMEOUT,
            read_timeout=timeout or TIMEOUT,
            s3={"addressing_style": "path"},
            proxies={} if address.direct else None,
        ),
    )
    client.meta.events.register("before-parse.s3.ListObjectVersions", _keep_order)
    return client


def _keep_order(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Keep in what order a page lists versions and markers, which boto3 tells apart."""
    found = _LISTED.findall(response_dict.get("body") or b"")
    customized_response_dict[ORDER] = "".join(
        "M" if name == b"DeleteMarker" else "V" for name in found
    )


def failure(error: Exception) -> Failure | None:
    """What an error of a client means; None where it comes from elsewhere."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    if not isinstance(error, BotoCoreError | ClientError | ResponseParserError):
        return None
    code = _code(error)
    if _passing(error, code):
        return Failure(Remedy.RETRY, code, overloaded=_overloaded(error, code))
    return Failure(_remedy(code), code, unmet=code in UNMET)


def _remedy(code: str) -> Remedy:
    """What can be done about an answer that will be the same next time."""
    if code in NOT_THERE:
        return Remedy.NOT_THERE
    return Remedy.REFUSED if code in REFUSED else Remedy.GIVE_UP


def _overloaded(error: Exception, code: str) -> bool:
    """Whether the service asks for fewer calls."""
    answer = getattr(error, "response", None) or {}
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return code in ("SlowDown", "ServiceUnavailable") or status in OVERLOADED_STATUS


def _code(error: Exception) -> str:
    """The service's word for what went wrong, or the exception's own name."""
    answer = getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get("Code") or type(error).__name__)


def _passing(error: Exception, code: str) -> bool:
    """Whether the call may be taken next time: all but a considered refusal."""
    from botocore import exceptions as known
    from botocore.parsers import ResponseParserError

    if isinstance(error, known.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return code in AGAIN or status in AGAIN_STATUS
    passing = (known.HTTPClientError, known.ConnectionError, known.FlexibleChecksumError)
    return isinstance(error, (*passing, known.IncompleteReadError, ResponseParserError))


@dataclass(frozen=True)
class Bucket:
    """A bucket as a store: what is asked names it.

    Attributes:
        client: boto3's.
        name: of the bucket.
        calls: what asks for objects themselves; None: boto3 asks for everything.
        address: where the service is, for whoever is given a signed URL.
    """

    client: Any
    name: str
    calls: SignedCalls | None = field(default=None, repr=False)
    address: Address | None = None

    def ask(self, operation: str, **arguments: Any) -> Any:
        """The answer to an operation of S3, by boto3's name for it, or to `READ` or `SIGN`."""
        if operation == SIGN:
            return self._signed(**arguments)
        given, asked = sent(arguments), "get_object" if operation == READ else operation
        if self.calls is not None and asked in OPERATIONS:
            return self.calls.ask(asked, self.name, given)
        answer = getattr(self.client, asked)(Bucket=self.name, **given)
        return {**answer, "Body": answer["Body"].read()} if operation == READ else answer

    def _signed(self, Seconds: int, **named: str) -> dict[str, Any]:  # noqa: N803 - as boto3 does
        """An URL that reads an object, and by which authority its server is verified."""
        url = self.client.generate_presigned_url(
            "get_object", Params={"Bucket": self.name, **named}, ExpiresIn=Seconds
        )
        address = self.address
        authority, direct = (address.authority, address.direct) if address else ("", False)
        return {"Url": url, "Authority": authority, "Direct": direct}

    def failure(self, error: Exception) -> Failure | None:
        """What an error means."""
        return failure(error)


def bucket(address: Address, credentials: Credentials, name: str) -> Bucket:
    """A bucket whose objects are asked for without boto3, unless a proxy is in between.

    Args:
        address: where the service is.
        credentials: whose rights are used.
        name: of the bucket.
    """
    client = connect(address, credentials)
    from botocore.utils import get_environ_proxies

    if not address.direct and get_environ_proxies(address.endpoint):
        return Bucket(client, name, address=address)
    signature = Signature(credentials.access, credentials.secret, address.region)
    calls = SignedCalls(address.endpoint, signature, address.authority, TIMEOUT, client)
    return Bucket(client, name, calls, address)
