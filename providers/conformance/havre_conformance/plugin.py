"""The pytest plugin of the suite: assertions explained, known faults strict, skips listed."""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

SUITE = "havre_conformance.suite"
STORES = "havre_conformance.stores"

pytest.register_assert_rewrite(SUITE, STORES)


def _of_suite(item: pytest.Item) -> bool:
    """Whether an item is a case of the suite."""
    case = getattr(item, "cls", None)
    suites = [
        getattr(sys.modules[name], suite)
        for name, suite in ((SUITE, "ProviderSuite"), (STORES, "StoreSuite"))
        if name in sys.modules
    ]
    return isinstance(case, type) and issubclass(case, tuple(suites))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A fault that is known, with its reason, is expected: the case fails where it passes."""
    for item in filter(_of_suite, items):
        item.user_properties.append((SUITE, True))
        faults = getattr(getattr(item, "cls", None), "known_faults", {})
        if reason := faults.get(item.name):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """List what was skipped, and what is known to fail, each with its reason."""
    cases: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for outcome in ("skipped", "xfailed"):
        for report in terminalreporter.stats.get(outcome, []):
            if (SUITE, True) in getattr(report, "user_properties", ()):
                case, _, given = report.nodeid.split("::", 1)[-1].partition("[")
                cases[f"{outcome}: {_reason(report)}"][case].append(given.removesuffix("]"))
    if not cases:
        return
    terminalreporter.section("conformance: cases that did not apply, or are known to fail")
    for reason, found in sorted(cases.items()):
        terminalreporter.line(reason)
        for case, given in found.items():
            terminalreporter.line(f"  {case}: {', '.join(given)}".removesuffix(": "))


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(getattr(report, "wasxfail", ""))
