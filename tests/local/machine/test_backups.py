"""Backups: what comes back is what was there, and what was changed does not come back."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from havre.errors import GuardError, HavreError, InputError, ProviderError, StateError
from havre.live import locks
from havre.live.s3 import Bucket
from havre.provider import BackupIdentity
from havre_local.machine import access
from havre_local.machine.backups import described, latest, reading, restoring, writing
from havre_local.machine.encryption import keys
from havre_local.machine.folder import Folder
from havre_local.machine.objects import gateway
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.postgresql import dump, programs
from havre_local.machine.postgresql import schemas as database
from havre_local.machine.postgresql.roles import account_name
from havre_local.machine.postgresql.server import administrator
from havre_local.machine.supervision import supervisor
from tests.local.conftest import DATABASE, PROJECT, ZONES, Machine, deploy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = dt.datetime(2026, 11, 23, 12, 0, 0, tzinfo=dt.UTC)
PASSPHRASE = "correct horse battery staple"
PATIENT = "patients/Élodie Durand/2026 scan.dcm"
CURATED, LANDING = ZONES["curated"], ZONES["landing"]


@dataclass(frozen=True)
class BackedUp:
    machine: Machine
    info: described.BackupInfo
    keys: Path


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackedUp]:
    """A warehouse with data of every kind, and a backup of it."""
    base = tmp_path_factory.mktemp("backups")
    folder = Folder(base / "data")
    try:
        machine = deploy(folder)
        fill(machine)
        info = writing.backup(folder, NOW)
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
    restored = restoring.restore(backed_up.info.path, new.folder, backed_up.keys, PASSPHRASE)
    assert restored.rows == {"curated.stays": 500}
    assert picture(new) == picture(backed_up.machine)
    # A backup knows the record of the machine that made it, which is not the new one's.
    name = backed_up.info.path.name
    shutil.copytree(backed_up.info.path, new.folder.backups / name)
    assert name not in reading.record_heads(new.folder)
    assert (head := reading.record_heads(backed_up.machine.folder)[name])
    assert head.number > 0
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
    with pytest.raises(GuardError, match="contains data"):
        restoring.restore(backed_up.info.path, new.folder)


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
    contents = reading.verify(backed_up.machine.folder, backed_up.info.path)
    assert contents.rows == {"curated.stays": 500}


@pytest.mark.parametrize("how", ["cut", "flipped", "missing", "exchanged", "extra"])
def test_a_changed_backup_is_refused(backed_up: BackedUp, tmp_path: Path, how: str) -> None:
    folder, path = backed_up.machine.folder, copy_of(backed_up, tmp_path)
    reading.verify(folder, path)
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
        reading.verify(folder, path)


def rewrite_manifest(path: Path) -> None:
    """Make the readable part agree again, as a forger would."""
    manifest = path / "manifest.json"
    content = json.loads(manifest.read_text())
    names = {found.name for found in path.iterdir()} - {"manifest.json"}
    content["files"] = {name: described.describe(path / name) for name in sorted(names)}
    manifest.write_text(json.dumps(content))


def test_the_readable_part_is_compared_too(backed_up: BackedUp, tmp_path: Path) -> None:
    path = copy_of(backed_up, tmp_path)
    with (path / "database.enc").open("ab") as file:
        file.write(b"x")
    with pytest.raises(StateError, match=r"database\.enc"):
        reading.verify(backed_up.machine.folder, path)


def test_a_changed_backup_restores_nothing(
    backed_up: BackedUp, tmp_path: Path, another_machine: Callable[[str], Machine]
) -> None:
    new, path = another_machine("victim"), copy_of(backed_up, tmp_path)
    zone = path / f"{LANDING}.zone.enc"
    zone.write_bytes(zone.read_bytes()[:-20])
    rewrite_manifest(path)
    with pytest.raises(StateError):
        restoring.restore(path, new.folder, backed_up.keys, PASSPHRASE)
    assert not database.database_holds_data(administrator(new.folder), DATABASE)
    assert not objectstore.zone_holds_data(new.folder, CURATED)


EARLIER = dt.timedelta(hours=3)


@pytest.fixture(scope="module")
def earlier(backed_up: BackedUp, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An earlier backup of the same warehouse, by its streams another one, of equal counts."""
    target = tmp_path_factory.mktemp("earlier")
    folder = backed_up.machine.folder
    shutil.copy(folder.keys / "backups.json", target)
    info = writing.backup(folder, NOW - EARLIER)
    shutil.copy(target / "backups.json", folder.keys)
    return info.path.rename(target / info.path.name)


def change_manifest(path: Path, **changed: object) -> None:
    content = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**content, **changed}))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "contains the backup 20261123T090000Z"),
        ({"created": NOW.isoformat()}, "manifest"),
        ({"number": 1000}, "manifest"),
        ({"warehouse": "other"}, "manifest"),
        ({"format": 2}, "manifest"),
        ({"format": 1, "number": 0}, "manifest"),
    ],
)
def test_an_earlier_backup_in_the_place_of_the_latest_is_recognised(
    backed_up: BackedUp, earlier: Path, tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    assert reading.verify(backed_up.machine.folder, earlier).name == earlier.name
    path = shutil.copytree(earlier, tmp_path / backed_up.info.path.name)
    change_manifest(path, **changed)
    with pytest.raises(StateError, match=said):
        reading.verify(backed_up.machine.folder, path)


def test_a_link_to_an_earlier_backup_is_not_the_latest(
    backed_up: BackedUp, earlier: Path, tmp_path: Path
) -> None:
    link = tmp_path / backed_up.info.path.name
    link.symlink_to(earlier)
    with pytest.raises(StateError, match="contains the backup 20261123T090000Z"):
        reading.verify(backed_up.machine.folder, link)


def test_the_next_backup_tells_that_the_latest_was_exchanged(
    another_machine: Callable[[str], Machine],
) -> None:
    folder = another_machine("exchanged").folder
    first, second = (writing.backup(folder, NOW + dt.timedelta(hours=n)) for n in (0, 1))
    assert (first.number, second.number) == (1, 2)
    shutil.rmtree(second.path)
    shutil.copytree(first.path, second.path)
    with pytest.raises(StateError, match=f"{second.path.name} is not the backup"):
        writing.backup(folder, NOW + dt.timedelta(hours=2))
    third = described.list_backups(folder)[-1]
    assert reading.verify(folder, third.path).number == third.number == 3
    shutil.rmtree(third.path)  # moved away by an administrator: nothing is wrong
    assert writing.backup(folder, NOW + dt.timedelta(hours=4)).number == 4


def test_which_backup_it_is_is_told_before_anything_is_loaded(
    backed_up: BackedUp, earlier: Path, another_machine: Callable[[str], Machine]
) -> None:
    told = []

    def refuse(found: BackupIdentity) -> None:
        told.append(found)
        message = "not this one"
        raise GuardError(message)

    new = another_machine("asked")
    with pytest.raises(GuardError, match="not this one"):
        restoring.restore(earlier, new.folder, backed_up.keys, PASSPHRASE, refuse)
    with pytest.raises(GuardError, match="not this one"):
        restoring.restore(earlier, backed_up.machine.folder, agree=refuse)
    assert not database.database_holds_data(administrator(new.folder), DATABASE)
    created, known = NOW - EARLIER, latest.identity(backed_up.machine.folder)
    assert known is not None
    found = BackupIdentity(earlier.name, "demo", created, told[0].number)
    assert told == [found, replace(found, latest=known.number)]
    # Numbers go on from the backup that was restored.
    restored = restoring.restore(backed_up.info.path, new.folder, backed_up.keys, PASSPHRASE)
    assert restored.number == backed_up.info.number
    assert writing.backup(new.folder, NOW).number == restored.number + 1


def former_format(machine: Machine, path: Path, number: int) -> None:
    """Make a copy of a backup one of a former format."""
    contents = reading.read_contents(machine.folder, path)
    lacking = {"name", "number"} | ({"warehouse", "created"} if number == 1 else set())
    kept = {key: value for key, value in contents.__dict__.items() if key not in lacking}
    (path / "contents.enc").unlink()
    plain = json.dumps({**kept, "format": number}).encode()
    written = machine.folder.backups / "contents.enc"
    writing.stream(machine.folder, written, lambda file: file.write(plain))
    written.rename(path / "contents.enc")
    change_manifest(path, format=number)
    content = json.loads((path / "manifest.json").read_text())
    del content["number"]
    (path / "manifest.json").write_text(json.dumps(content))
    rewrite_manifest(path)


@pytest.mark.parametrize("number", [1, 2])
def test_a_backup_of_a_former_format_is_read_and_what_nobody_vouches_for_is_told(
    backed_up: BackedUp, tmp_path: Path, number: int
) -> None:
    folder, path = backed_up.machine.folder, copy_of(backed_up, tmp_path)
    former_format(backed_up.machine, path, number)
    assert reading.verify(folder, path).rows == {"curated.stays": 500}
    path = path.rename(tmp_path / "20991231T000000Z")
    assert reading.verify(folder, path, "another name").number == 0
    change_manifest(path, created="2099-12-31T00:00:00+00:00")
    if number == 1:
        manifest, contents, _ = reading.identified(folder, path, path.name)
        found = restoring.identity(folder, manifest, contents)
        assert (found.authenticated, found.number) == (False, 0)
    else:
        with pytest.raises(StateError, match="manifest"):
            reading.verify(folder, path)


def test_numbers_only_grow_and_are_never_given_twice(backed_up: BackedUp, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.keys.mkdir(parents=True)
    assert latest.latest(folder) is None
    assert [latest.next_number(folder) for _ in range(3)] == [1, 2, 3]
    for number in (7, 5):
        finished = latest.Finished(number=number, name="x", created=NOW, contents="")
        latest.set_latest(folder, finished)
    known = latest.latest(folder)
    assert known is not None
    assert (known.number, latest.next_number(folder)) == (7, 8)
    for content in ("", "{}}", '{"taken": "many"}', '{"taken": -1}'):
        (folder.keys / "backups.json").write_text(content)
        with pytest.raises(StateError, match=r"backups\.json"):
            latest.next_number(folder)
    assert latest.latest(backed_up.machine.folder) is not None


REPLACEMENTS: dict[str, Callable[[Path, Path], object]] = {
    "another backup's": lambda path, other: shutil.copy(other, path),
    "another backup's, in the same file": lambda path, other: path.write_bytes(other.read_bytes()),
    "cut off": lambda path, _: path.write_bytes(path.read_bytes()[:-40]),
    "gone": lambda path, _: path.unlink(),
}


@dataclass
class Racing:
    """Who writes where backups are kept, between the verification and the loading of one."""

    other: Path
    name: str = ""
    how: str = ""

    def __post_init__(self) -> None:
        self._check = reading.check_streams

    def __call__(self, folder: Folder, path: Path, *arguments: Any) -> dict[str, bytes]:
        begun = self._check(folder, path, *arguments)
        REPLACEMENTS[self.how](path / self.name, self.other / self.name)
        return begun


@pytest.mark.long
def test_what_is_exchanged_after_it_was_verified_is_not_restored(
    backed_up: BackedUp,
    earlier: Path,
    tmp_path: Path,
    another_machine: Callable[[str], Machine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new, zone, racing = another_machine("raced"), f"{LANDING}.zone.enc", Racing(earlier)
    monkeypatch.setattr(restoring, "check_streams", racing)
    for racing.name in ("database.enc", zone):
        for number, racing.how in enumerate(REPLACEMENTS):
            path = copy_of(backed_up, tmp_path / f"{racing.name}{number}")
            with pytest.raises(StateError, match=rf"{racing.name}"):
                restoring.restore(path, new.folder, backed_up.keys, PASSPHRASE)
            assert not objectstore.zone_holds_data(new.folder, LANDING)
            loaded = database.database_holds_data(administrator(new.folder), DATABASE)
            assert loaded == (racing.name == zone)
    monkeypatch.undo()
    # The true backup goes on where this one was stopped; another does not.
    with pytest.raises(GuardError, match="a part of another backup"):
        restoring.restore(earlier, new.folder)
    restoring.restore(backed_up.info.path, new.folder)
    assert picture(new) == picture(backed_up.machine)


FAULTS = {
    "before the database": ("dump.read", 1, False),
    "after the database": ("dump.read", 1, True),
    "before an upload": ("s3.upload_fileobj", 2, False),
    "after an upload": ("s3.upload_fileobj", 2, True),
    "after a deletion": ("s3.delete_object", 1, True),
    "at a lock": ("locks.lock_again", 2, False),
    "at the end": ("latest.set_latest", 1, True),
}


def restore_and_die(backed_up: BackedUp, new: Machine, fault: tuple[str, int, bool]) -> bool:
    """Restore in a process of its own that kills itself; tell whether it did."""
    name, nth, after = fault
    child = os.fork()
    if child == 0:
        homes = {"dump": dump, "s3": Bucket, "locks": locks, "latest": latest}
        room, _, called = name.partition(".")
        whole, calls = getattr(homes[room], "ask" if room == "s3" else called), []

        def fatal(*arguments: Any, **named: Any) -> Any:
            calls.append(room != "s3" or arguments[1] == called)
            at = calls[-1] and sum(calls) == nth
            if at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = whole(*arguments, **named)
            if at:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        setattr(homes[room], "ask" if room == "s3" else called, fatal)
        try:
            restoring.restore(backed_up.info.path, new.folder, backed_up.keys, PASSPHRASE)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.long
def test_a_restore_killed_at_any_step_is_finished_by_running_it_again(
    backed_up: BackedUp, another_machine: Callable[[str], Machine]
) -> None:
    new = another_machine("killed")
    killed = [name for name in FAULTS if restore_and_die(backed_up, new, FAULTS[name])]
    assert killed == list(FAULTS)
    restored = restoring.restore(backed_up.info.path, new.folder)
    assert restored.rows == {"curated.stays": 500}
    assert picture(new) == picture(backed_up.machine)
    assert list(new.folder.run.glob("restore*")) == []
    with pytest.raises(GuardError, match="contains data"):
        restoring.restore(backed_up.info.path, new.folder)


def test_what_was_written_since_a_restore_was_killed_is_kept(
    backed_up: BackedUp, another_machine: Callable[[str], Machine]
) -> None:
    new = another_machine("written-since")
    assert restore_and_die(backed_up, new, FAULTS["after an upload"])
    with new.admin.connect() as connection:
        connection.execute("INSERT INTO curated.stays VALUES (501, 'since')")
    with pytest.raises(StateError, match="rows differ"):
        restoring.restore(backed_up.info.path, new.folder)
    with new.admin.connect() as connection:
        assert connection.execute("DELETE FROM curated.stays WHERE id = 501").rowcount == 1
    new.admin.client().put_object(Bucket=LANDING, Key="since", Body=b"since")
    with pytest.raises(GuardError, match="contains data that is not in the backup"):
        restoring.restore(backed_up.info.path, new.folder)
    kept = new.admin.client().get_object(Bucket=LANDING, Key="since")["Body"].read()
    assert kept == b"since"


def test_what_programs_put_aside_stays_in_the_data_folder(
    backed_up: BackedUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))  # no file can be made there
    folder = backed_up.machine.folder
    run = partial(programs.program, folder, DATABASE)
    with pytest.raises(ProviderError, match="pg_restore of demo: pg_restore: error"):
        dump.read(run, DATABASE, [b"no dump"])
    with run(["psql", "-XAtc", "\\! printenv TMPDIR"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read().decode().strip() == str(folder.run)
    before = described.list_backups(folder)
    writing.backup(folder, NOW + dt.timedelta(hours=9))
    assert len(described.list_backups(folder)) == len(before) + 1


def test_a_programs_error_shows_no_value(backed_up: BackedUp) -> None:
    run = partial(programs.program, backed_up.machine.folder, DATABASE)
    for statement in (
        "SELECT 'Durand'::int",
        "INSERT INTO curated.stays VALUES (1, 'Durand')",
        "DO $$ BEGIN RAISE 'refused' USING DETAIL = 'Durand'; END $$",
    ):
        words = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-c", statement]
        with pytest.raises(ProviderError) as caught, run(words):
            pass
        assert "psql of demo: " in caught.value.message
        assert "Durand" not in caught.value.message


def test_nobody_opens_a_backup_without_its_keys(
    backed_up: BackedUp, another_machine: Callable[[str], Machine]
) -> None:
    new = another_machine("keyless")
    with pytest.raises(StateError, match="fingerprint"):
        restoring.restore(backed_up.info.path, new.folder)
    with pytest.raises(InputError, match="passphrase"):
        restoring.restore(backed_up.info.path, new.folder, backed_up.keys, "guess")


def test_what_is_no_dump_is_an_error_of_pg_restore(backed_up: BackedUp) -> None:
    run = partial(programs.program, backed_up.machine.folder, DATABASE)
    with pytest.raises(ProviderError, match="pg_restore"):
        dump.read(run, DATABASE, [b"no dump " * 1000] * 200)
    with backed_up.machine.admin.connect() as connection:
        assert database.row_counts(connection) == {"curated.stays": 500}


def test_what_is_no_backup_is_an_error(backed_up: BackedUp, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="contains no backup"):
        restoring.restore(tmp_path, backed_up.machine.folder)


def test_a_failed_backup_leaves_nothing_that_looks_like_one(
    backed_up: BackedUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = backed_up.machine.folder
    before = described.list_backups(folder)

    def fail(*_: object) -> None:
        message = "the disk is full"
        raise HavreError(message)

    monkeypatch.setattr(writing, "verify", fail)
    with pytest.raises(HavreError, match="disk is full"):
        writing.backup(folder, NOW + dt.timedelta(hours=1))
    monkeypatch.undo()
    assert described.list_backups(folder) == before
    assert list(folder.backups.glob(".unfinished-*")) == []
    writing.backup(folder, NOW + dt.timedelta(hours=2))
    assert len(described.list_backups(folder)) == len(before) + 1


def test_old_backups_go_and_the_newest_stays(backed_up: BackedUp, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.backups.mkdir(parents=True)
    (folder.root / "run").mkdir()
    for days in (0, 5, 9):
        path = folder.backups / f"2026{days:04d}"
        shutil.copytree(backed_up.info.path, path)
        change_manifest(path, created=(NOW + dt.timedelta(days=days)).isoformat())
    later = NOW + dt.timedelta(days=10)
    assert writing.prune(folder, 10, later) == ()
    assert writing.prune(folder, 6, later) == ("20260000",)
    assert writing.prune(folder, 1, NOW + dt.timedelta(days=900)) == ("20260005",)
    assert [info.path.name for info in described.list_backups(folder)] == ["20260009"]


def test_the_latest_backup_is_not_pruned_for_one_that_claims_to_be_later(
    backed_up: BackedUp, tmp_path: Path
) -> None:
    folder = Folder(tmp_path / "data")
    for place in (folder.backups, folder.run, folder.keys):
        place.mkdir(parents=True)
    finished = latest.Finished(number=1, name="20260000", created=NOW, contents="")
    latest.set_latest(folder, finished)
    for name, days in (("20260000", 0), ("20260001", 1), ("20260002", 500)):
        shutil.copytree(backed_up.info.path, folder.backups / name)
        created = (NOW + dt.timedelta(days=days)).isoformat()
        change_manifest(folder.backups / name, created=created)
    assert writing.prune(folder, 10, NOW + dt.timedelta(days=400)) == ("20260001",)
    assert (folder.backups / "20260000").is_dir()


ODD: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a link": lambda path: path.symlink_to("/dev/zero"),
    "a socket": lambda path: socket.socket(socket.AF_UNIX).bind(str(path)),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["manifest.json", "contents.enc", "database.enc"])
def test_what_is_put_in_the_place_of_a_file_is_not_waited_for(
    backed_up: BackedUp, name: str, odd: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also between a look and the opening: what a look says then is what stood there before."""
    path = copy_of(backed_up, tmp_path)
    (path / name).unlink()
    monkeypatch.chdir(path)  # a socket's path is short
    ODD[odd](Path(name))
    monkeypatch.setattr(Path, "is_file", lambda _path: True)
    with pytest.raises((StateError, InputError)) as caught:
        reading.verify(backed_up.machine.folder, path)
    assert str(path) in str(caught.value)
