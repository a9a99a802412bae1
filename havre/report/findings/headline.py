"""The headline of a check: what a reader needs first, the same in every format."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass
from itertools import product
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from havre.errors import ExitCode
from havre.facts.values import Reserve
from havre.policy.findings import FindingKind
from havre.policy.model import FixIn
from havre.policy.waivers import WARNING_DAYS
from havre.report.findings import answers, words
from havre.report.language import Language, spoken, tr, trn, typeset
from havre.report.texts import translated
from havre.spec.countries import country_name
from havre.text import clipped, plain

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Sequence

    from havre.policy.findings import Finding, Result, Waiver

FAILED, NOT_EVALUATED, PARTIAL = "FAILED", "NOT EVALUATED", "PARTIAL"
PASSED, WITH_EXCEPTIONS = "PASSED", "PASSED WITH EXCEPTIONS"
ORDER = ("pass", "waived", "warning", "fail", "unknown")
"""Statuses in the order in which the headline counts them."""
WIDTH, LINES = 80, 24
"""Columns and lines that the headline fits."""
LEAST = 3
"""Findings that the headline shows even where it is longer than a screen."""
MOST = 8
"""Findings that pages and comments show at the top."""
REHEARSED = "rehearsal"
"""Level of a seal that is not of the exit itself."""
OPEN = frozenset({FindingKind.FAIL, FindingKind.UNKNOWN})
"""Kinds of findings that are shown even where no count includes them."""
EXPIRED = 2
"""Expired waivers that are named."""
OWN = frozenset({FixIn.FILE, FixIn.SETTING})
"""Where a reader can fix something: in the warehouse file, or by a setting."""
BARE = 4
"""Characters of a text that says nothing by itself, such as `none`."""
LONGEST = 300
"""Characters of a text from outside."""


@dataclass(frozen=True)
class TopFinding:
    """The worst of what one control found.

    Attributes:
        severity: of the control.
        status: one word for people.
        control: its identifier.
        sentence: what was found; in another language than English, that the control's title is
            not met, or was not evaluated.
        fixed_in: where it is fixed.
        resources: how many are concerned.
        required: end of the sentence that says what is required; empty: it has none.
        until: the first end of the waivers that cover it; None: none does.
        short: that the control's title is not met, for where the sentence has no room.
    """

    severity: str
    status: str
    control: str
    sentence: str
    fixed_in: str
    resources: int
    required: str = ""
    until: dt.date | None = None
    short: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready values; when its waiver ends only where it has one."""
        found = asdict(self)
        ends = {"until": self.until.isoformat()} if self.until else {}
        return {
            key: found[key] for key in found if key not in {"required", "until", "short"}
        } | ends


@dataclass(frozen=True)
class Headline:
    """What a reader needs first.

    Attributes:
        subject: the warehouse and its provider.
        about: profile, day and kind of source.
        status: `PASSED`, `PASSED WITH EXCEPTIONS`, `FAILED`, `NOT EVALUATED` or `PARTIAL`.
        counts: of controls, by the words of the data.
        exit: what the exit code means, where the status does not say so itself; else empty.
        facts: labels and texts: waivers, places, legal access, certifications.
        top: one for each control, the worst first.
        outside: the same of controls outside the profile, which no count includes.
    """

    subject: str
    about: str
    status: str
    counts: dict[str, int]
    exit: str
    facts: tuple[tuple[str, str], ...]
    top: tuple[TopFinding, ...]
    outside: tuple[TopFinding, ...] = ()

    @property
    def counted(self) -> str:
        """The counts as people read them."""
        return "   ".join(words.counted(self.counts[word], word) for word in ORDER)

    def as_dict(self) -> dict[str, Any]:
        """The headline as JSON-ready values."""
        return {
            "subject": self.subject,
            "about": self.about,
            "status": self.status,
            "counts": dict(self.counts),
            "exit": self.exit,
            "facts": dict(self.facts),
            "findings": [each.as_dict() for each in self.top],
        }


def headline(result: Result) -> Headline:
    """The headline of a result."""
    status = _status(result)
    passed = status in {PASSED, WITH_EXCEPTIONS}
    said = passed is (result.exit_code is ExitCode.OK) and not result.left_out
    return Headline(
        f"{result.warehouse} ({tr(result.environment)}) {words.where(result)}",
        tr(
            "profile {profile}, {date}, {source}",
            profile=result.profile,
            date=words.day_of(result.as_of),
            source=words.source(result),
        ),
        status,
        {word: answers.counts(result)[word] for word in ORDER},
        "" if said else answers.meaning(result),
        tuple(_facts(result)),
        tuple(_top(result, outside=False)),
        tuple(_top(result, outside=True)),
    )


def _status(result: Result) -> str:
    """The status of a warehouse by all findings, whatever the options let pass."""
    if result.lowered or result.of(FindingKind.FAIL):
        return FAILED
    if result.of(FindingKind.UNKNOWN):
        return NOT_EVALUATED
    if result.left_out:
        return PARTIAL
    counts = answers.counts(result)
    if not any(counts[word] for word in words.EVALUATED):
        return NOT_EVALUATED
    excepted = result.of(FindingKind.WAIVED) or result.of(FindingKind.WARNING)
    return WITH_EXCEPTIONS if excepted else PASSED


def _facts(result: Result) -> Iterator[tuple[str, str]]:
    yield from _compared(result)
    yield from _reserves(result)
    yield from _waivers(result)
    yield from _sealed(result)
    yield from _probed(result)
    yield from _places(result)
    yield tr("Data stored in"), _stored(result)
    yield tr("Legal access"), words.access(result.operator)
    claims = (f"{words.scheme(claim)} {words.certified(claim)}" for claim in result.claims)
    yield tr("Certifications"), words.listed(claims) or tr("none looked up")


def notes(result: Result) -> Iterator[tuple[str, str]]:
    """What counts of controls do not say, for pages that show no other fact of the headline."""
    yield from _compared(result)
    yield from _reserves(result)
    yield from _next(result)
    yield from _warned(result)
    yield from _expired(result)
    yield from _sealed(result)
    yield from _probed(result)
    yield from _places(result)


def _places(result: Result) -> Iterator[tuple[str, str]]:
    """Where what nobody has accepted is fixed: how many controls in each place, the most first.

    A control whose findings are fixed in several places counts in each of them. Of what the reader
    can change, the gravest control is named.
    """
    found: dict[FixIn, dict[str, Finding]] = defaultdict(dict)
    for each in _new(result.findings):
        counted = each.kind in OPEN or not answers.beyond(result, each)
        if each.fix and counted and not answers.covering(each):
            found[each.fix.where].setdefault(each.control, each)
    order = list(FixIn)
    most = sorted(found, key=lambda where: (-len(found[where]), order.index(where)))
    if most:
        yield tr("Fixed in"), ", ".join(_placed(where, found[where].values()) for where in most)


def _placed(where: FixIn, findings: Collection[Finding]) -> str:
    """How many controls are fixed in a place; the gravest of them, where the reader fixes it."""
    told = f"{words.place(where)} {len(findings)}"
    if where not in OWN:
        return told
    kinds = list(FindingKind)
    first = min(findings, key=lambda each: (kinds.index(each.kind), each.severity.rank))
    name = first.control if len(findings) == 1 else tr("such as {name}", name=first.control)
    return f"{told} ({name})"


def _sealed(result: Result) -> Iterator[tuple[str, str]]:
    """The seal of an exit that was given as evidence: of what, when, and who signed it."""
    seal = result.rehearsed
    if seal is None:
        return
    level = tr("rehearsal") if seal.level == REHEARSED else tr("the exit itself")
    told = [level, *([tr("in a sandbox")] if seal.sandbox else [])]
    if seal.unproved:
        told.append(tr("not verified"))
    else:
        told.append(words.day_of(seal.day) if seal.day else tr("no time-stamp"))
        told.append(tr("signed by {signer}", signer=plain(seal.signer)))
    yield tr("Exit seal"), ", ".join(told)


def _probed(result: Result) -> Iterator[tuple[str, str]]:
    """How the promises of controls were seen by probes, where there are some."""
    if told := words.probed(result):
        yield tr("Promised and seen"), told


def _next(result: Result) -> Iterator[tuple[str, str]]:
    """Which waiver ends first, and of which requirement."""
    if found := answers.covers(result):
        waiver = found[0].waiver
        own = answers.titles(result).get(waiver.control, waiver.control)
        about = answers.unmet(found[0].findings[0], own, answers.unclear(result))
        ends = _waiver(result, waiver)
        yield tr("Next waiver to expire"), words.sentences([ends, about])


def _warned(result: Result) -> Iterator[tuple[str, str]]:
    """Why each control that has a warning has one."""
    named, unclear = answers.titles(result), answers.unclear(result)
    found = {each.control: each for each in reversed(result.of(FindingKind.WARNING))}
    for control in sorted(found):
        if result.verdict(control) != FindingKind.WARNING.value:
            continue
        finding = found[control]
        told = answers.unmet(finding, named.get(control, control), unclear)
        why = [tr("provider gap")] if finding.gap else []
        if waiver := answers.covering(finding):
            ends = words.ending(waiver.expires, result.as_of)
            why = [tr("the waiver ends within {days} days, {end}", days=WARNING_DAYS, end=ends)]
        label = words.capitalised(words.status("warning"))
        yield label, words.sentences([f"{control}, {told}", *why])


def _compared(result: Result) -> Iterator[tuple[str, str]]:
    """What changed since the previous report, and which controls are not shown for that."""
    since = result.since()
    if not since:
        return
    shown = {finding.control for finding in _new(result.findings)}
    known = len({finding.control for finding in result.findings} - shown)
    told = [
        trn("{count} finding new", "{count} findings new", since["new"]),
        trn("{count} finding known before", "{count} findings known before", since["known"]),
        trn("{count} finding resolved", "{count} findings resolved", since["gone"]),
    ]
    if known:
        told.append(
            trn(
                "{count} control known before is not among the top findings",
                "{count} controls known before are not among the top findings",
                known,
            )
        )
    yield tr("Since previous report"), ", ".join(told)


def _reserves(result: Result) -> Iterator[tuple[str, str]]:
    """What is not asked for any more, in force, seen or evaluated: told apart from the counts."""
    if result.lowered:
        yield tr("Requires less"), words.lowered(result.lowered)
    if result.required:
        yield (
            tr("Lower profile"),
            trn(
                "{count} control was not evaluated; the warehouse file requires profile {profile}",
                "{count} controls were not evaluated; the warehouse file requires profile "
                "{profile}",
                result.below,
                profile=result.required.value,
            ),
        )
    found = result.reserves()
    if waiting := found.get(Reserve.NOT_IN_FORCE, 0):
        yield tr("Not in force yet"), trn("{count} finding", "{count} findings", waiting)
    if unseen := found.get(Reserve.NOT_SEEN, 0):
        yield tr("Not seen by refresh"), trn("{count} finding", "{count} findings", unseen)
    if outside := result.outside():
        yield tr("Outside the plan"), _outside(outside)
    if blind := result.unevaluated() - sum(each.unevaluated for each in outside):
        yield tr("Not evaluated, waived"), trn("{count} finding", "{count} findings", blind)
    if uncounted := len({each.control for each in result.findings if answers.beyond(result, each)}):
        yield (
            tr("Outside the profile"),
            trn(
                "{count} more control with findings, not counted",
                "{count} more controls with findings, not counted",
                uncounted,
            ),
        )


def _outside(findings: Sequence[Finding]) -> str:
    """How many findings are outside the plan, and how many of them are waived."""
    told = trn("{count} finding", "{count} findings", len(findings))
    waived = sum(finding.unevaluated for finding in findings)
    return f"{told} ({words.counted(waived, 'waived')})" if waived else told


def _waivers(result: Result) -> Iterator[tuple[str, str]]:
    """The waiver that ends next, and those that have ended."""
    found = answers.covers(result)
    if found:
        yield tr("Next waiver to expire"), _waiver(result, found[0].waiver)
    yield from _expired(result)
    if not found and not _ended(result):
        unknown = tr("not known: left-out controls may have some")
        yield tr("Waivers"), unknown if result.left_out else tr("none apply")


def _ended(result: Result) -> list[Waiver]:
    """Waivers that have expired, of what is found and nobody accepts any more."""
    open_ = _new([*result.of(FindingKind.FAIL), *result.of(FindingKind.UNKNOWN)])
    return list(dict.fromkeys(finding.waiver for finding in open_ if finding.waiver))


def _expired(result: Result) -> Iterator[tuple[str, str]]:
    ended = _ended(result)
    for waiver in ended[:EXPIRED]:
        yield tr("Expired waiver"), _waiver(result, waiver)
    if len(ended) > EXPIRED:
        yield tr("Expired waivers"), trn("{count} in all", "{count} in all", len(ended))


def _waiver(result: Result, waiver: Waiver) -> str:
    return f"{waiver.control}, {words.dated(waiver.expires, result.as_of)}, {waiver.owner}"


def _stored(result: Result) -> str:
    """Countries with their regions, behind what has none; a place that nobody named is marked."""
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for lies in result.lies:
        country = tr(country_name(lies.country) if lies.country else "unknown country")
        region = lies.region or tr("no region named")
        alike = (each for each in found[country] if each.casefold() == region.casefold())
        region = next(alike, region)  # services of one provider write one region in two ways
        named = found[country].get(region, False)
        found[country][region] = named or lies.implied < lies.resources
    told = [
        words.labelled(country, ", ".join(_regions(found[country]))) for country in sorted(found)
    ]
    return words.listed([*answers.missing(result), *told]) or answers.countries(result)


def _regions(regions: dict[str, bool]) -> Iterator[str]:
    for region, named in sorted(regions.items(), key=lambda each: (not each[1], each[0])):
        implied = tr("{region} (copies implied by the provider)", region=region)
        yield region if named else implied


def _new(findings: Sequence[Finding]) -> list[Finding]:
    """Findings that no previous report has."""
    return [finding for finding in findings if not finding.known]


def _top(result: Result, *, outside: bool) -> Iterator[TopFinding]:
    """One for each control: its worst kind, and of that the gravest finding that is new.

    What fails or was not evaluated is at the top even where its control is outside the profile.
    """
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in _new(result.findings):
        if outside is (finding.kind not in OPEN and answers.beyond(result, finding)):
            found[finding.control].append(finding)
    kinds = list(FindingKind)
    worst = sorted(
        found.values(), key=lambda each: (kinds.index(each[0].kind), each[0].severity.rank)
    )
    titles, unclear = answers.titles(result), answers.unclear(result)
    for findings in worst:
        first = findings[0]
        title = titles.get(first.control, "")
        short = answers.unmet(first, title, unclear) if title else ""
        own = "" if spoken() is Language.EN else short
        alike = [each for each in findings if each.kind is first.kind]
        fixes = answers.distinct(filter(None, (words.fixed_in(each.fix) for each in alike)))
        yield TopFinding(
            first.severity.value,
            words.STATUSES.get(first.kind.value, first.kind.value),
            first.control,
            own or translated(_sentence(first)),
            answers.some(fixes, 1),
            len({each.resource for each in alike if each.resource}),
            "" if own or first.gap else translated(_wanted(first)),
            min(
                (waiver.expires for waiver in map(answers.covering, alike) if waiver), default=None
            ),
            short,
        )


def _sentence(finding: Finding) -> str:
    """What was found; a bare word has the name of its property before it."""
    if finding.gap:
        return finding.gap.reason
    bare = len(finding.found) <= BARE and finding.property
    about = f"{finding.property.replace('_', ' ')}: " if bare else ""
    return f"{about}{finding.found}{_wanted(finding)}"


def _wanted(finding: Finding) -> str:
    """The end of a sentence: what is required."""
    return f" (required: {finding.wanted})" if finding.wanted else ""


@dataclass(frozen=True)
class HeadlineLine:
    """A line of the headline, and what it is: `subject`, a status, `label` or `text`."""

    text: str
    kind: str = "text"


BLANK = (HeadlineLine(""),)


@dataclass(frozen=True)
class _Room:
    """What a headline gives up to fit a screen.

    Attributes:
        facts: lines of one fact.
        said: lines of what one finding says; it is shortened or left out, and never cut.
        before_status: blank lines.
        before_facts: blank lines.
        before_top: blank lines.
        least: findings that are shown at any rate.
    """

    facts: int = LINES
    said: int = 3
    before_status: int = 1
    before_facts: int = 1
    before_top: int = 1
    least: int = LEAST


ROOMS = (
    _Room(),
    _Room(before_status=0),
    _Room(before_status=0, before_facts=0),
    _Room(said=2),
    _Room(said=2, before_status=0),
    _Room(said=2, before_status=0, before_facts=0),
    _Room(said=2, before_status=0, before_facts=0, before_top=0),
    _Room(said=2, before_status=0, before_facts=0, least=2),
    _Room(said=2, before_status=0, before_facts=0, before_top=0, least=2),
    _Room(said=0, before_status=0, before_facts=0),
    _Room(said=0, before_status=0, before_facts=0, before_top=0),
    _Room(facts=2, said=0, before_status=0, before_facts=0, before_top=0),
    _Room(facts=1, said=0),
    _Room(facts=1, said=0, before_status=0, before_facts=0, before_top=0),
)
"""What is given up first: blank lines; then a finding, which is counted; then words of findings,
which are listed below; then facts."""
NARROW = _Room(said=LINES)
"""On fewer columns than `WIDTH` nothing is given up, however many lines that takes."""


def written(
    of: Headline, width: int = WIDTH, lines: int = LINES, *, alone: bool = False
) -> list[HeadlineLine]:
    """The headline as lines of at most `width` columns, identifiers whole, and `lines` lines.

    Args:
        of: what to write.
        width: columns; an identifier that is longer than a line is written whole all the same.
        lines: the findings that do not fit so many are counted; `LEAST` are shown, or two where
            no more fit with what they say. On fewer than `WIDTH` columns all is whole, however
            many lines that takes.
        alone: whether nothing follows it: its last line says where all findings are shown.
    """
    found: list[HeadlineLine] = []
    for room in ROOMS if width >= WIDTH else (NARROW,):
        found = _before_findings(of, width, room)
        least = [_finding(each, width, room.said) for each in of.top[: room.least]]
        last = len(_last(len(of.top) - len(least), width, alone=alone)) if of.top else 0
        if len(found) + sum(_height(each, width) for each in least) + last <= lines:
            break
    return [*found, *_findings(of.top, width, room, lines - len(found), alone=alone)]


def _before_findings(of: Headline, width: int, room: _Room) -> list[HeadlineLine]:
    """Subject, status, counts and facts, and the heading of the findings that follow."""
    first, last = _heading(of, width, room.facts)
    found = [*first, *BLANK * room.before_status, *last, *BLANK * room.before_facts]
    for label, text in of.facts:
        found += _fact(label, text, width, room.facts)
    if of.top:
        top = _apart(tr("Top findings"), tr("fixed in"), width)
        found += [*BLANK * room.before_top, HeadlineLine(top, "label")]
    return found


def _findings(
    top: Sequence[TopFinding], width: int, room: _Room, lines: int, *, alone: bool
) -> Iterator[HeadlineLine]:
    """As many findings as fit, the least of the room at any rate; the others are counted."""
    told = [_finding(each, width, room.said) for each in top]
    shown = len(top)
    while shown > room.least:
        last = _last(len(top) - shown, width, alone=alone)
        if sum(_height(each, width) for each in told[:shown]) + len(last) <= lines:
            break
        shown -= 1
    for each in told[:shown]:
        yield from each
    if top:
        yield from _last(len(top) - shown, width, alone=alone)


def _height(found: Sequence[HeadlineLine], width: int) -> int:
    """Lines of a screen; an identifier that is longer than one is folded."""
    return sum(max(-(-len(each.text) // width), 1) for each in found)


def _last(left: int, width: int, *, alone: bool) -> list[HeadlineLine]:
    """How many controls with findings are not shown, and where all of them are."""
    more = trn(
        "and {count} more control with findings",
        "and {count} more controls with findings",
        left,
    )
    where = tr("to see all, leave out --summary") if alone else tr("below")
    told = f"{more} ({where})"
    if not left:
        told = tr("Details ({where})", where=where) if alone else ""
    lines = wrap(typeset(told), width - 2, break_on_hyphens=False)
    return [HeadlineLine(f"  {line}") for line in lines]


def _heading(of: Headline, width: int, most: int) -> tuple[list[HeadlineLine], list[HeadlineLine]]:
    """What was checked; then its status with the counts."""
    subject, about = plain(of.subject), plain(of.about)
    if len(subject) + len(about) + 2 <= width:
        first = [HeadlineLine(_apart(subject, about, width), "subject")]
    else:
        first = [HeadlineLine(line, "subject") for line in _wrapped(subject, width, most)]
        first += [HeadlineLine(line) for line in _wrapped(about, width, most)]
    status = tr(of.status)
    verdict = f"{status}   {of.counted}"
    if len(verdict) <= width:
        last = [HeadlineLine(verdict, of.status)]
    else:
        last = [HeadlineLine(status, of.status)]
        last += [HeadlineLine(line) for line in _counts(of, width)]
    last += [HeadlineLine(line) for line in _wrapped(of.exit, width, LINES)]
    return first, last


def _counts(of: Headline, width: int) -> list[str]:
    """The counts, none of them parted from its number."""
    found = [""]
    for word in ORDER:
        told = words.counted(of.counts[word], word)
        longer = f"{found[-1]}   {told}" if found[-1] else told
        found = [*found[:-1], longer] if len(longer) <= width else [*found, told]
    return found


def _apart(left: str, right: str, width: int) -> str:
    return f"{left}{' ' * max(width - len(left) - len(right), 2)}{right}"


LABEL = 23
"""Columns of the longest label, with the space after it."""


def _fact(label: str, text: str, width: int, most: int) -> list[HeadlineLine]:
    room = width - LABEL
    if room < LABEL:
        return [HeadlineLine(line) for line in _wrapped(f"{label}: {text}", width, LINES, indent=2)]
    first, *rest = _wrapped(text, room, most) or [""]
    return [
        HeadlineLine(f"{label:{LABEL}}{first}"),
        *(HeadlineLine(f"{'':{LABEL}}{line}") for line in rest),
    ]


def _finding(each: TopFinding, width: int, most: int) -> list[HeadlineLine]:
    """What and where it is fixed; then what was found, on so many lines, and until when."""
    left = f"  {tr(each.severity):8}  {tr(each.status):13}  {plain(each.control)}"
    fix = clipped(each.fixed_in, LONGEST)
    alone = len(left) + len(fix) + 2 > width
    head = [HeadlineLine(left if alone else _apart(left, fix, width), each.status)]
    ends = tr("until {date}", date=words.day_of(each.until)) if each.until else ""
    before = [fix] if alone and fix else []
    before += [ends] if ends else []
    least = wrap(typeset(", ".join(before)), width - 4, break_on_hyphens=False)
    if not most:
        return [*head, *(HeadlineLine(f"    {line}") for line in least)]
    befores = [", ".join(before)]
    if each.resources > 1:
        before.append(trn("{count} resource", "{count} resources", each.resources))
        befores.insert(0, ", ".join(before))
    told = _said(befores, each, width - 4, max(most, len(least)))
    return [*head, *(HeadlineLine(f"    {line}") for line in told)]


def _said(befores: Sequence[str], each: TopFinding, width: int, most: int) -> Sequence[str]:
    """What a finding says, or its control's title, or neither: what has so many lines whole.

    Args:
        befores: what stands before it; the last is the least of it.
        each: the finding.
        width: columns.
        most: lines.
    """
    kept = each.required if each.sentence.endswith(each.required) else ""
    told = (said for said in (each.sentence, f"{each.short}{kept}", each.short) if said)
    for said, before in product((s for s in told if len(s) <= LONGEST), befores):
        text = words.labelled(before, plain(said)) if before else plain(said)
        lines = wrap(typeset(text), width, break_on_hyphens=False)
        if len(lines) <= most:
            return lines
    return wrap(typeset(befores[0]), width, break_on_hyphens=False)


def _wrapped(text: str, width: int, most: int, indent: int = 0) -> Sequence[str]:
    """At most so many lines of a text."""
    return wrap(
        typeset(clipped(text, LONGEST)),
        width,
        break_on_hyphens=False,
        subsequent_indent=" " * indent,
        max_lines=most,
        placeholder=" ...",
    )
