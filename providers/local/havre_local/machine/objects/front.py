"""What answers for the object store: it bounds each account, and keeps each request's line whole.

versitygw has no limit of time for half a request, ends where files run out, and writes names of
buckets and objects into its log as they come, newlines included. So it listens on a Unix socket
that only its account opens; this process passes the bytes on unread, since TLS ends in versitygw.
It also takes versitygw's log, one message a line as the kernel keeps them apart (SOCK_SEQPACKET),
and writes each as one JSON object: no request writes a line of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":  # run as a script and isolated, so that nothing else says where we are
    sys.path.append(str(Path(__file__).resolve().parents[3]))

from havre_local.machine import rights
from havre_local.machine.fronts.admission import (
    BACKLOG,
    Bounds,
    Gate,
    Journal,
    accept,
    raise_files,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PLACE = "/proc/self/fd/3"
"""The store's folder, inherited open: reachable whatever folder it lies in."""
RUN = "run"
CERTIFICATE = "server.pem"
SOCKET = f"{PLACE}/{RUN}/gateway.socket"
"""Where versitygw listens."""
BOUNDS = Bounds(served_of_one=64, served=512, held_of_one=512, held=2048)

_DIRECTORY_FD = 3
_LINGER_SECONDS = 2.0
_POLL_SECONDS = 0.02
_CHUNK = 1 << 18
_LONGEST_LINE = 1 << 20
_PR_SET_PDEATHSIG = 1
# versitygw takes the end of a connection for the end of the object that is sent, and stores it cut
# off. So what it reads then, within a TLS record (16,640 bytes at most) or between two of them, is
# none of the client's: it fails, and nothing is stored. A request that is whole is not read on.
_BROKEN_OFF = b"\x17\x03\x03\x00\x20".ljust(37, b"\0") * 512
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Limits:
    """How long a connection holds its place, in seconds of its client's own silence.

    versitygw serves one request a connection. A client that has sent no more of it than this
    allows has its sending ended: half a request ends there, and one that is whole is answered.
    """

    first: float = 10.0
    """Until the first bytes come."""
    begin: float = 30.0
    """Of waiting for more at first; nothing adds to it before the TLS greeting is answered."""
    most: float = 60.0
    """Of waiting for more, however much came before."""
    rate: float = 4096.0
    """Bytes that add a second of waiting: the slowest request that is passed on."""
    idle: float = 600.0
    """Without a byte in either direction, such as while a large object is put together."""


@dataclass
class _Sender:
    """Time that a client has left to send its request; what the server takes is not counted."""

    limits: Limits
    left: float = 0.0
    answered: bool = False

    def __post_init__(self) -> None:
        self.left = self.limits.begin

    async def more(self, source: socket.socket) -> bytes:
        """Return what comes next; nothing if the client has ended or its time is over."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self.left):
                data = await loop.sock_recv(source, _CHUNK)
        except TimeoutError:
            return b""
        earned = len(data) / self.limits.rate if self.answered else 0.0
        self.left = min(self.limits.most, max(0.0, self.left - loop.time() + began) + earned)
        return data


@dataclass
class Relay:
    """Passes the bytes of a connection on, within limits of time."""

    gate: Gate
    journal: Journal
    limits: Limits = field(default_factory=Limits)
    upstream: str = SOCKET

    async def serve(self, client: socket.socket, uid: int | None) -> None:
        """Serve one connection to its end; versitygw hears of it with its first bytes."""
        loop = asyncio.get_running_loop()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with self.gate.served(uid):
                async with asyncio.timeout(self.limits.first):
                    first = await loop.sock_recv(client, _CHUNK)
                if not first:
                    return
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as upstream:
                    upstream.setblocking(False)
                    await loop.sock_connect(upstream, self.upstream)
                    await loop.sock_sendall(upstream, first)
                    await self._relay(client, upstream)
        except TimeoutError:
            self.journal.count("unfinished", uid)

    async def _relay(self, client: socket.socket, upstream: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        sender = _Sender(self.limits)
        async with asyncio.timeout(self.limits.idle) as limit:

            def moved() -> None:
                limit.reschedule(loop.time() + self.limits.idle)

            def answering() -> None:
                sender.answered = True
                moved()

            asked = partial(sender.more, client)
            said = partial(loop.sock_recv, upstream, _CHUNK)
            sent = asyncio.create_task(_copy(asked, upstream, moved, _BROKEN_OFF))
            answered = asyncio.create_task(_copy(said, client, answering))
            try:
                await answered
                # Nothing more will be answered; what is still sent is let run out for a moment.
                await asyncio.wait({sent}, timeout=_LINGER_SECONDS)
            finally:
                for task in (sent, answered):
                    task.cancel()
                await asyncio.gather(sent, answered, return_exceptions=True)


async def _copy(
    more: Callable[[], Awaitable[bytes]],
    target: socket.socket,
    moved: Callable[[], None],
    last: bytes = b"",
) -> None:
    """Pass on what comes, no faster than it is taken; then say that it has ended."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while data := await more():
            moved()
            await loop.sock_sendall(target, data)
            moved()
    with contextlib.suppress(OSError):
        await loop.sock_sendall(target, last)
        target.shutdown(socket.SHUT_WR)


def _die_with_parent() -> None:
    """In the child: no versitygw outlives its front."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def serve(port: int, program: list[str], account: str | None) -> int:
    """Run versitygw and answer for it on 127.0.0.1:`port`; return its exit code once it ends."""
    loop, journal = asyncio.get_running_loop(), Journal()
    files, administrators = raise_files(), frozenset({0, os.getuid()})
    if account is not None:
        rights.become(account)
    listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    listener.setblocking(False)
    with contextlib.ExitStack() as stack:
        outputs = [_output(stack) for _ in ("requests", "errors")]
        child = await asyncio.create_subprocess_exec(
            *program,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=outputs[0][1].fileno(),
            stderr=outputs[1][1].fileno(),
            pass_fds=(_DIRECTORY_FD,),
            preexec_fn=_die_with_parent,
        )
        for _, theirs in outputs:
            theirs.close()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            passed = signal.SIGHUP if number == signal.SIGHUP else signal.SIGTERM
            loop.add_signal_handler(number, _pass_on, child, passed)
        readers = [
            loop.create_task(_read_lines(ours, journal, event))
            for (ours, _), event in zip(outputs, ("request", "said"), strict=True)
        ]
        gate = Gate(BOUNDS.within(files), administrators, journal)
        front = loop.create_task(_answer(listener, gate, journal))
        code = await child.wait()
        front.cancel()
        await asyncio.gather(*readers)
    return code


def _output(stack: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    stack.enter_context(ours)
    return ours, stack.enter_context(theirs)


def _pass_on(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)


async def _answer(listener: socket.socket, gate: Gate, journal: Journal) -> None:
    """Accept connections once versitygw does."""
    while not _listens():
        await asyncio.sleep(_POLL_SECONDS)
    journal.say("started")
    await accept(listener, gate, journal, Relay(gate, journal).serve)


def _listens() -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(SOCKET) == 0


async def _read_lines(output: socket.socket, journal: Journal, event: str) -> None:
    """Write what versitygw says, one message a line, until it has ended."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while data := await loop.sock_recv(output, _LONGEST_LINE):
            line = data.decode("utf-8", "backslashreplace").removesuffix("\n")
            await journal.keep(event, line=line)


def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--account")
    parser.add_argument("program", nargs="+")
    arguments = parser.parse_args()
    return asyncio.run(serve(arguments.port, arguments.program, arguments.account))


if __name__ == "__main__":
    sys.exit(_main())
