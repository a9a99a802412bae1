"""Probes of servers, as anyone sees them who reaches their addresses."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import re
import socket
import ssl
import struct
from typing import TYPE_CHECKING, Any

from havre.probe.answers import Answer, otherwise, seen, unevaluated, unseen
from havre.probe.handshakes import SECONDS, VERSIONS, connected, greet, shown
from havre.probe.subjects import HTTPS, Probe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from havre.probe.subjects import ProbeSubject, ServerAddress

DATABASE = "database"
IN_TRANSIT, DATABASE_TLS = "encryption.in-transit", "encryption.database-tls"
PRIVATE, PUBLIC_DATABASE = "exposure.private-endpoints", "exposure.public-database"
NOTHING_SENT = "It greets the server, and hangs up before anything is asked."
_REDIRECTS = (301, 302, 307, 308)
_REFUSALS = (400, 426, 497)
"""Answers of servers to plain text where they speak TLS (RFC 9110, 15.5.22; nginx)."""
_PLAIN = struct.pack("!i", 196608)
"""Version 3.0 of PostgreSQL's protocol (Frontend/Backend Protocol, StartupMessage)."""
_STRANGER = "havre_probe"
_AUTHENTICATION = "ClientAuthentication"
"""Routine of PostgreSQL that refuses what no line of `pg_hba.conf` lets in."""
_OF_TLS = re.compile(r"pg_hba|\bSSL\b|\bTLS\b|encrypt", re.IGNORECASE)
_LATER = ("28000", "28P01", "3D000", "42501")
"""SQLSTATE: the role, its password, the database or its rights. All of them are looked up once a
line of `pg_hba.conf` has let the session in."""


def _stores(subject: ProbeSubject) -> Iterable[str]:
    return subject.stores


def _database(_: ProbeSubject) -> Iterable[str]:
    return (DATABASE,)


def _server(subject: ProbeSubject, target: str) -> tuple[ServerAddress, bool]:
    if target == DATABASE:
        return subject.database, True
    return subject.stores[target], False


def old_versions(subject: ProbeSubject, target: str) -> Answer:
    """TLS below the lowest version of the warehouse file is refused, and that one is spoken."""
    server, database = _server(subject, target)
    least = subject.spec.encryption.tls.value
    raw, taken = [], []
    for version in VERSIONS:
        if version >= least:
            continue
        answer = greet(server, version, database=database)
        raw.append(f"TLS {version}: {answer.said}")
        if answer.accepted:
            taken.append(version)
    if taken:
        return otherwise(f"it accepts TLS {', '.join(taken)}; required: {least} or later", *raw)
    spoken = _spoken(server, database=database)
    raw.append(f"TLS of this machine: {spoken}")
    if not spoken.startswith("TLSv1."):
        return unseen(f"it refuses every TLS version below {least}, and speaks none above", *raw)
    return seen(f"it refuses every TLS version below {least}, and speaks {spoken}", *raw)


def _spoken(server: ServerAddress, *, database: bool) -> str:
    """The version that this machine's TLS agrees on with a server, whoever that is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            connected(server, database=database) as plain,
            context.wrap_socket(plain, server_hostname=server.host) as secured,
        ):
            return secured.version() or ""
    except OSError as error:
        return type(error).__name__


def certificate(subject: ProbeSubject, target: str) -> Answer:
    """The certificate is of the known authority, for this name, and not about to end."""
    server, database = _server(subject, target)
    if server.lacking:
        return unevaluated(f"the certificate cannot be verified: {server.lacking}")
    try:
        found = shown(server, database=database)
    except ssl.SSLCertVerificationError as error:
        return otherwise(f"its certificate is not valid: {error.verify_message}", error.reason)
    ends = ssl.cert_time_to_seconds(found.details["notAfter"])
    until = dt.datetime.fromtimestamp(ends, dt.UTC)
    raw = (
        f"subject {_named(found.details.get('subject'))}",
        f"issuer {_named(found.details.get('issuer'))}",
        f"serial {found.details.get('serialNumber')}",
        f"until {until:%Y-%m-%d}",
        found.version,
    )
    days = (until - subject.now).days
    least = subject.limits.certificate_days
    if days < least:
        told = f"its certificate ends on {until:%Y-%m-%d} (in {days} days); required: {least}"
        return otherwise(told, *raw)
    return seen(f"its certificate is valid for {server.host} for {days} more days", *raw)


def _named(names: Any) -> str:
    pairs = [pair for part in names or () for pair in part]
    return ", ".join(f"{key}={value}" for key, value in pairs)


def plain_store(subject: ProbeSubject, target: str) -> Answer:
    """Plain HTTP is refused, at the port of the store and at the usual one beside it."""
    server = subject.stores[target]
    raw, accepted = [], []
    for port in [server.port, 80] if server.port == HTTPS else [server.port]:
        try:
            said, plain = _http(server.host, port)
        except OSError as error:
            if port == server.port:  # who does not reach the store has seen nothing of it
                raise
            said, plain = f"no answer ({type(error).__name__})", False
        raw.append(f"port {port}: {said}")
        if plain:
            accepted.append(str(port))
    if accepted:
        return otherwise(f"it answers plain HTTP at port {', '.join(accepted)}", *raw)
    return seen("it refuses plain HTTP", *raw)


def _http(host: str, port: int) -> tuple[str, bool]:
    """What a port answers to plain HTTP, and whether that is more than a refusal.

    Raises:
        OSError: nothing listens there.
    """
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection((host, port), timeout=SECONDS) as connection:
        connection.settimeout(SECONDS)
        head = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(request)
            head = _until(connection, b"\r\n\r\n")
    first = head.split(b"\r\n", 1)[0].decode("latin-1")
    if not first.startswith("HTTP/"):
        return "no HTTP", False
    words = first.split()
    status = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0
    led = status in _REDIRECTS and b"\nlocation: https://" in head.lower()
    return first, not (led or status in _REFUSALS)


def _until(connection: socket.socket, end: bytes, most: int = 1 << 14) -> bytes:
    found = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        while end not in found and len(found) < most and (more := connection.recv(4096)):
            found += more
    return found


def plain_database(subject: ProbeSubject, target: str) -> Answer:
    """PostgreSQL refuses a session without TLS before it asks for a password."""
    server, _ = _server(subject, target)
    words = ("user", _STRANGER, "database", subject.outputs.database.name, "")
    body = _PLAIN + b"".join(word.encode() + b"\x00" for word in words)
    try:
        with socket.create_connection((server.host, server.port), timeout=SECONDS) as connection:
            connection.settimeout(SECONDS)
            connection.sendall(struct.pack("!i", len(body) + 4) + body)
            head = connection.recv(1 << 12)
    except (ConnectionResetError, BrokenPipeError) as error:
        return seen("it hangs up on a session without TLS", type(error).__name__)
    if head[:1] == b"R":
        return otherwise("it asks for a password without TLS", "AuthenticationRequest")
    if head[:1] == b"E":
        return _refused({part[:1].decode("latin-1"): part[1:] for part in head[5:].split(b"\x00")})
    if not head:
        return seen("it hangs up on a session without TLS", "no answer")
    return unseen("it answers what is not of PostgreSQL's protocol", head[:16].hex())


def _refused(fields: Mapping[str, bytes]) -> Answer:
    """What an error of PostgreSQL says of a session without TLS: it may come for another reason.

    The routine is in no language (Frontend/Backend Protocol, Error and Notice Message Fields).

    Args:
        fields: of the error, by their letters.
    """
    told = {name: fields.get(name, b"").decode(errors="replace") for name in "CMR"}
    said = [f"{name}{told[name]}" for name in "CM"]
    if told["R"] == _AUTHENTICATION or _OF_TLS.search(told["M"]):
        return seen("it refuses a session without TLS", *said)
    if told["C"] in _LATER:
        return otherwise("it opens a session without TLS, and refuses only what comes later", *said)
    return unseen("it refuses the session, and does not say that TLS is missing", *said)


def _hosts(subject: ProbeSubject) -> Iterable[str]:
    return subject.stores


def addresses(subject: ProbeSubject, target: str) -> Answer:
    """The name leads to private addresses, or nothing answers at the public ones."""
    server, database = _server(subject, target)
    try:
        told = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return unevaluated(f"the name {server.host} does not resolve here", str(error.strerror))
    found = sorted({str(each[4][0]) for each in told})
    public = [each for each in found if ipaddress.ip_address(each.split("%")[0]).is_global]
    raw = [f"{server.host} is {each}" for each in found]
    if not public:
        return seen(f"the name {server.host} leads to private addresses only", *raw)
    reached = []
    for each in public:
        try:
            socket.create_connection((each, server.port), timeout=SECONDS).close()
        except OSError as error:
            raw.append(f"{each} port {server.port}: {type(error).__name__}")
        else:
            raw.append(f"{each} port {server.port}: connected")
            reached.append(each)
    what = "the database" if database else "the object store"
    if reached:
        return otherwise(f"{what} answers at the public address {', '.join(reached)}", *raw)
    return unseen(f"{server.host} leads to a public address, which does not answer here", *raw)


SERVERS: tuple[Probe, ...] = (
    Probe(
        *("tls.object-store", IN_TRANSIT),
        "The object store refuses TLS versions below the required one.",
        NOTHING_SENT,
        *(_stores, old_versions),
    ),
    Probe(
        *("tls.database", DATABASE_TLS),
        "PostgreSQL refuses TLS versions below the required one.",
        NOTHING_SENT,
        *(_database, old_versions),
    ),
    Probe(
        *("certificate.object-store", IN_TRANSIT),
        "The object store's certificate is valid: authority, name and dates.",
        NOTHING_SENT,
        *(_stores, certificate),
    ),
    Probe(
        *("certificate.database", DATABASE_TLS),
        "PostgreSQL's certificate is valid: authority, name and dates.",
        NOTHING_SENT,
        *(_database, certificate),
    ),
    Probe(
        *("plain-text.object-store", IN_TRANSIT),
        "The object store refuses plain HTTP.",
        "It asks for the root of the server, without any credential.",
        *(_stores, plain_store),
    ),
    Probe(
        *("plain-text.database", DATABASE_TLS),
        "PostgreSQL refuses a session without TLS.",
        "It names a user that does not exist, and sends no password.",
        *(_database, plain_database),
    ),
    Probe(
        *("address.object-store", PRIVATE),
        "The object store answers at private addresses only.",
        "It resolves a name, opens a connection and closes it.",
        *(_hosts, addresses),
        stood_in=False,
    ),
    Probe(
        *("address.database", PUBLIC_DATABASE),
        "The database answers at no public address.",
        "It resolves a name, opens a connection and closes it.",
        *(_database, addresses),
        stood_in=False,
    ),
)
"""Probes of servers."""
