"""Members of projects: credentials of their own for hours, within their project and no further."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from havre.errors import GuardError, InputError
from havre_local.machine import access
from havre_local.machine.members import credentials
from havre_local.machine.members.credentials import MemberCredential, ProjectMembers
from havre_local.machine.objects import gateway
from havre_local.machine.postgresql import server as postgres
from tests.local.conftest import DATABASE, EXPIRES, PROJECT, ZONES
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_local.machine.folder import Folder
    from tests.local.conftest import Machine

ANN, BOB, CAT = "m-0000000a", "m-0000000b", "m-0000000c"
OTHER = "pain-study"
READS = {PROJECT: "curated", OTHER: "landing"}


def give(folder: Folder, project: str, *members: str) -> None:
    """Deploy a project with these members."""
    zone = READS[project]
    access.ensure_project(
        folder,
        project,
        database=DATABASE,
        zones={zone: ZONES[zone]},
        expires=EXPIRES,
        members=members,
    )


@pytest.fixture
def two(machine: Machine) -> Iterator[Machine]:
    """Two projects; one of three members is in both. Each zone has a table and an object."""
    give(machine.folder, PROJECT, ANN, BOB)
    give(machine.folder, OTHER, BOB, CAT)
    with machine.admin.connect() as connection:
        for zone in ZONES:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {zone}.held AS SELECT 1 AS x")
    for bucket in ZONES.values():
        machine.admin.client().put_object(Bucket=bucket, Key="held", Body=b"1")
    yield machine
    access.remove_project(machine.folder, OTHER)
    give(machine.folder, PROJECT)
    with machine.admin.connect() as connection:
        for zone in ZONES:
            connection.execute(f"DROP TABLE {zone}.held")
    client = machine.admin.client()
    for bucket in ZONES.values():
        for each in client.list_object_versions(Bucket=bucket, Prefix="held").get("Versions", []):
            client.delete_object(Bucket=bucket, Key="held", VersionId=each["VersionId"])


def log_in(folder: Folder, held: MemberCredential) -> psycopg.Connection[Any]:
    libpq = postgres.settings_for(folder, DATABASE, held.identity)
    return psycopg.connect(
        passfile=str(held.files / "pgpass"),
        autocommit=True,
        **libpq,  # type: ignore[arg-type]
    )


def tables(folder: Folder, held: MemberCredential) -> set[str]:
    """The zones whose table a credential reads."""
    found = set()
    with log_in(folder, held) as connection:
        for zone in ZONES:
            try:
                connection.execute(f"TABLE {zone}.held")
            except psycopg.errors.InsufficientPrivilege:
                continue
            found.add(zone)
    return found


def objects(folder: Folder, held: MemberCredential) -> set[str]:
    """The zones whose object a credential reads."""
    client = gateway.client(folder, (held.identity, held.secrets["AWS_SECRET_ACCESS_KEY"]))
    found = set()
    for zone, bucket in ZONES.items():
        try:
            client.get_object(Bucket=bucket, Key="held")
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("AccessDenied", "InvalidAccessKeyId"):
                raise
            continue
        found.add(zone)
    return found


def roles(machine: Machine) -> set[str]:
    with machine.admin.connect() as connection:
        query = "SELECT rolname FROM pg_roles WHERE rolname ~ '^member_'"
        return {row[0] for row in connection.execute(query)}


def test_a_member_of_two_projects_reads_with_each_credential_only_its_project(
    two: Machine,
) -> None:
    for project, zone in READS.items():
        held = access.member_credential(two.folder, project, BOB)
        assert tables(two.folder, held) == {zone}
        assert objects(two.folder, held) == {zone}
        assert (held.files / "pgpass").stat().st_mode & 0o777 == 0o600
        assert (held.files / "aws-credentials").stat().st_mode & 0o777 == 0o600


def test_a_member_writes_nothing_and_takes_no_other_role(two: Machine) -> None:
    held = access.member_credential(two.folder, PROJECT, ANN)
    client = gateway.client(two.folder, (held.identity, held.secrets["AWS_SECRET_ACCESS_KEY"]))
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_object(Bucket=ZONES["curated"], Key="mine", Body=b"1")
    with log_in(two.folder, held) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for refused in (
            "INSERT INTO curated.held VALUES (2)",
            f"SET ROLE project_{PROJECT.replace('-', '_')}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(refused)


def test_a_new_credential_ends_the_one_before(two: Machine) -> None:
    before = access.member_credential(two.folder, PROJECT, ANN)
    after = access.member_credential(two.folder, PROJECT, ANN)
    libpq = postgres.settings_for(two.folder, DATABASE, before.identity)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(password=before.secrets["PGPASSWORD"], **libpq)  # type: ignore[arg-type]
    old = gateway.client(two.folder, (before.identity, before.secrets["AWS_SECRET_ACCESS_KEY"]))
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        old.get_object(Bucket=ZONES["curated"], Key="held")
    assert tables(two.folder, after) == objects(two.folder, after) == {"curated"}


def test_a_credential_ends_by_itself_with_its_sessions(two: Machine) -> None:
    zones = frozenset({ZONES["curated"]})
    into = ProjectMembers(PROJECT, DATABASE, zones, (ANN, BOB), EXPIRES)
    held = credentials.issue(two.folder, into, ANN, hours=4 / 3600)
    session = log_in(two.folder, held)

    def open_still() -> bool:
        try:
            session.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    assert open_still()
    until(lambda: not objects(two.folder, held))
    until(lambda: not open_still())
    until(lambda: held.identity not in roles(two))


def test_no_credential_outlives_its_project(two: Machine) -> None:
    today = dt.datetime.now(dt.UTC).date()
    zones = frozenset({ZONES["curated"]})
    ending = ProjectMembers(PROJECT, DATABASE, zones, (ANN,), today)
    held = credentials.issue(two.folder, ending, ANN, hours=48)
    midnight = dt.datetime.combine(today + dt.timedelta(days=1), dt.time(), dt.UTC)
    assert held.until == midnight
    ended = ProjectMembers(PROJECT, DATABASE, zones, (ANN,), today - dt.timedelta(days=1))
    with pytest.raises(GuardError, match="ended on"):
        credentials.issue(two.folder, ended, ANN)


def test_who_is_no_member_is_refused_and_no_name_is_repeated(two: Machine) -> None:
    with pytest.raises(InputError, match="m-0000000c is not a member of project sleep-cohort"):
        access.member_credential(two.folder, PROJECT, CAT)
    with pytest.raises(InputError, match="not a pseudonym") as refused:
        access.member_credential(two.folder, PROJECT, "ann@example.org")
    assert "ann" not in f"{refused.value}"


def test_a_member_who_leaves_is_out_with_the_next_deployment(two: Machine) -> None:
    held = {m: access.member_credential(two.folder, PROJECT, m) for m in (ANN, BOB)}
    kept = access.member_credential(two.folder, OTHER, BOB)
    session = log_in(two.folder, held[BOB])
    assert differences(two, ANN) != ()
    give(two.folder, PROJECT, ANN)
    with pytest.raises(psycopg.Error):
        session.execute("SELECT 1")
    assert objects(two.folder, held[BOB]) == set()
    assert held[BOB].identity not in roles(two)
    assert held[BOB].identity not in gateway.known_accounts(two.folder)
    assert not (held[BOB].files / "pgpass").exists()
    assert tables(two.folder, held[ANN]) == objects(two.folder, held[ANN]) == {"curated"}
    assert tables(two.folder, kept) == objects(two.folder, kept) == {"landing"}
    assert differences(two, ANN) == ()


def differences(machine: Machine, *members: str) -> tuple[str, ...]:
    """What `up` would set again of the project with these members."""
    zones = {"curated": ZONES["curated"]}
    role = access.role_differs(
        machine.folder, PROJECT, database=DATABASE, zones=zones, expires=EXPIRES, members=members
    )
    return role + credentials.differ(machine.folder, PROJECT, members, list(zones.values()))


WIDENED = {
    "a grant": "GRANT SELECT ON landing.held TO {}",
    "an attribute": "ALTER ROLE {} CREATEROLE",
    "no end": "ALTER ROLE {} VALID UNTIL 'infinity'",
    "any number of sessions": "ALTER ROLE {} CONNECTION LIMIT -1",
    "another project": "GRANT project_pain_study TO {}",
    "its project, to give on": "GRANT project_sleep_cohort TO {} WITH ADMIN OPTION",
}


@pytest.mark.parametrize("widened", WIDENED)
def test_a_role_that_was_widened_by_hand_is_found_and_dropped(two: Machine, widened: str) -> None:
    held = access.member_credential(two.folder, PROJECT, ANN)
    assert differences(two, ANN, BOB) == ()
    with two.admin.connect() as connection:
        connection.execute(WIDENED[widened].format(held.identity))
    assert f"role {held.identity}" in differences(two, ANN, BOB)
    give(two.folder, PROJECT, ANN, BOB)
    assert held.identity not in roles(two)
    assert differences(two, ANN, BOB) == ()


def test_an_account_reads_no_zone_that_its_project_has_lost(two: Machine) -> None:
    zones = {zone: ZONES[zone] for zone in ("curated", "landing")}
    access.ensure_project(
        two.folder, PROJECT, database=DATABASE, zones=zones, expires=EXPIRES, members=(ANN,)
    )
    held = access.member_credential(two.folder, PROJECT, ANN)
    assert objects(two.folder, held) == tables(two.folder, held) == {"curated", "landing"}
    assert differences(two, ANN) != ()
    give(two.folder, PROJECT, ANN)
    assert objects(two.folder, held) == tables(two.folder, held) == {"curated"}


def test_a_project_that_is_removed_takes_its_members_along(two: Machine) -> None:
    held = access.member_credential(two.folder, OTHER, CAT)
    access.remove_project(two.folder, OTHER)
    assert held.identity not in roles(two)
    assert held.identity not in gateway.known_accounts(two.folder)
