"""One run of the engine: what it says is said once, and by the account that runs the pack.

The engine reaches a pack over a port of 127.0.0.1 without a password, which any account of the
machine may find while it runs. So each message is taken once; what is said again and otherwise,
or by another account, is refused, and the run fails: it cannot be known whose words came first.
"""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from google.protobuf.message import Message

SOCKETS = Path("/proc/net/tcp")
"""Connections of this machine over IPv4, with the account of each end, where Linux lists them."""
_LOCAL, _OWNER = 1, 7
"""Columns of that list."""


@dataclass
class Run:
    """What was said so far.

    Attributes:
        spoiled: why the run fails; empty while it does not.
    """

    spoiled: str = ""
    _said: dict[str, bytes] = field(default_factory=dict)
    _peers: dict[str, bool] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def once(self, context: grpc.ServicerContext, what: str, request: Message) -> None:
        """Take a message that was not said before otherwise; refuse it, and the run, else.

        Args:
            context: who says it.
            what: which message, and about which resource.
            request: what is said.
        """
        content = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        with self._lock:
            if not self._own(context.peer()):
                self.spoiled = "another account of this machine spoke to the policy pack"
            elif self._said.setdefault(what, content) != content:
                self.spoiled = f"the policy pack received `{what}` twice, with different content"
            spoiled = self.spoiled
        if spoiled:
            text = f"{spoiled}; nothing that was said in this run can be relied on"
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)

    def _own(self, peer: str) -> bool:
        """Whether a peer is of this account, or root; of one that no list names nothing is said."""
        if peer not in self._peers:
            self._peers[peer] = owners_of(peer) <= {0, os.geteuid()}
        return self._peers[peer]


def owners_of(peer: str) -> set[int]:
    """The accounts that hold the far end of a connection such as `ipv4:127.0.0.1:40000`.

    None is named where the machine does not tell.
    """
    kind, _, address = peer.partition(":")
    host, _, port = address.rpartition(":")
    if kind != "ipv4" or host != "127.0.0.1" or not port.isdecimal():
        return set()
    end = f"0100007F:{int(port):04X}"
    try:
        lines = SOCKETS.read_text().splitlines()[1:]
    except OSError:
        return set()
    rows = [line.split() for line in lines]
    return {int(row[_OWNER]) for row in rows if len(row) > _OWNER and row[_LOCAL] == end}
