"""What roles may and may not is tried as those roles, and nothing of it stays."""

from __future__ import annotations

import datetime as dt

import pytest

from havre.database.verifying import SET_ROLE, STRANGER, TrialOutcome, verify
from tests.database.conftest import Managed

ROLE = "project_cohort_diabetes"

SURPRISES = {
    "a grant widened": (
        "GRANT INSERT ON curated.measurement TO {role}",
        "REVOKE INSERT ON curated.measurement FROM {role}",
        (ROLE, "insert into curated.measurement"),
    ),
    "a grant taken": (
        "REVOKE SELECT ON curated.measurement FROM {role}",
        "GRANT SELECT ON curated.measurement TO {role}",
        (ROLE, "read curated.measurement"),
    ),
    "one column of another zone": (
        "GRANT USAGE ON SCHEMA landing TO {role};GRANT SELECT (file) ON landing.delivery TO {role}",
        "REVOKE ALL ON SCHEMA landing FROM {role}; REVOKE ALL ON landing.delivery FROM {role}",
        (ROLE, "read landing.delivery"),
    ),
    "a schema that is open": (
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        (STRANGER, "create a table in schema public"),
    ),
    "a database that is open": (
        "GRANT TEMPORARY ON DATABASE emc2 TO PUBLIC",
        "REVOKE TEMPORARY ON DATABASE emc2 FROM PUBLIC",
        (STRANGER, "create a temporary table"),
    ),
    "a superuser": (
        "ALTER ROLE {role} SUPERUSER",
        "ALTER ROLE {role} NOSUPERUSER",
        (ROLE, "pass checks by the attribute SUPERUSER"),
    ),
    "a project that may become another": (
        "GRANT project_pharmaco_study TO {role} WITH ADMIN OPTION",
        "REVOKE project_pharmaco_study FROM {role}",
        (ROLE, "become project_pharmaco_study"),
    ),
}


def test_a_database_as_its_file_asks_surprises_nobody(database: Managed) -> None:
    found = verify(database.administered, database.wanted())
    assert [each for each in found.attempts if each.outcome is not each.due] == []
    tried = {(each.role, each.what, each.outcome) for each in found.attempts}
    assert (ROLE, "read curated.measurement", TrialOutcome.ALLOWED) in tried
    assert (ROLE, "read landing.delivery", TrialOutcome.REFUSED) in tried
    assert (STRANGER, "read curated.measurement", TrialOutcome.REFUSED) in tried
    assert {each.way for each in found.attempts} == {SET_ROLE}


def test_nothing_of_it_stays(database: Managed) -> None:
    query = (
        "SELECT array[(SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_auth_members),"
        " (SELECT count(*) FROM pg_roles)]"
    )
    before = database.service.one(query)
    verify(database.administered, database.wanted())
    assert database.service.one(query) == before
    assert database.plan() == ()


@pytest.mark.parametrize("name", SURPRISES)
def test_a_surprise_is_told(database: Managed, name: str) -> None:
    planted, removed, expected = SURPRISES[name]
    database.service.run(planted.format(role=ROLE))
    try:
        found = verify(database.administered, database.wanted())
    finally:
        database.service.run(removed.format(role=ROLE))
    assert expected in {(each.role, each.what) for each in found.attempts if each.surprising}


def test_a_project_that_ended_may_read_nothing(database: Managed) -> None:
    found = verify(database.administered, database.wanted(dt.date(2099, 1, 1)))
    surprising = {(each.role, each.what) for each in found.attempts if each.surprising}
    assert (ROLE, "read curated.measurement") in surprising


def test_a_role_that_is_not_there_is_not_passed_over(database: Managed) -> None:
    project = database.spec.projects["cohort-diabetes"]
    spec = database.spec.model_copy(update={"projects": {"unheard": project}})
    found = verify(
        database.administered, Managed(database.service, database.administered, spec).wanted()
    )
    (lost,) = [each for each in found.attempts if each.role == "project_unheard"]
    assert lost.outcome is TrialOutcome.UNCLEAR
    assert "does not exist" in lost.said
