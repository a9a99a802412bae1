"""Killed at sixty instants, over all steps, whoever is hit: the end is byte for byte the same."""

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from havre.cli import main
from havre.exit.database import verify as digests
from havre.exit.folder import opened
from havre.exit.freezing import taking
from havre.exit.records import ordered
from havre.exit.settings import ExitSide
from havre.exit.sides import reach
from havre.exit.steps.freeze import controls
from havre_local.machine.access import open_warehouse
from havre_local.machine.supervision import supervisor
from tests.warehouse.conftest import Site, read_example

DECISION = """decisions:
  - property: modified
    who: Director of research
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


NAME = ("--confirm", "chu-trial")
WORDS = {
    "cut": ("cut", *NAME),
    "retire": ("retire", *NAME),
    "retire gone": ("retire", "--gone", *NAME),
}
"""A step's command, and its options."""
ENDING = {"cut": 8, "retire": 8, "retire gone": 8}
"""How often each of the last steps is killed."""
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
    command, *words = WORDS.get(step, (step.split(maxsplit=1)[0],))
    return [sys.executable, "-P", "-m", "havre", "exit", command, str(folder), *words]


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


def killing(
    folder: Path, step: str, wanted: int, seconds: float, sites: list[Site], chance: random.Random
) -> Counter[tuple[str, str]]:
    """Kill a step so often, then let it end; who was hit."""
    killed: Counter[tuple[str, str]] = Counter()
    for _ in range(wanted * 4):
        victim = disturbed(folder, step, seconds, sites, chance)
        killed[step, victim] += bool(victim)
        if killed.total() == wanted:
            break
    ended(folder, step)
    return +killed


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
        sites = [site, targets[1]]
        killed += killing(folder, step, wanted, took[step], sites, chance)
        with capsys.disabled():
            print(f"\nkilled so far: {dict(sorted(killed.items()))}")  # noqa: T201 - figures
    assert killed.total() == sum(STEPS.values())
    assert evidence(folder) == evidence(calm)
    authority = folder / "authorities" / "ca.pem"
    words = ("--authority", str(authority), "--tsa-authority", str(authority))
    assert main(["exit", "evidence", str(folder / "seal"), *words]) == 0


def opened_target(target: Site) -> list[str]:
    """Everything of the target's database, as digests, with who may log in."""
    reached = reach(ExitSide(data_dir=str(target.data_dir)), target.root)
    return ordered(digests.lines(reached.live.database(), {}))


def retired(folder: Path, event: str) -> dict[str, list[str]]:
    """What the last seal of an event says; times and digests of URLs are of each run alone."""
    (run,) = recorded(folder, "step retire")
    assert (run["result"]["event"], run["ended"] is not None) == (event, True)
    data = Path(run["result"]["seal"]) / "data"
    retire = [line.split("\t") for line in (data / "retire.tsv").read_text().splitlines()]
    tries = [line.split("\t") for line in (data / "tries.tsv").read_text().splitlines()]
    return {
        "retire": sorted(" ".join([*each[:3], *each[4:]]) for each in retire),
        "tries": sorted(
            " ".join([*each[:2], "" if "URL" in each[1] else each[2], *each[3:]]) for each in tries
        ),
    }


def recorded(folder: Path, name: str) -> list[Any]:
    """What the journal has under a name: once, or not at all."""
    with contextlib.closing(sqlite3.connect(folder / "journal.sqlite")) as rows:
        found = rows.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchall()
    return [json.loads(value) for (value,) in found]


def give_back(folder: Path) -> None:
    """Let a source be frozen once more, although its exit was cut."""
    with opened(folder) as found:
        for each in controls(found):
            assert taking.give_back(found.journal, each)


@pytest.mark.long
def test_killed_over_the_last_steps_the_end_is_the_same(
    site: Site, targets: tuple[Site, Site], capsys: pytest.CaptureFixture[str]
) -> None:
    assert [site.up(), targets[0].up(), targets[1].up()] == [0, 0, 0]
    fill(site)
    before = ("plan", "copy", "freeze", "copy", "verify", "seal")
    took, calm = {}, begun(site, targets[0], "calm")
    for step in (*before, "cut", "retire"):
        took[step] = ended(calm, step)
    scheduled = retired(calm, "scheduled")
    assert len(scheduled["retire"]) == 2 * len({line.split()[0] for line in scheduled["retire"]})
    give_back(calm)
    folder = begun(site, targets[1], "exit")
    for step in before:
        ended(folder, step)

    chance = random.Random(2027)  # noqa: S311 - the same choices each time
    sites, killed = [site, targets[1]], Counter[tuple[str, str]]()
    for step in ("cut", "retire"):
        killed += killing(folder, step, ENDING[step], took[step], sites, chance)
        with capsys.disabled():
            print(f"\nkilled so far: {dict(sorted(killed.items()))}")  # noqa: T201 - figures
    (cut,) = recorded(folder, "step cut")
    assert cut["result"]["roles"] == recorded(calm, "step cut")[0]["result"]["roles"] != []
    assert opened_target(targets[1]) == opened_target(targets[0])
    assert evidence(folder) == evidence(calm)
    assert retired(folder, "scheduled") == scheduled

    assert main(["down", "--data-dir", str(site.data_dir), "--destroy-data", NAME[1]]) == 0
    for each in (calm, folder):
        things = {term["name"] for term in recorded(each, "retired terms")[0]}
        words = [
            {"scope": thing, "who": "A clerk", "why": "Looked.", "when": "2026-11-29"}
            for thing in sorted(things)
        ]
        file = each / "exit.yaml"
        file.write_text(file.read_text() + f"gone_by_hand: {json.dumps(words)}\n")
    took["retire gone"] = ended(calm, "retire gone")
    gone = retired(calm, "gone")
    step = "retire gone"
    killed += killing(folder, step, ENDING[step], took[step], [targets[1]], chance)
    assert retired(folder, "gone") == gone
    assert not (folder / "signed-urls.json").exists()
    with capsys.disabled():
        print(f"\nkilled: {dict(sorted(killed.items()))}; took {took}")  # noqa: T201 - figures
    assert killed.total() == sum(ENDING.values())
    authority = folder / "authorities" / "ca.pem"
    words = ("--authority", str(authority), "--tsa-authority", str(authority))
    for seal in sorted(each for each in folder.glob("retired*") if each.is_dir()):
        assert main(["exit", "evidence", str(seal), *words]) == 0
    assert [*folder.glob(".*partial")] == []
