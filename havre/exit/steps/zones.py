"""The zones of an exit, and who works on them."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.exit.objects.running import MovingZone
from havre.exit.sides import OpenedTarget, OpenedZone, reach, zones_of

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from havre.exit.folder import ExitFolder


@dataclass(frozen=True)
class ExitZone(MovingZone):
    """A zone of an exit.

    Attributes:
        back: opens the target's store, to be read back.
    """

    back: OpenedTarget


def zones(folder: ExitFolder) -> list[ExitZone]:
    """Every zone of the source with its counterpart.

    Raises:
        InputError: a side is not reached, or a zone has no counterpart.
    """
    source = reach(folder.file.source, folder.root).outputs
    target = reach(folder.file.target, folder.root).outputs
    pairs = zones_of(folder.file, source, target)
    both = [OpenedZone(folder.root, name, other) for name, other in sorted(pairs.items())]
    return [ExitZone(each.source, each, OpenedTarget(each)) for each in both]


def workers(folder: ExitFolder) -> Executor:
    """Processes that copy and read; each opens its own clients.

    They are started anew and never forked: clients do not survive a fork.
    """
    count = folder.file.rates.workers
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))
