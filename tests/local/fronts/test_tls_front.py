"""PostgreSQL's front under attack by an account without a password."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from havre_local.machine.folder import HOST
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.postgresql import tls_front
from havre_local.machine.supervision import supervisor
from havre_local.machine.supervision.services import DIRECTORY_FD
from tests.local.attackers import (
    ANOTHER,
    NOBODY,
    SSL_REQUEST,
    acting,
    encrypted,
    half_open,
    silent,
    startup,
)
from tests.local.conftest import DATABASE, Machine
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root acts as another account")
MANY = 1_100
"""More connections than files that a process can have open by default."""


def port(machine: Machine) -> int:
    return postgres.server_port(machine.folder)


def front(machine: Machine) -> supervisor.ServiceStatus:
    found = supervisor.status(machine.folder)
    return next(status for status in found if status.name == postgres.FRONT)


def journal(machine: Machine) -> list[dict[str, Any]]:
    lines = machine.folder.log(postgres.FRONT).read_text().splitlines()
    return [json.loads(line) for line in lines]


def serves(machine: Machine) -> bool:
    with machine.project.connect() as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def served_again(machine: Machine) -> bool:
    """Whether a session is given; what an attacker has left may still be on its way out."""
    try:
        return serves(machine)
    except psycopg.OperationalError:
        return False


def backends(machine: Machine) -> int:
    """Processes of PostgreSQL that serve or begin a session, as the kernel tells."""
    (server,) = (s for s in supervisor.status(machine.folder) if s.name == postgres.SERVICE)
    found = 0
    for task in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((task / "stat").read_text().rpartition(")")[2].split()[1])
            title = (task / "cmdline").read_text()
            found += parent == server.pid and "authentication" in title
    return found


def broken(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


ATTACKS: dict[str, Callable[[int], object]] = {
    "silent": partial(silent, count=MANY),
    "half a startup packet": partial(half_open, count=100, packet=b"\0\0\0\x40"),
    "no password": partial(half_open, count=100, packet=startup(user="havre", database="postgres")),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_after_an_attack_all_are_served_by_the_same_process(
    machine: Machine, attack: Callable[[int], object]
) -> None:
    before = front(machine)
    with machine.admin.connect() as session:
        with acting(partial(attack, port(machine)), NOBODY):
            assert session.execute("SELECT 1").fetchone() == (1,)
        until(lambda: served_again(machine))
        assert session.execute("SELECT 2").fetchone() == (2,)
    after = front(machine)
    assert (after.pid, after.restarts) == (before.pid, before.restarts)


@AS_ROOT
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_during_an_attack_administrator_and_other_accounts_are_served(
    machine: Machine, attack: Callable[[int], object]
) -> None:
    libpq = {**postgres.settings_for(machine.folder, DATABASE, machine.project.settings.account)}
    secret = machine.project.settings.secrets()["PGPASSWORD"]
    authority = machine.folder.authority.read_text()

    def log_in() -> object:
        # The folder of the test lies where another account reaches nothing.
        assert authority
        mode = {"sslmode": "require", "sslrootcert": ""}
        with psycopg.connect(**{**libpq, **mode}, password=secret) as connection:  # type: ignore[arg-type]
            return connection.execute("SELECT 1").fetchone()

    with acting(partial(attack, port(machine)), NOBODY):
        assert serves(machine)
        with acting(log_in, ANOTHER):
            assert serves(machine)


@AS_ROOT
def test_one_account_has_few_sessions_that_have_not_begun(machine: Machine) -> None:
    begun = partial(half_open, port(machine), 40, startup(user="havre", database="postgres"))
    with acting(begun, NOBODY):
        assert 0 < backends(machine) <= 6


@pytest.mark.parametrize(
    "part", [b"", b"\0\0\0\x40", startup(user="havre", database="postgres")[:-1]]
)
def test_postgresql_hears_of_no_session_whose_packet_is_not_whole(
    machine: Machine, part: bytes
) -> None:
    with encrypted(port(machine)) as session:
        session.sendall(part)
        assert serves(machine)
        assert backends(machine) == 0


@pytest.fixture
def poor_front(machine: Machine, tmp_path: Path) -> Iterator[int]:
    """The port of a second front, which can open few files and no more."""
    with socket.create_server((HOST, 0)) as probe:
        free = probe.getsockname()[1]
    real = machine.folder.database
    (tmp_path / f".s.PGSQL.{free}").symlink_to(real / f".s.PGSQL.{port(machine)}")
    (tmp_path / "server.pem").write_bytes((real / "server.pem").read_bytes())
    directory = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)

    def limited() -> None:
        os.dup2(directory, DIRECTORY_FD)
        resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80))

    process = subprocess.Popen(
        [sys.executable, "-I", "-B", tls_front.__file__, f"--port={free}"],
        pass_fds=(DIRECTORY_FD,),
        preexec_fn=limited,  # noqa: PLW1509 - nothing else runs in this process
        stderr=(tmp_path / "journal").open("wb"),
    )
    try:
        until(lambda: "started" in (tmp_path / "journal").read_text())
        yield free
        assert process.poll() is None
    finally:
        os.close(directory)
        process.kill()
        process.wait()


def test_a_front_that_can_open_few_files_serves_after_many_connections(
    machine: Machine, poor_front: int
) -> None:
    settings = {**postgres.admin_settings(machine.folder), "port": str(poor_front)}
    with psycopg.connect(**settings) as session:  # type: ignore[arg-type]
        with acting(partial(silent, poor_front, 300), NOBODY):
            assert session.execute("SELECT 1").fetchone() == (1,)
        until(lambda: connects(settings))
        assert session.execute("SELECT 2").fetchone() == (2,)


def connects(settings: dict[str, str]) -> bool:
    try:
        psycopg.connect(**settings).close()  # type: ignore[arg-type]
    except psycopg.OperationalError:
        return False
    return True


def test_a_killed_front_comes_back_and_loses_nothing_that_was_committed(machine: Machine) -> None:
    before = front(machine)
    assert before.pid is not None
    with machine.admin.connect(autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS curated.acknowledged (n int)")
        connection.execute("INSERT INTO curated.acknowledged VALUES (7)")
        os.kill(before.pid, signal.SIGKILL)
        until(lambda: broken(connection))
    until(lambda: served_again(machine))
    with machine.admin.connect() as connection:
        assert connection.execute("SELECT n FROM curated.acknowledged").fetchall() == [(7,)]
        connection.execute("DROP TABLE curated.acknowledged")


@pytest.mark.parametrize("hostile", ["x\nLOG:  forged", "x\rforged", "x\x1b[2K", "x\u2028forged"])
@pytest.mark.parametrize("which", ["user", "database"])
def test_a_name_that_would_break_a_line_is_refused_and_reaches_no_log(
    machine: Machine, which: str, hostile: str
) -> None:
    mark = f"{hostile}{which}"
    names = {"user": "havre", "database": "postgres", which: mark}
    with encrypted(port(machine)) as session:
        session.sendall(startup(**names))
        answer = session.recv(4096)
    assert answer[:1] == b"E"
    assert b"C28000" in answer
    assert mark not in machine.folder.log(postgres.SERVICE).read_text()
    assert not any("forged" in line.get("user", "") for line in journal(machine))


def test_a_session_is_told_with_the_account_of_its_peer(machine: Machine) -> None:
    with machine.project.connect() as connection:
        backend = connection.info.backend_pid
        until(lambda: any(line.get("backend") == backend for line in journal(machine)))
    (line,) = (line for line in journal(machine) if line.get("backend") == backend)
    assert line["event"] == "session"
    assert line["uid"] == os.geteuid()
    assert (line["user"], line["database"]) == (machine.project.settings.account, DATABASE)


@AS_ROOT
def test_a_refused_password_is_told_with_the_account_that_tried_it(machine: Machine) -> None:
    libpq = postgres.settings_for(machine.folder, DATABASE, "project_guessed")
    mode = {"sslmode": "require", "sslrootcert": ""}

    def guess() -> object:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(**{**libpq, **mode}, password="guess")  # type: ignore[arg-type]
        return True

    with acting(guess, NOBODY):
        until(lambda: any(line.get("user") == "project_guessed" for line in journal(machine)))
    (line,) = (line for line in journal(machine) if line.get("user") == "project_guessed")
    assert (line["event"], line["uid"], line["code"]) == ("refused", NOBODY, "28P01")


def test_a_connection_in_plain_text_is_told_how_to_connect(machine: Machine) -> None:
    with socket.create_connection((HOST, port(machine))) as raw:
        raw.sendall(startup(user="havre"))
        answer = raw.recv(4096)
    assert b"encrypted connections only" in answer
    assert SSL_REQUEST not in answer


@pytest.mark.parametrize("slots", [1, 4, 30, 100, 5000])
def test_sessions_that_have_not_begun_leave_room_whatever_the_server_takes(slots: int) -> None:
    found = tls_front.bounds(slots)
    assert 1 <= found.served_of_one <= found.served <= max(1, slots // 2)
    assert (slots < 72) == (found.served < tls_front.BOUNDS.served)
