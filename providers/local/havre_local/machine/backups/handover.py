"""Backups that go from one warehouse to another: opened under one key, closed under the other's.

What has come from another warehouse is kept apart from the warehouse's own backups, whose numbers
and record it has no part in. It is restored as any backup is, into a warehouse of the name that it
was made in, with the keys of the warehouse that has it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from havre.errors import GuardError, StateError
from havre.files import sync_folder
from havre.live.encrypted.backups import BackupSet
from havre_local.machine.backups.described import CAME, list_backups, readable, write_manifest
from havre_local.machine.backups.drill import drill
from havre_local.machine.backups.reading import opened, verify
from havre_local.machine.backups.writing import clear_unfinished, stream, under_way
from havre_local.machine.encryption import keys
from havre_local.machine.folder import PRIVATE, Folder, locked, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from havre.live.encrypted.backups import BackupParts
    from havre.live.encrypted.drills import Drilled

FORM = "backups of a warehouse on one's own machine"
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.enc")
_WAREHOUSE = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True)
class MachineBackups:
    """Implements `havre.live.encrypted.backups.BackupSets` over a data folder.

    Attributes:
        folder: the data folder.
        came_from: the warehouse that they have come from; empty: the folder's own.
    """

    folder: Folder
    came_from: str = ""

    @property
    def form(self) -> str:
        """Those that `havre backup` writes."""
        return FORM

    @property
    def key(self) -> str:
        """The current version of the key of backups."""
        return keys.key_info(self.folder, keys.BACKUP).reference

    @property
    def place(self) -> Path:
        """Where they are.

        Raises:
            StateError: what they have come from is not a valid name of a warehouse.
        """
        if not self.came_from:
            return self.folder.backups
        if not _WAREHOUSE.fullmatch(self.came_from):
            message = f"{self.came_from!r} is not a valid name of a warehouse"
            raise StateError(message, "Name another source in exit.yaml.")
        return self.folder.backups / CAME / self.came_from

    def sets(self) -> Sequence[BackupSet]:
        """Every finished backup, the oldest first."""
        return [
            BackupSet(info.path.name, info.created, info.key, readable(info.path))
            for info in list_backups(self.folder, self.place)
        ]

    def kept_until(self, found: BackupSet) -> dt.date | None:
        """The last day of the retention that the warehouse's file asks for."""
        policy = self.folder.backups / "policy.json"
        if not policy.exists():
            return None
        days = read_json(self.folder, policy)["retention_days"]
        return (found.created.astimezone(dt.UTC) + dt.timedelta(days=days)).date()

    def opened(self, name: str) -> Iterator[tuple[str, Iterator[bytes]]]:
        """A backup's encrypted files, each decrypted."""
        return opened(self.folder, self.place / _checked(_NAME, name))

    def drill(self, name: str) -> Drilled:
        """A backup's database, loaded into a scratch database that is gone again."""
        return drill(self.folder, self.place / _checked(_NAME, name))

    def take(self, found: BackupSet, parts: BackupParts) -> None:
        """Write a backup, encrypted under this folder's key; read all of it back."""
        folder, target = self.folder, self.place / _checked(_NAME, found.name)
        with locked(folder, "backup"):
            if folder.custody.exists(target):
                message = f"{target} is there already"
                raise GuardError(message, "Look at what it is; move it away, then run again.")
            for place in (self.place.parent, self.place):
                folder.custody.make_folder(place, PRIVATE)
            clear_unfinished(folder)
            with under_way(folder, target) as work:
                for name, pieces in parts:
                    _write(folder, work / _checked(_PART, name), pieces)
                write_manifest(folder, work, found.identity)
                verify(folder, work, found.name)
                sync_folder(work)
                folder.custody.rename(work, target)


def _write(folder: Folder, path: Path, pieces: Iterator[bytes]) -> None:
    def write(file: IO[bytes]) -> None:
        for piece in pieces:
            file.write(piece)

    stream(folder, path, write)


def _checked(form: re.Pattern[str], name: str) -> str:
    """A name that another warehouse gave, if it is one that a file of a backup has.

    Raises:
        StateError: it is not.
    """
    if not form.fullmatch(name):
        message = f"{name!r} is not a valid name in a backup"
        raise StateError(message, "Leave that backup out; its source was changed.")
    return name
