"""Roles of members: none need be there; one that is may be part of its project's, for hours."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from havre.database.admitting import MemberLogin, admit
from havre.database.steps import Direction, StepKind
from havre.database.verifying import TrialOutcome, verify
from havre.database.wanted import MEMBER_HOURS, SETTINGS, member_role
from havre.errors import GuardError
from tests.database.conftest import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.conftest import Managed

PROJECT, ROLE = "cohort-diabetes", "project_cohort_diabetes"
ANN, BOB = "m-0000000a", "m-0000000b"
MEMBER, FORMER = member_role(ANN, PROJECT), member_role(BOB, PROJECT)
UNASKED, _, MISSING = Direction


def sign_in(database: Managed, name: str, until: str = "2026-12-01 06:00+00") -> None:
    """Create a role as a credential creates it."""
    text = f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 5 VALID UNTIL '{until}'; "
    text += f"GRANT {ROLE} TO {name};"
    kept = database.service.one("SELECT array_agg(name) FROM pg_settings")
    for key, value in SETTINGS.items():
        if key in kept and key != "temp_file_limit":
            text += f"ALTER ROLE {name} SET {key} = '{value}';"
    database.administered.run(text)


@pytest.fixture
def staffed(database: Managed) -> Iterator[Managed]:
    """Ann is a member of a project and has a role; what a test plants, it takes away."""
    project = database.spec.projects[PROJECT].model_copy(update={"members": (ANN, "b@example.org")})
    projects = {**database.spec.projects, PROJECT: project}
    found = replace(database, spec=database.spec.model_copy(update={"projects": projects}))
    sign_in(found, MEMBER)
    yield found
    database.apply()
    assert database.plan() == ()


def test_no_member_needs_a_role_and_one_that_a_credential_made_is_as_asked(
    staffed: Managed,
) -> None:
    assert staffed.plan() == ()
    staffed.administered.run(f"DROP ROLE {MEMBER}")
    assert staffed.plan() == ()


def test_a_member_who_has_left_is_found_and_out_with_their_sessions(staffed: Managed) -> None:
    sign_in(staffed, FORMER)
    staffed.service.run(f"ALTER ROLE {FORMER} PASSWORD '{staffed.service.password}'")
    staffed.service.run(f"ALTER ROLE {FORMER} VALID UNTIL '2099-01-01'")
    with staffed.service.as_user(FORMER).connect(autocommit=True) as session:
        assert session.execute("SELECT count(*) FROM curated.measurement").fetchone() == (0,)
        verified = verify(staffed.administered, staffed.wanted())
        told = {each.role for each in verified.attempts if each.surprising}
        assert told == {FORMER}
        (step,) = [each for each in staffed.plan() if each.kind is StepKind.ROLE]
        assert f"role {FORMER}, which the warehouse file does not ask for" in step.what
        staffed.apply()
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert staffed.plan() == ()
    assert staffed.service.one(f"SELECT to_regrole('{FORMER}') IS NULL") is True
    assert staffed.service.one(f"SELECT to_regrole('{MEMBER}') IS NULL") is False


WIDENED = {
    "a grant": (
        "GRANT INSERT ON curated.measurement TO {}",
        UNASKED, StepKind.GRANT, '{} has INSERT on table "curated"."measurement"',
    ),
    "an attribute": (
        "ALTER ROLE {} CREATEROLE", UNASKED, StepKind.ATTRIBUTE, "{} has the attribute CREATEROLE",
    ),
    "no end": (
        "ALTER ROLE {} VALID UNTIL 'infinity'",
        UNASKED, StepKind.ATTRIBUTE, "{} is valid until without end, not 2026-12-01T08:00:00",
    ),
    "an end after the working day": (
        "ALTER ROLE {} VALID UNTIL '2026-12-01 08:00:01+00'",
        UNASKED, StepKind.ATTRIBUTE, "{} is valid until 2026-12-01T08:00:01+00:00, not ",
    ),
    "more sessions": (
        "ALTER ROLE {} CONNECTION LIMIT 6",
        UNASKED, StepKind.ATTRIBUTE, "{} may have 6 sessions, not 5",
    ),
    "another project": (
        "GRANT project_pharmaco_study TO {}",
        UNASKED, StepKind.MEMBERSHIP, "{} is a member of project_pharmaco_study",
    ),
    "its project, to give on": (
        "GRANT project_cohort_diabetes TO {} WITH ADMIN OPTION",
        UNASKED, StepKind.MEMBERSHIP, "{} may give project_cohort_diabetes to others",
    ),
    "no project": (
        "REVOKE project_cohort_diabetes FROM {}",
        MISSING, StepKind.MEMBERSHIP, "{} is not in project_cohort_diabetes",
    ),
    "a timeout lifted": (
        "ALTER ROLE {} SET statement_timeout = 0",
        Direction.CHANGED, StepKind.SETTING, "{} has statement_timeout = 0, not 4h",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WIDENED)
def test_what_is_changed_of_a_members_role_by_hand_is_found_and_ended(
    staffed: Managed, name: str
) -> None:
    planted, direction, kind, what = WIDENED[name]
    staffed.administered.run(planted.format(MEMBER))
    steps = staffed.plan()
    found = [s for s in steps if s.what.startswith(what.format(MEMBER))]
    assert [(step.direction, step.kind) for step in found] == [(direction, kind)]
    assert staffed.apply().remaining == ()
    assert staffed.plan() == ()
    assert staffed.service.one(f"SELECT to_regrole('{MEMBER}') IS NULL") is False


def test_a_role_whose_end_has_passed_goes(staffed: Managed) -> None:
    later = TODAY + dt.timedelta(days=2)
    steps = staffed.plan(later)
    assert [each.what.split(",")[0] for each in steps] == [
        f"{MEMBER} is a member of {ROLE}",
        f"role {MEMBER}",
    ]


def test_a_project_that_ended_has_no_members(staffed: Managed) -> None:
    later = staffed.spec.projects[PROJECT].expires + dt.timedelta(days=1)
    staffed.administered.run(f"ALTER ROLE {MEMBER} VALID UNTIL '2099-01-01'")
    told = {step.what.split(",")[0] for step in staffed.plan(later) if step.kind is StepKind.ROLE}
    assert f"role {MEMBER}" in told


def test_a_member_reads_what_the_project_reads_and_nothing_else(staffed: Managed) -> None:
    tried = verify(staffed.administered, staffed.wanted()).attempts
    assert [each for each in tried if each.outcome is not each.due] == []
    found = {(each.what, each.outcome) for each in tried if each.role == MEMBER}
    assert ("read curated.measurement", TrialOutcome.ALLOWED) in found
    assert ("read landing.delivery", TrialOutcome.REFUSED) in found
    assert (f"become {ROLE}", TrialOutcome.REFUSED) in found
    assert ("insert into curated.measurement", TrialOutcome.REFUSED) in found


LATER = dt.date(2099, 6, 1)
"""A day on which the server's own clock refuses nothing yet."""
NOW = dt.datetime.combine(LATER, dt.time(9), dt.UTC)


@pytest.fixture
def lasting(staffed: Managed) -> Managed:
    """Its projects end in many years, as what is made in these tests does."""
    projects = {
        name: each.model_copy(update={"expires": dt.date(2099, 12, 31)})
        for name, each in staffed.spec.projects.items()
    }
    found = replace(staffed, spec=staffed.spec.model_copy(update={"projects": projects}))
    found.administered.run(f"DROP ROLE {MEMBER}")
    found.apply(LATER)
    return found


def admitted(database: Managed, now: dt.datetime = NOW) -> MemberLogin:
    asked = database.wanted(LATER)
    return admit(database.administered, asked, asked.members[MEMBER], now)


def entered(database: Managed, login: MemberLogin) -> psycopg.Connection[Any]:
    own = replace(database.service, user=login.role, password=login.password)
    return own.connect(autocommit=True)


def test_an_administrator_admits_a_member_to_their_project_alone(lasting: Managed) -> None:
    login = admitted(lasting)
    assert login.until == NOW + dt.timedelta(hours=MEMBER_HOURS)
    assert login.password not in repr(login)
    with entered(lasting, login) as session:
        assert session.execute("SELECT count(*) FROM curated.measurement").fetchone() == (0,)
        session.execute("SET default_transaction_read_only = off")
        for refused in ("SELECT * FROM landing.delivery", "DELETE FROM curated.measurement"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(refused.encode())
    assert lasting.plan(LATER) == ()
    verified = verify(lasting.administered, lasting.wanted(LATER))
    assert [each for each in verified.attempts if each.surprising] == []


def test_a_new_password_ends_the_former_one(lasting: Managed) -> None:
    former, now = admitted(lasting), admitted(lasting)
    assert former.password != now.password
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        entered(lasting, former)
    entered(lasting, now).close()


def test_the_server_is_given_a_verifier_and_never_the_password(lasting: Managed) -> None:
    login = admitted(lasting)
    query = "SELECT rolpassword FROM pg_authid WHERE rolname = '{}'"
    kept = lasting.service.one(query.format(MEMBER))
    assert str(kept).startswith("SCRAM-SHA-256$")
    assert login.password not in str(kept)


def test_no_password_outlives_its_project_or_its_hours(lasting: Managed) -> None:
    evening = dt.datetime(2099, 6, 2, 1, tzinfo=dt.UTC)
    assert admitted(lasting, evening).until == dt.datetime(2099, 6, 2, 8, tzinfo=dt.UTC)
    passed = admitted(lasting, NOW - dt.timedelta(days=36_500))
    with pytest.raises(psycopg.OperationalError):
        entered(lasting, passed)


@pytest.mark.parametrize(
    "planted",
    [
        f"GRANT INSERT ON curated.measurement TO {MEMBER}",
        f"ALTER ROLE {MEMBER} CREATEDB",
        f"ALTER ROLE {MEMBER} CONNECTION LIMIT -1",
        f"REVOKE {ROLE} FROM {MEMBER}",
        f"ALTER ROLE {MEMBER} VALID UNTIL '2020-01-01'",
        f"ALTER ROLE {MEMBER} VALID UNTIL 'infinity'",
    ],
)
def test_what_was_widened_by_hand_is_taken_before_a_member_is_admitted_again(
    lasting: Managed, planted: str
) -> None:
    admitted(lasting)
    lasting.administered.run(planted)
    with entered(lasting, admitted(lasting)) as session:
        assert session.execute("SELECT count(*) FROM curated.measurement").fetchone() == (0,)
    assert lasting.plan(LATER) == ()


def test_without_the_role_of_the_project_nobody_is_admitted(lasting: Managed) -> None:
    lasting.service.run(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")
    with pytest.raises(GuardError, match=f"has no role {ROLE}") as caught:
        admitted(lasting)
    assert "havre database apply" in caught.value.remedy
    assert lasting.service.one(f"SELECT to_regrole('{MEMBER}') IS NULL") is True


def test_who_is_admitted_and_leaves_is_out_with_the_next_apply(lasting: Managed) -> None:
    login = admitted(lasting)
    project = lasting.spec.projects[PROJECT].model_copy(update={"members": (BOB,)})
    projects = {**lasting.spec.projects, PROJECT: project}
    after = replace(lasting, spec=lasting.spec.model_copy(update={"projects": projects}))
    with entered(lasting, login) as session:
        after.apply(LATER)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        entered(lasting, login)
