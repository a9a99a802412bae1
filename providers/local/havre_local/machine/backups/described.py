"""What a backup says of itself: the readable part, the encrypted part, the names of its files."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, BaseModel, ValidationError

from havre.errors import InputError, StateError
from havre_local.machine.encryption import keys
from havre_local.machine.folder import Folder, write_json

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from io import BufferedReader
    from pathlib import Path

FORMAT = 3
"""Since 2 the encrypted part has the warehouse and the time, since 3 name and number as well."""
_FORMATS = (1, 2, FORMAT)
MANIFEST = "manifest.json"
CONTENTS = "contents.enc"
DUMP = "database.enc"
STAMP = "%Y%m%dT%H%M%SZ"
UNFINISHED = ".unfinished-"
CAME = "came"
"""Folder beside the backups: in it, by warehouse, those that have come from another one."""
_LARGEST_MANIFEST = 1 << 24
"""Bytes that are read of a readable part: some 100,000 zones."""


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


class FileDescribed(BaseModel):
    """A file of a backup, as the readable part describes it."""

    size: int
    sha256: str


class Manifest(_Format):
    """The readable part. It proves nothing until it agrees with the encrypted one."""

    warehouse: str
    created: AwareDatetime
    number: int = 0
    key: str
    files: dict[str, FileDescribed]


def list_backups(folder: Folder, place: Path | None = None) -> tuple[BackupInfo, ...]:
    """Return every finished backup, the oldest first.

    Args:
        folder: the data folder.
        place: where they are; None: where the folder's own are.
    """
    manifests = (place or folder.backups).glob(f"[0-9]*/{MANIFEST}")
    return tuple(sorted(map(read_info, (path.parent for path in manifests)), key=_created))


def _created(info: BackupInfo) -> dt.datetime:
    return info.created


def readable(path: Path) -> dict[str, str]:
    """Return format, warehouse, time and number of a backup, by its readable part.

    Raises:
        InputError: there is none.
    """
    known = read_manifest(path)
    told = {"format": known.format, "warehouse": known.warehouse, "number": known.number}
    return {**{name: str(value) for name, value in told.items()}, "created": time_told(known)}


def time_told(manifest: Manifest) -> str:
    """The time as the encrypted part has it."""
    return manifest.created.isoformat()


def read_info(path: Path) -> BackupInfo:
    """Return the backup in the folder `path`, by its readable part.

    Raises:
        InputError: there is none.
    """
    manifest = read_manifest(path)
    size = sum(described.size for described in manifest.files.values())
    known = manifest
    return BackupInfo(path, known.warehouse, known.created, known.key, size, known.number)


def read_manifest(path: Path) -> Manifest:
    """Return the readable part of a backup.

    Raises:
        InputError: there is none, or one of a format that is not known.
        StateError: it was changed.
    """
    try:
        with open_plain(path / MANIFEST) as file:
            content = file.read(_LARGEST_MANIFEST)
    except (OSError, StateError) as error:
        message = f"{path} contains no backup"
        raise InputError(message, f"Name the folder that contains {MANIFEST}.") from error
    try:
        found = _Format.model_validate_json(content).format
        if found not in _FORMATS:
            message = f"{path}: format {found}, this Havre knows {FORMAT}"
            raise InputError(message, "Use the version of Havre that made it.")
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise damaged(path / MANIFEST) from error


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
        "files": {path.name: describe(path) for path in sorted(work.iterdir())},
    }
    write_json(folder, work / MANIFEST, content)


def describe(path: Path) -> dict[str, Any]:
    """Return size in bytes and SHA-256 of a file of a backup."""
    with open_plain(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"size": file.tell(), "sha256": digest}


def open_plain(path: Path) -> BufferedReader:
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
            raise damaged(path) from error
        raise
    file = os.fdopen(descriptor, "rb") if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    if file is None:
        os.close(descriptor)
        raise damaged(path)
    return file


def damaged(path: Path) -> StateError:
    """What is raised where a file of a backup was changed, cut off or exchanged."""
    message = f"{path}: is not what was backed up"
    return StateError(message, "Use another copy of this backup, or another backup.")
