"""Baselines: what is new and what is gone since a former check."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

import havre.report
from havre.errors import ExitCode, InputError
from havre.policy.findings import FindingKind
from havre.policy.model import Profile
from havre.report.findings import Format, render, words
from havre.report.findings.baseline import against, load_baseline
from havre.report.language import Language, speaking
from tests.report.samples import FINDINGS, RESULT, WAIVER, hostile, urn

if TYPE_CHECKING:
    from havre.policy.findings import Finding, Result


def kept(folder: Path, text: str) -> Path:
    path = folder / "baseline.json"
    path.write_bytes(text.encode())
    return path


def compared(folder: Path, before: Result, after: Result) -> Result:
    return against(after, load_baseline(kept(folder, render(before, Format.JSON))))


def new(result: Result) -> list[Finding]:
    return [f for f in result.findings if f.kind is not FindingKind.WAIVED and not f.known]


@pytest.mark.parametrize("result", [RESULT, hostile()], ids=["whole", "hostile"])
def test_nothing_is_new_against_the_same_result(tmp_path: Path, result: Result) -> None:
    later = compared(tmp_path, result, result)

    assert new(later) == []
    assert later.gone == ()
    assert later.exit_code is ExitCode.OK
    assert [replace(f, known=False) for f in later.findings] == list(result.findings)


def test_a_new_finding_fails_and_one_mended_is_gone(tmp_path: Path) -> None:
    added = replace(FINDINGS[0], resource=urn("new"))
    later = compared(tmp_path, RESULT, replace(RESULT, findings=(added, *FINDINGS[1:])))

    assert new(later) == [added]
    assert later.gone is not None
    assert [former.fingerprint for former in later.gone] == [FINDINGS[0].fingerprint]
    assert later.exit_code is ExitCode.FINDINGS
    assert later.since() == {"new": 1, "known": len(open_(RESULT)) - 1, "gone": 1}


def open_(result: Result) -> list[Finding]:
    return [finding for finding in result.findings if finding.kind is not FindingKind.WAIVED]


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        (FindingKind.FAIL, FindingKind.FAIL, True),
        (FindingKind.FAIL, FindingKind.UNKNOWN, True),
        (FindingKind.UNKNOWN, FindingKind.UNKNOWN, True),
        (FindingKind.UNKNOWN, FindingKind.WARNING, True),
        (FindingKind.UNKNOWN, FindingKind.FAIL, False),
        (FindingKind.WARNING, FindingKind.FAIL, False),
        (FindingKind.WARNING, FindingKind.UNKNOWN, False),
        (FindingKind.WAIVED, FindingKind.FAIL, False),
        (FindingKind.WAIVED, FindingKind.WARNING, False),
    ],
)
def test_what_became_worse_is_new_and_never_gone(
    tmp_path: Path, before: FindingKind, after: FindingKind, known: bool
) -> None:
    former, later = (
        replace(RESULT, findings=(replace(FINDINGS[0], kind=kind),)) for kind in (before, after)
    )
    result = compared(tmp_path, former, later)

    assert [finding.known for finding in result.findings] == [known]
    assert result.gone == ()
    fails = {FindingKind.FAIL: ExitCode.FINDINGS, FindingKind.UNKNOWN: ExitCode.NOT_EVALUATED}
    assert result.exit_code is (ExitCode.OK if known else fails.get(after, ExitCode.OK))


def test_what_is_found_more_often_than_before_is_new(tmp_path: Path) -> None:
    one, other = FINDINGS[0], replace(FINDINGS[0], found="else")
    result = compared(
        tmp_path, replace(RESULT, findings=(one,)), replace(RESULT, findings=(one, other))
    )
    assert new(result) == [other]
    result = compared(
        tmp_path, replace(RESULT, findings=(one, other)), replace(RESULT, findings=(one,))
    )
    assert new(result) == []
    assert len(result.gone or ()) == 1


def test_a_finding_that_is_waived_now_is_neither_new_nor_gone(tmp_path: Path) -> None:
    waived = tuple(replace(finding, kind=FindingKind.WAIVED) for finding in FINDINGS)
    result = compared(tmp_path, RESULT, replace(RESULT, findings=waived))

    assert (new(result), result.gone) == ([], ())
    assert [f.known for f in result.findings] == [
        f.kind is not FindingKind.WAIVED for f in FINDINGS
    ]


def test_lines_and_dates_make_nothing_new(tmp_path: Path) -> None:
    moved = tuple(replace(f, location=None) for f in FINDINGS)
    result = compared(tmp_path, RESULT, replace(RESULT, findings=moved))

    assert (new(result), result.gone) == ([], ())


@pytest.mark.parametrize("found", ["TLS 1.0", "", "TLS 1.1 ", "none"])
def test_something_else_found_under_a_known_name_is_changed_and_fails(
    tmp_path: Path, found: str
) -> None:
    one = replace(FINDINGS[0], kind=FindingKind.FAIL, found="TLS 1.1")
    worse = replace(one, found=found)
    result = compared(
        tmp_path, replace(RESULT, findings=(one,)), replace(RESULT, findings=(worse,))
    )

    assert [(f.known, f.changed) for f in result.findings] == [(False, True)]
    assert (result.exit_code, result.gone) == (ExitCode.FINDINGS, ())
    assert result.as_dict()["findings"][0]["changed"] is True


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a|b", "c"), ("a", "b|c")), (("a%7Cb", "c"), ("a|b", "c")), (("a|", "b"), ("a", "|b"))],
)
def test_parts_of_a_fingerprint_never_reach_into_one_another(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    first, second = (replace(FINDINGS[0], resource=u, property=p) for u, p in (one, other))
    assert first.fingerprint != second.fingerprint


def test_a_baseline_of_another_provider_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the baseline is of toy, the check is of other"):
        compared(tmp_path, RESULT, replace(RESULT, provider="other"))


def changed(folder: Path) -> Result:
    """A finding new, one gone, one waived since, the others known."""
    added = replace(FINDINGS[0], resource=urn("added"))
    waived = replace(FINDINGS[1], kind=FindingKind.WAIVED, waiver=WAIVER)
    later = replace(RESULT, findings=(added, waived, *FINDINGS[2:]))
    return compared(folder, replace(RESULT, findings=FINDINGS), later)


def test_markdown_shows_only_what_changed(tmp_path: Path) -> None:
    text = render(changed(tmp_path), Format.MARKDOWN)

    new_, gone = text.split("### Resolved")
    assert "added" in new_.split("### Waived since")[0]
    assert "DEC&#45;2026" in new_ or "DEC-2026-12" in new_.split("### Waived since")[1]
    assert "**residency.backup**: archive" in gone
    assert "Since the previous report: 1 finding new" in text
    for known in ("network.closed", "Data location", "encryption.at-rest"):
        assert known not in text


@pytest.mark.parametrize("form", [Format.TABLE, Format.SARIF, Format.GITLAB, Format.HTML])
def test_what_is_known_is_listed_and_marked(tmp_path: Path, form: Format) -> None:
    text = render(changed(tmp_path), form)

    assert "network.closed" in text
    assert text.lower().count("known before") >= 5
    assert "known before" not in render(RESULT, form).lower()


def test_the_table_names_what_is_gone(tmp_path: Path) -> None:
    text = render(changed(tmp_path), Format.TABLE)
    assert "Resolved since the previous report\n  fail residency.backup: archive, places" in text
    listed = text.partition("\nFindings\n")[2]
    assert listed.index("critical fail residency.backup") < listed.index("known before")
    assert "Exit code 1: 1 new finding of 1 control failed without a waiver." in text


def test_json_of_a_comparison_follows_the_schema_and_serves_as_baseline(tmp_path: Path) -> None:
    result = changed(tmp_path)
    document = json.loads(render(result, Format.JSON))
    schema = Path(havre.report.__file__).parent / "findings.schema.json"
    jsonschema.validate(document, json.loads(schema.read_text()))

    assert document["summary"]["baseline"] == result.since()
    assert [each["control"] for each in document["gone"]] == ["residency.backup"]
    assert new(compared(tmp_path, result, result)) == []


def test_sarif_tells_the_state_of_every_result(tmp_path: Path) -> None:
    found = json.loads(render(changed(tmp_path), Format.SARIF))["runs"][0]["results"]
    assert {each["baselineState"] for each in found} == {"new", "unchanged"}
    whole = json.loads(render(RESULT, Format.SARIF))["runs"][0]["results"]
    assert not any("baselineState" in each for each in whole)


def test_junit_fails_only_for_what_is_new(tmp_path: Path) -> None:
    result = changed(tmp_path)
    warned = replace(FINDINGS[-1], control="network.closed", kind=FindingKind.WARNING)
    result = replace(result, findings=(*result.findings, warned))
    root = ET.fromstring(render(result, Format.JUNIT))  # noqa: S314 - our own
    bad = {
        case.get("name")
        for case in root.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    }
    assert bad == {"residency.backup"}


def finding(**changes: object) -> str:
    item = {
        "control": "a.b",
        "outcome": "fail",
        "resource": "",
        "property": "",
        "found": "",
        "gap": None,
    }
    return json.dumps({"findings": [{**item, **changes}]})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "has no list `findings`"),
        ("{}", "has no list `findings`"),
        ('{"findings": {}}', "has no list `findings`"),
        ('{"findings": [1]}', "`findings[0]` is not an object"),
        (finding(control=1), "`findings[0].control` is not a text"),
        (finding(outcome=None), "`findings[0].outcome` is not a text"),
        (finding(resource=[]), "`findings[0].resource` is not a text"),
        (finding(property={}), "`findings[0].property` is not a text"),
        (finding(found=1), "`findings[0].found` is not a text"),
        (finding(gap=[1]), "`findings[0].gap` is neither an object nor null"),
        (finding(outcome="odd"), "`findings[0].outcome` is none of fail, unknown"),
        (finding(), "does not name its provider: `summary.provider`"),
        (finding(gap={"x": 1}), "`findings[0].gap.capability` is not a text"),
    ],
)
def test_a_malformed_baseline_is_refused_by_name(tmp_path: Path, text: str, told: str) -> None:
    path = kept(tmp_path, text)

    with pytest.raises(InputError) as caught:
        load_baseline(path)
    assert told in caught.value.message
    assert str(path) in caught.value.message
    assert "havre check --format json" in caught.value.remedy


def test_a_summary_is_no_baseline_and_the_remedy_says_so(tmp_path: Path) -> None:
    path = kept(tmp_path, render(RESULT, Format.JSON, summary=True))
    with pytest.raises(InputError, match="is a summary") as caught:
        load_baseline(path)
    assert caught.value.remedy.startswith("Write it without --summary.")


def test_a_baseline_that_is_no_text_or_no_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_bytes(b"\xff\xfe\x00")
    for odd, told in ((path, "is not JSON"), (tmp_path, "cannot"), (tmp_path / "no", "cannot")):
        with pytest.raises(InputError, match=told):
            load_baseline(odd)


def test_an_empty_gap_is_malformed_not_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="capability"):
        load_baseline(kept(tmp_path, finding(gap={})))


@pytest.mark.parametrize("before", [Profile.HEALTH, Profile.SOVEREIGN])
def test_a_file_that_asks_for_a_lower_profile_does_not_pass(
    tmp_path: Path, before: Profile
) -> None:
    """Findings that are gone because nobody asks any more are not mended."""
    former = replace(RESULT, profile=before)
    later = compared(tmp_path, former, replace(RESULT, profile=Profile.BASELINE, findings=()))
    assert later.exit_code is ExitCode.FINDINGS
    for form in (Format.TABLE, Format.MARKDOWN, Format.HTML, Format.JSON):
        said = render(later, form)
        assert f"profile baseline instead of {before.value}" in said
        assert "Exit code 0" not in said
    assert "Exit code 1: less is required" in render(later, Format.TABLE)
    with speaking(Language.FR):
        told = render(later, Format.TABLE, summary=True)
    assert f"profil baseline au lieu de {before.value}" in told
    assert "Exigences réduites     profil" in told
    raised = compared(tmp_path, replace(RESULT, profile=Profile.BASELINE, findings=()), former)
    assert raised.lowered is None


def test_a_file_that_asks_for_fewer_controls_does_not_pass(tmp_path: Path) -> None:
    fewer = replace(RESULT, findings=(), controls=RESULT.controls[1:])
    later = compared(tmp_path, RESULT, fewer)
    many = len(RESULT.controls)
    assert later.lowered is not None
    assert words.lowered(later.lowered) == f"{many - 1} controls instead of {many}"
    assert later.exit_code is ExitCode.FINDINGS
    left_out = replace(fewer, left_out=(RESULT.controls[0].id,))
    assert compared(tmp_path, RESULT, left_out).lowered is None


@pytest.mark.parametrize("part", ["profile", "controls"])
def test_a_baseline_that_does_not_say_what_it_asked_for_is_refused(
    tmp_path: Path, part: str
) -> None:
    document = json.loads(render(RESULT, Format.JSON))
    document["summary"].pop(part)
    with pytest.raises(InputError, match="does not name what it checked"):
        load_baseline(kept(tmp_path, json.dumps(document)))


@pytest.mark.parametrize("form", [Format.TABLE, Format.MARKDOWN, Format.JSON, Format.HTML])
@pytest.mark.parametrize("language", Language)
def test_a_summary_says_that_there_was_a_previous_report_and_what_it_leaves_out(
    tmp_path: Path, form: Format, language: Language
) -> None:
    warned = replace(RESULT, findings=tuple(f for f in FINDINGS if f.kind is FindingKind.WARNING))
    later = compared(tmp_path, warned, replace(warned, findings=(FINDINGS[0], *warned.findings)))
    with speaking(language):
        shown = " ".join(render(later, form, summary=True).replace("\xa0", " ").split())
        without = render(warned, form, summary=True)
    label, parts = {
        Language.EN: (
            "Since previous report",
            ("1 finding new", "2 findings known before", "0 findings resolved", "2 controls known"),
        ),
        Language.FR: (
            "Depuis le précédent",
            ("1 constat nouveau", "2 constats déjà connus", "0 constat résolu", "2 exigences déjà"),
        ),
    }[language]
    for told in (label, *parts):
        assert told in shown
    assert label not in without
