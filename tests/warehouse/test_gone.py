"""What somebody removed by hand: every command answers, and `up` makes it again."""

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from havre.cli import main
from havre.errors import ExitCode
from havre_local.machine.access import open_warehouse
from havre_local.machine.folder import Folder
from havre_local.machine.postgresql import roles
from havre_local.machine.postgresql import server as postgres
from tests.warehouse.conftest import Site

PROJECT = "bed-occupancy"


def bucket(site: Site) -> None:
    warehouse = open_warehouse(site.data_dir)
    s3, name = warehouse.client(), warehouse.bucket("landing")
    for kind in ("Versions", "DeleteMarkers"):
        for each in s3.list_object_versions(Bucket=name).get(kind, ()):
            s3.delete_object(Bucket=name, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=name)


def administering(folder: Folder) -> Callable[[], psycopg.Connection]:
    return postgres.administrator(folder)


def role(site: Site) -> None:
    name = sql.Identifier(roles.account_name(PROJECT))
    with administering(site.folder)() as connection:
        connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(name))
    warehouse = open_warehouse(site.data_dir)
    with warehouse.connect() as connection:
        connection.execute(sql.SQL("DROP OWNED BY {}").format(name))
    with administering(site.folder)() as connection:
        connection.execute(sql.SQL("DROP OWNED BY {}").format(name))
        connection.execute(sql.SQL("DROP ROLE {}").format(name))


def database(site: Site) -> None:
    with administering(site.folder)() as connection:
        connection.autocommit = True
        name = sql.Identifier(site.spec["name"].replace("-", "_"))
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def schema(site: Site) -> None:
    with open_warehouse(site.data_dir).connect() as connection:
        connection.execute("DROP SCHEMA landing CASCADE")


def folder(site: Site) -> None:
    custody = site.folder.custody
    custody.remove_tree(site.folder.root / "projects")


REMOVED = {
    "bucket": (bucket, "chu-trial-zones-landing"),
    "role": (role, f"chu-trial-access-{PROJECT}"),
    "database": (database, "chu-trial-database-database"),
    "schema": (schema, "chu-trial-database-schema-landing"),
    "folder of projects": (folder, f"chu-trial-access-{PROJECT}"),
}


@pytest.mark.parametrize("what", REMOVED)
def test_what_is_gone_is_told_and_made_again(
    standing: Site, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    remove, name = REMOVED[what]
    remove(standing)
    for words in (("status",), ("connect", PROJECT)):
        code = main(standing.command(*words))
        said = capsys.readouterr()
        assert code in (ExitCode.OK, ExitCode.INPUT, ExitCode.ENGINE), said.err
        assert "fault of Havre" not in said.err, f"{words}: {said.err}"
    plan = standing.command("plan", str(standing.file), "--provider", "local")
    assert main(plan) == ExitCode.OK
    done = standing.changes(capsys)
    assert name in {changed for _, changed in done}, done
    assert standing.changes(capsys) == []


def test_a_warehouse_is_ended_although_much_of_it_is_gone(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    for what in ("role", "folder of projects", "bucket", "database"):
        remove, _ = REMOVED[what]
        remove(site)
    capsys.readouterr()
    ended = site.command("down", "--destroy-data", site.spec["name"])
    assert main(ended) == ExitCode.OK, capsys.readouterr().err


@pytest.mark.parametrize("what", ["bucket", "database"])
def test_a_backup_without_it_is_made_or_refused_with_a_remedy(
    standing: Site, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    remove, _ = REMOVED[what]
    remove(standing)
    code = main(standing.command("backup"))
    said = capsys.readouterr().err
    assert "fault of Havre" not in said, said
    assert code in (ExitCode.OK, ExitCode.INPUT, ExitCode.ENGINE), said
    assert standing.up() == 0
