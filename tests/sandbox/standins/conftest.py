"""One machine of stand-ins for the tests of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from havre_sandbox.standins.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    found = Machine(tmp_path_factory.mktemp("sandbox"), "emc2")
    try:
        yield found
    finally:
        found.stop()
