"""A pack for each test, in this process: each run of the engine has one of its own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import grpc
import pytest
from pulumi.runtime.proto import analyzer_pb2_grpc

from havre.pack.server import Pack, serve
from havre.policy.frameworks import installed_frameworks
from havre.policy.registry import installed_controls
from tests import once
from tests.pack.client import LARGEST, Client


@pytest.fixture(autouse=True)
def plans_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the checks that a pack is compared with take a plan that another test evaluated."""
    once.use(monkeypatch)


@pytest.fixture(scope="session")
def parts() -> tuple:
    return installed_controls(), installed_frameworks()


@pytest.fixture
def client(parts: tuple, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    for name in [name for name in os.environ if name.startswith(("HAVRE_", "PULUMI_"))]:
        monkeypatch.delenv(name)
    with ExitStack() as ends:

        def another() -> analyzer_pb2_grpc.AnalyzerStub:
            server, port = serve(Pack(*parts))
            ends.callback(server.stop, None)
            channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGEST)
            return analyzer_pb2_grpc.AnalyzerStub(ends.enter_context(channel))

        yield Client(another(), another)
