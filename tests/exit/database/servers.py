"""PostgreSQL servers for tests of an exit: on 127.0.0.1, each in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from havre.capabilities import Support, Supported
from havre.live.warehouse import LibpqClient
from havre_local.machine import accounts
from havre_local.machine.postgresql import installation
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Iterator

ADMINISTRATOR = "keeper"
SETTINGS = (
    *(
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        "full_page_writes=off",
    ),
    *("wal_level=logical", "max_prepared_transactions=2", "shared_buffers=32MB"),
    *("max_connections=60", "autovacuum=off", "timezone=UTC", "log_min_messages=fatal"),
)


@dataclass(frozen=True)
class Server:
    """A server that runs, and one of its databases: implements `LiveDatabase`."""

    binaries: Path
    port: int
    password: str
    name: str = "postgres"
    user: str = ADMINISTRATOR
    process: int = 0

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=self.name, user=self.user,
            password=self.password, sslmode="disable", autocommit=autocommit,
        )  # fmt: skip

    @contextlib.contextmanager
    def client(self) -> Iterator[LibpqClient]:
        passfile = os.memfd_create("pgpass")
        try:
            os.fchmod(passfile, 0o600)
            os.write(passfile, f"*:*:*:{self.user}:{self.password}\n".encode())
            environment = {
                "PATH": f"{self.binaries}:/usr/bin:/bin", "PGHOST": "127.0.0.1",
                "PGPORT": str(self.port), "PGUSER": self.user, "PGDATABASE": self.name,
                "PGSSLMODE": "disable", "PGPASSFILE": f"/proc/self/fd/{passfile}",
            }  # fmt: skip
            yield LibpqClient(environment, (passfile,))
        finally:
            os.close(passfile)

    @property
    def reach(self) -> str:
        """How another server reaches this one."""
        return (
            f"host=127.0.0.1 port={self.port} dbname={self.name} user={self.user}"
            f" password={self.password} sslmode=disable"
        )

    def run(self, statements: str) -> None:
        with self.connect(autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(statements.encode())

    def one(self, query: str) -> Any:
        with self.connect() as connection:
            row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None

    def database(self, name: str, options: str = "") -> Server:
        """A new database of the server, empty: its files are copied, which costs least."""
        made = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        with self.connect(autocommit=True) as connection:
            connection.execute(made + sql.SQL(f" STRATEGY FILE_COPY {options}"))  # type: ignore[arg-type]
        return replace(self, name=name)

    def as_user(self, user: str) -> Server:
        """The same database, reached as another role with the administrator's password."""
        return replace(self, user=user)

    def drop(self) -> None:
        """Drop this database, whoever is in it."""
        name = sql.Identifier(self.name)
        with replace(self, name="postgres").connect(autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


@dataclass(frozen=True)
class StandingReader:
    """A role that somebody made to read a database: implements `DatabaseReader`."""

    end: Server
    standing: bool = True

    @property
    def role(self) -> str:
        return self.end.user

    @contextlib.contextmanager
    def opened(self) -> Iterator[Server]:
        yield self.end


NO_READER = Supported(Support.ABSENT, "this server has no reader")


@contextlib.contextmanager
def running(found: installation.Installation, *, locale: str = "C.UTF-8") -> Iterator[Server]:
    """A server, as long as the context stands."""
    root = Path(tempfile.mkdtemp(prefix="havre-pg-"))
    account = installation.account(root / "data")
    chosen = installation.reachable(found, account)
    owner = accounts.owner(account)
    if owner:
        os.chown(root, *owner)
    password = secrets.token_hex(12)
    data = str(root / "data")
    _initdb(chosen, account, data, password, locale)
    port = _free_port()
    options = [word for each in SETTINGS for word in ("-c", each)]
    argv = [chosen.program("postgres"), "-D", data, "-p", str(port), *options]
    process = subprocess.Popen(
        **accounts.as_account(account, argv),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    server = Server(chosen.binaries, port, password, process=process.pid)
    try:
        until(lambda: _answers(server), why=f"no answer of PostgreSQL {chosen.version}")
        yield server
    finally:
        process.send_signal(3)
        process.wait()
        shutil.rmtree(root, ignore_errors=True)


def _initdb(
    chosen: installation.Installation, account: str | None, data: str, password: str, locale: str
) -> None:
    passfile = os.memfd_create("password")
    owner = accounts.owner(account)
    os.write(passfile, password.encode())
    if owner:
        os.fchown(passfile, *owner)
    argv = [
        chosen.program("initdb"), "--pgdata", data, "--username", ADMINISTRATOR,
        "--pwfile", f"/proc/self/fd/{passfile}", "--auth", "scram-sha-256", "--encoding", "UTF8",
        "--locale", locale, "--no-sync", "--no-instructions",
    ]  # fmt: skip
    done = subprocess.run(
        **accounts.as_account(account, argv),
        pass_fds=(passfile,),
        capture_output=True,
        check=False,
    )
    os.close(passfile)
    assert done.returncode == 0, done.stderr.decode()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(server: Server) -> bool:
    try:
        server.connect().close()
    except psycopg.OperationalError:
        return False
    return True
