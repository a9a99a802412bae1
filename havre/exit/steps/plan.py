"""`plan`: what is there, what becomes of it, and what must be decided before anything moves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from havre.exit.folder import ExitStep
from havre.exit.ledger import LedgerFate, decided, unused
from havre.exit.meter import Meter
from havre.exit.objects.inventory import take_inventory
from havre.exit.objects.running import list_zone
from havre.exit.sides import reach, refuse_sandbox
from havre.exit.steps.beside.backups import plan_backups
from havre.exit.steps.beside.logs import plan_logs
from havre.exit.steps.databases import plan_database
from havre.exit.steps.renamings import refuse_changed, settle, write_proposals
from havre.exit.steps.results import PlanResult, ZonePlanned
from havre.exit.steps.verify import still_needed
from havre.exit.steps.zones import Crew, zones
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from havre.exit.folder import ExitFolder
    from havre.exit.ledger import LedgerEntry, LossDecision
    from havre.exit.meter import Progress
    from havre.exit.objects.running import MovingZone


def plan(folder: ExitFolder, progress: Progress) -> PlanResult:
    """Take the inventory and write the ledger; nothing is changed on either side.

    Raises:
        GuardError, InputError, RetryError, ProviderError: as the sides.
    """
    refuse_sandbox(folder.file, folder.root)
    begun = folder.begin(ExitStep.PLAN)
    databases = plan_database(folder)
    moving = zones(folder)
    for zone in moving:
        settle(folder, zone.name)
    refuse_changed(folder, (zone.name for zone in moving))
    with Crew(folder.file.rates) as crew:
        found = tuple(_zone(folder, zone, crew, progress) for zone in moving)
    proposed = write_proposals(folder, moving)
    plan_backups(folder)
    plan_logs(folder, reach(folder.file.source, folder.root).live.trail())
    needed = still_needed(folder, moving)
    result = PlanResult(found, databases, fates(folder), proposed, needed)
    folder.end(begun, result)
    return result


def _zone(folder: ExitFolder, zone: MovingZone, crew: Crew, progress: Progress) -> ZonePlanned:
    seen = list_zone(folder.journal, zone)
    counts = folder.journal.counts(zone.name, seen)
    meter = Meter(zone.scope, counts.versions, progress)
    fresh = folder.last(ExitStep.COPY) is None
    count = folder.file.rates.workers
    workers = crew.of(counts.versions, 0)
    take_inventory(folder.journal, zone, workers, count, meter.add, fresh=fresh)
    target = folder.file.zones.get(zone.name, zone.name)
    return ZonePlanned(zone.name, target, counts.versions, counts.size)


def ledger(folder: ExitFolder) -> Iterator[LedgerEntry]:
    """The losses ledger with the decisions of exit.yaml, as they are now."""
    return decided(folder.journal.losses(), folder.file.decisions)


def fates(folder: ExitFolder) -> dict[str, int]:
    """How many lines of the ledger have each fate."""
    count = Counter(each.fate for each in ledger(folder))
    return {fate.value: count[fate] for fate in LedgerFate}


def blocking(folder: ExitFolder) -> Iterator[LedgerEntry]:
    """What must be mended or decided before anything is copied."""
    return (each for each in ledger(folder) if each.fate is LedgerFate.BLOCKING)


def idle(folder: ExitFolder) -> Sequence[LossDecision]:
    """Decisions of exit.yaml that speak of nothing in the ledger."""
    return unused(list(folder.journal.losses()), folder.file.decisions)


def held_back(folder: ExitFolder) -> str:
    """What holds a copy back, in words; empty where nothing does."""
    count = Counter(each.decidable for each in blocking(folder))
    words = []
    if count[True]:
        words.append(f"{counted(count[True], 'loss is', 'losses are')} not decided")
    if count[False]:
        words.append(
            counted(count[False], "thing cannot go as it is", "things cannot go as they are")
        )
    return "; ".join(words)
