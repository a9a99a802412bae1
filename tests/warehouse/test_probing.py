"""`havre probe` of a warehouse that stands: what it promises is seen, and what is planted too."""

from __future__ import annotations

import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from havre.cli import main
from havre.errors import ExitCode
from havre.live.objects import Properties
from havre.stack.standing import in_folder
from havre_local.live import LocalLive
from havre_local.machine.access import open_project
from havre_local.machine.backups.drill import SCRATCH
from havre_local.machine.objects import gateway
from tests.probe.divergences import IN_DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.warehouse.conftest import Site

PROJECT, ROLE = "cohort-diabetes", "project_cohort_diabetes"
RATE = ("--rate", "500")


def probed(
    site: Site, capsys: pytest.CaptureFixture[str], *words: str, code: ExitCode = ExitCode.OK
) -> list[dict[str, Any]]:
    capsys.readouterr()
    said = main(site.command("probe", str(site.file), "--json", *RATE, *words))
    captured = capsys.readouterr()
    assert said == code, captured
    found: list[dict[str, Any]] = json.loads(captured.out)["probes"]
    return found


def only(*names: str) -> list[str]:
    return [word for name in names for word in ("--only", name)]


def live(site: Site) -> LocalLive:
    return LocalLive(site.folder, in_folder(site.data_dir).outputs())


@pytest.fixture(scope="module")
def used(emc2: Site) -> Site:
    """Each locked zone has an object, the database a table, and there is a backup."""
    reached = live(emc2)
    for zone, asked in emc2.spec["zones"].items():
        if asked.get("immutable_days"):
            reached.store(zone).write("probed/a", io.BytesIO(b"1"), Properties())
    with reached.database().connect() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS curated.probed (a int)")
        connection.execute("INSERT INTO curated.probed VALUES (1), (2)")
    assert main(emc2.command("backup")) == 0
    return emc2


def test_every_promise_is_seen(used: Site, capsys: pytest.CaptureFixture[str]) -> None:
    found = probed(used, capsys, "--drill")
    assert {each["outcome"] for each in found} == {"promised, seen"}
    assert len({each["probe"] for each in found}) > 15
    drilled = next(each for each in found if each["probe"] == "backup.restorable")
    assert "sha256" in drilled["raw"][1]
    with live(used).database().connect() as connection:
        names = connection.execute("SELECT datname FROM pg_database").fetchall()
    assert not [name for (name,) in names if name.startswith(SCRATCH)]
    assert not list(live(used).store("curated").uploads())
    keys = {each.key for zone in used.spec["zones"] for each in live(used).store(zone).versions()}
    assert not [key for key in keys if "havre-probe" in key]


def test_what_was_just_written_is_locked_by_the_rule_of_its_zone(
    used: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    live(used).store("curated").write("probed/new", io.BytesIO(b"1"), Properties())
    found = probed(used, capsys, *only("lock.read"))
    assert {each["outcome"] for each in found} == {"promised, seen"}
    (zone,) = [each for each in found if each["target"] == "zone curated"]
    assert any("locked by the rule of the zone" in line for line in zone["raw"])


def test_no_secret_is_kept(used: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "seen.json"
    names = only("project.reads", "database.roles", "stranger.invented-key", "key.rotation")
    probed(used, capsys, *names, "--out", str(out))
    text = out.read_text()
    assert gateway.admin_credentials(used.folder)[1] not in text
    assert not [
        secret
        for secret in open_project(used.data_dir, PROJECT).settings.secrets().values()
        if len(secret) > len(ROLE) and secret in text
    ]
    assert main(used.command("probe", str(used.file), *names, "--out", str(out))) == ExitCode.INPUT
    assert "already exists" in capsys.readouterr().err


@contextmanager
def policy_with(site: Site, principal: Any, *actions: str) -> Iterator[None]:
    """A bucket whose policy allows somebody more."""
    bucket = in_folder(site.data_dir).outputs().zone("curated").bucket
    client = gateway.client(site.folder)
    before = client.get_bucket_policy(Bucket=bucket)["Policy"]
    policy = json.loads(before)
    more = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    policy["Statement"].append(more)
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    try:
        yield
    finally:
        client.put_bucket_policy(Bucket=bucket, Policy=before)


def open_policy(site: Site) -> AbstractContextManager[None]:
    """A bucket that anyone lists and reads."""
    return policy_with(site, "*", "s3:ListBucket", "s3:GetObject")


def writing_policy(site: Site) -> AbstractContextManager[None]:
    """A bucket that a project writes to."""
    return policy_with(site, {"AWS": [ROLE]}, "s3:PutObject")


@contextmanager
def right_too_many(site: Site) -> Iterator[None]:
    """A role that writes to a table."""
    database = live(site).database()
    with database.connect(autocommit=True) as connection:
        connection.execute(f"GRANT INSERT ON curated.probed TO {ROLE}")
        try:
            yield
        finally:
            connection.execute(f"REVOKE INSERT ON curated.probed FROM {ROLE}")


@contextmanager
def changed_backup(site: Site) -> Iterator[None]:
    """A backup of which one byte is another."""
    path = max(site.folder.backups.glob("2*")) / "database.enc"
    before = path.read_bytes()
    path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    try:
        yield
    finally:
        path.write_bytes(before)


PLANTED = {
    "a bucket that anyone lists": (open_policy, "stranger.anonymous"),
    "a project that writes": (writing_policy, "project.writes"),
    "a right too many": (right_too_many, "database.roles"),
    "a changed backup": (changed_backup, "backup.readable"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_seen_otherwise(
    planted: str, used: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    plant, name = PLANTED[planted]
    with plant(used):
        found = probed(used, capsys, *only(name), code=ExitCode.FINDINGS)
    assert "seen otherwise" in {each["outcome"] for each in found}
    again = probed(used, capsys, *only(name))
    assert {each["outcome"] for each in again} == {"promised, seen"}


@pytest.mark.parametrize("planted", IN_DATABASE)
def test_what_is_changed_in_the_database_is_found(
    planted: str, used: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    step, statement = IN_DATABASE[planted]
    assert main(used.command("database", "apply", str(used.file), "--yes")) == 0
    words = used.command("database", step, str(used.file))
    assert main(words) == 0
    database = live(used).database()
    with database.connect(autocommit=True) as connection:
        connection.execute(statement.format(database.name))
    try:
        assert main(words) == ExitCode.FINDINGS
    finally:
        assert main(used.command("database", "apply", str(used.file), "--yes")) == 0
    assert main(words) == 0
    assert "Traceback" not in capsys.readouterr().err


def test_a_project_that_the_file_no_longer_has_still_reads(
    used: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = json.loads(used.file.read_text())
    del spec["projects"][PROJECT]
    file = tmp_path / "warehouse.yaml"
    file.write_text(json.dumps(spec))
    capsys.readouterr()
    words = used.command("probe", str(file), "--json", *RATE, *only("project.reads"))
    assert main(words) == ExitCode.FINDINGS
    found = json.loads(capsys.readouterr().out)["probes"]
    wrong = [each["target"] for each in found if each["outcome"] == "seen otherwise"]
    assert wrong == [f"{PROJECT} in zone curated"]


def test_a_file_of_another_warehouse_is_refused(
    used: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "warehouse.yaml"
    file.write_text(json.dumps({**used.spec, "name": "another"}))
    assert main(used.command("probe", str(file))) == ExitCode.INPUT
    assert "is of warehouse `another`" in capsys.readouterr().err
