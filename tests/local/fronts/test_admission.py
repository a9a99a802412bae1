"""A front's door: whose connections are held, how many, and what does not end it."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

from havre_local.machine.fronts import admission, peers
from havre_local.machine.fronts.admission import Bounds, Gate, Journal
from tests.local.attackers import ANOTHER, NOBODY, acting

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = 0
SMALL = Bounds(served_of_one=1, served=2, held_of_one=3, held=5)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


def gate(bounds: Bounds = SMALL) -> Gate:
    return Gate(bounds, frozenset({ROOT}), Journal())


def test_one_account_takes_no_room_of_another() -> None:
    door = gate()
    assert [door.enter(NOBODY) for _ in range(4)] == [True, True, True, False]
    assert [door.enter(ANOTHER) for _ in range(3)] == [True, True, False]
    assert [door.enter(ROOT) for _ in range(4)] == [True, True, True, False]
    door.leave(NOBODY)
    assert door.enter(ANOTHER)
    assert not door.enter(NOBODY)


def test_whose_client_is_unknown_shares_one_bound_with_all_such() -> None:
    door = gate()
    assert [door.enter(None) for _ in range(4)] == [True, True, True, False]
    assert not door.administers(None)


def test_a_place_is_served_while_another_account_waits_for_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "QUEUE_SECONDS", 0.05)

    async def scene() -> list[str]:
        door, seen = gate(), []
        async with door.served(NOBODY):
            with pytest.raises(TimeoutError):
                async with door.served(NOBODY):
                    seen.append("a second place of one account")
            async with door.served(ANOTHER):
                seen.append("another account")
                async with door.served(ROOT):
                    seen.append("an administrator")
        async with door.served(NOBODY):
            seen.append("again")
        return seen

    assert asyncio.run(scene()) == ["another account", "an administrator", "again"]


def test_bounds_shrink_to_the_files_that_can_be_open() -> None:
    many = Bounds(6, 36, 128, 2048)
    assert many.within(65_536) == many
    assert many.within(128) == Bounds(6, 32, 32, 32)
    assert many.within(10) == Bounds(2, 2, 2, 2)


@pytest.mark.parametrize(
    "number",
    [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED, errno.EPERM],
)
def test_no_error_of_accept_ends_the_front(
    number: int, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> bytes:
        loop = asyncio.get_running_loop()
        accept, failures = loop.sock_accept, iter(range(3))

        async def failing(sock: socket.socket) -> Any:
            for _ in failures:
                raise OSError(number, os.strerror(number))
            return await accept(sock)

        monkeypatch.setattr(loop, "sock_accept", failing)

        async def serve(client: socket.socket, _uid: int | None) -> None:
            await loop.sock_sendall(client, b"served")

        front = asyncio.create_task(admission.accept(listener, gate(), Journal(), serve))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        answer = await reader.read()
        writer.close()
        front.cancel()
        return answer

    assert asyncio.run(scene()) == b"served"


def test_a_failing_connection_harms_no_other(listener: socket.socket) -> None:
    async def serve(client: socket.socket, _uid: int | None) -> None:
        if await asyncio.get_running_loop().sock_recv(client, 1) == b"x":
            raise ConnectionResetError
        await asyncio.get_running_loop().sock_sendall(client, b"served")

    async def ask(first: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(first)
        answer = await reader.read()
        writer.close()
        return answer

    async def scene() -> list[bytes]:
        door = gate()
        front = asyncio.create_task(admission.accept(listener, door, Journal(), serve))
        answers = [await ask(b"x") for _ in range(6)] + [await ask(b"y")]
        front.cancel()
        return answers

    assert asyncio.run(scene()) == [b""] * 6 + [b"served"]


def both_ends(listener: socket.socket) -> tuple[socket.socket, socket.socket]:
    ours = socket.create_connection(listener.getsockname())
    listener.setblocking(True)
    return ours, listener.accept()[0]


def by_table(client: socket.socket) -> int | None:
    return peers.read_tables(client.getpeername(), client.getsockname())


@pytest.mark.parametrize("look", [peers.Peers().account, by_table], ids=["netlink", "table"])
def test_the_account_at_the_other_end_is_known(listener: socket.socket, look: Any) -> None:
    ours, theirs = both_ends(listener)
    with ours, theirs:
        assert look(theirs) == os.geteuid()


@pytest.mark.parametrize("look", [peers.Peers().account, by_table], ids=["netlink", "table"])
def test_who_came_over_a_socket_of_version_six_is_known(listener: socket.socket, look: Any) -> None:
    try:
        ours = socket.socket(socket.AF_INET6)
        ours.connect((f"::ffff:{listener.getsockname()[0]}", listener.getsockname()[1]))
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    listener.setblocking(True)
    with ours, listener.accept()[0] as theirs:
        assert look(theirs) == os.geteuid()


@pytest.mark.parametrize("look", [peers.Peers().account, by_table], ids=["netlink", "table"])
def test_who_has_closed_already_is_nobody_and_never_root(
    listener: socket.socket, look: Any
) -> None:
    ours, theirs = both_ends(listener)
    with theirs:
        ours.close()
        assert look(theirs) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as another account")
@pytest.mark.parametrize("look", [peers.Peers().account, by_table], ids=["netlink", "table"])
def test_another_account_is_told_from_ours(listener: socket.socket, look: Any) -> None:
    port = listener.getsockname()[1]
    listener.setblocking(True)
    with (
        acting(lambda: socket.create_connection(("127.0.0.1", port)), NOBODY),
        listener.accept()[0] as theirs,
    ):
        assert look(theirs) == NOBODY
    assert peers.account_name(NOBODY) != peers.account_name(ROOT)
    assert peers.account_name(ANOTHER) == str(ANOTHER)


def test_what_anybody_can_cause_is_counted_once_it_is_too_much(
    capfd: pytest.CaptureFixture[str],
) -> None:
    journal = Journal()
    for _ in range(150):
        journal.bounded("refused", NOBODY, user="x\n{}")
    journal.bounded("refused", ANOTHER, user="seldom")
    journal.report()
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    whole = [line for line in lines if "user" in line and line.get("uid") == NOBODY]
    counted = sum(line["count"] for line in lines if "count" in line)
    assert len(whole) < 150
    assert len(whole) + counted == 150
    assert {line["user"] for line in whole} == {"x\n{}"}
    assert [line["user"] for line in lines if line.get("uid") == ANOTHER] == ["seldom"]


def test_a_full_disk_ends_no_front(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    Journal().say("lost")
    monkeypatch.undo()
    Journal().say("written")
    (line,) = capfd.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "written"
