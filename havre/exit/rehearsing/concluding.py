"""What a rehearsal proved, what it did not, and what a real exit would take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from havre.errors import InputError
from havre.exit.folder import ExitStep, looked_at
from havre.exit.objects.effort import Caps, Load, seconds
from havre.exit.rehearsing import writing
from havre.exit.rehearsing.deciding import WHO
from havre.exit.rehearsing.filling import NOTES, OMOP
from havre.exit.rehearsing.order import SCRIPT
from havre.exit.rehearsing.results import FaultEnd, FaultMet, RealPace, RehearsalResult
from havre.exit.rehearsing.running import cases_met
from havre.exit.seal.verifying import Trust, hand_out, verified
from havre.exit.steps.ending.dates import TERMS
from havre.exit.steps.expected import measured
from havre.exit.steps.seal import AUTHORITIES

if TYPE_CHECKING:
    from havre.exit.folder import ExitFolder
    from havre.exit.rehearsing.running import RehearsalRun

MILLION = 1_000_000


def conclude(it: RehearsalRun) -> RehearsalResult:
    """What came of a rehearsal; both sides must still answer.

    Raises:
        HavreError: they do not.
    """
    lost = 0 if it.stopped else _lost(it)
    with looked_at(it.place.exit) as found:
        run = found.last(ExitStep.SEAL)
        seal = str(run.result["seal"]) if run and run.ended and not it.stopped else ""
        decided = {each.property for each in found.file.decisions if each.who == WHO}
        renamed = sum(len(each.keys) for each in found.file.renamings)
        paces, gone = _paces(found), _gone(found)
    authority = it.place.exit / AUTHORITIES / "ca.pem"
    script = it.place.root / SCRIPT
    if seal and not script.exists():
        hand_out(script)
    return RehearsalResult(
        it.order,
        tuple(it.steps),
        cases_met(it.place),
        (*sorted(decided), *([f"{renamed} names of objects"] if renamed else ())),
        writing.written(it.place),
        lost,
        seal,
        str(authority) if seal else "",
        bool(seal) and _holds(Path(seal), authority),
        it.recorded,
        paces,
        gone,
        _fault(it),
        it.stopped,
    )


def _fault(it: RehearsalRun) -> FaultMet | None:
    if it.order.fault is None or it.met is not None:
        return it.met
    return FaultMet(FaultEnd.UNPLANTED, "", "the exit had passed that step before")


def _lost(it: RehearsalRun) -> int:
    """Rows and objects that the source acknowledged, and that are not at the target."""
    told, live = writing.written(it.place), it.live("target")
    with live.database().connect(autocommit=True) as connection:
        row = connection.execute(f"SELECT count(*) FROM {OMOP}.{NOTES}".encode()).fetchone()  # noqa: S608
    rows = row[0] if row else 0
    store = live.store(it.zones.documents)
    objects = sum(1 for each in store.versions("written/") if not each.marker)
    return max(0, told.rows - rows) + max(0, told.objects - objects)


def _holds(seal: Path, authority: Path) -> bool:
    """Whether `verify.sh` accepts the seal."""
    try:
        verified(seal, Trust(authority, authority))
    except InputError:
        return False
    return True


def _paces(folder: ExitFolder) -> tuple[RealPace, ...]:
    rates = folder.file.rates
    found = []
    for step in (ExitStep.COPY, ExitStep.VERIFY):
        did = measured(folder, step)
        load = Load(MILLION, size=MILLION * (did.size // did.versions if did else 0))
        calls = load.copy_calls if step is ExitStep.COPY else load.verify_calls
        caps = Caps(rates.requests, rates.bytes)
        rate = did.versions / did.seconds if did and did.seconds else None
        took = seconds(load, calls, did, Caps()) if did else None
        found.append(RealPace(step.value, rate, took, seconds(load, calls, None, caps)))
    return tuple(found)


def _gone(folder: ExitFolder) -> str:
    """The first day on which everything of the source could be gone."""
    told = json.loads(folder.journal.fact(TERMS) or "[]")
    days = [each["gone"] for each in told]
    return max(map(str, days)) if days and all(days) else ""
