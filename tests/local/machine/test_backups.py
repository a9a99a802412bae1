"""Backups: what comes back is what was there, and what was changed does not come back."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from havre.errors import GuardError, HavreError, InputError, ProviderError, StateError
from havre_local.machine import access, backups
from havre_local.machine.encryption import keys
from havre_local.machine.folder import Folder
from havre_local.machine.objects import gateway, locks
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.postgresql import dump, programs
from havre_local.machine.postgresql import schemas as database
from havre_local.machine.postgresql.roles import account_name
from havre_local.machine.postgresql.server import administrator
from havre_local.machine.supervision import supervisor
from tests.local.conftest import DATABASE, PROJECT, ZONES, Machine, deploy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = dt.datetime(2026, 11, 23, 12, 0, 0, tzinfo=dt.UTC)
PASSPHRASE = "correct horse battery staple"
PATIENT = "patients/Élodie Durand/2026 scan.dcm"
CURATED, LANDING = ZONES["curated"], ZONES["landing"]


@dataclass(frozen=True)
class BackedUp:
    machine: Machine
    info: backups.BackupInfo
    keys: Path


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackedUp]:
    """A warehouse with data of every kind, and a backup of it."""
    base = tmp_path_factory.mktemp("backups")
    folder = Folder(base / "data")
    try:
        machine = deploy(folder)
        fill(machine)
        info = backups.backup(folder, NOW)
        keys.rotate_key(folder, keys.BACKUP)
        keys.export_keys(folder, base / "keys.json", PASSPHRASE)
        yield BackedUp(machine, info, base / "keys.json")
    finally:
        supervisor.stop(folder)


def fill(machine: Machine) -> None:
    with machine.admin.connect() as connection:
        connection.execute("CREATE TABLE curated.stays (id int PRIMARY KEY, note text)")
        connection.execute(
            "INSERT INTO curated.stays SELECT i, 'note ' || i FROM generate_series(1, 500) i"
        )
        connection.execute("CREATE VIEW curated.short AS SELECT id FROM curated.stays")
    s3 = machine.admin.client()
    for body in (b"first", b"second", b""):
        s3.put_object(Bucket=LANDING, Key=PATIENT, Body=body, Metadata={"site": "chu"})
    for folder in ("scans/", "scans/2026/"):  # as browsers of S3 write an empty folder
        s3.put_object(Bucket=LANDING, Key=folder, Body=b"")
    s3.put_object(Bucket=LANDING, Key="gone", Body=b"x")
    s3.delete_object(Bucket=LANDING, Key="gone")
    s3.put_object(
        Bucket=LANDING,
        Key="big",
        Body=b"0123456789" * 300_000,
        ContentType="text/plain",
        Tagging="purpose=test",
    )
    machine.admin.write_table("curated", "t/0.parquet", pa.table({"n": [1, 2, 3]}))
    objectstore.ensure_zone(
        machine.folder, "demo-locked", versions=True, immutable_days=2, name="locked"
    )
    s3.put_object(Bucket="demo-locked", Key="held", Body=b"held")
    s3.put_object_legal_hold(Bucket="demo-locked", Key="held", LegalHold={"Status": "ON"})


def picture(machine: Machine) -> dict[str, object]:
    """All objects of a warehouse, version by version, without what must differ."""
    s3 = machine.admin.client()
    seen: dict[str, object] = {}
    for zone in objectstore.zones(machine.folder):
        for number, item in enumerate(objectstore._versions(s3, zone.bucket)):
            where = {"Bucket": zone.bucket, "Key": item["Key"], "VersionId": item["VersionId"]}
            answer = s3.get_object(**where)
            seen[f"{zone.bucket}/{item['Key']}/{number}"] = (
                answer["Body"].read(),
                answer["Metadata"],
                answer["ContentType"],
                [] if item["Key"].endswith("/") else s3.get_object_tagging(**where)["TagSet"],
                item["IsLatest"],
            )
        markers = objectstore._markers(s3, zone.bucket)
        seen[zone.bucket] = sorted(item["Key"] for item in markers)
    return seen


def copy_of(backed_up: BackedUp, tmp_path: Path) -> Path:
    return shutil.copytree(backed_up.info.path, tmp_path / backed_up.info.path.name)


def test_a_restore_into_a_new_warehouse_gives_the_same_data(
    backed_up: BackedUp, another_machine: Callable[[str], Machine]
) -> None:
    new = another_machine("new")
    access.remove_project(new.folder, PROJECT)
    restored = backups.restore(backed_up.info.path, new.folder, backed_up.keys, PASSPHRASE)
    assert restored.rows == {"curated.stays": 500}
    assert picture(new) == picture(backed_up.machine)
    query = "SELECT md5(string_agg(s::text, '|' ORDER BY id)) FROM curated.stays s"
    with new.admin.connect() as mine, backed_up.machine.admin.connect() as theirs:
        assert mine.execute(query).fetchone() == theirs.execute(query).fetchone()
    # The role is back, for the rights to refer to it, but it has no password.
    with new.admin.connect() as connection:
        query = "SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = %s"
        role = connection.execute(query, (account_name(PROJECT),)).fetchone()
    assert role == (False, None)
    # Deployed again, the project reads with its new credentials, tables and files.
    deploy(new.folder)
    with new.project.connect() as connection:
        assert connection.execute("SELECT count(*) FROM curated.short").fetchone() == (500,)
    assert new.project.dataset("curated", "t").to_table()["n"].to_pylist() == [1, 2, 3]
    (held,) = objectstore.destroy_zone(new.folder, "demo-locked")
    assert held.key == "held"
    where = {"Key": held.key, "VersionId": held.version}
    assert locks.legal_hold(gateway.store(new.folder, "demo-locked"), where)
    with pytest.raises(GuardError, match="holds data"):
        backups.restore(backed_up.info.path, new.folder)


def test_a_backup_shows_no_name_and_no_value(backed_up: BackedUp) -> None:
    files = list(backed_up.info.path.iterdir())
    assert len(files) == 3 + len(objectstore.zones(backed_up.machine.folder))
    for path in files:
        content = path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
        for hidden in ("Durand", "note 1", "curated.stays", "first", "t/0.parquet"):
            assert hidden.encode() not in content
    assert backed_up.info.path.stat().st_mode & 0o777 == 0o700


def test_an_old_backup_opens_after_a_rotation(backed_up: BackedUp) -> None:
    assert backed_up.info.key == "backup/v0001"
    current = keys.key_info(backed_up.machine.folder, keys.BACKUP)
    assert current.reference == "backup/v0002"
    contents = backups.verify(backed_up.machine.folder, backed_up.info.path)
    assert contents.rows == {"curated.stays": 500}


@pytest.mark.parametrize("how", ["cut", "flipped", "missing", "exchanged", "extra"])
def test_a_changed_backup_is_refused(backed_up: BackedUp, tmp_path: Path, how: str) -> None:
    folder, path = backed_up.machine.folder, copy_of(backed_up, tmp_path)
    backups.verify(folder, path)
    dump, zone = path / "database.enc", path / f"{LANDING}.zone.enc"
    content = dump.read_bytes()
    if how == "cut":
        dump.write_bytes(content[:-100])
    elif how == "flipped":
        dump.write_bytes(content[:-100] + bytes([content[-100] ^ 1]) + content[-99:])
    elif how == "missing":
        dump.unlink()
    elif how == "exchanged":
        dump.write_bytes(zone.read_bytes())
    else:
        shutil.copy(dump, path / "more.enc")
    rewrite_manifest(path)
    with pytest.raises(StateError):
        backups.verify(folder, path)


def rewrite_manifest(path: Path) -> None:
    """Make the readable part agree again, as a forger would."""
    manifest = path / "manifest.json"
    content = json.loads(manifest.read_text())
    names = {found.name for found in path.iterdir()} - {"manifest.json"}
    content["files"] = {name: backups._describe(path / name) for name in sorted(names)}
    manifest.write_text(json.dumps(content))


def test_the_readable_part_is_compared_too(backed_up: BackedUp, tmp_path: Path) -> None:
    path = copy_of(backed_up, tmp_path)
    with (path / "database.enc").open("ab") as file:
        file.write(b"x")
    with pytest.raises(StateError, match=r"database\.enc"):
        backups.verify(backed_up.machine.folder, path)


def test_a_changed_backup_restores_nothing(
    backed_up: BackedUp, tmp_path: Path, another_machine: Callable[[str], Machine]
) -> None:
    new, path = another_machine("victim"), copy_of(backed_up, tmp_path)
    zone = path / f"{LANDING}.zone.enc"
    zone.write_bytes(zone.read_bytes()[:-20])
    rewrite_manifest(path)
    with pytest.raises(StateError):
        backups.restore(path, new.folder, backed_up.keys, PASSPHRASE)
    assert not database.database_holds_data(administrator(new.folder), DATABASE)
    assert not objectstore.zone_holds_data(new.folder, CURATED)


def test_nobody_opens_a_backup_without_its_keys(
    backed_up: BackedUp, another_machine: Callable[[str], Machine]
) -> None:
    new = another_machine("keyless")
    with pytest.raises(StateError, match="fingerprint"):
        backups.restore(backed_up.info.path, new.folder)
    with pytest.raises(InputError, match="passphrase"):
        backups.restore(backed_up.info.path, new.folder, backed_up.keys, "guess")


def test_what_is_no_dump_is_an_error_of_pg_restore(backed_up: BackedUp) -> None:
    run = partial(programs.program, backed_up.machine.folder, DATABASE)
    with pytest.raises(ProviderError, match="pg_restore"):
        dump.read(run, DATABASE, [b"no dump " * 1000] * 200)
    with backed_up.machine.admin.connect() as connection:
        assert database.row_counts(connection) == {"curated.stays": 500}


def test_what_is_no_backup_is_an_error(backed_up: BackedUp, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no backup"):
        backups.restore(tmp_path, backed_up.machine.folder)


def test_a_failed_backup_leaves_nothing_that_looks_like_one(
    backed_up: BackedUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = backed_up.machine.folder
    before = backups.list_backups(folder)

    def fail(*_: object) -> None:
        message = "the disk is full"
        raise HavreError(message)

    monkeypatch.setattr(backups, "verify", fail)
    with pytest.raises(HavreError, match="disk is full"):
        backups.backup(folder, NOW + dt.timedelta(hours=1))
    monkeypatch.undo()
    assert backups.list_backups(folder) == before
    unfinished = list(folder.backups.glob(".unfinished-*"))
    assert len(unfinished) == 1
    backups.backup(folder, NOW + dt.timedelta(hours=2))
    assert not unfinished[0].exists()
    assert len(backups.list_backups(folder)) == len(before) + 1


def test_old_backups_go_and_the_newest_stays(backed_up: BackedUp, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.backups.mkdir(parents=True)
    (folder.root / "run").mkdir()
    for days in (0, 5, 9):
        path = folder.backups / f"2026{days:04d}"
        shutil.copytree(backed_up.info.path, path)
        content = json.loads((path / "manifest.json").read_text())
        content["created"] = (NOW + dt.timedelta(days=days)).isoformat()
        (path / "manifest.json").write_text(json.dumps(content))
    later = NOW + dt.timedelta(days=10)
    assert backups.prune(folder, 10, later) == ()
    assert backups.prune(folder, 6, later) == ("20260000",)
    assert backups.prune(folder, 1, NOW + dt.timedelta(days=900)) == ("20260005",)
    assert [info.path.name for info in backups.list_backups(folder)] == ["20260009"]
