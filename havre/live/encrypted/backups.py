"""Backups that a warehouse encrypts itself: opened, and closed under another warehouse's key.

They pass in memory alone, a piece at a time; no backup opens under another key than its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    BackupParts = Iterable[tuple[str, Iterator[bytes]]]
    """Parts of a backup by name, each as its decrypted bytes, to be read in this order."""


@dataclass(frozen=True)
class BackupSet:
    """A backup of a warehouse.

    Attributes:
        name: of it, unique among the backups of its warehouse.
        created: when it was made; with a time zone.
        key: reference to the key that it is encrypted under, such as its name.
        identity: what is known of it without its key, such as warehouse and number; it goes along.
    """

    name: str
    created: dt.datetime
    key: str
    identity: Mapping[str, str]


class BackupSets(Protocol):
    """Backups that are kept in one place of a warehouse."""

    @property
    def form(self) -> str:
        """What they are, in words; only backups of one form go from one warehouse to another."""
        ...

    @property
    def key(self) -> str:
        """Reference to the key that a backup is encrypted under if it comes now."""
        ...

    def sets(self) -> Sequence[BackupSet]:
        """Every finished backup, the oldest first.

        Raises:
            InputError, StateError: one cannot be read.
        """
        ...

    def kept_until(self, found: BackupSet) -> dt.date | None:
        """The last day on which a backup is kept here, UTC; None: without end."""
        ...

    def opened(self, name: str) -> BackupParts:
        """A backup, decrypted; what is given is genuine, and the last of each part says it is all.

        Raises:
            StateError: it is another backup, was changed or cut off, or its key is not here.
        """
        ...

    def take(self, found: BackupSet, parts: BackupParts) -> None:
        """Encrypt a backup from elsewhere under the key of this warehouse: whole, or not at all.

        Raises:
            GuardError: there is one of its name.
            StateError: the disk is full, or what was written does not read back as that backup.
        """
        ...
