"""The object store's front under attack by an account without a key."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from havre_local.machine.folder import HOST
from havre_local.machine.objects import gateway
from havre_local.machine.supervision import supervisor
from tests.local.attackers import ANOTHER, NOBODY, acting, silent, unverified
from tests.local.conftest import ZONES, Machine
from tests.waits import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as another account")
KEY = "stays/kept.csv"
FORGED = (
    "- demo-curated [29/November/2026:16:00:00 +0000] 127.0.0.1 project_x ABCDEFGHIJ0123456 "
    "s3:GetObject k /demo-curated/k 200 - 1 1 1 1 - - - - SigV4 - AuthHeader - TLSv1.3 a Yes"
)


@pytest.fixture(scope="module")
def objects(machine: Machine) -> Iterator[Machine]:
    s3 = machine.admin.client()
    made = s3.put_object(Bucket=ZONES["curated"], Key=KEY, Body=b"age\n41\n")
    yield machine
    s3.delete_object(Bucket=ZONES["curated"], Key=KEY, VersionId=made["VersionId"])


def port(machine: Machine) -> int:
    return gateway.server_port(machine.folder)


def store(machine: Machine) -> supervisor.ServiceStatus:
    found = supervisor.status(machine.folder)
    return next(status for status in found if status.name == gateway.SERVICE)


def journal(machine: Machine) -> list[dict[str, Any]]:
    lines = machine.folder.log(gateway.ACCESS_LOG).read_text().splitlines()
    return [json.loads(line) for line in lines]


def half_requests(port: int, count: int) -> list[object]:
    """Connections that agree on TLS, as many as are let, and send half a request."""
    held: list[object] = []
    for raw in silent(port, count):
        held.append(raw)
        raw.settimeout(0.2 if len(held) > 64 else PATIENCE)
        if len(held) <= 70:
            with contextlib.suppress(OSError):
                session = unverified().wrap_socket(raw)
                session.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
                held.append(session)
    return held


def serves(machine: Machine) -> bool:
    s3 = machine.project.client()
    body = s3.get_object(Bucket=ZONES["curated"], Key=KEY)["Body"].read()
    return bool(body == b"age\n41\n")


def served_again(machine: Machine) -> bool:
    with contextlib.suppress(ClientError, BotoCoreError, OSError):
        return serves(machine)
    return False


ATTACKS: dict[str, Callable[[int], object]] = {
    "silent": partial(silent, count=1_100),
    "half a request": partial(half_requests, count=1_100),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_after_an_attack_all_are_served_by_the_same_process(
    objects: Machine, attack: Callable[[int], object]
) -> None:
    before = store(objects)
    with acting(partial(attack, port(objects)), NOBODY):
        pass
    until(lambda: served_again(objects))
    after = store(objects)
    assert (after.pid, after.restarts) == (before.pid, before.restarts)


@AS_ROOT
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_during_an_attack_administrator_and_other_accounts_are_served(
    objects: Machine, attack: Callable[[int], object]
) -> None:
    number = port(objects)

    def ask() -> object:
        connection = http.client.HTTPSConnection(HOST, number, context=unverified())
        connection.request("GET", "/")
        return connection.getresponse().status == 403 or None

    with acting(partial(attack, port(objects)), NOBODY):
        assert serves(objects)
        with acting(ask, ANOTHER):
            assert serves(objects)


@AS_ROOT
def test_one_account_holds_a_bounded_number_of_connections(objects: Machine) -> None:
    with acting(partial(silent, port(objects), 1_100), NOBODY):
        until(
            lambda: any(
                line.get("event") == "limited" and line.get("uid") == NOBODY
                for line in journal(objects)
            )
        )
        assert serves(objects)


@pytest.mark.parametrize(
    "target",
    [
        "/{bucket}/{mark}%0a{forged}%0a",
        "/{bucket}/{mark}%0A{forged}%0A",
        "/{bucket}/{mark}%0d%0a{forged}%0d%0a",
        "/{mark}%0a{forged}%0a/x",
        "/{bucket}/{mark}?versionId=x%0a{forged}%0a",
        "/{bucket}/{mark}%250a{forged}%250a",
        "/{bucket}/{mark}%e2%80%a8{forged}%c2%85",
        '/{bucket}/{mark}"%22%0a{forged}%0a',
        "/{bucket}/{mark}%00%0a{forged}%ff%0a",
    ],
)
def test_a_request_writes_one_line_whatever_it_asks_for(objects: Machine, target: str) -> None:
    mark = f"mark{abs(hash(target))}"
    forged = FORGED.replace(" ", "%20")
    path = target.format(bucket=ZONES["curated"], mark=mark, forged=forged)
    raw = unverified().wrap_socket(socket.create_connection((HOST, port(objects))))
    headers = f'Host: x\r\nReferer: "{FORGED}"\r\nUser-Agent: "x" {FORGED}\r\n'
    with raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
        raw.settimeout(PATIENCE)
        raw.recv(4096)
    # A later request of our own: what came before it is in the log by then.
    serves(objects)
    lines = [line["line"] for line in journal(objects) if line.get("event") == "request"]
    mine = [line for line in lines if mark in line]
    assert len(mine) <= 1, "one request, one line; one that is no request at all may have none"
    assert not [line for line in lines if line.startswith(FORGED[:40])]
    assert not [
        line
        for line in objects.folder.log(gateway.ACCESS_LOG).read_text().splitlines()
        if line.startswith(FORGED[:40])
    ]


def children(pid: int) -> list[int]:
    found = []
    for task in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(task.name))
    return found


def test_a_killed_front_takes_its_server_along_and_both_come_back(objects: Machine) -> None:
    before = store(objects)
    assert before.pid is not None
    (server,) = children(before.pid)
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{server}/exe").exists())
    until(lambda: store(objects).restarts > before.restarts)
    until(lambda: served_again(objects))


def test_a_killed_server_comes_back_with_its_front(objects: Machine) -> None:
    before = store(objects)
    assert before.pid is not None
    os.kill(children(before.pid)[0], signal.SIGKILL)
    until(lambda: store(objects).restarts > before.restarts)
    until(lambda: served_again(objects))


def test_a_large_object_passes_both_ways(objects: Machine) -> None:
    body = os.urandom(1 << 20) * 24
    s3 = objects.admin.client()
    made = s3.put_object(Bucket=ZONES["landing"], Key="large", Body=body)
    assert s3.get_object(Bucket=ZONES["landing"], Key="large")["Body"].read() == body
    s3.delete_object(Bucket=ZONES["landing"], Key="large", VersionId=made["VersionId"])
