"""Calls of S3 that carry objects, without what boto3 does around each of them.

boto3 takes several milliseconds of a processor for a call, and a copy makes millions. What it knows
of the calls is read from its own description of S3; here they are signed (AWS Signature Version 4,
"Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference) and sent over
connections that stay open.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import http.client
import re
import select
import ssl
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from havre.live.wrappers import Hashed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OPERATIONS: Mapping[str, str] = {
    "get_object": "GetObject",
    "head_object": "HeadObject",
    "put_object": "PutObject",
    "upload_part": "UploadPart",
}
"""Operations that are sent from here, with the service's names for them."""
SCOPE = "aws4_request"
NOTHING = hashlib.sha256().hexdigest()
BLOCK = 2**18
"""Bytes of a body that are sent at once."""
IDLE = 64
"""So many connections are kept open."""
FAILED = 300
"""The first status that is no success."""
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,100})</Code>")


@dataclass(frozen=True)
class Signature:
    """Signs requests to a region of a service.

    Attributes:
        access: the access key.
        secret: what belongs to it.
        region: name of the region.
    """

    access: str
    secret: str = field(repr=False)
    region: str

    def headers(
        self, method: str, target: tuple[str, str], given: Mapping[str, str], now: dt.datetime
    ) -> dict[str, str]:
        """Headers of a request, with its signature.

        Args:
            method: such as `GET`.
            target: path and query, both encoded; the query sorted.
            given: all other headers by lower-case name, `host` and `x-amz-content-sha256` too.
            now: UTC.
        """
        moment, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
        stated = {**given, "x-amz-date": moment}
        names = sorted(stated)
        lines = [f"{name}:{' '.join(stated[name].split())}" for name in names]
        signed, scope = ";".join(names), f"{day}/{self.region}/s3/{SCOPE}"
        request = (method, *target, *lines, "", signed, given["x-amz-content-sha256"])
        digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
        signature = hmac.new(self._key(day), to_sign.encode(), hashlib.sha256).hexdigest()
        stated["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access}/{scope}, "
            f"SignedHeaders={signed}, Signature={signature}"
        )
        return stated

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret}".encode()
        for word in (day, self.region, "s3", SCOPE):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        return key


@dataclass(frozen=True)
class RequestForm:
    """How an operation is written as a request, by boto3's names for its arguments.

    Attributes:
        name: the service's.
        method: of HTTP.
        headers: names of headers, and whether each is an instant.
        query: names in the query.
        answers: by name of a header in lower case: boto3's name and what reads its value.
    """

    name: str
    method: str
    headers: Mapping[str, tuple[str, bool]]
    query: Mapping[str, str]
    answers: Mapping[str, tuple[str, Callable[[str], Any]]]


def request_form(model: Any, name: str) -> RequestForm:
    """An operation, from botocore's description of the service."""
    found = model.operation_model(name)
    headers: dict[str, tuple[str, bool]] = {}
    query: dict[str, str] = {}
    for argument, shape in found.input_shape.members.items():
        where, theirs = shape.serialization.get("location"), shape.serialization.get("name", "")
        if where == "header":
            headers[argument] = theirs.lower(), shape.type_name == "timestamp"
        elif where == "querystring":
            query[argument] = theirs
    answers = {
        shape.serialization["name"].lower(): (argument, _READERS.get(shape.type_name, str))
        for argument, shape in found.output_shape.members.items()
        if shape.serialization.get("location") == "header"
    }
    return RequestForm(name, found.http["method"], headers, query, answers)


def _instant(value: str) -> dt.datetime | str:
    """An instant in one of the two ways in which S3 writes it, or what stands there instead."""
    for read in (parsedate_to_datetime, dt.datetime.fromisoformat):
        with contextlib.suppress(ValueError):
            return read(value)
    return value


_READERS: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "boolean": "true".__eq__,
    "timestamp": _instant,
}
METADATA = "x-amz-meta-"


@dataclass(frozen=True)
class SignedCalls:
    """Asks a service for the operations of `OPERATIONS`; threads may share it.

    Attributes:
        endpoint: address of the service.
        signature: whose rights are used.
        authority: file with the certification authority to trust; empty: the system's.
        timeout: seconds to connect, and to wait for an answer.
        client: boto3's, which has its description of S3.
    """

    endpoint: str
    signature: Signature
    authority: str
    timeout: float
    client: Any = field(repr=False)
    _idle: list[http.client.HTTPConnection] = field(default_factory=list, repr=False)
    _known: dict[str, RequestForm] = field(default_factory=dict, repr=False)

    def ask(self, operation: str, bucket: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to an operation, its body read.

        Raises:
            ClientError: the service refuses.
            HTTPClientError: the connection fails.
        """
        known = self._known.get(operation)
        if known is None:
            model = self.client.meta.service_model
            known = self._known[operation] = request_form(model, OPERATIONS[operation])
        body, size, digest = _payload(arguments.get("Body"))
        given = {"host": self._host, "x-amz-content-sha256": digest, **_headers(known, arguments)}
        query = {known.query[name]: arguments[name] for name in known.query if name in arguments}
        path = "/" + quote(f"{bucket}/{arguments['Key']}", safe="/~")
        asked = urlencode(sorted(query.items()), quote_via=quote)
        now = dt.datetime.now(dt.UTC)
        headers = self.signature.headers(known.method, (path, asked), given, now)
        if known.method == "PUT":
            headers["content-length"] = str(size)
        target = f"{path}?{asked}" if asked else path
        return _answer(known, *self._exchange(known.method, target, headers, body))

    def _exchange(
        self, method: str, target: str, headers: dict[str, str], body: Any
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """A response and its body; the connection is kept where nothing went wrong."""
        from botocore.exceptions import HTTPClientError

        connection = self._connection()
        broken = False
        try:
            try:
                connection.request(method, target, body, _encoded(headers))
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                # It may have answered before it read the body. Of TLS 1.3, OpenSSL does not always
                # show that answer; then none came.
                broken = True
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise HTTPClientError(error=type(error).__name__) from error
        except BaseException:
            connection.close()
            raise
        if not broken and len(self._idle) < IDLE:
            self._idle.append(connection)
        else:
            connection.close()
        return response, content

    def _connection(self) -> http.client.HTTPConnection:
        while self._idle:
            try:
                found = self._idle.pop()
            except IndexError:  # another thread took it
                break
            if found.sock is None or not select.select([found.sock], [], [], 0)[0]:
                return found
            found.close()  # the service has closed it
        where = urlsplit(self.endpoint)
        kind: Callable[..., http.client.HTTPConnection] = http.client.HTTPConnection
        if where.scheme == "https":
            kind = partial(http.client.HTTPSConnection, context=self._trust)
        return kind(where.netloc, timeout=self.timeout, blocksize=BLOCK)

    @cached_property
    def _host(self) -> str:
        where = urlsplit(self.endpoint)
        usual = {"https": 443, "http": 80}[where.scheme]
        return str(where.hostname) if where.port in (None, usual) else where.netloc

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority or None)


def _payload(body: Any) -> tuple[IO[bytes] | bytes | None, int, str]:
    """What is sent, its bytes, and their SHA-256."""
    if body is None:
        return None, 0, NOTHING
    if isinstance(body, bytes):
        return body, len(body), hashlib.sha256(body).hexdigest()
    start = body.tell()
    if isinstance(body, Hashed) and start == 0:
        return body.getvalue(), len(body.getbuffer()), body.digest.hex()
    digest = hashlib.sha256()
    while block := body.read(BLOCK):
        digest.update(block)
    size = body.tell() - start
    body.seek(start)
    return body, size, digest.hexdigest()


def _headers(known: RequestForm, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Arguments that stand in headers."""
    found: dict[str, str] = {}
    for argument, value in arguments.items():
        if argument == "Metadata":
            found |= {f"{METADATA}{name.lower()}": each for name, each in value.items()}
        elif argument in known.headers:
            name, instant = known.headers[argument]
            found[name] = f"{value.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}" if instant else value
    return found


def _encoded(headers: Mapping[str, str]) -> dict[str, bytes]:
    return {name: value.encode() for name, value in headers.items()}


def _answer(known: RequestForm, response: http.client.HTTPResponse, body: bytes) -> dict[str, Any]:
    """What a response says, by boto3's names.

    Raises:
        ClientError: it is a refusal.
    """
    from botocore.exceptions import ClientError

    if response.status >= FAILED:
        code = _CODE.search(body)
        told = {
            "Error": {"Code": code[1].decode() if code else str(response.status)},
            "ResponseMetadata": {"HTTPStatusCode": response.status},
        }
        raise ClientError(told, known.name)
    answer: dict[str, Any] = {"Body": body, "Metadata": {}}
    for name, value in response.getheaders():
        lowered = name.lower()
        if lowered in known.answers:
            argument, read = known.answers[lowered]
            answer[argument] = read(value)
        elif lowered.startswith(METADATA):
            answer["Metadata"][lowered.removeprefix(METADATA)] = value
    return answer
