"""What holds for every test: no deadline measures the machine, and what is skipped is told why."""

from __future__ import annotations

import gc
import os
from collections import Counter
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A test that takes long on a busy machine is no failure: speed is measured in benchmarks/.
UNHURRIED: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("havre", max_examples=25, **UNHURRIED)
settings.register_profile("thorough", max_examples=500, **UNHURRIED)  # before a release
settings.load_profile("havre")
os.environ.setdefault("COLUMNS", "100")  # as wide as a terminal, whatever runs the tests


SLOW = ("warehouse", "local", "upgrade", "docs", "conformance")
"""Folders whose files take longest: they come first, so that no worker is left alone with one."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among the tests that are found, then or later: they stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the rest stays in its order."""
    folder = {each: number for number, each in enumerate(SLOW)}
    root = Path(__file__).parent
    items.sort(key=lambda item: folder.get(item.path.relative_to(root).parts[0], len(SLOW)))


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Registers providers by name, in place of those that are installed."""
    from havre.provider import discovery

    def register(*more: EntryPoint, **entries: str) -> None:
        found = [EntryPoint(n, v, discovery.ENTRY_POINT_GROUP) for n, v in entries.items()]
        monkeypatch.setattr(discovery, "registered_in_versions", lambda _group: [*found, *more])

    return register


def reason(report: pytest.TestReport) -> str:
    """Why a test was skipped."""
    told: Any = report.longrepr
    return str(told[2] if isinstance(told, tuple) else told).removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List what was skipped by its reason, the most frequent first."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section("skipped, by reason")
    for why, count in Counter(map(reason, skipped)).most_common():
        terminalreporter.line(f"{count:5}  {why}")
