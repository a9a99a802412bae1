"""How a PostgreSQL session begins: the startup packet, and whether the server let it in.

Source: PostgreSQL 18 documentation, chapter Message Formats.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

REQUEST = struct.Struct("!II")
SSL_REQUEST = 80_877_103
GSS_REQUEST = 80_877_104
CANCEL_REQUEST = 80_877_102
LONGEST_CANCEL = REQUEST.size + 4 + 256
LONGEST_STARTUP = 10_000
"""Bytes of a startup packet that PostgreSQL takes (MAX_STARTUP_PACKET_LENGTH)."""

UNSUPPORTED = "0A000"
MALFORMED = "08P01"
INVALID = "28000"
TOO_MANY = "53300"

_HEADER = struct.Struct("!cI")
_MAJOR = 3
_AUTHENTICATED = struct.pack("!I", 0)
_LONGEST_WATCHED = 65_536


class RefusedError(Exception):
    """A session is refused; `code` is its SQLSTATE."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def refusal(code: str, reason: str) -> bytes:
    """Return the message that ends a session which has not begun."""
    fields = ("SFATAL", "VFATAL", f"C{code}", f"M{reason}", "")
    body = b"".join(f"{field}\0".encode() for field in fields)
    return _HEADER.pack(b"E", len(body) + 4) + body


def parameters(packet: bytes) -> dict[str, str]:
    """Return what a whole startup packet asks for, such as `user`; nothing for a cancellation.

    Raises:
        RefusedError: it is none, or a value would break a line of a log.
    """
    length, code = REQUEST.unpack_from(packet)
    if code == CANCEL_REQUEST and length <= LONGEST_CANCEL:
        return {}
    if code >> 16 != _MAJOR:
        reason = f"unsupported frontend protocol {code >> 16}.{code & 0xFFFF}"
        raise RefusedError(UNSUPPORTED, reason)
    words = packet[REQUEST.size :].split(b"\0")
    if words[-2:] != [b"", b""] or len(words) % 2:
        raise RefusedError(MALFORMED, "invalid startup packet layout")
    texts = [word.decode("utf-8", "backslashreplace") for word in words[:-2]]
    found = dict(zip(texts[::2], texts[1::2], strict=True))
    for name in ("user", "database"):
        if not found.get(name, "").isprintable():
            raise RefusedError(INVALID, f"{name} name contains a character that does not print")
    if not found.get("user"):
        raise RefusedError(INVALID, "no PostgreSQL user name specified in startup packet")
    return found


@dataclass
class Beginning:
    """What the server answers until a session has begun; the bytes themselves pass untouched."""

    authenticated: bool = False
    backend: int | None = None
    """Process id of the session, by which PostgreSQL's log names it."""
    code: str = ""
    """SQLSTATE of a refusal."""
    over: bool = False
    """Whether there is nothing more to learn."""
    _unread: bytearray = field(default_factory=bytearray)

    def take(self, data: bytes) -> None:
        """Learn from the next bytes of the server."""
        if self.over:
            return
        self._unread += data
        while not self.over and len(self._unread) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._unread)
            if length > _LONGEST_WATCHED:
                self.over = True
            elif len(self._unread) <= length:
                return
            else:
                self._learn(kind, bytes(self._unread[_HEADER.size : length + 1]))
                del self._unread[: length + 1]
        if self.over:
            self._unread.clear()

    def _learn(self, kind: bytes, body: bytes) -> None:
        match kind:
            case b"R" if body[:4] == _AUTHENTICATED:
                self.authenticated = True
            case b"K":
                (self.backend,) = struct.unpack_from("!I", body)
            case b"Z":
                self.over = True
            case b"E":
                codes = [part[1:] for part in body.split(b"\0") if part[:1] == b"C"]
                self.code, self.over = b"".join(codes[:1]).decode("ascii", "replace"), True
