"""Renderings for people: each answers the same questions, in the same order."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len

from havre.facts.values import Reserve
from havre.policy.findings import FindingKind
from havre.policy.model import Severity
from havre.report.findings import Format, answers, render, words
from havre.report.findings.headline import headline
from havre.report.language import Language, speaking
from tests.report.pages import Page
from tests.report.samples import CONTROLS, FINDINGS, HOLDING, REQUIREMENTS, RESULT, hostile

if TYPE_CHECKING:
    from havre.policy.findings import Result

HEADLINE = (
    "clinic (production) on Toy Cloud",
    "profile health, 2026-11-23, offline plan",
    "FAILED",
    "Next waiver to expire",
    "tags.owner, 2026-12-31 (in 38 days), Ana Silva",
    "Expired waiver",
    "network.closed, 2026-10-01 (53 days ago), Ana Silva",
    "Data stored in",
    "Legal access",
    "Toy Cloud SAS, subject to the law of France and EU law",
    "Certifications",
    "HDS certified for 2 of 5 products; SecNumCloud not qualified",
    "residency.backup",
)
"""What every format says first, in this order."""
TABLE = (
    *HEADLINE,
    "5 resources: US (eastus) (required: FR or DE)",
    "Findings",
    "critical fail residency.backup: Backups stay in the countries that are named.",
    "on        5 resources: archive, backups, images and 2 more",
    "found     places: US (eastus); required: FR or DE",
    "fix       Set `backup.site` to a site in one of the countries named.",
    "fixed in  warehouse file backup.site",
    "at        stacks/clinic/warehouse.yaml:12",
    "waiver  DEC-3, Ana Silva, expired 2026-10-01 (53 days ago)",
    "high not evaluated encryption.at-rest",
    "Provider gaps",
    "reason                The managed database takes no key of the customer's. (absent)",
    "compensating measure  the service's own key",
    "residual risk         The operator can read the database.",
    "Waivers",
    "tags.owner: vault",
    "waiver  DEC-7, Ana Silva, until 2026-12-31 (in 38 days)",
    "logs.retention: logs",
    "Data location",
    "France, Germany, United States, unknown places",
    "3 resources with data have no known location.",
    "Certifications and qualifications",
    "HDS: certified for 2 of 5 products, until 2027-05-01 (in 159 days), read on 2026-09-01",
    "logs (none found, read on 2026-09-01); registry (in process)",
    "SecNumCloud: not qualified",
    "Frameworks",
    "SNC 0 of 92 requirements evaluated: controls are not evaluated for 1",
    "SNC 10.1  Chiffrement (partial evidence, controls: not evaluated): encryption.at-rest",
    "SNC 5.1   Politique (not visible in a plan)",
    "HDS 0 of 31 requirements evaluated",
    "HDS  HDS (evidence): residency.backup contributes to it. Where it lies.",
    "Totals",
    "8 controls over 42 resources: 3 failed, 1 not evaluated, 2 warnings, 1 waived,",
    "Settings not given, evaluated with placeholders: tenant_id",
    "Exit code 1: 7 findings of 3 controls failed without a waiver.",
)


def in_order(text: str, parts: tuple[str, ...]) -> int:
    """How many parts stand in the text, each after the one before it."""
    at = 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0, f"{part!r} is not there, or before what should come first"
        at = found
    return len(parts)


def test_the_table_answers_in_order() -> None:
    table = render(RESULT, Format.TABLE, requirements=REQUIREMENTS)
    assert in_order(table, TABLE) == len(TABLE)


@pytest.mark.parametrize("width", [40, 60, 100, 160])
@pytest.mark.parametrize(
    "result", [RESULT, hostile(), hostile("漢字" * 300)], ids=["", "odd", "wide"]
)
def test_the_table_fits(width: int, result: object) -> None:
    lines = render(result, Format.TABLE, width=width).splitlines()  # type: ignore[arg-type]

    assert max(map(cell_len, lines)) <= width
    assert not any(line.endswith(" ") for line in lines)


def test_the_table_has_colour_only_where_asked_for() -> None:
    plain = render(RESULT, Format.TABLE)
    coloured = render(RESULT, Format.TABLE, colour=True)

    assert "\x1b" not in plain
    assert "\x1b[1;31mcritical fail\x1b[0m" in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


def test_a_table_of_nothing_found_says_so() -> None:
    table = render(HOLDING, Format.TABLE)

    in_order(table, ("PASSED   1 passed", "Findings\n  none", "Totals", "Exit code 0: no control"))
    assert "gaps" not in table
    assert "waiver " not in table


def test_a_table_of_gaps_and_waived_findings_does_not_say_that_nothing_was_found() -> None:
    waived = tuple(x for x in RESULT.findings if x.gap or x.kind is FindingKind.WAIVED)
    assert waived
    table = render(replace(RESULT, findings=waived), Format.TABLE)
    assert "Findings\n  none" not in table
    of = next(x for x in waived if not x.gap)
    assert f"Findings\n  {of.severity} waived, until 2027-06-30, 1 resource {of.control}: " in table


def test_a_table_of_gaps_alone_says_where_they_are() -> None:
    gaps = tuple(x for x in RESULT.findings if x.gap)
    table = render(replace(RESULT, findings=gaps), Format.TABLE)
    assert "Findings\n  only provider gaps: see below" in table


@pytest.mark.parametrize("width", [80, None])
def test_every_control_with_findings_is_listed_behind_the_headline(width: int | None) -> None:
    """The headline shows some of them and says that the others are below, waived ones too."""
    waived = next(x for x in RESULT.findings if x.kind is FindingKind.WAIVED and not x.gap)
    many = tuple(replace(waived, control=f"audit.number-{n}") for n in range(30))
    controls = tuple(replace(RESULT.controls[0], id=each.control) for each in many)
    table = render(replace(RESULT, findings=many, controls=controls), Format.TABLE, width=width)
    listed = table.partition("\nFindings\n")[2].partition("\nWaivers\n")[0]
    assert [each.control for each in many if f" {each.control}: " not in listed] == []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("fail_on", [Severity.LOW, None])
def test_the_exit_code_counts_as_many_controls_as_the_headline(
    fail_on: Severity | None, language: Language
) -> None:
    """One control failed and was not evaluated: it is counted once, as one that failed."""
    failed = next(each for each in RESULT.findings if each.kind is FindingKind.FAIL)
    also = replace(failed, kind=FindingKind.UNKNOWN, waiver=None)
    both = replace(RESULT, findings=(*RESULT.findings, also), fail_on=fail_on, allow_unknown=True)
    with speaking(language):
        said, counts = answers.meaning(both), headline(both).counts
    told = re.findall(r"(\d+) (?:controls?|contrôles?)\b", said)
    assert told == [str(counts["fail"])]
    assert counts["unknown"] == headline(RESULT).counts["unknown"]


def test_findings_and_controls_are_counted_apart_in_french_too() -> None:
    with speaking(Language.FR):
        assert answers.counts(RESULT)["fail"] == 3
        said = answers.meaning(RESULT)
    assert said == "Code de sortie 1 : 7 constats de 3 contrôles en échec sans dérogation."


@pytest.mark.parametrize(
    ("changes", "meaning"),
    [
        ({}, "Exit code 1: 7 findings of 3 controls failed without a waiver."),
        (
            {"fail_on": Severity.CRITICAL},
            "Exit code 1: 5 findings of 1 control failed without a waiver (severity critical or",
        ),
        ({"fail_on": None}, "Exit code 3: 1 finding not evaluated, and not allowed."),
        (
            {"fail_on": None, "allow_unknown": True},
            "Exit code 0: 7 findings of 3 controls failed, 1 finding not evaluated, allowed by",
        ),
    ],
)
def test_the_exit_code_is_said_in_a_sentence(changes: dict[str, object], meaning: str) -> None:
    result = replace(RESULT, **changes)

    assert meaning.startswith(f"Exit code {int(result.exit_code)}")
    for form in (Format.TABLE, Format.MARKDOWN, Format.HTML):
        assert meaning in render(result, form)


@pytest.mark.parametrize("form", [Format.MARKDOWN, Format.HTML])
def test_comments_and_pages_answer_in_the_same_order(form: Format) -> None:
    text = render(RESULT, form, requirements=REQUIREMENTS)

    in_order(text, HEADLINE)
    for finding in FINDINGS:
        assert finding.control in text
    assert "DEC-2026-12, Ana Silva, until 2027-06-30 (in 219 days)" in text
    assert "0 of 92 requirements evaluated: controls are not evaluated for 1" in text
    assert "as a whole" not in text


def test_a_comment_lists_every_requirement_with_what_contributes_to_it() -> None:
    text = render(RESULT, Format.MARKDOWN, requirements=REQUIREMENTS)

    assert (
        "- **SNC 10.1** Chiffrement (partial evidence, controls: not evaluated): encryption.at-rest"
        " contributes to it. Encryption of stores; not of memory.\n"
    ) in text
    assert "- **SNC 5.1** Politique (not visible in a plan)\n" in text
    assert "- **HDS** HDS (evidence): residency.backup contributes to it." in text


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML])
def test_several_controls_contribute(form: Format) -> None:
    both = replace(REQUIREMENTS[0], controls=("a.one", "a.two"), part="", of=None)
    whole = replace(both, id="", verdict="")
    text = render(RESULT, form, requirements=(both, whole))

    assert "0 of 1 requirement cited here evaluated: controls are not evaluated for 1" in text
    assert form is Format.HTML or "a.one, a.two contribute to it" in text
    assert "a.two" in text


def test_requirements_are_counted_out_of_all_that_a_framework_has() -> None:
    from havre.policy.frameworks import coverage, installed_frameworks

    frameworks = installed_frameworks()
    verdicts = {
        name: "pass" for each in frameworks.items for h in each.headings for name in h.controls
    }
    found = answers.frameworks(coverage(frameworks, verdicts, verdicts))
    assert {each.name: each.totals.split(" evaluated")[0] for each in found} == {
        "SNC": "40 of 92 requirements",
        "EDS": "1 of 1 requirement cited here",
        "HDS": "0 of 31 requirements",
        "CIRC": "1 of 1 requirement cited here",
        "A": "23 of 93 requirements",
        "GDPR": "4 of 9 requirements cited here",
        "DA": "3 of 9 requirements",
        "DORA": "5 of 5 requirements",
        "SATRE": "48 of 185 requirements",
        "TEHDAS2": "38 of 119 requirements",
    }
    assert {each.name for each in found if not each.listed} == {"DA", "DORA", "SATRE", "TEHDAS2"}


@pytest.mark.parametrize("form", list(Format))
def test_a_framework_has_no_result_in_any_format(form: Format) -> None:
    """What is cited of it as a whole is there, and bears no word of a result."""
    whole = replace(REQUIREMENTS[2], verdict="pass")
    text = render(HOLDING, form, requirements=(whole,))

    told = [line for line in text.splitlines() if "as a whole" in line or ">HDS<" in line]
    assert not any("pass" in line for line in told)
    if form is Format.HTML:
        (row,) = re.findall(r"<tr[^>]*>(?:(?!</tr>).)*Where it lies.*?</tr>", text, re.DOTALL)
        assert "badge" not in row


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML])
def test_what_is_not_known_of_a_certificate_has_its_reason(form: Format) -> None:
    text = " ".join(render(RESULT, form).split())

    assert "database (the plan is not known)" in text
    unsure = replace(RESULT.claims[0], inside=(), outside=())
    told = render(replace(RESULT, claims=(unsure,)), form)
    assert "not evaluated (1 product)" in told
    assert "not certified" not in told


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML])
def test_products_that_are_not_certified_are_told_beside_those_not_evaluated(
    form: Format,
) -> None:
    both = replace(
        RESULT.claims[0],
        inside=(),
        outside=(("registry", "not listed"), ("logs", "not listed")),
        undecided=(("database", "the plan is not known"),),
    )
    told = " ".join(render(replace(RESULT, claims=(both,)), form).split())
    assert "not evaluated (1 product), not certified (2 products)" in told


def test_a_comment_folds_gaps_and_waivers() -> None:
    comment = render(RESULT, Format.MARKDOWN)

    in_order(
        comment,
        (
            "### Findings",
            "| ❌ fail | critical | **residency.backup** Backups stay",
            "<details>\n<summary>1 provider gap</summary>",
            "Residual risk: The operator can read the database.",
            "<summary>2 waivers in force</summary>",
        ),
    )
    assert comment.count("**encryption.customer-key**") == 2, "at the top and among the gaps"


def test_warnings_are_told_beside_a_good_end() -> None:
    warned = replace(RESULT, findings=tuple(f for f in FINDINGS if f.kind is FindingKind.WARNING))

    assert warned.exit_code == 0
    assert "PASSED WITH EXCEPTIONS" in render(warned, Format.TABLE)


def test_what_is_not_in_force_is_counted_apart_at_the_top_waived_or_not() -> None:
    first, *rest = FINDINGS
    waived = next(each for each in rest if each.kind is FindingKind.WAIVED)
    waiting = [replace(each, reserve=Reserve.NOT_IN_FORCE) for each in (first, waived)]
    unseen = replace(rest[0], reserve=Reserve.NOT_SEEN)
    told = dict(headline(replace(RESULT, findings=(*waiting, unseen))).facts)

    assert told["Not in force yet"] == "2 findings"
    assert told["Not seen by refresh"] == "1 finding"
    assert "Not in force yet" not in dict(headline(RESULT).facts)


def test_a_waiver_that_covers_nothing_is_no_cover() -> None:
    unused = replace(RESULT, findings=tuple(f for f in FINDINGS if f.control == "exit.rehearsed"))

    table = render(unused, Format.TABLE)
    assert "Waivers                none apply" in table
    assert "Waivers\n" not in table


def test_the_page_lets_no_style_or_script_run_but_its_own() -> None:
    text = render(RESULT, Format.HTML)
    page = Page(text)
    policy = next(m["content"] for m in page.named("meta") if "http-equiv" in m) or ""

    for tag in ("style", "script"):
        (content,) = page.texts[tag]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    text = render(RESULT, Format.HTML)

    assert "@import" not in text
    assert "url(" not in text
    linked = {a["href"] for a in Page(text).named("a") if not (a["href"] or "").startswith("#")}
    assert linked == {"https://docs.example/keys", "https://hosting.example/list"}


def test_every_control_of_the_page_can_be_linked_and_filtered() -> None:
    page = Page(render(RESULT, Format.HTML))
    controls = {d["id"]: d for d in page.named("details") if d.get("class") == "control"}

    assert set(controls) == {f"control-{control.id}" for control in CONTROLS}
    for control in CONTROLS:
        shown = controls[f"control-{control.id}"]
        assert shown["data-outcome"].split()[0] == RESULT.verdict(control.id)
        assert shown["data-family"] == control.family
    offered = {option for option in page.texts["option"] if option != "all"}
    assert offered == {control.family for control in CONTROLS}
    for link in page.named("a"):
        target = link["href"] or ""
        if target.startswith("#control-"):
            assert target[1:] in controls


def test_the_page_shows_the_worst_first_and_folds_all() -> None:
    page = Page(render(RESULT, Format.HTML))
    shown = [d for d in page.named("details") if d.get("class") == "control"]

    assert [d["data-outcome"] for d in shown] == [
        "fail", "fail", "fail", "unknown", "warning", "warning", "waived", "not-applicable",
    ]  # fmt: skip
    assert not any("open" in d for d in page.named("details"))


def test_the_page_suits_phones_paper_and_the_dark() -> None:
    (style,) = Page(render(RESULT, Format.HTML)).texts["style"]

    for wanted in ("prefers-color-scheme: dark", "@media print", "@media (max-width: 36rem)"):
        assert wanted in style


WORDS_OF_DATA = re.compile(r"\b(unknown(?! types)|not-applicable|not known|not judged|undecided)\b")
"""Words for a status that people do not read."""


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN])
def test_people_read_one_word_for_a_status(form: Format) -> None:
    plain = replace(
        RESULT,
        lies=(),
        unplaced=0,
        findings=tuple(replace(each, found="this") for each in FINDINGS),
        claims=(),
    )
    text = render(plain, form, requirements=REQUIREMENTS)
    assert not WORDS_OF_DATA.search(text)
    for word in ("not evaluated", "not applicable", "waived", "warning"):
        assert word in text


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.JSON])
def test_a_summary_is_the_headline_alone(form: Format) -> None:
    text = render(RESULT, form, summary=True)
    in_order(text, HEADLINE)
    assert "Residual risk" not in text
    assert render(RESULT, form).count("\n") > text.count("\n")


@pytest.mark.parametrize(
    "result", [RESULT, HOLDING, hostile("x y " * 50)], ids=["", "held", "long"]
)
def test_a_summary_fits_a_screen_and_cuts_no_identifier(result: Result) -> None:
    lines = render(result, Format.TABLE, width=80, summary=True).splitlines()
    assert len(lines) <= 24
    assert max(map(cell_len, lines)) <= 80
    first = [each for each in headline(result).top[:3] if len(each.control) <= 80]
    assert all(any(each.control in line for line in lines) for each in first)


def test_piped_findings_are_one_line_each() -> None:
    text = render(RESULT, Format.TABLE, width=None)
    for group in answers.groups(RESULT, RESULT.findings):
        (line,) = [
            each
            for each in text.splitlines()
            if each.startswith("  [") and f" {group.control}: " in each
        ]
        assert answers.place(group.findings[0].location) in line if group.places else True
        assert all(fix in line for fix in group.fixes)


STATUS_OF = [
    ({}, "FAILED"),
    ({"fail_on": None, "allow_unknown": True}, "FAILED"),
    ({"findings": tuple(f for f in FINDINGS if f.kind is FindingKind.UNKNOWN)}, "NOT EVALUATED"),
    (
        {"findings": tuple(f for f in FINDINGS if f.kind is FindingKind.WAIVED)},
        "PASSED WITH EXCEPTIONS",
    ),
    (
        {"findings": tuple(f for f in FINDINGS if f.kind is FindingKind.WARNING)},
        "PASSED WITH EXCEPTIONS",
    ),
    ({"findings": ()}, "PASSED"),
    ({"findings": (), "outcomes": {}}, "NOT EVALUATED"),
    ({"findings": (), "controls": ()}, "NOT EVALUATED"),
]


@pytest.mark.parametrize(("changes", "status"), STATUS_OF)
def test_a_headline_is_never_better_than_the_findings(changes: dict[str, Any], status: str) -> None:
    """Neither options nor an empty evaluation make a pass of what is none."""
    of = headline(replace(RESULT, **changes))
    assert of.status == status
    disagrees = status.startswith("PASSED") is not (replace(RESULT, **changes).exit_code == 0)
    assert bool(of.exit) is disagrees


@pytest.mark.parametrize(
    ("days", "said"), [(28, "in 28 days"), (1, "in 1 day"), (0, "today"), (-1, "1 day ago")]
)
def test_a_date_has_its_distance(days: int, said: str) -> None:
    day = RESULT.as_of + dt.timedelta(days=days)
    assert words.dated(day, RESULT.as_of) == f"{day} ({said})"


def test_names_lose_the_prefix_that_all_repeat() -> None:
    for name, short in (
        ("clinic-production-zone-curated", "zone-curated"),
        ("clinic-keys", "keys"),
        ("clinic-", "clinic-"),
        ("other-clinic-keys", "other-clinic-keys"),
    ):
        assert words.shorter(RESULT, name) == short


def test_every_kind_has_a_word_of_its_own_in_a_comment() -> None:
    comment = render(hostile("x"), Format.MARKDOWN)

    for kind, word in zip(FindingKind, ("fail", "not evaluated", "warning", "waived"), strict=True):
        assert word in comment, kind


def test_what_is_not_known_never_lies_nowhere() -> None:
    unknown = {"cloud:dns:Record": 40, "cloud:sql:Server": 1, "cloud:sql:FirewallRule": 2}
    result = replace(RESULT, lies=(), unplaced=0, unknown_types=unknown)
    said = answers.countries(result)
    assert said == "not evaluated: 43 resources of unknown types"
    assert answers.countries(replace(result, unknown_types={})) == "nothing is stored"


def test_each_unknown_type_stands_once_with_its_count_the_worst_first() -> None:
    unknown = {"cloud:dns:Record": 40, "cloud:sql:Server": 1, "cloud:sql:FirewallRule": 2}
    result = replace(RESULT, unknown_types=unknown)
    shown = "cloud:sql:Server (1), cloud:sql:FirewallRule (2), cloud:dns:Record (40)"
    assert answers.unplaced(result).endswith(f"43 resources of unknown types: {shown}.")
    for form in (Format.TABLE, Format.MARKDOWN, Format.HTML):
        text = " ".join(render(result, form).split())
        assert 1 <= text.count("cloud:sql:Server") <= 2, "the headline may name it as well"


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML, Format.JSON])
def test_what_a_state_warns_of_is_said_in_every_format(form: Format) -> None:
    warned = replace(RESULT, warnings=("curated is tainted: the next update replaces it",))
    text = " ".join(render(warned, form).split())
    assert "curated is tainted: the next update replaces it" in text


UNEVALUATED = tuple(
    replace(each, unevaluated=True) for each in FINDINGS if each.kind is FindingKind.WAIVED
)
CLAIM = "each was evaluated"
"""What is only said where it is so."""


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML, Format.SARIF])
def test_what_is_waived_and_was_not_evaluated_is_counted_apart(form: Format) -> None:
    blind = replace(RESULT, findings=UNEVALUATED)
    assert blind.exit_code == 0
    text = " ".join(render(blind, form).split())

    assert CLAIM not in text
    assert "1 finding was not evaluated and is waived." in text
    seen = replace(RESULT, findings=tuple(replace(each, unevaluated=False) for each in UNEVALUATED))
    assert CLAIM in " ".join(render(seen, form).split())
    assert dict(headline(blind).facts)["Not evaluated, waived"] == "1 finding"
    assert blind.summary()["waived_unevaluated"] == 1
    assert "waived_unevaluated" not in seen.summary()


@pytest.mark.parametrize(
    ("left", "told"), [(1, "1 of 9 controls was left"), (2, "2 of 10 controls were left")]
)
@pytest.mark.parametrize("findings", [(), UNEVALUATED, FINDINGS[8:9]])
def test_a_check_of_some_controls_has_a_status_of_its_own(
    findings: tuple[Any, ...], left: int, told: str
) -> None:
    names = tuple(f"some.control-{number}" for number in range(left))
    part = replace(RESULT, findings=findings, left_out=names)
    of = headline(part)
    assert of.status == "PARTIAL"
    for form in (Format.TABLE, Format.MARKDOWN, Format.HTML):
        text = " ".join(render(part, form).split())
        assert told in text
        assert CLAIM not in text
        assert "NOT EVALUATED" not in text
    for worse, status in ((FINDINGS[0], "FAILED"), (FINDINGS[7], "NOT EVALUATED")):
        assert headline(replace(part, findings=(worse, *findings))).status == status


def test_findings_that_differ_in_their_resource_only_are_one_block() -> None:
    alike = FINDINGS[:5]
    other = replace(alike[0], resource=f"{alike[0].resource}-other", found="CN")
    page = Page(text := render(replace(RESULT, findings=(*alike, other)), Format.HTML))
    blocks = [each for each in page.named("div") if each.get("class") == "finding"]

    assert len(blocks) == 2
    for finding in (*alike, other):
        assert finding.name in text
    assert text.count("to a site in one of the countries named.") == 2, "once in each block"


def test_what_is_between_backticks_is_code_on_a_page() -> None:
    page = render(RESULT, Format.HTML)
    assert '<span class="code">backup.site</span>' in page
    assert "`backup.site`" not in page


def test_what_is_waived_without_a_result_is_found_as_not_evaluated() -> None:
    """The page's filter and OSCAL name it so, beside that it is waived."""
    found = next(x for x in RESULT.findings if x.kind is FindingKind.WAIVED)
    blind = replace(RESULT, findings=(replace(found, unevaluated=True),))
    page = render(blind, Format.HTML)
    outcome = re.search(rf'id="control-{found.control}" data-outcome="([^"]*)"', page)
    assert outcome
    assert outcome[1] == "waived unknown"
    (told,) = json.loads(render(blind, Format.OSCAL))["assessment-results"]["results"]
    props = [
        (each["name"], each["value"])
        for part in ("observations", "findings")
        for item in told[part]
        for each in item.get("props", ())
    ]
    assert props.count(("waived-as", "not evaluated")) == 2
