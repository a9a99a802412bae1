"""A time-stamp authority over HTTP: what it answers, refuses and gets wrong."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from havre.errors import HavreError, InputError, ProviderError, RetryError
from havre.exit.seal.sealing import seal
from havre.exit.seal.timestamp import HttpAuthority
from tests.exit.seal.workshop import NOW, Workshop, contents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPLY = "application/timestamp-reply"


@dataclass
class Served:
    """An authority's server, and what it answers."""

    port: int = 0
    status: int = 200
    kind: str = REPLY
    body: bytes | None = None
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tsa"


@pytest.fixture
def served(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    told = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            told.asked.append((self.headers["Content-Type"], query))
            body = workshop.clock.answer(query) if told.body is None else told.body
            self.send_response(told.status)
            self.send_header("Content-Type", told.kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_seal_is_stamped_over_http(served: Served, workshop: Workshop, tmp_path: Path) -> None:
    clock = HttpAuthority(served.url, workshop.time.path)
    sealed = seal(tmp_path / "seal", contents(), workshop.signer, clock)
    assert sealed.verification.time == NOW
    assert [kind for kind, _ in served.asked] == ["application/timestamp-query"]


@pytest.mark.parametrize(
    ("how", "error", "why"),
    [
        ({"status": 500}, ProviderError, "answered 500"),
        ({"status": 404}, ProviderError, "answered 404"),
        ({"kind": "text/html"}, ProviderError, "answered with text/html, not with a token"),
        ({"body": b"x" * (1 << 20) + b"x"}, ProviderError, "not with a token"),
        ({"body": b""}, InputError, "is refused: the time-stamp is not valid: openssl ts"),
        ({"body": b"not DER"}, InputError, "is refused: the time-stamp is not valid: openssl ts"),
    ],
)
def test_an_answer_that_is_no_token_makes_no_seal(
    how: dict[str, Any],
    error: type[HavreError],
    why: str,
    served: Served,
    workshop: Workshop,
    tmp_path: Path,
) -> None:
    for name, value in how.items():
        setattr(served, name, value)
    clock = HttpAuthority(served.url, workshop.time.path)
    with pytest.raises(error, match=why):
        seal(tmp_path / "seal", contents(), workshop.signer, clock)
    assert list(tmp_path.iterdir()) == []


def test_an_authority_that_is_not_there_can_be_asked_again(
    served: Served, workshop: Workshop
) -> None:
    with pytest.raises(RetryError, match="cannot be reached"):
        HttpAuthority("http://127.0.0.1:99999/", workshop.time.path).answer(b"")
    unused = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    url = f"http://127.0.0.1:{unused.server_port}/"
    unused.server_close()
    with pytest.raises(RetryError, match=r"127\.0\.0\.1 cannot be reached"):
        HttpAuthority(url, workshop.time.path).answer(b"")
    assert served.asked == []


@pytest.mark.parametrize(
    "url", ["", "tsa", "file:///etc/passwd", "ftp://a/b", "http://", "https://a:secret@b/"]
)
def test_an_address_is_one_of_http_and_holds_no_password(url: str, workshop: Workshop) -> None:
    with pytest.raises(InputError) as raised:
        HttpAuthority(url, workshop.time.path).answer(b"")
    assert "secret" not in str(raised.value)
