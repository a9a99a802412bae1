"""The record of a warehouse as it is taken along: files of lines, each bound to the one before."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.errors import StateError
from havre.live.trail import TrailFile
from havre_local.machine.record import chain, collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from havre_local.machine.folder import Folder

_PIECE = 1 << 20


@dataclass(frozen=True)
class RecordTrail:
    """Implements `havre.live.trail.AuditTrail` over a data folder."""

    folder: Folder

    def files(self) -> Iterator[TrailFile]:
        """The files of the record; each is kept from its last line on."""
        custody, kept = self.folder.custody, self._kept()
        for path in chain.segments(custody, collector.directory(self.folder)):
            written = dt.datetime.fromtimestamp(custody.stat(path).st_mtime, dt.UTC)
            yield TrailFile(path.name, (written + kept).date(), self._reader(path))

    def faults(self) -> Sequence[str]:
        """What a check of the chain finds, with the head that is kept here."""
        custody = self.folder.custody
        head = chain.read_head(custody, collector.head_path(self.folder))
        known = [head] if head else []
        return chain.verify(custody, collector.directory(self.folder), *known).faults

    def _kept(self) -> dt.timedelta:
        path = self.folder.logs / "policy.json"
        try:
            policy = json.loads(self.folder.custody.read(path))
            return dt.timedelta(days=int(policy["retention_days"]))
        except (OSError, ValueError, KeyError, TypeError):
            message = f"{path} does not say how long logs are kept"
            raise StateError(message, "Run `havre up` once: it is written again.") from None

    def _reader(self, path: Path) -> Callable[[], Iterator[bytes]]:
        def read() -> Iterator[bytes]:
            with self.folder.custody.reader(path) as file:
                while piece := file.read(_PIECE):
                    yield piece

        return read
