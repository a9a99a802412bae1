"""One pack process for most tests; each configures it anew, as each run of the engine does."""

from collections.abc import Iterator

import pytest

from tests.pack.client import Client, running


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    with running({}) as found:
        yield found
