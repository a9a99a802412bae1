"""The headline on a terminal: in every language and state it wraps, and loses no fact."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from havre.facts.values import Reserve
from havre.policy.findings import FindingKind, Whereabouts
from havre.policy.qualifications import Claim
from havre.provider import Operator
from havre.report.findings import Format, headline, render
from havre.report.language import Language, speaking, tr
from tests.report.samples import ENDED, ENDING, FINDINGS, HOLDING, RESULT

if TYPE_CHECKING:
    from havre.policy.findings import Finding

OWNER = "Director of the platform and of its data"
CLAIMS = (
    Claim("hds", (), (), tuple((f"p{n}", "not read") for n in range(7)), None, None, (), "HDS"),
    Claim("snc", (), (("x", "none"),), (), None, None, (), "SecNumCloud", "qualified"),
)
LIES = (Whereabouts("primary", "francecentral", "FR", 3, 0), Whereabouts("log", "", None, 1, 0))
BASE = replace(
    RESULT,
    title="Microsoft Azure",
    operator=Operator("Microsoft Corporation", "US", ("US (CLOUD Act, FISA 702)", "EU")),
    claims=CLAIMS,
    lies=LIES,
)


def of(kind: FindingKind, **other: object) -> Finding:
    found = next(each for each in FINDINGS if each.kind is kind)
    return replace(found, **other)


WAIVED = of(
    FindingKind.WAIVED, waiver=replace(ENDING, control="access.project-isolation", owner=OWNER)
)
ENDED_ONES = tuple(
    of(FindingKind.FAIL, waiver=replace(ENDED, control=name, owner=OWNER), reserve=reserve)
    for name, reserve in (
        ("jurisdiction.operator", Reserve.NOT_IN_FORCE),
        ("audit.protected", Reserve.NOT_SEEN),
        ("residency.backups", None),
    )
)
STATES = {
    "passed": (replace(HOLDING, lies=LIES[:1], claims=CLAIMS), headline.PASSED),
    "excepted": (replace(BASE, findings=(WAIVED,)), headline.WITH_EXCEPTIONS),
    "failed": (BASE, headline.FAILED),
    "ended": (
        replace(BASE, findings=(*ENDED_ONES, WAIVED, *FINDINGS)),
        headline.FAILED,
    ),
    "not evaluated": (
        replace(BASE, findings=(of(FindingKind.UNKNOWN), replace(WAIVED, unevaluated=True))),
        headline.NOT_EVALUATED,
    ),
    "partial": (replace(HOLDING, left_out=("a.one", "a.two")), headline.PARTIAL),
    "this machine": (
        replace(
            BASE,
            title="this machine",
            operator=Operator("the operator of this machine", None, ()),
            lies=(Whereabouts("primary", "this-machine", None, 9, 0),),
        ),
        headline.FAILED,
    ),
}


def whole(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", [80, 60, 40])
@pytest.mark.parametrize("state", STATES)
def test_every_fact_is_whole_and_every_line_fits(
    state: str, width: int, language: Language
) -> None:
    result, status = STATES[state]
    with speaking(language):
        of_it = headline.headline(result)
        shown = render(result, Format.TABLE, summary=True, width=width)
        assert of_it.status == status
        assert tr(status) in shown
    lines = shown.splitlines()
    assert max(map(len, lines)) <= width
    assert width < headline.WIDTH or len(lines) <= headline.LINES
    for label, text in of_it.facts:
        assert whole(text) in whole(shown), label
        assert len(label) < headline.LABEL
    for each in of_it.top[: headline.LEAST]:
        assert each.control in shown
        assert each.fixed_in in whole(shown)


@pytest.mark.parametrize("language", Language)
def test_counts_keep_their_numbers(language: Language) -> None:
    with speaking(language):
        of_it = headline.headline(BASE)
        counts = of_it.counted.split("   ")
        shown = render(BASE, Format.TABLE, summary=True, width=40).splitlines()
    for told in counts:
        assert any(told in line for line in shown), told


def test_a_screen_too_full_loses_words_of_findings_before_facts() -> None:
    result, _ = STATES["ended"]
    with speaking(Language.FR):
        full = headline.headline(result)
        bare = replace(full, facts=full.facts[-1:])
        shown = ["\n".join(x.text for x in headline.written(each)) for each in (full, bare)]
    assert "..." not in shown[0].partition(tr("Top findings"))[0]
    assert len(shown[1].splitlines()) <= headline.LINES
    day = dt.date(2026, 10, 1)
    with speaking(Language.FR):
        assert headline.words.dated(day, result.as_of) in whole(shown[0])
