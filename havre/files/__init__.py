"""Files: written whole (`whole`), and read where only their keeper can have written (`custody`)."""

from havre.files.whole import (
    READABLE,
    FileLock,
    sync_folder,
    write_atomic,
    write_once,
    write_report,
    write_whole,
)

__all__ = [
    "READABLE",
    "FileLock",
    "sync_folder",
    "write_atomic",
    "write_once",
    "write_report",
    "write_whole",
]
