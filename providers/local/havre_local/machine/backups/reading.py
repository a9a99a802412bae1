"""A backup read: which one it is, and that every byte is as it was written."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from havre.errors import InputError, StateError
from havre_local.machine.backups import latest
from havre_local.machine.backups.described import (
    CONTENTS,
    MANIFEST,
    Contents,
    Manifest,
    damaged,
    open_plain,
    read_manifest,
    time_told,
)
from havre_local.machine.encryption import keys
from havre_local.machine.encryption.envelope import decrypt
from havre_local.machine.record import chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_local.machine.folder import Folder

_BEGINNING = 256
"""Bytes of a stream that tell it from every other: its data key, wrapped, lies within them."""


def verify(folder: Folder, path: Path, name: str | None = None) -> Contents:
    """Decrypt all of a backup, to nowhere, and compare it with what was written.

    Args:
        folder: the data folder with its key.
        path: the backup's folder.
        name: which backup it must be; None: the one that its folder is named for.

    Raises:
        InputError: there is no backup in `path`.
        StateError: it is another backup, was changed or cut off, a file is missing, or its key is.
    """
    manifest, contents, _ = identified(folder, path, name or given_name(path))
    check_streams(folder, path, manifest, contents)
    return contents


def given_name(path: Path) -> str:
    """Return a folder's name as it was given: a link may name another backup than it leads to."""
    return Path(os.path.normpath(path.absolute())).name


def identified(folder: Folder, path: Path, name: str) -> tuple[Manifest, Contents, str]:
    """Return readable and encrypted part, which agree, and the latter's digest.

    Raises:
        StateError: they do not, or it is another backup.
    """
    manifest = read_manifest(path)
    contents, digest = read_identified(folder, path)
    said = (manifest.format, manifest.number)
    bound = (manifest.warehouse, time_told(manifest))
    known = not contents.warehouse or (contents.warehouse, contents.created) == bound
    if not known or (contents.format, contents.number) != said:
        raise damaged(path / MANIFEST)
    if contents.name and contents.name != name:
        message = f"{path} contains the backup {contents.name} (number {contents.number})"
        raise StateError(message, f"To restore it, rename its folder to {contents.name}.")
    return manifest, contents, digest


def opened(folder: Folder, path: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield every encrypted file of a backup with its plain text; see `genuine`.

    Raises:
        StateError: it is not the backup that its folder is named for, or was changed or cut off.
    """
    manifest, contents, digest = identified(folder, path, given_name(path))
    plain = _contents(folder, path)
    whole = set(manifest.files) == {CONTENTS, *contents.streams}
    if not whole or hashlib.sha256(plain).hexdigest() != digest:
        raise damaged(path / MANIFEST)
    yield CONTENTS, iter([plain])
    for name in sorted(contents.streams):
        yield name, genuine(folder, path, contents, name, None)


def check_streams(
    folder: Folder, path: Path, manifest: Manifest, contents: Contents
) -> dict[str, bytes]:
    """Decrypt every stream, to nowhere; return how each begins.

    Raises:
        StateError: one was changed or cut off, is missing, or is not of this backup.
    """
    # Names come from the encrypted part: what only the readable one names is not opened.
    if set(manifest.files) != {CONTENTS, *contents.streams}:
        raise damaged(path / MANIFEST)
    begun = {}
    for name, described in manifest.files.items():
        digest = hashlib.sha256()
        with _watched(path / name) as file:
            for chunk in decrypt(folder, keys.BACKUP, cast("IO[bytes]", file), str(path / name)):
                digest.update(chunk)
        written = (file.size, file.digest.hexdigest())
        genuine = digest.hexdigest() == contents.streams.get(name, digest.hexdigest())
        if not genuine or written != (described.size, described.sha256):
            raise damaged(path / name)
        begun[name] = file.began
    return begun


class _Watched:
    """A file that is hashed as it is read, and begins as one that was read before."""

    def __init__(self, file: IO[bytes], path: Path, expected: bytes | None) -> None:
        self._file, self._path, self._expected = file, path, expected
        self.digest = hashlib.sha256()
        self.size = 0
        self.began = b""

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        self.size += len(data)
        self.began += data[: _BEGINNING - len(self.began)]
        if self._expected is not None and not self._expected.startswith(self.began):
            raise damaged(self._path)
        return data


@contextlib.contextmanager
def _watched(path: Path, expected: bytes | None = None) -> Iterator[_Watched]:
    try:
        file = open_plain(path)
    except FileNotFoundError as error:
        raise damaged(path) from error
    with file:
        yield _Watched(file, path, expected)


def read_contents(folder: Folder, path: Path) -> Contents:
    """Return what a backup holds, from its encrypted part; `verify` reads all of it.

    Raises:
        StateError: it was changed or cut off, or is another stream.
    """
    return read_identified(folder, path)[0]


def read_identified(folder: Folder, path: Path) -> tuple[Contents, str]:
    """Return what a backup holds, and the SHA-256 of the encrypted part that says it."""
    plain = _contents(folder, path)
    try:
        return Contents(**json.loads(plain)), hashlib.sha256(plain).hexdigest()
    except (ValueError, TypeError) as error:
        raise damaged(path / CONTENTS) from error


def _contents(folder: Folder, path: Path) -> bytes:
    with _watched(path / CONTENTS) as file:
        source = cast("IO[bytes]", file)
        return b"".join(decrypt(folder, keys.BACKUP, source, str(path / CONTENTS)))


def genuine(
    folder: Folder, path: Path, contents: Contents, name: str, begun: bytes | None
) -> Iterator[bytes]:
    """Yield a stream's plain text; the last of it only when all is what was backed up.

    Args:
        folder: the data folder with its key.
        path: the backup's folder.
        contents: what it holds.
        name: the stream.
        begun: how it began when it was verified: what was exchanged since gives no byte.
    """
    digest, held = hashlib.sha256(), b""
    with _watched(path / name, begun) as file:
        for chunk in decrypt(folder, keys.BACKUP, cast("IO[bytes]", file), str(path / name)):
            digest.update(chunk)
            if held:
                yield held
            held = chunk
    if digest.hexdigest() != contents.streams[name]:
        raise damaged(path / name)
    yield held


def record_heads(folder: Folder) -> dict[str, chain.Head | None]:
    """Return the record's head that each backup of this data folder has, by the backup's name.

    None: the backup cannot be read, or is another one. Backups that were here when one was
    restored may be of another record, and those of a former format have no head.
    """
    heads: dict[str, chain.Head | None] = {}
    foreign = latest.foreign(folder)
    for path in sorted(path.parent for path in folder.backups.glob(f"[0-9]*/{CONTENTS}")):
        try:
            _, contents, _ = identified(folder, path, path.name)
        except (StateError, InputError, OSError):
            heads[path.name] = None
            continue
        if contents.record and contents.number > foreign:
            heads[path.name] = chain.Head(**contents.record)
    return heads


def finished(contents: Contents, digest: str) -> latest.Finished:
    """The record of a backup as the latest."""
    return latest.Finished.model_validate(
        {
            "number": contents.number,
            "name": contents.name,
            "created": contents.created,
            "contents": digest,
        }
    )
