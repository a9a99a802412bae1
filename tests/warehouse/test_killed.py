"""Killed at sixty instants, over all steps, whoever is hit: the end is byte for byte the same."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from havre.cli import main
from havre_local.machine.access import open_warehouse
from havre_local.machine.supervision import supervisor
from tests.warehouse.conftest import Site, read_example

DECISION = """decisions:
  - property: modified
    who: Data protection officer
    why: The times of writing stand in the seal.
    when: 2026-11-29
"""
STEPS = {
    "plan": 6,
    "copy": 16,
    "freeze": 6,
    "thaw": 4,
    "freeze again": 4,
    "copy again": 8,
    "verify": 10,
    "seal": 6,
}
"""How often each step is killed."""
VICTIMS = ("coordinator", "coordinator", "worker", "server")
ATTEMPTS = 12
"""How often a step is run again until it ends: a server comes back by itself."""


NOTHING_LEFT = {"thaw": "Nothing is frozen"}
"""What a step says where a run before it had done everything."""


@pytest.fixture
def targets() -> Iterator[tuple[Site, Site]]:
    """Two empty warehouses."""
    made = [
        Site(Path(tempfile.mkdtemp(prefix="havre-test-")), read_example("hospital"))
        for _ in range(2)
    ]
    yield made[0], made[1]
    for each in made:
        supervisor.stop(each.folder)
        shutil.rmtree(each.root)


def begun(site: Site, target: Site, name: str) -> Path:
    folder = site.root / name
    assert main(["exit", "new", str(folder)]) == 0
    file = folder / "exit.yaml"
    text = file.read_text().replace("../source", str(site.data_dir))
    text = text.replace("../target", str(target.data_dir)).replace(f"name: {name}", "name: left")
    file.write_text(text.replace("decisions: []\n", DECISION))
    return folder


def fill(site: Site) -> None:
    """As many objects as take processes of their own to copy, one of parts, and a table."""
    warehouse = open_warehouse(site.data_dir)
    store, landing = warehouse.client(), warehouse.bucket("landing")
    for number in range(1_010):
        store.put_object(Bucket=landing, Key=f"k/{number:04}", Body=b"x" * (number % 97) * 50)
    for body in (b"ab" * (9 * 2**20), b"second", b"third"):
        store.put_object(Bucket=landing, Key="large.bin", Body=body, Tagging="a=b")
    store.delete_object(Bucket=landing, Key="large.bin")
    with warehouse.connect() as connection:
        connection.execute("CREATE TABLE curated.person (id int PRIMARY KEY, name text)")
        connection.execute(
            "INSERT INTO curated.person SELECT n, 'p' || n FROM generate_series(1, 5000) n"
        )


def argv(folder: Path, step: str) -> list[str]:
    return [sys.executable, "-P", "-m", "havre", "exit", step.split(maxsplit=1)[0], str(folder)]


def ended(folder: Path, step: str) -> float:
    """Run a step until it ends well; seconds of the run that did."""
    for _ in range(ATTEMPTS):
        began = time.monotonic()
        done = subprocess.run(argv(folder, step), capture_output=True, text=True, check=False)
        if done.returncode == 0 or NOTHING_LEFT.get(step, "-") in done.stderr:
            return time.monotonic() - began
        assert "Traceback" not in done.stderr, done.stderr
        time.sleep(1)
    pytest.fail(f"{step} does not end: {done.stdout}{done.stderr}")


def workers(pid: int) -> list[int]:
    """Processes that a coordinator has started to copy and read."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    said = {int(each): Path(f"/proc/{each}/cmdline").read_bytes() for each in found}
    return [each for each, words in said.items() if b"spawn_main" in words]


def hit(
    victim: str, child: subprocess.Popen[bytes], sites: list[Site], chance: random.Random
) -> str:
    """Kill one process, at once; which kind of it."""
    found = workers(child.pid) if victim == "worker" else []
    if victim == "server":
        services = [each for site in sites for each in supervisor.status(site.folder) if each.pid]
        pid = chance.choice(services).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    elif found:
        os.kill(chance.choice(found), signal.SIGKILL)
    else:
        victim = "coordinator"
        child.kill()
    child.wait(300)
    return victim


def disturbed(
    folder: Path, step: str, seconds: float, sites: list[Site], chance: random.Random
) -> str:
    """Run a step and kill somebody at an instant of it; empty where it ended before."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(argv(folder, step), **quiet) as child:  # type: ignore[call-overload]
        try:
            child.wait(chance.uniform(0.3, seconds))
        except subprocess.TimeoutExpired:
            return hit(chance.choice(VICTIMS), child, sites, chance)
    return ""


def evidence(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "evidence").iterdir())}


@pytest.mark.long
def test_killed_over_all_steps_the_end_is_the_same(
    site: Site, targets: tuple[Site, Site], capsys: pytest.CaptureFixture[str]
) -> None:
    assert [site.up(), targets[0].up(), targets[1].up()] == [0, 0, 0]
    fill(site)
    calm, folder = begun(site, targets[0], "calm"), begun(site, targets[1], "exit")
    took = {step: ended(calm, step) for step in STEPS}
    ended(calm, "thaw")
    assert evidence(calm)

    chance = random.Random(2026)  # noqa: S311 - the same choices each time
    killed: Counter[tuple[str, str]] = Counter()
    for step, wanted in STEPS.items():
        count = 0
        for _ in range(wanted * 4):
            victim = disturbed(folder, step, took[step], [site, targets[1]], chance)
            killed[step, victim] += bool(victim)
            count += bool(victim)
            if count == wanted:
                break
        ended(folder, step)
        with capsys.disabled():
            print(f"\nkilled so far: {dict(sorted(killed.items()))}")  # noqa: T201 - figures
    assert killed.total() == sum(STEPS.values())
    assert evidence(folder) == evidence(calm)
    authority = folder / "authorities" / "ca.pem"
    words = ("--authority", str(authority), "--tsa-authority", str(authority))
    assert main(["exit", "evidence", str(folder / "seal"), *words]) == 0
