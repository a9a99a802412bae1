"""Members of a warehouse that stands, by the command line: in, found in the record, and out."""

import json

import psycopg
import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre_local.machine.access import open_warehouse
from tests.waits import until
from tests.warehouse.conftest import Site

PROJECT = "bed-occupancy"
ANN, BOB = "m-0000000a", "m-0000000b"
NAME = "f.garnier@hospital.example"


@pytest.fixture
def staffed(site: Site) -> Site:
    """A warehouse whose project has two members with pseudonyms and one without."""
    site.spec["projects"][PROJECT]["members"] = [BOB, NAME, ANN]
    assert site.up() == 0
    with open_warehouse(site.data_dir).connect() as connection:
        connection.execute("CREATE TABLE curated.held AS SELECT 1 AS x")
    return site


def given(site: Site, capsys: pytest.CaptureFixture[str], member: str) -> dict[str, str]:
    """The variables that a member is given."""
    capsys.readouterr()
    assert main(site.command("connect", PROJECT, "--as", member, "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["member"] == member
    assert told["until"] > "2026"
    environment: dict[str, str] = told["environment"]
    return environment


def log_in(environment: dict[str, str]) -> psycopg.Connection:  # type: ignore[type-arg]
    keys = ("host", "hostaddr", "port", "user", "sslmode", "sslrootcert")
    libpq = {key: environment[f"PG{key.upper()}"] for key in keys}
    return psycopg.connect(
        dbname=environment["PGDATABASE"],
        passfile=environment["PGPASSFILE"],
        autocommit=True,
        **libpq,  # type: ignore[arg-type]
    )


def records(
    site: Site, capsys: pytest.CaptureFixture[str], member: str, action: str
) -> list[dict[str, object]]:
    """What the record says that a member did."""
    words = ("audit", "who", PROJECT, "--member", member, "--json")
    capsys.readouterr()
    assert main(site.command(*words)) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [each for each in found if each["action"] == action]


def test_a_member_is_in_and_found_in_the_record_and_out(
    staffed: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = {member: log_in(given(staffed, capsys, member)) for member in (ANN, BOB)}
    sessions[BOB].execute("SELECT * FROM curated.held")
    until(lambda: records(staffed, capsys, BOB, "SELECT") != [])
    assert records(staffed, capsys, ANN, "SELECT") == []
    (read,) = records(staffed, capsys, BOB, "SELECT")
    assert (read["project"], read["member"], read["zone"]) == (PROJECT, BOB, "curated")
    assert main(staffed.command("doctor")) == 0

    staffed.spec["projects"][PROJECT]["members"] = [ANN, NAME]
    assert staffed.changes(capsys) != []
    with pytest.raises(psycopg.Error):
        sessions[BOB].execute("SELECT 1")
    assert sessions[ANN].execute("SELECT * FROM curated.held").fetchall() == [(1,)]
    refused = main(staffed.command("connect", PROJECT, "--as", BOB))
    assert refused == ExitCode.INPUT
    assert "is not a member" in capsys.readouterr().err
    (left,) = records(staffed, capsys, BOB, "SELECT")
    assert (left["line"], left["member"], left["outcome"]) == (read["line"], BOB, "allowed")
    assert staffed.changes(capsys) == []


def test_no_name_reaches_the_folder_or_a_message(
    staffed: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    given(staffed, capsys, ANN)
    assert main(staffed.command("connect", PROJECT, "--as", NAME)) == ExitCode.INPUT
    assert "garnier" not in "".join(capsys.readouterr())
    files = [each for each in staffed.data_dir.rglob("*") if each.is_file()]
    named = [each.name for each in files if b"garnier" in each.read_bytes()]
    assert len(files) > 0
    assert named == []


def test_an_administrator_is_told_when_a_credential_ends(
    staffed: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(staffed.command("connect", PROJECT, "--as", ANN)) == 0
    told = capsys.readouterr().out
    assert f"{PROJECT}, member {ANN}, reads:" in told
    assert "Accepted until 2" in told
    assert f"--as {ANN}" in told
