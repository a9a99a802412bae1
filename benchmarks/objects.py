"""Times the copy of a zone and its proof against rclone's copy and check, in turn.

`python -m benchmarks.objects RUNS SMALL LARGE azurite|versitygw`: so many objects of 4 KiB to 1 MiB
and of 256 MiB go to versitygw, each time into two new buckets. Havre keeps its journal and reads
everything back; rclone copies with 16 transfers, and compares by `check --download`. Both run as
processes of their own, from nothing. Prints seconds as JSON: by the clock and, where other work
shares the machine, of all processors together, servers included.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.exit.places import Between, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from havre.exit.steps.zones import Crew
    from havre.live.objects import LiveStore
    from tests.live.gateways import S3Gateway

SMALLEST, LARGEST, LARGE = 2**12, 2**20, 2**28
"""Bytes: small ones are spread evenly by the number of their digits."""
TRANSFERS = 16
WORKERS = 2
TOGETHER = 16
_BLOCK = random.Random(1).randbytes(LARGEST)  # noqa: S311 - guards nothing


def made(number: int, size: int) -> bytes:
    """Bytes of which no two objects have the same."""
    start = number.to_bytes(8, "big")
    return (start + _BLOCK * (size // len(_BLOCK) + 1))[:size]


def fill(store: LiveStore, small: int, large: int) -> int:
    """Write the objects; their bytes in all."""
    chance = random.Random(2026)  # noqa: S311 - guards nothing
    span = math.log(SMALLEST), math.log(LARGEST)
    sizes = [int(math.exp(chance.uniform(*span))) for _ in range(small)] + [LARGE] * large

    from havre.live.objects import Properties

    def put(item: tuple[int, int]) -> None:
        number, size = item
        key = f"omop/{number % 40:02}/part-{number:06}.parquet"
        bears = Properties({"content-type": "application/vnd.apache.parquet"}, {"n": f"{number}"})
        store.write(key, BytesIO(made(number, size)), bears)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, enumerate(sizes)))
    return sum(sizes)


def ours(folder: Path, between: Between, step: str) -> dict[str, Any]:
    """A step of Havre's, in this process and its workers."""
    from havre.exit.journal import Journal
    from havre.exit.objects.running import MovingZone
    from havre.exit.settings import Rates
    from havre.exit.steps.zones import Crew

    journal = Journal(folder / "journal.sqlite")
    zone = MovingZone("bench", between)
    with Crew(Rates(workers=WORKERS)) as crew:
        return {"list": listed, "copy": copied, "verify": verified}[step](
            folder, journal, zone, crew
        )


def listed(_: Path, journal: Any, zone: Any, __: Crew) -> dict[str, Any]:
    """What `havre exit plan` knows before a copy begins."""
    from havre.exit.objects.running import list_zone

    return {"seen": list_zone(journal, zone)}


def copied(_: Path, journal: Any, zone: Any, crew: Crew) -> dict[str, Any]:
    """As `havre exit copy` does it."""
    from havre.exit.objects.rechecking import recheck
    from havre.exit.objects.running import copy_zone, give_up_uploads, latest, list_zone

    known = journal.counts(zone.name, latest(journal, zone.name))
    crew.of(known.versions, known.size - known.copied_size)
    seen = list_zone(journal, zone)
    counts = journal.counts(zone.name, seen)
    give_up_uploads(journal, zone)
    changed = recheck(journal, zone, crew.of(counts.copied, 0), WORKERS)
    counts = journal.counts(zone.name, seen)
    workers = crew.of(counts.versions - counts.copied, counts.size - counts.copied_size)
    later = copy_zone(journal, zone, workers, WORKERS, len)
    return {"changed": changed, "later": later, "copied": journal.counts(zone.name, seen).copied}


def verified(folder: Path, journal: Any, zone: Any, crew: Crew) -> dict[str, Any]:
    """As `havre exit verify` does it."""
    from havre.exit.objects.running import whole
    from havre.exit.objects.verifying import differences, read_back, recorded
    from havre.exit.records import write_ordered

    seen = whole(journal, zone.name)
    counts = journal.counts(zone.name, seen)
    workers = crew.of(counts.versions, counts.size)
    back = read_back(zone.opened.target, workers, WORKERS)
    source, target = folder / "source.tsv", folder / "target.tsv"
    lines = write_ordered(target, (each.line for each in back))
    write_ordered(source, (each.line for each in recorded(journal, zone.name, seen)))
    return {"lines": lines, "differences": len([*differences(source, target)])}


@dataclass(frozen=True)
class Servers:
    """Processes beside our own whose seconds are counted."""

    pids: tuple[int, ...]

    def spent(self) -> float:
        """Seconds of processors, of these and of all that this process has waited for."""
        total = sum(os.times()[:4])
        for pid in self.pids:
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, words[11:13])) / os.sysconf("SC_CLK_TCK")
        return total


def timed(servers: Servers, command: list[str]) -> tuple[tuple[float, float], str]:
    """Seconds of a command, by the clock and of all processors, and what it printed."""
    began, used = time.perf_counter(), servers.spent()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return (
        round(time.perf_counter() - began, 2),
        round(servers.spent() - used, 2),
    ), done.stdout


def rclone(folder: Path, source: Place, target: Place) -> list[str]:
    """The words before rclone's own, with both remotes configured in a file of its own."""
    beside = Path(sys.executable).parent / "rclone"
    found = shutil.which("rclone") or (str(beside) if beside.exists() else None)
    if found is None:
        sys.exit("the benchmark needs rclone: run `make bench`")
    file = folder / "rclone.conf"
    file.write_text(_remote("source", source) + _remote("target", target))
    common = ["--retries", "1", "--transfers", str(TRANSFERS), "--checkers", str(TRANSFERS)]
    return [found, "--config", str(file), *common]


def _remote(name: str, place: Place) -> str:
    from tests.live.azurite import ACCOUNT, KEY, AzuriteServer
    from tests.live.gateways import ACCESS, SECRET

    if place.kind == "azurite":
        url = AzuriteServer(place.port).endpoint
        return f"[{name}]\ntype = azureblob\naccount = {ACCOUNT}\nkey = {KEY}\nendpoint = {url}\n"
    return (
        f"[{name}]\ntype = s3\nprovider = Other\nregion = us-east-1\n"
        f"access_key_id = {ACCESS}\nsecret_access_key = {SECRET}\n"
        f"endpoint = http://127.0.0.1:{place.port}\nforce_path_style = true\n"
    )


def havre(folder: Path, between: Between, step: str) -> list[str]:
    """The command that runs a step of Havre's in a process of its own."""
    told = json.dumps([str(folder), asdict(between.source), asdict(between.target), step])
    return [sys.executable, "-m", "benchmarks.objects", "step", told]


def step(told: str) -> None:
    """Run a step of Havre's and print what it did."""
    folder, source, target, name = json.loads(told)
    print(json.dumps(ours(Path(folder), Between(Place(**source), Place(**target)), name)))


def one_run(
    folder: Path, servers: Servers, source: Place, target: S3Gateway, objects: int
) -> dict[str, tuple[float, float]]:
    """Both ways once, from nothing, then ours again with nothing to do; buckets are emptied."""
    name = folder.name
    mine = Between(source, Place("versitygw", target.port, f"ours-{name}"))
    theirs = Place("versitygw", target.port, f"theirs-{name}")
    for place in (mine.target, theirs):
        target.bucket(place.name)
    words = rclone(folder, source, theirs)
    both = [f"source:{source.name}", f"target:{theirs.name}"]
    taken: dict[str, tuple[float, float]] = {}
    taken["rclone copy"], _ = timed(servers, [*words, "copy", *both])
    timed(servers, havre(folder, mine, "list"))
    taken["copy"], told = timed(servers, havre(folder, mine, "copy"))
    if json.loads(told) != {"changed": 0, "later": [], "copied": objects}:
        sys.exit(f"not everything was copied: {told}")
    taken["rclone check"], _ = timed(servers, [*words, "check", "--download", *both])
    taken["verify"], told = timed(servers, havre(folder, mine, "verify"))
    if json.loads(told) != {"lines": objects, "differences": 0}:
        sys.exit(f"the target holds something else: {told}")
    taken["again"], _ = timed(servers, havre(folder, mine, "copy"))
    for place in (mine.target, theirs):
        subprocess.run([*words, "purge", f"target:{place.name}"], check=True)
    return taken


@contextlib.contextmanager
def started(folder: Path, kind: str) -> Iterator[tuple[Place, S3Gateway, Servers]]:
    """The source, the target's server, and what to count."""
    from tests.live.azurite import azurite
    from tests.live.gateways import gateway

    with contextlib.ExitStack() as stack:
        before = children()
        target = stack.enter_context(gateway(_made(folder / "target"), "--keep-alive"))
        if kind == "azurite":
            blob = stack.enter_context(azurite(4096, "--skipApiVersionCheck"))
            container = blob.container()
            source = Place(kind, blob.port, container.client.container_name)
        else:
            other = stack.enter_context(gateway(_made(folder / "source"), "--keep-alive"))
            other.bucket("source")
            source = Place(kind, other.port, "source")
        yield source, target, Servers(tuple(children() - before))


def children() -> set[int]:
    """Processes that this one has started."""
    me = os.getpid()
    return {
        int(child)
        for file in Path(f"/proc/{me}/task").glob("*/children")
        for child in file.read_text().split()
    }


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def main() -> None:
    """Measure and print."""
    if sys.argv[1] == "step":
        step(sys.argv[2])
        return
    runs, small, large, kind = *map(int, sys.argv[1:4]), sys.argv[4]
    with tempfile.TemporaryDirectory(prefix="havre-bench-") as name:
        root = Path(name)
        with started(root, kind) as (source, target, servers):
            size = fill(source(), small, large)
            told = []
            for number in range(runs):
                folder = _made(root / f"run-{number}")
                told.append(one_run(folder, servers, source, target, small + large))
                print(told[-1], file=sys.stderr)
    figures = {name: [each[name] for each in told] for name in told[0]}
    print(json.dumps({"bytes": size, **figures}))


if __name__ == "__main__":
    main()
