"""What the supervisor runs: definitions of services, and the probes that they must answer."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import ssl
import struct
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from havre.errors import StateError
from havre_local.machine.folder import HOST, Folder, checked_port, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

DIRECTORY_FD = 3
"""Descriptor under which a service finds its directory open: `/proc/self/fd/3`."""
PROBE_SECONDS = 3.0
TLS_VERSIONS = ("", "1.2", "1.3")

_SSL_REQUEST = struct.pack("!II", 8, 80_877_103)
_PROTOCOL = 196_608  # PostgreSQL's protocol 3.0


class Probe(StrEnum):
    """How a service proves that it serves."""

    TLS = "tls"
    """A verified TLS handshake."""
    POSTGRESQL = "postgresql"
    """PostgreSQL's own TLS negotiation, and a server behind it that asks for a password."""
    POSTGRESQL_SOCKET = "postgresql-socket"
    """A server behind the Unix socket in the directory that asks for a password."""
    SOCKET = "socket"
    """Somebody listens on the Unix socket in the directory, whoever stands behind."""


@dataclass(frozen=True)
class Service:
    """A server process that the supervisor keeps running.

    Secrets never stand in a definition: `secret_environment` maps names of environment
    variables to names of secrets in the folder, which the supervisor reads.
    """

    name: str
    argv: tuple[str, ...]
    port: int
    probe: Probe
    directory: str
    """Opened by the supervisor and inherited as descriptor `DIRECTORY_FD`."""
    order: int
    """Services start in this order and stop in the opposite one."""
    environment: Mapping[str, str] = field(default_factory=dict)
    secret_environment: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    """Account to run as; only root can change it."""
    stop_signal: str = "SIGTERM"
    restart_on: str = ""
    """Digest of what the service reads only when it starts."""
    reload_on: str = ""
    """Digest of what the service reads again on SIGHUP, such as its certificate."""
    tls_minimum: str = ""
    """Lowest version of TLS that was asked for, so that it is defined again with it."""


@dataclass(frozen=True)
class Defined:
    """What is on record of a service: where it listens. What it runs is made from code."""

    name: str
    port: int
    probe: Probe
    order: int
    tls_minimum: str = ""


def definition_path(folder: Folder, name: str) -> Path:
    """File with the definition of the service `name`."""
    return folder.run / "services" / f"{name}.json"


def write_definition(folder: Folder, service: Service) -> None:
    """Record that the service is defined, and where it listens: what it runs is code's matter."""
    path = definition_path(folder, service.name)
    content = {
        "port": service.port,
        "order": service.order,
        "probe": service.probe.value,
        "tls_minimum": service.tls_minimum,
    }
    if not path.exists() or folder.custody.read(path) != json.dumps(content).encode():
        folder.custody.write(path, json.dumps(content).encode())


def read_definition(folder: Folder, path: Path) -> Defined:
    """Return what is on record of a service; nothing in it is run or opened.

    Raises:
        GuardError: others can have written it.
        StateError: it is no such record.
    """
    content = read_json(folder, path)
    port, order = checked_port(path, content.get("port")), content.get("order")
    known = (Probe(content["probe"]) if content.get("probe") in set(Probe) else None, order)
    tls_minimum = content.get("tls_minimum", "")
    if known[0] is None or type(order) is not int or tls_minimum not in TLS_VERSIONS:
        message = f"{path}: is not the record of a service"
        raise StateError(message, "Remove it, then run `havre up`.")
    return Defined(path.stem, port, known[0], order, tls_minimum)


def names(folder: Folder) -> frozenset[str]:
    """Return the names of all services that are defined."""
    return frozenset(path.stem for path in (folder.run / "services").glob("*.json"))


def read_definitions(folder: Folder) -> tuple[Defined, ...]:
    """Return what is on record of every service, in the order of their start."""
    found = (read_definition(folder, definition_path(folder, name)) for name in names(folder))
    return tuple(sorted(found, key=lambda service: (service.order, service.name)))


def last_first(folder: Folder) -> tuple[str, ...]:
    """Return the names of all services in the order of their end, damaged records or not."""

    def order(name: str) -> tuple[int, str]:
        try:
            return read_definition(folder, definition_path(folder, name)).order, name
        except StateError:
            return 0, name

    return tuple(sorted(names(folder), key=order, reverse=True))


def encode(services: Iterable[Service]) -> bytes:
    """Return services as `decode` reads them: what one process tells the supervisor."""
    return json.dumps([asdict(service) for service in services]).encode()


def decode(content: bytes) -> tuple[Service, ...]:
    """Return the services that `encode` wrote.

    Raises:
        ValueError, TypeError, KeyError: it is something else.
    """
    return tuple(
        Service(**{**each, "argv": tuple(each["argv"]), "probe": Probe(each["probe"])})
        for each in json.loads(content)
    )


def files_run(service: Service) -> tuple[str, ...]:
    """Files that the service runs: gone where Havre was upgraded or moved since."""
    # The program, the script of an interpreter, and what that runs in turn; other arguments may
    # name files to be made.
    words = service.argv[1:]
    behind = words[words.index("--") + 1 :][:1] if "--" in words else ()
    return (service.argv[0], *(word for word in words if word.endswith(".py")), *behind)


def restart_digest(service: Service) -> str:
    """Digest of all that a running service cannot take over without a restart."""
    content = {**asdict(service), "reload_on": ""}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def probe(folder: Folder, service: Service | Defined) -> str:
    """Return an empty string if the service serves, else what is wrong, as a sentence."""
    try:
        match service.probe:
            case Probe.TLS:
                with _connect(service.port) as raw, _handshake(folder, raw):
                    return ""
            case Probe.POSTGRESQL:
                return _probe_postgresql(folder, service.port)
            case Probe.POSTGRESQL_SOCKET:
                with _socket(folder, service.port) as connection:
                    return _startup(connection)
            case Probe.SOCKET:
                with _socket(folder, service.port):
                    return ""
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def _connect(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), PROBE_SECONDS)


def _handshake(folder: Folder, raw: socket.socket) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=str(folder.authority))
    return context.wrap_socket(raw, server_hostname=HOST)


def _probe_postgresql(folder: Folder, port: int) -> str:
    with _connect(port) as raw:
        raw.sendall(_SSL_REQUEST)
        if raw.recv(1) != b"S":
            return "the server does not speak TLS"
        with _handshake(folder, raw) as connection:
            return _startup(connection)


@contextlib.contextmanager
def _socket(folder: Folder, port: int) -> Iterator[socket.socket]:
    # Through the descriptor, since a socket's path may have 107 bytes at most.
    directory = os.open(folder.database, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PROBE_SECONDS)
            connection.connect(f"/proc/self/fd/{directory}/.s.PGSQL.{port}")
            yield connection
    finally:
        os.close(directory)


def _startup(connection: socket.socket) -> str:
    """Begin a session and see whether the server asks for a password; it ends there."""
    body = struct.pack("!I", _PROTOCOL) + b"user\0havre\0database\0postgres\0\0"
    connection.sendall(struct.pack("!I", len(body) + 4) + body)
    answer = connection.recv(512)
    if answer[:1] == b"R":
        return ""
    fields = answer[5:].split(b"\0")
    texts = [text[1:].decode("utf-8", "replace") for text in fields if text[:1] == b"M"]
    return texts[0] if texts else "the server closed the connection"
