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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":  # run as a script and isolated, so that nothing else says where we are
    sys.path.append(str(Path(__file__).resolve().parents[3]))

from havre_local.machine.fronts.admission import (
    BACKLOG,
    Bounds,
    Gate,
    Journal,
    accept,
    raise_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SOCKET = "/proc/self/fd/3/gateway.socket"
"""Where versitygw listens: in the folder that it is started in, inherited open."""
BOUNDS = Bounds(served_of_one=64, served=512, held_of_one=512, held=2048)

_DIRECTORY_FD = 3
_FIRST_SECONDS = 10.0
_IDLE_SECONDS = 600.0
_LINGER_SECONDS = 2.0
_POLL_SECONDS = 0.02
_CHUNK = 1 << 18
_LONGEST_LINE = 1 << 20
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass
class Relay:
    """Passes the bytes of a connection on, within limits of time."""

    gate: Gate
    journal: Journal

    async def serve(self, client: socket.socket, uid: int | None) -> None:
        """Serve one connection to its end; versitygw hears of it with its first bytes."""
        loop = asyncio.get_running_loop()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            async with self.gate.served(uid):
                async with asyncio.timeout(_FIRST_SECONDS):
                    first = await loop.sock_recv(client, _CHUNK)
                if not first:
                    return
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as upstream:
                    upstream.setblocking(False)
                    await loop.sock_connect(upstream, SOCKET)
                    await loop.sock_sendall(upstream, first)
                    await self._relay(client, upstream)
        except TimeoutError:
            self.journal.count("unfinished", uid)

    async def _relay(self, client: socket.socket, upstream: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_IDLE_SECONDS) as limit:

            def moved() -> None:
                limit.reschedule(loop.time() + _IDLE_SECONDS)

            sent = asyncio.create_task(_copy(client, upstream, moved))
            answered = asyncio.create_task(_copy(upstream, client, moved))
            try:
                await answered
                # Nothing more will be answered; what is still sent is let run out for a moment.
                await asyncio.wait({sent}, timeout=_LINGER_SECONDS)
            finally:
                for task in (sent, answered):
                    task.cancel()
                await asyncio.gather(sent, answered, return_exceptions=True)


async def _copy(source: socket.socket, target: socket.socket, moved: Callable[[], None]) -> None:
    """Pass on what comes, no faster than it is taken; then say that it has ended."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        while data := await loop.sock_recv(source, _CHUNK):
            moved()
            await loop.sock_sendall(target, data)
            moved()
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _die_with_parent() -> None:
    """In the child: no versitygw outlives its front."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def serve(port: int, program: list[str]) -> int:
    """Run versitygw and answer for it on 127.0.0.1:`port`; return its exit code once it ends."""
    loop, journal = asyncio.get_running_loop(), Journal()
    files = raise_files()
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
        gate = Gate(BOUNDS.within(files), frozenset({0, os.getuid()}), journal)
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
    parser.add_argument("program", nargs="+")
    arguments = parser.parse_args()
    return asyncio.run(serve(arguments.port, arguments.program))


if __name__ == "__main__":
    sys.exit(_main())
