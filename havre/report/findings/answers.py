"""What people ask of a result, put together once for the table, Markdown and HTML."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from havre.errors import ExitCode
from havre.facts.model import Copy
from havre.facts.strangers import Suspicion, suspected
from havre.facts.values import Reserve
from havre.plan import urns
from havre.policy.findings import VERDICTS, FindingKind
from havre.policy.model import Severity
from havre.policy.registry import installed_controls
from havre.policy.schemes import control_of
from havre.probe.promises import WORDS
from havre.report.findings.words import (
    COVERAGES,
    EVALUATED,
    certified,
    counted,
    day_of,
    ending,
    fixed_in,
    labelled,
    listed,
    many,
    shorter,
    status,
    undecided,
)
from havre.report.language import title, tr, trn
from havre.spec.countries import country_name

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from havre.policy.findings import Finding, Former, Location, Result, Waiver, Whereabouts
    from havre.policy.frameworks import Requirement
    from havre.policy.qualifications import Claim
    from havre.probe.promises import SeenControl
    from havre.provider import Gap

T = TypeVar("T")
NAMED = 3
"""How many of many are named."""
DONE = {
    "fail": "fail",
    "unknown": "are not evaluated",
    "warning": "have warnings",
    "waived": "are waived",
    "pass": "pass",
    "not-applicable": "do not apply",
}
"""What controls do for a requirement, which none of them meets by itself."""
KNOWN = "Known before"
"""Of a finding that the previous report has."""
OUTSIDE = "Outside the profile"
"""Of a finding whose control the profile does not have: no count of controls includes it."""
LIMITS = "This report is not a certification. It shows nothing of people, procedures and contracts."
"""What no check shows."""


@dataclass(frozen=True)
class Group:
    """Findings of one control and one kind.

    Attributes:
        control: identifier of the control.
        title: of the control; empty where it was not among those asked for.
        kind: of the findings.
        severity: the worst of theirs.
        findings: at least one.
        names: of the resources concerned, each once, without their common prefix.
    """

    control: str
    title: str
    kind: FindingKind
    severity: Severity
    findings: tuple[Finding, ...]
    names: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the previous report has them."""
        return all(finding.known for finding in self.findings)

    @property
    def fixes(self) -> list[str]:
        """Where they are fixed, each place once."""
        return distinct(filter(None, (fixed_in(finding.fix) for finding in self.findings)))

    @property
    def differences(self) -> list[str]:
        """What was found and what was wanted, each pair once."""
        return distinct(each.difference for each in self.findings if each.difference)

    @property
    def said(self) -> list[str]:
        """What was found, each once: the reasons of gaps, and differences."""
        return distinct(
            finding.gap.reason if finding.gap else finding.difference or finding.property
            for finding in self.findings
        )

    @property
    def remedies(self) -> list[str]:
        """What to do, each once."""
        return distinct(finding.remedy for finding in self.findings if finding.remedy)

    @property
    def places(self) -> list[str]:
        """File and line of the causes, each once."""
        found = (finding.location for finding in self.findings)
        return distinct(place(location) for location in found if location)

    @property
    def waivers(self) -> list[Waiver]:
        """What covers them, or did, each once."""
        return distinct(finding.waiver for finding in self.findings if finding.waiver)


@dataclass(frozen=True)
class Cover:
    """A waiver, the findings that it covers, and their resources or capabilities by name."""

    waiver: Waiver
    findings: tuple[Finding, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class FrameworkTable:
    """What the controls show of one framework: its requirements, each with its own result."""

    name: str
    requirements: tuple[Requirement, ...]

    @property
    def listed(self) -> bool:
        """Whether its requirements are listed; else they are only counted."""
        return any(item.listed for item in self.requirements)

    @property
    def counted(self) -> str:
        """How many were evaluated, and how they are listed; for one that is not listed."""
        return f"{self.totals} (listed with --framework {self.name})"

    @property
    def totals(self) -> str:
        """How many of its requirements were evaluated; a framework itself has no result."""
        headings = [item for item in self.requirements if item.id]
        found = Counter(item.verdict for item in headings)
        done = sum(found[word] for word in EVALUATED)
        of = next((item.of for item in self.requirements if item.of), None)
        if not headings:
            return f"0 of {of} requirements evaluated" if of else "no requirement is cited here"
        most = f"{of} requirements" if of else f"{many(len(headings), 'requirement')} cited here"
        said = ", ".join(f"{DONE[word]} for {found[word]}" for word in VERDICTS if found[word])
        return f"{done} of {most} evaluated" + (f": controls {said}" if said else "")


def cited(item: Requirement) -> str:
    """How a requirement is cited, such as `SNC 10.1`; a framework itself by its own name."""
    return f"{item.framework} {item.id}".rstrip()


def standing(item: Requirement) -> str:
    """How far the controls show a requirement, and the worst of their results."""
    result = status(item.verdict) if item.id else ""
    told = f"controls: {result}" if result else ""
    return ", ".join(filter(None, [COVERAGES[item.coverage.value], told]))


def contributing(item: Requirement) -> str:
    """What contributes to a requirement, and to which part of it; empty: nothing does."""
    by = (contributors(item), commands(item))
    told = [f"{each}." for each in by if each]
    return " ".join([*told, item.part]).rstrip() if told else ""


def contributors(item: Requirement) -> str:
    """Which controls contribute to a requirement; empty: none does."""
    if not item.controls:
        return ""
    verb = "contributes" if len(item.controls) == 1 else "contribute"
    return f"{', '.join(item.controls)} {verb} to it"


def commands(item: Requirement) -> str:
    """Which commands write evidence for a requirement; empty: none does."""
    named = " and ".join(f"`havre {each}`" for each in item.commands)
    return f"Evidence from {named}" if named else ""


def distinct(items: Iterable[T]) -> list[T]:
    """Each item once, in order."""
    return list(dict.fromkeys(items))


def some(items: Sequence[str], named: int = NAMED) -> str:
    """The first few of many: `a, b, c and 4 more`."""
    left = len(items) - named
    first = ", ".join(items[:named])
    return tr("{first} and {left} more", first=first, left=left) if left > 0 else first


def place(location: Location) -> str:
    """File and line."""
    return f"{location.file}:{location.line}"


def unclear(result: Result) -> frozenset[str]:
    """The controls of certifications of which no product's coverage was evaluated."""
    return frozenset(control_of(each.scheme) for each in result.claims if undecided(each))


def beyond(result: Result, finding: Finding) -> bool:
    """Whether a finding's control is outside the profile: no count of controls includes it."""
    return finding.control not in {control.id for control in result.controls}


def unmet(finding: Finding, title: str, unclear: frozenset[str]) -> str:
    """A control's title as what was found of it, which nobody reads as met.

    Args:
        finding: of the control.
        title: of the control, in the language at hand.
        unclear: controls that are called not evaluated whatever was found of them.
    """
    if about_waiver(finding):
        return tr("waiver that matches no finding: {title}", title=title)
    if finding.reserve is Reserve.OUTSIDE:
        return tr("outside the plan, not evaluated: {title}", title=title)
    blind = finding.unevaluated or finding.control in unclear
    if finding.kind is FindingKind.UNKNOWN or blind:
        return tr("not evaluated: {title}", title=title)
    if finding.reserve is Reserve.NOT_SEEN:
        return tr("not seen by refresh: {title}", title=title)
    return tr("requirement not met: {title}", title=title)


def subject(finding: Finding) -> str:
    """What a finding is about, in a word."""
    if finding.gap:
        return finding.gap.capability.value
    return finding.name or "the plan"


def sentence(finding: Finding) -> str:
    """A finding in a few sentences, for tools that show one text."""
    gap = finding.gap
    told = [f"{subject(finding)}: {finding.difference or status(finding.kind.value)}"]
    if gap:
        told = [f"{gap.capability}: {gap.reason}", *map(": ".join, measures(gap))]
    where = fixed_in(finding.fix)
    fix = [remedy(finding), f"Fixed in: {where}" if where else "", KNOWN if finding.known else ""]
    return " ".join(map(stopped, filter(None, [*told, *fix])))


def measures(gap: Gap) -> list[tuple[str, str]]:
    """The compensating measure of a gap and its residual risk, each with its label."""
    return [("Compensating measure", gap.fallback), ("Residual risk", gap.risk)]


def stopped(text: str) -> str:
    """A text that ends as a sentence does."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def remedy(finding: Finding) -> str:
    """What to do, unless that is the fallback of a gap, which is told as such."""
    gap = finding.gap
    return "" if gap and gap.fallback in finding.remedy else finding.remedy


def home(result: Result) -> Location | None:
    """The first line of the file that causes lie in, where a finding tells it."""
    for finding in result.findings:
        found = finding.location
        if found and not about_waiver(finding):
            return replace(found, line=1)
    return None


def cover(waiver: Waiver, as_of: dt.date) -> str:
    """Who answers for a finding, by which decision, until when."""
    return f"{waiver.decision}, {waiver.owner}, {ending(waiver.expires, as_of)}"


def groups(result: Result, findings: Iterable[Finding]) -> list[Group]:
    """Findings by control and kind, the worst first, and those that a baseline has last."""
    titles = {control.id: control.title for control in result.controls}
    found: dict[tuple[bool, str, FindingKind], list[Finding]] = {}
    for finding in findings:
        key = (finding.known, finding.control, finding.kind)
        found.setdefault(key, []).append(finding)
    return [
        Group(
            control,
            titles.get(control, ""),
            kind,
            _worst(found[known, control, kind]),
            tuple(found[known, control, kind]),
            _names(result, found[known, control, kind]),
        )
        for known, control, kind in sorted(found, key=lambda key: key[0])
    ]


def _names(result: Result, findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(distinct(shorter(result, each.name) for each in findings if each.name))


def _worst(findings: Sequence[Finding]) -> Severity:
    return min((finding.severity for finding in findings), key=lambda severity: severity.rank)


def open_groups(result: Result) -> list[Group]:
    """What is neither waived nor a gap, by control."""
    return groups(
        result, [f for f in result.findings if f.gap is None and f.kind is not FindingKind.WAIVED]
    )


def waived_groups(result: Result) -> list[Group]:
    """What is waived and not a gap, by control."""
    return groups(
        result, [f for f in result.findings if f.gap is None and f.kind is FindingKind.WAIVED]
    )


def marks(result: Result, findings: Sequence[Finding]) -> list[str]:
    """What is said of findings beside their status, in lower case."""
    known = all(finding.known for finding in findings)
    outside = any(beyond(result, finding) for finding in findings)
    return [*([KNOWN.lower()] if known else []), *([OUTSIDE.lower()] if outside else [])]


def line(result: Result, group: Group) -> str:
    """A group on one line: control, what was found where, the fix, and until when it is waived."""
    found = [f"{group.control}: {'; '.join(group.said[:NAMED])}"]
    if group.names:
        found.append(f"Resources: {len(group.names)} ({some(group.names)})")
    found += [f"{label}: {text}" for label, text in _measured(group)]
    if group.fixes:
        found.append(f"Fixed in: {', '.join(group.fixes)}")
    found += [f"At: {some(group.places)}"] if group.places else []
    found += [f"Waiver: {cover(waiver, result.as_of)}" for waiver in group.waivers]
    found += [mark.capitalize() for mark in marks(result, group.findings)]
    return " ".join(map(stopped, found))


def _measured(group: Group) -> list[tuple[str, str]]:
    """Compensating measures and risks of a group of gaps; else the remedies."""
    measured = [pair for finding in group.findings if finding.gap for pair in measures(finding.gap)]
    fixes = [("Fix", remedy(finding)) for finding in group.findings if remedy(finding)]
    return distinct([*measured, *fixes])[: 2 * NAMED]


def gaps(result: Result) -> list[Finding]:
    """The findings that are gaps."""
    return [finding for finding in result.findings if finding.gap]


def covering(finding: Finding) -> Waiver | None:
    """The waiver that covers a finding now; None: none does."""
    covered = finding.kind in {FindingKind.WAIVED, FindingKind.WARNING} and not about_waiver(
        finding
    )
    return finding.waiver if covered else None


def covers(result: Result) -> list[Cover]:
    """What a waiver covers now, by waiver, the first to end first."""
    found: dict[Waiver, list[Finding]] = {}
    for finding in result.findings:
        if waiver := covering(finding):
            found.setdefault(waiver, []).append(finding)
    ordered = sorted(found, key=lambda waiver: (waiver.expires, waiver.control))
    return [
        Cover(
            waiver,
            tuple(found[waiver]),
            tuple(distinct(shorter(result, subject(each)) for each in found[waiver])),
        )
        for waiver in ordered
    ]


def about_waiver(finding: Finding) -> bool:
    """Whether a finding is about its waiver itself: one that covers nothing."""
    place = finding.location
    return bool(finding.waiver and place and finding.waiver.location == place)


def countries(result: Result) -> str:
    """The countries where anything is stored, processed or copied."""
    known = sorted({tr(country_name(lies.country)) for lies in result.lies if lies.country})
    unknown = any(lies.country is None for lies in result.lies) or result.unplaced
    parts = [*known, tr("unknown places")] if unknown else known
    if parts or not result.unknown_types:
        return ", ".join(parts) or tr("nothing is stored")
    return tr("not evaluated: {resources}", resources=_of_unknown_types(result))


def unknown_types(result: Result) -> list[str]:
    """Each type that is not known, once, with its count; what may hold data or open a door first.

    The order goes by words of the type alone, for the reader; the verdict is the same for all.
    """
    found = result.unknown_types
    worst = list(Suspicion)
    order = sorted(found, key=lambda kind: (worst.index(suspected(kind)), -found[kind], kind))
    return [f"{kind} ({found[kind]})" for kind in order]


def spots(result: Result) -> list[tuple[str, str]]:
    """For each kind of copy its places, the data themselves first."""
    order = list(Copy)
    found: dict[str, list[str]] = {}
    for lies in sorted(result.lies, key=lambda lies: order.index(Copy(lies.copy))):
        found.setdefault(lies.copy, []).append(_spot(lies))
    return [(tr(copy), listed(places)) for copy, places in found.items()]


def _spot(lies: Whereabouts) -> str:
    country = tr(country_name(lies.country) if lies.country else "unknown country")
    where = f"{country}, {lies.region or tr('no region named')}"
    counted = trn("{count} resource", "{count} resources", lies.resources)
    implied = trn(
        "{count} implied by the provider", "{count} implied by the provider", lies.implied
    )
    return f"{where} ({counted}, {implied})" if lies.implied else f"{where} ({counted})"


def missing(result: Result) -> list[str]:
    """Resources of unknown location or type, counted."""
    count, said = result.unplaced, []
    if count:
        said.append(
            trn(
                "{count} resource of unknown location",
                "{count} resources of unknown location",
                count,
            )
        )
    return [*said, _of_unknown_types(result)] if result.unknown_types else said


def unplaced(result: Result) -> str:
    """Resources of unknown location or type; empty where there are none."""
    said = []
    if result.unplaced:
        said.append(
            trn(
                "{count} resource with data has no known location.",
                "{count} resources with data have no known location.",
                result.unplaced,
            )
        )
    if result.unknown_types:
        types = ", ".join(unknown_types(result))
        said.append(f"{labelled(_of_unknown_types(result), types)}.")
    return " ".join(said)


def _of_unknown_types(result: Result) -> str:
    count = sum(result.unknown_types.values())
    return trn("{count} resource of unknown type", "{count} resources of unknown types", count)


def held(claim: Claim, as_of: dt.date) -> str:
    """How far the products are within a certificate, and until when."""
    if not claim.inside:
        return certified(claim)
    end = ending(claim.until, as_of) if claim.until else tr("no end date recorded")
    read = day_of(claim.read_on) if claim.read_on else tr("unknown date")
    told = {"certified": certified(claim), "end": end, "date": read}
    return tr("{certified}, {end}, read on {date}", **told)


def scope(claim: Claim) -> list[tuple[str, str]]:
    """Products within a certificate, those that are not, and those not evaluated."""
    parts = (
        (claim.awarded, ", ".join(claim.inside)),
        (f"not {claim.awarded}", _by_reason(claim.outside)),
        ("not evaluated", _by_reason(claim.undecided)),
    )
    return [(label, text) for label, text in parts if text]


def _by_reason(products: Sequence[tuple[str, str]]) -> str:
    """Products, each reason once behind those for which it is given."""
    reasons: dict[str, list[str]] = {}
    for product, reason in products:
        reasons.setdefault(reason, []).append(product)
    return "; ".join(f"{', '.join(named)} ({reason})" for reason, named in reasons.items())


def titles(result: Result) -> dict[str, str]:
    """Titles by control in the language at hand, of those too that only a gap is about."""
    return {each.id: title(each) for each in (*installed_controls(), *result.controls)}


def asked_of_the_reader() -> list[str]:
    """What a summary asks of the data protection officer; docs/security/dpo.md explains each."""
    return [
        tr("Compare the countries and the operator's law with your impact assessment."),
        tr("Confirm each accepted risk with its owner, or have it ended."),
        tr("Check the certifications in the official lists."),
        tr("Check how long data is retained, and when it is deleted, zone by zone."),
        tr("Check that the access of each project ends with its authorisation."),
        tr("Request the date and the seal of the last rehearsal of the exit."),
    ]


def alike(findings: Iterable[Finding]) -> list[tuple[Finding, list[tuple[str, str]]]]:
    """Findings of which all but the resource is the same, each with its resources by type."""
    found: dict[Finding, list[Finding]] = {}
    for finding in findings:
        found.setdefault(replace(finding, resource=""), []).append(finding)
    return [(each[0], _by_type(each)) for each in found.values()]


def _by_type(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """The names of resources behind their types."""
    found: dict[str, list[str]] = {}
    for finding in findings:
        if finding.resource:
            kind = "".join(urns.types(finding.resource)[-1:])
            found.setdefault(kind, []).append(finding.name)
    return [(kind, ", ".join(distinct(names))) for kind, names in found.items()]


def frameworks(requirements: Sequence[Requirement] | None) -> list[FrameworkTable]:
    """Requirements by framework, in the order given."""
    found: dict[str, list[Requirement]] = {}
    for item in requirements or ():
        found.setdefault(str(item.framework), []).append(item)
    return [FrameworkTable(name, tuple(items)) for name, items in found.items()]


def counts(result: Result) -> dict[str, int]:
    """How many controls have each status, by the words of the data."""
    found = Counter(result.verdict(control.id) for control in result.controls)
    return {word: found[word] for word in VERDICTS}


def totals(result: Result) -> str:
    """The controls, counted by status."""
    parts = [counted(number, word) for word, number in counts(result).items() if number]
    if blind := result.unevaluated():
        parts.append(f"{many(blind, 'waived finding')} not evaluated")
    told = ", ".join(parts) or "none evaluated"
    over = many(result.resources, "resource")
    return f"{many(len(result.controls), 'control')} over {over}: {told}.{_since(result)}"


def sightings(result: Result) -> list[tuple[SeenControl, str]]:
    """Each control that was probed, what was seen first otherwise, with its status."""
    found = sorted(result.seen(), key=lambda each: WORDS.index(each.word))
    return [(each, status(result.verdict(each.control))) for each in found]


def _since(result: Result) -> str:
    """What changed since the previous report, counted; empty where there is none."""
    words = {"new": "new", "known": "known before", "gone": "resolved"}
    found = result.since().items()
    parts = ", ".join(f"{many(count, 'finding')} {words[word]}" for word, count in found)
    return f" Since the previous report: {parts}." if parts else ""


def lost(former: Former) -> str:
    """A finding that is no more, in a few words."""
    name = urns.name(former.subject) or "the plan"
    about = former.property if former.property != name else ""
    return ", ".join(filter(None, [name, about]))


def partial(result: Result) -> str:
    """That controls were left out, and how many; empty where none was."""
    if not result.left_out:
        return ""
    left = len(result.left_out)
    due = len(result.controls) + left
    told = trn(
        "PARTIAL check: {count} of {due} controls was left out (--only, --skip or --severity). "
        "Check without them for a complete result.",
        "PARTIAL check: {count} of {due} controls were left out (--only, --skip or --severity). "
        "Check without them for a complete result.",
        left,
        due=due,
    )
    return f"{told} "


def meaning(result: Result) -> str:
    """What the exit code says, in one sentence; before it, whether controls were left out."""
    return partial(result) + _meaning(result)


def _meaning(result: Result) -> str:
    code = result.exit_code
    if result.lowered:
        return tr("Exit code 1: less is required than in the previous report.")
    if not (result.of(FindingKind.FAIL) or result.of(FindingKind.UNKNOWN)):
        return _passed(result)
    former = result.gone is not None
    if code is ExitCode.FINDINGS:
        return tr("Exit code 1: {findings}.", findings=_failing(result, former=former))
    if code is ExitCode.NOT_EVALUATED:
        told = _findings(result.judged(FindingKind.UNKNOWN), former=former)
        return tr("Exit code 3: {findings} not evaluated, and not allowed.", findings=told)
    failing, unknown = result.of(FindingKind.FAIL), result.of(FindingKind.UNKNOWN)
    parts = [
        *([tr("{findings} failed", findings=_of_controls(failing))] if failing else []),
        *([tr("{findings} not evaluated", findings=_findings(unknown))] if unknown else []),
    ]
    by = tr("the previous report or the options given") if former else tr("the options given")
    return tr("Exit code 0: {parts}, allowed by {options}.", parts=", ".join(parts), options=by)


def _passed(result: Result) -> str:
    """What the exit code means where nothing fails; that each was evaluated only if so."""
    blind = result.unevaluated()
    if not blind and not result.left_out and any(counts(result)[word] for word in EVALUATED):
        return tr("Exit code 0: no control fails without a waiver, and each was evaluated.")
    told = tr("Exit code 0: no control that was evaluated fails without a waiver.")
    also = trn(
        "{count} finding was not evaluated and is waived.",
        "{count} findings were not evaluated and are waived.",
        blind,
    )
    return f"{told} {also}" if blind else told


def _of_controls(findings: Sequence[Finding], *, former: bool = False) -> str:
    """How many findings that failed, of how many controls: as many as the headline counts.

    What was not evaluated has no such number: a control that failed too counts as one that failed.
    """
    controls = len({finding.control for finding in findings})
    of = trn("{count} control", "{count} controls", controls)
    return tr("{findings} of {controls}", findings=_findings(findings, former=former), controls=of)


def _findings(findings: Sequence[Finding], *, former: bool = False) -> str:
    """How many findings, or new ones."""
    if former:
        return trn("{count} new finding", "{count} new findings", len(findings))
    return trn("{count} finding", "{count} findings", len(findings))


def _failing(result: Result, *, former: bool) -> str:
    """How many findings the exit code heeds, and from which severity on."""
    least = result.fail_on or Severity.LOW
    heeded = result.judged(FindingKind.FAIL)
    bad = [finding for finding in heeded if finding.severity.rank <= least.rank]
    told = tr("{findings} failed without a waiver", findings=_of_controls(bad, former=former))
    if least is Severity.LOW:
        return told
    return tr("{findings} (severity {severity} or higher)", findings=told, severity=tr(least.value))
