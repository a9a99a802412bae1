"""What a rehearsal is asked to do, and the folder that it is done in."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from havre.errors import GuardError, StateError
from havre.files.custody import Custody, make_closed

if TYPE_CHECKING:
    from pathlib import Path

ORDER = "rehearsal.json"
"""Name of the file that says which rehearsal a folder is of."""
FILLED = "filled.json"
"""Name of the file that is written once the source is filled: the hard cases, as they were met."""
MET = "fault.json"
"""Name of the file that says how a planted fault was met."""
SCRIPT = "verify.sh"
"""Name of the script that checks the seal, as Havre ships it."""
_CLOSED = 0o700


class RehearsalFault(StrEnum):
    """What may be planted in a rehearsal; each says what is done."""

    LYING_STORE = "lying-store"
    KILLED_WORKER = "killed-worker"
    CHEATING_WRITER = "cheating-writer"
    FULL_DISK = "full-disk"
    EXPIRED_TOKEN = "expired-token"  # noqa: S105 - the name of a fault
    SERVER_RESTART = "server-restart"

    @property
    def planted(self) -> str:
        """What is done."""
        return _PLANTED[self]


_PLANTED = {
    RehearsalFault.LYING_STORE: "the target acknowledges objects that it drops or changes",
    RehearsalFault.KILLED_WORKER: "the process that copies is killed (SIGKILL)",
    RehearsalFault.CHEATING_WRITER: "somebody writes to the source after the freeze",
    RehearsalFault.FULL_DISK: "the exit's own folder takes no more bytes",
    RehearsalFault.EXPIRED_TOKEN: "the target refuses the copy's credential after some calls",
    RehearsalFault.SERVER_RESTART: "the servers of the target stop and start during the copy",
}


@dataclass(frozen=True)
class RehearsalVolume:
    """How much a rehearsal moves.

    Attributes:
        patients: persons in the tables.
        documents: small objects.
        large: objects of several parts.
    """

    patients: int
    documents: int
    large: int


class RehearsalSize(StrEnum):
    """How much a rehearsal moves, in letters."""

    SMALL = "s"
    MEDIUM = "m"
    LARGE = "l"

    @property
    def volume(self) -> RehearsalVolume:
        """The same in numbers."""
        return VOLUMES[self]


VOLUMES = {
    RehearsalSize.SMALL: RehearsalVolume(500, 300, 1),
    RehearsalSize.MEDIUM: RehearsalVolume(5_000, 3_000, 4),
    RehearsalSize.LARGE: RehearsalVolume(50_000, 30_000, 16),
}


@dataclass(frozen=True)
class RehearsalOrder:
    """One rehearsal.

    Attributes:
        warehouse: the warehouse's name.
        source: name of the provider that is left.
        target: name of the provider that takes over.
        size: how much is moved.
        method: `dump` or `replication`.
        fault: what is planted; None: nothing.
    """

    warehouse: str
    source: str
    target: str
    size: RehearsalSize = RehearsalSize.SMALL
    method: str = "dump"
    fault: RehearsalFault | None = None

    def __str__(self) -> str:
        """It in a line."""
        fault = f", with {self.fault}" if self.fault else ""
        return f"{self.warehouse} from {self.source} to {self.target}, size {self.size}{fault}"


@dataclass(frozen=True)
class RehearsalFolder:
    """Where a rehearsal is: both warehouses, the exit, and what it keeps of its own.

    Attributes:
        root: absolute.
    """

    root: Path

    @property
    def source(self) -> Path:
        """Data folder of the warehouse that is left."""
        return self.root / "source"

    @property
    def target(self) -> Path:
        """Data folder of the warehouse that takes over."""
        return self.root / "target"

    @property
    def exit(self) -> Path:
        """Folder of the exit."""
        return self.root / "exit"

    @property
    def spec(self) -> Path:
        """The warehouse file, as the rehearsal was begun with it."""
        return self.root / "warehouse.yaml"

    @property
    def custody(self) -> Custody:
        """By which its files are written."""
        return Custody(self.root)

    def begin(self, order: RehearsalOrder, spec: bytes) -> None:
        """Make the folder, or go on in it.

        Args:
            order: what is to be rehearsed.
            spec: content of the warehouse file.

        Raises:
            GuardError: another rehearsal is in the folder, or something else.
            StateError: what it keeps is damaged.
        """
        if (self.root / ORDER).exists():
            found = self.order()
            if found != order or self.custody.read(self.spec) != spec:
                what = "of another warehouse file" if found == order else f"({found})"
                message = f"{self.root} contains another rehearsal {what}"
                raise GuardError(message, "Nothing was changed. Choose another folder.")
            return
        if self.root.exists() and any(self.root.iterdir()):
            message = f"{self.root} contains something that is not a rehearsal"
            raise GuardError(message, "Nothing was changed. Choose a new folder with --data-dir.")
        make_closed(self.root, _CLOSED)
        self.write(self.spec.name, spec)
        self.write(ORDER, json.dumps(asdict(order), indent=1).encode())

    def order(self) -> RehearsalOrder:
        """Which rehearsal is in the folder.

        Raises:
            StateError: that cannot be read.
        """
        try:
            told = json.loads(self.custody.read(self.root / ORDER))
            size, fault = RehearsalSize(told["size"]), told["fault"]
            found = RehearsalOrder(**{**told, "size": size, "fault": None})
            return replace(found, fault=RehearsalFault(fault)) if fault else found
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{self.root / ORDER} cannot be read: {error}"
            raise StateError(message, "Begin again in a new folder.") from None

    def write(self, name: str, content: bytes) -> None:
        """Write a file that only its owner can read."""
        self.custody.write(self.root / name, content, 0o600)
