"""`havre database` on a warehouse of this machine: what was changed by hand is found and ended."""

import json

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre_local.machine.postgresql.server import admin_connection
from tests.warehouse.conftest import Site


def asked(standing: Site, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    command = standing.command("database", words[0], str(standing.file), *words[1:])
    code = main(command)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return code, captured.out or captured.err


def test_roles_that_up_made_are_those_of_the_file(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(standing, capsys, "plan")[0] == ExitCode.OK
    code, shown = asked(standing, capsys, "verify", "--json")
    assert code == ExitCode.OK
    attempts = json.loads(shown)["attempts"]
    assert {each["way"] for each in attempts} == {"SET ROLE", "login"}
    assert not [each for each in attempts if each["surprising"]]


def test_what_is_added_by_hand_is_shown_first_and_taken_away(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    database = standing.spec["name"].replace("-", "_")
    with admin_connection(standing.folder, database) as connection:
        connection.execute("CREATE ROLE mallory LOGIN; GRANT USAGE ON SCHEMA public TO mallory")
        connection.execute(f'GRANT CONNECT ON DATABASE "{database}" TO PUBLIC')
    code, shown = asked(standing, capsys, "plan", "--json")
    assert code == ExitCode.FINDINGS
    first, *_, last = json.loads(shown)["steps"]
    assert first["sql"] == [f'REVOKE CONNECT ON DATABASE "{database}" FROM PUBLIC CASCADE;']
    assert last["sql"] == ['DROP ROLE "mallory";']
    code, shown = asked(standing, capsys, "apply")
    assert code == ExitCode.INPUT
    assert "Read the changes above, then run again with --yes." in shown
    assert asked(standing, capsys, "apply", "--yes")[0] == ExitCode.OK
    assert asked(standing, capsys, "plan")[0] == ExitCode.OK
    assert asked(standing, capsys, "verify")[0] == ExitCode.OK


def test_a_file_of_another_warehouse_is_refused(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    standing.spec["name"] = "elsewhere"
    standing.write()
    code, shown = asked(standing, capsys, "plan")
    assert code == ExitCode.INPUT
    assert "is of warehouse `elsewhere`" in shown
