"""Servers that a probe meets: each answers as it is told, on a port of its own."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from havre.probe.handshakes import SSL_REQUEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = dt.datetime.now(dt.UTC)
REFUSED = (403, b"<Error><Code>AccessDenied</Code></Error>")
"""What a store answers to a stranger."""


@dataclass(frozen=True)
class Authority:
    """A certification authority in a folder.

    Attributes:
        folder: where its files are.
        name: of it, and of its file.
    """

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self._key.parent.mkdir(exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        self._write(self._key, key)
        made = _signed(_names(self.name), _names(self.name), key, key, 400, authority=True)
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.pem"

    @property
    def _key(self) -> Path:
        return self.folder / f"{self.name}.key"

    def certificate(self, host: str = "127.0.0.1", days: int = 300) -> Path:
        """A file with a key and a certificate for a host, valid for so many days from now."""
        mine = serialization.load_pem_private_key(self._key.read_bytes(), None)
        key = ec.generate_private_key(ec.SECP256R1())
        made = _signed(_names(host), _names(self.name), key, mine, days, host=host)
        path = self.folder / f"{self.name}-{host}-{days}.pem"
        self._write(path, key)
        with path.open("ab") as file:
            file.write(made.public_bytes(serialization.Encoding.PEM))
        return path

    @staticmethod
    def _write(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def _names(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed(  # noqa: PLR0913
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: object,
    days: int,
    *,
    host: str = "",
    authority: bool = False,
) -> x509.Certificate:
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=800))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if host:
        try:
            name: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            name = x509.DNSName(host)
        built = built.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    return built.sign(signer, hashes.SHA256())  # type: ignore[arg-type]


@dataclass(frozen=True)
class ServerSetup:
    """What a server does.

    Attributes:
        certificate: file with its key and certificate.
        least: lowest TLS version that it accepts.
        database: whether it speaks as PostgreSQL does before TLS.
        plain: what it answers to plain text; empty: it hangs up.
        anonymous: status and body of its answer to a stranger.
    """

    certificate: Path
    least: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    database: bool = False
    plain: bytes = b""
    anonymous: tuple[int, bytes] = REFUSED


@contextmanager
def serving(setup: ServerSetup) -> Iterator[int]:
    """The port of a server, as long as the context lasts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(setup.certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = setup.least
    if setup.least < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        handle = _handler(setup, context)
        thread = threading.Thread(target=_accept, args=(listening, handle), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def _accept(listening: socket.socket, handle: Callable[[socket.socket], None]) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.settimeout(5)
            handle(connection)


def _handler(setup: ServerSetup, context: ssl.SSLContext) -> Callable[[socket.socket], None]:
    def handle(connection: socket.socket) -> None:
        first = connection.recv(8, socket.MSG_PEEK)
        if setup.database and first == SSL_REQUEST:
            connection.recv(8)
            connection.sendall(b"S")
        elif not first.startswith(b"\x16"):
            connection.recv(1 << 12)
            connection.sendall(setup.plain)
            return
        with context.wrap_socket(connection, server_side=True) as secured:
            if secured.recv(1 << 12) and not setup.database:
                status, body = setup.anonymous
                head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
                secured.sendall(head.encode() + body)

    return handle
