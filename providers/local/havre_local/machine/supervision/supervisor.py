"""Start, ask and stop the supervisor, `python -P -m havre_local.machine.supervision.supervisor`.

It is told what to run by a socket in the data folder, from code: no file says what is run.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import havre
from havre.errors import RetryError, StateError
from havre_local.machine import processes
from havre_local.machine.folder import Folder, read_json
from havre_local.machine.supervision import daemon, services

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from havre.files import FileLock
    from havre_local.machine.supervision.services import Defined, Service

DEADLINE_SECONDS = 60.0
"""How long services have to answer; a database recovering from a crash needs some of it."""
NO_ROOM_BYTES = 16 << 20
"""With less room than this on its disk, PostgreSQL cannot begin a file of its log of changes."""
LOG_LINES = 15
"""Last lines of a log shown in an error."""

_POLL_SECONDS = 0.05
_LAUNCH_SECONDS = 90.0
_TELL_SECONDS = 3.0
# The supervisor lives long: nothing else of the caller's environment stays in its memory.
_ENVIRONMENT = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "HOME", "LD_LIBRARY_PATH"})
_MEASURING = "COVERAGE_"


class State(StrEnum):
    """What a service does."""

    RUNNING = "running"
    STOPPED = "stopped"
    RESTARTING = "restarting"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True)
class ServiceStatus:
    """What a service does, proved by a probe."""

    name: str
    state: State
    pid: int | None
    port: int
    since: float
    """When it started, seconds since the epoch; 0: never."""
    restarts: int
    """Restarts after unasked ends, since its supervisor started."""
    detail: str


def ensure_running(
    folder: Folder, *wanted: Service, deadline_seconds: float = DEADLINE_SECONDS
) -> None:
    """Have the `wanted` services run as defined, and wait until each answers.

    Starts the supervisor if none runs. Services defined before and not named here go on.

    Args:
        folder: the prepared data folder.
        wanted: definitions; a changed one is taken over by reload or restart.
        deadline_seconds: how long to wait for all of them together.

    Raises:
        RetryError: a service did not answer in time; it names the log and its last lines.
    """
    for service in wanted:
        services.write_definition(folder, service)
    deadline = time.monotonic() + deadline_seconds
    _tell(folder, wanted)
    for service in wanted:
        _await(folder, service, wanted, deadline)


def remove(folder: Folder, *names: str) -> None:
    """Stop the services of these names and forget their definitions."""
    for name in names:
        folder.custody.remove(services.definition_path(folder, name))
    deadline = time.monotonic() + daemon.STOP_SECONDS * (len(names) + 1)
    while _still_runs(folder, names):
        if time.monotonic() > deadline:
            raise _late(folder, "supervisor", f"{', '.join(names)} did not stop")
        supervisor = running(folder)
        if supervisor is None or not processes.send(supervisor, signal.SIGHUP):
            _stop_unsupervised(folder, names)
        time.sleep(_POLL_SECONDS)


def _still_runs(folder: Folder, names: Sequence[str]) -> bool:
    """Tell whether one of the services runs, or a supervisor may still start it."""
    if running(folder) is not None and set(_last_written(folder)) & set(names):
        return True
    return any(processes.recorded_alive(folder, name) for name in names)


def stop(folder: Folder) -> None:
    """Stop the supervisor and every service; definitions stay for the next start.

    Raises:
        RetryError: the supervisor did not end in time.
    """
    count = len(services.names(folder))
    deadline = time.monotonic() + daemon.STOP_SECONDS * (count + 1)
    with folder.custody.lock(daemon.lock_path(folder)) as lock:
        while not lock.take():
            _ask_to_end(lock, deadline)
            if time.monotonic() > deadline:
                raise _late(folder, "supervisor", "it did not stop")
        # What a supervisor that was killed has left behind; under the lock none can start now.
        _end_recorded(folder, services.last_first(folder))


def _ask_to_end(lock: FileLock, deadline: float) -> None:
    """Ask whoever has the lock to end, and wait for that until the deadline."""
    supervisor = daemon.holder(lock)
    if supervisor is not None and processes.send(supervisor, signal.SIGTERM):
        processes.wait_gone(supervisor, max(0.0, deadline - time.monotonic()))
    else:
        time.sleep(_POLL_SECONDS)


def status(folder: Folder) -> tuple[ServiceStatus, ...]:
    """Tell what each defined service does, in the order of their start; each is probed."""
    told = _last_written(folder)
    supervised = told.keys() if running(folder) is not None else ()
    return tuple(
        _status(folder, service, told.get(service.name, {}), service.name in supervised)
        for service in services.read_definitions(folder)
    )


def running(folder: Folder) -> processes.Process | None:
    """Return the supervisor's process if one runs."""
    try:
        with folder.custody.lock(daemon.lock_path(folder), create=False) as lock:
            return daemon.holder(lock)
    except OSError:
        return None


def watched(folder: Folder) -> frozenset[str]:
    """Return the names of the services that a supervisor watches."""
    return frozenset(_last_written(folder)) if running(folder) is not None else frozenset()


def moved_programs(folder: Folder) -> dict[str, str]:
    """Return the file that each watched service runs and that is gone, by the service's name."""
    told = _last_written(folder) if running(folder) is not None else {}
    return {
        name: str(file)
        for name, known in told.items()
        for file in known.get("runs", ())
        if not Path(str(file)).exists()
    }


def last_lines(folder: Folder, path: Path, count: int = LOG_LINES) -> str:
    """Return the last `count` lines of a log of the folder, empty if there is none.

    Raises:
        GuardError: others can have written it.
    """
    try:
        with os.fdopen(folder.custody.open(path), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 16_384))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-count:])


def _tell(folder: Folder, wanted: Iterable[Service]) -> None:
    """Tell the supervisor what is wanted, started first if none runs.

    One that cannot be told is of an earlier Havre: it is stopped with its services.
    """
    deadline = time.monotonic() + _TELL_SECONDS
    while True:
        supervisor = running(folder)
        if supervisor is None:
            _launch(folder)
        elif _told(folder, supervisor, services.encode(wanted)):
            return
        elif time.monotonic() > deadline:
            processes.send(supervisor, signal.SIGTERM)
            processes.wait_gone(supervisor, DEADLINE_SECONDS)
        time.sleep(_POLL_SECONDS)


def _told(folder: Folder, supervisor: processes.Process, content: bytes) -> bool:
    """Send the supervisor what is wanted; return whether it was there to take it."""
    try:
        with daemon.socket_at(folder, "connect") as connection:
            connection.settimeout(_TELL_SECONDS)
            connection.sendall(content)
    except OSError:
        return False
    return processes.send(supervisor, signal.SIGHUP)


def _launch(folder: Folder) -> None:
    """Start a supervisor in the background and wait until it is there."""
    log = folder.log("supervisor")
    output = folder.custody.open_log(log)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in _ENVIRONMENT or name.startswith(_MEASURING)
    }
    environment["PYTHONPATH"] = os.pathsep.join(_places())
    try:
        result = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", daemon.MODULE, str(folder.root)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd="/",
            timeout=_LAUNCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _late(folder, "supervisor", "it did not start") from error
    finally:
        os.close(output)
    if result.returncode != 0:
        raise _late(folder, "supervisor", f"it ended with exit code {result.returncode}")


def _places() -> list[str]:
    """Where Python finds what this process has found, but for the folder it was started in.

    That one comes first under `python -m`, and anybody may have put a module there: it stays
    only if Havre itself is there.
    """
    own = {Path(havre.__file__).parents[1], Path(__file__).parents[3]}
    started = {Path.cwd(), Path()}
    return [
        entry
        for entry in sys.path
        if Path(entry).is_absolute() and (Path(entry) not in started or Path(entry) in own)
    ]


def _await(folder: Folder, service: Service, wanted: Iterable[Service], deadline: float) -> None:
    """Wait until the service runs as defined and answers its probe."""
    problem = "not started"
    while time.monotonic() < deadline:
        if running(folder) is None:  # it was just stopping, or was killed
            _tell(folder, wanted)
        elif _as_defined(folder, service):
            problem = services.probe(folder, service)
            if not problem:
                return
        time.sleep(_POLL_SECONDS)
    raise _late(folder, service.name, problem)


def _as_defined(folder: Folder, service: Service) -> bool:
    """Tell whether the supervisor runs this very definition."""
    told = _last_written(folder).get(service.name, {})
    wanted = (services.restart_digest(service), service.reload_on)
    return bool(told.get("pid")) and (told["digest"], told["reload"]) == wanted


def _stop_unsupervised(folder: Folder, names: Iterable[str]) -> None:
    """Stop services that no supervisor watches; leave them to one that comes meanwhile."""
    with folder.custody.lock(daemon.lock_path(folder)) as lock:
        if lock.take():
            _end_recorded(folder, names)


def _end_recorded(folder: Folder, names: Iterable[str]) -> None:
    """Stop services by their recorded processes; the caller has the supervisor's lock."""
    for name in names:
        path = processes.record_path(folder.run / "services", name)
        process = processes.read_record(folder, path)
        if process is not None:
            # SIGINT ends PostgreSQL without waiting for its clients, and all others too.
            processes.stop(process, signal.SIGINT, daemon.STOP_SECONDS)
            folder.custody.remove(path)


def _last_written(folder: Folder) -> dict[str, Any]:
    """Return what the supervisor last wrote."""
    try:
        return read_json(folder, daemon.status_path(folder))
    except StateError:
        return {}


def _status(
    folder: Folder, service: Defined, told: dict[str, Any], supervised: bool
) -> ServiceStatus:
    path = processes.record_path(folder.run / "services", service.name)
    process = processes.read_record(folder, path)
    pid = process.pid if process is not None and processes.alive(process) else None
    state, detail = _judge(folder, service, pid, supervised)
    return ServiceStatus(
        name=service.name,
        state=state,
        pid=pid,
        port=service.port,
        since=float(told.get("since", 0.0)),
        restarts=int(told.get("restarts", 0)),
        detail=detail or (str(told.get("last_exit", "")) if pid is None else ""),
    )


def _judge(
    folder: Folder, service: Defined, pid: int | None, supervised: bool
) -> tuple[State, str]:
    """Return what the service does, and why that is not simply running."""
    if pid is None:
        return (State.RESTARTING if supervised else State.STOPPED), ""
    problem = services.probe(folder, service)
    if problem:
        return State.UNHEALTHY, problem
    return State.RUNNING, "" if supervised else "no supervisor watches it"


def _late(folder: Folder, name: str, problem: str) -> RetryError:
    log = folder.log(name)
    lines = last_lines(folder, log) or "(the log is empty)"
    return RetryError(f"{name}: {problem} ({log})\n{lines}", _remedy(folder))


def _remedy(folder: Folder) -> str:
    with contextlib.suppress(OSError):
        if shutil.disk_usage(folder.root).free < NO_ROOM_BYTES:
            return (
                f"The disk of {folder.root} is full: make room. Services then go on by themselves."
            )
    return "Fix what the log reports and run again."


def _main() -> int:
    arguments = sys.argv[1:]
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m havre_local.machine.supervision.supervisor DATA_DIR\n")
        return 2
    return daemon.main(Folder(Path(arguments[0])))


if __name__ == "__main__":
    sys.exit(_main())
