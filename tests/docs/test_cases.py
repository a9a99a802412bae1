"""The page of cases names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security" / "cases.md").read_text()
NAMED = sorted(set(re.findall(r"`(\w+\.py)::(test_\w+)`", PAGE)))
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| case", "|---"))
]


def test_every_case_has_a_test_or_is_unproved() -> None:
    assert len(ROWS) >= 25
    assert [row[0] for row in ROWS if "::test_" not in row[2] and "**Unproved" not in row[1]] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    folders = ("tests/exit", "tests/live", "tests/warehouse")
    folders += ("providers/conformance/havre_conformance",)
    found = [path for folder in folders for path in (ROOT / folder).rglob(file)]
    assert [path for path in found if re.search(rf"def {name}\(", path.read_text())], found
