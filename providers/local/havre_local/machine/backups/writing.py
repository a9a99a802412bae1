"""Backups made, and those that have had their time deleted."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import secrets
from dataclasses import replace
from functools import partial
from typing import IO, TYPE_CHECKING, TypeVar, cast

from havre.errors import RetryError, StateError
from havre.files import sync_folder
from havre_local.machine.backups import latest
from havre_local.machine.backups.described import (
    CAME,
    CONTENTS,
    DUMP,
    STAMP,
    UNFINISHED,
    BackupInfo,
    Contents,
    list_backups,
    read_info,
    write_manifest,
)
from havre_local.machine.backups.reading import (
    finished,
    read_identified,
    verify,
)
from havre_local.machine.encryption import keys
from havre_local.machine.encryption.envelope import EncryptingWriter
from havre_local.machine.folder import PRIVATE, SECRET, Folder, locked, warehouse_of
from havre_local.machine.objects import archive, gateway
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.postgresql import dump, programs, roles
from havre_local.machine.postgresql import schemas as database
from havre_local.machine.postgresql.server import administrator
from havre_local.machine.record import chain, collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

Result = TypeVar("Result")


def backup(folder: Folder, now: dt.datetime, database_name: str | None = None) -> BackupInfo:
    """Back the warehouse up; read all of it back before it counts.

    The database is of one moment. Objects are read after it, each whole. Whether the backup
    before is still the one that was written is looked at as well.

    Args:
        folder: the data folder, its services running and its backup key made.
        now: the time that names the backup.
        database_name: the database, or None for the warehouse's own.

    Raises:
        ProviderError: a store refused.
        RetryError: a store does not answer, or there is a backup of this second.
        StateError: the disk is full, what was written does not read back, or another backup
            stands in the place of the latest; then the new one is written nevertheless.
    """
    stamp = now.astimezone(dt.UTC).strftime(STAMP)
    name = database_name or database.database_name(warehouse_of(folder))
    with locked(folder, "backup"):
        clear_unfinished(folder)
        target = folder.backups / stamp
        if folder.custody.exists(target):
            message = f"{target} exists"
            raise RetryError(message, "Back up again in a second.")
        exchanged = _exchanged(folder)
        with under_way(folder, target) as work:
            contents = replace(
                _write_streams(folder, work, name, now),
                name=stamp,
                number=latest.next_number(folder),
            )
            write = partial(_write_contents, contents)
            digest, _ = stream(folder, work / CONTENTS, write)
            write_manifest(folder, work, contents.__dict__)
            verify(folder, work, stamp)
            sync_folder(work)
            folder.custody.rename(work, target)
        latest.set_latest(folder, finished(contents, digest))
    if exchanged is not None:
        message = f"{exchanged} is not the backup that was written there"
        raise StateError(message, f"{target} is written and verified. Compare the others.")
    return read_info(target)


@contextlib.contextmanager
def under_way(folder: Folder, target: Path) -> Iterator[Path]:
    """Give a folder to write a backup in; what is left there in the end is given back to the disk.

    Raises:
        StateError: the disk is full.
    """
    work = folder.backups / f"{UNFINISHED}{secrets.token_hex(6)}"
    try:
        folder.custody.make_folder(work, PRIVATE)
        yield work
    except OSError as error:
        if error.errno not in _FULL:
            raise
        message = f"{target} cannot be written: the disk is full"
        raise StateError(message, "Make room, then back up again.") from error
    finally:
        folder.custody.remove_tree(work, ignore_errors=True)


def _exchanged(folder: Folder) -> Path | None:
    """Return where the latest backup was, if something else is there; it may be gone."""
    known = latest.latest(folder)
    if known is None or not (folder.backups / known.name).exists():
        return None
    path = folder.backups / known.name
    try:
        same = read_identified(folder, path)[1] == known.contents
    except StateError:
        same = False
    return None if same else path


def clear_unfinished(folder: Folder) -> None:
    """Remove what a killed run has left."""
    for name in folder.custody.names(folder.backups):
        if name.startswith(UNFINISHED):
            folder.custody.remove_tree(folder.backups / name)


def _write_streams(folder: Folder, work: Path, name: str, now: dt.datetime) -> Contents:
    """Write the database and the zones; return what was written."""
    connect, run = administrator(folder), partial(programs.program, folder, name)
    with connect(name) as connection:
        digest, rows = stream(folder, work / DUMP, partial(dump.write, connection, run))
    with connect() as connection:
        recorded = roles.recorded_roles(connection)
    streams, zones = {DUMP: digest}, []
    for zone in objectstore.zones(folder):
        objectstore.lock_versions(folder, zone.bucket)
        file_name = f"{zone.bucket}.zone.enc"
        what = f"Zone {zone.bucket}"
        with gateway.asking(folder, what):
            write = partial(archive.write, gateway.store(folder, zone.bucket), what=what)
            streams[file_name], count = stream(folder, work / file_name, write)
        zones.append({**zone.__dict__, "count": count.versions, "size": count.size})
    warehouse, created = warehouse_of(folder), now.astimezone(dt.UTC).isoformat()
    head = chain.read_head(folder.custody, collector.head_path(folder)) or chain.Head()
    return Contents(name, rows, recorded, zones, streams, warehouse, created, record=head.__dict__)


def stream(folder: Folder, path: Path, write: Callable[[IO[bytes]], Result]) -> tuple[str, Result]:
    """Encrypt what `write` writes into `path`, which is new.

    Returns:
        The SHA-256 of the plain text, and what `write` returned.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(folder.custody.open(path, flags, SECRET), "wb") as file:
        writer = EncryptingWriter(folder, keys.BACKUP, file)
        result = write(cast("IO[bytes]", writer))
        writer.finish()
        file.flush()
        os.fsync(file.fileno())
    return writer.digest.hexdigest(), result


def _write_contents(contents: Contents, file: IO[bytes]) -> None:
    file.write(json.dumps(contents.__dict__).encode())


def prune(folder: Folder, retention_days: int, now: dt.datetime) -> tuple[str, ...]:
    """Delete backups older than `retention_days`, never the newest of its own; return their names.

    Those that have come from another warehouse are kept as long.
    """
    removed = []
    with locked(folder, "backup"):
        known = latest.latest(folder)
        came = folder.backups / CAME
        places = [came / name for name in folder.custody.names(came)]
        found = [info for place in places for info in list_backups(folder, place)]
        for info in (*list_backups(folder)[:-1], *found):
            kept = known is not None and info.path == folder.backups / known.name
            if not kept and now - info.created > dt.timedelta(days=retention_days):
                # Renamed first: a killed run leaves no backup that looks whole.
                gone = folder.backups / f"{UNFINISHED}{secrets.token_hex(6)}"
                folder.custody.rename(info.path, gone)
                folder.custody.remove_tree(gone)
                removed.append(info.path.name)
    return tuple(removed)
