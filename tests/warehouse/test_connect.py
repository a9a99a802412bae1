"""What `connect` hands out, used by the clients that researchers use."""

import json
import os
import shlex
import shutil
import subprocess
import sys

import psycopg
import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre_local.machine.access import open_project, open_warehouse
from tests.warehouse.conftest import Site
from tests.warehouse.objects import put

PROJECT = "cohort-diabetes"
S3 = """
import sys, boto3, botocore.exceptions
try:
    body = boto3.client("s3").get_object(Bucket=sys.argv[1], Key="note.txt")["Body"].read()
    print(body.decode())
except botocore.exceptions.ClientError as error:
    print(error.response["ResponseMetadata"]["HTTPStatusCode"])
"""


@pytest.fixture(scope="module")
def filled(emc2: Site) -> Site:
    with open_warehouse(emc2.data_dir).connect() as connection:
        for schema in ("curated", "research"):
            connection.execute(f"DROP TABLE IF EXISTS {schema}.note")
            connection.execute(f"CREATE TABLE {schema}.note AS SELECT '{schema}' AS text")
    for zone in ("curated", "research"):
        put(emc2, zone, body=zone.encode())
    return emc2


def connection(site: Site, capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    capsys.readouterr()
    assert main(site.command("connect", PROJECT, "--json", *words)) == 0
    return json.loads(capsys.readouterr().out)


def run(environment: dict[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "AWS", "HAVRE"))}
    return subprocess.run(
        argv, env={**clean, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(shutil.which("psql") is None, reason="there is no psql on PATH")
def test_psql_reads_the_projects_tables_and_no_others(
    filled: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = connection(filled, capsys)["environment"]
    assert environment["PGSSLMODE"] == "verify-full"
    psql = ("psql", "-XAtc")
    assert run(environment, *psql, "SELECT text FROM curated.note").stdout == "curated\n"
    denied = run(environment, *psql, "SELECT * FROM research.note")
    assert "permission denied for schema research" in denied.stderr
    readonly = run(environment, *psql, "CREATE TABLE curated.mine (id int)")
    assert "read-only transaction" in readonly.stderr
    plain = run({**environment, "PGSSLMODE": "disable"}, *psql, "SELECT 1")
    assert plain.returncode != 0
    assert plain.stdout == ""
    stranger = run({**environment, "PGSSLROOTCERT": "system"}, *psql, "SELECT 1")
    assert stranger.returncode != 0


def test_python_reads_the_projects_tables_and_no_others(filled: Site) -> None:
    project = open_project(filled.data_dir, PROJECT)
    with project.connect() as found:
        assert found.execute("SELECT text FROM curated.note").fetchone() == ("curated",)
    for sql in ("SELECT * FROM research.note", "CREATE TABLE curated.mine (id int)"):
        with project.connect() as found, pytest.raises(psycopg.Error, match=r"denied|read-only"):
            found.execute(sql)


def test_an_s3_client_reads_the_projects_zone_and_no_other(
    filled: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = connection(filled, capsys)["environment"]
    warehouse = open_warehouse(filled.data_dir)
    python = (sys.executable, "-c", S3)
    assert run(environment, *python, warehouse.bucket("curated")).stdout.strip() == "curated"
    assert run(environment, *python, warehouse.bucket("research")).stdout.strip() == "403"
    untrusting = {k: v for k, v in environment.items() if k != "AWS_CA_BUNDLE"}
    refused = run(untrusting, *python, warehouse.bucket("curated"))
    assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr


def test_exports_are_shell_commands(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    expected = connection(filled, capsys)["environment"]
    assert main(filled.command("connect", PROJECT, "--export")) == 0
    words = [shlex.split(line) for line in capsys.readouterr().out.splitlines()]
    assert all(first == "export" for first, _ in words)
    assert dict(word.split("=", 1) for _, word in words) == expected


def test_secrets_are_shown_only_when_asked(
    filled: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "secrets" not in connection(filled, capsys)
    shown = connection(filled, capsys, "--show-secrets")["secrets"]
    assert set(shown) == {"PGPASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert main(filled.command("connect", PROJECT)) == 0
    text = capsys.readouterr().out
    assert "zone curated: objects in s3://emc2-production-curated" in text
    assert shown["PGPASSWORD"] not in text
    assert main(filled.command("connect", PROJECT, "--show-secrets")) == 0
    assert shown["PGPASSWORD"] in capsys.readouterr().out


def test_an_unknown_project_is_told(filled: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(filled.command("connect", "nobody")) == ExitCode.INPUT
    assert "no project 'nobody'" in capsys.readouterr().err
    both = filled.command("connect", PROJECT, "--json", "--export")
    assert main(both) == ExitCode.INPUT
