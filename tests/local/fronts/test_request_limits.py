"""How long half a request holds its place in the object store's front, and what is never cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from havre_local.machine.fronts.admission import Bounds, Gate, Journal
from havre_local.machine.objects import gateway
from havre_local.machine.objects.front import RUN, Limits, Relay
from tests.local.attackers import unverified
from tests.local.conftest import ZONES, Machine
from tests.waits import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

SHORT = Limits(first=0.2, begin=0.4, most=0.8, rate=4096.0, idle=60.0)
"""What is half ends soon; how fast a machine is decides nothing here."""
UID = 7
LENGTH = 60_000

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Scene:
    """A front with short limits, before what answers on a socket."""

    def __init__(self, upstream: str, limits: Limits = SHORT) -> None:
        self.gate = Gate(Bounds(8, 8, 8, 8), frozenset(), Journal())
        self.relay = Relay(self.gate, Journal(), limits, upstream)

    async def connect(self, context: ssl.SSLContext | None = None) -> Streams:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        self.task = asyncio.create_task(self._serve(_Tcp(theirs)))
        name = "localhost" if context else None
        return await asyncio.open_connection(sock=ours, ssl=context, server_hostname=name)

    async def _serve(self, client: Any) -> None:
        assert self.gate.enter(UID)
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            await self.relay.serve(client, UID)
        client.close()
        self.gate.leave(UID)

    async def place_is_free(self) -> bool:
        await asyncio.wait_for(self.task, PATIENCE)
        return self.gate._held == Counter()


class _Tcp(socket.socket):
    """A socket of a pair, which has no option of TCP."""

    def __init__(self, of: socket.socket) -> None:
        super().__init__(fileno=of.detach())
        self.setblocking(False)

    def setsockopt(self, *_: Any) -> None:
        """There is none to set."""


@pytest.fixture
def store(machine: Machine) -> Iterator[str]:
    """Where versitygw listens; by a descriptor, since the path may be too long for a socket."""
    directory = os.open(machine.folder.objects / RUN, os.O_RDONLY)
    yield f"/proc/self/fd/{directory}/gateway.socket"
    os.close(directory)


def upload(machine: Machine, key: str) -> bytes:
    """The head of a request that stores `LENGTH` bytes, signed by the administrator."""
    where = {"Bucket": ZONES["landing"], "Key": key}
    address = machine.admin.client().generate_presigned_url("put_object", Params=where)
    host, _, path = address.removeprefix("https://").partition("/")
    return (f"PUT /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {LENGTH}\r\n\r\n").encode()


def stored(machine: Machine, key: str) -> list[Any]:
    found = machine.admin.client().list_object_versions(Bucket=ZONES["landing"], Prefix=key)
    return [*found.get("Versions", [])]


async def stop(_: asyncio.StreamWriter) -> None:
    """Say no more."""


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, as long as somebody takes it."""
    with contextlib.suppress(OSError):
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """End without a word, as a client that was killed."""
    await writer.drain()
    await asyncio.sleep(SHORT.begin / 2)
    writer.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    writer.transport.abort()


HALVES: dict[str, Callable[[bytes], bytes]] = {
    "nothing after the handshake": lambda _: b"",
    "half a head": lambda head: head[:-6],
    "a head without a body": lambda head: head,
    "half a body": lambda head: head + b"x" * (LENGTH // 2),
    "most of a body": lambda head: head + b"x" * (LENGTH - LENGTH // 10),
}


@pytest.mark.parametrize("go_on", [stop, drip, hang_up])
@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES.keys())
def test_half_a_request_frees_its_place_and_stores_nothing(
    machine: Machine,
    store: str,
    half: Callable[[bytes], bytes],
    go_on: Callable[[asyncio.StreamWriter], Awaitable[None]],
) -> None:
    key = f"half-{len(half(b'x' * 9))}-{go_on.__name__}"
    sent = half(upload(machine, key))

    async def play() -> bool:
        scene = Scene(store)
        _, writer = await scene.connect(unverified())
        writer.write(sent)
        going = asyncio.create_task(go_on(writer))
        free = await scene.place_is_free()
        going.cancel()
        writer.close()
        return free

    assert asyncio.run(play())
    assert stored(machine, key) == []


@pytest.mark.parametrize("go_on", [stop, drip])
def test_half_a_handshake_frees_its_place(
    store: str, go_on: Callable[[asyncio.StreamWriter], Awaitable[None]]
) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        unverified().wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
    greeting = outgoing.read()

    async def play() -> bool:
        scene = Scene(store)
        _, writer = await scene.connect()
        writer.write(greeting[: len(greeting) // 2])
        going = asyncio.create_task(go_on(writer))
        free = await scene.place_is_free()
        going.cancel()
        writer.close()
        return free

    assert asyncio.run(play())


def test_a_slow_upload_that_goes_on_is_stored_whole(machine: Machine, store: str) -> None:
    head, body = upload(machine, "slow"), os.urandom(LENGTH)
    # It takes longer than all the silence that is allowed, and each piece earns the next one.
    limits, piece = Limits(first=0.5, begin=0.5, most=1.0, rate=500.0, idle=60.0), 2_000

    async def play() -> bytes:
        scene = Scene(store, limits)
        reader, writer = await scene.connect(unverified())
        writer.write(head)
        for start in range(0, LENGTH, piece):
            writer.write(body[start : start + piece])
            await writer.drain()
            await asyncio.sleep(0.05)
        answer = await reader.read()
        assert await scene.place_is_free()
        return answer

    assert asyncio.run(play()).startswith(b"HTTP/1.1 200 ")
    s3 = machine.admin.client()
    assert s3.get_object(Bucket=ZONES["landing"], Key="slow")["Body"].read() == body
    (version,) = stored(machine, "slow")
    s3.delete_object(Bucket=ZONES["landing"], Key="slow", VersionId=version["VersionId"])


async def before(server: Callable[..., Awaitable[None]], path: str) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server(reader, writer)
        writer.close()

    return await asyncio.start_unix_server(answer, path, limit=1 << 12)


def test_a_server_that_works_long_is_waited_for(tmp_path: Any) -> None:
    path = os.path.relpath(tmp_path / "s")

    async def works(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        while await reader.read(1 << 16):
            """The request has ended for the server, after what is none of it."""
        await asyncio.sleep(2 * SHORT.begin)
        writer.write(b"done")

    async def play() -> bytes:
        async with await before(works, path):
            scene = Scene(path)
            reader, writer = await scene.connect()
            writer.write(b"copy")
            answer = await reader.read()
            assert await scene.place_is_free()
            return answer

    assert asyncio.run(play()) == b"done"


def test_what_the_server_takes_slowly_is_not_the_clients_time(tmp_path: Any) -> None:
    path, size = os.path.relpath(tmp_path / "s"), 4 << 20

    async def takes_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"greeting")
        await asyncio.sleep(3 * SHORT.most)
        taken = len(await reader.readexactly(size))
        writer.write(str(taken).encode())

    async def play() -> bytes:
        async with await before(takes_slowly, path):
            scene = Scene(path)
            reader, writer = await scene.connect()
            writer.write(bytes(size))
            await writer.drain()
            answer = await reader.read()
            assert await scene.place_is_free()
            return answer

    assert asyncio.run(play()) == b"greeting" + str(size).encode()


def test_the_store_serves_one_request_a_connection(machine: Machine) -> None:
    found = machine.admin.client().list_buckets()["ResponseMetadata"]["HTTPHeaders"]
    assert found["connection"] == "close"
    assert gateway._ARGUMENTS.count("--keep-alive") == 0
