"""What a pack tells: its policies, and what was found, as messages of Pulumi's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi.runtime.proto import analyzer_pb2 as proto

from havre.pack.request import SCHEMA
from havre.plan import urns
from havre.policy import Outcome, Severity
from havre.policy.findings import FindingKind
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.policy import Control
    from havre.policy.findings import Finding, Result
    from havre.policy.frameworks import Framework, Frameworks, Heading

NAME = "havre"
"""Name of the pack, and of the policy that bears its configuration."""
SEVERITIES = {
    Severity.CRITICAL: proto.POLICY_SEVERITY_CRITICAL,
    Severity.HIGH: proto.POLICY_SEVERITY_HIGH,
    Severity.MEDIUM: proto.POLICY_SEVERITY_MEDIUM,
    Severity.LOW: proto.POLICY_SEVERITY_LOW,
}


def pack_policy() -> proto.PolicyInfo:
    """The policy that bears the configuration.

    It is one over single resources, for the engine to send their inputs: of the whole stack it
    sends outputs.
    """
    info = proto.PolicyInfo(
        name=NAME,
        displayName="What is checked",
        description="The file, the provider and the profile of the check.",
        enforcementLevel=proto.MANDATORY,
        policy_type=proto.POLICY_TYPE_RESOURCE,
    )
    info.configSchema.properties.update({key: dict(value) for key, value in SCHEMA.items()})
    return info


def control_policy(control: Control, frameworks: Frameworks) -> proto.PolicyInfo:
    """The policy that a control is; it bears the control's identifier."""
    info = proto.PolicyInfo(
        name=control.id,
        displayName=control.title,
        description=f"{control.id}: {control.title}",
        message=control.remedy,
        enforcementLevel=proto.MANDATORY,
        policy_type=proto.POLICY_TYPE_STACK,
        severity=SEVERITIES[control.severity],
        remediation_steps=control.remedy,
        tags=[control.family, f"profile:{control.profile}", *control.cites],
    )
    if cited := _first_cited(control, frameworks):
        info.framework.CopyFrom(_framework(*cited))
    return info


def _first_cited(control: Control, frameworks: Frameworks) -> tuple[Framework, Heading] | None:
    """The first heading that a control cites: a policy has room for one, its tags for all."""
    known = {
        each.identifier(heading): (each, heading)
        for each in frameworks.items
        for heading in each.headings
    }
    return next((known[cited] for cited in control.cites if cited in known), None)


def _framework(framework: Framework, heading: Heading) -> proto.PolicyComplianceFramework:
    return proto.PolicyComplianceFramework(
        name=framework.title,
        version=framework.version or framework.date,
        reference=framework.identifier(heading),
        specification=heading.title,
    )


def level(
    finding: Finding, own: proto.EnforcementLevel.ValueType, *, pending: bool
) -> proto.EnforcementLevel.ValueType:
    """How a finding is enforced.

    Args:
        finding: what was found.
        own: level of its policy.
        pending: whether what is not known is let pass, for now or at all.
    """
    told_only = finding.kind in {FindingKind.WARNING, FindingKind.WAIVED}
    if told_only or (finding.kind is FindingKind.UNKNOWN and pending):
        return proto.ADVISORY
    return proto.MANDATORY if own == proto.REMEDIATE else own


def message(finding: Finding, title: str, *, preview: bool) -> str:
    """What a finding says, for people: title, what was found, what to do, who answers for it."""
    whose = "" if urns.is_urn(finding.resource) or not finding.resource else f"{finding.resource}: "
    name = whose + (f"{finding.property}: " if finding.property else "")
    wanted = f"; wanted: {finding.wanted}" if finding.wanted else ""
    kinds = {FindingKind.UNKNOWN: "not decided yet: " if preview else "not evaluated: "}
    lines = [title, f"{kinds.get(finding.kind, '')}{name}{finding.found}{wanted}", finding.remedy]
    if waiver := finding.waiver:
        until = (
            "ended" if finding.kind in {FindingKind.FAIL, FindingKind.UNKNOWN} else "valid until"
        )
        why = f"{waiver.reason} ({waiver.decision})"
        lines.append(f"waiver of {waiver.owner} {until} {waiver.expires}: {why}")
    if finding.location:
        lines.append(f"{finding.location.file}:{finding.location.line}")
    return "\n".join(inert(line) for line in lines if line)


def not_applicable(
    result: Result, controls: tuple[Control, ...]
) -> Iterator[proto.PolicyNotApplicable]:
    """The controls that had nothing to judge, and why."""
    asked = {control.id for control in result.controls}
    told = {finding.control for finding in result.findings}
    for control in controls:
        if control.id in told:
            continue
        if control.id not in asked:
            reason = f"profile {result.profile} does not require it"
            yield proto.PolicyNotApplicable(policy_name=control.id, reason=reason)
        elif result.verdict(control.id) == Outcome.NOT_APPLICABLE:
            reason = "the plan has nothing of the kind"
            yield proto.PolicyNotApplicable(policy_name=control.id, reason=reason)
