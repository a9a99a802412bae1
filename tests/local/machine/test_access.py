"""Access: settings without secrets, and nothing secret where others look."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import shutil
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from havre.errors import GuardError, InputError
from havre.files.custody import Custody
from havre_local.machine import access, projects
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.supervision import supervisor
from tests.local.conftest import DATABASE, EXPIRES, PROJECT, ZONES, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_local.machine.folder import Folder

READABLE = {"havre.json", "ca.pem"}
"""Files that every account may read."""


def secrets_of(machine: Machine) -> list[str]:
    folder = machine.folder
    known = [path.read_text() for path in folder.secrets.iterdir() if path.is_file()]
    return [*known, *machine.project.settings.secrets().values()]


def everything(machine: Machine) -> list[Path]:
    return [path for path in machine.folder.root.rglob("*") if not path.is_symlink()]


def test_the_settings_hold_no_secret(machine: Machine) -> None:
    settings = machine.project.settings
    secrets = settings.secrets()
    assert all(len(value) > 8 for value in secrets.values())
    for secret in (secrets["PGPASSWORD"], secrets["AWS_SECRET_ACCESS_KEY"]):
        assert secret not in repr(settings)
        assert secret not in str(settings.environment)
    assert settings.zones == {"curated": ZONES["curated"]}
    assert settings.expires == EXPIRES


@pytest.mark.skipif(not shutil.which("psql"), reason="psql is not installed")
def test_psql_connects_with_the_environment_alone(machine: Machine) -> None:
    environment = {**os.environ, **machine.project.settings.environment}
    done = subprocess.run(
        ["psql", "-XAtc", "SELECT current_user || ' ' || current_database()"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [machine.project.settings.account, DATABASE]


def test_boto3_connects_with_the_environment_alone(machine: Machine) -> None:
    code = "import boto3, sys; boto3.client('s3').list_objects_v2(Bucket=sys.argv[1])"
    environment = {**os.environ, **machine.project.settings.environment, "HOME": "/nonexistent"}
    command = [sys.executable, "-c", code]
    for bucket, expected in ((ZONES["curated"], 0), (ZONES["landing"], 1)):
        done = subprocess.run([*command, bucket], env=environment, capture_output=True, check=False)
        assert done.returncode == expected


def test_a_projects_own_account_needs_its_folder_alone(machine: Machine) -> None:
    """What another account may not read: ports, keys, other projects."""
    wanted = {
        machine.folder.marker,
        machine.folder.authority,
        *machine.folder.project(PROJECT).iterdir(),
    }
    opened = set()
    real = Custody.open

    def watching(self: Custody, path: Path, *arguments: int, **options: frozenset[int]) -> int:
        opened.add(path)
        return real(self, path, *arguments, **options)

    def unreadable(folder: Folder, name: str) -> Path:
        return folder.root / "unreadable" / name

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Custody, "open", watching)
        patch.setattr(projects, "master", unreadable)
        project = access.open_project(machine.folder.root, PROJECT)
        project.connect().close()
        project.client().list_objects_v2(Bucket=ZONES["curated"])
    assert opened
    assert opened <= wanted


def test_no_secret_is_in_a_command_line_or_a_log(machine: Machine) -> None:
    with machine.project.connect() as connection:
        connection.execute("SELECT 1")
    access.ensure_project(
        machine.folder,
        PROJECT,
        database=DATABASE,
        zones={"curated": ZONES["curated"]},
        expires=EXPIRES,
    )
    lines = [
        path.read_bytes().decode("utf-8", "replace")
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    ]
    mine = [line for line in lines if str(machine.folder.root) in line]
    kept = [path for path in machine.folder.logs.rglob("*") if path.is_file()]
    logs = [path.read_text("utf-8", "replace") for path in kept]
    assert mine
    assert any("statement:" in log for log in logs)
    found = secrets_of(machine)
    hidden = [secret for secret in found if not secret.startswith("project_")]
    assert len(hidden) >= 4
    for secret in hidden:
        assert not any(secret in text for text in (*lines, *logs))
    assert not any("SCRAM-SHA-256$" in log for log in logs)


def reached_by_others(path: Path, root: Path) -> bool:
    """Whether another account may enter every folder above `path`, up to `root`."""
    above = [folder for folder in path.parents if folder.is_relative_to(root)]
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in above)


def test_no_other_account_can_read_a_file(machine: Machine) -> None:
    folder = machine.folder
    readable = {
        path.name
        for path in everything(machine)
        if path.is_file() and path.stat().st_mode & 0o077 and reached_by_others(path, folder.root)
    }
    assert readable == READABLE
    private = [path for path in everything(machine) if path.suffix in {".key", ".pem"}]
    kept = (*folder.logs.rglob("*"), *folder.secrets.rglob("*"))
    private += [path for path in kept if path.is_file()]
    private += folder.project(PROJECT).iterdir()
    assert len(private) > 12
    for path in private:
        assert path.name in READABLE or stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_the_services_listen_on_this_machine_only(machine: Machine) -> None:
    listening = set()
    for status in supervisor.status(machine.folder):
        sockets = {
            str(path.readlink())
            for path in Path(f"/proc/{status.pid}/fd").iterdir()
            if path.is_symlink()
        }
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/{status.pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                    listening.add(fields[1].partition(":")[0])
    assert listening == {"0100007F"}  # 127.0.0.1, as the kernel writes it


def test_a_project_that_is_not_there_is_an_error(machine: Machine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no project 'nobody'"):
        access.open_project(machine.folder.root, "nobody")
    with pytest.raises(InputError, match="contains no warehouse"):
        access.open_warehouse(tmp_path)


def test_an_ended_authorisation_opens_no_data(machine: Machine) -> None:
    project = machine.project
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    ended = dataclasses.replace(project.settings, expires=yesterday)
    with pytest.raises(GuardError, match="no longer"):
        access.Project(machine.folder, ended).dataset("curated")


def test_a_project_is_removed_with_all_its_rights(machine: Machine) -> None:
    folder = machine.folder
    zones = dict(ZONES)
    for _ in range(2):
        access.ensure_project(folder, "brief", database=DATABASE, zones=zones, expires=EXPIRES)
    settings = access.project_settings(folder, "brief")
    s3 = machine.admin.client()
    for bucket in zones.values():
        assert settings.account in str(objectstore._statements(s3, bucket))
    for _ in range(2):
        access.remove_project(folder, "brief")
    assert not access.project_exists(folder, "brief")
    assert list(folder.project("brief").iterdir()) == []
    with pytest.raises(InputError, match="Project brief has ended or was removed"):
        access.project_settings(folder, "brief")
    with pytest.raises(InputError, match="has no project 'unknown'") as caught:
        access.project_settings(folder, "unknown")
    assert "brief" not in (caught.value.remedy or "")
    for bucket in zones.values():
        assert settings.account not in str(objectstore._statements(s3, bucket))


def test_a_zone_taken_from_a_project_is_refused_from_then_on(machine: Machine) -> None:
    folder = machine.folder

    def give(*zones: str) -> access.Project:
        chosen = {zone: ZONES[zone] for zone in zones}
        access.ensure_project(folder, "changed", database=DATABASE, zones=chosen, expires=EXPIRES)
        return access.open_project(folder.root, "changed")

    give("curated", "landing").client().list_objects_v2(Bucket=ZONES["landing"])
    with pytest.raises(Exception, match="AccessDenied"):
        give("curated").client().list_objects_v2(Bucket=ZONES["landing"])
    access.remove_project(folder, "changed")


READ = ["s3:GetObject", "s3:ListBucket"]
OTHER_GRANTS: dict[str, dict[str, object] | None] = {
    "none": None,
    "earlier versions": {"Action": [*READ, "s3:GetObjectVersion", "s3:ListBucketVersions"]},
    "deletion": {"Action": [*READ, "s3:DeleteObject"]},
    "all": {"Action": "s3:*"},
    "without end": {"Condition": {}},
    "a later end": {"Condition": {"DateLessThan": {"aws:CurrentTime": "2199-01-01T00:00:00Z"}}},
    "everyone": {"Principal": "*"},
    "a stranger's as well": {"Sid": "stranger"},
}


SELDOM = {"earlier versions", "deletion", "without end", "a later end", "everyone"}
"""Grants that are asked of a zone that the project does not read before a release alone."""


def policies() -> Iterator[Any]:
    """Every grant on the zone that the project reads, and on one that it does not."""
    for kind in OTHER_GRANTS:
        yield kind, ZONES["curated"]
        marks = pytest.mark.long if kind in SELDOM else ()
        yield pytest.param(kind, ZONES["landing"], marks=marks)


@pytest.mark.parametrize(("kind", "bucket"), list(policies()))
def test_a_policy_that_is_another_is_told_and_set_right(
    machine: Machine, kind: str, bucket: str
) -> None:
    folder, s3 = machine.folder, machine.admin.client()
    name, zones = (
        f"policy-{kind.split(maxsplit=1)[0]}-{bucket}".replace("'", ""),
        {"curated": ZONES["curated"]},
    )
    access.ensure_project(folder, name, database=DATABASE, zones=zones, expires=EXPIRES)
    account = access.project_settings(folder, name).account
    right = objectstore.grant(bucket, account, EXPIRES)
    others = [i for i in objectstore._statements(s3, bucket) if i["Sid"] != account]
    given = bucket in zones.values()
    changed = OTHER_GRANTS[kind]
    wrong = [] if changed is None else [{**right, **changed}]
    if changed is not None and "Sid" in changed:
        wrong = [right] * given + wrong
    wrong = [{k: v for k, v in item.items() if v != {}} for item in wrong]
    look = partial(access.grants_differ, folder, name, zones=zones, expires=EXPIRES)
    assert look() == ()
    if statements := [*others, *wrong]:
        policy = {"Version": "2012-10-17", "Statement": statements}
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    else:
        s3.delete_bucket_policy(Bucket=bucket)
    assert look() == ((bucket,) if given or changed is not None else ())
    access.ensure_project(folder, name, database=DATABASE, zones=zones, expires=EXPIRES)
    assert look() == ()
    assert objectstore._statements(s3, bucket) == sorted(
        [*others, *([right] * given)], key=lambda item: str(item["Sid"])
    )
    access.remove_project(folder, name)
