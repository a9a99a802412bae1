"""The annex of a summary: every finding of every control, what accepts it, and what passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.policy.model import Outcome
from havre.report.findings import answers
from havre.report.findings.words import capitalised, fixed_in, labelled, listed, status, with_days
from havre.report.language import tr, trn
from havre.report.texts import named, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.policy.findings import Finding, Result, Waiver
    from havre.policy.qualifications import Claim
    from havre.spec.durations import Durations


@dataclass(frozen=True)
class Risk:
    """What was found of a control under one waiver, or under none.

    Attributes:
        control: its identifier.
        severity: of the control, in the language at hand.
        status: the one word for what was found.
        requirement: the title of the control, and that it is not met or was not evaluated.
        scope: every resource or capability concerned.
        risks: residual risks of the gaps; of other findings what was found.
        measures: compensating measures of the gaps.
        fixes: where it is fixed.
        marks: what is said beside the status: known before, outside the profile.
        waiver: who accepts it, why, by which decision and until when; None: nobody does.
    """

    control: str
    severity: str
    status: str
    requirement: str
    scope: str
    risks: tuple[str, ...]
    measures: tuple[str, ...]
    fixes: tuple[str, ...]
    marks: tuple[str, ...] = ()
    waiver: Waiver | None = None


def accepted(result: Result) -> list[Risk]:
    """Every accepted risk, the first to end first."""
    return [_risk(result, cover.findings, cover.waiver) for cover in answers.covers(result)]


def unaccepted(result: Result) -> list[Risk]:
    """What no waiver covers, a control each, the worst first; what was known before too."""
    found: dict[str, list[Finding]] = {}
    for finding in result.findings:
        if answers.covering(finding) is None:
            found.setdefault(finding.control, []).append(finding)
    return [_risk(result, findings, None) for findings in found.values()]


def spread(risks: Sequence[Risk]) -> str:
    """Of how many controls risks are accepted: a control may have several, each with its end."""
    count = len({each.control for each in risks})
    return trn("They concern {count} control.", "They concern {count} controls.", count)


def products(claim: Claim) -> list[tuple[str, str]]:
    """The products that a certificate covers, does not cover, and those not evaluated, by name.

    Each reason is once behind the products for which it is given.
    """
    return [
        (tr(claim.awarded), ", ".join(claim.inside)),
        (tr("not {awarded}", awarded=tr(claim.awarded)), _by_reason(claim.outside)),
        (tr("not evaluated"), _by_reason(claim.undecided)),
    ]


def _by_reason(found: Sequence[tuple[str, str]]) -> str:
    reasons: dict[str, list[str]] = {}
    for product, reason in found:
        reasons.setdefault(reason, []).append(product)
    return listed(
        f"{', '.join(names)} ({with_days('; '.join(map(translated, reason.split('; '))))})"
        for reason, names in reasons.items()
    )


def lasting(days: int | None, else_: str) -> str:
    """A number of days in words; where there are none, what that means."""
    return trn("{count} day", "{count} days", days) if days else else_


def kept(durations: Durations) -> list[str]:
    """How long backups and logs are kept, each behind its label."""
    return [
        labelled(tr("Backups of the database, at least"), lasting(durations.backups, "")),
        labelled(tr("logs, at least"), lasting(durations.logs, "")),
    ]


def passing(result: Result) -> list[tuple[str, str]]:
    """Titles of the controls that pass, with their identifiers."""
    return _of(result, Outcome.PASS)


def not_applicable(result: Result) -> list[tuple[str, str]]:
    """Titles of the controls that do not apply, with their identifiers."""
    return _of(result, Outcome.NOT_APPLICABLE)


def _of(result: Result, outcome: Outcome) -> list[tuple[str, str]]:
    named = answers.titles(result)
    found = (each.id for each in result.controls if result.verdict(each.id) == outcome.value)
    return [(named[control], control) for control in sorted(found)]


def _risk(result: Result, findings: Sequence[Finding], waiver: Waiver | None) -> Risk:
    first = min(findings, key=lambda finding: (finding.unevaluated, finding.severity.rank))
    own = answers.titles(result).get(first.control, first.control)
    gaps = [each.gap for each in findings if each.gap]
    known = [tr("known before")] if all(each.known for each in findings) else []
    outside = [tr("outside the profile")] if answers.beyond(result, first) else []
    return Risk(
        first.control,
        tr(first.severity.value),
        status(findings[0].kind.value),
        answers.unmet(first, own, answers.unclear(result)),
        ", ".join(answers.distinct(filter(None, map(_scope, findings)))),
        tuple(answers.distinct(filter(None, map(_discovered, findings)))),
        tuple(answers.distinct(_stated(gap.fallback) for gap in gaps if gap.fallback)),
        tuple(answers.distinct(filter(None, (fixed_in(each.fix) for each in findings)))),
        (*known, *outside),
        waiver,
    )


def _scope(finding: Finding) -> str:
    """What a finding is about: a resource, a capability, or a property of the plan."""
    if finding.name:
        return finding.name
    return answers.subject(finding) if finding.gap else named(finding.property)


def _discovered(finding: Finding) -> str:
    """The residual risk of a gap; else what was found, behind its property."""
    if finding.gap:
        return _stated(finding.gap.risk)
    told = translated(finding.found)
    about = named(finding.property)
    return with_days(capitalised(labelled(about, told) if about and told else told))


def _stated(text: str) -> str:
    """A text of a gap as a paragraph of its own."""
    return capitalised(translated(text))
