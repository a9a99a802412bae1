"""Which backup is the latest: kept beside the keys, out of reach of who can write backups.

Backups may lie where others write. None of them can forge one without its key, but they can
put an earlier one in the place of the latest. Each backup therefore has a number that only
grows, which its encrypted part holds, and the data folder knows the number of the latest.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, BaseModel, NonNegativeInt, ValidationError

from havre.errors import StateError
from havre.provider import BackupIdentity
from havre_local.machine.folder import warehouse_of, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from havre_local.machine.folder import Folder


class Finished(BaseModel):
    """A backup that was written and read back."""

    number: NonNegativeInt
    name: str
    created: AwareDatetime
    contents: str
    """SHA-256 of what its encrypted part says."""


class _Record(BaseModel):
    """What a data folder knows of its backups."""

    taken: NonNegativeInt = 0
    """The highest number that was given away, to a backup that was not finished too."""
    latest: Finished | None = None
    foreign: NonNegativeInt = 0
    """Up to this number, backups may have been made by another data folder."""


def _path(folder: Folder) -> Path:
    return folder.keys / "backups.json"


def _read(folder: Folder) -> _Record:
    path = _path(folder)
    try:
        return _Record.model_validate_json(folder.custody.read(path))
    except FileNotFoundError:
        return _Record()
    except (OSError, ValidationError) as error:
        message = f"{path}: cannot be read; it says which backup is the latest"
        raise StateError(message, "Remove it if nothing else was changed; numbers restart.") from (
            error
        )


def _write(folder: Folder, record: _Record) -> None:
    write_json(folder, _path(folder), record.model_dump(mode="json"))


def next_number(folder: Folder) -> int:
    """Take the next number: no backup has it yet, and none will get it again.

    Raises:
        StateError: the record of numbers cannot be read.
    """
    record = _read(folder)
    number = record.taken + 1
    _write(folder, record.model_copy(update={"taken": number}))
    return number


def set_latest(folder: Folder, finished: Finished) -> None:
    """Record the latest backup; an earlier one than is recorded changes nothing."""
    record = _read(folder)
    if record.latest is None or finished.number >= record.latest.number:
        taken = max(record.taken, finished.number)
        _write(folder, record.model_copy(update={"taken": taken, "latest": finished}))


def set_foreign(folder: Folder, numbers: Sequence[int]) -> None:
    """Record that backups of these numbers, and the latest, may be another data folder's."""
    record = _read(folder)
    highest = max([record.foreign, record.latest.number if record.latest else 0, *numbers])
    _write(folder, record.model_copy(update={"foreign": highest}))


def foreign(folder: Folder) -> int:
    """Return up to which number a backup may have been made by another data folder."""
    return _read(folder).foreign


def latest(folder: Folder) -> Finished | None:
    """Return the latest backup that the folder knows of.

    Raises:
        StateError: the record of numbers cannot be read.
    """
    return _read(folder).latest


def identity(folder: Folder) -> BackupIdentity | None:
    """Return which backup is the latest, None if the folder knows of none."""
    found = latest(folder)
    if found is None:
        return None
    created = found.created.astimezone(dt.UTC)
    name, warehouse = found.name, warehouse_of(folder)
    return BackupIdentity(name, warehouse, created, found.number, latest=found.number)
