"""The zones of an exit, and who works on them."""

from __future__ import annotations

import contextlib
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.exit.objects.running import MovingZone
from havre.exit.sides import OpenedCipher, OpenedTarget, OpenedZone, reach, zones_of

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from typing import Self

    from havre.exit.folder import ExitFolder


FEW = 1_000
SMALL = 256 * 2**20
"""A zone of so many versions and bytes is copied by threads of this process."""


@dataclass(frozen=True)
class ExitZone(MovingZone):
    """A zone of an exit.

    Attributes:
        back: opens the target's store, to be read back.
        cipher: opens what encrypts there before the store.
    """

    back: OpenedTarget
    cipher: OpenedCipher


def zones(folder: ExitFolder) -> list[ExitZone]:
    """Every zone of the source with its counterpart.

    Raises:
        InputError: a side is not reached, or a zone has no counterpart.
    """
    source = reach(folder.file.source, folder.root).outputs
    target = reach(folder.file.target, folder.root).outputs
    pairs = zones_of(folder.file, source, target)
    both = [OpenedZone(folder.root, name, other) for name, other in sorted(pairs.items())]
    return [ExitZone(each.source, each, OpenedTarget(each), OpenedCipher(each)) for each in both]


class Crew:
    """Who copies and reads: processes that open their own clients, threads where little is to do.

    Processes are started anew and never forked, since clients do not survive a fork; that takes
    seconds, which a small zone does not need.
    """

    def __init__(self, workers: int) -> None:
        """Nobody works yet.

        Args:
            workers: how many processes, or threads.
        """
        self._workers = workers
        self._stack = contextlib.ExitStack()
        self._threads: Executor | None = None
        self._processes: Executor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def of(self, versions: int, size: int) -> Executor:
        """Whoever works on a zone of so many versions and bytes."""
        if versions <= FEW and size <= SMALL:
            threads = self._threads or self._entered(ThreadPoolExecutor(self._workers))
            self._threads = threads
            return threads
        started = self._processes or self._entered(
            ProcessPoolExecutor(self._workers, multiprocessing.get_context("spawn"))
        )
        self._processes = started
        return started

    def _entered(self, executor: Executor) -> Executor:
        return self._stack.enter_context(executor)
