"""Who signs a real exit, and who says when: CAs of an organisation, and an authority over HTTP."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

from tests.exit.seal.workshop import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from havre.exit.seal.signature import Signer


@dataclass(frozen=True)
class Organisation:
    """Options of the command line, by what they are for.

    Attributes:
        signer: of the controller.
        host: of the former host.
        clock_authority: CA of the time-stamp authority.
        url: of that authority.
    """

    signer: Signer
    host: Signer
    clock_authority: Path
    url: str

    @property
    def trusting(self) -> tuple[str, ...]:
        """By whom a seal is checked."""
        return (
            *("--authority", str(self.signer.authority)),
            *("--tsa-authority", str(self.clock_authority)),
        )

    @property
    def signing(self) -> tuple[str, ...]:
        """Who signs."""
        named = ("--key", str(self.signer.key), "--certificate", str(self.signer.certificate))
        return (*named, *self.trusting, "--tsa", self.url)

    @property
    def hosting(self) -> tuple[str, ...]:
        """Who signs for the former host."""
        return (
            *("--host-key", str(self.host.key)),
            *("--host-certificate", str(self.host.certificate)),
        )


@contextmanager
def organisation(folder: Path) -> Iterator[Organisation]:
    """CAs in a folder, and a time-stamp authority that runs as long as the context stands."""
    time = Authority(folder / "time", "CA of a time-stamp authority")
    clock = time.clock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            now = dt.datetime.now(dt.UTC).replace(microsecond=0)
            body = replace(clock, at=now).answer(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Organisation(
            Authority(folder / "controller", "CA of a hospital").signer("Seal of a hospital"),
            Authority(folder / "host", "CA of a host").signer("Seal of a host"),
            time.path,
            f"http://127.0.0.1:{server.server_port}/tsa",
        )
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
