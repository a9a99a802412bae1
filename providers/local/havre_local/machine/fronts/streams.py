"""Bytes that are passed on between two ends of a session, untouched.

Uses only the standard library.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_CHUNK = 65_536


async def read_exactly(client: socket.socket, size: int) -> bytes:
    """Read exactly `size` bytes and not one more.

    Raises:
        EOFError: the other end closed before.
    """
    data = b""
    while len(data) < size:
        part = await asyncio.get_running_loop().sock_recv(client, size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


async def pump(
    source: asyncio.StreamReader,
    target: asyncio.StreamWriter,
    watch: Callable[[bytes], None] | None = None,
    ended: Callable[[], None] | None = None,
) -> None:
    """Pass on what comes, no faster than it is taken; then close."""
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            if watch is not None:
                watch(data)
            target.write(data)
            await target.drain()
    if ended is not None:
        ended()
    await end(target)


async def end(writer: asyncio.StreamWriter, last: bytes = b"") -> None:
    """Send what is left, then close."""
    if last:
        writer.write(last)
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        await writer.wait_closed()
