"""What is not the service's own answer to a signed URL is no refusal."""

from __future__ import annotations

import datetime as dt
import http.server
import threading
from typing import TYPE_CHECKING

import pytest

from havre.capabilities import Support, Supported
from havre.errors import ProviderError, RetryError
from havre.live.entry.accounts import project_entry
from havre.live.entry.urls import SignedUrl, signed_url
from havre.live.objects import NotThereError, RefusedError
from tests.exit.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

LATER = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
SECRET = "X-Amz-Signature=of-nobody"


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        status = int(self.path.split("/")[1][:3])
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/206")
        self.end_headers()
        self.wfile.write(b"<Error><Code>AccessDenied</Code></Error>")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def signed(url: str) -> SignedUrl:
    return SignedUrl(f"{url}?{SECRET}", LATER, direct=True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, ProviderError) for status in (301, 302, 400, 401, 403, 404, 410)),
        *((status, RetryError) for status in (408, 429, 500, 502, 503)),
    ],
)
def test_without_tls_nothing_is_refused_and_no_redirection_is_followed(
    status: int, kind: type[Exception], service: str
) -> None:
    with pytest.raises((ProviderError, RetryError)) as caught:
        signed(f"{service}/{status}").open()
    assert type(caught.value) is kind
    assert SECRET not in f"{caught.value}{caught.value.__cause__}"


def test_what_opens_is_told_from_nothing_there(service: str) -> None:
    for there in (200, 206, 416):
        signed(f"{service}/{there}").open()
    with pytest.raises(RetryError) as caught:
        signed("http://127.0.0.1:1/206").open()
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(signed(service))
    assert len(signed(service).digest) == 64
    assert signed(f"{service}/a/b").address == service


@pytest.mark.parametrize(
    ("status", "kind"), [(401, RefusedError), (403, RefusedError), (404, NotThereError)]
)
def test_with_tls_the_service_refuses(status: int, kind: type[Exception]) -> None:
    error = signed("https://127.0.0.1/a")._answered(status, b"<Code>InvalidAccessKeyId</Code>")
    assert type(error) is kind
    expired = signed("https://127.0.0.1/a")._answered(
        403, b"<Message>Request has expired</Message>"
    )
    assert type(expired) is ProviderError


def test_who_does_not_offer_it_says_why() -> None:
    store = MemoryStore()
    found = signed_url(store, store.put("a", b"x"))
    entry = project_entry(object(), "cohorts")  # type: ignore[arg-type]
    for answer in (found, entry):
        assert isinstance(answer, Supported)
        assert answer.support is Support.ABSENT
        assert answer.reason
