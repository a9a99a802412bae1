"""How many headings of SecNumCloud a check of the examples gives evidence for: it may only grow.

A figure that is higher than recorded is to be recorded here; one that is lower has lost something.
"""

import json
from dataclasses import replace

import pytest

from havre.policy.findings import FindingKind, Result
from havre.policy.frameworks import Coverage, Requirement, coverage, installed_frameworks
from havre.policy.model import Outcome
from havre.report.findings.data import render
from havre.report.findings.headline import headline
from tests.check.asked import EXAMPLES, PROVIDERS, judged

KEY = "SNC"
COVERED = {"emc2": 38, "hospital": 27}
"""Headings with evidence from a control, by example: its profile asks for the controls."""
PASSED = {
    ("emc2", "azure"): 16,
    ("emc2", "ovh"): 8,
    ("emc2", "scaleway"): 8,
    ("emc2", "local"): 8,
    ("hospital", "azure"): 21,
    ("hospital", "ovh"): 8,
    ("hospital", "scaleway"): 9,
    ("hospital", "local"): 8,
}
"""Those of them whose controls all pass, none by a waiver. A new control may take one away."""
EVIDENCE = (Coverage.EVIDENCED, Coverage.PARTLY)


def headings(result: Result) -> list[Requirement]:
    """What a result shows of each heading of SecNumCloud."""
    verdicts = {control.id: result.verdict(control.id) for control in result.controls}
    found = coverage(installed_frameworks(), [*verdicts], verdicts)
    return [each for each in found if each.framework == KEY and each.id]


def covered(result: Result) -> int:
    return sum(each.coverage in EVIDENCE for each in headings(result))


def passed(result: Result) -> int:
    return sum(each.verdict == Outcome.PASS.value for each in headings(result))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_headings_that_are_covered_and_that_pass_do_not_fall(
    example: str, provider: str
) -> None:
    result = judged(example, provider)
    assert covered(result) >= COVERED[example]
    assert passed(result) >= PASSED[example, provider]


def test_a_control_that_is_taken_away_takes_headings_along() -> None:
    result = judged("emc2", "azure")
    keys = [c for c in result.controls if not c.id.startswith("encryption.")]
    assert covered(replace(result, controls=tuple(keys))) < COVERED["emc2"]


def test_what_is_asked_for_and_not_in_force_is_counted_apart_and_passes_nowhere() -> None:
    """Azure's pgaudit: asked for, and not loaded until somebody does so."""
    result = judged("emc2", "azure")
    waiting = [each for each in result.findings if each.reserve]
    waited_for = ["audit.database", "exposure.workload-isolation"]
    assert [each.control for each in waiting] == waited_for
    assert result.summary()["reserves"] == {"not-in-force": 2}
    assert json.loads(render(result))["summary"]["reserves"] == {"not-in-force": 2}
    assert dict(headline(result).facts)["Not in force yet"] == "2 findings"
    assert result.verdict("audit.database") == FindingKind.WAIVED.value
    assert judged("emc2", "azure", waivers=False).verdict("audit.database") == "fail"
    named = [each for each in headings(result) if "audit.database" in each.controls]
    assert named
    assert not any(each.verdict == Outcome.PASS.value for each in named)
