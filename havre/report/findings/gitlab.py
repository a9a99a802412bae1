"""GitLab's code quality report: a list of issues; what is waived is left out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from havre import text
from havre.policy.findings import FindingKind
from havre.policy.model import Severity
from havre.report.findings import answers

if TYPE_CHECKING:
    from havre.policy.findings import Finding, Result

SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "minor",
}
NOWHERE = "warehouse.yaml"
"""Where an issue stands that no finding tells a file for: GitLab wants one."""


def render(result: Result) -> str:
    """The result as GitLab's list."""
    home = answers.home(result)
    file = home.file if home else NOWHERE
    seen: Counter[str] = Counter()
    issues = []
    for finding in result.findings:
        if finding.kind is not FindingKind.WAIVED:
            issues.append(_issue(finding, file, result.provider, seen[finding.fingerprint]))
            seen[finding.fingerprint] += 1
    return text.as_json(issues)


def _issue(finding: Finding, file: str, provider: str, before: int) -> dict[str, Any]:
    place = finding.location
    again = f"|{before}" if before else ""  # GitLab drops an issue whose fingerprint it has seen
    return {
        "description": text.clipped(f"{finding.control}: {answers.sentence(finding)}", 2000),
        "check_name": text.plain(finding.control),
        "fingerprint": text.digest(f"{provider}|{finding.fingerprint}{again}"),
        "severity": _severity(finding),
        "location": {
            "path": text.relative(place.file if place else file),
            "lines": {"begin": max(place.line, 1) if place else 1},
        },
    }


def _severity(finding: Finding) -> str:
    if finding.kind is FindingKind.WARNING:
        return "info"
    return "major" if finding.kind is FindingKind.UNKNOWN else SEVERITIES[finding.severity]
