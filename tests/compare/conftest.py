"""The comparisons share the plans of clouds: each is evaluated once in a process."""

import pytest

from tests import once


@pytest.fixture(autouse=True)
def plans_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a plan that another test evaluated."""
    once.use(monkeypatch)
