"""Files written whole and at once, for everything that must survive a crash; and the one lock."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from havre.errors import InputError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Self

    Writer = Callable[[Path, bytes, int], None]

READABLE = 0o666
"""Permissions of what a user asks for, but for those that the user withholds."""


def write_whole(
    path: Path, content: bytes, mode: int = 0o600, *, write: Writer | None = None
) -> None:
    """Replace a file at once: readers and crashes see the old content or the new.

    Args:
        path: the file; its folder exists.
        content: the whole content.
        mode: permissions, from the first moment on.
        write: writes it in place of `write_atomic`, such as `Custody.write` does.

    Raises:
        StateError: it cannot be written; the old file is untouched.
    """
    try:
        (write or write_atomic)(path, content, mode)
    except OSError as error:
        raise StateError(
            _reason(path, error),
            "The last good state is kept. Make room or repair the folder, then run again.",
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
            write_atomic(path, text.encode(), READABLE & ~_umask())
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


def write_atomic(path: Path, content: bytes, mode: int) -> None:
    """Replace a file, whole or not at all, also through a power cut.

    Args:
        path: the file; its folder exists.
        content: the whole content.
        mode: permissions, from the first moment on.

    Raises:
        OSError: it cannot be written; the old file is untouched.
    """
    with _opened(path.parent) as folder:
        write_in(folder, path.name, content, mode)


def write_in(
    folder: int, name: str, content: bytes, mode: int, owner: tuple[int, int] | None = None
) -> None:
    """Replace a file of an open folder, as `write_atomic` does; what was there is never followed.

    Args:
        folder: a descriptor of the folder.
        name: the file in it.
        content: the whole content.
        mode: permissions, from the first moment on.
        owner: user and group id, or None for one's own.
    """
    with _temporary(folder, name, content, mode, owner) as temporary:
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


def write_once(path: Path, content: bytes, mode: int) -> bool:
    """Create a file unless it exists; return whether it was created.

    Of several processes that try at once, exactly one succeeds.
    """
    with _opened(path.parent) as folder:
        return create_in(folder, path.name, content, mode)


def create_in(folder: int, name: str, content: bytes, mode: int) -> bool:
    """Create a file of an open folder unless it exists, as `write_once` does."""
    with _temporary(folder, name, content, mode, None) as temporary:
        try:
            os.link(temporary, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            return False
    os.fsync(folder)
    return True


@contextmanager
def _temporary(
    folder: int, name: str, content: bytes, mode: int, owner: tuple[int, int] | None
) -> Iterator[str]:
    """Give the name of a synced file with `content`; removed afterwards if still there."""
    temporary = f".{name}.{secrets.token_hex(6)}.tmp"
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            if owner is not None:
                os.fchown(stream.fileno(), *owner)
            os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    with _opened(folder) as descriptor:
        os.fsync(descriptor)


class FileLock:
    """An exclusive lock of a file, whose holder is written in that very file.

    The kernel keeps the lock (flock) and lets it go when the last process that inherited it ends
    or becomes another program; no file that is left behind ever counts as one. Who holds it is
    read through the same descriptor, so that lock and holder are always those of one file.

    Args:
        path: the file; its folder exists. It is made where it is missing, and never removed.
        create: whether to make the file; without, a missing one is `FileNotFoundError`.
        opener: opens the file in place of `os.open`, such as `Custody.open` does.
    """

    _POLL_SECONDS = 0.02
    _HOLDER_BYTES = 256

    def __init__(
        self, path: Path, *, create: bool = True, opener: Callable[[], int] | None = None
    ) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if create else 0)
        self._open = opener or (lambda: os.open(path, flags, 0o600))
        self._descriptor = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the lock go, unless a forked child still shares it."""
        os.close(self._descriptor)

    def take(self, wait_seconds: float = 0.0) -> bool:
        """Take the lock; return False where another has it for all of `wait_seconds`.

        A file that was removed or replaced meanwhile is opened anew: its lock means nothing.
        """
        deadline = time.monotonic() + wait_seconds
        while not (taken := self._flock(fcntl.LOCK_EX)) or self.displaced():
            if taken:
                self._reopen()
            elif time.monotonic() >= deadline:
                return False
            else:
                time.sleep(self._POLL_SECONDS)
        return True

    def held(self) -> bool:
        """Whether anybody has the lock now, as one who only looks."""
        if not self._flock(fcntl.LOCK_SH):
            return True
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False

    def name(self, holder: bytes) -> None:
        """Write who has the lock; only its holder may."""
        os.pwrite(self._descriptor, holder.ljust(self._HOLDER_BYTES), 0)

    def holder(self) -> bytes:
        """Who last wrote that it has the lock, empty where nobody did."""
        return os.pread(self._descriptor, self._HOLDER_BYTES, 0).strip()

    def displaced(self) -> bool:
        """Whether the path is no more the file that is locked, so that another may be."""
        try:
            return not os.path.samestat(os.fstat(self._descriptor), self.path.lstat())
        except OSError:
            return True

    def _flock(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _reopen(self) -> None:
        os.close(self._descriptor)
        self._descriptor = self._open()
