"""What the supervisor runs: definitions of services, and the probes that they must answer."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
import struct
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from havre_local.machine.folder import HOST, Folder, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

DIRECTORY_FD = 3
"""Descriptor under which a service finds its directory open: `/proc/self/fd/3`."""
PROBE_SECONDS = 3.0

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


def definition_path(folder: Folder, name: str) -> Path:
    """File with the definition of the service `name`."""
    return folder.run / "services" / f"{name}.json"


def write_definition(folder: Folder, service: Service) -> None:
    """Write the definition, unless it already stands there."""
    path = definition_path(folder, service.name)
    content = asdict(service)
    if not path.exists() or json.loads(path.read_bytes()) != json.loads(json.dumps(content)):
        write_json(path, content)


def read_definition(path: Path) -> Service:
    """Return the definition in `path`."""
    content: dict[str, Any] = json.loads(path.read_bytes())
    return Service(**{**content, "argv": tuple(content["argv"]), "probe": Probe(content["probe"])})


def read_definitions(folder: Folder) -> tuple[Service, ...]:
    """Return every definition, in the order of their start."""
    found = (read_definition(path) for path in (folder.run / "services").glob("*.json"))
    return tuple(sorted(found, key=lambda service: (service.order, service.name)))


def missing_files(service: Service) -> tuple[str, ...]:
    """Files that the definition runs and that are gone: Havre was upgraded or moved since."""
    # The program, the script of an interpreter, and what that runs in turn; other arguments may
    # name files to be made.
    words = service.argv[1:]
    behind = words[words.index("--") + 1 :][:1] if "--" in words else ()
    run = (service.argv[0], *(word for word in words if word.endswith(".py")), *behind)
    return tuple(word for word in run if not Path(word).exists())


def restart_digest(service: Service) -> str:
    """Digest of all that a running service cannot take over without a restart."""
    content = {**asdict(service), "reload_on": ""}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def probe(folder: Folder, service: Service) -> str:
    """Return an empty string if the service serves, else what is wrong, as a sentence."""
    try:
        match service.probe:
            case Probe.TLS:
                with _connect(service.port) as raw, _handshake(folder, raw):
                    return ""
            case Probe.POSTGRESQL:
                return _probe_postgresql(folder, service.port)
            case Probe.POSTGRESQL_SOCKET:
                return _probe_socket(service)
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


def _probe_socket(service: Service) -> str:
    # Through the descriptor, since a socket's path may have 107 bytes at most.
    directory = os.open(service.directory, os.O_PATH | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PROBE_SECONDS)
            connection.connect(f"/proc/self/fd/{directory}/.s.PGSQL.{service.port}")
            return _startup(connection)
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
