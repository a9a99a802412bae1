"""The one lock: the kernel's, with its holder in the very file that is locked."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from havre.files import FileLock
from tests.waits import until

HOLD = (
    "import sys; from pathlib import Path; from havre.files import FileLock\n"
    "with FileLock(Path(sys.argv[1])) as lock:\n"
    "    assert lock.take(60)\n"
    "    lock.name(b'the other')\n"
    "    print('held', flush=True); sys.stdin.read()\n"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@contextmanager
def another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock until its input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_one_has_it_and_the_others_see_who(path: Path) -> None:
    with another(path), FileLock(path) as lock:
        assert not lock.take()
        assert not lock.take(0.1)
        assert lock.held()
        assert lock.holder() == b"the other"


def test_a_killed_holder_has_it_no_more_whatever_stands_in_the_file(path: Path) -> None:
    with another(path) as process, FileLock(path) as lock:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not lock.held()
        assert lock.holder() == b"the other"
        assert lock.take()


def test_who_waits_gets_it(path: Path) -> None:
    with another(path) as process, FileLock(path) as lock:
        assert process.stdin is not None
        process.stdin.close()
        assert lock.take(60)


def test_looking_takes_nothing_and_makes_nothing(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(path, create=False)
    assert not path.exists()
    with FileLock(path) as looker, FileLock(path) as taker:
        assert not looker.held()
        assert taker.take()
        assert looker.held()


def test_a_shorter_name_leaves_nothing_of_the_longer(path: Path) -> None:
    with FileLock(path) as lock:
        assert lock.take()
        lock.name(b"a very long name of a holder")
        lock.name(b"short")
        assert lock.holder() == b"short"


def test_the_lock_of_a_file_that_was_removed_is_none(path: Path) -> None:
    with FileLock(path) as stale:
        path.unlink()
        with another(path):
            assert not stale.take()
        until(stale.take)
        with FileLock(path) as fresh:
            assert not fresh.take()


def test_a_child_that_becomes_another_program_lets_it_go(path: Path) -> None:
    with FileLock(path) as lock:
        assert lock.take()
        with subprocess.Popen(["sleep", "600"], close_fds=False) as child:
            lock.close()
            try:
                with FileLock(path) as next_lock:
                    assert next_lock.take(60)
            finally:
                child.kill()
        lock._descriptor = os.open(os.devnull, os.O_RDONLY)  # closed once already
