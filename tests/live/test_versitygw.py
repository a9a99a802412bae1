"""Buckets of versitygw pass the suite of stores; a call that fails is made again, whole."""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from havre.live import s3
from havre.live.buckets import BucketStore
from havre.live.objects import PIECE, LiveStore
from havre.live.wrappers import Failure, Remedy, Wrapped, retrying
from havre_conformance.stores import COMPLETE, StoreSuite, content, listed, whole
from havre_local.live import ABILITIES, LIMITS, UNVERSIONED
from tests.live.gateways import S3Gateway, gateway

PAGE = 50


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Gateway]:
    with gateway(tmp_path_factory.mktemp("versitygw")) as found:
        yield found


class TestLockingBucket(StoreSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, server: S3Gateway) -> LiveStore:
        bucket = retrying(server.bucket("locking", locks=True))
        return BucketStore(bucket, "locking", ABILITIES, LIMITS, True, PAGE, True)


class TestPlainBucket(StoreSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, server: S3Gateway) -> LiveStore:
        return BucketStore(
            retrying(server.bucket("plain")), "plain", UNVERSIONED, LIMITS, False, PAGE, True
        )


def failing_once(bucket: s3.Bucket, *operations: str) -> Wrapped:
    """A bucket that does what it is asked and loses the first answer to each of the operations."""
    left = {*operations}

    def ask(operation: str, **arguments: Any) -> Any:
        answer = bucket.ask(operation, **arguments)
        if operation in left:
            left.remove(operation)
            raise LostError
        return answer

    return Wrapped(ask, lambda error: LOST if isinstance(error, LostError) else s3.failure(error))


class LostError(Exception):
    """An answer that never came."""


LOST = Failure(Remedy.RETRY, "Lost")


@pytest.mark.parametrize("locks", [False, True])
def test_what_is_tried_again_is_sent_and_read_whole(server: S3Gateway, *, locks: bool) -> None:
    bucket = server.bucket(f"again-{locks}".lower(), locks=locks)
    calls = ("put_object", s3.READ, "list_object_versions", "head_object", "upload_part")
    store = BucketStore(
        retrying(failing_once(bucket, *calls), sleep=lambda _: None),
        "again",
        ABILITIES if locks else UNVERSIONED,
        LIMITS,
        ordered=True,
    )
    data = content(PIECE + 1)
    file = io.BytesIO(b"before" + data)
    file.seek(6)
    store.write("a", file, COMPLETE)
    found = listed(store, "a")[-1]
    assert whole(store, found) == data
    assert store.properties(found) == COMPLETE
    upload = store.begin("b", COMPLETE)
    store.complete(upload, [store.part(upload, 1, data)])
    assert whole(store, listed(store, "b")[-1]) == data
