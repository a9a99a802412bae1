"""A summary in French is French: what controls and providers say is in it translated too."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from babel.messages.pofile import read_po

from havre.assess.assessment import Request, assess
from havre.assess.subject import subject
from havre.capabilities.declarations import declared
from havre.policy.findings import FindingKind, Waiver
from havre.report.findings import Format, render
from havre.report.findings.words import capitalised
from havre.report.language import Language, speaking, title
from havre.report.texts import translated
from havre.spec.load import load
from scripts.catalogues import ROOT, catalogues

if TYPE_CHECKING:
    from havre.policy.findings import Finding, Result

DAY = dt.date(2026, 11, 30)
ACCEPTED = Waiver("-", "Direction", "Motif en toutes lettres.", "Registre", dt.date(2027, 6, 30))
CASES = (("emc2", "azure"), ("emc2", "ovh"), ("emc2", "scaleway"), ("hospital", "local"))
ENGLISH = re.compile(
    r"\b(the|of|and|is|are|was|were|with|can|cannot|has|have|until|which|when|by|without|that|"
    r"stored|required|known|found|read|shows|provider|operator of|nothing|or|none|this|allowed|to|"
    r"group|from|any|each|only|not|be|machine's)\b",
    re.IGNORECASE,
)
NAME = re.compile(r"`[^`]*`|[\w*.{}-]*[\w]+[-._][\w*.{}-]+|\b[\w_]+ (?=: )")
"""What is no word: code, names of resources and controls, and properties before their values."""


@cache
def result(example: str, provider: str) -> Result:
    """What a check finds, with a waiver of every finding, so that the annex shows each."""
    of = subject(load(ROOT / "examples" / example / "warehouse.yaml"), provider)
    found = assess(Request(of, as_of=DAY)).result
    return replace(found, findings=tuple(map(accepted, found.findings)))


def accepted(finding: Finding) -> Finding:
    blind = finding.kind is FindingKind.UNKNOWN
    waiver = replace(ACCEPTED, control=finding.control)
    return replace(finding, kind=FindingKind.WAIVED, waiver=waiver, unevaluated=blind)


@cache
def page(example: str, provider: str) -> str:
    """The summary as it is read, an element a line."""
    with speaking(Language.FR):
        shown = render(result(example, provider), Format.HTML, summary=True)
    body = re.sub(r"<(style|script)>.*?</\1>", "", shown.partition("<body>")[2], flags=re.DOTALL)
    attributes = re.findall(
        r'(?:aria-label|data-annex|data-label|data-dark|data-light)="([^"]*)"', body
    )
    code = re.sub(r'<span class="(?:code|faint)">[^<]*</span>', "`-`", body)
    return "\n".join([html.unescape(re.sub(r"<[^>]+>", "\n", code)), *attributes])


@cache
def terminal(example: str, provider: str) -> str:
    with speaking(Language.FR):
        return render(result(example, provider), Format.TABLE, summary=True, width=200)


@cache
def known() -> dict[str, str]:
    """Every text of ours without values that French has another one for."""
    found = {
        str(each.id): str(each.string)
        for path in catalogues()
        for each in read_po(BytesIO(path.read_bytes()))
        if each.id and not each.pluralizable
    }
    return {text: told for text, told in found.items() if text != told and "{" not in text}


@pytest.mark.parametrize(("example", "provider"), CASES)
def test_no_text_that_has_a_translation_is_shown_in_english(example: str, provider: str) -> None:
    lines = {line.strip(" :.") for line in page(example, provider).splitlines()}
    lines |= {piece.strip() for line in lines for piece in line.split(":")[1:]}
    assert len(lines) > 60
    assert sorted(lines & {text.strip(":.") for text in known()}) == []
    shown = page(example, provider) + terminal(example, provider)
    whole = [text for text in known() if " " in text.strip() and text in shown]
    assert whole == []


@pytest.mark.parametrize("shown", [page, terminal])
@pytest.mark.parametrize(("example", "provider"), CASES)
def test_what_is_shown_has_no_english_words(example: str, provider: str, shown: object) -> None:
    told = shown(example, provider)  # type: ignore[operator]
    lines = [NAME.sub("", line) for line in told.splitlines()]
    assert len(lines) > 12
    assert [line for line in lines if ENGLISH.search(line)] == []


CALQUES = re.compile(
    r"\bla pile\b|rien ne documente|de leurs jours|jours promis|tâche à vous|une tête stockée|"
    r"conservation légale|sans fin\b|\bréglage\b",
    re.IGNORECASE,
)
"""English in French words, and second names of one thing."""


def test_no_french_text_is_a_calque_or_a_second_name_of_a_thing() -> None:
    files = [*catalogues(), ROOT / "havre/exit/seal/texts.py", ROOT / "docs/security/dpo.md"]
    assert len(files) > 6
    lines = [line for each in files for line in each.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if CALQUES.search(line)] == []


def gaps() -> dict[str, list[str]]:
    """Of every gap that an installed provider declares the residual risk, and the measure."""
    found: dict[str, list[str]] = {"risk": [], "fallback": []}
    for path in sorted((ROOT / "providers").glob("*/havre_*/data/gaps.toml")):
        for gap in declared(path).texts.values():
            found["risk"].append(gap.risk)
            found["fallback"].append(gap.fallback)
    return found


@pytest.mark.parametrize("part", ["risk", "fallback"])
def test_every_residual_risk_and_compensating_measure_is_translated(part: str) -> None:
    found = gaps()[part]
    assert len(found) > 100
    filled = [re.sub(r"\{(\w+)\}", "7", text) for text in found]
    with speaking(Language.FR):
        same = [text for text in filled if translated(text) == text]
        left = [text for text in filled if ENGLISH.search(NAME.sub("", translated(text)))]
    assert same == left == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("yes, not in force until x happens", "oui, pas en vigueur avant : x happens"),
        ("landing: 40 days, logs: 1 day", "landing : 40 jours, logs : 1 jour"),
        ("at most 1,024 bytes", "au plus 1 024 octets"),
        ("not known: no", "non connu : non"),
        ("a, b and {c}", "a, b and {c}"),
        ("{0} stores: %s", "{0} stores : %s"),
        ("", ""),
    ],
)
def test_values_are_translated_in_their_pattern_and_never_read_as_one(text: str, told: str) -> None:
    with speaking(Language.FR):
        assert translated(text) == told
    assert translated(text) == text


def test_a_long_text_is_left_as_it_is_rather_than_searched() -> None:
    long = "x: " * 5_000
    with speaking(Language.FR):
        assert translated(long) == long


def test_a_certification_has_one_result_wherever_it_is_named() -> None:
    for case in CASES[:2]:
        with speaking(Language.FR):
            assert "HDS : non évalué" in page(*case).replace("\xa0", " ")
        about = "« Un certificat HDS daté couvre"
        shown = [line for line in page(*case).replace("\xa0", " ").splitlines() if about in line]
        assert shown
        assert all(line.strip().startswith("non évalué : ") for line in shown)


def test_the_scope_of_a_risk_is_never_cut() -> None:
    found = page("emc2", "azure")
    names = {each.name for each in result("emc2", "azure").findings if each.control == HDS}
    assert len(names) > 20
    assert "…" not in found
    assert [name for name in names if name not in found] == []


HDS = "jurisdiction.hds"


RAW = re.compile(r"\b[a-z]+_[a-z_]+ (?=: )")
"""A name of the code before what was found of it."""


@pytest.mark.parametrize(("example", "provider"), CASES)
def test_no_property_of_the_code_stands_before_what_was_found(example: str, provider: str) -> None:
    lines = page(example, provider).replace("\xa0", " ").splitlines()
    assert [line for line in lines if RAW.match(line.strip())] == []


@cache
def opened(example: str, provider: str) -> tuple[Result, str]:
    """A check without any waiver, and its page."""
    of = subject(load(ROOT / "examples" / example / "warehouse.yaml"), provider)
    found = assess(Request(of, as_of=DAY)).result
    bare = tuple(
        replace(each, waiver=None, kind=FindingKind.FAIL, unevaluated=False, known=number % 3 == 0)
        for number, each in enumerate(found.findings)
    )
    of_open = replace(found, findings=bare)
    with speaking(Language.FR):
        return of_open, render(of_open, Format.HTML, summary=True)


@pytest.mark.parametrize(("example", "provider"), CASES)
def test_the_annex_lists_every_finding_without_a_waiver(example: str, provider: str) -> None:
    of, shown = opened(example, provider)
    annex = html.unescape(shown.partition('<table class="risks open">')[2]).replace("\xa0", " ")
    text = re.sub(r"<[^>]+>", "", annex)
    assert len({each.control for each in of.findings}) > 14
    assert [each.control for each in of.findings if each.control not in text] == []
    assert [each.name for each in of.findings if each.name not in text] == []
    with speaking(Language.FR):
        gaps_of = [each.gap for each in of.findings if each.gap]
        risks, measures = ({getattr(gap, part) for gap in gaps_of} for part in ("risk", "fallback"))
        told = [capitalised(translated(each)) for each in (*risks, *measures)]
    plain = text.replace("`", "")
    assert [each for each in told if each.replace("`", "") not in plain] == []
    assert "de plus" not in text
    lines = html.unescape(re.sub(r"<[^>]+>", "\n", annex)).splitlines()
    sentences = [each for line in lines for each in re.findall(r"\. ([a-zéàêôç]+ [^.]+)", line)]
    assert sentences == []
    assert not re.search(r"\d{4}-\d{2}-\d{2}", annex.partition("</table>")[0])


@pytest.mark.parametrize(("example", "provider"), CASES)
def test_a_summary_lists_the_title_of_every_control_without_a_finding(
    example: str, provider: str
) -> None:
    of = subject(load(ROOT / "examples" / example / "warehouse.yaml"), provider)
    found = assess(Request(of, as_of=DAY)).result
    with speaking(Language.FR):
        folded = " ".join(render(found, Format.HTML, summary=True).split("<details>")[1:])
        clear = [c for c in found.controls if found.verdict(c.id) in {"pass", "not-applicable"}]
        listed = html.unescape(folded).replace("\xa0", " ")
        assert len(clear) > 12
        assert [each.id for each in clear if title(each) not in listed] == []
        assert all(each.id in listed for each in clear)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("evaluation", "Contrôle de ce qui serait déployé (plan, aucun déploiement)"),
        ("preview", "Contrôle de ce qui serait déployé (plan, aucun déploiement)"),
        ("state", "Contrôle de ce qui est déployé (état)"),
        ("sandbox", "Contrôle d'un bac à sable, et non d'un cloud"),
    ],
)
def test_a_summary_says_whether_anything_is_deployed(source: str, told: str) -> None:
    of = replace(opened("hospital", "local")[0], source=source, placeholders=("tenant_id", "salt"))
    with speaking(Language.FR):
        header = render(of, Format.HTML, summary=True).partition("<main")[0]
    assert told in html.unescape(header)
    assert "valeurs fictives : tenant_id, salt" in header.replace("\xa0", " ")


def test_the_first_page_names_what_ends_next_and_what_a_warning_is_of() -> None:
    of, _ = opened("emc2", "azure")
    soon = replace(ACCEPTED, control=of.findings[0].control, expires=dt.date(2026, 12, 21))
    first = replace(of.findings[0], kind=FindingKind.WARNING, waiver=soon)
    ending = replace(
        of, findings=(first, *(each for each in of.findings if each.control != first.control))
    )
    named = next(each for each in of.controls if each.id == first.control)
    with speaking(Language.FR):
        header = render(ending, Format.HTML, summary=True).partition("<main")[0]
        about = title(named)
    text = html.unescape(header).replace("\xa0", " ")
    label, _, rest = text.partition("Prochaine échéance")[2].partition("</dd>")
    assert about in label
    assert "21 décembre 2026" in label
    assert f"Avertissement</dt><dd>{first.control}" in rest
    assert "se termine dans les 90 jours, jusqu'au 21 décembre 2026" in rest


@pytest.mark.parametrize(("example", "provider"), CASES)
def test_each_certification_names_its_products_and_where_that_was_read(
    example: str, provider: str
) -> None:
    claims = result(example, provider).claims
    shown = page(example, provider).replace("\xa0", " ")
    products = [
        each
        for of in claims
        for each in (*of.inside, *(named for named, _ in (*of.outside, *of.undecided)))
    ]
    assert len(claims) > 1
    assert products
    assert [each for each in products if each not in shown] == []
    with speaking(Language.FR):
        for read in (each for of in claims for each in of.readings):
            assert translated(read.source) in shown
            assert not read.note or translated(read.note).replace("`", "") in shown
            assert not read.note or translated(read.note) != read.note
    assert ("Microsoft Ireland" in shown) is (provider == "azure")
