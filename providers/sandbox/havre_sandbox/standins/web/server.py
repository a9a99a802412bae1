"""A server with TLS on 127.0.0.1: one thread a connection, one answer a request."""

from __future__ import annotations

import contextlib
import signal
import socket
import ssl
import sys
import threading
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from havre_sandbox.standins.web.exchange import Body, BrokenOffError, FrontAnswer, Request, drain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOST = "127.0.0.1"
SILENCE = 120.0
"""Seconds without a byte after which a connection is closed."""
_DRAINED = 1 << 26
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH")


class FrontServer(ThreadingHTTPServer):
    """Answers by a function from request to answer."""

    daemon_threads = True
    request_queue_size = 512
    allow_reuse_address = True

    def __init__(
        self, port: int, certificate: Path, answer: Callable[[Request], FrontAnswer], name: str
    ) -> None:
        """Listen; see `serve`."""
        self.answer, self.certificate, self.name = answer, certificate, name
        self.context = self._context()
        super().__init__((HOST, port), Exchange)

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate)
        return context

    def reload(self, *_: object) -> None:
        """Take over a renewed certificate."""
        self.context = self._context()

    def get_request(self) -> tuple[socket.socket, Any]:
        """A connection; its handshake is the matter of its own thread."""
        raw, address = self.socket.accept()
        raw.settimeout(SILENCE)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrapped = self.context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
        return wrapped, address

    def handle_error(self, *_: object) -> None:
        """A connection that broke off is nobody's fault; anything else is a line of the log."""
        error = sys.exception()
        if not isinstance(error, OSError):
            sys.stderr.write(f"{self.name}: {''.join(traceback.format_exception(error))}")
            sys.stderr.flush()


class Exchange(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: FrontServer

    def setup(self) -> None:
        """Greet, within the time of silence."""
        self.request.do_handshake()
        super().setup()

    def __getattr__(self, name: str) -> Any:
        if name.removeprefix("do_") in _METHODS:
            return self._serve
        raise AttributeError(name)

    def version_string(self) -> str:
        """What it is: nobody takes it for a cloud's."""
        return f"Havre sandbox ({self.server.name})"

    def log_message(self, *_: object) -> None:
        """Nothing: names of objects are nobody else's, and signed addresses are secrets."""

    def _serve(self) -> None:
        request = self._request()
        try:
            answer = self.server.answer(request)
        except BrokenOffError:
            self.close_connection = True
            return
        except OSError as error:
            self.close_connection = True
            answer = FrontAnswer(HTTPStatus.SERVICE_UNAVAILABLE, body=type(error).__name__.encode())
        if answer.status >= HTTPStatus.BAD_REQUEST and not drain(request.body, _DRAINED):
            self.close_connection = True
        self._send(request, answer)

    def _request(self) -> Request:
        headers: dict[str, str] = {}
        names = {name.lower(): name for name in self.headers}
        for name, value in self.headers.items():
            known = headers.get(name.lower())
            headers[name.lower()] = value if known is None else f"{known},{value}"
        chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        length = headers.get("content-length", "0")
        body = Body(self.rfile, int(length) if length.isdigit() else 0, chunked)  # type: ignore[arg-type]
        return Request(self.command, self.path, headers, body, names)

    def _send(self, request: Request, answer: FrontAnswer) -> None:
        self.send_response(answer.status)
        whole = answer.body if isinstance(answer.body, bytes) else None
        length = len(whole) if whole is not None and answer.length is None else answer.length
        for name, value in answer.headers:
            if name.lower() not in ("content-length", "server", "date"):
                self.send_header(name, value)
        bodiless = request.method == "HEAD" or answer.status in _BODILESS
        if length is not None and answer.status not in _BODILESS:
            self.send_header("Content-Length", str(length))
        elif not bodiless:
            self.send_header("Transfer-Encoding", "chunked")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            self._write(answer, chunked=length is None)

    def _write(self, answer: FrontAnswer, *, chunked: bool) -> None:
        pieces = [answer.body] if isinstance(answer.body, bytes) else answer.body
        written = 0
        try:
            for piece in filter(None, pieces):
                framed = b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
                self.wfile.write(framed)
                written += len(piece)
        except BrokenOffError:
            written = -1
        if written < 0 or (answer.length is not None and written != answer.length):
            self.close_connection = True  # half an answer must not pass for a whole one
            return
        if chunked:
            self.wfile.write(b"0\r\n\r\n")


def serve(
    port: int, certificate: Path, answer: Callable[[Request], FrontAnswer], name: str
) -> None:
    """Answer on 127.0.0.1:`port` until SIGTERM; SIGHUP takes over a renewed certificate.

    Args:
        port: where.
        certificate: file of key and certificate.
        answer: what is answered to a request.
        name: what the server calls itself.
    """
    server = FrontServer(port, certificate, answer, name)
    signal.signal(signal.SIGHUP, server.reload)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    with contextlib.closing(server.socket):
        server.serve_forever(poll_interval=0.2)
