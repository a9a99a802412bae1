"""TLS in front of a PostgreSQL that was built without it.

PostgreSQL listens on a Unix socket that only its own account opens; this process answers on
127.0.0.1, demands TLS before anything else and passes the bytes on. Passwords, roles and
logs stay PostgreSQL's own. Run as a script with the standard library alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pwd
import signal
import socket
import ssl
import struct
from pathlib import Path

DIRECTORY = "/proc/self/fd/3"
"""PostgreSQL's data folder, inherited open: reachable whatever folder it lies in."""
CERTIFICATE = f"{DIRECTORY}/server.pem"

_REQUEST = struct.Struct("!II")
_SSL_REQUEST = 80_877_103
_GSS_REQUEST = 80_877_104
_CANCEL_REQUEST = 80_877_102
_GREETING_SECONDS = 10.0
_CHUNK = 65_536
_REFUSAL = (
    b"SFATAL\0VFATAL\0C28000\0Mthis server accepts encrypted connections only; "
    b"use sslmode=verify-full\0\0"
)


def tls_context(minimum: str) -> ssl.SSLContext:
    """Return the server's context for the present certificate; `minimum` is 1.2 or 1.3."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if minimum == "1.3" else ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["postgresql"])
    context.load_cert_chain(CERTIFICATE)
    return context


async def serve(port: int, upstream: str, minimum: str, account: str | None) -> None:
    """Accept connections on 127.0.0.1:`port` for ever."""
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    listener.setblocking(False)
    if account is not None:
        _become(account)
    context = tls_context(minimum)

    def reload() -> None:
        nonlocal context
        context = tls_context(minimum)

    loop.add_signal_handler(signal.SIGHUP, reload)
    tasks: set[asyncio.Task[None]] = set()
    while True:
        client, _ = await loop.sock_accept(listener)
        task = loop.create_task(_handle(client, context, upstream))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def _become(name: str) -> None:
    """Give up root: from here on only what PostgreSQL's account may read can be read."""
    account = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


async def _handle(client: socket.socket, context: ssl.SSLContext, upstream: str) -> None:
    """Serve one connection to its end; a client's failure is its own."""
    client.setblocking(False)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    encrypted = False
    try:
        encrypted = await asyncio.wait_for(_greet(client, upstream), _GREETING_SECONDS)
    except (OSError, EOFError, TimeoutError):
        return
    finally:
        if not encrypted:
            client.close()
    with contextlib.suppress(OSError, TimeoutError):
        await _relay(client, context, upstream)


async def _greet(client: socket.socket, upstream: str) -> bool:
    """Return whether TLS was agreed on; any other greeting is answered and ends here.

    Exactly one request is read, so that nothing sent before the handshake can pass for
    something sent within it.
    """
    while True:
        length, code = _REQUEST.unpack(await _read(client, _REQUEST.size))
        if code == _SSL_REQUEST:
            await asyncio.get_running_loop().sock_sendall(client, b"S")
            return True
        if code == _GSS_REQUEST:
            await asyncio.get_running_loop().sock_sendall(client, b"N")
            continue
        if code == _CANCEL_REQUEST and length == _REQUEST.size * 2:
            await _cancel(_REQUEST.pack(length, code) + await _read(client, 8), upstream)
            return False
        refusal = b"E" + struct.pack("!I", len(_REFUSAL) + 4) + _REFUSAL
        await asyncio.get_running_loop().sock_sendall(client, refusal)
        return False


async def _read(client: socket.socket, size: int) -> bytes:
    """Read exactly `size` bytes and not one more."""
    data = b""
    while len(data) < size:
        part = await asyncio.get_running_loop().sock_recv(client, size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


async def _cancel(request: bytes, upstream: str) -> None:
    """Pass on the request to cancel a query; older clients send it in the clear.

    It holds a one-session key and no data, and PostgreSQL itself accepts it so.
    """
    _, writer = await asyncio.open_unix_connection(upstream)
    writer.write(request)
    await writer.drain()
    await _close(writer)


async def _relay(client: socket.socket, context: ssl.SSLContext, upstream: str) -> None:
    """Pass bytes both ways until either side ends."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, client, ssl=context, ssl_handshake_timeout=_GREETING_SECONDS
    )
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    try:
        server_reader, server_writer = await asyncio.open_unix_connection(upstream)
    except OSError:
        await _close(writer)
        return
    await asyncio.gather(_pump(reader, server_writer), _pump(server_reader, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Pass on what comes, no faster than it is taken; then close."""
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            target.write(data)
            await target.drain()
    await _close(target)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Send what is left, then close."""
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        await writer.wait_closed()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls-minimum", choices=("1.2", "1.3"), default="1.2")
    parser.add_argument("--account")
    arguments = parser.parse_args()
    upstream = str(Path(DIRECTORY) / f".s.PGSQL.{arguments.port}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    asyncio.run(serve(arguments.port, upstream, arguments.tls_minimum, arguments.account))


if __name__ == "__main__":
    _main()
