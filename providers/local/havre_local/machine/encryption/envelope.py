"""Encrypted streams: AES-256-GCM in chunks, so that files of any size need little memory.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-
Encryption and its Nonce-Reuse Misuse-Resistance", 2015): each chunk's nonce holds its number
and whether it is the last, so that chunks left out, exchanged, or cut off are noticed. Every
stream has a data key of its own, wrapped by the current version of a key of the warehouse. The
header is authenticated with every chunk.

Layout: magic, length and name of the key, length and wrapped data key, 7 bytes of nonce; then
chunks of 1 MiB, each with its tag. The wrapped key: 8 bytes that name the version, 12 of nonce,
the encrypted key.

Why not age (https://age-encryption.org/v1, by pyrage 1.4), decided in 2026-11: it has the same
construction of chunks, and other programs open its files. But anyone who knows an age recipient
can write a file for it, so a forged backup would open; only holders of a key write ours. It wraps
under no symmetric key and binds no name or version of a key. pyrage passes neither the recipient
that opened a file nor chunks as they are verified, and its passphrase takes whole files in memory.
Old backups must open, so this code would stay beside a second format. Others open a backup by the
layout above with any AES-256-GCM (`tests/local/machine/opener.py`, 40 lines).
"""

from __future__ import annotations

import hashlib
import io
import secrets
import struct
from typing import IO, TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from havre.errors import StateError
from havre_local.machine.encryption.keys import KEY_BYTES, unwrap, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre_local.machine.folder import Folder

CHUNK = 1 << 20
"""Bytes of plain text in a chunk."""

_MAGIC = b"HAVRE\x00E1"
_LENGTH = struct.Struct("!H")
_PREFIX_BYTES = 7
_COUNTER = struct.Struct("!IB")  # the nonce: 7 random bytes, 4 of counter, 1 of last flag
_TAG_BYTES = 16


class EncryptingWriter(io.RawIOBase):
    """A file to write plain text into; closing it writes the last chunk."""

    def __init__(self, folder: Folder, key: str, target: IO[bytes]) -> None:
        """Begin a stream on `target`, encrypted for the key named `key`."""
        data_key, self._prefix = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(_PREFIX_BYTES)
        wrapped = wrap(folder, key, data_key)
        name = key.encode()
        self._header = b"".join(
            (
                _MAGIC,
                _LENGTH.pack(len(name)),
                name,
                _LENGTH.pack(len(wrapped)),
                wrapped,
                self._prefix,
            )
        )
        self._cipher = AESGCM(data_key)
        self._target, self._buffer, self._number = target, bytearray(), 0
        self.digest = hashlib.sha256()
        """SHA-256 of the plain text so far."""
        self.size = 0
        """Bytes of plain text so far."""
        target.write(self._header)

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        """Encrypt `data`; return its length."""
        self.digest.update(data)
        self.size += len(data)
        self._buffer += data
        # One chunk is held back, since only the last one bears the flag.
        while len(self._buffer) > CHUNK:
            self._emit(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last chunk; without it the stream does not open."""
        self._emit(bytes(self._buffer), last=True)
        self._buffer.clear()

    def _emit(self, plain: bytes, *, last: bool) -> None:
        nonce = self._prefix + _COUNTER.pack(self._number, last)
        self._target.write(self._cipher.encrypt(nonce, plain, self._header))
        self._number += 1


def decrypt(folder: Folder, key: str, source: IO[bytes], what: str) -> Iterator[bytes]:
    """Yield the plain text of an encrypted stream, each chunk verified before it is given.

    Args:
        folder: where the keys are.
        key: name of the key that it must be encrypted for. The stream names one itself, but
            who has another key of the folder must not write in place of who has this one.
        source: the encrypted stream.
        what: its name, for errors.

    Raises:
        StateError: the key is not here, or the stream was changed, cut off or reordered. What
            was yielded before is genuine, but is not the whole.
    """
    header, named, wrapped, prefix = _read_header(source, what)
    if named != key:
        raise _damaged(what)
    cipher = AESGCM(unwrap(folder, key, wrapped))
    number, chunk = 0, source.read(CHUNK + _TAG_BYTES)
    while True:
        following = source.read(CHUNK + _TAG_BYTES)
        nonce = prefix + _COUNTER.pack(number, not following)
        try:
            yield cipher.decrypt(nonce, chunk, header)
        except (InvalidTag, ValueError) as error:
            raise _damaged(what) from error
        if not following:
            return
        number, chunk = number + 1, following


def _read_header(source: IO[bytes], what: str) -> tuple[bytes, str, bytes, bytes]:
    """Return the whole header, and in it: the key's name, the wrapped data key, the prefix."""
    read = [_exactly(source, len(_MAGIC), what)]
    if read[0] != _MAGIC:
        raise _damaged(what)
    for _ in range(2):
        read.append(_exactly(source, _LENGTH.size, what))
        read.append(_exactly(source, _LENGTH.unpack(read[-1])[0], what))
    read.append(_exactly(source, _PREFIX_BYTES, what))
    try:
        name = read[2].decode()
    except UnicodeDecodeError as error:
        raise _damaged(what) from error
    return b"".join(read), name, read[4], read[5]


def _exactly(source: IO[bytes], size: int, what: str) -> bytes:
    data = source.read(size)
    if len(data) != size:
        raise _damaged(what)
    return data


def _damaged(what: str) -> StateError:
    message = f"{what}: was changed or cut off since it was written"
    return StateError(message, "Use another copy or another backup.")
