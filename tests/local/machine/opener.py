"""Opens an encrypted stream by its documented layout alone, as another program would."""

import hashlib
import struct
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK, TAG, PREFIX = 1 << 20, 16, 7


def field(data: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from("!H", data, at)
    return data[at + 2 : at + 2 + length], at + 2 + length


def key_of(folder: Path, mark: bytes) -> bytes:
    found = {
        hashlib.sha256(b"havre key\0" + path.read_bytes()).digest()[:8]: path.read_bytes()
        for path in folder.glob("v*.key")
    }
    return found[mark]


def open_stream(data: bytes, keys: Path) -> bytes:
    """The plain text of a stream; `keys` is the data folder's folder of keys."""
    assert data[:8] == b"HAVRE\0E1"
    name, at = field(data, 8)
    wrapped, at = field(data, at)
    at += PREFIX
    header, prefix = data[:at], data[at - PREFIX : at]
    mark, nonce, sealed = wrapped[:8], wrapped[8:20], wrapped[20:]
    bound = b"havre wrap\0" + name + b"\0" + mark
    key = AESGCM(key_of(keys / name.decode(), mark)).decrypt(nonce, sealed, bound)
    chunks = [data[i : i + CHUNK + TAG] for i in range(at, len(data), CHUNK + TAG)]
    last = len(chunks) - 1
    return b"".join(
        AESGCM(key).decrypt(prefix + struct.pack("!IB", number, number == last), chunk, header)
        for number, chunk in enumerate(chunks)
    )
