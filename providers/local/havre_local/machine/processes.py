"""Processes that outlive us: known by process id, start time and boot, never by name.

Uses only the standard library and /proc, for the supervisor to start fast.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from havre_local.machine.folder import Folder

_START_TIME = 19  # field 22 of /proc/PID/stat, counted after the name in parentheses
_DEAD = frozenset("ZXx")


@dataclass(frozen=True)
class Process:
    """One process of one boot: a process id alone may be another's by now."""

    pid: int
    started: int
    """Start, in clock ticks since boot."""
    boot: str


def identify(pid: int) -> Process | None:
    """Return the live process `pid`, or None if there is none (a zombie is none)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[0] in _DEAD:
        return None
    return Process(pid, int(fields[_START_TIME]), _boot())


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def alive(process: Process | None) -> bool:
    """Tell whether that very process still runs."""
    return process is not None and identify(process.pid) == process


def record_path(directory: Path, service: str) -> Path:
    """File in `directory` that says which process `service` is."""
    return directory / f"{service}.pid"


def read_record(folder: Folder, path: Path) -> Process | None:
    """Return the process written in `path`, a file of the data folder; None if none is.

    Raises:
        GuardError: others can have written it.
    """
    try:
        return decode(folder.custody.read(path))
    except OSError:
        return None


def decode(content: bytes) -> Process | None:
    """Return the process that `encode` wrote, or None if `content` is none."""
    try:
        values = json.loads(content)
        return Process(int(values["pid"]), int(values["started"]), str(values["boot"]))
    except (ValueError, KeyError, TypeError):
        return None


def encode(process: Process) -> bytes:
    """Return `process` as `decode` and `read_record` read it."""
    return json.dumps(asdict(process)).encode()


def recorded_alive(folder: Folder, service: str) -> bool:
    """Tell whether the process that the data folder records for `service` runs."""
    return alive(read_record(folder, record_path(folder.run / "services", service)))


def send(process: Process, number: signal.Signals) -> bool:
    """Send a signal to that very process; return whether it was there to receive it."""
    with contextlib.ExitStack() as stack:
        try:
            descriptor = os.pidfd_open(process.pid)
        except OSError:
            return False
        stack.callback(os.close, descriptor)
        # From here on the descriptor means one process, so that no other can be hit.
        if not alive(process):
            return False
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, number)
        return True


def wait_gone(process: Process, seconds: float) -> bool:
    """Wait until the process has ended, at most `seconds`; return whether it has."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return True
    try:
        if alive(process):
            select.select([descriptor], [], [], seconds)
        return not alive(process)
    finally:
        os.close(descriptor)


def stop(process: Process, number: signal.Signals, seconds: float) -> bool:
    """Ask the process to end with signal `number`, after `seconds` kill it.

    Returns:
        Whether it ended when asked.
    """
    if not send(process, number) or wait_gone(process, seconds):
        return True
    send(process, signal.SIGKILL)
    wait_gone(process, seconds)
    return False
