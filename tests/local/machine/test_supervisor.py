"""The supervisor: one of each service, whatever is killed."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from havre.errors import GuardError, RetryError, StateError
from havre.files import FileLock
from havre_local.machine import processes
from havre_local.machine.encryption.certificates import ensure_certificate
from havre_local.machine.folder import Folder, ensure_port, write_secret
from havre_local.machine.supervision import daemon, services, supervisor
from havre_local.machine.supervision.services import Probe, Service
from havre_local.machine.supervision.supervisor import State
from tests.waits import PATIENCE, until

SCRIPT = Path(__file__).with_name("fake_service.py")


def fake(folder: Folder, name: str, *, restart_on: str = "", reload_on: str = "") -> Service:
    """Define a small TLS server."""
    notes = folder.root / name
    notes.mkdir(exist_ok=True)
    port = ensure_port(folder, name)
    certificate = str(ensure_certificate(folder, name).path)
    return Service(
        name=name,
        argv=(sys.executable, "-I", str(SCRIPT), certificate, str(port), str(notes)),
        port=port,
        probe=Probe.TLS,
        directory=str(folder.root),
        order=1,
        secret_environment={"TOKEN": "token"},
        restart_on=restart_on,
        reload_on=reload_on,
    )


@pytest.fixture
def service(folder: Folder) -> Service:
    write_secret(folder, "token", "hush-hush")
    return fake(folder, "one")


def state(folder: Folder, name: str = "one") -> supervisor.ServiceStatus:
    return next(found for found in supervisor.status(folder) if found.name == name)


def copies(folder: Folder, word: str = "fake_service.py") -> list[int]:
    """Processes of this test's folder whose command line has `word`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        alive = processes.identify(int(path.parent.name)) is not None
        if alive and word in line and str(folder.root) in line:
            found.append(int(path.parent.name))
    return found


SUPERVISOR = ("-m", "havre_local.machine.supervision.supervisor")


def program(*words: str) -> subprocess.Popen[bytes]:
    """This Python with these words, in a process of its own that finds what the tests find."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen([sys.executable, *words], env=environment)


def kill_supervisor(folder: Folder) -> None:
    process = supervisor.running(folder)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: supervisor.running(folder) is None)


def test_a_service_runs_and_answers(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    found = state(folder)
    assert (found.state, found.restarts) == (State.RUNNING, 0)
    supervisor.ensure_running(folder, service)
    assert state(folder) == found


def test_a_killed_service_is_started_again(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    before = state(folder)
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: state(folder).restarts == 1)
    until(lambda: state(folder).state is State.RUNNING)
    assert state(folder).pid != before.pid
    assert len(copies(folder)) == 1
    assert (state(folder).restarts, state(folder).detail) == (1, "")
    assert "one: killed by signal 9" in folder.log("supervisor").read_text()


def test_a_killed_supervisor_leaves_the_service_to_the_next(
    folder: Folder, service: Service
) -> None:
    supervisor.ensure_running(folder, service)
    before = state(folder)
    kill_supervisor(folder)
    assert state(folder).state is State.RUNNING
    assert "no supervisor" in state(folder).detail
    supervisor.ensure_running(folder, service)
    assert state(folder).pid == before.pid
    assert state(folder).detail == ""
    assert copies(folder) == [before.pid]
    assert len(copies(folder, "supervision.supervisor")) == 1


def test_an_adopted_service_is_repaired_too(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    kill_supervisor(folder)
    supervisor.ensure_running(folder, service)
    before = state(folder)
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: state(folder).restarts == 1 and state(folder).state is State.RUNNING)
    assert len(copies(folder)) == 1


def test_a_definition_changed_while_no_supervisor_ran_replaces_the_service(
    folder: Folder, service: Service
) -> None:
    supervisor.ensure_running(folder, service)
    before = state(folder)
    kill_supervisor(folder)
    supervisor.ensure_running(folder, dataclasses.replace(service, restart_on="new"))
    assert state(folder).pid != before.pid
    assert len(copies(folder)) == 1


def test_another_process_under_the_recorded_number_is_left_alone(
    folder: Folder, service: Service
) -> None:
    supervisor.ensure_running(folder, service)
    supervisor.stop(folder)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        mine = processes.identify(bystander.pid)
        assert mine is not None
        record = processes.record_path(folder.run / "services", "one")
        stale = dataclasses.replace(mine, started=mine.started - 1)
        record.write_bytes(processes.encode(stale))
        supervisor.ensure_running(folder, service)
        supervisor.stop(folder)
        assert bystander.poll() is None
        bystander.kill()


def test_a_changed_certificate_is_reloaded_without_a_restart(
    folder: Folder, service: Service
) -> None:
    supervisor.ensure_running(folder, service)
    before = state(folder)
    supervisor.ensure_running(folder, dataclasses.replace(service, reload_on="new"))
    until(lambda: (folder.root / "one" / "reloads").read_text() == "x")
    assert state(folder).pid == before.pid


def test_a_changed_definition_restarts_only_its_service(folder: Folder, service: Service) -> None:
    other = fake(folder, "two")
    supervisor.ensure_running(folder, service, other)
    one, two = supervisor.status(folder)
    supervisor.ensure_running(folder, dataclasses.replace(service, restart_on="new"))
    assert state(folder, "one").pid != one.pid
    assert state(folder, "two").pid == two.pid


def test_stop_ends_everything_and_start_uses_the_same_port(
    folder: Folder, service: Service
) -> None:
    supervisor.ensure_running(folder, service)
    supervisor.stop(folder)
    supervisor.stop(folder)
    assert copies(folder) == []
    assert copies(folder, "supervision.supervisor") == []
    assert state(folder).state is State.STOPPED
    supervisor.ensure_running(folder, fake(folder, "one"))
    assert state(folder).port == service.port


def test_stop_finds_what_a_killed_supervisor_left(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    kill_supervisor(folder)
    supervisor.stop(folder)
    assert copies(folder) == []


def test_a_removed_service_is_stopped_and_forgotten(folder: Folder, service: Service) -> None:
    other = fake(folder, "two")
    supervisor.ensure_running(folder, service, other)
    supervisor.remove(folder, "one")
    assert [found.name for found in supervisor.status(folder)] == ["two"]
    assert len(copies(folder)) == 1


def test_a_removed_folder_ends_its_services(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    moved = folder.root.with_name("moved")
    folder.root.rename(moved)
    try:
        until(lambda: copies(folder) == [] and copies(folder, "supervision.supervisor") == [])
        assert copies(folder) == copies(folder, "supervision.supervisor") == []
    finally:
        moved.rename(folder.root)


def test_a_service_that_ends_at_once_is_an_error_with_its_last_words(folder: Folder) -> None:
    words = "import sys; sys.exit('the disk is full')"
    broken = Service(
        name="broken",
        argv=(sys.executable, "-I", "-c", words),
        port=ensure_port(folder, "broken"),
        probe=Probe.TLS,
        directory=str(folder.root),
        order=1,
    )
    with pytest.raises(RetryError):
        supervisor.ensure_running(folder, broken, deadline_seconds=0.1)
    until(lambda: "the disk is full" in supervisor.last_lines(folder, folder.log("broken")))
    with pytest.raises(RetryError) as raised:
        supervisor.ensure_running(folder, broken, deadline_seconds=0.1)
    assert "the disk is full" in str(raised.value)
    assert str(folder.log("broken")) in str(raised.value)
    until(lambda: state(folder, "broken").state is State.RESTARTING)
    assert state(folder, "broken").detail == "exit code 1"


def test_a_program_that_is_not_there_is_said_in_the_log(folder: Folder) -> None:
    missing = Service(
        name="missing",
        argv=("/nonexistent",),
        port=ensure_port(folder, "missing"),
        probe=Probe.TLS,
        directory=str(folder.root),
        order=1,
    )
    with pytest.raises(RetryError):
        supervisor.ensure_running(folder, missing, deadline_seconds=0.1)
    until(lambda: "No such file" in supervisor.last_lines(folder, folder.log("missing")))
    with pytest.raises(RetryError, match="No such file"):
        supervisor.ensure_running(folder, missing, deadline_seconds=0.1)


def test_a_service_that_lives_but_does_not_serve_is_unhealthy(
    folder: Folder, service: Service
) -> None:
    supervisor.ensure_running(folder, service)
    found = state(folder)
    assert found.pid is not None
    os.kill(found.pid, signal.SIGSTOP)
    until(lambda: state(folder).state is State.UNHEALTHY)
    os.kill(found.pid, signal.SIGCONT)


def test_secrets_reach_the_environment_and_nothing_else_does(
    folder: Folder, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VGW_LOG_LEVEL", "unsafe")
    supervisor.ensure_running(folder, service)
    environment = (folder.root / "one" / "environment").read_text().splitlines()
    names = {line.partition("=")[0] for line in environment}
    assert "TOKEN=hush-hush" in environment
    assert names - {"LC_CTYPE"} == {"PATH", "LANG", "TZ", "TOKEN"}
    assert "hush-hush" not in services.definition_path(folder, "one").read_text()
    for pid in (*copies(folder), *copies(folder, "supervision.supervisor")):
        assert "hush-hush" not in Path(f"/proc/{pid}/cmdline").read_text()
    process = supervisor.running(folder)
    assert process is not None
    try:
        held = Path(f"/proc/{process.pid}/environ").read_bytes()
    except PermissionError:
        assert os.geteuid() != 0  # only root reads the supervisor's
    else:
        assert b"VGW_LOG_LEVEL" not in held
        assert os.geteuid() == 0


def test_many_at_once_start_one_supervisor(folder: Folder, service: Service) -> None:
    services.write_definition(folder, service)
    racers = [program(*SUPERVISOR, str(folder.root)) for _ in range(4)]
    assert [racer.wait(PATIENCE) for racer in racers] == [0, 0, 0, 0]
    supervisor.ensure_running(folder, service)
    assert len(copies(folder, "supervision.supervisor")) == 1
    assert len(copies(folder)) == 1


def test_the_supervisor_outlives_its_terminal(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    process = supervisor.running(folder)
    assert process is not None
    assert os.getsid(process.pid) != os.getsid(0)
    os.kill(process.pid, signal.SIGHUP)
    supervisor.ensure_running(folder, service)
    assert supervisor.running(folder) == process


def test_a_damaged_definition_stops_neither_supervisor_nor_services(
    folder: Folder, service: Service
) -> None:
    supervisor.ensure_running(folder, service)
    before = state(folder)
    damaged = services.definition_path(folder, "damaged")
    damaged.write_text("{")
    damaged.chmod(0o600)
    with pytest.raises(StateError, match=r"damaged\.json"):
        supervisor.status(folder)
    supervisor.ensure_running(folder, service)
    damaged.unlink()
    supervisor.ensure_running(folder, service)
    assert state(folder) == before


def test_the_supervisor_needs_nothing_heavy() -> None:
    code = (
        "import sys, havre_local.machine.supervision.supervisor\n"
        "print([m for m in ('pulumi', 'boto3', 'pyarrow', 'psycopg') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["json", "signal", "socket", "havre", "havre_local", "ctypes"])
def test_no_module_of_the_folder_where_somebody_stands_is_imported(
    folder: Folder, service: Service, tmp_path: Path, module: str
) -> None:
    """As under `python -m havre`, which puts that folder first."""
    standing, mark = tmp_path / "standing", tmp_path / "imported"
    standing.mkdir()
    (standing / f"{module}.py").write_text(f"open({str(mark)!r}, 'w')\nraise SystemExit(3)\n")
    code = (
        "import sys, pathlib; from havre_local.machine.folder import Folder\n"
        "from havre_local.machine.supervision import services, supervisor\n"
        "sys.path.insert(0, sys.argv[3]); sys.path.insert(0, '')\n"
        "folder = Folder(pathlib.Path(sys.argv[1]))\n"
        "supervisor.ensure_running(folder, *services.decode(sys.argv[2].encode()))\n"
    )
    wanted = services.encode([service]).decode()
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(folder.root), wanted, str(standing)],
        cwd=standing,
        check=False,
    )
    assert not mark.exists()
    assert done.returncode == 0
    assert state(folder).state is State.RUNNING


@pytest.mark.parametrize(
    "name", ["run/supervisor.lock", "logs/supervisor.log", "logs/one.log", "run/ports.lock"]
)
def test_a_link_in_the_folder_is_neither_followed_nor_truncated(
    folder: Folder, service: Service, name: str
) -> None:
    target = folder.root / "precious"
    target.write_text("precious")
    (folder.root / name).unlink(missing_ok=True)
    (folder.root / name).symlink_to(target)
    with pytest.raises((GuardError, RetryError)):
        supervisor.ensure_running(folder, fake(folder, "one"), deadline_seconds=3)
    assert target.read_text() == "precious"
    assert service.port
    (folder.root / name).unlink()


def test_what_a_file_says_is_run_is_not_run(folder: Folder, service: Service) -> None:
    mark = folder.root / "run-by-file"
    supervisor.ensure_running(folder, service)
    path = services.definition_path(folder, "one")
    content = {**json.loads(path.read_text()), "argv": ["/bin/touch", str(mark)]}
    content |= {"directory": "/", "account": None, "restart_on": "x"}
    path.write_text(json.dumps(content))
    path.with_name("planted.json").write_text(json.dumps(content))
    supervisor.stop(folder)
    supervisor.ensure_running(folder, service)
    assert state(folder).state is State.RUNNING
    assert set(json.loads(path.read_text())) == {"port", "order", "probe", "tls_minimum"}
    supervisor.stop(folder)
    assert not mark.exists()


@pytest.mark.parametrize(
    "changed",
    [
        {"port": "1234"},
        {"port": True},
        {"port": 80},
        {"port": 70000},
        {"port": -1},
        {"port": None},
        {"probe": "shell"},
        {"order": "1"},
        {"tls_minimum": "1.0"},
        {"tls_minimum": ["1.2"]},
    ],
)
def test_a_record_of_anything_but_a_port_is_refused(
    folder: Folder, service: Service, changed: dict[str, object]
) -> None:
    services.write_definition(folder, service)
    path = services.definition_path(folder, "one")
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    with pytest.raises(StateError, match=r"one\.json"):
        supervisor.status(folder)


def test_a_service_leaves_no_core_and_gains_no_rights(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    pid = state(folder).pid
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    assert "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()


def test_delays_grow_to_a_limit(folder: Folder, service: Service) -> None:
    unit = daemon.Unit(service)
    delays = []
    for _ in range(12):
        delays.append(unit.delay)
        daemon._note_exit(unit, "ended")
    assert delays[:3] == [0.2, 0.4, 0.8]
    assert delays[-1] == daemon.LONGEST_DELAY
    assert unit.restarts == 12
    assert folder.root.is_dir()


def hold_starting(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have a launched supervisor stay where it has the lock and is not yet itself."""
    reader, writer = os.pipe()
    monkeypatch.setattr(daemon, "_detach", lambda _lock: os.read(reader, 1) == b"")
    child = os.fork()
    if child == 0:
        os._exit(daemon.main(folder))
    until(lambda: supervisor.running(folder) is not None)
    return [child, reader, writer]


def test_who_starts_while_another_is_starting_finds_one(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, reader, writer = hold_starting(folder, monkeypatch)
    found = supervisor.running(folder)
    assert found is not None
    assert found.pid == child
    assert daemon.main(folder) == 0
    os.write(writer, b"1")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    os.close(reader)
    os.close(writer)
    assert supervisor.running(folder) is None


def test_a_name_left_in_the_lock_is_no_supervisor(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    supervisor.stop(folder)
    own = processes.identify(os.getpid())
    assert own is not None
    with FileLock(daemon.lock_path(folder)) as lock:
        lock.name(processes.encode(own))  # a living process that does not have the lock
    assert supervisor.running(folder) is None
    supervisor.ensure_running(folder, service)
    assert state(folder).state is State.RUNNING


def test_a_start_waits_for_what_is_just_ending(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    kill_supervisor(folder)
    with FileLock(daemon.lock_path(folder)) as lock:
        assert lock.take(PATIENCE)  # as a child of the killed one has it until it is a service
        waiting = program(*SUPERVISOR, str(folder.root))
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1)
    assert waiting.wait(PATIENCE) == 0
    assert supervisor.running(folder) is not None


@pytest.mark.parametrize("milliseconds", [0, 40, 120, 250, 400, 700])
def test_killed_at_any_instant_of_its_start_the_next_one_serves(
    folder: Folder, service: Service, milliseconds: int
) -> None:
    services.write_definition(folder, service)
    launcher = program(*SUPERVISOR, str(folder.root))
    time.sleep(milliseconds / 1000)
    victims = copies(folder, "supervision.supervisor")
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    launcher.wait(PATIENCE)
    until(lambda: all(processes.identify(pid) is None for pid in victims))
    supervisor.ensure_running(folder, service)
    assert state(folder).state is State.RUNNING
    assert len(copies(folder, "supervision.supervisor")) == 1
    until(lambda: len(copies(folder)) == 1)


def test_starts_and_stops_that_meet_leave_one_of_each(folder: Folder, service: Service) -> None:
    supervisor.ensure_running(folder, service)
    code = (
        "import sys; from pathlib import Path\n"
        "from havre_local.machine.supervision import services, supervisor\n"
        "from havre_local.machine.folder import Folder\n"
        "folder = Folder(Path(sys.argv[1]))\n"
        "for _ in range(3):\n"
        "    supervisor.stop(folder)\n"
        "    supervisor.ensure_running(folder, *services.decode(sys.argv[2].encode()))\n"
    )
    wanted = services.encode([service]).decode()
    racers = [program("-c", code, str(folder.root), wanted) for _ in range(3)]
    assert [racer.wait(2 * PATIENCE) for racer in racers] == [0, 0, 0]
    supervisor.ensure_running(folder, service)
    assert len(copies(folder, "supervision.supervisor")) == 1
    until(lambda: len(copies(folder)) == 1)


def test_what_nobody_defines_any_more_is_stopped_by_the_next_supervisor(
    folder: Folder, service: Service
) -> None:
    other = fake(folder, "two")
    supervisor.ensure_running(folder, service, other)
    kill_supervisor(folder)
    services.definition_path(folder, "two").unlink()
    supervisor.ensure_running(folder, service)
    until(lambda: len(copies(folder)) == 1)
    assert state(folder).state is State.RUNNING
