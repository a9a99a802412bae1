"""Backups: the database and every object, encrypted, in one folder a backup.

A backup holds the database (one snapshot, with the names and rights of its roles) and every
version of every object of every zone. It holds no password, no key and no account: a
restore loads the data into a warehouse that was deployed from its file, which gives each
project new credentials. Names of objects, which may identify patients, stand in the
encrypted part only. The keys are exported apart (`keys.export_keys`); without them nobody
reads a backup, and with them lost nobody ever will.

Whoever writes where backups are kept, without a key, can damage or remove them and no more. The
encrypted part says which backup it is, by name, warehouse, time and a number that only grows
(`latest`), and which streams it has. A restore reads each stream twice, once to verify all before
anything is loaded; the second time it must begin as the first time did: with the same data key,
under which every chunk is authenticated with its place.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import json
import os
import secrets
import stat
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

from pydantic import AwareDatetime, BaseModel, ValidationError

from havre.errors import GuardError, InputError, RetryError, StateError
from havre.files import sync_folder
from havre.provider import BackupIdentity
from havre_local.machine import latest
from havre_local.machine.encryption import keys
from havre_local.machine.encryption.envelope import EncryptingWriter, decrypt
from havre_local.machine.folder import (
    PRIVATE,
    SECRET,
    Folder,
    locked,
    read_json,
    warehouse_of,
    write_json,
)
from havre_local.machine.objects import archive, gateway
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.postgresql import dump, programs, roles
from havre_local.machine.postgresql import schemas as database
from havre_local.machine.postgresql.server import administering, administrator
from havre_local.machine.record import chain, collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from io import BufferedReader

FORMAT = 3
"""Since 2 the encrypted part has the warehouse and the time, since 3 name and number as well."""
_FORMATS = (1, 2, FORMAT)
_MANIFEST = "manifest.json"
_CONTENTS = "contents.enc"
_DUMP = "database.enc"
_STAMP = "%Y%m%dT%H%M%SZ"
_UNFINISHED = ".unfinished-"
CAME = "came"
"""Folder beside the backups: in it, by warehouse, those that have come from another one."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_LARGEST_MANIFEST = 1 << 24
"""Bytes that are read of a readable part: some 100,000 zones."""
_BEGINNING = 256
"""Bytes of a stream that tell it from every other: its data key, wrapped, lies within them."""

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
    number: int
    """Grows with each backup of the warehouse; 0 before format 3."""


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
    name: str = ""
    """The name of its folder; empty before format 3."""
    number: int = 0
    """See `latest`; 0 before format 3."""
    format: int = FORMAT
    record: dict[str, Any] = field(default_factory=dict)
    """Head of the services' record when the backup was made: see `chain.Head`."""


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
    number: int = 0
    key: str
    files: dict[str, _Described]


@dataclass(frozen=True)
class Restored:
    """What a restore has loaded and found equal."""

    rows: dict[str, int]
    versions: int
    size: int
    """Bytes of objects."""
    number: int
    """Of the backup; 0 before format 3."""
    created: dt.datetime
    """When the backup was made."""


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
    stamp = now.astimezone(dt.UTC).strftime(_STAMP)
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
            digest, _ = stream(folder, work / _CONTENTS, write)
            write_manifest(folder, work, contents.__dict__)
            verify(folder, work, stamp)
            sync_folder(work)
            folder.custody.rename(work, target)
        latest.set_latest(folder, _finished(contents, digest))
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
    work = folder.backups / f"{_UNFINISHED}{secrets.token_hex(6)}"
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


def record_heads(folder: Folder) -> dict[str, chain.Head | None]:
    """Return the record's head that each backup of this data folder has, by the backup's name.

    None: the backup cannot be read, or is another one. Backups that were here when one was
    restored may be of another record, and those of a former format have no head.
    """
    heads: dict[str, chain.Head | None] = {}
    foreign = latest.foreign(folder)
    for path in sorted(path.parent for path in folder.backups.glob(f"[0-9]*/{_CONTENTS}")):
        try:
            _, contents, _ = _identified(folder, path, path.name)
        except (StateError, InputError, OSError):
            heads[path.name] = None
            continue
        if contents.record and contents.number > foreign:
            heads[path.name] = chain.Head(**contents.record)
    return heads


def _finished(contents: Contents, digest: str) -> latest.Finished:
    return latest.Finished.model_validate(
        {
            "number": contents.number,
            "name": contents.name,
            "created": contents.created,
            "contents": digest,
        }
    )


def _exchanged(folder: Folder) -> Path | None:
    """Return where the latest backup was, if something else is there; it may be gone."""
    known = latest.latest(folder)
    if known is None or not (folder.backups / known.name).exists():
        return None
    path = folder.backups / known.name
    try:
        same = _read_contents(folder, path)[1] == known.contents
    except StateError:
        same = False
    return None if same else path


def clear_unfinished(folder: Folder) -> None:
    """Remove what a killed run has left."""
    for name in folder.custody.names(folder.backups):
        if name.startswith(_UNFINISHED):
            folder.custody.remove_tree(folder.backups / name)


def _write_streams(folder: Folder, work: Path, name: str, now: dt.datetime) -> Contents:
    """Write the database and the zones; return what was written."""
    connect, run = administrator(folder), partial(programs.program, folder, name)
    with connect(name) as connection:
        digest, rows = stream(folder, work / _DUMP, partial(dump.write, connection, run))
    with connect() as connection:
        recorded = roles.recorded_roles(connection)
    streams, zones = {_DUMP: digest}, []
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


def write_manifest(folder: Folder, work: Path, told: Mapping[str, Any]) -> None:
    """Write the readable part; it names no object.

    Args:
        folder: the data folder with the key.
        work: where the backup's files are.
        told: format, warehouse, created and number.
    """
    content = {
        "format": int(told["format"]),
        "warehouse": told["warehouse"],
        "created": told["created"],
        "number": int(told["number"]),
        "key": keys.key_info(folder, keys.BACKUP).reference,
        "files": {path.name: _describe(path) for path in sorted(work.iterdir())},
    }
    write_json(folder, work / _MANIFEST, content)


def _describe(path: Path) -> dict[str, Any]:
    with _opened(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"size": file.tell(), "sha256": digest}


def list_backups(folder: Folder, place: Path | None = None) -> tuple[BackupInfo, ...]:
    """Return every finished backup, the oldest first.

    Args:
        folder: the data folder.
        place: where they are; None: where the folder's own are.
    """
    manifests = (place or folder.backups).glob(f"[0-9]*/{_MANIFEST}")
    return tuple(sorted(map(read_info, (path.parent for path in manifests)), key=_created))


def _created(info: BackupInfo) -> dt.datetime:
    return info.created


def readable(path: Path) -> dict[str, str]:
    """Return format, warehouse, time and number of a backup, by its readable part.

    Raises:
        InputError: there is none.
    """
    known = _manifest(path)
    told = {"format": known.format, "warehouse": known.warehouse, "number": known.number}
    return {**{name: str(value) for name, value in told.items()}, "created": _said(known)}


def _said(manifest: _Manifest) -> str:
    """The time as the encrypted part has it."""
    return manifest.created.isoformat()


def read_info(path: Path) -> BackupInfo:
    """Return the backup in the folder `path`, by its readable part.

    Raises:
        InputError: there is none.
    """
    manifest = _manifest(path)
    size = sum(described.size for described in manifest.files.values())
    known = manifest
    return BackupInfo(path, known.warehouse, known.created, known.key, size, known.number)


def _manifest(path: Path) -> _Manifest:
    try:
        with _opened(path / _MANIFEST) as file:
            content = file.read(_LARGEST_MANIFEST)
    except (OSError, StateError) as error:
        message = f"{path} contains no backup"
        raise InputError(message, f"Name the folder that contains {_MANIFEST}.") from error
    try:
        found = _Format.model_validate_json(content).format
        if found not in _FORMATS:
            message = f"{path}: format {found}, this Havre knows {FORMAT}"
            raise InputError(message, "Use the version of Havre that made it.")
        return _Manifest.model_validate_json(content)
    except ValidationError as error:
        raise _damaged(path / _MANIFEST) from error


def verify(folder: Folder, path: Path, name: str | None = None) -> Contents:
    """Decrypt all of a backup, to nowhere, and compare it with what was written.

    Args:
        folder: the data folder with its key.
        path: the backup's folder.
        name: which backup it must be; None: the one that its folder is named for.

    Raises:
        InputError: there is no backup in `path`.
        StateError: it is another backup, was changed or cut off, a file is missing, or its key is.
    """
    manifest, contents, _ = _identified(folder, path, name or _name(path))
    _check_streams(folder, path, manifest, contents)
    return contents


def _name(path: Path) -> str:
    """Return a folder's name as it was given: a link may name another backup than it leads to."""
    return Path(os.path.normpath(path.absolute())).name


def _identified(folder: Folder, path: Path, name: str) -> tuple[_Manifest, Contents, str]:
    """Return readable and encrypted part, which agree, and the latter's digest.

    Raises:
        StateError: they do not, or it is another backup.
    """
    manifest = _manifest(path)
    contents, digest = _read_contents(folder, path)
    said = (manifest.format, manifest.number)
    bound = (manifest.warehouse, _said(manifest))
    known = not contents.warehouse or (contents.warehouse, contents.created) == bound
    if not known or (contents.format, contents.number) != said:
        raise _damaged(path / _MANIFEST)
    if contents.name and contents.name != name:
        message = f"{path} contains the backup {contents.name} (number {contents.number})"
        raise StateError(message, f"To restore it, rename its folder to {contents.name}.")
    return manifest, contents, digest


def opened(folder: Folder, path: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield every encrypted file of a backup with its plain text; see `_genuine`.

    Raises:
        StateError: it is not the backup that its folder is named for, or was changed or cut off.
    """
    manifest, contents, digest = _identified(folder, path, _name(path))
    plain = _contents(folder, path)
    whole = set(manifest.files) == {_CONTENTS, *contents.streams}
    if not whole or hashlib.sha256(plain).hexdigest() != digest:
        raise _damaged(path / _MANIFEST)
    yield _CONTENTS, iter([plain])
    for name in sorted(contents.streams):
        yield name, _genuine(folder, path, contents, name, None)


def _check_streams(
    folder: Folder, path: Path, manifest: _Manifest, contents: Contents
) -> dict[str, bytes]:
    """Decrypt every stream, to nowhere; return how each begins.

    Raises:
        StateError: one was changed or cut off, is missing, or is not of this backup.
    """
    # Names come from the encrypted part: what only the readable one names is not opened.
    if set(manifest.files) != {_CONTENTS, *contents.streams}:
        raise _damaged(path / _MANIFEST)
    begun = {}
    for name, described in manifest.files.items():
        digest = hashlib.sha256()
        with _watched(path / name) as file:
            for chunk in decrypt(folder, keys.BACKUP, cast("IO[bytes]", file), str(path / name)):
                digest.update(chunk)
        written = (file.size, file.digest.hexdigest())
        genuine = digest.hexdigest() == contents.streams.get(name, digest.hexdigest())
        if not genuine or written != (described.size, described.sha256):
            raise _damaged(path / name)
        begun[name] = file.began
    return begun


class _Watched:
    """A file that is hashed as it is read, and begins as one that was read before."""

    def __init__(self, file: IO[bytes], path: Path, expected: bytes | None) -> None:
        self._file, self._path, self._expected = file, path, expected
        self.digest = hashlib.sha256()
        self.size = 0
        self.began = b""

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        self.size += len(data)
        self.began += data[: _BEGINNING - len(self.began)]
        if self._expected is not None and not self._expected.startswith(self.began):
            raise _damaged(self._path)
        return data


@contextlib.contextmanager
def _watched(path: Path, expected: bytes | None = None) -> Iterator[_Watched]:
    try:
        file = _opened(path)
    except FileNotFoundError as error:
        raise _damaged(path) from error
    with file:
        yield _Watched(file, path, expected)


def _opened(path: Path) -> BufferedReader:
    """Open a file of a backup: where others write, a link or a pipe can stand in its place.

    Raises:
        OSError: it cannot be opened.
        StateError: it is not a plain file.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket
            raise _damaged(path) from error
        raise
    file = os.fdopen(descriptor, "rb") if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    if file is None:
        os.close(descriptor)
        raise _damaged(path)
    return file


def read_contents(folder: Folder, path: Path) -> Contents:
    """Return what a backup holds, from its encrypted part; `verify` reads all of it.

    Raises:
        StateError: it was changed or cut off, or is another stream.
    """
    return _read_contents(folder, path)[0]


def _read_contents(folder: Folder, path: Path) -> tuple[Contents, str]:
    plain = _contents(folder, path)
    try:
        return Contents(**json.loads(plain)), hashlib.sha256(plain).hexdigest()
    except (ValueError, TypeError) as error:
        raise _damaged(path / _CONTENTS) from error


def _contents(folder: Folder, path: Path) -> bytes:
    with _watched(path / _CONTENTS) as file:
        source = cast("IO[bytes]", file)
        return b"".join(decrypt(folder, keys.BACKUP, source, str(path / _CONTENTS)))


def _genuine(
    folder: Folder, path: Path, contents: Contents, name: str, begun: bytes | None
) -> Iterator[bytes]:
    """Yield a stream's plain text; the last of it only when all is what was backed up.

    Args:
        folder: the data folder with its key.
        path: the backup's folder.
        contents: what it holds.
        name: the stream.
        begun: how it began when it was verified: what was exchanged since gives no byte.
    """
    digest, held = hashlib.sha256(), b""
    with _watched(path / name, begun) as file:
        for chunk in decrypt(folder, keys.BACKUP, cast("IO[bytes]", file), str(path / name)):
            digest.update(chunk)
            if held:
                yield held
            held = chunk
    if digest.hexdigest() != contents.streams[name]:
        raise _damaged(path / name)
    yield held


def _damaged(path: Path) -> StateError:
    message = f"{path}: is not what was backed up"
    return StateError(message, "Use another copy of this backup, or another backup.")


def restore(
    path: Path,
    folder: Folder,
    key_file: Path | None = None,
    passphrase: str = "",
    agree: Callable[[BackupIdentity], None] | None = None,
) -> Restored:
    """Load a backup into a warehouse that was just deployed and holds no data.

    Database and objects are compared with the backup afterwards. Projects keep the
    credentials of the new warehouse. Version identifiers and times of objects are new; locks
    that have not ended are set again. Deploy once more afterwards, for rights of projects
    that the backup does not know. A restore that was ended half-way goes on when the same
    backup is restored again.

    Args:
        path: the backup's folder.
        folder: the new data folder, its services running.
        key_file: the exported keys, or None if the folder has them.
        passphrase: theirs.
        agree: is given which backup it is, before anything is loaded, and raises where it is
            not the one wanted; None: it is, whichever it is.

    Raises:
        GuardError: the warehouse holds data, or is another one.
        InputError: there is no backup in `path`, or the keys do not open.
        StateError: the backup is not the one that its folder is named for, was changed or cut
            off, or what was loaded differs.
    """
    info = read_info(path)
    if info.warehouse != warehouse_of(folder):
        message = f"{path} is a backup of {info.warehouse}, not of {warehouse_of(folder)}"
        raise GuardError(message, "Restore it into a warehouse of that name.")
    with locked(folder, "backup"):
        if key_file is not None:
            keys.import_keys(folder, key_file, passphrase)
        manifest, contents, digest = _identified(folder, path, _name(path))
        if agree is not None:
            agree(_identity(folder, manifest, contents))
        begun = _check_streams(folder, path, manifest, contents)
        _begin(folder, contents, digest)
        _restore_database(folder, path, contents, begun)
        counts = [_restore_zone(folder, path, contents, zone, begun) for zone in contents.zones]
        if contents.number:
            latest.set_latest(folder, _finished(contents, digest))
        latest.set_foreign(folder, [info.number for info in list_backups(folder)])
        folder.custody.remove(_unfinished(folder))
    versions, size = sum(count.versions for count in counts), sum(count.size for count in counts)
    return Restored(contents.rows, versions, size, contents.number, manifest.created)


def _identity(folder: Folder, manifest: _Manifest, contents: Contents) -> BackupIdentity:
    created = manifest.created.astimezone(dt.UTC)
    known = latest.latest(folder)
    return BackupIdentity(
        name=contents.name or created.strftime(_STAMP),
        warehouse=manifest.warehouse,
        created=created,
        number=contents.number,
        authenticated=bool(contents.warehouse),
        latest=known.number if known else 0,
    )


def _unfinished(folder: Folder) -> Path:
    """Where a restore that has begun and not ended is recorded."""
    return folder.run / "restore.json"


def _begin(folder: Folder, contents: Contents, digest: str) -> None:
    """Record that the restore begins, or go on with one of the same backup.

    Raises:
        GuardError: the warehouse holds data, or a part of another backup.
    """
    path = _unfinished(folder)
    if not path.exists():
        _check_empty(folder, contents)
        write_json(folder, path, {"contents": digest, "created": contents.created})
    elif (known := read_json(folder, path)).get("contents") != digest:
        message = f"{folder.root} contains a part of another backup ({known.get('created')})"
        raise GuardError(message, "Restore that one again, or restore into a new data folder.")
    else:
        for zone in objectstore.zones(folder):
            objectstore.abort_uploads(folder, zone.bucket)


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
        message = f"{folder.root} contains data ({', '.join(full)}), so the restore is refused"
        raise GuardError(message, "Restore into a new data folder.")


def _restore_database(
    folder: Folder, path: Path, contents: Contents, begun: Mapping[str, bytes] | None = None
) -> None:
    """Load the database, whole or not at all, unless a restore that was ended has done it."""
    name = contents.database
    with administering(folder) as connect:
        database.ensure_database(connect, name)
    if not database.database_holds_data(connect, name):
        with connect() as connection:
            roles.ensure_recorded(connection, contents.roles)
        run = partial(programs.program, folder, name)
        source = _genuine(folder, path, contents, _DUMP, (begun or {}).get(_DUMP))
        dump.read(run, name, source)
    with connect(name) as connection:
        rows = database.row_counts(connection)
    if rows != contents.rows:
        changed = sorted(set(rows.items()) ^ set(contents.rows.items()))
        message = f"Database {contents.database}: rows differ from the backup's ({changed[0][0]})"
        raise StateError(message, "Restore into a new data folder.")


def _restore_zone(
    folder: Folder,
    path: Path,
    contents: Contents,
    zone: dict[str, Any],
    begun: Mapping[str, bytes],
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
    source = _genuine(folder, path, contents, name, begun[name])
    found = archive.read(source, name, folder.run)
    with gateway.asking(folder, f"Zone {bucket}"):
        count = archive.restore(gateway.store(folder, bucket), found, f"Zone {bucket}")
    if (count.versions, count.size) != (zone["count"], zone["size"]):
        message = f"Zone {bucket}: {count.versions} versions instead of {zone['count']}"
        raise StateError(message, "Restore into a new data folder.")
    objectstore.lock_versions(folder, bucket)
    return count


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
                gone = folder.backups / f"{_UNFINISHED}{secrets.token_hex(6)}"
                folder.custody.rename(info.path, gone)
                folder.custody.remove_tree(gone)
                removed.append(info.path.name)
    return tuple(removed)
