"""`copy`: what is at the source and not yet at the target; run again, what changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from havre.errors import GuardError
from havre.exit.folder import ExitStep
from havre.exit.meter import Meter
from havre.exit.objects.effort import MeasuredRate
from havre.exit.objects.marks import settle_marks
from havre.exit.objects.rechecking import recheck
from havre.exit.objects.running import copy_zone, give_up_uploads, latest, list_zone
from havre.exit.steps.beside.backups import copy_backups, plan_backups
from havre.exit.steps.databases import copy_database, give_up_replication, plan_database
from havre.exit.steps.expected import measure
from havre.exit.steps.plan import held_back
from havre.exit.steps.renamings import refuse_changed
from havre.exit.steps.results import CopyResult, ZoneCopied
from havre.exit.steps.zones import Crew, zones
from havre.text import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from havre.exit.folder import ExitFolder
    from havre.exit.objects.copying import KeyOutcome
    from havre.exit.objects.running import MovingZone
from havre.exit.meter import Progress


def copy(folder: ExitFolder, progress: Progress) -> CopyResult:
    """Copy every zone, the database and the source's backups.

    Raises:
        GuardError: a loss is not decided, something cannot go as it is, or somebody else wrote
            at the target.
        InputError, RetryError, ProviderError: as the sides; what was copied is recorded.
    """
    folder.check(ExitStep.COPY)
    give_up_replication(folder)  # first: an exit that is given up leaves no slot, whatever blocks
    refuse_undecided(folder)
    moving = zones(folder)
    refuse_changed(folder, (zone.name for zone in moving))
    begun = folder.begin(ExitStep.COPY)
    plan_database(folder)
    plan_backups(folder)
    refuse_undecided(folder)
    with Crew(folder.file.rates) as crew:
        found = tuple(_zone(folder, zone, crew, progress) for zone in moving)
    refuse_undecided(folder)
    later = sum(each.later for each in found)
    left = f"{counted(later, 'object', 'objects')} changed while being read" if later else ""
    did = (sum(z.copied for z in found), sum(z.bytes for z in found), sum(z.seconds for z in found))
    measure(folder, ExitStep.COPY, MeasuredRate(*did))
    databases = copy_database(folder, progress)
    result = CopyResult(found, databases, left, copy_backups(folder, progress))
    folder.end(begun, result, left)
    return result


def refuse_undecided(folder: ExitFolder) -> None:
    """Refuse to go on while the ledger blocks.

    Raises:
        GuardError: it does.
    """
    if why := held_back(folder):
        where = f"{folder.file.controller} decides on losses, in {folder.root}/exit.yaml."
        remedy = f"See `havre exit ledger {folder.root}`. {where}"
        raise GuardError(why, remedy)


def _zone(folder: ExitFolder, zone: MovingZone, crew: Crew, progress: Progress) -> ZoneCopied:
    known = folder.journal.counts(zone.name, latest(folder.journal, zone.name))
    crew.of(known.versions, known.size - known.copied_size)  # they begin while the zone is listed
    seen = list_zone(folder.journal, zone)
    settle_marks(folder.journal, zone, seen)
    before = folder.journal.counts(zone.name, seen)
    meter = Meter(zone.scope, before.versions - before.copied, progress)

    def told(outcomes: Sequence[KeyOutcome]) -> None:
        meter.add(sum(len(each.done) for each in outcomes), sum(each.size for each in outcomes))

    give_up_uploads(folder.journal, zone)
    everybody = crew.of(before.copied, 0)
    changed = recheck(folder.journal, zone, everybody, folder.file.rates.workers)
    before = folder.journal.counts(zone.name, seen)
    workers = crew.of(before.versions - before.copied, before.size - before.copied_size)
    later = copy_zone(folder.journal, zone, workers, folder.file.rates.workers, told)
    seconds = round(meter.reading.seconds, 1)
    return ZoneCopied(zone.name, meter.done, changed, meter.size, seconds, len(later))
