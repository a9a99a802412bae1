"""A backup loaded into a warehouse that holds nothing yet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from havre.errors import GuardError, StateError
from havre.provider import BackupIdentity
from havre_local.machine.backups import latest
from havre_local.machine.backups.described import (
    DUMP,
    STAMP,
    Contents,
    Manifest,
    list_backups,
    read_info,
)
from havre_local.machine.backups.reading import (
    check_streams,
    finished,
    genuine,
    given_name,
    identified,
)
from havre_local.machine.encryption import keys
from havre_local.machine.folder import Folder, locked, read_json, warehouse_of, write_json
from havre_local.machine.objects import archive, gateway
from havre_local.machine.objects import zones as objectstore
from havre_local.machine.postgresql import dump, programs, roles
from havre_local.machine.postgresql import schemas as database
from havre_local.machine.postgresql.server import administering, administrator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


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
        manifest, contents, digest = identified(folder, path, given_name(path))
        if agree is not None:
            agree(identity(folder, manifest, contents))
        begun = check_streams(folder, path, manifest, contents)
        _begin(folder, contents, digest)
        _restore_database(folder, path, contents, begun)
        counts = [_restore_zone(folder, path, contents, zone, begun) for zone in contents.zones]
        if contents.number:
            latest.set_latest(folder, finished(contents, digest))
        latest.set_foreign(folder, [info.number for info in list_backups(folder)])
        folder.custody.remove(_unfinished(folder))
    versions, size = sum(count.versions for count in counts), sum(count.size for count in counts)
    return Restored(contents.rows, versions, size, contents.number, manifest.created)


def identity(folder: Folder, manifest: Manifest, contents: Contents) -> BackupIdentity:
    """Which backup it is, and whether a key proves it."""
    created = manifest.created.astimezone(dt.UTC)
    known = latest.latest(folder)
    return BackupIdentity(
        name=contents.name or created.strftime(STAMP),
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
        source = genuine(folder, path, contents, DUMP, (begun or {}).get(DUMP))
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
    source = genuine(folder, path, contents, name, begun[name])
    found = archive.read(source, name, folder.run)
    with gateway.asking(folder, f"Zone {bucket}"):
        count = archive.restore(gateway.store(folder, bucket), found, f"Zone {bucket}")
    if (count.versions, count.size) != (zone["count"], zone["size"]):
        message = f"Zone {bucket}: {count.versions} versions instead of {zone['count']}"
        raise StateError(message, "Restore into a new data folder.")
    objectstore.lock_versions(folder, bucket)
    return count
