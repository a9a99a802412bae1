"""A service that refuses what is too fast: every call passes at last, and few are refused."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from havre.errors import RetryError
from havre.live import s3
from havre.live.buckets import BucketStore
from havre.live.objects import ObjectVersion
from havre.live.wrappers import Pace, at_rates, retrying
from havre_local.live import LIMITS, UNVERSIONED
from tests.exit.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = b"<Error><Code>SlowDown</Code><Message>less, please</Message></Error>"


@dataclass
class Throttle:
    """A service that takes so many calls in a second of its own clock, and refuses the others."""

    each_second: int
    status: int = 503
    now: float = 0.0
    calls: list[float] = field(default_factory=list)
    refused: int = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def takes(self) -> bool:
        self.calls = [at for at in self.calls if at > self.now - 1]
        if len(self.calls) < self.each_second:
            self.calls.append(self.now)
            return True
        self.refused += 1
        return False


@contextlib.contextmanager
def served(throttle: Throttle) -> Iterator[s3.Bucket]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            taken = throttle.takes()
            body = b"content" if taken else SLOW
            self.send_response(200 if taken else throttle.status)
            self.send_header("ETag", '"e"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        address = s3.Address(f"http://127.0.0.1:{server.server_port}", "us-east-1", direct=True)
        yield s3.bucket(address, s3.Credentials("access", "secret"), "zone")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def found() -> ObjectVersion:
    store = MemoryStore()
    return ObjectVersion("a", "", 7, '"e"', store.put("a", b"content").modified)


@pytest.mark.parametrize("cap", [400, None], ids=["capped", "as it takes"])
@pytest.mark.parametrize("status", [503, 429])
def test_every_call_passes_and_few_are_refused(cap: int | None, status: int) -> None:
    throttle = Throttle(50, status)
    with served(throttle) as bucket:
        client = retrying(bucket, attempts=20, sleep=lambda _: None)  # as many clients would
        store = BucketStore(client, "zone", UNVERSIONED, LIMITS)
        pace = Pace(cap, lambda: throttle.now, throttle.sleep)
        slowed = at_rates(store, pace)
        for _ in range(400):
            assert b"".join(slowed.read(found())) == b"content"
            throttle.now += 0.001
    assert 0 < throttle.refused < 100


def test_a_cap_below_what_the_service_takes_is_never_refused() -> None:
    throttle = Throttle(50)
    with served(throttle) as bucket:
        store = BucketStore(retrying(bucket, sleep=throttle.sleep), "zone", UNVERSIONED, LIMITS)
        slowed = at_rates(store, Pace(45, lambda: throttle.now, throttle.sleep))
        for _ in range(150):
            assert b"".join(slowed.read(found())) == b"content"
    assert throttle.refused == 0
    assert throttle.now >= 3.3


def test_a_service_that_takes_nothing_is_given_up_as_one_to_try_again_later() -> None:
    throttle = Throttle(0)
    with served(throttle) as bucket:
        store = BucketStore(retrying(bucket, sleep=throttle.sleep), "zone", UNVERSIONED, LIMITS)
        with pytest.raises(RetryError, match="SlowDown"):
            b"".join(at_rates(store, Pace(None, lambda: throttle.now)).read(found()))
    assert throttle.refused == 6
