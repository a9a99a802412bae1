"""Files written whole and at once, for everything that must survive a crash."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from havre.errors import StateError


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file at once: readers and crashes see the old content or the new.

    Args:
        path: the file; its folder exists.
        content: the whole content.
        mode: permissions, from the first moment on.

    Raises:
        StateError: it cannot be written; the old file is untouched.
    """
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            Path(temporary).unlink()
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        message = f"{path} cannot be written: {reason}"
        raise StateError(
            message, "The last good state is kept; make room or mend the folder, then run again."
        ) from error


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
