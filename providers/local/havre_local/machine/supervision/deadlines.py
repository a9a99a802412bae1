"""What the supervisor does when a project's last day has passed."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from havre.errors import HavreError
from havre_local.machine import processes
from havre_local.machine.postgresql import ends

if TYPE_CHECKING:
    from collections.abc import Mapping

    from havre_local.machine.folder import Folder

RETRY_SECONDS = 10.0
"""How long after a failure, such as a database that is down, it is tried again."""
DONE = "exit code 0"

_MODULE = "havre_local.machine.postgresql.ends"

Ended = frozenset[tuple[str, dt.date]]
"""Roles, each with its last day."""


@dataclass
class Deadlines:
    """Ends rights and sessions of projects in a process of its own, once for each last day.

    A supervisor that starts does so for all that have passed: another may have been killed.
    """

    done: Ended = frozenset()
    _doing: Ended = frozenset()
    _process: processes.Process | None = None
    _next: float = 0.0
    _passed: Ended = frozenset()
    _seen: tuple[int, dt.datetime] | None = field(default=None)

    def step(self, folder: Folder) -> None:
        """Start the process if a last day has passed that was not seen to.

        Raises:
            ValueError: the record of last days cannot be read.
        """
        if self._process is not None and not processes.alive(self._process):
            self._finish(done=False)  # its exit was missed
        left = self._look(folder) - self.done
        if left and self._process is None and time.monotonic() >= self._next:
            argv = [sys.executable, "-P", "-B", "-m", _MODULE, str(folder.root)]
            pid = os.posix_spawn(sys.executable, argv, os.environ, setsigmask=(), setsid=True)
            self._process, self._doing = processes.identify(pid), left

    def note(self, exits: Mapping[int, str]) -> None:
        """Learn how the process has ended, if it has."""
        if self._process is not None and self._process.pid in exits:
            self._finish(done=exits[self._process.pid] == DONE)

    def _finish(self, *, done: bool) -> None:
        if done:
            self.done |= self._doing
        else:
            self._next = time.monotonic() + RETRY_SECONDS
        self._process = None

    def _look(self, folder: Folder) -> Ended:
        """The roles that have ended; read again in another minute or when changed."""
        try:
            changed = folder.custody.stat(ends.path(folder)).st_mtime_ns
        except FileNotFoundError:
            return frozenset()
        seen = (changed, dt.datetime.now(dt.UTC).replace(second=0, microsecond=0))
        if seen != self._seen:
            try:
                self._passed = ends.passed(folder)
            except HavreError as error:
                raise ValueError(str(error)) from error
            self._seen = seen
        return self._passed
