"""The words of every output, in one place: statuses, dates, laws, certificates, where to fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.policy.model import FixIn
from havre.spec.countries import country_name

if TYPE_CHECKING:
    import datetime as dt

    from havre.policy.findings import Result
    from havre.policy.fixes import Fix
    from havre.policy.qualifications import Claim
    from havre.provider import Operator

STATUSES = {"unknown": "not evaluated", "not-applicable": "not applicable"}
"""What a status is called where data have another word for it."""
COUNTED = {"pass": "passed", "fail": "failed"}
"""A status behind a count of controls."""
EVALUATED = ("fail", "warning", "waived", "pass")
"""Statuses of what was evaluated and applies."""
COVERAGES = {
    "evidenced": "evidence",
    "partly": "partial evidence",
    "not-asked": "not in this profile",
    "organisational": "not visible in a plan",
}
"""How far the controls show a requirement."""
SOURCES = {
    "evaluation": "offline plan",
    "preview": "preview",
    "state": "deployed state",
    "analyzer": "policy pack",
}
"""Kinds of source of a plan."""


def status(word: str) -> str:
    """The one word that people read for a status, in every output."""
    return STATUSES.get(word, word)


def source(result: Result) -> str:
    """The kind of source that a plan was read from."""
    return SOURCES.get(result.source, result.source)


def many(count: int, noun: str) -> str:
    """A count with its noun: `1 resource`, `2 resources`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def counted(number: int, word: str) -> str:
    """A count of controls of one status: `41 passed`, `1 warning`, `2 warnings`."""
    if word == "warning":
        return many(number, word)
    return f"{number} {COUNTED.get(word, status(word))}"


def dated(day: dt.date, as_of: dt.date) -> str:
    """A date with its distance: `2026-12-21 (in 28 days)`."""
    days = (day - as_of).days
    if days == 0:
        return f"{day} (today)"
    distance = many(abs(days), "day")
    return f"{day} (in {distance})" if days > 0 else f"{day} ({distance} ago)"


def ending(day: dt.date, as_of: dt.date) -> str:
    """An end, or one that has passed: `until 2026-12-21 (in 28 days)`."""
    return f"{'expired' if day < as_of else 'until'} {dated(day, as_of)}"


def fixed_in(fix: Fix | None) -> str:
    """Where a finding is fixed, in a few words; empty where it was not derived."""
    if fix is None:
        return ""
    named = {
        FixIn.FILE: f"warehouse file {fix.name}".rstrip(),
        FixIn.SETTING: f"setting {fix.name}",
        FixIn.DECISION: "decision (waiver)",
        FixIn.REHEARSAL: "exit rehearsal",
        FixIn.PROVIDER: "provider (gap)",
        FixIn.PROGRAM: "your own program",
        FixIn.HAVRE: "Havre",
    }
    return named[fix.where]


def shorter(result: Result, name: str) -> str:
    """A resource's name without the prefix that all names of its warehouse repeat."""
    for prefix in (f"{result.warehouse}-{result.environment}-", f"{result.warehouse}-"):
        if name.startswith(prefix) and len(name) > len(prefix):
            return name[len(prefix) :]
    return name


def access(operator: Operator) -> str:
    """An operator and the laws that can compel it to disclose data."""
    named = {law.partition(" ")[0] for law in operator.laws}
    laws = " and ".join(map(_law, operator.laws))
    bound = f"subject to {laws}" if laws else "no law is recorded"
    country = operator.country or ""
    abroad = country and country not in named
    parent = f", parent company in {country_name(country)}" if abroad else ""
    return f"{operator.entity}, {bound}{parent}"


def _law(law: str) -> str:
    """A law as people write it: `US law (CLOUD Act, FISA 702)`, `the law of France`."""
    area, _, detail = law.partition(" ")
    name = country_name(area)
    said = f"{area} law" if area in {name, "US"} else f"the law of {name}"
    return f"{said} {detail}".rstrip()


def scheme(claim: Claim) -> str:
    """A certification scheme as its owner writes it."""
    return claim.name or claim.scheme


def certified(claim: Claim) -> str:
    """How far the products in use are within a certificate, in a few words."""
    products = len(claim.inside) + len(claim.outside) + len(claim.undecided)
    if claim.holds:
        return f"{claim.awarded} for all products"
    if claim.inside:
        return f"{claim.awarded} for {len(claim.inside)} of {many(products, 'product')}"
    if claim.undecided:
        return f"not evaluated ({many(products, 'product')})"
    return f"not {claim.awarded}"
