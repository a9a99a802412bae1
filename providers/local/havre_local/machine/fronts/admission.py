"""How many connections a front holds: in all, and of one account of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import resource
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre_local.machine.fronts.peers import Peers, account_name

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import Any

MOST_FILES = 65_536
"""Soft limit of open files that a front asks for, if the hard one allows it."""
BACKLOG = 1024
QUEUE_SECONDS = 20.0
"""How long a connection waits for a place among those that are served."""

_SPARE_FILES = 64
_FILES_OF_ONE = 2
_PAUSE_SECONDS = 0.1
_REPORT_SECONDS = 5.0
_LINES_AT_ONCE = 100.0
_LINES_A_SECOND = 1.0
_ACCOUNTS = 1024
# Nothing is wrong with the listener: descriptors or memory ran out, or a client has gone.
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


def raise_files() -> int:
    """Raise the soft limit of open files; return what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_FILES if soft == resource.RLIM_INFINITY else soft


@dataclass(frozen=True)
class Bounds:
    """How many connections of a kind are let in.

    `served` are worked on at a time, of one account and in all; `held` are accepted, those that
    wait for a place included. What comes above is closed at once. The administrators' accounts
    count among themselves only, so that no other account takes their room.
    """

    served_of_one: int
    served: int
    held_of_one: int
    held: int

    def within(self, files: int) -> Bounds:
        """The same bounds, where fewer files than that can be open."""
        room = max(_FILES_OF_ONE, (files - _SPARE_FILES) // _FILES_OF_ONE)
        return Bounds(
            min(self.served_of_one, room),
            min(self.served, room),
            min(self.held_of_one, room),
            min(self.held, room),
        )


@dataclass
class _Places:
    """Places of one group of accounts: the administrators', or all others."""

    served: asyncio.Semaphore
    held: int = 0


class Gate:
    """Lets connections in within the bounds, and counts what it does not."""

    def __init__(self, bounds: Bounds, administrators: frozenset[int], journal: Journal) -> None:
        self._bounds, self._administrators, self._journal = bounds, administrators, journal
        self._held: Counter[int | None] = Counter()
        self._served: dict[int | None, asyncio.Semaphore] = {}
        self._groups = {
            administering: _Places(asyncio.Semaphore(bounds.served))
            for administering in (True, False)
        }

    def administers(self, uid: int | None) -> bool:
        """Whether the account is root's, or the one that runs the warehouse."""
        return uid in self._administrators

    def enter(self, uid: int | None) -> bool:
        """Take a connection of the account in; False: it is one too many."""
        group = self._groups[self.administers(uid)]
        if self._held[uid] >= self._bounds.held_of_one or group.held >= self._bounds.held:
            self._journal.count("limited", uid)
            return False
        self._held[uid] += 1
        group.held += 1
        return True

    def leave(self, uid: int | None) -> None:
        """Let a connection go that entered."""
        self._groups[self.administers(uid)].held -= 1
        self._held[uid] -= 1
        if not self._held[uid]:
            del self._held[uid]
            self._served.pop(uid, None)

    @contextlib.asynccontextmanager
    async def served(self, uid: int | None) -> AsyncIterator[None]:
        """Hold a place among those that are worked on, once one is free.

        Raises:
            TimeoutError: none became free in time.
        """
        own = self._served.setdefault(uid, asyncio.Semaphore(self._bounds.served_of_one))
        async with contextlib.AsyncExitStack() as places:
            async with asyncio.timeout(QUEUE_SECONDS):
                await places.enter_async_context(own)
                await places.enter_async_context(self._groups[self.administers(uid)].served)
            yield


@dataclass
class Journal:
    """What a front says: one JSON object a line on standard error.

    What anybody can cause without a password is bounded an account; the rest is counted and told.
    """

    _counts: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    _room: dict[int | None, tuple[float, float]] = field(default_factory=dict)

    def say(self, event: str, uid: int | None = None, **words: object) -> None:
        """Write a line now."""
        with contextlib.suppress(OSError):  # a full disk ends no session
            os.write(2, _line(event, uid, words))

    async def keep(self, event: str, **words: object) -> None:
        """Write a line that must not be lost: a full disk is waited for."""
        line = _line(event, None, words)
        while line:
            try:
                line = line[os.write(2, line) :]
            except OSError:
                await asyncio.sleep(_PAUSE_SECONDS)

    def bounded(self, event: str, uid: int | None, **words: object) -> None:
        """Write a line, or count it if the account has caused too many."""
        now = time.monotonic()
        left, since = self._room.pop(uid, (_LINES_AT_ONCE, now))
        left = min(_LINES_AT_ONCE, left + (now - since) * _LINES_A_SECOND)
        if left >= 1:
            self.say(event, uid, **words)
        else:
            self.count(event, uid)
        self._room[uid] = (max(0.0, left - 1), now)
        if len(self._room) > _ACCOUNTS:
            del self._room[next(iter(self._room))]

    def count(self, event: str, uid: int | None) -> None:
        """Count what is told in one line with others of its kind."""
        self._counts[event, uid] += 1

    def report(self) -> None:
        """Tell what was counted since the last report."""
        counts, self._counts = self._counts, Counter()
        for (event, uid), count in counts.items():
            self.say(event, uid, count=count)

    async def run(self) -> None:
        """Report for ever."""
        while True:
            await asyncio.sleep(_REPORT_SECONDS)
            self.report()


def _line(event: str, uid: int | None, words: dict[str, object]) -> bytes:
    who = {} if uid is None else {"uid": uid, "account": account_name(uid)}
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return (json.dumps({"time": stamp, "event": event, **who, **words}) + "\n").encode()


async def accept(
    listener: socket.socket,
    gate: Gate,
    journal: Journal,
    serve: Callable[[socket.socket, int | None], Coroutine[Any, Any, None]],
) -> None:
    """Accept connections for ever, each served by a task of its own, within the gate's bounds."""
    loop, peers = asyncio.get_running_loop(), Peers()
    tasks: set[asyncio.Task[None]] = {loop.create_task(journal.run())}
    while True:
        client = await _accepted(listener, journal)
        uid = peers.account(client)
        if not gate.enter(uid):
            client.close()
            continue
        task = loop.create_task(_held(client, uid, gate, serve))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _accepted(listener: socket.socket, journal: Journal) -> socket.socket:
    while True:
        try:
            client, _ = await asyncio.get_running_loop().sock_accept(listener)
        except OSError as error:
            journal.count(errno.errorcode.get(error.errno or 0, "error"), None)
            if error.errno in _EXHAUSTED:
                await asyncio.sleep(_PAUSE_SECONDS)
            continue
        client.setblocking(False)
        return client


async def _held(
    client: socket.socket,
    uid: int | None,
    gate: Gate,
    serve: Callable[[socket.socket, int | None], Coroutine[Any, Any, None]],
) -> None:
    """Serve one connection to its end; a client's failure is its own."""
    try:
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            await serve(client, uid)
    finally:
        client.close()
        gate.leave(uid)
