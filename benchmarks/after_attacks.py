"""Seconds until both stores serve again once an attack on their fronts has ended, as JSON.

An attacker's process, of the account `nobody` where this is run by root, holds connections without
a password or a key. Meanwhile rows and objects are written, and every one that was acknowledged
must be there afterwards. Sets a warehouse of the example up, and takes it down.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from havre.live import s3
from havre_local.machine.access import open_warehouse
from havre_local.machine.folder import Folder
from havre_local.machine.objects import gateway
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.supervision import supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = str(ROOT / "examples" / "emc2" / "warehouse.yaml")
HAVRE = [sys.executable, "-m", "havre"]
ATTACKS = ("1,000 silent connections", "100 half-open sessions", "1,000 where 200 files open")
WRITES = 10
"""How often each store is asked to write during an attack."""

_NOBODY = 65_534
_FEW_FILES = 200
_TRY_SECONDS = 2.0
_GIVE_UP_SECONDS = 90.0
_SSL_REQUEST = struct.pack("!II", 8, 80_877_103)
_NOT_SERVED = (psycopg.Error, BotoCoreError, ClientError, OSError)


@dataclass(frozen=True)
class Outcome:
    """What an attack on one front came to.

    Attributes:
        front: whose front, `postgresql` or `object-store`.
        attack: one of `ATTACKS`.
        seconds: from the attack's end until the administrator was served.
        during: of `WRITES`, how many were acknowledged during the attack.
        lost: of these, how many were not there afterwards.
        restarts: how often the front was started again meanwhile.
    """

    front: str
    attack: str
    seconds: float
    during: int
    lost: int
    restarts: int


class Database:
    """The database as its administrator writes and reads it."""

    front = postgres.SERVICE

    def __init__(self, folder: Folder) -> None:
        self._settings = postgres.admin_settings(folder)
        self._settings["connect_timeout"] = str(int(_TRY_SECONDS))
        self.port = postgres.server_port(folder)
        self.service = postgres.listener(folder)
        self._run("CREATE TABLE IF NOT EXISTS written (n int)")

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(**self._settings, autocommit=True) as connection:  # type: ignore[arg-type]
            found = connection.execute(statement)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []

    def write(self, number: int) -> None:
        """Write a row; without an error, it is acknowledged."""
        self._run(f"INSERT INTO written VALUES ({number})")  # noqa: S608 - a number of ours

    def written(self) -> set[int]:
        """What is there."""
        return {row[0] for row in self._run("SELECT n FROM written")}

    def greet(self, raw: socket.socket) -> object:
        """As an attacker, agree on TLS and send a startup packet; the password never comes."""
        raw.sendall(_SSL_REQUEST)
        raw.recv(1)
        session = _unverified(raw)
        words = b"user\0havre\0database\0postgres\0\0"
        session.sendall(struct.pack("!II", len(words) + 8, 196_608) + words)
        return session


class Store:
    """The object store as its administrator writes and reads it."""

    front = gateway.SERVICE
    service = gateway.SERVICE

    def __init__(self, folder: Folder) -> None:
        address = s3.Address(
            gateway.endpoint(folder), gateway.REGION, authority=str(folder.authority), direct=True
        )
        known = s3.Credentials(*gateway.admin_credentials(folder))
        self._s3 = s3.connect(address, known, attempts=1, timeout=_TRY_SECONDS)
        self._bucket = open_warehouse(folder.root).bucket("landing")
        self.port = gateway.server_port(folder)

    def write(self, number: int) -> None:
        """Write an object; without an error, it is acknowledged."""
        self._s3.put_object(Bucket=self._bucket, Key=f"written/{number}", Body=b"x" * 1000)

    def written(self) -> set[int]:
        """What is there."""
        found = self._s3.list_objects_v2(Bucket=self._bucket, Prefix="written/")
        return {int(each["Key"].rpartition("/")[2]) for each in found.get("Contents", ())}

    def greet(self, raw: socket.socket) -> object:
        """As an attacker, agree on TLS and send half a request."""
        session = _unverified(raw)
        session.sendall(b"PUT /x/y HTTP/1.1\r\nHost: x\r\n")
        return session


def _unverified(raw: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(raw)


def hold(port: int, count: int, greet: Callable[[socket.socket], object] | None) -> object:
    """Open connections and keep them, greeted where the server goes along."""
    held: list[object] = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            raw = socket.create_connection(("127.0.0.1", port))
            raw.settimeout(0.3)
            held.append(raw)
            if greet is not None:
                held.append(greet(raw))
    return held


@contextlib.contextmanager
def attacker(work: Callable[[], object]) -> Iterator[None]:
    """Have another process, of another account under root, do `work` until the end of the block."""
    ready, over = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.close(over[1])
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(_NOBODY)
                os.setuid(_NOBODY)
            held = work()
            os.write(ready[1], b"1" if held else b"0")
            os.read(over[0], 1)
        os._exit(0)
    try:
        select.select([ready[0]], [], [], _GIVE_UP_SECONDS)
        yield
    finally:
        os.close(over[1])
        os.waitpid(child, 0)
        for descriptor in (*ready, over[0]):
            os.close(descriptor)


def attempt(folder: Folder, of: Database | Store, attack: str, base: int) -> Outcome:
    """Attack a front, write meanwhile, and see how soon it serves and what is there."""
    before = status(folder, of.service)
    half_open = attack == ATTACKS[1]
    work = partial(hold, of.port, 100 if half_open else 1000, of.greet if half_open else None)
    acknowledged = set()
    with attacker(work):
        for number in range(base, base + WRITES):
            with contextlib.suppress(*_NOT_SERVED):
                of.write(number)
                acknowledged.add(number)
    ended = time.perf_counter()
    there = once_served(of)
    took = time.perf_counter() - ended
    restarts = status(folder, of.service).restarts - before.restarts
    lost = len(acknowledged - there)
    return Outcome(of.front, attack, round(took, 3), len(acknowledged), lost, restarts)


def once_served(of: Database | Store) -> set[int]:
    """What is there, as soon as it is told."""
    deadline = time.perf_counter() + _GIVE_UP_SECONDS
    while True:
        try:
            return of.written()
        except _NOT_SERVED:
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.02)


def status(folder: Folder, name: str) -> supervisor.ServiceStatus:
    """What a service does."""
    return next(found for found in supervisor.status(folder) if found.name == name)


def outcomes(folder: Folder, attacks: tuple[str, ...]) -> list[Outcome]:
    """Attacks on both fronts of a warehouse that runs."""
    stores: tuple[Database | Store, ...] = (Database(folder), Store(folder))
    return [
        attempt(folder, of, attack, WRITES * number)
        for of in stores
        for number, attack in enumerate(attacks)
    ]


def measured(place: Path, attacks: tuple[str, ...], files: int | None = None) -> list[Outcome]:
    """Set a warehouse up, whose services open so many files at most, attack it, take it down."""

    def limit() -> None:
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    words = ["--data-dir", str(place)]
    up = [*HAVRE, "up", EXAMPLE, "--provider", "local", *words, "--yes"]
    subprocess.run(up, check=True, stdout=subprocess.DEVNULL, preexec_fn=limit)
    try:
        return outcomes(Folder(place), attacks)
    finally:
        subprocess.run([*HAVRE, "down", *words], check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    """Print a table and then JSON; 1 where something acknowledged was lost."""
    with tempfile.TemporaryDirectory(prefix="havre-bench-") as place:
        Path(place).chmod(0o711)
        found = measured(Path(place) / "warehouse", ATTACKS[:2])
        found += measured(Path(place) / "poor", ATTACKS[2:], _FEW_FILES)
    for each in found:
        print(
            f"{each.front:13} {each.attack:27} served after {each.seconds:6.3f} s; during it "
            f"{each.during} of {WRITES} writes; {each.lost} lost; {each.restarts} restarts"
        )
    print(json.dumps([asdict(each) for each in found]))
    return int(any(each.lost for each in found))


if __name__ == "__main__":
    sys.exit(main())
