from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from havre.documents.composing import compose


@pytest.fixture(scope="session")
def base() -> str:
    """A valid warehouse with every section that a rule reads."""
    return (Path(__file__).parent / "base.yaml").read_text(encoding="utf-8")


@pytest.fixture
def data(base: str) -> Any:
    """`base` as plain data, to change at will."""
    return copy.deepcopy(compose(base).data)


@pytest.fixture(scope="session")
def examples() -> list[Path]:
    return sorted(Path(__file__).parents[2].glob("examples/*/warehouse.yaml"))
