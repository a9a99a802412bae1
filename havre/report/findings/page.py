"""HTML: one page that needs nothing else, for readers in a browser and on paper."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from havre.policy.findings import VERDICTS
from havre.policy.model import Outcome
from havre.report import annex
from havre.report.findings import answers, words
from havre.report.findings.headline import MOST, ORDER, headline, notes
from havre.report.language import spoken, tr, trn, typeset
from havre.report.texts import translated
from havre.text import clipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.policy.findings import Finding, Result
    from havre.policy.frameworks import Requirement
    from havre.policy.model import Control

LARGEST = 290_000
"""Bytes of a page; findings are left out, and counted, until it is no larger."""
LEAST = 350
"""Bytes that a finding takes, at the least."""
LIMITS = (200, 50, 20, 5, 1, 0)
"""Findings shown of each control, resources of each waiver: the most that fits."""
LONGEST = 600
"""Characters of a text from outside."""
SENTENCES = 4_000
"""Characters of a text that Havre puts together from many."""
ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[\w./~%?=&+,;:-]*)?(?<![.,;:])", re.ASCII)
CODE = re.compile(r"`([^`]+)`")
ANCHOR = re.compile(r"[^A-Za-z0-9.-]+")


@dataclass(frozen=True)
class Entry:
    """A control on the page.

    Attributes:
        id: identifier of the control.
        control: as it was asked for; None where it was only found.
        verdict: one word.
        findings: those shown.
        left: how many findings are left out.
        passed: how many times it holds.
    """

    id: str
    control: Control | None
    verdict: str
    findings: tuple[Finding, ...]
    left: int
    passed: int

    @property
    def outcomes(self) -> str:
        """Words that a reader filters by: the verdict, and what is waived without a result."""
        blind = any(finding.unevaluated for finding in self.findings)
        return " ".join(dict.fromkeys([self.verdict, *(["unknown"] if blind else [])]))

    @property
    def family(self) -> str:
        """The word before the dot."""
        return self.id.partition(".")[0]

    @property
    def severity(self) -> str:
        """Of the control, or of what was found."""
        if self.control:
            return self.control.severity.value
        return self.findings[0].severity.value if self.findings else ""


def render(
    result: Result, *, requirements: Sequence[Requirement] | None = None, summary: bool = False
) -> str:
    """The result as one HTML page under 300 KB.

    Args:
        result: what the check found.
        requirements: what the controls show of frameworks.
        summary: whether to write the summary of two printed pages alone.
    """
    if summary:
        return _summary(result)
    page, shared = "", _shared(result)
    found = _found(result)
    for limit in LIMITS:
        shown = sum(len(findings[:limit]) for findings in found.values())
        if limit and shown * LEAST > LARGEST:
            continue  # not worth writing: it cannot fit
        page = written(
            "check.html",
            **shared,
            entries=[_entry(result, name, findings, limit) for name, findings in found.items()],
            frameworks=answers.frameworks(requirements),
            verdicts=VERDICTS,
            limit=limit,
        )
        if len(page.encode()) <= LARGEST:
            break
    return page


def _summary(result: Result) -> str:
    """What an officer for data protection signs: two pages of A4 and the accepted risks."""
    return written(
        "summary.html",
        **_shared(result),
        least=OPEN,
        rows=ROWS,
        risks=annex.accepted(result),
        open=annex.unaccepted(result),
        annex=annex,
        notes=list(notes(result)),
    )


def _shared(result: Result) -> dict[str, Any]:
    """What the page and the summary both show."""
    return {
        "result": result,
        "headline": headline(result),
        "most": MOST,
        "answers": answers,
        "words": words,
        "order": ORDER,
        "covers": answers.covers(result),
    }


OPEN = 6
"""Controls without a waiver that the first pages list; the annex lists all of them."""
ROWS = 6
"""Zones and projects that the first pages list; where there are more the annex lists all."""


def written(template: str, **values: Any) -> str:
    """A page from a template that extends `base.html`: its style, its script and their hashes.

    Args:
        template: name of a template of this package.
        values: what it shows; every text is escaped, and its control characters are shown.
    """
    environment = _environment()
    style = environment.get_template("style.css").render()
    script = environment.get_template("filter.js").render()
    hashes = {"style_hash": _hash(style), "script_hash": _hash(script)}
    return environment.get_template(template).render(**values, **hashes) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("havre.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_inert,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["anchor"] = anchor
    environment.filters["linked"] = _linked
    environment.filters["whole"] = partial(_linked, most=SENTENCES)
    environment.filters["long"] = _long
    environment.filters["query"] = _query
    environment.filters["status"] = words.status
    shown = {words.STATUSES.get(word, word): word for word in VERDICTS}
    environment.filters["word"] = shown.__getitem__
    environment.globals["tr"] = tr
    environment.globals["trn"] = trn
    environment.globals["translated"] = translated
    environment.globals["language"] = spoken
    return environment


def _inert(value: Any) -> Any:
    """A text on one line and of bounded length; what macros wrote is left as it is."""
    return value if isinstance(value, Markup) else typeset(clipped(value, LONGEST))


def _long(value: object) -> Markup:
    """A text of Havre's own making, which may be longer than one from outside."""
    return escape(typeset(clipped(value, SENTENCES)))


def _query(value: object) -> str:
    """A text from outside in the fragment of an address."""
    return quote(clipped(value, LONGEST), safe="")


def _hash(content: str) -> str:
    """Names an inline element in the page's security policy: no other one is let run."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def anchor(name: str) -> str:
    """The deep link of a control."""
    return ANCHOR.sub("-", name)


def _linked(value: object, most: int = LONGEST) -> Markup:
    """A text with its addresses as links, and what is between backticks as code."""
    pieces = CODE.split(typeset(clipped(value, most)))
    return Markup("").join(
        Markup('<span class="code">{}</span>').format(piece) if number % 2 else _with_links(piece)
        for number, piece in enumerate(pieces)
    )


def _with_links(text: str) -> Markup:
    link = Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>')
    words = (link.format(word) if ADDRESS.fullmatch(word) else word for word in text.split(" "))
    return Markup(" ").join(words)


def _found(result: Result) -> dict[str, list[Finding]]:
    """Findings by control, the worst control first, those that hold among them."""
    found: dict[str, list[Finding]] = {}
    for finding in result.findings:
        found.setdefault(finding.control, []).append(finding)
    for control in result.controls:
        found.setdefault(control.id, [])
    worst = {name: VERDICTS.index(result.verdict(name)) for name in found}
    return {name: found[name] for name in sorted(found, key=worst.__getitem__)}


def _entry(result: Result, name: str, findings: list[Finding], limit: int) -> Entry:
    return Entry(
        name,
        next((control for control in result.controls if control.id == name), None),
        result.verdict(name),
        tuple(findings[:limit]),
        max(len(findings) - limit, 0),
        result.outcomes.get(name, {}).get(Outcome.PASS, 0),
    )
