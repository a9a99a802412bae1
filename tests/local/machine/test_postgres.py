"""PostgreSQL: over TLS only, logged, and each project in its own schemas."""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import ssl
import struct
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from havre.errors import GuardError, MissingDependencyError, ProviderError
from havre_local.machine.encryption import certificates
from havre_local.machine.folder import HOST, Folder, prepare
from havre_local.machine.postgresql import identities, installation
from havre_local.machine.postgresql import schemas as database
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.supervision import supervisor
from tests.local.conftest import DATABASE, EXPIRES, PROJECT, WAREHOUSE, Machine
from tests.waits import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM = Path("/usr/lib/postgresql")


def settings(machine: Machine, **changes: str) -> dict[str, Any]:
    known = machine.project.settings
    libpq = postgres.settings_for(machine.folder, DATABASE, known.account)
    return {**libpq, "passfile": str(known.pgpass), **changes}


def connecting(machine: Machine) -> database.Connect:
    return postgres.administrator(machine.folder)


@pytest.fixture
def tables(machine: Machine) -> Iterator[Machine]:
    """A table in each schema."""
    with machine.admin.connect() as connection:
        for schema in ("curated", "landing"):
            connection.execute(f"CREATE TABLE {schema}.stays AS SELECT 41 AS age")
    yield machine
    with machine.admin.connect() as connection:
        for schema in ("curated", "landing"):
            connection.execute(f"DROP TABLE {schema}.stays")


def test_a_connection_in_plain_text_is_refused(machine: Machine) -> None:
    with pytest.raises(psycopg.OperationalError, match="encrypted connections only"):
        psycopg.connect(**settings(machine, sslmode="disable"))


def test_a_server_of_another_authority_is_refused(machine: Machine, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other")
    prepare(other, WAREHOUSE)
    authority = certificates.ensure_authority(other)
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(**settings(machine, sslrootcert=str(authority)))


def test_the_connection_is_encrypted_by_a_current_protocol(machine: Machine) -> None:
    with psycopg.connect(**settings(machine)) as connection:
        assert connection.pgconn.ssl_in_use
    context = ssl.create_default_context(cafile=str(machine.folder.authority))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection((HOST, postgres.server_port(machine.folder))) as raw:
        raw.sendall(struct.pack("!II", 8, 80877103))
        assert raw.recv(1) == b"S"
        with context.wrap_socket(raw, server_hostname=HOST) as connection:
            assert connection.version() == "TLSv1.2"


def test_what_comes_before_the_handshake_is_not_taken_for_what_comes_after(
    machine: Machine,
) -> None:
    body = struct.pack("!I", 196608) + b"user\0havre\0\0"
    injected = struct.pack("!I", len(body) + 4) + body
    with socket.create_connection((HOST, postgres.server_port(machine.folder))) as raw:
        raw.settimeout(PATIENCE)
        raw.sendall(struct.pack("!II", 8, 80877103) + injected)
        context = ssl.create_default_context(cafile=str(machine.folder.authority))
        with pytest.raises(OSError, match=r"SSL|reset|EOF"):
            context.wrap_socket(raw, server_hostname=HOST)


def test_a_wrong_password_is_refused(machine: Machine) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**settings(machine, password="guess"))


def test_a_project_reads_its_schema_and_no_other(tables: Machine) -> None:
    with tables.project.connect() as connection:
        assert connection.execute("SELECT age FROM curated.stays").fetchall() == [(41,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT age FROM landing.stays")


def test_a_project_writes_nothing_even_if_it_asks_to(tables: Machine) -> None:
    with tables.project.connect(autocommit=True) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("DELETE FROM curated.stays")
        connection.execute("SET default_transaction_read_only = off")
        for statement in (
            "DELETE FROM curated.stays",
            "CREATE TABLE curated.mine (a int)",
            "CREATE TABLE public.mine (a int)",
            "CREATE TEMPORARY TABLE mine (a int)",
            "CREATE SCHEMA mine",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_project_connects_to_its_database_only(machine: Machine) -> None:
    for other in ("postgres", "template1"):
        secret = machine.project.settings.secrets()["PGPASSWORD"]
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(**settings(machine, dbname=other, password=secret))


def test_a_table_of_a_later_day_is_read_too(tables: Machine) -> None:
    with tables.admin.connect() as connection:
        connection.execute("CREATE TABLE curated.later AS SELECT 7 AS n")
    with tables.project.connect() as connection:
        assert connection.execute("SELECT n FROM curated.later").fetchall() == [(7,)]
    with tables.admin.connect() as connection:
        connection.execute("DROP TABLE curated.later")


def test_other_schemas_replace_the_earlier_ones(tables: Machine) -> None:
    def role(*schemas: str) -> identities.Role:
        return identities.ensure_identity(
            tables.folder, "other-project", DATABASE, schemas, EXPIRES
        )

    first = role("curated")
    second = role("landing")
    assert first.pgpass.read_text() == second.pgpass.read_text()
    libpq = postgres.settings_for(tables.folder, DATABASE, second.name)
    with psycopg.connect(passfile=str(second.pgpass), **libpq) as connection:
        connection.execute("SELECT age FROM landing.stays")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT age FROM curated.stays")
    identities.remove_identity(tables.folder, "other-project")
    identities.remove_identity(tables.folder, "other-project")
    assert not second.pgpass.exists()


def test_an_authorisation_ends_after_its_last_day(machine: Machine) -> None:
    today = dt.datetime.now(dt.UTC).date()

    def role(expires: dt.date) -> dict[str, Any]:
        made = identities.ensure_identity(machine.folder, "ending", DATABASE, ["curated"], expires)
        libpq = postgres.settings_for(machine.folder, DATABASE, made.name)
        return {**libpq, "passfile": str(made.pgpass)}

    connection = psycopg.connect(**role(today))
    connection.execute("SELECT 1")
    ended = role(today - dt.timedelta(days=1))
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(**ended)
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    identities.remove_identity(machine.folder, "ending")


def test_a_lost_or_changed_password_is_repaired(machine: Machine) -> None:
    project = "repaired"
    role = identities.ensure_identity(machine.folder, project, DATABASE, ["curated"], EXPIRES)
    first = role.pgpass.read_text()
    role.pgpass.unlink()
    identities.ensure_identity(machine.folder, project, DATABASE, ["curated"], EXPIRES)
    assert role.pgpass.read_text() == first
    libpq = postgres.settings_for(machine.folder, DATABASE, role.name)
    psycopg.connect(passfile=str(role.pgpass), **libpq).close()
    identities.remove_identity(machine.folder, project)


def test_a_query_can_be_cancelled(machine: Machine) -> None:
    with machine.admin.connect() as connection:
        timer = threading.Timer(0.3, connection.cancel)
        timer.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(60)")
        timer.join()


def test_many_rows_pass_both_ways(machine: Machine) -> None:
    rows = 50_000
    with machine.admin.connect() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE wide (content text)")
        with cursor.copy("COPY wide FROM STDIN") as copy:
            for _ in range(rows):
                copy.write_row(("x" * 200,))
        with cursor.copy("COPY wide TO STDOUT") as copy:
            assert sum(len(bytes(chunk)) for chunk in copy) == rows * 201


def test_an_extension_that_is_not_there_is_named(machine: Machine) -> None:
    with pytest.raises(ProviderError, match="timescaledb"):
        database.ensure_database(connecting(machine), DATABASE, ["pg_trgm", "timescaledb"])


def test_what_holds_data_is_guarded(tables: Machine) -> None:
    assert database.database_holds_data(connecting(tables), DATABASE)
    assert not database.database_holds_data(connecting(tables), "nowhere")
    with pytest.raises(GuardError, match="landing"):
        database.drop_schema(connecting(tables), DATABASE, "landing")


def test_a_database_is_repeated_without_harm_and_dropped_when_told(machine: Machine) -> None:
    connect = connecting(machine)
    for _ in range(2):
        database.ensure_database(connect, "second", ["pg_trgm"], ["a", "b"])
    assert not database.database_holds_data(connect, "second")
    database.drop_schema(connect, "second", "a")
    database.drop_database(connect, "second")
    with connect() as connection:
        assert not database.database_exists(connection, "second")


def test_the_cluster_is_as_promised(machine: Machine) -> None:
    with machine.admin.connect() as connection:

        def show(name: str) -> str:
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            return str(row[0]) if row else ""

        assert show("data_checksums") == "on"
        assert show("server_encoding") == "UTF8"
        assert show("password_encryption") == "scram-sha-256"
        assert show("TimeZone") == "UTC"
        row = connection.execute(
            "SELECT datlocale FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert row == ("C.UTF-8",)
    assert show_is_tls_or_socket(machine.folder)


def show_is_tls_or_socket(folder: Folder) -> bool:
    """Whether the server itself accepts TLS, or nothing but its own socket."""
    (hba,) = [
        line
        for line in (folder.database / "pg_hba.conf").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    return hba.split()[0] in {"hostssl", "local"} and hba.endswith("scram-sha-256")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another account")
def test_as_root_another_account_serves_from_a_folder_it_cannot_reach(machine: Machine) -> None:
    parent = machine.folder.root.parent
    assert parent.stat().st_mode & 0o077 == 0
    found = next(
        status for status in supervisor.status(machine.folder) if status.name == postgres.SERVICE
    )
    assert Path(f"/proc/{found.pid}").stat().st_uid == machine.folder.database.stat().st_uid != 0


def test_a_killed_server_comes_back_with_its_data(tables: Machine) -> None:
    def found() -> supervisor.ServiceStatus:
        states = supervisor.status(tables.folder)
        return next(status for status in states if status.name == postgres.SERVICE)

    before = found()
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: found().restarts > before.restarts)
    until(lambda: found().state is supervisor.State.RUNNING)
    with tables.project.connect() as connection:
        assert connection.execute("SELECT age FROM curated.stays").fetchall() == [(41,)]


def test_settings_again_change_nothing(machine: Machine) -> None:
    before = supervisor.status(machine.folder)
    supervisor.ensure_running(machine.folder, *postgres.ensure_cluster(machine.folder))
    assert supervisor.status(machine.folder) == before


def test_an_unfinished_cluster_of_a_killed_run_is_replaced(folder: Folder) -> None:
    try:
        installation.find()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    unfinished = folder.root / ".database.0123"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("3")
    postgres.ensure_cluster(folder)
    assert (folder.database / "PG_VERSION").read_text() != "3"
    assert not unfinished.exists()
    postgres.destroy_cluster(folder)
    assert not folder.database.exists()


@pytest.mark.skipif(
    not list(SYSTEM.glob("*/bin/initdb")), reason=f"no PostgreSQL with TLS in {SYSTEM}"
)
def test_a_server_with_tls_of_its_own_needs_no_front(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAVRE_POSTGRESQL", str(max(SYSTEM.iterdir())))
    services = postgres.ensure_cluster(folder, tls_minimum="1.3")
    assert [service.name for service in services] == [postgres.SERVICE]
    supervisor.ensure_running(folder, *services)
    database.ensure_database(postgres.administrator(folder), DATABASE, (), ["curated"])
    role = identities.ensure_identity(folder, PROJECT, DATABASE, ["curated"], EXPIRES)
    libpq = postgres.settings_for(folder, DATABASE, role.name)
    with psycopg.connect(passfile=str(role.pgpass), **libpq) as connection:
        row = connection.execute(
            "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ).fetchone()
        assert row == ("TLSv1.3",)
    plain = {**libpq, "sslmode": "disable", "passfile": str(role.pgpass)}
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry.*no encryption"):
        psycopg.connect(**plain)


def test_a_newer_certificate_is_served_without_a_restart(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def served() -> bytes | None:
        context = ssl.create_default_context(cafile=str(machine.folder.authority))
        with socket.create_connection((HOST, postgres.server_port(machine.folder))) as raw:
            raw.sendall(struct.pack("!II", 8, 80877103))
            raw.recv(1)
            with context.wrap_socket(raw, server_hostname=HOST) as connection:
                return connection.getpeercert(binary_form=True)

    before, pids = served(), [status.pid for status in supervisor.status(machine.folder)]
    monkeypatch.setattr(certificates, "RENEW_DAYS", certificates.SERVER_DAYS + 1)
    services = postgres.ensure_cluster(machine.folder)
    monkeypatch.undo()
    supervisor.ensure_running(machine.folder, *services)
    until(lambda: served() != before)
    assert [status.pid for status in supervisor.status(machine.folder)] == pids


def test_the_server_is_sent_no_password(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    execute = psycopg.Connection.execute

    def watching(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(query if isinstance(query, str) else query.as_string(self))
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Connection, "execute", watching)
    role = identities.ensure_identity(machine.folder, "unsent", DATABASE, ["curated"], EXPIRES)
    secret = identities.read_pgpass(machine.folder, role.pgpass)
    identities.remove_identity(machine.folder, "unsent")
    assert secret is not None
    assert any("SCRAM-SHA-256$" in statement for statement in sent)
    assert not any(secret in statement for statement in sent)
