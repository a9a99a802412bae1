"""Waivers: what they cover, until when, and which files hold none."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from havre.errors import ExitCode, InputError
from havre.facts import Unknown
from havre.policy import Profile
from havre.policy.findings import Finding, FindingKind, Location, Result, Waiver
from havre.policy.judge import judge
from havre.policy.model import Severity
from havre.policy.profiles import ProfileTerms, read_terms, terms_of
from havre.policy.registry import find_control
from havre.policy.waivers import WARNING_DAYS, covers, load_waivers, refuse_distant
from havre.provider import Capability, Evidence, Gap, Support
from tests.policy import cases as c
from tests.policy.mutations import TODAY

DAY = dt.timedelta(days=1)
GOOD = """
waivers:
  - control: jurisdiction.operator
    owner: Head of the platform
    reason: No European host was ready.
    decision: CNIL DT-2023-1
    expires: 2027-12-31
    provider: azure

  - control: audit.central
    owner: Security
    reason: Flows are logged apart.
    decision: SEC-7
    expires: 2027-01-31
    resources: ["*-archive", flows]
"""
AT_REST = [find_control("encryption.at-rest")]
WAIVER = Waiver(
    "encryption.at-rest",
    "Security",
    "paper is dry",
    "SEC-1",
    TODAY + 200 * DAY,
    location=Location("waivers.yaml", 3),
)
OPEN = c.store(encrypted=c.NO)
SHEET = c.resource("store")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "waivers.yaml"
    path.write_text(text)
    return path


def judged(*waivers: Waiver, fact: Any = OPEN, **told: Any) -> Result:
    question = c.question(c.Paper({SHEET.type: [fact]}), SHEET, waivers=waivers, **told)
    return judge(question, AT_REST)


def only(result: Result) -> Finding:
    (finding,) = result.findings
    return finding


def test_a_file_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    first, second = load_waivers(path)
    assert first == Waiver(
        "jurisdiction.operator",
        "Head of the platform",
        "No European host was ready.",
        "CNIL DT-2023-1",
        dt.date(2027, 12, 31),
        "azure",
        (),
        Location(str(path), 3),
    )
    assert (second.provider, second.resources) == ("", ("*-archive", "flows"))
    assert second.location == Location(str(path), 10)


def test_a_file_without_waivers_waives_nothing(tmp_path: Path) -> None:
    assert load_waivers(written(tmp_path, "waivers: []\n")) == ()


@pytest.mark.parametrize(
    "owner",
    ["Todd Offen", "Amy Xu, XXXL unit", "To Be Ltd", "A. Faire", "Definir SA", "Offen eV"],
)
def test_an_answer_that_only_looks_like_a_placeholder_is_one(tmp_path: Path, owner: str) -> None:
    (waiver, *_) = load_waivers(written(tmp_path, GOOD.replace("Head of the platform", owner, 1)))
    assert waiver.owner == owner


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("control: jurisdiction.operator", "control: everything", 3, "control"),
        ("control: jurisdiction.operator", "control: Jurisdiction.operator", 3, "control"),
        ("    owner: Head of the platform\n", "", 3, "owner"),
        ("reason: No European host was ready.", 'reason: ""', 5, "reason"),
        ("reason: No European host was ready.", 'reason: "a\\nb"', 5, "reason"),
        ("    decision: CNIL DT-2023-1\n", "", 3, "decision"),
        ("expires: 2027-12-31", "expires: never", 7, "expires"),
        ("expires: 2027-12-31", "expires: 2027-02-30", 7, "expires"),
        ("provider: azure", "provider: Azure Cloud", 8, "provider"),
        ("provider: azure", "scope: all", 8, "scope"),
        ("provider: azure", "owner: twice", 8, "owner"),
        ("reason: No European host was ready.", "reason: accepted", 5, "explain why"),
        ("reason: No European host was ready.", "reason: It is ok so", 5, "explain why"),
        ("reason: No European host was ready.", "reason: risk risk risk risk risk", 5, "explain"),
        ("reason: No European host was ready.", "reason: 1234 5678 91011 121314", 5, "explain"),
        ("reason: No European host was ready.", "reason: TODO say why it is so", 5, "filled in"),
        ("owner: Head of the platform", "owner: TODO", 4, "filled in"),
        ("owner: Head of the platform", 'owner: "..."', 4, "filled in"),
        ("owner: Head of the platform", "owner: À compléter", 4, "filled in"),
        *(
            (
                "reason: No European host was ready.",
                f"reason: {begins} in the next term",
                5,
                "filled",
            )
            for begins in (
                "à compléter plus tard",
                "A definir",
                "TBD",
                "to be defined",
                "zu klären",
            )
        ),
        *(
            ("owner: Head of the platform", f"owner: {said}", 4, "filled in")
            for said in ("à définir", "noch zu klären", "xxx", "To be confirmed.", "XXXX", "tbc")
        ),
        ("decision: CNIL DT-2023-1", "decision: à préciser", 6, "filled in"),
        ("decision: CNIL DT-2023-1", "decision: N/A.", 6, "filled in"),
        ("decision: CNIL DT-2023-1", "decision: ~", 6, "filled in"),
        ("decision: CNIL DT-2023-1", "decision: No European host was ready.", 5, "repeats"),
        ("provider: azure", "resource: [x]", 8, "did you mean `resources`"),
        ('["*-archive", flows]', "flows", 15, "resources"),
        ('["*-archive", flows]', '[""]', 15, "resources"),
        ('["*-archive", flows]', "[]", 15, "at least one, or be left out"),
        ('["*-archive", flows]', "", 15, "must be a list"),
        ("provider: azure", 'provider: ""', 8, "provider"),
        ("provider: azure", "provider:", 8, "provider"),
    ],
)
def test_a_bad_waiver_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        load_waivers(path)
    found = re.search(rf"{re.escape(str(path))}:(\d+)(?::\d+)?: (.*)", error.value.message)
    assert found, error.value.message
    assert abs(int(found[1]) - line) <= (1 if new == "" else 0), error.value.message
    assert said in found[2]
    assert error.value.remedy


@pytest.mark.parametrize(
    "text", ["waivers: {}\n", "waivers: none\n", "- control: x\n", "waiver: []\n", "waivers: [1]\n"]
)
def test_what_is_no_list_of_waivers_is_refused(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=rf"{re.escape(str(path))}:1"):
        load_waivers(path)


@pytest.mark.parametrize(
    "text", ["waivers: [\n", "a: &x [1]\nwaivers: *x\n", "\x00", "a: 1\n b: 2\n"]
)
def test_what_is_no_plain_yaml_is_refused(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=re.escape(str(path))):
        load_waivers(path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_waivers(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        load_waivers(tmp_path)
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"waivers: [\xff\xfe]\n")
    with pytest.raises(InputError, match="latin"):
        load_waivers(path)


def finding(name: str = "store", gap: Gap | None = None) -> Finding:
    resource = c.urn(name) if name else ""
    return Finding("audit.central", FindingKind.FAIL, Severity.HIGH, resource=resource, gap=gap)


@pytest.mark.parametrize(
    ("differs", "covered"),
    [
        ({}, True),
        ({"control": "audit.keys"}, False),
        ({"provider": "paper"}, True),
        ({"provider": "azure"}, False),
        ({"resources": ("paper:index:Sheet::store",)}, True),
        ({"resources": ("paper:*::st*",)}, True),
        ({"resources": ("*::store",)}, True),
        ({"resources": ("urn:pulumi:*::store",)}, True),
        ({"resources": ("store",)}, False),
        ({"resources": ("st*",)}, False),
        ({"resources": ("paper:index:Other::store",)}, False),
        ({"resources": ("index:Sheet::store",)}, False),
        ({"resources": ("stor",)}, False),
        ({"resources": ("STORE",)}, False),
        ({"resources": ("other", "*::store")}, True),
        ({"resources": ("other",)}, False),
    ],
)
def test_a_waiver_covers_control_provider_and_resources(
    differs: dict[str, Any], covered: bool
) -> None:
    waiver = replace(WAIVER, **{"control": "audit.central", **differs})
    assert covers(waiver, finding(), "paper") is covered


def test_a_waiver_of_resources_covers_no_finding_about_none() -> None:
    waiver = replace(WAIVER, control="audit.central", resources=("*",))
    assert not covers(waiver, finding(""), "paper")
    assert covers(replace(waiver, resources=()), finding(""), "paper")


def test_a_gap_is_waived_by_its_capability() -> None:
    evidence = Evidence("a page", TODAY)
    gap = Gap("audit.central", Capability.FLOW_LOGS, Support.ABSENT, "r", "none", evidence, "all")
    waiver = replace(WAIVER, control="audit.central", resources=("flow-logs",))
    assert covers(waiver, finding("", gap), "paper")
    assert not covers(replace(waiver, resources=("hsm-key",)), finding("", gap), "paper")
    question = c.question(
        c.Paper(), gaps=(gap,), waivers=(waiver,), profile=Profile.HEALTH, spec=c.SPEC
    )
    result = judge(question, [find_control("audit.central")])
    assert [f.kind for f in result.findings if f.gap] == [FindingKind.WAIVED]


def test_what_is_waived_is_listed_and_does_not_fail() -> None:
    result = judged(WAIVER)
    assert only(result).kind is FindingKind.WAIVED
    assert only(result).waiver == WAIVER
    assert result.exit_code is ExitCode.OK
    assert result.verdict("encryption.at-rest") == "waived"
    told = only(result).as_dict()["waiver"]
    assert told["owner"] == "Security"
    assert told["expires"] == WAIVER.expires.isoformat()


@pytest.mark.parametrize(
    ("days", "kind", "code"),
    [
        (WARNING_DAYS + 1, FindingKind.WAIVED, ExitCode.OK),
        (WARNING_DAYS, FindingKind.WARNING, ExitCode.OK),
        (1, FindingKind.WARNING, ExitCode.OK),
        (0, FindingKind.WARNING, ExitCode.OK),
        (-1, FindingKind.FAIL, ExitCode.FINDINGS),
    ],
)
def test_a_waiver_holds_to_its_last_day_and_warns_before(
    days: int, kind: FindingKind, code: ExitCode
) -> None:
    waiver = replace(WAIVER, expires=TODAY + days * DAY)
    result = judged(waiver)
    assert only(result).kind is kind
    assert only(result).waiver == waiver, "it is shown, ended or not"
    assert result.exit_code is code
    assert WARNING_DAYS == 90


def test_the_waiver_that_lasts_longest_counts() -> None:
    ended = replace(WAIVER, expires=TODAY - DAY, owner="Formerly")
    later = replace(WAIVER, expires=TODAY + 300 * DAY, owner="Now")
    for waivers in ((ended, WAIVER, later), (later, WAIVER, ended)):
        assert only(judged(*waivers)).waiver == later


def test_what_is_not_known_can_be_waived() -> None:
    result = judged(WAIVER, fact=c.store(encrypted=Unknown("seal")))
    assert only(result).kind is FindingKind.WAIVED
    assert result.exit_code is ExitCode.OK


def test_a_waiver_that_matches_nothing_is_a_warning() -> None:
    result = judged(WAIVER, fact=c.store(encrypted=c.YES))
    unused = only(result)
    assert (unused.kind, unused.property) == (FindingKind.WARNING, "waiver")
    assert (unused.control, unused.severity) == ("encryption.at-rest", Severity.LOW)
    assert unused.location == WAIVER.location
    assert unused.waiver == WAIVER
    assert "Security" in unused.found
    assert result.exit_code is ExitCode.OK
    other = replace(WAIVER, resources=("another",))
    kinds = {f.kind for f in judged(other).findings}
    assert kinds == {FindingKind.FAIL, FindingKind.WARNING}


def test_a_waiver_of_another_provider_is_silent() -> None:
    azure = replace(WAIVER, provider="azure")
    assert only(judged(azure)).kind is FindingKind.FAIL
    assert judged(azure, fact=c.store(encrypted=c.YES)).findings == ()


def test_a_waiver_of_a_control_that_is_not_asked_for_is_silent() -> None:
    hsm = find_control("encryption.hsm-key")
    waiver = replace(WAIVER, control=hsm.id)
    question = c.question(c.Paper(), waivers=(waiver,), profile=Profile.BASELINE)
    assert judge(question, [hsm]).findings == ()
    assert judge(replace(question, profile=Profile.SOVEREIGN), [hsm]).findings


def test_a_waiver_of_a_control_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match=r"waivers\.yaml:3: there is no control `made\.up`"):
        judged(replace(WAIVER, control="made.up"))


@pytest.mark.parametrize(
    ("days", "kind"),
    [
        (WARNING_DAYS + 1, FindingKind.WAIVED),
        (WARNING_DAYS, FindingKind.WARNING),
        (-1, FindingKind.WARNING),
    ],
)
def test_a_gap_that_only_warns_is_waived_and_shows_its_end(days: int, kind: FindingKind) -> None:
    gap = Gap(
        "encryption.at-rest",
        Capability.ENCRYPTION_AT_REST,
        Support.PARTIAL,
        "r",
        "none",
        Evidence("a page", TODAY),
        "all",
    )
    waiver = replace(WAIVER, expires=TODAY + days * DAY)
    question = c.question(c.Paper(), gaps=(gap,), waivers=(waiver,), profile=Profile.BASELINE)
    result = judge(question, AT_REST)
    shown = waiver if days > 0 else None
    assert [(f.kind, f.waiver) for f in result.findings] == [(kind, shown)]
    assert result.exit_code is ExitCode.OK


@pytest.mark.parametrize(
    "reason", ["Les journaux sont gardés ailleurs.", "R-7: flows are logged apart, see annex 2"]
)
def test_a_short_reason_of_some_substance_is_accepted(tmp_path: Path, reason: str) -> None:
    path = written(tmp_path, GOOD.replace("No European host was ready.", f'"{reason}"'))
    assert load_waivers(path)[0].reason == reason


def test_faults_are_listed_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = GOOD.replace("owner: Head of the platform", "extra: 1").replace("SEC-7", "tbd")
    with pytest.raises(InputError) as error:
        load_waivers(written(tmp_path, text))
    lines = [int(line.split(":")[1]) for line in error.value.message.splitlines()]
    assert lines == sorted(lines)
    assert len(lines) == 3


@pytest.mark.parametrize(("days", "refused"), [(366, False), (367, True), (-400, False)])
def test_a_waiver_expires_within_what_its_profile_allows(days: int, refused: bool) -> None:
    place = Location("waivers.yaml", 8)
    waiver = replace(WAIVER, expires=TODAY + days * DAY, ends_at=place)
    terms = ProfileTerms(profile=Profile.HEALTH, waiver_days=366)
    if not refused:
        assert refuse_distant([waiver], TODAY, terms) is None
        return
    with pytest.raises(
        InputError, match=r"waivers\.yaml:8: .*in 367 days.*health.*366 days"
    ) as error:
        refuse_distant([WAIVER, waiver, waiver], TODAY, terms)
    assert len(error.value.message.splitlines()) == 2, "every one is named, and no other"


def test_every_profile_says_how_long_a_waiver_lasts() -> None:
    days = {profile: terms_of(profile).waiver_days for profile in Profile}
    assert days[Profile.HEALTH] == 366
    assert days[Profile.SOVEREIGN] <= days[Profile.HEALTH] <= days[Profile.BASELINE]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profiles: [{profile: health}]", "1: profiles[0].waiver_days: is missing"),
        ("profiles: [{profile: health, waiver_days: 0}]", "waiver_days: must be greater"),
        ("profiles: [{profile: none, waiver_days: 9}]", "profiles[0].profile"),
        (
            "profiles:\n- {profile: health, waiver_days: 9}\n- {profile: health, waiver_days: 8}",
            "3: profiles[1].profile: health is recorded twice",
        ),
    ],
)
def test_a_bad_file_of_profiles_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as error:
        read_terms(path)
    assert said in error.value.message


@pytest.mark.parametrize("days", [200, WARNING_DAYS - 1])
@pytest.mark.parametrize(
    ("fact", "blind"), [(OPEN, False), (c.store(encrypted=Unknown("x")), True)]
)
def test_a_waiver_keeps_whether_what_it_covers_was_evaluated(
    days: int, fact: Any, blind: bool
) -> None:
    result = judged(replace(WAIVER, expires=TODAY + days * DAY), fact=fact)
    (found,) = (each for each in result.findings if each.waiver)
    assert found.kind in {FindingKind.WAIVED, FindingKind.WARNING}
    assert found.unevaluated is blind
    assert result.unevaluated() == blind
    assert ("unevaluated" in found.as_dict()) is blind
