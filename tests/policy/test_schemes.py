"""Certification schemes are data: a row is a control, and a distribution may bring its own."""

import re
from pathlib import Path

import pytest

from havre.documents.problems import SpecError
from havre.errors import BugError, InputError
from havre.policy.judge import judge
from havre.policy.model import Profile, Severity
from havre.policy.qualifications import installed_qualifications
from havre.policy.registry import find_control, installed_controls
from havre.policy.schemes import installed_schemes, load_schemes
from havre.spec.load import load, loads
from havre.spec.model import Classification
from havre.spec.schema import schema
from havre.spec.schemes import scheme_names
from havre_policies.jurisdiction import certified
from tests.policy import cases as c
from tests.policy.distributions import RECORD, install

ROW = """\
schemes:
  - id: c5
    title: Offer and region are within a dated C5 attestation.
    profile: baseline
    severity: low
    cites: [HDS]
    remedy: Choose an attested offer.
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import sys

    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_every_scheme_that_a_warehouse_may_name_is_a_control() -> None:
    schemes = {scheme.id: scheme for scheme in installed_schemes()}
    assert set(scheme_names()) == set(schemes)
    for scheme in schemes.values():
        control = find_control(scheme.control)
        assert (control.title, control.remedy) == (scheme.title, scheme.remedy)
        assert (control.profile, control.severity) == (scheme.profile, scheme.severity)
        assert control.cites == scheme.cites


def test_a_scheme_of_ones_own_is_judged_by_ones_own_records(place: Path) -> None:
    record = RECORD.format(offer=c.OFFERING.offer, product="*", scheme="c5")
    install(place, "acme", schemes=ROW, qualifications=record)
    ids = [control.id for control in installed_controls()]
    assert ids.index("jurisdiction.c5") == ids.index("jurisdiction.secnumcloud") + 1
    control, records = find_control("jurisdiction.c5"), installed_qualifications()
    assert (control.profile, control.severity) == (Profile.BASELINE, Severity.LOW)
    (verdict,) = control.judge(c.case(c.store(), qualifications=records))
    assert verdict.outcome == "pass"
    sheet = c.resource("sheet")
    question = c.question(c.Paper({sheet.type: (c.store(),)}), sheet, qualifications=records)
    result = judge(question, [control])
    assert result.verdict("jurisdiction.c5") == "pass"
    assert [claim.scheme for claim in result.claims if claim.holds] == ["c5"]


@pytest.mark.parametrize(
    ("applies_to", "classification", "outcome"),
    [
        ("all", Classification.PERSONAL, "fail"),
        ("health-data", Classification.PERSONAL, "not-applicable"),
        ("health-data", Classification.HEALTH_PSEUDONYMISED, "fail"),
    ],
)
def test_a_scheme_is_for_the_warehouses_that_its_row_names(
    tmp_path: Path, applies_to: str, classification: Classification, outcome: str
) -> None:
    file = tmp_path / "schemes.yaml"
    file.write_text(ROW + f"    applies_to: {applies_to}\n")
    (scheme,) = load_schemes(file)
    spec = c.SPEC.model_copy(update={"classification": classification})
    (verdict,) = certified(scheme).judge(c.case(c.store(), spec=spec))
    assert verdict.outcome == outcome


EXAMPLE = Path(__file__).parents[2] / "examples" / "emc2" / "warehouse.yaml"


def asking(name: str) -> str:
    """The example's file, with another certification scheme that it requires."""
    text = EXAMPLE.read_text()
    assert "qualifications: [hds]" in text
    return text.replace("qualifications: [hds]", f"qualifications: [hds, {name}]")


def test_a_warehouse_file_requires_a_scheme_of_a_strangers(place: Path) -> None:
    record = RECORD.format(offer=c.OFFERING.offer, product="*", scheme="c5")
    install(place, "acme", schemes=ROW.replace("baseline", "sovereign"), qualifications=record)
    spec = loads(asking("c5"), "w.yaml").warehouse
    assert spec.residency.qualifications == ("hds", "c5")
    assert find_control("jurisdiction.c5").profile is Profile.SOVEREIGN
    sheet = c.resource("sheet")
    paper = c.Paper({sheet.type: (c.store(),)})
    records = installed_qualifications()
    control = [find_control("jurisdiction.c5")]
    named = judge(c.question(paper, sheet, spec=spec, qualifications=records), control)
    assert named.verdict("jurisdiction.c5") == "pass"
    unnamed = c.question(paper, sheet, spec=load(EXAMPLE).warehouse, qualifications=records)
    assert judge(unnamed, control).controls == ()


@pytest.mark.parametrize(("name", "hint"), [("c5", ""), ("hsd", "did you mean `hds`?")])
def test_a_scheme_that_nobody_ships_is_refused_where_it_stands(name: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(asking(name), "w.yaml")
    (problem,) = caught.value.problems
    assert problem.path == "residency.qualifications[1]"
    assert (problem.wanted, problem.hint) == ("one of hds, secnumcloud", hint)


def test_the_schema_of_a_warehouse_lists_the_schemes_that_are_installed(place: Path) -> None:
    def listed() -> list[str]:
        found: list[str] = schema()["$defs"]["Residency"]["properties"]["qualifications"]["items"][
            "enum"
        ]
        return found

    assert listed() == ["hds", "secnumcloud"]
    install(place, "acme", schemes=ROW)
    assert listed() == ["hds", "secnumcloud", "c5"]


@pytest.mark.parametrize("text", ["schemes: 3\n", "schemes:\n  - title: x\n", "- hds\n"])
def test_a_file_of_schemes_that_names_none_is_refused(place: Path, text: str) -> None:
    install(place, "acme", schemes=text)
    with pytest.raises(InputError, match=r"schemes\.yaml"):
        scheme_names()


def test_a_record_of_a_scheme_that_is_not_installed_is_refused(place: Path) -> None:
    install(place, "acme", qualifications=RECORD.format(offer="A", product="B", scheme="c5"))
    with pytest.raises(InputError, match="`c5` is not an installed certification scheme"):
        installed_qualifications()


def test_a_scheme_that_two_ship_is_refused_with_both_names(place: Path) -> None:
    install(place, "acme", schemes=ROW.replace("id: c5", "id: hds"))
    with pytest.raises(InputError, match=r"`hds` is recorded by havre-policies .* acme 2\.1"):
        installed_schemes()


def test_a_scheme_by_the_name_of_another_control_is_refused(place: Path) -> None:
    install(place, "acme", schemes=ROW.replace("id: c5", "id: operator"))
    with pytest.raises(BugError, match=r"jurisdiction\.operator"):
        installed_controls()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: c5", "id: C 5", "2: schemes[0].id: "),
        ("severity: low", "severity: none", "5: schemes[0].severity: "),
        ("[HDS]", "[]", "6: schemes[0].cites: cites nothing"),
        ("    remedy: Choose an attested offer.\n", "", "2: schemes[0].remedy: is missing"),
        ("remedy:", "remedies:", "7: schemes[0].remedies: is unknown"),
    ],
)
def test_a_malformed_row_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in ROW
    file = tmp_path / "schemes.yaml"
    file.write_text(ROW.replace(old, new))
    with pytest.raises(InputError, match=re.escape(said)):
        load_schemes(file)


def test_a_scheme_that_stands_twice_in_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "schemes.yaml"
    file.write_text(ROW + ROW.removeprefix("schemes:\n"))
    with pytest.raises(InputError, match=r"8: schemes\[1\]: `c5` is recorded twice"):
        load_schemes(file)
