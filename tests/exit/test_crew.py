"""Who works for an exit ends with it, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.waits import until

CODE = """
import os, sys, time
from pathlib import Path
from havre.exit.settings import Rates
from havre.exit.steps.zones import FEW, Crew

def work(place):
    Path(place, str(os.getpid())).touch()
    time.sleep(600)

if __name__ == "__main__":
    with Crew(Rates(workers=2)) as crew:
        executor = crew.of(FEW + 1, 0)
        done = [executor.submit(work, sys.argv[1]) for _ in range(4)]
        [each.result() for each in done]
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_workers_end_with_a_coordinator_that_is_killed(tmp_path: Path) -> None:
    code, place = tmp_path / "coordinator.py", tmp_path / "at-work"
    code.write_text(CODE)
    place.mkdir()
    with subprocess.Popen([sys.executable, str(code), str(place)]) as coordinator:
        until(lambda: len(list(place.iterdir())) == 2)
        workers = [int(each.name) for each in place.iterdir()]
        coordinator.send_signal(signal.SIGKILL)
    try:
        until(lambda: not any(map(alive, workers)))
        assert len(workers) == 2
        assert not any(map(alive, workers))
    finally:
        for pid in filter(alive, workers):
            os.kill(pid, signal.SIGKILL)
