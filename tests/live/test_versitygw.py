"""Buckets of versitygw pass the suite of stores, by what each of them can do."""

from collections.abc import Iterator

import pytest

from havre.live.buckets import BucketStore
from havre.live.objects import LiveStore
from havre.live.wrappers import retrying
from havre_conformance.stores import StoreSuite
from havre_local.live import ABILITIES, LIMITS, UNVERSIONED
from tests.live.gateways import S3Gateway, gateway

PAGE = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Gateway]:
    with gateway(tmp_path_factory.mktemp("versitygw")) as found:
        yield found


class TestLockingBucket(StoreSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, server: S3Gateway) -> LiveStore:
        bucket = retrying(server.bucket("locking", locks=True))
        return BucketStore(bucket, "locking", ABILITIES, LIMITS, ordered=True, page=PAGE)


class TestPlainBucket(StoreSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, server: S3Gateway) -> LiveStore:
        return BucketStore(retrying(server.bucket("plain")), "plain", UNVERSIONED, LIMITS)
