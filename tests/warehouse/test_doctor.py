"""`havre doctor`: what is there and not in the state, and the other way round."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre_local.machine.access import open_warehouse
from havre_local.machine.postgresql import server as postgres
from tests.warehouse.conftest import Site

Found = dict[str, Any]


def examined(site: Site, capsys: pytest.CaptureFixture[str]) -> tuple[int, Found]:
    capsys.readouterr()
    code = main(site.command("doctor", "--json"))
    captured = capsys.readouterr()
    assert captured.out, captured.err
    return code, json.loads(captured.out)


def test_nothing_departs_from_the_state(standing: Site, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = examined(standing, capsys)
    assert found["departed"] == []
    assert found["unlisted"] == []
    assert found["listed"]["bucket"] == 2
    assert found["listed"]["database"] == 1
    assert code == ExitCode.OK
    assert main(standing.command("doctor")) == ExitCode.OK
    assert "0 resources differ from the state" in capsys.readouterr().out


def test_what_the_state_does_not_know_is_listed(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = open_warehouse(standing.data_dir).client()
    s3.create_bucket(Bucket="chu-trial-staging-forgotten")
    connect = postgres.administrator(standing.folder)
    with connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE forgotten")
        connection.execute("CREATE ROLE somebody LOGIN")
    with connect("chu_trial", autocommit=True) as connection:
        connection.execute("CREATE SCHEMA by_hand")
    left = standing.folder.root / "projects" / "ended"
    left.mkdir()
    try:
        code, found = examined(standing, capsys)
        assert code == ExitCode.FINDINGS
        assert {(each["kind"], each["name"], each["how"]) for each in found["departed"]} == {
            ("bucket", "chu-trial-staging-forgotten", "not in the state"),
            ("database", "forgotten", "not in the state"),
            ("role", "somebody", "not in the state"),
            ("schema", "by_hand", "not in the state"),
            ("project folder", "ended", "not in the state"),
        }
        assert main(standing.command("doctor")) == ExitCode.FINDINGS
        said = capsys.readouterr().out
        assert "NOT IN THE STATE: bucket chu-trial-staging-forgotten" in said
        assert "Fix: " in said
    finally:
        s3.delete_bucket(Bucket="chu-trial-staging-forgotten")
        with connect(autocommit=True) as connection:
            connection.execute("DROP DATABASE forgotten")
            connection.execute("DROP ROLE somebody")
        with connect("chu_trial", autocommit=True) as connection:
            connection.execute("DROP SCHEMA by_hand")
        left.rmdir()


def test_what_the_state_has_and_the_machine_has_not_is_listed(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse = open_warehouse(standing.data_dir)
    warehouse.client().delete_bucket(Bucket=warehouse.bucket("landing"))
    code, found = examined(standing, capsys)
    assert code == ExitCode.FINDINGS
    names = {each["name"] for each in found["departed"]}
    assert "chu-trial-zones-landing" in names
    assert {each["how"] for each in found["departed"]} == {"in the state, and gone"}
    assert {each["remedy"] for each in found["departed"]} == {
        "Run `havre up`: it creates it again, empty. Restore its content from a backup."
    }
    assert standing.up() == 0
    assert examined(standing, capsys)[0] == ExitCode.OK


def test_each_remedy_is_about_what_departs(
    standing: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = postgres.administrator(standing.folder)
    with connect("chu_trial", autocommit=True) as connection:
        connection.execute("DROP SCHEMA landing CASCADE")
        connection.execute("CREATE SCHEMA forgotten")
        connection.execute("GRANT CREATE ON SCHEMA curated TO project_bed_occupancy")
    warehouse = open_warehouse(standing.data_dir)
    warehouse.client().put_bucket_versioning(
        Bucket=warehouse.bucket("curated"), VersioningConfiguration={"Status": "Suspended"}
    )
    try:
        found = {each["name"]: each for each in examined(standing, capsys)[1]["departed"]}
        told = {name: (each["how"], each["remedy"]) for name, each in found.items()}
        again = "Run `havre up`: it sets it again as the state says."
        assert told.pop("forgotten")[0] == "not in the state"
        how, remedy = told.pop("chu-trial-database-schema-landing")
        assert (how, "Restore its content" in remedy) == ("in the state, and gone", True)
        assert told == {
            "chu-trial-access-bed-occupancy": ("not as the state says", again),
            "chu-trial-zones-curated": ("not as the state says", again),
        }
        monkeypatch.setenv("COLUMNS", "80")
        assert main(standing.command("doctor")) == ExitCode.FINDINGS
        assert [line for line in capsys.readouterr().out.splitlines() if len(line) > 80] == []
    finally:
        with connect("chu_trial", autocommit=True) as connection:
            connection.execute("DROP SCHEMA forgotten")
        assert standing.up() == 0


def test_what_cannot_be_listed_never_passes(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.up() == 0
    assert main(site.command("down")) == 0
    code, found = examined(site, capsys)
    assert {each.split(":")[0] for each in found["unlisted"]} == {
        *("bucket", "account of the object store", "database", "schema", "role")
    }
    assert found["departed"] == [], "of what is stopped nothing is known, so nothing is lost"
    assert code == ExitCode.NOT_EVALUATED
    assert site.up() == 0


def test_no_warehouse_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--data-dir", str(tmp_path / "none")]) == ExitCode.INPUT
    assert "there is no warehouse" in capsys.readouterr().err


def drift(site: Site, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Found]]:
    capsys.readouterr()
    asked = ["drift", str(site.file), "--data-dir", str(site.data_dir), "-f", "json"]
    code = main(asked)
    captured = capsys.readouterr()
    assert captured.out, captured.err
    return code, {each["name"]: each for each in json.loads(captured.out)["changes"]}


def test_what_was_changed_by_hand_is_told_with_its_controls(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift(standing, capsys) == (ExitCode.OK, {})
    warehouse = open_warehouse(standing.data_dir)
    warehouse.client().put_bucket_versioning(
        Bucket=warehouse.bucket("curated"), VersioningConfiguration={"Status": "Suspended"}
    )
    connect = postgres.administrator(standing.folder)
    with connect("chu_trial", autocommit=True) as connection:
        connection.execute("DROP SCHEMA landing CASCADE")
    code, found = drift(standing, capsys)
    assert code == ExitCode.FINDINGS
    assert found.keys() == {"chu-trial-zones-curated", "chu-trial-database-schema-landing"}
    zone = found["chu-trial-zones-curated"]
    assert (zone["field"], zone["was"], zone["now"]) == ("versions", True, False)
    assert "continuity.versioning" in zone["fails"]
    schema = found["chu-trial-database-schema-landing"]
    assert schema["change"] == "not as it was made"
    assert schema["differs"] == ["the schema `landing` is missing"]
    assert not schema["known"]
    assert standing.up() == 0
    assert drift(standing, capsys) == (ExitCode.OK, {})


def test_what_a_project_was_given_by_hand_never_passes_as_touching_no_control(
    standing: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    connect = postgres.administrator(standing.folder)
    with connect("chu_trial", autocommit=True) as connection:
        connection.execute("GRANT USAGE ON SCHEMA landing TO project_bed_occupancy")
    about = ["drift", str(standing.file), "--data-dir", str(standing.data_dir)]
    assert main([*about, "--fail-on", "control"]) == ExitCode.FINDINGS
    said = " ".join(capsys.readouterr().out.split())
    assert "Not known which control it touches" in said
    assert "the database role of the project: other rights" in said
    assert standing.up() == 0
    assert main([*about, "--fail-on", "control"]) == ExitCode.OK


def no_folder(site: Site) -> None:
    (site.data_dir / "logs" / "policy.json").unlink()


def other_setting(site: Site) -> None:
    with (site.data_dir / "database" / "warehouse.conf").open("a") as file:
        file.write("log_connections = off\n")


def no_password(site: Site) -> None:
    (site.data_dir / "projects" / "bed-occupancy" / "pgpass").unlink()


def opened(site: Site) -> None:
    with postgres.administrator(site.folder)("chu_trial") as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")


@pytest.mark.parametrize(
    ("change", "name", "differs"),
    [
        (no_folder, "audit-logs", "the file logs/policy.json is missing: how long logs are kept"),
        (
            other_setting,
            "database-server",
            "the file database/warehouse.conf is not as Havre writes it",
        ),
        (no_password, "access-bed-occupancy", "the file projects/bed-occupancy/pgpass is missing"),
        (opened, "database-database", "every role can create in the schema `public`"),
    ],
    ids=["file", "setting", "password", "rights"],
)
def test_drift_and_up_name_what_differs(
    change: Callable[[Site], None],
    name: str,
    differs: str,
    standing: Site,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    change(standing)
    about = ["--data-dir", str(standing.data_dir)]
    assert main(["drift", str(standing.file), *about]) == ExitCode.FINDINGS
    told, noted = capsys.readouterr()
    assert "Only settings" not in noted
    assert re.search(rf"NOT AS IT WAS MADE  chu-trial-{name} .*\n    {re.escape(differs)}\n", told)
    assert main(standing.command("doctor")) == ExitCode.FINDINGS
    assert f"\n  {differs}\n" in capsys.readouterr().out
    assert main(["up", str(standing.file), *about, "--yes"]) == ExitCode.OK
    told = capsys.readouterr().out
    assert f"chu-trial-{name} (same settings; puts back: {differs})" in " ".join(told.split())
    assert "1 change: 1 to update" in told
    assert drift(standing, capsys) == (ExitCode.OK, {})


def test_up_names_what_it_starts(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert site.up() == 0
    assert main(site.command("down")) == 0
    capsys.readouterr()
    about = ["up", str(site.file), "--data-dir", str(site.data_dir), "--yes"]
    assert main([*about, "--json"]) == ExitCode.OK
    changes = {each["name"]: each for each in json.loads(capsys.readouterr().out)["changes"]}
    starts = {name: each["starts"] for name, each in changes.items() if each["starts"]}
    told = "the service `{}` does not answer or is not supervised".format
    assert {name: what[0] for name, what in starts.items()} == {
        "chu-trial-zones-store": told("object-store"),
        "chu-trial-database-server": told("postgresql"),
    }


def test_a_warehouse_that_is_stopped_is_not_compared(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    assert main(site.command("down")) == 0
    capsys.readouterr()
    code = main(["drift", str(site.file), "--data-dir", str(site.data_dir)])
    assert code == ExitCode.ENGINE
    assert "is stopped" in capsys.readouterr().err
    assert site.up() == 0
