"""`havre check --probes`: what was seen beside what is promised; it never makes a check pass."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import havre
import havre.report
from havre.cli import main
from havre.errors import ExitCode, InputError
from havre.plan.states import from_state
from havre.probe.answers import ProbeOutcome, Sighting
from havre.probe.record import ProbeRecord, plan_digest, spec_digest
from havre.report.seen.probes import record_as_json
from havre.spec.load import load
from tests.check.asked import EXAMPLES
from tests.facts.recordings import RECORDED

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = EXAMPLES["emc2"]
SPEC = load(FILE).warehouse
DAY = dt.date(2026, 11, 23)
AT = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
SCHEMA = Path(havre.report.__file__).parent / "findings.schema.json"
SEEN, OTHERWISE = ProbeOutcome.SEEN, ProbeOutcome.OTHERWISE
PASSES, FAILS = "encryption.in-transit", "exposure.public-storage"


def sighting(control: str, outcome: ProbeOutcome, target: str = "zone landing") -> Sighting:
    return Sighting("a.probe", control, target, outcome, "what was seen", (), AT, 0.1)


def probes(
    folder: Path, outcomes: Mapping[str, ProbeOutcome], provider: str = "azure", **other: Any
) -> Path:
    """A file of probes of the example."""
    found = tuple(sighting(control, outcome) for control, outcome in outcomes.items())
    digests = {"spec": spec_digest(SPEC), "state": None, "plan": None}
    of = ProbeRecord("emc2", provider, False, AT, digests, {}, found, "havre 0")
    path = folder / "seen.json"
    path.write_text(record_as_json(replace(of, **other)))
    return path


def run(
    capsys: pytest.CaptureFixture[str], *words: str, provider: str = "azure"
) -> tuple[int, str]:
    days = () if "--as-of" in words else ("--as-of", str(DAY))
    code = main(["check", str(FILE), "--provider", provider, *days, *words])
    said = capsys.readouterr()
    return code, said.out if code in {0, 1, 3} else said.err


def told(capsys: pytest.CaptureFixture[str], *words: str, provider: str = "azure") -> Any:
    code, out = run(capsys, *words, "--format", "json", provider=provider)
    document = json.loads(out)
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert document["summary"]["exit_code"] == code
    return document


def test_a_broken_promise_fails_a_check_that_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys)[0] == ExitCode.OK
    file = probes(tmp_path, {PASSES: OTHERWISE})
    found = told(capsys, "--probes", str(file))
    assert found["summary"]["exit_code"] == ExitCode.FINDINGS
    (wrong,) = [each for each in found["findings"] if each["outcome"] == "fail"]
    assert (wrong["control"], wrong["property"]) == (PASSES, "a.probe, zone landing")
    assert wrong["fix"]["where"] == "deployed"
    (row,) = found["probes"]["controls"]
    assert row == {
        "control": PASSES,
        "promised": True,
        "outcome": "seen otherwise",
        "seen": 0,
        "tried": 1,
    }


def test_what_was_seen_never_makes_a_control_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = told(capsys, provider="local")
    names = {each["control"] for each in before["findings"]}
    assert before["summary"]["controls"]["fail"] > 20
    file = probes(tmp_path, dict.fromkeys(sorted(names), SEEN), "local")
    after = told(capsys, "--probes", str(file), provider="local")
    assert after["findings"] == before["findings"]
    assert after["summary"]["controls"] == before["summary"]["controls"]
    assert after["summary"]["exit_code"] == before["summary"]["exit_code"] == ExitCode.FINDINGS


@pytest.mark.parametrize("outcome", [ProbeOutcome.UNSEEN, ProbeOutcome.UNEVALUATED])
def test_what_was_not_seen_is_shown_and_changes_nothing(
    outcome: ProbeOutcome, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = probes(tmp_path, {PASSES: outcome})
    found = told(capsys, "--probes", str(file))
    assert found["summary"]["exit_code"] == ExitCode.OK
    assert [each["outcome"] for each in found["probes"]["controls"]] == [outcome.value]


def test_what_the_plan_does_not_pass_is_not_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    passes = "encryption.database-tls"
    file = probes(tmp_path, {"encryption.at-rest": SEEN, passes: SEEN}, "local")
    found = told(capsys, "--probes", str(file), provider="local")
    words = {each["control"]: each["outcome"] for each in found["probes"]["controls"]}
    assert words == {"encryption.at-rest": "not promised, seen", passes: "promised, seen"}


@pytest.mark.parametrize("provider", ["ovh", "scaleway", "local"])
def test_what_a_gap_or_a_reserve_leaves_open_is_not_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    before = told(capsys, provider=provider)
    found = {each["control"] for each in before["findings"] if each["fix"]["where"] == "provider"}
    assert len(found) > 5
    after = told(
        capsys,
        "--probes",
        str(probes(tmp_path, dict.fromkeys(found, SEEN), provider)),
        provider=provider,
    )
    words = {each["control"]: each["outcome"] for each in after["probes"]["controls"]}
    assert words == dict.fromkeys(found, "not promised, seen")


def test_what_is_waived_is_not_promised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waived = {each["control"] for each in told(capsys)["findings"] if each["outcome"] == "waived"}
    assert waived
    after = told(capsys, "--probes", str(probes(tmp_path, dict.fromkeys(waived, SEEN))))
    words = {each["control"]: each["outcome"] for each in after["probes"]["controls"]}
    assert words == dict.fromkeys(waived, "not promised, seen")


def test_the_worst_of_several_targets_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    several = tuple(
        sighting(PASSES, outcome, f"zone {number}")
        for number, outcome in enumerate([SEEN, ProbeOutcome.UNSEEN, SEEN])
    )
    file = probes(tmp_path, {}, sightings=several)
    (row,) = told(capsys, "--probes", str(file))["probes"]["controls"]
    assert (row["outcome"], row["seen"], row["tried"]) == ("promised, not seen", 2, 3)


def test_a_waiver_covers_it_and_the_column_still_shows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waiver = {
        "control": PASSES,
        "owner": "Ana Silva",
        "decision": "R-1",
        "expires": "2027-03-01",
        "reason": "The old gateway speaks TLS 1.0 until it is replaced in spring.",
    }
    waivers = tmp_path / "waivers.yaml"
    kept = (FILE.parent / "waivers.yaml").read_text()
    waivers.write_text(f"{kept}\n  - {json.dumps(waiver)}\n")
    words = ("--probes", str(probes(tmp_path, {PASSES: OTHERWISE})), "--waivers", str(waivers))
    found = told(capsys, *words)
    assert found["summary"]["exit_code"] == ExitCode.OK
    assert [each["outcome"] for each in found["probes"]["controls"]] == ["seen otherwise"]


FORMATS = {
    "table": rf"{PASSES} +pass +promised, seen",
    "markdown": rf"\*\*{PASSES}\*\* \| pass \| promised, seen",
    "html": r'data-label="Promised and seen">promised, seen \(1/1\)',
    "sarif": r'"promisedAndSeen": "promised, seen"',
}


@pytest.mark.parametrize("form", FORMATS)
def test_the_column_is_in_each_form(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = probes(tmp_path, {PASSES: SEEN, FAILS: OTHERWISE})
    _, out = run(capsys, "--probes", str(file), "--format", form)
    assert re.search(FORMATS[form], out)
    assert "seen otherwise" in out
    _, without = run(capsys, "--format", form)
    assert not re.search(FORMATS[form], without)


def test_the_headline_says_when_it_was_probed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = probes(tmp_path, {PASSES: SEEN, FAILS: ProbeOutcome.UNSEEN})
    _, out = run(capsys, "--probes", str(file), "--summary")
    text = " ".join(out.split())
    assert "Promised and seen probed 2026-11-22 (1 day ago)" in text
    assert "1 promised, seen" in text
    _, out = run(capsys, "--probes", str(file), "--summary", "--lang", "fr")
    text = " ".join(out.replace("\u202f", " ").replace("\xa0", " ").split())
    assert "Promis et constaté sondé le 22 novembre 2026" in text
    assert "1 promis, constaté" in text


def test_the_file_is_among_the_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = probes(tmp_path, {PASSES: SEEN})
    found = told(capsys, "--probes", str(file))["summary"]["provenance"]["inputs"]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert [each["sha256"] for each in found if each["role"] == "probes"] == [digest]


OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "another warehouse": ({"warehouse": "emc3"}, "of warehouse `emc3`, not of `emc2`"),
    "another provider": ({"provider": "ovh"}, "of provider `ovh`, not of `azure`"),
    "a sandbox": ({"sandbox": True}, "of a sandbox, which is not evidence"),
    "another file": ({"digests": {"spec": "0" * 64}}, "of another warehouse file"),
    "too old": ({"at": AT - dt.timedelta(days=7)}, "8 days old; the profile allows at most 7"),
    "a later day": ({"at": AT + dt.timedelta(days=2)}, "a later day than the check's"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_probes_of_something_else_are_refused(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed, said = OTHERS[what]
    file = probes(tmp_path, {PASSES: SEEN}, **changed)
    code, err = run(capsys, "--probes", str(file))
    assert code == ExitCode.INPUT
    assert said in " ".join(err.split())


def test_the_profile_sets_the_age(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = probes(tmp_path, {PASSES: SEEN}, at=AT - dt.timedelta(days=20))
    words = ("--probes", str(file))
    assert run(capsys, *words)[0] == ExitCode.INPUT
    assert run(capsys, *words, "--profile", "baseline")[0] != ExitCode.INPUT


@pytest.mark.parametrize("text", ["", "[]", "not json"])
def test_a_file_that_is_none_of_probes_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "seen.json"
    file.write_text(text)
    code, err = run(capsys, "--probes", str(file))
    assert code == ExitCode.INPUT
    assert "is not a file of probes" in err
    assert run(capsys, "--probes", str(tmp_path / "missing.json"))[0] == ExitCode.INPUT


def test_a_file_that_was_changed_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = probes(tmp_path, {PASSES: OTHERWISE})
    file.write_text(file.read_text().replace("seen otherwise", "promised, seen"))
    code, err = run(capsys, "--probes", str(file))
    assert code == ExitCode.INPUT
    assert "was changed after it was written" in err


def test_probes_of_a_state_that_has_changed_are_refused(tmp_path: Path) -> None:
    state = RECORDED / "azure-state.json"
    plan = from_state(state)
    spec = havre.check(state=state, as_of=DAY)
    digests = {"spec": spec_digest(SPEC), "state": None, "plan": plan_digest(plan)}
    same = probes(tmp_path, {PASSES: SEEN}, digests=digests, warehouse=spec.warehouse)
    result = havre.check(FILE, state=state, as_of=DAY, probes=same)
    assert [each.word for each in result.seen()] == ["promised, seen"]
    digests["plan"] = "0" * 64
    other = probes(tmp_path, {PASSES: SEEN}, digests=digests)
    with pytest.raises(InputError, match="what is deployed has changed since"):
        havre.check(FILE, state=state, as_of=DAY, probes=other)
