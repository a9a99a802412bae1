"""The relay of a server without TLS: nothing goes on before the other server is verified."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from havre_local.machine.encryption.certificates import ensure_certificate
from havre_local.machine.folder import Folder, prepare
from havre_local.machine.fronts import relay, startup
from havre_local.machine.fronts.admission import Journal
from havre_local.machine.postgresql.server import SERVICE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Answers = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HELLO = b"\0\0\0\x08user"
"""Stands for a startup packet: a relay passes on whatever comes."""
WELCOME = b"R\0\0\0\x08\0\0\0\0"
REFUSED = b"C" + relay.UNREACHED.encode()


def made(place: Path) -> Folder:
    folder = Folder(place)
    prepare(folder, "demo")
    ensure_certificate(folder, SERVICE)
    return folder


def context_of(folder: Folder) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder.certificates / f"{SERVICE}.pem")
    return context


def speaking(folder: Folder, taken: list[bytes], before: bytes = b"") -> Answers:
    """A server with TLS; `before` is what somebody on the way puts in front of the handshake."""

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(8) == struct.pack("!II", 8, startup.SSL_REQUEST)
        writer.write(b"S" + before)
        with contextlib.suppress(OSError, EOFError):
            await writer.start_tls(context_of(folder))
            taken.append(await reader.readexactly(len(HELLO)))
            writer.write(WELCOME)
            await writer.drain()
        writer.close()

    return answers


def saying(answer: bytes, taken: list[bytes]) -> Answers:
    """A server, or somebody in its place, that says something else than that it has TLS."""

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(answer)
        with contextlib.suppress(OSError):
            taken.append(await reader.read(64))
        writer.close()

    return answers


async def relayed(answers: Answers, context: ssl.SSLContext, host: str, path: Path) -> bytes:
    """What a session over the relay is answered."""
    address = "127.0.0.1" if host == "localhost" else host
    there = await asyncio.start_server(answers, address, 0)
    port = there.sockets[0].getsockname()[1]
    with ThreadPoolExecutor(1) as threads:
        way = relay.VerifyingRelay(host, port, context, Journal(), threads)
        here = await asyncio.start_unix_server(way.serve, path)
        async with there, here:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(HELLO)
            answer = await reader.read()
            writer.close()
    return answer


@pytest.fixture
def own(tmp_path: Path) -> Folder:
    return made(tmp_path / "own")


@pytest.mark.parametrize(
    ("verification", "host", "ours", "reached"),
    [
        ("verify-full", "localhost", True, True),
        ("verify-full", "localhost", False, False),
        ("verify-full", "127.0.0.2", True, False),
        ("verify-ca", "127.0.0.2", True, True),
        ("verify-ca", "localhost", False, False),
        ("require", "localhost", False, True),
    ],
)
def test_a_server_is_verified_as_far_as_was_said(
    verification: str, host: str, ours: bool, reached: bool, own: Folder, tmp_path: Path
) -> None:
    trusted, taken = own if ours else made(tmp_path / "another"), []
    context = relay.context_of(verification, str(trusted.authority))
    answer = asyncio.run(relayed(speaking(own, taken), context, host, tmp_path / "s"))
    assert (answer == WELCOME, taken == [HELLO]) == (reached, reached)
    assert (REFUSED in answer) is not reached


@pytest.mark.parametrize("answer", [b"N", b"", b"E\0\0\0\x08oops", WELCOME])
def test_a_server_without_tls_gets_nothing(answer: bytes, own: Folder, tmp_path: Path) -> None:
    taken: list[bytes] = []
    context = relay.context_of("require", str(own.authority))
    found = asyncio.run(relayed(saying(answer, taken), context, "localhost", tmp_path / "s"))
    assert REFUSED in found
    assert not any(HELLO in each for each in taken)


def test_what_comes_before_the_handshake_is_not_passed_on(own: Folder, tmp_path: Path) -> None:
    taken: list[bytes] = []
    context = relay.context_of("verify-full", str(own.authority))
    answers = speaking(own, taken, before=WELCOME)
    found = asyncio.run(relayed(answers, context, "localhost", tmp_path / "s"))
    assert WELCOME not in found
    assert taken == []


def test_a_server_that_does_not_answer_is_told_as_postgresql_tells_it(
    own: Folder, tmp_path: Path
) -> None:
    async def found() -> bytes:
        taken = await asyncio.start_server(saying(b"", []), "127.0.0.1", 0)
        port = taken.sockets[0].getsockname()[1]
        taken.close()
        await taken.wait_closed()
        context = relay.context_of("verify-full", str(own.authority))
        with ThreadPoolExecutor(1) as threads:
            way = relay.VerifyingRelay("127.0.0.1", port, context, Journal(), threads)
            async with await asyncio.start_unix_server(way.serve, tmp_path / "s"):
                reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
                writer.write(HELLO)
                answer = await reader.read()
                writer.close()
        return answer

    answer = asyncio.run(found())
    assert answer.startswith(b"E")
    assert REFUSED in answer
