"""Which account of this machine is at the other end of a connection over loopback."""

from __future__ import annotations

import contextlib
import pwd
import socket
import struct
from functools import lru_cache
from pathlib import Path

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_REQUEST = 1
_HEADER = struct.Struct("=IHHII")
_QUERY = struct.Struct("=BBBBI")
_SOCKET = struct.Struct("!HH16s16s")
_NO_COOKIE = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
_ANSWER = struct.Struct("=BBBB48sIIIII")
_ALL_STATES = 0xFFFFFFFF
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_TABLE_UID = 7
_TABLE_INODE = 9
_MAPPED = "0000000000000000FFFF0000"
_SECONDS = 1.0


class Peers:
    """Tells the account (uid) that owns the other end of a connection within this machine.

    Asked of the kernel by netlink (sock_diag(7)), one socket at a time; where that is not to be
    had, read from /proc/net/tcp and /proc/net/tcp6.
    """

    def __init__(self) -> None:
        self._netlink: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._netlink = socket.socket(
                socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG
            )
            self._netlink.settimeout(_SECONDS)

    def account(self, client: socket.socket) -> int | None:
        """Return the uid of a client over IPv4, or None: it has closed, or is unknown."""
        try:
            theirs, ours = client.getpeername(), client.getsockname()
        except OSError:
            return None
        if self._netlink is not None:
            with contextlib.suppress(OSError, struct.error):
                return _ask(self._netlink, theirs, ours)
        return read_tables(theirs, ours)


def _ask(netlink: socket.socket, theirs: tuple[str, int], ours: tuple[str, int]) -> int | None:
    ends = (socket.inet_aton(theirs[0]), socket.inet_aton(ours[0]))
    query = (
        _QUERY.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, _ALL_STATES)
        + _SOCKET.pack(theirs[1], ours[1], *(end.ljust(16, b"\0") for end in ends))
        + _NO_COOKIE
    )
    size = _HEADER.size + len(query)
    netlink.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _REQUEST, 0, 0) + query)
    answer = netlink.recv(8192)
    if _HEADER.unpack_from(answer)[1] != _SOCK_DIAG_BY_FAMILY:
        return None
    *_, uid, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    # What was closed belongs to nobody any more: the kernel tells 0 then, which is not root.
    return int(uid) if inode else None


def read_tables(theirs: tuple[str, int], ours: tuple[str, int]) -> int | None:
    """Return the uid as the kernel's tables of connections have it, or None."""
    ends = [_written(*theirs), _written(*ours)]
    for table in _TABLES:
        with contextlib.suppress(OSError), table.open(encoding="ascii") as lines:
            for line in lines:
                fields = line.split()
                if [end.removeprefix(_MAPPED) for end in fields[1:3]] == ends:
                    return int(fields[_TABLE_UID]) if fields[_TABLE_INODE] != "0" else None
    return None


def _written(address: str, port: int) -> str:
    (number,) = struct.unpack("=I", socket.inet_aton(address))
    return f"{number:08X}:{port:04X}"


@lru_cache(maxsize=256)
def account_name(uid: int | None) -> str:
    """Return the name of an account, or what stands for one without a name."""
    if uid is None:
        return "unknown"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
