"""The headline on a terminal: in every language and state it wraps, and loses no fact."""

from __future__ import annotations

import ast
import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from havre.facts.values import Reserve
from havre.policy.findings import FindingKind, Whereabouts
from havre.policy.fixes import Fix
from havre.policy.model import FixIn, Severity
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


def test_the_places_where_open_findings_are_fixed_are_counted_by_controls() -> None:
    """Who has to do how much, in one line; what somebody accepted is no longer to be fixed.

    Of what the reader can change, the gravest is named.
    """
    places = {
        "a.one": (FixIn.PROVIDER, FixIn.PROVIDER),
        "a.two": (FixIn.PROVIDER, FixIn.SETTING),
        "a.three": (FixIn.FILE,),
        "a.minor": (FixIn.SETTING,),
        "a.four": (FixIn.DECISION,),
    }
    found = [
        replace(
            of(FindingKind.FAIL),
            control=control,
            fix=Fix(where, "x"),
            severity=Severity.LOW if control == "a.minor" else Severity.HIGH,
        )
        for control, all_of in places.items()
        for where in all_of
    ]
    accepted = replace(WAIVED, control="a.five", fix=Fix(FixIn.HAVRE))
    known = replace(found[0], control="a.six", known=True)
    result = replace(BASE, findings=(*found, accepted, known))
    told = "setting 2 (such as a.two), provider 2, warehouse file 1 (a.three), decision 1"
    assert dict(headline.headline(result).facts)["Fixed in"] == told
    shown = render(result, Format.TABLE, summary=True, width=80)
    assert f"Fixed in {told}" in " ".join(shown.split())
    nothing = headline.headline(replace(BASE, findings=(accepted,)))
    assert "Fixed in" not in dict(nothing.facts)
    with speaking(Language.FR):
        french = dict(headline.headline(result).facts)
    first = "paramètre 2 (par exemple a.two), fournisseur 2"
    rest = "fichier de l'entrepôt 1 (a.three), décision 1"
    assert french["À corriger dans"] == f"{first}, {rest}"


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
    for each in of_it.top[:2]:
        assert each.control in shown
        assert each.fixed_in in whole(shown)


def test_a_region_that_two_services_write_differently_is_one_place() -> None:
    lies = (
        Whereabouts("primary", "EU-WEST-PAR", "FR", 8, 0),
        Whereabouts("key", "eu-west-par", "FR", 8, 8),
        Whereabouts("key", "SBG", "FR", 8, 8),
    )
    told = dict(headline.headline(replace(BASE, lies=lies)).facts)["Data stored in"]
    assert "France: EU-WEST-PAR, SBG (copies implied by the provider)" in told
    assert "eu-west-par" not in told


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


WHERE = {
    Language.EN: "(to see all, leave out --summary)",
    Language.FR: "(pour tout voir : --format html=FICHIER)",
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", [80, 60, 40])
@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_summary_ends_with_where_all_of_it_is(count: int, width: int, language: Language) -> None:
    many = tuple(replace(WAIVED, control=f"audit.number-{n}") for n in range(count))
    controls = tuple(replace(BASE.controls[0], id=each.control) for each in many)
    with speaking(language):
        shown = render(
            replace(BASE, findings=many, controls=controls),
            Format.TABLE,
            summary=True,
            width=width,
        )
    assert whole(shown.replace("\xa0", " ")).endswith(WHERE[language])
    assert width < headline.WIDTH or len(shown.splitlines()) <= headline.LINES


def test_what_is_not_at_the_top_of_a_table_is_said_to_be_below() -> None:
    many = tuple(replace(WAIVED, control=f"audit.number-{n}") for n in range(30))
    controls = tuple(replace(BASE.controls[0], id=each.control) for each in many)
    table = render(replace(BASE, findings=many, controls=controls), Format.TABLE)
    assert "more controls with findings (below)" in table.partition("\nFindings\n")[0]


@pytest.mark.parametrize("language", Language)
def test_a_sentence_of_two_lines_is_whole_where_blank_lines_make_room(language: Language) -> None:
    said = "Every word of this sentence is needed to see what it means to whoever reads it, " * 2
    one = replace(WAIVED, found=f"{said.strip(', ')} at its end", wanted="", property="")
    with speaking(language):
        of_it = headline.headline(replace(BASE, findings=(one,)))
        top = tuple(replace(each, sentence=one.found[:120], required="") for each in of_it.top * 3)
        lines = headline.written(replace(of_it, top=top), alone=True)
    shown = whole(" ".join(each.text for each in lines))
    assert shown.count(one.found[:120]) == 3
    assert len(lines) <= headline.LINES


@pytest.mark.parametrize(
    "wanted", ["an operator under EU law only", "FR or DE", "365 days or more"]
)
@pytest.mark.parametrize("width", [80, 60])
def test_what_is_required_is_kept_where_what_was_found_is_too_long(width: int, wanted: str) -> None:
    long = "it can be compelled to disclose the data in many resources of every kind " * 6
    failed = of(FindingKind.FAIL, found=long.strip(), wanted=wanted)
    shown = render(replace(BASE, findings=(failed,)), Format.TABLE, summary=True, width=width)
    title = next(each.title for each in BASE.controls if each.id == failed.control)
    assert f"requirement not met: {title} (required: {wanted})" in whole(shown)
    assert "..." not in shown


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", [80, 60, 40])
@pytest.mark.parametrize("state", STATES)
def test_what_a_finding_says_is_whole_or_left_out(
    state: str, width: int, language: Language
) -> None:
    result = STATES[state][0]
    with speaking(language):
        of_it = headline.headline(result)
        shown = render(result, Format.TABLE, summary=True, width=width)
        label = tr("Top findings")
    findings = whole(shown.partition(label)[2].replace("\xa0", " "))
    assert "..." not in findings
    assert "…" not in findings
    said = [each for each in of_it.top if each.sentence in findings or each.short in findings]
    assert state == "ended" or width == 80 or len(said) >= min(headline.LEAST, len(of_it.top))


def test_a_screen_in_french_has_the_titles_of_the_first_findings() -> None:
    long = "Aucune loi extérieure à l'Union européenne ne s'applique à l'opérateur du service."
    top = headline.TopFinding(
        "critical", "warning", "jurisdiction.operator", f"exigence non satisfaite : « {long} »",
        "décision (dérogation)", 1, until=dt.date(2026, 12, 21),
    )  # fmt: skip
    with speaking(Language.FR):
        of_it = replace(headline.headline(STATES["excepted"][0]), top=(top,) * 20)
        shown = [each.text for each in headline.written(of_it, lines=headline.LINES, alone=True)]
    assert whole(" ".join(shown).replace("\xa0", " ")).count(long) >= headline.LEAST
    assert len(shown) <= headline.LINES


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML, Format.JSON])
def test_a_finding_at_the_top_that_is_waived_has_its_date(form: Format) -> None:
    later = replace(WAIVED.waiver or ENDING, expires=dt.date(2029, 2, 3))
    both = (WAIVED, replace(WAIVED, resource="urn:x::later", waiver=later))
    result = replace(BASE, findings=(*both, of(FindingKind.FAIL)))
    shown = render(result, form, summary=form is not Format.HTML)
    first = {Format.JSON: f'"until": "{ENDING.expires}"'}.get(form, f"until {ENDING.expires}")
    assert whole(shown.partition("<h2")[0]).count(first) == 1
    assert "2029-02-03" not in shown.partition("<h2")[0]


def test_a_place_to_fix_is_never_cut() -> None:
    place = "zones.curated.immutable_days_of_a_very_long_name"
    failed = of(FindingKind.FAIL)
    assert failed.fix is not None
    failed = replace(failed, fix=replace(failed.fix, name=place))
    for width in (80, 100, 60):
        shown = render(replace(BASE, findings=(failed,)), Format.TABLE, summary=True, width=width)
        assert f"warehouse file {place}" in whole(shown)
    full = headline.headline(STATES["ended"][0])
    tops = tuple(replace(each, fixed_in=f"warehouse file {place}") for each in full.top)
    shown = whole(" ".join(each.text for each in headline.written(replace(full, top=tops))))
    assert shown.count(place) >= headline.LEAST


OUTSIDE = of(FindingKind.WARNING, control="a.outside", waiver=None)


@pytest.mark.parametrize("kind", [FindingKind.WARNING, FindingKind.WAIVED])
def test_top_findings_are_of_controls_that_are_counted(kind: FindingKind) -> None:
    gap = next(each.gap for each in FINDINGS if each.gap)
    outside = replace(OUTSIDE, kind=kind, gap=gap)
    result = replace(BASE, findings=(outside, of(FindingKind.WARNING)))
    of_it = headline.headline(result)
    assert [each.control for each in of_it.top] == [of(FindingKind.WARNING).control]
    assert of_it.counts["warning"] == len(of_it.top)
    assert dict(of_it.facts)["Outside the profile"] == ("1 more control with findings, not counted")
    for form in (Format.TABLE, Format.MARKDOWN, Format.HTML):
        assert "outside the profile" in render(result, form)
    assert "outside the profile a.outside" in render(result, Format.TABLE)
    with speaking(Language.FR):
        page = render(result, Format.HTML, summary=True)
    assert kind is FindingKind.WAIVED or "a.outside, hors du profil" in page


@pytest.mark.parametrize("kind", [FindingKind.FAIL, FindingKind.UNKNOWN])
def test_what_fails_outside_the_profile_is_at_the_top_all_the_same(kind: FindingKind) -> None:
    of_it = headline.headline(replace(BASE, findings=(replace(OUTSIDE, kind=kind),)))
    assert [each.control for each in of_it.top] == ["a.outside"]
    assert "Outside the profile" not in dict(headline.headline(BASE).facts)


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML])
def test_a_report_says_what_no_check_shows(form: Format) -> None:
    shown = whole(render(BASE, form))
    assert "is not a certification" in shown
    assert "people, procedures and contracts" in shown


def labels() -> list[str]:
    """Every label of a fact that the headline's source yields."""
    tree = ast.parse(Path(headline.__file__).read_text())
    yielded = [node.value for node in ast.walk(tree) if isinstance(node, ast.Yield)]
    firsts = [each.elts[0] for each in yielded if isinstance(each, ast.Tuple)]
    calls = [each for each in firsts if isinstance(each, ast.Call)]
    return [each.args[0].value for each in calls if isinstance(each.args[0], ast.Constant)]


@pytest.mark.parametrize("language", Language)
def test_every_label_has_room_for_a_space_after_it(language: Language) -> None:
    assert len(labels()) > 10
    with speaking(language):
        assert [tr(each) for each in labels() if len(tr(each)) >= headline.LABEL] == []
