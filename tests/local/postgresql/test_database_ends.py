"""The end of an authorisation: nobody has to deploy for it to be one."""

from __future__ import annotations

import datetime as dt
import signal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from havre_local.machine import processes
from havre_local.machine.folder import locked
from havre_local.machine.postgresql import ends, identities
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.postgresql.roles import READER
from havre_local.machine.readers import reading
from havre_local.machine.supervision import supervisor
from tests.local.conftest import DATABASE
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.postgresql.conftest import Cluster

TODAY = dt.datetime.now(dt.UTC).date()
YESTERDAY = TODAY - dt.timedelta(days=1)
LATER = TODAY + dt.timedelta(days=30)
READ = "SELECT age FROM curated.stays"


def pass_last_day(cluster: Cluster, role: str) -> None:
    """Make a role's last day yesterday's, as if the clock had gone on: nothing is deployed."""
    with cluster.connect() as connection:
        connection.execute(f"ALTER ROLE {role} VALID UNTIL '{TODAY.isoformat()} 00:00:00+00'")
    with locked(cluster.folder, postgres.SERVICE):
        ends.record(cluster.folder, role, DATABASE, YESTERDAY)


def reads(connection: psycopg.Connection[Any]) -> bool:
    try:
        return connection.execute(READ).fetchall() == [(41,)]
    except psycopg.Error:
        return False


def has_nothing(cluster: Cluster, role: str) -> bool:
    query = (
        "SELECT rolcanlogin OR has_schema_privilege(oid, 'curated', 'USAGE')"
        " OR has_table_privilege(oid, 'curated.stays', 'SELECT')"
        " OR EXISTS (SELECT FROM pg_stat_activity WHERE usename = rolname)"
        " FROM pg_authid WHERE rolname = %s"
    )
    with cluster.connect(DATABASE) as connection:
        return connection.execute(query, (role,)).fetchone() == (False,)


def open_session(cluster: Cluster, project: str) -> psycopg.Connection[Any]:
    connect: Callable[[], psycopg.Connection[Any]] = cluster.project(project, expires=TODAY)
    connection = connect()
    assert reads(connection)
    return connection


def test_an_open_session_ends_with_the_last_day(cluster: Cluster) -> None:
    connection = open_session(cluster, "open-session")
    pass_last_day(cluster, "project_open_session")
    until(lambda: not reads(connection))
    until(lambda: has_nothing(cluster, "project_open_session"))
    # A clock that is set back opens nothing again.
    with cluster.connect() as admin:
        admin.execute("ALTER ROLE project_open_session VALID UNTIL 'infinity'")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        cluster_login(cluster, "open-session")


def cluster_login(cluster: Cluster, project: str) -> None:
    path = cluster.folder.project(project) / "pgpass"
    libpq = postgres.settings_for(cluster.folder, DATABASE, f"project_{project.replace('-', '_')}")
    psycopg.connect(passfile=str(path), **libpq).close()  # type: ignore[arg-type]


def test_what_passed_while_no_supervisor_watched_is_ended_by_the_next(cluster: Cluster) -> None:
    connection = open_session(cluster, "unwatched")
    killed = supervisor.running(cluster.folder)
    assert killed is not None
    processes.stop(killed, signal.SIGKILL, 0)
    pass_last_day(cluster, "project_unwatched")
    assert reads(connection)  # nobody is there to end it, and the next deployment sees that
    assert "sessions" in identities.differs(
        cluster.folder, "unwatched", DATABASE, ["curated"], YESTERDAY
    )
    supervisor.ensure_running(cluster.folder)
    until(lambda: not reads(connection))
    until(lambda: has_nothing(cluster, "project_unwatched"))


def test_a_reader_that_a_killed_run_has_left_is_gone_after_its_last_day(cluster: Cluster) -> None:
    kept = reading(cluster.folder, DATABASE)
    settings = kept.__enter__()  # the run is killed here
    connection = psycopg.connect(**settings, autocommit=True)  # type: ignore[arg-type]
    assert reads(connection)
    database, last = ends.recorded(cluster.folder)[READER]
    assert (database, last - TODAY) == (DATABASE, dt.timedelta(days=1))
    with cluster.connect() as admin:
        query = "SELECT rolvaliduntil <= now() + interval '2 days' FROM pg_roles WHERE rolname = %s"
        assert admin.execute(query, (READER,)).fetchone() == (True,)
    pass_last_day(cluster, READER)
    until(lambda: not reads(connection))
    with cluster.connect(autocommit=True) as admin:
        roles = "SELECT 1 FROM pg_roles WHERE rolname = %s"
        until(lambda: admin.execute(roles, (READER,)).fetchone() is None)
    until(lambda: READER not in ends.recorded(cluster.folder))


def test_a_database_that_is_down_then_is_asked_again(cluster: Cluster) -> None:
    connection = open_session(cluster, "down")
    server = next(s for s in supervisor.status(cluster.folder) if s.name == postgres.SERVICE)
    process = processes.identify(server.pid or 0)
    assert process is not None
    processes.send(process, signal.SIGSTOP)  # it answers nobody
    with locked(cluster.folder, postgres.SERVICE):
        ends.record(cluster.folder, "project_down", DATABASE, YESTERDAY)
    processes.send(process, signal.SIGCONT)
    until(lambda: not reads(connection))
    until(lambda: has_nothing(cluster, "project_down"))


def test_a_deployment_that_moves_the_end_gives_all_back(cluster: Cluster) -> None:
    open_session(cluster, "prolonged").close()
    pass_last_day(cluster, "project_prolonged")
    until(lambda: has_nothing(cluster, "project_prolonged"))
    with cluster.project("prolonged", expires=LATER)() as connection:
        assert reads(connection)
    found = identities.differs(cluster.folder, "prolonged", DATABASE, ["curated"], LATER)
    assert found == ()


def test_a_deployment_of_an_ended_project_ends_it_and_then_finds_nothing(cluster: Cluster) -> None:
    connection = open_session(cluster, "deployed")
    cluster.project("deployed", expires=YESTERDAY)
    assert not reads(connection)
    assert has_nothing(cluster, "project_deployed")
    assert not identities.differs(cluster.folder, "deployed", DATABASE, ["curated"], YESTERDAY)
