"""What people ask of a result, put together once for the table, Markdown and HTML."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from havre.errors import ExitCode
from havre.facts.model import Copy
from havre.facts.strangers import Suspicion, suspected
from havre.plan import urns
from havre.policy.findings import VERDICTS, FindingKind
from havre.policy.model import Severity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from havre.policy.findings import Finding, Former, Location, Result, Waiver, Whereabouts
    from havre.policy.frameworks import Requirement
    from havre.policy.qualifications import Claim

T = TypeVar("T")
NAMED = 3
"""How many of many are named."""
KNOWN = "Known before"
"""Of a finding that the baseline has."""

WORDS = {
    "fail": "fail",
    "unknown": "not known",
    "warning": "warn",
    "waived": "waived",
    "pass": "hold",
    "not-applicable": "do not apply",
}
"""A verdict in a sentence about many controls."""


@dataclass(frozen=True)
class Group:
    """Findings of one control and one kind.

    Attributes:
        control: identifier of the control.
        title: of the control; empty where it was not among those asked for.
        kind: of the findings.
        severity: the worst of theirs.
        findings: at least one.
    """

    control: str
    title: str
    kind: FindingKind
    severity: Severity
    findings: tuple[Finding, ...]

    @property
    def known(self) -> bool:
        """Whether the baseline has them."""
        return all(finding.known for finding in self.findings)

    @property
    def names(self) -> list[str]:
        """The resources concerned, each once."""
        return distinct(finding.name for finding in self.findings if finding.name)

    @property
    def differences(self) -> list[str]:
        """What was found and what was wanted, each pair once."""
        return distinct(filter(None, map(difference, self.findings)))

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
    """A waiver and what it covers."""

    waiver: Waiver
    findings: tuple[Finding, ...]

    @property
    def names(self) -> list[str]:
        """The resources covered, or the capability of a gap, each once."""
        return distinct(subject(finding) for finding in self.findings)


@dataclass(frozen=True)
class FrameworkTable:
    """What the controls say of one framework: its requirements by verdict."""

    name: str
    requirements: tuple[Requirement, ...]

    @property
    def totals(self) -> str:
        """Its requirements, counted; the framework as a whole is none of them."""
        headings = [item for item in self.requirements if item.id]
        counts = Counter(str(item.verdict) or "not judged" for item in headings)
        said = ", ".join(f"{counts[word]} {word}" for word in sorted(counts))
        told = [f"{many(len(headings), 'requirement')}: {said}"] if headings else []
        whole = (item.verdict or "not judged" for item in self.requirements if not item.id)
        return "; ".join([*told, *(f"as a whole: {word}" for word in whole)])


def cited(item: Requirement) -> str:
    """How a requirement is cited, such as `SNC 10.1`; a framework as a whole by its own name."""
    return f"{item.framework} {item.id}".rstrip()


def standing(item: Requirement) -> str:
    """How far the controls show a requirement, and the worst of what they say."""
    return ", ".join(filter(None, [item.coverage.value, item.verdict]))


def contributing(item: Requirement) -> str:
    """Which controls contribute to a requirement, and to which part of it; empty: none does."""
    if not item.controls:
        return ""
    verb = "contributes" if len(item.controls) == 1 else "contribute"
    return f"{', '.join(item.controls)} {verb} to it. {item.part}".rstrip()


def distinct(items: Iterable[T]) -> list[T]:
    """Each item once, in order."""
    return list(dict.fromkeys(items))


def many(count: int, noun: str) -> str:
    """A count with its noun: `1 resource`, `2 resources`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def some(items: Sequence[str], named: int = NAMED) -> str:
    """The first few of many: `a, b, c and 4 more`."""
    left = len(items) - named
    first = ", ".join(items[:named])
    return f"{first} and {left} more" if left > 0 else first


def place(location: Location) -> str:
    """File and line."""
    return f"{location.file}:{location.line}"


def difference(finding: Finding) -> str:
    """What was found and wanted, in one sentence; empty where nothing was found."""
    if not finding.found:
        return ""
    about = f"{finding.property}: " if finding.property else ""
    wanted = f"; wanted: {finding.wanted}" if finding.wanted else ""
    return f"{about}{finding.found}{wanted}"


def subject(finding: Finding) -> str:
    """What a finding is about, in a word."""
    if finding.gap:
        return finding.gap.capability.value
    return finding.name or "the plan"


def sentence(finding: Finding) -> str:
    """A finding in a few sentences, for tools that show one text."""
    gap = finding.gap
    told = [f"{subject(finding)}: {difference(finding) or finding.kind.value}"]
    if gap:
        told = [f"{gap.capability}: {gap.reason}", f"Instead: {gap.fallback}", f"Risk: {gap.risk}"]
    known = KNOWN if finding.known else ""
    return " ".join(map(stopped, filter(None, [*told, remedy(finding), known])))


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
        if found and not _about(finding):
            return replace(found, line=1)
    return None


def cover(waiver: Waiver, as_of: dt.date) -> str:
    """Who answers for a finding, by which decision, until when."""
    return f"{waiver.decision}, {waiver.owner}, {_end(waiver.expires, as_of)}"


def _end(day: dt.date, as_of: dt.date) -> str:
    return f"ended {day}" if day < as_of else f"until {day}"


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
        )
        for known, control, kind in sorted(found, key=lambda key: key[0])
    ]


def _worst(findings: Sequence[Finding]) -> Severity:
    return min((finding.severity for finding in findings), key=lambda severity: severity.rank)


def open_groups(result: Result) -> list[Group]:
    """What is neither waived nor a gap, by control."""
    return groups(
        result, [f for f in result.findings if f.gap is None and f.kind is not FindingKind.WAIVED]
    )


def gaps(result: Result) -> list[Finding]:
    """The findings that are gaps."""
    return [finding for finding in result.findings if finding.gap]


def covers(result: Result) -> list[Cover]:
    """What a waiver covers now, by waiver, the first to end first."""
    found: dict[Waiver, list[Finding]] = {}
    for finding in result.findings:
        if (
            finding.waiver
            and finding.kind in {FindingKind.WAIVED, FindingKind.WARNING}
            and not _about(finding)
        ):
            found.setdefault(finding.waiver, []).append(finding)
    ordered = sorted(found, key=lambda waiver: (waiver.expires, waiver.control))
    return [Cover(waiver, tuple(found[waiver])) for waiver in ordered]


def _about(finding: Finding) -> bool:
    """Whether a finding is about its waiver itself: one that covers nothing."""
    place = finding.location
    return bool(finding.waiver and place and finding.waiver.location == place)


def countries(result: Result) -> str:
    """The countries where anything lies."""
    known = sorted({lies.country for lies in result.lies if lies.country})
    unknown = any(lies.country is None for lies in result.lies) or result.unplaced
    parts = [*known, "places not known"] if unknown else known
    if parts or not result.unknown_types:
        return ", ".join(parts) or "nothing lies anywhere"
    count = sum(result.unknown_types.values())
    return f"not known where: {many(count, 'resource')} of {_kinds(result)} not known"


def _kinds(result: Result) -> str:
    return "a type that is" if len(result.unknown_types) == 1 else "types that are"


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
    return [(copy, "; ".join(places)) for copy, places in found.items()]


def _spot(lies: Whereabouts) -> str:
    where = f"{lies.country or 'country not known'}, {lies.region or 'region not named'}"
    implied = f", {lies.implied} by implication" if lies.implied else ""
    return f"{where} ({many(lies.resources, 'resource')}{implied})"


def unplaced(result: Result) -> str:
    """What does not tell where it lies; empty where everything does."""
    said = []
    if result.unplaced:
        verb = "does" if result.unplaced == 1 else "do"
        said.append(f"{many(result.unplaced, 'resource')} with data {verb} not tell where.")
    if result.unknown_types:
        count = many(sum(result.unknown_types.values()), "resource")
        said.append(f"{count} of {_kinds(result)} not known: {', '.join(unknown_types(result))}.")
    return " ".join(said)


def compelled(result: Result) -> str:
    """Who can be compelled to hand data over, and by which laws."""
    operator = result.operator
    country = f"parent in {operator.country}" if operator.country else "no parent but the user"
    laws = ", ".join(operator.laws) or "none but the user's own"
    return f"{operator.entity} ({country}); laws that can compel it: {laws}"


def held(claim: Claim, as_of: dt.date) -> str:
    """How far a certificate holds for the stack, and until when."""
    if not claim.inside:
        return "not known to hold for any part" if claim.undecided else "holds for no part"
    how = "holds for every part" if claim.holds else "holds for some parts"
    end = _end(claim.until, as_of) if claim.until else "no end named"
    return f"{how}, {end}, read on {claim.read_on}"


def scope(claim: Claim) -> list[tuple[str, str]]:
    """Which products a certificate holds for, for which not, and for which nobody can tell."""
    parts = (
        ("holds for", ", ".join(claim.inside)),
        ("not for", _by_reason(claim.outside)),
        ("not known for", _by_reason(claim.undecided)),
    )
    return [(label, text) for label, text in parts if text]


def _by_reason(products: Sequence[tuple[str, str]]) -> str:
    """Products, each reason once behind those for which it is given."""
    reasons: dict[str, list[str]] = {}
    for product, reason in products:
        reasons.setdefault(reason, []).append(product)
    return "; ".join(f"{', '.join(named)} ({reason})" for reason, named in reasons.items())


def frameworks(requirements: Sequence[Requirement] | None) -> list[FrameworkTable]:
    """Requirements by framework, in the order given."""
    found: dict[str, list[Requirement]] = {}
    for item in requirements or ():
        found.setdefault(str(item.framework), []).append(item)
    return [FrameworkTable(name, tuple(items)) for name, items in found.items()]


def totals(result: Result) -> str:
    """The controls, counted by verdict."""
    counts = Counter(result.verdict(control.id) for control in result.controls)
    parts = [f"{counts[word]} {WORDS[word]}" for word in VERDICTS if counts[word]]
    told = ", ".join(parts) or "none"
    over = many(result.resources, "resource")
    return f"{many(len(result.controls), 'control')} over {over}: {told}.{_since(result)}"


def _since(result: Result) -> str:
    """What changed since the baseline, counted; empty where there is none."""
    counts = result.since()
    parts = ", ".join(f"{many(count, 'finding')} {word}" for word, count in counts.items())
    return f" Against the baseline: {parts}." if counts else ""


def lost(former: Former) -> str:
    """A finding that is no more, in a few words."""
    name = urns.name(former.subject) or "the plan"
    about = former.property if former.property != name else ""
    return ", ".join(filter(None, [name, about]))


def partial(result: Result) -> str:
    """That controls were left out, and how many; empty where none was."""
    if not result.left_out:
        return ""
    due = len(result.controls) + len(result.left_out)
    return f"PARTIAL check: {len(result.left_out)} of {due} controls were left out. "


def meaning(result: Result) -> str:
    """What the exit code says, in one sentence; before it, whether controls were left out."""
    return partial(result) + _meaning(result)


def _meaning(result: Result) -> str:
    code = result.exit_code
    failing, unknown = len(result.of(FindingKind.FAIL)), len(result.of(FindingKind.UNKNOWN))
    noun, by = "finding", "the options given let pass"
    if result.gone is not None:
        noun, by = "new finding", "the baseline has or the options given let pass"
    if code is ExitCode.FINDINGS:
        least = result.fail_on or Severity.LOW
        bad = sum(
            finding.severity.rank <= least.rank for finding in result.judged(FindingKind.FAIL)
        )
        worse = "" if least is Severity.LOW else f" of severity {least} or worse"
        return f"Exit code 1: {many(bad, noun)}{worse} that no waiver covers."
    if code is ExitCode.NOT_EVALUATED:
        count = many(len(result.judged(FindingKind.UNKNOWN)), noun)
        return f"Exit code 3: {count} could not be evaluated; not allowed here."
    if failing or unknown:
        let = f"{many(failing, 'failure')} and {unknown} not known"
        return f"Exit code 0: {let}, which {by}."
    warnings = len(result.of(FindingKind.WARNING))
    warned = f"; {many(warnings, 'finding')} to heed" if warnings else ""
    return f"Exit code 0: every control holds, is waived or does not apply{warned}."
