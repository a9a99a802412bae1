"""Judging a plan: every control over its facts, into one result.

Nothing fails open. A control that raises is a failing finding; so is a resource whose facts
raise; what is not known is a finding of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from havre.errors import ANYTHING, InputError, show_traceback
from havre.facts import Facts, Known, Reserve, facts_of, revealed
from havre.facts.model import OF_DATA, Bearer, Place
from havre.plan.values import secret_texts
from havre.policy.findings import Finding, FindingKind, Location, Result, Waiver, Whereabouts
from havre.policy.fixes import Fix, Places, fix_of
from havre.policy.model import (
    BROKEN,
    Case,
    Control,
    FixIn,
    Outcome,
    Profile,
    Rehearsal,
    Severity,
    Verdict,
    about,
)
from havre.policy.own import failed, no_verdict
from havre.policy.qualifications import Qualifications, Settings, claim
from havre.policy.registry import own_controls
from havre.policy.selection import EVERYTHING, Selection
from havre.policy.waivers import applied, refuse_unknown, unused
from havre.provider import TITLE, provides, remedy
from havre.provider.conventions import early_settings
from havre.spec.durations import durations_of
from havre.spec.endings import notices
from havre.spec.model import HEALTH_DATA
from havre.spec.schema import field_names
from havre.spec.schemes import SECNUMCLOUD

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo

    from havre.plan import Plan
    from havre.probe.record import ProbeRecord
    from havre.provider import Gap, Provider
    from havre.spec import Warehouse
    from havre.spec.load import Lines

KINDS = {
    Outcome.FAIL: FindingKind.FAIL,
    Outcome.UNKNOWN: FindingKind.UNKNOWN,
    Outcome.NOT_IN_FORCE: FindingKind.FAIL,
    Outcome.NOT_SEEN: FindingKind.WARNING,
    Outcome.OUTSIDE: FindingKind.UNKNOWN,
}
"""What is asked for and not in force fails; what was in force, and is not seen, is a warning."""
RESERVES = {
    Outcome.NOT_IN_FORCE: Reserve.NOT_IN_FORCE,
    Outcome.NOT_SEEN: Reserve.NOT_SEEN,
    Outcome.OUTSIDE: Reserve.OUTSIDE,
}
ASK = (
    "Ask the responsible party for evidence, and accept the risk in a waiver with that reason and"
    " an expiry date."
)
"""Remedy of what is outside the plan, whatever the control."""
ORDER = (FindingKind.FAIL, FindingKind.UNKNOWN, FindingKind.WARNING, FindingKind.WAIVED)
FOUND = tuple(KINDS)
EVALUATION = "evaluation"
"""Source of a plan that Havre's own program made; any other is somebody's file or request."""
SANDBOX = "sandbox"
"""Source of a preview or a state of a sandbox: no evidence of what a provider runs."""
OF_SANDBOX = "This is a sandbox on one machine. It is not evidence of a deployment on {}."
"""What a result says of it."""
PROBE_AGAIN = (
    "Correct what is deployed: `havre drift` shows what was changed by hand, `havre up` applies the"
    " file. Then run `havre probe` again."
)
"""Remedy of what probes saw otherwise, whatever the control."""
SHORTEST = 8
"""A shorter secret cannot be told from a word: what may hold one is not shown at all."""
LONG = 16
"""A secret of so many characters is masked within a longer word as well."""
WITHHELD = "[withheld: it may contain a secret]"
MOST = 2_000
"""Characters of what was found."""


def profile_of(spec: Warehouse) -> Profile:
    """The profile that a spec calls for: `sovereign` for SecNumCloud, `health` for health data."""
    if SECNUMCLOUD in spec.residency.qualifications:
        return Profile.SOVEREIGN
    return Profile.HEALTH if spec.classification in HEALTH_DATA else Profile.BASELINE


@dataclass(frozen=True)
class Question:
    """What is to be judged.

    Attributes:
        spec: what is asked.
        plan: what would be deployed.
        provider: who provides it.
        as_of: the day on which dates are judged.
        profile: which controls; None: as the spec calls for.
        source: where the plan comes from.
        gaps: what the provider cannot do for this spec.
        qualifications: dated records of certificates.
        waivers: what somebody answers for.
        exit: the provider to leave for, if it is named and installed.
        exit_gaps: what that one cannot do for this spec.
        rehearsed: the last rehearsal of the exit, by its seal.
        settings: what the stack says, by name; a setting that it leaves unsaid is not there.
        installed: names of the providers that are installed.
        file: the spec's file, as the user named it; empty where there is none.
        lines: where its keys stand.
        allow_unknown: whether what is not known is let pass.
        fail_on: the least severity that fails; None: nothing does.
        selection: which of the controls are evaluated.
        probes: what probes saw of it, as it is deployed; None: they were not given.
    """

    spec: Warehouse
    plan: Plan
    provider: Provider
    as_of: dt.date
    profile: Profile | None = None
    source: str = EVALUATION
    gaps: tuple[Gap, ...] = ()
    qualifications: Qualifications = Qualifications(())  # noqa: RUF009 - frozen
    waivers: tuple[Waiver, ...] = ()
    exit: Provider | None = None
    exit_gaps: tuple[Gap, ...] = ()
    rehearsed: Rehearsal | None = None
    settings: Settings = field(default_factory=dict, repr=False)
    installed: tuple[str, ...] = ()
    file: str = ""
    lines: Lines | None = None
    allow_unknown: bool = False
    fail_on: Severity | None = Severity.LOW
    selection: Selection = EVERYTHING
    probes: ProbeRecord | None = None

    def locate(self, cause: tuple[str, ...]) -> Location | None:
        """Where a path of the spec stands in its file."""
        if self.lines is None or not cause:
            return None
        return Location(self.file, self.lines.locate(cause)[0])


def judge(question: Question, controls: Sequence[Control]) -> Result:
    """Judge a plan by every control that its profile or its spec asks for.

    Args:
        question: what is to be judged.
        controls: those that are installed.

    Raises:
        InputError: a waiver names a control that does not exist.
    """
    return judge_with_facts(question, controls)[0]


def judge_with_facts(question: Question, controls: Sequence[Control]) -> tuple[Result, Facts]:
    """As `judge`, with the facts by which it was judged."""
    refuse_unknown(question.waivers, {control.id for control in controls})
    profile = question.profile or profile_of(question.spec)
    due = tuple(c for c in controls if _applies(c, profile, question.spec))
    asked = _selected(due, question.selection, profile)
    if question.source != EVALUATION:
        question = replace(question, plan=revealed(question.plan, question.provider.facts))
    facts = facts_of(question.plan, question.provider.facts)
    case = _case(question, facts)
    raised = {each.urn: each.raised for each in facts.unclassified if each.raised}
    outcomes: dict[str, Counter[Outcome]] = {}
    findings: list[Finding] = []
    for control in asked:
        verdicts = _verdicts(control, case)
        told = [verdict.outcome for verdict in verdicts]
        outcomes[control.id] = Counter({o: count for o in Outcome if (count := told.count(o))})
        findings += (_finding(control, v, question, raised) for v in verdicts if v.outcome in FOUND)
    left_out = tuple(control for control in due if control not in asked)
    beside = _beside(findings, left_out, case, question)
    findings += _gap_findings(question, profile, {control.id: control for control in controls})
    findings += _seen_otherwise(question, asked)
    everything = _waived(findings, question, {control.id for control in asked})
    fixed = _fixed(everything, beside, question, {control.id: control for control in controls})
    result = _result(question, profile, asked, fixed, outcomes, facts)
    required = profile_of(question.spec)
    below = [c for c in controls if _applies(c, required, question.spec) and c not in due]
    return replace(
        result,
        left_out=tuple(control.id for control in left_out),
        required=required if below else None,
        below=len(below),
    ), facts


def _seen_otherwise(question: Question, asked: Iterable[Control]) -> Iterator[Finding]:
    """A promise that probes saw broken fails, whatever the plan has of it."""
    if question.probes is None:
        return
    for control in asked:
        for each in question.probes.of(control.id):
            if each.outcome.broken:
                yield Finding(
                    *(control.id, FindingKind.FAIL, control.severity),
                    property=f"{each.probe}, {each.target}",
                    found=f"seen otherwise: {each.told}",
                    remedy=PROBE_AGAIN,
                    fix=Fix(FixIn.DEPLOYED),
                )


def _beside(
    findings: Iterable[Finding], left_out: Iterable[Control], case: Case, question: Question
) -> list[Finding]:
    """What Havre's controls find that were left out, for where those of one's own are fixed."""
    ours = own_controls()
    if all(each.control in ours for each in findings):
        return []
    return [
        _finding(control, verdict, question, {})
        for control in left_out
        if control.id in ours
        for verdict in _verdicts(control, case)
        if verdict.outcome in FOUND
    ]


def _selected(
    due: tuple[Control, ...], selection: Selection, profile: Profile
) -> tuple[Control, ...]:
    """Those of the controls that are evaluated.

    Raises:
        InputError: none is left, so that nothing would be checked.
    """
    found = tuple(each for each in due if selection.takes(each.id, each.severity))
    if due and not found:
        message = f"No control is left to evaluate: profile {profile} has none of those selected"
        raise InputError(message, "Select others, or name another --profile.")
    return found


def _applies(control: Control, profile: Profile, spec: Warehouse) -> bool:
    """Whether a control is to be judged; one that cannot tell is."""
    if profile.includes(control.profile) or control.asked is None:
        return profile.includes(control.profile)
    try:
        return control.asked(spec)
    except ANYTHING:  # a stranger's function may raise anything
        show_traceback()
        return True


def _case(question: Question, facts: Facts) -> Case:
    return Case(
        question.spec,
        facts,
        question.plan,
        question.provider,
        question.gaps,
        question.qualifications,
        question.as_of,
        question.exit,
        question.exit_gaps,
        question.rehearsed,
        question.settings,
        question.installed,
    )


def _verdicts(control: Control, case: Case) -> list[Verdict]:
    """What a control says; where it raises it has failed, and goes on with the next resource."""
    found: list[Verdict] = []
    for urn, ask in control.questions(case):
        try:
            for verdict in ask():
                if not isinstance(verdict, Verdict):
                    found.append(no_verdict(control, verdict, urn))
                    continue
                # One that raises later takes none of these.
                told = verdict.outcome in FOUND
                found.append(about(verdict, urn) if told else verdict)
        except ANYTHING as error:  # an error inside a control is itself a finding
            show_traceback()
            found.append(failed(control, error, urn))
    return found


def _finding(
    control: Control, verdict: Verdict, question: Question, raised: Mapping[str, str]
) -> Finding:
    found = verdict.found
    if control.id == "inventory.known" and verdict.resource in raised:
        found = f"{found}, whose facts failed ({raised[verdict.resource]})"
    return Finding(
        control.id,
        KINDS[verdict.outcome],
        control.severity,
        str(verdict.resource),  # a malformed file may name a resource by anything
        verdict.property,
        found,
        verdict.wanted,
        _remedy(control, verdict, question),
        Location(*verdict.at) if verdict.at else question.locate(verdict.cause or control.cause),
        field="" if verdict.property == BROKEN else ".".join(verdict.cause or control.cause),
        reserve=RESERVES.get(verdict.outcome),
        fix=Fix(verdict.fixed_in, ".".join(verdict.cause or control.cause))
        if verdict.fixed_in
        else None,
    )


def _remedy(control: Control, verdict: Verdict, question: Question) -> str:
    if verdict.outcome is Outcome.OUTSIDE:
        return ASK
    return verdict.remedy or remedy(question.provider, control.id) or control.remedy


def _gap_findings(
    question: Question, profile: Profile, controls: dict[str, Control]
) -> list[Finding]:
    """A gap is a finding: a warning in the baseline, a failure beyond."""
    kind = FindingKind.WARNING if profile is Profile.BASELINE else FindingKind.FAIL
    found = []
    for gap in question.gaps:
        control = controls.get(gap.control)
        severity = control.severity if control else Severity.MEDIUM
        if not question.selection.takes(gap.control, severity):
            continue
        cause = tuple(gap.fields[0].split(".")) if gap.fields else ()
        cause = cause or (control.cause if control else ())
        found.append(
            Finding(
                gap.control,
                kind,
                severity,
                property=gap.capability.value,
                found=gap.reason.removesuffix("."),
                wanted=f"{gap.capability.value} at {question.provider.name}",
                remedy=f"Compensating measure: {gap.fallback}",
                location=question.locate(cause),
                gap=gap,
                field=".".join(cause),
            )
        )
    return found


def _waived(
    findings: Iterable[Finding], question: Question, asked: set[str]
) -> tuple[Finding, ...]:
    """The findings with their waivers, the worst first."""
    name, day, masked = question.provider.name, question.as_of, _Mask(question.plan)
    found = [applied(finding, question.waivers, name, day) for finding in findings]
    concerned = asked | {finding.control for finding in found}
    found += unused(question.waivers, found, name, concerned)
    return tuple(
        sorted(
            map(masked, found),
            key=lambda f: (ORDER.index(f.kind), f.severity.rank, f.control, f.resource, f.property),
        )
    )


def _fixed(
    findings: Sequence[Finding],
    beside: Iterable[Finding],
    question: Question,
    controls: Mapping[str, Control],
) -> tuple[Finding, ...]:
    """The findings, each with where it is fixed.

    Args:
        findings: those of the check.
        beside: others of Havre's own controls, by which those of one's own are understood.
        question: of the check.
        controls: every control, by identifier.
    """
    settings = question.provider.settings.model_fields.items()
    places = Places(
        frozenset(n for n, field in settings if not question.settings.get(n, _default(field))),
        field_names(),
        frozenset(gap.control for gap in question.gaps),
        own_controls(),
        {name: text for name, text in question.settings.items() if isinstance(text, str) and text},
    )
    known: dict[tuple[str, str, str], Fix] = {}
    for each in chain(beside, findings):
        if each.resource and each.control in places.ours:
            key = (each.resource, each.property, each.found)
            fix = fix_of(each, controls.get(each.control), places)
            if key not in known or fix.where is FixIn.SETTING:
                known[key] = fix
    places = replace(places, found=known)
    return tuple(
        replace(each, fix=fix_of(each, controls.get(each.control), places)) for each in findings
    )


def _default(setting: FieldInfo) -> object:
    """What a setting is where the stack leaves it unset; None where it must be set."""
    return None if setting.is_required() else setting.get_default(call_default_factory=True)


class _Mask:
    """Takes secrets out of what was found, and cuts it to what a report holds.

    A fact reads through a secret, so its value may stand in what a control found: of the
    resource's own, or of one that the two are tied by. Whole words are masked, so that a secret
    which is a syllable hides nothing else; what may hold a short one is withheld, for a mask
    would show where it stood.
    """

    def __init__(self, plan: Plan) -> None:
        self._resources = (*plan.resources, *plan.removed, *plan.released)

    @cached_property
    def _secrets(self) -> Mapping[str, frozenset[str]]:
        """Texts that secrets wrap, by URN; only of what has some."""
        found: dict[str, set[str]] = defaultdict(set)
        for each in self._resources:
            found[each.urn].update(filter(None, secret_texts(each.inputs)))
        return {urn: frozenset(texts) for urn, texts in found.items() if texts}

    @cached_property
    def _long(self) -> list[str]:
        """Secrets of every resource that are long enough to be told from words."""
        texts = {text for held in self._secrets.values() for text in held if len(text) >= SHORTEST}
        return sorted(texts, key=lambda text: (-len(text), text))

    @cached_property
    def _tied(self) -> Mapping[str, set[str]]:
        """By URN, those of resources that it depends on or that depend on it, if they hold any."""
        found: dict[str, set[str]] = defaultdict(set)
        for each in self._resources:
            for other in (
                each.parent,
                *each.dependencies,
                *chain(*each.property_dependencies.values()),
            ):
                found[each.urn].add(other)
                found[other].add(each.urn)
        return {urn: others & self._secrets.keys() for urn, others in found.items()}

    def __call__(self, finding: Finding) -> Finding:
        """A finding, as it may be shown."""
        text = self._shown(finding)
        return finding if text == finding.found else replace(finding, found=text)

    def _shown(self, finding: Finding) -> str:
        text = finding.found
        if not self._secrets or not text:
            return text[:MOST]
        near = {finding.resource} | self._tied.get(finding.resource, set())
        near |= set() if finding.resource else self._secrets.keys()
        short = {s for urn in near for s in self._secrets.get(urn, ()) if len(s) < SHORTEST}
        if any(_without(text, secret) != text for secret in short):
            return WITHHELD
        for secret in self._long:
            text = _without(text, secret)
        return text[:MOST]


def _without(text: str, secret: str) -> str:
    """A text with a secret masked wherever it stands as a whole word."""
    if secret not in text:
        return text
    pieces = text.split(secret)
    found = pieces[0]
    for before, piece in pairwise(pieces):
        inside = before[-1:].isalnum() and secret[0].isalnum()
        inside = inside or (piece[:1].isalnum() and secret[-1].isalnum())
        found += (secret if inside and len(secret) < LONG else "[secret]") + piece
    return found


def _places(facts: Facts) -> tuple[tuple[Whereabouts, ...], int]:
    """Where copies lie, by kind and region, and how many bearers of data do not tell."""
    counted: dict[tuple[str, str, str | None], list[bool]] = defaultdict(list)
    unplaced = 0
    for item in facts.items:
        if not isinstance(item, Bearer):
            continue
        places: tuple[Place, ...] = item.places.value if isinstance(item.places, Known) else ()
        unplaced += not places
        for place in (place for place in places if place.copy in OF_DATA):
            counted[place.copy.value, place.region, place.country].append(bool(place.implied))
    lies = (Whereabouts(*key, len(implied), sum(implied)) for key, implied in counted.items())
    return tuple(
        sorted(lies, key=lambda each: (each.country or "", each.region, each.copy))
    ), unplaced


def _warnings(question: Question) -> tuple[str, ...]:
    """What a state says of its resources, what a first deployment refuses, which projects end."""
    of_state = question.plan.warnings if question.source in ("state", SANDBOX) else ()
    what = (OF_SANDBOX.format(question.provider.name),) if question.source == SANDBOX else ()
    early = _early(question)
    return (*what, *of_state, *early, *notices(question.spec, question.as_of))


def _early(question: Question) -> tuple[str, ...]:
    if question.source != EVALUATION:
        return ()
    return early_settings(question.provider.settings, question.settings)


def _result(
    question: Question,
    profile: Profile,
    asked: tuple[Control, ...],
    findings: tuple[Finding, ...],
    outcomes: dict[str, Counter[Outcome]],
    facts: Facts,
) -> Result:
    lies, unplaced = _places(facts)
    return Result(
        warehouse=question.spec.name,
        environment=question.spec.environment.value,
        provider=question.provider.name,
        operator=question.provider.operator,
        source=question.source,
        profile=profile,
        as_of=question.as_of,
        resources=sum(resource.made for resource in question.plan.resources),
        findings=findings,
        outcomes=outcomes,
        controls=asked,
        lies=lies,
        unplaced=unplaced,
        unknown_types=Counter(sorted(str(each.type) for each in facts.unclassified)),
        warnings=_warnings(question),
        claims=tuple(
            claim(question.qualifications, scheme, facts, question.as_of, question.settings)
            for scheme in question.qualifications.schemes
        ),
        placeholders=question.plan.placeholders,
        title=provides(question.provider, TITLE).or_else(question.provider.name),
        allow_unknown=question.allow_unknown,
        fail_on=question.fail_on,
        rehearsed=question.rehearsed,
        durations=durations_of(question.spec),
        probes=question.probes,
    )
