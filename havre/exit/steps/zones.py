"""The zones of an exit, and who works on them."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import re
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre.errors import InputError, MissingDependencyError, RetryError
from havre.exit.objects.running import MovingZone
from havre.exit.sides import (
    OpenedCipher,
    OpenedTarget,
    OpenedZone,
    RateShare,
    reach,
    renaming_digest,
    this_process,
    zones_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor
    from typing import Self

    from havre.exit.folder import ExitFolder
    from havre.exit.settings import Rates


_TRUSTED = re.compile(r"tls://|(tcp://)?(127\.0\.0\.1|localhost|\[::1\])(:|$)")
ANSWER = 30
"""Seconds in which a scheduler answers."""
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
    asked = folder.file.rates
    rates = RateShare(asked.requests, asked.bytes, asked.workers, this_process())
    both = [
        OpenedZone(folder.root, name, other, rates, renaming_digest(folder.file.renamed(name)))
        for name, other in sorted(pairs.items())
    ]
    return [ExitZone(each.source, each, OpenedTarget(each), OpenedCipher(each)) for each in both]


def end_with_parent() -> None:
    """Have this process end when its parent does, however that ends.

    What a killed coordinator has started would wait for it for ever, or write to the target while
    the next run does.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


class Crew:
    """Who copies and reads: processes that open their own clients, threads where little is to do.

    Processes are started anew and never forked, since clients do not survive a fork; that takes
    seconds, which a small zone does not need. Where a Dask scheduler is named, its workers do it.
    """

    def __init__(self, rates: Rates) -> None:
        """Nobody works yet.

        Args:
            rates: how many processes or threads, or whose workers.
        """
        self._rates = rates
        self._stack = contextlib.ExitStack()
        self._threads: Executor | None = None
        self._processes: Executor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def of(self, versions: int, size: int) -> Executor:
        """Whoever works on a zone of so many versions and bytes.

        Raises:
            InputError, MissingDependencyError, RetryError: the Dask scheduler cannot be used.
        """
        count = self._rates.workers
        if self._rates.scheduler is None and versions <= FEW and size <= SMALL:
            threads = self._threads or self._stack.enter_context(ThreadPoolExecutor(count))
            self._threads = threads
            return threads
        if self._processes is None:
            # Processes begin with the first work that they are given, not before.
            spawning = multiprocessing.get_context("spawn")
            self._processes = self._stack.enter_context(
                distributed_executor(self._rates)
                if self._rates.scheduler
                else ProcessPoolExecutor(count, spawning, end_with_parent)
            )
            for _ in range(count):
                self._processes.submit(loaded)
        return self._processes


def loaded() -> None:
    """Load what a worker needs, while the coordinator still lists."""
    import havre.exit.objects.copying
    import havre.exit.objects.verifying
    import havre.exit.sides  # noqa: F401


@contextlib.contextmanager
def distributed_executor(rates: Rates) -> Iterator[Executor]:
    """The workers of a Dask scheduler, which runs again what a worker that ends leaves undone.

    They read the exit's folder at the same path, and have the credentials in their environment.

    Raises:
        InputError: the scheduler cannot be trusted, or has more workers than share the rates.
        MissingDependencyError: Dask is not installed.
        RetryError: the scheduler does not answer.
    """
    scheduler = str(rates.scheduler)
    if not _TRUSTED.match(scheduler):
        message = (
            f"the Dask scheduler at {scheduler} is reached without TLS: anyone can give it work"
        )
        raise InputError(message, "Name one at `tls://`, or on this machine.")
    try:
        from distributed import Client
    except ImportError as error:
        message = "a Dask scheduler needs the package `distributed`"
        raise MissingDependencyError(message, "Install it: pip install havre[dask]") from error
    try:
        client = Client(scheduler, timeout=ANSWER)
    except (OSError, TimeoutError) as error:
        message = f"the Dask scheduler at {scheduler} does not answer"
        raise RetryError(message, "Start it, or correct its address.") from error
    with client:
        found = len(client.scheduler_info(n_workers=-1)["workers"])
        if found > rates.workers and (rates.requests or rates.bytes):
            message = f"{found} Dask workers would share rates that are made for {rates.workers}"
            raise InputError(message, f"Set `workers: {found}` under `rates` in exit.yaml.")
        yield client.get_executor(pure=False)
