"""OSCAL 1.1 assessment results, for tools of governance and audit."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from havre import text
from havre.policy.findings import FindingKind
from havre.policy.model import Outcome
from havre.report.findings import answers, words

if TYPE_CHECKING:
    from havre.policy.findings import Finding, Result

VERSION = "1.1.3"
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:havre:report")
OWN = "havre://report"
"""Whose words the properties are, where OSCAL has none."""
NO_TOKEN = re.compile(r"[^A-Za-z0-9._-]")


def render(result: Result) -> str:
    """The result as an OSCAL document of assessment results."""
    return text.as_json({"assessment-results": _document(result)})


def _document(result: Result) -> dict[str, Any]:
    plan = identified("plan", result.profile.value)
    return {
        "uuid": identified(
            "document", result.as_dict(), [control.id for control in result.controls]
        ),
        "metadata": {
            "title": text.plain(f"Check of {result.subject}"),
            "last-modified": _moment(result),
            "version": result.as_of.isoformat(),
            "oscal-version": VERSION,
        },
        "import-ap": {"href": f"#{plan}"},
        "results": [_result(result)],
        "back-matter": {"resources": [_plan(plan, result)]},
    }


def _plan(identifier: str, result: Result) -> dict[str, str]:
    """What was planned: the profile; no document of its own is written for it."""
    told = f"The controls of the profile {result.profile}, and those that the file requires."
    return {"uuid": identifier, "title": f"Profile {result.profile}", "description": told}


def _result(result: Result) -> dict[str, Any]:
    numbered = _numbered(result)
    document: dict[str, Any] = {
        "uuid": identified("result", result.as_dict()),
        "title": text.plain(f"{result.warehouse} ({result.environment})"),
        "description": text.plain(f"{answers.totals(result)} {answers.meaning(result)}"),
        "start": _moment(result),
        "props": properties(
            provider=result.provider,
            source=words.source(result),
            profile=result.profile.value,
            operator=words.access(result.operator),
            countries=answers.countries(result),
            **_inputs(result),
        ),
        "local-definitions": {"inventory-items": _inventory(result)},
        "reviewed-controls": {"control-selections": [_selection(result)]},
        "observations": [_observation(f, i, result) for f, i in numbered] + _holding(result),
        "risks": [_risk(f, i, result) for f, i in numbered if _risky(f)],
        "findings": [item for c in _controls(result) if (item := _finding(result, c, numbered))],
    }
    if not document["local-definitions"]["inventory-items"]:
        del document["local-definitions"]
    return {key: value for key, value in document.items() if value}


def _inputs(result: Result) -> dict[str, str]:
    """The files that were read by their roles with digests, and the seal that was evidence."""
    made, seal = result.provenance, result.rehearsed
    found = {
        f"input {each.role}": f"{each.file} sha256:{each.sha256}"
        for each in (made.inputs if made else ())
    }
    told = seal.as_dict() if seal else {}
    found |= {f"seal {name}": str(value) for name, value in told.items() if value != ""}
    return {re.sub(r"[^a-z0-9]+", "-", name): value for name, value in found.items()}


def identified(*parts: object) -> str:
    """The same identifier for the same things, whenever and wherever it is made."""
    return str(uuid.uuid5(SPACE, json.dumps(parts, sort_keys=True)))


def _moment(result: Result) -> str:
    return f"{result.as_of.isoformat()}T00:00:00+00:00"


def properties(**values: str) -> list[dict[str, str]]:
    """Properties that say something."""
    said = {name: text.clipped(value, 1000).strip() for name, value in values.items()}
    return [{"name": name, "ns": OWN, "value": value} for name, value in said.items() if value]


def token(control: str) -> str:
    """The identifier of a control as OSCAL's token, which has no other signs."""
    word = NO_TOKEN.sub("_", control)
    return word if word[:1].isalpha() else f"_{word}"


def _controls(result: Result) -> list[str]:
    named = (control.id for control in result.controls)
    return answers.distinct([*named, *(finding.control for finding in result.findings)])


def _selection(result: Result) -> dict[str, Any]:
    controls = answers.distinct(map(token, _controls(result)))
    if not controls:
        return {"include-all": {}}
    return {"include-controls": [{"control-id": control} for control in controls]}


def _inventory(result: Result) -> list[dict[str, str]]:
    urns = answers.distinct(finding.resource for finding in result.findings if finding.resource)
    return [{"uuid": identified("item", urn), "description": text.plain(urn)} for urn in urns]


def _numbered(result: Result) -> list[tuple[Finding, str]]:
    """Findings with a name that no other has."""
    seen: Counter[str] = Counter()
    found = []
    for finding in result.findings:
        found.append((finding, f"{finding.fingerprint}|{seen[finding.fingerprint]}"))
        seen[finding.fingerprint] += 1
    return found


def _observation(finding: Finding, name: str, result: Result) -> dict[str, Any]:
    item = identified("item", finding.resource)
    subjects = [{"subject-uuid": item, "type": "inventory-item"}] if finding.resource else []
    observation = {
        "uuid": identified("observation", name),
        "title": text.clipped(f"{finding.control}: {answers.subject(finding)}", 200),
        "description": text.plain(answers.sentence(finding)),
        "props": properties(
            outcome=words.status(finding.kind.value),
            severity=finding.severity.value,
            **({"waived-as": words.status("unknown")} if finding.unevaluated else {}),
            location=answers.place(finding.location) if finding.location else "",
        ),
        "methods": ["TEST"],
        "types": ["finding"],
        "subjects": subjects,
        "collected": _moment(result),
    }
    return {key: value for key, value in observation.items() if value}


def _holding(result: Result) -> list[dict[str, Any]]:
    """An observation for every control that nothing was found against."""
    return [
        {
            "uuid": identified("holding", control.id),
            "title": text.plain(f"{control.id}: {control.title}"),
            "description": f"Passed {words.many(_passed(result, control.id), 'time')}.",
            "methods": ["TEST"],
            "types": ["control-objective"],
            "collected": _moment(result),
        }
        for control in result.controls
        if result.verdict(control.id) == Outcome.PASS
    ]


def _passed(result: Result, control: str) -> int:
    return result.outcomes.get(control, {}).get(Outcome.PASS, 0)


def _blind(numbered: list[tuple[Finding, str]]) -> bool:
    """Whether a waiver covers what was not evaluated."""
    return any(finding.unevaluated for finding, _ in numbered)


def _risky(finding: Finding) -> bool:
    return finding.gap is not None or finding.kind is FindingKind.WAIVED


def _risk(finding: Finding, name: str, result: Result) -> dict[str, Any]:
    """What a gap leaves at risk, or what somebody answers for until a day."""
    gap, waiver = finding.gap, finding.waiver
    risk = {
        "uuid": identified("risk", name),
        "title": text.clipped(f"{finding.control}: {answers.subject(finding)}", 200),
        "description": text.plain(gap.reason if gap else answers.sentence(finding)),
        "statement": text.plain(gap.risk if gap else finding.wanted) or "not recorded",
        "status": "open",
        "related-observations": [{"observation-uuid": identified("observation", name)}],
    }
    if waiver and finding.kind is FindingKind.WAIVED:
        risk["status"] = "deviation-approved"
        risk["deadline"] = f"{waiver.expires.isoformat()}T23:59:59+00:00"
        told = f"{waiver.reason} ({answers.cover(waiver, result.as_of)})"
        risk["props"] = properties(decision=waiver.decision, owner=waiver.owner, waiver=told)
    return risk


def _finding(
    result: Result, control: str, numbered: list[tuple[Finding, str]]
) -> dict[str, Any] | None:
    """What is said of a control; None where it does not apply to anything."""
    verdict = result.verdict(control)
    own = [(finding, name) for finding, name in numbered if finding.control == control]
    if verdict == Outcome.NOT_APPLICABLE:
        return None
    seen = [identified("observation", name) for _, name in own] or [identified("holding", control)]
    risks = [identified("risk", name) for finding, name in own if _risky(finding)]
    titles = {each.id: each.title for each in result.controls}
    item = {
        "uuid": identified("finding", control),
        "title": text.plain(control) or "unnamed",
        "description": text.plain(titles.get(control, "")) or "A control outside this profile.",
        "props": properties(
            verdict=words.status(verdict),
            **({"waived-as": words.status("unknown")} if _blind(own) else {}),
        ),
        "target": {
            "type": "objective-id",
            "target-id": token(control),
            "status": _status(result, control, verdict),
        },
        "related-observations": [{"observation-uuid": each} for each in seen],
        "related-risks": [{"risk-uuid": each} for each in risks],
    }
    return {key: value for key, value in item.items() if value}


AGAINST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_IN_FORCE, Outcome.NOT_SEEN)
"""Outcomes that keep an objective from being met."""


def _status(result: Result, control: str, verdict: str) -> dict[str, str]:
    """Whether an objective is met: what is waived or not known is not, a mere warning is."""
    counts = result.outcomes.get(control, {})
    against = sum(counts.get(outcome, 0) for outcome in AGAINST)
    gap = any(f.gap for f in result.findings if f.control == control)
    if verdict == Outcome.PASS or (verdict == FindingKind.WARNING and not against and not gap):
        return {"state": "satisfied", "reason": "pass"}
    return {"state": "not-satisfied", "reason": "fail" if verdict == Outcome.FAIL else "other"}
