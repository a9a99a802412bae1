"""What a project does with its role: written nothing, left nothing, and set right again."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from havre_local.machine.postgresql import closing, identities, inspection, roles
from tests.local.conftest import DATABASE, EXPIRES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from tests.local.postgresql.conftest import Cluster

REFUSED = (
    "SELECT lo_from_bytea(0, 'left for others')",
    "SELECT lo_creat(-1)",
    "SELECT lo_create(0)",
    "SELECT lo_put(1, 0, 'x')",
    "SELECT lowrite(1, 'x')",
    "SELECT lo_truncate(1, 0)",
    "SELECT lo_unlink(1)",
    "SELECT pg_notify('channel', 'left for others')",
    "SELECT pg_logical_emit_message(false, 'x', repeat('x', 100))",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_xact_lock_shared(1, 2)",
    "CREATE TABLE public.mine (a int)",
    "CREATE TEMPORARY TABLE mine (a int)",
    "SET temp_file_limit = -1",
    "SELECT rolvaliduntil FROM pg_roles",
    "SELECT valuntil FROM pg_user",
    "SELECT rolconfig FROM pg_roles",
)
CHANGES: dict[str, str] = {
    "password": "ALTER ROLE {me} PASSWORD 'weak'",
    "settings": "ALTER ROLE {me} SET statement_timeout = 0",
    "settings of a database": "ALTER ROLE {me} IN DATABASE {database} SET work_mem = '1GB'",
    "its own rights": "DROP OWNED BY {me}",
}
GIVEN: dict[str, str] = {
    "login": "ALTER ROLE {me} NOLOGIN",
    "end": "ALTER ROLE {me} VALID UNTIL 'infinity'",
    "power": "ALTER ROLE {me} CREATEDB",
    "connections": "ALTER ROLE {me} CONNECTION LIMIT -1",
    "group": "GRANT pg_read_all_data TO {me}",
    "member": "GRANT {me} TO pg_monitor",
    "schema": "GRANT USAGE ON SCHEMA landing TO {me}",
    "table": "GRANT SELECT ON landing.stays TO {me}",
    "column": "GRANT UPDATE (age) ON curated.stays TO {me}",
    "writing": "GRANT INSERT ON curated.stays TO {me}",
    "function": "GRANT EXECUTE ON FUNCTION pg_notify(text, text) TO {me}",
    "database": "GRANT TEMPORARY ON DATABASE {database} TO {me}",
    "less": "REVOKE SELECT ON curated.stays FROM {me}",
    "later tables": "ALTER DEFAULT PRIVILEGES IN SCHEMA curated REVOKE SELECT ON TABLES FROM {me}",
}
"""What an administrator may have given or taken by hand, or an intruder."""


def writing(connect: Callable[[], psycopg.Connection[Any]]) -> psycopg.Connection[Any]:
    """A project's session that has lifted what it can."""
    connection = connect()
    connection.execute("SET default_transaction_read_only = off")
    return connection


def found(cluster: Cluster, project: str, expires: dt.date = EXPIRES) -> tuple[str, ...]:
    return identities.differs(cluster.folder, project, DATABASE, ["curated"], expires)


def test_a_project_that_lifts_its_read_only_default_writes_nothing(cluster: Cluster) -> None:
    with writing(cluster.project("writer")) as connection:
        for statement in REFUSED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        names = connection.execute("SELECT rolname, oid FROM pg_roles").fetchall()
        assert names  # what clients need of roles is still there


def test_no_two_projects_have_an_object_between_them(cluster: Cluster) -> None:
    """Whatever writes an object that another may read is closed, by any name and argument."""
    query = (
        "SELECT pg_proc.oid::regprocedure::text FROM pg_proc WHERE"
        " pronamespace = 'pg_catalog'::regnamespace AND has_function_privilege(%s, oid, 'EXECUTE')"
        " AND (proname ~ '^lo_|^lowrite$|advisory|notify$|emit_message')"
    )
    cluster.project("looker")
    with cluster.connect(DATABASE) as connection:
        left = {row[0].partition("(")[0] for row in connection.execute(query, ("project_looker",))}
    reading = {"lo_open", "lo_close", "lo_get", "lo_lseek", "lo_lseek64", "lo_tell", "lo_tell64"}
    assert left <= reading


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_project_makes_of_its_own_role_is_seen_and_set_right(
    cluster: Cluster, what: str
) -> None:
    name = "self-made"
    connect = cluster.project(name)
    assert found(cluster, name) == ()
    with writing(connect) as connection:
        connection.execute(CHANGES[what].format(me="project_self_made", database=DATABASE))
    assert found(cluster, name) != ()
    connect = cluster.project(name)
    assert found(cluster, name) == ()
    with connect() as connection:
        assert connection.execute("SELECT age FROM curated.stays").fetchall() == [(41,)]
        assert connection.execute("SHOW statement_timeout").fetchone() == ("4h",)


@pytest.mark.parametrize("what", GIVEN)
def test_a_right_more_or_less_is_seen_and_set_right(cluster: Cluster, what: str) -> None:
    name = "given"
    cluster.project(name)
    assert found(cluster, name) == ()
    with cluster.connect(DATABASE) as connection:
        connection.execute(GIVEN[what].format(me="project_given", database=DATABASE))
    assert found(cluster, name) != ()
    cluster.project(name)
    assert found(cluster, name) == ()


def test_a_project_makes_no_other_one_a_member_of_itself(cluster: Cluster) -> None:
    cluster.project("friend", ("landing",))
    refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with writing(cluster.project("generous")) as connection, refused:
        connection.execute("GRANT project_generous TO project_friend")


def test_a_project_has_so_many_sessions_and_no_more(cluster: Cluster) -> None:
    connect = cluster.project("many")
    with contextlib.ExitStack() as stack:
        for _ in range(roles.CONNECTIONS):
            stack.enter_context(connect())
        with pytest.raises(psycopg.OperationalError, match="too many connections"):
            connect()
        with cluster.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_temporary_files_of_a_session_are_bounded(cluster: Cluster) -> None:
    connect = cluster.project("spilling")
    with cluster.connect(DATABASE) as connection:
        connection.execute("ALTER ROLE project_spilling SET temp_file_limit = '1MB'")
    query = "SELECT count(*) FROM (SELECT n FROM generate_series(1, 900000) n ORDER BY n DESC) s"
    with connect() as connection:
        connection.execute("SET work_mem = '64kB'")
        with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
            connection.execute(query)


def test_a_verifier_is_that_of_its_password_only(cluster: Cluster) -> None:
    connect = cluster.project("verified")
    with connect() as connection:
        made = connection.pgconn.encrypt_password(b"right", b"x", b"scram-sha-256").decode()
    assert inspection.made_of(made, "right")
    assert not inspection.made_of(made, "wrong")
    assert not inspection.made_of(made[:-6] + "AAAAA=", "right")
    for other in ("", "md5" + "0" * 32, "SCRAM-SHA-256$x", made.replace("4096", "4097")):
        assert not inspection.made_of(other, "right")


def test_what_was_opened_again_is_seen_and_closed(cluster: Cluster) -> None:
    assert closing.open_to_all(cluster.connect, DATABASE) == []
    for statement, told in (
        ("GRANT EXECUTE ON FUNCTION pg_notify(text, text) TO PUBLIC", "pg_notify(text,text)"),
        ("GRANT SELECT ON pg_roles TO PUBLIC", "read all of pg_roles"),
        ("GRANT CREATE ON SCHEMA public TO PUBLIC", "create in the schema `public`"),
    ):
        with cluster.connect(DATABASE) as connection:
            connection.execute(statement)
        (found,) = closing.open_to_all(cluster.connect, DATABASE)
        assert told in found
        with cluster.connect(DATABASE) as connection:
            closing.close(connection)
        assert closing.open_to_all(cluster.connect, DATABASE) == []
