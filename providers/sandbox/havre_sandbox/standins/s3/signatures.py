"""Signatures of requests to S3: AWS Signature Version 4, in a header or in a signed address."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre_sandbox.standins.web.exchange import Request

UNSIGNED = "UNSIGNED-PAYLOAD"
SHA256 = "x-amz-content-sha256"
SKEW = dt.timedelta(minutes=15)
"""How far a client's clock may be off."""
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/s3/aws4_request,\s*"
    r"SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})"
)
_MOMENT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class StoreSignature:
    """A signature as it came.

    Attributes:
        access: the access key.
        day: of the signature.
        region: as the client names it.
        headers: names of those that are signed.
        signature: in hexadecimal.
        moment: when it was made.
        expires: from when on it is no more valid.
        payload: what is signed of the body.
    """

    access: str
    day: str
    region: str
    headers: tuple[str, ...]
    signature: str
    moment: str
    expires: dt.datetime
    payload: str

    @property
    def made(self) -> dt.datetime:
        """When it was made."""
        return _moment(self.moment)


def read(request: Request) -> StoreSignature | None:
    """The signature of a request; None: it has none that is understood."""
    found = _HEADER.fullmatch(request.header("authorization"))
    try:
        if found:
            access, day, region, headers, signature = found.groups()
            moment = request.header("x-amz-date")
            ends = _moment(moment) + SKEW
            payload = request.header(SHA256) or UNSIGNED
            names = tuple(headers.split(";"))
            return StoreSignature(access, day, region, names, signature, moment, ends, payload)
        return _of_address(request.query) if "X-Amz-Signature" in request.query else None
    except (ValueError, KeyError):
        return None


def _of_address(query: Mapping[str, str]) -> StoreSignature:
    access, day, region, _, _ = query["X-Amz-Credential"].split("/")
    moment = query["X-Amz-Date"]
    ends = _moment(moment) + dt.timedelta(seconds=int(query["X-Amz-Expires"]))
    names = tuple(query["X-Amz-SignedHeaders"].split(";"))
    signature = query["X-Amz-Signature"]
    return StoreSignature(access, day, region, names, signature, moment, ends, UNSIGNED)


def _moment(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, _MOMENT).replace(tzinfo=dt.UTC)


def valid(request: Request, found: StoreSignature, secret: str) -> bool:
    """Whether a signature is made with a secret, of this very request."""
    lines = [f"{name}:{' '.join(request.header(name).split())}" for name in found.headers]
    canonical = (
        request.method,
        urlsplit(request.target).path,
        sorted_query(request, "X-Amz-Signature"),
        *lines,
        "",
        ";".join(found.headers),
        found.payload,
    )
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    scope = f"{found.day}/{found.region}/s3/aws4_request"
    key = f"AWS4{secret}".encode()
    for word in (found.day, found.region, "s3", "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    text = f"AWS4-HMAC-SHA256\n{found.moment}\n{scope}\n{digest}"
    made = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(made, found.signature)


def sorted_query(request: Request, *without: str) -> str:
    """The query of a request, encoded, sorted, and without some names."""
    pairs = []
    for pair in filter(None, urlsplit(request.target).query.split("&")):
        name, _, value = pair.partition("=")
        if name not in without:
            pairs.append((name, value.replace("+", "%20")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
