"""Times whole commands, as a user would wait for them; medians of five after one warm-up.

Run by `make bench`. Prints a table and writes JSON to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = str(ROOT / "examples" / "emc2" / "warehouse.yaml")
HAVRE = [sys.executable, "-m", "havre"]
RUNS = 5


@dataclass(frozen=True)
class Figure:
    """What one command took.

    Attributes:
        name: what was measured.
        budget_seconds: what it may take at most.
        wall_seconds: every counted run.
        median_seconds: their median.
        peak_mib: largest resident size of any run, MiB.
    """

    name: str
    budget_seconds: float
    wall_seconds: list[float]
    median_seconds: float
    peak_mib: float


def _run(command: list[str], *, expect: int = 0) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    took = time.perf_counter() - began
    if done.returncode != expect:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.decode()}")
    return took


def measure(name: str, budget: float, command: list[str], runs: int = RUNS) -> Figure:
    """Run a command once to warm up and `runs` times to count."""
    _run(command)
    walls = [round(_run(command), 4) for _ in range(runs)]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Figure(name, budget, walls, statistics.median(walls), round(peak, 1))


def many_resources(count: int = 2000) -> Figure:
    """Evaluation alone of many azure-native resources: 3 ms each at most."""
    command = [sys.executable, str(ROOT / "benchmarks" / "many_resources.py"), str(count)]
    walls = []
    for _ in range(RUNS):
        done = subprocess.run(command, capture_output=True, check=True)
        walls.append(round(json.loads(done.stdout)["seconds"], 4))
    return Figure(f"evaluate {count} resources", 6.0, walls, statistics.median(walls), 0.0)


def figures(data_dir: Path) -> list[Figure]:
    """Measure everything; the warehouse of the last figure stands in `data_dir`."""
    up = [*HAVRE, "up", EXAMPLE, "--provider", "local", "--data-dir", str(data_dir), "--yes"]
    plan = [*HAVRE, "plan", EXAMPLE, "--provider", "local"]
    measured = [
        measure("havre validate", 0.4, [*HAVRE, "validate", EXAMPLE]),
        measure("havre plan --provider local", 1.2, plan),
        *(
            measure(f"havre plan --provider {name}", 1.5, [*HAVRE, "plan", EXAMPLE, "-p", name])
            for name in ("azure", "ovh")
        ),
        many_resources(),
    ]
    began = time.perf_counter()
    _run(up)
    first = round(time.perf_counter() - began, 4)
    try:
        measured.append(Figure("havre up, from nothing", 10.0, [first], first, 0.0))
        measured.append(measure("havre up, nothing to change", 2.0, up))
    finally:
        _run([*HAVRE, "down", "--data-dir", str(data_dir)])
    return measured


def main() -> int:
    """Measure, print and write; 1 where a budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "results")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="havre-bench-") as folder:
        Path(folder).chmod(0o711)
        found = figures(Path(folder) / "warehouse")
    now = dt.datetime.now(dt.UTC)
    result = {
        "taken": now.isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "figures": [asdict(figure) for figure in found],
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    target = arguments.output / f"{now:%Y-%m-%d}.json"
    target.write_text(json.dumps(result, indent=2) + "\n")
    for figure in found:
        verdict = "ok" if figure.median_seconds <= figure.budget_seconds else "OVER"
        print(
            f"{figure.name:32} {figure.median_seconds:7.3f} s  "
            f"(at most {figure.budget_seconds} s)  {verdict}"
        )
    print(f"written to {target.relative_to(ROOT)}" if target.is_relative_to(ROOT) else target)
    return int(any(f.median_seconds > f.budget_seconds for f in found))


if __name__ == "__main__":
    sys.exit(main())
