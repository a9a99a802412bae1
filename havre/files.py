"""Files written whole and at once, for everything that must survive a crash."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from havre.errors import InputError, StateError

READABLE = 0o666
"""Permissions of what a user asks for, but for those that the user withholds."""


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file at once: readers and crashes see the old content or the new.

    Args:
        path: the file; its folder exists.
        content: the whole content.
        mode: permissions, from the first moment on.

    Raises:
        StateError: it cannot be written; the old file is untouched.
    """
    try:
        _replace(path, content, mode)
    except OSError as error:
        raise StateError(
            _reason(path, error),
            "The last good state is kept; make room or mend the folder, then run again.",
        ) from error


def write_report(path: Path, text: str) -> None:
    """Write what a user asked for: a file at once as well, a link, pipe or device as it is.

    Raises:
        InputError: it cannot be written; an old file is untouched.
    """
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path, text.encode(), READABLE & ~_umask())
    except OSError as error:
        remedy = "Name a file in a folder that exists and that you may write to."
        raise InputError(_reason(path, error), remedy) from error


def _umask() -> int:
    """The permissions that the user withholds; they cannot be asked for without being set."""
    found = os.umask(0o077)
    os.umask(found)
    return found


def _reason(path: Path, error: OSError) -> str:
    reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
    return f"{path} cannot be written: {reason}"


def _replace(path: Path, content: bytes, mode: int) -> None:
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
    except OSError:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
