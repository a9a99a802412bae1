"""The words of every output, in one place: statuses, dates, laws, certificates, where to fix."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING

from havre.policy.model import FixIn
from havre.probe.promises import WORDS
from havre.report.language import Language, spoken, tr, trn
from havre.report.texts import translated
from havre.spec.countries import country_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from havre.policy.findings import Lowered, Result
    from havre.policy.fixes import Fix
    from havre.policy.qualifications import Claim
    from havre.probe.promises import SeenControl
    from havre.provider import Operator

STATUSES = {"unknown": "not evaluated", "not-applicable": "not applicable"}
"""What a status is called where data have another word for it."""
COUNTED = {
    "pass": ("{count} passed", "{count} passed"),
    "fail": ("{count} failed", "{count} failed"),
    "waived": ("{count} waived", "{count} waived"),
    "warning": ("{count} warning", "{count} warnings"),
    "unknown": ("{count} not evaluated", "{count} not evaluated"),
    "not-applicable": ("{count} not applicable", "{count} not applicable"),
}
"""A count of controls of one status, and of several."""
EVALUATED = ("fail", "warning", "waived", "pass")
"""Statuses of what was evaluated and applies."""
COVERAGES = {
    "evidenced": "evidence",
    "partly": "partial evidence",
    "not-asked": "not in this profile",
    "organisational": "not visible in a plan",
}
"""How far the controls show a requirement."""
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
ISO = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])", re.ASCII)
"""A date as data have it."""
NAME = re.compile(r"[\d_.`/-]")
"""What the name of a control or a resource has, and no word that begins a sentence."""
ENDED = re.compile(r"[.!?]( »)?$")
"""The end of a sentence, or of one that is quoted."""
ROLES = {
    "warehouse": "Warehouse file",
    "waivers": "Waivers",
    "preview": "Preview",
    "state": "State",
    "probes": "Probes",
}
"""What files are that a check reads; others are named by their role."""
SOURCES = {
    "evaluation": "offline plan",
    "preview": "preview",
    "state": "deployed state",
    "analyzer": "policy pack",
    "sandbox": "sandbox, not a cloud",
}
"""Kinds of source of a plan."""


def status(word: str) -> str:
    """The one word that people read for a status, in every output."""
    return tr(STATUSES.get(word, word))


def source(result: Result) -> str:
    """The kind of source that a plan was read from."""
    return tr(SOURCES.get(result.source, result.source))


def where(result: Result) -> str:
    """On what provider; a provider whose name takes other words than a host has them itself."""
    name = result.title or result.provider
    own = translated(said := f"on {name}")
    return own if own != said else tr("on {provider}", provider=name)


def role(word: str) -> str:
    """What a file that was read is, as a label."""
    return tr(ROLES.get(word, word))


def checked(result: Result) -> str:
    """What was checked: something deployed, or a plan, which is not; no reader confuses both."""
    if result.source == "sandbox":
        return tr("Check of a sandbox, not of a cloud")
    if result.source == "state":
        return tr("Check of what is deployed (state)")
    return tr("Check of what would be deployed (plan, no deployment)")


def lowered(told: Lowered) -> str:
    """In what a check asks for less than a former one."""
    lower = tr("profile {now} instead of {before}", now=told.now, before=told.before)
    counts = {"now": told.controls_now, "before": told.controls_before}
    fewer = tr("{now} controls instead of {before}", **counts)
    return ", ".join([*([lower] if told.lower else []), *([fewer] if told.fewer else [])])


def seen(of: SeenControl) -> str:
    """What probes saw of a control beside what is promised, and of how many targets."""
    return f"{outcome(of.word)} ({of.seen}/{of.tried})"


def outcome(word: str) -> str:
    """How a promise was seen, in the language at hand."""
    named = {
        "promised, seen": tr("promised, seen"),
        "promised, not seen": tr("promised, not seen"),
        "not promised, seen": tr("not promised, seen"),
        "not promised, not seen": tr("not promised, not seen"),
        "seen otherwise": tr("seen otherwise"),
        "not evaluated": tr("not evaluated"),
    }
    return named[word]


def probed(result: Result) -> str:
    """When and where it was probed, and how the promises of its controls were seen, counted."""
    record = result.probes
    if record is None:
        return ""
    day = record.at.date()
    when = tr("probed {date}", date=dated(day, result.as_of))
    found = Counter(each.word for each in result.seen())
    left = len(result.controls) - found.total()
    counts = [f"{found[word]} {outcome(word)}" for word in WORDS if found[word]]
    counts.append(tr("{count} not probed", count=left))
    told = [when, *([tr("in a sandbox")] if record.sandbox else []), *counts]
    return "; ".join(told)


def many(count: int, noun: str) -> str:
    """A count with its noun: `1 resource`, `2 resources`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counted(number: int, word: str) -> str:
    """A count of controls of one status: `41 passed`, `1 warning`, `2 warnings`."""
    return trn(*COUNTED[word], number)


def day_of(day: dt.date) -> str:
    """A date as people write it: `2026-12-21`, `21 décembre 2026`."""
    if spoken() is Language.EN:
        return day.isoformat()
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {tr(MONTHS[day.month - 1])} {day.year}"


def with_days(text: str) -> str:
    """A text with the days in it as people write them; what only looks like one is left."""

    def told(found: re.Match[str]) -> str:
        try:
            return day_of(dt.date.fromisoformat(found.group()))
        except ValueError:
            return found.group()

    return ISO.sub(told, text)


def dated(day: dt.date, as_of: dt.date) -> str:
    """A date with its distance: `2026-12-21 (in 28 days)`."""
    days, date = (day - as_of).days, day_of(day)
    if days == 0:
        return tr("{date} (today)", date=date)
    if days > 0:
        return trn("{date} (in {count} day)", "{date} (in {count} days)", days, date=date)
    return trn("{date} ({count} day ago)", "{date} ({count} days ago)", -days, date=date)


def labelled(label: str, text: str) -> str:
    """A text behind its label."""
    return tr("{label}: {text}", label=label, text=text)


def listed(parts: Iterable[str]) -> str:
    """Several texts in one line."""
    return tr("; ").join(parts)


def capitalised(text: str) -> str:
    """A text as it begins a sentence, unless it begins with a name that has signs in it."""
    first = text.partition(" ")[0]
    return text if NAME.search(first) else text[:1].upper() + text[1:]


def sentences(parts: Iterable[str]) -> str:
    """Texts as sentences one after the other; the first begins as it is."""
    first, *rest = parts
    told = [first, *map(capitalised, rest)]
    return " ".join(text if ENDED.search(text) else f"{text}." for text in told)


def ending(day: dt.date, as_of: dt.date) -> str:
    """An end, or one that has passed: `until 2026-12-21 (in 28 days)`."""
    told = dated(day, as_of)
    return tr("expired {date}", date=told) if day < as_of else tr("until {date}", date=told)


def fixed_in(fix: Fix | None) -> str:
    """Where a finding is fixed, in a few words; empty where it was not derived."""
    if fix is None:
        return ""
    named = {
        FixIn.FILE: tr("warehouse file {name}", name=fix.name).rstrip(),
        FixIn.SETTING: tr("setting {name}", name=fix.name),
        FixIn.DECISION: tr("decision (waiver)"),
        FixIn.REHEARSAL: tr("exit rehearsal"),
        FixIn.PROVIDER: tr("provider (gap)"),
        FixIn.PROGRAM: tr("your own program"),
        FixIn.HAVRE: "Havre",
        FixIn.CONTROL: tr("control {name}", name=fix.name),
        FixIn.DEPLOYED: tr("deployed warehouse"),
    }
    return named[fix.where]


def place(where: FixIn) -> str:
    """A kind of place where findings are fixed, as it is counted: `warehouse file`."""
    named = {
        FixIn.FILE: tr("warehouse file"),
        FixIn.SETTING: tr("setting"),
        FixIn.DECISION: tr("decision"),
        FixIn.REHEARSAL: tr("exit rehearsal"),
        FixIn.PROVIDER: tr("provider"),
        FixIn.PROGRAM: tr("your own program"),
        FixIn.HAVRE: "Havre",
        FixIn.CONTROL: tr("your own control"),
        FixIn.DEPLOYED: tr("deployed warehouse"),
    }
    return named[where]


def shorter(result: Result, name: str) -> str:
    """A resource's name without the prefix that all names of its warehouse repeat."""
    for prefix in (f"{result.warehouse}-{result.environment}-", f"{result.warehouse}-"):
        if name.startswith(prefix) and len(name) > len(prefix):
            return name[len(prefix) :]
    return name


def access(operator: Operator) -> str:
    """An operator and the laws that can compel it to disclose data."""
    named = {law.partition(" ")[0] for law in operator.laws}
    told = tr(" and ").join(map(_law, operator.laws))
    bound = tr("subject to {laws}", laws=told) if told else tr("no law is recorded")
    country = operator.country or ""
    abroad = country and country not in named
    parent = tr(", parent company in {country}", country=tr(country_name(country)))
    return f"{translated(operator.entity)}, {bound}{parent if abroad else ''}"


def _law(law: str) -> str:
    """A law as people write it: `US law (CLOUD Act, FISA 702)`, `the law of France`."""
    area, _, detail = law.partition(" ")
    name = country_name(area)
    if area in {name, "US"}:
        return tr("{area} law {detail}", area=tr(area), detail=detail).rstrip()
    return tr("the law of {country} {detail}", country=tr(name), detail=detail).rstrip()


def scheme(claim: Claim) -> str:
    """A certification scheme as its owner writes it."""
    return claim.name or claim.scheme


def undecided(claim: Claim) -> bool:
    """Whether nothing shows that a certificate covers a product, or that it does not."""
    return not claim.inside and bool(claim.undecided)


def _refused(claim: Claim) -> str:
    """How many products a certificate does not cover."""
    return trn(
        "not {awarded} ({count} product)",
        "not {awarded} ({count} products)",
        len(claim.outside),
        awarded=tr(claim.awarded),
    )


def certified(claim: Claim) -> str:
    """How far the products in use are within a certificate, in a few words."""
    products = len(claim.inside) + len(claim.outside) + len(claim.undecided)
    awarded = tr(claim.awarded)
    if claim.holds:
        return tr("{awarded} for all products", awarded=awarded)
    if claim.inside:
        return trn(
            "{awarded} for {inside} of {count} product",
            "{awarded} for {inside} of {count} products",
            products,
            awarded=awarded,
            inside=len(claim.inside),
        )
    if undecided(claim):
        told = trn(
            "not evaluated ({count} product)",
            "not evaluated ({count} products)",
            len(claim.undecided),
        )
        return f"{told}, {_refused(claim)}" if claim.outside else told
    return tr("not {awarded}", awarded=awarded)
