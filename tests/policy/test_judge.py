"""Judging: nothing fails open, whatever raises or is not known, and all of it is told in order."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from havre.errors import ExitCode
from havre.facts import Known, Reserve, Unknown
from havre.facts.model import Copy, Neutral, Place, Right
from havre.facts.stores import DataStore, LogStore
from havre.facts.values import reserved
from havre.plan.values import UNKNOWN, Secret
from havre.policy import Case, Control, Profile, Severity, Verdict, control, passes, plan_control
from havre.policy.findings import FindingKind, Result
from havre.policy.judge import judge, profile_of
from havre.policy.model import Outcome
from havre.policy.registry import find_control, installed_controls
from havre.spec.load import load
from tests.policy import cases as c
from tests.policy import mutations as m
from tests.policy.gaps import GAP

ALL = installed_controls()
FULL = c.store(encrypted=c.YES, guarded=c.YES, names_in_state=c.NO)
SHEET = c.resource("store")


@control("made.raises", DataStore, Profile.BASELINE, Severity.HIGH, cites=("SNC 1",), remedy="Do.")
def raises(store: DataStore, case: Case) -> Verdict:
    """A control that cannot be evaluated."""
    raise RuntimeError(store.name, case.spec.name)


@plan_control("made.stumbles", Profile.BASELINE, Severity.LOW, cites=("SNC 1",), remedy="Do.")
def stumbles(case: Case) -> Iterator[Verdict]:
    """A control that raises once it has said something."""
    yield passes()
    raise KeyError(case.spec.name)


def told(*facts: Any) -> c.Paper:
    return c.Paper({SHEET.type: list(facts)})


def only(result: Result) -> Any:
    (finding,) = result.findings
    return finding


def ids(controls: Iterable[Control]) -> set[str]:
    return {each.id for each in controls}


def test_a_control_that_raises_has_failed_and_the_others_still_run() -> None:
    at_rest = find_control("encryption.at-rest")
    result = judge(c.question(told(FULL), SHEET), [raises, at_rest, stumbles])
    assert {f.control: f.kind for f in result.findings} == {
        "made.raises": FindingKind.FAIL,
        "made.stumbles": FindingKind.FAIL,
    }
    assert "RuntimeError" in result.findings[0].found
    assert result.outcomes["encryption.at-rest"][Outcome.PASS] == 1
    assert result.exit_code is ExitCode.FINDINGS
    assert result.verdict("made.raises") == "fail"


def test_what_raised_is_shown_on_request_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(c.question(told(FULL), SHEET), [raises])
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("HAVRE_DEBUG", "1")
    judge(c.question(told(FULL), SHEET), [raises])
    assert "RuntimeError" in capsys.readouterr().err


def test_facts_that_raise_are_a_finding() -> None:
    provider = c.Paper({SHEET.type: ValueError("torn")})
    result = judge(c.question(provider, SHEET), [find_control("inventory.known")])
    (finding,) = (each for each in result.findings if each.resource)
    assert finding.kind is FindingKind.FAIL
    assert finding.resource == SHEET.urn
    assert "ValueError" in finding.found
    assert "torn" not in finding.found


def test_what_serves_without_holding_data_is_no_place_of_theirs() -> None:
    kinds = [Place(copy, "paris", "FR") for copy in (Copy.COMPUTE, Copy.SERVICE)]
    provider = c.Paper({SHEET.type: [c.compute(places=Known(tuple(kinds)))]})
    result = judge(c.question(provider, SHEET), ALL)
    assert [lies.copy for lies in result.lies] == ["compute"]


def test_a_resource_that_is_named_by_no_text_is_still_told() -> None:
    facts = [c.route("feed", Known((True,)), Known(("elsewhere",)))]
    provider = c.Paper({SHEET.type: facts})
    retention = [find_control("audit.retention")]
    found = judge(c.question(provider, SHEET), retention).findings
    assert found
    assert {type(each.resource) for each in found} == {str}


def test_a_type_that_nobody_knows_is_a_finding_and_others_are_still_judged() -> None:
    strange = c.resource("strange", type="paper:index:Dream")
    question = c.question(told(FULL), SHEET, strange)
    result = judge(question, [find_control("inventory.known"), find_control("encryption.at-rest")])
    (finding,) = (each for each in result.findings if each.resource)
    assert finding.resource == strange.urn
    assert finding.found == "paper:index:Dream"
    assert result.outcomes["encryption.at-rest"][Outcome.PASS] == 1


def test_components_and_providers_are_no_resources() -> None:
    component = c.resource("part", type="havre:paper:Zones", custom=False)
    provider = c.resource("default", type="pulumi:providers:paper")
    result = judge(c.question(told(FULL), component, provider, SHEET), ALL)
    assert result.resources == 1
    assert {f.resource for f in result.findings} <= {"", SHEET.urn}


def test_what_is_not_known_is_a_finding_of_its_own() -> None:
    question = c.question(told(replace(FULL, encrypted=Unknown("seal"))), SHEET)
    at_rest = [find_control("encryption.at-rest")]
    result = judge(question, at_rest)
    assert only(result).kind is FindingKind.UNKNOWN
    assert only(result).found == "not known: seal"
    assert result.exit_code is ExitCode.NOT_EVALUATED
    assert result.verdict("encryption.at-rest") == "unknown"
    assert judge(replace(question, allow_unknown=True), at_rest).exit_code is ExitCode.OK


def test_a_property_that_is_not_known_is_found_in_a_providers_plan() -> None:
    zone = m.Pick("storage:Storage", zone="curated")
    question = m.inputs(zone, "encryption", UNKNOWN)(m.base("ovh"))
    result = judge(question, [find_control("encryption.at-rest")])
    unknown = {f.resource for f in result.of(FindingKind.UNKNOWN)}
    assert zone.one(question.plan).urn in unknown


def test_a_failure_goes_before_what_is_not_known() -> None:
    shut = replace(FULL, encrypted=c.NO, public_read=Unknown("door"))
    controls = [find_control("encryption.at-rest"), find_control("exposure.public-storage")]
    result = judge(c.question(told(shut), SHEET), controls)
    assert [f.kind for f in result.findings] == [FindingKind.FAIL, FindingKind.UNKNOWN]
    assert result.exit_code is ExitCode.FINDINGS


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [
        (Severity.CRITICAL, ExitCode.OK),
        (Severity.HIGH, ExitCode.OK),
        (Severity.MEDIUM, ExitCode.FINDINGS),
        (Severity.LOW, ExitCode.FINDINGS),
        (None, ExitCode.OK),
    ],
)
def test_only_what_is_bad_enough_fails(fail_on: Severity | None, code: ExitCode) -> None:
    medium = find_control("continuity.versioning")
    assert medium.severity is Severity.MEDIUM
    question = c.question(told(replace(FULL, versions=c.NO)), SHEET, fail_on=fail_on)
    result = judge(question, [medium])
    assert only(result).kind is FindingKind.FAIL
    assert result.exit_code is code


def test_never_failing_does_not_let_the_unknown_pass() -> None:
    question = c.question(told(replace(FULL, encrypted=Unknown("x"))), SHEET, fail_on=None)
    assert judge(question, [find_control("encryption.at-rest")]).exit_code is (
        ExitCode.NOT_EVALUATED
    )


@pytest.mark.parametrize(
    ("reserve", "kind", "code"),
    [
        (Reserve.NOT_IN_FORCE, FindingKind.FAIL, ExitCode.FINDINGS),
        (Reserve.NOT_SEEN, FindingKind.WARNING, ExitCode.OK),
    ],
)
def test_what_is_asked_for_and_need_not_apply_is_a_finding_counted_apart(
    reserve: Reserve, kind: FindingKind, code: ExitCode
) -> None:
    asked = reserved(c.YES, "not in force until the store restarts", reserve)
    control = find_control("encryption.at-rest")
    result = judge(c.question(told(replace(FULL, encrypted=asked)), SHEET), [control])
    found = only(result)
    assert (found.kind, found.reserve, result.exit_code) == (kind, reserve, code)
    assert found.found == "yes, not in force until the store restarts"
    assert result.outcomes[control.id] == {Outcome(reserve.value): 1}
    assert result.summary()["reserves"] == {reserve.value: 1}
    assert found.as_dict()["reserve"] == reserve.value


def test_a_value_that_would_fail_fails_whatever_its_reserve() -> None:
    asked = reserved(c.NO, "not in force yet")
    control = find_control("encryption.at-rest")
    result = judge(c.question(told(replace(FULL, encrypted=asked)), SHEET), [control])
    assert (only(result).kind, only(result).reserve) == (FindingKind.FAIL, None)
    assert "reserves" not in result.summary()


def test_an_empty_plan_passes_for_nothing() -> None:
    result = judge(c.question(c.Paper(), profile=Profile.SOVEREIGN), ALL)
    verdicts = {each.id: result.verdict(each.id) for each in ALL}
    assert verdicts["encryption.at-rest"] == "not-applicable"
    assert verdicts["exposure.partition"] == "fail"
    assert verdicts["audit.retention"] == "fail"
    assert verdicts["exit.rehearsed"] == "fail"
    assert result.exit_code is ExitCode.FINDINGS
    assert result.resources == 0
    assert result.summary()["controls"]["fail"] == sum(v == "fail" for v in verdicts.values())


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        (Profile.BASELINE, FindingKind.WARNING),
        (Profile.HEALTH, FindingKind.FAIL),
        (Profile.SOVEREIGN, FindingKind.FAIL),
    ],
)
def test_a_gap_warns_in_the_baseline_and_fails_beyond(profile: Profile, kind: FindingKind) -> None:
    question = c.question(told(FULL), SHEET, gaps=(GAP,), profile=profile)
    found = [f for f in judge(question, ALL).findings if f.gap]
    assert [(f.kind, f.control, f.property, f.gap) for f in found] == [
        (kind, "encryption.hsm-key", "hsm-key", GAP)
    ]
    assert found[0].found == GAP.reason
    assert "a drawer" in found[0].remedy
    assert found[0].severity is find_control("encryption.hsm-key").severity


def test_a_gap_of_a_control_that_is_not_installed_is_a_finding_too() -> None:
    result = judge(c.question(c.Paper(), gaps=(GAP,), profile=Profile.HEALTH), [])
    assert only(result).severity is Severity.MEDIUM
    assert result.exit_code is ExitCode.FINDINGS


def test_the_provider_has_its_own_remedies() -> None:
    open_store = told(replace(FULL, encrypted=c.NO, public_read=c.YES))
    controls = [find_control("encryption.at-rest"), find_control("exposure.public-storage")]
    result = judge(c.question(open_store, SHEET), controls)
    assert [f.remedy for f in result.findings] == ["Lock the drawer.", controls[1].remedy]


@pytest.mark.parametrize(
    ("changes", "profile"),
    [
        ([("classification", "internal"), ("residency.qualifications", [])], Profile.BASELINE),
        ([("classification", "personal"), ("residency.qualifications", ["hds"])], Profile.BASELINE),
        ([("classification", "health-pseudonymised")], Profile.HEALTH),
        ([("classification", "health-identifying")], Profile.HEALTH),
        (
            [("classification", "internal"), ("residency.qualifications", ["secnumcloud"])],
            Profile.SOVEREIGN,
        ),
        ([("residency.qualifications", ["hds", "secnumcloud"])], Profile.SOVEREIGN),
    ],
)
def test_a_spec_calls_for_a_profile(changes: list[tuple[str, Any]], profile: Profile) -> None:
    spec = m.changed(c.SPEC, *changes)
    assert profile_of(spec) is profile
    result = judge(c.question(c.Paper(), spec=spec), ALL)
    assert result.profile is profile
    wanted = {each.id for each in ALL if profile.includes(each.profile)}
    named = set(spec.residency.qualifications)
    assert ids(result.controls) == wanted | {f"jurisdiction.{scheme}" for scheme in named}


def test_the_profile_that_is_asked_for_goes_before_the_specs() -> None:
    result = judge(c.question(c.Paper(), profile=Profile.BASELINE), ALL)
    assert result.profile is Profile.BASELINE
    assert "exit.portable" not in ids(result.controls)
    assert "jurisdiction.hds" in ids(result.controls), "the spec names the scheme"


def test_findings_come_the_worst_first_and_always_the_same() -> None:
    question = replace(m.base("ovh"), gaps=(GAP,), profile=Profile.BASELINE)
    first = judge(question, ALL)
    plan = replace(question.plan, resources=tuple(reversed(question.plan.resources)))
    again = judge(replace(question, plan=plan), tuple(reversed(ALL)))
    assert [f.as_dict() for f in first.findings] == [f.as_dict() for f in again.findings]
    order = list(FindingKind)
    ranks = [(order.index(f.kind), f.severity.rank, f.control, f.resource) for f in first.findings]
    assert ranks == sorted(ranks)
    assert {f.kind for f in first.findings} >= {
        FindingKind.FAIL,
        FindingKind.UNKNOWN,
        FindingKind.WARNING,
    }


def lines_of(path: Path, *keys: str) -> int:
    """The line of a key of a YAML file whose sections are indented by two spaces."""
    number = 0
    text = path.read_text().splitlines()
    for depth, key in enumerate(keys):
        wanted = f"{'  ' * depth}{key}:"
        number = next(n for n in range(number, len(text)) if text[n].startswith(wanted))
    return number + 1


@pytest.mark.parametrize(
    ("control", "fact", "keys"),
    [
        ("encryption.key-rotation", c.key(rotation_days=c.NONE), ("encryption", "rotation_days")),
        (
            "residency.data",
            c.store(places=Known((c.place(country="US"),))),
            ("residency", "countries"),
        ),
        (
            "continuity.immutability",
            c.store(zone="curated", locked_days=Known(1)),
            ("zones", "curated", "immutable_days"),
        ),
        (
            "access.project-expiry",
            c.grant("g", "i", Right.READ, project="cohort-diabetes", expires=c.NONE),
            ("projects", "cohort-diabetes", "expires"),
        ),
        (
            "audit.retention",
            c.store(kind=LogStore, retention_days=Known(1)),
            ("audit", "retention_days"),
        ),
    ],
)
def test_a_finding_points_at_the_line_of_its_cause(
    control: str, fact: Any, keys: tuple[str, ...]
) -> None:
    loaded = load(m.EXAMPLE)
    question = c.question(
        told(fact), SHEET, spec=loaded.warehouse, file="warehouse.yaml", lines=loaded.lines
    )
    finding = judge(replace(question, profile=Profile.SOVEREIGN), [find_control(control)]).findings[
        0
    ]
    assert finding.location is not None
    assert (finding.location.file, finding.location.line) == (
        "warehouse.yaml",
        lines_of(m.EXAMPLE, *keys),
    )


def test_a_gap_points_at_the_line_of_its_field() -> None:
    loaded = load(m.EXAMPLE)
    question = c.question(
        c.Paper(), spec=loaded.warehouse, file="w.yaml", lines=loaded.lines, gaps=(GAP,)
    )
    place = only(judge(question, [])).location
    assert (place.file, place.line) == ("w.yaml", lines_of(m.EXAMPLE, "encryption", "keys"))
    bare = replace(question, lines=None)
    assert only(judge(bare, [])).location is None


def test_what_a_preview_takes_away_is_found() -> None:
    provider = c.Paper(
        {"paper:index:Sheet": [FULL], "paper:index:Note": [Neutral(**vars_of(FULL))]}
    )
    away = [
        c.resource("deleted", operation="delete"),
        c.resource("replaced", operation="replace"),
        c.resource("note", type="paper:index:Note", operation="delete"),
        c.resource("dream", type="paper:index:Dream", operation="delete"),
        c.resource("part", type="havre:paper:Zones", custom=False, operation="delete"),
        c.resource("old", type="pulumi:providers:paper", operation="delete"),
    ]
    result = judge(c.question(provider, SHEET, removed=away), [find_control("continuity.deletion")])
    assert {f.name: f.found for f in result.findings} == {
        "deleted": "this plan would delete it",
        "replaced": "this plan would replace it",
        "dream": "this plan would delete it",
    }
    assert all(f.severity is Severity.CRITICAL for f in result.findings)


def vars_of(store: DataStore) -> dict[str, Any]:
    return {"urn": store.urn, "type": store.type, "tags": store.tags, "places": store.places}


def test_no_secret_is_told() -> None:
    planted = "hunter2-" + "q" * 24
    values = {
        "password": planted,
        "nested": {"connectionString": f"Server=a;AccountKey={planted}AAAAAAAAAAAA"},
        "url": f"postgres://user:{planted}@db.example/x",
        "pem": f"-----BEGIN PRIVATE KEY-----{planted}",
        "marked": Secret(planted),
        "list": [{"apiKey": planted}],
    }
    plain = c.resource("store", values)
    for provider in (told(FULL), c.Paper({SHEET.type: ValueError(planted)}), c.Paper()):
        result = judge(c.question(provider, plain, profile=Profile.SOVEREIGN), (*ALL, raises))
        text = json.dumps(result.as_dict())
        assert planted not in text
        assert "access.no-plaintext-secret" in text


@pytest.mark.parametrize("provider", m.PROVIDERS)
def test_no_member_of_a_project_is_told(provider: str) -> None:
    members = {member for each in c.SPEC.projects.values() for member in each.members}
    base = m.base(provider)
    first = next(r for r in base.plan.resources if r.custom)
    named = replace(first, inputs={**first.inputs, **{one: one for one in members}})
    question = m.with_plan(base, *(named if r is first else r for r in base.plan.resources))
    result = judge(question, ALL)
    assert any(f.control == "continuity.state" and f.resource == first.urn for f in result.findings)
    assert not any(member in json.dumps(result.as_dict()) for member in members)


def test_where_copies_lie_is_counted() -> None:
    abroad = c.place(c.Copy.BACKUP, "south", "US")
    paired = replace(abroad, implied="a pair")
    facts = (
        replace(FULL, places=Known((c.place(), abroad))),
        c.key(places=Known((c.place(c.Copy.KEY),))),
        c.compute(places=Unknown("where")),
        c.store("other", places=Known((paired,))),
        c.network(places=Known((abroad,))),
        c.store("nowhere", places=Known(())),
    )
    result = judge(c.question(told(*facts), SHEET), [])
    assert [(each.copy, each.country, each.resources, each.implied) for each in result.lies] == [
        ("key", "FR", 1, 0),
        ("primary", "FR", 1, 0),
        ("backup", "US", 2, 1),
    ]
    assert result.unplaced == 2


def test_the_verdict_of_a_control_is_the_worst_that_was_said() -> None:
    mixed = told(FULL, c.store("b", encrypted=Unknown("x")), c.store("c", encrypted=c.NO))
    at_rest = find_control("encryption.at-rest")
    result = judge(c.question(mixed, SHEET), [at_rest])
    assert result.verdict(at_rest.id) == "fail"
    assert result.outcomes[at_rest.id] == {
        Outcome.PASS: 1,
        Outcome.UNKNOWN: 1,
        Outcome.FAIL: 1,
    }
    assert judge(c.question(told(FULL), SHEET), [at_rest]).verdict(at_rest.id) == "pass"


def test_a_finding_keeps_its_fingerprint_while_it_lasts() -> None:
    question = c.question(told(replace(FULL, encrypted=c.NO)), SHEET)
    at_rest = [find_control("encryption.at-rest")]
    before = only(judge(question, at_rest))
    later = only(judge(replace(question, as_of=m.TODAY.replace(year=2027)), at_rest))
    assert before.fingerprint == later.fingerprint
    assert before.name == "store"
    gap = only(judge(c.question(c.Paper(), gaps=(GAP,)), []))
    assert gap.fingerprint != before.fingerprint


def test_what_is_found_is_not_endless() -> None:
    long = c.store(key=Known("x" * 5000))
    customer_key = [find_control("encryption.customer-key")]
    result = judge(c.question(told(long), SHEET, profile=Profile.SOVEREIGN), customer_key)
    assert len(only(result).found) <= 2000
