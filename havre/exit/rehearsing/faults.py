"""What is planted while the exit copies, each for real, and how the copy meets it.

The copy runs in a process of its own, by Havre's own command, so that it can be killed, starved of
its disk, or given a target that fails; the rehearsal's own process never meets the fault.
"""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from havre.errors import ExitCode
from havre.exit.folder import JOURNAL
from havre.exit.journal import Journal
from havre.exit.objects.running import latest
from havre.exit.planting import PlantedFault
from havre.exit.rehearsing.commands import HavreCommand, restarted
from havre.exit.rehearsing.deciding import change_exit
from havre.exit.rehearsing.order import RehearsalFault
from havre.exit.rehearsing.results import FaultEnd, FaultMet

if TYPE_CHECKING:
    from havre.exit.rehearsing.order import RehearsalFolder, RehearsalOrder

ENOUGH = 20
"""So many versions are copied before a copy is disturbed."""
ROOM = 2**15
"""Bytes by which the files of a copy may still grow when its disk is full."""
PAUSE = 0.02

FaultPlanter = Callable[["RehearsalFolder", "RehearsalOrder"], FaultMet]
"""Has a copy meet a fault, and says how it did; what is left to copy is left to the next one."""


def _copying(place: RehearsalFolder) -> HavreCommand:
    return HavreCommand.begun(("exit", "copy", str(place.exit), "--json"), place.root / "copy")


def _copied(place: RehearsalFolder) -> int:
    """How many versions are recorded as copied, while somebody copies."""
    with contextlib.closing(Journal(place.exit / JOURNAL)) as journal:
        counts = (journal.counts(zone, latest(journal, zone)) for zone in journal.zones())
        return sum(each.copied for each in counts)


def _under_way(place: RehearsalFolder, copying: HavreCommand) -> int:
    """Wait until a copy has copied some; 0 where it ended before."""
    while copying.process.poll() is None:
        if (count := _copied(place)) >= ENOUGH:
            return count
        time.sleep(PAUSE)
    return 0


def killed_worker(place: RehearsalFolder, _: RehearsalOrder) -> FaultMet:
    """Kill the process that copies."""
    copying = _copying(place)
    count = _under_way(place, copying)
    if not count:
        return _too_late(copying)
    copying.process.kill()
    copying.ended()
    said = f"killed after {count:,} versions; the next copy went on from the journal"
    return FaultMet(FaultEnd.SURVIVED, "copy", said)


def server_restart(place: RehearsalFolder, order: RehearsalOrder) -> FaultMet:
    """Restart the servers of the target."""
    copying = _copying(place)
    count = _under_way(place, copying)
    if not count:
        return _too_late(copying)
    gone = restarted(place, "target", order.target)
    ended = copying.ended()
    met = "the copy waited and ended" if ended == ExitCode.OK else f"it stopped: {copying.said}"
    said = f"gone for {gone:.0f} s after {count:,} versions; {met}; the next copy ended it"
    return FaultMet(FaultEnd.SURVIVED, "copy", said)


def full_disk(place: RehearsalFolder, _: RehearsalOrder) -> FaultMet:
    """Let the files of the copy grow no more: the kernel refuses each write beyond a limit."""
    copying = _copying(place)
    largest = max(each.stat().st_size for each in place.exit.glob(f"{JOURNAL}*"))
    limit = (largest + ROOM, largest + ROOM)
    resource.prlimit(copying.process.pid, resource.RLIMIT_FSIZE, limit)
    return _stopped(copying, "the journal took no more; once it did, the next copy went on")


def expired_token(place: RehearsalFolder, _: RehearsalOrder) -> FaultMet:
    """Have the target refuse the copy's credential after some calls."""
    change_exit(place.exit, planted=PlantedFault.EXPIRED_TOKEN.value)
    copying = _copying(place)
    met = _stopped(copying, "with another credential, the next copy went on")
    change_exit(place.exit, planted=None)
    return met


def lying_store(place: RehearsalFolder, _: RehearsalOrder) -> FaultMet:
    """Have the target acknowledge what it drops or changes."""
    change_exit(place.exit, planted=PlantedFault.LYING_STORE.value)
    copying = _copying(place)
    code = copying.ended()
    change_exit(place.exit, planted=None)
    if code != ExitCode.OK:
        return FaultMet(FaultEnd.FOUND, "copy", copying.said or f"it ended with {code}")
    return FaultMet(FaultEnd.MISSED, "copy", "the copy believed the store")


def _stopped(copying: HavreCommand, after: str) -> FaultMet:
    """How a copy ended that could not go on."""
    if copying.ended() == ExitCode.OK:
        return FaultMet(FaultEnd.UNPLANTED, "copy", "the copy did not notice: it wrote too little")
    return FaultMet(FaultEnd.SURVIVED, "copy", f"{copying.said}; {after}")


def _too_late(copying: HavreCommand) -> FaultMet:
    said = f"the copy ended with {copying.ended()} before: rehearse a larger size"
    return FaultMet(FaultEnd.UNPLANTED, "copy", said)


COPY_FAULTS: dict[RehearsalFault, FaultPlanter] = {
    RehearsalFault.KILLED_WORKER: killed_worker,
    RehearsalFault.SERVER_RESTART: server_restart,
    RehearsalFault.FULL_DISK: full_disk,
    RehearsalFault.EXPIRED_TOKEN: expired_token,
    RehearsalFault.LYING_STORE: lying_store,
}
"""What is planted in the first copy."""
