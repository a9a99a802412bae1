"""The managed PostgreSQL of a sandbox, by psycopg and psql: who is what, and what waits."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from havre.errors import ProviderError
from havre_sandbox.standins.postgres.service import (
    SERVICE,
    PostgresService,
    Profile,
    secret_name,
)
from tests.waits import until

if TYPE_CHECKING:
    from havre_sandbox.standins.machine import Machine

ADMINISTRATOR = "warehouse-administrators"
PROFILE = Profile("azure_pg_admin", allow_list="azure.extensions")


@pytest.fixture(scope="module")
def service(machine: Machine) -> PostgresService:
    found = PostgresService(machine, PROFILE)
    found.start()
    found.put_administrator(ADMINISTRATOR)
    found.put_database("emc2")
    return found


def connected(service: PostgresService, role: str = ADMINISTRATOR, **given: Any) -> Any:
    settings: dict[str, Any] = {**service.settings("emc2", role), **given}
    return psycopg.connect(**settings, autocommit=True)


def test_an_administrator_administers_and_is_no_superuser(service: PostgresService) -> None:
    with connected(service) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls "
            "FROM pg_roles WHERE rolname = current_user"
        )
        assert row.fetchone() == (False, True, True, True, True)
        member = "SELECT pg_has_role(current_user, 'azure_pg_admin', 'member')"
        assert connection.execute(member).fetchone() == (True,)
        connection.execute("CREATE TABLE visits(id int PRIMARY KEY)")
        connection.execute("CREATE ROLE researcher LOGIN; GRANT SELECT ON visits TO researcher")
        for statement in (
            "ALTER SYSTEM SET work_mem = '8MB'",
            "COPY visits FROM PROGRAM 'true'",
            "SELECT pg_read_file('/etc/passwd')",
            "CREATE ROLE root SUPERUSER",
            "SET SESSION AUTHORIZATION sandbox_superuser",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_only_extensions_of_the_list_are_created(service: PostgresService) -> None:
    service.put_parameter("azure.extensions", "BTREE_GIN,PG_TRGM,PG_STAT_STATEMENTS")
    with connected(service) as connection:
        for allowed in ("btree_gin", "pg_trgm", "pg_stat_statements"):
            connection.execute(f"CREATE EXTENSION {allowed}")
        for other in ("hstore", "pg_prewarm"):
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="is not available"):
                connection.execute(f"CREATE EXTENSION {other}")
    service.put_parameter("azure.extensions", "BTREE_GIN,PG_TRGM,PG_STAT_STATEMENTS,HSTORE")
    with connected(service) as connection:
        connection.execute("CREATE EXTENSION hstore")
    service.drop_parameter("azure.extensions")
    with connected(service) as connection:
        known = {name for (name,) in connection.execute("SELECT name FROM pg_available_extensions")}
        assert known == {"plpgsql"}


@pytest.mark.parametrize("value", ["", "pgaudit", "pgaudit,pg_stat_statements"])
def test_whatever_libraries_are_asked_for_it_starts_again(
    service: PostgresService, value: str
) -> None:
    service.put_parameter("shared_preload_libraries", value)
    service.restart()
    assert service.pending() == ()
    with connected(service) as connection:
        shown = connection.execute("SHOW shared_preload_libraries").fetchone()
    assert shown == ("pg_stat_statements",)  # of those that are installed
    service.drop_parameter("shared_preload_libraries")


def test_a_static_parameter_waits_for_a_restart(service: PostgresService) -> None:
    assert service.put_parameter("work_mem", "8MB").static is False
    assert service.put_parameter("max_locks_per_transaction", "128").static is True
    asked = "shared_preload_libraries"
    service.put_parameter(asked, "pgaudit,pg_stat_statements")
    with connected(service) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("8MB",)
        assert connection.execute("SHOW max_locks_per_transaction").fetchone() == ("64",)
    assert set(service.pending()) >= {"max_locks_per_transaction", asked}
    service.restart()
    assert service.pending() == ()
    with connected(service) as connection:
        assert connection.execute("SHOW max_locks_per_transaction").fetchone() == ("128",)
    for name in ("max_locks_per_transaction", "work_mem"):
        service.drop_parameter(name)
    with connected(service) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("4MB",)
    assert service.pending() == ("max_locks_per_transaction",)


def test_a_parameter_is_refused_or_recorded(service: PostgresService) -> None:
    with pytest.raises(ProviderError, match="work_mem: InvalidParameterValue"):
        service.put_parameter("work_mem", "much")
    service.put_parameter("pgaudit.log", "all")
    service.put_parameter("log_line_prefix", "%m")
    assert service.recorded_only() == ("log_line_prefix", "pgaudit.log")
    assert service.parameters()["pgaudit.log"].value == "all"


def test_a_reader_reads_everything_and_writes_nothing(service: PostgresService) -> None:
    with connected(service) as connection:
        connection.execute("CREATE TABLE notes(id int); INSERT INTO notes VALUES (1)")
        connection.execute("ALTER TABLE notes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    service.put_reader("verifier")
    with connected(service, "verifier") as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (1,)
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO notes VALUES (2)")


def test_a_role_that_is_dropped_logs_in_no_more(service: PostgresService) -> None:
    service.put_administrator("leaver")
    settings = service.settings("emc2", "leaver")
    with psycopg.connect(**settings) as connection:  # type: ignore[arg-type]
        service.drop_role("leaver")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(**settings)  # type: ignore[arg-type]


def test_nothing_is_accepted_without_tls(service: PostgresService) -> None:
    with pytest.raises(psycopg.OperationalError, match="encrypted"):
        connected(service, sslmode="disable")


def test_psql_and_dump_work_by_the_administrators_own_rights(service: PostgresService) -> None:
    database = service.database("emc2", ADMINISTRATOR)
    for argv in (["psql", "-Atc", "SELECT current_user"], ["pg_dump", "--schema-only"]):
        with database.client() as client:
            done = subprocess.run(
                [str(database.binaries / argv[0]), *argv[1:], "--no-password"],
                env=dict(client.environment),
                pass_fds=client.descriptors,
                capture_output=True,
                text=True,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        assert ADMINISTRATOR in done.stdout


def test_the_server_comes_back_after_a_kill(service: PostgresService) -> None:
    with connected(service) as connection:
        connection.execute("CREATE TABLE kept(id int); INSERT INTO kept VALUES (7)")
    (status,) = [each for each in service.machine.statuses() if each.name == SERVICE]
    assert status.pid
    os.kill(status.pid, signal.SIGKILL)
    until(
        lambda: any(
            each.name == SERVICE and each.state == "running" and each.pid != status.pid
            for each in service.machine.statuses()
        )
    )
    with connected(service) as connection:
        assert connection.execute("SELECT id FROM kept").fetchone() == (7,)


def test_a_database_is_made_once_and_removed(service: PostgresService) -> None:
    service.put_database("other")
    service.put_database("other")
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'other'"
    with connected(service) as connection:
        assert connection.execute(owner).fetchone() == ("azure_pg_admin",)
    service.drop_database("other")
    service.drop_database("other")
    with connected(service) as connection:
        assert connection.execute(owner).fetchone() is None


def test_a_password_is_in_a_closed_file_and_in_no_log(service: PostgresService) -> None:
    file = service.machine.secret_file(secret_name(ADMINISTRATOR))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    password = file.read_text()
    logs = service.machine.folder.logs.rglob("*")
    assert password
    assert not [
        each for each in logs if each.is_file() and password in each.read_text("utf-8", "replace")
    ]
