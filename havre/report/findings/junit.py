"""JUnit XML: a suite for every family of controls, a case for every control."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from havre import text
from havre.policy.findings import FindingKind
from havre.report.findings import answers, words

if TYPE_CHECKING:
    import datetime as dt

    from havre.policy.findings import Finding, Result

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def render(result: Result) -> str:
    """The result as JUnit XML."""
    report = JUnitXml(text.plain(f"{result.warehouse} ({result.environment})"))
    for family, controls in _families(result).items():
        report.add_testsuite(_suite(result, family, controls))
    # what the library writes differs with the parser that is installed
    root = ET.fromstring(report.tostring())  # type: ignore[no-untyped-call]  # noqa: S314 - our own
    ET.indent(root)
    return f"{DECLARATION}{ET.tostring(root, encoding='unicode')}\n"


def _families(result: Result) -> dict[str, list[str]]:
    """Controls by family: those asked for, then those only found."""
    named = [control.id for control in result.controls]
    found: dict[str, list[str]] = {}
    for control in answers.distinct([*named, *(finding.control for finding in result.findings)]):
        found.setdefault(control.partition(".")[0], []).append(control)
    return found


def _suite(result: Result, family: str, controls: list[str]) -> TestSuite:
    suite = TestSuite(text.plain(family))
    suite.timestamp = f"{result.as_of.isoformat()}T00:00:00"
    suite.add_property("provider", text.plain(result.provider))
    suite.add_property("profile", result.profile.value)
    suite.add_testcases([_case(result, control) for control in controls])
    return suite


def _case(result: Result, control: str) -> TestCase:
    verdict = result.verdict(control)
    findings = [finding for finding in result.findings if finding.control == control]
    case = TestCase(text.plain(control), f"havre.{text.plain(control).partition('.')[0]}", 0)
    told = "\n".join(_line(finding, result.as_of) for finding in findings)
    summary = f"{words.many(len(findings), 'finding')}: {words.status(verdict)}"
    bad = [
        finding for finding in findings if finding.kind in {FindingKind.FAIL, FindingKind.UNKNOWN}
    ]
    if bad and all(finding.known for finding in bad):
        case.result = Skipped(f"{answers.KNOWN}: {told}", words.status(verdict))
    elif verdict in {"fail", "unknown"}:
        said = words.status(verdict)
        outcome = Failure(summary, said) if verdict == "fail" else Error(summary, said)
        outcome.text = told
        case.result = outcome
    elif verdict in {"waived", "not-applicable"}:
        case.result = Skipped(told or "not applicable to any resource", words.status(verdict))
    elif told:
        case.system_out = told
    return case


def _line(finding: Finding, as_of: dt.date) -> str:
    """A finding on one line, without a character that XML forbids."""
    where = f" [{answers.place(finding.location)}]" if finding.location else ""
    by = f" (waiver: {answers.cover(finding.waiver, as_of)})" if finding.waiver else ""
    head = f"{finding.severity} {words.status(finding.kind)}: "
    return text.plain(f"{head}{answers.sentence(finding)}{where}{by}")
