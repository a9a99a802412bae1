"""Drafts of waivers: they cover what was found, and nothing before they are filled in."""

import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from havre.documents.records import read_document
from havre.errors import InputError
from havre.policy import Profile
from havre.policy.drafts import TODO, draft, schema_text, to_draft
from havre.policy.findings import FindingKind, Result
from havre.policy.judge import judge
from havre.policy.registry import find_control
from havre.policy.waivers import applied, load_waivers
from havre.report.findings.words import fixed_in
from tests.check.asked import DAY, EXAMPLES, judged
from tests.policy import cases as c

AT_REST = [find_control("encryption.at-rest")]


def filled(text: str, path: Path) -> Path:
    """A draft as a risk owner fills it in."""
    answers = {
        f"owner: {TODO}": "owner: Security officer",
        f"reason: {TODO}": "reason: The board reviewed this risk and accepts it.",
        f"decision: {TODO}": "decision: R-1",
    }
    for before, after in answers.items():
        text = text.replace(before, after)
    path.write_text(text)
    return path


def unwrapped(text: str) -> str:
    """The comment of a draft, whose lines end where 80 columns do."""
    return " ".join(text.replace("#", " ").split())


def without_waivers(example: str, provider: str) -> Result:
    result = judged(example, provider)
    return replace(
        result,
        findings=tuple(
            replace(each, kind=FindingKind.FAIL, waiver=None) if each.waiver else each
            for each in result.findings
        ),
    )


@pytest.mark.parametrize("example", sorted(EXAMPLES))
@pytest.mark.parametrize("provider", ["azure", "ovh", "scaleway", "local"])
def test_a_filled_draft_covers_everything_and_an_unfilled_one_is_refused(
    tmp_path: Path, example: str, provider: str
) -> None:
    result = without_waivers(example, provider)
    path = tmp_path / "draft.yaml"
    path.write_text(draft(result, 366, fixed_in))
    found = to_draft(result)
    if found:
        with pytest.raises(InputError, match="is still to be filled in") as error:
            load_waivers(path)
        assert len(error.value.message.splitlines()) == 3 * path.read_text().count("- control:")
    waivers = load_waivers(filled(path.read_text(), path))
    kinds = {applied(each, waivers, provider, DAY).kind for each in found}
    assert kinds <= {FindingKind.WAIVED}
    named = [waiver.control for waiver in waivers if waiver.resources]
    assert sorted(named) == sorted(set(named)), "one entry per control"


def test_a_filled_draft_leaves_no_warning_of_a_control_that_it_waives(tmp_path: Path) -> None:
    """The gap behind a failure only warns in profile baseline: it is accepted with it."""
    result = without_waivers("hospital", "local")
    waivers = load_waivers(filled(draft(result, 366, fixed_in), tmp_path / "draft.yaml"))
    after = [applied(each, waivers, "local", DAY) for each in result.findings]
    waived = {waiver.control for waiver in waivers}
    assert {"encryption.at-rest"} <= waived
    verdicts = {each.kind for each in after if each.control in waived}
    assert verdicts == {FindingKind.WAIVED}
    left = replace(result, findings=tuple(after))
    assert {left.verdict(control) for control in waived} == {"waived"}


@pytest.mark.parametrize(
    "name", ["st*re", "st[o]re", "a\nb: c", "a#b", 'q"uote', "é\u202e\u2028", "x" * 2000, "\ud800"]
)
def test_any_name_of_a_resource_is_drafted_and_covers_only_itself(
    tmp_path: Path, name: str
) -> None:
    told = [c.store(each, encrypted=c.NO) for each in (name, "store")]
    sheet = c.resource("store")
    result = judge(c.question(c.Paper({sheet.type: told}), sheet), AT_REST)
    own = tuple(each for each in result.findings if each.resource == c.urn(name))
    text = draft(replace(result, findings=own), 366, fixed_in)
    (waiver,) = load_waivers(filled(text, tmp_path / "draft.yaml"))
    kinds = [applied(each, [waiver], "paper", DAY).kind for each in result.findings]
    assert sorted(kinds) == [FindingKind.FAIL, FindingKind.WAIVED]


def test_a_draft_expires_within_what_the_profile_allows(tmp_path: Path) -> None:
    result = judged("hospital", "local")
    failing = replace(result, findings=(replace(result.findings[0], kind=FindingKind.FAIL),))
    (waiver,) = load_waivers(filled(draft(failing, 30, fixed_in), tmp_path / "d.yaml"))
    assert (waiver.expires - result.as_of).days == 30


def test_the_schema_is_current_and_takes_the_example() -> None:
    packaged = files("havre.policy").joinpath("waivers.schema.json").read_text(encoding="utf-8")
    assert packaged == schema_text(), "run: havre waiver schema -o havre/policy/waivers.schema.json"
    root = json.loads(packaged)
    Draft202012Validator.check_schema(root)
    example = read_document(EXAMPLES["emc2"].parent / "waivers.yaml").data
    assert len(example["waivers"]) > 10
    Draft202012Validator(root).validate(example)
    for key, value in (("control", "Audit"), ("reason", "short"), ("owner", ""), ("extra", "x")):
        wrong = {"waivers": [{**example["waivers"][0], key: value}]}
        assert not Draft202012Validator(root).is_valid(wrong), key


def test_the_draft_names_profile_day_and_next_step() -> None:
    text = unwrapped(draft(judged("hospital", "local"), 366, fixed_in, "a\nb.yaml"))
    assert text.startswith("Draft of waivers for a b.yaml on local,")
    assert f"{DAY} with profile {Profile.BASELINE.value}" in text
    assert "havre waiver validate FILE" in text


@pytest.mark.parametrize(
    ("longest", "told"),
    [
        (366, "in 180 days; profile {profile} allows up to 366."),
        (181, "in 180 days; profile {profile} allows up to 181."),
        (180, "profile {profile} allows 180 days at most."),
        (30, "profile {profile} allows 30 days at most."),
    ],
)
def test_a_draft_says_why_its_entries_end_when_they_do(longest: int, told: str) -> None:
    result = without_waivers("emc2", "azure")
    text = draft(result, longest, fixed_in)
    (told_of,) = re.findall(r"Each ends on .*?\.(?= )", unwrapped(text))
    end = told_of.split()[3].rstrip(",:")
    assert told_of.endswith(told.format(profile=result.profile.value))
    assert text.count(f"expires: {end}") == text.count("- control:") > 0


def test_each_entry_says_who_can_fix_it_instead() -> None:
    """A risk owner accepts what nobody fixes: a setting or a field goes first."""
    result = without_waivers("emc2", "azure")
    text = draft(result, 366, fixed_in)
    entries = {
        found[1]: unwrapped(found[0])
        for found in re.finditer(r"(?:  #.*\n)+  - control: (\S+)", text)
    }
    for control in {each.control for each in to_draft(result)}:
        places = {fixed_in(each.fix) for each in to_draft(result) if each.control == control}
        told = entries[control].partition("Fixed in: ")[2]
        assert places
        assert any(place in told for place in places), control
    assert "setting lock_immutability" in entries["continuity.immutability"]
    assert "decision (waiver)" in entries["jurisdiction.operator"]
