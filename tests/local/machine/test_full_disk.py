"""A full disk: clear errors, nothing acknowledged lost, and all goes on once there is room."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from typing import TYPE_CHECKING

import psycopg
import pytest
from botocore.exceptions import ClientError

from havre.errors import StateError
from havre_local.machine.backups import writing
from havre_local.machine.folder import Folder
from havre_local.machine.record import chain, collector
from havre_local.machine.supervision import supervisor
from tests.local.conftest import DATABASE, ZONES, Machine, deploy
from tests.waits import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
NOW = dt.datetime.now(dt.UTC)
BUCKET = ZONES["landing"]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Machine]:
    """A warehouse on a disk of its own, with an object and a row that were acknowledged."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128m,mode=0755", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this system mounts no tmpfs here")
    folder = Folder(disk / "data")
    try:
        made = deploy(folder)
        with made.admin.connect(DATABASE) as connection:
            connection.execute("CREATE TABLE landing.rows (n int, filling text)")
        insert(made, 1)
        put(made, "1")
        yield made
    finally:
        supervisor.stop(folder)
        subprocess.run(["umount", str(disk)], check=True)


def insert(machine: Machine, number: int) -> None:
    text = os.urandom(60_000).hex()
    with machine.admin.connect(DATABASE) as connection:
        connection.execute("INSERT INTO landing.rows VALUES (%s, %s)", (number, text))


def put(machine: Machine, key: str) -> None:
    body = key.encode() * 100_000
    machine.admin.client().put_object(Bucket=BUCKET, Key=f"full/{key}", Body=body)


def held(machine: Machine) -> tuple[set[int], set[str]]:
    """The rows and the objects that are there, each whole."""
    with machine.admin.connect(DATABASE) as connection:
        rows = connection.execute(
            "SELECT n FROM landing.rows WHERE length(filling) = 120000"
        ).fetchall()
    s3, keys = machine.admin.client(), set()
    for found in s3.list_objects_v2(Bucket=BUCKET, Prefix="full/")["Contents"]:
        key = found["Key"].removeprefix("full/")
        body = s3.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
        assert body == key.encode() * 100_000
        keys.add(key)
    return {row[0] for row in rows}, keys


def fill(path: Path) -> None:
    """Take all the room there is, to the last block."""
    for size in (1 << 20, 4096):
        with path.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def running(machine: Machine) -> dict[str, tuple[int | None, int]]:
    return {s.name: (s.pid, s.restarts) for s in supervisor.status(machine.folder)}


def test_a_full_disk_is_refused_clearly_and_left_behind_without_a_restart(small: Machine) -> None:
    folder, before = small.folder, running(small)
    filler = folder.root.parent / "filler"
    fill(filler)
    for number in (2, 3):
        with pytest.raises(ClientError, match="InsufficientStorage"):
            put(small, str(number))
        with pytest.raises(psycopg.errors.DiskFull):
            insert(small, number)
    with pytest.raises(StateError, match="the disk is full"):
        writing.backup(folder, NOW, DATABASE)
    assert [path.name for path in folder.backups.iterdir()] == []
    assert held(small) == ({1}, {"1"})
    filler.unlink()
    put(small, "4")
    insert(small, 4)
    assert held(small) == ({1, 4}, {"1", "4"})
    assert running(small) == before
    assert writing.backup(folder, NOW, DATABASE).number == 1
    record = collector.directory(folder)
    until(lambda: "full/4" in chain.segments(folder.custody, record)[-1].read_text())
    assert chain.verify(folder.custody, record).faults == []
