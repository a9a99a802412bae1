"""What somebody changes by hand in a database is found, and ended where it is ours to end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psycopg
import pytest

from havre.database.applying import plan
from havre.database.profile import DatabaseProfile
from havre.database.steps import Direction, StepKind
from havre.errors import GuardError

if TYPE_CHECKING:
    from tests.database.conftest import Managed

ROLE = "project_cohort_diabetes"
UNASKED, CHANGED, MISSING = Direction


@dataclass(frozen=True)
class Drift:
    """Something that is planted by hand, and the step that finds it first.

    Attributes:
        planted: SQL.
        direction, kind, what: of a step that must be found.
        by_service: whether only the service's superuser can plant it.
        removed: SQL that takes it away where `apply` may not.
    """

    planted: str
    direction: Direction
    kind: StepKind
    what: str
    by_service: bool = False
    removed: str = ""


DRIFTS = {
    "role added": Drift("CREATE ROLE mallory LOGIN", UNASKED, StepKind.ROLE, "role mallory"),
    "role of a project that is not in the file": Drift(
        "CREATE ROLE project_old LOGIN", UNASKED, StepKind.ROLE, "role project_old"
    ),
    "role dropped": Drift(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA curated REVOKE ALL ON TABLES FROM {role};"
        "REVOKE ALL ON ALL TABLES IN SCHEMA curated FROM {role};"
        "REVOKE ALL ON SCHEMA curated FROM {role}; REVOKE ALL ON DATABASE emc2 FROM {role};"
        "DROP ROLE {role}",
        MISSING, StepKind.ROLE, "{role}, the role of project cohort-diabetes",
    ),
    "grant widened": Drift(
        "GRANT INSERT, DELETE ON curated.measurement TO {role}",
        UNASKED, StepKind.GRANT, '{role} has DELETE, INSERT on table "curated"."measurement"',
    ),
    "grant on another zone": Drift(
        "GRANT USAGE ON SCHEMA landing TO {role}",
        UNASKED, StepKind.GRANT, '{role} has USAGE on schema "landing"',
    ),
    "grant on a column": Drift(
        "GRANT UPDATE (value) ON curated.measurement TO {role}",
        UNASKED, StepKind.GRANT, '{role} has UPDATE ("value") on table "curated"."measurement"',
    ),
    "grant option": Drift(
        "GRANT SELECT ON curated.measurement TO {role} WITH GRANT OPTION",
        UNASKED, StepKind.GRANT,
        '{role} may give SELECT on table "curated"."measurement" to others',
    ),
    "grant to PUBLIC": Drift(
        "GRANT SELECT ON curated.measurement TO PUBLIC",
        UNASKED, StepKind.GRANT, 'every role has SELECT on table "curated"."measurement"',
    ),
    "PUBLIC may connect": Drift(
        "GRANT CONNECT ON DATABASE emc2 TO PUBLIC",
        UNASKED, StepKind.GRANT, 'every role has CONNECT on database "emc2"',
    ),
    "grant revoked": Drift(
        "REVOKE SELECT ON curated.measurement FROM {role}",
        MISSING, StepKind.GRANT, '{role} lacks SELECT on table "curated"."measurement"',
    ),
    "member of a project": Drift(
        "CREATE ROLE eve; GRANT {role} TO eve",
        UNASKED, StepKind.MEMBERSHIP, "eve is a member of {role}",
    ),
    "project reads everything": Drift(
        "GRANT pg_read_all_data TO {role}",
        UNASKED, StepKind.MEMBERSHIP, "{role} is a member of pg_read_all_data",
        by_service=True, removed="REVOKE pg_read_all_data FROM {role}",
    ),
    "default privilege widened": Drift(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA curated GRANT INSERT ON TABLES TO {role}",
        UNASKED, StepKind.DEFAULT, "{role} will have INSERT on tables that boss creates",
    ),
    "default privilege for PUBLIC": Drift(
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
        UNASKED, StepKind.DEFAULT, "every role will have SELECT on tables that boss creates",
    ),
    "default privilege taken": Drift(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA curated REVOKE SELECT ON TABLES FROM {role}",
        MISSING, StepKind.DEFAULT, "{role} will lack SELECT on tables that boss creates",
    ),
    "valid for longer": Drift(
        "ALTER ROLE {role} VALID UNTIL '2099-01-01'",
        UNASKED, StepKind.ATTRIBUTE, "{role} is valid until 2099-01-01",
    ),
    "valid for ever": Drift(
        "ALTER ROLE {role} VALID UNTIL 'infinity'",
        UNASKED, StepKind.ATTRIBUTE, "{role} is valid until without end",
    ),
    "more sessions": Drift(
        "ALTER ROLE {role} CONNECTION LIMIT -1",
        UNASKED, StepKind.ATTRIBUTE, "{role} may have any number of sessions, not 20",
    ),
    "no login": Drift(
        "ALTER ROLE {role} NOLOGIN", CHANGED, StepKind.ATTRIBUTE, "{role} has no LOGIN"
    ),
    "creates roles": Drift(
        "ALTER ROLE {role} CREATEROLE",
        UNASKED, StepKind.ATTRIBUTE, "{role} has the attribute CREATEROLE",
    ),
    "superuser": Drift(
        "ALTER ROLE {role} SUPERUSER",
        UNASKED, StepKind.ATTRIBUTE, "{role} has the attribute SUPERUSER",
        by_service=True, removed="ALTER ROLE {role} NOSUPERUSER",
    ),
    "passes row security": Drift(
        "ALTER ROLE {role} BYPASSRLS",
        UNASKED, StepKind.ATTRIBUTE, "{role} has the attribute BYPASSRLS",
        by_service=True, removed="ALTER ROLE {role} NOBYPASSRLS",
    ),
    "superuser added": Drift(
        "CREATE ROLE root SUPERUSER LOGIN",
        UNASKED, StepKind.ROLE, "role root, which the warehouse file does not ask for (LOGIN, S",
        by_service=True, removed="DROP ROLE root",
    ),
    "timeout lifted": Drift(
        "ALTER ROLE {role} SET statement_timeout = 0",
        CHANGED, StepKind.SETTING, "{role} has statement_timeout = 0, not 4h",
    ),
    "setting added": Drift(
        "ALTER ROLE {role} IN DATABASE emc2 SET search_path = curated",
        UNASKED, StepKind.SETTING, "{role} has search_path = curated in database emc2",
    ),
    "setting taken": Drift(
        "ALTER ROLE {role} RESET default_transaction_read_only",
        MISSING, StepKind.SETTING, "{role} lacks default_transaction_read_only = on",
    ),
    "row security off": Drift(
        "ALTER TABLE curated.guarded DISABLE ROW LEVEL SECURITY",
        UNASKED, StepKind.ROW_SECURITY, "curated.guarded has policies of rows that are not in",
    ),
    "schema owned by a project": Drift(
        "ALTER SCHEMA curated OWNER TO {role}",
        UNASKED, StepKind.OWNER, "{role} owns schema curated", by_service=True,
    ),
    "table owned by a project": Drift(
        "ALTER TABLE curated.measurement OWNER TO {role}",
        UNASKED, StepKind.OWNER, "{role} owns table curated.measurement", by_service=True,
    ),
    "table owned by a role that was added": Drift(
        "CREATE ROLE owner_by_hand; GRANT owner_by_hand TO boss WITH ADMIN OPTION;"
        "ALTER TABLE curated.measurement OWNER TO owner_by_hand",
        UNASKED, StepKind.OWNER, "owner_by_hand owns curated.measurement", by_service=True,
    ),
    "schema dropped": Drift(
        "DROP SCHEMA research CASCADE", MISSING, StepKind.SCHEMA, "schema research"
    ),
    "extension dropped": Drift(
        "DROP EXTENSION pg_trgm", MISSING, StepKind.EXTENSION, "extension pg_trgm"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DRIFTS)
def test_a_drift_is_found_and_ended(database: Managed, name: str) -> None:
    drift = DRIFTS[name]
    assert database.plan() == ()
    planter = database.service if drift.by_service else database.administered
    planter.run(drift.planted.format(role=ROLE))
    try:
        found = database.plan()
        assert [
            step
            for step in found
            if (step.direction, step.kind) == (drift.direction, drift.kind)
            and drift.what.format(role=ROLE) in step.what
        ], [step.what for step in found]
        applied = database.apply()
        assert drift.removed or not applied.remaining, applied.remaining
    finally:
        if drift.removed:
            database.service.run(drift.removed.format(role=ROLE))
            database.apply()
    assert database.plan() == ()


def test_a_grant_that_nobody_asked_for_is_shown_first(database: Managed) -> None:
    database.administered.run(
        f"ALTER ROLE {ROLE} VALID UNTIL 'infinity'; CREATE ROLE mallory LOGIN;"
        "REVOKE USAGE ON SCHEMA curated FROM project_pharmaco_study;"
        "GRANT USAGE ON SCHEMA landing TO PUBLIC"
    )
    found = database.plan()
    assert found[0].what == 'every role has USAGE on schema "landing"'
    assert found[0].lines() == ('REVOKE USAGE ON SCHEMA "landing" FROM PUBLIC CASCADE;',)
    assert found[-1].direction is MISSING
    database.apply()
    assert database.plan() == ()


def test_a_role_that_owns_data_is_not_dropped_and_nothing_else_is_done(database: Managed) -> None:
    database.service.run(
        "CREATE ROLE hoarder; CREATE SCHEMA hoard AUTHORIZATION hoarder;"
        "CREATE TABLE hoard.data (i int); ALTER TABLE hoard.data OWNER TO hoarder;"
        f"ALTER ROLE {ROLE} CONNECTION LIMIT 50"
    )
    with pytest.raises(GuardError, match=r"hoarder.*owns schema hoard, table hoard\.data"):
        database.apply()
    assert database.service.one("SELECT count(*) FROM pg_tables WHERE tablename = 'data'") == 1
    assert f"{ROLE} may have 50 sessions, not 20" in {step.what for step in database.plan()}
    database.service.run("DROP SCHEMA hoard CASCADE; DROP ROLE hoarder")
    database.apply()
    assert database.plan() == ()


def test_a_project_that_ended_has_no_right_and_no_session(database: Managed) -> None:
    after = database.spec.projects["cohort-diabetes"].expires + dt.timedelta(days=1)
    spec = database.spec.model_copy(
        update={
            "projects": {
                name: each if name == "cohort-diabetes" else each.model_copy(
                    update={"expires": dt.date(2099, 1, 1)}
                )
                for name, each in database.spec.projects.items()
            }
        }
    )  # fmt: skip
    ended = replace(database, spec=spec)
    ended.apply(dt.date(2026, 11, 30))
    secret = database.service.password
    database.service.run(f"ALTER ROLE {ROLE} PASSWORD '{secret}'")
    with database.service.as_user(ROLE).connect(autocommit=True) as session:
        assert session.execute("SELECT count(*) FROM curated.measurement").fetchone() == (0,)
        ended.apply(after)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        database.service.as_user(ROLE).connect()
    right = f"SELECT has_table_privilege('{ROLE}', 'curated.measurement', 'SELECT')"
    assert database.service.one(right) is False
    assert ended.plan(after) == ()
    database.apply()


def test_who_is_kept_is_left_alone(database: Managed) -> None:
    database.administered.run("CREATE ROLE loader; GRANT INSERT ON curated.measurement TO loader")
    assert {step.kind for step in database.plan()} == {StepKind.GRANT, StepKind.ROLE}
    kept = replace(database.wanted(), kept=frozenset({"loader"}))
    assert plan(database.administered, kept) == ()
    database.apply()


def test_names_that_need_quotes_are_quoted(database: Managed) -> None:
    name = 'x"; DROP TABLE curated.measurement; --'
    quoted = name.replace('"', '""')
    database.administered.run(
        f'CREATE ROLE "{quoted}"; GRANT USAGE ON SCHEMA curated TO "{quoted}"'
    )
    assert name in database.plan()[0].what
    database.apply()
    assert database.plan() == ()
    assert database.service.one("SELECT to_regclass('curated.measurement')::text") is not None


AUDITED = DatabaseProfile(
    administrators=frozenset({"azure_pg_admin"}),
    libraries=("auto_explain",),
    extensions=("pg_stat_statements",),
    settings={"log_statement": "all"},
    loading="Ask the service.",
)


def test_what_the_audit_needs_is_asked_of_the_service(database: Managed) -> None:
    """Libraries of contrib stand in for pgaudit, which is in neither PostgreSQL of these tests."""
    audited = replace(database, profile=AUDITED)
    found = {step.what: step for step in audited.plan()}
    assert found.keys() == {
        "library auto_explain is not loaded",
        "extension pg_stat_statements",
        "log_statement is none, not all",
    }
    assert found["library auto_explain is not loaded"].by_hand == "Ask the service."
    assert found["extension pg_stat_statements"].lines() == (
        'CREATE EXTENSION "pg_stat_statements" SCHEMA public;',
    )
    database.service.run(f"ALTER ROLE {ROLE} SET log_statement = 'none'")
    assert f"log_statement = none for {ROLE}, not all" in {s.what for s in audited.plan()}
    database.service.run(f"ALTER ROLE {ROLE} RESET log_statement")
