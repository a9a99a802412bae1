"""What probes saw of the target is sealed with the rest, or refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from havre.errors import InputError
from havre.exit.seal.contents import probed
from havre.exit.seal.reading import labels
from havre.exit.seal.retiring import departure_of
from havre.exit.seal.sealing import seal
from havre.exit.steps.beside.probes import probes_of
from havre.plan import Plan
from havre.probe.answers import ProbeOutcome, Sighting
from havre.probe.record import ProbeRecord, plan_digest, read_record
from havre.report.seen.probes import record_as_json
from tests.exit.seal.workshop import DAY, DEPARTURE, NOW, Workshop, contents, run

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from havre.exit.folder import ExitFolder, StepRun

PLAN = Plan("state", ())
COUNTS = "1 seen otherwise; 2 promised, not seen; 1 promised, seen"


def sightings(*outcomes: ProbeOutcome) -> tuple[Sighting, ...]:
    raw = ("object 0123456789ab: no lock",)
    return tuple(
        Sighting("lock.read", "continuity.immutability", "zone a", each, "told", raw, NOW, 0.1)
        for each in outcomes
    )


RECORD = ProbeRecord(
    "emc2",
    "scaleway",
    sandbox=False,
    at=NOW,
    digests={"spec": "0" * 64, "plan": plan_digest(PLAN)},
    limits={"log_seconds": 90},
    sightings=sightings(
        ProbeOutcome.OTHERWISE, ProbeOutcome.UNSEEN, ProbeOutcome.UNSEEN, ProbeOutcome.SEEN
    ),
    tool="havre 0",
)


def sealed(workshop: Workshop, folder: Path, record: ProbeRecord | None, **how: Any) -> Path:
    departure = replace(DEPARTURE, probed=probed(record))
    whole = contents(departure=departure, probes=record)
    return seal(folder, whole, workshop.signer, workshop.clock, **how).folder


def verified(workshop: Workshop, folder: Path) -> Any:
    return run(folder, workshop.organisation.path, workshop.time.path)


def test_probes_are_signed_and_named(workshop: Workshop, tmp_path: Path) -> None:
    made = sealed(workshop, tmp_path / "seal", RECORD)
    done = verified(workshop, made)
    assert done.returncode == 0, done.stdout
    assert f"Exit-Probed: {NOW:%Y-%m-%dT%H:%M:%SZ}: {COUNTS}" in done.stdout
    assert read_record(made / "data" / "probes.json").as_dict() == RECORD.as_dict()
    text = (made / "data" / "proces-verbal.txt").read_text()
    assert COUNTS in text
    assert "1 constaté autrement ; 2 promis, non constaté ; 1 promis, constaté" in text
    assert departure_of(labels(made)).probed.endswith(COUNTS)
    told = json.loads((made / "data" / "statement.json").read_text())["predicate"]
    assert told["Exit-Probed"].endswith(COUNTS)


def test_a_seal_says_that_nothing_was_probed(workshop: Workshop, tmp_path: Path) -> None:
    made = sealed(workshop, tmp_path / "seal", None)
    assert "Exit-Probed" not in verified(workshop, made).stdout
    assert not (made / "data" / "probes.json").exists()
    text = (made / "data" / "proces-verbal.txt").read_text()
    assert "not probed" in text
    assert "non sondé" in text


def test_probes_that_are_changed_in_a_seal_are_refused(workshop: Workshop, tmp_path: Path) -> None:
    made = sealed(workshop, tmp_path / "seal", RECORD)
    better = replace(RECORD, sightings=sightings(ProbeOutcome.SEEN))
    (made / "data" / "probes.json").write_text(record_as_json(better))
    done = verified(workshop, made)
    assert done.returncode == 1
    assert "changed: data/probes.json" in done.stdout + done.stderr


def test_a_blind_seal_has_no_answers(workshop: Workshop, tmp_path: Path) -> None:
    key = tmp_path / "names.key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    made = sealed(workshop, tmp_path / "seal", RECORD, blind=key)
    found = read_record(made / "data" / "probes.json")
    assert {each.raw for each in found.sightings} == {()}
    assert [each.outcome for each in found.sightings] == [each.outcome for each in RECORD.sightings]
    assert verified(workshop, made).returncode == 0


@dataclass
class FakeTarget:
    """A target that is deployed."""

    sandbox: bool = False
    told: Any = field(
        default_factory=lambda: SimpleNamespace(warehouse="emc2", provider="scaleway")
    )

    def standing(self, _root: Path) -> FakeTarget:
        return self

    def outputs(self) -> Any:
        return self.told

    def of_sandbox(self) -> bool:
        return self.sandbox

    def plan(self) -> Plan:
        return PLAN


def read_for(path: Path, begun: dt.datetime = NOW - DAY) -> ProbeRecord | None:
    folder = SimpleNamespace(file=SimpleNamespace(target=FakeTarget()), root=path.parent)
    verify = SimpleNamespace(begun=begun)
    return probes_of(cast("ExitFolder", folder), cast("StepRun", verify), path)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"warehouse": "other"}, "of other on scaleway, not of the target: emc2 on scaleway"),
        ({"provider": "azure"}, "of emc2 on azure, not of the target"),
        ({"sandbox": True}, "of a sandbox, and the target is none"),
        ({"digests": {"spec": "0" * 64, "plan": "1" * 64}}, "has changed since"),
        ({"at": NOW - 2 * DAY}, "before the target was last read back"),
        ({"at": NOW + DAY}, "which is yet to come"),
    ],
)
def test_probes_of_something_else_are_not_sealed(
    changed: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "seen.json"
    path.write_text(record_as_json(RECORD))
    assert read_for(path) is not None
    path.write_text(record_as_json(replace(RECORD, **changed)))
    with pytest.raises(InputError, match=said):
        read_for(path)


def test_probes_that_were_changed_are_not_sealed(tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    path.write_text(record_as_json(RECORD).replace("seen otherwise", "promised, seen"))
    with pytest.raises(InputError, match="was changed after it was written"):
        read_for(path)
