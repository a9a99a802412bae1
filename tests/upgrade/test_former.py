"""What the former code left on a machine works with today's, or gets one clear message."""

import base64
import json
import shutil
from dataclasses import replace
from pathlib import Path

import dill
import pytest

import havre_local
from havre.cli import main
from havre.errors import ExitCode
from havre.provider.dynamic import Kind, kind_at
from havre_local.machine.access import open_project, open_warehouse
from havre_local.machine.postgresql import server as postgres
from havre_local.machine.supervision import supervisor
from havre_local.provider import provider
from tests.upgrade.former import PASSPHRASE, Former
from tests.warehouse.conftest import Site
from tests.warehouse.objects import get

PROJECT = "bed-occupancy"


def holds_all(site: Site) -> None:
    """Every row, object version and table is there, and readable with the project's rights."""
    warehouse, project = open_warehouse(site.data_dir), open_project(site.data_dir, PROJECT)
    with project.connect() as connection:
        assert connection.execute("SELECT count(*) FROM curated.stays").fetchone() == (50,)
    assert get(site, "curated") == b"second"
    bucket = warehouse.bucket("curated")
    found = warehouse.client().list_object_versions(Bucket=bucket, Prefix="note.txt")["Versions"]
    assert len(found) == 2
    table = project.dataset("curated", "omop").to_table()
    assert table.to_pydict() == {"visit_id": [1, 2, 3]}


@pytest.mark.usefixtures("former")
def test_a_former_warehouse_goes_on(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(site.command("status")) == ExitCode.ENGINE
    assert capsys.readouterr().out.count("stopped") == 4
    assert main(site.command("connect", PROJECT)) == ExitCode.ENGINE, "it is stopped"
    assert "havre up" in capsys.readouterr().err
    # Its services were defined by files of the former code, which are run no more.
    assert main(site.command("backup")) == ExitCode.ENGINE
    said = capsys.readouterr().err
    assert "an earlier version of Havre" in said
    assert "havre up" in said
    assert {operation for operation, _ in site.changes(capsys)} == {"update"}
    assert site.changes(capsys) == []
    assert main(site.command("connect", PROJECT)) == 0
    assert f"HAVRE_PROJECT={PROJECT}" in capsys.readouterr().out
    holds_all(site)
    assert main(site.command("backup")) == 0
    assert main(site.command("status")) == 0


def test_a_former_backup_restores(
    former: Former, other: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAVRE_PASSPHRASE", PASSPHRASE)
    assert other.up() == 0
    words = ("restore", str(former.backup), "--keys", str(former.keys), "--number", "0")
    assert main(other.command(*words)) == 0
    assert other.up() == 0
    holds_all(other)


@pytest.mark.usefixtures("former")
def test_what_the_former_code_made_can_be_removed(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    del site.spec["projects"]
    assert ("delete", f"chu-trial-access-{PROJECT}") in site.changes(capsys)


@pytest.mark.usefixtures("former")
def test_a_former_wide_grant_is_narrowed_by_the_next_deployment(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    warehouse = open_warehouse(site.data_dir)
    s3, bucket = warehouse.client(), warehouse.bucket("curated")
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    wide = json.loads(policy)
    wide["Statement"][0]["Action"] += ["s3:GetObjectVersion", "s3:DeleteObject"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(wide))
    assert site.changes(capsys) == [("update", f"chu-trial-access-{PROJECT}")]
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    assert site.changes(capsys) == []


@pytest.mark.usefixtures("former")
def test_services_that_run_on_from_a_former_place_are_set_up_again(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert site.up() == 0
    folder = site.folder
    front = next(s for s in postgres.ensure_cluster(folder) if s.name == "postgresql-tls")
    package = Path(havre_local.__file__).parent
    moved = Path(shutil.copytree(package, site.root / "former" / package.name))
    argv = tuple(word.replace(str(package), str(moved)) for word in front.argv)
    assert argv != front.argv
    supervisor.ensure_running(folder, replace(front, argv=argv))
    shutil.rmtree(moved)
    assert ("update", "chu-trial-database-server") in site.changes(capsys)
    assert supervisor.moved_programs(folder) == {}
    holds_all(site)


def test_every_former_kind_is_served_here_and_under_the_cli(former: Former) -> None:
    state = json.loads((former.data_dir / "state/stack.json").read_text())
    found = [
        (resource["type"], resource["outputs"]["__provider"])
        for resource in state["deployment"]["resources"]
        if "__provider" in resource.get("outputs", {})
    ]
    assert len(found) == 14
    served = provider.servicers()["pulumi-python"].providers
    for token, text in found:
        under_the_cli = dill.loads(base64.b64decode(text))  # noqa: S301 - as the CLI
        assert served[token].kind == under_the_cli.kind
        assert isinstance(kind_at(under_the_cli.kind), Kind)
