"""What else a provider may offer of its keys and backups: ages of keys, and a restore drill.

Optional: a `Live` may offer `key_versions()`, and a `BackupSets` may offer `drill(name)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class KeyAge:
    """The version of a key that encrypts now.

    Attributes:
        reference: name of the key and its version; no secret.
        created: when that version was made; with a time zone.
    """

    reference: str
    created: dt.datetime


@runtime_checkable
class AgedKeys(Protocol):
    """A `Live` that knows how old its keys are."""

    def key_versions(self) -> Sequence[KeyAge]:
        """The current version of every key.

        Raises:
            StateError: one cannot be read.
        """
        ...


@dataclass(frozen=True)
class Drilled:
    """A backup that was loaded into a scratch database, which is gone again.

    Attributes:
        rows: by table, as they were counted in the scratch database.
        digest: SHA-256 over the tables' names and the rows of each, in hexadecimal digits.
        came_whole: whether the rows are as many as the backup says.
    """

    rows: Mapping[str, int]
    digest: str
    came_whole: bool


@runtime_checkable
class DrilledBackups(Protocol):
    """A `BackupSets` whose backups can be loaded into a scratch database."""

    def drill(self, name: str) -> Drilled:
        """Load a backup's database into a scratch database, look at it, and drop that.

        Raises:
            StateError: the backup was changed or cut off, or its key is not here.
            ProviderError: it cannot be loaded.
        """
        ...
