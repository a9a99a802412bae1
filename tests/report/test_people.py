"""Renderings for people: each answers the same questions, in the same order."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from havre.policy.findings import FindingKind
from havre.policy.model import Severity
from havre.report.findings import Format, answers, render
from tests.report.pages import Page
from tests.report.samples import CONTROLS, FINDINGS, HOLDING, REQUIREMENTS, RESULT, hostile

ANSWERS = (
    "Where the data lie",
    "DE, FR, US, places not known",
    "FR, par (3 resources, 1 by implication); US, eastus (5 resources, 5 by implication)",
    "3 resources with data do not tell where.",
    "Who can be compelled to hand them over",
    "Toy Cloud SAS (parent in FR); laws that can compel it: FR, EU",
    "Certificates",
    "holds for some parts, until 2027-05-01, read on 2026-09-01",
    "logs (none found, read on 2026-09-01); registry (in process)",
)
TABLE = (
    *ANSWERS,
    "secnumcloud: holds for no part",
    "Findings",
    "critical fail residency.backup: Backups stay in the countries that are named.",
    "on      5 resources: archive, backups, images and 2 more",
    "found   places: US (eastus); wanted: FR or DE",
    "remedy  Set `backup.site` to a site in one of the countries named.",
    "at      stacks/clinic/warehouse.yaml:12",
    "waiver  DEC-3, Ana Silva, ended 2026-10-01",
    "high unknown encryption.at-rest",
    "Gaps of the provider",
    "reason   The managed database takes no key of the customer's. (absent)",
    "instead  the service's own key",
    "risk     The operator can read the database.",
    "Waived",
    "tags.owner: vault",
    "waiver  DEC-7, Ana Silva, until 2026-12-31",
    "logs.retention: logs",
    "Frameworks",
    "SNC 2 requirements: 1 not judged, 1 unknown",
    "SNC 10.1  Chiffrement (partly, unknown): encryption.at-rest contributes to it. Encryption of",
    "SNC 5.1   Politique (organisational)",
    "HDS as a whole: fail",
    "HDS  HDS (evidenced, fail): residency.backup contributes to it. Where it lies.",
    "In all",
    "8 controls over 42 resources: 3 fail, 1 not known, 2 warn, 1 waived, 1 do not apply.",
    "Settings not given, judged by placeholders: tenant_id",
    "Exit code 1: 7 findings that no waiver covers.",
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

    in_order(table, ("Findings\n  none", "In all", "Exit code 0: every control holds"))
    assert "Gaps" not in table
    assert "Waived" not in table


@pytest.mark.parametrize(
    ("changes", "meaning"),
    [
        ({}, "Exit code 1: 7 findings that no waiver covers."),
        ({"fail_on": Severity.CRITICAL}, "Exit code 1: 5 findings of severity critical or worse"),
        ({"fail_on": None}, "Exit code 3: 1 finding could not be evaluated"),
        (
            {"fail_on": None, "allow_unknown": True},
            "Exit code 0: 7 failures and 1 not known, which the options given let pass.",
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

    in_order(text, ANSWERS)
    for finding in FINDINGS:
        assert finding.control in text
    assert "DEC-2026-12, Ana Silva, until 2027-06-30" in text
    assert "2 requirements: 1 not judged, 1 unknown" in text
    assert "as a whole: fail" in text


def test_a_comment_lists_every_requirement_with_what_contributes_to_it() -> None:
    text = render(RESULT, Format.MARKDOWN, requirements=REQUIREMENTS)

    assert (
        "- **SNC 10.1** Chiffrement (partly, unknown): encryption.at-rest contributes to it."
        " Encryption of stores; not of memory.\n"
    ) in text
    assert "- **SNC 5.1** Politique (organisational)\n" in text
    assert "- **HDS** HDS (evidenced, fail): residency.backup contributes to it." in text


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML])
def test_several_controls_contribute(form: Format) -> None:
    both = replace(REQUIREMENTS[0], controls=("a.one", "a.two"), part="")
    whole = replace(both, id="", verdict="")
    text = render(RESULT, form, requirements=(both, whole))

    assert "1 requirement: 1 unknown; as a whole: not judged" in text
    assert form is Format.HTML or "a.one, a.two contribute to it" in text
    assert "a.two" in text


def test_the_92_headings_of_secnumcloud_are_counted_without_the_whole() -> None:
    from havre.policy.frameworks import coverage, installed_frameworks

    found = answers.frameworks(coverage(installed_frameworks(), [], {}))
    assert {each.name: each.totals.split(":")[0] for each in found} == {
        "SNC": "92 requirements",
        "EDS": "1 requirement",
        "HDS": "as a whole",
        "CIRC": "1 requirement",
        "A": "25 requirements",
        "GDPR": "9 requirements",
    }


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML])
def test_what_is_not_known_of_a_certificate_has_its_reason(form: Format) -> None:
    text = " ".join(render(RESULT, form).split())

    assert "database (the plan is not known)" in text
    unsure = replace(RESULT.claims[0], inside=(), outside=())
    told = render(replace(RESULT, claims=(unsure,)), form)
    assert "not known to hold for any part" in told
    assert "holds for no part" not in told


def test_a_comment_folds_gaps_and_waivers() -> None:
    comment = render(RESULT, Format.MARKDOWN)

    in_order(
        comment,
        (
            "### Findings",
            "| ❌ fail | critical | **residency.backup** Backups stay",
            "<details>\n<summary>1 gap of the provider</summary>",
            "Risk: The operator can read the database.",
            "<summary>2 waivers in force</summary>",
        ),
    )
    assert comment.count("**encryption.customer-key**") == 1


def test_warnings_are_told_beside_a_good_end() -> None:
    warned = replace(RESULT, findings=tuple(f for f in FINDINGS if f.kind is FindingKind.WARNING))

    assert warned.exit_code == 0
    assert "does not apply; 2 findings to heed." in render(warned, Format.TABLE)


def test_a_waiver_that_covers_nothing_is_no_cover() -> None:
    unused = replace(RESULT, findings=tuple(f for f in FINDINGS if f.control == "exit.rehearsed"))

    assert "Waived" not in render(unused, Format.TABLE)


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
        assert shown["data-outcome"] == RESULT.verdict(control.id)
        assert shown["data-family"] == control.family
    offered = {option for option in page.texts["option"] if option != "all"}
    assert offered == {control.family for control in CONTROLS}
    for link in page.named("a"):
        target = link["href"] or ""
        if target.startswith("#control-"):
            assert target[1:] in controls


def test_the_page_shows_the_worst_first_and_open() -> None:
    page = Page(render(RESULT, Format.HTML))
    shown = [d for d in page.named("details") if d.get("class") == "control"]

    assert [d["data-outcome"] for d in shown] == [
        "fail", "fail", "fail", "unknown", "warning", "warning", "waived", "not-applicable",
    ]  # fmt: skip
    assert [("open" in d) for d in shown] == [True] * 4 + [False] * 4


def test_the_page_suits_phones_paper_and_the_dark() -> None:
    (style,) = Page(render(RESULT, Format.HTML)).texts["style"]

    for wanted in ("prefers-color-scheme: dark", "@media print", "@media (max-width: 36rem)"):
        assert wanted in style


def test_every_kind_has_a_word_of_its_own_in_a_comment() -> None:
    comment = render(hostile("x"), Format.MARKDOWN)

    for kind, word in zip(FindingKind, ("fail", "not known", "warning", "waived"), strict=True):
        assert word in comment, kind


def test_what_is_not_known_never_lies_nowhere() -> None:
    unknown = {"cloud:dns:Record": 40, "cloud:sql:Server": 1, "cloud:sql:FirewallRule": 2}
    result = replace(RESULT, lies=(), unplaced=0, unknown_types=unknown)
    said = answers.countries(result)
    assert said == "not known where: 43 resources of types that are not known"
    assert answers.countries(replace(result, unknown_types={})) == "nothing lies anywhere"


def test_each_unknown_type_stands_once_with_its_count_the_worst_first() -> None:
    unknown = {"cloud:dns:Record": 40, "cloud:sql:Server": 1, "cloud:sql:FirewallRule": 2}
    result = replace(RESULT, unknown_types=unknown)
    shown = "cloud:sql:Server (1), cloud:sql:FirewallRule (2), cloud:dns:Record (40)"
    assert answers.unplaced(result).endswith(f"43 resources of types that are not known: {shown}.")
    for form in (Format.TABLE, Format.MARKDOWN, Format.HTML):
        text = " ".join(render(result, form).split())
        assert text.count("cloud:sql:Server") == 1


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.HTML, Format.JSON])
def test_what_a_state_warns_of_is_said_in_every_format(form: Format) -> None:
    warned = replace(RESULT, warnings=("curated is tainted: the next update replaces it",))
    text = " ".join(render(warned, form).split())
    assert "curated is tainted: the next update replaces it" in text
