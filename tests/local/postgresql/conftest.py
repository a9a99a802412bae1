"""PostgreSQL's servers for tests: that of the packages, and the system's where there is one."""

from __future__ import annotations

import socket
import ssl
import struct
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from havre.errors import MissingDependencyError
from havre_local.machine.folder import HOST, Folder, prepare
from havre_local.machine.postgresql import identities, schemas
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.postgresql.log import Record, records
from havre_local.machine.supervision import supervisor
from tests.local.conftest import DATABASE, EXPIRES, WAREHOUSE
from tests.waits import PATIENCE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

SYSTEM = Path("/usr/lib/postgresql")
SCHEMAS = ("curated", "landing")
_SSL_REQUEST = struct.pack("!II", 8, 80_877_103)


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL that runs, with a table in each of two schemas."""

    folder: Folder

    @property
    def connect(self) -> schemas.Connect:
        """The administrator's connections."""
        return postgres.administrator(self.folder)

    def log(self) -> list[Record]:
        """What the server has logged."""
        return list(records(self.folder.log(postgres.SERVICE).open("rb")))

    def project(
        self, name: str, reads: tuple[str, ...] = ("curated",), expires: dt.date = EXPIRES
    ) -> partial[psycopg.Connection[Any]]:
        """Give a project access; returns what opens its connections."""
        role = identities.ensure_identity(self.folder, name, DATABASE, reads, expires)
        libpq = postgres.settings_for(self.folder, DATABASE, role.name)
        return partial(
            psycopg.connect,
            passfile=str(role.pgpass),
            autocommit=True,
            **libpq,  # type: ignore[arg-type]
        )

    def greet(self, startup: bytes) -> bytes:
        """Send a startup packet and no password over TLS; return what was answered."""
        context = ssl.create_default_context(cafile=str(self.folder.authority))
        with socket.create_connection((HOST, postgres.server_port(self.folder))) as raw:
            raw.settimeout(PATIENCE)
            raw.sendall(_SSL_REQUEST)
            raw.recv(1)
            with context.wrap_socket(raw, server_hostname=HOST) as connection:
                body = struct.pack("!I", 196_608) + startup
                connection.sendall(struct.pack("!I", len(body) + 4) + body)
                answer = connection.recv(1024)
                if answer[:1] != b"R":  # refused at once
                    return answer
                guess = b"guess\0"
                connection.sendall(b"p" + struct.pack("!I", len(guess) + 4) + guess)
                return answer + connection.recv(1024)


def serve(folder: Folder) -> Cluster:
    """Start PostgreSQL in a folder; skip where it is not installed."""
    prepare(folder, WAREHOUSE)
    try:
        supervisor.ensure_running(folder, *postgres.ensure_cluster(folder))
    except MissingDependencyError as error:
        pytest.skip(str(error))
    cluster = Cluster(folder)
    schemas.ensure_database(cluster.connect, DATABASE, (), SCHEMAS)
    with cluster.connect(DATABASE) as connection:
        for schema in SCHEMAS:
            connection.execute(f"CREATE TABLE {schema}.stays AS SELECT 41 AS age")
    return cluster


@pytest.fixture(scope="session", params=["packaged", "system"])
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A server of each installation; tests share it and use projects of their own."""
    folder = Folder(tmp_path_factory.mktemp(request.param) / "data")
    try:
        with pytest.MonkeyPatch.context() as patch:
            if request.param == "system":
                patch.setenv("HAVRE_POSTGRESQL", str(newest_system()))
            made = serve(folder)
        yield made
    finally:
        if (folder.root / "run").is_dir():
            supervisor.stop(folder)


def newest_system() -> Path:
    """The system's newest installation; skips where there is none."""
    installed = [path.parent.parent for path in SYSTEM.glob("*/bin/initdb")]
    if not installed:
        pytest.skip(f"no PostgreSQL in {SYSTEM}")
    return max(installed, key=lambda path: int(path.name))
