"""TLS as a stranger sees it: versions that a server accepts, and the certificate it shows.

Whether a version is refused is asked by a greeting that is written here byte by byte (RFC 2246,
RFC 4346, RFC 5246: ClientHello): the TLS of this machine may itself refuse to speak an old one.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import ssl
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.probe.subjects import ServerAddress

SECONDS = 8.0
"""To connect, and to wait for an answer."""
VERSIONS: dict[str, bytes] = {"1.0": b"\x03\x01", "1.1": b"\x03\x02", "1.2": b"\x03\x03"}
"""On the wire. TLS 1.3 says 1.2 there and itself in an extension (RFC 8446, 4.1.2)."""
_CIPHERS = bytes.fromhex(
    "c02bc02fc02cc030cca9cca8"  # ECDHE with AES-GCM or ChaCha20, of TLS 1.2
    "c009c013c00ac014"  # ECDHE with AES-CBC, of all versions
    "009c009d002f0035000a00ff"  # RSA, and the mark of secure renegotiation
)
_ALERT, _HANDSHAKE, _SERVER_HELLO = 21, 22, 2
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""PostgreSQL's request for TLS (Frontend/Backend Protocol, SSLRequest)."""


@dataclass(frozen=True)
class Greeted:
    """What a server answered to a greeting of one version.

    Attributes:
        accepted: whether it goes on in that version.
        said: what it answered.
    """

    accepted: bool
    said: str


@contextlib.contextmanager
def connected(server: ServerAddress, *, database: bool) -> Iterator[socket.socket]:
    """A connection on which the next bytes are those of TLS.

    Raises:
        OSError: nothing answers, or the database refuses TLS.
    """
    with socket.create_connection((server.host, server.port), timeout=SECONDS) as connection:
        connection.settimeout(SECONDS)
        if database:
            connection.sendall(SSL_REQUEST)
            if (answer := connection.recv(1)) != b"S":
                message = f"PostgreSQL answers {answer!r} to a request for TLS"
                raise ConnectionRefusedError(message)
        yield connection


def greeting(version: str, host: str) -> bytes:
    """A ClientHello of a version, in one record."""
    wire = VERSIONS[version]
    extensions = b"".join(
        struct.pack("!HH", kind, len(body)) + body for kind, body in _extensions(version, host)
    )
    body = (
        wire
        + os.urandom(32)
        + b"\x00"
        + struct.pack("!H", len(_CIPHERS))
        + _CIPHERS
        + b"\x01\x00"
        + struct.pack("!H", len(extensions))
        + extensions
    )
    hello = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + struct.pack("!H", len(hello)) + hello


def _extensions(version: str, host: str) -> Iterator[tuple[int, bytes]]:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna")
        yield 0, struct.pack("!HBH", len(name) + 3, 0, len(name)) + name
    groups = bytes.fromhex("001d00170018")
    yield 10, struct.pack("!H", len(groups)) + groups
    yield 11, b"\x01\x00"
    if version == "1.2":
        schemes = bytes.fromhex("0403050306030804080508060401050106010201")
        yield 13, struct.pack("!H", len(schemes)) + schemes


def greet(server: ServerAddress, version: str, *, database: bool) -> Greeted:
    """Greet a server in one version, and hang up after its first answer.

    Raises:
        OSError: nothing answers at all.
    """
    with connected(server, database=database) as connection:
        connection.sendall(greeting(version, server.host))
        try:
            head = _exactly(connection, 6)
        except ConnectionError as error:
            return Greeted(accepted=False, said=f"it hangs up: {type(error).__name__}")
        if len(head) < 6:  # noqa: PLR2004 - a record's header and one byte
            return Greeted(accepted=False, said="it hangs up without an answer")
        if head[0] == _ALERT:
            rest = connection.recv(1)
            return Greeted(accepted=False, said=f"alert {rest[0] if rest else '?'}")
        if head[0] == _HANDSHAKE and head[5] == _SERVER_HELLO:
            chosen = _exactly(connection, 5)[3:5]
            names = {wire: name for name, wire in VERSIONS.items()}
            said = f"ServerHello of TLS {names.get(chosen, chosen.hex())}"
            return Greeted(accepted=chosen == VERSIONS[version], said=said)
    return Greeted(accepted=False, said=f"what is not TLS: {head.hex()}")


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size and (more := connection.recv(size - len(found))):
        found += more
    return found


@dataclass(frozen=True)
class ShownCertificate:
    """What a server showed whose certificate was verified.

    Attributes:
        version: of TLS, as the handshake chose it.
        details: of the certificate, as `ssl.SSLSocket.getpeercert` has them.
    """

    version: str
    details: dict[str, Any]


def shown(server: ServerAddress, *, database: bool) -> ShownCertificate:
    """Shake hands with a server, and verify its chain, its name and its dates.

    Raises:
        ssl.SSLCertVerificationError: the certificate is not valid for it.
        OSError: nothing answers.
    """
    context = ssl.create_default_context(cafile=str(server.authority) if server.authority else None)
    with (
        connected(server, database=database) as plain,
        context.wrap_socket(plain, server_hostname=server.host) as secured,
    ):
        return ShownCertificate(secured.version() or "", dict(secured.getpeercert() or {}))
