"""Findings: what a check tells, in one model for every rendering."""

from __future__ import annotations

import builtins
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from havre.errors import ExitCode
from havre.facts.values import Reserve
from havre.plan import urns
from havre.policy.model import FixIn, Outcome, Profile, Severity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from havre.policy.fixes import Fix
    from havre.policy.model import Control, Rehearsal
    from havre.policy.qualifications import Claim
    from havre.probe.promises import SeenControl
    from havre.probe.record import ProbeRecord
    from havre.provider import Gap, Operator
    from havre.spec.durations import Durations


class FindingKind(StrEnum):
    """What a finding is."""

    FAIL = "fail"
    UNKNOWN = "unknown"
    WARNING = "warning"
    WAIVED = "waived"


@dataclass(frozen=True)
class Location:
    """Where the cause lies in the user's file; `line` counts from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Waiver:
    """A finding whose risk a named owner accepts until a set date.

    Attributes:
        control: identifier of the control.
        owner: who accepts the risk.
        reason: why.
        decision: reference of the decision.
        expires: last day on which it counts.
        provider: name of the provider concerned; empty: any.
        resources: patterns (`*` matches any text) of `TYPE::NAME`, URNs or capabilities of gaps;
            properties, of findings about the whole plan; empty: all.
        location: where it is in its file.
        ends_at: where its `expires` is.
    """

    control: str
    owner: str
    reason: str
    decision: str
    expires: dt.date
    provider: str = ""
    resources: tuple[str, ...] = ()
    location: Location | None = None
    ends_at: Location | None = field(default=None, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """The waiver as JSON-ready values."""
        return {
            "control": self.control,
            "owner": self.owner,
            "reason": self.reason,
            "decision": self.decision,
            "expires": self.expires.isoformat(),
        }


def _joined(*parts: str) -> str:
    """Parts as one text, each escaped so that none reaches into the next."""
    return "|".join(part.replace("%", "%25").replace("|", "%7C") for part in parts)


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold, or is not known, or is waived.

    Attributes:
        control: identifier of the control.
        kind: what it is.
        severity: of the control.
        resource: URN; empty where it is the plan's or the provider's.
        property: which property decided.
        found: what it is.
        wanted: what it should be.
        remedy: what to do, in the provider's words where it has some.
        location: where the cause lies in the spec or the waivers.
        waiver: what covers it, if anything does, or did until it ended.
        gap: the gap that this finding is, if it is one.
        known: whether a baseline has it, as bad as it is now, with the same found.
        changed: whether a baseline has it with something else found: it is judged as if new.
        field: dotted path of the field of the warehouse file that requires it; empty: none does.
        fix: where it is fixed; None: nobody has derived it.
        reserve: why it is counted apart: what would pass is not in force or not seen, or what is
            not evaluated is outside the plan.
        unevaluated: whether its waiver covers what was not evaluated.
    """

    control: str
    kind: FindingKind
    severity: Severity
    resource: str = ""
    property: str = ""
    found: str = ""
    wanted: str = ""
    remedy: str = ""
    location: Location | None = None
    waiver: Waiver | None = None
    gap: Gap | None = None
    known: bool = False
    changed: bool = False
    field: str = ""
    fix: Fix | None = None
    reserve: Reserve | None = None
    unevaluated: bool = False

    @builtins.property  # a field of this class bears the name
    def name(self) -> str:
        """Logical name of the resource; empty where there is none.

        What is outside the plan has an identifier of its provider, of which the last part names it.
        """
        named = urns.name(self.resource)
        return named.rpartition("/")[2] if self.resource.startswith("/") else named

    @builtins.property  # a field of this class bears the name
    def difference(self) -> str:
        """What was found and is required, in one sentence; empty where nothing was found."""
        if not self.found:
            return ""
        about = f"{self.property}: " if self.property else ""
        required = f"; required: {self.wanted}" if self.wanted else ""
        return f"{about}{self.found}{required}"

    @builtins.property  # a field of this class bears the name
    def fingerprint(self) -> str:
        """Text that stays the same while the finding does, whatever its dates and lines."""
        subject = self.gap.capability.value if self.gap else self.resource
        return _joined(self.control, subject, self.property)

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready values; the last, from `reserve` on, only where it is."""
        place = self.location
        known = {"known": True} if self.known else {"changed": True} if self.changed else {}
        return {
            "control": self.control,
            "outcome": self.kind.value,
            "severity": self.severity.value,
            "resource": self.resource,
            "property": self.property,
            "found": self.found,
            "wanted": self.wanted,
            "remedy": self.remedy,
            "fix": self.fix.as_dict() if self.fix else None,
            "location": {"file": place.file, "line": place.line} if place else None,
            "waiver": self.waiver.as_dict() if self.waiver else None,
            "gap": self.gap.as_dict() if self.gap else None,
            **({"reserve": self.reserve.value} if self.reserve else {}),
            **({"unevaluated": True} if self.unevaluated else {}),
            **known,
        }


@dataclass(frozen=True)
class Former:
    """A finding of a former check, as far as the next one needs it.

    Attributes:
        control: identifier of the control.
        kind: what it was.
        subject: URN, or the capability of a gap; empty where it is the plan's.
        property: which property decided.
        found: what it was.
    """

    control: str
    kind: FindingKind
    subject: str
    property: str
    found: str = ""

    @builtins.property  # a field of this class bears the name
    def fingerprint(self) -> str:
        """As `Finding.fingerprint`."""
        return _joined(self.control, self.subject, self.property)

    def as_dict(self) -> dict[str, Any]:
        """The former finding as JSON-ready values."""
        return {
            "control": self.control,
            "outcome": self.kind.value,
            "subject": self.subject,
            "property": self.property,
        }


@dataclass(frozen=True)
class Whereabouts:
    """Copies of one kind in one region.

    Attributes:
        copy: what they are to the warehouse, such as `backup`.
        region: the provider's name of the region; empty where it names none.
        country: ISO 3166-1 alpha-2; None where it is not known.
        resources: how many resources have such a copy there.
        implied: how many of them bring it there without naming the place.
    """

    copy: str
    region: str
    country: str | None
    resources: int
    implied: int

    def as_dict(self) -> dict[str, Any]:
        """The place as JSON-ready values."""
        return {
            "copy": self.copy,
            "region": self.region,
            "country": self.country,
            "resources": self.resources,
            "implied": self.implied,
        }


@dataclass(frozen=True)
class InputFile:
    """A file that a check read.

    Attributes:
        role: what it is to the check: `warehouse`, `waivers`, `preview`, `state`, `probes`,
            `estate N`, `seal`, `seal signer's CA` or `seal time-stamp CA`.
        file: its path as the user named it.
        sha256: of its bytes, hexadecimal, as `sha256sum` prints it.
    """

    role: str
    file: str
    sha256: str

    def as_dict(self) -> dict[str, str]:
        """The file as JSON-ready values."""
        return {"role": self.role, "file": self.file, "sha256": self.sha256}


@dataclass(frozen=True)
class Provenance:
    """What ties a result to its input.

    Attributes:
        tool: name and version of Havre.
        controls: distributions of the controls, each with its version.
        frameworks: keys of frameworks, each with its own version and date, as far as known.
        inputs: files that were read.
        organisation: that the warehouse file names.
        time: when the check ran (UTC, ISO 8601), as it was given; empty: only the day was.
    """

    tool: str
    controls: tuple[str, ...]
    frameworks: tuple[str, ...]
    inputs: tuple[InputFile, ...]
    organisation: str
    time: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What ties a result to its input, as JSON-ready values."""
        return {
            "tool": self.tool,
            "controls": list(self.controls),
            "frameworks": list(self.frameworks),
            "inputs": [each.as_dict() for each in self.inputs],
            "organisation": self.organisation,
            "time": self.time or None,
        }


@dataclass(frozen=True)
class Lowered:
    """In what a check asks for less than a former one.

    Attributes:
        before: the former profile.
        now: the profile.
        controls_before: how many controls were asked for.
        controls_now: how many are.
    """

    before: Profile
    now: Profile
    controls_before: int
    controls_now: int

    @property
    def is_less(self) -> bool:
        """Whether it is less at all."""
        return self.lower or self.fewer

    @property
    def lower(self) -> bool:
        """Whether the profile is a lower one."""
        return not self.now.includes(self.before)

    @property
    def fewer(self) -> bool:
        """Whether there are fewer controls."""
        return self.controls_now < self.controls_before


@dataclass(frozen=True)
class Result:
    """All that a check tells.

    Attributes:
        warehouse: name of the warehouse.
        environment: of the warehouse.
        provider: name of the provider.
        operator: who runs its services.
        source: where the plan comes from: `evaluation`, `preview`, `state`, `analyzer` or
            `sandbox`.
        profile: which controls were asked for.
        as_of: the day on which dates were judged.
        resources: how many resources a provider would make.
        findings: the worst first.
        outcomes: every outcome of every control that was asked for, counted.
        controls: the controls that were asked for.
        lies: where the data, copies, backups, keys and logs lie.
        unplaced: how many data-bearing resources do not tell where they lie.
        unknown_types: how many resources there are of each type that is not known.
        warnings: what the plan's source says of resources, such as one that is tainted, and which
            projects end.
        claims: qualifications of the stack at hand.
        placeholders: settings that were not given.
        allow_unknown: whether what is not known is let pass.
        fail_on: the least severity that fails; None: nothing does.
        gone: findings of the baseline that are no more; None: there is no baseline.
        lowered: in what less is asked for than in the baseline; None: in nothing.
        left_out: identifiers of controls that the profile has and the user did not have evaluated.
        required: profile that the warehouse file requires, where a lower one was named; None: no
            lower one was.
        below: how many controls of that profile were not evaluated for it.
        title: the provider's name as its owner writes it; empty: its short name.
        provenance: what it was made from and by; None: nobody has recorded it.
        rehearsed: the seal of an exit that was given as evidence; None: none was.
        durations: how long the warehouse file has data kept, and until when projects read it;
            None: nobody has recorded it.
        probes: what probes saw of it, as it is deployed; None: they were not given.
    """

    warehouse: str
    environment: str
    provider: str
    operator: Operator
    source: str
    profile: Profile
    as_of: dt.date
    resources: int
    findings: tuple[Finding, ...]
    outcomes: Mapping[str, Mapping[Outcome, int]]
    controls: tuple[Control, ...]
    lies: tuple[Whereabouts, ...] = ()
    unplaced: int = 0
    unknown_types: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    placeholders: tuple[str, ...] = ()
    allow_unknown: bool = False
    fail_on: Severity | None = Severity.LOW
    gone: tuple[Former, ...] | None = None
    lowered: Lowered | None = None
    left_out: tuple[str, ...] = ()
    required: Profile | None = None
    below: int = 0
    title: str = ""
    provenance: Provenance | None = None
    rehearsed: Rehearsal | None = None
    durations: Durations | None = None
    probes: ProbeRecord | None = None

    @property
    def subject(self) -> str:
        """The warehouse and where it is: `emc2 (production) on Paper Cloud`."""
        return f"{self.warehouse} ({self.environment}) on {self.title or self.provider}"

    def of(self, kind: FindingKind) -> list[Finding]:
        """The findings of one kind."""
        return [finding for finding in self.findings if finding.kind is kind]

    def judged(self, kind: FindingKind) -> list[Finding]:
        """The findings of one kind that the exit code heeds: those that no baseline has."""
        return [finding for finding in self.of(kind) if not finding.known]

    def verdict(self, control: str) -> str:
        """One of `VERDICTS` for a control: the worst that was said of it."""
        kinds = self._kinds.get(control, ())
        for kind in FindingKind:
            if kind in kinds:
                return kind.value
        passed = self.outcomes.get(control, {}).get(Outcome.PASS, 0)
        return (Outcome.PASS if passed else Outcome.NOT_APPLICABLE).value

    def promised(self, control: str) -> bool:
        """Whether a control passes, whatever probes saw: a gap or a waiver is no promise."""
        told = [f for f in self.findings if f.control == control and not _by_probe(f)]
        return not told and bool(self.outcomes.get(control, {}).get(Outcome.PASS, 0))

    def seen(self) -> list[SeenControl]:
        """What probes saw of each control that was asked for; of none where there are none."""
        from havre.probe.promises import seen_of

        if self.probes is None:
            return []
        found = (
            seen_of(each.id, self.probes.of(each.id), promised=self.promised(each.id))
            for each in self.controls
        )
        return [each for each in found if each is not None]

    @cached_property
    def _kinds(self) -> Mapping[str, set[FindingKind]]:
        found: dict[str, set[FindingKind]] = {}
        for finding in self.findings:
            found.setdefault(finding.control, set()).add(finding.kind)
        return found

    def reserves(self) -> dict[str, int]:
        """How many findings there are of each reserve, waived or not; of each that has some."""
        found = Counter(finding.reserve for finding in self.findings)
        return {reserve.value: found[reserve] for reserve in Reserve if found[reserve]}

    def outside(self) -> list[Finding]:
        """The findings that are not evaluated because what they ask is outside the plan."""
        return [finding for finding in self.findings if finding.reserve is Reserve.OUTSIDE]

    def unevaluated(self) -> int:
        """How many findings were not evaluated and are covered by a waiver."""
        return sum(finding.unevaluated for finding in self.findings)

    def _fails(self, finding: Finding) -> bool:
        return self.fail_on is not None and finding.severity.rank <= self.fail_on.rank

    @property
    def exit_code(self) -> ExitCode:
        """0 all hold; 1 findings; 3 something was not evaluated, and that is not allowed.

        Where less is asked for than in the baseline, findings may be gone for that reason alone.
        """
        if self.lowered or any(self._fails(finding) for finding in self.judged(FindingKind.FAIL)):
            return ExitCode.FINDINGS
        if self.judged(FindingKind.UNKNOWN) and not self.allow_unknown:
            return ExitCode.NOT_EVALUATED
        return ExitCode.OK

    def summary(self) -> dict[str, Any]:
        """The totals as JSON-ready values."""
        kinds = Counter(finding.kind for finding in self.findings)
        verdicts = Counter(self.verdict(control.id) for control in self.controls)
        return {
            "warehouse": self.warehouse,
            "environment": self.environment,
            "provider": self.provider,
            "operator": {
                "entity": self.operator.entity,
                "country": self.operator.country,
                "laws": list(self.operator.laws),
            },
            "source": self.source,
            "profile": self.profile.value,
            "as_of": self.as_of.isoformat(),
            "resources": self.resources,
            "exit_code": int(self.exit_code),
            "findings": {kind.value: kinds[kind] for kind in FindingKind},
            "controls": {name: verdicts[name] for name in VERDICTS},
            "places": [lies.as_dict() for lies in self.lies],
            "unplaced": self.unplaced,
            "qualifications": [claim.as_dict() for claim in self.claims],
            "placeholders": list(self.placeholders),
            **({"left_out": list(self.left_out)} if self.left_out else {}),
            **({"unknown_types": dict(self.unknown_types)} if self.unknown_types else {}),
            **({"warnings": list(self.warnings)} if self.warnings else {}),
            **({"reserves": reserves} if (reserves := self.reserves()) else {}),
            **({"waived_unevaluated": unevaluated} if (unevaluated := self.unevaluated()) else {}),
            **({"baseline": self.since()} if self.gone is not None else {}),
            **({"seal": self.rehearsed.as_dict()} if self.rehearsed else {}),
            **({"provenance": self.provenance.as_dict()} if self.provenance else {}),
        }

    def since(self) -> dict[str, int]:
        """How many findings are new, known before and gone; empty without a baseline."""
        if self.gone is None:
            return {}
        open_ = [finding for finding in self.findings if finding.kind is not FindingKind.WAIVED]
        known = sum(finding.known for finding in open_)
        return {"new": len(open_) - known, "known": known, "gone": len(self.gone)}

    def as_dict(self) -> dict[str, Any]:
        """The result as JSON-ready values; its schema is `findings.schema.json`."""
        gone = {} if self.gone is None else {"gone": [former.as_dict() for former in self.gone]}
        return {
            "findings": [finding.as_dict() for finding in self.findings],
            **gone,
            **({"probes": self._probed()} if self.probes else {}),
            "summary": self.summary(),
        }

    def _probed(self) -> dict[str, Any]:
        """What was seen of each control, and of what and when."""
        record = self.probes
        return {
            "at": f"{record.at:%Y-%m-%dT%H:%M:%SZ}" if record else None,
            "age_days": (self.as_of - record.at.date()).days if record else None,
            "sandbox": record.sandbox if record else None,
            "controls": [each.as_dict() for each in self.seen()],
        }


VERDICTS = ("fail", "unknown", "warning", "waived", "pass", "not-applicable")
"""Words for a control, the worst first."""


def _by_probe(finding: Finding) -> bool:
    """Whether a finding is of what was seen of the deployed warehouse, not of its plan."""
    return finding.fix is not None and finding.fix.where is FixIn.DEPLOYED
