"""The supervisor's process: starts the services, restarts them, stops them.

One thread and no handlers: signals are blocked and waited for, so that none is lost and
nothing happens in between. The services outlive a supervisor that was killed; the next one
adopts them by their recorded process, start time and boot.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from havre.errors import HavreError, RetryError, StateError
from havre.startup import guard_memory
from havre_local.machine import processes, rights
from havre_local.machine.folder import SECRET, Folder, read_json, read_secret, write_json
from havre_local.machine.record.collector import Collector
from havre_local.machine.supervision import services
from havre_local.machine.supervision.deadlines import Deadlines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from havre.files import FileLock
    from havre_local.machine.supervision.services import Service

FIRST_DELAY = 0.2
"""Seconds before the first restart; doubled each time."""
LONGEST_DELAY = 30.0
STABLE_SECONDS = 60.0
"""A service that ran this long begins again with the shortest delay."""
STOP_SECONDS = 30.0
"""Seconds that a service has to end when asked; then it is killed."""
POLL_SECONDS = 0.5
"""How often adopted services are looked at: the kernel tells us only of our children."""

MODULE = "havre_local.machine.supervision.supervisor"
SOCKET = "supervisor.sock"
"""Where it is told what to run, in the folder `run`."""

_TAKE_SECONDS = 60.0
_HEAR_SECONDS = 3.0
_MOST_TOLD = 1 << 20
_BACKLOG = 16
_UCRED = struct.Struct("3i")
_TAKE_POLL_SECONDS = 0.02
_SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


@dataclass
class Unit:
    """A service as it runs."""

    service: Service
    process: processes.Process | None = None
    restarts: int = 0
    delay: float = FIRST_DELAY
    next_start: float = 0.0
    """Not started again before this time (monotonic clock, seconds)."""
    since: float = 0.0
    """When it started, seconds since the epoch."""
    started: float = field(default_factory=time.monotonic)
    last_exit: str = ""


@dataclass(frozen=True)
class Watch:
    """What the supervisor has at hand."""

    folder: Folder
    listener: socket.socket
    collector: Collector
    deadlines: Deadlines
    units: dict[str, Unit]
    told: dict[str, Service] = field(default_factory=dict)
    """What it was told to run, by name; nothing of it stands in a file."""


def lock_path(folder: Folder) -> Path:
    """File locked while a supervisor runs; it holds the supervisor's process."""
    return folder.run / "supervisor.lock"


def status_path(folder: Folder) -> Path:
    """File in which the supervisor says what runs."""
    return folder.run / "status.json"


def main(folder: Folder) -> int:
    """Become the supervisor of `folder` in the background, unless one runs already.

    Returns:
        0 once a supervisor is there. The caller's process ends then; the supervisor goes on.
    """
    guard_memory()
    with folder.custody.lock(lock_path(folder)) as lock:
        if not _take(lock):
            return 0
        listener = socket_at(folder, "bind")
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        ready = _detach(lock)
        if ready is not None:
            return 0 if ready else 1
        with contextlib.suppress(OSError):
            os.chdir("/")  # so that no file system is kept busy
        _supervise(folder, lock, listener)
    return 0


def socket_at(folder: Folder, act: str) -> socket.socket:
    """Return a socket bound or connected where the supervisor is told what to run.

    Through a descriptor, since a socket's path may have 107 bytes at most.
    """
    directory = folder.custody.open_folder(folder.run)
    path = f"/proc/self/fd/{directory}/{SOCKET}"
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if act == "connect":
            found.connect(path)
        else:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(SOCKET, dir_fd=directory)
            found.bind(path)
            os.chmod(SOCKET, SECRET, dir_fd=directory)
            found.listen(_BACKLOG)
            found.setblocking(False)
    except BaseException:
        found.close()
        raise
    finally:
        os.close(directory)
    return found


def holder(lock: FileLock) -> processes.Process | None:
    """The process that has the lock, or None: nobody has it, or who does is just ending."""
    if not lock.held():
        return None
    process = processes.decode(lock.holder())
    return process if processes.alive(process) else None


def _take(lock: FileLock) -> bool:
    """Take the lock; return False if a supervisor that runs has it.

    Whoever has it is named in it, from the first process that we start with on; only what a
    killed supervisor was just starting may have it without a living name, until it runs.
    """
    deadline = time.monotonic() + _TAKE_SECONDS
    while not lock.take():
        if holder(lock) is not None:
            return False
        if time.monotonic() > deadline:
            message = f"{lock.path} is locked by a process that is ending and does not end"
            raise RetryError(message, "Try again.")
        time.sleep(_TAKE_POLL_SECONDS)
    _name(lock)
    return True


def _name(lock: FileLock) -> None:
    """Write into the lock that this process has it."""
    own = processes.identify(os.getpid())
    if own is not None:
        lock.name(processes.encode(own))


def _detach(lock: FileLock) -> bool | None:
    """Fork twice into a session without a terminal; return None in the last process.

    The first process returns only when the last one is named in the lock, so that the lock names
    a living process at every instant; it then tells whether that came to pass.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        os.waitpid(child, 0)
        return os.read(reader, 1) != b""
    os.close(reader)
    os.setsid()
    if os.fork():
        os._exit(0)
    _name(lock)
    os.write(writer, b"1")
    os.close(writer)
    return None


def _say(text: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stderr.write(f"{stamp} {text}\n")
    sys.stderr.flush()


def _supervise(folder: Folder, lock: FileLock, listener: socket.socket) -> None:
    """Run until SIGTERM."""
    _say("supervisor started")
    units: dict[str, Unit] = {}
    watch = Watch(folder, listener, Collector(folder), Deadlines(), units)
    complaint = ""
    while True:
        complaint = _step(watch, complaint)
        asked = _wait(units)
        if lock.displaced():
            _say("the data folder was removed or replaced")
            for unit in units.values():
                _end(unit)
            return
        if asked:
            break
        _note_exits(units, watch.deadlines)
    for unit in sorted(units.values(), key=_order, reverse=True):
        _stop(folder, unit)
    with contextlib.suppress(OSError, HavreError):
        _write_status(folder, units)
    _say("supervisor stopped")
    with contextlib.suppress(OSError, HavreError):
        for _ in range(2):  # the last message is taken once the log stays as it is
            watch.collector.collect()


def _step(watch: Watch, before: str) -> str:
    """Bring the services to what is wanted; return what hindered that, said once.

    A full disk or nonsense on the socket must not end the supervisor.
    """
    try:
        for content in _heard(watch.listener):
            watch.told.update({each.name: each for each in services.decode(content)})
        _reload(watch.folder, watch.units, watch.told)
        _start_due(watch.folder, watch.units)
        _write_status(watch.folder, watch.units)
        try:
            watch.collector.collect()
        finally:
            watch.deadlines.step(watch.folder)
    except (OSError, ValueError, KeyError, TypeError, HavreError) as error:
        complaint = f"{type(error).__name__}: {error}"
        if complaint != before:
            _say(complaint)
        return complaint
    return ""


def _heard(listener: socket.socket) -> Iterator[bytes]:
    """Yield what was told since, by root or by the account that runs this."""
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return
        with connection:
            connection.settimeout(_HEAR_SECONDS)
            credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
            if _UCRED.unpack(credentials)[1] not in {0, os.geteuid()}:
                continue
            with connection.makefile("rb") as stream:
                yield stream.read(_MOST_TOLD)


def _order(unit: Unit) -> tuple[int, str]:
    return unit.service.order, unit.service.name


def _wait(units: dict[str, Unit]) -> bool:
    """Wait for something to do; return whether it is to stop."""
    now = time.monotonic()
    waits = [unit.next_start - now for unit in units.values() if unit.process is None]
    seconds = max(0.0, min([POLL_SECONDS, *waits]))
    event = signal.sigtimedwait(_SIGNALS, seconds)
    return event is not None and event.si_signo in {signal.SIGTERM, signal.SIGINT}


def _reload(folder: Folder, units: dict[str, Unit], told: dict[str, Service]) -> None:
    """Make `units` what was told, without what is defined no more."""
    names = services.names(folder)
    for name in told.keys() - names:
        del told[name]
    wanted = told
    _stop_forgotten(folder, names | units.keys())
    for name in [name for name in units if name not in wanted]:
        _stop(folder, units.pop(name))
    for name, service in wanted.items():
        if name not in units:
            units[name] = _adopt(folder, service)
        elif units[name].service != service:
            _change(folder, units[name], service)


def _stop_forgotten(folder: Folder, known: AbstractSet[str]) -> None:
    """Stop what an earlier supervisor left running and nobody has defined any more."""
    for path in (folder.run / "services").glob("*.pid"):
        if path.stem not in known:
            process = processes.read_record(folder, path)
            if process is not None:
                processes.stop(process, signal.SIGINT, STOP_SECONDS)
            folder.custody.remove(path)


def _adopt(folder: Folder, service: Service) -> Unit:
    """Take over the service if an earlier supervisor left it running."""
    unit = Unit(service)
    path = processes.record_path(folder.run / "services", service.name)
    record = processes.read_record(folder, path)
    if record is None or not processes.alive(record):
        return unit
    unit.process, unit.since = record, time.time()
    if _started_digest(folder, service.name) == services.restart_digest(service):
        _say(f"{service.name}: adopted process {record.pid}")
        processes.send(record, signal.SIGHUP)
        return unit
    _stop(folder, unit)
    return unit


def _change(folder: Folder, unit: Unit, service: Service) -> None:
    """Let the running service take over its new definition."""
    restart = services.restart_digest(unit.service) != services.restart_digest(service)
    if restart:
        _stop(folder, unit)
        unit.next_start, unit.delay = 0.0, FIRST_DELAY
    elif unit.process is not None:
        _say(f"{service.name}: told to reload")
        processes.send(unit.process, signal.SIGHUP)
    unit.service = service


def _start_due(folder: Folder, units: dict[str, Unit]) -> None:
    for unit in sorted(units.values(), key=_order):
        if unit.process is None and time.monotonic() >= unit.next_start:
            _start(folder, unit)


def _start(folder: Folder, unit: Unit) -> None:
    """Start the service; what goes wrong is noted as its exit."""
    name = unit.service.name
    digest = services.restart_digest(unit.service).encode()
    folder.custody.write(_digest_path(folder, name), digest, SECRET)
    child = os.fork()
    if child == 0:
        _become(folder, unit.service)
    unit.process = processes.identify(child)
    unit.since, unit.started = time.time(), time.monotonic()
    _say(f"{name}: started process {child}")
    if unit.process is None:
        _note_exit(unit, "ended at once")


def _digest_path(folder: Folder, name: str) -> Path:
    return folder.run / "services" / f"{name}.started"


def _started_digest(folder: Folder, name: str) -> str:
    try:
        return folder.custody.read(_digest_path(folder, name)).decode("ascii")
    except (OSError, ValueError):
        return ""


def _become(folder: Folder, service: Service) -> NoReturn:
    """In the child: record the process, then become the service. Never returns."""
    try:
        _record_self(folder, service)
        environment = _environment(folder, service)
        _redirect(folder, folder.log(service.name))
        directory = os.open(service.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        os.dup2(directory, services.DIRECTORY_FD, inheritable=True)
        os.setsid()
        if service.account is not None:
            _become_account(service.account)
        rights.forbid_new_privileges()
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execve(service.argv[0], service.argv, environment)  # noqa: S606 - no shell is meant
    except BaseException as error:  # noqa: BLE001 - a forked child must not go on with our loop
        _say(f"{service.name}: cannot be started: {error}")
        os._exit(127)


def _record_self(folder: Folder, service: Service) -> None:
    """Write which process the service is, before it is that service.

    The supervisor's lock is shared by this child until it becomes the service, so that no
    other supervisor can start while a service runs that is not yet recorded.
    """
    own = processes.identify(os.getpid())
    if own is not None:
        path = processes.record_path(folder.run / "services", service.name)
        folder.custody.write(path, processes.encode(own), SECRET)


def _environment(folder: Folder, service: Service) -> dict[str, str]:
    """Return the service's whole environment: nothing of ours or of the caller's leaks in."""
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}
    environment.update(service.environment)
    for variable, secret in service.secret_environment.items():
        environment[variable] = read_secret(folder, secret)
    return environment


def _redirect(folder: Folder, log: Path) -> None:
    """Read nothing; append output and errors to `log`."""
    null = os.open(os.devnull, os.O_RDONLY)
    output = folder.custody.open_log(log)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)


def _become_account(name: str) -> None:
    member = [group.gr_gid for group in grp.getgrall() if name in group.gr_mem]
    rights.become(name, [pwd.getpwnam(name).pw_gid, *member])


def _note_exits(units: dict[str, Unit], deadlines: Deadlines) -> None:
    """Reap our children and see which adopted services are gone."""
    exits = dict(_reap())
    deadlines.note(exits)
    for unit in units.values():
        process = unit.process
        if process is None:
            continue
        if process.pid in exits:
            _note_exit(unit, exits[process.pid])
        elif not processes.alive(process):
            _note_exit(unit, "ended; its exit is not known, since it was adopted")


def _reap() -> list[tuple[int, str]]:
    """Return each ended child and how it ended."""
    ended: list[tuple[int, str]] = []
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            code = os.waitstatus_to_exitcode(status)
            ended.append((pid, f"killed by signal {-code}" if code < 0 else f"exit code {code}"))
    return ended


def _note_exit(unit: Unit, how: str) -> None:
    """Plan the restart of a service that ended unasked."""
    now = time.monotonic()
    if now - unit.started >= STABLE_SECONDS:
        unit.delay = FIRST_DELAY
    unit.process, unit.last_exit = None, how
    unit.restarts += 1
    unit.next_start = now + unit.delay
    _say(f"{unit.service.name}: {how}; started again in {unit.delay:.1f} s")
    unit.delay = min(unit.delay * 2, LONGEST_DELAY)


def _stop(folder: Folder, unit: Unit) -> None:
    """Stop the service and forget its process."""
    _end(unit)
    record = processes.record_path(folder.run / "services", unit.service.name)
    folder.custody.remove(record)


def _end(unit: Unit) -> None:
    """Stop the service; our files stay as they are."""
    name = unit.service.name
    if unit.process is not None:
        asked = processes.stop(unit.process, signal.Signals[unit.service.stop_signal], STOP_SECONDS)
        _say(f"{name}: stopped" if asked else f"{name}: did not stop when asked, killed")
        _reap()
    unit.process = None


def _write_status(folder: Folder, units: dict[str, Unit]) -> None:
    """Write what runs, if it differs from what is written."""
    content = {
        unit.service.name: {
            "pid": unit.process.pid if unit.process else None,
            "digest": services.restart_digest(unit.service),
            "reload": unit.service.reload_on,
            "since": unit.since,
            "restarts": unit.restarts,
            "last_exit": unit.last_exit,
            "runs": list(services.files_run(unit.service)),
        }
        for unit in units.values()
    }
    path = status_path(folder)
    if not path.exists() or _differs(folder, path, content):
        write_json(folder, path, content)


def _differs(folder: Folder, path: Path, content: object) -> bool:
    try:
        return bool(read_json(folder, path) != content)
    except StateError:
        return True
