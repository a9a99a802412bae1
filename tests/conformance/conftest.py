"""Of the fields that every zone has, one zone is asked in every run; before a release all are."""

import re
from collections import defaultdict

import pytest

FIELD = re.compile(r"test_no_field_is_ignored\[zones\.[\w-]+\.(\w+)=")
CLOUDS = {"test_azure.py", "test_ovh.py"}
"""Whose plans are large; on paper and on this machine every zone is asked in every run."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the same field of further zones for a long run, each field with another zone kept."""
    asked: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        found = FIELD.match(item.name)
        if found and item.path.name in CLOUDS:
            asked[item.path.name, found[1]].append(item)
    for turn, zones in enumerate(asked.values()):
        for number, item in enumerate(zones):
            if number != turn % len(zones):
                item.add_marker(pytest.mark.long)
