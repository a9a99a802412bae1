"""A BagIt 1.0 bag (RFC 8493) that appears whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from havre.errors import GuardError, RetryError, StateError
from havre.files import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
SIGNATURE = f"{TAG_MANIFEST}.p7s"
TOKEN = f"{SIGNATURE}.tsr"
INFO = "bag-info.txt"
_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_SCRATCH = ".scratch"
_AT_ONCE = 4096
"""Lines that are written together."""


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A folder to fill, which bears its name only when all is in it; what fails leaves none.

    A run that was killed leaves a hidden folder beside it, which the next run removes.

    Raises:
        GuardError: something of that name is there.
        RetryError: another run fills it.
        StateError: it cannot be written.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    try:
        _refuse_existing(folder)
        partial.mkdir(mode=0o700, exist_ok=True)
        holder = os.open(partial, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _take(holder, partial)
            try:
                yield partial
                _refuse_existing(folder)
                _sync(partial)
                partial.rename(folder)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
        finally:
            os.close(holder)
        sync_folder(folder.parent)
    except OSError as error:
        message = f"The seal {folder} cannot be written: {error.strerror or error}"
        raise StateError(message, "Make room or name another folder, then seal again.") from error


def _refuse_existing(folder: Path) -> None:
    if os.path.lexists(folder):
        message = f"{folder} exists and was not changed"
        raise GuardError(message, "A seal is never written over: name another folder.")


def _take(holder: int, partial: Path) -> None:
    """Have the folder alone, and empty."""
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = f"Another run writes {partial}"
        raise RetryError(message, "Wait until it has ended, then seal again.") from None
    if not os.path.samestat(os.fstat(holder), partial.lstat()):
        message = f"Another run has just written {partial}"
        raise RetryError(message, "Look at its seal first.")
    for each in partial.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


def _sync(root: Path) -> None:
    """Make all files and folders below one survive a power cut."""
    for folder, _, names in os.walk(root):
        for name in names:
            descriptor = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_CLOEXEC)  # noqa: PTH118
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class Bag:
    """A bag that is being filled.

    Attributes:
        root: its folder.
        digests: SHA-256 of each file so far, in hexadecimal, by its path in the bag.
        octets: bytes of the payload so far.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.digests: dict[str, str] = {}
        self.octets = 0

    @property
    def scratch(self) -> Path:
        """A folder in it for what does not stay."""
        return self.root / _SCRATCH

    def write(self, path: str, lines: Iterable[str]) -> None:
        """Write a file of lines, each given without its end."""
        self._write(path, blocks(lines))

    def add(self, path: str, content: str | bytes) -> None:
        """Write a file whole."""
        self._write(path, [content.encode() if isinstance(content, str) else content])

    def close(self, info: Iterable[tuple[str, str]]) -> None:
        """Write what makes it a bag.

        Args:
            info: labels and values of bag-info.txt.
        """
        shutil.rmtree(self.scratch, ignore_errors=True)
        streams = len(self.digests)
        told = [*info, ("Payload-Oxum", f"{self.octets}.{streams}")]
        payload = self._listed()
        self.digests.clear()
        self.add(MANIFEST, payload)
        self.add("bagit.txt", _DECLARATION)
        self.write(INFO, (f"{label}: {value}" for label, value in told))
        self.add(TAG_MANIFEST, self._listed())

    def _listed(self) -> str:
        """The files so far as a manifest lists them, sorted by path."""
        return "".join(f"{self.digests[path]}  {path}\n" for path in sorted(self.digests))

    def _write(self, path: str, content: Iterable[bytes]) -> None:
        target, digest = self.root / path, hashlib.sha256()
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for block in content:
                digest.update(block)
                file.write(block)
            self.octets += file.tell()
        self.digests[path] = digest.hexdigest()


def blocks(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines with their ends, many at a time, as bytes."""
    told = iter(lines)
    while some := list(islice(told, _AT_ONCE)):
        yield "".join(f"{line}\n" for line in some).encode()
