"""Backups: the database and every object, encrypted, in one folder a backup.

A backup holds the database (one snapshot, with the names and rights of its roles) and every
version of every object of every zone. It holds no password, no key and no account: a
restore loads the data into a warehouse that was deployed from its file, which gives each
project new credentials. Names of objects, which may identify patients, stand in the
encrypted part only. The keys are exported apart (`keys.export_keys`); without them nobody
reads a backup, and with them lost nobody ever will.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from pydantic import AwareDatetime, BaseModel, ValidationError

from havre.errors import GuardError, InputError, RetryError, StateError
from havre.files import sync_folder
from havre_local.machine.encryption import keys
from havre_local.machine.encryption.envelope import EncryptingWriter, decrypt
from havre_local.machine.folder import (
    PRIVATE,
    SECRET,
    Folder,
    locked,
    warehouse_of,
    write_json,
)
from havre_local.machine.objects import archive, gateway
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.postgresql import dump, programs, roles
from havre_local.machine.postgresql import schemas as database
from havre_local.machine.postgresql.server import administering, administrator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMAT = 2
"""Since 2 the encrypted part names the warehouse and the time as well; 1 is still read."""
_FORMATS = (1, FORMAT)
_MANIFEST = "manifest.json"
_CONTENTS = "contents.enc"
_DUMP = "database.enc"
_STAMP = "%Y%m%dT%H%M%SZ"
_UNFINISHED = ".unfinished-"

Result = TypeVar("Result")


@dataclass(frozen=True)
class BackupInfo:
    """A backup, by its readable part."""

    path: Path
    warehouse: str
    created: dt.datetime
    key: str
    """The version of the backup key, such as `backup/v0001`."""
    size: int
    """Bytes on disk."""


@dataclass(frozen=True)
class Contents:
    """What a backup holds, from its encrypted part."""

    database: str
    rows: dict[str, int]
    """Rows by `schema.table`."""
    roles: list[dict[str, Any]]
    zones: list[dict[str, Any]]
    """Each with bucket, settings, and how many versions and bytes it holds."""
    streams: dict[str, str]
    """SHA-256 of the plain text of every other file."""
    warehouse: str = ""
    """The warehouse's name; empty in format 1."""
    created: str = ""
    """As the readable part says it; empty in format 1."""


class _Format(BaseModel):
    """What every format's readable part says."""

    format: int


class _Described(BaseModel):
    """A file of a backup, as the readable part describes it."""

    size: int
    sha256: str


class _Manifest(_Format):
    """The readable part. It proves nothing until it agrees with the encrypted one."""

    warehouse: str
    created: AwareDatetime
    key: str
    files: dict[str, _Described]


@dataclass(frozen=True)
class Restored:
    """What a restore has loaded and found equal."""

    rows: dict[str, int]
    versions: int
    size: int
    """Bytes of objects."""


def backup(folder: Folder, now: dt.datetime, database_name: str | None = None) -> BackupInfo:
    """Back the warehouse up; read all of it back before it counts.

    The database is of one moment. Objects are read after it, each whole.

    Args:
        folder: the data folder, its services running and its backup key made.
        now: the time that names the backup.
        database_name: the database, or None for the warehouse's own.

    Raises:
        ProviderError: a store refused.
        RetryError: a store does not answer, or there is a backup of this second.
        StateError: what was written does not read back.
    """
    stamp = now.astimezone(dt.UTC).strftime(_STAMP)
    name = database_name or database.database_name(warehouse_of(folder))
    with locked(folder, "backup"):
        _clear_unfinished(folder)
        target = folder.backups / stamp
        if target.exists():
            message = f"{target} exists"
            raise RetryError(message, "Back up again in a second.")
        work = folder.backups / f"{_UNFINISHED}{secrets.token_hex(6)}"
        work.mkdir(mode=PRIVATE)
        contents = _write_streams(folder, work, name, now)
        _stream(folder, work / _CONTENTS, lambda file: _write_contents(contents, file))
        _write_manifest(folder, work, now)
        verify(folder, work)
        sync_folder(work)
        work.rename(target)
        sync_folder(folder.backups)
    return read_info(target)


def _clear_unfinished(folder: Folder) -> None:
    """Remove what a killed run has left."""
    for path in folder.backups.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(path)


def _write_streams(folder: Folder, work: Path, name: str, now: dt.datetime) -> Contents:
    """Write the database and the zones; return what was written."""
    connect, run = administrator(folder), partial(programs.program, folder, name)
    with connect(name) as connection:
        digest, rows = _stream(folder, work / _DUMP, partial(dump.write, connection, run))
    with connect() as connection:
        recorded = roles.recorded_roles(connection)
    streams, zones = {_DUMP: digest}, []
    for zone in objectstore.zones(folder):
        objectstore.lock_versions(folder, zone.bucket)
        file_name = f"{zone.bucket}.zone.enc"
        what = f"Zone {zone.bucket}"
        with gateway.asking(folder, what):
            write = partial(archive.write, gateway.store(folder, zone.bucket), what=what)
            streams[file_name], count = _stream(folder, work / file_name, write)
        zones.append({**zone.__dict__, "count": count.versions, "size": count.size})
    warehouse, created = warehouse_of(folder), now.astimezone(dt.UTC).isoformat()
    return Contents(name, rows, recorded, zones, streams, warehouse, created)


def _stream(folder: Folder, path: Path, write: Callable[[IO[bytes]], Result]) -> tuple[str, Result]:
    """Encrypt what `write` writes into `path`.

    Returns:
        The SHA-256 of the plain text, and what `write` returned.
    """
    with path.open("xb") as file:
        path.chmod(SECRET)
        writer = EncryptingWriter(folder, keys.BACKUP, file)
        result = write(cast("IO[bytes]", writer))
        writer.finish()
        file.flush()
        os.fsync(file.fileno())
    return writer.digest.hexdigest(), result


def _write_contents(contents: Contents, file: IO[bytes]) -> None:
    file.write(json.dumps({"format": FORMAT, **contents.__dict__}).encode())


def _write_manifest(folder: Folder, work: Path, now: dt.datetime) -> None:
    """Write the readable part; it names no object."""
    content = {
        "format": FORMAT,
        "warehouse": warehouse_of(folder),
        "created": now.astimezone(dt.UTC).isoformat(),
        "key": keys.key_info(folder, keys.BACKUP).reference,
        "files": {path.name: _describe(path) for path in sorted(work.iterdir())},
    }
    write_json(work / _MANIFEST, content)


def _describe(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"size": path.stat().st_size, "sha256": digest}


def list_backups(folder: Folder) -> tuple[BackupInfo, ...]:
    """Return every finished backup, the oldest first."""
    found = (read_info(path.parent) for path in folder.backups.glob(f"[0-9]*/{_MANIFEST}"))
    return tuple(sorted(found, key=lambda info: info.created))


def read_info(path: Path) -> BackupInfo:
    """Return the backup in the folder `path`, by its readable part.

    Raises:
        InputError: there is none.
    """
    manifest = _manifest(path)
    size = sum(described.size for described in manifest.files.values())
    return BackupInfo(path, manifest.warehouse, manifest.created, manifest.key, size)


def _manifest(path: Path) -> _Manifest:
    if not (path / _MANIFEST).is_file():
        message = f"{path} holds no backup"
        raise InputError(message, f"Name the folder that holds {_MANIFEST}.")
    content = (path / _MANIFEST).read_bytes()
    try:
        found = _Format.model_validate_json(content).format
        if found not in _FORMATS:
            message = f"{path}: format {found}, this Havre knows {FORMAT}"
            raise InputError(message, "Use the version of Havre that made it.")
        return _Manifest.model_validate_json(content)
    except ValidationError as error:
        raise _damaged(path / _MANIFEST) from error


def verify(folder: Folder, path: Path) -> Contents:
    """Decrypt all of a backup, to nowhere, and compare it with what was written.

    Raises:
        InputError: there is no backup in `path`.
        StateError: it was changed or cut off, a file is missing, or its key is.
    """
    manifest, contents = _manifest(path), read_contents(folder, path)
    bound = (manifest.warehouse, manifest.created.isoformat())
    known = not contents.warehouse or (contents.warehouse, contents.created) == bound
    # Names come from the encrypted part: what only the readable one names is not opened.
    if not known or set(manifest.files) != {_CONTENTS, *contents.streams}:
        raise _damaged(path / _MANIFEST)
    for name, described in manifest.files.items():
        if not (path / name).is_file() or _describe(path / name) != described.model_dump():
            raise _damaged(path / name)
    for name in contents.streams:
        for _ in _genuine(folder, path, contents, name):
            pass
    return contents


def read_contents(folder: Folder, path: Path) -> Contents:
    """Return what a backup holds, from its encrypted part; `verify` reads all of it.

    Raises:
        StateError: it was changed or cut off, or is another stream.
    """
    plain = b"".join(_decrypted(folder, path / _CONTENTS))
    try:
        content = json.loads(plain)
        content.pop("format")
        return Contents(**content)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path / _CONTENTS) from error


def _genuine(folder: Folder, path: Path, contents: Contents, name: str) -> Iterator[bytes]:
    """Yield a stream's plain text; the last of it only when all is what was backed up.

    A restore reads after `verify` has: what was exchanged meanwhile is not loaded whole.
    """
    digest, held = hashlib.sha256(), b""
    for chunk in _decrypted(folder, path / name):
        digest.update(chunk)
        if held:
            yield held
        held = chunk
    if digest.hexdigest() != contents.streams[name]:
        raise _damaged(path / name)
    yield held


def _decrypted(folder: Folder, path: Path) -> Iterator[bytes]:
    if not path.is_file():
        raise _damaged(path)
    with path.open("rb") as file:
        yield from decrypt(folder, keys.BACKUP, file, str(path))


def _damaged(path: Path) -> StateError:
    message = f"{path}: is not what was backed up"
    return StateError(message, "Use another copy of this backup, or another backup.")


def restore(
    path: Path, folder: Folder, key_file: Path | None = None, passphrase: str = ""
) -> Restored:
    """Load a backup into a warehouse that was just deployed and holds no data.

    Database and objects are compared with the backup afterwards. Projects keep the
    credentials of the new warehouse. Version identifiers and times of objects are new; locks
    that have not ended are set again. Deploy once more afterwards, for rights of projects
    that the backup does not know.

    Args:
        path: the backup's folder.
        folder: the new data folder, its services running.
        key_file: the exported keys, or None if the folder has them.
        passphrase: theirs.

    Raises:
        GuardError: the warehouse holds data, or is another one.
        InputError: there is no backup in `path`, or the keys do not open.
        StateError: the backup was changed or cut off, or what was loaded differs.
    """
    info = read_info(path)
    if info.warehouse != warehouse_of(folder):
        message = f"{path} is a backup of {info.warehouse}, not of {warehouse_of(folder)}"
        raise GuardError(message, "Restore it into a warehouse of that name.")
    with locked(folder, "backup"):
        if key_file is not None:
            keys.import_keys(folder, key_file, passphrase)
        contents = verify(folder, path)
        _check_empty(folder, contents)
        _restore_database(folder, path, contents)
        counts = [_restore_zone(folder, path, contents, zone) for zone in contents.zones]
    return Restored(
        contents.rows, sum(count.versions for count in counts), sum(count.size for count in counts)
    )


def _check_empty(folder: Folder, contents: Contents) -> None:
    """Raise GuardError unless neither database nor zones hold anything."""
    held = database.database_holds_data(administrator(folder), contents.database)
    full = [f"database {contents.database}"] * held
    buckets = {zone.bucket for zone in objectstore.zones(folder)}
    buckets |= {zone["bucket"] for zone in contents.zones}
    full += [
        f"zone {bucket}"
        for bucket in sorted(buckets)
        if objectstore.zone_holds_data(folder, bucket)
    ]
    if full:
        message = f"{folder.root} holds data ({', '.join(full)}): nothing is restored over it"
        raise GuardError(message, "Restore into a new data folder.")


def _restore_database(folder: Folder, path: Path, contents: Contents) -> None:
    name = contents.database
    with administering(folder) as connect:
        database.ensure_database(connect, name)
    with connect() as connection:
        roles.ensure_recorded(connection, contents.roles)
    run = partial(programs.program, folder, name)
    dump.read(run, name, _genuine(folder, path, contents, _DUMP))
    with connect(name) as connection:
        rows = database.row_counts(connection)
    if rows != contents.rows:
        changed = sorted(set(rows.items()) ^ set(contents.rows.items()))
        message = f"Database {contents.database}: rows differ from the backup's ({changed[0][0]})"
        raise StateError(message, "Restore into a new data folder.")


def _restore_zone(
    folder: Folder, path: Path, contents: Contents, zone: dict[str, Any]
) -> archive.Count:
    bucket, name = zone["bucket"], f"{zone['bucket']}.zone.enc"
    known = objectstore.zone_of(folder, bucket)
    if known is None:
        objectstore.ensure_zone(
            folder,
            bucket,
            versions=zone["versions"],
            immutable_days=zone["immutable_days"],
            name=zone["name"],
        )
    found = archive.read(_genuine(folder, path, contents, name), name)
    with gateway.asking(folder, f"Zone {bucket}"):
        count = archive.restore(gateway.store(folder, bucket), found, f"Zone {bucket}")
    if (count.versions, count.size) != (zone["count"], zone["size"]):
        message = f"Zone {bucket}: {count.versions} versions instead of {zone['count']}"
        raise StateError(message, "Restore into a new data folder.")
    objectstore.lock_versions(folder, bucket)
    return count


def prune(folder: Folder, retention_days: int, now: dt.datetime) -> tuple[str, ...]:
    """Delete backups older than `retention_days`, never the newest; return their names."""
    removed = []
    with locked(folder, "backup"):
        for info in list_backups(folder)[:-1]:
            if now - info.created > dt.timedelta(days=retention_days):
                # Renamed first: a killed run leaves no backup that looks whole.
                gone = folder.backups / f"{_UNFINISHED}{secrets.token_hex(6)}"
                info.path.rename(gone)
                shutil.rmtree(gone)
                removed.append(info.path.name)
    return tuple(removed)
