"""SARIF 2.1.0, for code scanning on forges and in editors."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from havre import text
from havre.errors import ExitCode
from havre.policy.findings import FindingKind
from havre.policy.model import Severity
from havre.policy.registry import own_controls
from havre.report.findings import answers, words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from havre.policy.findings import Finding, Location, Result
    from havre.policy.model import Control

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PAGE = "reference/controls.html"
"""The page of the documentation that describes the controls, each under its own anchor."""
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
"""GitHub's words for these scores are ours: over 9, from 7, from 4, and below."""


def render(result: Result) -> str:
    """The result as one SARIF run."""
    return text.as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(result)]})


def _run(result: Result) -> dict[str, Any]:
    rules, seen = _rules(result), {each.control: each.word for each in result.seen()}
    for rule in rules:
        if rule["id"] in seen:
            rule["properties"]["promisedAndSeen"] = seen[rule["id"]]
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    home = answers.home(result)
    return {
        "tool": {"driver": {"name": "Havre", **_about(), "rules": rules}},
        "invocations": [_invocation(result, index)],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(cause, index, home, result)
            | _suppressed(cause[0], result.as_of)
            | _state(cause[0], result)
            for cause in causes(result.findings)
        ],
        "properties": {"summary": result.summary()},
    }


def _about() -> dict[str, str]:
    """Version and address of the tool, from its distribution."""
    try:
        version = metadata("havre")["Version"]
    except PackageNotFoundError:
        return {}
    address = _addresses().get("Documentation") or _addresses().get("Homepage")
    return {"semanticVersion": version, **({"informationUri": address} if address else {})}


def _addresses() -> dict[str, str]:
    """Addresses of the project by their names, as far as its distribution has any."""
    try:
        found = metadata("havre").get_all("Project-URL") or ()
    except PackageNotFoundError:
        return {}
    return dict(each.split(", ", 1) for each in found)


def _help_addresses() -> dict[str, str]:
    """The address of the documentation of each of Havre's own controls.

    Empty if the distribution names no documentation: `help` then contains all that there is.
    """
    documentation = _addresses().get("Documentation", "").rstrip("/")
    if not documentation:
        return {}
    return {
        control: f"{documentation}/{PAGE}#{quote(control.replace('.', '-'))}"
        for control in own_controls()
    }


def causes(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings by what has to be changed: resources that one cause concerns stay together."""
    found: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        gap = finding.gap.capability if finding.gap else ""
        alone = "" if finding.location or finding.field else finding.resource
        covered = finding.waiver.decision if finding.waiver else ""
        what = (finding.property, finding.reserve)
        key = (finding.control, finding.kind, what, gap, finding.location)
        found.setdefault((*key, alone, covered, finding.known), []).append(finding)
    return list(found.values())


def message(value: str) -> str:
    """Text in a SARIF message: brackets would be links, braces would be arguments."""
    escaped = "".join(f"\\{c}" if c in "\\[]" else c for c in text.plain(value))
    return escaped.replace("{", "{{").replace("}", "}}")


def _rules(result: Result) -> list[dict[str, Any]]:
    """A rule for every control that was asked for, then for those only found."""
    addresses = _help_addresses()
    rules = [_rule(control, addresses.get(control.id, "")) for control in result.controls]
    known = {rule["id"] for rule in rules}
    others = answers.distinct(text.plain(finding.control) for finding in result.findings)
    return rules + [_bare(control) for control in others if control not in known]


def _bare(control: str) -> dict[str, Any]:
    return {"id": control, "shortDescription": {"text": message(control) or "unnamed"}}


def _rule(control: Control, address: str = "") -> dict[str, Any]:
    why = f"{control.rationale} " if control.rationale else ""
    cites = ", ".join(control.cites)
    parts = (text.markdown(control.remedy), text.markdown(why), f"Cites: {text.markdown(cites)}")
    return {
        "id": text.plain(control.id),
        "name": "".join(word.capitalize() for word in control.id.replace(".", "-").split("-")),
        "shortDescription": {"text": message(control.title)},
        "fullDescription": {"text": message(f"{control.title} {why}".strip())},
        "help": {
            "text": message(f"{control.remedy} {why}Cites: {cites}"),
            "markdown": "\n\n".join(part for part in parts if part),
        },
        **({"helpUri": address} if address else {}),
        "defaultConfiguration": {"level": LEVELS[control.severity]},
        "properties": {
            "security-severity": SCORES[control.severity],
            "severity": control.severity.value,
            "profile": control.profile.value,
            "tags": answers.distinct(["security", control.family, *control.cites]),
        },
    }


def level(finding: Finding, result: Result) -> str:
    """How bad a result is, in SARIF's words: an error where the exit code says so."""
    if finding.kind is FindingKind.UNKNOWN:
        return "warning" if result.allow_unknown or finding.known else "error"
    return "warning" if finding.kind is FindingKind.WARNING else LEVELS[finding.severity]


def _result(
    cause: Sequence[Finding], index: dict[str, int], home: Location | None, result: Result
) -> dict[str, Any]:
    finding = cause[0]
    control = text.plain(finding.control)
    more = f" {words.many(len(cause), 'resource')} in all." if len(cause) > 1 else ""
    return {
        "ruleId": control,
        "ruleIndex": index[control],
        "level": level(finding, result),
        "message": {"text": message(answers.sentence(finding) + more)},
        "locations": [_location(cause, home)],
        "partialFingerprints": {"havre/v2": text.digest(_fingerprint(cause))},
        "properties": {
            "outcome": words.status(finding.kind.value),
            **({"unevaluated": True} if finding.unevaluated else {}),
            **({"reserve": finding.reserve.value} if finding.reserve else {}),
            "severity": finding.severity.value,
            "fixedIn": words.fixed_in(finding.fix),
        },
    }


def _fingerprint(cause: Sequence[Finding]) -> str:
    """What stays the same while a cause does, whatever its dates, lines and further resources."""
    return "||".join([cause[0].kind.value, min(each.fingerprint for each in cause)])


def _location(cause: Sequence[Finding], home: Location | None) -> dict[str, Any]:
    """The line of the cause, else the head of the warehouse file; and the resources."""
    finding = cause[0]
    place = finding.location or home
    found: dict[str, Any] = {}
    if place:
        region = {"startLine": max(place.line, 1)}
        artifact = {"uri": quote(text.relative(place.file))}
        found["physicalLocation"] = {"artifactLocation": artifact, "region": region}
    urns = answers.distinct(each.resource for each in cause if each.resource)
    names = {each.resource: each.name for each in cause}
    if urns:
        found["logicalLocations"] = [
            {
                "name": text.plain(names[urn]),
                "fullyQualifiedName": text.plain(urn),
                "kind": "resource",
            }
            for urn in urns
        ]
    return found


def _suppressed(finding: Finding, as_of: dt.date) -> dict[str, Any]:
    """What a waiver makes of a result: it is there, and accepted."""
    waiver = finding.waiver
    if not waiver or finding.kind is not FindingKind.WAIVED:
        return {}
    why = message(f"{waiver.reason} ({answers.cover(waiver, as_of)})")
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": why}]}


def _state(finding: Finding, result: Result) -> dict[str, str]:
    """Whether the baseline has a result; nothing where there is none."""
    if result.gone is None:
        return {}
    return {"baselineState": "unchanged" if finding.known else "new"}


def _invocation(result: Result, index: dict[str, int]) -> dict[str, Any]:
    unknown = result.of(FindingKind.UNKNOWN)
    return {
        "executionSuccessful": result.exit_code is not ExitCode.NOT_EVALUATED,
        "exitCode": int(result.exit_code),
        "exitCodeDescription": answers.meaning(result),
        "toolExecutionNotifications": [_notification(finding, index) for finding in unknown],
    }


def _notification(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    control = text.plain(finding.control)
    return {
        "level": "error",
        "message": {"text": message(f"{control} was not evaluated. {answers.sentence(finding)}")},
        "associatedRule": {"id": control, "index": index[control]},
    }
