"""Other accounts of this machine in tests: a forked process that acts as one of them."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import socket
import ssl
import struct
import traceback
from typing import TYPE_CHECKING

from tests.waits import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65_534
ANOTHER = 60_001
"""A number that no account of a fresh system has."""
_QUIET_SECONDS = 1.0
SSL_REQUEST = struct.pack("!II", 8, 80_877_103)


@contextlib.contextmanager
def acting(work: Callable[[], object], uid: int | None = None) -> Iterator[None]:
    """Have a process do `work` and hold what it returns until the end of the block.

    As root it acts as the account `uid`; other users can only act as themselves.
    """
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(done[1])
            _become(uid)
            held = work()
            os.write(ready[1], b"1")
            os.read(done[0], 1)
            status = 0 if held is not None else 1
        except BaseException:  # noqa: BLE001 - a forked child must not go on with our tests
            traceback.print_exc()
        os._exit(status)
    os.close(ready[1])
    try:
        assert select.select([ready[0]], [], [], PATIENCE)[0]
        assert os.read(ready[0], 1) == b"1", "the other account could not do its work"
        yield
    finally:
        os.close(done[1])
        os.waitpid(child, 0)
        os.close(done[0])
        os.close(ready[0])


def _become(uid: int | None) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.environ["HOME"] = "/nonexistent"  # libpq looks there for files of its user
    if uid is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


def silent(port: int, count: int) -> list[socket.socket]:
    """Connections that say nothing."""
    return [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]


def startup(**parameters: str) -> bytes:
    """A startup packet of protocol 3.0."""
    words = "".join(f"{name}\0{value}\0" for name, value in parameters.items()) + "\0"
    body = struct.pack("!I", 196_608) + words.encode()
    return struct.pack("!I", len(body) + 4) + body


def encrypted(port: int) -> ssl.SSLSocket:
    """A connection that has agreed on TLS with PostgreSQL, unverified as an attacker's."""
    raw = socket.create_connection(("127.0.0.1", port))
    raw.settimeout(PATIENCE)
    raw.sendall(SSL_REQUEST)
    assert raw.recv(1) == b"S"
    return _unverified(raw)


def half_open(port: int, count: int, packet: bytes) -> list[object]:
    """Sessions that send `packet` and stop, as many as are let so far."""
    raws = silent(port, count)
    for raw in raws:
        raw.sendall(SSL_REQUEST)
    held: list[object] = [*raws]
    asking = set(raws)
    while ready := select.select(asking, (), (), _QUIET_SECONDS)[0]:
        asking -= set(ready)
        for raw in ready:
            with contextlib.suppress(OSError):
                if raw.recv(1) == b"S":
                    held.append(_unverified(raw))
                    held[-1].sendall(packet)  # type: ignore[attr-defined]
    return held


def unverified() -> ssl.SSLContext:
    """A client's context that trusts any server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _unverified(raw: socket.socket) -> ssl.SSLSocket:
    raw.settimeout(PATIENCE)
    return unverified().wrap_socket(raw)
