"""The store in memory, on which tests of an exit rest, keeps the contract of stores itself."""

import pytest

from havre.live.objects import LiveStore
from havre_conformance.stores import StoreSuite
from tests.exit.memory import WITHOUT_VERSIONS, MemoryStore


class TestMemory(StoreSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def store(cls) -> LiveStore:
        return MemoryStore()


class TestMemoryWithoutVersions(StoreSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def store(cls) -> LiveStore:
        return MemoryStore(abilities=WITHOUT_VERSIONS)
