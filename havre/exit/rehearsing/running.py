"""A rehearsal, from two warehouses that do not exist to a seal: by the steps of every exit."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from havre.errors import RetryError
from havre.exit.folder import ExitStep, opened
from havre.exit.freezing.taking import absent
from havre.exit.rehearsing import writing
from havre.exit.rehearsing.commands import deployed, recorded_only
from havre.exit.rehearsing.deciding import decide, first_file, freeze_by_hand, write_exit
from havre.exit.rehearsing.faults import COPY_FAULTS
from havre.exit.rehearsing.filling import chosen_zones, fill
from havre.exit.rehearsing.hard.cases import HardCase
from havre.exit.rehearsing.hard.objects import RETAGGED
from havre.exit.rehearsing.order import FILLED, MET, RehearsalFault
from havre.exit.rehearsing.results import FaultEnd, FaultMet, StepTaken
from havre.exit.settings import FILE, ExitSide, Rates
from havre.exit.sides import reach
from havre.exit.steps.copy import copy
from havre.exit.steps.ending.cut import cut
from havre.exit.steps.ending.retire import schedule, signatories
from havre.exit.steps.freeze import controls, freeze
from havre.exit.steps.plan import held_back, plan
from havre.exit.steps.seal import legal_name, seal
from havre.exit.steps.verify import verify
from havre.files.custody import make_closed
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from havre.exit.rehearsing.filling import ChosenZones
    from havre.exit.rehearsing.order import RehearsalFolder, RehearsalOrder
    from havre.exit.rehearsing.results import RehearsalWatch
    from havre.exit.rehearsing.writing import Writer
    from havre.live.warehouse import Live
    from havre.spec import Warehouse

AGAIN = 5
"""How often a step is run that leaves something to do."""
_CLOSED = 0o700


@dataclass
class RehearsalRun:
    """One rehearsal under way.

    Attributes:
        place: its folder, begun.
        order: what is asked.
        spec: the warehouse.
        watch: who is told how far it is.
        steps: what was done in this run.
        stopped: what the verification found that holds no more; empty: nothing.
        recorded: what had no service behind it, by side.
    """

    place: RehearsalFolder
    order: RehearsalOrder
    spec: Warehouse
    watch: RehearsalWatch
    steps: list[StepTaken] = field(default_factory=list)
    stopped: str = ""
    recorded: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def zones(self) -> ChosenZones:
        """Where the source is written to."""
        return chosen_zones({name: each.purpose for name, each in self.spec.zones.items()})

    def live(self, side: str) -> Live:
        """The way to a side."""
        where = ExitSide(data_dir=str(self.place.root / side))
        return reach(where, self.place.root).live

    @property
    def met(self) -> FaultMet | None:
        """How the planted fault was met; None: not yet, or none is planted."""
        path = self.place.root / MET
        if not path.exists():
            return None
        told = json.loads(self.place.custody.read(path))
        return FaultMet(FaultEnd(told["end"]), told["step"], told["said"])

    def meets(self, met: FaultMet) -> None:
        """Keep how the planted fault was met."""
        self.place.write(MET, json.dumps(asdict(met), indent=1).encode())

    def take(self, name: str, act: Callable[[], str]) -> None:
        """Take a step, and tell how long it took."""
        self.watch.begins(name)
        began = time.monotonic()
        taken = StepTaken(name, act(), round(time.monotonic() - began, 1))
        self.steps.append(taken)
        self.watch.ends(taken)


def rehearse(it: RehearsalRun, rates: Rates, conclude: Callable[[RehearsalRun], Any]) -> Any:
    """Rehearse an exit; run again, it goes on where it stopped.

    Args:
        it: the rehearsal.
        rates: how hard both sides may be pressed.
        conclude: is called while both sides still answer; what it gives is given back.

    Raises:
        HavreError: a step cannot be taken.
    """
    it.watch.begins("deploy both warehouses")
    began = time.monotonic()
    with deployed(it.place, it.order) as told:
        it.recorded = {side: recorded_only(each) for side, each in told.items()}
        both = f"{it.order.source} and {it.order.target}"
        ready = StepTaken("deploy", both, round(time.monotonic() - began, 1))
        it.steps.append(ready)
        it.watch.ends(ready)
        if not (it.place.root / FILLED).exists():
            it.take("fill", lambda: _fill(it))
        _begin_exit(it, rates)
        _leave(it)
        return conclude(it)


def cases_met(place: RehearsalFolder) -> tuple[HardCase, ...]:
    """The hard cases of a source that was filled."""
    told = json.loads(place.custody.read(place.root / FILLED))
    return tuple(HardCase(**each) for each in told)


def _fill(it: RehearsalRun) -> str:
    live, volume = it.live("source"), it.order.size.volume
    replicates = it.order.method == "replication"
    found = fill(live, it.zones, volume, replicates=replicates, done=it.watch.begins)
    writing.prepare_role(live.database(), it.place)
    it.place.write(FILLED, json.dumps([asdict(each) for each in found], indent=1).encode())
    planted = sum(bool(each.planted) for each in found)
    return (
        f"{volume.patients:,} patients, {volume.documents:,} documents, {planted} difficult cases"
    )


def _begin_exit(it: RehearsalRun, rates: Rates) -> None:
    if (it.place.exit / FILE).exists():
        return
    make_closed(it.place.exit, _CLOSED)
    controller, host = it.spec.organisation.name, legal_name(it.order.source)
    write_exit(it.place.exit, first_file(it.place, it.order, controller, host, rates))


def _leave(it: RehearsalRun) -> None:
    """Every step of the exit that is due, in its order; the writer works until the freeze."""
    if _before_freeze(it):
        with writing.begun(it.place, it.zones.documents, it.zones.hard) as writer:
            it.take("plan", lambda: _plan(it))
            it.take("copy", lambda: _copy_first(it))
            it.take("freeze", lambda: _freeze(it, writer))
    while (step := _due(it)) is not None:
        it.take(step.value, lambda step=step: _LATER[step](it))  # type: ignore[misc]
        if it.stopped:
            return


def _before_freeze(it: RehearsalRun) -> bool:
    with opened(it.place.exit) as found:
        return found.ended(ExitStep.FREEZE) is None


def _due(it: RehearsalRun) -> ExitStep | None:
    """The next step; None once the end of the source is scheduled."""
    with opened(it.place.exit) as found:
        step = found.following()
        return None if step is ExitStep.RETIRE and found.last(step) is not None else step


def _plan(it: RehearsalRun) -> str:
    with opened(it.place.exit) as found:
        result = plan(found, it.watch.progress)
        blocked = held_back(found)
        decided = decide(found) if blocked else ()
    if blocked:
        with opened(it.place.exit) as found:
            result = plan(found, it.watch.progress)
    versions = sum(each.versions for each in result.zones)
    words = counted(len(decided), "decision is", "decisions are")
    return f"{versions:,} versions; {words} a person's in a real exit"


def _copy_first(it: RehearsalRun) -> str:
    plant = COPY_FAULTS.get(it.order.fault) if it.order.fault else None
    if plant is not None and it.met is None:
        it.meets(plant(it.place, it.order))
    said = _copy(it)
    _retag(it)
    return said


def _copy(it: RehearsalRun) -> str:
    """Copy until nothing is left: the writer changes objects while they are read."""
    for _ in range(AGAIN):
        with opened(it.place.exit) as found:
            result = copy(found, it.watch.progress)
        if not result.left:
            break
    else:
        message = f"the copy leaves something to do after {AGAIN} runs: {result.left}"
        raise RetryError(message, "Run the rehearsal again.")
    versions, size = sum(z.copied for z in result.zones), sum(z.bytes for z in result.zones)
    moved = "; ".join(
        f"database: {counted(each.tables, 'table', 'tables')}"
        for each in result.databases
        if each.moved
    )
    return f"{versions:,} versions, {size / 2**20:,.1f} MiB" + (f"; {moved}" if moved else "")


def _retag(it: RehearsalRun) -> None:
    """The first hard case: tags that change after the copy."""
    store = it.live("source").store(it.zones.hard)
    for found in store.versions(RETAGGED):
        if found.latest and not found.marker:
            store.tag(found, {"purpose": "care"})


def _freeze(it: RehearsalRun, writer: Writer) -> str:
    """Freeze; the honest writer of objects has stopped before, the other one writes afterwards."""
    cheats = it.order.fault is RehearsalFault.CHEATING_WRITER
    if not cheats:
        writer.stop_objects()
    said = _frozen(it)
    wrote = writer.ended(cheats=cheats)
    refused = f"; the writer's role is refused: {wrote.refused}" if wrote.refused else ""
    return f"{said}; {wrote.rows:,} rows and {wrote.objects:,} objects were written{refused}"


def _frozen(it: RehearsalRun) -> str:
    with opened(it.place.exit) as found:
        by_hand = tuple(each.name for each in controls(found) if absent(each))
        if by_hand and not found.file.frozen_by_hand:
            freeze_by_hand(found, by_hand)
    with opened(it.place.exit) as found:
        result = freeze(found, it.watch.progress)
    if result.left:
        message = f"the source is not frozen: {result.left}"
        raise RetryError(message, "Run the rehearsal again.")
    hand = f", {len(by_hand)} by hand" if by_hand else ""
    return f"{counted(len(result.things), 'store or database', 'stores and database')}{hand}"


def _freeze_again(it: RehearsalRun) -> str:
    return _frozen(it)


def _verify(it: RehearsalRun) -> str:
    with opened(it.place.exit) as found:
        result = verify(found, it.watch.progress)
    wrong = result.frozen.wrong if result.frozen else ()
    if it.order.fault is RehearsalFault.CHEATING_WRITER and it.met is None:
        it.meets(_cheated(it, wrong))
        if wrong:
            _frozen(it)
    elif result.left:
        named = [name for zone in result.zones for name in zone.named]
        named += [name for each in result.databases for name in each.named]
        it.stopped = f"{result.left}, such as {(*named, *wrong)[0]}"
        if it.met is not None and it.met.end is FaultEnd.MISSED:
            it.meets(FaultMet(FaultEnd.FOUND, "verify", it.stopped))
    lines = sum(each.lines for each in result.zones)
    rows = sum(each.rows for each in result.databases)
    return result.left or f"{lines:,} versions and {rows:,} rows read back, all the same"


def _cheated(it: RehearsalRun, wrong: Sequence[str]) -> FaultMet:
    """What became of the writer that cheats."""
    if wrong:
        found = counted(len(wrong), "change", "changes")
        said = f"{found} in the freeze, such as {wrong[0]}; frozen and copied again"
        return FaultMet(FaultEnd.SURVIVED, "verify", said)
    if writing.written(it.place).cheated:
        return FaultMet(FaultEnd.MISSED, "verify", "nothing was noticed of what it wrote")
    return FaultMet(FaultEnd.SURVIVED, "freeze", "the store refused it as well")


def _seal(it: RehearsalRun) -> str:
    with opened(it.place.exit) as found:
        return seal(found).seal


def _cut(it: RehearsalRun) -> str:
    with opened(it.place.exit) as found:
        result = cut(found, it.order.warehouse, it.watch.progress)
    return f"the target is open to {counted(len(result.roles), 'role', 'roles')}"


def _retire(it: RehearsalRun) -> str:
    with opened(it.place.exit) as found:
        result = schedule(found, it.order.warehouse, signatories(found, None, None))
    tries = counted(len(result.tries), "way", "ways")
    return (
        f"{counted(len(result.things), 'thing', 'things')}, {tries} that lead there; {result.left}"
    )


_LATER: Mapping[ExitStep, Callable[[RehearsalRun], str]] = {
    ExitStep.PLAN: _plan,
    ExitStep.COPY: _copy,
    ExitStep.FREEZE: _freeze_again,
    ExitStep.VERIFY: _verify,
    ExitStep.SEAL: _seal,
    ExitStep.CUT: _cut,
    ExitStep.RETIRE: _retire,
}
