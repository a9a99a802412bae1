"""What probes saw, as a file: whole, without secrets, and refused where it is of something else."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import jsonschema
import pytest

from havre.errors import HavreError, InputError
from havre.probe.answers import TAKEN_OUT, Answer, ProbeOutcome, kept, seen
from havre.probe.record import (
    ProbedSubject,
    ProbeRecord,
    read_record,
    refuse_foreign,
    schema_text,
    spec_digest,
)
from havre.probe.running import PROBES, chosen, planned, run, worst
from havre.report.seen.probes import planned_as_text, record_as_json, record_as_text
from tests.probe.warehouses import DAY, MARK, NOW, SPEC, FakeBackups, kept_promises, subject

if TYPE_CHECKING:
    from pathlib import Path

    from havre.probe.subjects import ProbeSubject

NAMES = ("lock.read", "backup.age", "key.rotation", "project.reads")
CHOSEN = tuple(each for each in PROBES if each.id in NAMES)


def record(of: ProbeSubject | None = None) -> ProbeRecord:
    digests = {"spec": spec_digest(SPEC), "state": "0" * 64, "plan": None}
    found = tuple(run(CHOSEN, of or subject(), 10_000))
    return ProbeRecord("emc2", "paper", False, NOW, digests, {"log_seconds": 1}, found, "havre 0")


def written(folder: Path, found: ProbeRecord) -> Path:
    path = folder / "seen.json"
    path.write_text(record_as_json(found))
    return path


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = record()
    again = read_record(written(tmp_path, found))
    assert again.as_dict() == found.as_dict()
    assert {each.probe for each in again.sightings} == set(NAMES)


MEMBERS = ("m-3f9c27d1", "a.martin@university.example")


@pytest.mark.parametrize(
    ("members", "same"),
    [
        (("a.martin@university.example", "m-3f9c27d1"), True),
        (("m-3f9c27d1", "b.durand@university.example"), True),
        (("m-00000001", "a.martin@university.example"), False),
        (("m-3f9c27d1",), False),
        (("m-3f9c27d1", "m-00000001"), False),
    ],
)
def test_other_members_are_another_file_and_names_are_in_no_digest(
    members: tuple[str, ...], same: bool
) -> None:
    name = next(iter(SPEC.projects))

    def having(members: tuple[str, ...]) -> str:
        project = SPEC.projects[name].model_copy(update={"members": members})
        projects = {**SPEC.projects, name: project}
        return spec_digest(SPEC.model_copy(update={"projects": projects}))

    assert (having(members) == having(MEMBERS)) is same


def test_a_record_is_of_the_published_form(tmp_path: Path) -> None:
    document = json.loads(written(tmp_path, record()).read_text())
    schema = json.loads(schema_text())
    jsonschema.validate(document, schema)
    document["probes"][0]["outcome"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": "havre.probes/2"}'])
def test_what_is_no_record_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    path.write_text(text)
    with pytest.raises(InputError, match="not a file of probes"):
        read_record(path)


@pytest.mark.parametrize("name", ["outcome", "told", "at"])
def test_a_record_that_was_changed_by_hand_is_refused(name: str, tmp_path: Path) -> None:
    of = subject(kept_promises(kept=FakeBackups([5 * DAY])))
    path = written(tmp_path, record(of))
    document = json.loads(path.read_text())
    wrong = next(each for each in document["probes"] if each["outcome"] == "seen otherwise")
    other = next(each for each in document["probes"] if each["outcome"] == "promised, seen")
    assert wrong[name] != other[name]
    wrong[name] = other[name]
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="was changed after it was written"):
        read_record(path)


def test_the_form_of_the_json_does_not_count(tmp_path: Path) -> None:
    path = written(tmp_path, record())
    document = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(document.items())), indent=7))
    assert read_record(path).as_dict() == document


PROBED = ProbedSubject(SPEC, "paper", sandbox=False, day=NOW.date(), days=7)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"warehouse": "other"}, "is of warehouse `other`"),
        ({"provider": "other"}, "is of provider `other`"),
        ({"sandbox": True}, "is of a sandbox"),
        ({"digests": {"spec": "1" * 64}}, "is of another warehouse file"),
        ({"at": NOW - dt.timedelta(days=8)}, "8 days old"),
        ({"at": NOW + dt.timedelta(days=1)}, "a later day"),
    ],
)
def test_a_record_of_something_else_is_refused(
    changed: dict[str, object], said: str, tmp_path: Path
) -> None:
    found = record()
    refuse_foreign(found, tmp_path, PROBED)
    with pytest.raises(InputError, match=said):
        refuse_foreign(replace(found, **changed), tmp_path, PROBED)  # type: ignore[arg-type]


def test_a_record_of_a_cloud_is_refused_for_a_sandbox(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a sandbox is checked"):
        refuse_foreign(record(), tmp_path, replace(PROBED, sandbox=True))


SECRETS = (
    "GET https://h/b/o?X-Amz-Signature=deadbeef&X-Amz-Credential=AKIA123 403",
    "https://h/b?sv=2024&sig=deadbeef",
    "password=deadbeef",
    "Authorization: AWS4-HMAC-SHA256 deadbeef",
    "-----BEGIN PRIVATE KEY-----deadbeef",
    "postgresql://u:deadbeef@h/d",
    "<AWSAccessKeyId>deadbeef</AWSAccessKeyId>",
)


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_are_taken_out(text: str) -> None:
    (line,) = kept((text,))
    assert TAKEN_OUT in line
    assert "deadbeef" not in line
    assert "AKIA123" not in line


def test_what_is_kept_is_short_and_on_one_line() -> None:
    (line,) = kept(("a\nb\x1b[2J" + "c" * 10_000,))
    assert len(line) < 500
    assert line.isprintable()
    assert len(kept(("x",) * 1000)) < 100


def test_an_error_of_an_attempt_is_not_evaluated() -> None:
    def fails(_of: ProbeSubject, _target: str) -> Answer:
        message = "no way there"
        raise HavreError(message, "")

    broken = replace(CHOSEN[0], attempt=fails, targets=lambda _: ["here"])
    (found,) = run([broken], subject(), 10_000)
    assert found.outcome is ProbeOutcome.UNEVALUATED
    assert found.told == "no way there"


def test_a_dry_run_sends_nothing() -> None:
    def fails(_of: ProbeSubject, _target: str) -> Answer:
        pytest.fail("it was tried")

    of = subject()
    listed = list(planned([replace(each, attempt=fails) for each in PROBES], of))
    text = planned_as_text(listed)
    assert all(each.id in text and each.harmless in text for each in PROBES if each in CHOSEN)
    assert text.endswith(f"{len(listed)} attempts planned. Nothing was sent.")


def test_attempts_keep_to_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    quick = replace(CHOSEN[0], attempt=lambda _of, _t: seen("fine"), targets=lambda _: "abcd")
    assert len(list(run([quick], subject(), 2.0))) == 4
    assert len(waited) == 3
    assert max(waited) > 1.0


def test_the_log_is_looked_at_last_and_only_where_something_was_left() -> None:
    of = subject(kept_promises())
    after = [each for each in PROBES if each.after]
    names = [probe.id for probe, _ in planned(PROBES, of)]
    assert names[-1] == after[0].id
    assert {each.outcome for each in run(after, of, 10_000)} == {ProbeOutcome.UNEVALUATED}
    assert MARK.startswith("havre-probe-")


def test_a_drill_is_asked_for() -> None:
    controls = {each.control for each in PROBES}
    assert not any(each.drill for each in chosen(controls))
    assert any(each.drill for each in chosen(controls, drill=True))
    with pytest.raises(InputError, match="with --drill only"):
        chosen(controls, ["backup.restorable"])
    with pytest.raises(InputError, match="there is no probe `nothing`"):
        chosen(controls, ["nothing"])


def test_every_probe_is_tied_to_a_control_that_exists() -> None:
    from havre.policy.registry import installed_controls

    known = {each.id for each in installed_controls()}
    assert {each.control for each in PROBES} <= known
    assert len({each.id for each in PROBES}) == len(PROBES)
    assert all(each.what.endswith(".") and each.harmless.endswith(".") for each in PROBES)


def test_the_worst_comes_first() -> None:
    found = record()
    assert worst(found.sightings) is ProbeOutcome.SEEN
    assert worst(()) is ProbeOutcome.UNEVALUATED
    bad = replace(found.sightings[-1], outcome=ProbeOutcome.OTHERWISE, raw=("the answer",))
    told = record_as_text(replace(found, sightings=(*found.sightings, bad), sandbox=True))
    assert told.startswith("[seen otherwise]")
    assert len([line for line in told.splitlines() if line.startswith("[promised, seen]")]) == 4
    assert "Answer: the answer" in told
    assert "1 seen otherwise" in told
    assert told.endswith("It is not evidence of a deployment on paper.")


def test_what_people_read_fits_a_screen() -> None:
    of = subject(kept_promises(kept=FakeBackups([5 * DAY])))
    found = record(of)
    texts = [record_as_text(found, 80), planned_as_text(list(planned(PROBES, of)), 80)]
    assert max(len(line) for text in texts for line in text.splitlines()) <= 80
    count = sum(each.probe == "project.reads" for each in found.sightings)
    assert f"[promised, seen] project.reads: {count} of {count} targets." in texts[0]


def test_the_same_reason_of_several_targets_is_said_once() -> None:
    found = record()
    blind = tuple(
        replace(each, outcome=ProbeOutcome.UNEVALUATED, told="no credentials")
        if each.probe == "project.reads"
        else each
        for each in found.sightings
    )
    lines = record_as_text(replace(found, sightings=blind)).splitlines()
    count = sum(each.probe == "project.reads" for each in blind)
    assert lines[0] == f"[not evaluated] project.reads, {count} targets: no credentials."
    assert not [line for line in lines[1:-1] if "not evaluated" in line]


def test_what_a_sandbox_only_records_is_not_probed() -> None:
    of = replace(subject(kept_promises()), sandbox=True)
    tried = [each for each in PROBES if each.id != "database.roles"]
    found = list(run(tried, of, 10_000))
    recorded = {each.probe for each in found if each.told.startswith("not probed: recorded only")}
    assert recorded == {
        *("address.object-store", "address.database", "key.rotation", "log.shows-probe"),
        *("backup.age", "backup.readable", "backup.restorable"),
    }
    assert {each.outcome for each in found if each.probe in recorded} == {ProbeOutcome.UNEVALUATED}
    assert "lock.read" in {each.probe for each in found if each.outcome is ProbeOutcome.SEEN}
