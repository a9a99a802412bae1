"""Times whole commands, as a user would wait for them; medians of five after one warm-up.

Run by `make bench`. Prints a table and writes JSON to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
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


def check(provider: str) -> list[str]:
    """A check of the example; it may find something."""
    return [*HAVRE, "check", EXAMPLE, "--provider", provider]


def compare(form: str) -> list[str]:
    """A comparison of the example on three hosts."""
    hosts = [word for name in ("azure", "ovh", "local") for word in ("--provider", name)]
    return [*HAVRE, "compare", EXAMPLE, *hosts, "--format", form]


@dataclass(frozen=True)
class Run:
    """One run: seconds by the clock, and the largest resident size of its process, MiB."""

    seconds: float
    mib: float


def _run(command: list[str], *, expect: int | None = 0) -> Run:
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # it is reaped already
        if expect is not None and process.returncode != expect:
            said.seek(0)
            sys.exit(
                f"{' '.join(command)} ended with {process.returncode}:\n{said.read().decode()}"
            )
    return Run(round(took, 4), used.ru_maxrss / 1024)


def measure(name: str, budget: float, command: list[str], expect: int | None = 0) -> Figure:
    """Run a command once to warm up and `RUNS` times to count; `expect` is its exit code."""
    _run(command, expect=expect)
    runs = [_run(command, expect=expect) for _ in range(RUNS)]
    walls, peak = [run.seconds for run in runs], max(run.mib for run in runs)
    return Figure(name, budget, walls, statistics.median(walls), round(peak, 1))


def many_resources(count: int = 2000) -> Figure:
    """Evaluation alone of many azure-native resources: 3 ms each at most."""
    command = [sys.executable, str(ROOT / "benchmarks" / "many_resources.py"), str(count)]
    walls = []
    for _ in range(RUNS):
        done = subprocess.run(command, capture_output=True, check=True)
        walls.append(round(json.loads(done.stdout)["seconds"], 4))
    return Figure(f"evaluate {count} resources", 6.0, walls, statistics.median(walls), 0.0)


def many_controls(provider: str, count: int = 10_000) -> Figure:
    """Controls alone over many resources: 2 s and 300 MiB at most; facts are counted apart."""
    command = [sys.executable, str(ROOT / "benchmarks" / "many_controls.py"), str(count), provider]
    told = [
        json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        for _ in range(RUNS)
    ]
    walls = [round(each["controls"], 4) for each in told]
    facts = statistics.median(each["facts"] for each in told)
    name = f"controls over {count} on {provider} (facts {facts:.1f} s)"
    peak = round(max(each["mib"] for each in told), 1)
    return Figure(name, 2.0, walls, statistics.median(walls), peak)


def previews() -> list[Figure]:
    """`pulumi preview` with the pack, at least five times as long as `havre check`."""
    if shutil.which("pulumi") is None:
        print("pulumi preview with the pack: not measured, no `pulumi` on PATH")
        return []
    command = [sys.executable, "-m", "benchmarks.with_pack", str(RUNS), "azure"]
    done = subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
    told = json.loads(done.stdout.splitlines()[-1])
    return [
        Figure(
            f"pulumi preview {kind} the pack",
            float("inf"),
            told[kind],
            statistics.median(told[kind]),
            0.0,
        )
        for kind in ("without", "with")
    ]


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
        *(
            measure(f"havre check --provider {name}", 1.5, check(name), expect=None)
            for name in ("azure", "ovh")
        ),
        *(measure(f"havre compare, as {form}", 3.0, compare(form)) for form in ("table", "html")),
        *(many_controls(name) for name in ("azure", "ovh")),
        *previews(),
    ]
    first = _run(up)
    took, peak = first.seconds, round(first.mib, 1)
    try:
        measured.append(Figure("havre up, from nothing", 10.0, [took], took, peak))
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
            f"{figure.name:44} {figure.median_seconds:7.3f} s  "
            f"(at most {figure.budget_seconds} s)  {verdict}"
        )
    print(f"written to {target.relative_to(ROOT)}" if target.is_relative_to(ROOT) else target)
    return int(any(f.median_seconds > f.budget_seconds for f in found))


if __name__ == "__main__":
    sys.exit(main())
