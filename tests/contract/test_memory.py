"""What a process has decrypted is read by no other process of its account, and left in no core."""

import contextlib
import ctypes
import errno
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import havre.startup
from tests.waits import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such wall")

ANOTHER = 60_001
assert resource  # imported before the account is changed, which may not reach it
SECRET = b"a key that was just decrypted"
PTRACE_ATTACH, DUMPABLE = 16, 4
LIBC = ctypes.CDLL(None, use_errno=True)


def as_user(work: Callable[[], object]) -> int:
    """Fork a process that does `work` as an ordinary user, and ends with 1 if that was so."""
    child = os.fork()
    if child == 0:
        status = 2
        with contextlib.suppress(BaseException):
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(ANOTHER)
                os.setuid(ANOTHER)
            status = int(bool(work()))
        os._exit(status)
    return child


@contextlib.contextmanager
def holder(*, guarded: bool) -> Iterator[int]:
    """A process of an ordinary user that holds the secret, as one that was just started."""
    ready, done = os.pipe(), os.pipe()

    def hold() -> object:
        os.close(done[1])
        assert LIBC.prctl(DUMPABLE, 1, 0, 0, 0) == 0
        if guarded:
            assert havre.startup.guard_memory()
        os.write(ready[1], b"1")
        return os.read(done[0], 1)

    child = as_user(hold)
    os.close(ready[1])
    try:
        assert select.select([ready[0]], [], [], PATIENCE)[0]
        assert os.read(ready[0], 1) == b"1"
        yield child
    finally:
        for descriptor in (done[1], done[0], ready[0]):
            os.close(descriptor)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def memory(pid: int) -> bool:
    place = ctypes.cast(ctypes.c_char_p(SECRET), ctypes.c_void_p).value
    assert place is not None
    with Path(f"/proc/{pid}/mem").open("rb") as file:
        file.seek(place)
        return file.read(len(SECRET)) == SECRET


def environment(pid: int) -> bool:
    return bool(Path(f"/proc/{pid}/environ").read_bytes())


def open_files(pid: int) -> bool:
    return bool([*Path(f"/proc/{pid}/fd").iterdir()])


def places(pid: int) -> bool:
    return bool(Path(f"/proc/{pid}/maps").read_bytes())


def attached(pid: int) -> bool:
    if LIBC.ptrace(PTRACE_ATTACH, pid, 0, 0) == 0:
        return True
    raise OSError(ctypes.get_errno(), "ptrace")


READINGS = [memory, environment, open_files, places, attached]


def seen(reading: Callable[[int], bool], pid: int) -> bool:
    """Whether another process of the same ordinary user reads that; refused is what it may be."""

    def look() -> bool:
        try:
            return reading(pid)
        except OSError as error:
            if error.errno not in {errno.EACCES, errno.EPERM}:
                raise
            return False

    answer = os.waitstatus_to_exitcode(os.waitpid(as_user(look), 0)[1])
    assert answer in {0, 1}
    return answer == 1


@pytest.mark.parametrize("reading", READINGS)
def test_another_process_of_the_account_reads_no_guarded_memory(
    reading: Callable[[int], bool],
) -> None:
    with holder(guarded=True) as pid:
        assert not seen(reading, pid)


@pytest.mark.parametrize("reading", [memory, environment, open_files, places])
def test_without_the_guard_it_does(reading: Callable[[int], bool]) -> None:
    with holder(guarded=False) as pid:
        assert seen(reading, pid)


STATE = """
import ctypes, resource, sys
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))
"""
COMMANDS = {
    "a command": "sys.argv = ['havre', '--version']; import havre.cli; havre.cli.main()",
    "a program": "import havre.startup; havre.startup.program()",
    "the pack": "import havre.pack, havre.pack.server; havre.pack.server.serve_engine = int;"
    "havre.pack.main()",
    "the end of projects": "from havre_local.machine.postgresql import ends;"
    "ends.enforce = print; sys.argv = ['x', '.']; ends.main()",
    "the supervisor": "from pathlib import Path; from havre_local.machine import folder;"
    "from havre_local.machine.supervision import daemon;"
    "daemon._take = lambda _: False; made = folder.Folder(Path(sys.argv[1]) / 'data');"
    "folder.prepare(made, 'demo'); daemon.main(made)",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_process_of_ours_is_guarded(name: str, tmp_path: Path) -> None:
    words = [sys.executable, "-c", f"import sys\n{COMMANDS[name]}\n{STATE}", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert done.stdout.splitlines()[-1] == "0 0 0"


def test_a_guarded_process_still_reaches_its_own_files_and_children(tmp_path: Path) -> None:
    """As the supervisor and its clients do: by descriptors, and by process id."""
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "file").chmod(0o644)
    tmp_path.chmod(0o755)
    folder = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    path = f"/proc/self/fd/{folder}/file"

    def work() -> object:
        assert havre.startup.guard_memory()
        assert Path(path).read_bytes() == b"content"
        assert Path("/proc/net/tcp").read_bytes()
        child = subprocess.Popen(
            ["/bin/cat", path, "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(folder,),
        )
        assert Path(f"/proc/{child.pid}/stat").read_text().split()[0] == str(child.pid)
        return child.communicate(b"!")[0] == b"content!"

    child = as_user(work)
    os.close(folder)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
