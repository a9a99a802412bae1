"""The server behind a front: asked in a connection of its own, whose answer is passed on."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre_sandbox.standins.web.exchange import CHUNK, HOP_BY_HOP, BrokenOffError, FrontAnswer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping

    from havre_sandbox.standins.web.exchange import Body

SECONDS = 600.0
"""Without a byte, before a server counts as gone."""
_BODILESS = (204, 304)


@dataclass(frozen=True)
class Upstream:
    """A server on this machine.

    Attributes:
        port: where it listens on 127.0.0.1.
        context: by which it is verified; None: it speaks no TLS.
    """

    port: int
    context: ssl.SSLContext | None = None

    def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: Body | bytes = b""
    ) -> FrontAnswer:
        """The answer of the server, its body in pieces.

        Raises:
            OSError: it does not answer.
            BrokenOffError: the client ended before its request did.
        """
        connection = self._connection()
        try:
            self._send(connection, method, target, headers, body)
            response = connection.getresponse()
        except http.client.HTTPException as error:
            connection.close()
            raise ConnectionError(type(error).__name__) from error
        except BaseException:
            connection.close()
            raise
        kept = [each for each in response.getheaders() if each[0].lower() not in HOP_BY_HOP]
        length = response.getheader("Content-Length")
        known = int(length) if length and length.isdigit() else None
        if method == "HEAD" or known == 0 or response.status in _BODILESS:
            connection.close()
            return FrontAnswer(response.status, kept, b"", known)
        return FrontAnswer(response.status, kept, _pieces(connection, response), known)

    def _connection(self) -> http.client.HTTPConnection:
        if self.context is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, SECONDS)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=SECONDS, context=self.context
        )

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body | bytes,
    ) -> None:
        connection.putrequest(
            method,
            target,
            skip_host="host" in {name.lower() for name in headers},
            skip_accept_encoding=True,
        )
        for name, value in headers.items():
            if name.lower() not in (*HOP_BY_HOP, "content-length"):
                connection.putheader(name, value)
        chunked = not isinstance(body, bytes) and body.chunked
        length = len(body) if isinstance(body, bytes) else body.length
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        elif length or method in ("PUT", "POST"):
            connection.putheader("Content-Length", str(length))
        connection.endheaders()
        try:
            for piece in filter(None, [body] if isinstance(body, bytes) else body):
                connection.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if chunked:
                connection.send(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has refused what it did not read: its answer says why


def _pieces(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse
) -> Iterator[bytes]:
    try:
        while piece := response.read(CHUNK):
            yield piece
    except (http.client.HTTPException, OSError) as error:
        raise BrokenOffError from error
    finally:
        connection.close()
