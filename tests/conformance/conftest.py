"""Of fields that are alike, one is asked of a cloud in every run; before a release all are."""

import re
from collections import defaultdict

import pytest

from havre_conformance.shown import RECORDED

CASE = "test_no_field_is_ignored"
CLOUDS = {"test_azure.py", "test_ovh.py", "test_scaleway.py"}
"""Whose plans are large; on paper and on this machine every field is asked in every run."""
OF_ONE = re.compile(r"^(zones|projects)\.[\w-]+")


def kind(item: pytest.Function) -> str:
    """Whether its field is of one zone or project, or one that the core alone records."""
    path = item.callspec.params["path"]
    field = OF_ONE.sub(r"\1.*", path)
    if any(field == each or field.startswith(f"{each}.") for each in RECORDED):
        return "recorded"
    return item.name if field == path else field


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave further fields of a kind for a long run, each kind with another zone kept."""
    alike: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        asked = isinstance(item, pytest.Function) and item.originalname == CASE
        if asked and item.path.name in CLOUDS:
            alike[item.path.name, kind(item)].append(item)
    for turn, fields in enumerate(alike.values()):
        for number, item in enumerate(fields):
            if number != turn % len(fields):
                item.add_marker(pytest.mark.long)
