"""TLS in front of a PostgreSQL that was built without it.

PostgreSQL listens on a Unix socket that only its own account opens; this process answers on
127.0.0.1, demands TLS before anything else and passes the bytes on. Passwords, roles and
logs stay PostgreSQL's own. PostgreSQL is asked only for a session whose startup packet is whole,
and each account of this machine holds a bounded number of sessions that have not begun.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import ssl
import sys
from dataclasses import dataclass, replace
from pathlib import Path

if __name__ == "__main__":  # run as a script and isolated, so that nothing else says where we are
    sys.path.append(str(Path(__file__).resolve().parents[3]))

from havre_local.machine import rights
from havre_local.machine.fronts import startup
from havre_local.machine.fronts.admission import (
    BACKLOG,
    Bounds,
    Gate,
    Journal,
    accept,
    raise_files,
)
from havre_local.machine.fronts.streams import end, pump, read_exactly

DIRECTORY = "/proc/self/fd/3"
"""PostgreSQL's data folder, inherited open: reachable whatever folder it lies in."""
CERTIFICATE = f"{DIRECTORY}/server.pem"
BOUNDS = Bounds(served_of_one=6, served=36, held_of_one=128, held=2048)
"""Served are sessions that have not begun: less than PostgreSQL's slots, whoever asks for them."""
DEFAULT_SLOTS = 100
"""PostgreSQL's own default of max_connections."""
RESERVED_SLOTS = 12
"""Of PostgreSQL's slots, how many only the administrators' accounts take: theirs, and the
superuser's three; at most a quarter of all."""

_GREETING_SECONDS = 10.0
_AUTHENTICATION_SECONDS = 20.0
_SHUTDOWN_SECONDS = 5.0
_ENCRYPTED_ONLY = "this server accepts encrypted connections only; use sslmode=verify-full"


def tls_context(minimum: str) -> ssl.SSLContext:
    """Return the server's context for the present certificate; `minimum` is 1.2 or 1.3."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if minimum == "1.3" else ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["postgresql"])
    context.num_tickets = 0  # clients of PostgreSQL resume no session
    context.load_cert_chain(CERTIFICATE)
    return context


async def serve(port: int, upstream: str, minimum: str, account: str | None, slots: int) -> None:
    """Accept connections on 127.0.0.1:`port` for ever, for a server with so many slots."""
    loop = asyncio.get_running_loop()
    files = raise_files()
    listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    listener.setblocking(False)
    administrators = frozenset({0, os.getuid()})
    if account is not None:
        rights.become(account)  # only what this account may read can be read from here on
    journal = Journal()
    gate = Gate(bounds(slots).within(files), administrators, journal)
    front = Front(tls_context(minimum), upstream, gate, journal, slots)

    def reload() -> None:
        front.context = tls_context(minimum)

    loop.add_signal_handler(signal.SIGHUP, reload)
    journal.say("started", port=port, files=files)
    await accept(listener, gate, journal, front.serve)


def bounds(slots: int) -> Bounds:
    """How many connections are let in before a server with so many slots (max_connections)."""
    half = max(1, slots // 2)
    return replace(
        BOUNDS,
        served_of_one=min(BOUNDS.served_of_one, half),
        served=min(BOUNDS.served, half),
    )


@dataclass
class _Client:
    """A connection that speaks TLS, and what it asks for."""

    uid: int | None
    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    packet: bytes = b""
    user: str = ""
    database: str = ""


@dataclass
class Front:
    """Serves connections, one at a time."""

    context: ssl.SSLContext
    upstream: str
    gate: Gate
    journal: Journal
    slots: int
    """Sessions that PostgreSQL has room for (max_connections)."""
    sessions: int = 0

    async def serve(self, client: socket.socket, uid: int | None) -> None:
        """Serve one connection to its end."""
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        async with contextlib.AsyncExitStack() as ends:
            async with self.gate.served(uid):
                pumps = await self._begin(client, uid, ends)
            await asyncio.gather(*pumps)

    async def _begin(
        self, client: socket.socket, uid: int | None, ends: contextlib.AsyncExitStack
    ) -> tuple[asyncio.Task[None], ...]:
        """Bring a session as far as the server lets it in; return what passes the bytes on."""
        port = client.getpeername()[1]
        try:
            async with asyncio.timeout(_GREETING_SECONDS):
                if not await self._greet(client):
                    return ()
                found = _Client(uid, port, *await self._encrypt(client))
                ends.callback(found.writer.transport.abort)
                await self._read_startup(found)
                self._take_slot(found, ends)
        except (OSError, EOFError, TimeoutError):
            self.journal.count("unfinished", uid)
            return ()
        except startup.RefusedError as error:
            self.journal.bounded("refused", uid, code=error.code, reason=str(error))
            await end(found.writer, startup.refusal(error.code, str(error)))
            return ()
        return await self._open(found, ends)

    async def _greet(self, client: socket.socket) -> bool:
        """Return whether TLS was agreed on; any other greeting is answered and ends here.

        Exactly one request is read, so that nothing sent before the handshake can pass for
        something sent within it.
        """
        loop = asyncio.get_running_loop()
        while True:
            first = await read_exactly(client, startup.REQUEST.size)
            length, code = startup.REQUEST.unpack(first)
            if code == startup.SSL_REQUEST:
                await loop.sock_sendall(client, b"S")
                return True
            if code == startup.GSS_REQUEST:
                await loop.sock_sendall(client, b"N")
                continue
            if code == startup.CANCEL_REQUEST and len(first) < length <= startup.LONGEST_CANCEL:
                await self._cancel(first + await read_exactly(client, length - len(first)))
                return False
            await loop.sock_sendall(client, startup.refusal(startup.INVALID, _ENCRYPTED_ONLY))
            return False

    async def _cancel(self, request: bytes) -> None:
        """Pass on the request to cancel a query; older clients send it in the clear.

        It holds a one-session key and no data, and PostgreSQL itself accepts it so.
        """
        _, writer = await asyncio.open_unix_connection(self.upstream)
        await end(writer, request)

    async def _encrypt(
        self, client: socket.socket
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            client,
            ssl=self.context,
            ssl_handshake_timeout=_GREETING_SECONDS,
            ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _read_startup(self, client: _Client) -> None:
        """Read the whole startup packet, which is all that PostgreSQL is opened for."""
        first = await client.reader.readexactly(startup.REQUEST.size)
        length, _ = startup.REQUEST.unpack(first)
        if not startup.REQUEST.size <= length <= startup.LONGEST_STARTUP:
            raise startup.RefusedError(startup.MALFORMED, "invalid length of startup packet")
        client.packet = first + await client.reader.readexactly(length - len(first))
        asked = startup.parameters(client.packet)
        client.user = asked.get("user", "")
        client.database = asked.get("database") or client.user

    def _take_slot(self, client: _Client, ends: contextlib.AsyncExitStack) -> None:
        """Count the session, unless only administrators have room left."""
        reserved = min(RESERVED_SLOTS, self.slots // 4)
        if self.gate.administers(client.uid):
            reserved = 0
        if self.sessions >= self.slots - reserved:
            raise startup.RefusedError(startup.TOO_MANY, "sorry, too many clients already")
        self.sessions += 1
        ends.callback(self._close_session)

    async def _open(
        self, client: _Client, ends: contextlib.AsyncExitStack
    ) -> tuple[asyncio.Task[None], ...]:
        """Open the session in PostgreSQL and wait until it is let in or refused."""
        try:
            reader, writer = await asyncio.open_unix_connection(self.upstream)
        except OSError:
            return ()
        ends.callback(writer.transport.abort)
        writer.write(client.packet)
        begun, decided = startup.Beginning(), asyncio.Event()

        def watch(data: bytes) -> None:
            begun.take(data)
            if begun.over:
                decided.set()

        pumps = (
            asyncio.create_task(pump(client.reader, writer)),
            asyncio.create_task(pump(reader, client.writer, watch, decided.set)),
        )
        try:
            async with asyncio.timeout(_AUTHENTICATION_SECONDS):
                await decided.wait()
        except TimeoutError:
            client.writer.transport.abort()
            writer.transport.abort()
        if client.user:
            self._note(client, begun)
        return pumps

    def _close_session(self) -> None:
        self.sessions -= 1

    def _note(self, client: _Client, begun: startup.Beginning) -> None:
        """Say whose session this is: PostgreSQL itself sees only this front."""
        asked = {"user": client.user, "database": client.database, "port": client.port}
        if begun.authenticated and not begun.code:
            self.journal.say("session", client.uid, **asked, backend=begun.backend)
        elif begun.code:
            self.journal.bounded("refused", client.uid, **asked, code=begun.code)
        else:
            self.journal.count("unfinished", client.uid)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls-minimum", choices=("1.2", "1.3"), default="1.2")
    parser.add_argument("--account")
    parser.add_argument("--slots", type=int, default=DEFAULT_SLOTS)
    arguments = parser.parse_args()
    upstream = str(Path(DIRECTORY) / f".s.PGSQL.{arguments.port}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    words = (arguments.port, upstream, arguments.tls_minimum, arguments.account, arguments.slots)
    asyncio.run(serve(*words))


if __name__ == "__main__":
    _main()
