"""The source's audit logs: kept beside the seal, which holds their digests.

Logs tell what was asked for, so they may name patients: they are for the controller alone, and
no auditor of the seal gets them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.capabilities import Supported
from havre.exit.ledger import ALL, LedgerEntry, LedgerFate, undecided
from havre.exit.records import encoded

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from havre.exit.folder import ExitFolder
    from havre.live.trail import AuditTrail, TrailFile

LOGS = "logs"
"""Folder of the exit, and scope of lines in the ledger."""


@dataclass(frozen=True)
class KeptLog:
    """A file of logs that is kept.

    Attributes:
        name: of it.
        size: bytes.
        content: SHA-256 of them, in hexadecimal.
        keep_until: the last day on which it must be kept.
    """

    name: str
    size: int
    content: str
    keep_until: dt.date

    def __str__(self) -> str:
        """The line of evidence, without its end."""
        return f"{encoded(self.name)}\t{self.size}\t{self.content}\t{self.keep_until.isoformat()}"


def plan_logs(folder: ExitFolder, trail: AuditTrail | Supported) -> None:
    """Record what becomes of the logs."""
    with folder.journal.together():
        folder.journal.forget_losses(LOGS)
        folder.journal.lose(LOGS, [ALL], _fates(trail))


def _fates(trail: AuditTrail | Supported) -> Iterator[LedgerEntry]:
    if isinstance(trail, Supported):
        remedy = f"{trail.reason}. Export them with their retention, then decide it in exit.yaml."
        yield undecided(LOGS, ALL, "audit logs", "kept by the provider", remedy=remedy)
        return
    found = [*trail.files()]
    became = (
        f"kept in the folder of the exit until {max(f.keep_until for f in found)}" if found else ""
    )
    yield LedgerEntry(
        LOGS, ALL, "audit logs", f"{len(found)} files", became or "none", LedgerFate.MAPPED
    )
    if faults := trail.faults():
        remedy = f"{faults[0]}. Find out who changed them, then decide it in exit.yaml."
        yield undecided(LOGS, ALL, "whole logs", f"{len(faults)} faults", remedy=remedy)


def keep_logs(folder: ExitFolder, trail: AuditTrail | Supported) -> list[KeptLog]:
    """Copy the logs into the folder of the exit, readable by its owner alone.

    Returns:
        What was kept, by name.
    """
    if isinstance(trail, Supported):
        return []
    kept = folder.root / LOGS
    kept.mkdir(mode=0o700, exist_ok=True)
    return [_copied(each, kept / each.name) for each in trail.files()]


def _copied(file: TrailFile, path: Path) -> KeptLog:
    digest, size = hashlib.sha256(), 0
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600, exist_ok=False)
    with partial.open("wb") as target:
        for piece in file.read():
            digest.update(piece)
            size += target.write(piece)
    partial.replace(path)
    return KeptLog(file.name, size, digest.hexdigest(), file.keep_until)
