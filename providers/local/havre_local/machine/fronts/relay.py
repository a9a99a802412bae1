"""The way of a PostgreSQL without TLS to one other server, over TLS that verifies it.

PostgreSQL knocks at a Unix socket in its own data folder, which only its account opens. What comes
there goes on to the one server that this process was started for, and to none before that server
has shown its certificate. Passwords and roles stay both servers' own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import ssl
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # run as a script and isolated, so that nothing else says where we are
    sys.path.append(str(Path(__file__).resolve().parents[3]))

from havre_local.machine import rights
from havre_local.machine.fronts import startup
from havre_local.machine.fronts.admission import Journal
from havre_local.machine.fronts.streams import end, pump, read_exactly

DIRECTORY = "/proc/self/fd/3"
"""PostgreSQL's data folder, inherited open: reachable whatever folder it lies in."""
VERIFICATIONS = ("verify-full", "verify-ca", "require")
"""Of libpq's `sslmode`, those that have TLS."""
SYSTEM = "system"
"""Stands for the authorities that the system trusts."""
UNREACHED = "08001"
"""SQLSTATE sqlclient_unable_to_establish_sqlconnection."""
_SECONDS = 20.0
_THREADS = 4


def context_of(verification: str, authority: str) -> ssl.SSLContext:
    """What verifies the other server.

    Args:
        verification: one of `VERIFICATIONS`.
        authority: file with the certificate of its authority, or `SYSTEM`.
    """
    context = ssl.create_default_context(cafile=None if authority == SYSTEM else authority)
    context.check_hostname = verification == "verify-full"
    if verification == "require":
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["postgresql"])
    return context


@dataclass(frozen=True)
class VerifyingRelay:
    """Passes sessions on to one server."""

    host: str
    port: int
    context: ssl.SSLContext
    journal: Journal
    threads: ThreadPoolExecutor

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one session to its end."""
        try:
            async with asyncio.timeout(_SECONDS):
                there, back = await self._reach()
        except (OSError, EOFError, TimeoutError) as error:
            why = f"{self.host}:{self.port} is not reached over TLS ({type(error).__name__})"
            self.journal.bounded("refused", None, reason=why)
            await end(writer, startup.refusal(UNREACHED, why))
            return
        self.journal.bounded("session", None, host=self.host, port=self.port)
        await asyncio.gather(pump(reader, back), pump(there, writer))

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self.threads, self._connect)
        try:
            await loop.sock_sendall(found, startup.REQUEST.pack(8, startup.SSL_REQUEST))
            # Exactly one byte is read, so that nothing sent before the handshake passes for later.
            speaks = await read_exactly(found, 1) == b"S"
            return await self._encrypt(found, speaks=speaks)
        except BaseException:
            found.close()
            raise

    def _connect(self) -> socket.socket:
        found = socket.create_connection((self.host, self.port), _SECONDS)
        found.setblocking(False)
        return found

    async def _encrypt(
        self, found: socket.socket, *, speaks: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if not speaks:
            message = "the server does not speak TLS"
            raise OSError(message)
        return await asyncio.open_connection(
            sock=found, ssl=self.context, server_hostname=self.host
        )


async def serve(path: str, relay: VerifyingRelay) -> None:
    """Serve the socket for ever."""
    server = await asyncio.start_unix_server(relay.serve, path)
    relay.journal.say("started", host=relay.host, port=relay.port)
    await server.serve_forever()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--verification", choices=VERIFICATIONS, required=True)
    parser.add_argument("--authority", required=True)
    parser.add_argument("--account")
    given = parser.parse_args()
    context = context_of(given.verification, given.authority)
    given.host.encode("idna")  # loaded now: as another account, Python may not be readable
    if given.account is not None:
        rights.become(given.account)
    os.umask(0o177)
    relay = VerifyingRelay(given.host, given.port, context, Journal(), ThreadPoolExecutor(_THREADS))
    asyncio.run(serve(f"{DIRECTORY}/.s.PGSQL.{given.socket}", relay))


if __name__ == "__main__":
    _main()
