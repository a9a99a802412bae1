"""Plans the exit of many objects, whose listing is simulated; prints seconds and sizes, as JSON.

`python -m benchmarks.inventory COUNT`: memory is of the process that lists and looks, with its
threads; `status` is the whole command, as a user waits for it.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from havre.capabilities import Support, Supported
from havre.exit.folder import ExitFolder, ExitStep, opened
from havre.exit.objects.copying import Sides
from havre.exit.objects.inventory import take_inventory
from havre.exit.objects.mapping import Rules
from havre.exit.objects.running import MovingZone, list_zone
from havre.exit.steps.results import PlanResult, ZonePlanned
from havre.live.limits import Limits
from havre.live.objects import Ability, ObjectVersion, Properties

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from havre.live.objects import Upload

EXIT = """name: many
level: rehearsal
source: {data_dir: ../source}
target: {data_dir: ../target}
controller: Benchmark
host: Benchmark
"""
BEGAN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Simulated:
    """A store that lists so many objects, of which it holds none."""

    count: int
    name: str = "zone curated"
    limits: Limits = field(default=Limits("a benchmark", object_size=2**40, call_size=2**30))

    @property
    def abilities(self) -> Mapping[Ability, Supported]:
        return dict.fromkeys(Ability, Supported(Support.NATIVE))

    def versions(self, _: str = "") -> Iterator[ObjectVersion]:
        for number in range(self.count):
            key = f"patients/2026/{number:09}/{number % 7}/part.parquet"
            entity, modified = f'"{number:032x}"', BEGAN + dt.timedelta(seconds=number)
            yield ObjectVersion(key, f"{number:026}", 4096 + number, entity, modified)

    def properties(self, found: ObjectVersion) -> Properties:
        return Properties({"content-type": "application/vnd.apache.parquet"}, {"n": found.version})

    def uploads(self, _: str = "") -> Iterator[Upload]:
        return iter(())


@dataclass(frozen=True)
class Pair:
    """Both stores of the zone; the target's is empty."""

    sides: Sides

    def __call__(self) -> Sides:
        return self.sides


def planned(folder: ExitFolder, count: int) -> None:
    """The objects' part of a plan, as `havre exit plan` records it."""
    source, target = Simulated(count), Simulated(0)
    rules = Rules("zone curated", target.limits, target.abilities, BEGAN)
    zone = MovingZone("curated", Pair(Sides(source, target, rules)))  # type: ignore[arg-type]
    begun = folder.begin(ExitStep.PLAN)
    seen = list_zone(folder.journal, zone)
    with ThreadPoolExecutor(2) as workers:
        take_inventory(folder.journal, zone, workers, 2, lambda _: None, fresh=True)
    counts = folder.journal.counts("curated", seen)
    told = ZonePlanned("curated", "curated", counts.versions, counts.size)
    folder.end(begun, PlanResult((told,), (), {}, ""))


def main() -> None:
    """Plan `COUNT` objects."""
    count = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="havre-bench-") as name:
        root = Path(name)
        (root / "exit.yaml").write_text(EXIT)
        began = time.perf_counter()
        with opened(root) as folder:
            planned(folder, count)
        took = time.perf_counter() - began
        mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        journal = sum(each.stat().st_size for each in root.glob("journal.sqlite*")) / 2**20
        began = time.perf_counter()
        command = [sys.executable, "-m", "havre", "exit", "status", str(root)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        status = time.perf_counter() - began
    print(json.dumps({"plan": took, "mib": mib, "journal": journal, "status": status}))


if __name__ == "__main__":
    main()
