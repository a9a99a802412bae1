"""Odd keys: all are asked of one S3 store and of one of Azure's in every run, of others some."""

import pytest

CASE = "test_a_key_is_held_as_it_is_or_refused"
EVERY = {("test_versitygw.py", "TestPlainBucket"): 8, ("test_local.py", "TestVersionedZone"): 4}
"""Of stores of the same server, one key in so many; before a release all are asked."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and item.originalname == CASE and item.cls:
            step = EVERY.get((item.path.name, item.cls.__name__), 1)
            if item.callspec.indices["odd"] % step:
                item.add_marker(pytest.mark.long)
